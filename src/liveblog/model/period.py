"""Periods of the calendar: days, weeks and ranges in a time zone, their ids, and when they close.

A day begins at its first instant in local time, so a day on which the clocks change has 23 or 25
hours, and a day without a midnight begins after the gap. Weeks are those of ISO 8601, unless the
blog's week begins on another weekday.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from msgspec import Struct

from . import limits
from .errors import InvalidInput

Kind = Literal["day", "week", "range"]

COVERAGE = "coverage"
"""The period id of the coverage: the whole blog."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

LONGEST = 3660
"""Maximum number of days in a range: ten years."""

_THURSDAY = 3


class Period(Struct, frozen=True, order=True):
    """Consecutive local days."""

    start: date
    end: date  #: the last day, included
    id: str  #: ``2012-07-15``, ``2012-W29`` or ``2012-07-15..2012-07-22``
    kind: Kind

    def days(self) -> list[date]:
        """Return the days of the period, in order."""
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]


def day(date: date) -> Period:
    """Return the period of one day."""
    return Period(date, date, date.isoformat(), "day")


def week(day: date, first_weekday: int = 0) -> Period:
    """Return the week of a day; *first_weekday* is the first day of the week (Monday is 0).

    The number of a week is the ISO 8601 number of its Thursday, of which every seven days have
    exactly one.

    Raises :class:`InvalidInput` for a week that is not entirely in the calendar.
    """
    try:
        start = day - timedelta(days=(day.weekday() - first_weekday) % 7)
        end = start + timedelta(days=6)
    except OverflowError:
        raise InvalidInput(
            f"The week of {day} is not entirely in the calendar.",
            "Choose a day between the years 1 and 9999.",
            about="period",
        ) from None
    year, number, _ = (start + timedelta(days=(_THURSDAY - first_weekday) % 7)).isocalendar()
    return Period(start, end, f"{year:04}-W{number:02}", "week")


def span(start: date, end: date) -> Period:
    """Return the range from *start* to *end*, both included; for a single day, that day.

    Raises :class:`InvalidInput` for a range that ends before it starts or is longer than
    :data:`LONGEST` days.
    """
    if end < start:
        raise InvalidInput(
            f"The range {start}..{end} ends before it starts.",
            f"Write {end}..{start}.",
            about="period",
        )
    if (end - start).days >= LONGEST:
        raise InvalidInput(
            f"The range {start}..{end} is longer than ten years.",
            "Choose a shorter one.",
            about="period",
        )
    return day(start) if start == end else Period(start, end, f"{start}..{end}", "range")


def parse_period_id(period_id: str, first_weekday: int = 0) -> Period:
    """Return the period that a period id names.

    Raises :class:`InvalidInput` if it names none.
    """
    try:
        if found := _parsed(period_id, first_weekday):
            return _check_limits(found)
    except ValueError as error:
        raise InvalidInput(
            f"'{period_id}' is not in the calendar: {error}.",
            "Check the day or week number.",
            about="period",
        ) from None
    raise InvalidInput(
        f"'{period_id}' names no period.",
        "Use today, yesterday, week, last-week, 2012-07-15, 2012-W29 or 2012-07-15..2012-07-22.",
        about="period",
    )


def _check_limits(period: Period) -> Period:
    """Return *period* if its days, or any day of a week, are within the limits of entries.

    Raises :class:`InvalidInput`.
    """
    is_week = period.kind == "week"
    limits.check_day(max(period.start, limits.FIRST_DAY) if is_week else period.start)
    limits.check_day(min(period.end, limits.LAST_DAY) if is_week else period.end)
    return period


def _parsed(period_id: str, first_weekday: int) -> Period | None:
    if match := re.fullmatch(r"(\d{4})-W(\d\d)", period_id):
        thursday = date.fromisocalendar(int(match[1]), int(match[2]), _THURSDAY + 1)
        return week(thursday, first_weekday)
    if match := re.fullmatch(r"(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)", period_id):
        return span(date.fromisoformat(match[1]), date.fromisoformat(match[2]))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", period_id):
        return day(date.fromisoformat(period_id))
    return None


def local_day(instant: datetime, zone: tzinfo) -> date:
    """Return the local date of an instant."""
    return instant.astimezone(zone).date()


def day_start(day: date, zone: tzinfo) -> datetime:
    """Return the first instant of a local day, in UTC; its midnight may be skipped or repeated."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def day_end(day: date, zone: tzinfo) -> datetime:
    """Return the end of a local day, which is the start of the next, in UTC."""
    return day_start(day + timedelta(days=1), zone)


def noon(day: date, zone: tzinfo) -> datetime:
    """Return noon of a local day, in UTC.

    Feeds date an entry of a whole day with it: within eleven hours of the zone it is the same
    calendar day for every reader.
    """
    return datetime.combine(day, time(12), zone).astimezone(UTC)


def local_instant(day: date, at: time, zone: tzinfo) -> datetime:
    """Return the instant, in UTC, of a local date and time.

    A time that is skipped when the clocks are put forward is moved forward by the length of the
    gap. Of a time that is repeated when the clocks are put back, the first is returned.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)


class Closing(Struct, frozen=True):
    """When periods close: a day at a time on the next day, a week on a weekday after its end."""

    zone: tzinfo
    day_at: time = time.min  #: local time on the next day
    week_on: int = 0  #: weekday (Monday is 0)
    week_at: time = time.min  #: local time on that weekday

    def closes_at(self, period: Period) -> datetime:
        """Return the instant, in UTC, at which a period closes; a week not before its last day."""
        after = period.end + timedelta(days=1)
        closed = local_instant(after, self.day_at, self.zone)
        if period.kind != "week":
            return closed
        on = after + timedelta(days=(self.week_on - after.weekday()) % 7)
        return max(closed, local_instant(on, self.week_at, self.zone))

    def last_closed_day(self, now: datetime) -> date:
        """Return the latest day that is closed at *now*."""
        found = local_day(now, self.zone)
        while self.closes_at(day(found)) > now:
            found -= timedelta(days=1)
        return found
