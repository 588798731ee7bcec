"""Recognises lines that begin with a date: the headings of days.

See :mod:`.dates` for the forms of a date.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time

from ...text.tokens import Tokens
from .dates import NO_MONTH, Dates, Order, Reading, read_dates
from .leads import BEFORE_SENTENCE, Lead, first_words, read_lead
from .opening import BRACKETS, Tail, read_opening, read_tail
from .times import TimeMark, time_mark

_MONTH = 31
"""Days of a month, for the distance of two days."""

_DECORATION = "=~—"
"""Signs on both sides of a heading."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that begins with a date."""

    text: str  #: the date as written
    readings: tuple[Reading, ...]  #: the dates that its first day can mean; empty if none exists
    order: Order
    is_several: bool  #: it names several days
    until: tuple[int, int] | None  #: month and day of the last of several days
    is_night: bool  #: it names a night between two days
    is_reversed: bool  #: the last of several days precedes the first
    weekday: int | None  #: from Monday = 0
    rest: str  #: the rest of the line
    stamp: TimeMark | None  #: the time of day that directly follows the date
    is_marked: bool  #: it is a Markdown heading or emphasised
    is_certain: bool  #: it cannot be the beginning of a sentence
    ends_paragraph: bool  #: it is a heading even within a paragraph


def dated_sentence(line: str) -> Heading | None:
    """Return the date that a line begins with, also if it is the beginning of a sentence, or None.

    « Le mercredi 25 juillet 2012, la ligue … », "On Wednesday 25 July 2012 the league …".
    """
    return day_heading(line, is_sentence=True)


def day_heading(line: str, *, is_sentence: bool = False) -> Heading | None:
    """Return the date that a line begins with, or None.

    Dates may lack the weekday and the year: « Dimanche 15 juillet », "July 15, 2012", "16.07.2012",
    "2012-07-16", « ١٥ تموز ». Several days are one heading: « Du 27 au 29 septembre », « Nuit du
    27 au 28 ». Words may stand before the date: « Journée du 27 septembre », "Day 3 – 15 July". The
    line ends after the date, or continues after a colon, a dash, a full stop or a time. A heading
    that continues after a comma, or is in a list, is uncertain: a sentence can begin like that.
    *is_sentence* says that it may be a sentence that no heading can be.
    """
    if line[:1] in _DECORATION:
        line = line.strip(f"{_DECORATION} ")  # "=== 15 July ==="
    before = read_opening(line)
    tokens = Tokens(line, before.start)
    first = tokens.peek()
    is_this = is_sentence and first.word in BEFORE_SENTENCE
    if first.number is None and first.word not in first_words() and not is_this:
        return None
    while is_sentence and tokens.take(BEFORE_SENTENCE):
        pass
    lead = read_lead(tokens, line)
    lead = lead._replace(has_article=lead.has_article or is_this)
    found = read_dates(tokens)
    if found is None:
        return None
    if "(" in line[before.start : tokens.end]:
        tokens.take(")")  # "Day 3 (15 July)"
    tail = read_tail(line[tokens.end :], before)
    sign, rest, closed = tail
    if before.level:
        bare = rest.rstrip("#")
        rest = bare.rstrip() if not bare or bare[-1].isspace() else rest
    if before.emphasis in BRACKETS and not closed:
        rest = before.emphasis + rest  # "[15/07/2012 18:04] …"
    is_marked = bool(before.level or closed)
    if found.is_bare and found.weekday is None and not is_marked and sign != ":" and rest:
        return None  # "10/12 – " may be any fraction
    stamp = _stamp(lead, found, tail, rest)
    is_heading = is_marked or not rest or sign in (":", "-") or stamp is not None
    if not found.has_month and not is_heading:
        return None
    is_aside = rest.startswith("(") and rest.endswith(")") and not lead.has_article
    is_strong = not rest or is_marked or is_aside or sign in (":", "-")
    is_strong = is_strong or (stamp is not None and not lead.part)
    is_named = found.weekday is not None or any(year is not None for year, _, _ in found.readings)
    if not is_strong and not is_sentence:
        if lead.has_article or (sign != "." and not is_named):
            return None
        if not sign and not rest[0].isupper():
            return None
    return Heading(
        text=line[before.start : tokens.end],
        readings=found.readings,
        order=found.order,
        is_several=found.is_several,
        until=found.until,
        is_night=found.is_several and lead.is_night,
        is_reversed=found.is_reversed,
        weekday=found.weekday,
        rest=rest,
        stamp=stamp,
        is_marked=is_marked,
        is_certain=(is_strong or sign == ".") and not before.bullet,
        ends_paragraph=is_marked or not rest or (is_strong and is_named),
    )


def with_month(heading: Heading, before: Heading | None) -> Heading | None:
    """Return a heading with the month that makes it the nearest day to the heading before it.

    « Lundi 16 » after « Dimanche 15 juillet » is in July. None if the month is unknown.
    """
    if not heading.readings or heading.readings[0][1] != NO_MONTH:
        return heading
    if before is None or not before.readings:
        return None
    _, month, day = before.readings[0]
    number = heading.readings[0][2]
    steps = {(number - day) + ahead * _MONTH: ahead for ahead in (0, 1, -1)}
    ahead = steps[min(steps, key=abs)]
    return replace(heading, readings=((None, (month - 1 + ahead) % 12 + 1, number),))


def _stamp(lead: Lead, found: Dates, tail: Tail, rest: str) -> TimeMark | None:
    """Return the time of day on the line of a heading, after the date or before it."""
    if lead.hours is not None and not found.is_several:
        hour = time(int(lead.hours), int(lead.hours * 60) % 60)
        return TimeMark(
            text=lead.part, time=hour, late=None, zone="", rest=rest,
            is_vague=True, is_marked=False,
        )  # fmt: skip
    if tail.sign not in ("", ","):
        return None
    stamp = time_mark(rest, is_stamp=True)
    return None if stamp is None or stamp.is_sentence else stamp
