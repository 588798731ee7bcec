"""Brings the chapters in the index up to date, and returns what changed.

A chapter is read if its own file changed, if its period contains a day that changed, or if the
clock released it. No other chapter costs anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct, field

from ..chapters import ChapterHistory, slug_in
from ..digest import Digest
from ..model.topics import topic_slug
from ..pages.chapters import chapter_link, chapter_text
from .chapter_index import ChapterRow
from .fault_boundary import Substitute, substitute_entries
from .writer import Context


class ChapterChanges(Struct):
    """What differs from the last publication."""

    slugs: set[str] = field(default_factory=set)  #: chapters that may show something else
    days: set[date] = field(default_factory=set)  #: that are in other chapters than before
    tags: set[str] = field(default_factory=set)  #: that are selected by other chapters
    years: set[int] = field(default_factory=set)  #: that list other chapters
    has_new_rows: bool = False  #: whether lists and feeds of chapters show something else
    has_new_slugs: bool = False  #: whether a chapter came or went


def update_chapters(
    context: Context, names: Iterable[str], days: Iterable[date], span: tuple[datetime, datetime]
) -> ChapterChanges:
    """Update the chapters in the index of *context*, whose days are up to date.

    *names* of the journal and *days* changed; *span* is the time since the last publication.
    """
    index = context.index.chapters
    slugs = {slug for name in names if (slug := slug_in(name))}
    slugs |= index.containing(days) | index.released(*span)
    for kind in ("chapter:", "taken:chapter:"):  # those that could not be rendered last time
        slugs |= context.index.manifest.failed(kind)
    changes = ChapterChanges(slugs)
    for slug in sorted(slugs):
        before, after = index.row(slug), _row(context, slug)
        if before != after:
            index.replace(slug, after)
            _add(changes, before, after)
    return changes


def _add(changes: ChapterChanges, before: ChapterRow | None, after: ChapterRow | None) -> None:
    """Add what shows the difference between two rows of a chapter."""
    changes.has_new_rows = True
    rows = [row for row in (before, after) if row and row.link]
    days, tags = [row.days for row in rows], [row.tags for row in rows]
    if len(rows) == 2 and rows[0].link == rows[1].link:
        changes.days |= days[0] ^ days[1]
        changes.tags |= tags[0] ^ tags[1]
        return
    changes.has_new_slugs |= len(rows) == 1
    changes.days |= frozenset().union(*days)
    changes.tags |= frozenset().union(*tags)
    changes.years |= {year for row in rows for year in range(row.first.year, row.last.year + 1)}


def _row(context: Context, slug: str) -> ChapterRow | None:
    """Return a chapter as the index holds it; None if there is nothing to remember of it."""
    now = context.timeline.now
    history = context.queries.chapter(slug)
    if history is None:
        return None
    chapter = history.now
    period = history.period(context.config.first_weekday)
    row = ChapterRow(
        slug, period.start, period.end, chapter.state, chapter.published, chapter.updated
    )
    if chapter.state == "removed":
        return row if history.was_seen(now) else None
    if chapter.published > now:
        return ChapterRow(
            slug, period.start, period.end, "scheduled", chapter.published, chapter.updated
        )
    digest = context.queries.chapter_digest(history)
    updated = context.queries.chapter_updated(chapter, digest)
    output = context.writer.output
    output.begin(f"taken:chapter:{slug}")

    def rendered(substitute: Substitute) -> ChapterRow:
        return _rendered(context, history, substitute_entries(digest, substitute), row, updated)

    return context.writer.boundary.render(f"feeds/{slug}", digest.entries, rendered, lambda: row)


def _rendered(
    context: Context, history: ChapterHistory, digest: Digest, row: ChapterRow, updated: datetime
) -> ChapterRow:
    pages, feeds, corrections = context.pages, context.feeds, history.corrections
    is_live = history.now.state == "live"
    return ChapterRow(
        slug=row.slug,
        first=row.first,
        last=row.last,
        state=row.state,
        published=row.published,
        updated=updated,
        link=chapter_link(pages, digest) if is_live else None,
        item=feeds.chapter(digest, updated, corrections),
        copy=feeds.chapter(digest, updated, corrections, is_copy=True),
        text=chapter_text(pages, digest) if is_live else "",
        days=frozenset(day.date for day in digest.days) if is_live else frozenset(),
        tags=frozenset(map(topic_slug, history.now.tags)) if is_live else frozenset(),
    )
