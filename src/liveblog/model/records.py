"""What a line of the journal holds, and the files that it shows."""

from __future__ import annotations

from .chapter import Chapter
from .entry import Framing, Media, Reference, Revision

Version = Revision | Framing | Chapter
"""One complete version of an entry, of the texts around a digest, or of a chapter."""

Record = Revision | Framing | Chapter | Reference
"""What a line of the journal holds."""


def files_of(record: Record) -> tuple[Media, ...]:
    """Return every file that a record shows: pictures, films, recordings, and their parts."""
    if isinstance(record, Revision):
        return tuple(file for media in record.media for file in media.files)
    if isinstance(record, Chapter) and record.picture:
        return (record.picture,)
    return ()
