"""What stands at the head of a line of a chronicle: a day, or a time of day.

Five languages at once: no two of them disagree about the name of a month or a weekday, and the one
word that is both (« mar. 15 juillet », "Mar 15") is told by its place. Only the first characters
of a line are looked at, so a line may have any length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import NamedTuple

from ..config import LANGUAGES
from ..when import folded, names

Reading = tuple[int | None, int, int]
"""Year (None if it is not said, below 100 if it has two digits), month and day, as they stand."""

_HEAD = 120
"""Characters in which a date or time must be over."""

_BLANK = " \t\u00a0\u2000-\u200b\u202f\u205f\u3000\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
"""Spaces of every width, and the marks of direction that Arabic texts carry, for a class."""

_MARKS = "\u0300-\u036f\u064b-\u065f\u0670"
"""What is combined with a letter: accents of decomposed text, Arabic vowels."""

_TOKEN = re.compile(rf"\d+|[^\W\d_](?:[^\W\d_]|[{_MARKS}])*|[^{_BLANK}]")
_INDENT = re.compile(rf"[{_BLANK}]*")
_OPENING = re.compile(rf"(?P<level>#{{1,6}}(?=[{_BLANK}]))?(?P<bullet>[-*+•·–](?=[{_BLANK}]))?")
_EMPHASIS = re.compile(r"[*_]{1,3}|[\[(]")
_CLOSING = {"[": "]", "(": ")"}

_ARTICLES = frozenset(["le", "el", "am", "der", "den", "on", "the", "يوم", "في"])
_OF = frozenset(["de", "del", "of"])
_ORDINAL = frozenset(["er", "re", "st", "nd", "rd", "th", "o", "a"])
_AND = frozenset(["et", "and", "und", "y", "e", "و", "au", "to", "bis", "al"])
_EXTRA_MONTHS = {"fev": 2, "juill": 7, "setiembre": 9, "set": 9}
_EXTRA_WEEKDAYS = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5, "mier": 2}
_BEFORE_TIME = frozenset(
    (("a",), ("at",), ("um",), ("a", "las"), ("a", "la"), ("الساعه",), ("في", "الساعه"), ("t",))
)
_BEFORE_TIME_FIRST = frozenset(words[0] for words in _BEFORE_TIME)
_HOURS = frozenset(["h", "heure", "heures", "uhr"])
_AM = frozenset(["am", "ص", "صباحا"])
_PM = frozenset(["pm", "م", "مساء"])
_UTC = frozenset(["gmt", "utc", "tu", "z"])
_DASHES = frozenset("–—―|→•·")
_OTHER_ZONE = re.compile(r"[A-Z]{1,4}T|MSK|MEZ|MESZ")


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that begins with a day."""

    said: str  #: the day as it is written
    readings: tuple[Reading, ...]  #: none if no calendar has that day
    spans: bool  #: it names several days, and these are the readings
    weekday: int | None  #: from Monday = 0
    rest: str  #: what follows the day on its line
    marked: bool  #: set apart by Markdown: a heading, or emphasis
    sure: bool  #: it has the form of a heading, and cannot well be the start of a sentence
    solid: bool  #: a heading even where it follows a line that ends no sentence


@dataclass(frozen=True, slots=True)
class TimeMark:
    """A line that begins with a time of day."""

    said: str
    time: time | None  #: none if no clock shows it
    zone: str  #: empty (that of the blog), ``UTC``, or one that is not known
    rest: str
    marked: bool


class _Token(NamedTuple):
    word: str  #: folded
    raw: str
    end: int
    after_blank: bool

    @property
    def number(self) -> int | None:
        return int(self.raw) if self.raw.isdecimal() else None


class _Tokens:
    """The words and signs at the head of a text, read as they are asked for."""

    def __init__(self, text: str, start: int) -> None:
        self._matches = _TOKEN.finditer(text, start, start + _HEAD)
        self._list: list[_Token] = []
        self._start = start
        self.at = 0

    def peek(self, ahead: int = 0) -> _Token:
        """Return the next token, or one further on; an empty one behind the last."""
        at = self.at + ahead
        while at >= len(self._list):
            match = next(self._matches, None)
            if match is None:
                return _Token("", "", 0, True)
            blank = match.start() > (self._list[-1].end if self._list else self._start)
            self._list.append(_Token(folded(match[0]), match[0], match.end(), blank))
        return self._list[at]

    def take(self, words: frozenset[str] | str) -> bool:
        """Go past the next token if it is one of some words (or signs)."""
        found = bool(self.peek().word) and self.peek().word in words
        self.at += found
        return found

    @property
    def end(self) -> int:
        """Where the last token that was taken ends."""
        return self._list[self.at - 1].end


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[dict[str, int], dict[str, int]]:
    """Return the names of months and of weekdays in every language."""
    months, weekdays = dict(_EXTRA_MONTHS), dict(_EXTRA_WEEKDAYS)
    for language in LANGUAGES:
        of_months, of_weekdays = names(language)
        months |= of_months
        weekdays |= of_weekdays
    return months, weekdays


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    """Return the words that a heading may begin with."""
    months, weekdays = _vocabulary()
    return _ARTICLES | frozenset(weekdays) | {name.partition(" ")[0] for name in months}


# -- days ------------------------------------------------------------------------------------------


def day_heading(line: str) -> Heading | None:
    """Read the day that a line begins with, if it does.

    Days are written with or without weekday and year: « Dimanche 15 juillet », "July 15, 2012",
    "16.07.2012", "2012-07-16", « ١٥ تموز ». After the day its line is over, or goes on behind a
    colon, a dash, a full stop or a time. What goes on behind a comma, or stands in a list, is a
    heading that is not sure: a sentence may begin so too.
    """
    return _heading(line)


def _heading(line: str, *, is_second: bool = False) -> Heading | None:
    level, bullet, opener, start = _opening(line)
    tokens = _Tokens(line, start)
    first = tokens.peek()
    if first.number is None and first.word not in _first_words():
        return None
    has_article = tokens.take(_ARTICLES)
    weekday = _weekday(tokens)
    if weekday is not None:
        tokens.take(",،")
        tokens.take(_ARTICLES)
    date = _date(tokens)
    if date is None and weekday is not None:
        # « mar. 15 » is no Tuesday.
        tokens.at, weekday = int(has_article), None
        date = _date(tokens)
    if date is None:
        return None
    said = line[start : tokens.end]
    sign, rest, is_closed = _behind(line[tokens.end :], opener)
    if opener and not is_closed and rest.rstrip().endswith(_closer(opener)):
        rest, is_closed = rest.rstrip().removesuffix(_closer(opener)), True
    if level:
        bare = rest.rstrip().rstrip("#")
        rest = bare if bare != rest.rstrip() and (not bare or bare[-1].isspace()) else rest
    rest = rest.strip()
    if opener in _CLOSING and not is_closed:
        rest = opener + rest  # "[15/07/2012 18:04] …"
    readings, spans = date.readings, date.spans
    if sign == "-" and not is_second and (until := _heading(rest, is_second=True)):
        # From one day to another.
        readings, spans, rest = readings + until.readings, True, until.rest
        said = f"{said} – {until.said}"
    marked = bool(level) or (bool(opener) and is_closed)
    is_timed = bool(rest) and sign in ("", ",") and time_mark(rest) is not None
    is_aside = rest.startswith("(") and rest.endswith(")") and not has_article
    is_strong = not rest or marked or is_timed or is_aside or sign in (":", "-")
    is_named = weekday is not None or any(year is not None for year, _, _ in readings)
    if date.is_bare and weekday is None and not marked and sign != ":" and rest:
        return None  # "10/12 – " may be any fraction
    if not is_strong:
        if has_article or (sign != "." and not is_named):
            return None
        if not sign and not rest[0].isupper():
            return None
    return Heading(
        said=said,
        readings=readings,
        spans=spans,
        weekday=weekday,
        rest=rest,
        marked=marked,
        sure=(is_strong or sign == ".") and not bullet,
        solid=marked or not rest or (is_strong and is_named),
    )


class _Date(NamedTuple):
    readings: tuple[Reading, ...]
    spans: bool = False
    is_bare: bool = False  #: two numbers and no more


def _weekday(tokens: _Tokens) -> int | None:
    weekday = _vocabulary()[1].get(tokens.peek().word)
    if weekday is not None:
        tokens.at += 1
        tokens.take(".")
    return weekday


def _date(tokens: _Tokens) -> _Date | None:
    start = tokens.at
    for form in (_numbers, _day_and_month, _month_and_day):
        tokens.at = start
        found = form(tokens)
        if found is not None:
            after, then = tokens.peek(), tokens.peek(1)
            glued = not after.after_blank and not then.after_blank
            if after.raw in "./-" and after.raw and glued and then.number is not None:
                return None  # an address, a version, a number
            return found
    return None


def _numbers(tokens: _Tokens) -> _Date | None:
    parts: list[_Token] = []
    sign = ""
    while len(parts) < 3:
        token = tokens.peek()
        if token.number is None or len(token.raw) > 4:
            break
        parts.append(token)
        tokens.at += 1
        after = tokens.peek()
        if len(parts) == 3 or after.raw not in ("/", ".", "-") or (sign and after.raw != sign):
            break
        if tokens.peek(1).number is None and not (after.raw == "." and len(parts) == 2):
            break
        if after.raw == "-" and (after.after_blank or tokens.peek(1).after_blank):
            break
        sign = after.raw
        tokens.at += 1
    a, b, c = (*(int(p.raw) for p in parts), 0, 0, 0)[:3]
    lengths = [len(p.raw) for p in parts]
    if len(parts) == 3 and lengths[0] == 4 and max(lengths[1:]) <= 2:
        return _Date(_possible((a, b, c)))
    if len(parts) == 3 and lengths[2] in (2, 4) and max(lengths[:2]) <= 2:
        # Nobody writes the month first with full stops.
        return _Date(_possible((c, b, a), *([(c, a, b)] if sign != "." else [])))
    if len(parts) == 2 and max(lengths) <= 2 and sign in ("/", "."):
        # "15.07." and "15/07", but not "15.07", which is any number.
        if sign == "." and tokens.peek(-1).raw != ".":
            return None
        other = [(None, a, b)] if sign != "." else []
        return _Date(_possible((None, b, a), *other), is_bare=True)
    return None


def _possible(*readings: Reading) -> tuple[Reading, ...]:
    """Return the readings whose month and day could be, each once."""
    return tuple(dict.fromkeys(r for r in readings if 1 <= r[1] <= 12 and 1 <= r[2] <= 31))


def _day_and_month(tokens: _Tokens) -> _Date | None:
    days = [_number(tokens)]
    if tokens.peek().raw in ("-", "–", "/", "&") or tokens.peek().word in _AND:
        tokens.at += 1
        days.append(_number(tokens))
    tokens.take(_OF)
    month = _month(tokens)
    if month is None or None in days:
        return None
    year = _year(tokens)
    return _Date(_possible(*((year, month, day) for day in days if day)), spans=len(days) > 1)


def _month_and_day(tokens: _Tokens) -> _Date | None:
    month = _month(tokens)
    if month is None:
        return None
    day = _number(tokens)
    if day is None:
        return None
    return _Date(_possible((_year(tokens), month, day)))


def _number(tokens: _Tokens) -> int | None:
    """Read the number of a day: 15, 1er, 2nd, 15."""
    token = tokens.peek()
    if token.number is None or len(token.raw) > 2:
        return None
    tokens.at += 1
    after = tokens.peek()
    is_ordinal = after.word in _ORDINAL and not after.after_blank
    if is_ordinal or (after.raw == "." and tokens.peek(1).word in _vocabulary()[0]):
        tokens.at += 1
    return token.number


def _month(tokens: _Tokens) -> int | None:
    months = _vocabulary()[0]
    for length in (2, 1):
        month = months.get(" ".join(tokens.peek(i).word for i in range(length)))
        if month is not None:
            tokens.at += length
            # An abbreviation's stop; a month's second name (تموز/يوليو).
            if tokens.peek().raw == "." and len(tokens.peek(-1).raw) <= 5:
                tokens.at += 1
            if tokens.peek().raw in ("/", "("):
                for other in (2, 1):
                    name = " ".join(tokens.peek(1 + i).word for i in range(other))
                    if months.get(name) == month:
                        tokens.at += 1 + other
                        tokens.take(")")
                        break
            return month
    return None


def _year(tokens: _Tokens) -> int | None:
    start = tokens.at
    tokens.take(",،")
    tokens.take(_OF)
    token = tokens.peek()
    if token.number is None or len(token.raw) != 4 or token.number < 1:
        tokens.at = start
        return None
    tokens.at += 1
    return token.number


# -- times -----------------------------------------------------------------------------------------


def time_mark(line: str) -> TimeMark | None:
    """Read the time of day that a line begins with, if it marks what follows.

    « 18 h 04 : … », "6:04 pm – …", "[14:30] …", "18:04 Explosion …", « 9h » alone; with UTC or GMT
    it is not the blog's. A sentence (« À 18 h 04, … », "9h de combats") is no mark.
    """
    level, _, opener, start = _opening(line)
    tokens = _Tokens(line, start)
    if tokens.peek().number is None and tokens.peek().word not in _BEFORE_TIME_FIRST:
        return None
    has_word = False
    for words in ((tokens.peek().word, tokens.peek(1).word), (tokens.peek().word,)):
        if words in _BEFORE_TIME:
            tokens.at += len(words)
            has_word = True
            break
    clock = _clock(tokens)
    if clock is None:
        return None
    said = line[start : tokens.end]
    zone = ""
    if tokens.peek().word in _UTC:
        zone, tokens.at = "UTC", tokens.at + 1
    elif _OTHER_ZONE.fullmatch(tokens.peek().raw):
        zone, tokens.at = tokens.peek().raw, tokens.at + 1
    sign, rest, is_closed = _behind(line[tokens.end :], opener)
    if opener and not is_closed and rest.rstrip().endswith(_closer(opener)):
        rest, is_closed = rest.rstrip().removesuffix(_closer(opener)), True
    rest = rest.strip()
    if sign == ",":
        return None
    if clock.is_plain and opener not in _CLOSING:
        return None  # "18.04" is a number, or a day
    if not sign and not is_closed and rest:
        letter = rest.lstrip("«“\"'„( \u00a0\u202f")[:1]
        if has_word or not clock.has_minutes or not letter.isalpha() or letter.islower():
            return None
    if sign == "-" and _clock(_Tokens(rest, 0)) is not None:
        rest = line[start:].strip()  # from one time to another: told whole
    marked = bool(level) or (is_closed and opener not in _CLOSING)
    return TimeMark(said, clock.time, zone, rest, marked)


class _Clock(NamedTuple):
    time: time | None
    has_minutes: bool
    is_plain: bool  #: two numbers with a full stop, and no word


def _clock(tokens: _Tokens) -> _Clock | None:
    token = tokens.peek()
    if token.number is None or len(token.raw) > 2:
        return None
    tokens.at += 1
    minute = second = None
    is_plain = False
    is_named = tokens.take(_HOURS)
    if is_named:
        minute = _two_digits(tokens, "")
        if minute is not None:
            tokens.take(frozenset(("min", "mn")))
    elif (minute := _two_digits(tokens, ":")) is not None:
        second = _two_digits(tokens, ":")
    elif (minute := _two_digits(tokens, ".")) is not None:
        is_plain = True
    half = _half(tokens)
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
    return _Clock(clock, minute is not None, is_plain and not is_named and not half)


def _two_digits(tokens: _Tokens, sign: str) -> int | None:
    """Read the minutes or seconds behind a *sign* that touches the numbers on both its sides."""
    if sign and (tokens.peek().raw != sign or tokens.peek().after_blank):
        return None
    token = tokens.peek(len(sign))
    if token.number is None or len(token.raw) != 2 or (sign and token.after_blank):
        return None
    tokens.at += 1 + len(sign)
    return token.number


def _half(tokens: _Tokens) -> str:
    for words, half in ((_AM, "am"), (_PM, "pm")):
        if tokens.take(words):
            return half
    # "p.m."
    letters = [tokens.peek(i).word for i in range(4)]
    if letters[0] in ("a", "p") and letters[1:3] == [".", "m"]:
        tokens.at += 4 if letters[3] == "." else 3
        return f"{letters[0]}m"
    return ""


# -- both ------------------------------------------------------------------------------------------


def _opening(line: str) -> tuple[str, str, str, int]:
    """Return a line's Markdown at its start (heading, bullet, emphasis) and where its text is."""
    indent = _INDENT.match(line)
    opening = _OPENING.match(line, indent.end() if indent else 0)
    if not opening:
        return "", "", "", 0
    after = _INDENT.match(line, opening.end())
    start = after.end() if after else opening.end()
    emphasis = _EMPHASIS.match(line, start)
    opener = emphasis[0] if emphasis else ""
    return opening["level"] or "", opening["bullet"] or "", opener, start + len(opener)


def _closer(opener: str) -> str:
    return _CLOSING.get(opener, opener)


def _behind(tail: str, opener: str) -> tuple[str, str, bool]:
    """Split what follows a day or time: the sign before it, itself, whether emphasis closed.

    The sign is ``:``, ``-`` (any dash, bar or arrow), ``.``, ``,`` or nothing.
    """
    sign, is_closed, at = "", False, 0
    while True:
        blank = _INDENT.match(tail, at)
        start = blank.end() if blank else at
        has_blank, at = start > at, start
        here = tail[at : at + 1]
        if opener and not is_closed and tail.startswith(_closer(opener), at):
            is_closed, at = True, at + len(opener)
        elif here and here in ":：" and sign != ":":
            sign, at = ":", at + 1
        elif sign not in (":", "-") and (here in _DASHES or (here == "-" and has_blank)):
            sign, at = "-", at + 1
        elif here and here in ".,،" and not sign and not tail.startswith("..", at):
            sign, at = "." if here == "." else ",", at + 1
        else:
            return sign, tail[at:], is_closed
