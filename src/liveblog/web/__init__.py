"""The server: the published site, live events, the newsroom.

``files`` serves the site as HTTP asks; ``follow`` sees what is appended to the journal, tells
``events``, which pushes it to the readers, and publishes it. ``auth`` lets people in; behind them
are ``api``, ``composer`` and ``micropub``, three ways to the same blog. Here they are put together
as one ASGI application. No other room knows a socket or a status code.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from ..blog import Blog
from ..model.errors import ConfigError
from ..version import __version__
from . import errors
from .blog_app import BlogApp
from .clients import BehindProxies
from .errors import Problem
from .redirects import Redirects, send_on
from .static_file import Answer, Headers

if TYPE_CHECKING:
    from .metrics import Metrics


HEAD_LIMIT = 32_768
"""Bytes of the head of a request: its path and its headers."""

log = logging.getLogger("liveblog")


class Application:
    """One or several blogs, each at the path of its own url."""

    def __init__(
        self, blogs: Sequence[Blog], *, proxies: str = "127.0.0.1", has_metrics: bool = False
    ) -> None:
        """Serve *blogs*; *proxies* are the addresses whose X-Forwarded-* headers are believed.

        Raises :class:`ConfigError` if two blogs have the same path, or if
        metrics are asked for and cannot be had.
        """
        self.proxies = proxies
        self.blogs = [BlogApp(blog, proxies) for blog in blogs]
        self._metrics = _metrics(self.blogs) if has_metrics else None
        self._by_path: dict[str, BlogApp] = {}
        for served in self.blogs:
            if other := self._by_path.get(served.path):
                raise ConfigError(
                    f"{other.blog.paths.root} and {served.blog.paths.root} both have the path "
                    f"{served.path} in their url.",
                    "Give one of them another url in its liveblog.toml.",
                )
            self._by_path[served.path] = served
        # The longest path first: a blog may lie below another.
        self._in_order = sorted(self.blogs, key=lambda served: -len(served.path))
        self._moves = Redirects(blog.config for blog in blogs)
        self._tell_metrics = BehindProxies(self._send_metrics, proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run from start to end of the server."""
        if scope["type"] == "lifespan":
            return await self._live(receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close"})
        scope.setdefault("state", {})
        has_begun = False

        async def sending(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            if self._metrics and message["type"] == "http.response.start":
                self._metrics.count(message["status"])
            await send(message)

        try:
            if problem := _refused(scope):
                return await errors.response(problem)(scope, receive, sending)
            await self._answer(scope, receive, sending)
        except ClientDisconnect:
            pass  # who would have read the answer has gone
        except Exception as error:
            log.error("%s %s: %s", scope["method"], scope["path"], error, exc_info=error)
            # An answer that has begun cannot be taken back: the server ends its connection.
            if not has_begun:
                await errors.response(errors.of(error))(scope, receive, sending)

    def ready(self, target: bytes, headers: Headers) -> Answer | None:
        """Return the answer to a GET that can be given at once; None if it takes more."""
        path = target.partition(b"?")[0].decode("latin-1")
        served = next((s for s in self._in_order if path.startswith(s.path)), None)
        if served is None or "%" in path or self._moves:
            return None
        answer = served.files.ready(path[len(served.path) :], dict(headers))
        if answer and self._metrics:
            self._metrics.count(answer.status)
        return answer

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                for served in self.blogs:
                    served.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                for served in self.blogs:
                    await served.stop()
                return await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path == "/healthz":
            return await self._health(send)
        if path == "/metrics" and self._metrics:
            return await self._tell_metrics(scope, receive, send)
        served = next((s for s in self._in_order if path.startswith(s.path)), None)
        if target := self._moves.target(scope, served.path if served else None):
            return await send_on(scope, send, target)
        if served:
            return await served(scope, receive, send)
        for served in self._in_order:
            if path == served.path.rstrip("/") or (path == "/" and len(self.blogs) == 1):
                headers = [(b"location", served.path.encode()), (b"content-length", b"0")]
                await send({"type": "http.response.start", "status": 307, "headers": headers})
                return await send({"type": "http.response.body", "body": b""})
        body = "".join(
            f"{served.blog.config.title}: {served.path}\n" for served in self.blogs
        ).encode()
        await _send(send, 200 if path == "/" else 404, b"text/plain; charset=utf-8", body)

    async def _health(self, send: Send) -> None:
        """Say what the server knows of itself; 503 while a blog cannot be published."""
        blogs = []
        for served in self.blogs:
            state = served.watcher.state
            blogs.append(
                {
                    "path": served.path,
                    "published": state.published and state.published.isoformat(),
                    "problem": state.problem,
                    "faults": state.faults,
                    "readers": served.hub.readers,
                    "dropped": served.hub.dropped,
                    "place": str(state.position),
                    "leads": served.schedule.is_leading,
                    "outbox": await run_sync(served.outbox),
                }
            )
        is_well = not any(blog["problem"] for blog in blogs)
        document = {"status": "ok" if is_well else "failing", "version": __version__,
                    "blogs": blogs}  # fmt: skip
        data = msgspec.json.encode(document)
        await _send(send, 200 if is_well else 503, b"application/json", data)

    async def _send_metrics(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer this machine only: how many read is nobody else's business."""
        assert self._metrics
        client = scope.get("client")
        if not client or not ipaddress.ip_address(client[0]).is_loopback:
            return await _send(send, 403, b"text/plain", b"Metrics are for this machine only.\n")
        data = await run_sync(self._metrics.text)
        await _send(send, 200, b"text/plain; version=0.0.4; charset=utf-8", data)


def _metrics(blogs: Sequence[BlogApp]) -> Metrics:
    from .metrics import Metrics

    return Metrics(blogs)


def _refused(scope: Scope) -> Problem | None:
    """Return why a request is refused whatever it asks for, or None."""
    if scope["method"] == "CONNECT":  # for proxies only (RFC 9110 §9.3.6)
        return Problem(405, "method_not_allowed", "This server is no proxy.",
                       headers={"connection": "close"})  # fmt: skip
    names = [name for name, _ in scope["headers"]]
    if b"content-length" in names and b"transfer-encoding" in names:
        # Proxies and servers disagree about which counts (RFC 9112 §6.3).
        return Problem(400, "two_lengths", "The request has Content-Length and Transfer-Encoding.",
                       "Send one of them.", {"connection": "close"})  # fmt: skip
    size = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if size + sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEAD_LIMIT:
        return Problem(431, "head_too_large", f"The head is larger than {HEAD_LIMIT:,} bytes.",
                       "Send fewer headers.", {"connection": "close"})  # fmt: skip
    return None


async def _send(send: Send, status: int, kind: bytes, data: bytes) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(data)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
