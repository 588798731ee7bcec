"""Sitemaps: every page with its last change, and the news of the last two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote

from lxml import etree

from liveblog import Blog, ChapterDraft

from ..conftest import Clock, site_bytes

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


def locations(blog: Blog, path: str) -> Iterator[tuple[str, str]]:
    """Yield the paths in a sitemap, or in a list of sitemaps, each with its last change."""
    root = etree.fromstring((blog.paths.site / path).read_bytes())
    for element in root:
        address = element.findtext(f"{SITEMAP}loc")
        assert address
        assert address.startswith(blog.config.url)
        yield (
            unquote(address.removeprefix(blog.config.url)),
            element.findtext(f"{SITEMAP}lastmod") or "",
        )


def news(blog: Blog) -> list[tuple[str, str]]:
    """Return title and date of each entry in the news sitemap."""
    path = blog.paths.site / "sitemap-news.xml"
    items = etree.fromstring(path.read_bytes()).iter(f"{NEWS}news") if path.exists() else ()
    return [
        (i.findtext(f"{NEWS}title") or "", i.findtext(f"{NEWS}publication_date") or "")
        for i in items
    ]


def test_every_page_is_listed_once_with_its_last_change(blog: Blog, clock: Clock) -> None:
    """An introduction and a removal are changes too; so is the correction of an old entry."""
    old = blog.post("Un fait.", tags=["Damas", "Alep"])
    clock.go(days=1)
    whole = blog.post("De la journée.", at=clock.now.date(), tags=["Homs"])
    clock.go(days=7)
    new = blog.post("Un autre.", tags=["Alep"])
    gone = blog.post("À retirer.")
    blog.chapters.create(ChapterDraft(title="Huit jours", period="2012-07-15..2012-07-20"))
    blog.publish()
    clock.go(days=1)
    blog.remove(gone.id)
    blog.publish()
    clock.go(days=1)
    blog.edit(old.id, body="Un fait établi.", note="Vérifié.")
    blog.frame("2012-W28", introduction="Pour commencer.")
    clock.go(days=1)
    blog.frame("2012-07-23", introduction="Ce jour-là.")
    blog.publish()
    maps = dict(locations(blog, "sitemap.xml"))
    assert maps.pop("sitemap-news.xml", "") == ""
    assert maps.pop("sitemap-pages.xml") == "2012-07-26"
    assert maps == {
        "2012/07/15/sitemap.xml": "2012-07-25",
        "2012/07/16/sitemap.xml": "2012-07-16",
        "2012/07/23/sitemap.xml": "2012-07-26",
    }
    listed = [pair for path in ("sitemap-pages.xml", *maps) for pair in locations(blog, path)]
    pages = {
        path.removesuffix("index.html")
        for path in site_bytes(blog.paths.site)
        if path.endswith("index.html") and path != "search/index.html"
    }
    assert sorted(path for path, _ in listed) == sorted(pages)
    assert dict(listed) == {
        "": "2012-07-26",
        "subscribe/": "",
        "2012/": "2012-07-26",
        "2012/W28/": "2012-07-25",
        "2012/W29/": "2012-07-16",
        "2012/W30/": "2012-07-26",
        "tags/alep/": "2012-07-25",
        "tags/damas/": "2012-07-25",
        "tags/homs/": "2012-07-16",
        "chapters/": "2012-07-25",
        "chapters/huit-jours/": "2012-07-25",
        "2012/07/15/": "2012-07-25T16:04:00Z",
        f"2012/07/15/{old.id[9:]}/": "2012-07-25T16:04:00Z",
        "2012/07/16/": "2012-07-16",
        f"2012/07/16/{whole.id[9:]}/": "2012-07-16",
        "2012/07/23/": "2012-07-26T16:04:00Z",
        f"2012/07/23/{new.id[9:]}/": "2012-07-23T16:04:00Z",
    }


def test_news_are_the_entries_of_two_days(blog: Blog, clock: Clock) -> None:
    """Time alone ends them; a correction, a retraction and a clock that is set back are seen."""
    first = blog.post("Un bilan.", title="Bilan")
    clock.go(hours=1)
    second = blog.post("Un démenti.")
    blog.publish()
    assert news(blog) == [
        ("Un démenti.", "2012-07-15T17:04:00Z"),
        ("Bilan", "2012-07-15T16:04:00Z"),
    ]
    assert "sitemap-news.xml" in dict(locations(blog, "sitemap.xml"))
    blog.edit(second.id, body="Un autre démenti.")
    blog.publish()
    assert [title for title, _ in news(blog)] == ["Un autre démenti.", "Bilan"]
    clock.go(hours=47)
    blog.publish()
    assert [title for title, _ in news(blog)] == ["Un autre démenti."]
    clock.now -= timedelta(hours=1)
    blog.publish()
    assert [title for title, _ in news(blog)] == ["Un autre démenti.", "Bilan"]
    blog.retract(first.id, why="Erreur.")
    blog.post("De la journée.", at=clock.now.date(), title="Journée")
    blog.publish()
    assert [title for title, _ in news(blog)] == ["Journée", "Un autre démenti."]
    assert news(blog)[0][1] == "2012-07-17"
    assert blog.publish(full=True).written == []
    clock.go(days=3)
    blog.publish()
    assert news(blog) == []
    assert "sitemap-news.xml" not in dict(locations(blog, "sitemap.xml"))
