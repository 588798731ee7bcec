"""The head: the newest writes to the journal, in ``.liveblog/head``.

It has one line for each write, the newest first, all of one width::

    2012-07-15T18:20:00.000000+00:00 <sum of the line> 2012-07-15

The files of chapters, whose names can be long, are called by a hash; see :func:`head_name`.

A writer links its line to the first one; a watcher learns from the lines above those it knows which
files to read. The head is a hint: it is not synced, and if it is lost the files are read instead.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ...model import limits
from ...model.chapter import PREFIX
from ...model.errors import InvalidInput
from ...model.hashing import blake2b

MAX_WRITES = 32
"""Number of writes in the head. A watcher that missed more looks at every file."""

_CHAPTER_HASH = 6  #: bytes

_LINE = "%-32s %-16s %-22s\n"
_WIDTH = len(_LINE % ("", "", ""))
_SIZE = MAX_WRITES * _WIDTH


class LastWrite(NamedTuple):
    """The newest line of a journal or a file."""

    instant: datetime
    sum: str  #: of the line
    name: str = ""  #: of its file, or what a head calls it; empty if unknown


class Head:
    """The head of one journal. A writer holds the journal's lock."""

    def __init__(self, path: Path) -> None:
        """Use the file at *path*, which need not exist."""
        self._path = str(path)

    def read(self) -> bytes:
        """Return the bytes of the head; empty if it is lost."""
        data = b""
        with contextlib.suppress(OSError):
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                data = os.read(fd, _SIZE)
            finally:
                os.close(fd)
        return data

    def write(self, newest: LastWrite, before: bytes) -> bytes:
        """Put a line above those *before*, which :meth:`read` returned; return the new bytes.

        Errors of the disk are ignored.
        """
        name = head_name(newest.name)
        line = _LINE % (newest.instant.isoformat(timespec="microseconds"), newest.sum, name)
        data = (line.encode() + before)[:_SIZE]
        with contextlib.suppress(OSError):
            fd = self._open_or_create()
            try:
                os.pwrite(fd, data, 0)
            finally:
                os.close(fd)
        return data

    def _open_or_create(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(self._path, flags, 0o644)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(self._path))
            return os.open(self._path, flags, 0o644)


def head_name(name: str) -> str:
    """Return what a head calls a file: by its name, but that of a chapter, which may be long.

    A chapter is called by a hash of its name; :meth:`.reader.Reader.newest` finds the file.
    """
    if not name.startswith(PREFIX):
        return name
    return PREFIX + blake2b(name.encode(), digest_size=_CHAPTER_HASH).hexdigest()


def last_write(head: bytes) -> LastWrite | None:
    """Return the newest write in a head; None if there is none that can be read."""
    try:
        instant, last, name = next(_writes(head[:_WIDTH]), ("", "", ""))
        return LastWrite(limits.check_instant(datetime.fromisoformat(instant)), last, name)
    except (ValueError, InvalidInput):
        return None


def last_sum_in(head: bytes, name: str) -> str:
    """Return the sum of the line last written to a file; empty if it is not in the head."""
    name = head_name(name)
    return next((last for _, last, found in _writes(head) if found == name), "")


def names_in(head: bytes) -> set[str]:
    """Return what a head calls the files in it."""
    return {name for _, _, name in _writes(head)}


def names_since(head: bytes, known: bytes) -> set[str] | None:
    """Return what a head calls the files that were written to since it was *known*.

    None if the head does not reach back so far.
    """
    for end in range(0, len(head), _WIDTH):
        if known.startswith(head[end:]):
            return names_in(head[:end])
    return None if head else set()


def _writes(head: bytes) -> Iterator[list[str]]:
    """Yield instant, sum and name of each line that can be read."""
    for line in head.split(b"\n"):
        fields = line.decode("ascii", "replace").split()
        if len(fields) == 3:
            yield fields
