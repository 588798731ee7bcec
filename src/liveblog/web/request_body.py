"""Limits the time that a request body may take, and reads the rest of a refused one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress

from starlette.types import Message, Receive

from .errors import Problem

BODY_SECONDS = 10.0
BODY_RATE = 1_000
"""A body may take BODY_SECONDS, and one second more for each BODY_RATE bytes that arrived."""

DISCARD_SILENCE = 1.0
DISCARD_SECONDS = 30.0
"""Seconds that the client of a refused body may be silent, and may go on sending."""


def has_body(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a request with these headers has a body."""
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers


class RequestBody:
    """The body of one request, as it is received."""

    def __init__(self, receive: Receive, *, expects_continue: bool) -> None:
        """Read from *receive*; *expects_continue* if the client waits for 100 (Continue)."""
        self._receive = receive
        self._expects_continue = expects_continue
        self._size = 0
        self._began = time.monotonic()
        self._is_late = False
        self.is_complete = False

    async def receive(self) -> Message:
        """Return the next message; the application calls this instead of the server's ``receive``.

        Raises :class:`Problem` (408) if the body comes too slowly.
        """
        if self.is_complete:
            return await self._receive()  # the client disconnects
        left = self._began + BODY_SECONDS + self._size / BODY_RATE - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0)):
                return self._take(await self._receive())
        except TimeoutError:
            self._is_late = True
            problem = "The body of the request came too slowly."
            raise Problem(408, "slow_body", problem, headers={"connection": "close"}) from None

    async def discard(self) -> None:
        """Read the rest and ignore it: many clients send everything before they read the answer."""
        if self._is_late or (self._expects_continue and not self._size):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                while not self.is_complete:
                    async with asyncio.timeout(DISCARD_SILENCE):
                        self._take(await self._receive())

    def _take(self, message: Message) -> Message:
        self._size += len(message.get("body", b""))
        self.is_complete = not message.get("more_body", False)
        return message
