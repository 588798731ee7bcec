"""The end of one file of the journal: where it ends, and how a line is put there.

A crash can cut an append short: bytes without a line end, of which no line is whole. Nobody was
told that they are there; whoever writes next sets them aside in ``….jsonl.torn``. A whole line
whose line end is missing is a line, and gets its line end.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from ...storage.atomic import make_folder, open_regular, read_regular, sync_data, sync_folder
from .line import ZERO, Line
from .lines import end_of_lines, pieces, whole_end

_REACH = 8192
"""Bytes at the end of a file that are read first: as a rule they hold its last line."""

TORN = ".torn"


class End(NamedTuple):
    """How a file ends."""

    line: Line | None  #: the last whole one
    size: int  #: bytes up to where its lines go
    rest: bytes  #: what follows: cut short by a crash
    is_open: bool  #: the last line lacks its line end


def end_of(fd: int) -> End:
    """Read the end of an open file."""
    size = os.fstat(fd).st_size
    reach = _REACH
    while True:
        start = max(0, size - reach)
        data = os.pread(fd, size - start, start)
        if start:  # the first piece may be half a line
            data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
        ended = data.rfind(b"\n") + 1
        whole = ended + whole_end(data[ended:])
        line = _last(data[:whole])
        if line or not start:
            end = size - len(data) + whole
            return End(line, end, data[whole:], is_open=whole > ended)
        reach *= 4


def _last(data: bytes) -> Line | None:
    for raw in reversed(data.split(b"\n")):
        for _, what in reversed(list(pieces(raw)) if raw else []):
            if isinstance(what, Line):
                return what
    return None


class Tail:
    """The end of a file, open for one append; the journal's lock is held."""

    def __init__(self, path: Path, root: Path, acknowledged: str) -> None:
        """Open the file at *path*, making it and its folders below *root* where they are missing.

        *acknowledged* is as in :func:`.lines.end_of_lines`.

        Raises :class:`OSError`.
        """
        self._path = path
        try:
            self._fd = open_regular(path, os.O_RDWR | os.O_APPEND)
        except (FileNotFoundError, NotADirectoryError):
            make_folder(path.parent, root)
            self._fd = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)
            sync_folder(path.parent)
        self._end = end_of(self._fd)
        if self._end.rest and acknowledged:
            data = read_regular(path)
            if end_of_lines(data, acknowledged) == len(data):
                # Damage, but of a line that is to be withheld: it stays where it is.
                self._end = End(self._end.line, len(data), b"", is_open=True)
        self.last = self._end.line.sum if self._end.line else ZERO
        self.is_untouched = True  #: as far as is known, the file holds what it held before

    def __enter__(self) -> Tail:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # what was written is on disk, or was told of
            os.close(self._fd)

    def append(self, line: bytes) -> None:
        """Put a whole line, with its line end, at the end; it is on disk when this returns.

        If anything goes wrong it is cut off again. :attr:`is_untouched` says whether that worked.
        """
        if self._end.rest.strip(b" \t\r\0"):
            self._set_aside()
        if self._end.rest:
            os.ftruncate(self._fd, self._end.size)
        data = memoryview(b"\n" + line if self._end.is_open else line)
        self.is_untouched = False
        try:
            while data:
                data = data[os.write(self._fd, data) :]
            sync_data(self._fd)
        except BaseException:
            self.is_untouched = self._cut()
            raise

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
