"""Files and folders that survive a crash: written aside, synced, renamed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path

from ..errors import StorageError


def replace_file(
    path: Path, data: bytes | Iterable[bytes], *, mode: int = 0o644, is_synced: bool = True
) -> None:
    """Put *data*, or its pieces, at *path* in one step that survives a crash.

    They go to a temporary file, which is synced and renamed. *mode* is who may read it. What can be
    made again need not be synced: after a crash of the machine it may be missing or empty.

    Raises :class:`StorageError`; then the old file, if any, stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            if is_synced:
                os.fsync(file.fileno())
        os.replace(temporary, path)
        if is_synced:
            sync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StorageError.of(error, "write", path) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def make_folder(folder: Path, root: Path) -> None:
    """Make a folder and those above it, each durable in its parent."""
    missing = [f for f in (folder, *folder.parents) if root in f.parents and not f.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        sync_folder(each.parent)


def sync_data(fd: int) -> None:
    """Make what was written to an open file durable; macOS has one call for data and the rest."""
    (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(fd)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
