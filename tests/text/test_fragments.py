"""Functions for sanitized HTML fragments."""

from __future__ import annotations

import pytest

from liveblog.text.fragments import (
    ROOT,
    html_to_text,
    replace_in_tags,
    set_picture_sizes,
    split_tags,
    with_root,
)
from liveblog.text.markup import to_html

from ..conftest import plain


def test_the_way_to_the_root_is_put_in_last() -> None:
    """Relative on a page, absolute in a feed."""
    fragment = to_html("[là](2012/W29/)")
    assert 'href="../../2012/W29/"' in with_root(fragment, "../../")
    assert 'href="https://example.org/2012/W29/"' in with_root(fragment, "https://example.org/")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>Un</p><p>Deux</p>", "Un Deux"),
        ("<ul><li>un</li><li>deux</li></ul>", "un deux"),
        ("un<br>deux", "un deux"),
        ("<h4>Titre</h4><p>Texte</p>", "Titre Texte"),
        ("<p>5 &lt; 6 &amp; 7</p>", "5 < 6 & 7"),
        ("<p>&lt;b&gt;</p>", "<b>"),
        ("<p>a</p><script>alert(1)</script>", "a"),
        ("<p>Vraiment\u202f?</p>", "Vraiment\u202f?"),
        ("  <p> a \n\n b </p> ", "a b"),
        ("", ""),
    ],
)
def test_plain_text_has_the_words_only(source: str, expected: str) -> None:
    """Blocks are kept apart, entities read, no-break spaces kept."""
    assert plain(source) == expected


def test_pictures_in_mails_get_their_size_and_nothing_else_changes() -> None:
    """Addresses stay as they were written."""
    fragment = (
        f'<p>a &lt;img src="x"&gt;</p><img src="{ROOT}media/%C3%A9.png" alt="&quot;é&gt;" width="9"'
        f' loading="lazy" decoding="async"><a href="{ROOT}tags/%C3%A9/">é</a>'
    )
    assert set_picture_sizes(fragment, {"media/é.png": (1000, 500)}, 500) == (
        f'<p>a &lt;img src="x"&gt;</p><img src="{ROOT}media/%C3%A9.png" alt="&quot;é&gt;" '
        f'width="500" height="250"><a href="{ROOT}tags/%C3%A9/">é</a>'
    )


def test_a_text_is_replaced_within_tags_only() -> None:
    """The same text between them stays."""
    assert replace_in_tags('<a href="#x">a href="#x"</a>', ' href="#', ' href="u#') == (
        '<a href="u#x">a href="#x"</a>'
    )


def test_texts_and_tags_alternate() -> None:
    """Values of attributes may contain angle brackets."""
    assert split_tags('a<b title="x > y">c</b>') == ["a", '<b title="x > y">', "c", "</b>", ""]
    assert html_to_text('a<b title="x > y">c</b>') == "ac"
