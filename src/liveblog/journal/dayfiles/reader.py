"""Reads day files: their records, those after a cursor, and those that are appended from now on.

Readers take no lock. They see whole lines only: a last line without its line end is ignored unless
it is whole.
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

from ...model.chapter import PREFIX
from ...model.entry import Reference
from ...model.errors import InvalidInput, storage_errors
from ...model.records import Record
from ...storage.atomic import NotRegularError, open_regular, read_regular
from ..results import START, Fault, News, Reading
from .format import ZERO, Line
from .head import Head, LastWrite, head_name, last_sum_in, last_write, names_since
from .layout import find_chapters, find_files, is_day, is_name, path_of, stamp_of
from .parser import FileParser, end_of_whole_lines, last_line, readable_size

POLL_SECONDS = 0.05
"""Seconds that :meth:`Reader.watch` waits between two looks at the head."""

FULL_SCAN_POLLS = 40
"""Number of looks at the head after which :meth:`Reader.watch` looks at every file."""

CACHE_BYTES = 4_000_000
"""Bytes of files that are cached with their records, so that an update is decoded once."""

_LAST_BYTES = 8192
"""Number of bytes at the end of a file that are read first; they usually hold its last line."""

TICK = timedelta(microseconds=1)
"""The smallest difference between the instants of two records."""


class _WatchState(Struct):
    """What a watcher saw when it last looked."""

    head: bytes
    stamps: dict[str, str]


class _CachedFile(Struct):
    """A file as it was read."""

    parser: FileParser
    stamp: str = ""
    data: bytes = b""  #: its whole lines
    records: Sequence[Record] = ()
    faults: Sequence[Fault] = ()
    reading: Reading = Reading()


class Reader:
    """The part of the journal that reads, over a folder of day files."""

    def __init__(self, entries: Path, head: Head) -> None:
        """Read the files in *entries*, whose head is *head*."""
        self.folder = entries
        self.head = head
        self._last_instants: dict[str, tuple[str, datetime]] = {}  # by name, each with its stamp
        self._cache: dict[str, _CachedFile] = {}  # by name; the file read last is the last
        self._cache_lock = threading.Lock()

    def read(self, name: str) -> Reading:
        """Return the contents of the file of a period (``2012-07-15``) or of a chapter.

        A day's file holds its own entries, its framing, and references to entries that were moved
        to it. A file that does not exist reads as empty.

        Raises :class:`InvalidInput` for another name, :class:`StorageError` if the machine refused.
        """
        path = self.path(name)
        with storage_errors("read", path):
            try:
                # The stamp comes first: what is appended while we read is read again the next time.
                stamp = stamp_of(os.stat(path, follow_symlinks=False))
            except (FileNotFoundError, NotADirectoryError):
                return Reading()
            with self._cache_lock:
                cached = self._cache.pop(name, None)
            if cached is None or cached.stamp != stamp:
                try:
                    cached = self._read_file(name, stamp, cached)
                except NotRegularError as error:
                    return Reading(faults=[self.not_regular(error)])
        with self._cache_lock:
            self._cache[name] = cached
            size = sum(len(file.data) for file in self._cache.values())
            while size > CACHE_BYTES:
                size -= len(self._cache.pop(next(iter(self._cache))).data)
        return cached.reading

    def not_regular(self, error: NotRegularError) -> Fault:
        """Return the fault of a link, folder or device in the place of a file."""
        hint = "Move it elsewhere, and restore the file itself from a backup."
        return Fault(self.label(error.path), f"it is {error.kind}, and not read", hint)

    def _read_file(self, name: str, stamp: str, cached: _CachedFile | None) -> _CachedFile:
        """Read a file; lines that are unchanged since it was *cached* are not decoded again."""
        # The head comes first: a line that is acknowledged later may be half written now.
        acknowledged = self.acknowledged(name)
        data = read_regular(self.path(name))
        data = data[: readable_size(data, acknowledged)]
        # A file whose last line may go on is decoded from its beginning.
        if not cached or cached.parser.is_open or not data.startswith(cached.data):
            cached = _CachedFile(FileParser(name, self.label(self.path(name))))
        records, faults, parser = list(cached.records), list(cached.faults), cached.parser
        for item in parser.read(data[len(cached.data) :]):
            if isinstance(item, Line):
                records.append(item.record)
            elif isinstance(item, Fault):
                faults.append(item)
        reading = _reading(parser, records, faults)
        return _CachedFile(parser, stamp, data, records, faults, reading)

    def day(self, day: date) -> Reading:
        """Return the contents of a day's file; see :meth:`read`."""
        return self.read(day.isoformat())

    def days(self, first: date = date.min) -> list[date]:
        """Return the days, from *first* on, that have a file, in order."""
        month = first.isoformat()[:7].replace("-", "")
        files = find_files(self.folder, month)
        days = (date.fromisoformat(name) for name, _ in files if is_day(name))
        return sorted(day for day in days if day >= first)

    def chapter_names(self) -> set[str]:
        """Return the names of the chapters that have a file, and of the ranges that have one."""
        return set(find_chapters(self.folder))

    def names_with(self, data: bytes) -> list[str]:
        """Return the names of the files that contain some bytes; every file is read."""
        found = []
        with storage_errors("read", self.folder):
            for name, path in find_files(self.folder):
                with contextlib.suppress(FileNotFoundError, NotADirectoryError, NotRegularError):
                    found += [name] if data in read_regular(Path(path)) else []
        return sorted(found)

    def newest_written(self) -> list[tuple[datetime, str]]:
        """Return the instant of each file's last line and its name, the newest first."""
        found = ((self._last_instant(name, stamp), name) for name, stamp in self.stamps().items())
        return sorted(found, reverse=True)

    def stamps(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """Return the names of all files (or of those in *names* that exist), each with a stamp.

        A stamp changes whenever its file does.
        """
        paths: Iterable[tuple[str, str | Path]] = find_files(self.folder)
        if names is not None:
            paths = [(name, self.path(name)) for name in names]
        found = {}
        with storage_errors("read", self.folder):
            for name, path in paths:
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    found[name] = stamp_of(os.stat(path, follow_symlinks=False))
        return dict(sorted(found.items()))

    def since(self, cursor: str, until: str = "") -> News:
        """Return the records after a cursor; :data:`START` is before the first record.

        *until* is the cursor up to which to read; the end of the journal unless given.

        Raises :class:`InvalidInput` for a text that is no cursor.
        """
        after = _from_cursor(cursor)
        # The end is fixed first. Then every file is read that has records after the cursor, or that
        # grew meanwhile, so that no record before the end is missed while others append.
        stamps = self.stamps()
        last = {name: self._last_instant(name, stamp) for name, stamp in stamps.items()}
        end = max(last.values(), default=after)
        if until:
            end = min(end, _from_cursor(until))
        names = {
            name
            for name, stamp in self.stamps().items()
            if stamp != stamps.get(name) or last[name] > after
        }
        return News(self._between(names, after, end), _to_cursor(max(end, after)))

    def _between(self, names: Iterable[str], after: datetime, end: datetime) -> list[Record]:
        """Return the records of some files after one instant and up to another, in order."""
        found = [
            record
            for name in names
            for record in self.read(name).records
            if record.recorded and after < record.recorded <= end
        ]
        return sorted(found, key=lambda record: record.recorded or end)

    def end(self) -> str:
        """Return the cursor after the newest record."""
        return _to_cursor(self.newest(self.head.read()).instant)

    def watch(self, cursor: str, pause: Callable[[float], bool]) -> Iterator[News]:
        """Yield the records after a cursor, even if there are none, then those that follow.

        *pause* is called between two looks with the seconds to wait; if it returns True, the next
        news is yielded even if it is empty. A line that changed in place is news without records. A
        record may be yielded twice; none is left out. The iterator never ends.
        """
        # Every writer of this machine notes in the head where it wrote. Those who copy a file here,
        # or are killed before the note, do not: they are found by looking at every file.
        seen = _WatchState(self.head.read(), self.stamps())
        checked = _from_cursor(cursor)
        news = self.since(cursor)
        yield news
        for polls in itertools.count(1):
            is_called = pause(POLL_SECONDS)
            is_full = polls % FULL_SCAN_POLLS == 0
            noted, unnoted = self._changed(seen, is_full=is_full)
            after = _from_cursor(news.cursor)
            if noted or unnoted or is_called:
                ends = [
                    self._last_instant(name, seen.stamps[name])
                    for name in unnoted & seen.stamps.keys()
                ]
                # Where there is no head yet, a line that was just written may not be noted yet. The
                # next look finds it.
                if newest := last_write(seen.head):
                    ends.append(newest.instant)
                end = max([after, *ends])
                records = self._between(noted, after, end)
                # A writer that was killed may have written before the cursor.
                records += self._between(unnoted, checked if is_full else after, end)
                records.sort(key=lambda record: record.recorded or end)
                news = News(records, _to_cursor(end), frozenset(noted | unnoted))
                yield news
            if is_full:
                checked = after

    def _changed(self, seen: _WatchState, *, is_full: bool) -> tuple[set[str], set[str]]:
        """Return the files that changed since *seen*, and update *seen*.

        These are those that writers noted in the head, and those that changed without a note. For
        the latter every file is looked at, if *is_full* or if the head does not reach back far
        enough.
        """
        before, seen.head = seen.head, self.head.read()
        names = names_since(seen.head, before)
        noted, unnoted = self._files_called(names or ()), set[str]()
        seen.stamps |= self.stamps(noted)
        if is_full or names is None:
            found = self.stamps()
            # What was noted meanwhile belongs to the next look.
            noted_since = self._files_called(names_since(self.head.read(), seen.head) or ())
            changed = {name for name, _ in found.items() ^ seen.stamps.items()}
            unnoted = changed - noted - noted_since
            seen.stamps = found | {name: seen.stamps[name] for name in noted & seen.stamps.keys()}
        return noted, unnoted

    def acknowledged(self, name: str) -> str:
        """Return the sum of the line that was written to a file last; empty if not in the head."""
        return last_sum_in(self.head.read(), name)

    def newest(self, head: bytes) -> LastWrite:
        """Return the newest line of the journal.

        It is the one that *head* names first, if that line is the last of its file. It is not after
        an older copy of the journal was put back; then every file is looked at.
        """
        found = last_write(head)
        for name in self._files_called([found.name] if found else ()):
            line = self._last_line(name)
            if found and line and line.sum == found.sum:
                return found._replace(name=name)
        none = LastWrite(datetime.min.replace(tzinfo=UTC), ZERO)
        names = (name for name, _ in find_files(self.folder))
        return max((self._newest_in(name) for name in names), default=none)

    def _files_called(self, head_names: Iterable[str]) -> set[str]:
        """Return the names of the files that a head calls so; see :func:`.head.head_name`."""
        called = set(head_names)
        files = {name for name in called if is_name(name) and not name.startswith(PREFIX)}
        if len(files) < len(called):
            files |= {name for name in self.chapter_names() if head_name(name) in called}
        return files

    def _newest_in(self, name: str) -> LastWrite:
        line = self._last_line(name)
        instant = line.record.recorded if line else None
        if line is None or instant is None:
            return LastWrite(datetime.min.replace(tzinfo=UTC), ZERO, name)
        return LastWrite(instant, line.sum, name)

    def _last_line(self, name: str) -> Line | None:
        """Return the last whole line of a file; only the end of the file is read."""
        path = self.path(name)
        with storage_errors("read", path):
            try:
                fd = open_regular(path)
            except (FileNotFoundError, NotADirectoryError, NotRegularError):
                return None
            try:
                return _read_last_line(fd)
            finally:
                os.close(fd)

    def _last_instant(self, name: str, stamp: str) -> datetime:
        """Return the instant of a file's last line; it is read again if the stamp changed."""
        known = self._last_instants.get(name)
        if known is None or known[0] != stamp:
            known = self._last_instants[name] = stamp, self._newest_in(name).instant
        return known[1]

    def path(self, name: str) -> Path:
        """Return the path of the file of a name; see :func:`.layout.path_of`."""
        return path_of(self.folder, name)

    def label(self, path: Path) -> str:
        """Return a file's path as messages show it, ``entries/2012/07/2012-07-15.jsonl``."""
        return str(path.relative_to(self.folder.parent))


def _reading(parser: FileParser, records: list[Record], faults: list[Fault]) -> Reading:
    """Return the records of a file, those that are withheld apart."""
    if not parser.withheld:
        return Reading(records, faults)
    withheld = dict(parser.withheld)
    shown: list[Record] = []
    hidden: list[Record] = []
    for record in records:
        is_hidden = not isinstance(record, Reference) and record.name in withheld
        (hidden if is_hidden else shown).append(record)
    return Reading(shown, faults, withheld, hidden)


def _read_last_line(fd: int) -> Line | None:
    """Return the last whole line of an open file; only as much of its end is read as is needed."""
    size = os.fstat(fd).st_size
    length = _LAST_BYTES
    while True:
        start = max(0, size - length)
        data = os.pread(fd, size - start, start)
        if start:  # the first piece may be half a line
            data = data.partition(b"\n")[2]
        ended = data.rfind(b"\n") + 1
        line = last_line(data[: ended + end_of_whole_lines(data[ended:])])
        if line or not start:
            return line
        length *= 4


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
