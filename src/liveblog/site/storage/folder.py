"""The site in a folder of this machine, to be served by any web server.

A publication first writes its files below ``.staging/``; :meth:`Folder.commit` then renames them
into place. Files in folders that the site does not have yet are staged in the same folders below
``.staging/new/``, so that a whole day is published by one rename. Other files are staged in
``.staging/changed/`` under a hash of their path. Where a file is staged follows from its path
alone, so several processes can stage files for one publication.

Symbolic links within the site are never followed. One that stands in the way of a file or folder
of the site is replaced.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from ...model.addresses import publication_order
from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput, StorageError
from ...model.hashing import blake2b
from ...storage.inside import is_inside

MAX_SYNCED_SINGLY = 200
"""Maximum number of files that are synced one by one; for more, the file system is synced."""

NAME_BYTES = 255
"""Maximum length of a file name on common file systems, in bytes."""

T = TypeVar("T")


class Folder:
    """The files of a site under relative paths (``2012/07/15/index.html``).

    For one publication at a time; its processes may share it.
    """

    def __init__(self, root: Path) -> None:
        """Use the folder *root*, which is created when it is needed."""
        self.root = root
        self._staging = root / ".staging"
        self._new = f"{self._staging}/new"
        self._changed = f"{self._staging}/changed"

    # -- reading ------------------------------------------------------------------------------

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a published file; None if there is none."""
        return self._query(path, _bytes)

    def holds(self, path: str, data: bytes) -> bool:
        """Whether a published file has exactly these bytes."""
        # Comparing sizes first avoids reading most files that changed.
        return self._query(path, _size) == len(data) and self.read(path) == data

    def paths(self) -> Iterator[str]:
        """Yield the path of every file in the site, whoever wrote it.

        A folder that cannot be the publisher's (it is hidden, or a symbolic link) is yielded as
        one path that ends in a slash.
        """
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for item in _items(f"{self.root}/{folder}"):
                path = folder + item.name
                is_folder = item.is_dir(follow_symlinks=False)
                if is_folder and not item.name.startswith("."):
                    waiting.append(f"{path}/")
                elif path != self._staging.name:
                    # A symbolic link that forms a circle is no folder.
                    yield f"{path}/" if is_folder or os.path.isdir(item.path) else path

    def _query(self, path: str, query: Callable[[str], T]) -> T | None:
        """Return the result of *query* for a file of the site; None if there is no such file."""
        try:
            if not is_inside(path) or not self._exists(path.rpartition("/")[0]):
                return None
            return query(f"{self.root}/{path}")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENAMETOOLONG):
                return None  # a symbolic link, a socket
            raise StorageError.of(error, "read", self.root / path) from error

    def _exists(self, folder: str) -> bool:
        """Whether the site has a folder, and no symbolic link leads to it."""
        folders = reversed([*_folders_of(f"{folder}/")])
        return all(self._is_folder(f"{self.root}/{path}") for path in folders)

    def _is_folder(self, path: str) -> bool:
        try:
            mode = os.lstat(path).st_mode
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(mode) and not stat.S_ISLNK(mode):
            raise NotADirectoryError(errno.ENOTDIR, "a file is where a folder has to be", path)
        return stat.S_ISDIR(mode)

    # -- staging ------------------------------------------------------------------------------

    def put(self, path: str, data: bytes) -> None:
        """Stage a file; it is not published before :meth:`commit`.

        Raises :class:`InvalidInput` for a path outside of the site or with a name that no file can
        have, and :class:`StorageError`.
        """
        check_path(path)
        try:
            folder = path.rpartition("/")[0]
            is_here = self._exists(folder)
            staged = self._staged_change(path) if is_here else f"{self._new}/{path}"
            os.makedirs(staged.rpartition("/")[0], exist_ok=True)
            with open(staged, "wb", buffering=0) as file:
                left = memoryview(data)
                while left:
                    left = left[file.write(left) :]
        except OSError as error:
            raise _refused(error, self.root) from error

    def discard(self) -> None:
        """Delete everything that is staged, also what an interrupted publication staged."""
        with contextlib.suppress(OSError):
            if self._staging.is_symlink():
                self._staging.unlink()
        shutil.rmtree(self._staging, ignore_errors=True)

    def _staged_change(self, path: str) -> str:
        """Return where a file is staged if its folder exists in the site already."""
        return f"{self._changed}/{blake2b(path.encode(), digest_size=16).hexdigest()}"

    # -- publishing ---------------------------------------------------------------------------

    def commit(self, written: Collection[str], deleted: Collection[str]) -> None:
        """Publish the staged files *written*, delete others, and make all of it durable.

        New files and folders come first, then files that change, then deletions. Within these, the
        order is that of :func:`liveblog.model.addresses.publication_order` (reversed for
        deletions). So at every instant, and after a crash at any instant, every link on a page that
        stays and on an entry that is published leads somewhere.

        Raises :class:`StorageError`; a part may have been published then.
        """
        try:
            staged = self._find_staged(written)
            is_few = len(written) + len(deleted) <= MAX_SYNCED_SINGLY
            if is_few:
                _start_writeback(staged.values())
            self._sync(staged.values() if is_few else None)
            folders = [self._publish(staged, path) for path, staged in self._ordered(staged)]
            folders += [self._delete(path) for path in self._ordered_deletions(deleted)]
            self._sync(dict.fromkeys(folders) if is_few else None)
        except OSError as error:
            raise _refused(error, self.root) from error
        finally:
            self.discard()

    def _find_staged(self, written: Iterable[str]) -> dict[str, str]:
        """Return the staged file of each path.

        Raises :class:`OSError` if one is gone: somebody may have deleted the site meanwhile, and a
        part of a site must not be published.
        """
        found = {}
        for path in written:
            staged = self._staged_change(path)
            found[path] = staged if os.path.lexists(staged) else f"{self._new}/{path}"
            if not os.path.lexists(found[path]):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), found[path])
        return found

    def _ordered(self, staged: dict[str, str]) -> list[tuple[str, str]]:
        """Return what to rename, in order: paths (a folder's ends in a slash) and staged files."""
        units = dict(self._new_units())
        units |= {path: at for path, at in staged.items() if at.startswith(self._changed)}
        changing = {path for path in units if os.path.lexists(f"{self.root}/{path}".rstrip("/"))}
        order = sorted(units, key=lambda path: (path in changing, publication_order(path), path))
        return [(path, units[path]) for path in order]

    def _new_units(self) -> Iterator[tuple[str, str]]:
        """Yield the topmost new folders, and where they are staged."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for item in _items(f"{self._new}/{folder}"):
                path = folder + item.name
                if not item.is_dir():
                    yield path, item.path  # somebody created its folder meanwhile
                elif self._is_folder(f"{self.root}/{path}"):
                    waiting.append(f"{path}/")
                else:
                    yield f"{path}/", item.path

    def _publish(self, staged: str, path: str) -> str:
        """Rename one file or new folder into place; return the folder that it is in."""
        final = f"{self.root}/{path}".rstrip("/")
        above = final.rpartition("/")[0]
        if path.endswith("/"):
            if os.path.islink(final):
                os.unlink(final)
        else:
            _set_later_date(staged, final)
        try:
            os.replace(staged, final)
        except FileNotFoundError:  # somebody deletes the site at the same time
            os.makedirs(above, exist_ok=True)
            os.replace(staged, final)
        return above

    def _ordered_deletions(self, deleted: Iterable[str]) -> list[str]:
        """Return what to delete, in order: single files, and folders of which nothing stays."""
        gone = set()
        for path in deleted:
            check_path(path)
            if self._exists(path.rpartition("/")[0]):
                gone.add(path)
        above = {folder for path in gone for folder in _folders_of(path)}
        for folder in sorted(above, key=lambda folder: -folder.count("/")):
            if all(f"{folder}/{item.name}" in gone for item in _items(f"{self.root}/{folder}")):
                gone.add(folder)
        units = [path for path in gone if path.rpartition("/")[0] not in gone]
        units = [f"{path}/" if path in above else path for path in units]
        return sorted(units, key=lambda path: (-publication_order(path), path))

    def _delete(self, path: str) -> str:
        """Delete a file, or a folder with everything in it; return the folder that it was in."""
        final = f"{self.root}/{path}".rstrip("/")
        if path.endswith("/"):
            # One rename hides all of it from readers at once.
            aside = f"{self._staging}/deleted"
            os.makedirs(self._staging, exist_ok=True)
            os.rename(final, aside)
            shutil.rmtree(aside)
        else:
            # Somebody may have put a folder there.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                os.unlink(final)
        return final.rpartition("/")[0]

    def _sync(self, paths: Iterable[str] | None) -> None:
        """Make files or folders durable; the whole file system if None.

        Raises :class:`OSError` if the disk could not store what was written.
        """
        for fd in _opened([str(self.root)] if paths is None else paths):
            if paths is None:
                _sync_disk(fd)
            else:
                os.fsync(fd)


def check_path(path: str) -> None:
    """Raise :class:`InvalidInput` for a path outside of the site, or that no file can have."""
    longest = max(len(part.encode("utf-8", "surrogatepass")) for part in path.split("/"))
    if not is_inside(path) or FORBIDDEN.search(path) or longest > NAME_BYTES:
        raise InvalidInput(
            f"The site can have no file {path[:NAME_BYTES]!r}.",
            "Correct the entry or tag whose address it is.",
        )


def _refused(error: OSError, root: Path) -> StorageError:
    name = error.filename2 or error.filename
    return StorageError.of(error, "write", Path(name) if isinstance(name, str) else root)


def _items(folder: str) -> list[os.DirEntry[str]]:
    """Return the items of a folder by name; none if there is no such folder."""
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
    """Sync the file system of an open folder."""
    syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if syncfs is None:  # only on Linux
        os.sync()
    elif syncfs(fd) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _start_writeback(files: Iterable[str]) -> None:
    """Start writing files to the disk, all together: syncing each takes half as long then.

    Linux does that when a file is declared as not needed any more.
    """
    if sys.platform == "linux":
        for fd in _opened(files):
            with contextlib.suppress(OSError):  # this is only a hint
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def _opened(names: Iterable[str]) -> Iterator[int]:
    """Yield a descriptor of each file or folder that exists."""
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


def _set_later_date(staged: str, final: str) -> None:
    """Give a file a later modification time than the one that it replaces, in whole seconds.

    Last-Modified has no smaller unit (RFC 9110 §8.8.2). It must increase also with two changes in
    one second, and when the clock is set back.
    """
    try:
        before = int(os.lstat(final).st_mtime)
    except FileNotFoundError:
        return
    if int(os.stat(staged).st_mtime) <= before:
        os.utime(staged, (before + 1, before + 1))
