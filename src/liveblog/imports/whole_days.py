"""Finds imported entries that stand at midnight for want of a time, and makes them whole days.

Imports of earlier versions put an update that its source dates with a day alone at the first
instant of that day. Its entry then showed a clock time (``0 h 00``) that nobody wrote.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta, tzinfo

import msgspec

from ..journal import Journal
from ..model.entry import Revision
from ..model.period import day_start
from ..timeline import Entry, Timeline
from .marks import mark_in

BATCH = 1_000
"""Maximum number of revisions that are appended at once."""

_SECOND = timedelta(seconds=1)


def find_midnights(
    timeline: Timeline, zone: tzinfo, days: Iterable[date] | None = None
) -> Iterator[Entry]:
    """Yield the entries that an import put at the first instant of their day, in order.

    *zone* is that of the blog's days; without *days*, all are searched. Where an import had several
    updates for one day without a time, the next ones stand at the seconds after. An entry that was
    put at midnight by an author is left out.
    """
    for day in timeline.days() if days is None else days:
        instant = day_start(day, zone)
        for entry in timeline.unfiltered(day).entries:
            now = entry.now
            if now.published > instant:
                break
            is_timed = now.precision == "instant" and not now.written_time
            if is_timed and now.state != "removed" and _is_dated_by_import(entry):
                yield entry
                instant = now.published + _SECOND


def midnight_notes(timeline: Timeline, zone: tzinfo) -> Iterator[str]:
    """Yield a note on the entries of :func:`find_midnights`, if there are any."""
    if count := sum(1 for _ in find_midnights(timeline, zone)):
        stand = "update stands" if count == 1 else "updates stand"
        yield (
            f"{count:,} imported {stand} at midnight, perhaps for want of a time; "
            "'liveblog import whole-days --dry-run' lists them"
        )


def _is_dated_by_import(entry: Entry) -> bool:
    """Whether the instant of an entry is that of an imported revision."""
    unchanged: Revision | None = None
    for revision in reversed(entry.revisions):
        if revision.published != entry.now.published:
            break
        unchanged = revision
    return unchanged is not None and bool(mark_in(unchanged))


def make_whole_days(journal: Journal, entries: Collection[Entry], zone: tzinfo) -> None:
    """Append a revision to each of *entries* that gives it the precision ``day``.

    ``updated`` stays, because nothing that was said has changed; if it was the time of the entry,
    it is so again.

    Raises :class:`Conflict` if somebody revised an entry meanwhile.
    """
    revisions = [(_whole_day(entry, zone), entry.now.rev) for entry in entries]
    for start in range(0, len(revisions), BATCH):
        journal.append_many(revisions[start : start + BATCH])


def _whole_day(entry: Entry, zone: tzinfo) -> Revision:
    now = entry.now
    start = day_start(entry.day, zone)
    return msgspec.structs.replace(
        now,
        published=start,
        precision="day",
        updated=start if now.updated == now.published else now.updated,
        recorded=None,
        idempotency_key="",
        note=now.note if now.state == "retracted" else "",
    )
