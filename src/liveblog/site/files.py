"""The files of a site, each made of the entries that it shows; what fails, the guard sees to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec
from msgspec import Struct, structs

from ..config import Config
from ..digest import Digest
from ..digest import markdown as as_markdown
from ..digest import text as as_text
from ..feeds import Feed, documents
from ..model import addresses, period
from ..model.entry import slug
from ..model.period import Period, day_end
from ..pages.data import Coverage, Home, NavigationLink, Tag
from ..pages.render import Pages
from ..text.bidi import closed
from ..timeline import Entry, Timeline, in_order
from .documents import (
    LivePage,
    Searched,
    live_json,
    live_page,
    oembed,
    opensearch,
    search_json,
    searched,
    sitemap,
    sitemap_index,
)
from .feed_builder import FeedBuilder
from .guard import Guard, Made, Swap, swapped
from .index import EntryRef, Index
from .output import Output
from .queries import ON_PAGE, Around, SiteQueries

IN_LIVE = 20  #: entries in live.json
KEYS = 10
PINNED = 3
STOPS = 10  #: days listed on the live page
DAYS_IN_FEED = 31
DAYS_IN_FEED_AT_LEAST = 7
ENTRIES_OF_DAYS = 1_000
"""The daily feed holds fewer days than it may if these tell more: readers refuse what is huge."""

WEEKS_IN_FEED = 12

SEARCHED_DAYS = 62
"""The texts of so many days are kept for the file of their month."""

TOMBSTONES = 50  #: removals that the feed tells of at least


class Archived(Struct, frozen=True):
    """What the archive of a day holds, and which ones stand beside it."""

    day: date
    places: Sequence[EntryRef]
    earlier: date | None
    later: date | None


class Files:
    """Makes the files of one publication."""

    def __init__(
        self,
        *,
        timeline: Timeline,
        index: Index,
        config: Config,
        pages: Pages,
        items: FeedBuilder,
        material: SiteQueries,
        output: Output,
        guard: Guard,
    ) -> None:
        """Make files of *material*, and hand them to *output*."""
        self._timeline = timeline
        self._index = index
        self._config = config
        self._pages = pages
        self._items = items
        self._material = material
        self._output = output
        self._guard = guard
        self._searched: dict[date, list[Searched]] = {}
        self.coverage = Coverage(None, None, (), None)
        self.to_search: set[date] = set()
        """The days that a file to be made lets one search."""

        self.fresh: set[str] | None = set()
        """The entries that are not as they were published; None stands for all of them."""

    # -- handing over -------------------------------------------------------------------------

    def _put(
        self,
        purpose: str,
        place: str,
        make: Callable[[Swap], Made],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[Swap], Made] | None = None,
        notice: Made = (),
    ) -> None:
        """Put the files that *make* makes of entries; see :meth:`.guard.Guard.files`."""
        for path, data in self._guard.files(f"feeds/{place}", entries, make, plainer, notice):
            self._output.put(path, data, purpose)
            del data  # before the next one is made

    def _put_page(
        self,
        purpose: str,
        path: str,
        make: Callable[[Swap], bytes],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[Swap], bytes] | None = None,
    ) -> None:
        self._put(
            purpose,
            path,
            lambda swap: [(path, make(swap))],
            entries,
            plainer=(lambda swap: [(path, plainer(swap))]) if plainer else None,
            notice=[(path, self._guard.page(addresses.root_of(path)))],
        )

    def _put_feed(
        self,
        purpose: str,
        folder: str,
        make: Callable[[Swap], Feed],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[Swap], Feed] | None = None,
    ) -> None:
        """Put a feed in its three formats."""

        def formats(feed: Feed) -> Iterator[tuple[str, bytes]]:
            return ((folder + name, data) for name, data in documents(feed))

        self._put(
            purpose,
            f"{folder}atom.xml",
            lambda swap: formats(make(swap)),
            entries,
            plainer=(lambda swap: formats(plainer(swap))) if plainer else None,
        )

    # -- days and weeks -----------------------------------------------------------------------

    def day(self, of: date, purpose: str, around: Around) -> None:
        """Make the pages of a day and of its entries."""
        account = self._material.digest(period.day(of))
        day = self._material.day(of)
        home = [e for e in day.entries if e.id.startswith(f"{of:%Y%m%d}")]
        home += [e for e in day.moved if e.is_visible(self._timeline.now)]
        if home or account.days:
            path = addresses.day_path(of) + "sitemap.xml"

            def listed(swap: Swap) -> Made:
                pages: list[tuple[str, datetime | None]] = []
                pages += [(addresses.day_path(of), None)] if account.days else []
                pages += sorted((addresses.entry_path(e.id), e.now.updated) for e in swap(home))
                return [(path, sitemap(self._config.url, pages).encode())]

            self._put(purpose, path, listed, home)
        if not account.days:
            return
        for entry in account.entries:
            self._entry(entry, purpose)
        self._output.serve(purpose)
        if of in self.to_search:
            # Their HTML is at hand now; when the month's file is made, it is long forgotten.
            self._searched[of] = self._rows(of, account.entries)
            # Another process may make the file that these were for.
            while len(self._searched) > SEARCHED_DAYS:
                del self._searched[next(iter(self._searched))]
        self._digest(account, around, purpose)

    def _entry(self, entry: Entry, purpose: str) -> None:
        path = addresses.entry_path(entry.id) + "index.html"
        pictures = [m.path for m in entry.now.media] if entry.now.state == "live" else []
        if self.fresh is None or entry.id in self.fresh:
            self._output.serve(f"entry:{entry.id}")

            def page(swap: Swap) -> Made:
                return [(path, self._pages.entry(shown)) for shown in swap([entry])]

            notice = [(path, self._guard.page(addresses.root_of(path)))]
            self._put(purpose, path, page, [entry], notice=notice)
            for picture in pictures:
                self._output.put_media(picture, purpose)
        else:
            self._output.keep(path)
            for picture in pictures:
                self._output.keep(addresses.media_path(picture))

    def week(self, week: Period, purpose: str, around: Around) -> None:
        """Make the page of a week."""
        account = self._material.digest(week)
        if account.days:
            shown, is_abridged = self._material.abridged(account)
            self._digest(shown, around, purpose, is_abridged=is_abridged)

    def _digest(
        self, account: Digest, around: Around, purpose: str, *, is_abridged: bool = False
    ) -> None:
        """Write a digest in each form, one at a time: those of a long day are large."""
        folder = addresses.period_path(account.period)
        words, base, blog = self._pages.words, self._config.url, closed(self._config.title)
        week = self._material.stop(self._material.week(account.period.start))
        previous, following = around
        bare = structs.replace(account, series=())

        def as_page(digest: Digest) -> bytes:
            return self._pages.digest(digest, previous=previous, following=following,
                                      week=week, is_abridged=is_abridged)  # fmt: skip

        def put(name: str, write: Callable[[Digest], str]) -> None:
            path = folder + name
            self._put(
                purpose,
                path,
                lambda swap: [(path, write(swapped(account, swap)).encode())],
                account.entries,
                plainer=lambda swap: [(path, write(bare).encode())],
                notice=[(path, self._guard.line())],
            )

        put("index.md", lambda digest: as_markdown.write(digest, words, base=base))
        put("index.txt", lambda digest: as_text.write(digest, words, blog=blog, base=base))
        self._put_page(
            purpose,
            folder + "index.html",
            lambda swap: as_page(swapped(account, swap)),
            account.entries,
            plainer=lambda swap: as_page(bare),
        )

    def year(self, year: int, purpose: str) -> None:
        """Make the page of a year: its days, and the weeks that any of its days belongs to."""
        told = self._material.told
        stops: dict[date, list[NavigationLink]] = {}
        for of, headline in told.headlines.items():
            if of.year == year:
                stop = self._material.stop(period.day(of), headline)
                stops.setdefault(of.replace(day=1), []).append(stop)
        if not stops:
            return
        weeks = [
            self._material.stop(week, framing.headline if framing else "")
            for week in self._material.weeks
            if year in (week.start.year, week.end.year)
            for framing in [self._timeline.framing(week.id)]
        ]
        self._put_page(
            purpose,
            f"{year:04}/index.html",
            lambda swap: self._pages.year(year, list(stops.items()), weeks, told.years),
        )

    # -- tags and feeds -----------------------------------------------------------------------

    def tag(self, tag: Tag, total: int, places: Sequence[EntryRef], purpose: str) -> None:
        """Make the page and the feeds of a tag."""
        entries = self._material.fetch(places)
        folder = addresses.tag_path(tag.slug)
        title = f"{closed(self._config.title)} – {tag.name}"
        in_feed = entries[: self._config.feeds.entries]

        def feed(swap: Swap) -> Feed:
            items = [self._items.entry(entry, is_copy=True) for entry in swap(in_feed)]
            return self._items.feed(
                folder, f"tag/{tag.slug}", title, items, folder, is_over=self._is_over
            )

        self._put_feed(purpose, folder, feed, in_feed)
        shown = entries[:ON_PAGE]
        self._put_page(
            purpose,
            folder + "index.html",
            lambda swap: self._pages.tag(tag, swap(shown), total),
            shown,
        )

    @property
    def _is_over(self) -> bool:
        return self.coverage.ended is not None

    def daily(self) -> None:
        """Make the feed of the closed days."""
        closed_days = self._material.told.days[: self._material.first_open][-DAYS_IN_FEED:]
        digests: list[Digest] = []
        entries = 0
        for of in reversed(closed_days):
            if entries > ENTRIES_OF_DAYS and len(digests) >= DAYS_IN_FEED_AT_LEAST:
                break
            digests.append(self._material.digest(period.day(of)))
            entries += len(digests[-1].entries)
        title = self._pages.words.say("%(title)s: day by day", title=self._config.title)
        self._digests("daily", title, digests)

    def weekly(self) -> None:
        """Make the feed of the closed weeks."""
        material = self._material
        weeks = [week for week in material.weeks if material.is_closed(week)][-WEEKS_IN_FEED:]
        digests = [material.abridged(material.digest(week))[0] for week in reversed(weeks)]
        title = self._pages.words.say("%(title)s: week by week", title=self._config.title)
        self._digests("weekly", title, digests)

    def _digests(self, name: str, title: str, digests: Sequence[Digest]) -> None:
        folder = f"{name}/"

        def feed(shown: Iterable[Digest]) -> Feed:
            items = [self._items.digest(digest) for digest in shown if digest.entries]
            return self._items.feed(folder, name, title, items, "", is_over=self._is_over)

        self._put_feed(
            name,
            folder,
            lambda swap: feed(swapped(digest, swap) for digest in digests),
            [entry for digest in digests for entry in digest.entries],
            plainer=lambda swap: feed(structs.replace(digest, series=()) for digest in digests),
        )

    def archive(self, archived: Archived, purpose: str) -> None:
        """Make the archive of a day: whatever appeared or was corrected in it, as it stands now."""
        by_day: dict[date, set[str]] = {}
        for place in archived.places:
            by_day.setdefault(place.day, set()).add(place.id)
        days = [self._material.day(told) for told in by_day]
        shown = in_order(e for day in days for e in day.entries if e.id in by_day[day.date])
        gone = in_order(e for day in days for e in day.removed if e.id in by_day[day.date])
        stones = [(entry.id, entry.now.updated) for entry in reversed(gone)]

        def feed(swap: Swap) -> Feed:
            items = [self._items.entry(entry) for entry in swap(reversed(shown))]
            return self._items.archive(
                self._items.feed("", "", self._config.title, items, "", is_over=self._is_over),
                archived.day,
                earlier=archived.earlier,
                later=archived.later,
                removed=stones,
            )

        self._put_feed(purpose, addresses.day_path(archived.day), feed, shown)

    # -- the newest ---------------------------------------------------------------------------

    def newest(self) -> None:
        """Make what shows the newest entries: update feeds, live.json, the live page.

        The feeds hold what no archive does, however much that is, so that with these nothing is
        missing.
        """
        index = self._index
        last_closed = self._config.closing.last_day(self._timeline.now)
        since = day_end(last_closed, self._config.zone)
        size = max(self._config.feeds.entries, index.updated_since(since))
        updated = self._material.fetch(index.last_updated(size))
        stones = index.removals(max(TOMBSTONES, index.removed_since(since)))
        archive = index.change_before(last_closed + timedelta(days=1))

        def feed(swap: Swap) -> Feed:
            items = [self._items.entry(entry) for entry in swap(updated)]
            title, is_over = self._config.title, self._is_over
            whole = self._items.feed("", "", title, items, "", is_over=is_over)
            return self._items.subscription(whole, archive, stones)

        self._put_feed("newest", "", feed, updated)
        home = self._home()
        changed = self._material.fetch(index.last_updated(IN_LIVE))
        removed = [entry_id for entry_id, _ in index.removals(IN_LIVE)]

        shown = [*home.entries, *home.pinned, *home.keys]

        def swapped_home(swap: Swap) -> Home:
            return structs.replace(
                home, entries=swap(home.entries), pinned=swap(home.pinned), keys=swap(home.keys)
            )

        def live(swap: Swap) -> tuple[LivePage | None, bytes]:
            page = live_page(home.coverage, self._pages.parts(swapped_home(swap)))
            return page, live_json(page, swap(changed), removed, self._pages)

        page, document = self._guard.make(
            "feeds/live.json", [*shown, *changed], live, lambda: (None, b"")
        )
        if page is not None:
            self._output.put("live.json", document, "newest")
            self._output.report.live_page = page
        self._put_page(
            "newest",
            "index.html",
            lambda swap: self._pages.home(swapped_home(swap), page.parts if page else {}),
            shown,
        )

    def _home(self) -> Home:
        index = self._index
        entries = self._material.fetch(index.newest(ON_PAGE + 1))
        counted = Counter(
            slug(tag)
            for entry in entries[:ON_PAGE]
            for tag in entry.now.tags
            if entry.now.state == "live"
        )
        told = self._material.told
        last = [(of, told.headlines[of]) for of in reversed(told.days[-STOPS:])]
        older = None
        if len(entries) > ON_PAGE:
            older = self._material.stop(period.day(entries[ON_PAGE].day))
        return Home(
            coverage=self.coverage,
            entries=entries[:ON_PAGE],
            pinned=self._material.fetch(index.pinned(PINNED)),
            keys=self._material.fetch(index.keys(KEYS)),
            tags=[Tag(name, index.tag(name)[0]) for name, _ in counted.most_common(12)],
            days=[self._material.stop(period.day(of), headline) for of, headline in last],
            years=told.years[::-1],
            older=older,
        )

    # -- lists --------------------------------------------------------------------------------

    def search(self, path: str, days: Collection[date], purpose: str) -> None:
        """Make a file in which a page without a server searches."""
        rows: list[Searched] = []
        self.to_search -= set(days)  # a day that is told only now would be kept for nothing
        for of in days:
            known = self._searched.pop(of, None)
            rows += self._rows(of, self._material.day(of).entries) if known is None else known
        self._put(purpose, path, lambda swap: [(path, search_json(rows))])

    def _rows(self, of: date, entries: Sequence[Entry]) -> list[Searched]:
        place = f"feeds/{addresses.month_path(of)}search.json"
        return self._guard.make(place, entries, lambda swap: searched(swap(entries)), list)

    def search_page(self) -> None:
        """Make the page that searches where no server answers."""
        told = self._material.told
        months = sorted({of.isoformat()[:7] for of in told.days}, reverse=True)
        self._put_page(
            "search",
            "search/index.html",
            lambda swap: self._pages.search("../", months=months, years=told.years[::-1]),
        )

    def sitemaps(self) -> None:
        """List the pages outside of days, and the sitemaps of the days."""
        told = self._material.told
        paths = ["", *(f"{year:04}/" for year in told.years)]
        paths += [addresses.week_path(week) for week in self._material.weeks]
        paths += [addresses.tag_path(tag_slug) for tag_slug in self._index.tags()]
        base = self._config.url
        maps = ["sitemap-pages.xml", *(addresses.day_path(of) + "sitemap.xml" for of in told.days)]

        def listed(swap: Swap) -> Made:
            yield "sitemap-pages.xml", sitemap(base, ((path, None) for path in paths)).encode()
            yield "sitemap.xml", sitemap_index(base, maps).encode()

        self._put("sitemap", "sitemap.xml", listed)

    def fixed(self, assets: Iterable[tuple[str, bytes]]) -> None:
        """Make what no entry changes: *assets*, and what else every site has."""
        for path, data in assets:
            self._output.put(path, data, "assets")
        embedded = msgspec.json.encode(oembed(self._config)) + b"\n"
        self._output.put("oembed.json", embedded, "assets")
        self._output.put("opensearch.xml", opensearch(self._config), "assets")
        self._put_page("assets", "404.html", lambda swap: self._pages.not_found(self._config.url))
