"""Reads what the site shows from the timeline and the index: days, weeks, entries, digests.

Nothing is rendered or written here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import cached_property

from msgspec import structs

from ..chapters import ChapterHistory
from ..config import Config
from ..digest import Digest, label
from ..digest.build import build_chapter, build_from_days
from ..journal import Fault
from ..model import addresses, period
from ..model.chapter import Chapter
from ..model.entry import Framing
from ..model.errors import NotFound, Withheld
from ..model.moment import Moment, moment_in, updated_in
from ..model.period import COVERAGE, Period
from ..pages.data import Coverage, NavigationLink
from ..pages.live_page import ON_PAGE
from ..text.locale import Words
from ..timeline import Day, Entry, Timeline
from .entry_index import EntryIndex
from .fault_boundary import CORRECT_HINT, is_fatal, reason
from .list_index import EntryRef

_DAYS_CACHED = 8  #: days held in memory at once

Neighbours = tuple[NavigationLink | None, NavigationLink | None]
"""Links to the day or week before, and to the one after."""


class SiteQueries:
    """What the site shows at one instant, for one publication."""

    def __init__(
        self,
        timeline: Timeline,
        index: EntryIndex,
        config: Config,
        words: Words,
        report: Callable[[Fault], None],
    ) -> None:
        """Read from *timeline*, as *index* knows it; *report* takes faults."""
        self._report = report
        self._timeline = timeline
        self._index = index
        self._config = config
        self._words = words
        self._days: dict[date, Day] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the list of non-empty days again, after the index has changed."""
        self.non_empty = self._index.non_empty_days()
        for cached in ("first_open", "weeks", "coverage"):
            self.__dict__.pop(cached, None)

    @cached_property
    def first_open(self) -> int:
        """The number of non-empty days that are closed: the index of the first that is not."""
        days = self.non_empty.days
        return bisect_left(days, True, key=lambda day: not self.is_closed(period.day(day)))

    @property
    def closed_days(self) -> list[date]:
        """The non-empty days that are closed, in order."""
        return self.non_empty.days[: self.first_open]

    @property
    def open_days(self) -> list[date]:
        """The non-empty days that are not closed, in order."""
        return self.non_empty.days[self.first_open :]

    def closed_in_month(self, month: str) -> list[date]:
        """Return the non-empty closed days of a *month* (``2012-07``)."""
        closed = self.closed_days
        start = bisect_left(closed, date.fromisoformat(f"{month}-01"))
        return [day for day in closed[start : start + 31] if day.isoformat().startswith(month)]

    def day(self, day: date) -> Day:
        """Return a day as readers may see it; the last few are cached."""
        if day not in self._days:
            if len(self._days) >= _DAYS_CACHED:
                del self._days[next(iter(self._days))]
            self._days[day] = self._read(day)
        return self._days[day]

    def _read(self, day: date) -> Day:
        try:
            return self._timeline.day(day)
        except Exception as error:
            if is_fatal(error):
                raise
            self._report(Fault(f"{day}", f"the day cannot be read ({reason(error)})", CORRECT_HINT))
            return Day(day)

    def entries(self, refs: Iterable[EntryRef]) -> list[Entry]:
        """Read entries from the journal, in the order of *refs*; those that are gone are left out.

        Each day is read once.
        """
        refs = list(refs)
        ids: dict[date, set[str]] = {}
        for ref in refs:
            ids.setdefault(ref.day, set()).add(ref.id)
        found = {
            entry.id: entry
            for day, wanted in ids.items()
            for entry in self.day(day).entries
            if entry.id in wanted
        }
        return [found[ref.id] for ref in refs if ref.id in found]

    def week(self, day: date) -> Period:
        """Return the week of a day."""
        return period.week(day, self._config.first_weekday)

    @cached_property
    def weeks(self) -> list[Period]:
        """The weeks with non-empty days, in order."""
        return self.weeks_of(self.non_empty.days)

    def shown_weeks(self, names: Iterable[str]) -> list[Period]:
        """Return the weeks that have a page: those with non-empty days, or with a text.

        *names* are those of the weeks that have a file in the journal.
        """
        weeks = map(self.parse_week, names)
        return sorted({*self.weeks, *(w for w in weeks if has_text(self._timeline.framing(w.id)))})

    def weeks_of(self, days: Iterable[date]) -> list[Period]:
        """Return the weeks of *days*, which are in order."""
        weeks: list[Period] = []
        for day in days:
            if not weeks or day > weeks[-1].end:
                weeks.append(self.week(day))
        return weeks

    def parse_week(self, name: str) -> Period:
        """Return the week of an id (``2012-W29``)."""
        return period.parse_period_id(name, self._config.first_weekday)

    def is_closed(self, wanted: Period) -> bool:
        """Whether a day or week is closed."""
        return self._config.closing.closes_at(wanted) <= self._timeline.now

    def digest(self, wanted: Period) -> Digest:
        """Return the digest of a day or week."""
        days = tuple(
            day
            for day in (self.day(d) for d in wanted.days() if d in self.non_empty.headlines)
            if day.entries or day.framing
        )
        is_day = wanted.kind == "day"
        framing = days[0].framing if is_day and days else self._timeline.framing(wanted.id)
        return build_from_days(wanted, days, framing)

    def chapter(self, slug: str) -> ChapterHistory | None:
        """Return a chapter, whatever its state; None if there is none that can be read."""
        try:
            return self._timeline.chapter(slug)
        except (NotFound, Withheld):
            return None

    def chapter_digest(self, history: ChapterHistory) -> Digest:
        """Return the digest of a chapter."""
        digest = build_chapter(self._timeline, history.now, self._config.first_weekday)
        days = tuple(day for day in digest.days if day.entries or day.framing)
        return structs.replace(digest, days=days)

    def chapter_updated(self, chapter: Chapter, digest: Digest) -> datetime:
        """Return the last significant change of a chapter, or of an entry of its *digest*.

        The removal of an entry is one too.
        """
        days = self._timeline.read_days(digest.period.days())
        removed = (entry.now.updated for day in days for entry in day.removed)
        entries = (entry.now.updated for entry in digest.entries)
        return max(chapter.published, chapter.updated, *entries, *removed)

    @cached_property
    def coverage(self) -> Coverage:
        """The state of the coverage."""
        newest = self.entries(self._index.newest(ON_PAGE))
        authors = Counter(e.now.author for e in newest if e.now.author)
        return Coverage(
            self._timeline.framing(COVERAGE),
            self._last_change(),
            tuple(sorted(authors, key=str.casefold)),
            self._timeline.ended(),
            next((moment_in(e.now) for e in self.entries(self._index.oldest(1))), None),
        )

    def _last_change(self) -> Moment | None:
        """Return when an entry was posted or corrected last; of a whole day, only on which day."""
        if newest := self.entries(self._index.last_updated(1)):
            return updated_in(newest[0].now)
        instant = self._index.last_change()  # of an entry that damage withholds
        return Moment(instant) if instant else None

    def link(self, target: Period, headline: str = "") -> NavigationLink:
        """Return a link to a day or week."""
        is_day = target.kind == "day"
        name = self._words.day(target.start) if is_day else label(target, self._words)
        return NavigationLink(addresses.period_path(target), name, headline)

    def neighbours(self, target: Period) -> Neighbours:
        """Return the neighbours of a day among the non-empty days, of a week among the weeks."""
        make = period.day if target.kind == "day" else self.week
        days = self.non_empty.days
        start, end = bisect_left(days, target.start), bisect_right(days, target.end)
        before, after = days[max(start - 1, 0) : start], days[end : end + 1]
        return (
            self.link(make(before[0])) if before else None,
            self.link(make(after[0])) if after else None,
        )


def has_text(framing: Framing | None) -> bool:
    """Whether a framing has any text."""
    return bool(framing and (framing.headline or framing.introduction or framing.close))
