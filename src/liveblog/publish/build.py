"""One publication: which days changed, what shows them, and the files that come of it."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from .. import links, period
from ..config import Config
from ..digest import Digest
from ..digest import markdown as as_markdown
from ..digest import text as as_text
from ..entry import slug
from ..feeds import Feed, Item
from ..journal import Journal
from ..pages import Home, Pages, Stop, Tag
from ..period import COVERAGE, Period, day_end, local_day
from ..site import Site
from ..timeline import Entry, Timeline, in_order
from . import work
from .documents import (
    FIGURES_HEAD,
    Searched,
    figures_csv,
    live_json,
    oembed,
    opensearch,
    search_json,
    searched,
    sitemap,
    sitemap_index,
)
from .index import Index, Place, Touched
from .items import Items
from .material import ON_PAGE, WEEK_IN_FULL, Around, Material
from .output import Output
from .report import Progress
from .work import Task

IN_LIVE = 20  #: entries in live.json
KEYS = 10
PINNED = 3
STOPS = 10  #: days listed on the live page
DAYS_IN_FEED = 31
DAYS_IN_FEED_AT_LEAST = 7
ENTRIES_OF_DAYS = 1_000
"""The daily feed holds fewer days than it may if these tell more: readers refuse what is huge."""

WEEKS_IN_FEED = 12
IN_FEEDS = 6
"""So many entries in a feed's three formats take as long as one's page and its place in a day's."""

SEARCHED_DAYS = 62
"""The texts of so many days are kept for the file of their month."""

TOMBSTONES = 50  #: removals that the feed tells of at least


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
        items: Items,
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
        self.pages = pages
        self.material = Material(timeline, index, config, pages.words)
        self._items = items
        self._has_new_figures = False
        self._to_search: set[date] = set()  # days that a file to be made lets one search
        self._searched: dict[date, list[Searched]] = {}
        self._fresh: set[str] | None = set()
        """The entries that are not as they were published; None stands for all of them."""

    @property
    def now(self) -> datetime:
        """The instant as of which the site is made."""
        return self.timeline.now

    def run(self, *, full: bool) -> None:
        """Do it all."""
        index = self.index
        is_new = full or index.fact("fingerprint") != self.fingerprint or self._is_site_gone()
        stale = index.purposes() if is_new else set()
        names = self.names
        if is_new:
            index.clear()
            names = self._fresh = None
        stamps = self.journal.stamps(names)
        changed = index.changed_stamps(stamps, names)
        dirty = self._dirty_days(changed)
        before = index.told()
        slugs_before = index.tags()
        touched = self._take_over(dirty)
        slugs = set(touched.tags)
        self.material.take_over()
        told = self.material.told
        came_or_went = told.came_or_went(before)
        self._coverage = self.material.coverage()
        state = "over" if self._coverage.ended else "live"
        if COVERAGE in changed or state != index.fact("state"):
            slugs |= set(index.tags())

        if is_new:
            self._fixed()
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
        years = {of.year for of in told.changed(before)}
        years |= {int(name[:4]) for name in changed if "W" in name}
        if told.years != before.years:
            years |= {*told.years, *before.years}
        tasks.append(self._planned(years, "year", self._year_task))
        tasks.append(self._planned(slugs, "tag", self._tag_task))
        if self._has_new_figures or is_new:
            self.output.put("figures.csv", FIGURES_HEAD + index.figures(), "figures")
        closings = self._closings()
        closed = {p.start for p in closings if p.kind == "day"}
        tasks.append(self._archive_tasks(set(touched.archives) | closed))
        tasks.append(self._search_tasks(dirty))
        rolled = bool(closings)
        all_feeds = is_new or COVERAGE in changed or state != index.fact("state")
        if all_feeds or rolled or any(self.material.is_closed(period.day(of)) for of in dirty):
            tasks.append(iter([Task(date.max, DAYS_IN_FEED, self._daily)]))
        if all_feeds or rolled or any(map(self.material.is_closed, weeks)):
            tasks.append(iter([Task(date.max, WEEK_IN_FULL, self._weekly)]))
        ordered = heapq.merge(*tasks, key=lambda task: task.when)
        total = len(days) + len(weeks) + len(years) + len(slugs) + len(touched.archives)

        def progress(done: int) -> None:
            # To read the days was a quarter of the work.
            self._show(total + 3 * min(done, total), 4 * total)

        work.perform(ordered, self.output, progress)
        if all_feeds or rolled or dirty or changed:
            self._newest()
        if is_new or slugs_before != index.tags() or came_or_went:
            self._sitemaps()
        if is_new or came_or_went:
            self._search_page()
        self.output.finish(stale)
        # Nothing is shown that could vanish from the journal yet.
        self.journal.settle(changed)

        index.remember_stamps(stamps, changed)
        index.remember("fingerprint", self.fingerprint)
        index.remember("state", state)
        index.remember("now", self.now.isoformat())

    # -- what changed -------------------------------------------------------------------------

    def _is_site_gone(self) -> bool:
        """Whether somebody deleted the site, as one may: the files of every site are missing."""
        fixed = self.index.files_for("assets") | self.index.files_for("newest")
        return any(self.site.read(path) is None for path in fixed)

    def _dirty_days(self, changed: set[str]) -> set[date]:
        """Return the days whose account may differ from the one that was published."""
        dirty = {date.fromisoformat(name) for name in changed if len(name) == 10}
        # By the clock: what was embargoed and is due, and days that closed, lie between the last
        # publication and this one (in either direction, should the clock have been set back).
        today = local_day(self.now, self.config.zone)
        last = self._last_time()
        low, high = sorted((local_day(last, self.config.zone) if last else today, today))
        return dirty | set(self.index.kept_between(low, high))

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

    def _take_over(self, dirty: set[date]) -> Touched:
        """Note days as they stand, and add those that they touch; return what all that touched."""
        # An entry that is told in another day than its own, or was, changes both.
        dirty |= {other for of in dirty for other in self.index.told_elsewhere(of)}
        found: list[Touched] = []
        others: set[date] = set()
        for number, of in enumerate(sorted(dirty)):
            self._show(number, 4 * len(dirty))
            found.append(self._take_over_day(of))
            others |= {entry.day for entry in self.material.day(of).moved}
        found += [self._take_over_day(of) for of in sorted(others - dirty)]
        dirty |= others
        return Touched.by(found)

    def _show(self, done: int, total: int) -> None:
        if self.progress:
            self.progress(done, total)

    def _take_over_day(self, of: date) -> Touched:
        day = self.material.day(of)
        self.output.report.faults += day.faults
        has_told = bool(day.entries) or day.framing is not None
        headline = Digest(period.day(of), day.framing, (day,), ()).headline if has_told else None
        zone = self.config.zone
        figures = figures_csv(day.entries, self.config)
        self._has_new_figures |= self.index.replace_figures(of, figures)
        touched, ids = self.index.replace_day(of, day.entries, headline, day.removed, zone)
        if self._fresh is not None:
            self._fresh |= ids
        return touched

    # -- what comes of it ---------------------------------------------------------------------

    def _fixed(self) -> None:
        for path, data in self.assets.values():
            self.output.put(path, data, "assets")
        self.output.put("oembed.json", msgspec.json.encode(oembed(self.config)) + b"\n", "assets")
        self.output.put("opensearch.xml", opensearch(self.config), "assets")
        self.output.put("404.html", self.pages.missing(self.config.url), "assets")

    def _planned(
        self, things: Iterable[Any], kind: str, plan: Callable[[Any, str], Task | None]
    ) -> Iterator[Task]:
        """Yield the tasks that make the files of each thing; those it has no more are let go of.

        A plan asks the index, the task that it makes does not.
        """
        for thing in sorted(things):
            purpose = f"{kind}:{thing.id if isinstance(thing, Period) else thing}"
            self.output.claim(purpose)
            task = plan(thing, purpose)
            if task:
                yield task

    def _day_task(self, of: date, purpose: str) -> Task:
        weight = 1 + self.index.told_in(of)
        around = self.material.around(period.day(of))
        return Task(of, weight, partial(self._publish_day, of, purpose, around))

    def _publish_day(self, of: date, purpose: str, around: Around) -> None:
        account = self.material.digest(period.day(of))
        day = self.material.day(of)
        home = [e for e in day.entries if e.id.startswith(f"{of:%Y%m%d}")]
        home += [e for e in day.moved if e.is_visible(self.now)]
        if home or account.days:
            pages: list[tuple[str, datetime | None]] = []
            pages += [(links.day_path(of), None)] if account.days else []
            pages += sorted((links.entry_path(e.id), e.now.updated) for e in home)
            path = links.day_path(of) + "sitemap.xml"
            self.output.put(path, sitemap(self.config.url, pages), purpose)
        if not account.days:
            return
        for entry in account.entries:
            self._publish_entry(entry, purpose)
        if of in self._to_search:
            # Their HTML is at hand now; when the month's file is made, it is long forgotten.
            self._searched[of] = searched(account.entries)
            # Another process may make the file that these were for.
            while len(self._searched) > SEARCHED_DAYS:
                del self._searched[next(iter(self._searched))]
        self._put_digest(account, around, purpose)

    def _publish_entry(self, entry: Entry, purpose: str) -> None:
        path = links.entry_path(entry.id) + "index.html"
        pictures = [m.path for m in entry.now.media] if entry.now.state == "live" else []
        if self._fresh is None or entry.id in self._fresh:
            self.output.put(path, self.pages.entry(entry), purpose)
            for picture in pictures:
                self.output.put_media(picture, purpose)
        else:
            self.output.keep(path)
            for picture in pictures:
                self.output.keep(links.media_path(picture))

    def _week_task(self, week: Period, purpose: str) -> Task:
        around = self.material.around(week)
        last = week.days()[-1]
        return Task(last, WEEK_IN_FULL, partial(self._publish_week, week, purpose, around))

    def _publish_week(self, week: Period, purpose: str, around: Around) -> None:
        account = self.material.digest(week)
        if not account.days:
            return
        shown, is_abridged = self.material.abridged(account)
        self._put_digest(shown, around, purpose, is_abridged=is_abridged)

    def _put_digest(
        self, account: Digest, around: Around, purpose: str, *, is_abridged: bool = False
    ) -> None:
        """Write a digest in each form, one at a time: those of a long day are large."""
        folder = links.period_path(account.period)
        words, base, blog = self.pages.words, self.config.url, self.config.title

        def put(name: str, content: str | bytes) -> None:
            self.output.put(folder + name, content, purpose)

        put("index.md", as_markdown.write(account, words, base=base))
        put("index.txt", as_text.write(account, words, blog=blog, base=base))
        week = self.material.stop(self.material.week(account.period.start))
        previous, following = around
        put("index.html", self.pages.digest(account, previous=previous, following=following,
                                            week=week, is_abridged=is_abridged))  # fmt: skip

    def _year_task(self, year: int, purpose: str) -> Task:
        return Task(date(year, 12, 31), 1, partial(self._year, year, purpose))

    def _year(self, year: int, purpose: str) -> None:
        told = self.material.told
        stops: dict[date, list[Stop]] = {}
        for of, headline in told.headlines.items():
            if of.year == year:
                stop = self.material.stop(period.day(of), headline)
                stops.setdefault(of.replace(day=1), []).append(stop)
        if not stops:
            return
        weeks = [
            self.material.stop(week, framing.headline if framing else "")
            for week in self.material.weeks
            if week.id.startswith(f"{year:04}-")
            for framing in [self.timeline.framing(week.id)]
        ]
        html = self.pages.year(year, list(stops.items()), weeks, told.years)
        self.output.put(f"{year:04}/index.html", html, purpose)

    def _tag_task(self, tag_slug: str, purpose: str) -> Task | None:
        name, total = self.index.tag(tag_slug)
        if not total:
            return None
        size = max(self.config.feeds.entries, ON_PAGE)
        places = self.index.tagged(tag_slug, size)
        make = partial(self._tag, Tag(tag_slug, name), total, places, purpose)
        return Task(date.max, len(places) // IN_FEEDS, make)

    def _tag(self, tag: Tag, total: int, places: Sequence[Place], purpose: str) -> None:
        entries = self.material.fetch(places)
        folder = links.tag_path(tag.slug)
        title = f"{self.config.title} – {tag.name}"
        in_feed = entries[: self.config.feeds.entries]
        items = [self._items.entry(entry, is_copy=True) for entry in in_feed]
        feed = self._feed(folder, f"tag/{tag.slug}", title, items, page=folder)
        self.output.put_feed(folder, feed, purpose)
        html = self.pages.tag(tag, entries[:ON_PAGE], total)
        self.output.put(folder + "index.html", html, purpose)

    def _feed(
        self, folder: str, name: str, title: str, items: Sequence[Item], page: str = ""
    ) -> Feed:
        is_over = self._coverage.ended is not None
        return self._items.feed(folder, name, title, items, page, is_over=is_over)

    def _daily(self) -> None:
        closed = self.material.told.days[: self.material.first_open][-DAYS_IN_FEED:]
        digests: list[Digest] = []
        entries = 0
        for of in reversed(closed):
            if entries > ENTRIES_OF_DAYS and len(digests) >= DAYS_IN_FEED_AT_LEAST:
                break
            digests.append(self.material.digest(period.day(of)))
            entries += len(digests[-1].entries)
        say = self.pages.words.say
        title = say("%(title)s: day by day", title=self.config.title)
        items = [self._items.digest(d) for d in digests if d.entries]
        self.output.put_feed("daily/", self._feed("daily/", "daily", title, items), "daily")

    def _weekly(self) -> None:
        material = self.material
        closed = [week for week in material.weeks if material.is_closed(week)][-WEEKS_IN_FEED:]
        digests = [material.abridged(material.digest(week))[0] for week in reversed(closed)]
        say = self.pages.words.say
        title = say("%(title)s: week by week", title=self.config.title)
        items = [self._items.digest(d) for d in digests if d.entries]
        self.output.put_feed("weekly/", self._feed("weekly/", "weekly", title, items), "weekly")

    def _archive_tasks(self, days: set[date]) -> Iterator[Task]:
        """Plan the archives that may have changed, and those that are to link other ones.

        The archive of a day holds every entry that appeared or was corrected in it, as it stands
        now. So its entries are the same for ever (RFC 5005 §4), and who read the day before finds
        in it whatever came since.
        """
        around = set(days)
        for of in days:
            had_archive = bool(self.index.files_for(f"archive:{of}"))
            if had_archive != self._is_archived(of):
                beside = self.index.change_before(of), self.index.change_after(of)
                around |= {other for other in beside if other}
        return self._planned(around, "archive", self._archive_task)

    def _is_archived(self, of: date | None) -> bool:
        if of is None or not self.material.is_closed(period.day(of)):
            return False
        return bool(self.index.changed_in(of))

    def _archive_task(self, of: date, purpose: str) -> Task | None:
        if not self._is_archived(of):
            return None
        earlier, later = self.index.change_before(of), self.index.change_after(of)
        later = later if self._is_archived(later) else None
        places = self.index.changed_in(of)
        make = partial(self._archive, of, purpose, places, earlier, later)
        return Task(of, len(places) // IN_FEEDS, make)

    def _archive(
        self,
        of: date,
        purpose: str,
        places: Sequence[Place],
        earlier: date | None,
        later: date | None,
    ) -> None:
        by_day: dict[date, set[str]] = {}
        for place in places:
            by_day.setdefault(place.day, set()).add(place.id)
        days = [self.material.day(told) for told in by_day]
        shown = [e for day in days for e in day.entries if e.id in by_day[day.date]]
        gone = [e for day in days for e in day.removed if e.id in by_day[day.date]]
        items = [self._items.entry(entry) for entry in reversed(in_order(shown))]
        feed = self._items.archive(
            self._feed("", "", self.config.title, items),
            of,
            earlier=earlier,
            later=later,
            removed=[(entry.id, entry.now.updated) for entry in reversed(in_order(gone))],
        )
        self.output.put_feed(links.day_path(of), feed, purpose)

    def _newest(self) -> None:
        """Write what shows the newest entries: update feeds, live.json, the live page.

        The feeds hold what no archive does, however much that is, so that with these nothing is
        missing.
        """
        index = self.index
        closed = self.config.closing.last_day(self.now)
        since = day_end(closed, self.config.zone)
        size = max(self.config.feeds.entries, index.updated_since(since))
        fresh = self.material.fetch(index.last_updated(size))
        feed = self._feed("", "", self.config.title, [self._items.entry(e) for e in fresh])
        stones = index.removals(max(TOMBSTONES, index.removed_since(since)))
        archive = index.change_before(closed + timedelta(days=1))
        self.output.put_feed("", self._items.subscription(feed, archive, stones), "newest")
        entries = self.material.fetch(index.newest(ON_PAGE + 1))
        counted = Counter(
            slug(tag)
            for entry in entries[:ON_PAGE]
            for tag in entry.now.tags
            if entry.now.state == "live"
        )
        tags = [Tag(name, index.tag(name)[0]) for name, _ in counted.most_common(12)]
        told = self.material.told
        last = [(of, told.headlines[of]) for of in reversed(told.days[-STOPS:])]
        older = None
        if len(entries) > ON_PAGE:
            older = self.material.stop(period.day(entries[ON_PAGE].day))
        home = Home(
            coverage=self._coverage,
            entries=entries[:ON_PAGE],
            pinned=self.material.fetch(index.pinned(PINNED)),
            keys=self.material.fetch(index.keys(KEYS)),
            tags=tags,
            days=[self.material.stop(period.day(of), headline) for of, headline in last],
            years=told.years[::-1],
            older=older,
        )
        parts = self.pages.parts(home)
        self.output.put("index.html", self.pages.home(home, parts), "newest")
        changed = self.material.fetch(index.last_updated(IN_LIVE))
        removed = [entry_id for entry_id, _ in index.removals(IN_LIVE)]
        document = live_json(home, parts, changed, removed, self.pages)
        self.output.put("live.json", document, "newest")

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
        self._to_search = {of for first in firsts for of in self._closed_in(first)}
        yield from self._planned(months, "search", self._search_task)
        if changed & (names | before) or not before:
            make = partial(self._search_file, "search.json", still_open, "search:open")
            yield Task(local_day(self.now, self.config.zone), 1, make)
        self.index.remember("open", " ".join(sorted(names)))

    def _search_task(self, month: str, purpose: str) -> Task | None:
        first = date.fromisoformat(f"{month}-01")
        days = self._closed_in(first)
        if not days:
            return None
        path = links.month_path(first) + "search.json"
        return Task(days[-1], 10 * len(days), partial(self._search_file, path, days, purpose))

    def _closed_in(self, first: date) -> list[date]:
        """Return the closed days of a month, of which *first* is the first."""
        days = self.material.told.days
        closed = days[bisect_left(days, first) : self.material.first_open]
        return [of for of in closed[:31] if (of.year, of.month) == (first.year, first.month)]

    def _search_file(self, path: str, days: Collection[date], purpose: str) -> None:
        rows: list[Searched] = []
        self._to_search -= set(days)  # a day that is told only now would be kept for nothing
        for of in days:
            rows += self._searched.pop(of, []) or searched(self.material.day(of).entries)
        self.output.put(path, search_json(rows), purpose)

    def _search_page(self) -> None:
        """Write the page that searches where no server answers."""
        told = self.material.told
        months = sorted({of.isoformat()[:7] for of in told.days}, reverse=True)
        html = self.pages.search("../", months=months, years=told.years[::-1])
        self.output.put("search/index.html", html, "search")

    def _sitemaps(self) -> None:
        """List the pages outside of days, and the sitemaps of the days."""
        told = self.material.told
        paths = ["", *(f"{year:04}/" for year in told.years)]
        paths += [links.week_path(week) for week in self.material.weeks]
        paths += [links.tag_path(tag_slug) for tag_slug in self.index.tags()]
        base = self.config.url
        pages = sitemap(base, ((path, None) for path in paths))
        self.output.put("sitemap-pages.xml", pages, "sitemap")
        maps = ["sitemap-pages.xml", *(links.day_path(of) + "sitemap.xml" for of in told.days)]
        self.output.put("sitemap.xml", sitemap_index(base, maps), "sitemap")


def _neighbours(before: Iterable[Any], after: Iterable[Any]) -> set[Any]:
    """Return those whose previous or next one appeared or vanished."""
    came_or_went = set(before) ^ set(after)
    in_order = sorted(set(before) | set(after))
    found = set()
    for position, item in enumerate(in_order):
        if item in came_or_went:
            found |= set(in_order[max(0, position - 1) : position + 2])
    return found
