"""The catalogues hold every word that readers see, and nothing else."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

import liveblog
from liveblog.digest.lines import marks_of
from liveblog.model.moment import Moment
from liveblog.text.locale import Words

PACKAGE = Path(liveblog.__file__).parent
LANGUAGES = ("ar", "de", "es", "fr")
PLACES = re.compile(r"%\(\w+\)s")

Id = str | tuple[str, str]
"""A message, or the singular and the plural of one that counts."""


@cache
def used() -> frozenset[Id]:
    """Return every message of templates and code."""
    found: set[Id] = set(marks())
    for template in (PACKAGE / "theme" / "templates").rglob("*.html"):
        found |= set(in_template(template.read_text(encoding="utf-8")))
    for call in calls():
        texts = strings(call.args)
        if is_message(call):
            found.add(texts[0] if name_of(call) == "say" else (texts[0], texts[1]))
    return frozenset(found)


def in_template(source: str) -> Iterator[Id]:
    """Yield the messages of a template: of gettext and ngettext, and of words.say."""
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for _, function, message in environment.extract_translations(source):  # type: ignore[attr-defined]
        # Keyword arguments leave a None each behind the texts.
        texts = [message] if isinstance(message, str) else [text for text in message if text]
        yield (texts[0], texts[1]) if function == "ngettext" else texts[0]
    for call in environment.parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr in ("say", "count", "forms"):
            texts = [str(arg.value) for arg in call.args[:2] if isinstance(arg, nodes.Const)]
            yield texts[0] if call.node.attr == "say" else (texts[0], texts[1])


@cache
def calls() -> tuple[ast.Call, ...]:
    """Return the calls of methods named say and count, but for the command line's own say."""
    return tuple(
        node
        for module in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("say", "count")
        # It says in English what a command did.
        and ast.unparse(node.func.value) != "state"
    )


def name_of(call: ast.Call) -> str:
    """Return the name of the method that is called."""
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def strings(arguments: list[ast.expr]) -> list[str]:
    """Return the texts that a call begins with."""
    found = []
    for argument in arguments:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            break
        found.append(argument.value)
    return found


def is_message(call: ast.Call) -> bool:
    """Whether a call names its message: a singular and a plural to count (str.count has one)."""
    return len(strings(call.args)) >= (1 if name_of(call) == "say" else 2)


def marks() -> list[str]:
    """Return the words that mark entries; they are said later."""
    yields = [
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(marks_of)))
        if isinstance(node, ast.Yield) and node.value
    ]
    found = strings(list(yields))
    assert len(found) == len(yields)
    return found


def catalogue(language: str) -> Catalog:
    """Return a language's catalogue."""
    with (PACKAGE / "locales" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def messages(language: str) -> dict[Id, list[str]]:
    """Return the forms of each of a language's translations."""
    return {
        message.id if isinstance(message.id, str) else (message.id[0], message.id[1]): (
            [message.string] if isinstance(message.string, str) else list(message.string or ())
        )
        for message in catalogue(language)
        if message.id
    }


def places(text: str) -> list[str]:
    """Return the places of a text that values are filled in."""
    return sorted(PLACES.findall(text))


@pytest.mark.slow
def test_only_marks_are_said_by_a_variable() -> None:
    """Every other message stands where it is said, so that these tests find it."""
    unnamed = [call for call in calls() if name_of(call) == "say" and not is_message(call)]
    assert {ast.unparse(call) for call in unnamed} == {"words.say(mark)"}
    assert "Key event" in marks()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    """In each of its plural forms."""
    known = messages(language)
    assert used() - known.keys() == set()
    for message, forms in known.items():
        wanted = 1 if isinstance(message, str) else catalogue(language).num_plurals
        assert len([form for form in forms if form.strip()]) == wanted, message


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_is_left_over(language: str) -> None:
    """What nothing uses any more is deleted, and nothing waits for a translator."""
    assert messages(language).keys() - used() == set()
    assert [message.id for message in catalogue(language) if message.id and message.fuzzy] == []
    assert not catalogue(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_keeps_the_places_of_its_message(language: str) -> None:
    """A value can be missing from no sentence, nor appear twice; no other "%" stands in it.

    Arabic counts none, one and two without a number.
    """
    for message, forms in messages(language).items():
        for english in [message] if isinstance(message, str) else message:
            for category, form in enumerate(forms):
                is_wordy = language == "ar" and len(forms) == 6 and category < 3
                number = ["%(n)s"] if is_wordy and "%(n)" in english else []
                assert sorted([*places(form), *number]) == places(english), form
                assert "%" not in PLACES.sub("", form), form


def test_french_spaces_do_not_break() -> None:
    """A no-break space before ":", a narrow one before ; ! ? » and after «; none is missing."""
    for forms in messages("fr").values():
        for form in forms:
            assert re.findall(r"(?<!\u00a0):(?!//)|(?<!\u202f)[;!?»]|«(?!\u202f)", form) == [], form


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "لا أخبار"),
        (1, "خبر واحد"),
        (2, "خبران"),
        (3, "3 أخبار"),
        (10, "10 أخبار"),
        (11, "11 خبرًا"),
        (99, "99 خبرًا"),
        (100, "100 خبر"),
        (102, "102 خبر"),
        (103, "103 أخبار"),
    ],
)
def test_arabic_counts_in_six_forms(number: int, text: str) -> None:
    """The catalogue's header orders them; Babel's own rule has the last two the other way."""
    assert words_of("ar").count("%(n)s update", "%(n)s updates", number) == text


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
        ("ar", "الأحد 15 يوليو", "الأسبوع من 16 إلى 22 يوليو 2012",
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


@pytest.mark.parametrize(
    ("language", "moment"),
    [
        ("fr", "dimanche 15 juillet 2012 à 18 h 04"),
        ("en-GB", "Sunday 15 July 2012 at 18:04"),
        ("en", "Sunday, July 15, 2012 at 6:04 PM"),
        ("fr-CH", "dimanche 15 juillet 2012 à 18 h 04"),
        ("es", "domingo 15 de julio de 2012 a las 18:04"),
        ("de", "Sonntag, 15. Juli 2012, um 18:04 Uhr"),
        ("ar", "الأحد 15 يوليو 2012 الساعة 6:04 م"),
    ],
)
def test_a_moment_reads_within_a_sentence(language: str, moment: str) -> None:
    """Date and time, joined as each language joins them; the time stays in one piece."""
    shown = words_of(language).moment(SUMMER)
    assert re.sub("[\u00a0\u202f]", " ", shown) == moment


def test_french_time_does_not_break() -> None:
    """Its two spaces are no-break spaces."""
    assert words_of("fr").time(SUMMER) == "18\u00a0h\u00a004"


def test_a_span_across_the_year_names_both_years() -> None:
    """« Du 31 décembre 2012 au 6 janvier 2013 »."""
    assert words_of("fr").span(date(2012, 12, 31), date(2013, 1, 6)) == (
        "Du 31 décembre 2012 au 6 janvier 2013"
    )


@pytest.mark.parametrize(
    ("language", "month", "months"),
    [
        ("fr", "Semaine du 9 au 15 juillet", "Semaine du 30 juillet au 5 août"),
        ("en", "Week of July 9–15", "Week of July 30 to August 5"),
        ("en-GB", "Week of 9–15 July", "Week of 30 July to 5 August"),
        ("es", "Semana del 9 al 15 de julio", "Semana del 30 de julio al 5 de agosto"),
        ("de", "Woche vom 9. bis 15. Juli", "Woche vom 30. Juli bis 5. August"),
        ("ar", "الأسبوع من 9 إلى 15 يوليو", "الأسبوع من 30 يوليو إلى 5 أغسطس"),
    ],
)
def test_a_week_needs_no_year_where_there_is_a_date(language: str, month: str, months: str) -> None:
    """As in the subject of a mail; one that lies in two years names them all the same."""
    words = words_of(language)
    assert words.week(date(2012, 7, 9), date(2012, 7, 15), year=False) == month
    assert words.week(date(2012, 7, 30), date(2012, 8, 5), year=False) == months
    across = date(2012, 12, 31), date(2013, 1, 6)
    assert words.week(*across, year=False) == words.week(*across)
    assert "From" not in words.week(*across)


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
    assert words_of("fr").number(1234567) == "1\u202f234\u202f567"
    assert words_of("de").number(1234.5) == "1.234,5"


def test_numbers_are_written_as_in_newspapers() -> None:
    """Spanish divides from five digits on, as browsers do; a negative number has a minus sign."""
    spanish = words_of("es")
    assert [spanish.number(n) for n in (1234.5, 9999, 10000)] == ["1234,5", "9999", "10.000"]
    for language in (*LANGUAGES, "en"):
        assert words_of(language).number(-3).lstrip("\u200e") == "−3"


@pytest.mark.parametrize(
    ("language", "zone", "place"),
    [
        ("fr", "Europe/Paris", "Paris"),
        ("es", "Europe/Paris", "París"),
        ("ar", "Europe/Paris", "باريس"),
        ("de", "Africa/Cairo", "Kairo"),
        ("en", "America/New_York", "New York"),
        ("ar", "UTC", "UTC"),
    ],
)
def test_a_time_zone_is_named_by_its_city(language: str, zone: str, place: str) -> None:
    """As the language writes it, not by its identifier."""
    assert words_of(language, zone).place == place


@pytest.mark.parametrize(
    ("language", "comma", "semicolon"),
    [("fr", ", ", "\u202f; "), ("de", ", ", "; "), ("ar", "، ", "؛ ")],
)
def test_items_with_commas_are_parted_by_semicolons(
    language: str, comma: str, semicolon: str
) -> None:
    """So that it is seen where each of them ends."""
    words = words_of(language)
    assert words.separator(["AFP", "Reuters"]) == comma
    assert words.separator(["AFP", "La Côte, 22 juillet"]) == semicolon
    assert words.separator(["AFP، باريس", "OSDH"]) == semicolon


@pytest.mark.parametrize(
    ("language", "text", "shown"),
    [
        ("fr", "Le 16 à 15 h 18 : « oui », dit-il ; 30 000 €, 5 % !",
         "Le 16 à 15~h~18~: «_oui_», dit-il_; 30_000~€, 5~%_!"),
        ("de", "Um 18:04 Uhr z. B. 5 % : nein", "Um 18:04~Uhr z._B. 5~% : nein"),
        ("es", "El 5 % a las 6:04 p. m. ; no", "El 5~% a las 6:04 p._m. ; no"),
        ("en", "5 % ; « no » : 6 pm", "5 % ; « no » : 6 pm"),
        ("ar", "5 % ؛ نعم", "5 % ؛ نعم"),
    ],
)  # fmt: skip
def test_no_line_breaks_where_it_may_not(language: str, text: str, shown: str) -> None:
    """Each language by its own rules; only spaces change ("~" no-break, "_" narrow no-break)."""
    typeset = words_of(language).shown(text)
    assert typeset.replace("\u00a0", "~").replace("\u202f", "_") == shown
    assert words_of(language).say("%(name)s: %(amount)s", name=text, amount=1).count(typeset) == 1
    assert words_of(language).shown(typeset) == typeset


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
    assert words_of("fr").typography(text) == shown
    assert words_of("fr").typography(shown) == shown
    assert words_of("en").typography(text) == text


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en-GB", "Sunday 15 July 2012, around 1 pm"),
        ("fr", "dimanche 15 juillet 2012, around 1 pm"),
        ("ar", "الأحد 15 يوليو 2012، around 1 pm"),
        ("es", "domingo 15 de julio de 2012, around 1 pm"),
        ("de", "Sonntag, 15. Juli 2012, around 1 pm"),
    ],
)
def test_a_moment_is_shown_as_precisely_as_it_is_known(language: str, shown: str) -> None:
    """Its clock time, the time as its author wrote it, or no time at all."""
    words = Words(language, ZoneInfo("Europe/Paris"))
    at = datetime(2012, 7, 15, 11, tzinfo=UTC)
    vague = Moment(at, written_time="around 1 pm")
    whole_day = Moment(at, "day")
    assert words.shown_time(Moment(at)) == words.time(at)
    assert words.shown_moment(Moment(at)) == words.moment(at)
    assert words.shown_time(vague) == "around 1\N{NO-BREAK SPACE}pm"
    assert words.shown_moment(vague).replace("\N{NO-BREAK SPACE}", " ") == shown
    assert words.shown_time(whole_day) == ""
    assert words.shown_moment(whole_day) == words.date_in_text(date(2012, 7, 15))


@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "fr"])
@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "America/New_York", "Pacific/Kiritimati"])
def test_a_time_of_another_day_has_its_date(language: str, zone: str) -> None:
    """An update stays on its day when the blog's time zone changes."""
    words = Words(language, ZoneInfo(zone))
    day = date(2012, 7, 15)
    for hour in range(24):
        at = datetime(2012, 7, 15, hour, 30, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
        local = at.astimezone(words.zone).date()
        shown = words.shown_time(Moment(at, day=day))
        dated = f"{words.short_day(local)}{words.comma}{words.time(at)}"
        assert shown == (words.time(at) if local == day else dated)
    new_year = Moment(datetime(2011, 12, 31, 6, tzinfo=UTC), day=date(2012, 1, 2))
    assert "2011" in words.shown_time(new_year)


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
def test_the_day_of_a_moment_is_that_of_its_entry(zone: str) -> None:
    """Also after the zone of the blog was changed: the entry says on which day it is shown."""
    moment = Moment(datetime(2012, 7, 15, 11, tzinfo=UTC), "day", day=date(2012, 7, 20))
    words = Words("en-GB", ZoneInfo(zone))
    assert words.shown_moment(moment) == "Friday 20 July 2012"


@pytest.mark.parametrize("language", ["ar", "de", "en", "en-US", "es", "es-MX", "fr", "fr-CH"])
def test_scripts_write_times_as_pages_do(language: str) -> None:
    """From a pattern and the words for the halves of the day."""
    words = words_of(language, "UTC")
    pattern, am, pm = words.clock
    for hour in (0, 1, 9, 12, 18, 23):
        shown = pattern.format(
            HH=f"{hour:02}", H=hour, h=hour % 12 or 12, mm="04", a=am if hour < 12 else pm
        )
        assert shown == words.time(datetime(2012, 7, 15, hour, 4, tzinfo=UTC))
