"""Control characters in text that is printed to a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from liveblog.text.controls import escape_controls, escape_line


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from("\x1b\x9b\x00\r\ud800")))
def test_a_terminal_has_nothing_to_obey(text: str) -> None:
    """No control but tab and newline is left, and no surrogate that cannot be written at all."""
    shown = escape_controls(text)
    assert {c for c in shown if unicodedata.category(c) in ("Cc", "Cs")} <= {"\t", "\n"}
    shown.encode()
    assert escape_controls(shown) == shown
    assert not set(escape_line(text)) & {"\t", "\n"}


def test_escapes_show_what_was_there() -> None:
    """Each control is shown as programmers write it; a byte of a file's name as the byte."""
    assert escape_controls("a\x1b[2J\x9b\u0085\r\ud800\udcff\ufdd0\tb\n") == (
        r"a\x1b[2J\x9b\x85\x0d\ud800\xff\ufdd0" "\tb\n"
    )
    assert escape_line("a\nb\tc") == r"a\nb c"
