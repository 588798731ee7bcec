"""Recognises lines that begin with a time of day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import NamedTuple

from .tokens import BRACKETS, Tokens, read_opening, read_tail

_BEFORE_TIME = frozenset(
    (("a",), ("at",), ("um",), ("a", "las"), ("a", "la"), ("الساعه",), ("في", "الساعه"), ("t",))
)
_BEFORE_TIME_FIRST = frozenset(words[0] for words in _BEFORE_TIME)
_HOURS = frozenset(["h", "heure", "heures", "uhr"])
_AM = frozenset(["am", "ص", "صباحا"])
_PM = frozenset(["pm", "م", "مساء"])
_UTC = frozenset(["gmt", "utc", "tu", "z"])
_OTHER_ZONE = re.compile(r"[A-Z]{1,4}T|MSK|MEZ|MESZ")


@dataclass(frozen=True, slots=True)
class TimeMark:
    """A line that begins with a time of day."""

    text: str
    time: time | None  #: None if it does not exist
    zone: str  #: empty for the blog's zone, ``UTC``, or an unknown name
    rest: str
    is_marked: bool  #: its whole line is a Markdown heading or emphasised


def time_mark(line: str, *, is_stamp: bool = False) -> TimeMark | None:
    """Read the time of day that a line begins with, if it marks what follows.

    « 18 h 04 : … », "6:04 pm – …", "[14:30] …", "18:04 Explosion …", « 9h » alone; with UTC or GMT
    the time is not in the blog's zone. A sentence (« À 18 h 04, … », "9h de combats") is no mark.
    With *is_stamp*, the time follows a day on its line ("2012-07-15 18:04 explosion") and needs no
    sign after it.
    """
    before = read_opening(line)
    tokens = Tokens(line, before.start)
    if tokens.peek().number is None and tokens.peek().word not in _BEFORE_TIME_FIRST:
        return None
    for words in ((tokens.peek().word, tokens.peek(1).word), (tokens.peek().word,)):
        if words in _BEFORE_TIME:
            tokens.at += len(words)
            break
    has_word = tokens.at > 0
    clock = _read_clock(tokens)
    if clock is None:
        return None
    text = line[before.start : tokens.end]
    zone = ""
    if tokens.peek().word in _UTC:
        zone, tokens.at = "UTC", tokens.at + 1
    elif _OTHER_ZONE.fullmatch(tokens.peek().raw):
        zone, tokens.at = tokens.peek().raw, tokens.at + 1
    sign, rest, closed = read_tail(line[tokens.end :], before)
    if sign == ",":
        return None
    if clock.is_plain and before.emphasis not in BRACKETS:
        return None  # "18.04" is a number, or a day
    if is_stamp and clock.has_minutes:
        pass
    elif not sign and not closed and rest:
        letter = rest.lstrip("«“\"'„( \u00a0\u202f")[:1]
        if has_word or not clock.has_minutes or not letter.isalpha() or letter.islower():
            return None
    if sign == "-" and _read_clock(Tokens(rest, 0)) is not None:
        rest = line[before.start :].strip()  # a range of times: both stay in the text
    is_marked = bool(before.level) or (closed == "end" and before.emphasis not in BRACKETS)
    return TimeMark(text, clock.time, zone, rest, is_marked)


class _ClockTime(NamedTuple):
    time: time | None
    has_minutes: bool
    is_plain: bool  #: two numbers with a full stop, without a word


def _read_clock(tokens: Tokens) -> _ClockTime | None:
    token = tokens.peek()
    if token.number is None or len(token.raw) > 2:
        return None
    tokens.at += 1
    minute = second = None
    is_plain = False
    is_named = tokens.take(_HOURS)
    if is_named:
        minute = _read_two_digits(tokens, "")
        if minute is not None:
            tokens.take(frozenset(("min", "mn")))
    elif (minute := _read_two_digits(tokens, ":")) is not None:
        second = _read_two_digits(tokens, ":")
    elif (minute := _read_two_digits(tokens, ".")) is not None:
        is_plain = True
    half = _read_half(tokens)
    is_named = tokens.take(_HOURS) or is_named
    if minute is None and not is_named and not half:
        return None
    hour = token.number
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    elif half:
        hour = 99
    try:
        clock = time(hour, minute or 0, second or 0)
    except ValueError:
        clock = None
    return _ClockTime(clock, minute is not None, is_plain and not is_named and not half)


def _read_two_digits(tokens: Tokens, sign: str) -> int | None:
    """Read minutes or seconds after a *sign* with no space on either side."""
    if sign and (tokens.peek().raw != sign or tokens.peek().after_blank):
        return None
    token = tokens.peek(len(sign))
    if token.number is None or len(token.raw) != 2 or (sign and token.after_blank):
        return None
    tokens.at += 1 + len(sign)
    return token.number


def _read_half(tokens: Tokens) -> str:
    for words, half in ((_AM, "am"), (_PM, "pm")):
        if tokens.take(words):
            return half
    # "p.m."
    letters = [tokens.peek(i).word for i in range(4)]
    if letters[0] in ("a", "p") and letters[1:3] == [".", "m"]:
        tokens.at += 4 if letters[3] == "." else 3
        return f"{letters[0]}m"
    return ""
