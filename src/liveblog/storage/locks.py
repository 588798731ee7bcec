"""Locks between the processes and threads of one machine: ``flock(2)`` on a file or a folder.

Only one :class:`Lock` is held on a path at a time. A lock ends with its process, however that ends.
The file system must be local, or a network file system with locks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from pathlib import Path

from ..model.errors import Busy, StorageError, storage_errors

WARN_AFTER = 2.0
"""Seconds after which a waiting process logs who holds the lock."""

GIVE_UP_AFTER = 30.0
"""Seconds after which waiting ends with an error."""

_SHORTEST_PAUSE = 0.001
_LONGEST_PAUSE = 0.1
"""Seconds between two attempts: a hundredth of the time waited so far, within these limits. A
process that waits for long uses little processor time."""


class Lock:
    """An exclusive lock on *path*: an existing folder, or a file that is created if it is missing.

    Use it as a context manager, or call :meth:`acquire` or :meth:`try_acquire`, and
    :meth:`release`. An object holds its path once; it is not reentrant.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd >= 0

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Wait for the lock and take it.

        Raises :class:`Busy` if it is held for :data:`GIVE_UP_AFTER` seconds,
        :class:`StorageError` if the file system has no locks; the message names
        who holds it, and where.
        """
        if self.try_acquire():
            return
        began = time.monotonic()
        waited = 0.0
        has_warned = False
        while True:
            time.sleep(min(max(waited / 100, _SHORTEST_PAUSE), _LONGEST_PAUSE))
            if self.try_acquire():
                return
            waited = time.monotonic() - began
            if waited >= GIVE_UP_AFTER:
                raise Busy(
                    f"{self.path} has been locked by {self._describe_holder()} for "
                    f"{waited:.0f} seconds; gave up waiting.",
                    "Look what that process does, end it if it hangs, and try again.",
                )
            if waited >= WARN_AFTER and not has_warned:
                import logging  # slow to import, and rarely needed

                has_warned = True
                message = "Waiting for %s, which is locked by %s."
                logging.getLogger("liveblog").warning(message, self.path, self._describe_holder())

    def try_acquire(self) -> bool:
        """Take the lock if it is free; return whether it was taken.

        Raises :class:`StorageError` if it cannot be locked at all.
        """
        assert not self.is_held
        while True:
            fd = self._open()
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Somebody may have deleted or replaced the file after it was opened: a lock on a
                # file that has no name any more excludes nobody.
                if os.path.samestat(os.fstat(fd), os.stat(self.path)):
                    self._fd, fd = fd, -1
                    return True
            except FileNotFoundError:
                pass
            except BlockingIOError:
                return False
            except OSError as error:
                raise StorageError(
                    f"Cannot lock {self.path}: {error.strerror or error}.",
                    "The file system there has no locks (flock), as some network file systems "
                    "have not: put the blog on a local disk, or mount the network file system with "
                    "locks.",
                ) from error
            finally:
                if fd >= 0:
                    os.close(fd)

    def is_current(self) -> bool:
        """Whether this object holds the lock on what is at the path now.

        Not if the file was deleted or replaced meanwhile; then others can lock the new one.
        """
        try:
            return self.is_held and os.path.samestat(os.fstat(self._fd), os.stat(self.path))
        except OSError:
            return False

    def release(self) -> None:
        """Release the lock, if it is held."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            with contextlib.suppress(OSError):  # it is released all the same
                os.close(fd)

    def holder(self) -> int:
        """Return the id of the process that holds the lock; 0 if there is none or it is unknown.

        It is the one that Linux lists as holding a flock on the file (proc(5), /proc/locks).
        """
        try:
            status = os.stat(self.path)
            device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
            with open("/proc/locks", encoding="ascii") as locks:
                for line in locks:
                    fields = line.split()  # 1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF
                    if fields[1] == "FLOCK" and fields[5] == f"{device}:{status.st_ino}":
                        return max(int(fields[4]), 0)
        except (OSError, ValueError, IndexError):
            pass
        return 0

    def _describe_holder(self) -> str:
        process = self.holder()
        if process == os.getpid():
            return f"this process ({process})"
        return f"process {process}" if process else "another process"

    def _open(self) -> int:
        with storage_errors("open", self.path):
            try:
                return os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except (FileNotFoundError, NotADirectoryError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
