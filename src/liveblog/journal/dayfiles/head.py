"""The head: what was written to the journal last, in ``.liveblog/head``.

It has one line for each write, the newest first, all of one width::

    2012-07-15T18:20:00.000000+00:00 <sum of the line> 2012-07-15

A writer links its line to the first one; a watcher learns from the lines above those it knows which
files to read. The head is a hint: it is not synced, and if it is lost the files are read instead.
"""

from __future__ import annotations

import contextlib
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ...model import limits
from ...model.errors import InvalidInput

MAX_WRITES = 32
"""Number of writes in the head: as many as there may be between two looks of a watcher."""

_LINE = "%-32s %-16s %-22s\n"
_WIDTH = len(_LINE % ("", "", ""))


class LastWrite(NamedTuple):
    """The newest line of a journal or a file."""

    instant: datetime
    sum: str  #: of the line
    name: str = ""  #: of its file; empty if unknown


class Head:
    """The head of one journal, kept open. A writer holds the journal's lock."""

    def __init__(self, path: Path) -> None:
        """Use the file at *path*, which need not exist."""
        self._path = str(path)
        self._fd, self._inode, self._may_write = -1, 0, False
        self._turn = threading.Lock()

    def read(self) -> bytes:
        """Return the bytes of the head; empty if it is lost."""
        with self._turn:
            try:
                # Opened again if somebody replaced or removed the file.
                if self._fd < 0 or os.stat(self._path).st_ino != self._inode:
                    self._open(os.O_RDONLY)
                return os.pread(self._fd, MAX_WRITES * _WIDTH, 0)
            except OSError:
                self._forget()
                return b""

    def write(self, newest: LastWrite, before: bytes) -> bytes:
        """Put a line above those *before*, which :meth:`read` returned; return the new bytes.

        Errors of the disk are ignored.
        """
        line = _LINE % (newest.instant.isoformat(timespec="microseconds"), newest.sum, newest.name)
        data = (line.encode() + before)[: MAX_WRITES * _WIDTH]
        with self._turn:
            try:
                if not self._may_write:
                    os.makedirs(os.path.dirname(self._path), exist_ok=True)
                    self._open(os.O_RDWR | os.O_CREAT)
                os.pwrite(self._fd, data, 0)
            except OSError:
                self._forget()
        return data

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._forget()

    def __del__(self) -> None:
        """Close the file, so that a process that opens many blogs keeps no descriptors."""
        self._forget()

    def _open(self, how: int) -> None:
        self._forget()
        self._fd = os.open(self._path, how | os.O_CLOEXEC, 0o644)
        self._inode = os.fstat(self._fd).st_ino
        self._may_write = bool(how & os.O_RDWR)

    def _forget(self) -> None:
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
        self._fd, self._may_write = -1, False


def last_write(head: bytes) -> LastWrite | None:
    """Return the newest write in a head; None if there is none that can be read."""
    fields = head.partition(b"\n")[0].decode("ascii", "replace").split()
    try:
        at, last, name = fields
        return LastWrite(limits.check_instant(datetime.fromisoformat(at)), last, name)
    except (ValueError, InvalidInput):
        return None


def last_sum_in(head: bytes, name: str) -> str:
    """Return the sum of the line last written to a file; empty if it is not in the head."""
    for line in head.decode("ascii", "replace").splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[2] == name:
            return fields[1]
    return ""


def names_in(head: bytes) -> set[str]:
    """Return the names of the files in a head."""
    lines = head.decode("ascii", "replace").splitlines()
    return {fields[2] for fields in map(str.split, lines) if len(fields) == 3}


def names_since(head: bytes, known: bytes) -> set[str] | None:
    """Return the names of the files written to since the head was *known*.

    None if the head does not reach back so far.
    """
    names: set[str] = set()
    for at in range(0, len(head), _WIDTH):
        if known.startswith(head[at:]):
            return names
        fields = head[at : at + _WIDTH].decode("ascii", "replace").split()
        if len(fields) != 3:
            return None
        names.add(fields[2])
    return None if names else set()
