"""The end of one day file: where its lines end, and how lines are appended there.

A crash can cut an append short: it leaves bytes without a line end that hold no whole line. They
were never acknowledged; the next writer moves them to ``….jsonl.torn``. A whole line that only
lacks its line end is a line, and gets its line end.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from ...storage.atomic import (
    NotRegularError,
    make_folder,
    open_regular,
    read_regular,
    sync_data,
    sync_folder,
)
from .format import ZERO, Line, decode
from .parser import end_of_whole_lines, parse_lines, readable_size

_REACH = 8192
"""Number of bytes at the end of a file that are read first; they usually hold its last line."""

TORN = ".torn"

_ID_LETTERS = rb"-[0-9a-z]{10}"


class FileEnd(NamedTuple):
    """How a file ends."""

    line: Line | None  #: the last whole line
    size: int  #: bytes up to the end of the lines
    rest: bytes  #: the bytes after them, cut short by a crash
    is_open: bool  #: the last line lacks its line end


def read_end(fd: int) -> FileEnd:
    """Read the end of an open file."""
    size = os.fstat(fd).st_size
    reach = _REACH
    while True:
        start = max(0, size - reach)
        data = os.pread(fd, size - start, start)
        if start:  # the first piece may be half a line
            data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
        ended = data.rfind(b"\n") + 1
        whole = ended + end_of_whole_lines(data[ended:])
        line = _last(data[:whole])
        if line or not start:
            end = size - len(data) + whole
            return FileEnd(line, end, data[whole:], is_open=whole > ended)
        reach *= 4


def _last(data: bytes) -> Line | None:
    for raw in reversed(data.split(b"\n")):
        for _, what in reversed(list(parse_lines(raw)) if raw else []):
            if isinstance(what, Line):
                return what
    return None


Stamp = tuple[int, int, int]
"""A file's inode, size in bytes and time of modification in nanoseconds."""


class FileState(Struct):
    """What a writer remembers of a day file, so that it does not read the file for each append."""

    name: str
    stamp: Stamp = (0, 0, 0)  #: of the file as it was read; zeros if there is none
    last: str = ZERO  #: the sum of its last line; empty if the file does not end in a whole line
    ids: set[bytes] = set()  #: of the entries in it, and of those that its texts name


def read_state(path: Path, name: str, known: FileState | None) -> FileState:
    """Return the present state of the file at *path*.

    If only lines were appended since it was *known*, only these are read, else the whole file. The
    journal's lock is held.

    Raises :class:`OSError`.
    """
    try:
        stamp = _stamp(os.stat(path, follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return FileState(name, ids=set())
    if known and known.name == name:
        if known.stamp == stamp:
            return known
        if known.last and known.stamp[0] == stamp[0] and known.stamp[1] < stamp[1]:
            grown = _read_on(path, known, stamp)
            if grown:
                return grown
    data = read_regular(path)
    last = data.rpartition(b"\n")[0].rpartition(b"\n")[2] if data.endswith(b"\n") else b""
    line = decode(last)
    return FileState(name, stamp, line.sum if isinstance(line, Line) else "", _ids(name, data))


def _read_on(path: Path, known: FileState, stamp: Stamp) -> FileState | None:
    """Read the lines that follow the known ones; None if anything but whole lines follows."""
    fd = open_regular(path)
    try:
        data = os.pread(fd, stamp[1] - known.stamp[1], known.stamp[1])
    finally:
        os.close(fd)
    last = known.last
    *lines, rest = data.split(b"\n")
    if rest:
        return None
    for raw in lines:
        line = decode(raw)
        if not isinstance(line, Line) or line.prev != last:
            return None
        last = line.sum
    known.ids.update(_ids(known.name, data))
    return FileState(known.name, stamp, last, known.ids)


def _ids(name: str, data: bytes) -> set[bytes]:
    """Return the ids of a day's entries anywhere in some bytes."""
    return set(re.findall(name.replace("-", "").encode() + _ID_LETTERS, data))


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns


class Tail:
    """The end of a day file, open for one append; the journal's lock is held."""

    def __init__(self, path: Path, root: Path, acknowledged: str, known: FileState) -> None:
        """Open the file at *path*, making it and its folders below *root* where they are missing.

        Its end is not read if the file is still as it was *known*. *acknowledged* is the sum of its
        newest line according to the head; see :func:`.parser.readable_size`.

        Raises :class:`OSError`.
        """
        self._path = path
        try:
            self._fd = open_regular(path, os.O_RDWR | os.O_APPEND)
        except (FileNotFoundError, NotADirectoryError):
            make_folder(path.parent, root)
            self._fd = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            sync_folder(path.parent)
        self.last = known.last  #: the sum of the last line
        self.is_unchanged = True  #: whether the file certainly holds what it held before
        stamp = _stamp(os.fstat(self._fd))
        if known.last and stamp == known.stamp:
            self._end = FileEnd(None, stamp[1], b"", is_open=False)
            return
        self._end = read_end(self._fd)
        self.last = self._end.line.sum if self._end.line else ZERO
        if self._end.rest and acknowledged:
            data = read_regular(path)
            if readable_size(data, acknowledged) == len(data):
                # The rest of an acknowledged line is damage that withholds entries: it stays.
                self._end = FileEnd(self._end.line, len(data), b"", is_open=True)

    def __enter__(self) -> Tail:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # what was written is synced or reported already
            os.close(self._fd)

    def append(self, lines: bytes) -> Stamp:
        """Append whole lines, each with its line end, and sync; return the file's new stamp.

        If anything fails, the lines are cut off again; :attr:`is_unchanged` says whether that
        worked.

        Raises :class:`OSError`.
        """
        if self._end.rest.strip(b" \t\r\0"):
            self._set_aside()
        if self._end.rest:
            os.ftruncate(self._fd, self._end.size)
        data = memoryview(b"\n" + lines if self._end.is_open else lines)
        self.is_unchanged = False
        try:
            while data:
                data = data[os.write(self._fd, data) :]
            sync_data(self._fd)
        except BaseException:
            self.is_unchanged = self._cut()
            raise
        return _stamp(os.fstat(self._fd))

    def _set_aside(self) -> None:
        aside = self._path.with_name(self._path.name + TORN)
        with open(open_regular(aside, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as file:
            file.write(self._end.rest + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)

    def _cut(self) -> bool:
        try:
            os.ftruncate(self._fd, self._end.size)
            os.fsync(self._fd)
        except OSError:
            return False
        return True


def sync_file(path: Path) -> None:
    """Make the data of a file durable, if the file exists.

    Raises :class:`OSError`.
    """
    try:
        fd = open_regular(path)
    except (FileNotFoundError, NotADirectoryError, NotRegularError):
        return
    try:
        sync_data(fd)
    finally:
        os.close(fd)
