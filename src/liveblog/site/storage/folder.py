"""The site in a folder of this machine, to be served by any web server.

Files are prepared in ``.staging/`` within it, one folder a process: those of folders that the site
has not, in the same folders below ``new/``, so that a whole day lands by one rename; the others
under numbers, so that they land by one rename each. A folder of which nothing stays goes by one
rename too.

Symbolic links within the site are never followed. One that stands where a file or folder of ours
is to be gives way.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from ...model.addresses import publication_order
from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput, StorageError
from ...storage.inside import is_inside

FEW = 200
"""Up to so many files are synced one by one; more by a sync of the whole file system."""

NAME_BYTES = 255
"""Bytes of a file's name that file systems take at the most."""

T = TypeVar("T")

_NEW = "/new"
_STAGING = ".staging"

FOLDERS_KEPT = 2_000
"""So many folders are remembered, be they there or made: those of the days at hand."""


class Folder:
    """The :class:`Site` contract over a folder; for one publisher at a time."""

    def __init__(self, root: Path) -> None:
        """Keep the site below *root*, which is made when it is needed."""
        self.root = root
        self._staging = root / _STAGING
        #: Where the file of a path is prepared, or the folder of new ones that holds it.
        self._staged: dict[str, str] = {}
        self._dropped: list[str] = []
        self._count = 0
        self._is_there: dict[str, bool] = {}  # folders of the site
        self._made: set[str] = set()  # folders of ours

    # -- reading ------------------------------------------------------------------------------

    def read(self, path: str) -> bytes | None:
        """See :meth:`liveblog.site.storage.Site.read`."""
        return self._asked(path, _bytes)

    def holds(self, path: str, data: bytes) -> bool:
        """See :meth:`liveblog.site.storage.Site.holds`."""
        # To compare lengths spares reading most of what changed.
        return self._asked(path, _size) == len(data) and self.read(path) == data

    def paths(self) -> Iterator[str]:
        """See :meth:`liveblog.site.storage.Site.paths`."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for item in _items(f"{self.root}/{folder}"):
                path = folder + item.name
                is_folder = item.is_dir(follow_symlinks=False)
                if is_folder and not item.name.startswith("."):
                    waiting.append(f"{path}/")
                elif path != _STAGING:
                    # A link that leads round in a circle is no folder.
                    yield f"{path}/" if is_folder or os.path.isdir(item.path) else path

    def refresh(self) -> None:
        """See :meth:`liveblog.site.storage.Site.refresh`."""
        self._is_there = {}

    def _asked(self, path: str, ask: Callable[[str], T]) -> T | None:
        """Return what *ask* tells of a file of the site; None if there is none."""
        try:
            if not is_inside(path) or not self._has(path.rpartition("/")[0]):
                return None
            return ask(f"{self.root}/{path}")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG):
                return None  # a symbolic link, a socket
            raise StorageError.of(error, "read", self.root / path) from error

    def _has(self, folder: str) -> bool:
        """Whether the site has a folder, which is asked once for all that lies in it."""
        known = self._is_there.get(folder)
        if known is None:
            above = folder.rpartition("/")[0]
            known = not folder or self._has(above)
            if known and folder:
                known = self._is_folder(f"{self.root}/{folder}")
            if len(self._is_there) >= FOLDERS_KEPT:
                self._is_there.clear()
            self._is_there[folder] = known
        return known

    def _is_folder(self, place: str) -> bool:
        try:
            mode = os.lstat(place).st_mode
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(mode) and not stat.S_ISLNK(mode):
            raise NotADirectoryError(errno.ENOTDIR, "a file is where a folder has to be", place)
        return stat.S_ISDIR(mode)

    # -- preparing ----------------------------------------------------------------------------

    def put(self, path: str, data: bytes) -> None:
        """See :meth:`liveblog.site.storage.Site.put`."""
        _check(path)
        try:
            # A path put twice keeps its prepared file.
            staged = self._staged.get(path) or self._place(path)
            with open(_file(staged, path), "wb", buffering=0) as file:
                left = memoryview(data)
                while left:
                    left = left[file.write(left) :]
        except OSError as error:
            raise _refused(error, self.root) from error
        self._staged[path] = staged

    def drop(self, path: str) -> None:
        """See :meth:`liveblog.site.storage.Site.drop`."""
        _check(path)
        self._dropped.append(path)

    def cut(self) -> dict[str, str]:
        """See :meth:`liveblog.site.storage.Site.cut`."""
        prepared, self._staged = self._staged, {}
        return prepared

    def add(self, prepared: dict[str, str]) -> None:
        """See :meth:`liveblog.site.storage.Site.add`."""
        if self._staged:
            self._staged.update(prepared)
        else:
            self._staged = prepared

    def discard(self) -> None:
        """See :meth:`liveblog.site.storage.Site.discard`."""
        self._staged = {}
        self._dropped = []
        self._made = set()
        self.refresh()
        with contextlib.suppress(OSError):
            if self._staging.is_symlink():
                self._staging.unlink()
        shutil.rmtree(self._staging, ignore_errors=True)

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

    # -- landing ------------------------------------------------------------------------------

    def commit(self) -> None:
        """See :meth:`liveblog.site.storage.Site.commit`."""
        try:
            is_few = len(self._staged) + len(self._dropped) <= FEW
            files = [_file(staged, path) for path, staged in self._staged.items() if is_few]
            if is_few:
                _send(files)
            self._sync(files if is_few else None)
            self._check_prepared()
            folders = [self._land(staged, path) for path, staged in self._landings()]
            folders += [self._remove(path) for path in self._removals()]
            self._sync(dict.fromkeys(folders) if is_few else None)
        except OSError as error:
            raise _refused(error, self.root) from error
        finally:
            self.discard()

    def _check_prepared(self) -> None:
        """Refuse to land a part: somebody may have deleted the site while it was prepared.

        Raises :class:`OSError`.
        """
        for path, staged in self._staged.items():
            if not os.path.lexists(prepared := _file(staged, path)):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), prepared)

    def _landings(self) -> Iterator[tuple[str, str]]:
        """Yield what lands: its path (a folder's ends in a slash) and where it is prepared."""
        units = dict(self._new_units())
        units |= {path: at for path, at in self._staged.items() if not at.endswith(_NEW)}
        changing = {path for path in units if os.path.lexists(f"{self.root}/{path}".rstrip("/"))}
        for path in sorted(
            units, key=lambda path: (path in changing, publication_order(path), path)
        ):
            yield path, units[path]

    def _new_units(self) -> Iterator[tuple[str, str]]:
        """Yield the new folders, the uppermost of each, and where they are prepared.

        Those that two processes prepared parts of are put together first.
        """
        first, *others = [item.path for item in _items(str(self._staging))] or [""]
        for other in others:
            _merge(other + _NEW, first + _NEW)
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for item in _items(f"{first}{_NEW}/{folder}"):
                path = folder + item.name
                if not item.is_dir():
                    yield path, item.path  # somebody made its folder meanwhile
                elif self._is_folder(f"{self.root}/{path}"):
                    waiting.append(f"{path}/")
                else:
                    yield f"{path}/", item.path

    def _land(self, staged: str, path: str) -> str:
        """Bring one file, or one new folder, to the readers; return the folder that it is in."""
        final = f"{self.root}/{path}".rstrip("/")
        above = final.rpartition("/")[0]
        if path.endswith("/"):
            if os.path.islink(final):
                os.unlink(final)
        else:
            _date(staged, final)
        try:
            os.replace(staged, final)
        except FileNotFoundError:  # somebody deletes the site while it is made
            os.makedirs(above, exist_ok=True)
            os.replace(staged, final)
        return above

    def _removals(self) -> list[str]:
        """Return what is to go, in order: folders of which nothing stays, and single files."""
        gone = {path for path in self._dropped if self._has(path.rpartition("/")[0])}
        above = {folder for path in gone for folder in _folders_of(path)}
        for folder in sorted(above, key=lambda folder: -folder.count("/")):
            if all(f"{folder}/{item.name}" in gone for item in _items(f"{self.root}/{folder}")):
                gone.add(folder)
        units = [path for path in gone if path.rpartition("/")[0] not in gone]
        units = [f"{path}/" if path in above else path for path in units]
        return sorted(units, key=lambda path: (-publication_order(path), path))

    def _remove(self, path: str) -> str:
        """Remove a file, or a folder with all that is in it; return the folder that it was in."""
        final = f"{self.root}/{path}".rstrip("/")
        if path.endswith("/"):
            self._count += 1
            aside = f"{self._staging}/gone-{self._count}"
            os.makedirs(self._staging, exist_ok=True)
            os.rename(final, aside)
            shutil.rmtree(aside)
        else:
            # Somebody may have put a folder there.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                os.unlink(final)
        return final.rpartition("/")[0]

    def _sync(self, names: Iterable[str] | None) -> None:
        """Make files or folders durable, or all that there is.

        Raises :class:`OSError` if the disk could not take what was written.
        """
        for fd in _opened([str(self.root)] if names is None else names):
            if names is None:
                _sync_disk(fd)
            else:
                os.fsync(fd)


def _check(path: str) -> None:
    """Refuse a path that leads out of the site, or that no file can have."""
    longest = max(len(part.encode("utf-8", "surrogatepass")) for part in path.split("/"))
    if not is_inside(path) or FORBIDDEN.search(path) or longest > NAME_BYTES:
        raise InvalidInput(
            f"The site can have no file {path[:NAME_BYTES]!r}.",
            "Correct the entry or tag whose address it is.",
        )


def _refused(error: OSError, root: Path) -> StorageError:
    name = error.filename2 or error.filename
    return StorageError.of(error, "write", Path(name) if isinstance(name, str) else root)


def _merge(source: str, target: str) -> None:
    """Put what is in a folder into another."""
    if not os.path.isdir(target):
        if os.path.isdir(source):
            os.makedirs(target.rpartition("/")[0], exist_ok=True)
            os.rename(source, target)
        return
    for item in _items(source):
        if item.is_dir():
            _merge(item.path, f"{target}/{item.name}")
        else:
            os.replace(item.path, f"{target}/{item.name}")


def _items(folder: str) -> list[os.DirEntry[str]]:
    """Return what is in a folder, by name; nothing if there is no such folder."""
    try:
        with os.scandir(folder) as items:
            return sorted(items, key=lambda item: item.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise StorageError.of(error, "read", Path(folder)) from error


def _folders_of(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in."""
    while folder := path.rpartition("/")[0]:
        yield folder
        path = folder


def _sync_disk(fd: int) -> None:
    """Make everything on the file system of an open folder durable."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # only Linux has one that reports errors
        os.sync()
    elif syncfs(fd) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


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


def _bytes(path: str) -> bytes | None:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    with open(os.open(path, flags), "rb") as file:
        return file.read() if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else None


def _size(path: str) -> int | None:
    status = os.lstat(path)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _file(staged: str, path: str) -> str:
    """Return the prepared file of a path, by what is remembered of it."""
    return f"{staged}/{path}" if staged.endswith(_NEW) else staged


def _date(staged: str, final: str) -> None:
    """Date a file later than the one that it replaces, if any, in whole seconds.

    Last-Modified has no smaller unit (RFC 9110 §8.8.2): it must move on with two changes in one
    second too, and when the clock is set back.
    """
    try:
        before = int(os.lstat(final).st_mtime)
    except FileNotFoundError:
        return
    if int(os.stat(staged).st_mtime) <= before:
        os.utime(staged, (before + 1, before + 1))
