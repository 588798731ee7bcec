"""The sitemaps: of the pages outside of days, of the news, and the list of all sitemaps.

The days have sitemaps of their own (:mod:`.digest_files`). Here a change is dated by its day, so
that these files change once a day and not with every update.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date

from ..model import addresses
from ..model.period import Period
from .documents import news_sitemap, sitemap, sitemap_index
from .fault_boundary import RenderedFiles, Substitute
from .writer import Context

PAGES = "sitemap-pages.xml"
NEWS = "sitemap-news.xml"

Dated = tuple[str, date | None]
"""A path, and the date of the last change in UTC, if it is known."""


class SitemapFiles:
    """Writes the sitemaps that are not those of days."""

    def __init__(self, context: Context) -> None:
        """Write what *context* holds."""
        self._context = context
        self._index = context.index
        self._queries = context.queries

    def all(self) -> None:
        """Write the sitemap of the pages outside of days, and the list of all sitemaps."""
        days = self._index.entries.day_dates()
        pages = list(self._pages(days))
        maps: list[Dated] = [(PAGES, _latest(change for _, change in pages))]
        if self._index.news.newest(self._context.timeline.now):
            maps.append((NEWS, None))
        maps += [(addresses.day_path(day) + "sitemap.xml", days[day]) for day in days]
        base = self._context.config.url

        def render(substitute: Substitute) -> RenderedFiles:
            yield PAGES, sitemap(base, pages).encode()
            yield "sitemap.xml", sitemap_index(base, maps).encode()

        self._context.writer.files("sitemap.xml", render)

    def news(self) -> None:
        """Write the sitemap of the entries of the last two days, if there are any."""
        items = self._index.news.newest(self._context.timeline.now)
        if items:
            data = news_sitemap(self._context.config, items).encode()
            self._context.writer.files(NEWS, lambda substitute: [(NEWS, data)])

    def _pages(self, days: dict[date, date | None]) -> Iterator[Dated]:
        """Yield the pages outside of days; *days* map each non-empty day to its last change."""
        yield "", _latest(days.values())
        yield addresses.SUBSCRIBE, None
        for year in self._queries.non_empty.years:
            changes = (change for day, change in days.items() if day.year == year)
            yield f"{year:04}/", _latest(changes)
        names = self._index.journal_weeks()
        for week in self._queries.shown_weeks(names):
            yield addresses.week_path(week), self._week_change(week, week.id in names, days)
        for tag, change in self._index.entries.tag_dates():
            yield addresses.list_path(tag), change
        for page in self._index.lists.all_pages():
            yield page.path, None
        chapters = self._index.chapters.dates()
        if chapters:
            yield addresses.CHAPTERS, _latest(chapters.values())
        for slug, change in chapters.items():
            yield addresses.chapter_path(slug), change

    def _week_change(
        self, week: Period, has_framing: bool, days: dict[date, date | None]
    ) -> date | None:
        changes = [days.get(day) for day in week.days()]
        framing = self._context.timeline.framing(week.id) if has_framing else None
        if framing and framing.recorded:
            changes.append(framing.recorded.astimezone(UTC).date())
        return _latest(changes)


def _latest(changes: Iterable[date | None]) -> date | None:
    return max(filter(None, changes), default=None)
