"""Removes the texts of an entry, chapter or framing, or quotes, from the bytes of a file. Pure."""

from __future__ import annotations

from collections.abc import Callable

from ...model.chapter import PREFIX, Chapter
from ...model.entry import Framing, Reference, Revision
from ...model.quotes import SCHEME, quotes_in, without_quotes
from ...model.records import Record
from .format import Line, encode
from .parser import Irregularity, is_near, name_in, parse_lines


def redact(data: bytes, name: str) -> tuple[bytes, int]:
    """Blank the revisions of an entry (its id), chapter or framing in the bytes of a file.

    Return the new bytes and the number of revisions. Numbers, instants and links stay. A damaged
    line that may be of it is dropped.
    """

    def may_be_of(piece: bytes) -> bool:
        named = name.removeprefix(PREFIX).encode()
        return named in piece or is_near(name_in(piece), name)

    return _rewrite(data, may_be_of, lambda record: _without_texts(record, name))


def redact_quotes(data: bytes, entry_id: str) -> tuple[bytes, int]:
    """Remove the quotes of an entry from the framings and chapters in the bytes of a file.

    Return the new bytes and the number of revisions that held one. A damaged line that may hold
    one is dropped.
    """

    def without(record: Record) -> Record | None:
        if isinstance(record, Framing) and entry_id in quotes_in(record):
            return without_quotes(record, (entry_id,))
        if isinstance(record, Chapter) and entry_id in quotes_in(record):
            return without_quotes(record, (entry_id,))
        return None

    quote = f"{SCHEME}{entry_id}".encode()
    return _rewrite(data, lambda piece: quote in piece, without)


def _rewrite(
    data: bytes,
    is_dropped: Callable[[bytes], bool],
    replacement: Callable[[Record], Record | None],
) -> tuple[bytes, int]:
    """Replace the records for which there is a *replacement*, and drop some damaged lines."""
    count = 0
    lines: list[bytes] = []
    for raw in data.split(b"\n"):
        pieces = [
            (piece, _rewritten(piece, found, is_dropped, replacement))
            for piece, found in parse_lines(raw)
        ]
        changed = sum(before != after for before, after in pieces)
        count += changed
        lines += [after for _, after in pieces if after] if changed else [raw]
    return b"\n".join(lines), count


def _rewritten(
    piece: bytes,
    found: Line | str | Irregularity,
    is_dropped: Callable[[bytes], bool],
    replacement: Callable[[Record], Record | None],
) -> bytes:
    """Return a line as it is to be; empty if it is dropped."""
    if isinstance(found, str):
        return b"" if is_dropped(piece) else piece
    if not isinstance(found, Line) or found.redacted:
        return piece
    new = replacement(found.record)
    return encode(new, found.prev, found.after, was=found.sum)[:-1] if new else piece


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
        precision=record.precision,
        updated=record.updated,
        day=record.day,
        state="removed",
    )
