"""Finds the lines under a day that name another day, or a time, and are read as text all the same.

Nothing dated may end up under another day or hour without a word: the author is told of each such
line, and what to write above it or in it.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import NamedTuple

from ...text.clock import read_time
from ...text.tokens import Phrases, Tokens
from .dates import Dates, read_and, read_dates, read_weekday
from .headings import dated_sentence, day_heading
from .leads import read_lead
from .opening import Opening, read_opening, read_tail
from .times import possible_time, time_mark

_MOST_WORDS = 6
"""Maximum number of words before a date that may head a day."""

_NEXT_DAYS = Phrases(
    (phrase, days)
    for days, phrases in (
        (1, "le lendemain|the next day|the following day|next day|am nächsten tag|am folgenden tag"
            "|tags darauf|al día siguiente|el día siguiente|في اليوم التالي|اليوم التالي"),
        (2, "le surlendemain|deux jours plus tard|two days later|zwei tage später|dos días después"
            "|dos días más tarde|بعد يومين"),
    )
    for phrase in phrases.split("|")
)  # fmt: skip


_SENTENCE_ENDS = frozenset('.!?…؟:;(«"“')
"""Signs after which a time is not that of the whole line."""


class Doubt(NamedTuple):
    """What a line may be, and what to do if it is."""

    what: str
    hint: str


def doubtful_day(line: str, day: date, *, has_text: bool) -> Doubt | None:
    """Return the doubt about a paragraph of *day* that may begin another day.

    *has_text* says that it is not the first paragraph of its day, which « Le lendemain » can begin.
    """
    if day_heading(line) is not None:
        return None  # the survey has reported it
    before = read_opening(line)
    finders = [_find_sentence, _find_date, _find_weekday, _find_number]
    if has_text:
        finders.append(_find_next_day)
    for find in finders:
        found = find(line, before, day)
        if found is not None:
            text, other = found
            if other == day:
                return None
            return Doubt(
                f"'{text}' may begin another day; it is read as text of {day}",
                f"If a day begins there, put a line such as '## {other or '2012-07-15'}' above it.",
            )
    return None


def doubtful_time(line: str) -> Doubt | None:
    """Return the doubt about a line of text that may begin an update."""
    mark = time_mark(line)
    if mark is not None and mark.is_sentence:
        return None
    found = (mark.text, mark.time) if mark is not None else possible_time(line)
    found = found or _find_time(line)
    if found is None:
        return None
    text, clock = found
    shown = f"{clock:%H:%M}" if clock else "18:04"
    return Doubt(
        f"'{text}' may be the time of an update; it is read as text",
        f"If an update begins there, begin a paragraph with '{shown} – '.",
    )


_Found = tuple[str, date | None] | None
"""The words that name a day, and the day if it is known."""


def _find_sentence(line: str, before: Opening, day: date) -> _Found:
    """Find « Le 27 septembre, la digue … »."""
    heading = dated_sentence(line)
    if heading is None:
        return None
    dates = Dates(heading.readings, is_several=heading.is_several)
    return heading.text, _day_of(dates, day)


def _find_date(line: str, before: Opening, day: date) -> _Found:
    """Find a date a few words after the start of a line that it ends, or before a colon."""
    for skipped in range(1, _MOST_WORDS + 1):
        tokens = Tokens(line, before.start)
        if not tokens.peek(skipped).word:
            return None
        tokens.at = skipped
        found = read_dates(tokens)
        if found is None or found.is_bare:
            continue
        tail = read_tail(line[tokens.end :], before)
        if tail.sign in (":", "-") or (not tail.rest and not tail.sign):
            return line[before.start : tokens.end], _day_of(found, day)
        return None
    return None


def _find_next_day(line: str, before: Opening, day: date) -> _Found:
    """Find « Le lendemain, … »."""
    tokens = Tokens(line, before.start)
    days = _NEXT_DAYS.take(tokens)
    if days is None:
        return None
    return line[before.start : tokens.end], day + timedelta(days=days)


def _find_weekday(line: str, before: Opening, day: date) -> _Found:
    """Find « Lundi : … », « Lundi 16 : … »."""
    tokens = Tokens(line, before.start)
    read_lead(tokens, line)
    weekday = read_weekday(tokens)
    if weekday is None:
        return None
    text = line[before.start : tokens.end]
    number = tokens.peek().number
    if number is not None and 1 <= number <= 31:
        tokens.at += 1
        text = line[before.start : tokens.end]
    tail = read_tail(line[tokens.end :], before)
    if not tail.sign and tail.rest and time_mark(tail.rest) is None:
        return None
    other = day + timedelta(days=(weekday - day.weekday()) % 7)
    if number is not None:
        return text, _next_numbered(day, number)
    return text, other


def _find_number(line: str, before: Opening, day: date) -> _Found:
    """Find « Le 27 : … », « Nuit du 27 au 28 : … »."""
    tokens = Tokens(line, before.start)
    if not read_lead(tokens, line).has_article:
        return None
    number = tokens.peek().number
    if number is None or not 1 <= number <= 31:
        return None
    tokens.at += 1
    end = tokens.end
    if read_and(tokens) and tokens.peek().number is not None:
        tokens.at += 1
        end = tokens.end
    tail = read_tail(line[end:], before)
    if tail.sign not in (":", "-") and (tail.rest or tail.sign):
        return None
    return line[before.start : end], _next_numbered(day, number)


def _find_time(line: str) -> tuple[str, time | None] | None:
    """Find « Ce jour-là, à 10 h, … »: a time a few words after the start, and a sign after it."""
    before = read_opening(line)
    for skipped in range(1, _MOST_WORDS + 1):
        tokens = Tokens(line, before.start)
        if not tokens.peek(skipped).word or tokens.peek(skipped - 1).raw in _SENTENCE_ENDS:
            return None
        tokens.at = skipped
        found = read_time(tokens)
        if found is None or not found.has_number or found.is_plain or found.is_bare:
            continue
        tail = read_tail(line[tokens.end :], before)
        if tail.sign in (":", "-", ","):
            return line[before.start : tokens.end], found.time
        return None
    return None


def _next_numbered(day: date, number: int) -> date | None:
    """Return the next day with a number, from *day* on."""
    for ahead in range(62):
        other = day + timedelta(days=ahead)
        if other.day == number:
            return other
    return None


def _day_of(found: Dates, day: date) -> date | None:
    """Return the day that dates name, in the year of *day* if they say none; None if unknown."""
    if not found.readings:
        return None
    year, month, number = found.readings[0]
    for reading in found.readings:
        if reading[0] in (None, day.year) and reading[1:] == (day.month, day.day):
            return day
    try:
        return date(year if year and year > 99 else day.year, month, number)
    except ValueError:
        return None
