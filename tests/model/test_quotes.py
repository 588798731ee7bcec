"""Quotes of entries in introductions and closes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.model.quotes import drop_quotes, quoted_ids
from liveblog.text.markup import to_html

ONE, TWO = "20120715-7k3m9qx2tb", "20120716-0000000000"

QUOTE = f"> Le pont\n> est rouvert.\n>\n> — [Ana, 15 juillet](entry:{ONE})"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (QUOTE, ""),
        (f"Avant.\n\n{QUOTE}\n\nAprès.", "Avant.\n\nAprès."),
        (f"Avant.\n{QUOTE}\n\nAprès.", "Avant.\n\nAprès."),
        (f"Avant.\n\n{QUOTE}\n\n{QUOTE.replace(ONE, TWO)}",
         "Avant.\n\n" + QUOTE.replace(ONE, TWO)),
        (f"> Le pont\nest rouvert.\n> [Ana](entry:{ONE})\n\nAprès.", "Après."),
        (f"- > Le pont [Ana](entry:{ONE})\n\nAprès.", "Après."),
        (f"   > Le pont [Ana](entry:{ONE})", ""),
        (f"Voir [cette nouvelle](entry:{ONE}).", f"Voir [cette nouvelle](entry:{ONE})."),
        ("> Une autre citation.\n\nTexte.", "> Une autre citation.\n\nTexte."),
        (f"    code\n\n\n\n> [](entry:{TWO})", f"    code\n\n\n\n> [](entry:{TWO})"),
    ],
)  # fmt: skip
def test_a_quote_of_an_entry_is_dropped(text: str, left: str) -> None:
    """The whole quotation and nothing else; other quotations and links stay."""
    assert drop_quotes(text, {ONE}) == left


def test_the_entries_that_a_text_quotes_are_known() -> None:
    """A link outside of a quotation is none."""
    assert quoted_ids(f"{QUOTE}\n\n{QUOTE.replace(ONE, TWO)}") == {ONE, TWO}
    assert quoted_ids(f"[x](entry:{ONE})\n\n> y") == frozenset()
    assert quoted_ids(f"> [x](entry:{ONE}0)") == frozenset()


def test_the_link_of_a_quote_is_the_permalink() -> None:
    """On every page; a link to what is no id leads nowhere."""
    assert 'href="\ufdd02012/07/15/7k3m9qx2tb/"' in to_html(QUOTE)
    assert "entry:" not in to_html("[x](entry:javascript)")


LINES = st.lists(
    st.sampled_from(
        ["", "Texte.", "> SECRET", "SECRET suite", f"> [A](entry:{ONE})", f"> [B](entry:{TWO})",
         "- > SECRET", "# Titre", ">", "> > SECRET"]
    ),
    max_size=12,
)  # fmt: skip


@given(LINES)
def test_no_quotation_with_the_link_is_left(lines: list[str]) -> None:
    """Whatever surrounds it: what is rendered holds no quotation with a link to the entry."""
    left = drop_quotes("\n".join(lines), {ONE})
    quotations = re.findall(r"<blockquote>.*?</blockquote>", to_html(left), re.DOTALL)
    assert not any("7k3m9qx2tb" in quotation for quotation in quotations)
    assert drop_quotes(left, {ONE}) == left
    assert quoted_ids(left) <= {TWO}
