"""Dates the headings of a chronicle: missing years, ambiguous day and month, wrong weekdays.

Pure functions. A heading with two possible dates gets neither: it is reported with both, unless the
user is asked and chooses one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from ...model.period import WEEKDAYS
from .. import Problem
from .dates import Reading
from .headings import Heading
from .mentions import Mentions

Ask = Callable[[str, Sequence[str]], str]
"""Asks the user a question; takes the question and the choices, returns one of the choices."""

LEAVE_OUT = "leave it out"
"""The choice to import nothing under the heading."""

_YEARS_BACK = 40
"""Years before the present one that are tried; weekdays and dates repeat after 28 at most."""

_SAMPLE_SIZE = 366
"""Number of headings from which the year of the text is derived."""

_BACKWARD_COST = 3
"""Cost of a day backwards between two headings, in days forwards: 14 July after 16 July is out of
order, 5 March after 15 July is in the next year."""

_WRONG_WEEKDAY_COST = 200
"""Cost of a wrong weekday, in days: enough to decide between two near years, but less than a gap of
a year, where the weekday is more likely a typing error."""


@dataclass(frozen=True, slots=True)
class UnknownDay:
    """The reason why the day of a heading cannot be determined."""

    what: str
    hint: str


def resolve_dates(
    headings: Sequence[tuple[int, Heading]],
    *,
    language: str,
    today: date,
    year: int | None = None,
    mentions: Mentions | None = None,
    ask: Ask | None = None,
) -> tuple[list[date | UnknownDay], list[Problem]]:
    """Return the date of each heading, or why it has none, and a note on each assumption.

    *headings* have their line numbers.

    - *Day or month first* (03/04/2012): as the other headings of the text show; else by the
      weekday; else as in the *language*, except American English, which leaves both possible.
    - *Year*, where a heading has none: *year* for the first such heading; else from the headings
      before and after it (across New Year too); if no heading has a year, one in which weekdays
      and dates agree, first one that the text names in a full date or mentions (*mentions*), then
      the nearest that is over *today*. Such an assumed year is noted.
    - *A weekday that contradicts* its date leaves the day unknown, unless *year* was given.
    """
    chosen = _choose_readings(headings, language, ask)
    readings = [
        (_full_year(found[0], today), found[1], found[2]) if isinstance(found, tuple) else None
        for found in chosen
    ]
    weekdays = [heading.weekday for _, heading in headings]
    notes: list[Problem] = []
    yearless = [i for i, reading in enumerate(readings) if reading and reading[0] is None]
    has_year = any(reading and reading[0] is not None for reading in readings)
    is_assumed = bool(yearless) and year is None and not has_year
    if is_assumed:
        year, note = _likely_year(readings, weekdays, today, mentions or Mentions(), ask)
        notes.append(Problem(f"line {headings[yearless[0]][0]}", *note))
    days = _add_years(readings, weekdays, year)
    result: list[date | UnknownDay] = []
    for number, ((line, heading), found, day) in enumerate(
        zip(headings, chosen, days, strict=True)
    ):
        if isinstance(found, UnknownDay):
            result.append(found)
        elif day is None:
            result.append(_no_such_day(heading))
        elif heading.weekday in (None, day.weekday()):
            result.append(day)
        elif year is not None and not is_assumed and number in yearless:
            actual, written = _weekday_name(day.weekday()), _weekday_name(heading.weekday)
            what = f"{day} is a {actual}, not a {written}; the date counts, for its year was given"
            notes.append(Problem(f"line {line}", what, "Correct the weekday, or the year."))
            result.append(day)
        else:
            result.append(_resolve_weekday(heading, day, ask))
        if heading.is_several and isinstance(result[-1], date):
            notes.append(Problem(f"line {line}", *_several_days(heading, result[-1])))
    return result, notes


# -- day or month first ----------------------------------------------------------------------------


def _choose_readings(
    headings: Sequence[tuple[int, Heading]], language: str, ask: Ask | None
) -> list[Reading | UnknownDay]:
    """Return one reading for each heading, or why there is none."""
    seen = {heading.order for _, heading in headings}
    for _, heading in headings:
        matching = _reading_by_weekday(heading)
        if heading.order == "either" and matching is not None:
            seen.add("day" if matching == heading.readings[0] else "month")
    order = ""
    if ("day" in seen) != ("month" in seen):
        order = "day" if "day" in seen else "month"
    elif "month" not in seen and language not in ("en", "en-US"):
        order = "day"
    asked = ""
    result: list[Reading | UnknownDay] = []
    for _, heading in headings:
        readings = heading.readings
        if not readings:
            result.append(_no_such_day(heading))
        elif heading.is_reversed:
            what = f"'{heading.text}' ends before it begins"
            result.append(UnknownDay(what, "Correct its days."))
        elif len(readings) == 1:
            result.append(readings[0])
        elif (matching := _reading_by_weekday(heading)) is not None:
            result.append(matching)
        else:
            if not order and not asked and ask:
                asked = _ask_order(heading, ask)
            chosen = order or asked
            if chosen in ("day", "month"):
                result.append(readings[0] if chosen == "day" else readings[1])
            else:
                first, second = map(_format_reading, readings)
                hint = "Write the month as a word, or the date as 2012-07-15."
                result.append(UnknownDay(f"'{heading.text}' can be {first} or {second}", hint))
    return result


def _reading_by_weekday(heading: Heading) -> Reading | None:
    """Return the only reading that has the heading's weekday; None without a year."""
    if heading.weekday is None:
        return None
    matching = [
        reading
        for reading in heading.readings
        if (day := _date(*reading)) is not None and day.weekday() == heading.weekday
    ]
    return matching[0] if len(matching) == 1 else None


def _ask_order(heading: Heading, ask: Ask) -> str:
    day_first, month_first = map(_format_reading, heading.readings)
    choices = {f"{day_first} (day first)": "day", f"{month_first} (month first)": "month"}
    answer = ask(f"Which day is '{heading.text}', here and further on?", [*choices, LEAVE_OUT])
    return choices.get(answer, "neither")


# -- years -----------------------------------------------------------------------------------------


def _full_year(year: int | None, today: date) -> int | None:
    """Complete a year of two digits to one at most twenty years after *today*."""
    if year is None or year > 99:
        return year
    full = today.year // 100 * 100 + year
    return full if full <= today.year + 20 else full - 100


def _likely_year(
    readings: Sequence[Reading | None],
    weekdays: Sequence[int | None],
    today: date,
    mentions: Mentions,
    ask: Ask | None,
) -> tuple[int, tuple[str, str]]:
    """Return the year of a text whose headings have none, and the note (message and hint)."""
    readings, weekdays = readings[:_SAMPLE_SIZE], weekdays[:_SAMPLE_SIZE]
    ranked = []
    for year in {*range(today.year - _YEARS_BACK, today.year + 2), *mentions.years}:
        if not 1 <= year <= 9999:
            continue
        days = _add_years(readings, weekdays, year)
        wrong = sum(
            reading is not None and (day is None or weekday not in (None, day.weekday()))
            for reading, weekday, day in zip(readings, weekdays, days, strict=True)
        )
        is_ahead = any(day > today for day in days if day)
        rank = wrong, mentions.rank(year, readings), is_ahead, abs(year - today.year)
        ranked.append((rank, year))
    ranked.sort()
    best = [year for rank, year in ranked if rank[0] == ranked[0][0][0]][:4]
    year, others = best[0], best[1:]
    reason = mentions.reason(mentions.rank(year, readings))
    if ask and others and not reason:
        answer = ask("No day heading says its year. Which is it?", [str(y) for y in best])
        if answer.isdecimal() and int(answer) in best:
            year, others = int(answer), [y for y in best if y != int(answer)]
    because = (
        reason
        if reason
        else "the nearest in which weekdays and dates agree"
        if any(weekday is not None for weekday in weekdays)
        else "the nearest that is over"
    )
    what = f"no day heading says its year: the first is read as one of {year}, {because}"
    if others and not reason and any(weekday is not None for weekday in weekdays):
        what += f" (it could be {', '.join(map(str, others))})"
    return year, (what, "If that is wrong, give the year: --year YYYY.")


def _add_years(
    readings: Sequence[Reading | None], weekdays: Sequence[int | None], year: int | None
) -> list[date | None]:
    """Return the date of each reading; *year* is that of the first reading without one.

    Without *year*, readings before the first one with a year are dated backwards from it.
    """
    direction = _direction(readings)
    first = 0
    if year is None:
        first = next((i for i, r in enumerate(readings) if r and r[0] is not None), 0)
    later = _date_in_order(readings[first:], weekdays[first:], direction, year, None)
    if not first:
        return later
    earlier = _date_in_order(
        readings[first - 1 :: -1], weekdays[first - 1 :: -1], -direction, None, later[0]
    )
    return earlier[::-1] + later


def _date_in_order(
    readings: Sequence[Reading | None],
    weekdays: Sequence[int | None],
    direction: int,
    year: int | None,
    before: date | None,
) -> list[date | None]:
    """Return the date of each reading; one without a year is dated from the one before it."""
    days: list[date | None] = []
    for reading, weekday in zip(readings, weekdays, strict=True):
        day = None
        if reading and reading[0] is not None:
            day = _date(*reading)
        elif reading and year is not None:
            day = _date(year, *reading[1:])
            year = None if day else year
        elif reading and before:
            day = _nearest_date(before, reading, weekday, direction)
        days.append(day)
        before = day or before
    return days


def _nearest_date(
    before: date, reading: Reading, weekday: int | None, direction: int
) -> date | None:
    """Return the most likely date of a reading without a year that follows the day *before*."""
    ranked = []
    # A 29 February may be years away.
    for years_on in range(9):
        day = _date(before.year + years_on * direction, *reading[1:])
        if day is not None:
            gap = (day - before).days * direction
            cost = gap if gap >= 0 else -gap * _BACKWARD_COST
            is_wrong = weekday is not None and day.weekday() != weekday
            ranked.append((cost + _WRONG_WEEKDAY_COST * is_wrong, years_on, day))
        if years_on and ranked:
            break
    return min(ranked)[2] if ranked else None


def _direction(readings: Sequence[Reading | None]) -> int:
    """Return 1 if the days of a text ascend, -1 if the newest comes first."""
    ordinals = [month * 31 + day for _, month, day in filter(None, readings)]
    steps = [(b - a + 186) % 372 - 186 for a, b in pairwise(ordinals)]
    return -1 if sum((s > 0) - (s < 0) for s in steps) < 0 else 1


# -- weekdays and words ----------------------------------------------------------------------------


def _resolve_weekday(heading: Heading, day: date, ask: Ask | None) -> date | UnknownDay:
    """Choose between a heading's date and its weekday, which contradict each other."""
    offset = ((heading.weekday or 0) - day.weekday() + 3) % 7 - 3
    choices = {f"{_weekday_name(day.weekday())} {day}": day}
    try:
        near = day + timedelta(days=offset)
        choices[f"{_weekday_name(near.weekday())} {near}"] = near
    except OverflowError:
        pass
    if ask:
        answer = ask(f"'{heading.text}' is no day of {day.year}. Which?", [*choices, LEAVE_OUT])
        if answer in choices:
            return choices[answer]
    return UnknownDay(
        f"'{heading.text}' can be {' or '.join(choices)}: its weekday and date disagree",
        "Correct one of them, or give the year.",
    )


def _several_days(heading: Heading, first: date) -> tuple[str, str]:
    """Return the note (message and hint) on a heading of several days."""
    if heading.is_night:
        return (
            f"'{heading.text}' is a night between two days: its text ends {first}, under these "
            "words; times before noon are of the day after",
            "If it belongs elsewhere, put a line with its day above it.",
        )
    return (
        f"'{heading.text}' names several days: its text is an update of the first, {first}, "
        "under these words",
        "To tell the days apart, put a line with its date above the text of each.",
    )


def _no_such_day(heading: Heading) -> UnknownDay:
    return UnknownDay(f"'{heading.text}' is in no calendar", "Correct the day.")


def _format_reading(reading: Reading) -> str:
    year, month, day = reading
    name = date(2000, month, 1).strftime("%B")
    return f"{day} {name}" + (f" {year}" if year is not None else "")


def _weekday_name(number: int | None) -> str:
    return WEEKDAYS[number or 0].capitalize()


def _date(year: int | None, month: int, day: int) -> date | None:
    try:
        return date(year or 0, month, day)
    except ValueError:
        return None
