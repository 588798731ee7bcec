"""Which day each heading of a chronicle means: years that are not said, orders that are not clear.

Pure: in come the headings as they stand and the day of today, out come dates and doubts. What can
be read in two ways is said in both and taken in none, unless somebody who is asked decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from ...model.period import WEEKDAYS
from .. import Problem
from .headings import Heading, Reading

Ask = Callable[[str, Sequence[str]], str]
"""Asks a person: a question and the choices there are, to one of which it returns."""

LEAVE_OUT = "leave it out"
"""The choice that takes none."""

_YEARS_BACK = 40
"""How far back a year is looked for: weekdays and dates come together again after 28 at most."""

_SAMPLE = 366
"""Headings that decide about the year of those that follow."""

_BACK = 3
"""How much more than a day forward a day back weighs between neighbours: 14 July after 16 July is
a day out of order, 5 March after 15 July is in the next year."""

_WRONG_WEEKDAY = 200
"""What a weekday that disagrees weighs, in days: it tells two near years, but is a slip of the pen
rather than a leap of a year."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a heading has no date."""

    what: str
    hint: str


def dated(
    headings: Sequence[tuple[int, Heading]],
    *,
    language: str,
    today: date,
    year: int | None = None,
    mentioned: Collection[int] = (),
    ask: Ask | None = None,
) -> tuple[list[date | Doubt], list[Problem]]:
    """Return the date or doubt of each heading (with its line number), and what was assumed.

    - *Day or month first* (03/04/2012): as the other headings of the text show; else the
      weekday; else as the *language* has it, but for American English, which leaves it open.
    - *Year*, where a heading says none: *year* for the first such; else that of the headings
      around it, in order (past New Year's Eve too); if none says one, that in which weekdays and
      dates agree, first among those *mentioned* in the text, then the nearest that is over
      *today*. Such a year is an assumption, and said.
    - *A weekday that disagrees* with its date is a doubt, unless *year* was given for it.
    """
    picked = _ordered(headings, language, ask)
    days = [reading if isinstance(reading, tuple) else None for reading in picked]
    weekdays = [heading.weekday for _, heading in headings]
    days = [d and (_full_year(d[0], today), d[1], d[2]) for d in days]
    notes: list[Problem] = []
    silent = [i for i, day in enumerate(days) if day and day[0] is None]
    says_year = any(day and day[0] is not None for day in days)
    if silent and year is None and not says_year:
        year, note = _likely_year(days, weekdays, today, mentioned, ask)
        notes.append(Problem(f"line {headings[silent[0]][0]}", *note))
        assumed = True
    else:
        assumed = False
    found = _chained(days, weekdays, year)
    result: list[date | Doubt] = []
    for number, ((line, heading), reading, of) in enumerate(
        zip(headings, picked, found, strict=True)
    ):
        if isinstance(reading, Doubt):
            result.append(reading)
        elif of is None:
            result.append(_no_such_day(heading))
        elif heading.weekday in (None, of.weekday()):
            result.append(of)
        elif year is not None and not assumed and number in silent:
            notes.append(
                Problem(
                    f"line {line}",
                    f"{of} is a {_weekday(of.weekday())}, not a {_weekday(heading.weekday)}; "
                    "the date counts, for its year was given",
                    "Correct the weekday, or the year.",
                )
            )
            result.append(of)
        else:
            result.append(_disagreeing(heading, of, ask))
    return result, notes


# -- day or month first ----------------------------------------------------------------------------


def _ordered(
    headings: Sequence[tuple[int, Heading]], language: str, ask: Ask | None
) -> list[Reading | Doubt]:
    """Choose one reading for each heading."""
    seen = {heading.order for _, heading in headings}
    for _, heading in headings:
        agreeing = _by_weekday(heading)
        if heading.order == "either" and agreeing is not None:
            seen.add("day" if agreeing == heading.readings[0] else "month")
    order = ""
    if ("day" in seen) != ("month" in seen):
        order = "day" if "day" in seen else "month"
    elif "month" not in seen and language not in ("en", "en-US"):
        order = "day"
    asked = ""
    result: list[Reading | Doubt] = []
    for _, heading in headings:
        readings = heading.readings
        if not readings:
            result.append(_no_such_day(heading))
        elif heading.spans:
            result.append(_one_of_several(heading, ask))
        elif len(readings) == 1:
            result.append(readings[0])
        elif (agreeing := _by_weekday(heading)) is not None:
            result.append(agreeing)
        else:
            if not order and not asked and ask:
                asked = _ask_order(heading, ask)
            chosen = order or asked
            if chosen in ("day", "month"):
                result.append(readings[0] if chosen == "day" else readings[1])
            else:
                result.append(
                    Doubt(
                        f"'{heading.said}' can be {_shown(readings[0])} or {_shown(readings[1])}",
                        "Write the month as a word, or the date as 2012-07-15.",
                    )
                )
    return result


def _by_weekday(heading: Heading) -> Reading | None:
    """Return the one reading that agrees with the weekday, where the year is said."""
    if heading.weekday is None:
        return None
    agreeing = [
        reading
        for reading in heading.readings
        if (of := _date(*reading)) is not None and of.weekday() == heading.weekday
    ]
    return agreeing[0] if len(agreeing) == 1 else None


def _ask_order(heading: Heading, ask: Ask) -> str:
    day_first, month_first = map(_shown, heading.readings)
    choices = {f"{day_first} (day first)": "day", f"{month_first} (month first)": "month"}
    answer = ask(f"Which day is '{heading.said}', here and further on?", [*choices, LEAVE_OUT])
    return choices.get(answer, "neither")


def _one_of_several(heading: Heading, ask: Ask | None) -> Reading | Doubt:
    shown = {_shown(reading): reading for reading in heading.readings}
    if ask:
        answer = ask(f"'{heading.said}' names several days. Which is it?", [*shown, LEAVE_OUT])
        if answer in shown:
            return shown[answer]
    return Doubt(f"'{heading.said}' names several days", "Give each day a heading of its own.")


# -- years -----------------------------------------------------------------------------------------


def _full_year(year: int | None, today: date) -> int | None:
    """Complete a year of two digits: at most twenty years ahead."""
    if year is None or year > 99:
        return year
    full = today.year // 100 * 100 + year
    return full if full <= today.year + 20 else full - 100


def _likely_year(
    days: Sequence[Reading | None],
    weekdays: Sequence[int | None],
    today: date,
    mentioned: Collection[int],
    ask: Ask | None,
) -> tuple[int, tuple[str, str]]:
    """Find the year of a text in which no heading says one, and what to say about it."""
    days, weekdays = days[:_SAMPLE], weekdays[:_SAMPLE]
    ranked = []
    for year in {*range(today.year - _YEARS_BACK, today.year + 2), *mentioned}:
        if not 1 <= year <= 9999:
            continue
        found = _chained(days, weekdays, year)
        wrong = sum(
            day is not None and (of is None or weekday not in (None, of.weekday()))
            for day, weekday, of in zip(days, weekdays, found, strict=True)
        )
        is_ahead = any(of > today for of in found if of)
        rank = wrong, year not in mentioned, is_ahead, abs(year - today.year)
        ranked.append((rank, year))
    ranked.sort()
    best = [year for rank, year in ranked if rank[0] == ranked[0][0][0]][:4]
    year, others = best[0], best[1:]
    is_mentioned = year in mentioned
    if ask and others and not is_mentioned:
        answer = ask("No day heading says its year. Which is it?", [str(y) for y in best])
        if answer.isdecimal() and int(answer) in best:
            year, others = int(answer), [y for y in best if y != int(answer)]
    because = (
        "which the text mentions before its first day"
        if is_mentioned
        else "the nearest in which weekdays and dates agree"
        if any(weekday is not None for weekday in weekdays)
        else "the nearest that is over"
    )
    what = f"no day heading says its year: the first is read as one of {year}, {because}"
    if others and not is_mentioned and any(weekday is not None for weekday in weekdays):
        what += f" (it could be {', '.join(map(str, others))})"
    return year, (what, "Give the year if that is wrong.")


def _chained(
    days: Sequence[Reading | None], weekdays: Sequence[int | None], year: int | None
) -> list[date | None]:
    """Give each day its year, from its neighbours; *year* is that of the first that says none.

    Without *year*, days before the first that says its year are counted back from it.
    """
    direction = _direction(days)
    first = 0
    if year is None:
        first = next((i for i, day in enumerate(days) if day and day[0] is not None), 0)
    found = _walk(days[first:], weekdays[first:], direction, year, None)
    if not first:
        return found
    before = _walk(days[first - 1 :: -1], weekdays[first - 1 :: -1], -direction, None, found[0])
    return before[::-1] + found


def _walk(
    days: Sequence[Reading | None],
    weekdays: Sequence[int | None],
    direction: int,
    year: int | None,
    before: date | None,
) -> list[date | None]:
    found: list[date | None] = []
    for day, weekday in zip(days, weekdays, strict=True):
        of = None
        if day and day[0] is not None:
            of = _date(*day)
        elif day and year is not None:
            of = _date(year, *day[1:])
            year = None if of else year
        elif day and before:
            of = _beside(before, day, weekday, direction)
        found.append(of)
        before = of or before
    return found


def _beside(before: date, day: Reading, weekday: int | None, direction: int) -> date | None:
    """Choose the year of a day that stands behind another in the text."""
    ranked = []
    # A 29 February may be years away.
    for ahead in range(9):
        of = _date(before.year + ahead * direction, *day[1:])
        if of is not None:
            gap = (of - before).days * direction
            cost = gap if gap >= 0 else -gap * _BACK
            is_wrong = weekday is not None and of.weekday() != weekday
            ranked.append((cost + _WRONG_WEEKDAY * is_wrong, ahead, of))
        if ahead and ranked:
            break
    return min(ranked)[2] if ranked else None


def _direction(days: Sequence[Reading | None]) -> int:
    """Return 1 if days follow each other, -1 if the newest stands first."""
    ordinals = [month * 31 + day for _, month, day in filter(None, days)]
    steps = [(b - a + 186) % 372 - 186 for a, b in pairwise(ordinals)]
    return -1 if sum((s > 0) - (s < 0) for s in steps) < 0 else 1


# -- weekdays and words ----------------------------------------------------------------------------


def _disagreeing(heading: Heading, of: date, ask: Ask | None) -> date | Doubt:
    """Decide about a date whose weekday is another."""
    offset = ((heading.weekday or 0) - of.weekday() + 3) % 7 - 3
    choices = {f"{_weekday(of.weekday())} {of}": of}
    try:
        near = of + timedelta(days=offset)
        choices[f"{_weekday(near.weekday())} {near}"] = near
    except OverflowError:
        pass
    if ask:
        answer = ask(f"'{heading.said}' is no day of {of.year}. Which?", [*choices, LEAVE_OUT])
        if answer in choices:
            return choices[answer]
    return Doubt(
        f"'{heading.said}' can be {' or '.join(choices)}: its weekday and date disagree",
        "Correct one of them, or give the year.",
    )


def _no_such_day(heading: Heading) -> Doubt:
    return Doubt(f"'{heading.said}' is in no calendar", "Correct the day.")


def _shown(reading: Reading) -> str:
    year, month, day = reading
    name = date(2000, month, 1).strftime("%B")
    return f"{day} {name}" + (f" {year}" if year is not None else "")


def _weekday(number: int | None) -> str:
    return WEEKDAYS[number or 0].capitalize()


def _date(year: int | None, month: int, day: int) -> date | None:
    try:
        return date(year or 0, month, day)
    except ValueError:
        return None
