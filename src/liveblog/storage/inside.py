"""Reads and deletes files at untrusted paths, which cannot lead out of a folder.

The paths come from records and site listings that somebody else may have written.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..model.errors import StorageError

_NO_FILE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG}
"""Errors of a path that leads to no file below the folder."""


def is_inside(path: str) -> bool:
    """Whether a relative path, with slashes, has only names of files and folders below."""
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))


def read_inside(folder: Path, path: str) -> bytes | None:
    """Return the bytes of the file at *path* below *folder*.

    None if there is no regular file: if *path* leads elsewhere (``..``, absolute), if it or any
    folder on the way is a symbolic link, or a pipe or device stands there. *folder* itself may be
    a link.

    Raises :class:`StorageError` if the machine refused.
    """
    with _no_file_errors("read", folder / path), _parent(folder, path) as (parent, name):
        # O_NONBLOCK: a pipe without a writer would block.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(name, flags, dir_fd=parent)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            with open(fd, "rb") as file:
                return file.read()
        os.close(fd)
    return None


def size_inside(folder: Path, path: str) -> int | None:
    """Return the size of the file at *path* below *folder*; None if there is no regular file.

    It is what :func:`read_inside` would read. Raises what that raises.
    """
    with _no_file_errors("read", folder / path), _parent(folder, path) as (parent, name):
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        return status.st_size if stat.S_ISREG(status.st_mode) else None
    return None


def delete_inside(folder: Path, path: str) -> bool:
    """Delete the file at *path* below *folder*; return whether there was one.

    No symbolic link on the way is followed; a link at *path* itself is deleted, not what it leads
    to.

    Raises :class:`StorageError` if the machine refused.
    """
    with _no_file_errors("delete", folder / path), _parent(folder, path) as (parent, name):
        os.unlink(name, dir_fd=parent)
        return True
    return False


@contextmanager
def _no_file_errors(doing: str, path: Path) -> Iterator[None]:
    """Suppress the errors of a path that leads to no file; turn others into a storage error."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_FILE:
            raise StorageError.of(error, doing, path) from error


@contextmanager
def _parent(folder: Path, path: str) -> Iterator[tuple[int, str]]:
    """Open the folder that holds *path*, step by step without following links."""
    if not is_inside(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    *above, name = path.split("/")
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    fd = os.open(folder, flags)
    try:
        for part in above:
            inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd, name
    finally:
        os.close(fd)
