"""Limits how often a client may do something, such as a search or an attempt to sign in."""

from __future__ import annotations

import threading
from collections.abc import Callable

MAX_CLIENTS = 10_000
"""Maximum number of clients whose events are counted; the least recent one is dropped."""


class RateLimiter:
    """Limits the events of each client in a period. Thread-safe."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float]) -> None:
        """Allow *limit* events within *seconds*; *clock* is monotonic."""
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._events: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def record(self, client: str) -> float:
        """Count an event and return 0; if the limit is reached, return the seconds to wait."""
        with self._lock:
            now = self._clock()
            events = self._events.get(client, ())
            recent = [instant for instant in events if instant > now - self._seconds]
            if len(recent) >= self._limit:
                return max(recent[0] + self._seconds - now, 0)
            self._events.pop(client, None)
            if len(self._events) >= MAX_CLIENTS:
                del self._events[next(iter(self._events))]
            self._events[client] = [*recent, now]
            return 0
