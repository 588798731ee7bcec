"""What a line of the journal holds, and its pictures."""

from __future__ import annotations

from .chapter import Chapter
from .entry import Framing, Media, Reference, Revision

Version = Revision | Framing | Chapter
"""One complete version of an entry, of the texts around a digest, or of a chapter."""

Record = Revision | Framing | Chapter | Reference
"""What a line of the journal holds."""


def pictures_of(record: Record) -> tuple[Media, ...]:
    """Return the pictures that a record shows."""
    if isinstance(record, Revision):
        return record.media
    if isinstance(record, Chapter) and record.picture:
        return (record.picture,)
    return ()
