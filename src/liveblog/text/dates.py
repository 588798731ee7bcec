"""Human times: what people type for an instant or a period, in English and in the blog's language.

A small grammar, for a general date parser guesses ("9h" as "nine hours ago"). What it does not
know it refuses. The clock is passed in; local times are those of the blog's zone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from msgspec import Struct

from ..model import limits, period
from ..model.entry import decomposed
from ..model.errors import InvalidInput
from ..model.period import COVERAGE, Period

_EXAMPLES = '"18:30", "yesterday 18:30", "monday 9am", "10 min ago", "15 july 18:04", ISO 8601'


_LONGEST = 100
"""Characters of the longest text that is taken for a time."""


class _Language(Struct, frozen=True):
    """The words of one language, folded as :func:`_folded` does (دقائق becomes دقايق)."""

    now: tuple[str, ...]
    today: tuple[str, ...]
    yesterday: tuple[str, ...]
    tomorrow: tuple[str, ...]
    ago: str  #: a regular expression with the groups ``n`` and ``unit``
    minutes: tuple[str, ...]
    hours: tuple[str, ...]
    days: tuple[str, ...]
    at: tuple[str, ...]  #: words that may stand before a time or a date and mean nothing more


_LANGUAGES = {
    "en": _Language(
        ("now",), ("today",), ("yesterday",), ("tomorrow",),
        r"(?P<n>\d+) ?(?P<unit>[a-z]+) ago",
        ("m", "min", "mins", "minute", "minutes"), ("h", "hr", "hrs", "hour", "hours"),
        ("d", "day", "days"), ("at", "on", "of", "the"),
    ),
    "fr": _Language(
        ("maintenant",), ("aujourd'hui", "aujourdhui"), ("hier",), ("demain",),
        r"il y a (?P<n>\d+) ?(?P<unit>[a-z]+)",
        ("min", "mn", "minute", "minutes"), ("h", "heure", "heures"), ("j", "jour", "jours"),
        ("a", "le"),
    ),
    "es": _Language(
        ("ahora",), ("hoy",), ("ayer",), ("manana",),
        r"hace (?P<n>\d+) ?(?P<unit>[a-z]+)",
        ("min", "minuto", "minutos"), ("h", "hora", "horas"), ("d", "dia", "dias"),
        ("a las", "a la", "las", "la", "el", "de", "del"),
    ),
    "de": _Language(
        ("jetzt",), ("heute",), ("gestern",), ("morgen",),
        r"vor (?P<n>\d+) ?(?P<unit>[a-z]+)",
        ("min", "minute", "minuten"), ("h", "std", "stunde", "stunden"), ("tag", "tagen", "tage"),
        ("um", "am", "den", "uhr"),
    ),
    "ar": _Language(
        ("الان",), ("اليوم",), ("امس",), ("غدا",),
        r"(?:منذ|قبل) (?P<n>\d+) ?(?P<unit>\w+)",
        ("دقيقه", "دقايق"), ("ساعه", "ساعات"), ("يوم", "ايام"),
        ("الساعه", "في", "يوم"),
    ),
}  # fmt: skip

_REGIONS = {"ar": ("SY", "MA", "DZ", "MR")}
"""Where a language has other names for the months."""

_CLOCK = re.compile(
    r"(?P<h>\d{1,2})(?: ?[:h.] ?(?P<m>\d{2})(?::(?P<s>\d{2}))?| ?h| ?(?=am|pm))"
    r"(?: ?(?P<half>am|pm))?$"
)


def parse_instant(text: str, *, now: datetime, zone: tzinfo, language: str = "en") -> datetime:
    """Return the instant that *text* means, in UTC.

    A time alone is today's; a weekday is the last one that is over or today; a day without a year
    is the nearest one. A date alone is midnight, the start of that day. Offsets and ``Z`` are
    obeyed; otherwise the clock of *zone* counts: of a time that the autumn shows twice, the first.

    Raises :class:`InvalidInput` for what it does not understand, and for a time
    that the spring skips.
    """
    if len(text) > _LONGEST:
        raise _not_understood(text)
    said = folded(text)
    languages = [_LANGUAGES[code] for code in dict.fromkeys((language.split("-")[0], "en"))]
    if any(said in words.now for words in languages):
        return now.astimezone(UTC)
    for words in languages:
        if match := re.fullmatch(words.ago, said):
            step = _step(match["unit"], words)
            if step:
                try:
                    return limits.check_instant(now.astimezone(UTC) - int(match["n"]) * step)
                except OverflowError:
                    raise InvalidInput(f"'{text}' is out of the calendar.", "Check it.") from None
    try:
        iso = datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    else:
        return limits.check_instant(iso) if iso.tzinfo else _on_clock(iso, zone, text)
    local_now = now.astimezone(zone)
    day_part, clock = _split(said, languages)
    if clock is None and not day_part:
        raise _not_understood(text)
    of = local_now.date()
    if day_part:
        found = _day(day_part, local_now.date(), languages, language)
        if found is None:
            raise _not_understood(text)
        of = found
    return _on_clock(datetime.combine(of, clock or time()), zone, text)


def parse_period(
    text: str, *, now: datetime, zone: tzinfo, language: str = "en", first_weekday: int = 0
) -> Period:
    """Return the period that *text* names: ``today``, ``last-week``, ``2012-W29``, a day, a range.

    Days may also be said as in :func:`parse_instant` (« hier », "15 july"), in ranges too.

    Raises :class:`InvalidInput`, also for days that are beyond the limits.
    """
    if len(text) > _LONGEST:
        raise _not_understood(text)
    found = _period(text, now, zone, language, first_weekday)
    limits.check_day(found.start)
    limits.check_day(found.end)
    return found


def _period(text: str, now: datetime, zone: tzinfo, language: str, first_weekday: int) -> Period:
    today = now.astimezone(zone).date()
    if text == "week":
        return period.week(today, first_weekday)
    if text == "last-week":
        return period.week(today - timedelta(days=7), first_weekday)
    start, dots, end = text.partition("..")
    if dots:
        first, last = (_period(side, now, zone, language, first_weekday) for side in (start, end))
        return period.span(first.start, last.end)
    if re.match(r"\d{4}-", text):
        return period.parse_period_id(text, first_weekday)
    if text != COVERAGE:
        languages = [_LANGUAGES[code] for code in dict.fromkeys((language.split("-")[0], "en"))]
        found = _day(folded(text), today, languages, language)
        if found is not None:
            return period.day(found)
    return period.parse_period_id(text, first_weekday)  # says what would have been understood


def _on_clock(local: datetime, zone: tzinfo, text: str) -> datetime:
    instant = limits.check_instant(local.replace(tzinfo=zone, fold=0))
    if instant.astimezone(zone).replace(tzinfo=None) != local:
        shown = instant.astimezone(zone)
        # A day that begins where the clock jumps begins all the same.
        if local.time() == time():
            return instant
        raise InvalidInput(
            f"'{text}': {local:%H:%M} does not exist on {local:%Y-%m-%d} in {zone}; "
            "the clocks are put forward then.",
            f"Did you mean {shown:%H:%M}?",
        )
    return instant


def _split(text: str, languages: Iterable[_Language]) -> tuple[str, time | None]:
    """Split a text into what names a day and the time at its end."""
    # "9 Uhr" is the one way to name a full hour by a word behind it.
    text = re.sub(r"(\d{1,2}) uhr$", r"\1:00", text)
    for words in languages:
        text = re.sub(rf" (?:{'|'.join(words.at)})$", "", text) if words.at else text
    match = _CLOCK.search(text)
    if not match or (match.start() and text[match.start() - 1] not in " ,t"):
        return text, None
    hour, minute, second = int(match["h"]), int(match["m"] or 0), int(match["s"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise InvalidInput(f"'{match[0]}' is not a time.", f"Write it like {_EXAMPLES}.")
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    try:
        clock = time(hour, minute, second)
    except ValueError:
        raise InvalidInput(f"'{match[0]}' is not a time.", f"Write it like {_EXAMPLES}.") from None
    rest = text[: match.start()].strip(" ,")
    for words in languages:
        rest = re.sub(rf"(?:^|[ ,])(?:{'|'.join(words.at)})$", "", rest).strip(" ,")
    return rest, clock


def _day(text: str, today: date, languages: Iterable[_Language], language: str) -> date | None:
    for words in languages:
        if text in words.today:
            return today
        if text in words.yesterday:
            return today - timedelta(days=1)
        if text in words.tomorrow:
            return today + timedelta(days=1)
    if match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", text):
        # Day first, as everywhere but in the United States.
        return _date(int(match[3]), int(match[2]), int(match[1]), text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return period.parse_period_id(text).start
    for code in dict.fromkeys((language.split("-")[0], "en")):
        months, weekdays = names(code)
        for words in languages:
            text = re.sub(rf"^(?:{'|'.join(words.at)}) ", "", text)
        bare = re.sub(r"\b(?:de|del|of)\b ?", "", text)
        bare = re.sub(r"(?<=\d)(?:er|st|nd|rd|th|\.)(?= )", "", bare)
        weekday = None
        first, _, rest = bare.partition(" ")
        if first.rstrip(",.") in weekdays:
            weekday, bare = weekdays[first.rstrip(",.")], rest
            if not bare:
                return today - timedelta(days=(today.weekday() - weekday) % 7)
        match = re.fullmatch(r"(\d{1,2}) ([^\d\s]+?)\.?,?(?: (\d{4}))?", bare)
        number, name, year = (match[1], match[2], match[3]) if match else ("", "", None)
        if not match and (match := re.fullmatch(r"([^\d\s]+?)\.? (\d{1,2}),?(?: (\d{4}))?", bare)):
            name, number, year = match[1], match[2], match[3]
        if name in months:
            if year:
                found = _date(int(year), months[name], int(number), text)
            else:
                found = _nearest(today, months[name], int(number), text)
            if weekday is not None and found.weekday() != weekday:
                raise InvalidInput(
                    f"'{text}': {found} is not a {period.WEEKDAYS[weekday].capitalize()}.",
                    "Correct the weekday or the date, or give the year.",
                )
            return found
    return None


def _nearest(today: date, month: int, day: int, text: str) -> date:
    """Return the day of that name that lies nearest; a leap day may be years away."""
    found = []
    for year in range(max(today.year - 8, 1), min(today.year + 1, 9999) + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    if not found:
        return _date(today.year, month, day, text)
    return min(found, key=lambda of: abs(of - today))


def _date(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InvalidInput(f"'{text}' is not in the calendar: {error}.", "Check it.") from None


@lru_cache(maxsize=8)
def names(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return a language's names of months (from 1) and weekdays (Monday is 0), from CLDR.

    They are :func:`folded`, without the stop of an abbreviation. Arabic has those of the Levant,
    Iraq and the Maghreb too.
    """
    from babel import Locale

    months: dict[str, int] = {}
    weekdays: dict[str, int] = {}
    for region in ("", *_REGIONS.get(language, ())):
        locale = Locale(language, region or None)
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in locale.months[context][width].items():
                    months.setdefault(folded(name).rstrip("."), number)
                for number, name in locale.days[context][width].items():
                    weekdays.setdefault(folded(name).rstrip("."), number)
    return months, weekdays


def _step(unit: str, words: _Language) -> timedelta | None:
    if unit in words.minutes:
        return timedelta(minutes=1)
    if unit in words.hours:
        return timedelta(hours=1)
    return timedelta(days=1) if unit in words.days else None


def folded(text: str) -> str:
    """Fold case, accents, kinds of space and apostrophe, and digits of other scripts.

    Words that people take for the same compare equal then.
    """
    text = decomposed(text.casefold().replace("’", "'"))
    text = "".join(c for c in text if not unicodedata.combining(c)).replace("ة", "ه")
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in text)
    return re.sub(r"\s+", " ", text).strip()


def _not_understood(text: str) -> InvalidInput:
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return InvalidInput(f"'{text}' is not a time I understand.", f"Write it like {_EXAMPLES}.")
