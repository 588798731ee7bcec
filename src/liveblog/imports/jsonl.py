"""Imports the JSONL export of another live blog; :mod:`liveblog.exports.jsonl` has the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import msgspec

from ..exports.jsonl import VERSION, End, Header, Line, PictureLine
from ..model.entry import Framing, Media
from ..model.errors import InvalidInput, NotFound
from . import Copy, Item, Problem
from .files import cannot_read

LONGEST_LINE = 60_000_000
"""Maximum bytes of a line; the largest picture in base64 is shorter."""

_decode = msgspec.json.Decoder(Line).decode


Picture = Callable[[Media], bytes | None]
"""Finds the bytes of a picture that is stored beside the lines; None if it is not there."""


@dataclass(frozen=True)
class Source:
    """A file of lines, which is read twice."""

    name: str  #: in messages
    open: Callable[[], IO[bytes]]
    picture: Picture = lambda media: None


def read(path: Path, *, language: str, timezone: str) -> Iterator[Item]:
    """Yield the records of an export; see :func:`read_lines`."""
    source = Source(str(path), lambda: path.open("rb"))
    return read_lines(source, language=language, timezone=timezone)


def read_lines(source: Source, *, language: str, timezone: str) -> Iterator[Item]:
    """Yield the records of an export, with one line and one record's pictures in memory at a time.

    *language* and *timezone* are those of the importing blog; if the export's differ, days and
    words will not be the same, which is reported.

    Raises :class:`InvalidInput` at once if the file is incomplete, damaged, or not an export.
    """
    header = _verified(source)
    return _items(source, header, language, timezone)


def _verified(source: Source) -> Header:
    """Return the header after reading all lines once, so that no damaged file is imported."""
    header: Header | None = None
    end: End | None = None
    records = 0
    for number, line in _lines(source):
        if number == 1:
            if not isinstance(line, Header):
                raise _not_an_export(source.name)
            if line.version != VERSION:
                raise InvalidInput(
                    f"{source.name} is of version {line.version}; "
                    f"this program reads version {VERSION}.",
                    "Use the version of liveblog that wrote it, or a newer one.",
                )
            header = line
        elif isinstance(line, Header) or end:
            raise InvalidInput(
                f"{source.name}:{number}: something follows the end.",
                "Import one export at a time.",
            )
        elif isinstance(line, End):
            end = line
        else:
            records += not isinstance(line, PictureLine)
    if header is None:
        raise _not_an_export(source.name)
    if end is None or end.records != records:
        promised = f" of {end.records:,}" if end else ""
        raise InvalidInput(
            f"{source.name} was cut off: it has {records:,} records{promised}, "
            "and nothing was imported.",
            "Export the journal again.",
        )
    return header


def _items(source: Source, header: Header, language: str, timezone: str) -> Iterator[Item]:
    name_of_file = Path(source.name).name
    for name, theirs, ours in (
        ("language", header.language, language),
        ("timezone", header.timezone, timezone),
    ):
        if theirs != ours:
            yield Problem(
                f"{name_of_file}:1",
                f"the {name} of '{header.title}' is {theirs}, this blog's is {ours}",
                f'Set {name} = "{theirs}" in liveblog.toml if the site is to be the same.',
            )
    pictures: dict[str, bytes] = {}
    for number, line in _lines(source):
        if isinstance(line, PictureLine):
            pictures[line.path] = line.data
        elif not isinstance(line, Header | End):
            find = partial(_picture, pictures, source.picture)
            yield Copy(f"{name_of_file}:{number}", line, find)
            if not isinstance(line, Framing):
                pictures = {}


def _picture(pictures: dict[str, bytes], beside: Picture, media: Media) -> bytes:
    data = pictures.get(media.path) or beside(media)
    if data is None:
        raise NotFound(
            f"The picture {media.path} is not in the export.",
            "Copy it from the other blog's entries/media/ if it is there.",
        )
    return data


def _lines(source: Source) -> Iterator[tuple[int, Line]]:
    """Yield the lines with their numbers, from 1."""
    try:
        with source.open() as file:
            number = 0
            while raw := file.readline(LONGEST_LINE):
                number += 1
                if len(raw) >= LONGEST_LINE:
                    raise InvalidInput(
                        f"{source.name}:{number}: the line is longer than any that an export has.",
                        "Check that it is one, or export the journal again.",
                    )
                try:
                    yield number, _decode(raw)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                    if number == 1:
                        raise _not_an_export(source.name) from None
                    raise InvalidInput(
                        f"{source.name}:{number}: the line is damaged ({error}); "
                        "nothing was imported.",
                        "Export the journal again.",
                    ) from None
    except OSError as error:
        raise cannot_read(Path(source.name), error) from None


def _not_an_export(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is not an export of a live blog.",
        "Make one with 'liveblog export --format jsonl'.",
    )
