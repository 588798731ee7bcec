"""Removes the texts of one entry, chapter or framing from the bytes of a file, for good. Pure."""

from __future__ import annotations

from ...model.chapter import PREFIX, Chapter
from ...model.entry import Framing, Reference, Revision
from ...model.records import Record
from .format import Line, encode
from .parser import Irregularity, is_near, name_in, parse_lines


def redact(data: bytes, name: str) -> tuple[bytes, int]:
    """Blank the revisions of an entry (its id), chapter or framing in the bytes of a file.

    Return the new bytes and the number of revisions. Numbers, instants and links stay. A damaged
    line that may be of it is dropped.
    """
    count = 0
    lines: list[bytes] = []
    for raw in data.split(b"\n"):
        pieces = [(piece, _blank(piece, found, name)) for piece, found in parse_lines(raw)]
        changed = sum(before != after for before, after in pieces)
        count += changed
        lines += [after for _, after in pieces if after] if changed else [raw]
    return b"\n".join(lines), count


def _blank(piece: bytes, found: Line | str | Irregularity, name: str) -> bytes:
    """Return a line without texts; empty if it is damaged and may hold some."""
    if isinstance(found, str):
        named = name.removeprefix(PREFIX).encode()
        return b"" if named in piece or is_near(name_in(piece), name) else piece
    if not isinstance(found, Line) or found.redacted:
        return piece
    blank = _without_texts(found.record, name)
    return encode(blank, found.prev, found.after, was=found.sum)[:-1] if blank else piece


def _without_texts(record: Record, name: str) -> Record | None:
    """Return a record with a name without its texts; None for any other record."""
    if isinstance(record, Reference) or record.name != name:
        return None
    if isinstance(record, Framing):
        return Framing(
            period=record.period, rev=record.rev, recorded=record.recorded, ended=record.ended
        )
    if isinstance(record, Chapter):
        return Chapter(
            slug=record.slug,
            rev=record.rev,
            recorded=record.recorded,
            published=record.published,
            updated=record.updated,
            period=record.period,
            state="removed",
        )
    return Revision(
        id=record.id,
        rev=record.rev,
        recorded=record.recorded,
        published=record.published,
        updated=record.updated,
        day=record.day,
        state="removed",
    )
