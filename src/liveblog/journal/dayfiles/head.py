"""The head: what was written to the journal last, in ``.liveblog/head``.

A line a write, the newest first, all of one width::

    2012-07-15T18:20:00.000000+00:00 <sum of the line> 2012-07-15

Writers chain to the first line; watchers learn from those above the one they know which files to
read. A hint, not a truth: it is not synced, and where it is lost the files tell.
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
"""So many writes are held: as many may lie between two looks of a watcher."""

_LINE = "%-32s %-16s %-22s\n"
_WIDTH = len(_LINE % ("", "", ""))


class LastWrite(NamedTuple):
    """The newest write of all."""

    instant: datetime
    sum: str  #: that of its line
    name: str = ""  #: that of its file, where it is known


class Head:
    """The head of one journal, held open. Whoever writes holds the journal's lock."""

    def __init__(self, path: Path) -> None:
        """Keep the head at *path*; nothing has to be there."""
        self._path = str(path)
        self._fd, self._inode, self._may_write = -1, 0, False
        self._turn = threading.Lock()

    def read(self) -> bytes:
        """Return it as it stands; nothing if it is lost."""
        with self._turn:
            try:
                # Opened again if somebody replaced the file, or took it away.
                if self._fd < 0 or os.stat(self._path).st_ino != self._inode:
                    self._open(os.O_RDONLY)
                return os.pread(self._fd, MAX_WRITES * _WIDTH, 0)
            except OSError:
                self._forget()
                return b""

    def write(self, newest: LastWrite, before: bytes) -> bytes:
        """Put a line for the newest write above those *before*, which :meth:`read` returned.

        Return the head as it is then. A disk that refuses is passed over.
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
                self._forget()  # a hint: the files tell
        return data

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._forget()

    def __del__(self) -> None:
        """Whoever opens blog after blog runs out of descriptors otherwise."""
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
    """Return the newest write, or None if the head does not tell."""
    fields = head.partition(b"\n")[0].decode("ascii", "replace").split()
    try:
        at, last, name = fields
        return LastWrite(limits.check_instant(datetime.fromisoformat(at)), last, name)
    except (ValueError, InvalidInput):
        return None


def last_sum_in(head: bytes, name: str) -> str:
    """Return the sum of the line that was written to a file last; nothing if it is not told."""
    for line in head.decode("ascii", "replace").splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[2] == name:
            return fields[1]
    return ""


def names_in(head: bytes) -> set[str]:
    """Return the names written to last."""
    lines = head.decode("ascii", "replace").splitlines()
    return {fields[2] for fields in map(str.split, lines) if len(fields) == 3}


def names_since(head: bytes, known: bytes) -> set[str] | None:
    """Return the names written to since the head was as *known*; None if it tells no more."""
    names: set[str] = set()
    for at in range(0, len(head), _WIDTH):
        if known.startswith(head[at:]):
            return names
        fields = head[at : at + _WIDTH].decode("ascii", "replace").split()
        if len(fields) != 3:
            return None
        names.add(fields[2])
    return None if names else set()
