"""The sections under a heading of several days: « Du 27 au 29 septembre », « Nuit du 27 au 28 »."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import date, time

from ...model import limits
from ...model.moment import Moment
from ...text.plain import shorten
from .. import Item, Problem
from .dayclock import DayClock
from .days import Day
from .headings import day_heading
from .lines import is_headline
from .times import TimeMark

_NOON = time(12)


class SeveralDays(Day):
    """The section under a heading of several days: one update of the first, under its words."""

    def head(self, number: int, line: str) -> Iterator[Item]:
        """Begin the update; its title is the heading, and the headline on its line."""
        heading = day_heading(line.strip())
        if heading is None:
            return
        self._name = f" {heading.text}"
        rest = heading.rest
        is_titled = bool(rest) and is_headline(rest)
        start = line.find(heading.text)
        title = line[start:].strip("*_# \t") if is_titled else heading.text
        self._title = shorten(title, limits.TITLE)
        self._moment = self._begin()
        self._first = self._last = number
        if rest and not is_titled:
            yield from self.add(number, rest)

    def _start_update(self, number: int, mark: TimeMark) -> Generator[Item, None, bool]:
        """Report a time, whose day is not known."""
        yield Problem(
            f"line {number}",
            f"'{mark.text}' stands under a heading of several days; it stays in the text",
            "Put a line with its day above it.",
        )
        return False


class Night(Day):
    """The section under the heading of a night: the end of its first day.

    The times under it are those of the first day from noon on, those of the second before.
    """

    def __init__(
        self, day: date, clock: DayClock, after: DayClock, *, tags: tuple[str, ...] = ()
    ) -> None:
        super().__init__(day, clock, tags=tags)
        self._after = after
        self._words = ""

    def head(self, number: int, line: str) -> Iterator[Item]:
        """Begin the update; the heading is its time, as it is written."""
        heading = day_heading(line.strip())
        if heading is None:
            return
        self._words = shorten(heading.text, limits.NAME)
        self._name = f" {heading.text}"
        if not heading.rest:
            return
        if is_headline(heading.rest):
            self._title, self._moment = heading.rest, self._begin()
            self._first = self._last = number
        else:
            yield from self.add(number, heading.rest)

    def _begin(self) -> Moment:
        return self._clock.night(self._words)

    def _clock_of(self, mark: TimeMark) -> DayClock:
        is_after = mark.time is not None and mark.time < _NOON
        return self._after if is_after else self._clock
