"""The three ways to touch a disk: locks that speak, files that are whole, databases that wait."""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from liveblog.model.errors import StorageError
from liveblog.storage import locks, sqlite
from liveblog.storage.locks import Lock

# -- locks -----------------------------------------------------------------------------------------

HOLD = (
    "import fcntl, os, sys\n"
    "fd = os.open(sys.argv[1], os.O_RDONLY)\n"
    "fcntl.flock(fd, fcntl.LOCK_EX)\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


def holder(path: Path) -> subprocess.Popen[str]:
    """Start a process that holds a lock on a path until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_one_holds_a_lock_at_a_time(tmp_path: Path) -> None:
    """On a file, which is made with its folders, and on a folder; then the next does."""
    for path in (tmp_path / "new" / "a.lock", tmp_path):
        with Lock(path) as first:
            assert first.is_held
            assert not Lock(path).try_acquire()
        assert not first.is_held
        assert Lock(path).try_acquire()


def test_threads_wait_for_each_other(tmp_path: Path) -> None:
    """Each of many is alone while it holds the lock, and all come to it."""
    count = 0

    def add() -> None:
        nonlocal count
        with Lock(tmp_path):
            before = count
            time.sleep(0.001)
            count = before + 1

    threads = [threading.Thread(target=add) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == 20


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux lists who holds a lock")
def test_who_waits_says_for_whom_and_gives_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the process and the path, the error too."""
    monkeypatch.setattr(locks, "WARN_AFTER", 0.05)
    monkeypatch.setattr(locks, "GIVE_UP_AFTER", 0.2)
    with holder(tmp_path) as process:
        with caplog.at_level(logging.WARNING), pytest.raises(StorageError) as refused:
            Lock(tmp_path).acquire()
        assert process.stdin
        process.stdin.close()
    name = f"process {process.pid}"
    assert caplog.messages == [f"Waiting for {tmp_path}, which is locked by {name}."]
    assert f"{tmp_path} has been locked by {name}" in refused.value.message
    assert "end it if it hangs" in refused.value.hint


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    """However it ends."""
    with holder(tmp_path) as process:
        assert not Lock(tmp_path).try_acquire()
        process.kill()
    assert Lock(tmp_path).try_acquire()


def test_a_file_that_was_replaced_is_no_lock(tmp_path: Path) -> None:
    """Whoever opened the file before it was deleted does not share the lock with the next one."""
    path = tmp_path / "a.lock"
    first = Lock(path)
    first.acquire()
    path.unlink()
    second = Lock(path)
    assert second.try_acquire()
    first.release()
    assert not Lock(path).try_acquire()


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no lock that somebody else holds."""

    def refuse(fd: int, how: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    for take in (Lock(tmp_path).acquire, Lock(tmp_path).try_acquire):
        with pytest.raises(StorageError, match="No locks available") as refused:
            take()
        assert str(tmp_path) in refused.value.message
        assert "network file system" in refused.value.hint


def test_a_lock_that_is_let_go_leaves_no_descriptor(tmp_path: Path) -> None:
    """Neither does one that was not to be had."""
    before = len(os.listdir("/dev/fd"))
    with Lock(tmp_path):
        for _ in range(10):
            assert not Lock(tmp_path).try_acquire()
    assert len(os.listdir("/dev/fd")) <= before


# -- databases -------------------------------------------------------------------------------------

SCHEMA = "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);"


@pytest.fixture(autouse=True)
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for a busy database."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)


def opened(path: Path, **how: bool) -> sqlite3.Connection:
    """Open a database of one table."""
    return sqlite.open_database(path, schema=SCHEMA, version=3, **how)


def test_a_database_is_made_where_it_is_missing(tmp_path: Path) -> None:
    """With its folder; what was committed is there the next time."""
    path = tmp_path / "new" / "a.sqlite"
    db = opened(path)
    db.execute("INSERT INTO facts VALUES ('a', 'b')")
    db.close()
    db = opened(path, read_only=True)
    assert db.execute("SELECT * FROM facts").fetchall() == [("a", "b")]
    with pytest.raises(StorageError), sqlite.errors(path):
        db.execute("DELETE FROM facts")
    db.close()


def test_read_only_makes_nothing(tmp_path: Path) -> None:
    """Neither file nor folder."""
    with pytest.raises(FileNotFoundError):
        opened(tmp_path / "new" / "a.sqlite", read_only=True)
    assert not list(tmp_path.iterdir())


def test_a_busy_database_is_not_damaged(tmp_path: Path) -> None:
    """It is waited for, then it is an error that says so; the file stays."""
    path = tmp_path / "a.sqlite"
    opened(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    inode = path.stat().st_ino
    for read_only in (False, True):
        with pytest.raises(StorageError, match="busy") as refused:
            opened(path, read_only=read_only)
        assert not isinstance(refused.value, sqlite.Unusable)
    other.close()
    assert path.stat().st_ino == inode


@pytest.mark.parametrize("what", ["bytes", "version", "table"])
def test_a_damaged_or_outdated_database_is_unusable(tmp_path: Path, what: str) -> None:
    """Who can make it again may delete it, with what SQLite keeps beside it."""
    path = tmp_path / "a.sqlite"
    if what == "bytes":
        path.write_bytes(b"no database at all" * 100)
    else:
        db = sqlite3.connect(path)
        db.execute(f"PRAGMA user_version = {3 if what == 'table' else 2}")
        db.close()
    path.with_name("a.sqlite-journal").touch()
    with pytest.raises(sqlite.Unusable), sqlite.errors(path):
        opened(path).execute("SELECT * FROM facts")
    sqlite.delete_database(path)
    assert not list(tmp_path.iterdir())
    opened(path).close()
