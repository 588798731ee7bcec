"""Bidirectional controls: a text closes what it opened."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.text.bidi import close_all_controls, close_controls

OPENING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"


def left_open(line: str) -> list[str]:
    """Return the controls that are open at the end of a line, by the rules of UAX #9 alone."""
    opened: list[str] = []
    for character in line:
        kind = unicodedata.bidirectional(character)
        if kind in ("LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI"):
            opened.append(kind)
        elif kind == "PDF" and opened and not opened[-1].endswith("I"):
            opened.pop()
        elif kind == "PDI" and any(other.endswith("I") for other in opened):
            while not opened.pop().endswith("I"):
                pass
    return opened


@given(st.text(alphabet=f"ab\n\u2029{OPENING}\u202c\u2069", max_size=30))
def test_no_line_leaves_a_control_open(text: str) -> None:
    """Whatever a text opens and closes; only closing controls are added, and nothing twice."""
    found = close_controls(text)
    for line in found.replace("\u2029", "\n").split("\n"):
        assert left_open(line) == []
    assert close_controls(found) == found
    rest = iter(found)
    assert all(character in rest for character in text)
    added = "".join(found).translate(dict.fromkeys(map(ord, "\u202c\u2069")))
    assert added == text.translate(dict.fromkeys(map(ord, "\u202c\u2069")))


@pytest.mark.parametrize("opening", OPENING)
def test_each_control_is_closed_by_its_own(opening: str) -> None:
    """Embeddings and overrides by PDF, isolates by PDI."""
    closing = "\u2069" if opening >= "\u2066" else "\u202c"
    assert close_controls(f"{opening}turned") == f"{opening}turned{closing}"


def test_texts_without_controls_stay_as_they_are() -> None:
    """Arabic needs none."""
    assert close_controls("حوار about Damas") == "حوار about Damas"


def test_the_texts_of_plain_data_are_closed() -> None:
    """At every depth; what is no text stays."""
    data = {"a": ["\u202ex", 1, None], "b": {"c": ("\u2067y",)}}
    assert close_all_controls(data) == {
        "a": ["\u202ex\u202c", 1, None],
        "b": {"c": ("\u2067y\u2069",)},
    }
