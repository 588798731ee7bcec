"""HTML to Markdown: no word, link, list, quote, table or picture is lost, and nothing acts."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from liveblog.imports.html import Image, to_markdown
from liveblog.text.fragments import html_to_text, with_root
from liveblog.text.markup import to_html
from liveblog.text.sanitizer import sanitize

from ..conftest import plain, tries
from ..text.test_markup import HOSTILE

SITE = "https://example.org/blog/"


def shown(markdown: str) -> str:
    """Return what a page shows of a Markdown text, with white space folded as a browser does."""
    return re.sub(r"\s+", " ", with_root(to_html(markdown), SITE))


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("<p>One <b>bold</b>, <i>two</i>,\n three.</p><p>Four.</p>", None),
        ("", ""),
        ("  \n ", ""),
        ("<!-- nothing -->", ""),
        ("Plain text", "Plain text"),
        ("<p>a<br>b</p>", "a\\\nb"),
        ("<p>a<br><br>b</p>", "a\n\nb"),
        ("<div>a<div>b</div>c</div>", "a\n\nb\n\nc"),
        ("<a href='/x'>x</a>", "[x](https://example.org/x)"),
        ("<a href='y.html'>x</a>", "[x](https://example.org/blog/y.html)"),
        ("<a href='//e.org/'>x</a>", "[x](https://e.org/)"),
        ("<a href='https://e.org/a b(c)'>x</a>", "[x](https://e.org/a%20b%28c%29)"),
        ("<a href='https://e.org'>https://e.org</a>", "<https://e.org>"),
        ("<a href='mailto:a@e.org'>a@e.org</a>", "<a@e.org>"),
        ("<a href='https://e.org'><b>x</b>] y</a>", "[**x**\\] y](https://e.org)"),
        ("<a href='#here'>x</a>", "x"),
        ("<a href='https://e.org/'></a>x", "x"),
        ("<b>a </b>b", "**a** b"),
        ("a<b>b</b>c", "a**b**c"),
        ("a <b>b<i>c</i></b>!", "a <strong>b*c*</strong>!"),
        ("<b></b>x", "x"),
        ("H<sub>2</sub>O", "H<sub>2</sub>O"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n  - c"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li><p>a</p><li><p>b</p></ul>", "- a\n\n- b"),
        ("<ul><li>a</ul><ul><li>b</ul>", "- a\n\n* b"),
        ("<ol><li>a</ol><ol><li>b</ol>", "1. a\n\n1) b"),
        ("<blockquote><p>a<p>b</blockquote>", "> a\n>\n> b"),
        ("<h2>A</h2><h3>B</h3>", "# A\n\n## B"),
        ("<h5>A</h5>", "## A"),
        ("a<hr>b", "a\n\n***\n\nb"),
        ("<p>a <code>x`y</code></p>", "a ``x`y``"),
        ("<pre><code class='language-py'>if x:\n    y</code></pre>", "```py\nif x:\n    y\n```"),
        ("<pre>a\n```\nb</pre>", "````\na\n```\nb\n````"),
        ("<dl><dt>a<dd>b</dl>", "**a**\n\nb"),
        ("1. no list", "1\\. no list"),
        ("# no heading", "\\# no heading"),
        ("*no* _emphasis_ `code` [link](x) <b", "\\*no\\* \\_emphasis\\_ \\`code\\` \\[link\\](x)"),
        ("&lt;b&gt;no tag&lt;/b&gt; &amp;amp;", "\\<b>no tag\\</b> \\&amp;"),
        ("snake_case_word", "snake_case_word"),
        ("see https://e.org/a_b.", "see <https://e.org/a_b>."),
        ("<iframe src='https://e.org/v' title='Film'></iframe>", "[Film](https://e.org/v)"),
        ("<video><source src='/f.mp4'>Film</video>", None),
        ("<p>\x00a\x1fb</p>", "ab"),
        ("<b>unclosed <i>x", "<strong>unclosed *x*</strong>"),
        ("</p></div>x", "x"),
        ("<base href='https://e.org/y/'><a href='z'>x</a>", "[x](https://e.org/y/z)"),
    ],
)
def test_what_html_says_markdown_says(source: str, markdown: str | None) -> None:
    """One case for each thing that a text is made of."""
    found = to_markdown(source, base=SITE)
    if markdown is not None:
        assert found.replace("> \n", ">\n") == markdown
    assert plain(to_html(found)).split() or not html_to_text(sanitize(source))


def test_a_table_keeps_its_rows_and_columns() -> None:
    """Heads, spans, sides, a pipe in a cell."""
    source = """<table><caption>Dead</caption><thead><tr><th>Day<th align=right>Number</thead>
      <tr><td>Monday<td>1|2<tr><td colspan=2>none<br>at all</table>"""
    assert to_markdown(source) == (
        "Dead\n\n| Day | Number |\n| --- | --: |\n| Monday | 1\\|2 |\n| none<br>at all |  |"
    )
    assert "<td>1|2</td>" in to_html(to_markdown(source)).replace(' align="right"', "")


def test_a_table_for_layout_becomes_its_texts() -> None:
    """As mail programs and old pages write them."""
    source = "<table><tr><td><p>One</p><p>Two</p></table>"
    assert to_markdown(source) == "One\n\nTwo"


def test_footnotes_stay_footnotes() -> None:
    """As Markdown renders them, and as other programs write them."""
    ours = "One[^1] two[^2], one again[^1].\n\n[^1]: First *note*.\n\n[^2]: Second.\n\n    More."
    assert to_markdown(to_html(ours, anchor="x")) == ours
    theirs = """<p>A<sup data-fn="u" class="fn"><a href="https://e.org/p#u" id="u-link">1</a></sup>
      b<a href="#w"><sup>2</sup></a></p><hr><ol class="footnotes"><li id="u">First
      <a href="#u-link">↩︎</a></li><li id="w">Second <a href="/x">x</a></li></ol>"""
    assert to_markdown(theirs, base=SITE) == (
        "A[^1] b[^2]\n\n[^1]: First\n\n[^2]: Second [x](https://example.org/x)"
    )


def test_a_footnote_that_nothing_leads_to_keeps_its_words() -> None:
    """Where its mark stands in code, no link can lead there."""
    source = "<pre>x<sup><a href='#n'>1</a></sup></pre><ol><li id=n>Note</ol>"
    assert to_markdown(source) == "```\nx1\n```\n\nNote"


def test_a_link_within_a_page_that_is_no_footnote_keeps_its_words() -> None:
    """A list of contents, a raised link to another page."""
    source = "<p><a href='#a'>A</a> <sup><a href='/n'>1</a></sup></p><ul><li id=a>x</ul>"
    assert to_markdown(source, base=SITE) == "A <sup>[1](https://example.org/n)</sup>\n\n- x"


def test_pictures_are_offered_once_with_what_is_said_of_them() -> None:
    """Those that are taken leave the text; the others become links."""
    source = """<figure><img src="/a.png" alt="A bridge"><figcaption>At noon</figcaption></figure>
      <p>x <img src="b.png"> <img src="/a.png"> <img src="data:image/png;base64,AA">
      <img src="https://count.example/p.gif" width=1 height=1></p>"""
    offered: list[Image] = []

    def decline(image: Image) -> bool:
        offered.append(image)
        return False

    to_markdown(source, base=SITE, take=decline)
    assert offered == [
        Image("https://example.org/a.png", "A bridge", "At noon"),
        Image("https://example.org/blog/b.png"),
    ]
    taken = to_markdown(source, base=SITE, take=lambda image: image.url.endswith("a.png"))
    assert taken == "x [b.png](https://example.org/blog/b.png)"
    assert "[A bridge](https://example.org/a.png)" in to_markdown(source, base=SITE)


@pytest.mark.parametrize("credit", ["Agency", "<em>Agency</em>"])
def test_a_link_in_a_caption_stays_in_the_text(credit: str) -> None:
    """A licence demands its credit, whatever the link holds; a caption without one is taken."""
    source = (
        "<figure><img src='/a.png'><figcaption>Photo: "
        f"<a href='https://agency.example/1'>{credit}</a>, CC BY</figcaption></figure>"
    )
    taken = to_markdown(source, base=SITE, take=lambda image: True)
    assert "(https://agency.example/1), CC BY" in taken
    plain_caption = "<figure><img src='/a.png'><figcaption>Photo: Agency</figcaption></figure>"
    assert to_markdown(plain_caption, base=SITE, take=lambda image: True) == ""


def test_a_picture_linked_to_its_own_file_leaves_no_link() -> None:
    """Many programs link each picture to a larger one."""
    source = "<a href='https://e.org/a.jpg'><img src='https://e.org/a-300x200.jpg' alt=x></a>"
    assert to_markdown(source, take=lambda image: True) == ""
    elsewhere = source.replace("https://e.org/a.jpg", "https://e.org/story")
    assert "https://e.org/story" in to_markdown(elsewhere, take=lambda image: True)


@pytest.mark.parametrize("source", [text for text in HOSTILE if "<" in text])
def test_hostile_html_yields_markdown_without_any_of_it(source: str) -> None:
    """Neither in the Markdown nor on a page; the sanitiser behind it finds nothing to do."""
    found = to_markdown(f"<p>before</p>{source}<p>after</p>", base=SITE)
    assert "before" in found
    assert "after" in found or source.endswith("onload=alert(1)>)")  # an <svg> without end
    acting = r"(?<!\\)<(?!/?(?:strong|em|sub|sup|https?:)\b)|(?<!\\)\]\((?!https?:|mailto:)"
    assert not re.search(acting, found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "tag",
    [
        "div",
        "b",
        "ul",
        "ul><li",
        "blockquote",
        "table><tr><td",
        "a href=https://e.org",
        "p",
        "object",
    ],
)
@pytest.mark.parametrize("closes", [True, False])
def test_what_is_nested_beyond_reason_keeps_its_words(tag: str, closes: bool) -> None:
    """A hundred thousand elements in each other, closed or not."""
    close = "".join(f"</{name.split()[0]}>" for name in reversed(tag.split("><")))
    source = "before" + f"<{tag}>" * 100_000 + "within" + close * 100_000 * closes + "<p>after</p>"
    found = to_markdown(source)
    assert all(word in found for word in ("before", "within", "after"))
    assert len(found) < 10_000


@pytest.mark.slow
@pytest.mark.parametrize(
    "source",
    [
        "<b>a</b> " * 50_000,
        "<p>a</p>" * 50_000,
        "<td>a" * 50_000,
        "<ul><li>a</ul>" * 20_000,
        "<a href='https://e.org'><img src=https://e.org/x.png></a>" * 20_000,
        "*_`[<&" * 50_000,
        "".join(f"<sup><a href=#n{n}>1</a></sup><li id=n{n}>x" for n in range(20_000)),
        "https://" * 50_000,
        "<" * 500_000,
        "&" * 500_000,
        "<!--" * 100_000,
    ],
)
def test_a_long_text_is_read_to_its_end(source: str) -> None:
    """Time grows with length: each of these would take hours if it grew with its square."""
    to_markdown(source)


# -- there and back --------------------------------------------------------------------------------

_WORDS = [
    "a", "Ä", "دمشق", "*x*", "**y**", "~~z~~", "***q***", "**a *b* c**", "`c`", "`` ` ``", "\\*",
    "[l](https://e.org/a_b)", "[r](about)", "[m](mailto:a@e.org)", "[i [j]](https://e.org/%28)",
    "<https://e.org>", "https://e.org/x?a=1&b=2", "www.e.org", "a@b.org", "![i](https://e.org/i.png)",
    "1.", "-", "#", "|", "_u_", "<sub>2</sub>", "&amp;", "&lt;b>", "&", "!", ":", "=", "+", "(x)",
    "[x]", "http://", "snake_case_x", "\n", ">",
]  # fmt: skip
_INLINE = (
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=8).map(" ".join).map(str.strip)
).filter(lambda text: bool(plain(to_html(text))))
_LINE = _INLINE.map(lambda text: " ".join(text.split()))


def _indented(marker: str, text: str) -> str:
    return marker + text.replace("\n", "\n" + " " * len(marker))


def _within(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(inner, min_size=1, max_size=3)
    short = st.lists(_LINE.map("a ".__add__), min_size=1, max_size=3)
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("\n\n".join),
        inner.map(lambda text: re.sub("^", "> ", text, flags=re.MULTILINE)),
        items.map(lambda found: "\n\n".join(_indented("- ", item) for item in found)),
        items.map(lambda found: "\n\n".join(_indented("3. ", item) for item in found)),
        short.map(lambda found: "\n".join(f"- {item}\n  1. {item}" for item in found)),
    )


_BLOCK = st.one_of(
    _INLINE.map("a ".__add__),
    st.tuples(st.integers(1, 3), _LINE).map(lambda pair: f"{'#' * pair[0]} a {pair[1]}"),
    _INLINE.map(lambda text: f"```\n{text}\n  x\n```"),
    st.tuples(_LINE, _LINE)
    .map(lambda pair: [text.replace("|", "\\|") for text in pair])
    .map(lambda pair: f"| a | b |\n| --- | :-: |\n| a {pair[0]} | {pair[1]} |"),
)


@pytest.mark.parametrize("block", ["# b", "```\n  b\n  ```", "> b", "- b"])
def test_a_block_directly_below_the_text_of_an_item_stays_there(block: str) -> None:
    """A blank line would make paragraphs of the list's items."""
    page = shown(f"- a\n  {block}\n- c")
    assert shown(to_markdown(page, base=SITE)) == page


@tries(100, ci=300)
@given(st.recursive(_BLOCK, _within, max_leaves=6))
def test_our_own_pages_come_back_as_they_were(markdown: str) -> None:
    """Markdown, rendered, read back and rendered again is the same page.

    But for empty headings and quotations, of which nothing is shown.
    """
    page = shown(markdown)
    assume(not re.search(r"<(h\d)></\1>|<blockquote>\s*</blockquote>", page))
    assert shown(to_markdown(page, base=SITE)) == page


@tries(200, ci=500)
@given(st.text("ab *_`[]()<>#-+.!|\\~&;:/\n1=\"'é", max_size=30))
@example("1 ` `1")
def test_any_text_keeps_its_words_and_becomes_stable(markdown: str) -> None:
    """Whatever a renderer makes of odd signs, the words stay and a second pass changes nothing."""
    page = shown(markdown)
    once = to_markdown(page, base=SITE)
    assert "".join(plain(shown(once)).split()) == "".join(plain(page).split())
    assert to_markdown(shown(once), base=SITE) == once


@given(st.text(max_size=200))
def test_no_text_is_too_odd(source: str) -> None:
    """Whatever comes, Markdown that can be rendered goes out."""
    to_html(to_markdown(source, base=source))
