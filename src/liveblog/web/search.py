"""Search over HTTP: a page that needs no script, and the same as JSON for the API.

Open to everybody, so it is kept in bounds: so many searches at once, and so many a minute from one
address.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio
from anyio.to_thread import run_sync
from msgspec import Struct, convert
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..model.entry import FORBIDDEN, Instant, slug
from ..model.errors import InvalidInput
from ..model.hashing import blake2b
from ..search import ASKED_CHARACTERS, CANDIDATES, Found, as_data
from ..tokens import Attempts
from .clients import client_of
from .errors import Problem
from .static import PAGE, TYPES

if TYPE_CHECKING:
    from .blog_app import BlogApp

PER_PAGE = 20
AT_ONCE = 4
"""Searches that run at the same time."""

A_MINUTE = 60
"""Searches of one address."""

WAIT_SECONDS = 10
"""How long a page waits for its hits, while an index is made, say."""


class HitOut(Struct, frozen=True, kw_only=True):
    """An update that was found."""

    id: str
    url: str
    published: Instant
    day: date
    state: str  #: live or retracted
    name: str  #: its title, else its first words; empty if it was retracted
    author: str
    tags: Sequence[str]
    snippet: str  #: safe HTML, the hits in mark elements


class Results(Struct, frozen=True, kw_only=True):
    """What a search found."""

    hits: Sequence[HitOut]  #: the best first
    total: int  #: how many can be asked for
    more: bool  #: whether there are older ones beyond those


class Gate:
    """Keeps searching in bounds."""

    def __init__(self) -> None:
        self._running = threading.BoundedSemaphore(AT_ONCE)
        self._asked = Attempts(A_MINUTE, 60.0, time.monotonic)

    @contextmanager
    def entered(self, request: Request) -> Iterator[None]:
        """Let a request search.

        Raises :class:`Problem`: 429 or 503, with Retry-After.
        """
        if wait := self._asked.failed(client_of(request.scope)):
            raise Problem(
                429, "too_many_searches", "Too many searches came from this address.",
                "Try again in a minute.", {"retry-after": str(math.ceil(wait))},
            )  # fmt: skip
        if not self._running.acquire(blocking=False):
            raise busy()
        try:
            yield
        finally:
            self._running.release()


def busy() -> Problem:
    """Return the refusal of a search that would have to wait for others."""
    return Problem(503, "busy", "Too many are searching.", "Try again in a moment.",
                   {"retry-after": "5"})  # fmt: skip


def results(served: BlogApp, request: Request) -> Results:
    """Answer a request of the API: the parameters q, tag, author, limit and offset.

    Raises :class:`InvalidInput` and :class:`Problem`.
    """
    limit = _number(request, "limit", 20, 1, 100)
    offset = _number(request, "offset", 0, 0, CANDIDATES)
    found = _found(served, request, limit, offset)
    base = served.blog.config.url
    hits = [convert(as_data(hit, base), HitOut) for hit in found.hits]
    return Results(hits=hits, total=found.total, more=found.is_more)


def routes(served: BlogApp) -> list[Route]:
    """Return where the page is: ``search``, and ``search/`` as on a host without a server."""

    async def page(request: Request) -> Response:
        try:
            with anyio.fail_after(WAIT_SECONDS):
                data = await run_sync(_page, served, request, abandon_on_cancel=True)
        except TimeoutError:
            return await run_sync(_refused, served, request, busy())
        except Problem as problem:
            return await run_sync(_refused, served, request, problem)
        etag = f'"{blake2b(data, digest_size=10).hexdigest()}"'
        headers = {**_HEADERS, "cache-control": PAGE, "etag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(data, 200, headers, TYPES[".html"])

    return [Route("/search", page), Route("/search/", page)]


# Words that somebody looks for are nobody else's business: they are sent to no other site.
_HEADERS = {
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def _found(served: BlogApp, request: Request, limit: int, offset: int) -> Found:
    asked = request.query_params
    with served.gate.entered(request):
        return served.blog.searching.find(
            asked.get("q", ""),
            served.blog.now,
            tag=slug(asked.get("tag", "")),
            author=asked.get("author", ""),
            limit=limit,
            offset=offset,
        )


def _page(served: BlogApp, request: Request) -> bytes:
    asked = request.query_params
    try:
        number = _number(request, "page", 1, 1, math.ceil(CANDIDATES / PER_PAGE))
    except InvalidInput:
        number = 1
    found = _found(served, request, PER_PAGE, (number - 1) * PER_PAGE)

    def address(other: int) -> str:
        kept = {name: asked[name] for name in ("q", "tag", "author") if asked.get(name)}
        return "search/?" + urlencode(kept | ({"page": str(other)} if other > 1 else {}))

    return served.blog.publisher.pages.search(
        served.path,
        asked=_shown(asked.get("q", "")),
        tag=_shown(asked.get("tag", "")),
        author=_shown(asked.get("author", "")),
        found=found,
        first=(number - 1) * PER_PAGE + 1,
        before=address(number - 1) if number > 1 else "",
        after=address(number + 1) if number * PER_PAGE < found.total else "",
    )


def _refused(served: BlogApp, request: Request, problem: Problem) -> Response:
    asked = _shown(request.query_params.get("q", ""))
    html = served.blog.publisher.pages.search(served.path, asked=asked, is_busy=True)
    headers = {**_HEADERS, **problem.headers, "cache-control": "no-store"}
    return Response(html, problem.status, headers, TYPES[".html"])


def _shown(text: str) -> str:
    """Return what was asked as a page can show it."""
    return FORBIDDEN.sub("", text)[:ASKED_CHARACTERS]


def _number(request: Request, name: str, default: int, low: int, high: int) -> int:
    try:
        return min(max(int(request.query_params.get(name, str(default))), low), high)
    except ValueError:
        problem = f"{name} is not a number."
        raise InvalidInput(problem, f"Give one from {low} to {high}.") from None
