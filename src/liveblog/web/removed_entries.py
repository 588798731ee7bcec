"""The permalinks of removed entries, which are answered with 410."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from ..blog import Blog
from ..model import addresses
from ..model.entry import id_day
from ..model.errors import InvalidInput, LiveblogError
from ..timeline import fold

DAYS = 64
"""Maximum number of days whose removed entries are cached."""


class RemovedEntries:
    """The removed entries of a blog that readers could see before."""

    def __init__(self, blog: Blog) -> None:
        self._blog = blog
        self.clear()

    def has(self, path: str) -> bool:
        """Whether a path is the permalink of a removed entry. May read a day of the journal."""
        entry_id = addresses.entry_id_at(f"{path.removesuffix('/')}/index.html")
        try:
            return entry_id in self._removed_on(id_day(entry_id))
        except InvalidInput:  # no permalink of an entry
            return False

    def clear(self) -> None:
        """Empty the cache, after a publication."""
        # A new cache: a lookup that began before must not store its result in it.
        self._removed_on = lru_cache(DAYS)(self._removed)

    def _removed(self, day: date) -> frozenset[str]:
        now = self._blog.now
        try:
            records = self._blog.journal.day(day).records
        except LiveblogError:
            return frozenset()
        return frozenset(
            entry.id
            for entry in fold(records).values()
            if entry.now.state == "removed" and entry.was_seen(now)
        )
