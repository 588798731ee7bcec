"""The front page of a server with several blogs: a list, one feed of all, and one search.

Everything is made of the files that the blogs have published. The page is in the language that the
browser asks for, else in that of the first blog, whose theme it has.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import msgspec
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..config import Config
from ..config.checks import LANGUAGES
from ..config.schema import WebSubConfig
from ..feeds import Feed, Origin, documents
from ..feeds.reading import Document, join, read
from ..model import addresses
from ..pages.front_page import Card, front_page, front_search
from ..pages.render import Pages
from ..search import Found
from ..site.documents import opensearch, read_live_page
from . import search
from .clients import ForwardedHeaders, client_of
from .errors import Problem
from .static import PAGE, POLLED, TYPES
from .static_file import Answer, File, FileState, encodings, send_answer
from .stream import HEARTBEAT, Broadcaster, message, stream_refusal

if TYPE_CHECKING:
    from .blog_app import BlogApp

HITS = 5
"""Hits of each blog on the search page."""

_READ = ("live.json", "feed.json")
_EMPTY = (b"content-length", b"0")

Version = tuple[FileState | None, ...]
"""The states of the files that everything here is made of."""


class FrontPage:
    """Answers the requests for paths of no blog."""

    def __init__(
        self,
        apps: Sequence[BlogApp],
        forwarded: ForwardedHeaders,
        total_streams: Callable[[], int],
    ) -> None:
        """List *apps* in their order; *total_streams* counts the open streams of the process."""
        self._apps = apps
        self._forwarded = forwarded
        first = apps[0].blog.config
        self._base = "{0.scheme}://{0.netloc}/".format(urlsplit(first.url))
        self.broadcaster = Broadcaster(first.server, total_streams)
        self._threads = CapacityLimiter(2)
        self._version: Version = ()
        self._announced: Version = ()
        self._cards: list[Card] = []
        self._documents: list[tuple[Origin, Document]] = []
        self._files: dict[str, File] = {}
        self._pages: dict[str, Pages] = {}
        self._look: Pages | None = None  # of the first blog, when its assets were named last
        self._lock = asyncio.Lock()

    # -- requests -----------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path: str = scope["path"][1:]
        if scope["method"] not in ("GET", "HEAD"):
            return await send_answer(send, Answer(405, [(b"allow", b"GET, HEAD"), _EMPTY]))
        if path == "events":
            return await self._stream(scope, receive, send)
        request = Request(scope)
        language = _preferred(request.headers.get("accept-language", "")) or self._first.language
        if path in ("search", "search/"):
            answer = await self._search(request, language)
            return await answer(scope, receive, send)
        async with self._lock:
            file = await run_sync(self._file, path, language, limiter=self._threads)
            if file is None:
                page = await run_sync(self._missing, language, limiter=self._threads)
        if file is not None:
            answered = file.answer(dict(scope["headers"]))
        else:
            plain = page.answer({})
            answered = Answer(404, plain.headers, plain.data)
        await send_answer(send, answered, scope["method"] == "HEAD")

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._forwarded.apply(scope)
        client = client_of(scope)
        if refused := stream_refusal(self.broadcaster, scope["method"], client):
            return await refused(scope, receive, send)

        async def missed() -> bytes:
            return b"retry: 2000\n\n" + message("hello", {"beat": HEARTBEAT})

        await self.broadcaster.subscribe(client, receive, send, missed)

    def published(self) -> None:
        """Tell the open pages that a blog was published, if that changed what they show."""
        version = self._states()
        if version != self._announced:
            self._announced = version
            self.broadcaster.send(message("changed", {}))

    # -- files --------------------------------------------------------------------------------

    def _file(self, path: str, language: str) -> File | None:
        """Return the file at a path, or None if there is none."""
        self._refresh()
        key = f"{language} page" if path == "" else path
        if key not in self._files and (made := self._make(path, language)):
            self._files[key] = made
        return self._files.get(key)

    def _missing(self, language: str) -> File:
        """Return the page for a path at which there is nothing."""
        data = front_page(self._in(language), self._cards, is_missing=True)
        return self._as_file(data, TYPES[".html"], "no-cache", "Accept-Language")

    def _make(self, path: str, language: str) -> File | None:
        if path == "":
            data = front_page(self._in(language), self._cards)
            return self._as_file(data, TYPES[".html"], PAGE, "Accept-Language")
        if path == "opensearch.xml":
            data = opensearch(self._config(self._first.language)).encode()
            return self._as_file(data, TYPES[".xml"], PAGE)
        if path == addresses.CARD:
            return self._as_file(self._card(), TYPES[".png"], PAGE)
        if path in addresses.FORMATS:
            data = dict(documents(self._feed()))[path]
            return self._as_file(data, TYPES[path], POLLED, is_shared=True)
        return None

    def _as_file(
        self, data: bytes, kind: str, cache: str, vary: str = "", *, is_shared: bool = False
    ) -> File:
        modified = max((state[0] for state in self._version if state), default=0) // 1_000_000_000
        varied = ", ".join(filter(None, ("Accept-Encoding", vary)))
        bodies = encodings(data, kind)
        return File((0, 0, 0), modified, kind, cache, bodies, varied, shared=is_shared)

    def _card(self) -> bytes:
        """Draw the picture for sharing."""
        from ..imaging import card  # loads Pillow

        words = self._in(self._first.language).words
        title, state = urlsplit(self._base).netloc, words.say("Live blogs")
        is_live = any(shown.state == "live" for shown in self._cards)
        return card(title, state, is_live=is_live, is_right_to_left=words.direction == "rtl")

    def _feed(self) -> Feed:
        pages = self._in(self._first.language)
        empty = Feed(
            id=self._base,
            title=pages.words.say("%(title)s: all live blogs", title=pages.config.title),
            subtitle="",
            home_url=self._base,
            folder_url=self._base,
            language=self._first.language,
            author=pages.config.title,
            updated=self._apps[0].blog.now,
            items=(),
            expired=all(card.state == "over" for card in self._cards),
        )
        return join(empty, self._documents)

    def _refresh(self) -> None:
        """Read again what the blogs have published, if it changed."""
        version, look = self._states(), self._apps[0].blog.publisher.pages
        if look is not self._look:
            self._look = look
            self._pages.clear()
            self._files.clear()
        if version != self._version or not self._cards:
            read_all = [self._read(app) for app in self._apps]
            self._cards = [card for card, _ in read_all]
            self._documents = [document for _, document in read_all if document]
            self._files.clear()
            self._version = version

    def _states(self) -> Version:
        return tuple(_state(app, name) for app in self._apps for name in _READ)

    def _read(self, app: BlogApp) -> tuple[Card, tuple[Origin, Document] | None]:
        config, site = app.blog.config, app.blog.publisher.site
        page = read_live_page(site.read("live.json") or b"")
        try:
            document = read(site.read("feed.json") or b"")
        except msgspec.MsgspecError:
            return Card(config, app.path, page.state if page else ""), None
        origin = Origin(config.id, config.title, config.url)
        card = Card(config, app.path, page.state if page else "", document.feed_items(origin))
        return card, (origin, document)

    # -- pages in the language of a reader ----------------------------------------------------

    @property
    def _first(self) -> Config:
        return self._apps[0].blog.config

    def _config(self, language: str) -> Config:
        """Return the settings of a blog without entries that has the front page's address."""
        return msgspec.structs.replace(
            self._first,
            title=urlsplit(self._base).netloc,
            url=self._base,
            language=language,
            description="",
            author="",
            fediverse="",
            websub=WebSubConfig(),
        )

    def _in(self, language: str) -> Pages:
        """Return the pages in a language, with the theme of the first blog."""
        if language not in self._pages:
            first = self._apps[0]
            folder, own = first.path.removeprefix("/"), first.blog.publisher.pages.assets
            assets = {name: folder + path for name, path in own.items()}
            templates = first.blog.paths.templates
            config = self._config(language)
            self._pages[language] = Pages(config, templates=templates, assets=assets)
        return self._pages[language]

    # -- search -------------------------------------------------------------------------------

    async def _search(self, request: Request, language: str) -> Response:
        await self._forwarded.apply(request.scope)
        status = 200
        try:
            with anyio.fail_after(search.WAIT_SECONDS):
                data = await run_sync(self._found, request, language, abandon_on_cancel=True)
        except (TimeoutError, Problem) as error:
            status = error.status if isinstance(error, Problem) else 503
            asked = search.shown(request.query_params.get("q", ""))
            async with self._lock:
                data = await run_sync(self._busy, asked, language, limiter=self._threads)
        headers = {**search.HEADERS, "cache-control": "no-store", "vary": "Accept-Language"}
        return Response(data, status, headers, TYPES[".html"])

    def _found(self, request: Request, language: str) -> bytes:
        asked = request.query_params.get("q", "")
        results: list[tuple[Card, Found]] = []
        for app in self._apps if asked.strip() else ():
            found = search.find(app.context, request, HITS, 0)
            results.append((Card(app.blog.config, app.path), found))
        return front_search(self._in(language), search.shown(asked), results)

    def _busy(self, asked: str, language: str) -> bytes:
        return front_search(self._in(language), asked, (), is_busy=True)


def _state(app: BlogApp, name: str) -> FileState | None:
    try:
        status = os.stat(app.blog.paths.site / name)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _preferred(accepted: str) -> str:
    """Return the language that an Accept-Language header prefers, or an empty string.

    See RFC 9110 §12.5.4; a language with a region, such as ``de-AT``, stands for the language.
    """
    weights: dict[str, float] = {}
    for part in accepted[:1000].lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        name = tag.partition("-")[0]
        weights[name] = max(weight, weights.get(name, 0))
    known = [name for name in weights if name in LANGUAGES and weights[name] > 0]
    return max(known, key=lambda name: weights[name], default="")
