"""The event stream: what changed, pushed to every open page (WHATWG HTML §9.2).

One log of the last messages is shared by all readers; each keeps only its place in it. Whoever
falls out of the log, or does not read at all, is dropped, comes back with ``Last-Event-ID`` and is
told from the journal what it missed. So memory is bounded, and nobody misses anything.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable

import msgspec
from starlette.types import Receive, Send

from ..config import ServerConfig

KEPT = 256  #: messages that a reader may fall behind
PATIENCE = 20.0  #: seconds that a reader may take nothing before it is dropped
HEARTBEAT = 15.0
"""Seconds between two comments: proxies close what is silent, and we learn who has gone."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),  # nginx would hold the stream back
]


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


class Hub:
    """The log of messages, and who reads it. Everything happens in one event loop."""

    def __init__(self, settings: ServerConfig) -> None:
        """Let in as many readers as the settings say."""
        self._settings = settings
        self._log: deque[bytes] = deque(maxlen=KEPT)
        self._next = 0  # number of the next message
        self._news = asyncio.Event()
        self._addresses: Counter[str] = Counter()
        self._is_closed = False
        self.place = ""  #: up to where the log leads
        self.dropped = 0  #: readers that were too slow

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return self._addresses.total()

    def send(self, data: bytes) -> None:
        """Give a message to every reader."""
        self._log.append(data)
        self._next += 1
        self._news.set()
        self._news = asyncio.Event()

    def close(self) -> None:
        """End every stream."""
        self._is_closed = True
        self._news.set()

    def refusal(self, address: str) -> str:
        """Say why another stream of an address cannot be opened, or return an empty string."""
        if self._is_closed:
            return "The server is stopping."
        if self.readers >= self._settings.streams:
            return "This server has as many readers as it can serve."
        if self._addresses[address] >= self._settings.streams_per_address:
            return "There are too many streams open from this address."
        return ""

    async def stream(
        self,
        address: str,
        receive: Receive,
        send: Send,
        missed: Callable[[], Awaitable[bytes]],
        abort: Callable[[], None],
    ) -> None:
        """Serve one reader until it goes, falls behind, or the hub closes.

        *missed* returns what it has to be told first, up to :attr:`place`; *abort* cuts the
        connection of a reader that takes nothing, with what was to be sent to it.
        """
        self._addresses[address] += 1
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            mine = self._next
            data = b"retry: 2000\n\n" + await missed()
            while True:
                async with asyncio.timeout(PATIENCE):
                    await send({"type": "http.response.body", "body": data, "more_body": True})
                while mine == self._next and not self._is_closed and not leaving.done():
                    waiting = asyncio.ensure_future(self._news.wait())
                    await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
                if self._is_closed or leaving.done():
                    break
                if self._next - mine > len(self._log):
                    self.dropped += 1
                    break
                data = b"".join(list(self._log)[mine - self._next :])
                mine = self._next
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            self.dropped += 1
            abort()
        finally:
            leaving.cancel()
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    async def beat(self) -> None:
        """Send a comment from time to time, without end."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            self.send(b": still here\n\n")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
