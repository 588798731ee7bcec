"""Compressed copies of the site's text files: ``.liveblog/compressed/``. Derived.

The publisher makes them after a publication (:meth:`Compressed.make`), so that no server compresses
a page while readers wait. A server reads them (:meth:`Compressed.get`); if there are none, it
compresses in a worker thread and caches the result in memory. Only the publisher writes here:
before a file of the site is written or deleted, the copies of the old file are deleted, so that no
copy holds a removed text.

A copy begins with the hash of the file that it was made from, and is ignored if that differs. A
copy that cannot be written or read is not an error.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ...model.errors import StorageError
from ...model.hashing import blake2b
from ...storage.inside import delete_inside, read_inside

MIN_BYTES = 1_000
"""Minimum size of a file that has compressed copies, in bytes."""

MAX_BYTES = 2_000_000
"""Maximum size, in bytes; larger files are sent from the disk."""

_ENDINGS = (".html", ".xml", ".json", ".md", ".txt", ".csv", ".css", ".js", ".svg")
_HASH = 16  #: bytes
_NAMES = {"br": ".br", "gzip": ".gz"}
_UNFINISHED = ".tmp"


def is_compressible(path: str, size: int) -> bool:
    """Whether a file of the site has compressed copies."""
    return MIN_BYTES <= size <= MAX_BYTES and path.endswith(_ENDINGS)


def compress(data: bytes) -> dict[str, bytes]:
    """Return *data* compressed, by the name of the content coding (RFC 9110 §8.4.1)."""
    import gzip

    import brotli

    return {
        "br": brotli.compress(data, quality=5),
        "gzip": gzip.compress(data, compresslevel=6, mtime=0),
    }


class Compressed:
    """The compressed copies of one site."""

    def __init__(self, folder: Path) -> None:
        """Store copies in *folder*, which is created when it is needed."""
        self._folder = folder

    def get(self, path: str, data: bytes) -> dict[str, bytes]:
        """Return the copies of *data*, the site's file at *path*, by content coding.

        The result is empty unless every copy exists and was made from these bytes.
        """
        found = {}
        mark = _mark(data)
        for name, ending in _NAMES.items():
            copy = None
            with suppress(StorageError):
                copy = read_inside(self._folder, path + ending)
            if copy is None or copy[:_HASH] != mark:
                return {}
            found[name] = copy[_HASH:]
        return found

    def make(self, path: str, data: bytes) -> None:
        """Store copies of *data*, the site's file at *path*. For the publisher only."""
        if not is_compressible(path, len(data)):
            return
        mark = _mark(data)
        for name, copy in compress(data).items():
            target = self._folder / (path + _NAMES[name])
            temporary = target.with_name(target.name + _UNFINISHED)
            with suppress(OSError):
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_bytes(mark + copy)
                os.replace(temporary, target)

    def drop(self, paths: Iterable[str]) -> None:
        """Delete the copies of some files. For the publisher only.

        Raises :class:`StorageError` if one cannot be deleted.
        """
        if self._folder.is_dir():
            for path in paths:
                for ending in _NAMES.values():
                    delete_inside(self._folder, path + ending)
                    delete_inside(self._folder, path + ending + _UNFINISHED)

    def clear(self) -> None:
        """Delete every copy. For the publisher only.

        Raises :class:`StorageError` if one cannot be deleted.
        """
        try:
            shutil.rmtree(self._folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StorageError.of(error, "delete", self._folder) from error


def _mark(data: bytes) -> bytes:
    return blake2b(data, digest_size=_HASH).digest()
