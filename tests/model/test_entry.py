"""An entry's plain data: its name, its slug, the texts and limits that every page can carry."""

from __future__ import annotations

import math
import sys
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from liveblog.model import limits
from liveblog.model.entry import (
    FORBIDDEN,
    ID_ALPHABET,
    Figure,
    Media,
    Revision,
    Source,
    _slug,
    as_data,
    clean_figures,
    clean_language,
    clean_sources,
    clean_text,
    decomposed,
    display_day,
    id_day,
    id_letters,
    is_plain,
    make_id,
    slug,
)
from liveblog.model.errors import InvalidInput
from liveblog.model.validation import validate

NOON = datetime(2012, 7, 15, 12, tzinfo=UTC)
ID = "20120715-7k3m9qx2tb"


def revision(**fields: Any) -> Revision:
    """Make a revision that can be shown, but for what is given."""
    values: dict[str, Any] = {"id": ID, "published": NOON, "updated": NOON, "body": "Texte."}
    return Revision(**values | fields)


# -- ids -------------------------------------------------------------------------------------------


@given(st.dates(limits.FIRST_DAY, limits.LAST_DAY), st.binary(min_size=7, max_size=16))
def test_an_id_says_its_day_and_then_ten_letters(day: date, randomness: bytes) -> None:
    """``make_id`` and ``id_day`` are a round trip, whatever the day and the randomness."""
    made = make_id(day, randomness)
    assert id_day(made) == day
    assert len(id_letters(made)) == 10
    assert set(id_letters(made)) <= set(ID_ALPHABET)
    assert made == f"{day:%Y%m%d}-{id_letters(made)}"


def test_the_alphabet_has_no_letter_that_is_read_for_another() -> None:
    """Crockford's base 32: 32 different signs, no i, l, o or u."""
    assert len(set(ID_ALPHABET)) == len(ID_ALPHABET) == 32
    assert not set(ID_ALPHABET) & set("ilou")


def test_fifty_bits_of_randomness_reach_the_id() -> None:
    """Each of the low fifty bits changes the id, so that two ids are never the same by chance."""
    day = date(2012, 7, 15)
    ids = {make_id(day, (1 << bit).to_bytes(8, "big")) for bit in range(50)}
    assert len(ids | {make_id(day, bytes(8))}) == 51


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20120715",
        "20120715-",
        "20120715-7k3m9qx2t",
        "20120715-7k3m9qx2tbb",
        "20120715-7K3M9QX2TB",
        "20120715-ilouilouil",
        "20120230-7k3m9qx2tb",
        "00000715-7k3m9qx2tb",
        "2012-07-15-7k3m9qx2tb",
        "../../etc/passwd",
        "20120715-7k3m9qx2tb\n",
        " 20120715-7k3m9qx2tb",
        "20120715-7k3m9qx2t/",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    """Nothing else passes for an id: no path, no other case, no day outside the calendar."""
    with pytest.raises(InvalidInput, match="is not the id of an entry") as refused:
        id_day(text)
    assert "20120715-7k3m9qx2tb" in refused.value.hint


def test_an_entry_is_told_in_its_ids_day_unless_it_was_moved() -> None:
    """``day`` overrides the id's day, and only it."""
    assert display_day(revision()) == date(2012, 7, 15)
    assert display_day(revision(day="2012-07-16")) == date(2012, 7, 16)


# -- slugs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Damas", "damas"),
        ("Réfugiés", "refugies"),
        ("Conseil de sécurité", "conseil-de-securite"),
        ("  Alep,   Homs  ", "alep-homs"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("دمشق", "دمشق"),
        ("مجلس الأمن", "مجلس-الامن"),
        ("東京", "東京"),
        ("C++", "c"),
        ("2012-W29", "2012-w29"),
        ("a/b\\c?d#e", "a-b-c-d-e"),
        ("..", ""),
        ("!!!", ""),
        ("", ""),
        ("👍", ""),
    ],
)
def test_a_slug_is_folded_and_keeps_every_script(text: str, expected: str) -> None:
    """Accents and case go, letters of every script stay, the rest joins words."""
    assert slug(text) == expected


@given(st.text(max_size=40))
def test_a_slug_is_a_safe_name_of_a_folder(text: str) -> None:
    """It never holds a slash, a dot, white space or a sign, and its own slug is itself."""
    made = slug(text)
    assert all(c.isalnum() or c == "-" for c in made)
    assert not made.startswith("-")
    assert not made.endswith("-")
    assert "--" not in made
    assert slug(made) == made


def test_a_slug_of_what_is_no_tag_is_not_held_in_memory() -> None:
    """Strangers may ask a search for any number of long ones."""
    before = _slug.cache_info().currsize
    assert slug("a" * 201) == "a" * 201
    assert _slug.cache_info().currsize == before


def test_marks_are_taken_apart_however_many_there_are() -> None:
    """As a whole where they are few: in order."""
    assert decomposed("é\ufb01\u0301\u0323") == "e\u0301fi\u0323\u0301"
    assert len(decomposed("a" + "\u0301\u0323" * 5000)) == 10_001


# -- texts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        ("\0", "U+0000"),
        ("\x07", "U+0007"),
        ("\x1b", "U+001B"),
        ("\x7f", "U+007F"),
        ("\x80", "U+0080"),
        ("\ud800", "U+D800"),
        ("\udfff", "U+DFFF"),
        ("\ufdd0", "U+FDD0"),
        ("\ufffe", "U+FFFE"),
        ("\uffff", "U+FFFF"),
    ],
)
@pytest.mark.parametrize(
    ("before", "place"),
    [("", "line 1, column 1"), ("un\ndeux", "line 2, column 5"), ("é\r\n\r\n", "line 1, column 1")],
)
def test_a_character_that_no_feed_can_carry_is_named(
    bad: str, name: str, before: str, place: str
) -> None:
    """The field, the character, its line and its column are in the message."""
    if before.endswith("\n"):
        before, place = before + "x", "line 3, column 2"
    with pytest.raises(InvalidInput) as refused:
        clean_text(f"{before}{bad}suite", "body")
    assert refused.value.message.startswith(f"The body holds the character {name} ({place})")
    assert refused.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("un\r\ndeux\rtrois", "un\ndeux\ntrois"),
        ("  un  ", "un"),
        ("\n\n  \nun\n\n", "un"),
        ("    code\nsuite\n", "    code\nsuite"),
        ("un\tdeux", "un\tdeux"),
        ("", ""),
        (" \n\t\n ", ""),
        ("Est-ce vrai\u202f?", "Est-ce vrai\u202f?"),
        ("👍🏽 דמשק", "👍🏽 דמשק"),
    ],
)
def test_line_ends_and_outer_white_space_are_normalised(text: str, expected: str) -> None:
    """Every kind of line end becomes one; what Markdown may mean by indentation stays."""
    assert clean_text(text, "body") == expected


@given(st.text(max_size=60))
def test_a_clean_text_stays_as_it_is(text: str) -> None:
    """Cleaning twice is cleaning once, and what passes can be written as UTF-8."""
    try:
        clean = clean_text(text, "body")
    except InvalidInput:
        return
    assert clean_text(clean, "body") == clean
    assert clean.encode().decode() == clean
    assert "\r" not in clean


def test_the_parts_of_sources_and_figures_are_cleaned() -> None:
    """White space goes, and a control character in any part is refused by its name."""
    assert clean_sources([Source(" OSDH ", " https://example.org/ ")]) == (
        Source("OSDH", "https://example.org/"),
    )
    assert clean_figures([Figure(" Morts ", 105, " personnes ", " OSDH ")]) == (
        Figure("Morts", 105, "personnes", "OSDH"),
    )
    with pytest.raises(InvalidInput, match="The unit holds"):
        clean_figures([Figure("Morts", 1, "\x07")])
    with pytest.raises(InvalidInput, match="The source holds"):
        clean_sources([Source("a", "https://example.org/\0")])


@pytest.mark.parametrize("code", ["", "fr", "ar", "pt-BR", "zh-Hant-TW", "gsw"])
def test_language_codes_pass(code: str) -> None:
    """As BCP 47 writes them, and none at all."""
    assert clean_language(code) == code


@pytest.mark.parametrize("code", ["f", "french", "fr_FR", 'fr" onload="', "fr-", "-fr", "fr\n"])
def test_what_is_no_language_code_is_refused(code: str) -> None:
    """The message quotes it and the hint shows how one is written."""
    with pytest.raises(InvalidInput, match="is not a language code") as refused:
        clean_language(code)
    assert "pt-BR" in refused.value.hint


# -- limits ----------------------------------------------------------------------------------------

PICTURE = Media("2012/07/15/7k3m9qx2tb-0123456789.png", "image/png", 1, alt="Un plan")

FITTING: list[dict[str, Any]] = [
    {},
    {"body": "é" * (limits.BODY_BYTES // 2)},
    {"title": "t" * limits.TITLE},
    {"title": "Titre seul", "body": ""},
    {"body": "", "media": (PICTURE,)},
    {"body": "", "state": "retracted", "note": "Faux.\nRetiré."},
    {"body": "", "state": "removed"},
    {"tags": tuple(f"tag {n}" for n in range(limits.LIST))},
    {"tags": ("t" * limits.NAME,)},
    {"sources": (Source("Sans adresse"), Source("Avec", "http://example.org/"))},
    {"figures": (Figure("Baisse", -0.5), Figure("Total", 10**12, "personnes"))},
]


@pytest.mark.parametrize("fields", FITTING)
def test_what_is_within_the_limits_passes(fields: dict[str, Any]) -> None:
    """The limits themselves are inside."""
    validate(revision(**fields))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"id": "20120715"}, "'20120715' is not the id of an entry"),
    ({"body": ""}, "The update is empty"),
    (
        {"body": "é" * (limits.BODY_BYTES // 2) + "x"},
        "The body has 100,001 bytes; the limit is 100,000",
    ),
    ({"title": "t" * (limits.TITLE + 1)}, "The title has 301 characters; the limit is 300"),
    ({"note": "n" * (limits.NOTE + 1)}, "The note has 2,001 characters; the limit is 2,000"),
    ({"author": "a" * (limits.NAME + 1)}, "The author has 201 characters; the limit is 200"),
    ({"idempotency_key": "k" * 201}, "The idempotency key has 201 characters"),
    ({"tags": ("t" * 201,)}, "The tag has 201 characters"),
    ({"sources": (Source("s" * 201),)}, "The source has 201 characters"),
    ({"figures": (Figure("f" * 201, 1),)}, "The figure has 201 characters"),
    ({"figures": (Figure("f", 1, "u" * 201),)}, "The unit has 201 characters"),
    ({"title": "un\ndeux"}, "The title spans several lines"),
    ({"tags": ("un\ndeux",)}, "The tag spans several lines"),
    ({"tags": tuple(f"t{n}" for n in range(51))}, "The update has 51 tags; the limit is 50"),
    ({"sources": (Source("s"),) * 51}, "The update has 51 sources; the limit is 50"),
    ({"figures": (Figure("f", 1),) * 51}, "The update has 51 figures; the limit is 50"),
    ({"media": (Media("a.png", "image/png", 1, alt="x"),) * 51}, "The update has 51 pictures"),
    ({"tags": ("!!!",)}, "The tag '!!!' has neither letter nor digit"),
    ({"sources": (Source("a", "javascript:alert(1)"),)}, "neither https:// nor http://"),
    ({"sources": (Source("a", "/relative"),)}, "neither https:// nor http://"),
    ({"figures": (Figure("Morts", math.nan),)}, "The figure 'Morts' is not a number"),
    ({"figures": (Figure("Morts", math.inf),)}, "The figure 'Morts' is not a number"),
    ({"figures": (Figure("", 5),)}, "figure"),
    ({"sources": (Source("", "https://example.org/"),)}, "source"),
    ({"sources": (Source("a", "https://example.org/\nb"),)}, "source"),
    ({"media": (replace(PICTURE, alt=""),)}, "has no alternative text"),
    ({"media": (replace(PICTURE, path="../../etc/passwd"),)}, "is not one of its own files"),
    ({"media": (replace(PICTURE, path="/etc/passwd"),)}, "is not one of its own files"),
    (
        {"media": (replace(PICTURE, path="2012/07/16/7k3m9qx2tb-0123456789.png"),)},
        "is not one of its own files",
    ),
    ({"media": (replace(PICTURE, type="text/html"),)}, "the type 'text/html'"),
    ({"media": (replace(PICTURE, size=-1),)}, "A number is not between"),
    ({"tags": ("ﷺ" * 50,)}, "The address of the tag has"),
    ({"tags": ("ضحايا" * 30,)}, "The address of the tag has 300 bytes; the limit is 200"),
    ({"figures": (Figure("f", 10**400),)}, "a number of at most 30 digits"),
    ({"figures": (Figure("f", -(10**30)),)}, "a number of at most 30 digits"),
    ({"body": "x\x1b[2J"}, "The body holds the character U+001B"),
    ({"figures": (Figure("f", 1, source="a\x07"),)}, "holds the character U+0007"),
    ({"lang": "en-" + "-".join(["abcdefgh"] * 5)}, "The language code has 47 bytes"),
    ({"verification": "maybe"}, "'maybe'"),
    ({"state": "gone"}, "'gone'"),
    ({"day": "9999-12-31"}, "not between the years 1000 and 9000"),
    ({"published": datetime(9999, 12, 31, tzinfo=UTC)}, "not between the years 1000 and 9000"),
    ({"updated": datetime(1, 1, 1, tzinfo=UTC)}, "not between the years 1000 and 9000"),
    ({"rev": 10**9}, "A number is not between"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_could_not_be_shown_everywhere_is_refused(
    fields: dict[str, Any], message: str
) -> None:
    """The message names the field and its limit, the hint says what to do."""
    with pytest.raises(InvalidInput) as refused:
        validate(revision(**fields))
    assert message in refused.value.message
    assert refused.value.hint


def test_a_revision_is_never_changed() -> None:
    """Records are frozen: a change is a new revision."""
    with pytest.raises(AttributeError):
        revision().title = "Autre"  # type: ignore[misc]


def test_a_record_as_data_has_every_field() -> None:
    """Also those that are empty, ready for JSON."""
    data = as_data(revision(figures=(Figure("Morts", 105),)))
    assert set(data) == set(Revision.__struct_fields__)
    read = msgspec.json.decode(msgspec.json.encode(data))
    assert read["published"] == "2012-07-15T12:00:00Z"
    assert [(f["name"], f["value"]) for f in read["figures"]] == [("Morts", 105)]


def test_what_is_plain_holds_nothing_forbidden() -> None:
    """Whatever the character."""
    characters = map(chr, range(sys.maxunicode + 1))
    assert not [c for c in characters if is_plain(c) and FORBIDDEN.search(c)]
    assert is_plain("« Été » : 1\u202f000\nÀ Homs\xa0!")
