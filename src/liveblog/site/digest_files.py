"""The files of days, weeks and years, and of the entries in a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from ..digest import Digest
from ..digest import markdown as as_markdown
from ..digest import text as as_text
from ..digest.selection import for_readers
from ..model import addresses, period
from ..model.moment import Moment, moment_in, updated_in
from ..model.period import Period
from ..pages.data import ChapterLink, NavigationLink
from ..pages.lists import year_page
from ..text.bidi import close_controls
from ..timeline import Entry
from .documents import sitemap
from .fault_boundary import RenderedFiles, Substitute, is_fatal
from .queries import Neighbours, has_text
from .writer import Context


class DigestFiles:
    """Writes the files of periods."""

    def __init__(self, context: Context) -> None:
        """Write what *context* holds."""
        self._context = context
        self._queries = context.queries
        self._pages = context.pages
        self._writer = context.writer

    def day(self, day: date, neighbours: Neighbours, chapters: Sequence[ChapterLink]) -> None:
        """Write the pages of a day and of its entries; *chapters* are those that include it."""
        digest = self._queries.digest(period.day(day))
        self._sitemap(day, digest)
        if not digest.days:
            return
        around = (None, *digest.entries, None)
        for before, entry, after in zip(around, digest.entries, around[2:], strict=False):
            self._entry(entry, before, after)
        output = self._writer.output
        output.fault_purpose = output.purpose
        self._digest(digest, neighbours, chapters)

    def _sitemap(self, day: date, digest: Digest) -> None:
        """List the page of a day, and the pages of the entries whose ids are of that day."""
        shown = self._queries.day(day)
        entries = [e for e in shown.entries if e.id.startswith(f"{day:%Y%m%d}")]
        entries += [e for e in shown.redated if e.is_visible(self._context.timeline.now)]
        if not entries and not digest.days:
            return
        folder = addresses.day_path(day)
        path = folder + "sitemap.xml"

        def render(substitute: Substitute) -> RenderedFiles:
            zone = self._context.config.zone
            pages: list[tuple[str, date | datetime | None]] = []
            if digest.days:
                changed = (
                    Moment(shown.changed, digest.precision).value(zone) if shown.changed else None
                )
                pages.append((folder, changed))
            pages += sorted(
                (addresses.entry_path(entry.id), updated_in(entry.now).value(zone))
                for entry in substitute(entries)
            )
            return [(path, sitemap(self._context.config.url, pages).encode())]

        self._writer.files(path, render, entries)

    def _entry(self, entry: Entry, before: Entry | None, after: Entry | None) -> None:
        """Write the page of an entry, which links to those *before* and *after* it in the day."""
        output = self._writer.output
        path = addresses.entry_path(entry.id) + "index.html"
        media = entry.now.media if entry.now.state == "live" else ()
        files = [file for shown in media for file in shown.files]
        changed_ids = self._context.changed_ids
        is_changed = changed_ids is None or entry.id in changed_ids
        if not is_changed:
            for file in files:
                output.keep_media(file)
        if not is_changed and entry.id not in self._context.beside_ids:
            output.keep(path)
            return
        output.fault_purpose = f"entry:{entry.id}"

        def render(substitute: Substitute) -> RenderedFiles:
            beside = self._link(before), self._link(after)
            return [(path, self._pages.entry(shown, beside)) for shown in substitute([entry])]

        notice = [(path, self._writer.boundary.notice_page(addresses.path_to_root(path)))]
        self._writer.files(path, render, [entry], notice=notice)
        for file in files if is_changed else ():
            output.put_media(file)

    def _link(self, entry: Entry | None) -> NavigationLink | None:
        """Return a link to an entry; None if it cannot be rendered, which its own page reports."""
        if entry is None:
            return None
        try:
            self._pages.article(entry)  # which the page of the day shows too
            name = self._pages.name(entry)
        except Exception as error:
            if is_fatal(error):
                raise
            return None
        time = self._pages.words.shown_time(moment_in(entry.now))
        return NavigationLink(addresses.entry_path(entry.id), time, name)

    def week(self, week: Period, neighbours: Neighbours) -> None:
        """Write the page of a week."""
        digest = self._queries.digest(week)
        if digest.days or has_text(digest.framing):
            self._digest(digest, neighbours)

    def _digest(
        self, digest: Digest, neighbours: Neighbours, chapters: Sequence[ChapterLink] = ()
    ) -> None:
        """Write a digest in each form, one at a time: those of a long day are large."""
        digest = for_readers(digest)
        folder = addresses.period_path(digest.period)
        config, words = self._context.config, self._pages.words
        blog, base = close_controls(config.title), config.url
        week = self._queries.link(self._queries.week(digest.period.start))
        previous, following = neighbours

        def page(shown: Digest) -> bytes:
            return self._pages.digest(
                shown, previous=previous, following=following, week=week, chapters=chapters
            )

        def plain_text(shown: Digest) -> str:
            return as_text.render(shown, words, blog=blog, base=base, body=self._pages.body)

        self._writer.digest_text(
            folder + "index.md", digest, lambda shown: as_markdown.render(shown, words, base=base)
        )
        self._writer.digest_text(folder + "index.txt", digest, plain_text)
        self._writer.digest_page(folder + "index.html", digest, page)

    def year(
        self,
        year: int,
        shown_weeks: Sequence[tuple[Period, str]],
        chapters: Sequence[ChapterLink],
    ) -> None:
        """Write the page of a year: its days, and the weeks and chapters with any of its days.

        *shown_weeks* are those that have a page, with their headlines. The newest come first.
        """
        non_empty = self._queries.non_empty
        months: dict[date, list[NavigationLink]] = {}
        for day, headline in reversed(non_empty.headlines.items()):
            if day.year == year:
                link = self._queries.link(period.day(day), headline)
                months.setdefault(day.replace(day=1), []).append(link)
        if not months:
            return
        weeks = [
            self._queries.link(week, headline)
            for week, headline in reversed(shown_weeks)
            if year in (week.start.year, week.end.year)
        ]
        self._writer.page(
            f"{year:04}/index.html",
            lambda substitute: year_page(
                self._pages, year, [*months.items()], weeks, non_empty.years[::-1], chapters
            ),
        )
