"""Markdown to safe HTML: nothing active remains, and what authors mean is rendered."""

from __future__ import annotations

import re
import resource
from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from liveblog.text.fragments import ROOT, with_root
from liveblog.text.locale import Words
from liveblog.text.markup import split_blocks, to_html
from liveblog.text.typography import NARROW, NBSP

# What may appear on a page, spelled out here: the product's own tables are under test.
_TAGS = """
a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h3 h4 h5
h6 hr i img ins kbd li mark ol p pre q s samp section small span strong sub sup table tbody td tfoot
th thead time tr u ul var
"""
TAGS = set(_TAGS.split())
_ATTRIBUTES = """
lang dir title href hreflang id class rel cite src alt width height start align colspan rowspan
scope datetime
"""
ATTRIBUTES = set(_ATTRIBUTES.split())
CLASSES = {"footnotes", "footnote-ref", "footnote-backref"}
ADDRESSES = re.compile(r"https?:|mailto:|tel:|#|//|" + ROOT)

french_spaces = Words("fr", UTC).typography

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<img src=x onerror="alert(1)">',
    "<img src='javascript:alert(1)'>",
    '<img src="https://evil.example/pixel.gif" alt="x">',
    '<svg onload="alert(1)"><script>alert(1)</script></svg>',
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="vbscript:x" onclick="alert(1)" style="position:fixed">x</a>',
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "<style>body{display:none}</style>",
    "<p style='position:fixed'>x</p>",
    "<iframe src='https://evil.example/'></iframe>",
    "<object data='x'></object><embed src='x'>",
    "<form action='https://evil.example/'><input name=a><button>x</button></form>",
    "<textarea><script>alert(1)</script></textarea>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/x.css'>",
    "<video src=x onerror=alert(1)></video><audio autoplay src=x>",
    "<div onmouseover=alert(1) class='evil' id='evil' name='evil'>x</div>",
    "<!-- --!><script>alert(1)</script> -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<details open ontoggle=alert(1)>x",
    "<table><td background='javascript:alert(1)'>x",
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    f"<a href='{ROOT}x' onclick=alert(1)>x</a>",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    '[x](https://example.org/ "a\\" onmouseover=alert(1)")',
    "<img src=media/a.png onload=alert(1)>",
    "<a href='//evil.example'\nonclick='alert(1)'>x</a>",
    "<p/onclick=alert(1)>",
    "</div></article></main><h1>x</h1>",
    "«\0»",
]


def assert_harmless(html: str) -> None:
    """Parse a fragment as a browser would, and look at every element and attribute."""
    tree = lxml_html.fragment_fromstring(html, create_parent="main")
    for element in tree.iterdescendants():
        assert isinstance(element.tag, str), "a comment or an instruction"
        assert element.tag in TAGS
        for name, value in element.attrib.items():
            assert name in ATTRIBUTES, f"<{element.tag} {name}>"
            if name in ("href", "src", "cite"):
                assert ADDRESSES.match(value), f"{name}={value!r}"
            if name == "class":
                assert set(value.split()) <= CLASSES
        if element.tag == "img":
            assert str(element.get("src")).startswith(f"{ROOT}media/")


@pytest.mark.parametrize("fragment", HOSTILE)
def test_nothing_that_acts_survives(fragment: str) -> None:
    """Each known attack, as a text of its own."""
    assert_harmless(to_html(fragment, media=frozenset({"a.png"})))


@given(
    st.lists(
        st.one_of(
            st.sampled_from(HOSTILE),
            st.sampled_from(["\n\n", "\n", " ", "> ", "- ", "    ", "`", "```\n", "<", '"', "|"]),
            st.text(max_size=8),
        ),
        min_size=2,
        max_size=6,
    )
)
def test_no_mixture_of_attacks_survives(fragments: list[str]) -> None:
    """Hostile pieces put together in any way, between Markdown and any text."""
    text = "".join(fragments)
    assert_harmless(to_html(text, media=frozenset({"a.png"}), typography=french_spaces))
    assert_harmless(to_html(text, anchor="n1"))


@given(st.text(max_size=80))
def test_any_text_can_be_rendered(text: str) -> None:
    """Surrogates apart, which no revision holds, any text becomes harmless HTML."""
    text = text.encode("utf-8", "ignore").decode()
    assert_harmless(to_html(text))


# -- what authors mean -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Un **fait** *nouveau*.", "<p>Un <strong>fait</strong> <em>nouveau</em>.</p>"),
        ("~~faux~~ vrai", "<p><del>faux</del> vrai</p>"),
        ("un ~ deux ~ trois", "<p>un ~ deux ~ trois</p>"),
        ("un  \ndeux", "<p>un<br>\ndeux</p>"),
        ("5 < 6 & 7", "<p>5 &lt; 6 &amp; 7</p>"),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
        ("H<sub>2</sub>O", "<p>H<sub>2</sub>O</p>"),
        ("دمشق", "<p>دمشق</p>"),
    ],
)
def test_common_markdown_is_rendered(text: str, expected: str) -> None:
    """CommonMark, strikethrough with two tildes, harmless HTML, every script."""
    assert to_html(text) == expected


def test_tables_are_rendered_with_their_alignment() -> None:
    """As GitHub writes them."""
    html = to_html("| Ville | Morts |\n|:--|--:|\n| Damas | 40 |\n")
    tree = lxml_html.fragment_fromstring(html)
    assert [cell.text for cell in tree.iter("th", "td")] == ["Ville", "Morts", "Damas", "40"]
    assert [cell.get("align") for cell in tree.iter("td")] == ["left", "right"]


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_begin_below_an_entrys_own(level: int) -> None:
    """At level 4, whatever the author's first one is."""
    assert to_html("#" * level + " Titre") == "<h4>Titre</h4>"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ([2, 3, 4], [4, 5, 6]),
        ([1, 3, 6, 1], [4, 5, 6, 4]),
        ([4, 2, 3], [4, 4, 5]),
        ([1, 2, 3, 4, 5], [4, 5, 6, 6, 6]),
        ([2, 4, 3, 2], [4, 5, 5, 4]),
    ],
)
def test_headings_keep_their_levels_and_skip_none(written: list[int], shown: list[int]) -> None:
    """None is deeper than 6."""
    text = "\n\n".join("#" * level + " Titre" for level in written)
    assert [int(level) for level in re.findall(r"<h([1-6])>", to_html(text))] == shown


def test_footnotes_of_any_label_lead_there_and_back() -> None:
    """Letters of every script, dots, colons, quotation marks; twice to one note, too."""
    labels = ["1", "né", "v1.2", "ملاحظة", "a:b", 'x"y', "注"]
    text = " ".join(f"a[^{label}]" for label in [*labels, "né"])
    html = to_html(text + "".join(f"\n\n[^{label}]: Note." for label in labels), anchor="e-1")
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids)) == 2 * len(labels) + 1
    assert set(re.findall(r'href="#([^"]*)"', html)) == set(ids)


def test_a_link_without_a_scheme_but_with_a_host_gets_https() -> None:
    """In a mail, a feed or a book there is no page whose scheme it could have."""
    assert 'href="https://cdn.example/f"' in to_html("[x](//cdn.example/f)")
    assert 'href="https://cdn.example/p.png"' in to_html("![x](//cdn.example/p.png)")


def test_headings_in_html_begin_there_too() -> None:
    """An author's <h1> is no page's heading."""
    assert to_html("<h1>Titre</h1>") == "<h4>Titre</h4>"


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("https://example.org/a?b=1&c=2", "https://example.org/a?b=1&c=2", None),
        ("Voir www.example.org.", "http://www.example.org", "www.example.org"),
        ("osdh@example.org", "mailto:osdh@example.org", "osdh@example.org"),
        ("[là](https://example.org/)", "https://example.org/", "là"),
        ("[là](#notes)", "#notes", "là"),
        ("[là](2012/07/15/)", f"{ROOT}2012/07/15/", "là"),
        ("[là](/2012/07/15/)", f"{ROOT}2012/07/15/", "là"),
        ("[là](tel:+33123456789)", "tel:+33123456789", "là"),
    ],
)
def test_links_lead_where_they_say(text: str, address: str, shown: str | None) -> None:
    """Bare ones too; one without a scheme leads from the site's root."""
    (link,) = lxml_html.fragment_fromstring(to_html(text), create_parent="div").iter("a")
    assert (link.get("href"), link.text) == (address, shown or address)
    assert link.get("rel") == "noopener nofollow"


@pytest.mark.parametrize(
    "text",
    [
        f"Le mot {ROOT} ne dit rien.",
        f"`{ROOT}`",
        "&#xfdd0;x",
        f'<b title="{ROOT}x">x</b>',
    ],
)
def test_an_author_cannot_write_the_placeholder_of_the_root(text: str) -> None:
    """However it is spelled, no address is put into running text."""
    assert "example.org" not in with_root(to_html(text), "https://example.org/")


def test_own_pictures_are_shown() -> None:
    """With the way to the root before them, and their alternative text."""
    html = to_html("![Un plan](media/2012/07/15/a.png)", media=frozenset({"2012/07/15/a.png"}))
    (picture,) = lxml_html.fragment_fromstring(html, create_parent="div").iter("img")
    assert picture.get("src") == f"{ROOT}media/2012/07/15/a.png"
    assert picture.get("alt") == "Un plan"


@pytest.mark.parametrize(
    "text",
    [
        "Voici ![un plan](https://example.org/a.png) du lieu.",
        'Voici <img src="https://example.org/a.png" alt="un plan"> du lieu.',
        "Voici [![un plan](https://example.org/a.png)](https://example.org/a.png) du lieu.",
    ],
)
def test_a_foreign_picture_becomes_a_link(text: str) -> None:
    """So that no reader's browser is sent to a third party; the words around it stay."""
    html = to_html(text, media=frozenset({"a.png"}))
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    assert not list(tree.iter("img"))
    assert "https://example.org/a.png" in [a.get("href") for a in tree.iter("a")]
    assert tree.text_content() == "Voici un plan du lieu."


def test_footnotes_of_two_entries_do_not_collide() -> None:
    """Every id is on the page once, and each reference leads to its own note."""
    text = "Un[^1] et deux[^nom].\n\n[^1]: Première.\n\n[^nom]: Seconde."
    page = "".join(to_html(text, anchor=anchor) for anchor in ("7k3m9qx2tb", "aaaaaaaaaa"))
    tree = lxml_html.fragment_fromstring(page, create_parent="div")
    ids = [str(element.get("id")) for element in tree.xpath("//*[@id]")]
    assert len(ids) == len(set(ids)) == 8
    targets = [str(a.get("href")) for a in tree.iter("a")]
    assert len(targets) == 8
    assert {target[1:] for target in targets} == set(ids)


# -- typography ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vraiment ?", f"Vraiment{NARROW}?"),
        ("Non ! Si ; enfin", f"Non{NARROW}! Si{NARROW}; enfin"),
        ("Le bilan : 105", f"Le bilan{NBSP}: 105"),
        ("« Oui »", f"«{NARROW}Oui{NARROW}»"),
        ("**Urgent** !", f"Urgent{NARROW}!"),
        ("Un *bilan* : 105", f"Un bilan{NBSP}: 105"),
        ("« *Oui* »", f"«{NARROW}Oui{NARROW}»"),
        ("[Là](https://example.org/) ?", f"Là{NARROW}?"),
        ("`a ? b : c !`", "a ? b : c !"),
        ("```\na ? b : c !\n```", "a ? b : c !\n"),
        ("https://example.org/?a=b;c", "https://example.org/?a=b;c"),
        ("18:04", "18:04"),
        ("Vraiment?", "Vraiment?"),
    ],
)
def test_french_spaces_are_unbreakable_but_not_in_code(text: str, expected: str) -> None:
    """Those that the author typed, also beside emphasis and links; none is added."""
    tree = lxml_html.fragment_fromstring(
        to_html(text, typography=french_spaces), create_parent="div"
    )
    assert tree.text_content() == expected


def test_typography_leaves_attributes_alone() -> None:
    """A title or address is as it was written."""
    html = to_html('[là](https://example.org/ "quoi ?")', typography=french_spaces)
    assert 'title="quoi ?"' in html


def test_ordinary_prose_at_the_limit_is_rendered() -> None:
    """Lists, tables, quotes, emphasis and links of 100 kB are none too many."""
    part = (
        "Le **maire** a *dit* : « [Non](https://example.org/) ».\n\n> Il `cite` <b>tout</b>\n\n"
        "- un\n  - deux\n\n| a | b |\n|---|---|\n| c | d |\n\n"
    )
    shown = to_html(part * (100_000 // len(part)), typography=french_spaces)
    assert shown.count("<table>") == shown.count("<blockquote>") == 100_000 // len(part)
    assert f"dit</em>&nbsp;: «{NARROW}<a" in shown


def test_typography_leaves_code_alone_wherever_it_stands() -> None:
    """Also where code lies in code, is left open, or holds what looks like a tag."""
    source = "a : <code>b : <code>c :</code> d :</code> e : `f : <g> h :`\n\n    i : j"
    shown = to_html(source, typography=french_spaces)
    assert [part for part in "abcdefghi" if f"{part}&nbsp;:" in shown] == ["a", "e"]


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " JaVa\tScript:alert(1)", "&#1;javascript:x", "data:text/html,x",
     "vbscript:x", "file:///etc/passwd", "x" * 4000],
)  # fmt: skip
@pytest.mark.parametrize("attribute", ["href", "src", "cite"])
def test_every_attribute_with_an_address_is_checked(address: str, attribute: str) -> None:
    """A link's, a picture's, a quotation's."""
    tag = {"href": "a", "src": "img", "cite": "blockquote"}[attribute]
    shown = to_html(f'<{tag} {attribute}="{address}">x</{tag}>')
    found = lxml_html.fragment_fromstring(shown, create_parent="div")
    values = [value for element in found.iter() for value in element.attrib.values()]
    assert not [value for value in values if value.startswith(("java", " J", "data", "vb", "x"))]
    assert to_html('<blockquote cite="https://a.b/">x</blockquote>').count("https://a.b/") == 1


@pytest.mark.parametrize("number", ["x", "-1", "9" * 10, "٣", ""])
def test_a_number_that_programs_read_is_one(number: str) -> None:
    """A list's start, a cell's width: another word is dropped."""
    assert to_html(f'<ol start="{number}"><li>x</ol>') == "<ol><li>x</li></ol>"
    assert 'start="7"' in to_html('<ol start="7"><li>x</ol>')


def test_rendering_gives_back_the_memory_that_it_took() -> None:
    """A server renders for months."""

    def memory() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    text = "Un *fait*, [une source](https://example.org/), une note[^1].\n\n[^1]: La note.\n"
    for _ in range(200):
        to_html(text)
    before = memory()
    for _ in range(3000):
        to_html(text)
    assert memory() - before < 1_500_000


# -- blocks ----------------------------------------------------------------------------------------

BLOCKS = [
    "A paragraph\nof two lines.",
    "## A heading",
    "- an item\n\n  with a second paragraph\n- another",
    "```\ncode\n\nwith a blank line\n```",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "> A quotation\n>\n> of two paragraphs",
    "* * *",
    "The end.",
]


def test_a_text_is_split_into_its_blocks() -> None:
    """Lists, code and quotations stay whole; definitions and HTML belong to the block before."""
    assert split_blocks("\n\n".join(BLOCKS)) == BLOCKS
    assert split_blocks("One[^1].\n\n[^1]: A note.\n\nTwo.") == [
        "One[^1].\n\n[^1]: A note.",
        "Two.",
    ]
    assert split_blocks("") == []
    assert split_blocks("<div>x</div>") == ["<div>x</div>"]


@given(st.text(st.sampled_from("a \n\n>-*`#|1.[]^:<>\u2028\r\x0c"), max_size=80))
def test_the_blocks_of_a_text_are_the_text(text: str) -> None:
    """Whatever it holds: no line is lost, doubled or moved."""
    joined = "\n\n".join(split_blocks(text))
    assert [line.rstrip() for line in joined.split("\n") if line.strip()] == [
        line.rstrip() for line in text.split("\n") if line.strip()
    ]
