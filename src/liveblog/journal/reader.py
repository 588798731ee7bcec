"""The journal's files as they are read: what they hold, what came since, whether they are whole.

Readers take no lock. Of what is being written they see whole lines only; a last line without its
end is passed over.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import threading
from _blake2 import blake2b
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from msgspec import Struct, field

from ..entry import Record
from ..errors import InvalidInput, StorageError
from ..period import COVERAGE, named
from ..storage.atomic import sync_data
from . import START, Audit, Fault, News, Reading
from .head import Head, Newest, names_since
from .head import newest as newest_of
from .line import ZERO, Line, decode

LOOK = 0.05
"""How many seconds :meth:`Reader.watch` waits between two looks at the head."""

LOOKS_AROUND = 40
"""After so many looks it looks at every file."""

KEPT = 4_000_000
"""So many bytes of files are kept read, so that a day is not read for each of its updates."""

TICK = timedelta(microseconds=1)
"""The smallest step of a journal's time."""

_NAME = re.compile(r"(\d{4})-(\d\d)-\d\d")
_RESTORE = "Restore the file from a backup; nothing else can bring the line back."


class _Seen(Struct):
    """What a watcher saw when it looked last."""

    head: bytes
    stamps: dict[str, str]


class _Chain(Struct):
    """The lines of a file, up to one of them."""

    lines: int = 0
    expected: str | None = ZERO  #: what the next one is chained to; None if that is not known
    sums: set[str] = field(default_factory=set)


class _Kept(Struct):
    """A file as it was read."""

    stamp: str = ""
    size: int = 0  #: of its whole lines, in bytes
    mark: bytes = b""  #: of these bytes
    chain: _Chain = field(default_factory=_Chain)
    reading: Reading = Reading()


class Reader:
    """What of the :class:`~liveblog.journal.Journal` contract reads, over a folder of files."""

    def __init__(self, entries: Path, head: Head) -> None:
        """Read the files in *entries*, whose head is *head*."""
        self.folder = entries
        self._head = head
        self._ends: dict[str, tuple[str, datetime]] = {}
        self._kept: dict[str, _Kept] = {}  # the one read last stands last
        self._keeping = threading.Lock()

    def read(self, name: str) -> Reading:
        """See :meth:`liveblog.journal.Journal.read`."""
        path = self.path(name)
        try:
            # The stamp comes first: what is appended while we read is read again the next time.
            status = os.stat(path)
        except FileNotFoundError:
            return Reading()
        except OSError as error:
            raise StorageError.of(error, "read", path) from error
        stamp = _stamp(status)
        with self._keeping:
            kept = self._kept.pop(name, None)
        if kept is None or kept.stamp != stamp:
            kept = self._read_on(name, stamp, kept)
        with self._keeping:
            self._kept[name] = kept
            size = sum(other.size for other in self._kept.values())
            while size > KEPT:
                size -= self._kept.pop(next(iter(self._kept))).size
        return kept.reading

    def _read_on(self, name: str, stamp: str, kept: _Kept | None) -> _Kept:
        """Read a file; what stands there as it did is not decoded again."""
        data = self._bytes(name)
        kept = kept or _Kept()
        mark = _mark(memoryview(data)[: kept.size])
        if mark.digest() != kept.mark:
            kept, mark = _Kept(), _mark()
        size = data.rfind(b"\n") + 1
        mark.update(memoryview(data)[kept.size : size])
        records, faults = list(kept.reading.records), list(kept.reading.faults)
        for _, item in self._lines(name, data[kept.size : size], kept.chain):
            if isinstance(item, Fault):
                faults.append(item)
            else:
                records.append(item.record)
        return _Kept(stamp, size, mark.digest(), kept.chain, Reading(records, faults))

    def day(self, of: date) -> Reading:
        """See :meth:`liveblog.journal.Journal.day`."""
        return self.read(of.isoformat())

    def days(self, first: date = date.min) -> list[date]:
        """See :meth:`liveblog.journal.Journal.days`."""
        month = first.isoformat()[:7].replace("-", "")
        names = (item.name.removesuffix(".jsonl") for item in _walk(str(self.folder), month))
        days = (date.fromisoformat(name) for name in names if _NAME.fullmatch(name))
        return sorted(of for of in days if of >= first)

    def stamps(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """See :meth:`liveblog.journal.Journal.stamps`."""
        found = {}
        if names is None:
            for item in _walk(str(self.folder)):
                name = item.name.removesuffix(".jsonl")
                with contextlib.suppress(FileNotFoundError):
                    if _is_name(name):
                        found[name] = _stamp(item.stat())
        else:
            for name in names:
                path = self.path(name)
                try:
                    found[name] = _stamp(os.stat(path))
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError as error:
                    raise StorageError.of(error, "read", path) from error
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
        return _to_cursor(self._newest(self._head.read()).instant)

    def watch(self, cursor: str, pause: Callable[[float], bool]) -> Iterator[News]:
        """See :meth:`liveblog.journal.Journal.watch`."""
        # Every writer of this machine notes in the head where it wrote; who copies a file here, or
        # was killed before the note, does not. For these we look around.
        seen = _Seen(self._head.read(), self.stamps())
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
        known, seen.head = seen.head, self._head.read()
        names = names_since(seen.head, known)
        noted, odd = names or set(), set[str]()
        seen.stamps |= self.stamps(noted)
        if is_around or names is None:
            found = self.stamps()
            # What was noted meanwhile is not odd: the next look is told of it.
            noted_since = names_since(self._head.read(), seen.head) or set()
            odd = {name for name, _ in found.items() ^ seen.stamps.items()} - noted - noted_since
            seen.stamps = found | {name: seen.stamps[name] for name in noted & seen.stamps.keys()}
        return noted, odd

    def settle(self, names: Iterable[str]) -> None:
        """See :meth:`liveblog.journal.Journal.settle`."""
        for name in names:
            path = self.path(name)
            try:
                with open(path, "rb") as file:
                    sync_data(file.fileno())
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StorageError.of(error, "sync", path) from error

    def check(self, progress: Callable[[int, int], None] | None = None) -> Audit:
        """See :meth:`liveblog.journal.Journal.check`."""
        faults: list[Fault] = []
        notes: list[str] = []
        sums = {ZERO}
        afters: list[tuple[str, int, str]] = []
        records = files = 0
        found = list(self._files())
        for name, path in found:
            if progress:
                progress(files, len(found))
            files += 1
            redacted = 0
            data = self._bytes(name)
            for number, item in self._lines(name, data, _Chain(), to_the_end=True):
                if isinstance(item, Fault):
                    faults.append(item)
                    continue
                records += 1
                redacted += item.redacted
                sums.add(item.sum)
                afters.append((name, number, item.after))
            if redacted:
                notes.append(f"{self._shown(path)}: {redacted} redacted")
            torn = path.with_name(path.name + ".torn")
            if torn.exists():
                notes.append(
                    f"{self._shown(torn)}: bytes of appends that were cut short, "
                    "never acknowledged; delete it once you have looked"
                )
        faults += [
            Fault(
                self._place(name, number),
                "the update appended just before it, in any file, is gone",
                _RESTORE,
            )
            for name, number, after in afters
            if after not in sums
        ]
        notes += [
            f"{self._shown(Path(item.path))}: its name is neither a day nor a longer period, so "
            "nothing in it is read; move it elsewhere once you have looked"
            for item in _walk(str(self.folder))
            if not _is_name(item.name.removesuffix(".jsonl"))
        ]
        if self._newest(self._head.read()).sum not in sums:
            faults.append(
                Fault(self._shown(self.folder), "the newest update of all is gone", _RESTORE)
            )
        return Audit(faults, notes, records, files)

    def _bytes(self, name: str) -> bytes:
        path = self.path(name)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StorageError.of(error, "read", path) from error

    def _lines(
        self, name: str, data: bytes, chain: _Chain, to_the_end: bool = False
    ) -> Iterator[tuple[int, Line | Fault]]:
        """Yield each line of a file, or what is wrong with it, with its number.

        *data* are its bytes from where *chain* ends, which goes on with them.
        """
        *whole, rest = data.split(b"\n")
        for raw in whole:
            chain.lines += 1
            number = chain.lines
            line = decode(raw)
            if isinstance(line, str):
                problem = f"the line was altered or torn: {line}"
                yield number, Fault(self._place(name, number), problem, _RESTORE, raw)
                # What follows was chained to the sum that this line carried, if it still does.
                chain.expected = None
                continue
            if line.sum in chain.sums:
                problem = "the line stands here a second time"
                yield number, Fault(self._place(name, number), problem, _RESTORE, raw)
                continue
            if chain.expected is not None and line.prev != chain.expected:
                problem = "lines before it were removed or reordered"
                yield number, Fault(self._place(name, number), problem, _RESTORE, raw)
            chain.sums.add(line.sum)
            chain.expected = line.sum
            yield number, line
        if rest and to_the_end:
            number = chain.lines + 1
            mend = "It was never acknowledged; the next post sets its bytes aside."
            yield number, Fault(self._place(name, number), "the last line is torn", mend, rest)

    def _newest(self, head: bytes) -> Newest:
        """Return the newest line of all."""
        if found := newest_of(head):
            return found
        none = Newest(datetime.min.replace(tzinfo=UTC), ZERO)
        return max((Newest(*_last_line(path), name) for name, path in self._files()), default=none)

    def _end(self, name: str, stamp: str) -> datetime:
        """Return the instant of a file's last line; it is read again if its stamp changed."""
        known = self._ends.get(name)
        if known is None or known[0] != stamp:
            known = self._ends[name] = stamp, _last_line(self.path(name))[0]
        return known[1]

    def _files(self) -> Iterator[tuple[str, Path]]:
        """Yield the name and path of every file, in the order of the names."""
        found = (
            (item.name.removesuffix(".jsonl"), Path(item.path)) for item in _walk(str(self.folder))
        )
        return iter(sorted(file for file in found if _is_name(file[0])))

    def path(self, name: str) -> Path:
        """Return where a name's lines are kept.

        Raises :class:`InvalidInput` if it is neither a day nor a longer period.
        """
        if match := _NAME.fullmatch(name):
            return self.folder / match[1] / match[2] / f"{name}.jsonl"
        if name == COVERAGE:
            return self.folder / "coverage.jsonl"
        period = named(name)
        return self.folder / f"{period.id[:4]}" / f"{period.id}.jsonl"

    def _place(self, name: str, number: int) -> str:
        return f"{self._shown(self.path(name))}:{number}"

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.folder.parent))


def _mark(data: bytes | memoryview = b"") -> blake2b:
    """Return what tells bytes from any others: to decode them takes ten times as long."""
    return blake2b(data, digest_size=16)


def _walk(folder: str, first: str = "", at: str = "") -> Iterator[os.DirEntry[str]]:
    """Yield every file of lines; those of months before *first* (``201207``) are left out."""
    try:
        with os.scandir(folder) as found:
            for item in found:
                if item.name.endswith(".jsonl") and not item.name.startswith("."):
                    yield item
                elif len(at) < 6 and item.name.isdigit():
                    below = at + item.name
                    if below >= first[: len(below)] and item.is_dir():
                        yield from _walk(item.path, first, below)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError.of(error, "read", Path(folder)) from error


def _is_name(name: str) -> bool:
    """Whether anything is kept under a name. A program that syncs folders leaves others."""
    try:
        return bool(_NAME.fullmatch(name)) or name == COVERAGE or named(name).id == name
    except InvalidInput:
        return False


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def _last_line(path: Path) -> tuple[datetime, str]:
    """Return the instant and sum of a file's last whole line, reading only its end."""
    never = datetime.min.replace(tzinfo=UTC), ZERO
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            reach = 8192
            while True:
                file.seek(max(0, size - reach))
                data = file.read(reach)
                at_start = reach >= size
                # The first piece may be half a line, the last one torn.
                for raw in reversed(data.split(b"\n")[0 if at_start else 1 : -1]):
                    line = decode(raw)
                    if isinstance(line, Line) and line.record.recorded:
                        return line.record.recorded, line.sum
                if at_start:
                    return never
                reach *= 4
    except FileNotFoundError:
        return never


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
