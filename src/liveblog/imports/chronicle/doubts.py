"""Finds the lines under a day that name another day, or a time, and are read as text all the same.

Nothing dated may end up under another day or hour without a word: the report names each such
line, and what to write above it or in it.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import NamedTuple

from ...text.clock import read_time
from ...text.tokens import Phrases, Tokens
from .dates import Dates, read_and, read_dates, read_day_number, read_weekday
from .headings import dated_sentence, day_heading
from .leads import is_numbered_day, read_lead
from .names import SPELLED_DAYS, vocabulary
from .opening import Opening, read_opening, read_tail
from .times import possible_time, time_mark

_LONGEST_MONTH = 31
_LONGEST_ABBREVIATION = 4
"""Letters of the abbreviation of a weekday: "sun" and « mar » are words too."""

_MOST_WORDS = 6
"""Maximum number of words before a date that may head a day."""

_RELATIVE = Phrases(
    (phrase, days)
    for days, phrases in (
        (1, "le lendemain|the next day|the following day|next day|am nächsten tag|am folgenden tag"
            "|tags darauf|al día siguiente|el día siguiente|al otro día|le jour suivant"
            "|في اليوم التالي|اليوم التالي|demain|tomorrow|غدا"),
        (2, "le surlendemain|deux jours plus tard|two days later|zwei tage später|dos días después"
            "|dos días más tarde|بعد يومين|übermorgen|pasado mañana"),
        (-1, "hier|yesterday|gestern|ayer|أمس|la veille"),
        (-2, "avant-hier|l'avant-veille|vorgestern|anteayer"),
    )
    for phrase in phrases.split("|")
)  # fmt: skip
"""Days that are named by their distance from another one."""

_UNITS = frozenset(
    (
        "jour", "jours", "semaine", "semaines", "day", "days", "week", "weeks", "weekend", "tag",
        "tage", "tagen", "woche", "wochen", "dia", "dias", "semana", "semanas", "يوم", "ايام",
        "اسبوع", "اسابيع", "end",
    )
)  # fmt: skip
_LATER = frozenset(
    (
        "plus", "apres", "suivant", "suivante", "suivants", "later", "after", "following", "next",
        "spater", "danach", "folgenden", "nachsten", "mas", "despues", "siguiente", "siguientes",
        "dernier", "prochain", "last", "letzten", "pasado", "التالي", "بعد",
    )
)  # fmt: skip
"""Words, folded, that put a day or week at a distance: « Trois jours plus tard, … »."""

_SENTENCE_ENDS = frozenset('.!?…؟:;(«"“')
"""Signs after which a time is not that of the whole line."""


_LIST = re.compile(r"(?:> ?|\d{1,3}[.)] |\[?update,? )", re.IGNORECASE)
"""The mark of a quotation, of a numbered item or of an update."""

_DIGIT = re.compile(r"\d")
_LONGEST_HEAD = 120
"""Characters of a line among which a time is looked for."""

_WRITTEN_TIME = re.compile(
    r"(?<![\w:.,/+-])\d{1,2}(?= ?[hH] ?\d\d\b|:\d\d\b| ?(?:[uU]hr|[ap]\.?m)\b)"
    r"|(?:(?<=\bà )|(?<=\bvers )|(?<=\blas ))\d{1,2}(?= ?(?:[hH]|heures?|horas?)\b)"
)
"""The number that begins a time: 11 h 30, 11:30, 11 Uhr, « à 11 h ». "11 h" can be a span."""

_MILITARY = re.compile(r"(?P<time>(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)) ?[:–—-] ")


_COUNTED_DAY = re.compile(r"\W*(?P<text>[JDT] ?\+ ?\d{1,3})(?!\w)")
"""A day that is counted from another one: « J+3 », "D+3", "T+3"."""


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
    finders += [_find_spelled, _find_counted]
    if has_text:
        finders += [_find_month, _find_relative, _find_distance]
    for find in finders:
        found = find(line, before, day)
        if found is not None:
            text, other = found
            if other == day:
                return None
            return Doubt(
                f"'{text}' may begin another day; it is read as text of {day}",
                f"If a day begins there, put a line such as '## {other or _after(day)}' above it.",
            )
    return None


def doubtful_time(line: str) -> Doubt | None:
    """Return the doubt about a line of text that may begin an update."""
    line = _LIST.sub("", line, count=1)
    mark = time_mark(line)
    if mark is not None and mark.is_sentence:
        return None
    found = (mark.text, mark.time) if mark is not None else possible_time(line)
    found = found or _find_after_weekday(line)
    if found is None and _DIGIT.search(line, 0, _LONGEST_HEAD):
        found = _find_military(line) or _find_time(line)
    if found is None:
        return None
    text, clock = found
    shown = f"{clock:%H:%M}" if clock else "18:04"
    return Doubt(
        f"'{text}' may be the time of an update; it is read as text",
        f"If an update begins there, begin a paragraph with '{shown} – '.",
    )


def time_within(line: str) -> str:
    """Return the first time of day that a line names within a sentence; empty without one."""
    for match in _WRITTEN_TIME.finditer(line):
        tokens = Tokens(line, match.start())
        found = read_time(tokens)
        if found is not None and found.has_number and not found.is_plain and not found.is_bare:
            return line[match.start() : tokens.end]
    return ""


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
    tokens = Tokens(line, before.start)
    for skipped in range(1, _MOST_WORDS + 1):
        tokens.at = skipped
        if not tokens.peek().word:
            return None
        found = read_dates(tokens)
        if found is None or found.is_bare:
            continue
        tail = read_tail(line[tokens.end :], before)
        if tail.sign in (":", "-", ",") or (not tail.rest and not tail.sign):
            return line[before.start : tokens.end], _day_of(found, day)
        return None
    return None


def _find_month(line: str, before: Opening, day: date) -> _Found:
    """Find « Début septembre : … », « Jour 3 : … »: a part of the calendar that is no day."""
    tokens = Tokens(line, before.start)
    is_numbered = is_numbered_day(tokens)
    months = vocabulary()[0]
    for _ in range(_MOST_WORDS):
        if is_numbered or tokens.peek().word in months:
            break
        tokens.at += bool(tokens.peek().word)
    else:
        return None
    tokens.at += 2 if is_numbered else 1
    tokens.at += tokens.peek().number is not None
    tail = read_tail(line[tokens.end :], before)
    if tail.sign in (":", "-") or (not tail.rest and not tail.sign):
        return line[before.start : tokens.end], None
    return None


def _find_relative(line: str, before: Opening, day: date) -> _Found:
    """Find « Le lendemain, … »."""
    tokens = Tokens(line, before.start)
    days = _RELATIVE.take(tokens)
    if days is None:
        return None
    return line[before.start : tokens.end], day + timedelta(days=days)


def _find_distance(line: str, before: Opening, day: date) -> _Found:
    """Find « Trois jours plus tard, … », « Le week-end suivant, … », « Lundi dernier, … »."""
    tokens = Tokens(line, before.start)
    has_unit = False
    for _ in range(_MOST_WORDS):
        word = tokens.peek().word
        if not word or word in _SENTENCE_ENDS or word in ",،":
            return None
        tokens.at += 1
        is_day = word in _UNITS or word in vocabulary()[1]
        if (has_unit and word in _LATER) or (is_day and tokens.peek(-2).word in _LATER):
            tokens.take(frozenset(("tard", "tarde")))
            is_later = tokens.peek(-1).word in ("tard", "tarde", "later", "spater")
            tail = read_tail(line[tokens.end :], before)
            if is_later or tail.sign in (":", "-", ","):
                return line[before.start : tokens.end], None
            return None
        has_unit = has_unit or is_day
    return None


def _find_weekday(line: str, before: Opening, day: date) -> _Found:
    """Find « Lundi : … », « Lundi 16 : … », « Nuit de lundi à mardi : … », "On Monday the …"."""
    tokens = Tokens(line, before.start)
    lead = read_lead(tokens, line)
    weekday = read_weekday(tokens)
    if weekday is None:
        return None
    is_whole = len(tokens.peek(-1).raw) > _LONGEST_ABBREVIATION
    number = tokens.peek().number
    number = number if number is not None and 1 <= number <= _LONGEST_MONTH else None
    tokens.at += number is not None
    end = tokens.end
    is_pair = read_and(tokens) and read_weekday(tokens) is not None
    if is_pair:
        tokens.at += tokens.peek().number is not None
        end = tokens.end
    tail = read_tail(line[end:], before)
    is_heading = bool(tail.sign) or not tail.rest or time_mark(tail.rest) is not None
    if not is_heading and not (lead.has_article and is_whole):
        return None
    text = line[before.start : end]
    if is_pair:
        return text, None
    if number is not None:
        return text, _next_numbered(day, number)
    return text, day + timedelta(days=(weekday - day.weekday()) % 7)


def _find_number(line: str, before: Opening, day: date) -> _Found:
    """Find « Le 27 : … », "On the 27th, …", « Nuit du 27 au 28 : … », « 27 : … »."""
    tokens = Tokens(line, before.start)
    lead = read_lead(tokens, line)
    number = read_day_number(tokens)
    if number is None or not 1 <= number <= _LONGEST_MONTH:
        return None
    end = tokens.end
    is_pair = read_and(tokens) and read_day_number(tokens) is not None
    if is_pair:
        end = tokens.end
    tail = read_tail(line[end:], before)
    signs = (":", "-", ",") if lead.has_article else (":",)
    if tail.sign not in signs and (tail.rest or tail.sign or not lead.has_article):
        return None
    return line[before.start : end], None if is_pair else _next_numbered(day, number)


def _find_spelled(line: str, before: Opening, day: date) -> _Found:
    """Find « Le vingt-sept, … », "Am dritten: …"."""
    tokens = Tokens(line, before.start)
    if not read_lead(tokens, line).has_article:
        return None
    number = SPELLED_DAYS.take(tokens)
    tail = read_tail(line[tokens.end :], before)
    if number is None or (tail.sign not in (":", "-", ",") and (tail.rest or tail.sign)):
        return None
    return line[before.start : tokens.end], _next_numbered(day, number)


def _find_counted(line: str, before: Opening, day: date) -> _Found:
    """Find « J+3 : … », whose first day the text does not say."""
    match = _COUNTED_DAY.match(line)
    return (match["text"], None) if match else None


def _find_after_weekday(line: str) -> tuple[str, time | None] | None:
    """Find « Vendredi soir : … » on that Friday."""
    before = read_opening(line)
    tokens = Tokens(line, before.start)
    read_lead(tokens, line)
    if read_weekday(tokens) is None:
        return None
    rest = line[tokens.end :].lstrip(" ,،")
    mark = time_mark(rest)
    if mark is None:
        return None
    end = len(line) - len(rest) + len(mark.text)
    return line[before.start : end], mark.time


def _find_military(line: str) -> tuple[str, time | None] | None:
    """Find "1430: …", which can also be a year."""
    match = _MILITARY.match(line)
    if match is None:
        return None
    return match["time"], time(int(match["hour"]), int(match["minute"]))


def _find_time(line: str) -> tuple[str, time | None] | None:
    """Find « Ce jour-là, à 10 h, … »: a time a few words after the start, and a sign after it."""
    before = read_opening(line)
    tokens = Tokens(line, before.start)
    for skipped in range(1, _MOST_WORDS + 1):
        tokens.at = skipped
        if not tokens.peek().word or tokens.peek(-1).raw in _SENTENCE_ENDS:
            return None
        found = read_time(tokens)
        if found is None or not found.has_number or found.is_plain or found.is_bare:
            continue
        tail = read_tail(line[tokens.end :], before)
        if tail.sign in (":", "-", ","):
            return line[before.start : tokens.end], found.time
        return None
    return None


def _after(day: date) -> date:
    return day + timedelta(days=1)


def _next_numbered(day: date, number: int) -> date | None:
    """Return the next day with a number, from *day* on."""
    for ahead in range(2 * _LONGEST_MONTH):
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
