"""The event stream: sends each change to every open page (Server-Sent Events, WHATWG HTML §9.2).

The subscribers share one log of the latest messages; each of them is its ASGI ``send`` and a
position in that log. A subscriber that falls out of the log, or reads nothing for :data:`PATIENCE`
seconds, is dropped: its page reconnects with ``Last-Event-ID`` and gets what it missed from the
journal. So memory is bounded, and no change is lost.

One loop calls the ``send`` of every subscriber. Servers write to the socket at once, so most calls
end without waiting; a subscriber has a task of its own only while its connection is full.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Message, Receive, Send

from ..config import ServerConfig
from . import errors
from .descriptors import max_streams
from .errors import Problem

LOG_LENGTH = 256
"""Maximum number of messages that a subscriber may be behind."""

PATIENCE = 20.0
"""Seconds after which a subscriber is dropped that reads nothing."""

HEARTBEAT = 15.0
"""Seconds between two ``beat`` events: proxies close silent connections, and a page that hears
nothing for longer knows that its connection is dead."""

BATCH = 256
"""Subscribers that are served before other tasks of the event loop get their turn."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),  # nginx would buffer the stream
]


def message(kind: str, data: object, position: str = "") -> bytes:
    """Write one event; *position* is what a page sends back to resume after it."""
    text = msgspec.json.encode(data)
    line = f"id: {position}\n".encode() if position else b""
    return b"event: " + kind.encode() + b"\ndata: " + text + b"\n" + line + b"\n"


def messages(events: Iterable[tuple[str, object]], position: str) -> bytes:
    """Write several events; only the last has the position, so that none of them can be skipped."""
    found = list(events)
    return b"".join(
        message(kind, data, position if number == len(found) else "")
        for number, (kind, data) in enumerate(found, 1)
    )


class _Subscriber:
    """An open stream."""

    __slots__ = ("blocked_since", "disconnected", "next", "send", "writing")

    def __init__(self, send: Send, position: int, disconnected: asyncio.Task[None]) -> None:
        self.send = send
        self.next = position  #: number of the message that comes next
        self.disconnected = disconnected  #: ends when the client is gone; cancelled to end it
        self.writing: asyncio.Task[None] | None = None  #: while the connection is full
        self.blocked_since = 0.0


class Broadcaster:
    """The log of messages and its subscribers. Belongs to one event loop."""

    def __init__(self, settings: ServerConfig, total: Callable[[], int]) -> None:
        """Admit as many subscribers as the settings say.

        *total* returns the number of streams of all blogs of the process.
        """
        self._settings = settings
        self._total = total
        self._log: deque[bytes] = deque(maxlen=LOG_LENGTH)
        self._next = 0  # number of the next message
        self._subscribers: set[_Subscriber] = set()
        self._clients: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._broadcasting: asyncio.Task[None] | None = None
        self._is_closed = False
        self.position = ""  #: stream position after the last message
        self.dropped = 0  #: subscribers that were too slow

    @property
    def subscribers(self) -> int:
        """How many streams are open."""
        return self._clients.total()

    def start(self) -> None:
        """Start the heartbeat. Call it within the event loop."""
        self._loop = asyncio.get_running_loop()
        self._run(self._beat())

    def send(self, data: bytes) -> None:
        """Append a message to the log and start to send it to every subscriber."""
        self._log.append(data)
        self._next += 1
        if self._broadcasting is None or self._broadcasting.done():
            self._broadcasting = self._run(self._broadcast())

    async def flushed(self) -> None:
        """Wait until the log was sent to every subscriber whose connection is not full."""
        if self._broadcasting is not None:
            await asyncio.wait([self._broadcasting])

    def close(self) -> None:
        """End every stream. May be called from a signal handler or another thread."""
        self._is_closed = True
        if self._loop:
            with suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._end)

    def refusal(self, client: str) -> str:
        """Return why another stream of a client cannot be opened, or an empty string."""
        if self._is_closed:
            return "The server is stopping."
        if self.subscribers >= self._settings.streams or self._total() >= max_streams():
            return "This server has as many readers as it can serve."
        if self._clients[client] >= self._settings.streams_per_address:
            return "There are too many streams open from this address."
        return ""

    async def subscribe(
        self, client: str, receive: Receive, send: Send, missed: Callable[[], Awaitable[bytes]]
    ) -> None:
        """Send the stream until the client disconnects, is dropped, or the broadcaster closes.

        *missed* returns the first bytes of the stream: what the page has not seen yet, up to the
        :attr:`position` at this call.
        """
        subscriber = None
        self._clients[client] += 1
        try:
            position = self._next
            data = await missed()
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            disconnected = asyncio.get_running_loop().create_task(_disconnection(receive))
            subscriber = _Subscriber(send, position, disconnected)
            self._subscribers.add(subscriber)
            self._push(subscriber, data)
            if self._is_closed:
                self._leave(subscriber)
            await disconnected
        except asyncio.CancelledError:
            # Either the stream was ended here, or the server cancels the request.
            if not subscriber or (subscriber in self._subscribers and not self._is_closed):
                raise
        finally:
            if subscriber:
                self._leave(subscriber)
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]
        if self._is_closed and subscriber and not subscriber.writing:
            await send({"type": "http.response.body", "body": b""})

    # -- the streams --------------------------------------------------------------------------

    async def _broadcast(self) -> None:
        """Send every message of the log to every subscriber."""
        end = -1
        while end != self._next:
            end = self._next
            for number, subscriber in enumerate(list(self._subscribers), 1):
                if subscriber in self._subscribers:
                    self._push(subscriber)
                if number % BATCH == 0:
                    await asyncio.sleep(0)

    def _push(self, subscriber: _Subscriber, first: bytes = b"") -> None:
        """Send a subscriber what it has not been sent yet, unless its connection is full."""
        if subscriber.writing:
            return
        try:
            for part in self._unsent(subscriber, first):
                if rest := _begin(subscriber.send(part)):
                    subscriber.blocked_since = time.monotonic()
                    subscriber.writing = self._run(self._catch_up(subscriber, rest))
                    return
        except Exception:  # servers differ in how they report that the client is gone
            self._leave(subscriber)

    async def _catch_up(self, subscriber: _Subscriber, rest: Awaitable[None]) -> None:
        """Send the rest of a message, then those that were appended to the log meanwhile."""
        try:
            await rest
            for part in self._unsent(subscriber):
                subscriber.blocked_since = time.monotonic()
                await subscriber.send(part)
            subscriber.writing = None
        except Exception:  # as above
            self._leave(subscriber)

    def _unsent(self, subscriber: _Subscriber, first: bytes = b"") -> Iterator[Message]:
        """Yield *first*, then the messages of the log from the subscriber's position on."""
        if first:
            yield {"type": "http.response.body", "body": first, "more_body": True}
        while subscriber.next != self._next:
            if self._next - subscriber.next > len(self._log):
                return self._drop(subscriber)
            data = self._log[subscriber.next - self._next]
            subscriber.next += 1
            yield {"type": "http.response.body", "body": data, "more_body": True}

    def _drop(self, subscriber: _Subscriber) -> None:
        """End the stream of a subscriber that is too slow."""
        if subscriber in self._subscribers:
            self.dropped += 1
            self._leave(subscriber)

    def _leave(self, subscriber: _Subscriber) -> None:
        """End the stream of a subscriber."""
        self._subscribers.discard(subscriber)
        subscriber.disconnected.cancel()
        if subscriber.writing:
            subscriber.writing.cancel()

    async def _beat(self) -> None:
        """Send a ``beat`` event from time to time, and drop the subscribers that read nothing."""
        beats = 0
        while True:
            await asyncio.sleep(HEARTBEAT / 3)
            latest = time.monotonic() - PATIENCE
            for subscriber in list(self._subscribers):
                if subscriber.writing and subscriber.blocked_since < latest:
                    self._drop(subscriber)
            beats += 1
            if beats % 3 == 0:
                self.send(message("beat", {}))

    def _end(self) -> None:
        for subscriber in self._subscribers:
            subscriber.disconnected.cancel()
        for task in self._tasks:
            task.cancel()

    def _run(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def stream_refusal(broadcaster: Broadcaster, method: str, client: str) -> Response | None:
    """Return the answer to a request for a stream that is not opened, or None."""
    if method not in ("GET", "HEAD"):
        return errors.response(errors.of(HTTPException(405)))
    if why := broadcaster.refusal(client):
        headers = {"retry-after": "30", "connection": "close"}
        problem = Problem(503, "too_many_streams", why, "Poll live.json instead.", headers)
        return errors.response(problem)
    return Response(media_type="text/event-stream") if method == "HEAD" else None


async def _disconnection(receive: Receive) -> None:
    """Wait until the client of a request is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _Rest:
    """The rest of an awaitable that was started and waits for something."""

    def __init__(self, steps: Iterator[Any], waiting_for: Any) -> None:
        self._steps = steps
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, None]:
        yield self._waiting_for
        yield from self._steps


def _begin(work: Awaitable[None]) -> _Rest | None:
    """Run an awaitable without a task as far as it goes; return the rest, None if it is done."""
    steps = iter(work.__await__())
    try:
        waiting_for = next(steps)
    except StopIteration:
        return None
    return _Rest(steps, waiting_for)
