"""The manifest: every file of the site, its hash and purpose; and the faults that were found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

from ..journal import Fault
from ..model import addresses

SCHEMA = """
CREATE TABLE files (
    path TEXT PRIMARY KEY, hash TEXT NOT NULL, purpose TEXT NOT NULL, run INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_purpose ON files (purpose);
CREATE TABLE faults (
    purpose TEXT NOT NULL, place TEXT NOT NULL, problem TEXT NOT NULL, hint TEXT NOT NULL,
    PRIMARY KEY (purpose, place, problem)
) WITHOUT ROWID;
"""

TABLES = ("files", "faults")


class Manifest:
    """The files of the site as of the last publication."""

    def __init__(self, db: sqlite3.Connection, run: Callable[[], int]) -> None:
        """Use the tables of :data:`SCHEMA` in *db*; *run* returns the publication's number."""
        self._db = db
        self._run = run

    def record_files(self, files: Iterable[tuple[str, str, str]]) -> None:
        """Record files that were rendered: path, hash and purpose of each."""
        run = self._run()
        self._db.executemany(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", ((*f, run) for f in files)
        )

    def keep_files(self, paths: Iterable[str]) -> None:
        """Record that files stay as they are."""
        run = self._run()
        self._db.executemany("UPDATE files SET run = ? WHERE path = ?", ((run, p) for p in paths))

    def stale_files(self, purpose: str) -> list[str]:
        """Return the files of a purpose that this publication neither rendered nor kept."""
        query = "SELECT path FROM files WHERE purpose = ? AND run <> ? ORDER BY path"
        return [row[0] for row in self._db.execute(query, (purpose, self._run()))]

    def forget_file(self, path: str) -> None:
        """Record that a file is deleted."""
        self._db.execute("DELETE FROM files WHERE path = ?", (path,))

    def hashes(self, purpose: str) -> dict[str, str]:
        """Map each file of a purpose to its hash."""
        return dict(self._db.execute("SELECT path, hash FROM files WHERE purpose = ?", (purpose,)))

    def has_file(self, path: str) -> bool:
        """Whether a file is in the manifest."""
        query = "SELECT 1 FROM files WHERE path = ?"
        return self._db.execute(query, (path,)).fetchone() is not None

    def files(self) -> list[tuple[str, str]]:
        """Return every file with its hash."""
        return list(self._db.execute("SELECT path, hash FROM files ORDER BY path"))

    def made_pictures(self) -> dict[str, str]:
        """Map each picture that the publisher made, smaller or drawn, to its hash."""
        query = "SELECT path, hash FROM files WHERE path BETWEEN 'media/' AND 'media/~' OR path = ?"
        rows = self._db.execute(query, (addresses.CARD,))
        return {path: known for path, known in rows if addresses.is_made_picture(path)}

    def topics(self) -> dict[str, str]:
        """Map the live page and every feed that is no archive to its hash."""
        rows = self._db.execute(
            "SELECT path, hash FROM files WHERE path = 'index.html' OR "
            "(path LIKE '%atom.xml' OR path LIKE '%rss.xml' OR path LIKE '%feed.json') "
            "AND purpose NOT LIKE 'archive:%' ORDER BY path"
        )
        return dict(rows)

    def replace_faults(self, purpose: str, faults: Iterable[Fault]) -> None:
        """Replace the faults of a purpose."""
        self._db.execute("DELETE FROM faults WHERE purpose = ?", (purpose,))
        rows = [(purpose, fault.place, fault.problem, fault.hint) for fault in faults]
        self._db.executemany("INSERT OR REPLACE INTO faults VALUES (?, ?, ?, ?)", rows)

    def failed(self, kind: str) -> set[str]:
        """Return the purposes of a *kind* (``entry:``) that have faults, without that prefix."""
        query = "SELECT DISTINCT purpose FROM faults WHERE purpose BETWEEN ? AND ?"
        rows = self._db.execute(query, (kind, f"{kind}\x7f"))
        return {row[0].removeprefix(kind) for row in rows}

    def faults(self) -> list[Fault]:
        """Return every fault; of several with one location the first."""
        query = "SELECT place, problem, hint FROM faults ORDER BY purpose DESC, place, problem DESC"
        return list({row[0]: Fault(*row) for row in self._db.execute(query)}.values())[::-1]
