"""Reads the dates of posts as instants. Pure functions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from ...model import limits
from ...model.errors import InvalidInput
from ...model.moment import Moment
from ...model.period import local_instant

_CLOCK = (
    r"(?:(?:[Tt]|[ \t]+)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?"
    r"[ \t]*(?P<zone>[Zz]|UTC?|GMT|(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d\d)?)?)?"
)
_ISO = re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})" + _CLOCK)
_WEEKDAY = r"(?:[A-Za-z]{3,9},?[ \t]+)?"
_DAY_FIRST = re.compile(
    _WEEKDAY + r"(?P<day>\d{1,2})[ \t]+(?P<month>[A-Za-z]{3,9}),?[ \t]+(?P<year>\d{4})" + _CLOCK
)
_MONTH_FIRST = re.compile(
    _WEEKDAY + r"(?P<month>[A-Za-z]{3,9})[ \t]+(?P<day>\d{1,2}),?[ \t]+(?P<year>\d{4})" + _CLOCK
)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip

_HINT = "Write it like 2012-07-15 18:04, or with its offset: 2012-07-15T18:04:00+02:00."


def moment(text: str, zone: tzinfo) -> Moment:
    """Return the moment of a post's date, its instant in UTC and to the second.

    It reads ISO 8601, its variants in YAML and Jekyll (``2012-07-15 18:04:00 +0200``), dates of
    mail (RFC 5322 §3.3) and ``July 15, 2012``; a date alone has the precision ``day``. A time
    without an offset is in *zone*: the first of two if clocks go back, moved by the length of the
    gap if they go forward.

    Raises :class:`InvalidInput` for anything else.
    """
    shown = re.sub(r"\s+", " ", text).strip()
    shown = shown if len(shown) <= 60 else f"{shown[:59]}…"
    for form in (_ISO, _DAY_FIRST, _MONTH_FIRST):
        if match := form.fullmatch(text.strip()):
            try:
                found = limits.check_instant(_instant(match, zone), "date")
                return Moment(found) if match["hour"] else Moment(found, "day")
            except (ValueError, OverflowError) as error:
                raise InvalidInput(f"'{shown}' is not in the calendar: {error}.", _HINT) from None
    raise InvalidInput(f"'{shown}' is not a known form of date.", _HINT)


def _instant(match: re.Match[str], zone: tzinfo) -> datetime:
    day = date(int(match["year"]), _month(match["month"]), int(match["day"]))
    at = time(int(match["hour"] or 0), int(match["minute"] or 0), int(match["second"] or 0))
    if not match["zone"]:
        return local_instant(day, at, zone)
    offset = timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
    there = timezone(-offset if match["sign"] == "-" else offset)
    return datetime.combine(day, at, there).astimezone(UTC)


def _month(word: str) -> int:
    if word.isdigit():
        return int(word)
    for number, name in enumerate(_MONTHS, 1):
        if name.startswith(word.lower()):
            return number
    raise ValueError(f"there is no month '{word}'")
