"""The end of one file of the journal, held open for appending.

In come whole lines; each is on disk once :meth:`Tail.sync` has returned. Whoever writes holds the
journal's lock, whoever syncs does not: the lines of several writers reach the disk together, and
none waits for the syncs of those before it.
"""

from __future__ import annotations

import errno
import os
import threading
import weakref
from pathlib import Path

from ..storage.atomic import make_folder, sync_data, sync_folder
from .line import ZERO, name_of


class Tail:
    """A file's end as we know it; every method but :meth:`sync` wants the journal's lock."""

    def __init__(self, path: Path, root: Path) -> None:
        """Open the file at *path*, making it and its folders below *root* where they are missing.

        What a crash left at its end is set aside.
        """
        is_new = not path.exists()
        if is_new:
            make_folder(path.parent, root)
        self._path = str(path)
        self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._inode = os.fstat(self._fd).st_ino
        # Closed once nobody appends to it or waits for it any more.
        weakref.finalize(self, os.close, self._fd)
        if is_new:
            sync_folder(path.parent)
        self.last, self.size = _mend(self._fd, path)  #: the sum of the last line; bytes
        self._synced = 0  # whoever wrote the rest may have been cut off before it was
        self._syncing = threading.Lock()
        self._is_lost = False

    def is_known(self) -> bool:
        """Take in what others appended; return whether the file is still ours to append to."""
        size = self._size()
        if self._is_lost or size < self.size:
            return False
        if size > self.size:
            grown = os.pread(self._fd, size - self.size, self.size)
            last = grown[grown.rfind(b"\n", 0, -1) + 1 : -1] if grown.endswith(b"\n") else b""
            name = name_of(last)
            if name is None:
                return False
            self.size, self.last = size, name
        return True

    def _size(self) -> int:
        """Return how many bytes the file has; -1 if another stands in its place."""
        try:
            status = os.stat(self._path)
        except OSError:
            return -1
        return status.st_size if status.st_ino == self._inode else -1

    def append(self, line: bytes) -> None:
        """Write a whole line, newline included, or nothing of it.

        Raises :class:`OSError`; then the file is to be opened anew.
        """
        try:
            if os.write(self._fd, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._is_lost = True
            self._cut(self.size)
            raise
        self.size += len(line)
        self.last = line[-19:-3].decode()

    def sync(self, end: int) -> None:
        """Return once the first *end* bytes are on disk.

        Raises :class:`OSError`; then they may not be, and the file is to be opened anew. The kernel
        tells of a failure once, so every writer of this process who waits is told of it here.
        """
        with self._syncing:
            if self._is_lost:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            if self._synced >= end:
                return
            size = self.size
            try:
                sync_data(self._fd)
            except OSError:
                self._is_lost = True
                raise
            self._synced = size

    def take_back(self, start: int, end: int) -> bool:
        """Cut off the last line, from *start* to *end*, if it is the last; return whether it was.

        To be called after a sync that failed.
        """
        return self._size() == end and self._cut(start)

    def _cut(self, size: int) -> bool:
        try:
            os.ftruncate(self._fd, size)
            os.fsync(self._fd)
        except OSError:
            return False
        return True


def _mend(fd: int, path: Path) -> tuple[str, int]:
    """Set a torn end aside; return the sum of the last whole line and the file's size."""
    size = os.fstat(fd).st_size
    data = os.pread(fd, size, 0)
    end = data.rfind(b"\n") + 1
    while end:
        start = data.rfind(b"\n", 0, end - 1) + 1
        # A machine that lost power can leave a file grown but not filled.
        if b"\0" not in data[start:end]:
            break
        end = start
    if end < size:
        with open(path.with_name(path.name + ".torn"), "ab") as aside:
            aside.write(data[end:] + b"\n")
            aside.flush()
            os.fsync(aside.fileno())
        sync_folder(path.parent)
        os.ftruncate(fd, end)
    for raw in reversed(data[:end].splitlines()):
        if name := name_of(raw):
            return name, end
    return ZERO, end
