"""Functions for sanitized HTML fragments."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from liveblog.text.fragments import (
    ROOT,
    html_to_text,
    replace_in_tags,
    set_picture_sizes,
    split_tags,
    with_root,
)
from liveblog.text.markup import to_html
from liveblog.text.meaning import mark_struck

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
        ("<div>Un</div><div>Deux</div>", "Un Deux"),
        ("Un<p>Deux</p>", "Un Deux"),
        ("", ""),
    ],
)
def test_plain_text_has_the_words_only(source: str, expected: str) -> None:
    """Blocks are kept apart, entities read, no-break spaces kept."""
    assert plain(source) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("Le bilan est de ~~40~~ 12 morts.", "Le bilan est de 12 morts."),
        ("Elle est perdue, <del>la maire <s>a</s> part</del>.", "Elle est perdue."),
        ("~~Tout~~", ""),
        ("10<sup>6</sup> litres, 2 m<sup>2</sup>, CO<sub>2</sub>", "10⁶ litres, 2 m², CO₂"),
        ("10<sup>−3</sup> x<sub>max</sub> x<sup>a+b</sup>", "10⁻³ x_max x^(a+b)"),
        ("1<sup>er</sup>, M<sup>me</sup>, M<sup>e</sup>, 2<sup>nd</sup>", "1er, Mme, Me, 2nd"),
        ("Le bilan est de 12[^1].\n\n[^1]: À midi.", "Le bilan est de 12."),
        ("Le bilan est de 12[^né].\n\n[^né]: À midi.", "Le bilan est de 12."),
        ("|  | N |\n|--|--|\n| Morts | 12 |\n| Blessés | 40 |", "| N; Morts | 12; Blessés | 40"),
        ("<dl><dt>Morts</dt><dd>12</dd><dt>Blessés</dt><dd>40</dd></dl>", "Morts: 12; Blessés: 40"),
        ("<q>Oui</q>, dit-il", "“Oui”, dit-il"),
        ("Vraiment ; oui : non", "Vraiment ; oui : non"),
    ],
)
def test_plain_text_keeps_the_meaning_of_tags(markdown: str, expected: str) -> None:
    """What is struck is left out; raised and lowered text, notes, cells are no digits of others."""
    assert html_to_text(to_html(markdown)) == expected


def test_plain_text_is_the_same_of_html_that_is_marked_as_safe() -> None:
    """Markup, which escapes what is joined to it: templates and pages hand fragments on as such."""
    source = to_html("Le bilan : ~~40~~ 12 ; 10<sup>6</sup> litres, ~~perdus~~.[^1]\n\n[^1]: Note.")
    assert html_to_text(Markup(source)) == html_to_text(source)
    assert "10⁶" in html_to_text(Markup(source))
    assert mark_struck(Markup(source), "<b>", "</b>") == mark_struck(source, "<b>", "</b>")


def test_the_words_of_footnotes_can_be_searched() -> None:
    """Without their numbers and the links back."""
    body = to_html("Douze[^1].\n\n[^1]: À midi, dit la mairie.")
    assert html_to_text(body, has_footnotes=True) == "Douze. À midi, dit la mairie."


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
