"""One blog with everything that serving it takes, and the requests that come to it."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from urllib.parse import urlsplit

import msgspec
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from ..blog import Blog
from ..model import addresses
from ..model.errors import InvalidInput, LiveblogError, StorageError
from ..pages.data import FeedDocument
from ..scheduler import Schedule
from ..site.report import Report
from ..site.storage.compressed import Compressed
from ..timeline import StreamPosition
from ..watcher import Event, Update, Watcher
from . import embed, errors, micropub, search
from .api import routes as api
from .auth import Authenticator
from .clients import BehindProxies, client_of
from .composer import routes as composer
from .context import BlogContext
from .gone import Gone
from .search_limit import SearchLimit
from .static import Files
from .stream import Hub, messages
from .writers import Writers

LOOKUPS = 4
"""Readers who come back at the same time and are told what they missed."""

TOLD_WITHIN = 1.0
"""Seconds that a publication waits for the readers to be told, so as not to slow that down."""


def _no_stream(why: str) -> Response:
    return errors.response(
        errors.Problem(
            503,
            "too_many_streams",
            why,
            "Poll live.json instead.",
            {"retry-after": "30", "connection": "close"},
        )
    )


class BlogApp:
    """A blog that is served at the path of its own url."""

    def __init__(self, blog: Blog, proxies: str) -> None:
        """Prepare to serve *blog*; nothing runs before :meth:`start`.

        *proxies* are the addresses whose X-Forwarded-* headers are believed.
        """
        self.blog = blog
        self.path = urlsplit(blog.config.url).path
        self.hub = Hub(blog.config.server)
        self.watcher = Watcher(blog, broadcast=self._broadcast, published=self._published)
        self._context = BlogContext(
            blog,
            self.path,
            Authenticator(blog.tokens, blog.config, self.path, lambda: blog.now),
            self.watcher,
            Writers(),
            SearchLimit(),
        )
        self.schedule = Schedule(blog, publish=self.watcher.publish)
        self._gone = Gone(blog)
        self._lookups = CapacityLimiter(LOOKUPS)
        self._is_landed = asyncio.Event()  # unless readers were told of more than the site shows
        self._is_landed.set()
        self.files = Files(
            blog.paths.site,
            blog.config,
            Compressed(blog.paths.compressed),
            preview=self._preview,
            missing=self._missing,
            is_gone=self._gone.was_here,
            is_over=self._is_over,
            landed=self._is_landed,
        )
        self._on_site = ""  # the place up to which the site shows everything
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages_of_nothing: dict[int, bytes] = {}
        self.dynamic = self._routes()
        self._handled = ExceptionMiddleware(
            self.dynamic,
            handlers={
                errors.Problem: errors.handler,
                LiveblogError: errors.handler,
                HTTPException: errors.handler,
            },
        )
        self._to_somebody = BehindProxies(self._answer, proxies)
        self._names = {route.path.split("/")[1] for route in self.dynamic.routes
                       if isinstance(route, Route)}  # fmt: skip

    # -- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Follow the journal from now on. Call it within the event loop."""
        self._loop = asyncio.get_running_loop()
        self.hub.place = self._on_site = str(self.watcher.state.position)
        self.hub.start()
        self.watcher.start()
        self.schedule.start()

    async def stop(self) -> None:
        """End the streams and the following; what is being published is finished."""
        self.hub.close()
        self.watcher.stop()
        await run_sync(self.schedule.stop)
        await run_sync(self.watcher.join, 5)

    def _broadcast(self, events: list[Event], place: StreamPosition) -> None:
        """Send events to the open pages and wait for that, in the watcher's thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._send, messages(events, str(place)), place)
        told = asyncio.run_coroutine_threadsafe(self.hub.told(), self._loop)
        with contextlib.suppress(TimeoutError):
            told.result(TOLD_WITHIN)

    def _send(self, data: bytes, place: StreamPosition) -> None:
        self._is_landed.clear()
        self.hub.place = str(place)
        self.hub.send(data)

    def _published(self, update: Update) -> None:
        """Serve what was published, and plan deliveries, in the watcher's thread."""
        assert self._loop is not None
        place = update.changes.after
        data = messages(update.events, str(place))
        self._loop.call_soon_threadsafe(self._show, data, place, update.report)
        self.schedule.published(update)

    def _show(self, data: bytes, place: StreamPosition, report: Report | None) -> None:
        self._is_landed.set()  # or it failed: there is nothing to wait for
        self.hub.place = str(place)
        if data:
            self.hub.send(data)
        if report:
            self._on_site = str(place)
            self._pages_of_nothing.clear()
            self._gone.forget()
            self.files.refresh(report.written)

    def outbox(self) -> dict[str, int]:
        """Return how much waits to go out and how much was given up; nothing if that is unknown."""
        try:
            counts = self.blog.outbox.count()
        except StorageError:
            return {}
        return {name: counts.get(name, 0) for name in ("waiting", "failed")}

    # -- requests -----------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below this blog's path."""
        path: str = scope["path"][len(self.path) :]
        scope["state"]["path"] = path
        if path == "events" or path.partition("/")[0] in self._names:
            return await self._to_somebody(scope, receive, send)
        # Files are the same for everybody: who asks for them need not be known.
        await self.files(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["state"]["path"] == "events":
            return await self._events(scope, receive, send)
        root = scope.get("root_path", "") + self.path.rstrip("/")
        inner = {**scope, "root_path": root, "app": self.dynamic}
        await self._handled(inner, receive, send)

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        if scope["method"] not in ("GET", "HEAD"):
            response = errors.response(errors.of(HTTPException(405)))
            return await response(scope, receive, send)
        address = client_of(scope)
        if refusal := self.hub.refusal(address):
            return await _no_stream(refusal)(scope, receive, send)
        if scope["method"] == "HEAD":
            return await Response(media_type="text/event-stream")(scope, receive, send)
        given = request.headers.get("last-event-id") or request.query_params.get("after", "")
        until = self.hub.place
        if not given and until != self._on_site:
            given = self._on_site  # who begins here has read the site, and may know no more

        async def missed() -> bytes:
            look = partial(self._missed, given, until)
            events = await run_sync(look, limiter=self._lookups) if given else []
            return b"retry: 2000\n\n" + messages([*events, ("hello", {})], until)

        if not await self.hub.open(address, scope["state"]["take"], missed):
            return await _no_stream("The server is stopping.")(scope, receive, send)
        while (await receive())["type"] != "http.disconnect":
            pass  # the server lets go of the connection

    def _missed(self, given: str, until: str) -> list[Event]:
        try:
            return self.watcher.events_between(given, StreamPosition.parse(until))
        except InvalidInput:
            return []

    def _routes(self) -> Router:
        found = [
            *api.routes(self._context),
            *micropub.routes(self._context),
            *composer.routes(self._context),
            *embed.routes(self._context),
            *search.routes(self._context),
        ]
        # Slashes are not redirected: that would build an address from the Host header.
        return Router(routes=found, redirect_slashes=False)

    # -- what the files need to know ----------------------------------------------------------

    def _preview(self, name: str, feed: bytes) -> bytes:
        document = msgspec.json.decode(feed, type=FeedDocument)
        document.feed_url = addresses.url(self.blog.config.url, name)
        return self.blog.publisher.pages.feed(name, document)

    def _missing(self, _: str, status: int) -> bytes:
        if status not in self._pages_of_nothing:
            page = self.blog.publisher.pages.not_found(self.path, is_gone=status == 410)
            self._pages_of_nothing[status] = page
        return self._pages_of_nothing[status]

    def _is_over(self) -> bool:
        return self.watcher.is_over
