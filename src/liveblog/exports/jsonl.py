r"""Exports the journal as JSON lines, which :mod:`liveblog.imports.jsonl` reads without loss.

The first line holds the blog's title, language and time zone. The records follow in the order of
their recording, each picture directly before the first record that shows it. The last line holds
the number of records, so that an incomplete file can be recognised::

    {"type":"liveblog","version":1,"title":"…","language":"fr","timezone":"Europe/Paris"}
    {"type":"picture","path":"2012/07/15/7k3m9qx2tb-0123456789.png","data":"<base64>"}
    {"type":"revision","id":"20120715-7k3m9qx2tb","rev":1,…}
    {"type":"framing","period":"2012-07-15","rev":1,…}
    {"type":"chapter","slug":"la-semaine-de-damas","rev":1,…}
    {"type":"end","records":3}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from ..config import Config
from ..digest import Digest
from ..journal import Fault, Journal
from ..model.chapter import Chapter
from ..model.entry import Framing, Reference, Revision
from ..model.records import Record, Version, files_of
from ..storage.inside import read_inside

VERSION = 1


class Header(Struct, frozen=True, tag="liveblog"):
    """The first line: the settings of the blog."""

    version: int
    title: str
    language: str
    timezone: str


class PictureLine(Struct, frozen=True, tag="picture"):
    """A picture's bytes."""

    path: str  #: as that of :class:`Media`
    data: bytes  #: in base64 (RFC 4648 §4)


class End(Struct, frozen=True, tag="end"):
    """The last line."""

    records: int


Line = Header | PictureLine | Revision | Framing | Chapter | End
"""The contents of a line."""


def snapshot(digest: Digest, config: Config, pictures: Iterable[PictureLine]) -> Iterator[bytes]:
    """Yield the lines of an export of what readers see in a digest, each with its newline.

    Each entry and text has one revision, as it is now: no earlier text, no note, nothing that was
    retracted or removed. *pictures* are those whose bytes the lines have to hold.
    """
    encode = msgspec.json.Encoder().encode
    yield encode(Header(VERSION, config.title, config.language, config.timezone)) + b"\n"
    live = [entry.now for entry in digest.entries if entry.now.state == "live"]
    framings = (digest.framing, *(day.framing for day in digest.days))
    chapters = (c for c in (digest.chapter,) if c and c.state == "live")
    records: tuple[Version, ...] = (
        *live,
        *{f.period: f for f in framings if f}.values(),
        *chapters,
    )
    dated = sorted((r.recorded, r.name, r) for r in records if r.recorded)
    waiting = {picture.path: picture for picture in pictures}
    for _, _, record in dated:
        for media in files_of(record):
            if picture := waiting.pop(media.path, None):
                yield encode(picture) + b"\n"
        yield encode(_first_revision(record)) + b"\n"
    yield encode(End(len(dated))) + b"\n"


def _first_revision(record: Version) -> Version:
    """Return a record as if nothing had been before it."""
    if isinstance(record, Framing):
        return msgspec.structs.replace(record, rev=1)
    return msgspec.structs.replace(record, rev=1, note="", idempotency_key="")


def write(
    journal: Journal, config: Config, media: Path, faults: list[Fault] | None = None
) -> Iterator[bytes]:
    """Yield the lines of an export, each with its newline.

    *media* is the folder of the pictures. Damaged records and missing pictures are left out, and
    appended to *faults*.
    """
    faults = [] if faults is None else faults
    encode = msgspec.json.Encoder().encode
    yield encode(Header(VERSION, config.title, config.language, config.timezone)) + b"\n"

    @lru_cache(64)
    def records_of(name: str) -> tuple[Record, ...]:
        return tuple(journal.read(name).records)

    order: list[tuple[datetime, str, int]] = []
    for name in journal.stamps():
        reading = journal.read(name)
        faults += reading.faults
        order += [
            (record.recorded, name, number)
            for number, record in enumerate(reading.records)
            if record.recorded and not isinstance(record, Reference)
        ]
    order.sort()
    shown: set[str] = set()
    for _, name, number in order:
        record = records_of(name)[number]
        for picture in files_of(record):
            if picture.path in shown:
                continue
            shown.add(picture.path)
            data = read_inside(media, picture.path)
            if data is not None:
                yield encode(PictureLine(picture.path, data)) + b"\n"
            else:
                hint = "Restore the file from a backup, or edit what shows it."
                faults.append(Fault(f"entries/media/{picture.path}", "the picture is gone", hint))
        yield encode(record) + b"\n"
    yield encode(End(len(order))) + b"\n"
