"""Limits on connections: how many, how slow, how large the head of a request may be.

The server (:mod:`.server`) runs uvicorn with :class:`Guarded` connections, which report to one
:class:`Guard`. A client that sends a head or a body too slowly, or takes no answer, is cut off.
Where descriptors run out, the oldest half-sent head goes first, then the connection that was idle
for longest, then the half-sent body of which nothing came for longest. Streams and requests that
are being answered are never cut for others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .app import HEAD_LIMIT
from .clients import network_of
from .descriptors import room_for_connections

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as Base
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as Base

HEAD_SECONDS = 10.0
"""Seconds in which the head of a request has to be there."""

BODY_SECONDS = 10.0
BODY_RATE = 1_000
"""A body may take so many seconds, and one more for each so many bytes that came."""

ANSWER_SECONDS = 60.0
"""Seconds in which a client has to take some of an answer."""

LINGER_SECONDS = 5.0
LINGER_IN_ALL = 30.0
"""Seconds that a refused client may be silent, and may go on sending, before its connection is
closed: closed earlier, it would not see why it was refused."""

LOOK_SECONDS = 1.0
"""Seconds between two looks for slow clients."""

log = logging.getLogger("liveblog")


class Guard:
    """The open connections, and which of them has to go. Everything happens in one event loop."""

    def __init__(self, is_proxy: Callable[[str], bool]) -> None:
        """Limit the connections of a server behind trusted proxies."""
        self._is_proxy = is_proxy
        self._open: set[Guarded] = set()
        self._half: dict[Guarded, None] = {}  # without a whole head, the oldest first
        self._idle: dict[Guarded, None] = {}  # between two requests, idle for longest first
        self._bodies: dict[Guarded, None] = {}  # without a whole body, silent for longest first
        self._clients: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._logged = -60.0

    def start(self) -> None:
        """Look for slow clients from now on, within the event loop."""
        loop = asyncio.get_running_loop()
        self._looking = loop.create_task(self._look())
        loop.set_exception_handler(self._handle)

    def admit(self, connection: Guarded) -> bool:
        """Take in a new connection; return whether there is room for it."""
        self._open.add(connection)
        self._clients[connection.network] += 1
        room = room_for_connections()
        has_room = len(self._open) <= room or self._evict()
        if self._clients[connection.network] > room // 2 and not self._is_proxy(connection.address):
            has_room = has_room and self._evict(connection.network)
        self.waits(connection, is_new=True)
        return has_room

    def forget(self, connection: Guarded) -> None:
        """Let go of a connection that is closed."""
        if connection in self._open:
            self._open.remove(connection)
            self._clients[connection.network] -= 1
            if not self._clients[connection.network]:
                del self._clients[connection.network]
        self.works(connection)

    def waits(self, connection: Guarded, *, is_new: bool) -> None:
        """Note that a connection waits for a head: one that began, or the next one."""
        self.works(connection)
        (self._half if is_new else self._idle)[connection] = None

    def reads(self, connection: Guarded) -> None:
        """Note that a part of a body came, and more is to come."""
        self.works(connection)
        self._bodies[connection] = None

    def works(self, connection: Guarded) -> None:
        """Note that a connection has a request to answer, or is gone."""
        for waiting in (self._half, self._idle, self._bodies):
            waiting.pop(connection, None)

    def _evict(self, network: str = "") -> bool:
        """Close a connection that has nothing to answer; return whether there was one."""
        for waiting in (self._half, self._idle, self._bodies):
            for connection in waiting:
                # Where reading is paused, it is the application that is slow.
                if network in ("", connection.network) and not connection.flow.read_paused:
                    self.forget(connection)
                    connection.transport.abort()
                    self._warn()
                    return True
        return False

    def _handle(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Make room when accept() finds no descriptor; asyncio tells of each attempt."""
        if "socket.accept() out of system resource" not in context.get("message", ""):
            return loop.default_exception_handler(context)
        for _ in range(max(len(self._half) // 4, 1)):
            self._evict()
        self._warn()

    def _warn(self) -> None:
        """Log, once a minute, that connections are closed for others."""
        if time.monotonic() - self._logged >= 60:
            self._logged = time.monotonic()
            log.warning(
                "There are as many connections as this process may have (%s): "
                "those that send nothing are closed. See 'ulimit -n' and docs/server.md.",
                len(self._open),
            )

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for connection in list(self._open):
                connection.look(now)


class Guarded(Base):
    """A connection of a client that keeps to the limits."""

    address = network = ""
    _head_since: float | None = None  # when the head that is not whole began
    _head_size = 0
    _body_since = 0.0
    _body_size = 0
    _is_refused = False
    _refused_at = _heard_at = 0.0
    _stalled: tuple[int, float] = (0, 0.0)  # bytes that nobody takes, and since when

    def __init__(self, *arguments: Any, guard: Guard, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._guard = guard

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is room."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else "-"
        self.network = network_of(self.address)
        self._head_since = time.monotonic()
        if not self._guard.admit(self):
            self.refuse(503, "This server has as many connections as it can serve.")
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._guard.forget(self)
        super().connection_lost(error)

    @property
    def _is_waiting(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        """Take what a client sends."""
        if self._is_refused:
            self._heard_at = time.monotonic()
            return
        is_head = self._is_waiting
        if is_head:
            if self._head_since is None:
                self._head_since = time.monotonic()
                self._guard.waits(self, is_new=True)
            self._head_size += len(data)
        else:
            self._body_size += len(data)
        super().data_received(data)
        if self._is_refused:
            return
        if is_head and not self._is_waiting:
            self._head_since, self._head_size = None, 0
            self._body_since, self._body_size = time.monotonic(), 0
        elif is_head and self._head_size > HEAD_LIMIT:
            return self.send_400_response("")
        if not self._is_waiting:
            is_whole = self.cycle is None or not self.cycle.more_body
            (self._guard.works if is_whole else self._guard.reads)(self)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or has too large a head."""
        if self._head_size > HEAD_LIMIT:
            self.refuse(431, f"The head is larger than {HEAD_LIMIT:,} bytes.")
        else:
            self.refuse(400, msg)

    def on_response_complete(self) -> None:
        """Wait for the next request; if the body of this one was not read, for its end."""
        super().on_response_complete()
        self._head_since, self._head_size = None, 0
        self._body_since, self._body_size = time.monotonic(), 0
        if self.transport.is_closing() or not self._is_waiting:  # the next one came with this
            return
        if self.cycle is not None and self.cycle.more_body:
            self._linger()
        else:
            self._guard.waits(self, is_new=False)

    def refuse(self, status: int, text: str) -> None:
        """Answer for the application, and end the connection."""
        if self._is_refused or self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started:
                return self.transport.abort()
        data = f"{text}\n".encode()
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: text/plain; charset=utf-8\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b"
            % (status, HTTPStatus(status).phrase.encode(), len(data), data)
        )
        self._linger()

    def _linger(self) -> None:
        """Take nothing more from the client, but let it read the answer."""
        self._is_refused = True
        self._refused_at = self._heard_at = time.monotonic()
        self._guard.waits(self, is_new=False)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def look(self, now: float) -> None:
        """Cut off the client if it is too slow."""
        cycle = self.cycle
        if self._is_refused:
            if now - self._heard_at > LINGER_SECONDS or now - self._refused_at > LINGER_IN_ALL:
                self.transport.abort()
        elif self._head_since is not None:
            if now - self._head_since > HEAD_SECONDS:
                self.refuse(408, "The head of the request did not come in time.")
        elif cycle is not None and cycle.more_body and not cycle.response_complete:
            if self.flow.read_paused:  # the application is not ready for more
                self._body_since += LOOK_SECONDS
            elif now - self._body_since > BODY_SECONDS + self._body_size / BODY_RATE:
                self.refuse(408, "The body of the request came too slowly.")
        size = self.transport.get_write_buffer_size()
        if not size or size != self._stalled[0]:
            self._stalled = (size, now)
        elif now - self._stalled[1] > ANSWER_SECONDS:
            self.transport.abort()
