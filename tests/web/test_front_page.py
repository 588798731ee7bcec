"""The front page of a server with several blogs: list, feed of all, search, updates by push."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree
from lxml import html as lxml_html

from liveblog import Blog
from liveblog.config.checks import LANGUAGES
from liveblog.feeds import Origin, reading
from liveblog.web.front_page import _preferred

from ..conftest import LiveServer, live_server
from ..waiting import until
from ..wire import fetch

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, str, Blog]]:
    """A server with a French blog and an Arabic one, its address, and the Arabic blog."""
    folder = tmp_path_factory.mktemp("house")
    with live_server(folder / "un", path="/syrie/", title="Syrie <2012>") as running:
        parts = urlsplit(running.url)
        root = f"http://{parts.netloc}/"
        other = Blog.init(
            folder / "deux", title="أسبوع في حلب", language="ar", timezone="Asia/Damascus",
            url=f"{root}halab/",
        )  # fmt: skip
        running.blog.post("Des combats à Midan.", title="Combats & replis")
        other.post("وصلت قافلة مساعدات.")
        running.restart(other.paths.root)
        until(lambda: (other.paths.site / "index.html").exists())
        running.settled()
        yield running, root, other


def page_of(root: str, **headers: Any) -> Any:
    """Return the tree of the front page."""
    return lxml_html.fromstring(fetch(root, "", **headers).body)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", ""), ("fr", "fr"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("ja,en;q=0.5,ar;q=0.7", "ar"),
        ("fr;q=0,es;q=0.1", "es"), ("*", ""), ("fr;q=x", ""), ("nl, pl", ""), (";;,=,q", ""),
    ],
)  # fmt: skip
def test_the_language_is_the_one_that_the_browser_prefers(accepted: str, language: str) -> None:
    """Of the five there are; by weight, then by order."""
    assert _preferred(accepted) == language


@pytest.mark.slow
def test_each_blog_is_a_link_with_its_state_and_its_newest_headline(house: Any) -> None:
    """In the language of the reader; titles in their own direction; links under any host."""
    _, root, other = house
    answer = fetch(root, "", Accept_Language="fr")
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "Accept-Language" in answer["Vary"]
    assert fetch(root, "", Accept_Language="fr", If_None_Match=answer["ETag"]).status == 304
    items = page_of(root, Accept_Language="fr").xpath(".//ul[@id='blogs']/li")
    links = [item.xpath(".//h2/a")[0] for item in items]
    assert [(a.text, a.get("href"), a.get("lang"), a.get("dir")) for a in links] == [
        ("Syrie <2012>", "/syrie/", "fr", "ltr"),
        (other.config.title, "/halab/", "ar", "rtl"),
    ]
    (headline,) = items[0].xpath(".//p/a[contains(@href, '/2')]")
    assert headline.text == "Combats & replis"
    assert fetch(root.rstrip("/"), headline.get("href")).status == 200
    assert all("En direct" in item.text_content() for item in items)
    assert all(item.xpath(".//time/@datetime") for item in items)
    for language in LANGUAGES:
        tree = page_of(root, Accept_Language=language)
        assert tree.get("lang") == language
        assert tree.get("dir") == ("rtl" if language == "ar" else "ltr")
        assert ("Live blogs" in tree.text_content()) == (language == "en")
    assert page_of(root).get("lang") == "fr"


@pytest.mark.slow
def test_the_feed_of_all_has_the_items_of_each_with_their_source(house: Any) -> None:
    """In three formats, the last change first; ids are those of the blogs' own feeds."""
    running, root, other = house
    feed = etree.fromstring(fetch(root, "atom.xml").body)
    entries = feed.findall(f"{ATOM}entry")
    updated = [entry.findtext(f"{ATOM}updated", "") for entry in entries]
    assert updated == sorted(updated, reverse=True)
    sources = {entry.findtext(f"{ATOM}source/{ATOM}title") for entry in entries}
    assert sources == {"Syrie <2012>", other.config.title}
    own = etree.fromstring(fetch(running.url, "atom.xml").body)
    ids = {entry.findtext(f"{ATOM}id") for entry in entries}
    assert {entry.findtext(f"{ATOM}id") for entry in own.findall(f"{ATOM}entry")} <= ids
    assert len(json.loads(fetch(root, "feed.json").body)["items"]) == len(entries)
    assert fetch(root, "rss.xml")["Content-Type"].startswith("application/rss+xml")
    page = page_of(root).text_content()
    assert all(root + name in page for name in ("atom.xml", "rss.xml", "feed.json"))


@pytest.mark.slow
def test_one_search_finds_in_all_blogs(house: Any) -> None:
    """Hits stand under their blog; what was typed is text, whatever it holds."""
    _, root, other = house
    page = fetch(root, f"search/?q={quote('قافلة')}").body.decode()
    tree: Any = lxml_html.fromstring(page)
    titles = tree.xpath("//main//h2/a")
    assert [title.text for title in titles] == [other.config.title]
    assert "<mark>قافلة</mark>" in page
    assert "Combats" in fetch(root, "search?q=midan").body.decode()
    hostile = fetch(root, f"search/?q={quote('<script>x</script>')}").body.decode()
    assert "<script>x" not in hostile


@pytest.mark.slow
def test_what_is_nowhere_is_said_with_the_list(house: Any) -> None:
    """404 as a page that leads on; other methods are refused."""
    _, root, _ = house
    answer = fetch(root, "nulle/part", Accept_Language="de")
    assert answer.status == 404
    assert b'href="/halab/"' in answer.body
    assert fetch(root, "", "POST", b"x").status == 405
    assert fetch(root, "", "HEAD").body == b""
    assert fetch(root, "opensearch.xml").status == 200
    (picture,) = page_of(root).xpath("//meta[@property='og:image']/@content")
    assert fetch(picture)["Content-Type"] == "image/png"
    assert fetch(root, "halab").status == 307


@pytest.mark.slow
def test_an_open_page_shows_what_is_published(house: Any, browser: Any) -> None:
    """By push, in its language, with the focus where it was; axe finds nothing, light or dark."""
    from axe_playwright_python.sync_playwright import Axe

    _, root, other = house
    for scheme in ("light", "dark"):
        for language in ("fr", "ar"):
            context = browser.new_context(color_scheme=scheme, locale=language)
            page = context.new_page()
            for path in ("", f"search/?q={quote('قافلة')}"):
                page.goto(root + path)
                found = Axe().run(page)
                assert found.violations_count == 0, found.generate_report()
            context.close()
    context = browser.new_context(locale="de")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    with page.expect_response(lambda answer: answer.url == f"{root}events"):
        page.goto(root)
    item = page.locator("#blogs > li").nth(1)
    item.locator("h2 a").focus()
    other.post("انتهى اليوم.", title="النهاية")
    page.get_by_text("النهاية").wait_for()
    assert page.evaluate("document.activeElement.textContent") == other.config.title
    other.end()
    item.get_by_text("Ticker beendet").wait_for()
    other.resume()
    item.get_by_text("Live", exact=True).wait_for()
    assert complaints == []
    context.close()


def test_our_own_feed_comes_back_as_it_was(blog: Blog) -> None:
    """All that a feed says of an item but where it was told first."""
    blog.post("Un fait.", title="Titre", tags=["Damas"], author="Ana", lang="en")
    blog.post("De la journée.", at=blog.now.date())
    blog.publish()
    document = reading.read((blog.paths.site / "feed.json").read_bytes())
    origin = Origin(blog.config.id, blog.config.title, blog.config.url)
    items = document.feed_items(origin)
    assert [item.title for item in items] == ["Titre", "De la journée."]
    assert (items[0].tags, items[0].author, items[0].language) == (("Damas",), "Ana", "en")
    assert (items[1].precision, items[1].day, items[1].language) == ("day", blog.now.date(), "fr")
