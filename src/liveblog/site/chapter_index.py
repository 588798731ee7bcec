"""The chapters in the index: their periods, and what lists and feeds show of each.

A chapter is read and rendered once when something in it changes. Lists, feeds and the search file
are then made of these rows, so that a publication that concerns no chapter reads none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime

import msgspec
from msgspec import Struct

from ..feeds import Item
from ..pages.data import ChapterLink

SCHEMA = """
CREATE TABLE chapters (
    slug TEXT PRIMARY KEY, first TEXT NOT NULL, last TEXT NOT NULL, state TEXT NOT NULL,
    published TEXT NOT NULL, updated TEXT NOT NULL, link BLOB NOT NULL, item BLOB NOT NULL,
    copy BLOB NOT NULL, text TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX chapters_last ON chapters (last, first);
CREATE INDEX chapters_published ON chapters (published);
CREATE INDEX chapters_updated ON chapters (updated, slug);
CREATE INDEX chapters_removed ON chapters (updated, slug) WHERE state = 'removed';
CREATE TABLE chapter_days (
    day TEXT NOT NULL, slug TEXT NOT NULL, PRIMARY KEY (day, slug)
) WITHOUT ROWID;
CREATE INDEX chapter_days_slug ON chapter_days (slug);
CREATE TABLE chapter_tags (
    tag TEXT NOT NULL, slug TEXT NOT NULL, PRIMARY KEY (tag, slug)
) WITHOUT ROWID;
CREATE INDEX chapter_tags_slug ON chapter_tags (slug);
"""

TABLES = ("chapters", "chapter_days", "chapter_tags")

_NEWEST_FIRST = "ORDER BY c.last DESC, c.first DESC, c.slug"


class ChapterRow(Struct, frozen=True):
    """A chapter in the index."""

    slug: str
    first: date
    last: date
    state: str  #: ``live``, ``retracted``, ``removed`` (readers saw it before) or ``scheduled``
    published: datetime
    updated: datetime  #: the last significant change of the chapter or of an entry in it
    link: ChapterLink | None = None  #: None unless it is live
    item: Item | None = None  #: in the main feed; None unless it is live or retracted
    copy: Item | None = None  #: in the feed of chapters
    text: str = ""  #: plain text of a live chapter outside its entries, for the search file
    days: frozenset[date] = frozenset()  #: the days that a live chapter includes
    tags: frozenset[str] = frozenset()  #: slugs of the tags that a live chapter selects


class ChapterIndex:
    """The chapters that the site shows or will show, as of the last publication."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use the tables of :data:`SCHEMA` in *db*."""
        self._db = db

    def row(self, slug: str) -> ChapterRow | None:
        """Return a chapter; None if the index has none of this slug."""
        query = (
            "SELECT slug, first, last, state, published, updated, link, item, copy, text "
            "FROM chapters WHERE slug = ?"
        )
        found = self._db.execute(query, (slug,)).fetchone()
        if found is None:
            return None
        slug, first, last, state, published, updated, link, item, copy, text = found
        return ChapterRow(
            slug,
            date.fromisoformat(first),
            date.fromisoformat(last),
            state,
            datetime.fromisoformat(published),
            datetime.fromisoformat(updated),
            msgspec.json.decode(link, type=ChapterLink) if link else None,
            msgspec.json.decode(item, type=Item) if item else None,
            msgspec.json.decode(copy, type=Item) if copy else None,
            text,
            frozenset(map(date.fromisoformat, self._of("day", "chapter_days", slug))),
            frozenset(self._of("tag", "chapter_tags", slug)),
        )

    def replace(self, slug: str, row: ChapterRow | None) -> None:
        """Replace a chapter, or delete it from the index."""
        for table in TABLES:
            self._db.execute(f"DELETE FROM {table} WHERE slug = ?", (slug,))
        if row is None:
            return
        self._db.execute(
            "INSERT INTO chapters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                slug,
                row.first.isoformat(),
                row.last.isoformat(),
                row.state,
                _instant(row.published),
                _instant(row.updated),
                msgspec.json.encode(row.link) if row.link else b"",
                msgspec.json.encode(row.item) if row.item else b"",
                msgspec.json.encode(row.copy) if row.copy else b"",
                row.text,
            ),
        )
        days = ((day.isoformat(), slug) for day in sorted(row.days))
        self._db.executemany("INSERT INTO chapter_days VALUES (?, ?)", days)
        tags = ((tag, slug) for tag in sorted(row.tags))
        self._db.executemany("INSERT INTO chapter_tags VALUES (?, ?)", tags)

    # -- which chapters something concerns ----------------------------------------------------

    def containing(self, days: Iterable[date]) -> set[str]:
        """Return the chapters whose period contains one of *days*."""
        names = msgspec.json.encode(sorted(day.isoformat() for day in days)).decode()
        query = (
            "SELECT DISTINCT c.slug FROM json_each(?) d "
            "JOIN chapters c ON c.last >= d.value AND c.first <= d.value"
        )
        return {row[0] for row in self._db.execute(query, (names,))}

    def released(self, low: datetime, high: datetime) -> set[str]:
        """Return the chapters whose publication lies after *low*, up to *high*."""
        query = "SELECT slug FROM chapters WHERE published > ? AND published <= ?"
        return {row[0] for row in self._db.execute(query, (_instant(low), _instant(high)))}

    # -- what lists and feeds show ------------------------------------------------------------

    def links(self, limit: int = -1) -> list[ChapterLink]:
        """Return the live chapters, at most *limit* of them, the newest period first."""
        return self._links(f"chapters c WHERE c.link <> x'' {_NEWEST_FIRST} LIMIT ?", limit)

    def dates(self) -> dict[str, date]:
        """Map the slugs of the live chapters to the dates of their last change in UTC, in order."""
        query = (
            f"SELECT c.slug, SUBSTR(c.updated, 1, 10) FROM chapters c WHERE c.link <> x'' "
            f"{_NEWEST_FIRST}"
        )
        return {slug: date.fromisoformat(day) for slug, day in self._db.execute(query)}

    def telling(self, day: date) -> list[ChapterLink]:
        """Return the live chapters that include a day."""
        rows = f"chapter_days d JOIN chapters c USING (slug) WHERE d.day = ? {_NEWEST_FIRST}"
        return self._links(rows, day.isoformat())

    def tagged(self, tag: str) -> list[ChapterLink]:
        """Return the live chapters that select a tag (its slug)."""
        rows = f"chapter_tags t JOIN chapters c USING (slug) WHERE t.tag = ? {_NEWEST_FIRST}"
        return self._links(rows, tag)

    def of_year(self, year: int) -> list[ChapterLink]:
        """Return the live chapters with days in a year, in the order of time."""
        rows = (
            "chapters c WHERE c.link <> x'' AND c.last >= ? AND c.first <= ? "
            "ORDER BY c.first, c.last, c.slug"
        )
        return self._links(rows, f"{year:04}-01-01", f"{year:04}-12-31")

    def items(self, limit: int, *, since: datetime | None = None) -> list[Item]:
        """Return the items of the main feed: the chapters that changed last, the last first.

        At most *limit* of them, and only those that changed *since* an instant.
        """
        return self._items("item", limit, since)

    def copies(self, limit: int) -> list[Item]:
        """Return the items of the feed of chapters: those that changed last, the last first."""
        return self._items("copy", limit, None)

    def _items(self, column: str, limit: int, since: datetime | None) -> list[Item]:
        query = (
            f"SELECT {column} FROM chapters WHERE {column} <> x'' AND updated >= ? "
            "ORDER BY updated DESC, slug LIMIT ?"
        )
        rows = self._db.execute(query, (_instant(since) if since else "", limit))
        return [msgspec.json.decode(item, type=Item) for (item,) in rows]

    def removals(self, limit: int) -> list[tuple[str, datetime]]:
        """Return the chapters that were removed last, with the instant, the last first."""
        query = (
            "SELECT slug, updated FROM chapters WHERE state = 'removed' "
            "ORDER BY updated DESC, slug LIMIT ?"
        )
        rows = self._db.execute(query, (limit,))
        return [(slug, datetime.fromisoformat(at)) for slug, at in rows]

    def texts(self) -> list[tuple[ChapterLink, date, str]]:
        """Return the link, first day and text of each live chapter, in the order of time."""
        query = (
            "SELECT link, first, text FROM chapters WHERE link <> x'' ORDER BY last, first, slug"
        )
        return [
            (msgspec.json.decode(link, type=ChapterLink), date.fromisoformat(first), text)
            for link, first, text in self._db.execute(query)
        ]

    def next_release(self, now: datetime) -> datetime | None:
        """Return when the next scheduled chapter is published."""
        query = "SELECT MIN(published) FROM chapters WHERE state = 'scheduled' AND published > ?"
        found = self._db.execute(query, (_instant(now),)).fetchone()[0]
        return datetime.fromisoformat(found) if found else None

    def _links(self, rows: str, *values: object) -> list[ChapterLink]:
        found = self._db.execute(f"SELECT c.link FROM {rows}", values)
        return [msgspec.json.decode(link, type=ChapterLink) for (link,) in found]

    def _of(self, column: str, table: str, slug: str) -> Collection[str]:
        query = f"SELECT {column} FROM {table} WHERE slug = ?"
        return [row[0] for row in self._db.execute(query, (slug,))]


def _instant(instant: datetime) -> str:
    """Return an instant as text whose order is that of time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
