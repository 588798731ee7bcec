"""Search over HTTP: the search page, which needs no script, and the results as JSON for the API."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

import anyio
from anyio.to_thread import run_sync
from msgspec import Struct, convert
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..model.entry import FORBIDDEN, Instant, Precision
from ..model.errors import InvalidInput
from ..model.hashing import blake2b
from ..model.topics import topic_slug
from ..search import CANDIDATES, QUERY_CHARACTERS, Found, as_data
from .clients import client_of
from .context import BlogContext
from .errors import Problem
from .request_input import query_number
from .search_limit import busy
from .static import PAGE, TYPES

PER_PAGE = 20
WAIT_SECONDS = 10
"""Seconds that a page waits for its hits, for example while the index is being built."""


class HitOut(Struct, frozen=True, kw_only=True):
    """An entry that matches a search."""

    id: str
    url: str
    published: Instant
    precision: Precision
    written_time: str  #: the time as its author wrote it, where it is vague
    day: date
    state: str  #: live or retracted
    name: str  #: its title, else its first words; empty if it was retracted
    author: str
    tags: Sequence[str]
    snippet: str  #: safe HTML, the hits in mark elements


class Results(Struct, frozen=True, kw_only=True):
    """The result of a search."""

    hits: Sequence[HitOut]  #: the best first
    total: int  #: number of hits that can be requested
    more: bool  #: whether there are older hits beyond those


def results(context: BlogContext, request: Request) -> Results:
    """Answer a request of the API: the parameters q, tag, author, limit and offset.

    Raises :class:`InvalidInput` and :class:`Problem`.
    """
    limit = query_number(request, "limit", 20, 1, 100)
    offset = query_number(request, "offset", 0, 0, CANDIDATES)
    found = find(context, request, limit, offset)
    base = context.blog.config.url
    hits = [convert(as_data(hit, base), HitOut) for hit in found.hits]
    return Results(hits=hits, total=found.total, more=found.is_more)


def routes(context: BlogContext) -> list[Route]:
    """Return the routes of the page: ``search``, and ``search/``, its address on a static host."""

    async def page(request: Request) -> Response:
        try:
            with anyio.fail_after(WAIT_SECONDS):
                data = await run_sync(_page, context, request, abandon_on_cancel=True)
        except (TimeoutError, Problem) as error:
            problem = error if isinstance(error, Problem) else busy()
            return await run_sync(_refused, context, request, problem)
        etag = f'"{blake2b(data, digest_size=10).hexdigest()}"'
        headers = {**HEADERS, "cache-control": PAGE, "etag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(data, 200, headers, TYPES[".html"])

    return [Route("/search", page), Route("/search/", page)]


# The referrer would contain what a reader searches for: other sites must not get it.
HEADERS = {
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def find(context: BlogContext, request: Request, limit: int, offset: int) -> Found:
    """Return what a request searches for; its parameters are q, tag and author.

    Raises :class:`Problem` if too many are searching.
    """
    query = request.query_params
    with context.search_limit.search(client_of(request.scope)):
        return context.blog.search_index.find(
            query.get("q", ""),
            context.blog.now,
            tag=topic_slug(query.get("tag", "")),
            author=query.get("author", ""),
            limit=limit,
            offset=offset,
        )


def _page(context: BlogContext, request: Request) -> bytes:
    query = request.query_params
    try:
        number = query_number(request, "page", 1, 1, math.ceil(CANDIDATES / PER_PAGE))
    except InvalidInput:
        number = 1
    found = find(context, request, PER_PAGE, (number - 1) * PER_PAGE)

    def address(other: int) -> str:
        parameters = {name: query[name] for name in ("q", "tag", "author") if query.get(name)}
        return "search/?" + urlencode(parameters | ({"page": str(other)} if other > 1 else {}))

    return context.blog.publisher.pages.search(
        context.path,
        asked=shown(query.get("q", "")),
        tag=shown(query.get("tag", "")),
        author=shown(query.get("author", "")),
        found=found,
        first=(number - 1) * PER_PAGE + 1,
        before=address(number - 1) if number > 1 else "",
        after=address(number + 1) if number * PER_PAGE < found.total else "",
    )


def _refused(context: BlogContext, request: Request, problem: Problem) -> Response:
    asked = shown(request.query_params.get("q", ""))
    html = context.blog.publisher.pages.search(context.path, asked=asked, is_busy=True)
    headers = {**HEADERS, **problem.headers, "cache-control": "no-store"}
    return Response(html, problem.status, headers, TYPES[".html"])


def shown(text: str) -> str:
    """Return a parameter as a page can show it: shortened, and without control characters."""
    return FORBIDDEN.sub("", text)[:QUERY_CHARACTERS]
