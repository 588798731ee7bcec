"""Texts of authors are shown as typed, close their controls, and never become active links."""

from __future__ import annotations

import json
import locale
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import msgspec
import pytest
from lxml import etree
from lxml import html as lxml_html

from liveblog import Blog
from liveblog.blog import Image
from liveblog.digest import markdown as as_markdown
from liveblog.digest import text as as_text
from liveblog.feeds import Feed, Item, documents
from liveblog.model.addresses import web_address
from liveblog.model.entry import Figure, Revision, Source
from liveblog.text.fragments import ROOT, html_to_text
from liveblog.text.markup import to_html
from liveblog.text.sanitizer import sanitize

from ..conftest import site_bytes
from ..site.test_publish import picture
from .test_bidi import left_open

TURNED = "\u202eTOURNÉ \u2067isolé"


@pytest.fixture
def turned(new_blog: Callable[..., Blog], tmp_path: Path) -> Blog:
    """A blog of which every text opens a control and leaves it open."""
    blog = new_blog(title=f"Blog {TURNED}", description=f"Un blog {TURNED}")
    for number in range(2):
        entry = blog.post(
            f"Texte {TURNED}.\n\nUn autre.", title=f"{number} {TURNED}", author=f"Ana {TURNED}",
            tags=[f"Sujet {TURNED}", "Damas"], key=True, pinned=True,
            sources=[Source(f"Agence {TURNED}", "https://example.org/"), Source(TURNED)],
            figures=[Figure(f"Morts {TURNED}", number, TURNED, TURNED)],
            images=[Image(picture(tmp_path), f"Vu {TURNED}", f"Légende {TURNED}")],
        )  # fmt: skip
        blog.edit(entry.id, note=f"Précision {TURNED}")
    blog.frame("2012-07-15", headline=f"Une {TURNED}")
    blog.frame("2012-W28", headline=f"Semaine {TURNED}")
    blog.frame("coverage", headline=f"Tout {TURNED}")
    blog.publish()
    return blog


def plain_texts(name: str, data: bytes) -> list[str]:
    """Return the plain texts of a file: what programs show by themselves, or join with others."""
    if name.endswith(".html"):
        tree = lxml_html.fromstring(data)
        texts = [str(v) for e in tree.iter() for n, v in e.attrib.items()
                 if n in ("content", "title", "alt", "aria-label")]  # fmt: skip
        # Of running text: what stands between two tags.
        bodies = "ancestor-or-self::*[contains(@class, 'e-content') or @class='box']"
        texts += [e.text or "" for e in tree.iter() if e.tag != "script" and not e.xpath(bodies)]
        for script in tree.iter("script"):
            if script.get("type") == "application/ld+json":
                texts += strings(json.loads(script.text or ""))
        return texts
    if name.endswith((".md", ".txt", ".csv")):
        return [data.decode()]
    if name.endswith(".json"):
        return [t for t in strings(json.loads(data)) if not t.lstrip().startswith("<")]
    if name.endswith(".xml"):
        tree = etree.fromstring(data)
        texts = [str(v) for e in tree.iter() for v in e.attrib.values()]
        return texts + [e.text or "" for e in tree.iter() if not str(e.text).startswith("<")]
    return []


def strings(data: object) -> list[str]:
    """Return every text of plain data."""
    if isinstance(data, str):
        return [data]
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for value in values for text in strings(value)]


def test_no_text_of_the_site_leaves_a_control_open(turned: Blog) -> None:
    """Titles, names, tags, captions, descriptions: in pages, data, feeds, lists."""
    seen = 0
    for name, data in site_bytes(turned.paths.site).items():
        for text in plain_texts(name, data):
            for line in text.splitlines():
                seen += "\u202e" in line
                assert left_open(line) == [], (name, ascii(line))
    assert seen > 200


def test_a_digest_and_a_search_leave_none_open(turned: Blog) -> None:
    """Nor does what is cut off in the middle."""
    digest = turned.digest("2012-W28")
    texts = [
        as_text.render(digest, turned.words, blog="Blog", base="https://example.org/"),
        as_markdown.render(digest, turned.words, base="https://example.org/"),
        turned.words.say("%(period)s: %(headline)s", period=TURNED, headline="x"),
        turned.publisher.pages.summary(digest.entries[0]),
        html_to_text(f"<p>{TURNED}</p><p>x</p>"),
    ]
    for hit in turned.search("tourne").hits:
        texts += [hit.name, hit.author, *hit.tags, *(text for _, text in hit.title + hit.snippet)]
    assert len(texts) > 15
    for text in texts:
        for line in text.splitlines():
            assert left_open(line) == [], ascii(line)
    # Of two that are joined, the second stands as it was typed.
    assert texts[2].index("\u202c") < texts[2].index("x")
    summary = turned.publisher.pages.digest_summary(turned.digest("2012-07-15"))
    first, *others = summary.split(" · ")
    assert others
    assert left_open(first) == [], ascii(summary)


# -- nothing that a program uses for itself is in a text -------------------------------------------


def test_a_text_is_shown_as_it_was_typed(blog: Blog) -> None:
    """Words that this program or an earlier one uses inside, in any field, of any kind."""
    words = 'liveblog-root: href="#x" e-note-fn1 {{ x }} %(n)s \U000f0000 &#xfdd0; ../../'
    entry = blog.post(
        f"Corps `{words}` fin.", title=words, author=words, tags=[words],
        sources=[Source(words, "https://example.org/liveblog-root:")],
        figures=[Figure(words, 1, words, words)],
    )  # fmt: skip
    blog.edit(entry.id, note=words)
    blog.frame("2012-07-15", headline=words)
    blog.publish()
    site = site_bytes(blog.paths.site)
    for name in ("index.html", "2012/07/15/index.html", f"2012/07/15/{entry.id[9:]}/index.html"):
        page = unescape(unescape(site[name].decode()))
        assert page.count('liveblog-root: href="#x" e-note-fn1 {{ x }} %(n)s') >= 5, name
    for tag, path in (("title", "atom.xml"), ("title", "rss.xml")):
        titles = [e.text for e in etree.fromstring(site[path]).iter(f"{{*}}{tag}")]
        assert words in titles, path
    feed = json.loads(site["feed.json"])["items"][0]
    assert feed["title"] == words
    assert feed["tags"] == [words]
    assert 'liveblog-root: href="#x"' in unescape(feed["content_html"])
    for name, data in site.items():
        assert ROOT.encode() not in data, name


@pytest.mark.parametrize("written", ["&#xfdd0;", "&#xFDD0", "&#64976;", "&#0064976;", ROOT])
def test_no_way_of_writing_a_character_makes_an_address(written: str) -> None:
    """In running text, in attributes that are no addresses, in code."""
    text = f'x {written}y `{written}z` <b title="{written}t">b</b> <a href="/a/{written}">l</a>'
    for made in (to_html(text), sanitize(text)):
        rest = re.sub(f' href="{ROOT}', "", made)
        assert ROOT not in rest


# -- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", " https://x", "//x"],
)
def test_only_addresses_of_the_web_are_linked(url: str) -> None:
    """Whatever a record holds that nobody checked."""
    assert web_address(url) == ""
    assert web_address("https://example.org/") == "https://example.org/"


def test_no_source_without_an_address_of_the_web_is_linked(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a page, a feed, a text, a Markdown: a record that an importer or another program wrote."""
    instant = datetime(2012, 7, 15, 12, tzinfo=UTC)
    monkeypatch.setattr("liveblog.model.validation._validate_source", lambda source: None)
    blog.journal.append(
        Revision(
            id="20120715-0123456789", published=instant, updated=instant, body="Un.",
            sources=(Source("Agence", "javascript:alert(1)"), Source("Autre", "https://x.example/")),
        ),
        expect=0,
    )  # fmt: skip
    blog.publish()
    for name, data in site_bytes(blog.paths.site).items():
        if name.startswith(("assets/", "embed.js")):
            continue
        assert b"javascript:" not in data, name
    page = (blog.paths.site / "2012/07/15/index.html").read_text("utf-8")
    assert "Agence" in page
    assert 'href="https://x.example/"' in page


# -- several blogs in one process ------------------------------------------------------------------


def test_feeds_are_written_by_several_threads_at_once() -> None:
    """feedgen sets the process's locale meanwhile: one at a time may, and it is set back."""
    instant = datetime(2012, 7, 15, tzinfo=UTC)
    entry = Item("urn:x:1", "https://x.example/1", "Un", "<p>Un</p>", "Un", instant, instant)
    feed = Feed("urn:x", "x", "", "https://x.example/", "https://x.example/", "fr", "x",
                entry.updated, (entry,))  # fmt: skip
    before = locale.setlocale(locale.LC_ALL)
    expected = dict(documents(feed))
    failed: list[object] = []

    def write() -> None:
        failed.extend(None for _ in range(20) if dict(documents(feed)) != expected)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert locale.setlocale(locale.LC_ALL) == before
    assert msgspec.json.decode(expected["feed.json"])["items"]
