"""What changed for readers between two positions in the stream of changes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from msgspec import Struct

from .journal import News
from .model.entry import Revision
from .model.errors import InvalidInput
from .model.period import local_day
from .timeline import Entry, Timeline

_POSITION = re.compile(r"([0-9]{1,30})-([0-9]{1,11})")
"""``CURSOR-SECOND``; both numbers are small enough to be instants up to the year 5000."""


class StreamPosition(Struct, frozen=True):
    """How far a reader knows the blog: the text ``CURSOR-SECOND``.

    Both parts come from the journal and the clock, so a position stays valid across restarts.
    """

    cursor: str  #: of the journal
    released: int  #: the second of the epoch up to which embargoed entries were released

    def __str__(self) -> str:
        return f"{self.cursor}-{self.released}"

    @classmethod
    def parse(cls, text: str) -> StreamPosition:
        """Parse the text of a position.

        Raises :class:`InvalidInput`.
        """
        if not (match := _POSITION.fullmatch(text)):
            raise InvalidInput(f"'{text}' is not a position in this stream.", "Begin without one.")
        return cls(match[1], int(match[2]))


class Changes(Struct, frozen=True):
    """The entries that changed for readers between two positions."""

    before: StreamPosition
    after: StreamPosition
    entry_ids: tuple[str, ...]


def changes_since(before: StreamPosition, news: News, timeline: Timeline, zone: tzinfo) -> Changes:
    """Return the entries that changed by a revision in *news*, or were released since *before*.

    *news* is what the journal holds after the position; *zone* is the time zone of the blog's days.
    """
    now = int(timeline.now.timestamp())
    found = dict.fromkeys(r.id for r in news.records if isinstance(r, Revision))
    if now > before.released:
        low = datetime.fromtimestamp(before.released, UTC)
        last = local_day(timeline.now, zone)
        days = [day for day in timeline.days(local_day(low, zone)) if day <= last]
        due = [e for day in days for e in timeline.day(day).entries if _was_released(e, low)]
        found |= dict.fromkeys(entry.id for entry in due)
    after = StreamPosition(news.cursor, max(now, before.released))
    return Changes(before, after, tuple(found))


def _was_released(entry: Entry, after: datetime) -> bool:
    """Whether an entry's embargo ended after an instant."""
    recorded = entry.now.recorded or entry.published
    return entry.published > after and entry.published > recorded
