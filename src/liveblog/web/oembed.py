"""The oEmbed endpoint: the HTML with which other sites embed the live blog (https://oembed.com)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..site.documents import oembed
from .context import BlogContext
from .errors import Problem


def routes(context: BlogContext) -> list[Route]:
    """Return the oEmbed endpoint."""

    async def answer(request: Request) -> Response:
        config = context.blog.config
        url = request.query_params.get("url", config.url)
        if not url.startswith(config.url):
            raise Problem(404, "not_found", f"{url[:300]} is not a page of this blog.")
        if request.query_params.get("format", "json") != "json":
            raise Problem(501, "only_json", "oEmbed is available as JSON only.", "Use format=json.")
        width = request.query_params.get("maxwidth", "")
        # A number of more digits limits no screen.
        is_limit = width.isdecimal() and len(width) < 7
        found = oembed(config, int(width) if is_limit else None)
        headers = {"cache-control": "public, max-age=3600", "access-control-allow-origin": "*"}
        return Response(msgspec.json.encode(found), 200, headers, "application/json")

    return [Route("/oembed", answer)]
