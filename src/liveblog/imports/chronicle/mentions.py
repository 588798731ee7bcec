"""Collects the years that a text mentions, from which that of its days may follow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...text.tokens import Tokens
from .dates import Reading, read_dates
from .names import vocabulary

_YEAR = re.compile(r"(?<!\w)\d{4}(?!\d)")

_FIRST_YEAR, _LAST_YEAR = 1800, 2100
"""The years that a number of four digits can be."""

_BETWEEN = " ,،\t\u00a0\u202f\u200f"
"""Characters between a year and the rest of its date."""

_SEPARATORS = "./-–)"
"""Signs before a year, within a date or after the second name of its month."""

_LONGEST_DATE = 40
"""Maximum characters of a date before its year."""

_NEAR = 62
"""Days between a date in the text and the days of its headings, if it is about the same events."""

_YEAR_DAYS = 372
"""Days of a year whose months have 31 days."""


@dataclass
class Mentions:
    """The years of a text."""

    dates: set[tuple[int, int, int]] = field(default_factory=set)  #: year, month and day, in full
    early: set[int] = field(default_factory=set)  #: those before the first heading
    years: set[int] = field(default_factory=set)

    def add(self, line: str, *, is_early: bool) -> None:
        """Add the years of a line; *is_early* if no heading stands above it."""
        for match in _YEAR.finditer(line):
            year = int(match[0])
            if not _FIRST_YEAR <= year <= _LAST_YEAR:
                continue
            self.years.add(year)
            if is_early:
                self.early.add(year)
            self._add_date(line[max(0, match.start() - _LONGEST_DATE) : match.end()], year)

    def _add_date(self, text: str, year: int) -> None:
        """Add the date that ends with a year."""
        before = text[:-4].rstrip(_BETWEEN)
        if not before or not (before[-1].isalnum() or before[-1] in _SEPARATORS):
            return
        months = vocabulary()[0]
        starts = Tokens(text, 0)
        while starts.peek().word:
            if starts.peek().number is not None or starts.peek().word in months:
                tokens = Tokens(text, starts.peek().start)
                found = read_dates(tokens)
                if found and not tokens.peek().word:
                    self.dates |= {(year, m, d) for y, m, d in found.readings[:1] if y == year}
                    return
            starts.at += 1

    def rank(self, year: int, readings: Sequence[Reading | None]) -> int:
        """Return how little the text speaks for a year; see :meth:`reason`."""
        days = [month * 31 + day for _, month, day in filter(None, readings)]
        dated = [month * 31 + day for named, month, day in self.dates if named == year]
        if any(_distance(a, b) <= _NEAR for a in dated for b in days[:1] + days[-1:]):
            return 0
        if year in self.early:
            return 1
        if dated:
            return 2
        return 3 if year in self.years else 4

    def reason(self, rank: int) -> str:
        """Return in words why a year of a rank is taken; empty if the text does not mention it."""
        return (
            "which the text names in a full date",
            "which the text mentions before its first day",
            "which the text names in a full date",
            "which the text mentions",
            "",
        )[rank]


def _distance(a: int, b: int) -> int:
    return min((a - b) % _YEAR_DAYS, (b - a) % _YEAR_DAYS)
