"""The files that show the blog as a whole: the live page, search, assets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date

import msgspec
from msgspec import structs

from ..model import addresses, period
from ..model.topics import topic_slug
from ..pages.data import Home, Tag
from ..pages.lists import subscribe_page
from ..pages.live_page import ON_PAGE, count_fitting, render_live_page, render_parts
from ..timeline import Entry
from .documents import (
    FIGURES_HEADER,
    LivePage,
    Searched,
    live_json,
    live_page,
    oembed,
    opensearch,
    search_json,
    searched,
)
from .entry_index import KEY_EVENTS
from .fault_boundary import Substitute
from .writer import Context

IN_LIVE = 20  #: maximum number of entries in live.json
KEYS = 10  #: key entries on the live page
PINNED = 3  #: pinned entries on the live page
TAGS = 12  #: tags on the live page
TAGS_TO_FOLLOW = 100  #: tags, those with most entries, on the page that shows feeds
DAYS = 10  #: days listed on the live page
CHAPTERS = 3  #: chapters listed on the live page


class SiteFiles:
    """Writes the files of the blog as a whole."""

    def __init__(self, context: Context) -> None:
        """Write what *context* holds."""
        self._context = context
        self._queries = context.queries
        self._pages = context.pages
        self._writer = context.writer
        self.live_page: LivePage | None = None  #: once it was rendered

    def home(self) -> None:
        """Write the live page and live.json."""
        index = self._context.index.entries
        home = self._home()
        changed = self._fitting(self._queries.entries(index.last_updated(IN_LIVE)))
        has_more = len(index.last_updated(len(changed) + 1)) > len(changed)
        removed = [entry_id for entry_id, _ in index.removals(IN_LIVE)]
        shown = [*home.entries, *home.pinned, *home.keys]

        def replaced(substitute: Substitute) -> Home:
            return structs.replace(
                home,
                entries=substitute(home.entries),
                pinned=substitute(home.pinned),
                keys=substitute(home.keys),
            )

        def live(substitute: Substitute) -> tuple[LivePage | None, bytes]:
            page = live_page(home.coverage, render_parts(self._pages, replaced(substitute)))
            document = live_json(
                page, substitute(changed), removed, home.chapters, self._pages, has_more=has_more
            )
            return page, document

        page, document = self._writer.boundary.render(
            "feeds/live.json", [*shown, *changed], live, lambda: (None, b"")
        )
        if page is not None:
            self._writer.output.put("live.json", document)
            self.live_page = page
        self._writer.page(
            "index.html",
            lambda substitute: render_live_page(
                self._pages, replaced(substitute), page.parts if page else {}
            ),
            shown,
        )

    def _home(self) -> Home:
        index, queries = self._context.index.entries, self._queries
        newest = queries.entries(index.newest(ON_PAGE + 1))
        pinned = queries.entries(index.pinned(PINNED))
        entries = self._fitting(newest[:ON_PAGE], pinned)
        tags = Counter(
            topic_slug(tag)
            for entry in entries
            for tag in entry.now.tags
            if entry.now.state == "live"
        )
        non_empty = queries.non_empty
        days = [(day, non_empty.headlines[day]) for day in reversed(non_empty.days[-DAYS:])]
        older = None
        if len(newest) > len(entries):
            following = newest[len(entries)]
            older = structs.replace(
                queries.link(period.day(following.day)), anchor=f"e-{following.id}"
            )
        return Home(
            coverage=queries.coverage,
            entries=entries,
            pinned=pinned,
            keys=queries.entries(index.keys(KEYS)),
            all_keys=self._context.index.lists.total(KEY_EVENTS),
            tags=[self._tag(slug) for slug, _ in tags.most_common(TAGS)],
            days=[queries.link(period.day(day), headline) for day, headline in days],
            years=non_empty.years[::-1],
            older=older,
            chapters=self._context.index.chapters.links(CHAPTERS),
        )

    def _tag(self, slug: str) -> tuple[Tag, int]:
        name, total = self._context.index.entries.tag(slug)
        return Tag(slug, name), total

    def _fitting(self, entries: Sequence[Entry], pinned: Sequence[Entry] = ()) -> Sequence[Entry]:
        """Return those of *entries*, the first of them, that the live page has room for."""
        count = self._writer.boundary.render(
            "feeds/index.html",
            [*entries, *pinned],
            lambda substitute: count_fitting(self._pages, substitute(entries), substitute(pinned)),
            lambda: len(entries),
        )
        return entries[:count]

    def card_texts(self) -> tuple[str, str, bool]:
        """Return what the picture for sharing shows: title, state, and whether it is live."""
        coverage, words = self._queries.coverage, self._pages.words
        framing = coverage.framing
        title = (framing and framing.headline) or self._context.config.title
        state = words.say("Coverage has ended") if coverage.ended else words.say("Live")
        return words.typography(title), state, coverage.ended is None

    def card(self, title: str, state: str, is_live: bool, *, is_known: bool) -> None:
        """Draw the picture for sharing, unless it *is_known* from the last publication."""
        if is_known and self._writer.output.put_known(addresses.CARD):
            return
        from ..imaging import card  # loads Pillow

        is_rtl = self._pages.words.direction == "rtl"
        data = card(title, state, is_live=is_live, is_right_to_left=is_rtl)
        self._writer.output.put(addresses.CARD, data)

    def search_open(self, days: Collection[date]) -> None:
        """Write what pages search where no server does: the texts of the days not closed."""
        self._search_file("search.json", days)

    def search_month(self, days: Sequence[date]) -> None:
        """Write the same for the closed *days* of a month, if there are any."""
        if days:
            self._search_file(addresses.month_path(days[0]) + "search.json", days)

    def _search_file(self, path: str, days: Collection[date]) -> None:
        rows = [row for day in days for row in self._searched(day)]
        self._writer.files(path, lambda substitute: [(path, search_json(rows))])

    def _searched(self, day: date) -> list[Searched]:
        entries = self._queries.day(day).entries
        return self._writer.boundary.render(
            f"feeds/{addresses.month_path(day)}search.json",
            entries,
            lambda substitute: searched(substitute(entries), self._pages),
            list,
        )

    def search_page(self) -> None:
        """Write the page that searches where no server does."""
        non_empty = self._queries.non_empty
        folders = sorted({day.isoformat()[:7] for day in non_empty.days}, reverse=True)
        if self._context.index.chapters.links(1):
            folders.insert(0, addresses.CHAPTERS.rstrip("/"))
        self._writer.page(
            "search/index.html",
            lambda substitute: self._pages.search(
                "../", folders=folders, years=non_empty.years[::-1]
            ),
        )

    def subscribe(self) -> None:
        """Write the page that explains the feeds and shows their addresses."""
        entries = self._context.index.entries
        tags = [Tag(slug, entries.tag(slug)[0]) for slug in entries.most_used_tags(TAGS_TO_FOLLOW)]
        has_chapters = bool(self._context.index.chapters.links(1))
        self._writer.page(
            f"{addresses.SUBSCRIBE}index.html",
            lambda substitute: subscribe_page(self._pages, tags, has_chapters=has_chapters),
        )

    def figures(self) -> None:
        """Write the figures of all days as CSV."""
        lines = FIGURES_HEADER + self._context.index.entries.figures()
        self._writer.output.put("figures.csv", lines.encode())

    def assets(self, assets: Iterable[tuple[str, bytes]]) -> None:
        """Write *assets*, and the other files that no entry changes."""
        config, output = self._context.config, self._writer.output
        for path, data in assets:
            output.put(path, data)
        output.put("oembed.json", msgspec.json.encode(oembed(config)) + b"\n")
        output.put("opensearch.xml", opensearch(config).encode())
        self._writer.page("404.html", lambda substitute: self._pages.not_found(config.url))
