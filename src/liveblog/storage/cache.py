"""A cache for rendered texts, bounded in bytes and owned by the object that renders them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Hashable

OVERHEAD = 500
"""Estimated bytes for the key of a cached text and its entry in the dictionary."""

LARGEST = 1 / 16
"""Fraction of a cache that one text may take; a larger one is rendered each time."""


class Cache:
    """Texts by a key; the least recently used are evicted. Thread-safe."""

    def __init__(self, limit: int) -> None:
        """Hold at most *limit* bytes."""
        self.limit = limit
        self.size = 0  #: bytes in use
        self._texts: dict[Hashable, str] = {}  # the least recently used first
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return the text for *key*; call *make* for it if it is not cached."""
        with self._lock:
            text = self._texts.pop(key, None)
            if text is not None:
                self._texts[key] = text
                return text
        text = make()
        with self._lock:
            self._add(key, text)
        return text

    def clear(self) -> None:
        """Evict every text."""
        with self._lock:
            self._texts.clear()
            self.size = 0

    def _add(self, key: Hashable, text: str) -> None:
        size = _size(text)
        if key in self._texts or size > self.limit * LARGEST:
            return
        self._texts[key] = text
        self.size += size
        while self.size > self.limit:
            oldest = next(iter(self._texts))
            self.size -= _size(self._texts.pop(oldest))


def _size(text: str) -> int:
    return sys.getsizeof(text) + OVERHEAD
