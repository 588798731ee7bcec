"""What a site is made of, gathered from the timeline and the index: days, weeks, their digests.

It renders and writes nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import cached_property

from ..config import Config
from ..digest import Digest, label
from ..digest.build import build_from_days
from ..journal import Fault
from ..model import addresses, period
from ..model.period import COVERAGE, Period
from ..pages.data import Coverage, NavigationLink
from ..text.locale import Words
from ..timeline import Day, Entry, Timeline
from .guard import CORRECT, is_fatal, reason
from .index import EntryRef, Index

ON_PAGE = 50  #: entries on the live page and on a tag's page

_DAYS_KEPT = 8  #: days held in memory at once

Around = tuple[NavigationLink | None, NavigationLink | None]
"""The neighbours of a day or week."""


class SiteQueries:
    """What one publication shows."""

    def __init__(
        self,
        timeline: Timeline,
        index: Index,
        config: Config,
        words: Words,
        report: Callable[[Fault], None],
    ) -> None:
        """Gather from *timeline*, by what *index* knows of it; *report* takes faults."""
        self._report = report
        self._timeline = timeline
        self._index = index
        self._config = config
        self._words = words
        self._days: dict[date, Day] = {}
        self.take_over()

    def take_over(self) -> None:
        """Take the days that have something to tell from the index, once it knows them."""
        self.told = self._index.told()
        self.__dict__.pop("first_open", None)
        self.__dict__.pop("weeks", None)

    @cached_property
    def first_open(self) -> int:
        """How many of the days told are closed: the place of the first that is not."""
        days = self.told.days
        return bisect_left(days, True, key=lambda of: not self.is_closed(period.day(of)))

    def day(self, of: date) -> Day:
        """Return a day as readers may see it; the last few are kept."""
        if of not in self._days:
            if len(self._days) >= _DAYS_KEPT:
                del self._days[next(iter(self._days))]
            self._days[of] = self._read(of)
        return self._days[of]

    def _read(self, of: date) -> Day:
        try:
            return self._timeline.day(of)
        except Exception as error:
            if is_fatal(error):
                raise
            self._report(Fault(f"{of}", f"the day cannot be read ({reason(error)})", CORRECT))
            return Day(of)

    def fetch(self, places: Iterable[EntryRef]) -> list[Entry]:
        """Fetch entries from the journal, in the order asked for."""
        wanted: dict[date, set[str]] = {}
        places = list(places)
        for place in places:
            wanted.setdefault(place.day, set()).add(place.id)
        found = {
            entry.id: entry
            for of, ids in wanted.items()
            for entry in self.day(of).entries
            if entry.id in ids
        }
        return [found[place.id] for place in places if place.id in found]

    def week(self, of: date) -> Period:
        """Return the week in which a day lies."""
        return period.week(of, self._config.first_weekday)

    @cached_property
    def weeks(self) -> list[Period]:
        """The weeks that have something to tell, in order."""
        return self.weeks_of(self.told.days)

    def weeks_of(self, days: Iterable[date]) -> list[Period]:
        """Return the weeks in which days lie that are in order."""
        weeks: list[Period] = []
        for of in days:
            if not weeks or of > weeks[-1].end:
                weeks.append(self.week(of))
        return weeks

    def named_week(self, name: str) -> Period:
        """Return the week of an id (``2012-W29``)."""
        return period.parse_period_id(name, self._config.first_weekday)

    def is_closed(self, of: Period) -> bool:
        """Whether a day or week has been closed."""
        return self._config.closing.closes_at(of) <= self._timeline.now

    def digest(self, of: Period) -> Digest:
        """Return the account of a day or week."""
        days = tuple(
            day
            for day in (self.day(d) for d in of.days() if d in self.told.headlines)
            if day.entries or day.framing
        )
        framing = days[0].framing if of.kind == "day" and days else self._timeline.framing(of.id)
        return build_from_days(of, days, framing)

    def coverage(self) -> Coverage:
        """Return the state of the blog as a whole."""
        framing = self._timeline.framing(COVERAGE)
        newest = self.fetch(self._index.newest(ON_PAGE))
        authors = Counter(e.now.author for e in newest if e.now.author)
        return Coverage(
            framing,
            self._index.last_change(),
            tuple(sorted(authors, key=str.casefold)),
            self._timeline.ended(),
        )

    def stop(self, of: Period, headline: str = "") -> NavigationLink:
        """Return the way to a day or week."""
        is_day = of.kind == "day"
        name = self._words.day(of.start) if is_day else label(of, self._words)
        return NavigationLink(addresses.period_path(of), name, headline)

    def around(self, of: Period) -> Around:
        """Return the neighbours of a day among the days, of a week among the weeks."""
        name = period.day if of.kind == "day" else self.week
        days = self.told.days
        at, beyond = bisect_left(days, of.start), bisect_right(days, of.end)
        before, after = days[max(at - 1, 0) : at], days[beyond : beyond + 1]
        return (
            self.stop(name(before[0])) if before else None,
            self.stop(name(after[0])) if after else None,
        )
