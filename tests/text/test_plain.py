"""Functions for plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.text.bidi import close_controls
from liveblog.text.plain import collapse_space, highlight, shorten, unescape


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Un texte court", 20, "Un texte court"),
        ("Un texte court", 14, "Un texte court"),
        ("Un texte trop long", 12, "Un texte…"),
        ("Un, deux", 7, "Un…"),
        ("Anticonstitutionnellement", 10, "Anticonst…"),
        (
            "3 janvier : 港口罢工进入第十二天工会拒绝新的提案政府呼吁双方重返谈判桌",
            40,
            "3 janvier : 港口罢工进入第十二天工会拒绝新的提案政府呼吁双方重返谈…",
        ),
        ("Il dit « oui » à tous", 10, "Il dit…"),
    ],
)
def test_a_text_is_cut_at_a_word(text: str, limit: int, expected: str) -> None:
    """With an ellipsis, and without the punctuation before it."""
    assert shorten(text, limit) == expected


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_shortened_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    """It is the text itself or its beginning and an ellipsis."""
    short = shorten(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@pytest.mark.parametrize("limit", range(1, 40))
def test_a_text_that_is_cut_leaves_no_direction_open(limit: int) -> None:
    """And has no more characters for that."""
    cut = shorten(
        "\u2067\u202eone\u202c \u202atwo\u2066 three four five six\u2069\u202c\u2069" * 2, limit
    )
    assert cut == close_controls(cut)
    assert len(cut) <= limit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &lt;b&gt; &eacute;", "a <b> é"),
        ("&#233;&#xe9;", "éé"),
        ("&#99999999;", "\ufffd"),
        ("&#x" + "f" * 5000 + ";", "\ufffd"),
        ("&unknown;", "&unknown;"),
    ],
)
def test_character_references_are_replaced(text: str, expected: str) -> None:
    """A number of any length is no error."""
    assert unescape(text) == expected


def test_white_space_is_collapsed_but_not_no_break_spaces() -> None:
    """A run of spaces, tabs and line ends becomes one space."""
    assert collapse_space("a \n\t b\r\nc\u00a0 \u202fd") == "a b c\u00a0 \u202fd"


def test_hits_are_marked_and_everything_is_escaped() -> None:
    """The pieces come from texts of readers and authors."""
    assert highlight([(True, "<b>"), (False, " & c")]) == "<mark>&lt;b&gt;</mark> &amp; c"
