"""What the publisher knows of the site as it last left it: ``.liveblog/index.sqlite``.

A few facts about each entry (enough to find the newest, the key ones, those of a tag), and the
manifest: every file written, its hash, and what it was written for; and the faults met on the way.
All of it is derived; a lost, damaged or outdated index is made again from the journal.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

import msgspec
from msgspec import Struct

from ..journal import Fault
from ..model.entry import id_day, slug
from ..model.hashing import blake2b
from ..model.period import local_day
from ..storage.sqlite import Unusable, delete_database, open_database, open_temporary
from ..timeline import Entry
from .days import NonEmptyDays

VERSION = 7

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE stamps (name TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE days (day TEXT PRIMARY KEY, headline TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    id TEXT PRIMARY KEY, day TEXT NOT NULL, mark BLOB NOT NULL, author TEXT NOT NULL,
    position TEXT NOT NULL, updated TEXT NOT NULL, key INTEGER NOT NULL, pinned INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX entries_day ON entries (day);
CREATE INDEX entries_position ON entries (position, id);
CREATE INDEX entries_updated ON entries (updated, position, id);
CREATE INDEX entries_key ON entries (position, id) WHERE key;
CREATE INDEX entries_pinned ON entries (position, id) WHERE pinned;
CREATE TABLE tags (
    slug TEXT NOT NULL, position TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (slug, position, id)
) WITHOUT ROWID;
CREATE INDEX tags_id ON tags (id);
CREATE TABLE slugs (slug TEXT PRIMARY KEY, entries INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE figures (day TEXT PRIMARY KEY, csv TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE removals (id TEXT PRIMARY KEY, day TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX removals_at ON removals (at, id);
CREATE TABLE changes (
    day TEXT NOT NULL, id TEXT NOT NULL, told TEXT NOT NULL, PRIMARY KEY (day, id)
) WITHOUT ROWID;
CREATE INDEX changes_id ON changes (id);
CREATE TABLE files (
    path TEXT PRIMARY KEY, hash TEXT NOT NULL, purpose TEXT NOT NULL, run INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_purpose ON files (purpose);
CREATE TABLE faults (
    purpose TEXT NOT NULL, place TEXT NOT NULL, problem TEXT NOT NULL, hint TEXT NOT NULL,
    PRIMARY KEY (purpose, place, problem)
) WITHOUT ROWID;
"""

_TABLES = (
    "stamps", "days", "entries", "tags", "slugs", "figures", "removals", "changes", "files",
    "faults",
)  # fmt: skip


class EntryRef(Struct, frozen=True):
    """Where an entry stands: enough to fetch it from the journal."""

    id: str
    day: date


class Invalidation(Struct, frozen=True):
    """What shows the entries of a day that are not as they were remembered."""

    tags: frozenset[str]  #: slugs
    archives: frozenset[date]  #: the days in which they appeared or changed
    homes: frozenset[date]  #: the days that they live in, if others

    @classmethod
    def by(cls, found: Sequence[Invalidation]) -> Invalidation:
        """Return what shows the entries of several days."""
        return cls(
            frozenset().union(*(one.tags for one in found)),
            frozenset().union(*(one.archives for one in found)),
            frozenset().union(*(one.homes for one in found)),
        )


class Index:
    """The publisher's memory; use one of a path under the publisher's lock only."""

    def __init__(self, path: Path | None, db: sqlite3.Connection | None = None) -> None:
        """Open the index at *path*; one that is damaged or outdated is deleted and made anew.

        Raises :class:`StorageError` for one that is busy or cannot be opened.
        """
        self.path = path
        self._db = db or _opened(path)
        self._inode = path.stat().st_ino if path else 0
        self._run = 0  # of the publication at work, once it is known
        self._told: tuple[int, NonEmptyDays] | None = None
        self.close = weakref.finalize(self, self._db.close)

    @classmethod
    def temporary(cls, copy_of: Path | None = None) -> Index:
        """Return an index that nobody else sees, empty or a copy.

        One of which there is no copy (missing, damaged, outdated) is as good as an empty one.

        Raises :class:`Busy` and other storage errors.
        """
        try:
            return cls(None, open_temporary(schema=_SCHEMA, version=VERSION, copy_of=copy_of))
        except (Unusable, FileNotFoundError):
            return cls(None, open_temporary(schema=_SCHEMA, version=VERSION))

    def is_there(self) -> bool:
        """Whether its file is where it was."""
        try:
            return self.path is None or self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def begin(self) -> None:
        """Begin to learn: all or nothing of what follows up to :meth:`commit` is kept."""
        self._db.execute("BEGIN IMMEDIATE")

    def give_up(self) -> None:
        """Forget what was learnt and not committed."""
        self._run = 0
        self._told = None
        if self._db.in_transaction:
            self._db.rollback()

    def commit(self) -> None:
        """Keep what was learnt; a crash before this leaves the index as it was."""
        self.remember("run", str(self._number))
        self._db.execute("COMMIT")
        self._run = 0

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Take back what was learnt within, if it raises."""
        self._db.execute("SAVEPOINT trying")
        try:
            yield
        except BaseException:
            self._told = None
            if self._db.in_transaction:  # SQLite may have gone back by itself
                self._db.execute("ROLLBACK TO trying")
                self._db.execute("RELEASE trying")
            raise
        self._db.execute("RELEASE trying")

    @property
    def _number(self) -> int:
        """The number of the publication at work."""
        self._run = self._run or int(self.fact("run") or 0) + 1
        return self._run

    def clear(self) -> None:
        """Forget everything."""
        self._db.execute("DELETE FROM facts WHERE name <> 'run'")
        for table in _TABLES:
            self._db.execute(f"DELETE FROM {table}")
        self._told = None

    # -- facts --------------------------------------------------------------------------------

    def fact(self, name: str) -> str:
        """Return a remembered fact, or an empty string."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def remember(self, name: str, value: str) -> None:
        """Remember a fact."""
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def changed_stamps(
        self, stamps: dict[str, str], names: Collection[str] | None = None
    ) -> set[str]:
        """Return those of *names* (of all, unless given) whose stamp is not the remembered one."""
        if names is None:
            known = dict(self._db.execute("SELECT name, stamp FROM stamps"))
        else:
            query = "SELECT name, stamp FROM stamps WHERE name IN (SELECT value FROM json_each(?))"
            known = dict(self._db.execute(query, (msgspec.json.encode(sorted(names)).decode(),)))
        return {name for name, _ in stamps.items() ^ known.items()}

    def kept_between(self, first: date, last: date) -> list[date]:
        """Return the days from *first* to *last* under which the journal was found to keep any."""
        query = "SELECT name FROM stamps WHERE name BETWEEN ? AND ? AND LENGTH(name) = 10"
        rows = self._db.execute(query, (first.isoformat(), last.isoformat()))
        return [date.fromisoformat(row[0]) for row in rows]

    def remember_stamps(self, stamps: dict[str, str], names: Iterable[str]) -> None:
        """Remember how these names stand now."""
        for name in names:
            if name in stamps:
                self._db.execute(
                    "INSERT OR REPLACE INTO stamps VALUES (?, ?)", (name, stamps[name])
                )
            else:
                self._db.execute("DELETE FROM stamps WHERE name = ?", (name,))

    # -- entries ------------------------------------------------------------------------------

    def replace_day(
        self,
        day: date,
        entries: Iterable[Entry],
        headline: str | None,
        removed: Iterable[Entry],
        zone: tzinfo,
    ) -> tuple[Invalidation, set[str]]:
        """Take over a day as it stands; return what that touched, and the ids of its entries.

        *headline* is None if the day has nothing to tell, *zone* the blog's.
        """
        name = day.isoformat()
        before = dict(self._db.execute("SELECT id, mark FROM entries WHERE day = ?", (name,)))
        now = {entry.id: entry for entry in entries}
        touched = {i for i in before if i not in now or now[i].mark != before[i]}
        touched |= now.keys() - before.keys()
        gone = {entry.id: entry for entry in removed}
        stones = dict(self._db.execute("SELECT id, at FROM removals WHERE day = ?", (name,)))
        after = {i: _instant(entry.now.updated) for i, entry in gone.items()}
        touched |= {i for i, _ in stones.items() ^ after.items()}
        self._db.execute("DELETE FROM removals WHERE day = ?", (name,))
        self._db.executemany(
            "INSERT OR REPLACE INTO removals VALUES (?, ?, ?)",
            [(entry_id, name, at) for entry_id, at in after.items()],
        )
        slugs: set[str] = set()
        days: set[str] = set()
        # NonEmptyDays here, or in another day before they were moved.
        query = "SELECT DISTINCT id FROM changes WHERE id IN (SELECT value FROM json_each(?))"
        ids = msgspec.json.encode(sorted(touched)).decode()
        for (entry_id,) in self._db.execute(query, (ids,)).fetchall():
            # That it is told elsewhere may have been taken over already.
            is_here = entry_id in now or entry_id in gone
            if not is_here and self._is_told_elsewhere(entry_id, name):
                continue
            rows = self._db.execute("SELECT slug FROM tags WHERE id = ?", (entry_id,))
            carried = [row[0] for row in rows]
            self._db.execute("DELETE FROM tags WHERE id = ?", (entry_id,))
            self._count(carried, -1)
            slugs.update(carried)
            self._db.execute("DELETE FROM entries WHERE id = ? AND day = ?", (entry_id, name))
            rows = self._db.execute("SELECT day FROM changes WHERE id = ?", (entry_id,))
            days |= {row[0] for row in rows}
            query = "DELETE FROM changes WHERE id = ? AND (? OR told = ?)"
            self._db.execute(query, (entry_id, is_here, name))
        slugs |= self._insert([now[i] for i in sorted(touched) if i in now])
        changes = [
            (local_day(revision.updated, zone).isoformat(), entry.id, name)
            for entry in ((now | gone)[i] for i in sorted(touched) if i in now or i in gone)
            for revision in entry.revisions
        ]
        self._db.executemany("INSERT OR REPLACE INTO changes VALUES (?, ?, ?)", changes)
        days |= {change[0] for change in changes}
        self._replace_headline(name, headline)
        homes = {id_day(entry.id) for entry in now.values() if entry.now.day}
        what = Invalidation(
            frozenset(slugs), frozenset(map(date.fromisoformat, days)), frozenset(homes)
        )
        return what, touched

    def _is_told_elsewhere(self, entry_id: str, day: str) -> bool:
        query = "SELECT 1 FROM entries WHERE id = ? AND day <> ?"
        return self._db.execute(query, (entry_id, day)).fetchone() is not None

    def _replace_headline(self, name: str, headline: str | None) -> None:
        row = self._db.execute("SELECT headline FROM days WHERE day = ?", (name,)).fetchone()
        if (row[0] if row else None) == headline:
            return
        self._told = None
        if headline is None:
            self._db.execute("DELETE FROM days WHERE day = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO days VALUES (?, ?)", (name, headline))

    def _insert(self, entries: Iterable[Entry]) -> set[str]:
        """Add entries; return the slugs of their tags."""
        rows = []
        tags = []
        for entry in entries:
            now = entry.now
            is_live = now.state == "live"
            published, posted, _ = entry.position
            position = _instant(published) + _instant(posted)
            rows.append(
                (
                    now.id,
                    entry.day.isoformat(),
                    entry.mark,
                    now.author,
                    position,
                    _instant(now.updated),
                    now.key and is_live,
                    now.pinned and is_live,
                )
            )
            tags += [(s, position, now.id, t) for s, t in {slug(t): t for t in now.tags}.items()]
        places = ", ".join("?" * 8)
        self._db.executemany(f"INSERT OR REPLACE INTO entries VALUES ({places})", rows)
        self._db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?)", tags)
        self._count((tag[0] for tag in tags), 1)
        return {tag[0] for tag in tags}

    def _count(self, slugs: Iterable[str], more: int) -> None:
        """Note that a tag has more entries, or (*more* negative) fewer."""
        counted = Counter(slugs)
        self._db.executemany(
            "INSERT INTO slugs VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET entries = entries + excluded.entries",
            [(name, more * number) for name, number in counted.items()],
        )
        if more < 0:
            query = "DELETE FROM slugs WHERE slug = ? AND entries = 0"
            self._db.executemany(query, [(name,) for name in counted])

    def replace_figures(self, day: date, csv: str) -> bool:
        """Take over the lines in which a day gives figures; return whether they changed."""
        name = day.isoformat()
        row = self._db.execute("SELECT csv FROM figures WHERE day = ?", (name,)).fetchone()
        if (row[0] if row else "") == csv:
            return False
        if csv:
            self._db.execute("INSERT OR REPLACE INTO figures VALUES (?, ?)", (name, csv))
        else:
            self._db.execute("DELETE FROM figures WHERE day = ?", (name,))
        return True

    def figures(self) -> str:
        """Return the lines of every day that gives figures, in order."""
        return "".join(row[0] for row in self._db.execute("SELECT csv FROM figures ORDER BY day"))

    def told(self) -> NonEmptyDays:
        """Return the days that have something to tell; the same object until one changes here."""
        # Until another publisher's commit, or a change of our own.
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if self._told is None or self._told[0] != version:
            rows = self._db.execute("SELECT day, headline FROM days ORDER BY day")
            self._told = (
                version,
                NonEmptyDays((date.fromisoformat(day), line) for day, line in rows),
            )
        return self._told[1]

    def told_elsewhere(self, of: date) -> set[date]:
        """Return the days in which entries that live in a day were told, or removed, if another."""
        where = "WHERE id BETWEEN :first AND :last AND day <> :of"
        rows = self._db.execute(
            f"SELECT day FROM entries {where} UNION SELECT day FROM removals {where}",
            {"first": f"{of:%Y%m%d}-", "last": f"{of:%Y%m%d}-~", "of": of.isoformat()},
        )
        return {date.fromisoformat(row[0]) for row in rows}

    def days_of(self, entry_id: str) -> set[date]:
        """Return the day in which an entry is told, if it is."""
        rows = self._db.execute("SELECT day FROM entries WHERE id = ?", (entry_id,))
        return {date.fromisoformat(row[0]) for row in rows}

    def newest(self, limit: int) -> list[EntryRef]:
        """Return the newest entries, the newest first."""
        return self._places(
            "SELECT id, day FROM entries ORDER BY position DESC, id DESC LIMIT ?", limit
        )

    def last_updated(self, limit: int) -> list[EntryRef]:
        """Return the entries that were posted or corrected last, the last first."""
        return self._places(
            "SELECT id, day FROM entries ORDER BY updated DESC, position DESC, id DESC LIMIT ?",
            limit,
        )

    def keys(self, limit: int) -> list[EntryRef]:
        """Return the newest key entries, the newest first."""
        return self._places(
            "SELECT id, day FROM entries WHERE key ORDER BY position DESC, id DESC LIMIT ?", limit
        )

    def pinned(self, limit: int) -> list[EntryRef]:
        """Return the newest pinned entries, the newest first."""
        return self._places(
            "SELECT id, day FROM entries WHERE pinned ORDER BY position DESC, id DESC LIMIT ?",
            limit,
        )

    def tagged(self, tag_slug: str, limit: int) -> list[EntryRef]:
        """Return the newest entries of a tag, the newest first."""
        return self._places(
            "SELECT t.id, e.day FROM tags t JOIN entries e ON e.id = t.id WHERE t.slug = ? "
            "ORDER BY t.position DESC, t.id DESC LIMIT ?",
            tag_slug,
            limit,
        )

    def updated_since(self, instant: datetime) -> int:
        """Return how many entries were posted or corrected since an instant."""
        query = "SELECT COUNT(*) FROM entries WHERE updated >= ?"
        count: int = self._db.execute(query, (_instant(instant),)).fetchone()[0]
        return count

    def removals(self, limit: int) -> list[tuple[str, datetime]]:
        """Return the entries that were removed last, with the instant, the last first."""
        query = "SELECT id, at FROM removals ORDER BY at DESC, id LIMIT ?"
        rows = self._db.execute(query, (limit,))
        return [(entry_id, datetime.fromisoformat(at)) for entry_id, at in rows]

    def removed_since(self, instant: datetime) -> int:
        """Return how many entries were removed since an instant."""
        query = "SELECT COUNT(*) FROM removals WHERE at >= ?"
        count: int = self._db.execute(query, (_instant(instant),)).fetchone()[0]
        return count

    def changed_in(self, day: date) -> list[EntryRef]:
        """Return the entries that appeared, changed or were removed in a day."""
        return self._places("SELECT id, told FROM changes WHERE day = ?", day.isoformat())

    def change_before(self, day: date) -> date | None:
        """Return the last day before *day* in which an entry appeared or changed."""
        return self._day("SELECT MAX(day) FROM changes WHERE day < ?", day)

    def change_after(self, day: date) -> date | None:
        """Return the first day after *day* in which an entry appeared or changed."""
        return self._day("SELECT MIN(day) FROM changes WHERE day > ?", day)

    def _day(self, query: str, day: date) -> date | None:
        name = self._db.execute(query, (day.isoformat(),)).fetchone()[0]
        return date.fromisoformat(name) if name else None

    def tag(self, tag_slug: str) -> tuple[str, int]:
        """Return a tag's name as it was first written, and its number of entries."""
        row = self._db.execute(
            "SELECT name, entries FROM tags JOIN slugs USING (slug) "
            "WHERE slug = ? ORDER BY position, id LIMIT 1",
            (tag_slug,),
        ).fetchone()
        return (row[0], row[1]) if row else ("", 0)

    def tags(self) -> list[str]:
        """Return the slug of every tag in use, in order."""
        query = "SELECT slug FROM slugs ORDER BY slug"
        return [row[0] for row in self._db.execute(query)]

    def told_in(self, day: date) -> int:
        """Return how many entries are told in a day."""
        query = "SELECT COUNT(*) FROM entries WHERE day = ?"
        count: int = self._db.execute(query, (day.isoformat(),)).fetchone()[0]
        return count

    def last_change(self) -> datetime | None:
        """Return the instant of the newest update or correction."""
        row = self._db.execute("SELECT MAX(updated) FROM entries").fetchone()
        return datetime.fromisoformat(row[0]) if row and row[0] else None

    def _places(self, query: str, *values: object) -> list[EntryRef]:
        return [EntryRef(i, date.fromisoformat(day)) for i, day in self._db.execute(query, values)]

    # -- the manifest -------------------------------------------------------------------------

    def record_files(self, files: Iterable[tuple[str, str, str]]) -> None:
        """Note that files were made: the path, hash and purpose of each."""
        run = self._number
        self._db.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", ((*f, run) for f in files)
        )

    def keep_files(self, paths: Iterable[str]) -> None:
        """Note that files are as they were."""
        run = self._number
        self._db.executemany("UPDATE files SET run = ? WHERE path = ?", ((run, p) for p in paths))

    def stale_files(self, purpose: str) -> list[str]:
        """Return the files made for a purpose before, not made and not kept in this run."""
        query = "SELECT path FROM files WHERE purpose = ? AND run <> ? ORDER BY path"
        return [row[0] for row in self._db.execute(query, (purpose, self._number))]

    def forget_file(self, path: str) -> None:
        """Note that a file is gone."""
        self._db.execute("DELETE FROM files WHERE path = ?", (path,))

    def hashes(self, purpose: str) -> dict[str, str]:
        """Return the files made for a purpose, each with its hash."""
        return dict(self._db.execute("SELECT path, hash FROM files WHERE purpose = ?", (purpose,)))

    def has_file(self, path: str) -> bool:
        """Whether a file was made."""
        query = "SELECT 1 FROM files WHERE path = ?"
        return self._db.execute(query, (path,)).fetchone() is not None

    def files(self) -> list[tuple[str, str]]:
        """Return every file made, with its hash."""
        return list(self._db.execute("SELECT path, hash FROM files ORDER BY path"))

    def topics(self) -> dict[str, str]:
        """Return the live page and every feed that one subscribes to, each with its hash."""
        rows = self._db.execute(
            "SELECT path, hash FROM files WHERE path = 'index.html' OR "
            "(path LIKE '%atom.xml' OR path LIKE '%rss.xml' OR path LIKE '%feed.json') "
            "AND purpose NOT LIKE 'archive:%' ORDER BY path"
        )
        return dict(rows)

    # -- faults -------------------------------------------------------------------------------

    def replace_faults(self, purpose: str, faults: Iterable[Fault]) -> None:
        """Take over the faults that were met while a purpose was served."""
        self._db.execute("DELETE FROM faults WHERE purpose = ?", (purpose,))
        rows = [(purpose, fault.place, fault.problem, fault.hint) for fault in faults]
        self._db.executemany("INSERT OR REPLACE INTO faults VALUES (?, ?, ?, ?)", rows)

    def failed(self, kind: str) -> set[str]:
        """Return what had faults among the purposes of a kind (``entry:``)."""
        query = "SELECT DISTINCT purpose FROM faults WHERE purpose BETWEEN ? AND ?"
        rows = self._db.execute(query, (kind, f"{kind}\x7f"))
        return {row[0].removeprefix(kind) for row in rows}

    def faults(self) -> list[Fault]:
        """Return every fault that stands; of those of one place the first."""
        query = "SELECT place, problem, hint FROM faults ORDER BY purpose DESC, place, problem DESC"
        return list({row[0]: Fault(*row) for row in self._db.execute(query)}.values())[::-1]


def _opened(path: Path | None) -> sqlite3.Connection:
    assert path is not None
    try:
        return open_database(path, schema=_SCHEMA, version=VERSION)
    except Unusable:
        delete_database(path)
        return open_database(path, schema=_SCHEMA, version=VERSION)


def _instant(instant: datetime) -> str:
    """Write an instant so that text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def hash_of(data: bytes) -> str:
    """Return the manifest's hash of a file."""
    return blake2b(data, digest_size=16).hexdigest()
