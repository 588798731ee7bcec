"""Imports a book (EPUB) that :mod:`liveblog.exports.epub` wrote: its entries, texts and chapter.

They come back as the book shows them, with their ids, as first revisions.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO

from ..exports.epub import RECORDS
from ..media import content_hash
from ..model import limits
from ..model.entry import Media
from ..model.errors import InvalidInput
from . import Item, jsonl
from .files import cannot_read

MAX_RECORDS_BYTES = 1_000_000_000
"""Maximum bytes of the records of a book, unpacked; they are read line by line."""


def read(path: Path, *, language: str, timezone: str) -> Iterator[Item]:
    """Yield the records of a book; see :func:`liveblog.imports.jsonl.read_lines`.

    Raises :class:`InvalidInput` if the file is damaged or not a book of liveblog.
    """
    book = _Book(path)
    source = jsonl.Source(f"{path}/{RECORDS}", book.open_records, book.picture)
    try:
        return jsonl.read_lines(source, language=language, timezone=timezone)
    except _DAMAGE:
        raise book.not_a_book() from None


_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What the standard library raises for a damaged or unusual zip file."""


class _Book:
    """A book, which is opened for each reading."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open_records(self) -> IO[bytes]:
        """Open the file of the records."""
        return self._open(RECORDS, MAX_RECORDS_BYTES)

    def picture(self, media: Media) -> bytes | None:
        """Return the bytes of a picture, found by what its name says of them."""
        name = self._pictures.get(Path(media.path).stem.rpartition("-")[2])
        if name is None:
            return None
        return self._read(name)

    @cached_property
    def _pictures(self) -> dict[str, str]:
        """The names of the pictures in the book, by the hash of their bytes."""
        with self._zip() as book:
            names = [name for name in book.namelist() if Path(name).name.startswith("picture-")]
        return {content_hash(self._read(name)): name for name in names}

    def _read(self, name: str) -> bytes:
        """Return the bytes of a picture; none if it is damaged, so that its hash differs."""
        try:
            with self._open(name, limits.PICTURE_BYTES) as file:
                return file.read(limits.PICTURE_BYTES)
        except _DAMAGE:
            return b""

    def _zip(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self._path)
        except (OSError, ValueError) as error:
            raise cannot_read(self._path, error) from None
        except _DAMAGE:
            raise self.not_a_book() from None

    def _open(self, name: str, limit: int) -> IO[bytes]:
        """Open a file of the book whose size, as the book states it, is within *limit*."""
        with self._zip() as book:
            try:
                info = book.getinfo(name)
                if info.file_size > limit:
                    raise InvalidInput(
                        f"{name} in {self._path} has more than {limit:,} bytes, the limit.",
                        "Check that liveblog wrote it.",
                    )
                return book.open(info)
            except (KeyError, *_DAMAGE):
                raise self.not_a_book() from None

    def not_a_book(self) -> InvalidInput:
        """Return the error for a file that is no book of liveblog, or a damaged one."""
        return InvalidInput(
            f"{self._path} is not a book that liveblog wrote, or is damaged.",
            "Make one with 'liveblog export --format epub'.",
        )
