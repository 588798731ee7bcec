"""Search: the entries that readers may see, found by their words.

In come words, an instant and a journal; out come hits, the best first, and a snippet of each. The
index (``index``) is derived: it is brought up to date before each search, work following the days
that changed, and made again whenever it cannot be used. ``words`` says what counts as the same.

A retracted entry is found by what its place still says, the reason; a removed one not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from ..journal import Journal
from ..model import addresses
from ..model.entry import slug, told_day
from ..model.errors import StorageError
from ..storage.sqlite import Unusable
from ..text.bidi import close_controls
from ..text.fragments import html_to_text
from ..text.markup import to_html
from ..text.plain import highlight, shorten
from ..timeline import Entry, fold
from .index import CANDIDATES, Row, SearchIndex, Writer, label
from .words import ASKED_CHARACTERS, SNIPPET, Piece, phrases, pieces

LOOK_SECONDS = 2.0
"""So long is the journal known not to have changed, if nobody appended to it on this machine."""

KEPT_DAYS = 50
"""Days taken over between two commits: what a rebuild that was cut short has done stays done."""

NAME = 80  #: characters of what an entry without a title is listed by

Progress = Callable[[int, int], None]


class Hit(Struct, frozen=True):
    """An entry that was found."""

    id: str
    published: datetime
    day: date  #: the day it is told in
    state: str  #: ``live`` or ``retracted``
    author: str
    tags: tuple[str, ...]
    name: str  #: its title, else its first words; empty if it was retracted
    title: tuple[Piece, ...]  #: its title with the hits apart; empty if it has none
    snippet: tuple[Piece, ...]  #: where it says what was asked for, the hits apart


class Found(Struct, frozen=True):
    """What a search found."""

    hits: tuple[Hit, ...]  #: those asked for, the best first
    total: int  #: how many there are
    is_more: bool = False  #: whether there are older ones beyond those counted
    is_empty: bool = False  #: whether nothing was asked for: neither letter nor digit


def as_data(hit: Hit, base: str) -> dict[str, object]:
    """Return a hit as data for JSON; *base* is the blog's url. Its snippet is safe HTML."""
    return {
        "id": hit.id,
        "url": addresses.url(base, addresses.entry_path(hit.id)),
        "published": hit.published,
        "day": hit.day,
        "state": hit.state,
        "name": hit.name,
        "author": hit.author,
        "tags": hit.tags,
        "snippet": highlight(hit.snippet),
    }


class Search:
    """Searches one blog; any number of threads and processes may."""

    def __init__(self, journal: Journal, derived: Path) -> None:
        """Search *journal*, with an index in the folder *derived*."""
        self._journal = journal
        self._index = SearchIndex(derived)
        self._seen = ("", 0.0)  # the journal's end, and when it was looked at

    def find(
        self,
        asked: str,
        now: datetime,
        *,
        tag: str = "",
        author: str = "",
        limit: int = 20,
        offset: int = 0,
        progress: Progress | None = None,
    ) -> Found:
        """Find what readers may see at *now* and holds every word of *asked*.

        *tag* is a slug; *author* a name, whatever its case and accents.

        Raises :class:`StorageError` if the machine refused.
        """
        wanted = phrases(asked)
        if not wanted:
            return Found((), 0, is_empty=True)
        labels = [label("t", tag)] if tag else []
        labels += [label("a", slug(author))] if author else []
        for is_last in (False, True):
            try:
                self.update(progress)
                with self._index.reading() as reader:
                    numbers, is_more = reader.find(wanted, labels, now)
                    rows = [reader.row(number) for number in numbers[offset : offset + limit]]
                hits = tuple(_hit(row, lambda t, n: pieces(t, wanted, n)) for row in rows)
                return Found(hits, len(numbers), is_more)
            except (Unusable, TypeError, ValueError):  # rows that nobody wrote like that
                if is_last:
                    raise
                self.forget()
        raise AssertionError

    def update(self, progress: Progress | None = None) -> None:
        """Bring the index up to date with the journal; *progress* is told of days."""
        end = self._journal.end()
        seen, at = self._seen
        looked = time.monotonic()
        if end == seen and looked - at < LOOK_SECONDS and self._index.path.exists():
            return
        try:
            self._take_over(progress)
        except Unusable:
            self.forget()
            self._take_over(progress)
        self._seen = end, looked

    def forget_removed(self) -> None:
        """Leave no word of a removed entry in the index, if there is one.

        Raises :class:`StorageError` if the machine refused.
        """
        if self._index.path.exists():
            self.update()

    def forget(self) -> None:
        """Let go of the index, with every word in it; the next search makes it again."""
        self._seen = ("", 0.0)
        self._index.delete()

    def _take_over(self, progress: Progress | None) -> None:
        with self._index.writing() as writer:
            # The stamps come first: what is appended meanwhile is read again the next time.
            stamps = {n: s for n, s in self._journal.stamps().items() if _is_day(n)}
            changed = writer.changed(stamps)
            is_less = False
            for number, name in enumerate(changed):
                if progress:
                    progress(number, len(changed))
                is_less |= self._take_over_day(writer, name, stamps.get(name, ""))
                if number % KEPT_DAYS == KEPT_DAYS - 1:
                    writer.commit()
            if is_less:
                writer.tidy()
            writer.commit()

    def _take_over_day(self, writer: Writer, name: str, stamp: str) -> bool:
        """Take over a day; return whether an entry is not there any more."""
        records = self._journal.read(name).records if stamp else ()
        entries = {i: e for i, e in fold(records).items() if e.now.state != "removed"}
        marks = {i: entry.mark for i, entry in entries.items()}
        return writer.replace(name, stamp, marks.items(), lambda i: _row(entries[i], marks[i]))


def _row(entry: Entry, mark: bytes) -> Row | None:
    """Return what readers see of an entry; None for one that cannot be shown."""
    try:
        return _shown(entry, mark)
    except Exception as error:
        if isinstance(error, StorageError | MemoryError):
            raise
        return None


def _is_day(name: str) -> bool:
    return len(name) == 10 and name[4] == "-"


def _shown(entry: Entry, mark: bytes) -> Row:
    """Return what readers see of an entry, as plain text."""
    now = entry.now
    is_live = now.state == "live"
    names = [label("a", slug(now.author))] if now.author else []
    return Row(
        id=entry.id,
        mark=mark,
        published=now.published,
        day=told_day(now).isoformat(),
        state=now.state,
        author=now.author,
        title=now.title if is_live else "",
        tags=now.tags if is_live else (),
        text=text_of(entry) if is_live else now.note,
        labels=[*names, *(label("t", slug(tag)) for tag in now.tags if is_live)],
    )


def text_of(entry: Entry) -> str:
    """Return everything that a live entry says but its title, tags and author, as plain text."""
    now = entry.now
    parts = [html_to_text(to_html(now.body))]
    for media in now.media:
        parts += [media.caption, media.alt]
    for figure in now.figures:
        parts.append(f"{figure.name} {figure.value} {figure.unit} {figure.source}")
    parts += [source.name for source in now.sources]
    parts += [revision.note for revision in entry.corrections]
    return " · ".join(part for part in parts if part)


def _hit(row: Row, apart: Callable[[str, int], tuple[Piece, ...]]) -> Hit:
    return Hit(
        id=row.id,
        published=row.published,
        day=date.fromisoformat(row.day),
        state=row.state,
        author=close_controls(row.author),
        tags=tuple(map(close_controls, row.tags)),
        name=close_controls(row.title or (shorten(row.text, NAME) if row.state == "live" else "")),
        title=_closed(apart(row.title, len(row.title))) if row.title else (),
        snippet=_closed(apart(row.text, SNIPPET)) if row.text else (),
    )


def _closed(found: tuple[Piece, ...]) -> tuple[Piece, ...]:
    return tuple((is_hit, close_controls(text)) for is_hit, text in found)


__all__ = ["ASKED_CHARACTERS", "CANDIDATES", "Found", "Hit", "Search", "as_data", "text_of"]
