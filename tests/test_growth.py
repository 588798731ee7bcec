"""Text from outside costs a time that grows with its length, whatever it says.

Each function is measured over texts of a length and of eight times as much.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from liveblog.digest import joining
from liveblog.digest import text as digest_text
from liveblog.imports.chronicle import chronicle
from liveblog.imports.feed import jsonfeed as feed_json
from liveblog.imports.feed import xml as feed_xml
from liveblog.imports.html import to_markdown
from liveblog.imports.html.inline import escape
from liveblog.imports.markdown import body, templates
from liveblog.imports.markdown import dates as import_dates
from liveblog.imports.wordpress import entries, texts
from liveblog.model.entry import clean_text, slug
from liveblog.model.errors import LiveblogError
from liveblog.search import words as search_words
from liveblog.text import dates, fragments, locale, markup, plain, sanitizer
from liveblog.text.frontmatter import split
from liveblog.web.composer.history import differences

LONGEST = 96_000
"""Characters of the longest text; an update's body has at most 100 000 bytes."""

FLOOR = 0.06
"""Seconds of processor time that no growth is judged in: caches and other work show there."""

GROWTH = 2.5
"""How much more time twice the length may take, over three doublings."""

BOUND = 5.0
"""Seconds that the longest may take: a text that no limit holds is as bad as one that grows."""

PARIS = ZoneInfo("Europe/Paris")
FRENCH = locale.Words("fr", PARIS)
NOW = datetime(2026, 11, 30, tzinfo=UTC)
ASKED = search_words.parse_query("aa bb cc dd ee a b lien")


def repeated(unit: str) -> Callable[[int], str]:
    """Return what makes a text of a length from a unit, which may hold a number (``N``)."""

    def make(length: int) -> str:
        if "N" not in unit:
            return unit * (length // len(unit))
        return "".join(unit.replace("N", str(n)) for n in range(length // (len(unit) + 3)))

    return make


UNITS = (
    "<", "<!--", "<!-->", "</", "<a ", '<a href="', "<?", "<![CDATA[", "<br ", "</p ", "<x y=z ",
    "[", "![", "]", "[](", "[a](", "[a][", "*", "_", "`", "~~", "\\", "* a_ ", "**a ", "a**b",
    "``a `", "&", "&a", "&#1;", "&amp;", "<div>&", "((((", ":", "!", '"', "'", "\n", " ", " \n",
    "\t", "|", "| a | b |\n| - | - |\n", ">", "> a\n", "- ", "- a\n", "1. ", "# ", "a\n=\n",
    "---\n", "```\n", "~~~\n", "    a\n", "<div>", "<div>\n", "<div>\n<<<<", "<b>", "<i>", "</b>",
    "<pre>", "<code>", "<p>", "<p><b>", "<b><p></b>", "<b><i></b>", "<a><b></a>", "<a href=x>",
    "<ul><li>", "<li><div>", "<table><tr><td>", "<table>x<b>", "<div><table></div></table>",
    "<div title='</div>'>", "<svg>", "<select>", "<textarea>", "<script>", "<style>", "<img src=x>",
    "![a](b) ", "« ", " ; ", " : ", "\u00a0", "é", "a\u0301", "\u0301", "\u0301\u0323",
    "\u0301\uff9e", "http://a\u0301\u0323 ", "ا", "文", "\x00", "\ufeff",
    "http://a", "www.a.b ", "a@b.c ", "a@", "://", "{", "{{", "{{<", "{{< x >}}", "{%", "{% x %}",
    "[x ", "[x]", "[x a=b]", "[/x]", "[[x]]", "<!-- wp:x -->", "<!-- wp:x", "<!--more-->", "0",
    "1 ", "12:00 ", "12:00 a\n", "18 h 04 : ", "2012-07-15 ", "# 15 juillet 2012\n", "Source : a\n",
    "a: b\n", "a: b\n    c\n", "? ", "a ", "a\n", "a b c d e ", "[^N] ", "[^N]: x\n", "[N]: x\n",
    "[N] ", "<b title=N>", "<p><b title=N>", "<a href=N>", "N. a\n", "&N;", "#tN ", "aN=N ",
    "<li id=N><sup><a href=#N>1</a></sup>", "N\n",
)  # fmt: skip


def within(before: str, unit: str, after: str) -> Callable[[int], str]:
    """Return what makes a text of repeated units with something before and behind them."""
    return lambda length: before + repeated(unit)(length) + after


PATTERNS: Mapping[str, Callable[[int], str]] = {unit: repeated(unit) for unit in UNITS} | {
    "attributes": within("<p ", "aN='' ", ">"),
    "a long attribute": lambda n: f"<p title='{'«&' * (n // 2)}'>",
    "lists in lists": lambda n: "".join(f"{'  ' * d}- a\n" for d in range(int(n**0.5))),
    "one note, many references": lambda n: "[^1]: a\n\n" + "[^1] " * (n // 5),
    "one long link, many references": lambda n: f"[a]: /{'u' * (n // 2)}\n\n" + "[a] " * (n // 8),
    "links defined and referred to": lambda n: (
        repeated("[N]: /u\n")(n // 2) + "\n" + repeated("[N] ")(n // 2)
    ),
    "an address": lambda n: "http://a" + "\u0301\u0323" * (n // 2),
    "a link": lambda n: '<a href="http://a' + "\u0301\u0323" * (n // 2) + '">x</a>',
    "a wide table": lambda n: f"|{'a|' * (n // 8)}\n|{'-|' * (n // 8)}\n" + "|\n" * (n // 4),
    "a deep quote goes on": lambda n: ">" * (n // 2) + "a\n" + "a\n" * (n // 4),
    "a deep list goes on": lambda n: "- " * (n // 4) + "\n" + "a\n" * (n // 4),
    "emphasis is opened, then closed": lambda n: "*a " * (n // 6) + "a* " * (n // 6),
    "brackets are opened, then closed": lambda n: "[" * (n // 2) + "]" * (n // 2),
    "runs of backticks": lambda n: "".join("`" * k + " a " for k in range(int((2 * n) ** 0.5))),
    "emphasis begins again": lambda n: (
        "<p>" + "".join(f"<b title={k}>" for k in range(40)) + "<p>x" * (n // 4)
    ),
    "long emphasis begins again": lambda n: f"<p><b title='{'x' * (n // 2)}'>" + "<p>x" * (n // 8),
    "YAML in YAML": lambda n: f"---\na: {'[' * n}\n---\n",
    "YAML maps": lambda n: f"---\na: {'{a: ' * (n // 4)}\n---\n",
    "YAML keys": within("---\n", "aN: x\n", "---\n"),
    "YAML anchors": within("---\n", "aN: &aN x\n", "---\n"),
    "YAML escapes": within('---\na: "', "\\n", '"\n---\n'),
    "TOML in TOML": lambda n: f"+++\na = {'[' * n}\n+++\n",
    "TOML dots": lambda n: f"+++\n{'a.' * (n // 2)}b = 1\n+++\n",
    "TOML dots in tables": lambda n: f"+++\n[{'a.' * (n // 2)}b]\n+++\n",
    "TOML tables": within("+++\n", "[aN]\n", "+++\n"),
    "TOML digits": lambda n: f"+++\na = {'1' * n}\n+++\n",
    "JSON in JSON": lambda n: '{"a":' + "[" * (n // 2) + "]" * (n // 2) + "}",
    "JSON digits": lambda n: f'{{"a": {"1" * n}}}',
    "XML in XML": lambda n: (
        f"<rss><channel><item>{'<a>' * (n // 7)}{'</a>' * (n // 7)}</item></channel></rss>"
    ),
    "XML attributes": within("<rss><channel><item ", "aN='' ", "/></channel></rss>"),
    "prose": repeated("Le maire a dit : « Bonjour ! » ; et *rien*, [lien](http://a.b).\n\n"),
}


def item_of(text: str) -> str:
    """Return a feed with one update, which has that text."""
    text = text.replace("]]>", "").replace("\x00", "")
    item = f"<item><description><![CDATA[{text}]]></description></item>"
    return f"<rss version='2.0'><channel>{item}</channel></rss>"


def fields_of(text: str) -> str:
    """Return a feed with one update, whose title, date and author are that text."""
    text = text.replace("<", "&lt;").replace("\x00", "")
    names = ("title", "link", "pubDate", "author")
    item = "".join(f"<{name}>{text}</{name}>" for name in names)
    return f"<rss version='2.0'><channel><item>{item}</item></channel></rss>"


def told(lines: list[str]) -> object:
    """Read lines as a chronicle."""
    head = ["15 juillet 2012\n", "\n"]
    return list(chronicle(lambda: head + lines, zone=PARIS, language="fr", today=date(2026, 1, 1)))


def encoded(text: str) -> bytes:
    """Return a text as a server would send it."""
    return text.encode("utf-8", "replace")


FUNCTIONS: Mapping[str, Callable[[str], object]] = {
    "to_html": markup.to_html,
    "to_html in French": lambda t: markup.to_html(t, typography=FRENCH.typography),
    "sanitize": sanitizer.sanitize,
    "html_to_text": fragments.html_to_text,
    "shorten": lambda t: plain.shorten(t, 100),
    "typography": FRENCH.typography,
    "clean_text": lambda t: clean_text(t, "body"),
    "slug": slug,
    "a time": lambda t: dates.parse_moment(t, now=NOW, zone=PARIS, language="fr"),
    "a period": lambda t: dates.parse_period(t, now=NOW, zone=PARIS, language="fr"),
    "front matter": split,
    "HTML to Markdown": to_markdown,
    "words of HTML": lambda t: fragments.html_to_text(sanitizer.sanitize(t)),
    "Markdown's signs": escape,
    "an XML feed": lambda t: feed_xml.read(encoded(t), "x", "http://x/"),
    "an XML feed's text": lambda t: feed_xml.read(encoded(item_of(t)), "x", "http://x/"),
    "an XML feed's fields": lambda t: feed_xml.read(encoded(fields_of(t)), "x", "http://x/"),
    "a JSON feed": lambda t: feed_json.read(encoded(t), "x", "http://x/"),
    "a post's text": lambda t: body.read(t, lambda target: ""),
    "Hugo": templates.convert_hugo,
    "Jekyll": templates.convert_jekyll,
    "a post's date": lambda t: import_dates.moment(t, PARIS),
    "WordPress's text": lambda t: texts.convert(t, lambda ids: ""),
    "WordPress's title": texts.plain_text,
    "WordPress's live blog": lambda t: entries.remove_extras(t, {}),
    "a chronicle": lambda t: told(t.splitlines(keepends=True)),
    "a chronicle's line": lambda t: told([t.replace("\n", " ")]),
    "words as search folds them": search_words.normalize,
    "what is asked for": search_words.parse_query,
    "hits": lambda t: search_words.excerpt(t, ASKED),
    "revisions": lambda t: differences(t, t[::-1]),
    "revisions, moved": lambda t: differences(t, t[len(t) // 2 :] + "x" + t[: len(t) // 2]),
    "a digest in Markdown": lambda t: joining.adapted(t, "x", "https://example.org/"),
    "a digest in text": lambda t: digest_text._prose(t, FRENCH, "https://example.org/"),
}


def seconds(function: Callable[[str], object], text: str) -> float:
    """Return the processor time that a function takes for a text."""
    gc.disable()  # it looks at what all other tests have left, too
    try:
        began = time.thread_time()
        with suppress(LiveblogError):  # refused: that is to take no more time either
            function(text)
        return time.thread_time() - began
    finally:
        gc.enable()


def is_linear(function: Callable[[str], object], make: Callable[[int], str]) -> bool:
    """Whether the time grows with the length; what is fast at the longest is not looked at."""
    longest = seconds(function, make(LONGEST))
    if not FLOOR < longest < BOUND:
        return longest < BOUND
    # Over three doublings, for a step on the way (a limit that is met) is no growth: a function
    # that takes the square takes 64 times as long, one that takes the power of 1.5 takes 23.
    return longest < GROWTH**3 * seconds(function, make(LONGEST // 8))


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_time_grows_with_the_length(name: str) -> None:
    """For each pattern that is known to be hard for parsers; a busy machine gets three tries."""
    grows = [
        pattern
        for pattern, make in PATTERNS.items()
        if not any(is_linear(FUNCTIONS[name], make) for _ in range(3))
    ]
    assert not grows


@pytest.mark.parametrize("pattern", [">", "<div>", "<div>\n<<<<", "<!--", "- ", "<b title=N>"])
def test_a_body_at_its_limit_is_rendered_at_once(pattern: str) -> None:
    """The worst of them in the fast tests too, with French typography."""
    assert seconds(FUNCTIONS["to_html in French"], PATTERNS[pattern](LONGEST)) < BOUND


def test_the_measure_sees_growth() -> None:
    """A function that takes the square of the length is found."""
    assert not is_linear(lambda text: [text.find("b") for _ in range(len(text))], repeated("a"))
