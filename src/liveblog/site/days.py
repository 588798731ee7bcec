"""The days that are not empty, and the difference between two such lists."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from functools import cached_property


class NonEmptyDays:
    """Days in order, with their headlines.

    There are thousands of them, and most publications change none: two lists that are the same
    object need not be compared.
    """

    def __init__(self, days: Iterable[tuple[date, str]]) -> None:
        """Take *days* in order, each with its headline or an empty string."""
        self.headlines = dict(days)
        self.days = list(self.headlines)

    @cached_property
    def years(self) -> list[int]:
        """Their years, in order."""
        years: list[int] = []
        index = 0
        while index < len(self.days):
            years.append(self.days[index].year)
            index = bisect_left(self.days, years[-1] + 1, key=lambda day: day.year)
        return years

    def added_or_removed(self, before: NonEmptyDays) -> set[date]:
        """Return the days that only one of the two lists has."""
        if self is before:
            return set()
        return self.headlines.keys() ^ before.headlines.keys()

    def changed(self, before: NonEmptyDays) -> set[date]:
        """Return the days that only one of the two lists has, or that have another headline."""
        if self is before:
            return set()
        return {day for day, _ in self.headlines.items() ^ before.headlines.items()}
