"""Recognises lines that begin with a date, in Arabic, English, French, German and Spanish at once.

No name means different months or weekdays in two languages; the one abbreviation that is both
(« mar. 15 juillet », "Mar 15") is decided by its position.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from ...config.checks import LANGUAGES
from ...text.dates import month_and_weekday_names
from ...text.tokens import Token, Tokens
from .times import TimeMark, time_mark
from .opening import BRACKETS, read_opening, read_tail

Reading = tuple[int | None, int, int]
"""Year (None if missing, below 100 if written with two digits), month and day, as written."""

Order = Literal["", "day", "month", "either"]
"""Whether day or month comes first in a numeric date: 16/07 can only be day first, 03/04 either."""

_ARTICLES = frozenset(["le", "el", "am", "der", "den", "dem", "on", "the", "يوم", "في"])
_THIS = frozenset(["ce", "this", "diesen", "diesem", "este", "pasado", "هذا"])
_OF = frozenset(["de", "del", "of"])
_ORDINAL = frozenset(["er", "re", "st", "nd", "rd", "th", "o", "a"])
_AND = frozenset(["et", "and", "und", "y", "e", "و", "au", "to", "bis", "al"])
_EXTRA_MONTHS = {"fev": 2, "juill": 7, "setiembre": 9, "set": 9}
_EXTRA_WEEKDAYS = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5, "mier": 2}


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that begins with a date."""

    text: str  #: the date as written
    readings: tuple[Reading, ...]  #: the dates that it can mean; empty if none exists
    order: Order
    is_several: bool  #: it names several days, which are the readings
    weekday: int | None  #: from Monday = 0
    rest: str  #: the rest of the line
    stamp: TimeMark | None  #: the time of day that directly follows the date
    is_marked: bool  #: it is a Markdown heading or emphasised
    is_certain: bool  #: it cannot be the beginning of a sentence
    ends_paragraph: bool  #: it is a heading even within a paragraph


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[dict[str, int], dict[str, int]]:
    """Return the names of months and of weekdays in every language."""
    months, weekdays = dict(_EXTRA_MONTHS), dict(_EXTRA_WEEKDAYS)
    for language in LANGUAGES:
        of_months, of_weekdays = month_and_weekday_names(language)
        months |= of_months
        weekdays |= of_weekdays
    return months, weekdays


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    """Return the words that a heading may begin with."""
    months, weekdays = _vocabulary()
    return _ARTICLES | frozenset(weekdays) | {name.partition(" ")[0] for name in months}


def dated_sentence(line: str) -> Heading | None:
    """Return the date that a line begins with, also if it is the beginning of a sentence, or None.

    « Le mercredi 25 juillet 2012, la ligue … », "On Wednesday 25 July 2012 the league …".
    """
    return day_heading(line, is_sentence=True)


def day_heading(line: str, *, is_second: bool = False, is_sentence: bool = False) -> Heading | None:
    """Return the date that a line begins with, or None.

    Dates may lack the weekday and the year: « Dimanche 15 juillet », "July 15, 2012", "16.07.2012",
    "2012-07-16", « ١٥ تموز ». The line ends after the date, or continues after a colon, a dash, a
    full stop or a time. A heading that continues after a comma, or is in a list, is uncertain: a
    sentence can begin like that. *is_second* says that the line begins with the second date of a
    range, *is_sentence* that it may be a sentence that no heading can be.
    """
    before = read_opening(line)
    tokens = Tokens(line, before.start)
    first = tokens.peek()
    is_this = is_sentence and first.word in _THIS
    if first.number is None and first.word not in _first_words() and not is_this:
        return None
    has_article = tokens.take(_ARTICLES | _THIS if is_sentence else _ARTICLES)
    while is_sentence and tokens.take(_ARTICLES | _THIS):
        pass
    start = tokens.at
    weekday = _read_weekday(tokens)
    if weekday is not None:
        tokens.take(",،")
        tokens.take(_ARTICLES)
    date = _read_date(tokens)
    if date is None and weekday is not None:
        # « mar. 15 » is no Tuesday.
        tokens.at, weekday = start, None
        date = _read_date(tokens)
    if date is None:
        return None
    text = line[before.start : tokens.end]
    sign, rest, closed = read_tail(line[tokens.end :], before)
    if before.level:
        bare = rest.rstrip("#")
        rest = bare.rstrip() if not bare or bare[-1].isspace() else rest
    if before.emphasis in BRACKETS and not closed:
        rest = before.emphasis + rest  # "[15/07/2012 18:04] …"
    readings, is_several = date.readings, date.is_several
    if sign == "-" and not is_second and (until := day_heading(rest, is_second=True)):
        # A range of days.
        readings, is_several, rest = readings + until.readings, True, until.rest
        text = f"{text} – {until.text}"
    is_marked = bool(before.level or closed)
    stamp = time_mark(rest, is_stamp=True) if sign in ("", ",") else None
    is_aside = rest.startswith("(") and rest.endswith(")") and not has_article
    is_strong = not rest or is_marked or bool(stamp) or is_aside or sign in (":", "-")
    is_named = weekday is not None or any(year is not None for year, _, _ in readings)
    if date.is_bare and weekday is None and not is_marked and sign != ":" and rest:
        return None  # "10/12 – " may be any fraction
    if not is_strong and not is_sentence:
        if has_article or (sign != "." and not is_named):
            return None
        if not sign and not rest[0].isupper():
            return None
    return Heading(
        text=text,
        readings=readings,
        order=date.order,
        is_several=is_several,
        weekday=weekday,
        rest=rest,
        stamp=stamp,
        is_marked=is_marked,
        is_certain=(is_strong or sign == ".") and not before.bullet,
        ends_paragraph=is_marked or not rest or (is_strong and is_named),
    )


class _Date(NamedTuple):
    readings: tuple[Reading, ...]
    order: Order = ""
    is_several: bool = False
    is_bare: bool = False  #: only two numbers


def _read_weekday(tokens: Tokens) -> int | None:
    weekday = _vocabulary()[1].get(tokens.peek().word)
    if weekday is not None:
        tokens.at += 1
        tokens.take(".")
    return weekday


def _read_date(tokens: Tokens) -> _Date | None:
    start = tokens.at
    for form in (_read_numeric, _read_day_and_month, _read_month_and_day):
        tokens.at = start
        found = form(tokens)
        if found is not None:
            after, then = tokens.peek(), tokens.peek(1)
            glued = not after.after_blank and not then.after_blank
            if after.raw in "./-" and after.raw and glued and then.number is not None:
                return None  # an address, a version, a number
            return found
    return None


def _read_numeric(tokens: Tokens) -> _Date | None:
    parts: list[Token] = []
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
    numbers = [int(part.raw) for part in parts]
    lengths = [len(part.raw) for part in parts]
    if len(parts) == 3 and lengths[0] == 4 and max(lengths[1:]) <= 2:
        return _Date(_possible((numbers[0], numbers[1], numbers[2])))
    if len(parts) == 3 and lengths[2] in (2, 4) and max(lengths[:2]) <= 2:
        return _either_way(numbers[0], numbers[1], numbers[2], sign)
    # "15.07." and "15/07", but not "15.07", which is any number.
    if len(parts) == 2 and max(lengths) <= 2 and (sign == "/" or tokens.peek(-1).raw == "."):
        return _either_way(numbers[0], numbers[1], None, sign)
    return None


def _either_way(first: int, second: int, year: int | None, sign: str) -> _Date:
    """Return two numbers as day and month in either order; with full stops the day comes first."""
    day_first = _possible((year, second, first))
    month_first = _possible((year, first, second)) if sign != "." else ()
    readings = tuple(dict.fromkeys(day_first + month_first))
    order: Order = ""
    if sign != "." and first != second and readings:
        order = "either" if len(readings) > 1 else "day" if day_first else "month"
    return _Date(readings, order, is_bare=year is None)


def _possible(*readings: Reading) -> tuple[Reading, ...]:
    """Return the readings whose month and day are in range."""
    return tuple(r for r in readings if 1 <= r[1] <= 12 and 1 <= r[2] <= 31)


def _read_day_and_month(tokens: Tokens) -> _Date | None:
    days = [_read_day_number(tokens)]
    if tokens.peek().raw in ("-", "–", "/", "&") or tokens.peek().word in _AND:
        tokens.at += 1
        days.append(_read_day_number(tokens))
    tokens.take(_OF)
    month = _read_month(tokens)
    if month is None or None in days:
        return None
    year = _read_year(tokens)
    return _Date(_possible(*((year, month, day) for day in days if day)), is_several=len(days) > 1)


def _read_month_and_day(tokens: Tokens) -> _Date | None:
    month = _read_month(tokens)
    if month is None:
        return None
    day = _read_day_number(tokens)
    if day is None:
        return None
    return _Date(_possible((_read_year(tokens), month, day)))


def _read_day_number(tokens: Tokens) -> int | None:
    """Read the number of a day: 15, 1er, 2nd."""
    token = tokens.peek()
    if token.number is None or len(token.raw) > 2:
        return None
    tokens.at += 1
    after = tokens.peek()
    is_ordinal = after.word in _ORDINAL and not after.after_blank
    if is_ordinal or (after.raw == "." and tokens.peek(1).word in _vocabulary()[0]):
        tokens.at += 1
    return token.number


def _read_month(tokens: Tokens) -> int | None:
    months = _vocabulary()[0]
    for length in (2, 1):
        month = months.get(" ".join(tokens.peek(i).word for i in range(length)))
        if month is not None:
            tokens.at += length
            # The full stop of an abbreviation; the second name of a month (تموز/يوليو).
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


def _read_year(tokens: Tokens) -> int | None:
    start = tokens.at
    tokens.take(",،")
    tokens.take(_OF)
    token = tokens.peek()
    if token.number is None or len(token.raw) != 4 or token.number < 1:
        tokens.at = start
        return None
    tokens.at += 1
    return token.number
