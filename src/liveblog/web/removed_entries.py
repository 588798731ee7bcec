"""The permalinks of removed entries and chapters, which are answered with 410."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from ..blog import Blog
from ..chapters import chapter_in
from ..model import addresses
from ..model.entry import id_day
from ..model.errors import InvalidInput, LiveblogError
from ..timeline import fold

DAYS = 64
"""Maximum number of days whose removed entries are cached."""


CHAPTERS = 256
"""Maximum number of chapters whose removal is cached."""


class RemovedEntries:
    """The removed entries and chapters of a blog that readers could see before."""

    def __init__(self, blog: Blog) -> None:
        self._blog = blog
        self.clear()

    def has(self, path: str) -> bool:
        """Whether a path is that of a removed entry or chapter. May read a file of the journal."""
        page = f"{path.removesuffix('/')}/index.html"
        if slug := addresses.chapter_at(page):
            return self._is_removed_chapter(slug)
        entry_id = addresses.entry_id_at(page)
        try:
            return entry_id in self._removed_on(id_day(entry_id))
        except InvalidInput:  # no permalink of an entry
            return False

    def clear(self) -> None:
        """Empty the cache, after a publication."""
        # A new cache: a lookup that began before must not store its result in it.
        self._removed_on = lru_cache(DAYS)(self._removed)
        self._is_removed_chapter = lru_cache(CHAPTERS)(self._find_chapter)

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

    def _find_chapter(self, slug: str) -> bool:
        try:
            return chapter_in(self._blog.journal, slug).was_seen(self._blog.now)
        except LiveblogError:
            return False
