"""The limits on searches: how many run at once, and how many a client may start each minute."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import Problem
from .rate_limiter import RateLimiter

CONCURRENT = 4
"""Searches that run at the same time."""

PER_MINUTE = 60
"""Searches of one client in a minute."""


class SearchLimit:
    """Counts the searches of one blog. Safe to use from several threads."""

    def __init__(self) -> None:
        self._running = threading.BoundedSemaphore(CONCURRENT)
        self._clients = RateLimiter(PER_MINUTE, 60.0, time.monotonic)

    @contextmanager
    def search(self, client: str) -> Iterator[None]:
        """Run one search of *client* inside this context.

        Raises :class:`Problem`: 429 or 503, with Retry-After.
        """
        if wait := self._clients.record(client):
            problem = "Too many searches came from this address."
            headers = {"retry-after": str(math.ceil(wait))}
            raise Problem(429, "too_many_searches", problem, "Try again in a minute.", headers)
        if not self._running.acquire(blocking=False):
            raise busy()
        try:
            yield
        finally:
            self._running.release()


def busy() -> Problem:
    """Return the refusal of a search while too many others run."""
    headers = {"retry-after": "5"}
    return Problem(503, "busy", "Too many searches are running.", "Try again in a moment.", headers)
