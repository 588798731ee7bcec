"""Dates, numbers and words as readers expect them in the blog's language.

The one place for words that readers see: texts come from the gettext catalogues in ``locales/``,
dates and numbers from CLDR through Babel. Pure but for reading those catalogues once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from functools import cache, cached_property, lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, get_timezone_name
from babel.numbers import format_decimal
from babel.support import Translations

from .bidi import close_all_controls

NARROW = "\u202f"  # narrow no-break space
NBSP = "\u00a0"

DATES_KEPT = 20_000
"""So many dates are kept as they are written: those of some years."""

# A day without its year, as each language writes it in full; CLDR has it only abbreviated.
_DAY = {
    "ar": "EEEE، d MMMM",
    "de": "EEEE, d. MMMM",
    "en": "EEEE d MMMM",
    "en_US": "EEEE, MMMM d",
    "es": "EEEE d 'de' MMMM",
    "fr": "EEEE d MMMM",
}


class Words:
    """Everything a page, feed or mail says in one language and time zone."""

    def __init__(self, language: str, zone: tzinfo) -> None:
        """Speak *language* (BCP 47, one of :data:`liveblog.config.checks.LANGUAGES`) in *zone*."""
        self.language = language
        self.zone = zone
        self._locale = Locale.parse(language, sep="-")
        self._translations = _catalogue(self._locale.language)
        # Plain "en" is American in CLDR.
        is_american = self._locale.language == "en" and self._locale.territory in (None, "US")
        self._day = _DAY["en_US" if is_american else self._locale.language]
        self._dates: dict[tuple[date, str], str] = {}
        self._times: dict[tuple[int, int], str] = {}

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``."""
        return self._locale.text_direction

    @cached_property
    def catalogue(self) -> Translations:
        """The catalogue itself, for Jinja2's i18n extension."""
        return self._translations

    def say(self, message: str, **values: object) -> str:
        """Translate a message and fill in its ``%(name)s`` places."""
        text: str = self._translations.gettext(message)
        return text % close_all_controls(values) if values else text

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Translate a message that counts; ``%(n)s`` is the number as written in the language."""
        text: str = self._translations.ngettext(one, many, number)
        return text % {
            "n": self.number(number) if "%(n)" in text else "",
            **close_all_controls(values),
        }

    def forms(self, one: str, many: str) -> dict[str, str]:
        """Return a message that counts, for scripts: CLDR's plural category → text with ``{n}``."""
        found: dict[str, str] = {}
        for number in range(120):
            category = self._locale.plural_form(number)
            text = self._translations.ngettext(one, many, number)
            found.setdefault(category, text % {"n": "{n}"})
        return found

    def number(self, value: float) -> str:
        """Write a number with the language's separators: ``30 000``, ``30,000``."""
        return format_decimal(value, locale=self._locale)

    @property
    def comma(self) -> str:
        """What stands between the items of a list."""
        return "، " if self._locale.language == "ar" else ", "

    def day(self, of: date, *, year: bool = False) -> str:
        """Write a day as a heading: ``Dimanche 15 juillet``, with the year where it is asked."""
        text = self.date_in_text(of) if year else self._written(of, self._day)
        return text[:1].upper() + text[1:]

    def date_in_text(self, of: date) -> str:
        """Write a day and its year within a sentence: ``dimanche 15 juillet 2012``."""
        is_spanish = self._locale.language == "es"
        return self._written(of, f"{self._day} 'de' y" if is_spanish else "full")

    def short_day(self, of: date) -> str:
        """Write a day in little room: ``15 juil.``."""
        return self._written(of, "", skeleton="MMMd")

    def day_number(self, of: date) -> str:
        """Write a day in the least room: ``15/07``."""
        return self._written(of, "", skeleton="Md")

    def month(self, of: date) -> str:
        """Write a month with its year: ``juillet 2012``."""
        text = self._written(of, "", skeleton="yMMMM")
        return text[:1].upper() + text[1:]

    def time(self, instant: datetime) -> str:
        """Write a time of day on the blog's clock: ``18 h 04``, without a place to break."""
        local = instant.astimezone(self.zone)
        minute = local.hour, local.minute
        return self._times.get(minute) or self._times.setdefault(minute, self._clock(local))

    def _clock(self, local: datetime) -> str:
        if self._locale.language == "fr":
            return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}"
        return format_time(local, "short", tzinfo=self.zone, locale=self._locale).replace(
            " ", NARROW
        )

    def moment(self, instant: datetime) -> str:
        """Write date and time in full: ``dimanche 15 juillet 2012 à 18 h 04``."""
        of = instant.astimezone(self.zone).date()
        text = self.say("%(date)s at %(time)s", date=self.date_in_text(of), time=self.time(instant))
        # Spanish counts the hours: "a las 18:04", but "a la 1:04".
        return re.sub(r"\ba las (?=1:)", "a la ", text) if self.language[:2] == "es" else text

    def zone_name(self, instant: datetime) -> str:
        """Name the blog's time zone as it is at an instant: ``heure d’été d’Europe centrale``."""
        return get_timezone_name(instant.astimezone(self.zone), locale=self._locale)

    def offset(self, instant: datetime) -> str:
        """Write the blog's distance from UTC at an instant: ``UTC+2``, ``UTC+5:45``."""
        delta = instant.astimezone(self.zone).utcoffset()
        minutes = int(delta.total_seconds() // 60) if delta else 0
        sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
        tail = f":{minutes % 60:02}" if minutes % 60 else ""
        return f"UTC{sign}{minutes // 60}{tail}" if minutes else "UTC"

    def week(self, start: date, end: date, *, year: bool = True) -> str:
        """Name a week: ``Semaine du 16 au 22 juillet 2012``; without the year if it has one."""
        dates = self.span(start, end, year=year)
        if self._locale.language in ("es", "fr"):
            dates = dates[:1].lower() + dates[1:]
        if self._locale.language == "en":
            dates = dates.removeprefix("From ")
        return self.say("Week of %(dates)s", dates=dates)

    def span(self, start: date, end: date, *, year: bool = True) -> str:
        """Write a period: ``Du 16 au 22 juillet 2012``."""
        within_month = (start.year, start.month) == (end.year, end.month)
        day_and_month = self._day.partition("EEEE")[2].lstrip("،, ")
        if year or start.year != end.year:
            last = self._written(end, "long")
        else:
            last = self._written(end, day_and_month)
        if within_month and self._locale.language == "en":
            # "July 16–22, 2012": English names the month once, whichever side it stands on.
            return last.replace(f"{end.day}", f"{start.day}–{end.day}", 1)
        if within_month:
            first = self._written(start, "d." if self._locale.language == "de" else "d")
        elif start.year == end.year:
            first = self._written(start, day_and_month)
        else:
            first = self._written(start, "long")
        return self.say(
            "From %(start)s to %(end)s",
            start=first,
            end=last,
        )

    def typography(self, text: str) -> str:
        """Make the spaces that French puts around its punctuation unbreakable; others pass.

        Only spaces that the author typed are turned, never added, so times, URLs and code keep
        their shape.
        """
        return french_spaces(text) if self._locale.language == "fr" else text

    @property
    def in_html(self) -> Callable[[str], str] | None:
        """What Markdown's running text goes through: typography, where the language has any."""
        return french_spaces if self._locale.language == "fr" else None

    def _written(self, of: date, pattern: str, *, skeleton: str = "") -> str:
        """Write a date as a pattern or a skeleton of CLDR's says; both are slow to follow."""
        known = of, pattern + skeleton
        text = self._dates.get(known)
        if text is None:
            if len(self._dates) >= DATES_KEPT:
                self._dates.clear()
            if skeleton:
                text = format_skeleton(skeleton, of, locale=self._locale)
            else:
                text = format_date(of, pattern, locale=self._locale)
            text = self._dates[known] = self._first_of_month(text, of)
        return text

    def _first_of_month(self, text: str, of: date) -> str:
        if self._locale.language == "fr" and of.day == 1:
            return re.sub(r"\b1\b(?!er)", "1er", text, count=1)
        return text


def french_spaces(text: str) -> str:
    """Turn the breaking spaces before ``; ! ? : »`` and after ``«`` into unbreakable ones."""
    text = re.sub(r"(?:(?<=\S)|^) (?=[;!?»](?:\W|$))", NARROW, text)
    text = re.sub(r"(?<=«) (?=\S|$)", NARROW, text)
    return re.sub(r"(?:(?<=\S)|^) (?=:(?:\s|$))", NBSP, text)


@cache  # for good: what was made for a language is found by its words
def words(language: str, zone: tzinfo) -> Words:
    """Return the words of one language and zone, made once."""
    return Words(language, zone)


@lru_cache(maxsize=16)
def _catalogue(language: str) -> Translations:
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
