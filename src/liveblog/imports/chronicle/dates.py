"""Reads dates and runs of days, in Arabic, English, French, German and Spanish at once.

« Du 27 au 29 septembre », "27-29 September", « samedi 15 et dimanche 16 juillet », "16.07.2012",
« Nuit du 27 au 28 ». No name means different months or weekdays in two languages; the one
abbreviation that is both (« mar. 15 juillet », "Mar 15") is decided by its position.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ...text.clock import read_time
from ...text.tokens import Phrases, Token, Tokens
from .names import ARTICLES, ROMAN, first_words, vocabulary

Reading = tuple[int | None, int, int]
"""Year (None if missing, below 100 if written with two digits), month and day, as written."""

_BASIC_LENGTH = 8
"""Digits of a date in the basic format of ISO 8601: 20120715."""

_MONTH = 31
_LONGEST_RUN = 15
"""Maximum number of days of several days that begin in the month before, which is not named."""

NO_MONTH = 0
"""The month of « Lundi 16 », which is that of the heading before or after it."""

Order = Literal["", "day", "month", "either"]
"""Whether day or month comes first in a numeric date: 16/07 can only be day first, 03/04 either."""

_AND = Phrases(
    (phrase, True)
    for phrase in (
        "-", "–", "—", "/", "&", ",", "،", "et", "et le", "et les", "au", "à", "jusqu'au",
        "and", "and the", "to", "to the", "until", "till", "through",
        "und", "und den", "und der", "bis", "bis zum", "bis den", "auf", "auf den", "zum",
        "y", "e", "y el", "y del", "al", "hasta", "hasta el", "و", "إلى", "حتى",
    )
)  # fmt: skip
"""What stands between two days."""

_OF = frozenset(["de", "del", "of"])
_ORDINAL = frozenset(["er", "re", "st", "nd", "rd", "th", "o", "a"])


class Dates(NamedTuple):
    """A day, or several."""

    readings: tuple[Reading, ...]  #: what the first day can mean; empty if there is no such day
    order: Order = ""
    weekday: int | None = None  #: of the first day; Monday is 0
    is_several: bool = False
    until: tuple[int, int] | None = None  #: month and day of the last of several days
    is_reversed: bool = False  #: the last day precedes the first
    is_bare: bool = False  #: only numbers, and a weekday at most

    @property
    def has_month(self) -> bool:
        """Whether it says its month."""
        return not self.readings or self.readings[0][1] != NO_MONTH


def read_dates(tokens: Tokens) -> Dates | None:
    """Read a day, or several, with or without a weekday; None, with nothing skipped, if none is."""
    start = tokens.at
    first = tokens.peek()
    if first.number is None and first.word not in first_words():
        return None
    found = _read_several(tokens)
    if found is None:
        tokens.at = start
        part = _read_part(tokens)
        if part is None or (part.bare and part.weekday is None):
            tokens.at = start
            return None
        readings = ((None, NO_MONTH, part.bare),) if part.bare else part.readings
        is_bare = part.is_bare or part.bare > 0
        found = Dates(readings, part.order, part.weekday, is_bare=is_bare)
    after, then = tokens.peek(), tokens.peek(1)
    glued = not after.after_blank and not then.after_blank
    if after.raw in "./-" and after.raw and glued and then.number is not None:
        tokens.at = start
        return None  # an address, a version, a number
    return found


def read_weekday(tokens: Tokens) -> int | None:
    """Read the name of a weekday."""
    weekday = vocabulary()[1].get(tokens.peek().word)
    if weekday is not None:
        tokens.at += 1
        if len(tokens.peek(-1).raw) <= 5:
            tokens.take(".")
    return weekday


def read_and(tokens: Tokens) -> bool:
    """Skip what stands between two days; return whether it was there."""
    return _AND.take(tokens) is not None


# -- several days ------------------------------------------------------------------------------


class _Part(NamedTuple):
    """One of several days: a date, or only the number of its day."""

    readings: tuple[Reading, ...] = ()
    bare: int = 0  #: the number of the day, without a month
    order: Order = ""
    weekday: int | None = None
    is_bare: bool = False


def _read_several(tokens: Tokens) -> Dates | None:
    parts: list[_Part] = []
    end = tokens.at
    while len(parts) < 32:
        part = _read_part(tokens)
        if part is None:
            break
        if part.bare and any(not other.bare for other in parts):
            break  # "15 July – 3 dead"
        parts.append(part)
        end = tokens.at
        has_month = not part.bare
        separator = tokens.peek()
        if not _AND.take(tokens) or (has_month and separator.raw in (",", "،", "/")):
            break
    tokens.at = end
    if len(parts) < 2 or parts[-1].bare:
        return _read_month_first(parts[0]) if parts else None
    return _several(parts)


def _read_month_first(part: _Part) -> Dates | None:
    """Return "September 27-29", which is read as one date of several days."""
    if part.bare or len(part.readings) < 2 or part.order:
        return None
    return _several([part._replace(readings=(reading,)) for reading in part.readings])


def _several(parts: list[_Part]) -> Dates | None:
    """Return the days of several parts, of which one may have the month or year of the next."""
    last = parts[-1]
    if not last.readings:
        return Dates((), is_several=True)
    year = last.readings[0][0]
    first = parts[0]
    readings = first.readings
    if first.bare:
        readings = possible(_before(first.bare, last.readings[0]))
    elif year is not None and readings and readings[0][0] is None:
        # The year of the last day; the first is in the year before where the months go back.
        readings = tuple((year - ((m, d) > last.readings[0][1:]), m, d) for _, m, d in readings)
    order = first.order
    if order == "either" and last.order in ("day", "month"):
        readings = (readings[0] if last.order == "day" else readings[1],)
    is_reversed = (
        bool(readings) and len(last.readings) == 1 and _is_reversed(readings[0], last.readings[0])
    )
    return Dates(
        readings,
        order,
        first.weekday,
        is_several=True,
        until=last.readings[0][1:],
        is_reversed=is_reversed,
        is_bare=all(part.is_bare for part in parts),
    )


def _before(number: int, last: Reading) -> Reading:
    """Return the day with a number before the last of several days: « Du 30 au 2 octobre »."""
    year, month, day = last
    if number <= day or day + _MONTH - number > _LONGEST_RUN:
        return year, month, number
    if month > 1:
        return year, month - 1, number
    return (year - 1 if year else None), 12, number


def _is_reversed(first: Reading, last: Reading) -> bool:
    if first[0] == last[0] and (first[0] is not None or first[1] == last[1]):
        return first[1:] > last[1:]
    return first[0] is not None and last[0] is not None and first > last


def _read_part(tokens: Tokens) -> _Part | None:
    start = tokens.at
    tokens.take(ARTICLES)
    weekday = read_weekday(tokens)
    if weekday is not None:
        tokens.take(",،")
        tokens.take(ARTICLES)
    at = tokens.at
    found = _read_date(tokens)
    if found is None and weekday is not None:
        # « mar. 15 » is no Tuesday.
        tokens.at = start
        found = _read_date(tokens)
        if found is not None:
            return found
    if found is not None:
        return found._replace(weekday=weekday)
    tokens.at = at
    day = read_day_number(tokens)
    if not day:
        tokens.at = start
        return None
    if tokens.peek().raw == "." and not tokens.peek().after_blank:
        tokens.at += 1  # "27.–29. September"
        at = tokens.at
        if not _AND.take(tokens):
            tokens.at = start
            return None
        tokens.at = at
    return _Part(bare=day, weekday=weekday)


# -- one day -----------------------------------------------------------------------------------


def _read_date(tokens: Tokens) -> _Part | None:
    start = tokens.at
    for form in (_read_numeric, _read_roman, _read_day_and_month, _read_month_and_day):
        tokens.at = start
        found = form(tokens)
        if found is not None:
            return found
    tokens.at = start
    return None


def _read_numeric(tokens: Tokens) -> _Part | None:
    parts: list[Token] = []
    sign = ""
    if len(tokens.peek().raw) == _BASIC_LENGTH and tokens.peek().number is not None:
        digits = tokens.peek().raw
        tokens.at += 1
        reading = int(digits[:4]), int(digits[4:6]), int(digits[6:])
        return _Part(possible(reading), is_bare=True) if possible(reading) else None
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
        return _Part(possible((numbers[0], numbers[1], numbers[2])))
    if len(parts) == 3 and lengths[2] in (2, 4) and max(lengths[:2]) <= 2:
        return _either_way(numbers[0], numbers[1], numbers[2], sign)
    # "15.07." and "15/07", but not "15.07", which is any number; 27/28 September is two days.
    is_pair = len(parts) == 2 and max(lengths) <= 2
    is_pair = is_pair and (sign == "/" or tokens.peek(-1).raw == ".")
    if is_pair and tokens.peek().word not in vocabulary()[0]:
        return _either_way(numbers[0], numbers[1], None, sign)
    return None


def _read_roman(tokens: Tokens) -> _Part | None:
    """Read "27.IX.2012", "27. IX. 2012", "27/IX" or "27 IX 2012"."""
    day = tokens.peek().number
    tokens.at += 1
    sign = tokens.peek().raw
    tokens.at += sign in (".", "/", "-")
    month = ROMAN.get(tokens.peek().raw)
    if day is None or month is None:
        return None
    tokens.at += 1
    has_sign = sign in (".", "/", "-") and tokens.take(sign)
    year = _read_year(tokens)
    if year is None and (sign not in (".", "/", "-") or (sign == "." and not has_sign)):
        return None  # "27 I am", "27. I am"
    return _Part(possible((year, month, day)))


def _either_way(first: int, second: int, year: int | None, sign: str) -> _Part:
    """Return two numbers as day and month in either order; with full stops the day comes first."""
    day_first = possible((year, second, first))
    month_first = possible((year, first, second)) if sign != "." else ()
    readings = tuple(dict.fromkeys(day_first + month_first))
    order: Order = ""
    if sign != "." and first != second and readings:
        order = "either" if len(readings) > 1 else "day" if day_first else "month"
    return _Part(readings, order=order, is_bare=year is None)


def possible(*readings: Reading) -> tuple[Reading, ...]:
    """Return the readings whose month and day are in range."""
    return tuple(r for r in readings if 1 <= r[1] <= 12 and 1 <= r[2] <= 31)


def _read_day_and_month(tokens: Tokens) -> _Part | None:
    day = read_day_number(tokens)
    has_dash = tokens.peek().raw == "-" and not tokens.peek(1).after_blank  # "27-Sep-2014"
    tokens.at += has_dash and tokens.peek(1).word in vocabulary()[0]
    tokens.take(_OF)
    month = _read_month(tokens)
    if month is None or day is None:
        return None
    tokens.at += has_dash and tokens.peek().raw == "-" and len(tokens.peek(1).raw) == 4
    return _Part(possible((_read_year(tokens), month, day)))


def _read_month_and_day(tokens: Tokens) -> _Part | None:
    """Read "July 15, 2012"; the days of "July 15-17" become several readings."""
    month = _read_month(tokens)
    if month is None:
        return None
    day = read_day_number(tokens)
    if day is None:
        return None
    days = [day]
    at = tokens.at
    if tokens.peek().raw not in (",", "،") and _AND.take(tokens):
        here = tokens.at
        is_time = read_time(tokens) is not None
        tokens.at = here
        last = read_day_number(tokens)
        if not is_time and last is not None and last != day and _ends_date(tokens):
            days.append(last)
        else:
            tokens.at = at
    year = _read_year(tokens)
    return _Part(possible(*((year, month, number) for number in days)))


def _ends_date(tokens: Tokens) -> bool:
    """Whether what comes next can follow a date: a sign, a year or nothing."""
    after = tokens.peek()
    return not after.raw[:1].isalpha() and (after.number is None or len(after.raw) == 4)


def read_day_number(tokens: Tokens) -> int | None:
    """Read the number of a day: 15, 1er, 2nd."""
    token = tokens.peek()
    if token.number is None or len(token.raw) > 2:
        return None
    tokens.at += 1
    after = tokens.peek()
    is_ordinal = after.word in _ORDINAL and not after.after_blank
    if is_ordinal or (after.raw == "." and tokens.peek(1).word in vocabulary()[0]):
        tokens.at += 1
    return token.number


def _read_month(tokens: Tokens) -> int | None:
    months = vocabulary()[0]
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
