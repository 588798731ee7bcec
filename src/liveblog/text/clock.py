"""Reads a time of day at the beginning of a text, as people write it in five languages at once.

Numbers (« 10 h 15 », "10.15 Uhr", "9 p.m.", « الساعة ١٠ »), hours in words ("half past six"), named
hours (noon, midnight) and parts of the day (« dans la nuit »). What names no exact time is *vague*
(« vers 13 h »): it has an instant, by which it is ordered, and is shown in the words of its author.
"""

from __future__ import annotations

import re
from datetime import time
from functools import lru_cache

from msgspec import Struct, structs

from .daytimes import (
    ABOUT,
    ABOUT_AFTER,
    ABOUT_AN_HOUR,
    ADVERBS,
    ARTICLES,
    BEFORE,
    FROM_HOUR,
    HALVES,
    HOUR_FOLLOWS,
    HOUR_WORDS,
    HOURS,
    LEADS,
    LOCAL,
    MINUTES,
    MODIFIERS,
    PARTS,
    POINTS,
    RANGE_BEFORE,
    RANGE_BETWEEN,
    TO_HOUR,
    UTC_NAMES,
    ZONE_OF,
)
from .tokens import Tokens

_ABBREVIATION = re.compile(r"[A-Z]{1,4}T|MSK|MEZ|MESZ")
"""The abbreviation of a time zone."""

_MOST_LEADS = 5
"""Maximum number of words before a named time."""

_BEFORE_WORDS = frozenset(("at", "by", "around", "um", "gegen"))
"""Words before an hour in words, which can be nothing else then: "at ten"."""

_NOON = 12
_LAST = time(23, 59, 59)


class TimeOfDay(Struct, frozen=True, kw_only=True):
    """A time of day as it is written."""

    late: time | None = None  #: where it stands if it is the end of the day: midnight, the night
    time: time | None  #: None if no clock shows it
    is_vague: bool = False  #: it is shown as it is written
    has_number: bool = False
    has_minutes: bool = False
    has_word: bool = False  #: a word such as "at" stands before it
    is_point: bool = False  #: it names an hour: noon, midnight
    is_plain: bool = False  #: two numbers with a full stop, which can also be a day
    is_bare: bool = False  #: one number, which only the word before makes a time
    zone: str = ""  #: ``local``, ``UTC``, ``UTC+02:00``, a name that is written, or empty


class _Clock(Struct):
    """The numbers of a time."""

    hour: int
    minute: int = 0
    second: int = 0
    half: str = ""
    is_named: bool = False  #: a word or sign says that it is a time
    has_minutes: bool = False
    is_plain: bool = False

    def time(self) -> time | None:
        """Return the time; None if no clock shows it."""
        hour, half = self.hour, self.half
        if half in ("am", "pm") and not 1 <= hour <= 12:
            return None
        if half == "am" or (half == "morning" and hour > 12):
            hour = hour % 12 if half == "am" else 99
        elif half == "noon":
            hour = hour + 12 if hour < 6 else hour
        elif half in ("pm", "evening") and hour <= 12:
            hour = hour % 12 + 12 if half == "pm" or hour < 12 else 12
        elif half == "night" and 6 <= hour <= 12:
            hour = hour + 12
        minutes = hour * 60 + self.minute
        if not 0 <= self.minute < 60 and self.minute not in (-15, -30):
            return None
        if minutes == 24 * 60 and not self.second:
            return _LAST
        try:
            return time(minutes // 60, minutes % 60, self.second)
        except ValueError:
            return None


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    """Return the words and signs that a time can begin with."""
    tables = (BEFORE, RANGE_BEFORE, TO_HOUR, HOUR_WORDS, POINTS, PARTS, MODIFIERS)
    return LEADS.union(*(table.first_words for table in tables))


def read_time(tokens: Tokens, *, has_range: bool = True) -> TimeOfDay | None:
    """Read a time of day, and skip its tokens; None, with nothing skipped, if none comes next.

    With *has_range*, two times (« de 10 h à 11 h ») are one time: the first.
    """
    start = tokens.at
    first = tokens.peek()
    if first.number is None and first.word not in _first_words():
        return None
    for read in (_read_range, _read_one) if has_range else (_read_one,):
        tokens.at = start
        found = read(tokens)
        if found is not None:
            return found
    tokens.at = start
    return _read_named(tokens, start)


def _read_one(tokens: Tokens) -> TimeOfDay | None:
    start, first = tokens.at, tokens.peek().word
    word = BEFORE.take(tokens)
    clock = _read_clock(tokens)
    if clock is None and word:
        # « a » is also a letter, "nach" also the word before another time.
        tokens.at = start
        return None
    is_bare = False
    if clock is not None and not clock.is_named:
        is_bare = word in (HOUR_FOLLOWS, ABOUT_AN_HOUR) or (
            bool(word) and (tokens.peek(-1).number is not None or first in _BEFORE_WORDS)
        )
    if clock is None or not (clock.is_named or is_bare):
        tokens.at = start
        return None
    is_bare = is_bare and word not in (HOUR_FOLLOWS, ABOUT_AN_HOUR)
    is_vague = ABOUT_AFTER.take(tokens) is not None or word in (ABOUT, ABOUT_AN_HOUR)
    zone = _read_zone(tokens)
    found = clock.time()
    is_end = found == _LAST and clock.second == 0
    return TimeOfDay(
        time=found,
        late=_LAST if is_end else None,
        is_vague=is_vague or is_end or zone == "local",
        has_number=True,
        has_minutes=clock.has_minutes,
        has_word=bool(word) and first != "t",  # "2012-07-15T18:04"
        is_plain=clock.is_plain,
        is_bare=is_bare,
        zone=zone,
    )


def _read_range(tokens: Tokens) -> TimeOfDay | None:
    """Read two times, of which one may have the word or sign that makes the other one too."""
    word = RANGE_BEFORE.take(tokens) or BEFORE.take(tokens)
    first = _read_clock(tokens)
    if first is None or not RANGE_BETWEEN.take(tokens):
        return None
    second = _read_clock(tokens)
    if second is None or first.is_plain or second.is_plain:
        return None
    if not (first.is_named or second.is_named or word == HOUR_FOLLOWS):
        return None
    if first.is_named and not second.is_named:
        return None
    if not first.half and not first.is_named and first.hour <= second.hour:
        first.half = second.half
    return TimeOfDay(
        time=first.time(),
        is_vague=True,
        has_number=True,
        has_minutes=True,
        has_word=bool(word),
        zone=_read_zone(tokens),
    )


def _read_clock(tokens: Tokens) -> _Clock | None:
    """Read the numbers of a time; they need not be one (see :attr:`_Clock.is_named`)."""
    added = TO_HOUR.take(tokens)
    clock = _read_hour(tokens)
    if clock is None:
        return None
    if added is None:
        added = FROM_HOUR.take(tokens)
    if added is not None:
        clock.minute += added
        clock.is_named = clock.has_minutes = True
    half = HALVES.take(tokens)
    if half and not (half == "night" and clock.hour == 24):
        clock.half, clock.is_named = half, True
    if not _is_zone_next(tokens):
        clock.is_named = bool(HOURS.take(tokens)) or clock.is_named
    clock.is_plain = clock.is_plain and not clock.is_named
    clock.is_named = clock.is_named or clock.is_plain
    return clock


def _read_hour(tokens: Tokens) -> _Clock | None:
    token = tokens.peek()
    if token.number is None:
        hour = HOUR_WORDS.take(tokens)
        if hour is None:
            return None
        is_named = HOURS.take(tokens) is not None
        return _Clock(hour, is_named=is_named)
    if len(token.raw) == 4:
        tokens.at += 1
        if HOURS.take(tokens) is None and not tokens.take(frozenset("z")):
            return None
        return _Clock(token.number // 100, token.number % 100, is_named=True, has_minutes=True)
    if len(token.raw) > 2:
        return None
    tokens.at += 1
    clock = _Clock(token.number)
    minute: int | None = None
    if HOURS.take(tokens):
        clock.is_named = True
        minute = _read_two_digits(tokens, "")
        if minute is not None:
            MINUTES.take(tokens)
    elif (minute := _read_minutes(tokens)) is not None:
        clock.second = _read_two_digits(tokens, ":") or 0
        clock.is_named = True
    elif (minute := _read_two_digits(tokens, ".")) is not None:
        clock.is_plain = True
    clock.minute, clock.has_minutes = minute or 0, minute is not None
    return clock


def _read_two_digits(tokens: Tokens, sign: str) -> int | None:
    """Read minutes or seconds after a *sign* with no space on either side."""
    if sign and (tokens.peek().raw != sign or tokens.peek().after_blank):
        return None
    token = tokens.peek(len(sign))
    if token.number is None or len(token.raw) != 2 or (sign and token.after_blank):
        return None
    tokens.at += 1 + len(sign)
    return token.number


def _read_minutes(tokens: Tokens) -> int | None:
    """Read the minutes of "14:32", or of "14 : 32 :", where a sign has to follow them."""
    found = _read_two_digits(tokens, ":")
    if found is not None:
        return found
    colon, minute, after = (tokens.peek(i) for i in range(3))
    if colon.raw != ":" or minute.number is None or len(minute.raw) != 2:
        return None
    if after.raw not in (":", "-", "–", "—"):
        return None
    tokens.at += 2
    return minute.number


def _is_zone_next(tokens: Tokens) -> bool:
    """Whether « heure » is the beginning of a zone: « heure locale »."""
    start = tokens.at
    zone = _read_zone(tokens)
    tokens.at = start
    return bool(zone)


def _read_zone(tokens: Tokens) -> str:
    """Read the zone of a time, also in parentheses; return an empty text if none is written."""
    start = tokens.at
    has_bracket = tokens.take("(")
    zone = _read_zone_name(tokens)
    if zone and (not has_bracket or tokens.take(")")):
        return zone
    tokens.at = start
    return ""


def _read_zone_name(tokens: Tokens) -> str:
    if LOCAL.take(tokens):
        return "local"
    if UTC_NAMES.take(tokens):
        return f"UTC{_read_offset(tokens)}"
    if tokens.peek().raw in ("+", "-") and not tokens.peek().after_blank:
        offset = _read_offset(tokens)
        return f"UTC{offset}" if ":" in offset else ""
    first = tokens.peek()
    if _ABBREVIATION.fullmatch(first.raw):
        tokens.at += 1
        return first.raw
    if ZONE_OF.take(tokens):
        name = tokens.peek().raw
        tokens.at += 1
        return name
    after = tokens.peek(1)
    if first.raw[:1].isupper() and after.word in ("time", "zeit"):
        tokens.at += 2
        return first.raw
    return ""


def _read_offset(tokens: Tokens) -> str:
    """Read "+2" or "+02:00"; return the latter form, or an empty text."""
    sign, hours = tokens.peek(), tokens.peek(1)
    if sign.raw not in ("+", "-") or hours.number is None or hours.after_blank:
        return ""
    if hours.number > 14:
        return ""
    tokens.at += 2
    return f"{sign.raw}{hours.number:02}:{_read_two_digits(tokens, ':') or 0:02}"


def _read_named(tokens: Tokens, start: int) -> TimeOfDay | None:
    """Read a time without a number: « à midi », « en début de soirée », "during the night"."""
    has_word = False
    which = 1
    for _ in range(_MOST_LEADS):
        hour = POINTS.take(tokens)
        if hour is not None:
            return TimeOfDay(
                time=time(int(hour)),
                late=None if hour else _LAST,
                is_vague=True,
                has_word=has_word,
                is_point=True,
                zone=_read_zone(tokens),
            )
        hours = PARTS.take(tokens)
        if hours is not None:
            exact = _read_exact(tokens, is_later=hours[1] >= _NOON)
            if exact is not None:
                return exact
            return TimeOfDay(
                time=_time_of(hours[which]),
                late=time(23) if hours[0] < 2 else None,
                is_vague=True,
                has_word=has_word or tokens.peek(-1).word in ADVERBS,
                zone=_read_zone(tokens),
            )
        modifier = MODIFIERS.take(tokens)
        if modifier is not None:
            which, has_word = modifier, True
            continue
        word = tokens.peek().word
        if BEFORE.take(tokens):
            has_word = True
        elif tokens.take(LEADS):
            has_word = has_word or word not in ARTICLES
        else:
            break
    tokens.at = start
    return None


def _read_exact(tokens: Tokens, *, is_later: bool) -> TimeOfDay | None:
    """Read the hour after a part of the day: « Ce matin, à 10 h », "in the evening, at 8:30"."""
    start = tokens.at
    tokens.take(",،")
    found = _read_one(tokens)
    if found is None or found.is_plain or found.is_bare or found.time is None:
        tokens.at = start
        return None
    exact = found.time
    if is_later and exact.hour < _NOON:
        exact = exact.replace(hour=exact.hour + _NOON)
    return structs.replace(found, time=exact, has_word=True)


def _time_of(hours: float) -> time:
    return time(int(hours), int(hours * 60) % 60)
