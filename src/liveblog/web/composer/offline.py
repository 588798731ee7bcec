"""The composer without a network: its service worker, its manifest and the files that both name."""

from __future__ import annotations

import gzip

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..static import IMMUTABLE, TYPES
from .forms import Fields
from .site import ComposerSite


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of these files, which anybody may read."""
    files = _Files(site)
    return [
        Route("/compose/shell", files.shell),
        Route("/compose/sw.js", files.worker),
        Route("/compose/manifest.webmanifest", files.manifest),
        Route("/compose/assets/{name}", files.asset),
    ]


class _Files:
    def __init__(self, site: ComposerSite) -> None:
        self._site = site

    async def shell(self, _: Request) -> Response:
        return await run_sync(self._shell_page)

    def _shell_page(self) -> Response:
        """Return the composer with nobody in it: what opens without a network."""
        return self._site.page("compose.html", None, fields=Fields.new(), key_of_draft="", done="",
                          entries=(), before="")  # fmt: skip

    async def worker(self, _: Request) -> Response:
        def made() -> bytes:
            return self._site.assets.worker(bytes(self._shell_page().body))

        headers = {
            "cache-control": "no-cache",
            "x-content-type-options": "nosniff",
            "service-worker-allowed": f"{self._site.root}compose",
        }
        return Response(await run_sync(made), 200, headers, TYPES[".js"])

    async def manifest(self, _: Request) -> Response:
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        data = await run_sync(self._site.assets.manifest)
        return Response(data, 200, headers, TYPES[".webmanifest"])

    async def asset(self, request: Request) -> Response:
        return await run_sync(self._asset_response, request)

    def _asset_response(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._site.assets.file(name)
        if data is None:
            raise HTTPException(404)
        headers = {
            "cache-control": IMMUTABLE,
            "x-content-type-options": "nosniff",
            "vary": "Accept-Encoding",
        }
        ending = "." + name.rpartition(".")[2]
        if ending != ".png" and "gzip" in request.headers.get("accept-encoding", ""):
            data, headers["content-encoding"] = gzip.compress(data, mtime=0), "gzip"
        return Response(data, 200, headers, TYPES[ending])
