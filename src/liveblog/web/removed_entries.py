"""The permalinks of removed entries, which are answered with 410."""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import date

from ..blog import Blog
from ..model.entry import id_letters
from ..model.errors import LiveblogError
from ..timeline import fold

DAYS = 64
"""Maximum number of days that are cached (those read first are evicted)."""

_PERMALINK = re.compile(r"(\d{4})/(\d\d)/(\d\d)/([0-9a-z]{10})/?", re.ASCII)


class RemovedEntries:
    """The removed entries of a blog that readers could see before."""

    def __init__(self, blog: Blog) -> None:
        self._blog = blog
        self._days: OrderedDict[date, frozenset[str]] = OrderedDict()

    def has(self, path: str) -> bool:
        """Whether a path is the permalink of a removed entry. May read a day of the journal."""
        match = _PERMALINK.fullmatch(path)
        if not match:
            return False
        try:
            day = date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return False
        days = self._days
        removed = days.get(day)
        if removed is None:
            removed = days[day] = self._removed(day)
            while len(days) > DAYS:
                days.popitem(last=False)
        return match[4] in removed

    def clear(self) -> None:
        """Empty the cache, after a publication."""
        self._days = OrderedDict()

    def _removed(self, day: date) -> frozenset[str]:
        now = self._blog.now
        try:
            records = self._blog.journal.day(day).records
        except LiveblogError:
            return frozenset()
        return frozenset(
            id_letters(entry.id)
            for entry in fold(records).values()
            if entry.now.state == "removed" and entry.was_seen(now)
        )
