"""The publisher's index of the site as it was last published: ``.liveblog/index.sqlite``.

It holds a few facts about each entry (``entries``), the chapters (``chapters``), the files that
were written (``manifest``), and the journal's stamps. All of it is derived: an index that is lost,
damaged or outdated is built again from the journal.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from itertools import chain
from pathlib import Path

import msgspec

from ..model.hashing import blake2b
from ..storage.sqlite import (
    Unusable,
    delete_database,
    errors,
    open_database,
    open_temporary,
)
from . import chapter_index, entry_index, manifest, news_index, quote_index
from .chapter_index import ChapterIndex
from .entry_index import EntryIndex
from .list_index import ListIndex
from .manifest import Manifest
from .news_index import NewsIndex
from .quote_index import QuoteIndex

VERSION = 16

_SCHEMA = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE stamps (name TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
{entry_index.SCHEMA}{chapter_index.SCHEMA}{quote_index.SCHEMA}{news_index.SCHEMA}{manifest.SCHEMA}"""


class Index:
    """The index; one that has a path is used under the publisher's lock only."""

    def __init__(self, path: Path | None, db: sqlite3.Connection | None = None) -> None:
        """Open the index at *path*; one that is damaged or outdated is replaced by an empty one.

        Raises :class:`StorageError` for one that is busy or cannot be opened.
        """
        self.path = path
        self._db = db or _open(path)
        self._inode = path.stat().st_ino if path else 0
        self._run = 0  # number of the current publication, once it was read
        self.entries = EntryIndex(self._db)
        self.chapters = ChapterIndex(self._db)
        self.lists = ListIndex(self._db)
        self.quotes = QuoteIndex(self._db)
        self.news = NewsIndex(self._db)
        self.manifest = Manifest(self._db, self._run_number)
        self.close = weakref.finalize(self, self._db.close)

    @classmethod
    def temporary(cls, copy_of: Path | None = None) -> Index:
        """Return an index that nobody else uses: a copy, or an empty one.

        It is empty too if the file to copy is missing, damaged or outdated.

        Raises :class:`Busy` and other storage errors.
        """
        try:
            return cls(None, open_temporary(schema=_SCHEMA, version=VERSION, copy_of=copy_of))
        except (Unusable, FileNotFoundError):
            return cls(None, open_temporary(schema=_SCHEMA, version=VERSION))

    @staticmethod
    def next_release(path: Path, now: datetime) -> datetime | None:
        """Return when the next scheduled chapter appears, by the index at *path*; nothing changes.

        Raises :class:`Unusable`, :class:`Busy` and other storage errors, and
        :class:`FileNotFoundError` if there is no index.
        """
        db = open_database(path, schema=_SCHEMA, version=VERSION, read_only=True)
        try:
            with errors(path):
                return ChapterIndex(db).next_release(now)
        finally:
            db.close()

    def is_current(self) -> bool:
        """Whether the file at its path is still the one that was opened."""
        try:
            return self.path is None or self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def begin(self) -> None:
        """Begin a transaction."""
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Commit the transaction; after a crash before this the index is as it was."""
        self.set_fact("run", str(self._run_number()))
        self._db.execute("COMMIT")
        self._run = 0

    def rollback(self) -> None:
        """Roll back the transaction, if one is open."""
        self._run = 0
        self.entries.forget_days()
        if self._db.in_transaction:
            self._db.rollback()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo the changes made within, if an error is raised there."""
        self._db.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            self.entries.forget_days()
            if self._db.in_transaction:  # SQLite may have rolled back by itself
                self._db.execute("ROLLBACK TO part")
                self._db.execute("RELEASE part")
            raise
        self._db.execute("RELEASE part")

    def _run_number(self) -> int:
        """Return the number of the current publication."""
        self._run = self._run or int(self.fact("run") or 0) + 1
        return self._run

    def clear(self) -> None:
        """Delete everything."""
        self._db.execute("DELETE FROM facts WHERE name <> 'run'")
        modules = (entry_index, chapter_index, quote_index, news_index, manifest)
        tables = (module.TABLES for module in modules)
        for table in ("stamps", *chain.from_iterable(tables)):
            self._db.execute(f"DELETE FROM {table}")
        self.entries.forget_days()

    # -- facts --------------------------------------------------------------------------------

    def fact(self, name: str) -> str:
        """Return the value of a fact, or an empty string."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def set_fact(self, name: str, value: str) -> None:
        """Set the value of a fact."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def changed_stamps(
        self, stamps: dict[str, str], names: Collection[str] | None = None
    ) -> set[str]:
        """Return those of *names* (or of all) whose stamp differs from the last publication's."""
        if names is None:
            known = dict(self._db.execute("SELECT name, stamp FROM stamps"))
        else:
            query = "SELECT name, stamp FROM stamps WHERE name IN (SELECT value FROM json_each(?))"
            known = dict(self._db.execute(query, (msgspec.json.encode(sorted(names)).decode(),)))
        return {name for name, _ in stamps.items() ^ known.items()}

    def journal_days(self, first: date, last: date) -> list[date]:
        """Return the days from *first* to *last* that had a file in the journal."""
        query = "SELECT name FROM stamps WHERE name BETWEEN ? AND ? AND LENGTH(name) = 10"
        rows = self._db.execute(query, (first.isoformat(), last.isoformat()))
        return [date.fromisoformat(row[0]) for row in rows]

    def journal_weeks(self) -> list[str]:
        """Return the weeks (``2012-W29``) that had a file in the journal, in order."""
        rows = self._db.execute("SELECT name FROM stamps WHERE name LIKE '____-W__' ORDER BY name")
        return [row[0] for row in rows]

    def set_stamps(self, stamps: dict[str, str], names: Iterable[str]) -> None:
        """Store the stamps of *names*; those without one are deleted."""
        for name in names:
            if name in stamps:
                self._db.execute(
                    "INSERT OR REPLACE INTO stamps VALUES (?, ?)", (name, stamps[name])
                )
            else:
                self._db.execute("DELETE FROM stamps WHERE name = ?", (name,))


def _open(path: Path | None) -> sqlite3.Connection:
    assert path is not None
    try:
        return open_database(path, schema=_SCHEMA, version=VERSION)
    except Unusable:
        delete_database(path)
        return open_database(path, schema=_SCHEMA, version=VERSION)


def hash_of(data: bytes) -> str:
    """Return the manifest's hash of a file."""
    return blake2b(data, digest_size=16).hexdigest()
