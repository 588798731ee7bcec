"""Permalinks of entries that were removed: they answer 410, and need not read a day each time."""

from __future__ import annotations

import re
from collections import OrderedDict
from datetime import date

from ..blog import Blog
from ..model.entry import id_letters
from ..model.errors import LiveblogError
from ..timeline import fold

DAYS = 64
"""Days whose removed entries are remembered, those that were read last."""

_PERMALINK = re.compile(r"(\d{4})/(\d\d)/(\d\d)/([0-9a-z]{10})/?", re.ASCII)


class Gone:
    """Which entries readers could see before they were removed."""

    def __init__(self, blog: Blog) -> None:
        self._blog = blog
        self._days: OrderedDict[date, frozenset[str]] = OrderedDict()

    def was_here(self, path: str) -> bool:
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

    def forget(self) -> None:
        """Look again when somebody asks: the blog was published."""
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
