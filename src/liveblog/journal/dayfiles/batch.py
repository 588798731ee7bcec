"""One append of one or many records: all are checked, then written, one sync for each file.

A record is checked against the journal and against the records before it in the batch. Nothing is
written until all are checked. They are written in their order: neighbours that belong to one file
in one write and one sync. After a crash or an error a beginning of the batch is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TypeVar, cast

import msgspec

from ...model import limits
from ...model.chapter import Chapter
from ...model.conflicts import Conflict, KeyReused
from ...model.entry import Framing, Reference, Revision
from ...model.errors import StorageError, Withheld
from ...model.records import Record
from ...model.records import Version as AnyVersion
from ...model.validation import validate
from .appending import DayFile, sync_file
from .format import encode
from .head import LastWrite, last_write
from .idempotency import find_revisions, is_same_request
from .layout import home_of
from .reader import TICK, Reader

Version = TypeVar("Version", bound=AnyVersion)


class Batch:
    """Records that are appended while the journal's lock is held."""

    def __init__(
        self,
        journal: Reader,
        clock: Callable[[], datetime],
        last_file: DayFile | None,
        keys: dict[str, date] | None = None,
    ) -> None:
        """Begin a batch at the end of *journal*.

        *last_file* is the file that was written to last, if it is remembered. *keys* are the
        idempotency keys of the records to come, each with the day of its entry's id.
        """
        self._journal = journal
        self._clock = clock
        self._planned: list[tuple[str, Record]] = []  # each with the name of its file
        self._last_file = last_file
        self._files: dict[str, DayFile] = {}  # as they are now, by name
        self._loaded: set[str] = set()  # names of the files that were read into these two:
        self._versions: dict[str, list[AnyVersion]] = {}  # by name, planned ones too
        self._references: set[tuple[str, str]] = set()  # days and ids
        self._synced: set[str] = set()  # files that were synced; nobody else appends meanwhile
        self._head = journal.head.read()
        self._newest = self._find_newest()
        self._instant = self._newest.instant
        self._by_key = (
            find_revisions(journal.path, keys, clock().date(), self._head) if keys else {}
        )

    def append(self, record: Version, expect: int) -> Version:
        """Check a record and plan it; see :meth:`Journal.append`."""
        if earlier := self._find_earlier(record, expect):
            return cast(Version, earlier)
        home = home_of(record)
        current = max(self._versions_of(record, home), key=lambda found: found.rev, default=None)
        if (current.rev if current else 0) != expect:
            if fault := self._journal.read(home).withheld.get(record.name):
                raise Withheld(record.name, fault.place)
            raise Conflict(record.name, expect, current, record)
        numbered = msgspec.structs.replace(record, rev=expect + 1)
        validate(numbered)  # a record that readers would refuse is not acknowledged
        written = self._plan(home, numbered, self._clock())
        if isinstance(written, Revision) and written.idempotency_key:
            self._by_key[written.idempotency_key] = written
        return written

    def adopt(self, record: AnyVersion) -> bool:
        """Check a record and plan it; see :meth:`Journal.adopt_many`."""
        home = home_of(record)
        known = {version.rev: version for version in self._versions_of(record, home)}
        same = known.get(record.rev)
        if same and msgspec.structs.replace(same, recorded=record.recorded) == record:
            self._sync(same)
            return False
        newest = max(known, default=0)
        if newest != record.rev - 1:
            raise Conflict(record.name, record.rev - 1, known.get(newest), record)
        now = self._clock()
        self._plan(home, record, min(record.recorded or now, now))
        return True

    def write(self) -> DayFile | None:
        """Write the planned records; return the file that was written to last.

        Raises :class:`StorageError`, which says how many of them are in the journal.
        """
        file = None
        done = 0
        for name, group in groupby(self._planned, key=lambda planned: planned[0]):
            records = [record for _, record in group]
            file = self._write(name, records, done)
            done += len(records)
        return file

    def _find_earlier(self, record: AnyVersion, expect: int) -> Revision | Chapter | None:
        """Return the revision that the same request made before; None if there is none."""
        if isinstance(record, Framing):
            return None
        earlier: Revision | Chapter | None = None
        if isinstance(record, Revision):
            earlier = self._by_key.get(record.idempotency_key)
        elif record.idempotency_key:
            # The keys of a chapter are its own.
            versions = self._versions_of(record, record.name)
            made = (v for v in versions if isinstance(v, Chapter))
            earlier = next((v for v in made if v.idempotency_key == record.idempotency_key), None)
        if earlier:
            if not is_same_request(earlier, record, expect, self._clock()):
                raise KeyReused(earlier, record)
            self._sync(earlier)
        return earlier

    def _sync(self, earlier: AnyVersion) -> None:
        """Sync a record that is acknowledged again: its writer may have been killed before."""
        home = home_of(earlier)
        if home not in self._synced:
            sync_file(self._journal.path(home))
            self._synced.add(home)

    def _plan(self, home: str, record: Version, instant: datetime) -> Version:
        """Plan a record, after a reference to it if it was moved to another day than its id's."""
        if isinstance(record, Revision) and record.day not in ("", home):
            self._load(record.day)
            if (record.day, record.id) not in self._references:
                self._references.add((record.day, record.id))
                at = self._next_instant(instant - TICK)
                self._planned.append((record.day, Reference(entry=record.id, recorded=at)))
        dated = msgspec.structs.replace(record, recorded=self._next_instant(instant))
        self._planned.append((home, dated))
        self._versions.setdefault(record.name, []).append(dated)
        return dated

    def _next_instant(self, instant: datetime) -> datetime:
        """Return an instant, or a later one: those of a journal never go back."""
        self._instant = max(instant.astimezone(UTC), self._instant + TICK)
        return min(self._instant, limits.LAST_INSTANT)

    def _write(self, name: str, records: Sequence[Record], done: int) -> DayFile:
        """Append records to one file, after *done* others of the batch."""
        journal = self._journal
        path = journal.path(name)
        if not done and self._newest.name not in ("", name):
            # The line that ``after`` names is on disk before the first line that names it.
            sync_file(journal.path(self._newest.name))
        file = self._file(name)
        prev, after = file.last, self._newest.sum
        lines = []
        for record in records:
            lines.append(encode(record, prev, after))
            prev = after = lines[-1][-19:-3].decode()
        try:
            file.append(b"".join(lines), after, journal.folder.parent)
        except OSError as error:
            hint = self._describe_failure(records, done, has_changed=not file.is_unchanged)
            raise StorageError.of(error, "write to", path, hint) from error
        self._newest = LastWrite(records[-1].recorded or self._instant, after, name)
        self._head = journal.head.write(self._newest, self._head)
        return file

    def _describe_failure(self, records: Sequence[Record], done: int, *, has_changed: bool) -> str:
        """Return what is in the journal after the records of one file could not be written."""
        total = sum(not isinstance(record, Reference) for _, record in self._planned)
        before = sum(not isinstance(record, Reference) for _, record in self._planned[:done])
        if not before and not has_changed:
            return "Nothing was changed in the journal."
        if total == 1:
            return _may_be_there(records[-1])
        more = ", and more of them may be there" if has_changed else ""
        return f"The first {before:,} of {total:,} updates are in the journal{more}."

    def _versions_of(self, record: AnyVersion, home: str) -> list[AnyVersion]:
        """Return all versions of what a record is a version of."""
        # A new entry is not in the file, which need not be decoded then.
        if not isinstance(record, Revision) or record.id.encode() in self._file(home).ids:
            self._load(home)
        return self._versions.get(record.name, [])

    def _load(self, name: str) -> None:
        """Read the versions and references in a file."""
        if name in self._loaded:
            return
        self._loaded.add(name)
        reading = self._journal.read(name)
        for record in (*reading.records, *reading.withheld_records):
            if isinstance(record, Reference):
                self._references.add((name, record.entry))
            else:
                self._versions.setdefault(record.name, []).append(record)

    def _file(self, name: str) -> DayFile:
        """Return a file, which is read again only if it changed."""
        if name not in self._files:
            file = self._last_file
            if file is None or file.name != name:
                file = DayFile(self._journal.path(name), name)
            file.refresh(self._head)
            self._files[name] = file
        return self._files[name]

    def _find_newest(self) -> LastWrite:
        """Return the newest line of the journal."""
        newest, last = last_write(self._head), self._last_file
        is_remembered = newest and last and newest.name == last.name
        if newest and is_remembered and self._file(newest.name).last == newest.sum:
            return newest
        return self._journal.newest(self._head)


def _may_be_there(record: Record) -> str:
    """Return what to do about a record that may have been written although an error came."""
    if isinstance(record, Reference):
        return "Nothing of the entry was changed; try again."
    if not isinstance(record, Revision):
        name = record.period if isinstance(record, Framing) else record.slug
        return f"It may be in the journal all the same: look how {name} stands now."
    look = f"'liveblog show {record.id} --history'"
    hint = f"It may be in the journal all the same: look with {look}."
    if record.idempotency_key:
        again = f"--idempotency-key '{record.idempotency_key}'"
        return f"{hint} To try again without doubling it, repeat the command with {again}."
    return f"{hint} Try again only if it is not there."
