"""Recognises lines that begin with a time of day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from ...model import limits
from ...text.clock import TimeOfDay, read_time
from ...text.daytimes import DURATION
from ...text.tokens import Tokens
from .opening import BRACKETS, Tail, read_opening, read_tail


@dataclass(frozen=True, slots=True)
class TimeMark:
    """A line that begins with a time of day."""

    text: str  #: the time as it is written
    late: time | None  #: where it stands if it is the end of the day: midnight, the night
    time: time | None  #: None if it does not exist
    zone: str  #: see :attr:`.TimeOfDay.zone`
    rest: str  #: what follows the time; the whole line if it is a sentence
    is_vague: bool  #: it is shown as it is written
    is_marked: bool  #: its whole line is a Markdown heading or emphasised
    is_sentence: bool = False  #: it is the beginning of a sentence, which stays whole


def time_mark(line: str, *, is_stamp: bool = False) -> TimeMark | None:
    """Read the time of day that a line begins with, if it marks what follows.

    « 18 h 04 : … », "6:04 pm – …", "[14:30] …", "18:04 Explosion …", « Vers 13 h : … », « 9h »
    alone. A sentence that begins with a time (« À 18 h 04, … ») stays whole. A span of time ("9h
    de combats") is no mark. With *is_stamp*, the time follows a day on its line ("2012-07-15 18:04
    explosion") and needs no sign after it.
    """
    before = read_opening(line)
    for has_range in (True, False):
        tokens = Tokens(line, before.start)
        found = read_time(tokens, has_range=has_range)
        if found is None:
            return None
        tail = read_tail(line[tokens.end :], before)
        is_strong = tail.sign in (":", "-", ".") or bool(tail.closed) or not tail.rest
        is_sentence = not is_strong and (tail.sign == "," or found.has_word)
        if _is_mark(found, tail, is_stamp=is_stamp, has_bracket=before.emphasis in BRACKETS):
            text = line[before.start : tokens.end]
            rest = tail.rest
            if is_sentence or (tail.sign == "-" and _begins_with_time(rest)):
                rest = line[before.start :].strip()
            return TimeMark(
                text=text,
                time=found.time,
                late=found.late,
                zone=found.zone,
                rest=rest,
                is_vague=found.is_vague and len(text) <= limits.NAME,
                is_marked=bool(before.level)
                or (tail.closed == "end" and before.emphasis not in BRACKETS),
                is_sentence=is_sentence,
            )
    return None


def possible_time(line: str) -> tuple[str, time | None] | None:
    """Return the time that a line begins with where :func:`time_mark` finds none.

    "9 h le maire" and « Midi sonne » can begin an update or a sentence; "9 h de combats" is a span
    of time.
    """
    before = read_opening(line)
    tokens = Tokens(line, before.start)
    found = read_time(tokens)
    if found is None or time_mark(line) is not None:
        return None
    if not (found.has_number or found.is_point):
        return None
    tail = read_tail(line[tokens.end :], before)
    is_number = found.is_bare or (found.is_plain and not found.has_word)
    if is_number and tail.sign not in (":", "-"):
        return None
    return None if _is_duration(tail) else (line[before.start : tokens.end], found.time)


def _is_mark(found: TimeOfDay, tail: Tail, *, is_stamp: bool, has_bracket: bool) -> bool:
    """Whether a time begins an update, judging by what follows it on its line."""
    if found.is_plain and not (has_bracket or (found.has_word and tail.sign)):
        return False  # "18.04" is a number, or a day
    if tail.sign in (":", "-") or tail.closed:
        return True
    if found.is_bare:
        return tail.sign == ","
    if tail.sign == "." or not tail.rest:
        return found.has_number or found.has_word or found.is_point or not tail.rest
    if is_stamp:
        return found.has_minutes
    if tail.sign == ",":
        return True
    if _is_duration(tail):
        return False
    letter = tail.rest.lstrip("«“\"'„( \u00a0\u202f")[:1]
    begins = letter.isalpha() and not letter.islower()
    if not found.has_number:
        return found.has_word or (found.is_point and begins)
    return found.has_word or found.has_minutes or begins


def _is_duration(tail: Tail) -> bool:
    """Whether the words after a time make it a span of time: « 9 h de combats »."""
    if tail.sign:
        return False
    first = Tokens(tail.rest, 0).peek()
    return first.word in DURATION or first.raw == "à"


def _begins_with_time(text: str) -> bool:
    found = read_time(Tokens(text, 0))
    return found is not None and found.has_number
