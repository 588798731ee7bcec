"""Full-text search in what readers may see: updates the index and runs queries.

Entries are found by all their texts, chapters by their titles, introductions and closes.

The index (``index``) is derived from the journal. Before each search the days that changed are
indexed again; an index that cannot be used is rebuilt. ``words`` normalises texts and queries.

A retracted entry is found by its public reason only; a removed entry is not found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from ..chapters import ChapterHistory, chapter_in, slug_in
from ..journal import Journal
from ..journal.dayfiles.layout import is_day
from ..model import addresses
from ..model.chapter import PREFIX, chapter_name
from ..model.entry import Precision, display_day, slug
from ..model.errors import NotFound, StorageError, Withheld
from ..model.moment import Moment
from ..model.quotes import quotes_in, without_quotes
from ..model.topics import topic_slug
from ..storage.sqlite import Unusable
from ..text.bidi import close_controls
from ..text.fragments import html_to_text
from ..text.markup import to_html
from ..text.plain import highlight, shorten
from ..timeline import Entry, fold
from .index import CANDIDATES, Row, SearchIndex, Writer, label
from .words import QUERY_CHARACTERS, Phrase, Piece, excerpt, parse_query

UNCHANGED_SECONDS = 2.0
"""Seconds before the files are looked at again, if nothing was appended on this machine."""

COMMIT_DAYS = 50
"""Number of days between two commits. A rebuild that was interrupted continues after the last."""

NAME_CHARACTERS = 80
"""Maximum number of characters of the name of an entry without a title."""

Progress = Callable[[int, int], None]


class Hit(Struct, frozen=True):
    """An entry or a chapter that was found."""

    id: str  #: of the entry, or the name of the chapter: ``chapter:la-semaine``
    published: datetime
    day: date  #: the day on which it is shown; the first day of a chapter
    state: str  #: ``live`` or ``retracted``
    author: str
    tags: tuple[str, ...]
    name: str  #: its title or first words; empty if it was retracted
    title: tuple[Piece, ...]  #: its title with the hits marked; may be empty
    snippet: tuple[Piece, ...]  #: the part of its text with the hits, marked
    precision: Precision = "instant"
    written_time: str = ""  #: the time as its author wrote it, where it is vague

    @property
    def moment(self) -> Moment:
        """Its date, as readers see it."""
        return Moment(self.published, self.precision, self.written_time, self.day)

    @property
    def is_chapter(self) -> bool:
        """Whether it is a chapter."""
        return self.id.startswith(PREFIX)

    @property
    def path(self) -> str:
        """The path of its page."""
        if self.is_chapter:
            return addresses.chapter_path(self.id.removeprefix(PREFIX))
        return addresses.entry_path(self.id)


class Found(Struct, frozen=True):
    """The result of a search."""

    hits: tuple[Hit, ...]  #: the requested page of hits, the best first
    total: int  #: number of all hits
    is_more: bool = False  #: whether there are older hits that were not counted
    is_empty: bool = False  #: whether the query has neither letter nor digit


def as_data(hit: Hit, base: str) -> dict[str, object]:
    """Return a hit as data for JSON; *base* is the blog's URL. The snippet is safe HTML."""
    return {
        "id": hit.id,
        "url": addresses.url(base, hit.path),
        "published": hit.published,
        "precision": hit.precision,
        "written_time": hit.written_time,
        "day": hit.day,
        "state": hit.state,
        "name": hit.name,
        "author": hit.author,
        "tags": hit.tags,
        "snippet": highlight(hit.snippet),
    }


class Search:
    """The search of one blog, for any number of threads and processes."""

    def __init__(self, journal: Journal, derived: Path) -> None:
        """Search *journal*, with an index in the folder *derived*."""
        self._journal = journal
        self._index = SearchIndex(derived)
        self._seen = ("", 0.0)  # the journal's end, and when it was read

    def find(
        self,
        query: str,
        now: datetime,
        *,
        tag: str = "",
        author: str = "",
        limit: int = 20,
        offset: int = 0,
        progress: Progress | None = None,
    ) -> Found:
        """Return the entries that readers may see at *now* and that have every word of *query*.

        *tag* is a slug; *author* a name, whatever its case and accents.

        Raises :class:`StorageError` if the machine refused.
        """
        phrases = parse_query(query)
        if not phrases:
            return Found((), 0, is_empty=True)
        labels = [label("t", tag)] if tag else []
        labels += [label("a", slug(author))] if author else []

        def run() -> Found:
            self.update(progress)
            with self._index.reading() as reader:
                numbers, is_more = reader.find(phrases, labels, now)
                rows = [reader.row(number) for number in numbers[offset : offset + limit]]
            return Found(tuple(_hit(row, phrases) for row in rows), len(numbers), is_more)

        try:
            return run()
        except (Unusable, TypeError, ValueError):  # rows that this program did not write
            self.delete()
            return run()

    def update(self, progress: Progress | None = None) -> None:
        """Update the index from the journal; *progress* gets days done and all days."""
        end = self._journal.end()
        seen, at = self._seen
        read_at = time.monotonic()
        if end == seen and read_at - at < UNCHANGED_SECONDS and self._index.path.exists():
            return
        try:
            self._index_changes(progress)
        except Unusable:
            self.delete()
            self._index_changes(progress)
        self._seen = end, read_at

    def forget_removed(self) -> None:
        """Delete every word of removed entries from the index, if there is an index.

        Raises :class:`StorageError` if the machine refused.
        """
        if self._index.path.exists():
            self.update()

    def delete(self) -> None:
        """Delete the index, with every word in it; the next search builds it again."""
        self._seen = ("", 0.0)
        self._index.delete()

    def _index_changes(self, progress: Progress | None) -> None:
        with self._index.writing() as writer:
            # The stamps come first: what is appended meanwhile is indexed the next time.
            stamps = _stamps(self._journal.stamps())
            changed = writer.changed(stamps)
            has_removed = False
            for number, name in enumerate(changed):
                if progress:
                    progress(number, len(changed))
                index = self._index_day if is_day(name) else self._index_chapter
                has_removed |= index(writer, name, stamps.get(name, ""))
                if number % COMMIT_DAYS == COMMIT_DAYS - 1:
                    writer.commit()
            if has_removed:
                writer.vacuum_words()
            writer.commit()

    def _index_day(self, writer: Writer, name: str, stamp: str) -> bool:
        """Index a day; return whether an entry was removed."""
        records = self._journal.read(name).records if stamp else ()
        entries = {i: e for i, e in fold(records).items() if e.now.state != "removed"}
        marks = {i: entry.mark for i, entry in entries.items()}
        return writer.replace(name, stamp, marks.items(), lambda i: _row(entries[i], marks[i]))

    def _index_chapter(self, writer: Writer, name: str, stamp: str) -> bool:
        """Index a chapter; return whether it was removed."""
        try:
            history = chapter_in(self._journal, name.removeprefix(PREFIX))
        except (NotFound, Withheld):
            return writer.replace(name, stamp, (), lambda _: None)
        marks = [] if history.now.state == "removed" else [(name, history.mark)]
        return writer.replace(name, stamp, marks, lambda _: _chapter_row(history))


def _stamps(stamps: Mapping[str, str]) -> dict[str, str]:
    """Return the stamp of each day and each chapter, given those of the journal's files.

    A chapter may be in two files: its own, and that of the framing that it was before.
    """
    found: dict[str, str] = {}
    for name, stamp in stamps.items():
        if is_day(name):
            found[name] = stamp
        elif slug_of := slug_in(name):
            chapter = chapter_name(slug_of)
            found[chapter] = f"{found.get(chapter, '')} {stamp}".strip()
    return found


def _chapter_row(history: ChapterHistory) -> Row:
    """Return what readers see of a chapter beside its entries, as plain text.

    What it quotes is left out: entries are found by themselves, and may be removed.
    """
    now = without_quotes(history.now, quotes_in(history.now))
    is_live = now.state == "live"
    tags = now.tags if is_live else ()
    authors = [*now.authors, now.author]
    texts = [html_to_text(to_html(text)) for text in (now.introduction, now.close)]
    notes = [revision.note for revision in history.corrections]
    return Row(
        id=now.name,
        mark=history.mark,
        published=now.published,
        day=history.period().start.isoformat(),
        state=now.state,
        author=now.authors[0] if now.authors else now.author,
        title=now.title if is_live else "",
        tags=tags,
        text=" · ".join(filter(None, [*texts, *notes])) if is_live else now.note,
        labels=[
            *(label("a", slug(author)) for author in dict.fromkeys(authors) if author),
            *(label("t", topic_slug(tag)) for tag in tags),
        ],
        precision="day",
    )


def _row(entry: Entry, mark: bytes) -> Row | None:
    """Return what readers see of an entry, as plain text; None if it cannot be rendered."""
    now = entry.now
    is_live = now.state == "live"
    tags = now.tags if is_live else ()
    names = [label("a", slug(now.author))] if now.author else []
    try:
        text = text_of(entry, to_html(now.body)) if is_live else now.note
    except (StorageError, MemoryError):
        raise
    except Exception:
        return None
    return Row(
        id=entry.id,
        mark=mark,
        published=now.published,
        day=display_day(now).isoformat(),
        state=now.state,
        author=now.author,
        title=now.title if is_live else "",
        tags=tags,
        text=text,
        labels=[*names, *(label("t", topic_slug(tag)) for tag in tags)],
        precision=now.precision,
        written_time=now.written_time,
    )


def text_of(entry: Entry, body: str) -> str:
    """Return the plain text of a live entry without its title, tags and author.

    *body* is the HTML of its body.
    """
    now = entry.now
    parts = [html_to_text(body, has_footnotes=True)]
    for media in now.media:
        parts += [media.caption, media.alt]
    for figure in now.figures:
        parts.append(f"{figure.name} {figure.value} {figure.unit} {figure.source}")
    parts += [source.name for source in now.sources]
    parts += [revision.note for revision in entry.corrections]
    return " · ".join(part for part in parts if part)


def _hit(row: Row, phrases: Sequence[Phrase]) -> Hit:
    name = row.title or (shorten(row.text, NAME_CHARACTERS) if row.state == "live" else "")
    return Hit(
        id=row.id,
        published=row.published,
        day=date.fromisoformat(row.day),
        state=row.state,
        author=close_controls(row.author),
        tags=tuple(map(close_controls, row.tags)),
        name=close_controls(name),
        title=_closed(excerpt(row.title, phrases, len(row.title))),
        snippet=_closed(excerpt(row.text, phrases)),
        precision=row.precision,
        written_time=row.written_time,
    )


def _closed(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return pieces whose bidirectional controls end within them."""
    return tuple((is_hit, close_controls(text)) for is_hit, text in pieces)


__all__ = ["CANDIDATES", "QUERY_CHARACTERS", "Found", "Hit", "Search", "as_data", "text_of"]
