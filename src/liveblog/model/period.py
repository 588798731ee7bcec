"""The calendar: days and weeks in the blog's time zone, and the names periods go by.

Days begin where the local clock first shows them, so a day of a clock change has 23 or 25 hours
and zones that skip midnight still have every day once. Weeks are ISO 8601 weeks unless the blog
begins its week on another day.
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
"""The period id of the blog as a whole."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

LONGEST = 3660
"""Days in the longest range that a digest takes: ten years."""

_THURSDAY = 3


class Period(Struct, frozen=True, order=True):
    """Consecutive local days."""

    start: date
    end: date  #: the last day, included
    id: str  #: ``2012-07-15``, ``2012-W29`` or ``2012-07-15..2012-07-22``
    kind: Kind

    def days(self) -> list[date]:
        """Every day of the period, in order."""
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]


def day(of: date) -> Period:
    """Return the period that is one day."""
    return Period(of, of, of.isoformat(), "day")


def week(of: date, first_weekday: int = 0) -> Period:
    """Return the week that *of* belongs to; *first_weekday* counts from Monday = 0.

    A week takes the ISO number of its Thursday (ISO 8601: the week of a year is the one that holds
    its Thursday), which every run of seven days has exactly once.
    """
    try:
        start = of - timedelta(days=(of.weekday() - first_weekday) % 7)
        end = start + timedelta(days=6)
    except OverflowError:
        raise InvalidInput(
            f"The week of {of} is not in the calendar: it ends within the week.",
            "Choose a day between the years 1 and 9999.",
        ) from None
    year, number, _ = (start + timedelta(days=(_THURSDAY - first_weekday) % 7)).isocalendar()
    return Period(start, end, f"{year:04}-W{number:02}", "week")


def span(start: date, end: date) -> Period:
    """Return the range from *start* to *end*, both included; a single day is that day.

    Raises :class:`InvalidInput` if it ends before it starts or is longer than ten years.
    """
    if end < start:
        raise InvalidInput(
            f"The range {start}..{end} ends before it starts.", f"Write {end}..{start}."
        )
    if (end - start).days >= LONGEST:
        raise InvalidInput(
            f"The range {start}..{end} is longer than ten years.", "Ask for a shorter one."
        )
    return day(start) if start == end else Period(start, end, f"{start}..{end}", "range")


def parse_period_id(period_id: str, first_weekday: int = 0) -> Period:
    """Return the period that a period id names.

    Raises :class:`InvalidInput` if it names none.
    """
    try:
        if found := _parsed(period_id, first_weekday):
            return check(found)
    except ValueError as error:
        raise InvalidInput(
            f"'{period_id}' is not in the calendar: {error}.", "Check the day or week number."
        ) from None
    raise InvalidInput(
        f"'{period_id}' names no period.",
        "Use today, yesterday, week, last-week, 2012-07-15, 2012-W29 or 2012-07-15..2012-07-22.",
    )


def check(period: Period) -> Period:
    """Return a period within the limits of the calendar; a week, if any of its days is.

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
    """Return the day that the calendar of *zone* shows at an instant."""
    return instant.astimezone(zone).date()


def day_start(of: date, zone: tzinfo) -> datetime:
    """Return a local day's first instant, in UTC, also where midnight is skipped or doubled."""
    return datetime.combine(of, time.min, zone).astimezone(UTC)


def day_end(of: date, zone: tzinfo) -> datetime:
    """Return the instant at which a local day is over (the start of the next), in UTC."""
    return day_start(of + timedelta(days=1), zone)


def wall(of: date, at: time, zone: tzinfo) -> datetime:
    """Return the instant, in UTC, at which a wall clock shows *at* on a local day.

    A time that the day skips is taken as far after the gap as it lies in it, one that it has twice
    is the first: every day has every time once.
    """
    return datetime.combine(of, at, zone).astimezone(UTC)


class Closing(Struct, frozen=True):
    """When periods close: a day some time after it is over, a week on a weekday after its end."""

    zone: tzinfo
    day_at: time = time.min  #: on the day after
    week_on: int = 0  #: from Monday = 0
    week_at: time = time.min

    def of(self, period: Period) -> datetime:
        """Return the instant, in UTC, at which a period closes; a week not before its last day."""
        after = period.end + timedelta(days=1)
        closed = wall(after, self.day_at, self.zone)
        if period.kind != "week":
            return closed
        on = after + timedelta(days=(self.week_on - after.weekday()) % 7)
        return max(closed, wall(on, self.week_at, self.zone))

    def last_day(self, now: datetime) -> date:
        """Return the newest day that is closed at *now*."""
        of = local_day(now, self.zone)
        while self.of(day(of)) > now:
            of -= timedelta(days=1)
        return of
