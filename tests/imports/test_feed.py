"""Feeds read as updates: what they say is kept, and nothing that they do does harm.

Servers are real sockets on loopback; the client reaches those that a test allows, and no other.
"""

from __future__ import annotations

import gzip
import json
import socket
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from liveblog import Blog, http_client
from liveblog.blog import Image as BlogImage
from liveblog.http_client import MAX_BYTES, Client
from liveblog.imports import Item, Problem, Update, Version
from liveblog.imports.feed import Reading, read
from liveblog.imports.fitting import fit
from liveblog.model.entry import Source
from liveblog.model.errors import InvalidInput, LiveblogError, Unreachable
from liveblog.model.moment import Moment, moment_of

from ..conftest import Clock, serving
from ..outside import Outside, outside, says

NOW = datetime(2012, 7, 16, 12, tzinfo=UTC)
NOON = datetime(2012, 7, 15, 12, tzinfo=UTC)
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


@pytest.fixture
def server() -> Iterator[Outside]:
    """A server on loopback."""
    with outside() as running:
        yield running


@pytest.fixture
def reading(server: Outside) -> Reading:
    """Read with a client whose owner allows that one server."""
    return Reading(Client(allow={server.place}), NOW)


def entry(inner: str = "", *, of: str = "1", at: str = "2012-07-15T12:00:00Z") -> str:
    """Return an Atom entry."""
    return f"<entry><id>urn:x:{of}</id><title>T{of}</title><updated>{at}</updated>{inner}</entry>"


def atom(*entries: str, head: str = "") -> bytes:
    """Return an Atom document."""
    return (
        f"<feed {ATOM}><id>urn:x</id><title>News</title><updated>2012-07-15T12:00:00Z</updated>"
        f"{head}{''.join(entries)}</feed>"
    ).encode()


def rss(*items: str, head: str = "") -> bytes:
    """Return an RSS 2.0 document."""
    inner = f"<title>News</title>{head}{''.join(items)}"
    return f"<rss version='2.0'><channel>{inner}</channel></rss>".encode()


def items(reading: Reading, server: Outside, data: bytes, **headers: str) -> list[Item]:
    """Serve a document and read it."""
    server.pages["/feed"] = says(data, **headers)
    return list(read(f"{server.url}/feed", reading))


def from_file(data: bytes, folder: Path, **how: Any) -> list[Item]:
    """Read a document from a file, with a client that reaches nothing here."""
    path = folder / "feed.xml"
    path.write_bytes(data)
    return list(read(str(path), Reading(Client(), NOW, **how)))


def updates(found: list[Item]) -> list[Update]:
    """Return the updates only."""
    return [item for item in found if isinstance(item, Update)]


def problems(found: list[Item]) -> list[str]:
    """Return what is said of problems."""
    return [item.what for item in found if isinstance(item, Problem)]


def only(found: list[Item]) -> Version:
    """Return the one version of the one update; there is nothing else, and no problem."""
    assert len(found) == 1, found
    (update,) = updates(found)
    (version,) = update.versions
    return version


# -- what is kept ----------------------------------------------------------------------------------


def test_an_atom_entry_keeps_all_that_it_says(reading: Reading, server: Outside) -> None:
    """Dates, authors, topics, language, page, pictures, other files."""
    server.pages["/i.png"] = says(b"inline")
    server.pages["/e.jpg"] = says(b"enclosed")
    data = atom(
        """<entry xml:lang="de" xml:base="/y/"><id>urn:x:1</id>
        <title type="html">One &amp;lt;b> &lt;i>two&lt;/i></title>
        <published>2012-07-15T14:00:00+02:00</published><updated>2012-07-15T13:30:00Z</updated>
        <author><name>Zoé</name></author><author><name>Ali</name></author>
        <category term="d" label="Damas"/><category term="Alep"/>
        <link rel="alternate" href="p"/>
        <link rel="enclosure" href="/e.jpg" type="image/jpeg" title="E"/>
        <link rel="enclosure" href="v.mp4" type="video/mp4" title="The film"/>
        <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Hi <b>all</b>,
        <img src="/i.png" alt="A bridge"/> <a href="r">x</a></p></div></content></entry>"""
    )
    version = only(items(reading, server, data))
    assert version.title == "One <b> two"
    assert version.published.instant == NOON
    assert version.updated == datetime(2012, 7, 15, 13, 30, tzinfo=UTC)
    assert version.author == "Zoé, Ali"
    assert version.tags == ("Damas", "Alep")
    assert version.lang == "de"
    assert version.sources == (Source("News", f"{server.url}/y/p"),)
    assert version.body == (
        f"Hi **all**, [x]({server.url}/y/r)\n\n- [The film]({server.url}/y/v.mp4)"
    )
    assert [(p.name, p.alt, p.read()) for p in version.pictures] == [
        ("i.png", "A bridge", b"inline"),
        ("e.jpg", "E", b"enclosed"),
    ]


def test_an_rss_item_keeps_all_that_it_says(reading: Reading, server: Outside) -> None:
    """With the modules that everybody uses; the full text goes before the summary."""
    data = b"""<?xml version="1.0"?><rss version="2.0"
      xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom"
      xmlns:content="http://purl.org/rss/1.0/modules/content/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>A &amp;amp; B</title>
      <link>http://e.org/</link><language>fr-FR</language><managingEditor>x@e.org</managingEditor>
      <item><title>Fire &amp; water</title><guid isPermaLink="false">7</guid><link>/a</link>
      <pubDate>Sun, 15 Jul 2012 14:00:00 +0200</pubDate><dc:creator>Zed</dc:creator>
      <category>News</category><category>News</category><description>Short.</description>
      <content:encoded><![CDATA[<p>Long.</p>]]></content:encoded>
      <enclosure url="/s.mp3" type="audio/mpeg" length="3"/>
      <media:content url="/m-300.jpg?w=300" medium="image" width="300"/>
      <media:content url="/m.jpg?w=30" medium="image" width="30"/>
      <media:content url="/m.jpg?w=900" medium="image" width="900"/></item></channel></rss>"""
    found = items(reading, server, data)
    version = only(found)
    assert updates(found)[0].key == "7"
    assert (version.title, version.author, version.lang) == ("Fire & water", "Zed", "fr-FR")
    assert version.published.instant == version.updated == NOON
    assert version.tags == ("News",)
    assert version.sources == (Source("A & B", f"{server.url}/a"),)
    assert version.body == f"Long.\n\n- [s.mp3]({server.url}/s.mp3)"
    assert [picture.name for picture in version.pictures] == ["m-300.jpg", "m.jpg"]
    assert [picture.alt for picture in version.pictures] == ["", ""]


@pytest.mark.parametrize(
    "data",
    [
        """<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN"
        "http://my.netscape.com/publish/formats/rss-0.91.dtd"><rss version="0.91"><channel>
        <title>News</title><link>http://e.org/</link><item><title>T</title>
        <link>http://e.org/1</link><description>D</description></item></channel></rss>""",
        """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="http://e.org/"><title>News</title><link>http://e.org/</link></channel>
        <item rdf:about="http://e.org/1"><title>T</title><link>http://e.org/1</link>
        <description>D</description><dc:date>2012-07-15T12:00:00Z</dc:date></item></rdf:RDF>""",
        """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://my.netscape.com/rdf/simple/0.9/"><channel><title>News</title>
        <link>http://e.org/</link></channel><item><title>T</title><link>http://e.org/1</link>
        <description>D</description></item></rdf:RDF>""",
        """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>News</title><entry>
        <id>http://e.org/1</id><title>T</title><link rel="alternate" href="http://e.org/1"/>
        <issued>2012-07-15T12:00:00Z</issued><modified>2012-07-15T12:00:00Z</modified>
        <summary>D</summary></entry></feed>""",
        """<rss version="2.0"><channel><title>News</title><item><title>T</title>
        <guid>http://e.org/1</guid><description>D</description>
        <pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate></item></channel></rss>""",
        """{"version": "https://jsonfeed.org/version/1", "title": "News", "items": [{"id":
        "http://e.org/1", "url": "http://e.org/1", "title": "T", "content_text": "D",
        "date_published": "2012-07-15T12:00:00Z"}]}""",
    ],
    ids=["rss 0.91", "rss 1.0", "rss 0.9", "atom 0.3", "rss 2.0", "json 1"],
)
def test_every_format_says_the_same(tmp_path: Path, data: str) -> None:
    """RSS 0.9 and 0.91 know no dates; the command line gives one."""
    version = only(from_file(data.encode(), tmp_path, undated=Moment(NOON)))
    assert (version.title, version.body, version.published.instant) == ("T", "D", NOON)
    assert version.sources == (Source("News", "http://e.org/1"),)


def test_a_json_feed_keeps_all_that_it_says(reading: Reading, server: Outside) -> None:
    """JSON Feed 1.1, with the one author of 1.0 and an id that is a number."""
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News",
        "language": "en",
        "authors": [{"name": "Desk"}],
        "items": [
            {
                "id": 7,
                "url": "/a",
                "external_url": "https://e.org/story",
                "title": " One\n two ",
                "content_html": "<p>Hi <em>all</em></p>",
                "summary": "Hi",
                "image": "/i.png",
                "date_published": "2012-07-15T14:00:00+02:00",
                "date_modified": "2012-07-15T13:00:00Z",
                "tags": ["Damas", 4],
                "language": "ar",
                "author": {"name": "Zed"},
                "attachments": [
                    {"url": "/s.mp3", "mime_type": "audio/mpeg", "title": "Talk"},
                    {"url": "javascript:alert(1)", "mime_type": "text/html"},
                ],
            },
            {"id": "8", "content_text": "a < b\n\n*c*", "date_published": "2012-07-15T12:00:00Z"},
        ],
    }
    found = items(reading, server, json.dumps(data).encode(), Content_Type="text/plain")
    plain, full = sorted(updates(found), key=lambda update: update.key, reverse=True)
    assert problems(found) == []
    assert full.key == "7"
    version = full.versions[0]
    assert (version.title, version.author, version.lang) == ("One two", "Zed", "ar")
    assert version.tags == ("Damas",)
    assert version.body == f"Hi *all*\n\n- [Talk]({server.url}/s.mp3)"
    assert version.sources == (
        Source("News", f"{server.url}/a"),
        Source("e.org", "https://e.org/story"),
    )
    assert version.updated == datetime(2012, 7, 15, 13, tzinfo=UTC)
    assert [picture.name for picture in version.pictures] == ["i.png"]
    assert plain.versions[0].body == "a \\< b\n\n\\*c\\*"
    assert (plain.versions[0].author, plain.versions[0].lang) == ("Desk", "en")


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("One two", ""),
        ("One two three", "One two three"),
        ("One…", ""),
        ("One...", ""),
        ("Two…", "Two…"),
        ("One", "One"),
        ("One.", "One."),
    ],
)
def test_a_title_that_only_repeats_the_text_is_none(tmp_path: Path, title: str, kept: str) -> None:
    """As where somebody had none, and the feed had to have one."""
    date = "<pubDate>15 Jul 2012 12:00:00 GMT</pubDate>"
    text = escape("<p>One <b>two</b></p>")
    data = rss(f"<item><title>{title}</title><description>{text}</description>{date}</item>")
    version = only(from_file(data, tmp_path))
    assert (version.title, version.body) == (kept, "One **two**")


def test_updates_are_yielded_oldest_first(tmp_path: Path) -> None:
    """In the order of their dates, so that the journal has the same order."""
    stamps = ["2012-07-15T12:00:00Z", "2012-07-15T11:00:00Z", "2012-07-15T13:00:00Z"]
    found = from_file(atom(*(entry(of=str(n), at=s) for n, s in enumerate(stamps))), tmp_path)
    assert [update.key for update in updates(found)] == ["urn:x:1", "urn:x:0", "urn:x:2"]


def test_an_entry_is_named_by_its_id_else_its_page_else_its_words(tmp_path: Path) -> None:
    """And in the same way the next time."""
    date = "<pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    data = rss(
        f"<item><guid isPermaLink='false'>g</guid><title>a</title>{date}</item>",
        f"<item><link>http://e.org/b</link><title>b</title>{date}</item>",
        f"<item><title>c</title>{date}</item>",
    )
    keys = [update.key for update in updates(from_file(data, tmp_path))]
    assert keys[:2] == ["g", "http://e.org/b"]
    assert len(keys[2]) == 32
    assert keys == [update.key for update in updates(from_file(data, tmp_path))]


def test_the_versions_of_an_entry_are_one_update_oldest_first(tmp_path: Path) -> None:
    """RFC 4287 §4.1.1: versions with the same id differ in their updated element."""
    data = atom(
        entry("<summary>new</summary>", at="2012-07-15T13:00:00Z"),
        entry("<summary>old</summary>", at="2012-07-15T12:00:00Z"),
    )
    (update,) = updates(from_file(data, tmp_path))
    assert [version.body for version in update.versions] == ["old", "new"]
    assert [version.published.instant for version in update.versions] == [NOON, NOON]
    assert [v.updated for v in update.versions] == [NOON, NOON + timedelta(hours=1)]


def test_an_id_that_occurs_twice_for_different_things_is_reported(tmp_path: Path) -> None:
    """The first is imported; nothing says which of them was meant."""
    date = "<pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    data = rss(*(f"<item><guid>g</guid><title>{t}</title>{date}</item>" for t in "ab"))
    found = from_file(data, tmp_path)
    assert [update.versions[0].title for update in updates(found)] == ["a"]
    assert problems(found) == ["several updates there have the same id ('g'); one is imported"]


def test_what_was_deleted_there_is_reported(tmp_path: Path) -> None:
    """RFC 6721; what stands inside a tombstone does not reach the feed or its entries."""
    tomb = (
        '<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="urn:x:9" '
        'when="2012-07-15T12:30:00Z"><at:comment>It was wrong</at:comment>'
        '<link href="http://evil.example/"/></at:deleted-entry>'
    )
    found = from_file(atom(entry(), head=tomb), tmp_path)
    assert len(updates(found)) == 1
    assert problems(found) == ["'urn:x:9' was deleted there on 2012-07-15: It was wrong"]


# -- older documents -------------------------------------------------------------------------------


@pytest.mark.parametrize("rel", ["next", "prev-archive"])
def test_older_documents_are_read_to_the_end(reading: Reading, server: Outside, rel: str) -> None:
    """RFC 5005: pages and archives; an entry in two documents is read from the newer one."""
    old = entry("<summary>first words</summary>", of="2", at="2012-07-14T12:00:00Z")
    new = entry("<summary>corrected</summary>", of="2", at="2012-07-14T18:00:00Z")
    server.pages["/2"] = says(atom(old, entry(of="3", at="2012-07-13T12:00:00Z")))
    found = items(reading, server, atom(entry(), new, head=f'<link rel="{rel}" href="/2"/>'))
    assert problems(found) == []
    assert sorted(update.key for update in updates(found)) == ["urn:x:1", "urn:x:2", "urn:x:3"]
    (second,) = [update for update in updates(found) if update.key == "urn:x:2"]
    assert [version.body for version in second.versions] == ["corrected"]
    assert server.paths == ["/feed", "/2"]


def test_a_json_feed_leads_to_its_next_document(reading: Reading, server: Outside) -> None:
    """JSON Feed 1.1, next_url."""
    item = '{"id": "%s", "content_text": "x", "date_published": "2012-07-15T12:00:00Z"}'
    server.pages["/2"] = says(b'{"items": [%s]}' % (item % 2).encode())
    found = items(reading, server, b'{"items": [%s], "next_url": "/2"}' % (item % 1).encode())
    assert [update.key for update in updates(found)] == ["1", "2"]


@pytest.mark.parametrize("to", ["/feed", "/2"])
def test_a_circle_is_left(reading: Reading, server: Outside, to: str) -> None:
    """Each address is asked once."""
    server.pages["/2"] = says(atom(entry(of="2"), head=f'<link rel="next" href="{to}"/>'))
    found = items(reading, server, atom(entry(), head='<link rel="next" href="/2"/>'))
    assert len(updates(found)) == 2
    assert [problem for problem in problems(found) if "in a circle" in problem]
    assert server.paths == ["/feed", "/2"]


def test_a_circle_through_a_redirect_is_left(reading: Reading, server: Outside) -> None:
    """The address that answers counts."""
    server.pages["/2"] = says(status="302 Found", Location="/feed")
    found = items(reading, server, atom(entry(), head='<link rel="next" href="/2"/>'))
    assert problems(found) == [f"its older documents lead in a circle, to {server.url}/feed"]


def test_a_feed_without_end_is_ended(server: Outside) -> None:
    """After a number of documents, and where it was left is said."""

    class Endless(dict[str, Any]):
        def get(self, path: str, default: Any = None) -> Any:
            number = int(path[1:] or 0)
            return says(atom(entry(of=path), head=f'<link rel="next" href="/{number + 1}"/>'))

    server.pages = Endless()
    reading = Reading(Client(allow={server.place}), NOW, max_documents=5)
    found = list(read(f"{server.url}/0", reading))
    assert len(updates(found)) == 5
    assert problems(found) == [
        f"5 documents were read; older updates are left out, from {server.url}/5 on"
    ]
    assert len(server.paths) == 5


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (says(status="500 Oops"), "answers 500"),
        (says(b"<html><body>Gone</body></html>"), "is a web page, not a feed"),
        (says(status="302 Found", Location="http://127.0.0.1:9/x"), "no public address"),
    ],
)
def test_older_documents_that_fail_are_reported(
    reading: Reading, server: Outside, page: bytes, said: str
) -> None:
    """What was read before them stays."""
    server.pages["/2"] = page
    found = items(reading, server, atom(entry(), head='<link rel="next" href="/2"/>'))
    assert len(updates(found)) == 1
    assert said in problems(found)[0]


def test_a_file_names_its_older_documents_and_asks_nobody(tmp_path: Path) -> None:
    """Whoever reads a file expects no request."""
    head = '<link rel="next" href="http://127.0.0.1:9/2"/>'
    found = from_file(atom(entry(), head=head), tmp_path)
    assert len(updates(found)) == 1
    assert problems(found) == ["older updates are not in this file, but at http://127.0.0.1:9/2"]


# -- what cannot be taken --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("", "it has no date"),
        ("<updated/>", "it has no date"),
        ("<updated>soon</updated>", "its date cannot be read ('soon')"),
        ("<updated>0000-01-01T00:00:00Z</updated>", "cannot be read ('0000-01-01T00:00:00Z')"),
        ("<updated>0001-01-01T00:00:00+14:00</updated>", "cannot be read"),
        ("<updated>9999-12-31T23:59:59-10:00</updated>", "cannot be read"),
        ("<updated>9999-12-31T23:59:59Z</updated>", "cannot be read"),
        ("<updated>2012-13-45T99:99:99Z</updated>", "cannot be read"),
        ("<updated>2012-08-15T12:00:00Z</updated>", "its date lies in the future (2012-08-15)"),
    ],
)
def test_a_date_that_cannot_be_is_reported(tmp_path: Path, date: str, said: str) -> None:
    """The others come in."""
    data = atom(f"<entry><id>urn:x:9</id><title>x</title>{date}</entry>", entry())
    found = from_file(data, tmp_path)
    assert [update.key for update in updates(found)] == ["urn:x:1"]
    assert len(problems(found)) == 1
    assert said in problems(found)[0]


def test_the_odd_dates_of_feeds_are_understood(tmp_path: Path) -> None:
    """As they are found in the wild."""
    for written in ("2012-07-15T11:59:60Z", "2012-07-15 12:00:59", "15 Jul 12 08:00:59 EDT"):
        data = rss(f"<item><guid>1</guid><title>x</title><pubDate>{written}</pubDate></item>")
        assert only(from_file(data, tmp_path)).published.instant - NOON <= timedelta(minutes=1)


@pytest.mark.slow
def test_a_feed_that_is_cut_loses_no_more_than_its_last_update(tmp_path: Path) -> None:
    """Wherever it is cut; a text that is not whole is not imported."""
    data = atom(*(entry("<summary>one two three</summary>", of=str(n)) for n in range(4)))
    for end in range(len(data) - len("</feed>"), 150, -7):
        found = from_file(data[:end], tmp_path)
        whole = data[:end].count(b"</entry>")
        assert len(updates(found)) in (whole, whole - 1)
        assert all(update.versions[0].body == "one two three" for update in updates(found))
        assert any("breaks off" in problem for problem in problems(found))


@pytest.mark.parametrize(
    "text",
    [
        "<p>a & b &nbsp; &eacute; &unknown; &#0; &#31; &#xFFFE;</p>",
        "<dc:creator>Zed</dc:creator>",
        "\x0b\x00\x1f",
        "<b><i></b></i>",
        "<![CDATA[<p>x]]>",
    ],
)
def test_what_is_not_well_formed_is_repaired(tmp_path: Path, text: str) -> None:
    """Stray signs, names that nobody declared, control characters, crossed tags."""
    data = rss(
        f"<item><guid>1</guid><title>x</title><pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
        f"<description>before {text} after</description></item>",
        "<item><guid>2</guid><title>y</title><pubDate>15 Jul 2012 12:00:00 GMT</pubDate></item>",
    )
    found = from_file(data, tmp_path)
    assert len(updates(found)) == 2
    assert "before" in (updates(found)[0].versions[0].body or "")


def test_characters_without_a_declaration_are_those_of_html(tmp_path: Path) -> None:
    """A lone ``&`` too is what it looks like."""
    date = "<pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    data = rss(
        f"<item><guid>1</guid><title>caf&eacute; &amp; th&#233; & x</title>{date}"
        "<link>http://e.org/?a=1&b=2</link></item>"
    )
    version = only(from_file(data, tmp_path))
    assert version.title == "café & thé & x"
    assert (version.sources or ())[0].url == "http://e.org/?a=1&b=2"


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "", ""),
        ("utf-8", "", "text/xml"),  # us-ascii by RFC 3023
        ("utf-8", "iso-8859-1", "application/xml; charset=iso-8859-1"),
        ("utf-8", "", "text/html; charset=windows-1252"),
        ("utf-8", "nonsense", "application/rss+xml; charset=nonsense"),
        ("utf-8-sig", "", "text/plain"),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "", ""),
        ("utf-16-be", "utf-16", "application/xml"),
        ("utf-32", "", ""),
        ("iso-8859-1", "iso-8859-1", ""),
        ("iso-8859-1", "", "application/xml; charset=ISO-8859-1"),
        ("iso-8859-1", "", ""),
    ],
)
def test_whatever_is_said_of_its_encoding_the_words_are_right(
    reading: Reading, server: Outside, encoding: str, declared: str, content_type: str
) -> None:
    """A declaration, a header, both, neither, or both wrong."""
    said = f' encoding="{declared}"' if declared else ""
    text = f'<?xml version="1.0"{said}?>' + atom(entry("<summary>Été</summary>")).decode()
    headers = {"Content_Type": content_type} if content_type else {}
    found = items(reading, server, text.encode(encoding), **headers)
    assert updates(found)[0].versions[0].body == "Été"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"Hello", "is not a feed"),
        (b"\xff\xfe\xfd\xfc" * 100, "is not a feed"),
        (b"%PDF-1.4\n" + bytes(range(256)), "is not a feed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a feed"),
        (b"<!doctype html><title>x</title>", "is a web page, not a feed"),
        (b"{}", "not a JSON Feed"),
        (b'{"items": 3}', "not a JSON Feed"),
        (b'{"items": [{"id":', "not valid JSON"),
        (b'{"items": [' + b"[" * 200_000, "JSON"),
    ],
)
def test_what_is_no_feed_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    """Before anything is imported."""
    with pytest.raises(InvalidInput, match=said):
        from_file(data, tmp_path)


def test_a_web_page_names_its_feed(reading: Reading, server: Outside) -> None:
    """The error for the address of a web page names the feed's address."""
    page = b"<html><head><link rel=alternate type='application/atom+xml' href='/f.atom'></head>"
    with pytest.raises(InvalidInput, match=f"Its feed is at {server.url}/f.atom"):
        items(reading, server, page)


def test_a_feed_without_updates_says_so(tmp_path: Path) -> None:
    """Nothing at all would look like a success."""
    assert problems(from_file(atom(), tmp_path)) == ["the feed holds no updates"]


def test_a_file_that_is_missing_is_reported(tmp_path: Path) -> None:
    """And a folder, and a name that no file can have."""
    for path in (tmp_path / "none.xml", tmp_path, Path("a\0b")):
        with pytest.raises(InvalidInput, match="Cannot read"):
            read(str(path), Reading(Client(), NOW))


# -- what is hostile -------------------------------------------------------------------------------


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    """Fifty megabytes take no more memory than the limit."""
    path = tmp_path / "feed.xml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="more than 10,000,000 bytes"):
        read(str(path), Reading(Client(), NOW))
    assert tracemalloc.get_traced_memory()[1] < 2 * MAX_BYTES
    tracemalloc.stop()


@pytest.mark.slow
def test_a_bomb_of_gzip_is_refused(reading: Reading, server: Outside) -> None:
    """A hundred kilobytes that would be a hundred megabytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"<" * 1_000_000) for _ in range(100)) + packer.flush()
    with pytest.raises(Unreachable, match="more than 10,000,000 bytes"):
        items(reading, server, bomb, Content_Encoding="gzip")


def test_gzip_is_read(reading: Reading, server: Outside) -> None:
    """As most servers send it."""
    data = gzip.compress(atom(entry()))
    assert len(items(reading, server, data, Content_Encoding="gzip")) == 1


@pytest.mark.parametrize("kind", ["laughs", "quadratic", "external", "parameter"])
def test_a_bomb_of_entities_does_not_go_off(tmp_path: Path, kind: str) -> None:
    """No declaration of a document is followed: not to grow, not to a file, not to a server."""
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    lols = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    declared, used = {
        "laughs": (f'<!ENTITY l0 "lol">{lols}', "&l11;"),
        "quadratic": (f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 50_000),
        "external": (f'<!ENTITY x SYSTEM "file://{secret}">', "&x;"),
        "parameter": ('<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd">%x;', "&y;"),
    }[kind]
    data = f"<?xml version='1.0'?><!DOCTYPE feed [{declared}]>".encode()
    found = from_file(data + atom(entry(f"<summary>{used}</summary>")), tmp_path)
    (update,) = updates(found)
    assert len(update.versions[0].body or "") <= 4 * len(used) + 100
    assert "the secret" not in (update.versions[0].body or "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        atom(entry("<summary>" + "<b>" * 200_000)),
        atom(
            entry('<content type="xhtml">' + "<div>" * 100_000 + "</div>" * 100_000 + "</content>")
        ),
        atom(entry("<a>" * 100_000 + "</a>" * 100_000)),
        atom(entry(f'<content type="html">{escape("<b>" * 200_000)}</content>')),
        atom(entry("<link/>" * 100_000)),
        atom(entry("<category term='a'/>" * 50_000)),
        atom(*(f"<entry><id>{n}</id></entry>" for n in range(20_000))),
        b"<rss" + b" a='b'" * 100_000 + b">",
        b"<rss>" + b"<!--" * 500_000,
        b"<rss>" + b"<![CDATA[" * 200_000,
        b"<rss>" + b"<" * 1_000_000,
        b"<rss>" + b"&" * 1_000_000,
        b"<!DOCTYPE" * 100_000,
        b"<!DOCTYPE rss [" + b"<!ENTITY " * 100_000,
        b" " * 1_000_000 + b"<",
        b"<!---->" * 200_000,
        b'{"items": [' + b"{}," * 200_000 + b"{}]}",
    ],
    ids=lambda data: repr(data[:12]) + repr(data[-12:]) if isinstance(data, bytes) else "",
)
def test_hostile_documents_end_in_time(tmp_path: Path, data: bytes) -> None:
    """Read, or refused with a reason: with the square of their length these would take hours."""
    assert told(data, tmp_path)


def told(data: bytes, folder: Path) -> object:
    """Return what is read, or why nothing is."""
    try:
        return from_file(data, folder)
    except LiveblogError as error:
        return error.hint


def test_html_full_of_script_becomes_harmless(tmp_path: Path) -> None:
    """In titles, names, topics, addresses and texts."""
    evil = (
        "<script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a>"
    )
    data = rss(
        f"<item><guid>1</guid><pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
        f"<title>{escape(evil)}hello</title><link>javascript:alert(1)</link>"
        f"<description>{escape(evil)}</description><category>{escape(evil)}</category>"
        "<enclosure url='javascript:alert(1)' type='image/png'/></item>"
    )
    version = only(from_file(data, tmp_path))
    assert (version.title or "").endswith("hello")  # plain text, whatever it looks like
    assert not version.sources
    assert not version.pictures
    assert version.body == "x"


def test_nothing_in_a_private_network_is_reached(server: Outside) -> None:
    """Not the feed, not a picture, not what either redirects to."""
    server.pages["/feed"] = says(atom(entry()))
    with pytest.raises(Unreachable, match="no public address"):
        read(f"{server.url}/feed", Reading(Client(), NOW))
    with outside() as inner:
        inner.pages["/feed"] = says(atom(entry()))
        inner.pages["/i.png"] = says(b"secret")
        server.pages["/moved"] = says(status="302 Found", Location=f"{inner.url}/feed")
        server.pages["/i.png"] = says(status="302 Found", Location=f"{inner.url}/i.png")
        picture = escape(f"<img src='{inner.url}/i.png'><img src='/i.png'>")
        server.pages["/feed"] = says(atom(entry(f'<summary type="html">{picture}</summary>')))
        reading = Reading(Client(allow={server.place}), NOW)
        with pytest.raises(Unreachable, match="no public address"):
            read(f"{server.url}/moved", reading)
        version = only(list(read(f"{server.url}/feed", reading)))
        assert len(version.pictures) == 2
        for found in version.pictures:
            with pytest.raises(Unreachable, match="no public address"):
                found.read()
        assert inner.requests == []


def test_a_picture_that_is_missing_is_reported_when_it_is_read(
    reading: Reading, server: Outside
) -> None:
    """The update comes all the same; the report names the picture."""
    data = atom(entry('<link rel="enclosure" type="image/png" href="/gone.png"/>'))
    (picture,) = only(items(reading, server, data)).pictures
    with pytest.raises(Unreachable, match="answers 404"):
        picture.read()


@pytest.mark.slow
def test_a_server_that_drips_is_left(
    reading: Reading, server: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it keeps a connection open."""
    monkeypatch.setattr(http_client, "TOTAL_SECONDS", 0.5)

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"<")
            connection.settimeout(0.05)
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                pass

    server.pages["/feed"] = drip
    with pytest.raises(Unreachable, match="did not answer"):
        read(f"{server.url}/feed", reading)


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "500 Oops", "204 No Content"])
def test_a_server_without_the_feed_is_reported(
    reading: Reading, server: Outside, status: str
) -> None:
    """With its number."""
    server.pages["/feed"] = says(status=status)
    with pytest.raises(Unreachable, match=f"answers {status[:3]}"):
        read(f"{server.url}/feed", reading)


def test_too_much_of_something_is_cut_and_reported(tmp_path: Path) -> None:
    """Long titles, many topics, many pictures."""
    tags = "".join(f"<category term='t{n}'/>" for n in range(60))
    pictures = escape("".join(f"<img src='http://e.org/{n}.png'>" for n in range(60)))
    data = atom(
        f"<entry><id>1</id><title>{'word ' * 100}</title><updated>2012-07-15T12:00:00Z</updated>"
        f'{tags}<author><name>{"n" * 500}</name></author><summary type="html">{pictures}</summary>'
        "</entry>"
    )
    found = from_file(data, tmp_path)
    version, doubts = fit(updates(found)[0].versions[0])
    assert len(version.title or "") <= 300
    assert len(version.author or "") <= 200
    assert (len(version.tags or ()), len(version.pictures)) == (50, 50)
    assert "http://e.org/59.png" in (version.body or "")
    assert doubts == [
        "its title has 499 characters and is shortened",
        "its author has 500 characters and is shortened",
        "of its 60 tags 50 are imported",
    ]


# An arrow goes ahead: feedparser takes what reads as UTF-8 read as Latin-1 for just that.
_WRITTEN = st.text(st.characters(exclude_categories=("C", "Z"))).map("→ ".__add__)


@pytest.mark.slow
@settings(max_examples=40)
@given(st.lists(_WRITTEN, min_size=1, max_size=4))
def test_any_words_survive_every_format(
    tmp_path_factory: pytest.TempPathFactory, titles: list[str]
) -> None:
    """Whatever their signs: a title is a title."""
    folder = tmp_path_factory.mktemp("feed")
    date = "2012-07-15T12:00:00Z"
    documents = [
        atom(
            *(
                f"<entry><id>urn:{n}</id><title type='text'>{escape(title)}</title>"
                f"<updated>{date}</updated></entry>"
                for n, title in enumerate(titles)
            )
        ),
        json.dumps(
            {
                "items": [
                    {"id": str(n), "title": title, "date_published": date}
                    for n, title in enumerate(titles)
                ]
            }
        ).encode(),
    ]
    for document in documents:
        found = updates(from_file(document, folder))
        assert [update.versions[0].title for update in found] == [
            " ".join(t.split()) for t in titles
        ]


@pytest.mark.slow
@settings(max_examples=100)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"<rss><channel><item>", b'{"items":[', b"<feed>"]),
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes
) -> None:
    """Noise ends in a reason, not in a crash."""
    assert told(start + data, tmp_path_factory.mktemp("feed"))


# -- our own feeds ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_blog_comes_back_from_its_own_feeds(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path
) -> None:
    """From its address alone, day after day to the beginning (RFC 5005 §4.2), pictures and all."""
    site = tmp_path / "blog" / "feeds"
    site.mkdir(parents=True)
    picture = tmp_path / "bridge.png"
    Image.new("RGB", (40, 30), "red").save(picture)
    with serving(site) as url:
        blog = new_blog(url=url)
        posted = []
        for number in range(30):
            clock.go(hours=4)
            posted.append(
                blog.post(
                    f"Fait **{number}** à [Damas](https://e.org/{number})\n\n- un\n- deux",
                    title=f"Titre {number}" if number % 2 else "",
                    tags=["Damas"],
                    author="Zoé",
                    images=[BlogImage(picture, "Un pont")] if number == 7 else [],
                )
            )
        blog.publish()
        reading = Reading(Client(allow={url.split("/")[2]}), clock.now)
        for name in ("atom.xml", "rss.xml"):
            found = list(read(f"{url}{name}", reading))
            assert problems(found) == []
            came = sorted(updates(found), key=lambda update: update.versions[0].published.instant)
            for update, post in zip(came, posted, strict=True):
                (version,) = update.versions
                assert version.title == post.title
                assert (version.author, version.tags) == (post.author, post.tags)
                assert version.published.instant == post.published
                assert (version.body or "").startswith(post.body)
                assert version.lang == "fr"
            (shown,) = came[7].versions[0].pictures
            assert shown.alt == "Un pont"
            assert shown.read() == (site / "media" / posted[7].media[0].path).read_bytes()
        other = new_blog("other")
        for brought in (1, 2):
            told = other.import_items(read(f"{url}atom.xml", reading), source="feed news")
            assert told.problems == []
            assert (told.entries, told.known) == ((30, 0) if brought == 1 else (0, 30))
        assert [len(found.now.media) for found in other.timeline.newest_first()].count(1) == 1


# -- what would take too long, or is no number -----------------------------------------------------


def item_with(inside: str) -> bytes:
    """Return an RSS feed whose item holds that."""
    return f"<rss version='2.0'><channel><item>{inside}</item></channel></rss>".encode()


CROWDED = "<title " + " ".join(f"a{n}='x'" for n in range(101)) + ">x</title>"
DEEP = "<a>" * 201 + "</a>" * 201


@pytest.mark.parametrize("inside", [CROWDED, DEEP, f"<x:y/>{CROWDED}", f"<b>{CROWDED}"])
def test_a_document_for_which_parsers_take_too_long_is_refused(inside: str, tmp_path: Path) -> None:
    """With the square of the attributes of an element; also behind what is not well-formed."""
    with pytest.raises(InvalidInput, match="more than 100 attributes"):
        from_file(item_with(inside), tmp_path)


@pytest.mark.slow
def test_no_document_keeps_a_core_busy(tmp_path: Path) -> None:
    """At the size at which another took half a minute."""
    crowded = "<title " + " ".join(f"a{n}=''" for n in range(40_000)) + ">x</title>"
    began = time.process_time()
    with pytest.raises(InvalidInput):
        from_file(item_with(crowded), tmp_path)
    assert time.process_time() - began < 3


@pytest.mark.parametrize("digits", [8, 5000])
def test_a_reference_with_many_digits_is_no_error(digits: int, tmp_path: Path) -> None:
    """It stands for no character."""
    number = f"&#{'1' * digits};"
    data = item_with(
        f"<guid>1</guid><title>a {number} b</title><pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    )
    (update,) = updates(from_file(data, tmp_path))
    assert (update.versions[0].title or "").startswith("a ")


@pytest.mark.parametrize(
    "date",
    ["0999-12-31T00:00:00Z", "9001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-12:00", "99999-01-01T00:00:00Z", f"{'9' * 5000}-01-01T00:00:00Z"],
)  # fmt: skip
def test_a_date_beyond_the_limits_is_reported_and_the_rest_is_imported(
    date: str, tmp_path: Path
) -> None:
    """The years 1000 to 9000, in Atom, RSS and JSON."""
    good, bad = entry(of="1", at="2012-07-15T12:00:00Z"), entry(of="2", at=date)
    found = from_file(atom(good, bad), tmp_path)
    assert len(updates(found)) == 1
    assert "its date cannot be read" in problems(found)[0]
    items = [{"id": n, "date_published": at, "content_text": "x"}
             for n, at in (("1", "2012-07-15T12:00:00Z"), ("2", date))]  # fmt: skip
    found = from_file(json.dumps({"version": "", "items": items}).encode(), tmp_path)
    assert len(updates(found)) == 1
    assert "its date cannot be read" in problems(found)[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "topics",
    [
        "".join(f"<category>a{n}</category>" for n in range(50_000)),
        "".join(f"<x><dc:subject>a{n}</dc:subject></x>" for n in range(50_000)),
        f"<media:keywords>{','.join(map(str, range(100_000)))}</media:keywords>",
    ],
    ids=["categories", "subjects", "keywords"],
)
def test_topics_without_end_take_no_time(topics: str, tmp_path: Path) -> None:
    """feedparser compares each with all before it."""
    told = "<guid>1</guid><title>x</title><pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    began = time.process_time()
    found = from_file(item_with(f"{told}{topics}"), tmp_path)
    assert time.process_time() - began < 10
    assert len(updates(found)) == 1


def test_a_prefix_that_is_not_declared_stops_nothing(tmp_path: Path) -> None:
    """On an element or an attribute; the document is repaired."""
    told = "<guid>1</guid><title>x</title><pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    found = from_file(item_with(f"{told}<x:y z:href='a'>b</x:y>"), tmp_path)
    assert len(updates(found)) == 1


@pytest.mark.parametrize("fault", ["", "<a></b>"])
def test_a_document_of_many_namespaces_is_refused(fault: str, tmp_path: Path) -> None:
    """feedparser looks through all of them for each element."""
    many = "".join(f'<a{n}:b xmlns:a{n}="u{n}"/>' for n in range(20_000))
    began = time.process_time()
    with pytest.raises(InvalidInput, match="namespaces"):
        from_file(item_with(f"{fault}{many}"), tmp_path)
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "address",
    ["<link>ADDRESS</link>", "<guid>ADDRESS</guid>", "<comments>ADDRESS</comments>",
     '<enclosure url="ADDRESS"/>', '<x xml:base="ADDRESS"/>',
     '<description>&lt;a href="ADDRESS"&gt;x&lt;/a&gt;</description>'],
)  # fmt: skip
def test_an_address_without_end_takes_no_time(address: str, tmp_path: Path) -> None:
    """Python normalises what stands where a host does; marks are ordered one by one."""
    told = "<guid>1</guid><title>x</title><pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    address = address.replace("ADDRESS", "http://a" + "\u0301\u0323" * 50_000)
    began = time.process_time()
    found = from_file(item_with(f"{told}{address}"), tmp_path)
    assert time.process_time() - began < 5
    assert len(updates(found)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["author", "dc:creator", "managingEditor", "AUTHOR"])
@pytest.mark.parametrize("letter", ["_", "é", "&#95;", "a<!---->", "<![CDATA[a]]>"])
def test_a_name_without_end_takes_no_time(name: str, letter: str, tmp_path: Path) -> None:
    """An author's is cut before anything looks for an address in it."""
    told = "<guid>1</guid><title>x</title><pubDate>Sun, 15 Jul 2012 12:00:00 GMT</pubDate>"
    began = time.process_time()
    found = from_file(item_with(f"{told}<{name}>{letter * 50_000}</{name}>"), tmp_path)
    assert time.process_time() - began < 5
    assert len(updates(found)) == 1


# -- dates without a time --------------------------------------------------------------------------


def dated_in_every_format(date: str) -> dict[str, bytes]:
    """Return a feed of each format whose item has a date as it is written."""
    dc = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    item = f"<item {dc}><title>T</title><guid>1</guid>{{}}</item>"
    return {
        "RSS": rss(item.format(f"<pubDate>{date}</pubDate>")),
        "Dublin Core": rss(item.format(f"<dc:date>{date}</dc:date>")),
        "JSON Feed": json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "title": "News",
             "items": [{"id": "1", "content_text": "T", "date_published": date}]}
        ).encode(),
    }  # fmt: skip


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris"])
@pytest.mark.parametrize("form", ["RSS", "Dublin Core", "JSON Feed"])
def test_a_date_alone_is_that_day_in_the_blogs_zone(tmp_path: Path, form: str, zone: str) -> None:
    """Its time is unknown, and so its update is of the whole day; midnight is a time."""
    day, blog_zone = date(2012, 7, 14), ZoneInfo(zone)
    (update,) = updates(from_file(dated_in_every_format("2012-07-14")[form], tmp_path,
                                  zone=blog_zone))  # fmt: skip
    assert update.versions[0].published == moment_of(day, blog_zone)
    timed = dated_in_every_format("2012-07-14T00:00:00Z")[form]
    (update,) = updates(from_file(timed, tmp_path, zone=blog_zone))
    assert update.versions[0].published == Moment(datetime(2012, 7, 14, tzinfo=UTC))


@pytest.mark.parametrize("written", ["14 Jul 2012", "Sat, 14 Jul 2012"])
def test_a_date_of_mail_without_a_time_is_a_day_too(tmp_path: Path, written: str) -> None:
    """As some programs write it in RSS."""
    (update,) = updates(from_file(dated_in_every_format(written)["RSS"], tmp_path))
    assert update.versions[0].published == moment_of(date(2012, 7, 14), UTC)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Sao_Paulo"])
def test_our_own_json_feed_brings_days_and_vague_times_back(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path, zone: str
) -> None:
    """Although an item is dated with an instant."""
    clock.set("2012-10-26T09:41:00Z")
    blog = new_blog(timezone=zone)
    at = Moment(datetime(2012, 10, 20, 16, tzinfo=UTC), written_time="vers 13 h")
    blog.post("A day.", at=date(2012, 10, 21))
    blog.post("A vague time.", at=at)
    blog.publish()
    data = (blog.paths.site / "feed.json").read_bytes()
    path = tmp_path / "feed.json"
    path.write_bytes(data)
    reading = Reading(Client(), clock.now, zone=blog.config.zone)
    found = {update.versions[0].published for update in updates(list(read(str(path), reading)))}
    assert found == {at, moment_of(date(2012, 10, 21), blog.config.zone)}
