"""The ASGI application: one or several blogs, each at the path of its URL."""

from __future__ import annotations

import ipaddress
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..blog import Blog
from ..model.errors import ConfigError, LiveblogError
from ..version import __version__
from . import errors
from .blog_app import BlogApp
from .clients import ForwardedHeaders
from .errors import Problem
from .front_page import FrontPage
from .redirects import Redirects, redirect_response
from .request_body import RequestBody, has_body
from .signals import calling_on_stop
from .static_file import Answer, send_answer
from .stream import Broadcaster

if TYPE_CHECKING:
    from .metrics import Metrics


HEAD_LIMIT = 32_768
"""Bytes of the head of a request: its path and its headers."""

FOLDERS = "LIVEBLOG_FOLDERS"
PROXY = "LIVEBLOG_PROXY"
"""Environment variables of :class:`EnvironmentApplication`."""

log = logging.getLogger("liveblog")

_UNCACHED = {"cache-control": "no-store"}


class Application:
    """One or several blogs, each at the path of its URL."""

    def __init__(
        self, blogs: Sequence[Blog], *, proxies: str = "127.0.0.1", has_metrics: bool = False
    ) -> None:
        """Serve *blogs*; *proxies* are the addresses whose X-Forwarded-* headers are trusted.

        Raises :class:`ConfigError` if two blogs have the same path, or if metrics are wanted and
        their library is not installed.
        """
        self.forwarded = ForwardedHeaders(proxies)
        self._front_page: FrontPage | None = None
        self.blogs = [
            BlogApp(blog, self.forwarded, self._open_streams, self._published) for blog in blogs
        ]
        # The longest path first: the path of a blog may lie below that of another.
        self._by_path = sorted(self.blogs, key=lambda app: (-len(app.path), app.path))
        for one, other in pairwise(self._by_path):
            if one.path == other.path:
                folders = f"{one.blog.paths.root} and {other.blog.paths.root}"
                problem = f"{folders} both have the path {one.path} in their url."
                raise ConfigError(problem, "Give one of them another url in its liveblog.toml.")
        if len(blogs) > 1:
            self._front_page = FrontPage(self.blogs, self.forwarded, self._open_streams)
        self._redirects = Redirects(blog.config for blog in blogs)
        self._metrics: Metrics | None = None
        if has_metrics:
            from .metrics import Metrics

            self._metrics = Metrics(self.blogs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the ASGI lifespan."""
        if scope["type"] == "lifespan":
            return await self._run_lifespan(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close"})
        headers = dict(scope["headers"])
        if (problem := _refusal(scope, headers)) is None and (
            answer := self._cached(scope, headers)
        ):
            if self._metrics:
                self._metrics.count(answer.status)
            return await send_answer(send, answer)
        has_started = False
        body = None
        if has_body(headers):
            body = RequestBody(receive, expects_continue=b"expect" in headers)
            receive = body.receive

        async def send_with_body_read(message: Message) -> None:
            nonlocal has_started
            if not has_started:
                has_started = True
                if self._metrics:
                    self._metrics.count(message["status"])
                if body and not body.is_complete:
                    await body.discard()
                    message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        try:
            if problem:
                return await errors.response(problem)(scope, receive, send_with_body_read)
            await self._answer(scope, receive, send_with_body_read)
        except ClientDisconnect:
            pass
        except Exception as error:
            log.error("%s %s: %s", scope["method"], scope["path"], error, exc_info=error)
            if not has_started:  # otherwise the server closes the connection
                await errors.response(errors.of(error))(scope, receive, send_with_body_read)

    def _cached(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Answer | None:
        """Return the answer to a GET for a file in memory; None for every other request."""
        if scope["method"] != "GET" or self._redirects:
            return None
        path: str = scope["path"]
        for app in self._by_path:
            if path.startswith(app.path):
                return app.files.cached(path[len(app.path) :], headers)
        return None

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        with ExitStack() as running:
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    if self._front_page:
                        self._front_page.broadcaster.start()
                    for app in self.blogs:
                        app.start()
                    running.enter_context(calling_on_stop(self._close_streams))
                    await send({"type": "lifespan.startup.complete"})
                elif message["type"] == "lifespan.shutdown":
                    self._close_streams()
                    for app in self.blogs:
                        await app.stop()
                    return await send({"type": "lifespan.shutdown.complete"})

    def _open_streams(self) -> int:
        """Return the number of open event streams of all blogs."""
        return sum(broadcaster.subscribers for broadcaster in self._broadcasters())

    def _close_streams(self) -> None:
        for broadcaster in self._broadcasters():
            broadcaster.close()

    def _broadcasters(self) -> Iterator[Broadcaster]:
        yield from (app.broadcaster for app in self.blogs)
        if self._front_page:
            yield self._front_page.broadcaster

    def _published(self) -> None:
        """Update the front page after the publication of a blog."""
        if self._front_page:
            self._front_page.published()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        found = next((app for app in self._by_path if path.startswith(app.path)), None)
        answer: ASGIApp
        if path == "/healthz":
            answer = await self._health()
        elif path == "/metrics" and self._metrics:
            answer = await self._metrics_response(self._metrics, scope)
        elif target := self._redirects.target(scope, found.path if found else None):
            answer = redirect_response(scope, target)
        else:
            answer = found or self._elsewhere(path)
        await answer(scope, receive, send)

    def _elsewhere(self, path: str) -> ASGIApp:
        """Answer a request for a path of no blog: by a redirect to the blog meant, or the list."""
        for app in self._by_path:
            if path == app.path.rstrip("/") or (path == "/" and len(self.blogs) == 1):
                return RedirectResponse(app.path)
        if self._front_page:
            return self._front_page
        (app,) = self.blogs
        return PlainTextResponse(f"{app.blog.config.title}: {app.path}\n", 404, _UNCACHED)

    async def _health(self) -> Response:
        """Return the state of each blog; with status 503 while one cannot be published."""
        blogs = []
        for app in self.blogs:
            state = app.watcher.state
            blogs.append(
                {
                    "path": app.path,
                    "published": state.published and state.published.isoformat(),
                    "problem": state.problem,
                    "faults": state.faults,
                    "readers": app.broadcaster.subscribers,
                    "dropped": app.broadcaster.dropped,
                    "place": str(state.position),
                    "leads": app.schedule.is_leading,
                    "outbox": await run_sync(app.outbox),
                }
            )
        is_well = not any(blog["problem"] for blog in blogs)
        status = "ok" if is_well else "failing"
        data = msgspec.json.encode({"status": status, "version": __version__, "blogs": blogs})
        return Response(data, 200 if is_well else 503, _UNCACHED, "application/json")

    async def _metrics_response(self, metrics: Metrics, scope: Scope) -> Response:
        """Return the metrics, to clients on this machine only."""
        await self.forwarded.apply(scope)
        client = scope.get("client")
        if not client or not ipaddress.ip_address(client[0]).is_loopback:
            return PlainTextResponse("Metrics are for this machine only.\n", 403, _UNCACHED)
        text = await run_sync(metrics.text)
        return Response(text, 200, _UNCACHED, "text/plain; version=0.0.4; charset=utf-8")


class EnvironmentApplication:
    """An :class:`Application` that is configured by the environment when the server starts.

    ``LIVEBLOG_FOLDERS`` holds the folders of the blogs, separated by ``:``; ``LIVEBLOG_PROXY`` the
    addresses whose X-Forwarded-* headers are trusted (127.0.0.1 by default).
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._app: Application | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open the blogs when the lifespan begins; then pass everything on to them."""
        if scope["type"] == "lifespan":
            try:
                self._app = await run_sync(self._open)
            except LiveblogError as error:
                await receive()
                text = f"{error.message} {error.hint}"
                return await send({"type": "lifespan.startup.failed", "message": text})
        if self._app is None:
            raise RuntimeError("liveblog.web:application needs a server with the ASGI lifespan.")
        await self._app(scope, receive, send)

    def _open(self) -> Application:
        """Open the blogs.

        Raises :class:`LiveblogError` if no folder is named or one cannot be opened.
        """
        folders = [name for name in self._environment.get(FOLDERS, "").split(":") if name]
        if not folders:
            hint = f"Set it to the folders of the blogs, separated by ':': {FOLDERS}=/srv/my-blog"
            raise ConfigError(f"{FOLDERS} is not set.", hint)
        blogs = [Blog(folder) for folder in folders]
        return Application(blogs, proxies=self._environment.get(PROXY, "127.0.0.1"))


def _refusal(scope: Scope, headers: Mapping[bytes, bytes]) -> Problem | None:
    """Return why a request is refused whatever its path is, or None."""
    closing = {"connection": "close"}
    if scope["method"] == "CONNECT":  # for proxies only (RFC 9110 §9.3.6)
        return Problem(405, "method_not_allowed", "This server is no proxy.", headers=closing)
    if b"transfer-encoding" in headers and b"content-length" in headers:
        # Proxies and servers disagree about which counts (RFC 9112 §6.3).
        problem = "The request has Content-Length and Transfer-Encoding."
        return Problem(400, "two_lengths", problem, "Send one of them.", closing)
    size = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if size + sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEAD_LIMIT:
        problem = f"The head is larger than {HEAD_LIMIT:,} bytes."
        return Problem(431, "head_too_large", problem, "Send fewer headers.", closing)
    return None
