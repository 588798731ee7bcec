"""The journal's files as they are read: what they hold, what came since, whether they are whole.

Readers take no lock. Of what is being written they see whole lines only; a last line without its
end is passed over.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from ...model.entry import Record
from ...model.errors import InvalidInput, storage_errors
from ...model.hashing import blake2b
from ...storage.atomic import NotRegularError, open_regular, read_regular
from .. import START, Fault, News, Reading
from .format import ZERO, Line
from .head import Head, Newest, last_sum_in, names_since
from .head import newest as newest_of
from .layout import find_files, is_day, is_name, path_of
from .parser import FileParser, is_withheld, readable_size
from .tail import end_of

LOOK = 0.05
"""How many seconds :meth:`Reader.watch` waits between two looks at the head."""

LOOKS_AROUND = 40
"""After so many looks it looks at every file."""

KEPT = 4_000_000
"""So many bytes of files are kept read, so that a day is not read for each of its updates."""

TICK = timedelta(microseconds=1)
"""The smallest step of a journal's time."""


class _Seen(Struct):
    """What a watcher saw when it looked last."""

    head: bytes
    stamps: dict[str, str]


class _Kept(Struct):
    """A file as it was read."""

    lines: FileParser
    stamp: str = ""
    size: int = 0  #: of its whole lines, in bytes
    mark: bytes = b""  #: of these bytes
    records: Sequence[Record] = ()
    faults: Sequence[Fault] = ()
    reading: Reading = Reading()


class Reader:
    """What of the :class:`Journal` contract reads, over a folder of files."""

    def __init__(self, entries: Path, head: Head) -> None:
        """Read the files in *entries*, whose head is *head*."""
        self.folder = entries
        self.head = head
        self._ends: dict[str, tuple[str, datetime]] = {}
        self._kept: dict[str, _Kept] = {}  # the one read last stands last
        self._keeping = threading.Lock()

    def read(self, name: str) -> Reading:
        """See :meth:`liveblog.journal.Journal.read`."""
        path = self.path(name)
        with storage_errors("read", path):
            try:
                # The stamp comes first: what is appended while we read is read again the next time.
                stamp = _stamp(os.stat(path, follow_symlinks=False))
            except (FileNotFoundError, NotADirectoryError):
                return Reading()
            with self._keeping:
                kept = self._kept.pop(name, None)
            if kept is None or kept.stamp != stamp:
                try:
                    kept = self._read_on(name, stamp, kept)
                except NotRegularError as error:
                    return Reading(faults=[self.not_read(error)])
        with self._keeping:
            self._kept[name] = kept
            size = sum(other.size for other in self._kept.values())
            while size > KEPT:
                size -= self._kept.pop(next(iter(self._kept))).size
        return kept.reading

    def not_read(self, error: NotRegularError) -> Fault:
        """Return the fault of what stands where a file should."""
        hint = "Move it elsewhere, and restore the file itself from a backup."
        return Fault(self.shown(error.path), f"it is {error.kind}, and not read", hint)

    def _read_on(self, name: str, stamp: str, kept: _Kept | None) -> _Kept:
        """Read a file; what stands there as it did is not decoded again."""
        # The head comes first: of what is acknowledged after it, the bytes may be half written yet.
        acknowledged = self.acknowledged(name)
        data = read_regular(self.path(name))
        kept = kept or self._begun(name)
        mark = blake2b(memoryview(data)[: kept.size], digest_size=16)
        if mark.digest() != kept.mark:
            kept, mark = self._begun(name), blake2b(digest_size=16)
        size = readable_size(data, acknowledged)
        mark.update(memoryview(data)[kept.size : size])
        records, faults, lines = list(kept.records), list(kept.faults), kept.lines
        for item in lines.read(data[kept.size : size]):
            if isinstance(item, Line):
                records.append(item.record)
            elif isinstance(item, Fault):
                faults.append(item)
        known = b"" if lines.is_open else mark.digest()  # who goes on from there begins anew
        return _Kept(lines, stamp, size, known, records, faults, _reading(lines, records, faults))

    def _begun(self, name: str) -> _Kept:
        return _Kept(FileParser(name, self.shown(self.path(name))))

    def day(self, of: date) -> Reading:
        """See :meth:`liveblog.journal.Journal.day`."""
        return self.read(of.isoformat())

    def days(self, first: date = date.min) -> list[date]:
        """See :meth:`liveblog.journal.Journal.days`."""
        month = first.isoformat()[:7].replace("-", "")
        days = (date.fromisoformat(name) for name, _ in self.found(month) if is_day(name))
        return sorted(day for day in days if day >= first)

    def stamps(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """See :meth:`liveblog.journal.Journal.stamps`."""
        found = {}
        if names is None:
            for name, item in self.found():
                path = Path(item.path)
                with storage_errors("read", path), contextlib.suppress(FileNotFoundError):
                    found[name] = _stamp(item.stat(follow_symlinks=False))
        else:
            for name in names:
                path = self.path(name)
                missing = contextlib.suppress(FileNotFoundError, NotADirectoryError)
                with storage_errors("read", path), missing:
                    found[name] = _stamp(os.stat(path, follow_symlinks=False))
        return dict(sorted(found.items()))

    def since(self, cursor: str, until: str = "") -> News:
        """See :meth:`liveblog.journal.Journal.since`."""
        after = _from_cursor(cursor)
        # The end is fixed first, then every file that has anything after the cursor, or that grew
        # meanwhile, is read: whatever was appended before the end is found, however many writers
        # are at work.
        stamps = self.stamps()
        tails = {name: self._end(name, stamp) for name, stamp in stamps.items()}
        end = max(tails.values(), default=after)
        if until:
            end = min(end, _from_cursor(until))
        names = {
            name
            for name, stamp in self.stamps().items()
            if stamp != stamps.get(name) or tails[name] > after
        }
        return News(self._between(names, after, end), _to_cursor(max(end, after)))

    def _between(self, names: Iterable[str], after: datetime, end: datetime) -> list[Record]:
        """Return what was appended under some names after one instant and up to another."""
        found = [
            record
            for name in names
            for record in self.read(name).records
            if record.recorded and after < record.recorded <= end
        ]
        return sorted(found, key=lambda record: record.recorded or end)

    def end(self) -> str:
        """See :meth:`liveblog.journal.Journal.end`."""
        return _to_cursor(self.newest(self.head.read()).instant)

    def watch(self, cursor: str, pause: Callable[[float], bool]) -> Iterator[News]:
        """See :meth:`liveblog.journal.Journal.watch`."""
        # Every writer of this machine notes in the head where it wrote; who copies a file here, or
        # was killed before the note, does not. For these we look around.
        seen = _Seen(self.head.read(), self.stamps())
        settled = _from_cursor(cursor)
        news = self.since(cursor)
        yield news
        for looks in itertools.count(1):
            is_called = pause(LOOK)
            is_time = looks % LOOKS_AROUND == 0
            noted, odd = self._look(seen, is_around=is_time)
            known_to = _from_cursor(news.cursor)
            if noted or odd or is_called:
                ends = [self._end(name, seen.stamps[name]) for name in odd & seen.stamps.keys()]
                # Where there is no head yet, a line that was written may not be noted yet: it is
                # left for the next look.
                if newest := newest_of(seen.head):
                    ends.append(newest.instant)
                end = max([known_to, *ends])
                records = self._between(noted, known_to, end)
                # Who was killed may have written before what we know.
                records += self._between(odd, settled if is_time else known_to, end)
                records.sort(key=lambda record: record.recorded or end)
                news = News(records, _to_cursor(end), frozenset(noted | odd))
                yield news
            if is_time:
                settled = known_to

    def _look(self, seen: _Seen, *, is_around: bool) -> tuple[set[str], set[str]]:
        """Look what changed since *seen*, and note it there.

        Return the names that writers noted in the head, and those that changed without a note: for
        these every file is looked at, if *is_around* or if the head tells no more.
        """
        known, seen.head = seen.head, self.head.read()
        names = names_since(seen.head, known)
        noted, odd = names or set(), set[str]()
        seen.stamps |= self.stamps(noted)
        if is_around or names is None:
            found = self.stamps()
            # What was noted meanwhile is not odd: the next look is told of it.
            noted_since = names_since(self.head.read(), seen.head) or set()
            odd = {name for name, _ in found.items() ^ seen.stamps.items()} - noted - noted_since
            seen.stamps = found | {name: seen.stamps[name] for name in noted & seen.stamps.keys()}
        return noted, odd

    def acknowledged(self, name: str) -> str:
        """Return the sum of the line that was written to a file last, as far as the head tells."""
        return last_sum_in(self.head.read(), name)

    def newest(self, head: bytes) -> Newest:
        """Return the newest line of all: the one that the head names, if it stands where it says.

        It does not if an older copy of the journal was put back.
        """
        found = newest_of(head)
        if found and is_name(found.name):
            line = self._last_line(found.name)
            if line and line.sum == found.sum:
                return found
        none = Newest(datetime.min.replace(tzinfo=UTC), ZERO)
        return max((self._newest_in(name) for name, _ in self.found()), default=none)

    def _newest_in(self, name: str) -> Newest:
        line = self._last_line(name)
        instant = line.record.recorded if line else None
        if line is None or instant is None:
            return Newest(datetime.min.replace(tzinfo=UTC), ZERO, name)
        return Newest(instant, line.sum, name)

    def _last_line(self, name: str) -> Line | None:
        """Return the last whole line of a file, of which only the end is read."""
        path = self.path(name)
        with storage_errors("read", path):
            try:
                fd = open_regular(path)
            except (FileNotFoundError, NotADirectoryError, NotRegularError):
                return None
            try:
                return end_of(fd).line
            finally:
                os.close(fd)

    def _end(self, name: str, stamp: str) -> datetime:
        """Return the instant of a file's last line; it is read again if its stamp changed."""
        known = self._ends.get(name)
        if known is None or known[0] != stamp:
            known = self._ends[name] = stamp, self._newest_in(name).instant
        return known[1]

    def found(self, first: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
        """See :func:`.layout.find_files`."""
        return find_files(self.folder, first)

    def path(self, name: str) -> Path:
        """See :func:`.layout.path_of`."""
        return path_of(self.folder, name)

    def shown(self, path: Path) -> str:
        """Return how messages call a file."""
        return str(path.relative_to(self.folder.parent))


def _reading(lines: FileParser, records: list[Record], faults: list[Fault]) -> Reading:
    """Return what may be shown of a file, apart from what is withheld."""
    if not lines.withheld:
        return Reading(records, faults)
    withheld = dict(lines.withheld)
    shown = [r for r in records if not is_withheld(r, withheld)]
    return Reading(shown, faults, withheld, [r for r in records if is_withheld(r, withheld)])


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def _to_cursor(instant: datetime) -> str:
    return str((instant - datetime(1, 1, 1, tzinfo=UTC)) // TICK)


def _from_cursor(cursor: str) -> datetime:
    if cursor == START:
        return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime(1, 1, 1, tzinfo=UTC) + TICK * int(cursor)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"'{cursor}' is not a cursor of this journal.", "Begin without one."
        ) from None
