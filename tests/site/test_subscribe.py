"""Subscribing: one page explains feeds and shows the address of each, also on a static host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from liveblog import Blog, ChapterDraft
from liveblog.model.entry import Source
from liveblog.model.topics import topic_slug
from liveblog.pages.data import FeedDocument
from liveblog.pages.qr import qr_code

from ..conftest import Clock, begun, plain, serving, site_bytes

FEED = re.compile(r"(?:atom\.xml|rss\.xml|feed\.json)$")


def body(site: dict[str, bytes], path: str) -> str:
    """Return what a page has in its body."""
    return site[path].decode().partition("<body")[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A published blog with two tags and a chapter."""
    clock = Clock()
    blog = begun(tmp_path_factory.mktemp("told") / "blog", clock)
    blog.post("Un fait.", tags=["Réfugiés", "C++"])
    clock.go(days=8)
    blog.chapters.create(ChapterDraft(title="Une semaine", period="2012-07-15..2012-07-20"))
    blog.publish()
    return blog


def test_the_page_shows_the_address_of_every_feed_as_text(told: Blog) -> None:
    """Each with a button to copy it; each is a file of the site."""
    site = site_bytes(told.paths.site)
    page = body(site, "subscribe/index.html")
    base = told.config.url
    shown = [address.removeprefix(base) for address in re.findall(r"<code[^>]*>(.+?)</code>", page)]
    assert shown == re.findall(rf'data-url="{base}(.+?)"', page)
    folders = ("", "daily/", "weekly/", "chapters/")
    formats = ("atom.xml", "rss.xml", "feed.json")
    assert shown[:12] == [folder + name for folder in folders for name in formats]
    assert [topic_slug(unquote(address).split("/")[1]) for address in shown[12:]] == [
        topic_slug("C++"), "refugies"
    ]  # fmt: skip
    assert all(unquote(address) in site for address in shown)
    assert f"<loc>{base}subscribe/</loc>" in site["sitemap-pages.xml"].decode()


def test_a_code_leads_a_phone_to_the_page(told: Blog) -> None:
    """It holds the address of the page; it is drawn within the page, without a script."""
    page = body(site_bytes(told.paths.site), "subscribe/index.html")
    drawn = qr_code(f"{told.config.url}subscribe/", "Code QR de l’adresse de cette page")
    assert drawn in page
    assert 'aria-label="Code QR' in drawn
    assert "style=" not in drawn
    assert drawn != qr_code(told.config.url, "Code QR de l’adresse de cette page")


def test_no_link_of_a_page_leads_to_a_feed(told: Blog) -> None:
    """Browsers show the source of a feed; links lead to pages that explain it."""
    pages = [path for path in site_bytes(told.paths.site) if path.endswith(".html")]
    assert "subscribe/index.html" in pages
    for path in pages:
        text = (told.paths.site / path).read_text("utf-8").partition("<body")[2]
        links = re.findall(r'<a [^>]*href="([^"]+)"', text)
        ours = [link for link in links if not link.startswith("http")]
        assert [link for link in ours if FEED.search(link)] == [], path
    assert 'href="../../subscribe/"' in (told.paths.site / "tags/refugies/index.html").read_text()


@pytest.mark.slow
def test_the_page_is_as_a_first_publication_would_make_it(blog: Blog, clock: Clock) -> None:
    """A new tag, an older name of a tag and a chapter that goes are seen."""
    path = blog.paths.site / "subscribe" / "index.html"

    def again() -> str:
        blog.publish()
        shown = path.read_text("utf-8")
        report = blog.publish(full=True)
        assert report.written == []
        return shown

    blog.post("Un fait.", tags=["damas"])
    assert ">damas<" in again()
    clock.go(hours=1)
    blog.post("Avant.", tags=["Damas", "Alep"], at=clock.now.replace(hour=1))
    assert ">Damas<" in (shown := again())
    assert ">Alep<" in shown
    assert "chapters/atom.xml" not in shown
    chapter = blog.chapters.create(ChapterDraft(title="Un jour", period="2012-07-15"))
    assert "chapters/atom.xml" in again()
    blog.chapters.remove(chapter.slug)
    assert "chapters/atom.xml" not in again()


def test_a_summary_begins_with_the_text(blog: Blog) -> None:
    """Neither with the mark of a claim nor with where it comes from; so does what has no title."""
    blog.post("Un bilan circule.", verification="unconfirmed", sources=[Source("ONU Info")])
    blog.post("Réunis dans la nuit.", title="Accord", verification="confirmed")
    blog.publish()
    feed = msgspec.json.decode((blog.paths.site / "feed.json").read_bytes(), type=FeedDocument)
    assert [item.summary for item in feed.items] == ["Réunis dans la nuit.", "Un bilan circule."]
    page = plain(blog.publisher.pages.feed("feed.json", feed).decode().partition("<main")[2])
    assert "Un bilan circule." in page
    assert "Source" not in page
    assert "vérifier" not in page


@pytest.mark.slow
def test_on_a_static_host_every_link_to_subscribe_leads_to_addresses(
    browser: Any, tmp_path: Path, clock: Clock
) -> None:
    """Followed from each kind of page in a browser; a button copies the address."""
    (tmp_path / "blog" / "feeds").mkdir(parents=True)
    with serving(tmp_path / "blog" / "feeds") as url:
        blog = Blog.init(tmp_path / "blog", title="Carnet", language="fr", url=url, clock=clock)
        entry = blog.post("Un fait.", tags=["Damas"])
        blog.publish()
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = context.new_page()
        for path in ("", "2012/07/15/", f"2012/07/15/{entry.id[9:]}/", "tags/damas/", "subscribe/"):
            page.goto(url + path)
            links = page.get_by_role("link", name="S’abonner", exact=True)
            for address in {links.nth(n).evaluate("a => a.href") for n in range(links.count())}:
                page.goto(address)
                assert page.evaluate("document.contentType") == "text/html"
                assert "atom.xml" in page.inner_text("main")
        row = page.locator(".addresses li").first
        row.get_by_role("button").click()
        row.get_by_role("button", name="Lien copié").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == f"{url}atom.xml"
        context.close()
