"""The catalogues hold every word that readers see, and nothing else."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from jinja2 import Environment

import liveblog
from liveblog.digest import text as digest_text
from liveblog.locale import Words, french_spaces

PACKAGE = Path(liveblog.__file__).parent
LANGUAGES = ("ar", "de", "es", "fr")
PLACES = re.compile(r"%\(\w+\)s")

# What the command line says in English, through a method of the same name.
COMMAND_LINE = ("read.py", "write.py", "site.py", "make.py")


def used() -> set[str]:
    """Return every message of templates and code, by its singular."""
    found: set[str] = set()
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for template in (PACKAGE / "theme" / "templates").rglob("*.html"):
        for _, _, message in environment.extract_translations(  # type: ignore[attr-defined]
            template.read_text()
        ):
            found.add(message if isinstance(message, str) else str(message[0]))
    for module in PACKAGE.rglob("*.py"):
        if module.name in COMMAND_LINE:
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("say", "count")
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
                and len(node.args[0].value) > 1
            ):
                found.add(node.args[0].value)
    marks = ast.parse(Path(digest_text.__file__).read_text())
    for node in ast.walk(marks):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant):
            found.add(str(node.value.value))
    return found


def catalogue(language: str) -> Catalog:
    """Return a language's catalogue."""
    with (PACKAGE / "locales" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(language: str) -> dict[str, Message]:
    """Return a language's messages by their singular."""
    return {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for message in catalogue(language)
        if message.id
    }


def forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    """Return all forms of a message or a translation."""
    return [text] if isinstance(text, str) else list(text or ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    """In each of its plural forms."""
    known = messages(language)
    assert used() - known.keys() == set()
    assert [name for name, m in known.items() if not all(forms(m.string))] == []
    for message in known.values():
        if not isinstance(message.id, str):
            assert len(forms(message.string)) == catalogue(language).num_plurals


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_left_over(language: str) -> None:
    """What nothing uses any more is deleted."""
    assert messages(language).keys() - used() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_places_of_its_message(language: str) -> None:
    """A value can be missing from no sentence."""
    for message in messages(language).values():
        wanted = set(PLACES.findall(forms(message.id)[0]))
        for form in forms(message.string):
            assert set(PLACES.findall(form)) == wanted, form


def test_french_spaces_do_not_break() -> None:
    """No ordinary space before : ; ! ? » or after «."""
    for message in messages("fr").values():
        for form in forms(message.string):
            assert not re.search(r" [:;!?»]|« ", form), form


# -- dates, times and numbers ------------------------------------------------------------------

SUMMER = datetime(2012, 7, 15, 16, 4, tzinfo=UTC)


def words_of(language: str, zone: str = "Europe/Paris") -> Words:
    """Return a language's words."""
    return Words(language, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("language", "day", "week", "span", "time"),
    [
        ("fr", "Dimanche 15 juillet", "Semaine du 16 au 22 juillet 2012",
         "Du 30 juillet au 5 août 2012", "18 h 04"),
        ("en", "Sunday, July 15", "Week of July 16–22, 2012",
         "From July 30 to August 5, 2012", "6:04 PM"),
        ("en-GB", "Sunday 15 July", "Week of 16–22 July 2012",
         "From 30 July to 5 August 2012", "18:04"),
        ("es", "Domingo 15 de julio", "Semana del 16 al 22 de julio de 2012",
         "Del 30 de julio al 5 de agosto de 2012", "18:04"),
        ("de", "Sonntag, 15. Juli", "Woche vom 16. bis 22. Juli 2012",
         "30. Juli bis 5. August 2012", "18:04"),
        ("ar", "الأحد، 15 يوليو", "الأسبوع من 16 إلى 22 يوليو 2012",
         "من 30 يوليو إلى 5 أغسطس 2012", "6:04 م"),
    ],
)  # fmt: skip
def test_days_weeks_and_times_read_as_in_each_language(
    language: str, day: str, week: str, span: str, time: str
) -> None:
    """As a careful editor would write them."""
    words = words_of(language)
    assert words.day(date(2012, 7, 15)) == day
    assert words.week(date(2012, 7, 16), date(2012, 7, 22)) == week
    assert words.span(date(2012, 7, 30), date(2012, 8, 5)) == span
    assert re.sub("[\u00a0\u202f]", " ", words.time(SUMMER)) == time
    assert " " not in words.time(SUMMER)


def test_a_span_across_the_year_names_both_years() -> None:
    """« Du 31 décembre 2012 au 6 janvier 2013 »."""
    assert words_of("fr").span(date(2012, 12, 31), date(2013, 1, 6)) == (
        "Du 31 décembre 2012 au 6 janvier 2013"
    )


def test_french_has_its_own_first_of_the_month() -> None:
    """« 1er », and only there."""
    french = words_of("fr")
    assert french.day(date(2012, 7, 1)) == "Dimanche 1er juillet"
    assert french.day(date(2012, 7, 11)) == "Mercredi 11 juillet"
    assert french.span(date(2012, 7, 1), date(2012, 7, 8)) == "Du 1er au 8 juillet 2012"
    assert french.day(date(2012, 7, 1), year=True) == "Dimanche 1er juillet 2012"


def test_numbers_keep_together() -> None:
    """French groups by narrow no-break spaces."""
    assert words_of("fr").number(30000) == "30\u202f000"
    assert words_of("de").number(1234.5) == "1.234,5"


def test_zones_are_named_by_their_distance() -> None:
    """Whole hours, and Kathmandu's quarter."""
    assert words_of("fr").offset(SUMMER) == "UTC+2"
    assert words_of("fr", "Asia/Kathmandu").offset(SUMMER) == "UTC+5:45"
    assert words_of("fr", "America/St_Johns").offset(SUMMER) == "UTC-2:30"
    assert words_of("fr", "UTC").offset(SUMMER) == "UTC"


def test_only_arabic_runs_from_right_to_left() -> None:
    """Of the five languages."""
    assert [n for n in (*LANGUAGES, "en") if words_of(n).direction == "rtl"] == ["ar"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Quoi ? Non !", "Quoi\u202f? Non\u202f!"),
        ("« Oui »", "«\u202fOui\u202f»"),
        ("Bilan : 3 ; fin", "Bilan\u00a0: 3\u202f; fin"),
        ("à 18:30, voir https://a.b/c?d=1", "à 18:30, voir https://a.b/c?d=1"),
        ("déjà\u00a0: bien\u202f!", "déjà\u00a0: bien\u202f!"),
        ("rien à dire.", "rien à dire."),
    ],
)
def test_french_typography_turns_spaces_and_adds_none(text: str, shown: str) -> None:
    """Times, addresses and what is right already stay as they are."""
    assert french_spaces(text) == shown
    assert french_spaces(shown) == shown
    assert words_of("en").typography(text) == text
