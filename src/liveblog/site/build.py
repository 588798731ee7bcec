"""One publication: which days changed, and the files that show them."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ..config import Config
from ..digest import Digest
from ..journal import Fault, Journal
from ..model import addresses, period
from ..model.entry import Revision
from ..model.period import COVERAGE, Period, local_day
from ..pages.data import Tag
from ..pages.render import Pages
from ..timeline import Day, Timeline
from . import parallel
from .documents import FIGURES_HEAD, figures_csv
from .feed_builder import FeedBuilder
from .files import DAYS_IN_FEED, Archived, Files
from .guard import CORRECT, Guard, Swap, is_fatal, reason
from .index import Index, Invalidation, hash_of
from .output import Output
from .parallel import Task
from .queries import ON_PAGE, WEEK_IN_FULL, SiteQueries
from .report import Progress
from .storage import Site

IN_FEEDS = 6
"""So many entries in a feed's three formats take as long as one's page and its place in a day's."""


class Build:
    """The state of one publication."""

    def __init__(
        self,
        *,
        timeline: Timeline,
        journal: Journal,
        names: Collection[str] | None,
        site: Site,
        index: Index,
        config: Config,
        assets: Mapping[str, tuple[str, bytes]],
        fingerprint: str,
        pages: Pages,
        items: FeedBuilder,
        media: Path,
        is_dry: bool,
        progress: Progress | None,
    ) -> None:
        """Prepare to bring *site* from what *index* remembers to what *timeline* shows.

        *names* are those in *journal* that may have changed, where that is known.
        """
        self.timeline = timeline
        self.journal = journal
        self.names = names
        self.site = site
        self.index = index
        self.config = config
        self.output = Output(site, index, media, is_dry)
        self.progress = progress
        self.assets = assets
        self.fingerprint = fingerprint
        self.is_dry = is_dry
        self.is_new = False  #: whether nothing that is remembered could be used
        guard = Guard(pages.words, config, self.output.fault)
        self.guard = guard
        self.material = SiteQueries(timeline, index, config, pages.words, self.output.fault)
        self.files = Files(
            timeline=timeline,
            index=index,
            config=config,
            pages=pages,
            items=items,
            material=self.material,
            output=self.output,
            guard=guard,
        )
        self._has_new_figures = False
        self.has_removals = False
        """Whether an entry was removed, now or before, from a day that changed."""

    @property
    def now(self) -> datetime:
        """The instant as of which the site is made."""
        return self.timeline.now

    def run(self, *, full: bool) -> None:
        """Do it all."""
        index = self.index
        is_known = index.fact("fingerprint") == self.fingerprint
        self.is_new = full or not is_known or self._is_site_altered()
        names = self.names
        if self.is_new:
            index.clear()
            names = self.files.fresh = None
        stamps = self.journal.stamps(names)
        changed = index.changed_stamps(stamps, names)
        dirty = self._dirty_days(changed)
        before = index.told()
        slugs_before = index.tags()
        touched = self._take_over(dirty)
        self._note_damage(changed)
        slugs = set(touched.tags)
        self.material.take_over()
        told = self.material.told
        came_or_went = told.came_or_went(before)
        self.files.coverage = coverage = self.material.coverage()
        state = "over" if coverage.ended else "live"
        if COVERAGE in changed or state != index.fact("state"):
            slugs |= set(index.tags())

        if self.is_new:
            self._do("assets", partial(self.files.fixed, self.assets.values()))
        tasks: list[Iterator[Task]] = []
        days = dirty | touched.homes
        if came_or_went:
            days |= _neighbours(before.days, told.days)
        tasks.append(self._planned(days, "day", self._day_task))
        weeks = {self.material.week(of) for of in dirty}
        weeks |= {self.material.named_week(name) for name in changed if "W" in name}
        if came_or_went:
            weeks |= _neighbours(self.material.weeks_of(before.days), self.material.weeks)
        tasks.append(self._planned(weeks, "week", self._week_task))
        # A week across the new year is listed in both years.
        listed = {self.material.week(of) for of in told.changed(before)}
        listed |= {self.material.named_week(name) for name in changed if "W" in name}
        years = {of.year for week in listed for of in (week.start, week.end)}
        if told.years != before.years:
            years |= {*told.years, *before.years}
        tasks.append(self._planned(years, "year", self._year_task))
        tasks.append(self._planned(slugs, "tag", self._tag_task))
        if self._has_new_figures or self.is_new:
            self.output.put("figures.csv", FIGURES_HEAD + index.figures(), "figures")
        closings = self._closings()
        closed = {p.start for p in closings if p.kind == "day"}
        tasks.append(self._archive_tasks(set(touched.archives) | closed))
        tasks.append(self._search_tasks(dirty))
        rolled = bool(closings)
        all_feeds = self.is_new or COVERAGE in changed or state != index.fact("state")
        if all_feeds or rolled or any(self.material.is_closed(period.day(of)) for of in dirty):
            tasks.append(iter([self._task(date.max, DAYS_IN_FEED, "daily", self.files.daily)]))
        if all_feeds or rolled or any(map(self.material.is_closed, weeks)):
            tasks.append(iter([self._task(date.max, WEEK_IN_FULL, "weekly", self.files.weekly)]))
        ordered = heapq.merge(*tasks, key=lambda task: task.when)
        total = len(days) + len(weeks) + len(years) + len(slugs) + len(touched.archives)

        def progress(done: int) -> None:
            # To read the days was a quarter of the work.
            self._show(total + 3 * min(done, total), 4 * total)

        parallel.perform(ordered, self.output, progress)
        if all_feeds or rolled or dirty or changed:
            self._do("newest", self.files.newest)
        if self.is_new or slugs_before != index.tags() or came_or_went:
            self._do("sitemap", self.files.sitemaps)
        if self.is_new or came_or_went:
            self._do("search", self.files.search_page)
        self.output.finish(self.site.paths() if self.is_new else ())

        index.remember_stamps(stamps, changed)
        index.remember("fingerprint", self.fingerprint)
        index.remember("state", state)
        index.remember("now", self.now.isoformat())

    def _do(self, purpose: str, make: Callable[[], None]) -> None:
        """Serve a purpose anew; what goes wrong in it is a fault, and the rest goes on."""
        self.output.claim(purpose)
        try:
            make()
        except Exception as error:
            if is_fatal(error):
                raise
            self.output.serve(purpose)
            problem = f"it cannot be made ({reason(error)})"
            self.output.fault(Fault(purpose, problem, CORRECT))

    # -- what changed -------------------------------------------------------------------------

    def _is_site_altered(self) -> bool:
        """Whether somebody deleted the site, as one may, or put another in its place.

        The files that every publication touches tell.
        """
        fixed = self.index.hashes("assets") | self.index.hashes("newest")
        found = {path: self.site.read(path) for path in fixed}
        return any(data is None or hash_of(data) != fixed[path] for path, data in found.items())

    def _dirty_days(self, changed: set[str]) -> set[date]:
        """Return the days whose account may differ from the one that was published."""
        dirty = {date.fromisoformat(name) for name in changed if len(name) == 10}
        # By the clock: what was embargoed and is due, and days that closed, lie between the last
        # publication and this one (in either direction, should the clock have been set back).
        today = local_day(self.now, self.config.zone)
        last = self._last_time()
        low, high = sorted((local_day(last, self.config.zone) if last else today, today))
        return dirty | set(self.index.kept_between(low, high)) | self._failed_before()

    def _failed_before(self) -> set[date]:
        """Return the days of entries that could not be shown last time: they are tried again."""
        failed = self.index.failed("entry:")
        for entry_id in failed:
            self.index.replace_faults(f"entry:{entry_id}", ())
        if self.files.fresh is not None:
            self.files.fresh |= failed
        return {of for entry_id in failed for of in self.index.days_of(entry_id)}

    def _last_time(self) -> datetime | None:
        last = self.index.fact("now")
        return datetime.fromisoformat(last) if last else None

    def _closings(self) -> set[Period]:
        """Return the days and weeks that closed since the last publication (or opened again)."""
        low, high = sorted((self._last_time() or self.now, self.now))
        closing = self.config.closing
        first = closing.last_day(low) - timedelta(days=14)
        span = [first + timedelta(days=n) for n in range((closing.last_day(high) - first).days + 1)]
        periods = {period.day(of) for of in span} | {self.material.week(of) for of in span}
        return {p for p in periods if low < closing.of(p) <= high}

    def _take_over(self, dirty: set[date]) -> Invalidation:
        """Note days as they stand, and add those that they touch; return what all that touched."""
        # An entry that is told in another day than its own, or was, changes both.
        dirty |= {other for of in dirty for other in self.index.told_elsewhere(of)}
        found: list[Invalidation] = []
        others: set[date] = set()
        for number, of in enumerate(sorted(dirty)):
            self._show(number, 4 * len(dirty))
            found.append(self._take_over_day(of))
            others |= {entry.day for entry in self.material.day(of).moved}
        found += [self._take_over_day(of) for of in sorted(others - dirty)]
        dirty |= others
        return Invalidation.by(found)

    def _show(self, done: int, total: int) -> None:
        if self.progress:
            self.progress(done, total)

    def _take_over_day(self, of: date) -> Invalidation:
        purpose = f"taken:{of}"
        self.output.claim(purpose)
        day = self.material.day(of)
        headline = None
        if day.entries or day.framing is not None:
            headline = Digest(period.day(of), day.framing, (day,), ()).headline
        figures = self.guard.make(
            "feeds/figures.csv",
            day.entries,
            lambda swap: figures_csv(swap(day.entries), self.config),
            str,
        )
        self._has_new_figures |= self.index.replace_figures(of, figures)
        touched, ids = self.guard.make(
            of.isoformat(),
            [*day.entries, *day.removed],
            lambda swap: self._replaced(day, headline, swap),
            lambda: self._replaced(Day(of), None, lambda entries: list(entries)),
        )
        reading = self.journal.day(of)
        gone = any(isinstance(r, Revision) and r.state == "removed" for r in reading.records)
        self.has_removals |= gone or bool(reading.withheld)
        if self.files.fresh is not None:
            self.files.fresh |= ids
            for entry_id in ids:
                self.index.replace_faults(f"entry:{entry_id}", ())
        return touched

    def _replaced(
        self, day: Day, headline: str | None, swap: Swap
    ) -> tuple[Invalidation, set[str]]:
        with self.index.trying():
            return self.index.replace_day(
                day.date, swap(day.entries), headline, swap(day.removed), self.config.zone
            )

    def _note_damage(self, changed: Iterable[str]) -> None:
        """Note what is damaged in the journal under names that changed."""
        for name in changed:
            purpose = f"journal:{name}"
            self.output.claim(purpose)
            for fault in self.journal.read(name).faults:
                self.output.fault(fault)

    # -- what is to be made -------------------------------------------------------------------

    def _task(self, when: date, weight: int, purpose: str, make: Callable[[], None]) -> Task:
        return Task(when, weight, partial(self._do, purpose, make))

    def _planned(
        self,
        things: Iterable[Any],
        kind: str,
        plan: Callable[[Any, str], tuple[date, int, Callable[[], None]] | None],
    ) -> Iterator[Task]:
        """Yield the tasks that make the files of each thing; those it has no more are let go of.

        A plan says when, how much and what; it asks the index, the task that it makes does not.
        """
        for thing in sorted(things):
            purpose = f"{kind}:{thing.id if isinstance(thing, Period) else thing}"
            self.output.claim(purpose)
            planned = plan(thing, purpose)
            if planned:
                when, weight, make = planned
                yield self._task(when, weight, purpose, make)

    def _day_task(self, of: date, purpose: str) -> tuple[date, int, Callable[[], None]]:
        weight = 1 + self.index.told_in(of)
        around = self.material.around(period.day(of))
        return of, weight, partial(self.files.day, of, purpose, around)

    def _week_task(self, week: Period, purpose: str) -> tuple[date, int, Callable[[], None]]:
        around = self.material.around(week)
        return week.days()[-1], WEEK_IN_FULL, partial(self.files.week, week, purpose, around)

    def _year_task(self, year: int, purpose: str) -> tuple[date, int, Callable[[], None]]:
        return date(year, 12, 31), 1, partial(self.files.year, year, purpose)

    def _tag_task(self, slug: str, purpose: str) -> tuple[date, int, Callable[[], None]] | None:
        name, total = self.index.tag(slug)
        if not total:
            return None
        places = self.index.tagged(slug, max(self.config.feeds.entries, ON_PAGE))
        make = partial(self.files.tag, Tag(slug, name), total, places, purpose)
        return date.max, len(places) // IN_FEEDS, make

    def _archive_tasks(self, days: set[date]) -> Iterator[Task]:
        """Plan the archives that may have changed, and those that are to link other ones.

        The archive of a day holds every entry that appeared or was corrected in it, as it stands
        now. So its entries are the same for ever (RFC 5005 §4), and who read the day before finds
        in it whatever came since.
        """
        around = set(days)
        for of in days:
            had_archive = bool(self.index.hashes(f"archive:{of}"))
            if had_archive != self._is_archived(of):
                beside = self.index.change_before(of), self.index.change_after(of)
                around |= {other for other in beside if other}
        return self._planned(around, "archive", self._archive_task)

    def _is_archived(self, of: date | None) -> bool:
        if of is None or not self.material.is_closed(period.day(of)):
            return False
        return bool(self.index.changed_in(of))

    def _archive_task(self, of: date, purpose: str) -> tuple[date, int, Callable[[], None]] | None:
        if not self._is_archived(of):
            return None
        earlier, later = self.index.change_before(of), self.index.change_after(of)
        later = later if self._is_archived(later) else None
        archived = Archived(of, self.index.changed_in(of), earlier, later)
        make = partial(self.files.archive, archived, purpose)
        return of, len(archived.places) // IN_FEEDS, make

    def _search_tasks(self, dirty: set[date]) -> Iterator[Task]:
        """Plan what a page without a server searches.

        One file holds the days that are not closed, one each month's closed days, so that a post
        touches the small one only.
        """
        still_open = self.material.told.days[self.material.first_open :]
        names = {of.isoformat() for of in still_open}
        before = set(self.index.fact("open").split())
        changed = {of.isoformat() for of in dirty} | (names ^ before)
        months = {name[:7] for name in changed - (names & before)}
        firsts = [date.fromisoformat(f"{month}-01") for month in months]
        self.files.to_search = {of for first in firsts for of in self._closed_in(first)}
        yield from self._planned(months, "search", self._search_task)
        if changed & (names | before) or not before:
            today = local_day(self.now, self.config.zone)
            make = partial(self.files.search, "search.json", still_open, "search:open")
            yield self._task(today, 1, "search:open", make)
        self.index.remember("open", " ".join(sorted(names)))

    def _search_task(self, month: str, purpose: str) -> tuple[date, int, Callable[[], None]] | None:
        first = date.fromisoformat(f"{month}-01")
        days = self._closed_in(first)
        if not days:
            return None
        path = addresses.month_path(first) + "search.json"
        return days[-1], 10 * len(days), partial(self.files.search, path, days, purpose)

    def _closed_in(self, first: date) -> list[date]:
        """Return the closed days of a month, of which *first* is the first."""
        days = self.material.told.days
        closed = days[bisect_left(days, first) : self.material.first_open]
        return [of for of in closed[:31] if (of.year, of.month) == (first.year, first.month)]


def _neighbours(before: Iterable[Any], after: Iterable[Any]) -> set[Any]:
    """Return those whose previous or next one appeared or vanished."""
    came_or_went = set(before) ^ set(after)
    in_order = sorted(set(before) | set(after))
    found = set()
    for position, item in enumerate(in_order):
        if item in came_or_went:
            found |= set(in_order[max(0, position - 1) : position + 2])
    return found
