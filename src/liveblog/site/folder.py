"""The site in a folder of this machine, to be served by any web server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..errors import StorageError

FEW = 200
"""Up to so many files are synced one by one; more are left to one sync of the whole system."""


class Folder:
    """The :class:`~liveblog.site.Site` contract over a folder."""

    def __init__(self, root: Path) -> None:
        """Keep the site below *root*, which is made when it is needed."""
        self.root = root
        self._made: set[str] = set()
        self._unsettled: list[str] = []

    def read(self, path: str) -> bytes | None:
        """See :meth:`liveblog.site.Site.read`."""
        try:
            with open(f"{self.root}/{path}", "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise StorageError.of(error, "read", self.root / path) from error

    def write(self, path: str, data: bytes) -> None:
        """See :meth:`liveblog.site.Site.write`."""
        final = f"{self.root}/{path}"
        folder, _, name = final.rpartition("/")
        temporary = f"{folder}/.{name}.tmp"
        try:
            self._make(folder)
            with open(temporary, "wb") as file:
                file.write(data)
            os.replace(temporary, final)
        except OSError as error:
            _discard(temporary)
            raise StorageError.of(error, "write", Path(final)) from error
        self._unsettled.append(final)

    def link(self, path: str, source: Path) -> bool:
        """See :meth:`liveblog.site.Site.link`."""
        final = self.root / path
        try:
            if final.stat().st_size == source.stat().st_size:
                return False
        except FileNotFoundError:
            pass
        temporary = final.with_name(f".{final.name}.tmp")
        try:
            self._make(str(final.parent))
            shutil.copyfile(source, temporary)
            os.replace(temporary, final)
        except OSError as error:
            _discard(str(temporary))
            raise StorageError.of(error, "copy a picture to", final) from error
        self._unsettled.append(str(final))
        return True

    def delete(self, path: str) -> None:
        """See :meth:`liveblog.site.Site.delete`; folders left empty go too."""
        final = self.root / path
        try:
            final.unlink(missing_ok=True)
            for folder in final.parents:
                if folder == self.root or any(folder.iterdir()):
                    break
                folder.rmdir()
                self._made.discard(str(folder))
        except OSError as error:
            raise StorageError.of(error, "delete", final) from error

    def settle(self) -> None:
        """See :meth:`liveblog.site.Site.settle`."""
        if len(self._unsettled) > FEW:
            os.sync()
        else:
            for name in [*self._unsettled, *{n.rpartition("/")[0] for n in self._unsettled}]:
                try:
                    fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    continue
                try:
                    os.fsync(fd)
                except OSError as error:
                    raise StorageError.of(error, "sync", Path(name)) from error
                finally:
                    os.close(fd)
        self._unsettled.clear()

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)
            self._made.add(folder)


def _discard(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
