"""Writes files that survive a crash: to a temporary file that is synced and renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import threading
from collections.abc import Iterable
from pathlib import Path

from ..model.errors import storage_errors


class NotRegularError(OSError):
    """In the place of a file there is a symbolic link, a folder, a pipe or a device."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}", str(path))
        self.path = path
        self.kind = kind


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file and nothing else, without waiting; see :func:`os.open`.

    Raises :class:`NotRegularError`.
    """
    try:
        fd = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise NotRegularError(path, _kind(os.lstat(path).st_mode)) from error
        raise
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    raise NotRegularError(path, _kind(mode))


def read_regular(path: Path) -> bytes:
    """Return what a regular file holds; see :func:`open_regular`."""
    with open(open_regular(path), "rb") as file:
        return file.read()


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "a pipe, a socket or a device"


def create_file(path: Path, data: bytes) -> None:
    """Create the file *path* with *data* in one step that survives a crash, if it does not exist.

    Raises :class:`StorageError`.
    """
    temporary = _temporary(path)
    with storage_errors("write", path):
        if path.exists():
            return
        try:
            _write(temporary, [data], 0o644)
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
            sync_folder(path.parent)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def replace_file(
    path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o644, is_durable: bool = True
) -> None:
    """Replace the file *path* by *data*, or its pieces, in one step that survives a crash.

    The data is written to a temporary file, which is synced and renamed. A *mode* other than the
    default is set regardless of the umask. Without *is_durable* nothing is synced: for files that
    can be created again.

    Raises :class:`StorageError`; then the old file stays, unless only the last sync failed.
    """
    temporary = _temporary(path)
    with storage_errors("write", path):
        try:
            _write(temporary, [data] if isinstance(data, bytes) else data, mode, is_durable)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        if is_durable:
            sync_folder(path.parent)


def write_output(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write to a path that a user gave: a file is replaced whole or not at all.

    A symbolic link is followed and stays; a pipe, a device and an open output of this process
    (``/dev/stdout``) are written to.

    Raises :class:`StorageError`.
    """
    with storage_errors("write", path):
        try:
            status = os.stat(path)
        except FileNotFoundError:
            status = None
        if status is None or (stat.S_ISREG(status.st_mode) and not _is_output(status)):
            mode = stat.S_IMODE(status.st_mode) if status else 0o644
            replace_file(Path(os.path.realpath(path)), data, mode=mode)
        else:
            with path.open("ab") as file:
                file.writelines([data] if isinstance(data, bytes) else data)


def _is_output(status: os.stat_result) -> bool:
    """Whether a file is the standard output or error of this process."""
    for fd in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(status, os.fstat(fd)):
                return True
    return False


def _temporary(path: Path) -> Path:
    # The name of the file may be as long as the file system takes.
    return path.with_name(f".{path.name[:40]}.{os.getpid()}-{threading.get_ident()}.tmp")


def _write(path: Path, data: Iterable[bytes], mode: int, is_durable: bool = True) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with open(fd, "wb") as file:
        if mode != 0o644:
            os.fchmod(fd, mode)
        file.writelines(data)
        file.flush()
        if is_durable:
            os.fsync(file.fileno())


def make_folder(folder: Path, root: Path) -> None:
    """Create a folder and those above it, below *root*, and sync the parent of each."""
    missing = [f for f in (folder, *folder.parents) if root in f.parents and not f.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def sync_data(fd: int) -> None:
    """Sync the data of an open file; macOS has no fdatasync."""
    (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(fd)


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
