"""Blanks the revisions of a purged entry in the bytes of a file. Pure."""

from __future__ import annotations

from ...model.entry import Revision
from .format import Line, encode
from .parser import is_near, name_in, parse_lines


def redact(data: bytes, entry_id: str) -> tuple[bytes, int]:
    """Blank an entry's revisions in the bytes of a file; return the new bytes and their number.

    Numbers, instants and links stay. A damaged line that may be of this entry is dropped.
    """
    count = 0
    lines: list[bytes] = []
    for raw in data.split(b"\n"):
        pieces: list[bytes] = []
        is_unchanged = True
        for piece, what in parse_lines(raw):
            if isinstance(what, Line):
                record = what.record
                is_this_entry = isinstance(record, Revision) and record.id == entry_id
                if is_this_entry and not what.redacted:
                    assert isinstance(record, Revision)
                    count += 1
                    is_unchanged = False
                    piece = encode(_redacted(record), what.prev, what.after, was=what.sum)[:-1]
            elif isinstance(what, str) and _may_be_of(piece, entry_id):
                count += 1
                is_unchanged = False
                continue
            pieces.append(piece)
        if is_unchanged:
            lines.append(raw)
        elif any(pieces):
            lines.append(b"\n".join(piece for piece in pieces if piece))
    return b"\n".join(lines), count


def _may_be_of(damaged: bytes, entry_id: str) -> bool:
    return entry_id.encode() in damaged or is_near(name_in(damaged), entry_id)


def _redacted(revision: Revision) -> Revision:
    return Revision(
        id=revision.id,
        rev=revision.rev,
        recorded=revision.recorded,
        published=revision.published,
        updated=revision.updated,
        day=revision.day,
        state="removed",
    )
