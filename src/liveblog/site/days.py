"""The days that have something to tell: which they are, and how they differ from others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from functools import cached_property


class NonEmptyDays:
    """Days in order, with their headlines.

    There are thousands of them, and few publications change one: whoever holds the same object
    again need not look through it.
    """

    def __init__(self, days: Iterable[tuple[date, str]]) -> None:
        """Hold *days*, which are in order, each with its headline or an empty string."""
        self.headlines = dict(days)
        self.days = list(self.headlines)

    @cached_property
    def years(self) -> list[int]:
        """The years in which they lie, in order."""
        years: list[int] = []
        at = 0
        while at < len(self.days):
            years.append(self.days[at].year)
            at = bisect_left(self.days, years[-1] + 1, key=lambda of: of.year)
        return years

    def came_or_went(self, before: NonEmptyDays) -> set[date]:
        """Return the days that only one of the two has."""
        if self is before:
            return set()
        return self.headlines.keys() ^ before.headlines.keys()

    def changed(self, before: NonEmptyDays) -> set[date]:
        """Return the days that only one of the two has, or under another headline."""
        if self is before:
            return set()
        return {of for of, _ in self.headlines.items() ^ before.headlines.items()}
