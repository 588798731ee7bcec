"""The journal as plain files: ``entries/2012/07/2012-07-15.jsonl``, one line a record.

What lies where:

- a day's file: its entries' revisions, its framing, references to entries moved there;
- ``entries/2012/2012-W29.jsonl``, ``entries/coverage.jsonl``: the framing of longer periods;
- ``entries/….jsonl.torn``: bytes of appends that a crash cut short, never acknowledged;
- ``.liveblog/head``: what was written last; see :mod:`.head`.

Writers take turns by an exclusive flock on ``entries/``; readers take no lock. An append is one
write of one whole line, and a sync after the turn; see :mod:`.tail`. What can go wrong is a last
line without its end: readers pass over it, and the next writer sets its bytes aside.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..entry import Framing, Record, Reference, Revision, id_day
from ..errors import Conflict, InvalidInput, StorageError
from ..storage.atomic import replace_file
from . import Reading, Written
from .head import Head
from .line import Line, decode, encode
from .reader import TICK, Reader
from .tail import Tail

TAILS_KEPT = 16
"""So many files are held open for appending."""

RETRY_DAYS = 30
"""How many days back a retry finds the entry that its idempotency key made."""

AnyRecord = TypeVar("AnyRecord", bound=Revision | Framing | Reference)


class _Pending(Struct, frozen=True):
    """A line that was written and is not yet known to be on disk."""

    name: str
    tail: Tail
    start: int  #: where it stands in its file, in bytes
    end: int
    head: bytes  #: as it was before
    noted: bytes  #: the head with this line above


class _Turn:
    """The journal's lock: one writer at a time, in this and in every process.

    A class, since the way through a generator takes longer than to get the lock.
    """

    __slots__ = ("_fd", "_folder")

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        try:
            try:
                self._fd = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._fd = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise StorageError.of(error, "open", self._folder) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        except BaseException:
            os.close(self._fd)
            raise

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


class DayFiles(Reader):
    """The :class:`~liveblog.journal.Journal` contract over a folder of day files."""

    def __init__(self, entries: Path, derived: Path, clock: Callable[[], datetime]) -> None:
        """Keep the journal in *entries* and the hint of its head in *derived*.

        *clock* returns aware datetimes.
        """
        super().__init__(entries, Head(derived / "head"))
        self._clock = clock
        self._tails: dict[str, Tail] = {}  # the files that were written to last

    def append(self, record: Written, *, expect: int) -> Written:
        """See :meth:`liveblog.journal.Journal.append`."""
        home = home_of(record)
        with _Turn(self.folder):
            if isinstance(record, Revision) and record.idempotency_key:
                earlier: Written | None = self._earlier(record)
                if earlier is not None:
                    self._vouch(home_of(earlier))
                    return earlier
            current = self._current(record, home) if expect or _guarded(record) else None
            if (current.rev if current else 0) != expect:
                raise Conflict(record.name, expect, current, record)
            if isinstance(record, Revision) and record.day and record.day != home:
                self._refer(record)
            record, line = self._write(home, msgspec.structs.replace(record, rev=expect + 1))
        self._sync(line)
        return record

    def adopt(self, record: Revision | Framing) -> bool:
        """See :meth:`liveblog.journal.Journal.adopt`."""
        home = home_of(record)
        with _Turn(self.folder):
            known = {
                r.rev: r
                for r in self.read(home).records
                if not isinstance(r, Reference) and r.name == record.name
            }
            same = known.get(record.rev)
            if same and msgspec.structs.replace(same, recorded=record.recorded) == record:
                self._vouch(home)
                return False
            newest = max(known, default=0)
            if newest != record.rev - 1:
                raise Conflict(record.name, record.rev - 1, known.get(newest), record)
            at = min(record.recorded or self._clock(), self._clock())
            if isinstance(record, Revision) and record.day and record.day != home:
                self._refer(record, at - TICK)
            _, line = self._write(home, record, at)
        self._sync(line)
        return True

    def redact(self, entry_id: str) -> int:
        """See :meth:`liveblog.journal.Journal.redact`."""
        home = id_day(entry_id).isoformat()
        path = self.path(home)
        with _Turn(self.folder):
            if not path.exists():
                return 0
            count = 0
            lines: list[bytes] = []
            for raw in path.read_bytes().splitlines(keepends=True):
                line = decode(raw.rstrip(b"\n"))
                if (
                    isinstance(line, Line)
                    and isinstance(line.record, Revision)
                    and line.record.id == entry_id
                    and not line.redacted
                ):
                    count += 1
                    raw = encode(_redacted(line.record), line.prev, line.after, was=line.sum)
                lines.append(raw)
            if count:
                self._tails.pop(home, None)
                replace_file(path, b"".join(lines))
                self._note(home)
            return count

    def _refer(self, record: Revision, at: datetime | None = None) -> None:
        """Note in the day that an entry is told in where it lives."""
        reference = Reference(entry=record.id)
        if not any(r == reference for r in _without_instants(self.read(record.day))):
            _, line = self._write(record.day, reference, at)
            try:
                line.tail.sync(line.end)
            except OSError as error:
                self._take_back(line)
                raise StorageError.of(error, "write to", self.path(record.day)) from error

    def _write(
        self, name: str, record: AnyRecord, at: datetime | None = None
    ) -> tuple[AnyRecord, _Pending]:
        """Append one record to one file, as of now or *at*. The lock is held."""
        try:
            tail = self._tail(name)
            head = self._head.read()
            newest = self._newest(head)
            if newest.name != name and self._is_there(newest.name):
                # No line is on disk whose predecessor in another file is not.
                self._sync_all(newest.name)
            now = max((at or self._clock()).astimezone(UTC), newest.instant + TICK)
            record = msgspec.structs.replace(record, recorded=now)
            start = tail.size
            tail.append(encode(record, prev=tail.last, after=newest.sum))
        except OSError as error:
            raise StorageError.of(error, "write to", self.path(name)) from error
        noted = self._head.write(now, tail.last, name, head)
        return record, _Pending(name, tail, start, tail.size, head, noted)

    def _sync(self, line: _Pending) -> None:
        """Return once a line is on disk. The lock is not held: others may write meanwhile."""
        try:
            line.tail.sync(line.end)
        except OSError as error:
            with _Turn(self.folder):
                self._take_back(line)
            raise StorageError.of(error, "write to", self.path(line.name)) from error

    def _take_back(self, line: _Pending) -> None:
        """Remove a line that could not be synced, if the machine lets us and nobody built on it.

        The lock is held. Whoever wrote anything since, or vouched for the line, is in the head. The
        file is read anew before the next append.
        """
        if self._head.read() == line.noted and line.tail.take_back(line.start, line.end):
            self._head.restore(line.head)

    def _vouch(self, name: str) -> None:
        """Return once all that is kept under a name is there for good. The lock is held.

        Whoever wrote it may still wait for the disk, or never have come to it.
        """
        self._sync_all(name)
        self._note(name)

    def _note(self, name: str) -> None:
        """Note in the head that something was done under a name, with no line of its own."""
        head = self._head.read()
        newest = self._newest(head)
        if newest.name != name and self._is_there(newest.name):
            self._sync_all(newest.name)  # it will not be named any more
        self._head.write(newest.instant, newest.sum, name, head)

    def _is_there(self, name: str) -> bool:
        """Whether anything is kept under a name of the head's, which is a hint only."""
        try:
            return self.path(name).exists()
        except InvalidInput:
            return False

    def _sync_all(self, name: str) -> None:
        """Return once all that is kept under a name is on disk. The lock is held."""
        try:
            tail = self._tail(name)
            tail.sync(tail.size)
        except OSError as error:
            raise StorageError.of(error, "write to", self.path(name)) from error

    def _tail(self, name: str) -> Tail:
        """Return the file open for appending, its end known to be whole. The lock is held."""
        known = self._tails.get(name)
        if known is not None and known.is_known():
            return known
        tail = Tail(self.path(name), self.folder.parent)
        if known is not None:
            tail.sync(tail.size)  # what failed may fail again, before anything follows it
        elif len(self._tails) >= TAILS_KEPT:
            del self._tails[next(iter(self._tails))]
        self._tails[name] = tail
        return tail

    def _current(self, record: Revision | Framing, home: str) -> Revision | Framing | None:
        found = [r for r in self.read(home).records if not isinstance(r, Reference)]
        return max((r for r in found if r.name == record.name), key=lambda r: r.rev, default=None)

    def _earlier(self, record: Revision) -> Any:
        """Find the revision that the same request made before."""
        needle = b'"idempotency_key":' + msgspec.json.encode(record.idempotency_key)
        day = id_day(record.id)
        for back in range(RETRY_DAYS + 1):
            path = self.path((day - timedelta(days=back)).isoformat())
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                continue
            if needle not in data:
                continue
            for raw in data.splitlines():
                line = decode(raw) if needle in raw else ""
                if (
                    isinstance(line, Line)
                    and isinstance(line.record, Revision)
                    and line.record.idempotency_key == record.idempotency_key
                ):
                    return line.record
        return None

    def close(self) -> None:
        """Let go of the open files."""
        self._tails.clear()
        self._head.close()


def home_of(record: Revision | Framing) -> str:
    """Return the name under which a record is kept."""
    return record.period if isinstance(record, Framing) else id_day(record.id).isoformat()


def _guarded(record: Revision | Framing) -> bool:
    """Whether something of that name may be there already: an entry's random id cannot."""
    return isinstance(record, Framing)


def _without_instants(reading: Reading) -> Iterator[Record]:
    for record in reading.records:
        if isinstance(record, Reference):
            yield Reference(entry=record.entry)


def _redacted(revision: Revision) -> Revision:
    return Revision(
        id=revision.id,
        rev=revision.rev,
        recorded=revision.recorded,
        published=revision.published,
        updated=revision.updated,
        day=revision.day,
        state="removed",
    )
