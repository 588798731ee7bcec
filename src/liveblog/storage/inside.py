"""Reads and deletes files below a folder, whatever the path: it cannot lead out of the folder.

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

_ELSEWHERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG}
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
    try:
        with _parent(folder, path) as (parent, name):
            # A pipe without a writer would keep us waiting.
            flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            with open(os.open(name, flags, dir_fd=parent), "rb") as file:
                is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                return file.read() if is_file else None
    except IsADirectoryError:
        return None
    except OSError as error:
        if error.errno in _ELSEWHERE:
            return None
        raise StorageError.of(error, "read", folder / path) from error


def size_inside(folder: Path, path: str) -> int | None:
    """Return the size of the file at *path* below *folder*; None if there is no regular file.

    It is what :func:`read_inside` would read. Raises what that raises.
    """
    try:
        with _parent(folder, path) as (parent, name):
            status = os.stat(name, dir_fd=parent, follow_symlinks=False)
            return status.st_size if stat.S_ISREG(status.st_mode) else None
    except OSError as error:
        if error.errno in _ELSEWHERE:
            return None
        raise StorageError.of(error, "read", folder / path) from error


def delete_inside(folder: Path, path: str) -> bool:
    """Delete the file at *path* below *folder*; return whether there was one.

    No symbolic link on the way is followed; a link at *path* itself is deleted, not what it leads
    to.

    Raises :class:`StorageError` if the machine refused.
    """
    try:
        with _parent(folder, path) as (parent, name):
            os.unlink(name, dir_fd=parent)
        return True
    except OSError as error:
        if error.errno in _ELSEWHERE:
            return False
        raise StorageError.of(error, "delete", folder / path) from error


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
