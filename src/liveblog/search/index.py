"""The search index: ``.liveblog/search.sqlite``, with SQLite's FTS5.

It holds the newest revision of each entry and chapter, embargoed ones too: a query says up to which
instant. A lost, damaged or outdated index is built again from the journal.

A row's number follows from its instant, so that the newest matches are found first, however many
there are.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from ..model.entry import Precision
from ..model.errors import storage_errors
from ..model.hashing import blake2b
from ..storage.locks import Lock
from ..storage.sqlite import Unusable, delete_database, errors, open_database, open_temporary
from .words import Phrase, normalize

VERSION = 4

CANDIDATES = 1000
"""Maximum number of matches, the newest, that are sorted by relevance."""

HALF_LIFE = 90.0
"""Days before the newest match after which the bonus for new entries is halved."""

_SCHEMA = """
CREATE TABLE stamps (name TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    number INTEGER PRIMARY KEY, published INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
    home TEXT NOT NULL, mark BLOB NOT NULL, day TEXT NOT NULL, state TEXT NOT NULL,
    author TEXT NOT NULL, title TEXT NOT NULL, tags TEXT NOT NULL, text TEXT NOT NULL,
    labels TEXT NOT NULL, precision TEXT NOT NULL, written_time TEXT NOT NULL
);
CREATE INDEX entries_home ON entries (home);
CREATE VIRTUAL TABLE words USING fts5(
    title, tags, text, labels, content='', prefix='2 3',
    tokenize='unicode61 remove_diacritics 2'
);
"""
_INSERT_WORDS = "INSERT INTO words (rowid, title, tags, text, labels) VALUES (?, ?, ?, ?, ?)"
_DELETE_WORDS = (
    "INSERT INTO words (words, rowid, title, tags, text, labels) VALUES ('delete', ?, ?, ?, ?, ?)"
)
# Weights: a title or a tag says what an entry is about.
_FIND = """
SELECT e.number, e.published, bm25(words, 6.0, 4.0, 1.0, 0.0)
FROM words CROSS JOIN entries e ON e.number = words.rowid
WHERE words MATCH ? AND e.published <= ? ORDER BY words.rowid DESC LIMIT ?
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000


class Row(Struct, frozen=True):
    """An entry or a chapter in the index."""

    id: str
    mark: bytes  #: changes with what is indexed
    published: datetime
    day: str
    state: str
    author: str
    title: str
    tags: Sequence[str]
    text: str
    labels: Sequence[str]  #: its tags and author as words for filters; see :func:`label`
    precision: Precision = "instant"
    written_time: str = ""


class SearchIndex:
    """The index of one blog."""

    def __init__(self, derived: Path) -> None:
        """Use the index in the folder *derived*, which need not exist."""
        self._folder = derived
        self.path = derived / "search.sqlite"
        self._copy: sqlite3.Connection | None = None  # used where nothing can be written

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Hold the index as its only writer; changes that are not committed are rolled back.

        Where nothing can be written, this is a temporary copy.

        Raises :class:`Unusable` for an index that must be rebuilt, and :class:`StorageError` if the
        machine refused.
        """
        if self._copy is not None or not self._can_be_written():
            self._copy = self._copy or self._open_copy()
            with errors(self.path), _transaction(self._copy) as db:
                yield Writer(db)
            return
        with self._lock(), self._open() as db, _transaction(db):
            yield Writer(db)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Hold the index as a reader; see :meth:`writing`."""
        if self._copy is not None:
            with errors(self.path):
                yield Reader(self._copy)
            return
        with self._open(read_only=True) as db:
            yield Reader(db)

    def delete(self) -> None:
        """Delete the index, with every word in it."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None
        if self._can_be_written():
            with self._lock():
                delete_database(self.path)

    def _lock(self) -> Lock:
        """Return the lock of the index's writer."""
        return Lock(self._folder / "search.lock")

    def _can_be_written(self) -> bool:
        with storage_errors("look at", self.path):
            there = next(path for path in (self._folder, *self._folder.parents) if path.exists())
            files = [path for path in (there, self.path) if path.exists()]
            return all(os.access(path, os.W_OK) for path in files)

    def _open_copy(self) -> sqlite3.Connection:
        """Return a temporary copy of the index, empty if there is none."""
        try:
            return open_temporary(schema=_SCHEMA, version=VERSION, copy_of=self.path)
        except (Unusable, FileNotFoundError):
            return open_temporary(schema=_SCHEMA, version=VERSION)

    @contextmanager
    def _open(self, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            db = open_database(self.path, schema=_SCHEMA, version=VERSION, read_only=read_only)
        except FileNotFoundError:
            raise Unusable(f"{self.path} is gone.", "It is built again.") from None
        try:
            with errors(self.path):
                yield db
        finally:
            db.close()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Begin a transaction; roll back what is not committed."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    finally:
        if db.in_transaction:
            db.rollback()


class Writer:
    """Updates the index, day by day."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def changed(self, stamps: dict[str, str]) -> list[str]:
        """Return the days whose stamp in the journal differs from the one in the index."""
        known = dict(self._db.execute("SELECT name, stamp FROM stamps"))
        return sorted({name for name, _ in stamps.items() ^ known.items()})

    def replace(
        self,
        home: str,
        stamp: str,
        ids: Iterable[tuple[str, bytes]],
        make: Callable[[str], Row | None],
    ) -> bool:
        """Replace the entries of a day's file; return whether an entry was removed.

        *ids* are the entries with their marks. *make* is called for those that are new or changed;
        an entry for which it returns None is not indexed. *stamp* is empty if the file is gone.
        """
        rows = self._db.execute("SELECT id, mark FROM entries WHERE home = ?", (home,))
        before = {entry_id: bytes(mark) for entry_id, mark in rows}
        now = dict(ids)
        for entry_id, mark in before.items():
            if now.get(entry_id) != mark:
                self._drop(entry_id)
        for entry_id, mark in now.items():
            if before.get(entry_id) != mark and (row := make(entry_id)):
                self._put(home, row)
        if stamp:
            self._db.execute("INSERT OR REPLACE INTO stamps VALUES (?, ?)", (home, stamp))
        else:
            self._db.execute("DELETE FROM stamps WHERE name = ?", (home,))
        return not before.keys() <= now.keys()

    def commit(self) -> None:
        """Commit, and begin the next transaction."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    def vacuum_words(self) -> None:
        """Remove the words of deleted entries from the file.

        FTS5 only marks them as deleted until it merges its segments.
        """
        self._db.execute("INSERT INTO words (words) VALUES ('optimize')")

    def _put(self, home: str, row: Row) -> None:
        published = _microseconds(row.published)
        number = self._free_number(published // 1_000_000, row.id)
        tags, labels = "\n".join(row.tags), " ".join(row.labels)
        self._db.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, published, row.id, home, row.mark, row.day, row.state, row.author,
             row.title, tags, row.text, labels, row.precision, row.written_time),
        )  # fmt: skip
        self._db.execute(
            _INSERT_WORDS,
            (number, normalize(row.title), normalize(tags), normalize(row.text), labels),
        )

    def _drop(self, entry_id: str) -> None:
        number, title, tags, text, labels = self._db.execute(
            "SELECT number, title, tags, text, labels FROM entries WHERE id = ?", (entry_id,)
        ).fetchone()
        self._db.execute(
            _DELETE_WORDS, (number, normalize(title), normalize(tags), normalize(text), labels)
        )
        self._db.execute("DELETE FROM entries WHERE number = ?", (number,))

    def _free_number(self, second: int, entry_id: str) -> int:
        """Return a row number that is free, for an entry published in *second*."""
        number = (second << 10) + blake2b(entry_id.encode(), digest_size=1).digest()[0]
        while self._db.execute("SELECT 1 FROM entries WHERE number = ?", (number,)).fetchone():
            number += 1
        return number


class Reader:
    """Runs queries on the index."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def find(
        self, phrases: Sequence[Phrase], labels: Sequence[str], now: datetime
    ) -> tuple[list[int], bool]:
        """Return the row numbers of the entries with every phrase and label, the best first.

        Only entries published at *now* are found. If there are more than :data:`CANDIDATES`, the
        newest are returned, and True.
        """
        values = (_expression(phrases, labels), _microseconds(now), CANDIDATES + 1)
        rows = self._db.execute(_FIND, values).fetchall()
        found = rows[:CANDIDATES]
        newest = max((published for _, published, _ in found), default=0)

        def order(row: tuple[int, int, float]) -> tuple[float, int, int]:
            number, published, rank = row
            age = (newest - published) / _DAY
            return rank * (1 + 0.5 ** (age / HALF_LIFE)), -published, number

        return [row[0] for row in sorted(found, key=order)], len(rows) > CANDIDATES

    def row(self, number: int) -> Row:
        """Return an entry by its number."""
        (
            entry_id, mark, published, day, state, author, title, tags, text, labels,
            precision, written_time,
        ) = self._db.execute(
            "SELECT id, mark, published, day, state, author, title, tags, text, labels, "
            "precision, written_time FROM entries WHERE number = ?",
            (number,),
        ).fetchone()  # fmt: skip
        return Row(
            entry_id,
            mark,
            _EPOCH + published * _MICROSECOND,
            day,
            state,
            author,
            title,
            tags.split("\n") if tags else [],
            text,
            labels.split(),
            precision,
            written_time,
        )


def label(kind: str, value: str) -> str:
    """Return the word in ``labels`` that represents a tag (kind ``t``) or an author (``a``)."""
    return kind + blake2b(value.encode(), digest_size=8).hexdigest()


def _expression(phrases: Sequence[Phrase], labels: Sequence[str]) -> str:
    """Return a query in FTS5's syntax; words are letters and digits only, each in quotes."""
    words = " AND ".join(
        f'"{" ".join(phrase.words)}"{"*" if phrase.is_open else ""}' for phrase in phrases
    )
    parts = [f'labels : "{name}"' for name in labels]
    return " AND ".join([*parts, f"{{title tags text}} : ({words})"])


def _microseconds(instant: datetime) -> int:
    """Return an instant as microseconds since the epoch."""
    return (instant - _EPOCH) // _MICROSECOND
