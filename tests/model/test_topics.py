"""Topics: which tags are one, which are not, and their part of an address."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from liveblog.model.entry import slug
from liveblog.model.errors import InvalidInput
from liveblog.model.topics import _topic_slug, clean_tags, requested_topic, topic_slug


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C", "C++"),
        ("C++", "C#"),
        ("C/C++", "C/C"),
        ("A+", "A-"),
        ("A", "A-"),
        (".NET", "NET"),
        ("R&B", "R B"),
        ("50 %", "50"),
        ("Qui ?", "Qui"),
        ("Team 🔴", "Team 🔵"),
        ("パリ", "ハリ"),
        ("कल", "काल"),
        ("काला x", "कालाx"),
        ("กิน", "กัน"),
        ("мой", "мои"),
        ("Київ", "Киів"),
        ("ѓон", "гон"),
    ],
)
def test_different_topics_never_share_an_address(one: str, other: str) -> None:
    """Signs, and marks that are a part of their letter, tell topics apart."""
    assert topic_slug(one) != topic_slug(other)
    assert clean_tags([one, other]) == (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Réfugiés", "refugies"),
        ("l’Élysée", "l'Elysée"),
        ("COVID-19", "Covid 19"),
        ("#Damas", "Damas"),
        ("Q & A", "Q&A"),
        ("A-", "A−"),
        ("دِمَشق", "دمشق"),
        ("ёлка", "елка"),
        ("C/C++", "C C++"),
        ("Ἀθήνα", "αθηνα"),
    ],
)
def test_spellings_of_a_topic_share_its_address(one: str, other: str) -> None:
    """Case, accents, vowel signs, spaces, hyphens and quotation marks do not count."""
    assert topic_slug(one) == topic_slug(other)
    assert clean_tags([one, other]) == (one,)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("Damas", "damas"),
        ("Conseil de sécurité", "conseil-de-securite"),
        ("مجلس الأمن", "مجلس-الامن"),
        ("東京", "東京"),
        ("2012-W29", "2012-w29"),
        ("Node.js", "node-js"),
        ("C#", "c＃"),
        ("Q & A", "q＆a"),
        ("!!!", ""),
        ("👍", ""),
        ("", ""),
    ],
)
def test_a_topic_has_a_readable_address(tag: str, expected: str) -> None:
    """Signs have their full width, which is safe in file names; words alone are as they were."""
    assert topic_slug(tag) == expected
    if tag.replace(" ", "").replace("-", "").isalnum():
        assert topic_slug(tag) == slug(tag)


@given(st.text(max_size=40))
@example("a-＃ b")
@example("{#0")
@example("##.a")
@example("é\u0323\u0301 -")
def test_the_slug_of_a_topic_is_a_safe_name_of_a_folder(tag: str) -> None:
    """It holds no ASCII sign but ``-`` and no white space, and its own slug is itself."""
    made = topic_slug(tag)
    assert all(c.isalnum() or c == "-" or not c.isascii() for c in made)
    assert not any(c.isspace() or unicodedata.category(c)[0] == "C" for c in made)
    assert made == made.strip("-")
    assert "--" not in made
    assert topic_slug(made) == made


def test_a_slug_of_what_is_no_tag_is_not_held_in_memory() -> None:
    """Strangers may ask a search for any number of long ones."""
    before = _topic_slug.cache_info().currsize
    assert topic_slug("a" * 201) == "a" * 201
    assert _topic_slug.cache_info().currsize == before


def test_a_request_for_what_is_no_tag_is_refused() -> None:
    """A tag has a letter or a digit."""
    assert requested_topic("C++") == requested_topic("c＋＋")
    with pytest.raises(InvalidInput, match=r"'\?' is not a tag"):
        requested_topic("?")


def test_a_tag_keeps_its_first_spelling_and_place() -> None:
    """The order is that of first mention."""
    assert clean_tags(["Damas", " Alep ", "damas", "DAMAS"]) == ("Damas", "Alep")
    assert clean_tags([]) == ()
