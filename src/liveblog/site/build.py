"""One publication: updates the index, renders what changed, and records the files."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

from msgspec import Struct

from ..digest.selection import LONG_WEEK
from ..journal import Fault, Journal
from ..model import addresses, period
from ..pages.data import Tag
from ..pages.live_page import ON_PAGE
from ..timeline import Timeline
from .chapter_files import ChapterFiles
from .digest_files import DigestFiles
from .entry_index import KEY_EVENTS
from .fault_boundary import CORRECT_HINT, is_fatal, reason
from .feed_files import DAYS_IN_FEED, Archive, FeedFiles
from .index import Index, hash_of
from .list_files import ListFiles
from .look import Look
from .output import Output, Record
from .parallel import Task, run_tasks
from .plan import Plan, headline_fact, is_archived, list_purpose, make_plan
from .report import Progress, Report
from .site_files import SiteFiles
from .sitemap_files import SitemapFiles
from .storage.folder import Folder
from .update import IndexUpdate
from .writer import Context

ENTRIES_IN_FEED = 6
"""Number of feed items that take as long to render as the page of one entry."""


class _Part(Struct, frozen=True):
    """The files of one purpose. If nothing is rendered for it, its files are deleted."""

    purpose: str
    day: date  #: parts of neighbouring days show the same entries
    weight: int  #: number of entries that it renders, or that take as long
    render: Callable[[], None]


class Build:
    """One publication. It stages files; the caller publishes them and commits the index."""

    def __init__(
        self,
        *,
        journal: Journal,
        timeline: Timeline,
        index: Index,
        site: Folder | None,
        look: Look,
        media: Path,
        is_dry: bool,
        on_progress: Progress | None,
    ) -> None:
        """Build *site* (None: an empty one) as of the instant of *timeline*."""
        self._journal = journal
        self._index = index
        self._site = site
        self._look = look
        self._output = Output(site, media, is_dry=is_dry)
        self._on_progress = on_progress or (lambda done, total: None)
        self._record = Record()
        self._context = Context.create(timeline, index, look.pages, look.feeds, self._output)
        self._queries = self._context.queries
        self._known_card = ""  #: what the picture for sharing shows that need not be drawn again
        self.is_full = False  #: whether everything is rendered
        self.has_removals = False
        """Whether an entry or chapter was removed, now or before, from what changed."""

    def run(self, *, names: Iterable[str] | None, full: bool) -> Report:
        """Render what changed, or everything if *full*.

        *names* are those in the journal that may have changed, where that is known.
        """
        index = self._index
        is_look_known = index.fact("fingerprint") == self._look.fingerprint
        self.is_full = full or not is_look_known or self._is_site_altered()
        if self.is_full:
            self._output.known_pictures = self._known_pictures()
            self._known_card = index.fact("card") if self._output.known_pictures else ""
            index.clear()
        update = IndexUpdate(self._context, self._journal, self._on_progress)
        changes = update.run(set(names) if names is not None and not self.is_full else None)
        self.has_removals = changes.has_removals
        self._context.changed_ids = None if self.is_full else changes.entry_ids
        self._context.beside_ids = changes.beside_ids
        plan = make_plan(changes, self._context, full=self.is_full)
        files = SiteFiles(self._context)
        self._render_parts(plan, files)
        self._render_whole(plan, files)
        index.set_fact("fingerprint", self._look.fingerprint)
        report = self._finish()
        if self.is_full and index.manifest.made_pictures():
            index.set_fact("encoder", _encoder())
        report.live_page = files.live_page
        return report

    def _is_site_altered(self) -> bool:
        """Whether somebody deleted or replaced the site: files of every publication are checked."""
        if self._site is None:
            return True
        manifest = self._index.manifest
        expected = manifest.hashes("assets") | manifest.hashes("newest")
        found = {path: self._site.read(path) for path in expected}
        return any(data is None or hash_of(data) != expected[path] for path, data in found.items())

    def _known_pictures(self) -> dict[str, str]:
        """Return the hashes of the pictures that would be made again as they are."""
        known = self._index.manifest.made_pictures()
        return known if known and self._index.fact("encoder") == _encoder() else {}

    # -- rendering ----------------------------------------------------------------------------

    def _render_parts(self, plan: Plan, files: SiteFiles) -> None:
        """Render what depends on single periods and tags, in several processes if it is much."""
        digests, feeds = DigestFiles(self._context), FeedFiles(self._context)
        queries, chapters = self._queries, self._index.chapters
        weeks = queries.shown_weeks(self._index.journal_weeks()) if plan.years else []
        shown_weeks = [(week, self._index.fact(headline_fact(week))) for week in weeks]
        parts = [
            (
                _Part(f"day:{day}", day, 1 + self._index.entries.count_in(day),
                      partial(digests.day, day, queries.neighbours(period.day(day)),
                              chapters.telling(day)))
                for day in sorted(plan.days)
            ),
            (
                _Part(f"week:{week.id}", week.end, LONG_WEEK,
                      partial(digests.week, week, queries.neighbours(week)))
                for week in sorted(plan.weeks)
            ),
            (
                _Part(f"year:{year}", date(year, 12, 31), 1,
                      partial(digests.year, year, shown_weeks, chapters.of_year(year)))
                for year in sorted(plan.years)
            ),
            (self._tag(feeds, slug) for slug in sorted(plan.tags)),
            self._lists(plan),
            self._chapters(plan),
            (self._archive(feeds, day) for day in sorted(plan.archives)),
            (self._search_month(files, month) for month in sorted(plan.search_months)),
            self._recent_parts(plan, feeds, files),
        ]  # fmt: skip
        shown = (
            plan.tags,
            plan.lists,
            plan.archives,
            plan.days,
            plan.weeks,
            plan.years,
            plan.chapters,
        )
        total = sum(len(parts_of_kind) for parts_of_kind in shown)

        def on_progress(done: int) -> None:
            # Updating the index was about a quarter of the work.
            self._on_progress(total + 3 * min(done, total), 4 * total)

        tasks = (
            Task(part.weight, partial(self._render, part.purpose, part.render))
            for part in heapq.merge(*parts, key=lambda part: part.day)
        )
        for record in run_tasks(tasks, self._output, on_progress):
            self._add(record)

    def _render_whole(self, plan: Plan, files: SiteFiles) -> None:
        """Render what shows the blog as a whole."""
        if self.is_full:
            self._render("assets", partial(files.assets, self._look.assets.values()))
        if plan.figures:
            self._render("figures", files.figures)
        if plan.newest:
            self._render("newest", FeedFiles(self._context).main)
            self._render("newest", files.home)
            self._render_card(files)
        if plan.chapter_lists:
            self._render("chapters", ChapterFiles(self._context).lists)
        if plan.sitemap:
            self._render("sitemap", SitemapFiles(self._context).all)
        self._render("news", SitemapFiles(self._context).news)
        if plan.subscribe:
            self._render("subscribe", files.subscribe)
        if plan.search_page:
            self._render("search", files.search_page)

    def _render_card(self, files: SiteFiles) -> None:
        """Draw the picture for sharing, if what it shows has changed."""
        if self._look.pages.config.picture:
            return
        shown = files.card_texts()
        if self.is_full or self._index.fact("card") != repr(shown):
            is_known = self._known_card == repr(shown)
            self._render("card", partial(files.card, *shown, is_known=is_known))
            self._index.set_fact("card", repr(shown))

    def _render(self, purpose: str, render: Callable[[], None]) -> None:
        """Render the files of a purpose; an error is a fault, and the rest is rendered."""
        self._output.begin(purpose)
        try:
            render()
        except Exception as error:
            if is_fatal(error):
                raise
            self._output.begin(purpose)
            problem = f"it cannot be made ({reason(error)})"
            self._output.fault(Fault(purpose, problem, CORRECT_HINT))

    # -- parts: the index is queried here, because another process must not use it ------------

    def _recent_parts(self, plan: Plan, feeds: FeedFiles, files: SiteFiles) -> Iterator[_Part]:
        """Yield the search file of the days that are not closed, and the feeds of digests."""
        if plan.search_open:
            render = partial(files.search_open, self._queries.open_days)
            yield _Part("search:open", date.max, 1, render)
        if plan.daily:
            yield _Part("daily", date.max, DAYS_IN_FEED, feeds.daily)
        if plan.weekly:
            yield _Part("weekly", date.max, LONG_WEEK, feeds.weekly)

    def _tag(self, files: FeedFiles, slug: str) -> _Part:
        topic = self._index.entries.topic_at(slug)
        if not topic:
            return _Part(f"tag:{slug}", date.max, 0, lambda: None)
        name, total = self._index.entries.tag(topic)
        size = max(self._look.pages.config.feeds.entries, ON_PAGE)
        refs = self._index.entries.tagged(topic, size)
        chapters = self._index.chapters.tagged(topic)
        older = ListFiles(self._context).older(topic)
        render = partial(files.tag, Tag(slug, name), total, refs, chapters, older)
        return _Part(f"tag:{slug}", date.max, len(refs) // ENTRIES_IN_FEED, render)

    def _lists(self, plan: Plan) -> Iterator[_Part]:
        """Yield the page of the key events, and the pages of older entries by month."""
        files, index = ListFiles(self._context), self._index.lists
        for month, changed in sorted(plan.lists.items()):
            is_listed = index.total(month[0]) > ON_PAGE
            pages = index.pages(*month) if is_listed else []
            render = partial(files.month, [files.read(page, changed) for page in pages])
            weight = len(changed) * ON_PAGE // ENTRIES_IN_FEED
            yield _Part(list_purpose(month), date.max, weight, render)
        if plan.key_events:
            refs = self._index.entries.keys(ON_PAGE)
            older = files.older(KEY_EVENTS)
            render = partial(files.key_events, refs, index.total(KEY_EVENTS), older)
            yield _Part("key-events", date.max, len(refs) // ENTRIES_IN_FEED, render)

    def _chapters(self, plan: Plan) -> list[_Part]:
        """Return the chapters, by their last days; one that readers may not see has no files."""
        files = ChapterFiles(self._context)
        parts = []
        for slug in sorted(plan.chapters):
            row = self._index.chapters.row(slug)
            if row is not None and row.state in ("live", "retracted"):
                weight = 1 + sum(map(self._index.entries.count_in, row.days))
                render = partial(files.chapter, slug, row.updated)
                parts.append(_Part(f"chapter:{slug}", row.last, weight, render))
            else:
                parts.append(_Part(f"chapter:{slug}", date.max, 0, lambda: None))
        return sorted(parts, key=lambda part: part.day)

    def _archive(self, files: FeedFiles, day: date) -> _Part:
        """Return the archive of a closed day: every entry that appeared or was corrected in it.

        So an archive holds the same entries for ever (RFC 5005 §4), and readers that know the one
        before find in it everything that came since.
        """
        index = self._index.entries
        archive = None
        if is_archived(day, self._queries, self._index):
            later = index.change_after(day)
            if later and not is_archived(later, self._queries, self._index):
                later = None
            archive = Archive(day, index.changed_in(day), index.change_before(day), later)
        weight = len(archive.entries) // ENTRIES_IN_FEED if archive else 0
        return _Part(f"archive:{day}", day, weight, partial(files.archive, archive))

    def _search_month(self, files: SiteFiles, month: str) -> _Part:
        days = self._queries.closed_in_month(month)
        last = days[-1] if days else date.max
        return _Part(f"search:{month}", last, 10 * len(days), partial(files.search_month, days))

    # -- the manifest -------------------------------------------------------------------------

    def _add(self, record: Record) -> None:
        """Take the record of a part of the work; its files go into the manifest."""
        self._index.manifest.record_files(record.files)
        self._index.manifest.keep_files(record.kept)
        record.files, record.kept = [], []
        self._record.add(record)

    def _finish(self) -> Report:
        """Record files and faults; return what was done, and the files to delete.

        These were written for a purpose that was rendered now, and are not written any more. If
        everything was rendered, they are all other files of the publisher in the site.
        """
        self._add(self._output.take_record())
        manifest = self._index.manifest
        faults: dict[str, list[Fault]] = {purpose: [] for purpose in sorted(self._record.purposes)}
        for purpose, fault in self._record.faults:
            faults.setdefault(purpose, []).append(fault)
        deleted = []
        for purpose, found in faults.items():
            manifest.replace_faults(purpose, found)
            for path in manifest.stale_files(purpose):
                manifest.forget_file(path)
                deleted.append(path)
        if self.is_full and self._site is not None:
            ours = filter(addresses.is_generated, self._site.paths())
            deleted += [path for path in ours if not manifest.has_file(path)]
        return Report(
            # A file whose rendering failed half-way may have been put twice.
            written=list(dict.fromkeys(self._record.written)),
            deleted=deleted,
            unchanged=self._record.unchanged,
            faults=manifest.faults(),
        )


def _encoder() -> str:
    from ..imaging import ENCODER  # loads Pillow, for blogs with pictures

    return ENCODER
