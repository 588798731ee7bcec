"""Opens SQLite databases and classifies their errors.

A busy database is waited for, then :class:`Busy` is raised. Only a database that is damaged or was
created by another version (:class:`Unusable`) may be deleted and built again, and only by the
holder of its lock, from the data that it is derived from.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..model.errors import Busy, InvalidInput, StorageError

BUSY_TIMEOUT = 10.0
"""Seconds for which a database that another process writes to is waited for."""

_DAMAGE = {"CORRUPT", "NOTADB", "CONSTRAINT"}
"""SQLite's primary result codes for damaged contents. Apart from "no such table", every other code
is an error of the machine (busy, full, read-only, out of memory)."""


class Unusable(StorageError):
    """The database is damaged, or another version of this program made it."""


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """Turn the errors of :mod:`sqlite3` into :class:`Unusable` or other storage errors.

    A text that is no Unicode (a lone surrogate) is an :class:`InvalidInput`.
    """
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_").partition("_")[0]
        if name in _DAMAGE or (name == "ERROR" and "no such" in str(error)):
            raise Unusable(
                f"{path} is damaged: {error}.", "Restore it from a backup, or delete it."
            ) from error
        if name in ("BUSY", "LOCKED"):
            raise Busy(
                f"{path} is busy: another process writes to it.",
                "Try again in a moment. If it stays busy, look for a process that hangs.",
            ) from error
        raise StorageError(
            f"Cannot use {path}: {error}.", "Check the free space and the permissions there."
        ) from error
    except OSError as error:
        raise StorageError.of(error, "use", path) from error
    except UnicodeEncodeError as error:  # of a text that was to be stored or looked up
        raise InvalidInput(
            f"{error.object[:100]!a} is not text: it cannot be written as UTF-8.",
            "Type it anew, or convert it to UTF-8.",
        ) from None


def open_database(
    path: Path,
    *,
    schema: str,
    version: int,
    read_only: bool = False,
) -> sqlite3.Connection:
    """Open the database at *path*, in autocommit mode, usable from any thread but one at a time.

    One that is missing or empty gets the *schema*, in one transaction. With *read_only* the file
    is never changed or made.

    Raises :class:`Unusable` for a damaged database and one of another *version*,
    :class:`StorageError` for one that is busy for :data:`BUSY_TIMEOUT` or cannot be opened, and
    :class:`FileNotFoundError` if *read_only* is asked of a missing or empty one.
    """
    with errors(path):
        is_empty = not path.exists() or not path.stat().st_size
    if read_only and is_empty:
        raise FileNotFoundError(path)
    with errors(path):
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
        mode = "ro" if read_only else "rwc"
        address = f"{path.absolute().as_uri()}?mode={mode}"
        db = sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            # Deleted text leaves no trace in the file.
            db.execute("PRAGMA secure_delete = ON")
            if _version(db) == 0 and not read_only:
                db.execute("BEGIN IMMEDIATE")
                if _version(db) == 0:  # and no other process was faster
                    _create(db, schema, version)
                db.execute("COMMIT")
            found = _version(db)
            if found != version:
                raise Unusable(
                    f"{path} was made by another version of liveblog ({found}, not {version}).",
                    "Use that version, or delete the file if it can be made again.",
                )
        except BaseException:
            db.close()
            raise
        return db


def open_temporary(*, schema: str, version: int, copy_of: Path | None = None) -> sqlite3.Connection:
    """Open a temporary database that ends when it is closed.

    It is a copy of the database *copy_of*, or has only the *schema*. It is in memory; a large one
    is in a file without a name.

    Raises what :func:`open_database` raises with *read_only*.
    """
    db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    try:
        if copy_of:
            source = open_database(copy_of, schema=schema, version=version, read_only=True)
            try:
                with errors(copy_of):
                    # A reader that has begun is not interrupted by a writer.
                    source.execute("BEGIN")
                    source.execute("SELECT 1 FROM sqlite_master").fetchone()
                    source.backup(db)
            finally:
                source.close()
        else:
            _create(db, schema, version)
    except BaseException:
        db.close()
        raise
    return db


def delete_database(path: Path) -> None:
    """Delete a database and its journal files, if they exist."""
    with errors(path):
        for ending in ("-journal", "-wal", "-shm", ""):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _create(db: sqlite3.Connection, schema: str, version: int) -> None:
    """Execute the statements of a schema one by one: ``executescript`` would commit before."""
    statement = ""
    for line in schema.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
    db.execute(f"PRAGMA user_version = {version}")
