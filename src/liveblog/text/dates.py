"""Parses the times and dates that people type, in English and in the blog's language.

A small grammar that refuses what it does not know, because general date parsers guess (they read
"9h" as "nine hours ago"). Pure: the current time is passed in; local times are in the blog's zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from msgspec import Struct

from ..model import limits, period
from ..model.errors import InvalidInput
from ..model.moment import Moment
from ..model.period import COVERAGE, Period
from .clock import read_time
from .tokens import Tokens, normalize

_EXAMPLES = (
    '"18:30", "yesterday 18:30", "monday 9am", "10 min ago", "15 july 18:04", "around 1 pm", '
    "ISO 8601"
)

_OFFSET = re.compile(
    r"\s*\(?(?:(?<=\d)|\b)UTC"
    r"(?:(?P<sign>[+\u2212-])(?P<hours>\d{1,2})(?::(?P<minutes>\d\d))?)?\)?\s*$",
    re.IGNORECASE,
)
"""An offset from UTC at the end of a time: ``UTC+1``, ``(UTC-3:30)``."""

_LONGEST = 100
"""Maximum number of characters of a time."""


class _Language(Struct, frozen=True):
    """The words of one language, as :func:`normalize` returns them (دقائق becomes دقايق)."""

    now: tuple[str, ...]
    today: tuple[str, ...]
    yesterday: tuple[str, ...]
    tomorrow: tuple[str, ...]
    this_week: tuple[str, ...]
    last_week: tuple[str, ...]
    ago: str  #: a regular expression with the groups ``n`` and ``unit``
    minutes: tuple[str, ...]
    hours: tuple[str, ...]
    days: tuple[str, ...]
    at: tuple[str, ...]  #: words before a time or a date that are ignored


_LANGUAGES = {
    "en": _Language(
        ("now",), ("today",), ("yesterday",), ("tomorrow",),
        ("week", "this week"), ("last-week", "last week"),
        r"(?P<n>\d+) ?(?P<unit>[a-z]+) ago",
        ("m", "min", "mins", "minute", "minutes"), ("h", "hr", "hrs", "hour", "hours"),
        ("d", "day", "days"), ("at", "on", "of", "the"),
    ),
    "fr": _Language(
        ("maintenant",), ("aujourd'hui", "aujourdhui"), ("hier",), ("demain",),
        ("semaine", "la semaine", "cette semaine"),
        ("semaine derniere", "la semaine derniere", "semaine passee", "la semaine passee"),
        r"il y a (?P<n>\d+) ?(?P<unit>[a-z]+)",
        ("min", "mn", "minute", "minutes"), ("h", "heure", "heures"), ("j", "jour", "jours"),
        ("a", "le"),
    ),
    "es": _Language(
        ("ahora",), ("hoy",), ("ayer",), ("manana",),
        ("semana", "la semana", "esta semana"), ("semana pasada", "la semana pasada"),
        r"hace (?P<n>\d+) ?(?P<unit>[a-z]+)",
        ("min", "minuto", "minutos"), ("h", "hora", "horas"), ("d", "dia", "dias"),
        ("a las", "a la", "las", "la", "el", "de", "del"),
    ),
    "de": _Language(
        ("jetzt",), ("heute",), ("gestern",), ("morgen",),
        ("woche", "die woche", "diese woche"),
        ("letzte woche", "vergangene woche", "vorige woche"),
        r"vor (?P<n>\d+) ?(?P<unit>[a-z]+)",
        ("min", "minute", "minuten"), ("h", "std", "stunde", "stunden"), ("tag", "tagen", "tage"),
        ("um", "am", "den", "uhr"),
    ),
    "ar": _Language(
        ("الان",), ("اليوم",), ("امس",), ("غدا",),
        ("الاسبوع", "اسبوع", "هذا الاسبوع"), ("الاسبوع الماضي", "الاسبوع المنصرم"),
        r"(?:منذ|قبل) (?P<n>\d+) ?(?P<unit>\w+)",
        ("دقيقه", "دقايق"), ("ساعه", "ساعات"), ("يوم", "ايام"),
        ("الساعه", "في", "يوم"),
    ),
}  # fmt: skip

_REGIONS = {"ar": ("SY", "MA", "DZ", "MR")}
"""Territories (CLDR) in which the months have other names, by language."""


def parse_moment(text: str, *, now: datetime, zone: tzinfo, language: str = "en") -> Moment:
    """Return the moment that *text* names, its instant in UTC.

    A time without a date is today. A weekday is the latest one, today included. A day without a
    year is the nearest one. A date without a time has the precision ``day``. A text without an
    offset is a local time in *zone*; where the clocks are put back, the first of two such times. An
    offset may stand last: "02:30 UTC+1". A
    vague time (« vers 13 h », "sunday night") is written in the moment as its author wrote it.

    Raises :class:`InvalidInput` for a text that is not understood, a time outside of the limits,
    and a local time that does not exist because the clocks are put forward.
    """
    if len(text) > _LONGEST:
        raise _not_understood(text)
    if match := _OFFSET.search(text):
        return _moment_at_offset(text, match, now, language)
    normalized = normalize(text)
    languages = _languages(language)
    if any(normalized in words.now for words in languages):
        return Moment(now.astimezone(UTC))
    try:
        age = _age(normalized, languages)
        if age is not None:
            return Moment(limits.check_instant(now.astimezone(UTC) - age))
    except OverflowError:
        message = f"'{text}' is not in the calendar."
        raise InvalidInput(message, "Check the number.", about="time") from None
    iso = _iso_moment(text.strip(), zone)
    if iso is not None:
        return iso
    today = now.astimezone(zone).date()
    day = _day(normalized, today, language)
    if day is not None:
        return _whole_day(day, zone)
    found = _timed_moment(text, today, zone, language)
    if found is None:
        raise _not_understood(text)
    return found


def _moment_at_offset(text: str, match: re.Match[str], now: datetime, language: str) -> Moment:
    """Return the moment of a time that is followed by its offset from UTC."""
    sign, hours, minutes = (
        match["sign"] or "+",
        int(match["hours"] or 0),
        int(match["minutes"] or 0),
    )
    if hours > 14 or minutes > 59:
        raise _not_understood(text)
    offset = timedelta(hours=hours, minutes=minutes) * (1 if sign == "+" else -1)
    before = text[: match.start()]
    moment = parse_moment(before, now=now, zone=timezone(offset), language=language)
    if moment.precision == "day" or moment.written_time:
        raise _not_understood(text)
    return moment


def _timed_moment(text: str, today: date, zone: tzinfo, language: str) -> Moment | None:
    """Return the moment of a text that ends in a time, after a day or alone; None for another."""
    alone = None
    starts = Tokens(text, 0)
    while starts.peek().word:
        start = starts.peek().start
        tokens = Tokens(text, start)
        found = read_time(tokens)
        starts.at += 1
        if found is None or tokens.peek().word or found.is_bare or found.zone not in ("", "local"):
            continue
        words = _words_for_day(text[:start], language)
        day = _day(words, today, language) if words else None
        if day is not None:
            # "Sunday night" follows the day; « dans la nuit » precedes its morning.
            is_evening = not (found.has_word or found.is_point)
            clock = found.late if is_evening and found.late else found.time
            return _moment_at(day, clock, text[start:], zone, is_vague=found.is_vague)
        if not words and alone is None:
            alone = start, found
    if alone is None:
        return None
    start, found = alone
    return _moment_at(today, found.time, text[start:], zone, is_vague=found.is_vague)


def _words_for_day(text: str, language: str) -> str:
    """Return the words before a time that name its day, without those that are ignored."""
    text = normalize(text).strip(" ,،")
    for words in _languages(language):
        text = re.sub(rf"(?:^|[ ,])(?:{'|'.join(words.at)})$", "", text).strip(" ,")
    return text


def _moment_at(
    day: date, clock: time | None, written: str, zone: tzinfo, *, is_vague: bool
) -> Moment:
    """Return the moment of a time on a day, as it is *written*."""
    written = written.strip()
    if clock is None:
        raise InvalidInput(
            f"'{written}' is not a time.", f"Write it like {_EXAMPLES}.", about="time"
        )
    if is_vague:
        instant = limits.check_instant(period.local_instant(day, clock, zone))
        return Moment(instant, written_time=written)
    return Moment(_local_instant(datetime.combine(day, clock), zone, written))


def _iso_moment(text: str, zone: tzinfo) -> Moment | None:
    """Return the moment of a text in ISO 8601; None for another text."""
    try:
        return _whole_day(date.fromisoformat(text), zone)
    except ValueError:
        pass
    try:
        iso = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Moment(limits.check_instant(iso) if iso.tzinfo else _local_instant(iso, zone, text))


def _whole_day(day: date, zone: tzinfo) -> Moment:
    # A day whose midnight does not exist begins at the first instant after it.
    return Moment(limits.check_instant(datetime.combine(day, time(), zone)), "day")


def parse_period(
    text: str, *, now: datetime, zone: tzinfo, language: str = "en", first_weekday: int = 0
) -> Period:
    """Return the period that *text* names: ``today``, ``last-week``, ``2012-W29``, a day, a range.

    Weeks and days may also be named in the language ("hier", "la semaine dernière", "15 july"),
    also in a range.

    Raises :class:`InvalidInput` for a text that is not understood and for days outside of the
    limits.
    """
    if len(text) > _LONGEST:
        raise _not_understood(text)
    found = _period(text, now, zone, language, first_weekday)
    limits.check_day(found.start)
    limits.check_day(found.end)
    return found


def _period(text: str, now: datetime, zone: tzinfo, language: str, first_weekday: int) -> Period:
    today = now.astimezone(zone).date()
    normalized = normalize(text)
    for words in _languages(language):
        if normalized in words.this_week:
            return period.week(today, first_weekday)
        if normalized in words.last_week:
            return period.week(today - timedelta(days=7), first_weekday)
    start, dots, end = text.partition("..")
    if dots:
        first, last = (_period(side, now, zone, language, first_weekday) for side in (start, end))
        return period.span(first.start, last.end)
    if re.match(r"\d{4}-", text):
        return period.parse_period_id(text, first_weekday)
    if text != COVERAGE:
        found = _day(normalized, today, language)
        if found is not None:
            return period.day(found)
    return period.parse_period_id(text, first_weekday)  # raises an error with examples


def is_reserved(name: str) -> bool:
    """Whether a name can be taken for a period: a date, ``today``, a weekday or a month.

    Names in all languages of blogs count, with spaces or hyphens between their words.
    """
    if name == COVERAGE:
        return True
    now = datetime(2012, 7, 15, tzinfo=UTC)  # any time will do: it is known whether it is a day
    for text in (name, name.upper(), name.replace("-", " "), name.replace("-", "'")):
        for language in _LANGUAGES:
            try:
                parse_period(text, now=now, zone=UTC, language=language)
            except InvalidInput:
                pass
            else:
                return True
            names = month_and_weekday_names(language)
            if any(normalize(text) in known for known in names):
                return True
    return False


def _codes(language: str) -> Iterable[str]:
    """Return the codes of the languages in which a text may be written; English is always one."""
    return dict.fromkeys((language.split("-")[0], "en"))


def _languages(language: str) -> list[_Language]:
    return [_LANGUAGES[code] for code in _codes(language)]


def _age(text: str, languages: Iterable[_Language]) -> timedelta | None:
    """Return how long ago a text such as "10 min ago" means, or None for another text.

    Raises :class:`OverflowError` for too long a time.
    """
    for words in languages:
        if match := re.fullmatch(words.ago, text):
            number, unit = int(match["n"]), match["unit"]
            if unit in words.minutes:
                return timedelta(minutes=number)
            if unit in words.hours:
                return timedelta(hours=number)
            if unit in words.days:
                return timedelta(days=number)
    return None


def _local_instant(local: datetime, zone: tzinfo, text: str) -> datetime:
    instant = limits.check_instant(local.replace(tzinfo=zone, fold=0))
    shown = instant.astimezone(zone)
    if shown.replace(tzinfo=None) != local:
        raise InvalidInput(
            f"'{text}': {local:%H:%M} does not exist on {local:%Y-%m-%d} in {zone}; "
            "the clocks are put forward then.",
            f"Did you mean {shown:%H:%M}?",
            about="time",
        )
    return instant


def _day(text: str, today: date, language: str) -> date | None:
    """Return the day that a normalized text names, or None for a text that is not understood."""
    languages = _languages(language)
    for words in languages:
        if text in words.today:
            return today
        if text in words.yesterday:
            return today - timedelta(days=1)
        if text in words.tomorrow:
            return today + timedelta(days=1)
    if match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", text):
        # The day comes first, except in the United States.
        return _date(int(match[3]), int(match[2]), int(match[1]), text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return period.parse_period_id(text).start
    for code in _codes(language):
        for words in languages:
            text = re.sub(rf"^(?:{'|'.join(words.at)}) ", "", text)
        found = _named_day(text, today, *month_and_weekday_names(code))
        if found is not None:
            return found
    return None


def _named_day(
    text: str, today: date, months: dict[str, int], weekdays: dict[str, int]
) -> date | None:
    """Return the day of a text with the name of a month or weekday: "sunday, 15 july 2012"."""
    bare = re.sub(r"\b(?:de|del|of)\b ?", "", text)
    bare = re.sub(r"(?<=\d)(?:er|st|nd|rd|th|\.)(?= )", "", bare)
    first, _, rest = bare.partition(" ")
    weekday = weekdays.get(first.rstrip(",."))
    if weekday is not None:
        if not rest:
            return today - timedelta(days=(today.weekday() - weekday) % 7)
        bare = rest
    day_first = r"(?P<day>\d{1,2}) (?P<month>[^\d\s]+?)\.?,?(?: (?P<year>\d{4}))?"
    month_first = r"(?P<month>[^\d\s]+?)\.? (?P<day>\d{1,2}),?(?: (?P<year>\d{4}))?"
    match = re.fullmatch(day_first, bare) or re.fullmatch(month_first, bare)
    if not match or match["month"] not in months:
        return None
    month, day = months[match["month"]], int(match["day"])
    if match["year"]:
        found = _date(int(match["year"]), month, day, text)
    else:
        found = _nearest(today, month, day, text)
    if weekday is not None and found.weekday() != weekday:
        raise InvalidInput(
            f"'{text}': {found} is not a {period.WEEKDAYS[weekday].capitalize()}.",
            "Correct the weekday or the date, or give the year.",
            about="time",
        )
    return found


def _nearest(today: date, month: int, day: int, text: str) -> date:
    """Return the date with that month and day nearest to *today*; 29 February may be years away."""
    found = []
    for year in range(max(today.year - 8, 1), min(today.year + 1, 9999) + 1):
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    if not found:
        return _date(today.year, month, day, text)
    return min(found, key=lambda day: abs(day - today))


def _date(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise InvalidInput(
            f"'{text}' is not in the calendar: {error}.", "Check the date.", about="time"
        ) from None


@lru_cache(maxsize=8)
def month_and_weekday_names(language: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the numbers of months (from 1) and weekdays (Monday is 0) by name, from CLDR.

    The names are normalized (see :func:`normalize`), without the full stop of abbreviations. In
    Arabic they include those of the Levant, Iraq and the Maghreb.
    """
    from babel import Locale

    months: dict[str, int] = {}
    weekdays: dict[str, int] = {}
    for region in ("", *_REGIONS.get(language, ())):
        locale = Locale(language, region or None)
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in locale.months[context][width].items():
                    months.setdefault(normalize(name).rstrip("."), number)
                for number, name in locale.days[context][width].items():
                    weekdays.setdefault(normalize(name).rstrip("."), number)
    return months, weekdays


def _not_understood(text: str) -> InvalidInput:
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return InvalidInput(
        f"'{text}' is not a valid time.", f"Write it like {_EXAMPLES}.", about="time"
    )
