"""Appends lines to one day file: the bytes of a crash set aside, the lines written and synced.

A crash can cut an append short: it leaves bytes without a line end that hold no whole line. They
were never acknowledged; the next writer moves them to ``….jsonl.torn``. A whole line that only
lacks its line end is a line, and gets its line end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
from pathlib import Path

from ...storage.atomic import (
    NotRegularError,
    make_folder,
    open_regular,
    read_regular,
    sync_data,
    sync_folder,
)
from .format import ZERO, links_of
from .head import last_sum_in
from .layout import stamp_of
from .parser import last_line, readable_size

TORN = ".torn"

_ID_LETTERS = rb"-[0-9a-z]{10}"


class DayFile:
    """A day file, and what its writer remembers of it so as not to read it for each append.

    The journal's lock is held during each call.
    """

    def __init__(self, path: Path, name: str) -> None:
        """Use the file at *path*, which need not exist, of a day or a longer period."""
        self.name = name
        self._path = path
        self._stamp = ""  # of the file as it was read; empty if it is to be read
        self.is_unchanged = True  #: whether the file certainly holds what it held at the refresh
        self._forget()

    def _forget(self) -> None:
        self.last = ZERO  #: the sum of the last line
        self.ids: set[bytes] = set()  #: of the entries in it, and of those that its texts name
        self._size = 0  # of its lines, in bytes
        self._rest = b""  # the bytes after them, cut short by a crash
        self._is_open = False  # the last line lacks its line end

    def refresh(self, head: bytes) -> None:
        """Read the file if it changed; only the new lines, if lines were appended.

        *head* says which line was acknowledged last; see :func:`.parser.readable_size`.

        Raises :class:`OSError`.
        """
        self.is_unchanged = True
        try:
            status = os.stat(self._path, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            self._stamp = ""
            self._forget()
            return
        stamp = stamp_of(status)
        if self._stamp != stamp and not self._read_appended(status.st_size):
            data = read_regular(self._path)
            self._forget()
            self._size = readable_size(data, last_sum_in(head, self.name))
            self._rest = data[self._size :]
            lines = data[: self._size]
            line = last_line(lines)
            self.last = line.sum if line else ZERO
            self._is_open = bool(lines) and not lines.endswith(b"\n")
            self.ids = self._ids_in(data)
        self._stamp = stamp

    def _read_appended(self, size: int) -> bool:
        """Read on from where the known lines end; return whether only whole lines follow."""
        if not self._stamp or self._rest or self._is_open or size <= self._size:
            return False
        fd = open_regular(self._path)
        try:
            data = os.pread(fd, size - self._size, self._size)
        finally:
            os.close(fd)
        first, line = links_of(data.partition(b"\n")[0]), last_line(data)
        if not first or first.prev != self.last or not line or not data.endswith(b"\n"):
            return False
        self.last, self._size = line.sum, size
        self.ids |= self._ids_in(data)
        return True

    def _ids_in(self, data: bytes) -> set[bytes]:
        """Return the ids of the day's entries anywhere in some bytes."""
        return set(re.findall(self.name.replace("-", "").encode() + _ID_LETTERS, data))

    def append(self, lines: bytes, last: str, root: Path) -> None:
        """Append whole lines, each with its line end, and sync; *last* is the sum of the last one.

        The file was refreshed. It and its folders below *root* are created if they are missing. If
        anything fails, the lines are cut off again; :attr:`is_unchanged` says whether that worked.

        Raises :class:`OSError`.
        """
        known, self._stamp = self._stamp, ""  # after an error the file is read again
        fd = self._open(root)
        try:
            if known and stamp_of(os.fstat(fd)) != known:
                raise OSError(errno.EAGAIN, "another program changed it just now")
            if self._rest.strip(b" \t\r\0"):
                self._set_aside()
            if self._rest:
                os.ftruncate(fd, self._size)
            self._write(fd, b"\n" + lines if self._is_open else lines)
            status = os.fstat(fd)
        finally:
            with contextlib.suppress(OSError):  # what was written is synced or reported already
                os.close(fd)
        self._stamp, self._size, self.last = stamp_of(status), status.st_size, last
        self._rest, self._is_open = b"", False
        self.ids |= self._ids_in(lines)

    def _open(self, root: Path) -> int:
        flags = os.O_RDWR | os.O_APPEND
        try:
            return open_regular(self._path, flags)
        except (FileNotFoundError, NotADirectoryError):
            make_folder(self._path.parent, root)
            fd = open_regular(self._path, flags | os.O_CREAT)
            sync_folder(self._path.parent)
            return fd

    def _set_aside(self) -> None:
        aside = self._path.with_name(self._path.name + TORN)
        with open(open_regular(aside, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as file:
            file.write(self._rest + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)

    def _write(self, fd: int, lines: bytes) -> None:
        data = memoryview(lines)
        self.is_unchanged = False
        try:
            while data:
                data = data[os.write(fd, data) :]
            sync_data(fd)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, self._size)
                os.fsync(fd)
                self.is_unchanged = True
            raise


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
