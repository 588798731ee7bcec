"""Control characters in text that people read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.controls import close_directions, visible, visible_line

CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def depth(text: str) -> tuple[int, int]:
    """Return how many levels a text leaves open, and how many it closes around itself (UAX #9)."""
    stack: list[str] = []
    around = 0
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in ("LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI"):
            stack.append(kind)
        elif kind == "PDF":
            if stack and not stack[-1].endswith("I"):
                stack.pop()
            else:
                around += 1
        elif kind == "PDI":
            if not any(opened.endswith("I") for opened in stack):
                around += 1
                continue
            while not stack.pop().endswith("I"):
                pass
        elif kind == "B":
            stack.clear()
    return len(stack), around


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("plain", "plain"),
        ("\u202eturned", "\u202eturned\u202c"),
        ("\u2067a\u202eb", "\u2067a\u202eb\u202c\u2069"),
        ("\u2067a\u202eb\u2069c", "\u2067a\u202eb\u2069c"),
        ("\u202ea\u202c b", "\u202ea\u202c b"),
        ("a\u202c\u2069b", "ab"),
        ("\u202eone\ntwo", "\u202eone\u202c\ntwo"),
        ("\u200eמ\u200f", "\u200eמ\u200f"),
    ],
)
def test_what_a_text_opens_it_closes(text: str, closed: str) -> None:
    """A control without its partner is closed, or dropped if it would close what is around."""
    assert close_directions(text) == closed


@given(st.text(st.sampled_from(CONTROLS + "aם\n\u2029\u200f")))
def test_no_text_turns_round_what_stands_after_it(text: str) -> None:
    """Whatever controls it holds; what is closed already stays as it is."""
    closed = close_directions(text)
    assert all(depth(part) == (0, 0) for part in closed.replace("\u2029", "\n").split("\n"))
    assert close_directions(closed) == closed
    assert [c for c in closed if c not in CONTROLS] == [c for c in text if c not in CONTROLS]


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x1b\x9b\x00\r\ud800")))
def test_a_terminal_has_nothing_to_obey(text: str) -> None:
    """No control but tab and newline is left, and no surrogate that cannot be written at all."""
    shown = visible(text)
    assert {c for c in shown if unicodedata.category(c) in ("Cc", "Cs")} <= {"\t", "\n"}
    shown.encode()
    assert visible(shown) == shown
    assert not set(visible_line(text)) & {"\t", "\n"}


def test_what_was_there_can_be_told() -> None:
    """Each control is shown as programmers write it; a byte of a file's name as the byte."""
    assert visible("a\x1b[2J\x9b\u0085\r\ud800\udcff\ufdd0\tb\n") == (
        r"a\x1b[2J\x9b\x85\x0d\ud800\xff\ufdd0" "\tb\n"
    )
    assert visible_line("a\nb\tc") == r"a\nb c"
