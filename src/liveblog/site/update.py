"""Brings the index up to date with the journal, and returns what changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from ..digest import day_headline
from ..journal import Journal
from ..journal.dayfiles.layout import is_day
from ..model import period
from ..model.chapter import PREFIX, Chapter
from ..model.entry import Revision
from ..model.period import Period, local_day
from ..timeline import Day, Entry
from .chapter_update import ChapterChanges, update_chapters
from .days import NonEmptyDays
from .documents import figures_csv
from .entry_index import Invalidation
from .fault_boundary import Substitute, is_fatal
from .news_index import NEWS
from .writer import Context


class SiteChanges(Struct):
    """What differs from the last publication."""

    names: set[str]  #: in the journal: days, weeks, ``coverage``, chapters
    days: set[date]  #: that may show something else
    invalidation: Invalidation
    entry_ids: set[str]  #: of entries that changed, or could not be rendered last time
    beside_ids: set[str]  #: of entries of which the one before or after is another, or changed
    closings: set[Period]  #: days and weeks that closed (or opened again)
    days_before: NonEmptyDays
    tags_before: list[str]  #: slugs
    chapters: ChapterChanges
    has_new_figures: bool
    has_removals: bool
    """Whether a changed day has a removed entry, or a changed chapter is or was removed."""


class IndexUpdate:
    """Reads the days that changed into the index."""

    def __init__(
        self, context: Context, journal: Journal, on_progress: Callable[[int, int], None]
    ) -> None:
        """Update the index of *context* from *journal*, as of the instant of its timeline."""
        self._context = context
        self._index = context.index
        self._journal = journal
        self._now = context.timeline.now
        self._queries = context.queries
        self._config = context.config
        self._output = context.writer.output
        self._boundary = context.writer.boundary
        self._on_progress = on_progress
        self._entry_ids: set[str] = set()
        self._beside_ids: set[str] = set()
        self._has_new_figures = False
        self._has_removals = False

    def run(self, names: Collection[str] | None) -> SiteChanges:
        """Update the index; *names* are those in the journal that may have changed (None: all)."""
        index = self._index
        stamps = self._journal.stamps(names)
        changed = index.changed_stamps(stamps, names)
        days_before, tags_before = index.entries.non_empty_days(), index.entries.tags()
        days = self._changed_days(changed)
        invalidation = self._replace_days(days)
        self._note_removed_chapters(changed)
        self._report_damage(changed)
        quoting = index.quotes.update(changed, self._journal, self._context.timeline)
        days |= {date.fromisoformat(name) for name in quoting if is_day(name)}
        changed_texts = changed | quoting
        closings, span = self._closings(), self._span()
        index.set_stamps(stamps, changed)
        index.set_fact("now", self._now.isoformat())
        self._queries.refresh()
        chapters = update_chapters(self._context, changed_texts, days, span)
        return SiteChanges(
            names=changed_texts,
            days=days,
            invalidation=invalidation,
            entry_ids=self._entry_ids,
            beside_ids=self._beside_ids,
            closings=closings,
            days_before=days_before,
            tags_before=tags_before,
            chapters=chapters,
            has_new_figures=self._has_new_figures,
            has_removals=self._has_removals,
        )

    def _changed_days(self, changed: set[str]) -> set[date]:
        of_periods = (name for name in changed if not name.startswith(PREFIX))
        days = {date.fromisoformat(name) for name in of_periods if len(name) == 10}
        # Embargoes that are over and days that closed lie between the last publication and this
        # one, in either direction should the clock have been set back.
        today = local_day(self._now, self._config.zone)
        last = self._last_time()
        low, high = sorted((local_day(last, self._config.zone) if last else today, today))
        if last and last > self._now:
            low -= NEWS  # what was no news any more is news again
        return days | set(self._index.journal_days(low, high)) | self._failed_before()

    def _failed_before(self) -> set[date]:
        """Return the days of entries that could not be rendered last time, to try them again."""
        manifest = self._index.manifest
        failed = manifest.failed("entry:")
        for entry_id in failed:
            manifest.replace_faults(f"entry:{entry_id}", ())
        self._entry_ids |= failed
        return {day for entry_id in failed for day in self._index.entries.days_of(entry_id)}

    def _last_time(self) -> datetime | None:
        last = self._index.fact("now")
        return datetime.fromisoformat(last) if last else None

    def _span(self) -> tuple[datetime, datetime]:
        """Return the instants of the last publication and of this one, the earlier first."""
        low, high = sorted((self._last_time() or self._now, self._now))
        return low, high

    def _closings(self) -> set[Period]:
        """Return the days and weeks that closed since the last publication, or opened again."""
        low, high = self._span()
        closing = self._config.closing
        first = closing.last_closed_day(low) - timedelta(days=14)
        span = [
            first + timedelta(days=n)
            for n in range((closing.last_closed_day(high) - first).days + 1)
        ]
        periods = {period.day(day) for day in span} | {self._queries.week(day) for day in span}
        return {p for p in periods if low < closing.closes_at(p) <= high}

    def _replace_days(self, days: set[date]) -> Invalidation:
        """Replace *days* in the index, and add to them the days that share entries with them."""
        days |= {other for day in days for other in self._index.entries.days_displaying(day)}
        order_of = self._index.entries.order_of
        before = {day: order_of(day) for day in days}
        found: list[Invalidation] = []
        others: set[date] = set()
        for number, day in enumerate(sorted(days)):
            self._on_progress(number, 4 * len(days))
            found.append(self._replace_day(day))
            others |= {entry.day for entry in self._queries.day(day).redated}
        before |= {day: order_of(day) for day in others - days}
        found += [self._replace_day(day) for day in sorted(others - days)]
        days |= others
        for day in days:
            self._beside_ids |= _beside(before[day], order_of(day), self._entry_ids)
        return Invalidation.union(found)

    def _replace_day(self, name: date) -> Invalidation:
        self._output.begin(f"taken:{name}")
        day = self._queries.day(name)
        headline = None
        if day.entries or day.framing is not None:
            headline = day_headline(day, self._context.pages.words)
        figures = self._boundary.render(
            "feeds/figures.csv",
            day.entries,
            lambda substitute: figures_csv(substitute(day.entries), self._config),
            str,
        )
        self._has_new_figures |= self._index.entries.replace_figures(name, figures)
        invalidation, ids = self._boundary.render(
            name.isoformat(),
            [*day.entries, *day.removed],
            lambda substitute: self._replace(day, headline, substitute),
            lambda: self._replace(Day(name), None, list),
        )
        reading = self._journal.day(name)
        removed = any(isinstance(r, Revision) and r.state == "removed" for r in reading.records)
        self._has_removals |= removed or bool(reading.withheld)
        self._entry_ids |= ids
        for entry_id in ids:
            self._index.manifest.replace_faults(f"entry:{entry_id}", ())
        return invalidation

    def _replace(
        self, day: Day, headline: str | None, substitute: Substitute
    ) -> tuple[Invalidation, set[str]]:
        entries, removed = substitute(day.entries), substitute(day.removed)
        with self._index.savepoint():
            found = self._index.entries.replace_day(
                day.date,
                entries,
                headline,
                removed,
                self._config.zone,
                self._config.earlier_tag_addresses,
                day.changed.astimezone(UTC).date() if day.changed else None,
            )
            self._index.news.replace_day(day.date, entries, found[1], self._now, self._name)
        return found

    def _name(self, entry: Entry) -> str:
        """Return the name of an entry; empty if it cannot be rendered, which its page reports."""
        try:
            return self._context.pages.marked_name(entry)
        except Exception as error:
            if is_fatal(error):
                raise
            return ""

    def _note_removed_chapters(self, changed: Iterable[str]) -> None:
        for name in changed:
            if name.startswith(PREFIX):
                reading = self._journal.read(name)
                removed = (isinstance(r, Chapter) and r.state == "removed" for r in reading.records)
                self._has_removals |= any(removed) or bool(reading.withheld)

    def _report_damage(self, changed: Iterable[str]) -> None:
        """Report the damage in the changed files of the journal."""
        for name in changed:
            self._output.begin(f"journal:{name}")
            for fault in self._journal.read(name).faults:
                self._output.fault(fault)


def _beside(before: list[str], after: list[str], changed: set[str]) -> set[str]:
    """Return the ids in the order *after* whose neighbours are others than before, or *changed*."""

    def around(ids: list[str]) -> dict[str, tuple[str, str]]:
        padded = ["", *ids, ""]
        return dict(zip(ids, zip(padded, padded[2:], strict=False), strict=True))

    known = around(before)
    return {
        entry_id
        for entry_id, beside in around(after).items()
        if known.get(entry_id) != beside or not changed.isdisjoint(beside)
    }
