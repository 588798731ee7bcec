"""The worker threads for requests that write, and how long a request waits for one.

A write may wait for the journal's lock, and reads never do. So writes have threads of their own:
reads do not run out of threads meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from .errors import Problem

AT_ONCE = 8
"""Maximum number of concurrent writes to one blog."""

WAITING = 64
"""Maximum number of writes that wait for a thread."""

WAIT_SECONDS = 10.0
"""Seconds that a write waits for a thread."""

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


class Writers:
    """The threads in which requests write to one blog."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """*wake* is called after each write, so that it is published at once."""
        self._wake = wake
        self._threads = CapacityLimiter(AT_ONCE)

    async def run(self, call: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Call a function in a thread and return its result.

        Raises :class:`Problem` (503) if all threads stay busy.
        """
        borrower = object()
        try:
            if self._threads.statistics().tasks_waiting >= WAITING:
                raise TimeoutError
            async with asyncio.timeout(WAIT_SECONDS):
                await self._threads.acquire_on_behalf_of(borrower)
        except TimeoutError:
            problem = "Too many updates are being written at the moment."
            hint = "Nothing was changed. Try again in a moment."
            raise Problem(503, "busy", problem, hint, {"retry-after": "5"}) from None
        try:
            return await run_sync(call, *arguments, limiter=CapacityLimiter(1))
        finally:
            self._threads.release_on_behalf_of(borrower)
            self._wake()
