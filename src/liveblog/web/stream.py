"""The event stream: what changed, pushed to every open page (WHATWG HTML §9.2).

One log of the last messages is shared by all readers; each keeps only its place in it. Whoever
falls out of the log, or does not read at all, is dropped, comes back with ``Last-Event-ID`` and is
told from the journal what it missed. So memory is bounded, and nobody misses anything.

There may be thousands of readers, and what is kept for one counts thousands of times. So a stream
is no request that waits for its end: the hub takes the socket over from the server, and writes
the same bytes to each.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from email.utils import formatdate

import msgspec

from ..config import ServerConfig
from .descriptors import room_for_streams

KEPT = 256  #: messages that a reader may fall behind
UNDER_WAY = 65536  #: bytes that the system may hold for a reader
PATIENCE = 20.0  #: seconds that a reader may take nothing before it is dropped
HEARTBEAT = 15.0
"""Seconds between two comments: proxies close what is silent, and we learn who has gone."""
IN_A_TURN = 256  #: readers who are told before others get their turn

Take = Callable[[], Awaitable[socket.socket | None]]
"""Gives the socket of a request, from then on the taker's own; None if the client has gone."""

_HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-store\r\n"
    b"access-control-allow-origin: *\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"x-accel-buffering: no\r\n"  # nginx would hold the stream back
    b"connection: close\r\n"  # the stream ends with it
)


def message(kind: str, data: object, place: str = "") -> bytes:
    """Write one event; *place* is what a reader asks to go on from."""
    text = msgspec.json.encode(data)
    line = f"id: {place}\n".encode() if place else b""
    return b"event: " + kind.encode() + b"\ndata: " + text + b"\n" + line + b"\n"


def messages(events: Iterable[tuple[str, object]], place: str) -> bytes:
    """Write several events; only the last says the place, so that none of them can be skipped."""
    found = list(events)
    return b"".join(
        message(kind, data, place if number == len(found) else "")
        for number, (kind, data) in enumerate(found, 1)
    )


class _Reader:
    """An open stream; its place in the log is all that is kept for it."""

    __slots__ = ("address", "at", "rest", "wire")

    def __init__(self, wire: socket.socket, address: str, at: int, rest: bytes) -> None:
        self.wire = wire
        self.address = address
        self.at = at  #: number of the message that comes next
        self.rest: bytes | memoryview = rest  #: what is left of what is being sent


class Hub:
    """The log of messages, and who reads it. Everything happens in one event loop."""

    in_all = 0  #: streams of every hub of this process

    def __init__(self, settings: ServerConfig) -> None:
        """Let in as many readers as the settings say."""
        self._settings = settings
        self._log: deque[bytes] = deque(maxlen=KEPT)
        self._next = 0  # number of the next message
        self._readers: set[_Reader] = set()
        self._slow: dict[_Reader, float] = {}  # whose connection is full, and since when
        self._addresses: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._telling: asyncio.Task[None] | None = None
        self._is_closed = False
        self.place = ""  #: up to where the log leads
        self.dropped = 0  #: readers that were too slow

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return self._addresses.total()

    def start(self) -> None:
        """Begin, within the event loop."""
        self._loop = asyncio.get_running_loop()
        self._run(self._beat())

    def send(self, data: bytes) -> None:
        """Give a message to every reader."""
        self._log.append(data)
        self._next += 1
        if self._telling is None or self._telling.done():
            self._telling = self._run(self._tell())

    async def told(self) -> None:
        """Return once every reader was sent what there is, as far as its connection takes it."""
        if self._telling is not None:
            await asyncio.wait([self._telling])

    def close(self) -> None:
        """End every stream. May be called by a signal, in the middle of anything."""
        self._is_closed = True
        if self._loop:
            self._loop.call_soon_threadsafe(self._end)

    def refusal(self, address: str) -> str:
        """Say why another stream of an address cannot be opened, or return an empty string."""
        if self._is_closed:
            return "The server is stopping."
        if self.readers >= self._settings.streams or Hub.in_all >= room_for_streams():
            return "This server has as many readers as it can serve."
        if self._addresses[address] >= self._settings.streams_per_address:
            return "There are too many streams open from this address."
        return ""

    async def open(self, address: str, take: Take, missed: Callable[[], Awaitable[bytes]]) -> bool:
        """Open a stream that lasts until its reader goes, falls behind, or the hub closes.

        *take* gives the reader's socket; *missed* returns what it has to be told first, up to
        what :attr:`place` is now. Return whether there is one: not if the reader went meanwhile, or
        the hub closed.
        """
        loop = asyncio.get_running_loop()
        self._addresses[address] += 1
        Hub.in_all += 1
        at = self._next
        reader = None
        try:
            data = await missed()
            if not self._is_closed and (wire := await take()):
                wire.setblocking(False)
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNDER_WAY)
                date = formatdate(usegmt=True).encode()
                head = b"%bdate: %b\r\n\r\n" % (_HEAD, date)
                reader = _Reader(wire, address, at, head + data)
                loop.add_reader(wire, self._hear, reader)
        finally:
            if reader is None:
                self._forget(address)
        if reader:
            self._readers.add(reader)
            self._push(reader)
        return reader is not None

    # -- the streams --------------------------------------------------------------------------

    async def _tell(self) -> None:
        """Send every reader what is new, letting others have their turn now and then."""
        told = -1
        while told != self._next:
            told = self._next
            for number, reader in enumerate(list(self._readers), 1):
                if reader in self._readers:
                    self._push(reader)
                if number % IN_A_TURN == 0:
                    await asyncio.sleep(0)

    def _push(self, reader: _Reader) -> None:
        """Send what a reader has not been sent yet, as much as its connection takes."""
        try:
            while reader.rest or reader.at != self._next:
                if not reader.rest:
                    if self._next - reader.at > len(self._log):
                        return self._drop(reader)
                    reader.rest = self._log[reader.at - self._next]
                    reader.at += 1
                sent = reader.wire.send(reader.rest)
                # The message is everybody's: what is left of it is not copied.
                reader.rest = memoryview(reader.rest)[sent:] if sent < len(reader.rest) else b""
                if self._slow and reader in self._slow:
                    self._slow[reader] = time.monotonic()
        except BlockingIOError:
            if reader not in self._slow:
                self._slow[reader] = time.monotonic()
                asyncio.get_running_loop().add_writer(reader.wire, self._push, reader)
        except OSError:
            self._leave(reader)
        else:
            if self._slow and reader in self._slow:
                del self._slow[reader]
                asyncio.get_running_loop().remove_writer(reader.wire)

    def _hear(self, reader: _Reader) -> None:
        """Notice that a reader went; nothing that it says is of interest."""
        try:
            is_there = bool(reader.wire.recv(4096))
        except BlockingIOError:
            is_there = True
        except OSError:
            is_there = False
        if not is_there:
            self._leave(reader)

    def _drop(self, reader: _Reader) -> None:
        """Cut the connection of a reader that is too slow, with what was to be sent over it."""
        self.dropped += 1
        reader.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._leave(reader)

    def _leave(self, reader: _Reader) -> None:
        if reader not in self._readers:
            return
        self._readers.remove(reader)
        loop = asyncio.get_running_loop()
        loop.remove_reader(reader.wire)
        if reader in self._slow:
            del self._slow[reader]
            loop.remove_writer(reader.wire)
        reader.wire.close()
        self._forget(reader.address)

    def _forget(self, address: str) -> None:
        Hub.in_all -= 1
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    async def _beat(self) -> None:
        """Send a comment from time to time, and drop who takes nothing."""
        beats = 0
        while True:
            await asyncio.sleep(HEARTBEAT / 3)
            long_ago = time.monotonic() - PATIENCE
            for reader in [reader for reader, since in self._slow.items() if since < long_ago]:
                self._drop(reader)
            beats += 1
            if beats % 3 == 0:
                self.send(b": still here\n\n")

    def _end(self) -> None:
        for reader in list(self._readers):
            self._leave(reader)
        for task in self._tasks:
            task.cancel()

    def _run(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
