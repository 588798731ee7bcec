"""Formats dates and numbers and translates messages into the blog's language.

Messages come from the gettext catalogues in ``locales/``, dates and numbers from CLDR through
Babel. The catalogues are the only files that are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from datetime import time as time_of_day
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.numbers import format_decimal
from babel.support import Translations

from ..model.moment import Moment, other_reading
from .bidi import close_all_controls, close_controls
from .typography import NARROW, NBSP, typography

_DAY = {
    "ar": "EEEE d MMMM",
    "de": "EEEE, d. MMMM",
    "en": "EEEE d MMMM",
    "en_US": "EEEE, MMMM d",
    "es": "EEEE d 'de' MMMM",
    "fr": "EEEE d MMMM",
}
"""Patterns for a day without its year, which CLDR has only in abbreviated form."""

_YEAR = {"en_US": ", y", "es": " 'de' y"}
"""What follows a day for its year; a space and the year in other languages."""

_MARKS = re.compile("[\u200e\u200f]")
"""Marks of direction (UAX #9) in dates of CLDR."""


def language_name(code: str) -> str:
    """Return the name of a language (BCP 47) in itself, ``français``; empty if it is unknown."""
    try:
        return Locale.parse(code, sep="-").get_display_name() or ""
    except (ValueError, UnknownLocaleError):
        return ""


class Words:
    """Translations, dates and numbers for readers, in one language and time zone."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        """Use *language* (BCP 47; see :data:`liveblog.config.checks.LANGUAGES`) and *zone*."""
        self.language = language
        self.zone = zone
        self._locale = Locale.parse(language, sep="-")
        self.catalogue = _load_catalogue(self._locale.language)
        # "July 15" in American English, which is CLDR's "en"; "15 July" in British English.
        is_month_first = self._locale.date_formats["long"].pattern.startswith("MMMM")
        key = "en_US" if is_month_first else self._locale.language
        self._day, self._year = _DAY[key], _YEAR.get(key, " y")
        #: The typography of texts in HTML; None for a language that has none.
        self.in_html = typography(self._locale.language)
        pattern = self._locale.time_formats["short"].pattern
        self._clock_pattern = f"H{NBSP}'h'{NBSP}mm" if key == "fr" else pattern
        # Babel takes far longer to format than the cache to find.
        self._format = lru_cache(maxsize=20_000)(self._format_date)
        self._times = lru_cache(maxsize=24 * 60)(self._format_time)

    @property
    def direction(self) -> str:
        """The direction of the script: ``rtl`` or ``ltr``."""
        return self._locale.text_direction

    def say(self, message: str, **values: object) -> str:
        """Translate a message and insert *values* for its ``%(name)s``."""
        text: str = self.catalogue.gettext(message)
        return self.typography(text % close_all_controls(values) if values else text)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Translate a message with a plural; ``%(n)s`` is the formatted number."""
        text: str = self.catalogue.ngettext(one, many, number)
        shown = self.number(number) if "%(n)" in text else ""
        return self.typography(text % {"n": shown, **close_all_controls(values)})

    def forms(self, one: str, many: str) -> dict[str, str]:
        """Return a message with a plural, for scripts: CLDR plural category → text with ``{n}``."""
        found: dict[str, str] = {}
        for number in range(120):
            category = self._locale.plural_form(number)
            text = self.catalogue.ngettext(one, many, number)
            found.setdefault(category, text % {"n": "{n}"})
        return found

    def number(self, value: float) -> str:
        """Format a number: ``30 000``, ``30,000``, ``−3``."""
        # Spanish writes four digits without a point (CLDR's minimumGroupingDigits, which Babel
        # does not know).
        is_grouped = self._locale.language != "es" or abs(value) >= 10_000
        text = format_decimal(value, locale=self._locale, group_separator=is_grouped)
        return text.replace("-", "\N{MINUS SIGN}")

    def change(self, value: float) -> str:
        """Format a difference with its sign: ``+35``, ``−1,200``."""
        sign = "+" if value > 0 else "−" if value < 0 else "±"
        # The sign stays before the number in a text from right to left too.
        mark = "\u200e" if self.direction == "rtl" else ""
        return f"{mark}{sign}{self.number(abs(value))}"

    @property
    def comma(self) -> str:
        """The separator of the items of a list."""
        return "، " if self._locale.language == "ar" else ", "

    @property
    def semicolon(self) -> str:
        """The separator of items that hold commas."""
        return "؛ " if self._locale.language == "ar" else self.typography(" ; ").lstrip(" ")

    def separator(self, items: Iterable[str]) -> str:
        """Return the separator of a list: a semicolon if an item holds a comma."""
        has_comma = any(sign in item for item in items for sign in ",،")
        return self.semicolon if has_comma else self.comma

    def day(self, day: date, *, year: bool = False) -> str:
        """Format a day as a heading: ``Dimanche 15 juillet``, with the year if *year*."""
        text = self.date_in_text(day) if year else self._format(day, self._day)
        return text[:1].upper() + text[1:]

    def date_in_text(self, day: date) -> str:
        """Format a day with its year for use in a sentence: ``dimanche 15 juillet 2012``."""
        return self._format(day, self._day + self._year)

    def short_day(self, day: date, *, year: bool = False) -> str:
        """Format a day in short form: ``15 juil.``, with the year if *year*."""
        return self._format(day, "", skeleton="yMMMd" if year else "MMMd")

    def short_span(self, start: date, end: date) -> str:
        """Format a period without its year in short form: ``16–22 juil.``."""
        text: str = format_interval(start, end, "MMMd", locale=self._locale)
        if self._locale.language == "fr":
            text = re.sub(r"\b1\b(?!er)", "1er", text)
        return re.sub(r"\s?–\s?", "–", text)

    def day_number(self, day: date, *, year: bool = False) -> str:
        """Format a day as numbers: ``15/07``, with the year if *year*."""
        return _MARKS.sub("", self._format(day, "", skeleton="yMd" if year else "Md"))

    def month(self, day: date) -> str:
        """Format a month with its year: ``Juillet 2012``."""
        text = self._format(day, "", skeleton="yMMMM")
        return text[:1].upper() + text[1:]

    def time(self, instant: datetime) -> str:
        """Format a local time with no-break spaces: ``18 h 04``.

        A time that comes twice that day has its offset from UTC: ``2 h 30 (UTC+1)``.
        """
        local = instant.astimezone(self.zone)
        text = self._times(time_of_day(local.hour, local.minute))
        is_repeated = other_reading(instant, self.zone) is not None
        return f"{text}{NBSP}({self.offset(instant)})" if is_repeated else text

    def hour(self, hour: int) -> str:
        """Format a full hour: ``18 h``, ``18:00``."""
        text = self._times(time_of_day(hour))
        return text.removesuffix(f"{NBSP}00") if self._locale.language == "fr" else text

    def _format_time(self, local: time_of_day) -> str:
        return format_time(local, self._clock_pattern, locale=self._locale).replace(" ", NARROW)

    @property
    def clock(self) -> tuple[str, str, str]:
        """How scripts write a local time: a pattern, and the words for its ``{a}``.

        Its fields are those of CLDR (``{H}``, ``{HH}``, ``{h}``, ``{mm}``, ``{a}``); the words are
        for the hours before and after noon.
        """
        periods = self._locale.day_periods["format"]["abbreviated"]
        pattern = re.sub(r"'[^']*'|[A-Za-z]+", _as_field, self._clock_pattern)
        am, pm = (periods[name].replace(" ", NARROW) for name in ("am", "pm"))
        return pattern.replace(" ", NARROW), am, pm

    def shown_time(self, moment: Moment) -> str:
        """Format the time that readers see of an entry, where its day is shown already.

        The clock time (``18 h 04``), the time as its author wrote it (``vers 13 h``), or an empty
        string for an entry of a whole day. The date stands before a clock time that belongs to
        another day, as after a change of the blog's time zone: ``14 juil., 18 h 30``.
        """
        if moment.precision == "day":
            return ""
        if not moment.written_time:
            return self._time_on(moment.day, moment.instant)
        # A number stays with the word that follows it.
        written = re.sub(r"(?<=\d) (?=\S)", NBSP, close_controls(moment.written_time))
        return self.typography(written)

    def _time_on(self, day: date | None, instant: datetime) -> str:
        """Format a local time, with its date if that is not *day*."""
        local, time = instant.astimezone(self.zone).date(), self.time(instant)
        if day is None or local == day:
            return time
        return self.comma.join((self.short_day(local, year=local.year != day.year), time))

    def shown_moment(self, moment: Moment) -> str:
        """Format the date and the time that readers see of an entry; see :meth:`shown_time`.

        ``dimanche 15 juillet 2012 à 18 h 04``, ``dimanche 15 juillet 2012, vers 13 h`` or
        ``dimanche 15 juillet 2012``.
        """
        if moment.precision == "instant" and not moment.written_time:
            return self.moment(moment.instant)
        date_and_time = (self.date_in_text(moment.day_in(self.zone)), self.shown_time(moment))
        return self.comma.join(filter(None, date_and_time))

    def moment(self, instant: datetime) -> str:
        """Format local date and time in full: ``dimanche 15 juillet 2012 à 18 h 04``."""
        day = instant.astimezone(self.zone).date()
        text = self.say(
            "%(date)s at %(time)s", date=self.date_in_text(day), time=self.time(instant)
        )
        # In Spanish the hours are plural, except one: "a las 18:04", "a la 1:04".
        return re.sub(r"\ba las (?=1:)", "a la ", text) if self.language[:2] == "es" else text

    def offset(self, instant: datetime) -> str:
        """Format the offset from UTC at an instant: ``UTC+2``, ``UTC+5:45``."""
        delta = instant.astimezone(self.zone).utcoffset()
        minutes = int(delta.total_seconds() // 60) if delta else 0
        sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
        tail = f":{minutes % 60:02}" if minutes % 60 else ""
        return f"UTC{sign}{minutes // 60}{tail}" if minutes else "UTC"

    def week(self, start: date, end: date, *, year: bool = True) -> str:
        """Format a week: ``Semaine du 16 au 22 juillet 2012``.

        The year is omitted if *year* is false and the week lies in one year.
        """
        dates = self.span(start, end, year=year)
        if self._locale.language in ("es", "fr"):
            dates = dates[:1].lower() + dates[1:]
        if self._locale.language == "en":
            dates = dates.removeprefix("From ")
        return self.say("Week of %(dates)s", dates=dates)

    def span(self, start: date, end: date, *, year: bool = True) -> str:
        """Format a period: ``Du 16 au 22 juillet 2012``; *year* as in :meth:`week`."""
        within_month = (start.year, start.month) == (end.year, end.month)
        day_and_month = self._day.partition("EEEE")[2].lstrip("،, ")
        full = day_and_month + self._year
        if year or start.year != end.year:
            last = self._format(end, full)
        else:
            last = self._format(end, day_and_month)
        if within_month and self._locale.language == "en":
            # "July 16–22, 2012", "16–22 July 2012"
            return last.replace(f"{end.day}", f"{start.day}–{end.day}", 1)
        if within_month:
            first = self._format(start, "d." if self._locale.language == "de" else "d")
        elif start.year == end.year:
            first = self._format(start, day_and_month)
        else:
            # In American English a comma follows a year.
            first = self._format(start, full) + ("," if self._year.startswith(",") else "")
        return self.say("From %(start)s to %(end)s", start=first, end=last)

    def typography(self, text: str) -> str:
        """Replace spaces at which no line may break; see :mod:`liveblog.text.typography`."""
        return self.in_html(text) if self.in_html else text

    def shown(self, text: str) -> str:
        """Return a plain text as readers see it; every text for them goes through this.

        Bidirectional controls are closed and no line breaks where it may not.
        """
        return self.typography(close_controls(text))

    @property
    def place(self) -> str:
        """The city that names the blog's time zone: ``Paris``, ``باريس``; ``UTC`` for UTC."""
        key = str(self.zone)
        city = self._locale.time_zones.get(key, {}).get("city")
        return city or key.rpartition("/")[2].replace("_", " ")

    def _format_date(self, day: date, pattern: str, *, skeleton: str = "") -> str:
        """Format a date by a pattern or a skeleton of CLDR."""
        if skeleton:
            text = format_skeleton(skeleton, day, locale=self._locale)
        else:
            text = format_date(day, pattern, locale=self._locale)
        if self._locale.language == "fr" and day.day == 1:
            text = re.sub(r"\b1\b(?!er)", "1er", text, count=1)
        return text


def _as_field(match: re.Match[str]) -> str:
    """Return a field of a CLDR pattern in braces, or a quoted text without its quotes."""
    text = match[0]
    return text.strip("'") if text.startswith("'") else f"{{{text}}}"


@lru_cache(maxsize=16)
def _load_catalogue(language: str) -> Translations:
    if language == "en":
        return Translations()
    import io
    from importlib import resources

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = resources.files("liveblog") / "locales" / f"{language}.po"
    with source.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)
