"""The limits on connections of ``liveblog serve``: how many, how slow, how large a head may be.

uvicorn creates a protocol for each connection; :class:`_Connection` is placed between that and the
transport, and uses only asyncio's interface. :class:`ConnectionLimits` is also the outermost
ASGI application, so it knows which connections have a request to answer.

A client that sends a head too slowly, or does not read its answer, is disconnected. When there are
too many connections, one is closed: the oldest with an incomplete head, else the one that was idle
for longest, else the one whose incomplete body was silent for longest. Streams and requests that
are being answered are never closed for others. The time limit on bodies is in :mod:`.request_body`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from http import HTTPStatus
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .app import HEAD_LIMIT
from .clients import network_of
from .descriptors import max_connections
from .request_body import has_body

HEAD_SECONDS = 10.0
"""Seconds in which the head of a request has to arrive."""

ANSWER_SECONDS = 60.0
"""Seconds in which a client has to read a part of an answer."""

LINGER_SILENCE = 5.0
LINGER_SECONDS = 30.0
"""Seconds that a refused client may be silent, and may go on sending, before its connection is
closed: if that is closed earlier, the client cannot read why it was refused."""

CHECK_SECONDS = 1.0
"""Seconds between two checks for slow clients."""

_END_OF_HEAD = b"\r\n\r\n"

log = logging.getLogger("liveblog")


class _Phase(Enum):
    """What a connection waits for; connections in the first phases are closed first."""

    HEAD = 1
    IDLE = 2
    BODY = 3
    ANSWER = 4


class ConnectionLimits:
    """The open connections of a server. Belongs to one event loop."""

    def __init__(self, app: ASGIApp, is_proxy: Callable[[str], bool]) -> None:
        """Limit the connections to *app*; *is_proxy* says which addresses are trusted proxies."""
        self._app = app
        self._is_proxy = is_proxy
        self._open: dict[tuple[str, int], _Connection] = {}  # by the client's address and port
        # The connections in each phase, those that entered it first before others.
        self._phases: dict[_Phase, dict[_Connection, None]] = {phase: {} for phase in _Phase}
        self._networks: Counter[str] = Counter()
        self._checking: asyncio.Task[None] | None = None
        self._warned_at = -60.0

    def start(self) -> None:
        """Check for slow clients from now on. Call it within the event loop."""
        loop = asyncio.get_running_loop()
        self._checking = loop.create_task(self._check())
        loop.set_exception_handler(self._handle_error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application; note that its connection is busy meanwhile."""
        connection = self._open.get(scope["client"]) if scope["type"] == "http" else None
        if connection is None:
            return await self._app(scope, receive, send)

        async def receive_body() -> Message:
            self.enter(connection, _Phase.BODY)
            message = await receive()
            self.enter(connection, _Phase.ANSWER)
            return message

        self.enter(connection, _Phase.ANSWER)
        try:
            has_one = has_body(dict(scope["headers"]))
            await self._app(scope, receive_body if has_one else receive, send)
        finally:
            self.enter(connection, _Phase.IDLE)

    def protocol(self, create: Callable[..., asyncio.Protocol], **named: Any) -> asyncio.Protocol:
        """Return the protocol of a new connection; *create* returns the server's own."""
        return _Connection(self, create(**named))

    def add(self, connection: _Connection) -> bool:
        """Add a connection; return whether there is room for it."""
        self._open[connection.client] = connection
        self._networks[connection.network] += 1
        room = max_connections()
        has_room = len(self._open) <= room or self._evict()
        if self._networks[connection.network] > room // 2 and not self._is_proxy(
            connection.client[0]
        ):
            has_room = has_room and self._evict(connection.network)
        self.enter(connection, _Phase.HEAD)
        return has_room

    def remove(self, connection: _Connection) -> None:
        """Remove a connection that is closed."""
        if self._open.get(connection.client) is connection:
            del self._open[connection.client]
            self._phases[connection.phase].pop(connection, None)
            self._networks[connection.network] -= 1
            if not self._networks[connection.network]:
                del self._networks[connection.network]

    def enter(self, connection: _Connection, phase: _Phase) -> None:
        """Note that a connection enters a phase, unless it is closed."""
        if self._open.get(connection.client) is connection:
            self._phases[connection.phase].pop(connection, None)
            self._phases[phase][connection] = None
        connection.enter(phase)

    def _evict(self, network: str = "") -> bool:
        """Close a connection that has nothing to answer; return whether there was one."""
        for phase in (_Phase.HEAD, _Phase.IDLE, _Phase.BODY):
            for connection in self._phases[phase]:
                if network in ("", connection.network) and not connection.has_head:
                    self.remove(connection)
                    connection.abort()
                    self._warn()
                    return True
        return False

    def _handle_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Make room when accept() fails for want of descriptors; asyncio reports each attempt."""
        if "socket.accept() out of system resource" not in context.get("message", ""):
            return loop.default_exception_handler(context)
        for _ in range(max(len(self._phases[_Phase.HEAD]) // 4, 1)):
            self._evict()
        self._warn()

    def _warn(self) -> None:
        """Log, at most once a minute, that connections are closed to make room."""
        if time.monotonic() - self._warned_at >= 60:
            self._warned_at = time.monotonic()
            log.warning(
                "There are as many connections as this process may have (%s): "
                "those that send nothing are closed. See 'ulimit -n' and docs/server.md.",
                len(self._open),
            )

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            now = time.monotonic()
            for connection in list(self._open.values()):
                connection.check(now)


class _Connection(asyncio.Protocol):
    """One connection: passes everything on to the server's own protocol, within the limits."""

    def __init__(self, limits: ConnectionLimits, inner: asyncio.Protocol) -> None:
        self._limits = limits
        self._inner = inner
        self._transport: asyncio.Transport
        self.client = ("", 0)
        self.network = ""
        self._refused_at = self._heard_at = 0.0
        self._stalled = (0, 0.0)  # bytes that the client has not read, and since when
        self.enter(_Phase.HEAD)

    def enter(self, phase: _Phase) -> None:
        """Enter a phase."""
        self.phase = phase
        self.has_head = False  # whether a head is complete that the application did not see yet
        self._since = time.monotonic()
        self._head = b""  # the last bytes of an incomplete head
        self._size = 0  # and the number of its bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the connection, or refuse it if there are too many."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        host, port = (transport.get_extra_info("peername") or ("-", 0))[:2]
        self.client = (str(host), int(port))
        self.network = network_of(self.client[0])
        self._inner.connection_made(transport)
        if not self._limits.add(self):
            self._refuse(503, "This server has as many connections as it can serve.")
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection, which is closed."""
        self._limits.remove(self)
        self._inner.connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Pass on what the client sends."""
        if self._refused_at:
            self._heard_at = time.monotonic()
            return
        if self.phase is _Phase.IDLE:
            self._limits.enter(self, _Phase.HEAD)
        if self.phase is _Phase.HEAD and not self.has_head and not self._is_head_within_limit(data):
            return self._refuse(431, f"The head is larger than {HEAD_LIMIT:,} bytes.")
        self._inner.data_received(data)

    def _is_head_within_limit(self, data: bytes) -> bool:
        """Look for the end of the head; return whether the head is within its limit."""
        known = len(self._head)
        data = self._head + data if known else data
        end = data.find(_END_OF_HEAD)
        self.has_head = end >= 0
        size = self._size - known + (end if self.has_head else len(data))
        self._size = size
        self._head = b"" if self.has_head else data[-3:]
        return size <= HEAD_LIMIT

    def eof_received(self) -> bool | None:
        """Tell the server's protocol that the client sends no more."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Tell the server's protocol that the client reads nothing at the moment."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Tell the server's protocol that the client reads again."""
        self._inner.resume_writing()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def _refuse(self, status: int, text: str) -> None:
        """Answer in place of the application, and close once the client has read that."""
        if self._transport.is_closing():
            return
        data = f"{text}\n".encode()
        self._transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b"
            % (status, HTTPStatus(status).phrase.encode(), len(data), data)
        )
        self._limits.enter(self, _Phase.IDLE)
        self._refused_at = self._heard_at = time.monotonic()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def check(self, now: float) -> None:
        """Disconnect the client if it is too slow."""
        if self._refused_at:
            silent = now - self._heard_at > LINGER_SILENCE
            if silent or now - self._refused_at > LINGER_SECONDS:
                self.abort()
        elif self.phase is _Phase.HEAD and now - self._since > HEAD_SECONDS:
            self._refuse(408, "The head of the request did not come in time.")
        size = self._transport.get_write_buffer_size()
        if not size or size != self._stalled[0]:
            self._stalled = (size, now)
        elif now - self._stalled[1] > ANSWER_SECONDS:
            self.abort()
