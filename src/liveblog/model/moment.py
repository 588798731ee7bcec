"""Moments: the instant that an entry speaks for, or only its day, and how its author wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from msgspec import Struct

from . import limits
from .entry import Precision, Revision, display_day
from .period import day_start, local_day

_TICK = timedelta(microseconds=1)


def other_reading(instant: datetime, zone: tzinfo) -> datetime | None:
    """Return the other instant with the same local time; None if the time comes once.

    A time comes twice on the day on which the clocks are put back.
    """
    local = instant.astimezone(zone)
    other = local.replace(fold=1 - local.fold)
    if other.utcoffset() == local.utcoffset():
        return None
    return other.astimezone(UTC)


class Moment(Struct, frozen=True):
    """What an entry is dated with."""

    instant: datetime  #: aware; of precision ``day``, the first instant of the day unless placed
    precision: Precision = "instant"
    written_time: str = ""  #: the time as its author wrote it, where it is vague: ``vers 13 h``
    day: date | None = None  #: the day it is shown on, where that is not the instant's

    def day_in(self, zone: tzinfo) -> date:
        """Return the day it is shown on; *zone* is that of the blog's days.

        Raises :class:`InvalidInput` for an instant outside of the limits.
        """
        return self.day or local_day(limits.check_instant(self.instant), zone)

    def value(self, zone: tzinfo) -> date | datetime:
        """Return what structured data says: the instant, or the date alone for a whole day."""
        return self.day_in(zone) if self.precision == "day" else self.instant


When = Moment | datetime | date
"""What programs may date an entry with; a date has the precision ``day``."""


def moment_of(when: When, zone: tzinfo) -> Moment:
    """Return the moment that a date or an aware datetime stands for.

    Raises :class:`InvalidInput` for a day outside of the limits.
    """
    if isinstance(when, Moment):
        return when
    if isinstance(when, datetime):
        return Moment(when)
    return Moment(day_start(limits.check_day(when), zone), "day")


def day_only(moment: Moment, zone: tzinfo) -> Moment:
    """Return the day of a moment, without its time."""
    return moment_of(moment.day_in(zone), zone)


def moment_after(revision: Revision) -> Moment:
    """Return a moment of precision ``day`` whose entry stands after another one."""
    return Moment(revision.published + _TICK, "day", day=display_day(revision))


def updated_in(revision: Revision) -> Moment:
    """Return when an entry was last revised significantly; of a whole day, only on which day."""
    return Moment(revision.updated, revision.precision)


def change_in(revision: Revision, newest: Revision) -> Moment:
    """Return when a revision was appended; of an entry of a whole day, only on which day.

    *newest* is the entry as it stands.
    """
    return Moment(revision.recorded or revision.updated, newest.precision)


def moment_in(revision: Revision) -> Moment:
    """Return the moment of a revision."""
    day = display_day(revision)
    return Moment(revision.published, revision.precision, revision.written_time, day)
