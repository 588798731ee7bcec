"""Removes the texts of one entry from the bytes of a file, for good. Pure."""

from __future__ import annotations

from ...model.entry import Revision
from .format import Line, encode
from .parser import Irregularity, is_near, name_in, parse_lines


def redact(data: bytes, entry_id: str) -> tuple[bytes, int]:
    """Blank an entry's revisions in the bytes of a file; return the new bytes and their number.

    Numbers, instants and links stay. A damaged line that may be of this entry is dropped.
    """
    count = 0
    lines: list[bytes] = []
    for raw in data.split(b"\n"):
        pieces = [(piece, _blank(piece, found, entry_id)) for piece, found in parse_lines(raw)]
        changed = sum(before != after for before, after in pieces)
        count += changed
        lines += [after for _, after in pieces if after] if changed else [raw]
    return b"\n".join(lines), count


def _blank(piece: bytes, found: Line | str | Irregularity, entry_id: str) -> bytes:
    """Return a line without the texts of an entry; empty if it is damaged and may hold some."""
    if isinstance(found, str):
        may_be_of = entry_id.encode() in piece or is_near(name_in(piece), entry_id)
        return b"" if may_be_of else piece
    if not isinstance(found, Line) or found.redacted:
        return piece
    record = found.record
    if not isinstance(record, Revision) or record.id != entry_id:
        return piece
    blank = Revision(
        id=record.id,
        rev=record.rev,
        recorded=record.recorded,
        published=record.published,
        updated=record.updated,
        day=record.day,
        state="removed",
    )
    return encode(blank, found.prev, found.after, was=found.sum)[:-1]
