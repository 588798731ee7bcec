"""The broadcaster at its own interface: subscribers are functions, no server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from liveblog.config import ServerConfig
from liveblog.web import stream
from liveblog.web.stream import Broadcaster

from ..conftest import run_loop


class Page:
    """An open page; its connection is full while :attr:`is_free` is not set."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.is_free = asyncio.Event()
        self.is_free.set()
        self.has_left = asyncio.Event()
        self.is_complete = False
        self.error: Exception | None = None

    async def receive(self) -> dict[str, Any]:
        """Wait until the page is closed."""
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Take a message once the connection is free."""
        await self.is_free.wait()
        if self.error:
            raise self.error
        if message["type"] == "http.response.body":
            self.received.append(message["body"])
            self.is_complete = not message.get("more_body", False)


async def missed() -> bytes:
    """Return what each page begins with."""
    return b"hello"


async def opened(broadcaster: Broadcaster, client: str = "1.2.3.4") -> tuple[Page, Any]:
    """Open a page; return it and the task of its request."""
    page = Page()
    task = asyncio.ensure_future(broadcaster.subscribe(client, page.receive, page.send, missed))
    while not page.received:
        await asyncio.sleep(0)
    return page, task


def running(test: Callable[[Broadcaster], Awaitable[None]], **settings: int) -> Broadcaster:
    """Run a test with a broadcaster in an event loop."""

    async def run() -> Broadcaster:
        found: list[Broadcaster] = []
        broadcaster = Broadcaster(ServerConfig(**settings), lambda: found[0].subscribers)
        found.append(broadcaster)
        broadcaster.start()
        await test(broadcaster)
        broadcaster.close()
        await asyncio.sleep(0)
        return broadcaster

    return run_loop(run())


def test_every_page_receives_every_message_in_order() -> None:
    """After what it missed; a page that left receives nothing more."""

    async def test(broadcaster: Broadcaster) -> None:
        one, task = await opened(broadcaster)
        two, _ = await opened(broadcaster)
        broadcaster.send(b"1")
        broadcaster.send(b"2")
        await broadcaster.flushed()
        one.has_left.set()
        await task
        broadcaster.send(b"3")
        await broadcaster.flushed()
        assert one.received == [b"hello", b"1", b"2"]
        assert two.received == [b"hello", b"1", b"2", b"3"]
        assert broadcaster.subscribers == 1

    running(test)


def test_messages_that_come_while_the_missed_ones_are_read_are_not_lost() -> None:
    """They follow what was missed."""

    async def test(broadcaster: Broadcaster) -> None:
        page = Page()

        async def slowly() -> bytes:
            broadcaster.send(b"1")
            await broadcaster.flushed()
            return b"hello"

        work = broadcaster.subscribe("-", page.receive, page.send, slowly)
        task = asyncio.ensure_future(work)
        while len(page.received) < 2:
            await asyncio.sleep(0)
        assert page.received == [b"hello", b"1"]
        page.has_left.set()
        await task

    running(test)


def test_a_full_connection_holds_up_no_other_and_catches_up() -> None:
    """In order, without a gap."""

    async def test(broadcaster: Broadcaster) -> None:
        slow, _ = await opened(broadcaster)
        fast, _ = await opened(broadcaster)
        slow.is_free.clear()
        for number in range(50):
            broadcaster.send(b"%d" % number)
            await broadcaster.flushed()
        assert (len(fast.received), slow.received) == (51, [b"hello"])
        slow.is_free.set()
        while len(slow.received) < 51:
            await asyncio.sleep(0)
        assert slow.received == fast.received

    running(test)


def test_who_falls_out_of_the_log_is_dropped() -> None:
    """So what waits for the slow is bounded; the page reconnects and gets it from the journal."""

    async def test(broadcaster: Broadcaster) -> None:
        slow, task = await opened(broadcaster)
        slow.is_free.clear()
        for number in range(stream.LOG_LENGTH + 2):
            broadcaster.send(b"%d" % number)
            await broadcaster.flushed()
        slow.is_free.set()
        await task
        assert not slow.is_complete
        assert (broadcaster.dropped, broadcaster.subscribers) == (1, 0)

    running(test)


def test_who_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """After PATIENCE, also if there is only one message for it."""
    monkeypatch.setattr(stream, "PATIENCE", 0.02)
    monkeypatch.setattr(stream, "HEARTBEAT", 0.03)

    async def test(broadcaster: Broadcaster) -> None:
        slow, task = await opened(broadcaster)
        slow.is_free.clear()
        broadcaster.send(b"1")
        await task
        assert broadcaster.dropped == 1

    running(test)


def test_a_send_that_fails_ends_one_stream() -> None:
    """Servers report in different ways that the client is gone."""

    async def test(broadcaster: Broadcaster) -> None:
        broken, task = await opened(broadcaster)
        page, _ = await opened(broadcaster)
        broken.error = OSError()
        broadcaster.send(b"1")
        await task
        assert page.received == [b"hello", b"1"]
        assert broadcaster.subscribers == 1

    running(test)


def test_closing_ends_every_stream_as_a_complete_answer() -> None:
    """And no other is opened."""

    async def test(broadcaster: Broadcaster) -> None:
        page, task = await opened(broadcaster)
        broadcaster.close()
        await task
        assert page.is_complete
        assert broadcaster.refusal("-") == "The server is stopping."

    running(test)


def test_streams_are_limited_for_a_client_and_in_all() -> None:
    """Whoever leaves makes room."""

    async def test(broadcaster: Broadcaster) -> None:
        _, task = await opened(broadcaster, "a")
        assert "from this address" in broadcaster.refusal("a")
        assert broadcaster.refusal("b") == ""
        page, task = await opened(broadcaster, "b")
        assert "as many readers" in broadcaster.refusal("c")
        page.has_left.set()
        await task
        assert broadcaster.refusal("c") == ""

    running(test, streams=2, streams_per_address=1)
