"""The site in a folder of this machine, to be served by any web server.

Files are prepared in ``.staging/`` within it, one folder a process: those of folders that the site
has not, in the same folders below ``new/``, so that a whole day lands by one rename; the others
under numbers, so that they land by one rename each.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from ..errors import StorageError

FEW = 200
"""Up to so many files are synced one by one; more are left to a sync of the whole system."""

T = TypeVar("T")

_NEW = "/new"

FOLDERS_KEPT = 2_000
"""So many folders are remembered, be they there or made: those of the days at hand."""


class Folder:
    """The :class:`~liveblog.site.Site` contract over a folder; for one publisher at a time."""

    def __init__(self, root: Path) -> None:
        """Keep the site below *root*, which is made when it is needed."""
        self.root = root
        self._staging = root / ".staging"
        #: Where the file of a path is prepared, or the folder of new ones that holds it.
        self._staged: dict[str, str] = {}
        self._dropped: list[str] = []
        self._count = 0
        self._is_there: dict[str, bool] = {}  # folders of the site
        self._made: set[str] = set()  # folders of ours

    def read(self, path: str) -> bytes | None:
        """See :meth:`liveblog.site.Site.read`."""
        return self._asked(path, _bytes)

    def holds(self, path: str, data: bytes) -> bool:
        """See :meth:`liveblog.site.Site.holds`."""
        # To compare lengths spares reading most of what changed.
        return self._asked(path, os.path.getsize) == len(data) and self.read(path) == data

    def _asked(self, path: str, ask: Callable[[str], T]) -> T | None:
        """Return what *ask* tells of a file of the site; None if there is none."""
        try:
            if not self._has(path.rpartition("/")[0]):
                return None
            return ask(f"{self.root}/{path}")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise StorageError.of(error, "read", self.root / path) from error

    def put(self, path: str, data: bytes) -> None:
        """See :meth:`liveblog.site.Site.put`."""
        try:
            # A path put twice keeps its prepared file.
            staged = self._staged.get(path) or self._place(path)
            fd = os.open(
                _file(staged, path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644
            )
            try:
                if os.write(fd, data) != len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(fd)
        except OSError as error:
            raise StorageError.of(error, "write to", self.root) from error
        self._staged[path] = staged

    def drop(self, path: str) -> None:
        """See :meth:`liveblog.site.Site.drop`."""
        self._dropped.append(path)

    def cut(self) -> dict[str, str]:
        """See :meth:`liveblog.site.Site.cut`."""
        prepared, self._staged = self._staged, {}
        return prepared

    def add(self, prepared: dict[str, str]) -> None:
        """See :meth:`liveblog.site.Site.add`."""
        if self._staged:
            self._staged.update(prepared)
        else:
            self._staged = prepared

    def commit(self) -> None:
        """See :meth:`liveblog.site.Site.commit`."""
        try:
            is_few = len(self._staged) <= FEW
            # Before anything lands: whether a folder is new is known as long.
            folders = {a for path in self._staged for a in self._above(path)} if is_few else ()
            files = [_file(staged, path) for path, staged in self._staged.items() if is_few]
            if is_few:
                _send(files)
            self._sync(files if is_few else None)
            for process in self._processes():
                self._land_new(process + _NEW, str(self.root))
            single = {
                path: staged for path, staged in self._staged.items() if not staged.endswith(_NEW)
            }
            changing = {path for path in single if os.path.exists(f"{self.root}/{path}")}
            for path in sorted(single, key=lambda path: path in changing):
                self._land(single[path], f"{self.root}/{path}")
            for path in self._dropped:
                self._delete(self.root / path)
            self._sync(folders if is_few else None)
        except OSError as error:
            name = Path(error.filename) if error.filename else self.root
            raise StorageError.of(error, "write", name) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """See :meth:`liveblog.site.Site.discard`."""
        self._staged = {}
        self._dropped = []
        self._made = set()
        self._is_there = {}  # somebody may delete the site before the next time
        shutil.rmtree(self._staging, ignore_errors=True)

    def _has(self, folder: str) -> bool:
        """Whether the site has a folder, which is asked once for all that lies in it."""
        known = self._is_there.get(folder)
        if known is None:
            above = folder.rpartition("/")[0]
            known = not folder or self._has(above)
            if known and not os.path.isdir(place := f"{self.root}/{folder}"):
                if os.path.lexists(place):
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), place)
                known = False
            if len(self._is_there) >= FOLDERS_KEPT:
                self._is_there.clear()
            self._is_there[folder] = known
        return known

    def _place(self, path: str) -> str:
        """Make room for a file; return where it is to be prepared."""
        process = f"{self._staging}/{os.getpid()}"
        folder = path.rpartition("/")[0]
        is_new = bool(folder) and not self._has(folder)
        within = f"{process}{_NEW}/{folder}" if is_new else process
        if within not in self._made:
            try:
                os.mkdir(within)  # that above it is there for most
            except (FileNotFoundError, FileExistsError):
                os.makedirs(within, exist_ok=True)
            if len(self._made) >= FOLDERS_KEPT:
                self._made.clear()
            self._made.add(within)
        if is_new:
            return sys.intern(process + _NEW)  # one text for all of them
        self._count += 1
        return f"{process}/{self._count}"

    def _processes(self) -> list[str]:
        """Return the folders of those that prepared anything."""
        if not self._staging.is_dir():
            return []
        return sorted(item.path for item in os.scandir(self._staging))

    def _land_new(self, staged: str, final: str) -> None:
        """Bring a folder to the readers, as a whole where they have none of that name."""
        if not os.path.isdir(staged):
            return
        if not os.path.isdir(final):
            os.rename(staged, final)
            return
        for item in sorted(os.scandir(staged), key=lambda item: item.name):
            if item.is_dir():
                self._land_new(item.path, f"{final}/{item.name}")
            else:
                self._land(item.path, f"{final}/{item.name}")

    def _above(self, path: str) -> set[str]:
        """Return the folders whose entries may have changed when a file landed."""
        found = {f"{self.root}/{path}".rpartition("/")[0]}
        while path and not self._has(path := path.rpartition("/")[0]):
            found.add(f"{self.root}/{path}".rpartition("/")[0])
        return found

    def _land(self, staged: str, final: str) -> None:
        """Bring one file to the readers."""
        _date(staged, final)
        try:
            os.replace(staged, final)
        except FileNotFoundError:  # somebody deletes the site while it is made
            os.makedirs(final.rpartition("/")[0], exist_ok=True)
            os.replace(staged, final)

    def _delete(self, final: Path) -> None:
        """Remove a file, and the folders that it leaves empty."""
        final.unlink(missing_ok=True)
        for folder in final.parents:
            if folder == self.root or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()

    def _sync(self, names: Iterable[str] | None) -> None:
        """Make files or folders durable, or all that there is."""
        if names is None:
            os.sync()
            return
        for fd in _opened(names):
            os.fsync(fd)


def _send(files: Iterable[str]) -> None:
    """Send files on their way to the disk, all together: to wait for each takes half as long then.

    That is what Linux does where one says that they are not needed any more.
    """
    if sys.platform == "linux":
        for fd in _opened(files):
            with contextlib.suppress(OSError):  # it is an advice only
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def _opened(names: Iterable[str]) -> Iterator[int]:
    """Open each of some files or folders that is there."""
    for path in names:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            yield fd
        finally:
            os.close(fd)


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _file(staged: str, path: str) -> str:
    """Return the prepared file of a path, by what is remembered of it."""
    return f"{staged}/{path}" if staged.endswith(_NEW) else staged


def _date(staged: str, final: str) -> None:
    """Date a file later than the one that it replaces, if any, in whole seconds.

    Last-Modified has no smaller unit (RFC 9110 §8.8.2): it must move on with two changes in one
    second too, and when the clock is set back.
    """
    try:
        before = int(os.stat(final).st_mtime)
    except FileNotFoundError:
        return
    if int(os.stat(staged).st_mtime) <= before:
        os.utime(staged, (before + 1, before + 1))
