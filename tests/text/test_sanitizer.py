"""The sanitizer: hostile HTML of any size and disguise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from liveblog.model import limits
from liveblog.model.entry import FORBIDDEN
from liveblog.text.fragments import html_to_text, with_root
from liveblog.text.markup import to_html
from liveblog.text.plain import unescape
from liveblog.text.sanitizer import sanitize

from ..conftest import plain
from .test_markup import HOSTILE, assert_harmless, french_spaces


@pytest.mark.parametrize("fragment", HOSTILE)
def test_nothing_active_remains(fragment: str) -> None:
    """Each known attack; pictures may be shown here, since imports copy them."""
    assert_harmless(sanitize(fragment).replace("<img", "<b"))


@given(st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join))
def test_sanitising_twice_is_sanitising_once(source: str) -> None:
    """What came out is harmless and stays as it is."""
    clean = sanitize(source)
    again = sanitize(clean)
    assert again == clean


def depth(fragment: str) -> int:
    """Return how deeply elements lie in each other."""

    def below(element: lxml_html.HtmlElement) -> int:
        return 1 + max(map(below, element), default=0)

    return below(lxml_html.fragment_fromstring(fragment, create_parent="div")) - 1


@pytest.mark.parametrize("unit", ["> ", "- ", "<div>", "<b>", "<blockquote>", "<ul><li>"])
@pytest.mark.parametrize("render", [to_html, sanitize])
def test_what_is_nested_too_deeply_is_shown_as_typed(
    unit: str, render: Callable[[str], str]
) -> None:
    """Up to the limit it is what it is; beyond, each character is shown, and nothing else."""
    at_most = render(unit * limits.NESTING + "le mot")
    assert "le mot" in at_most
    beyond = unit * (limits.NESTING + 1) + "le mot"
    shown = render(beyond)
    if render is to_html or unit.startswith("<"):
        assert "".join(plain(shown).split()) == "".join(beyond.split())
    assert depth(shown) <= 2


@pytest.mark.parametrize(
    "source",
    [
        "<div><!--</div>-->" * 200,
        "<div title='</div>'>" * 200,
        "<div><table></div></table>" * 200,
        '<div x"><div y">' * 100,
        "<b><i></b>" * 200,
        "<script></b></script><b>" * 200,
        f"<p><b title='{'x' * 50_000}'>" + "<p>x" * 10_000,
        "<p>" + "".join(f"<b title={n}>" for n in range(45)) + "<p>x" * 20_000,
    ],
)
def test_no_disguise_of_tags_makes_it_deep_or_long(source: str) -> None:
    """In comments, attributes, scripts, or by elements that begin again in each paragraph."""
    clean = sanitize(source)
    assert depth(clean) <= 2 * limits.NESTING
    assert len(clean) < 10 * len(source) + 2_000_000


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x01",
        "\x08",
        "\x0c",
        "\x1f",
        "\x7f",
        "\x81",
        "\x85",
        "\ud800",
        "\ufdd0",
        "\ufffe",
        "\uffff",
    ],
)
@pytest.mark.parametrize(
    "source",
    ["a{}b", "`a{}b`", "<div>a{}b", "<p title='{}'>x", "![a{}b](http://e.org/)", "[a](b{}c)",
     "<img alt='{}' src='{}'>", "![x](media/{}.png)", "| {} |\n|---|\n"],
)  # fmt: skip
def test_what_no_page_can_carry_is_dropped_however_it_is_written(
    character: str, source: str
) -> None:
    """As it is, or by its number: a feed that holds one of these is no XML."""
    number = ord(character)
    for written in (
        character,
        f"&#{number};",
        f"&#x{number:x};",
        f"&#x0{number:X}",
        f"&#00{number};",
    ):
        given = source.replace("{}", written)
        for shown in (to_html(given, typography=french_spaces), sanitize(given)):
            assert not FORBIDDEN.search(with_root(shown, "./"))


def test_a_number_of_any_length_is_no_error() -> None:
    """Python converts no number of more than 4300 digits."""
    for digits in ("0" * 5000 + "1", "1" * 5000):
        for source in (f"a &#{digits};", f"<div>a &#{digits};", f"<p title='&#x{digits};'>a"):
            assert plain(source).startswith("a")
            assert html_to_text(to_html(source)).startswith("a")
        assert unescape(f"a&#{digits};b") == "a\ufffdb"
