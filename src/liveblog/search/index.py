"""The index that search reads: ``.liveblog/search.sqlite``, with SQLite's FTS5.

It holds each entry as it stands, embargoed ones too: a query says up to which instant. All of it is
derived; a lost, damaged or outdated index is made again from the journal.

A row's number is its instant, so that the newest matches are found first, however many there are.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from ..model.hashing import blake2b
from ..storage.locks import Lock
from ..storage.sqlite import Unusable, delete_database, errors, open_database, open_temporary
from .words import Phrase, fold

VERSION = 2

CANDIDATES = 1000
"""So many of the newest matches are put in order of relevance."""

HALF_LIFE = 90.0
"""After so many days (from the newest match) half of what being new adds is gone."""

_SCHEMA = """
CREATE TABLE stamps (name TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    number INTEGER PRIMARY KEY, published INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
    home TEXT NOT NULL, mark BLOB NOT NULL, day TEXT NOT NULL, state TEXT NOT NULL,
    author TEXT NOT NULL, title TEXT NOT NULL, tags TEXT NOT NULL, text TEXT NOT NULL,
    labels TEXT NOT NULL
);
CREATE INDEX entries_home ON entries (home);
CREATE VIRTUAL TABLE words USING fts5(
    title, tags, text, labels, content='', prefix='2 3',
    tokenize='unicode61 remove_diacritics 2'
);
"""
_WORDS = "INSERT INTO words (rowid, title, tags, text, labels) VALUES (?, ?, ?, ?, ?)"
_FORGET = (
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
    """An entry as search knows it."""

    id: str
    mark: bytes  #: changes with what is indexed
    published: datetime
    day: str
    state: str
    author: str
    title: str
    tags: Sequence[str]
    text: str
    labels: Sequence[str]  #: what filters ask for: words that no text holds


class SearchIndex:
    """The index of one blog."""

    def __init__(self, derived: Path) -> None:
        """Keep the index in a folder of what can be made again."""
        self._folder = derived
        self.path = derived / "search.sqlite"
        self._apart: sqlite3.Connection | None = None  # where nothing can be written

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Give the index to its only writer; whatever was not committed is given up.

        Where nothing can be written, it is a copy of our own.

        Raises :class:`Unusable` for an index that is to be made again, and
        :class:`StorageError` if the machine refused.
        """
        if self._apart is not None or not self._can_be_written():
            self._apart = self._apart or self._copy()
            with errors(self.path), _work(self._apart) as db:
                yield Writer(db)
            return
        with self._alone(), self._opened() as db, _work(db):
            yield Writer(db)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Give the index to a reader; see :meth:`writing`."""
        if self._apart is not None:
            with errors(self.path):
                yield Reader(self._apart)
            return
        with self._opened(read_only=True) as db:
            yield Reader(db)

    def delete(self) -> None:
        """Let go of the index, with every word in it."""
        if self._apart is not None:
            self._apart.close()
            self._apart = None
        if self._can_be_written():
            with self._alone():
                delete_database(self.path)

    def _alone(self) -> Lock:
        """Return what makes us the only writer, in this and in every process."""
        return Lock(self._folder / "search.lock")

    def _can_be_written(self) -> bool:
        there = next(path for path in (self._folder, *self._folder.parents) if path.exists())
        files = [path for path in (there, self.path) if path.exists()]
        return all(os.access(path, os.W_OK) for path in files)

    def _copy(self) -> sqlite3.Connection:
        """Return a copy of the index, or an empty one, that nobody else sees."""
        try:
            return open_temporary(schema=_SCHEMA, version=VERSION, copy_of=self.path)
        except (Unusable, FileNotFoundError):
            return open_temporary(schema=_SCHEMA, version=VERSION)

    @contextmanager
    def _opened(self, *, read_only: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            db = open_database(self.path, schema=_SCHEMA, version=VERSION, read_only=read_only)
        except FileNotFoundError:
            raise Unusable(f"{self.path} is gone.", "It is made again.") from None
        try:
            with errors(self.path):
                yield db
        finally:
            db.close()


@contextmanager
def _work(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Begin to write; what is not committed is given up."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    finally:
        if db.in_transaction:
            db.rollback()


class Writer:
    """Brings the index up to date, day by day."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def changed(self, stamps: dict[str, str]) -> list[str]:
        """Return the days whose stamp in the journal is not the remembered one."""
        known = dict(self._db.execute("SELECT name, stamp FROM stamps"))
        return sorted({name for name, _ in stamps.items() ^ known.items()})

    def replace(
        self,
        home: str,
        stamp: str,
        ids: Iterable[tuple[str, bytes]],
        make: Callable[[str], Row | None],
    ) -> bool:
        """Take over the entries that live in a day's file; return whether any is gone from there.

        They come with their marks. *make* is called for those that are new or differ; None is not
        to be found. An empty *stamp*: the file is gone.
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
        """Keep what was taken over, and go on."""
        self._db.execute("COMMIT")
        self._db.execute("BEGIN IMMEDIATE")

    def tidy(self) -> None:
        """Leave no word of what is not in the index any more.

        FTS5 notes what was deleted, and drops it when it merges what it holds.
        """
        self._db.execute("INSERT INTO words (words) VALUES ('optimize')")

    def _put(self, home: str, row: Row) -> None:
        published = _number(row.published)
        number = self._free(published // 1_000_000, row.id)
        tags, labels = "\n".join(row.tags), " ".join(row.labels)
        self._db.execute(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, published, row.id, home, row.mark, row.day, row.state, row.author,
             row.title, tags, row.text, labels),
        )  # fmt: skip
        self._db.execute(_WORDS, (number, fold(row.title), fold(tags), fold(row.text), labels))

    def _drop(self, entry_id: str) -> None:
        number, title, tags, text, labels = self._db.execute(
            "SELECT number, title, tags, text, labels FROM entries WHERE id = ?", (entry_id,)
        ).fetchone()
        self._db.execute(_FORGET, (number, fold(title), fold(tags), fold(text), labels))
        self._db.execute("DELETE FROM entries WHERE number = ?", (number,))

    def _free(self, second: int, entry_id: str) -> int:
        """Return a number that nobody has for an entry of a second."""
        number = (second << 10) + blake2b(entry_id.encode(), digest_size=1).digest()[0]
        while self._db.execute("SELECT 1 FROM entries WHERE number = ?", (number,)).fetchone():
            number += 1
        return number


class Reader:
    """Finds entries."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def find(
        self, asked: Sequence[Phrase], labels: Sequence[str], now: datetime
    ) -> tuple[list[int], bool]:
        """Return the numbers of the entries that hold every phrase and label, the best first.

        Only those published at *now* are found; of more than :data:`CANDIDATES` the newest, and
        True beside them.
        """
        values = (_expression(asked, labels), _number(now), CANDIDATES + 1)
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
        entry_id, mark, published, day, state, author, title, tags, text, labels = self._db.execute(
            "SELECT id, mark, published, day, state, author, title, tags, text, labels "
            "FROM entries WHERE number = ?",
            (number,),
        ).fetchone()
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
        )


def label(kind: str, value: str) -> str:
    """Return the one word that stands for a tag or an author among the labels."""
    return kind + blake2b(value.encode(), digest_size=8).hexdigest()


def _expression(asked: Sequence[Phrase], labels: Sequence[str]) -> str:
    """Write a query in FTS5's syntax; words are letters and digits only, each in quotes."""
    words = " AND ".join(
        f'"{" ".join(phrase.words)}"{"*" if phrase.is_open else ""}' for phrase in asked
    )
    parts = [f'labels : "{name}"' for name in labels]
    return " AND ".join([*parts, f"{{title tags text}} : ({words})"])


def _number(instant: datetime) -> int:
    """Return an instant as microseconds of the epoch."""
    return (instant - _EPOCH) // _MICROSECOND
