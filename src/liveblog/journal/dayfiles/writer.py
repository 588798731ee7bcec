"""The journal as plain files: ``entries/2012/07/2012-07-15.jsonl``, one line a record.

What lies where:

- a day's file: its entries' revisions, its framing, references to entries moved there;
- ``entries/2012/2012-W29.jsonl``, ``entries/coverage.jsonl``: the framing of longer periods;
- ``entries/….jsonl.torn``: bytes of appends that a crash cut short, never acknowledged;
- ``entries/….jsonl.before-…``: a file as it was before ``liveblog check --repair`` wrote it anew;
- ``.liveblog/head``: what was written last; see :mod:`.head`.

Writers take turns by an exclusive lock on ``entries/``, which each holds until its line is on disk;
readers take no lock. If a write or its sync fails, the writer cuts its line off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec

from ...model import limits
from ...model.conflicts import Conflict, KeyReused
from ...model.entry import Framing, Reference, Revision, id_day, validate
from ...model.errors import StorageError, Withheld, storage_errors
from ...storage.atomic import NotRegularError, read_regular, replace_file
from ...storage.locks import Lock
from .. import Audit, Written
from .head import Head, names_in
from .line import Line, encode
from .lines import home_of, pieces
from .purge import purged
from .reader import TICK, Reader, is_day
from .tail import Tail

RETRY_DAYS = 30
"""How many days back a retry finds the revision that its idempotency key made."""

SAME_TIME = timedelta(minutes=1)
"""How far the times of one request may lie apart that says "now" or "ten minutes ago"."""

AnyRecord = TypeVar("AnyRecord", bound=Revision | Framing | Reference)


class DayFiles(Reader):
    """The :class:`Journal` contract over a folder of day files."""

    def __init__(self, entries: Path, derived: Path, clock: Callable[[], datetime]) -> None:
        """Keep the journal in *entries* and the hint of its head in *derived*.

        *clock* returns aware datetimes.
        """
        super().__init__(entries, Head(derived / "head"))
        self._clock = clock

    def append(self, record: Written, *, expect: int) -> Written:
        """See :meth:`liveblog.journal.Journal.append`."""
        home = home_of(record)
        with self.locked():
            earlier = self._made_before(record, expect)
            if earlier:
                return earlier
            current = self._current(record, home)
            if (current.rev if current else 0) != expect:
                if fault := self.read(home).withheld.get(record.name):
                    raise Withheld(record.name, fault.place)
                raise Conflict(record.name, expect, current, record)
            numbered = msgspec.structs.replace(record, rev=expect + 1)
            validate(numbered)  # what the reader would refuse is not acknowledged
            if isinstance(record, Revision) and record.day and record.day != home:
                self._refer(record)
            return self._write(home, numbered)

    def keyed(self, entry_id: str, idempotency_key: str) -> Revision | None:
        """See :meth:`liveblog.journal.Journal.keyed`."""
        with storage_errors("read", self.folder):
            return self._find_key(id_day(entry_id), idempotency_key)

    def adopt(self, record: Revision | Framing) -> bool:
        """See :meth:`liveblog.journal.Journal.adopt`."""
        home = home_of(record)
        with self.locked():
            known = {r.rev: r for r in self._versions(record, home)}
            same = known.get(record.rev)
            if same and msgspec.structs.replace(same, recorded=record.recorded) == record:
                self.settle([home])
                return False
            newest = max(known, default=0)
            if newest != record.rev - 1:
                raise Conflict(record.name, record.rev - 1, known.get(newest), record)
            at = min(record.recorded or self._clock(), self._clock())
            if isinstance(record, Revision) and record.day and record.day != home:
                self._refer(record, at - TICK)
            self._write(home, record, at)
        return True

    def redact(self, entry_id: str) -> int:
        """See :meth:`liveblog.journal.Journal.redact`."""
        home = id_day(entry_id).isoformat()
        path = self.path(home)
        count = 0
        with self.locked():
            for temporary in path.parent.glob(f".{path.name}.*.tmp"):  # of one that was killed
                temporary.unlink(missing_ok=True)
            # What editors and programs that sync folders leave is not read, but holds the texts.
            for beside in {path, *self.folder.rglob(f"*{home}*")}:
                try:
                    data = read_regular(beside)
                except (FileNotFoundError, NotADirectoryError, NotRegularError):
                    continue
                blank, lines = purged(data, entry_id)
                if blank != data:
                    replace_file(beside, blank)
                    count += lines if beside == path else 0
            self._note(home)
        return count

    def check(self, progress: Callable[[int, int], None] | None = None) -> Audit:
        """See :meth:`liveblog.journal.Journal.check`."""
        from .check import audit

        with storage_errors("read", self.folder):
            return audit(self, progress)

    def repair(self, *, dry_run: bool = False) -> Sequence[str]:
        """See :meth:`liveblog.journal.Journal.repair`."""
        from .repair import repair

        now = self._clock().astimezone(UTC)
        if dry_run:
            with storage_errors("read", self.folder):
                return repair(self, now, dry_run=True)
        with self.locked():
            return repair(self, now, dry_run=False)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the journal's lock: one writer at a time, in this and in every process.

        What the machine refuses meanwhile is a :class:`StorageError`.
        """
        with storage_errors("write to", self.folder):
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True)
            with Lock(self.folder):
                yield

    def _refer(self, record: Revision, at: datetime | None = None) -> None:
        """Append a reference to the file of the day that an entry is moved to."""
        known = (r for r in self.read(record.day).records if isinstance(r, Reference))
        if all(r.entry != record.id for r in known):
            self._write(record.day, Reference(entry=record.id), at)

    def _write(self, name: str, record: AnyRecord, at: datetime | None = None) -> AnyRecord:
        """Append one record to one file, as of now or *at*. The lock is held."""
        path = self.path(name)
        head = self._head.read()
        newest = self._newest(head)
        if newest.name not in ("", name):
            # No line is on disk whose predecessor in another file is not.
            self.settle([newest.name])
        now = max((at or self._clock()).astimezone(UTC), newest.instant + TICK)
        record = msgspec.structs.replace(record, recorded=min(now, limits.LAST_INSTANT))
        try:
            with Tail(path, self.folder.parent, self.acknowledged(name)) as tail:
                line = encode(record, prev=tail.last, after=newest.sum)
                tail.append(line)
        except OSError as error:
            has_changed = "tail" in locals() and not tail.is_untouched
            hint = _may_be_there(record) if has_changed else "Nothing was changed in the journal."
            raise StorageError.of(error, "write to", path, hint) from error
        self._head.write(now, line[-19:-3].decode(), name, head)
        return record

    def _note(self, name: str) -> None:
        """Note in the head that something was done under a name, with no line of its own."""
        newest = self._newest(self._head.read())
        here = self._last_line(name)
        if here:
            self._head.write(newest.instant, here.sum, name, self._head.read())
        if newest.name != name:  # the newest line of all stays first
            self._head.write(newest.instant, newest.sum, newest.name, self._head.read())

    def _current(self, record: Revision | Framing, home: str) -> Revision | Framing | None:
        """Return the newest version of what a record is of."""
        if isinstance(record, Revision):
            try:
                # A new id stands nowhere: there is no need to decode a long day.
                if record.id.encode() not in read_regular(self.path(home)):
                    return None
            except (FileNotFoundError, NotADirectoryError):
                return None
        return max(self._versions(record, home), key=lambda r: r.rev, default=None)

    def _versions(self, record: Revision | Framing, home: str) -> Iterator[Revision | Framing]:
        reading = self.read(home)
        for found in (*reading.records, *reading.withheld_records):
            if not isinstance(found, Reference) and found.name == record.name:
                yield found

    def _made_before(self, record: Written, expect: int) -> Written | None:
        """Return what the same request made before, if its key says that there was one."""
        if isinstance(record, Framing) or not record.idempotency_key:
            return None
        earlier = self._find_key(id_day(record.id), record.idempotency_key)
        if earlier and not _is_same_request(earlier, record, expect, self._clock()):
            raise KeyReused(earlier, record)
        if earlier:
            self.settle([home_of(earlier)])  # who wrote it may have been killed before it was
        return earlier

    def _find_key(self, day: date, key: str) -> Revision | None:
        needle = b'"idempotency_key":' + msgspec.json.encode(key)
        for name in self._written_lately(day):
            try:
                data = read_regular(self.path(name))
            except (FileNotFoundError, NotADirectoryError, NotRegularError):
                continue
            for raw in data.split(b"\n") if needle in data else ():
                for _, line in pieces(raw) if needle in raw else ():
                    record = line.record if isinstance(line, Line) else None
                    if isinstance(record, Revision) and record.idempotency_key == key:
                        return record
        return None

    def _written_lately(self, day: date) -> dict[str, None]:
        """Return the names in which a key can be that is tried again: days near to two days.

        These are *day* and the present one; and what was written last, whichever day that is of.
        """
        days = {
            near - timedelta(days=back)
            for near in (day, self._clock().date() + timedelta(days=1))
            for back in range(RETRY_DAYS + 2)
            if near - limits.FIRST_DAY >= timedelta(days=back)
        }
        names = dict.fromkeys(of.isoformat() for of in sorted(days, reverse=True))
        written = filter(is_day, names_in(self._head.read()))
        return names | dict.fromkeys(written)

    def close(self) -> None:
        """Let go of the open files."""
        self._head.close()


def _is_same_request(earlier: Revision, record: Revision, expect: int, now: datetime) -> bool:
    """Whether a record is what an earlier request with its key made, sent again.

    That was numbered and dated since. A post that says "now" or "ten minutes ago" has another time
    the second time, and past midnight another day in its id.
    """
    if (earlier.rev == 1) != (expect == 0) or (expect and earlier.id != record.id):
        return False
    recorded = earlier.recorded or earlier.published
    apart = (recorded - earlier.published) - (now - record.published)
    is_same_time = earlier.published == record.published or abs(apart) < SAME_TIME
    return is_same_time and _content(earlier) == _content(record)


def _content(revision: Revision) -> Revision:
    """Return what a request said of a revision, apart from its times."""
    media = tuple(
        msgspec.structs.replace(m, path=m.path.rpartition("-")[2]) for m in revision.media
    )
    return msgspec.structs.replace(
        revision,
        id="",
        rev=0,
        recorded=None,
        published=limits.FIRST_INSTANT,
        updated=limits.FIRST_INSTANT,
        day="",
        media=media,
    )


def _may_be_there(record: Revision | Framing | Reference) -> str:
    """Return what to do about a write that failed and could not be taken back."""
    if isinstance(record, Reference):
        return "Nothing of the entry was changed; try again."
    if isinstance(record, Framing):
        return f"It may be in the journal all the same: look how {record.period} stands now."
    look = f"'liveblog show {record.id} --history'"
    hint = f"It may be in the journal all the same: look with {look}."
    if record.idempotency_key:
        again = f"--idempotency-key '{record.idempotency_key}'"
        return f"{hint} To try again without doubling it, repeat the command with {again}."
    return f"{hint} Try again only if it is not there."
