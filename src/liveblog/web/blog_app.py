"""One served blog: its watcher, scheduler, event stream and files, and the requests for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from ..blog import Blog
from ..changes import StreamPosition
from ..model.errors import InvalidInput, LiveblogError, StorageError
from ..scheduler import Schedule
from ..watcher import Event, Update, Watcher
from . import errors, micropub, oembed, search
from .api import routes as api
from .auth import Authenticator
from .clients import ForwardedHeaders, client_of
from .composer import routes as composer
from .context import BlogContext
from .editors import Editors
from .errors import Problem
from .removed_entries import RemovedEntries
from .search_limit import SearchLimit
from .static import SiteFiles
from .stream import HEARTBEAT, Broadcaster, messages, stream_refusal
from .writers import Writers

MISSED_READERS = 4
"""Maximum number of threads that read what reconnecting pages missed."""

BROADCAST_TIMEOUT = 1.0
"""Seconds that a publication waits until the new entries have been broadcast."""


class BlogApp:
    """A blog that is served at the path of its URL."""

    def __init__(
        self,
        blog: Blog,
        forwarded: ForwardedHeaders,
        total_streams: Callable[[], int],
        on_publication: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare to serve *blog*; nothing runs before :meth:`start`.

        *total_streams* returns the number of open event streams of all blogs. *on_publication* is
        called in the event loop after each publication.
        """
        self.blog = blog
        self.path = urlsplit(blog.config.url).path
        self.broadcaster = Broadcaster(blog.config.server, total_streams)
        self.watcher = Watcher(blog, broadcast=self._broadcast, published=self._on_published)
        self.schedule = Schedule(blog, publish=self.watcher.publish)
        self._forwarded = forwarded
        self._on_publication = on_publication
        self._removed = RemovedEntries(blog)
        self._missed_threads = CapacityLimiter(MISSED_READERS)
        self._is_published = asyncio.Event()  # set while the site shows all that was broadcast
        self._is_published.set()
        self._site_position = ""  # stream position that the site shows
        self._loop: asyncio.AbstractEventLoop | None = None
        self.files = SiteFiles(
            blog,
            self._removed,
            is_over=lambda: self.watcher.is_over,
            is_published=self._is_published,
        )
        self.context = context = BlogContext(
            blog,
            self.path,
            Authenticator(blog.tokens, blog.config, self.path, lambda: blog.now),
            Writers(self.watcher.wake),
            SearchLimit(),
            Editors(),
        )
        parts = (api, micropub, composer, oembed, search)
        # Slashes are not redirected: that would build an address from the Host header.
        self.router = Router(
            [route for part in parts for route in part.routes(context)], redirect_slashes=False
        )
        kinds = (Problem, LiveblogError, HTTPException)
        self._dynamic = ExceptionMiddleware(self.router, dict.fromkeys(kinds, errors.handler))
        self._dynamic_names = {
            route.path.split("/")[1] for route in self.router.routes if isinstance(route, Route)
        }

    # -- start and stop -----------------------------------------------------------------------

    def start(self) -> None:
        """Start to watch the journal. Call it within the event loop."""
        self._loop = asyncio.get_running_loop()
        self.broadcaster.position = self._site_position = str(self.watcher.state.position)
        self.broadcaster.start()
        self.watcher.start()
        self.schedule.start()

    async def stop(self) -> None:
        """End the streams and the watcher; a publication that has begun is finished."""
        self.broadcaster.close()
        self.watcher.stop()
        await run_sync(self.schedule.stop)
        await run_sync(self.watcher.join, 5)

    # -- what the watcher reports, in its thread ----------------------------------------------

    def _broadcast(self, events: list[Event], position: StreamPosition) -> None:
        """Send changed entries to the open pages, before they are published."""
        assert self._loop is not None
        data = messages(events, str(position))
        self._loop.call_soon_threadsafe(self._send, data, position, False)
        flushed = asyncio.run_coroutine_threadsafe(self.broadcaster.flushed(), self._loop)
        with contextlib.suppress(TimeoutError):
            flushed.result(BROADCAST_TIMEOUT)

    def _on_published(self, update: Update) -> None:
        """Broadcast the live page, serve what was published, and plan deliveries."""
        assert self._loop is not None
        position = update.changes.after
        data = messages(update.events, str(position))
        self._loop.call_soon_threadsafe(self._send, data, position, True)
        if update.report:
            self._loop.call_soon_threadsafe(self._show, position)
        self.schedule.published(update)

    def _send(self, data: bytes, position: StreamPosition, is_published: bool) -> None:
        """Broadcast messages; until their entries are published, requests for these files wait."""
        if is_published:
            self._is_published.set()
        else:
            self._is_published.clear()
        self.broadcaster.position = str(position)
        if data:
            self.broadcaster.send(data)

    def _show(self, position: StreamPosition) -> None:
        """Note that the site shows everything up to a position."""
        self._site_position = str(position)
        self._removed.clear()
        self._on_publication()

    def outbox(self) -> dict[str, int]:
        """Return how many deliveries wait and how many failed; empty if that cannot be read."""
        try:
            counts = self.blog.outbox.count()
        except StorageError:
            return {}
        return {name: counts.get(name, 0) for name in ("waiting", "failed")}

    # -- requests -----------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below this blog's path."""
        path: str = scope["path"][len(self.path) :]
        if path == "events":
            return await self._stream(scope, receive, send)
        if path.partition("/")[0] in self._dynamic_names:
            await self._forwarded.apply(scope)
            root = scope.get("root_path", "") + self.path.rstrip("/")
            return await self._dynamic(
                {**scope, "root_path": root, "app": self.router}, receive, send
            )
        await self.files.serve(path, scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the event stream."""
        await self._forwarded.apply(scope)
        client = client_of(scope)
        if refused := stream_refusal(self.broadcaster, scope["method"], client):
            return await refused(scope, receive, send)
        position = _requested_position(scope)
        until = self.broadcaster.position
        if not position and until != self._site_position:
            position = self._site_position  # a new page shows the site as it is published
        missed = partial(self._missed, position, until)
        await self.broadcaster.subscribe(client, receive, send, missed)

    async def _missed(self, position: str, until: str) -> bytes:
        """Return the first bytes of a stream: the events after *position* up to *until*."""
        events: list[Event] = []
        if position:
            with contextlib.suppress(InvalidInput):  # not a position of this stream
                end = StreamPosition.parse(until)
                read = partial(self.watcher.events_between, position, end)
                events = await run_sync(read, limiter=self._missed_threads)
        return b"retry: 2000\n\n" + messages([*events, ("hello", {"beat": HEARTBEAT})], until)


def _requested_position(scope: Scope) -> str:
    """Return the position after which a page resumes the stream, or an empty string."""
    headers = Headers(scope=scope)
    return headers.get("last-event-id") or QueryParams(scope["query_string"]).get("after", "")
