"""The feeds: of all entries, of a tag, of closed days and weeks, and the archives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from operator import itemgetter

from msgspec import Struct, structs

from ..digest import Digest
from ..digest.selection import for_readers
from ..feeds import Feed
from ..model import addresses, period
from ..model.period import day_end
from ..pages.data import ChapterLink, OlderEntries, Tag
from ..pages.lists import tag_page
from ..pages.live_page import ON_PAGE
from ..text.bidi import close_controls
from ..timeline import in_order
from .fault_boundary import Substitute, substitute_entries
from .list_index import EntryRef
from .writer import Context

DAYS_IN_FEED = 31  #: maximum number of days in the daily feed
DAYS_IN_FEED_AT_LEAST = 7  #: unless the blog has fewer

ENTRIES_IN_DAYS = 1_000
"""Number of entries from which the daily feed holds fewer days: readers refuse large feeds."""

WEEKS_IN_FEED = 12

MIN_TOMBSTONES = 50  #: number of removals that the main feed reports at least

CHAPTERS_IN_FEED = 12  #: chapters in their feed, and at most in the main feed


class Archive(Struct, frozen=True):
    """The entries that the archive of a day holds, and the archives beside it."""

    day: date
    entries: Sequence[EntryRef]
    earlier: date | None
    later: date | None


class FeedFiles:
    """Writes feeds, and the pages of tags."""

    def __init__(self, context: Context) -> None:
        """Write what *context* holds."""
        self._context = context
        self._config = context.config
        self._queries = context.queries
        self._feeds = context.feeds
        self._writer = context.writer

    def main(self) -> None:
        """Write the main feed.

        It holds every entry that is in no archive, however many these are, so that with the
        archives it is complete. A chapter is among them until all of them changed after it.
        """
        index, chapters = self._context.index.entries, self._context.index.chapters
        last_closed = self._config.closing.last_closed_day(self._context.timeline.now)
        since = day_end(last_closed, self._config.zone)
        size = max(self._config.feeds.entries, index.count_updated_since(since))
        updated = self._queries.entries(index.last_updated(size))
        removed = index.removals(max(MIN_TOMBSTONES, index.count_removed_since(since)))
        archive = index.change_before(last_closed + timedelta(days=1))
        stones = self._feeds.tombstones(removed, chapters.removals(MIN_TOMBSTONES))
        oldest = updated[-1].now.updated if len(updated) >= size else None
        beside = chapters.items(CHAPTERS_IN_FEED, since=oldest)

        def render(substitute: Substitute) -> Feed:
            shown = [(e.now.updated, self._feeds.entry(e)) for e in substitute(updated)]
            shown += [(item.updated, item) for item in beside]
            items = [item for _, item in sorted(shown, key=itemgetter(0), reverse=True)]
            feed = self._feeds.feed(items, is_over=self._context.is_over)
            return self._feeds.subscription(feed, archive, stones)

        self._writer.feed("", render, updated)

    def tag(
        self,
        tag: Tag,
        total: int,
        refs: Sequence[EntryRef],
        chapters: Sequence[ChapterLink],
        older: OlderEntries | None,
    ) -> None:
        """Write the page and the feed of a tag: the newest entries, of *total* ones.

        *chapters* are those that select the tag; *older* links to the other entries.
        """
        if not total:
            return
        entries = self._queries.entries(refs)
        folder = addresses.tag_path(tag.slug)
        title = f"{close_controls(self._config.title)} – {tag.name}"
        in_feed = entries[: self._config.feeds.entries]

        def render(substitute: Substitute) -> Feed:
            items = [self._feeds.entry(entry, is_copy=True) for entry in substitute(in_feed)]
            return self._feeds.feed(
                items,
                folder=folder,
                name=f"tag/{tag.slug}",
                title=title,
                page=folder,
                is_over=self._context.is_over,
            )

        self._writer.feed(folder, render, in_feed)
        shown = entries[:ON_PAGE]
        self._writer.page(
            folder + "index.html",
            lambda substitute: tag_page(
                self._context.pages, tag, substitute(shown), total, chapters, older
            ),
            shown,
        )

    def daily(self) -> None:
        """Write the feed of closed days."""
        digests: list[Digest] = []
        entries = 0
        for day in reversed(self._queries.closed_days[-DAYS_IN_FEED:]):
            if entries > ENTRIES_IN_DAYS and len(digests) >= DAYS_IN_FEED_AT_LEAST:
                break
            digests.append(for_readers(self._queries.digest(period.day(day))))
            entries += len(digests[-1].entries)
        words = self._context.pages.words
        title = words.say("%(title)s: day by day", title=self._config.title)
        self._digests("daily", title, digests)

    def weekly(self) -> None:
        """Write the feed of closed weeks."""
        queries = self._queries
        weeks = [week for week in queries.weeks if queries.is_closed(week)][-WEEKS_IN_FEED:]
        digests = [for_readers(queries.digest(week)) for week in reversed(weeks)]
        words = self._context.pages.words
        title = words.say("%(title)s: week by week", title=self._config.title)
        self._digests("weekly", title, digests)

    def _digests(self, name: str, title: str, digests: Sequence[Digest]) -> None:
        folder = f"{name}/"

        def feed(shown: Iterable[Digest]) -> Feed:
            items = [self._feeds.digest(digest) for digest in shown if digest.entries]
            return self._feeds.feed(
                items, folder=folder, name=name, title=title, is_over=self._context.is_over
            )

        self._writer.feed(
            folder,
            lambda substitute: feed(substitute_entries(digest, substitute) for digest in digests),
            [entry for digest in digests for entry in digest.rendered],
            plainer=lambda: feed(structs.replace(digest, series=()) for digest in digests),
        )

    def chapters(self) -> None:
        """Write the feed of the chapters that changed last, unless there never was one."""
        index = self._context.index.chapters
        items = index.copies(CHAPTERS_IN_FEED)
        removed = self._feeds.tombstones((), index.removals(MIN_TOMBSTONES))
        if not items and not removed:
            return
        words = self._context.pages.words
        feed = self._feeds.feed(
            items,
            folder=addresses.CHAPTERS,
            name="chapters",
            title=words.say("%(title)s: chapters", title=self._config.title),
            page=addresses.CHAPTERS,
            is_over=self._context.is_over,
        )
        feed = self._feeds.with_removals(feed, removed)
        self._writer.feed(addresses.CHAPTERS, lambda substitute: feed)

    def archive(self, archive: Archive | None) -> None:
        """Write the archive of a day: all that appeared or was corrected in it, as it is now."""
        if archive is None:
            return
        ids: dict[date, set[str]] = {}
        for ref in archive.entries:
            ids.setdefault(ref.day, set()).add(ref.id)
        days = [self._queries.day(day) for day in ids]
        shown = in_order(e for day in days for e in day.entries if e.id in ids[day.date])
        gone = in_order(e for day in days for e in day.removed if e.id in ids[day.date])
        removed = [(entry.id, entry.now.updated) for entry in reversed(gone)]

        def render(substitute: Substitute) -> Feed:
            items = [self._feeds.entry(entry) for entry in substitute(reversed(shown))]
            return self._feeds.archive(
                self._feeds.feed(items, is_over=self._context.is_over),
                archive.day,
                earlier=archive.earlier,
                later=archive.later,
                removed=self._feeds.tombstones(removed),
            )

        self._writer.feed(addresses.day_path(archive.day), render, shown)
