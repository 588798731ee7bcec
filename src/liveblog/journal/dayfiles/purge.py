"""What is left of a file of the journal when an entry is purged. Pure."""

from __future__ import annotations

from ...model.entry import Revision
from .format import Line, encode
from .parser import is_near, name_in, parse_lines


def purged(data: bytes, entry_id: str) -> tuple[bytes, int]:
    """Blank an entry's revisions in the bytes of a file; return them, and how many were blanked.

    Their numbers, instants and places in the chain stay. A damaged line that is, or may be, of this
    entry goes as a whole.
    """
    count = 0
    kept: list[bytes] = []
    for raw in data.split(b"\n"):
        blank: list[bytes] = []
        is_same = True
        for piece, what in parse_lines(raw):
            if isinstance(what, Line):
                record = what.record
                is_its = isinstance(record, Revision) and record.id == entry_id
                if is_its and not what.redacted:
                    assert isinstance(record, Revision)
                    count += 1
                    is_same = False
                    piece = encode(_redacted(record), what.prev, what.after, was=what.sum)[:-1]
            elif isinstance(what, str) and _may_be_of(piece, entry_id):
                count += 1
                is_same = False
                continue
            blank.append(piece)
        if is_same:
            kept.append(raw)
        elif any(blank):
            kept.append(b"\n".join(piece for piece in blank if piece))
    return b"\n".join(kept), count


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
