"""Chapters on the site: pages, lists and feeds; what is rendered of them, and what is left."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model.chapter import Chapter, ChapterDraft
from liveblog.model.entry import Revision
from liveblog.pages import chapters as chapter_pages
from liveblog.pages.render import Pages
from liveblog.site import chapter_files
from liveblog.timeline import Entry

from ..conftest import Clock, site_bytes
from .test_publish import from_nothing, picture

pytestmark = pytest.mark.slow

SLUG = "six-jours-au-port"
PAGE = f"chapters/{SLUG}/index.html"
AT = "http://purl.org/atompub/tombstones/1.0"


@pytest.fixture
def told(blog: Blog, clock: Clock) -> Blog:
    """A blog with an update on each of six days, the fifth one later than that of the sixth."""
    clock.set("2012-07-21T10:00:00Z")
    for day in range(15, 21):
        blog.post(
            f"Le {day}, **rien** ne bouge.",
            title=f"Titre {day}" if day != 16 else "",
            at=date(2012, 7, day),
            tags=["Port"] if day % 2 else ["Ville"],
            key=day == 17,
            author="Ana",
        )
    return blog


def written(blog: Blog, **fields: Any) -> Chapter:
    """Create the chapter of these days."""
    image = fields.pop("image", None)
    schedule = fields.pop("schedule", False)
    draft = {
        "title": "Six jours au port",
        "period": "2012-07-15..2012-07-20",
        "introduction": "En *six* jours, tout change.",
        "close": "Rappelons ce qui reste.",
    }
    return blog.chapters.create(ChapterDraft(**{**draft, **fields}), image=image, schedule=schedule)


def pages_of(blog: Blog) -> dict[str, str]:
    """Publish, and return the texts of the site's files."""
    assert blog.publish().faults == []
    return {
        name: data.decode()
        for name, data in site_bytes(blog.paths.site).items()
        if not name.endswith(".png")
    }


def page_of(blog: Blog, path: str = PAGE) -> Any:
    """Publish, and return a page of the site."""
    return parse(pages_of(blog)[path])


def parse(page: str) -> Any:
    """Parse a page."""
    return etree.HTML(page)


def item_of(blog: Blog, feed: str) -> Any:
    """Return the item of the chapter in a feed of the site."""
    found = feedparser.parse((blog.paths.site / feed).read_bytes())
    (item,) = [e for e in found.entries if e.id.endswith(f"/chapter/{SLUG}")]
    return item


# -- the page ---------------------------------------------------------------------------------


def test_the_page_is_an_article(told: Blog, tmp_path: Path) -> None:
    """Head, picture, introduction, list of days, days in order, close; each where it belongs."""
    image = Image(picture(tmp_path), "Des grues", "Le quai nord")
    written(told, authors=("Ana", "Bo"), image=image)
    page = page_of(told)
    (article,) = page.xpath("//main/article[@class='chapter h-entry']")
    text = " ".join(article.xpath("string()").split())
    in_order = [
        "15 au 20 juillet 2012", "Six jours au port", "Par Ana, Bo", "Le quai nord",
        "En six jours, tout change.", "Jour par jour", "Le 15, rien ne bouge.",
        "Le 20, rien ne bouge.", "Rappelons ce qui reste.",
    ]  # fmt: skip
    places = [text.index(part) for part in in_order]
    assert places == sorted(places)
    (img,) = article.xpath(".//figure[@class='lead']/img")
    assert img.get("alt") == "Des grues"
    assert (told.paths.site / "chapters" / SLUG / img.get("src")).resolve().is_file()
    days = [a.get("href") for a in article.xpath(".//nav[@class='contents']//a")]
    assert days == [f"#d-2012-07-{day}" for day in range(15, 21)]
    assert all(article.xpath(".//*[@id=$name]", name=link[1:]) for link in days)
    # A day without a headline is listed by the first words of its first update.
    assert "Le 16, rien ne bouge." in article.xpath(".//nav[@class='contents']//a")[1].xpath(
        "string()"
    )


def test_the_page_says_to_machines_what_it_is(told: Blog, tmp_path: Path) -> None:
    """Article in the vocabulary of schema.org, and Open Graph; whole days have no clock time."""
    written(told, authors=("Ana",), image=Image(picture(tmp_path), "Des grues"))
    page = page_of(told)
    data = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
    assert data["@type"] == "Article"
    assert data["headline"] == "Six jours au port"
    assert data["temporalCoverage"] == "2012-07-15/2012-07-20"
    assert data["datePublished"] == data["dateModified"] == "2012-07-21"
    assert data["author"] == [{"@type": "Person", "name": "Ana"}]
    assert data["image"][0].endswith(".png")
    card = {meta.get("property"): meta.get("content") for meta in page.xpath("//meta[@property]")}
    assert card["og:type"] == "article"
    assert card["og:title"] == "Six jours au port"
    assert card["og:image"] == data["image"][0]
    assert card["article:published_time"] == "2012-07-21"
    # An instant that counts is said.
    told.post("À quatre heures.", at=told.now - timedelta(days=2), title="Quatre")
    assert "T10:00:00" in page_of(told).xpath("//script[@type='application/ld+json']")[0].text


def test_the_chapter_is_markdown_and_plain_text_too(told: Blog, tmp_path: Path) -> None:
    """With its title, period, authors, picture, introduction, days and close."""
    written(told, image=Image(picture(tmp_path), "Des grues", "Le quai nord"))
    site = pages_of(told)
    markdown = site[f"chapters/{SLUG}/index.md"]
    assert markdown.startswith(
        "# Six jours au port\n\n*Du 15 au 20 juillet 2012 · Par La rédaction*\n"
    )
    assert "![Des grues](" in markdown
    text = site[f"chapters/{SLUG}/index.txt"]
    for shown in (markdown, text):
        parts = (
            "Des grues",
            "Le quai nord",
            "tout change",
            "Dimanche 15",
            "Vendredi 20",
            "Rappelons",
        )
        places = [shown.index(part) for part in parts]
        assert places == sorted(places)


@pytest.mark.parametrize(
    ("selection", "days"),
    [
        ({"tags": ("port",)}, [15, 17, 19]),
        ({"key": True}, [17]),
        ({"tags": ("port", "Ville")}, [15, 16, 17, 18, 19, 20]),
    ],
)
def test_a_chapter_tells_what_it_selects(
    told: Blog, selection: dict[str, Any], days: list[int]
) -> None:
    """Days without such an update are left out, and do not name the chapter."""
    written(told, **selection)
    site = pages_of(told)
    shown = parse(site[PAGE]).xpath("//section[@class='day']")
    assert [section.get("id") for section in shown] == [f"d-2012-07-{day}" for day in days]
    naming = [day for day in range(15, 21) if SLUG in site[f"2012/07/{day}/index.html"]]
    assert naming == days


def test_a_correction_with_a_note_is_shown(told: Blog, clock: Clock) -> None:
    """At the end of the page, in the texts and in the feeds."""
    written(told)
    clock.go(days=1)
    told.chapters.edit(SLUG, ChapterDraft(close="Tout autre."), note="La fin était fausse.")
    site = pages_of(told)
    note = "Correction du dimanche 22 juillet 2012. La fin était fausse."
    for path in (PAGE, f"chapters/{SLUG}/index.txt", "chapters/atom.xml", "atom.xml"):
        assert note in site[path].replace("\xa0", " ").replace("&#160;", " "), path
    assert "Rappelons" not in "".join(site.values())


def test_hostile_texts_are_harmless(told: Blog, tmp_path: Path) -> None:
    """In title, texts, authors and caption."""
    bad = "<script>alert(1)</script>"
    written(told, title=f"Six {bad}", introduction=bad, close=f"[x](javascript:alert(1)) {bad}",
            authors=(bad,), image=Image(picture(tmp_path), bad, bad))  # fmt: skip
    for path, text in pages_of(told).items():
        if path.endswith((".html", ".xml")):
            assert "<script>alert" not in text, path
            assert 'href="javascript:' not in text, path


# -- lists ------------------------------------------------------------------------------------


def test_lists_know_the_chapter(told: Blog) -> None:
    """The live page, the list, the year, its days, its tags, search, sitemap and live.json."""
    assert "Chapitre" not in "".join(pages_of(told).values())
    written(told, tags=("Port",), key=False)
    site = pages_of(told)
    for path in ("index.html", "chapters/index.html", "2012/index.html", "2012/07/15/index.html",
                 "tags/port/index.html"):  # fmt: skip
        links = parse(site[path]).xpath("//main//a/@href")
        assert any(link.endswith(f"{SLUG}/") for link in links), path
    assert SLUG not in site["tags/ville/index.html"]
    assert f"chapters/{SLUG}/" in site["sitemap-pages.xml"]
    (row,) = json.loads(site["chapters/search.json"])["entries"]
    assert row[0] == f"chapters/{SLUG}/"
    assert row[3] == "Six jours au port"
    assert "Rappelons" in row[5]
    document = json.loads(site["live.json"])
    assert [chapter["title"] for chapter in document["chapters"]] == ["Six jours au port"]
    assert SLUG in document["page"]["parts"]["chapters"]["html"]


def test_the_newest_period_comes_first(told: Blog) -> None:
    """On the live page are three; the list has all."""
    for first in (15, 16, 17, 18):
        written(told, title=f"Chapitre {first}", period=f"2012-07-{first}..2012-07-{first + 1}")
    site = pages_of(told)
    listed = re.findall(r"chapitre-(\d+)/\"", site["chapters/index.html"])
    assert listed == ["18", "17", "16", "15"]
    assert "chapitre-16" in site["index.html"]
    assert "chapitre-15" not in site["index.html"]


def test_a_framing_of_a_range_is_a_chapter(told: Blog) -> None:
    """Journals from before there were chapters hold texts that no page showed."""
    told.frame("2012-07-15..2012-07-18", headline="Quatre jours", introduction="Un début.")
    site = pages_of(told)
    page = site["chapters/2012-07-15--2012-07-18/index.html"]
    assert "Quatre jours" in page
    assert "Un début." in page
    assert "Quatre jours" in site["chapters/index.html"]
    told.chapters.edit("2012-07-15--2012-07-18", ChapterDraft(title="Cinq jours"))
    site = pages_of(told)
    assert "Cinq jours" in site["chapters/2012-07-15--2012-07-18/index.html"]
    assert "Quatre jours" not in "".join(site.values())


def test_every_text_that_the_journal_holds_is_on_a_page(told: Blog, tmp_path: Path) -> None:
    """Also that around a day or week without updates, as long as it is there."""
    periods = ("2012-05-06", "2012-W20", "2012-05-08..2012-05-12", "2012-07-15", "2012-W29",
               "2012-07-15..2012-07-20", "coverage")  # fmt: skip
    told.publish()
    for number, period in enumerate(periods):
        told.frame(period, introduction=f"Le texte {number}.")
    site = pages_of(told)
    for number in range(len(periods)):
        shown = [p for p, t in site.items() if f"Le texte {number}." in t and p.endswith(".html")]
        assert shown, periods[number]
    assert "2012/W20/" in site["sitemap-pages.xml"]
    assert "W20" in site["2012/index.html"]
    told.frame("2012-W20", introduction="")
    site = pages_of(told)
    assert "2012/W20/index.html" not in site
    assert "W20" not in site["sitemap-pages.xml"] + site["2012/index.html"]
    assert site_bytes(told.paths.site) == from_nothing(told, tmp_path / "fresh")


def test_a_search_finds_the_chapter(told: Blog) -> None:
    """By its title, introduction and close; a removed one no more."""
    written(told)
    (hit,) = told.search("rappelons").hits
    assert hit.path == f"chapters/{SLUG}/"
    told.chapters.remove(SLUG)
    assert told.search("rappelons").hits == ()


def test_what_is_quoted_of_a_removed_update_is_gone(told: Blog) -> None:
    """From a chapter and from the texts around a week, wherever the update was."""
    entry = told.post("SECRET.", at=date(2012, 6, 3))
    quote = f"Avant.\n\n> SECRET.\n>\n> — [Ana](entry:{entry.id})\n\nAprès."
    written(told, introduction=quote)
    told.frame("2012-W29", introduction=quote)
    told.search("secret")
    shown = [path for path, text in pages_of(told).items() if "SECRET" in text]
    assert {PAGE, f"chapters/{SLUG}/index.md", "chapters/atom.xml", "chapters/search.json",
            "2012/W29/index.html"} <= set(shown)  # fmt: skip
    told.remove(entry.id)
    site = pages_of(told)
    assert [path for path, text in site.items() if "SECRET" in text] == []
    assert "Avant." in site[PAGE]
    assert "Après." in site["2012/W29/index.html"]
    told.restore(entry.id)
    assert "SECRET" in pages_of(told)[PAGE]


def test_an_update_that_cannot_be_shown_costs_a_chapter_no_more(
    told: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice stands in its place, on the page and in the feed; the rest is there."""
    bad = told.post("Mauvais.", at=date(2012, 7, 18))
    written(told)
    content = Pages.content

    def failing(pages: Pages, entry: Entry) -> Any:
        if "Mauvais" in entry.now.body:
            raise ZeroDivisionError
        return content(pages, entry)

    monkeypatch.setattr(Pages, "content", failing)
    report = told.publish()
    assert {fault.place for fault in report.faults} == {bad.id}
    for path in (PAGE, "chapters/atom.xml"):
        text = (told.paths.site / path).read_text()
        assert "Cette publication ne peut pas être affichée" in text, path
        assert "Rappelons" in text, path
    monkeypatch.undo()
    told.edit(bad.id, body="Bon.")
    assert "Bon." in pages_of(told)[PAGE]


# -- feeds ------------------------------------------------------------------------------------


def test_the_chapter_is_an_item_of_both_feeds(told: Blog) -> None:
    """The feed of chapters tells it whole, the main feed lists its days; the id is the same."""
    written(told)
    pages_of(told)
    for name in ("atom.xml", "rss.xml"):
        main, own = item_of(told, name), item_of(told, f"chapters/{name}")
        assert main.id == own.id
        assert main.link == own.link
        assert main.title == own.title == "Six jours au port"
        assert "ne bouge" in own.content[0].value
        assert "<strong>rien</strong>" not in main.content[0].value
        assert f"chapters/{SLUG}/#d-2012-07-17" in main.content[0].value
        for item in (main, own):
            assert "Rappelons ce qui reste." in item.content[0].value
    document = json.loads((told.paths.site / "chapters/feed.json").read_bytes())
    assert [item["title"] for item in document["items"]] == ["Six jours au port"]


def test_a_correction_inside_comes_to_subscribers(told: Blog, clock: Clock) -> None:
    """The item is updated and keeps its id; also when an update is retracted or removed."""
    entries = [entry.id for entry in told.timeline.newest_first()]
    written(told)
    pages_of(told)
    before = item_of(told, "chapters/atom.xml")
    changes: list[Callable[[], object]] = [
        lambda: told.edit(entries[2], body="Le 18, **tout** bouge.", note="Mieux vu."),
        lambda: told.retract(entries[3], why="Faux."),
        lambda: told.remove(entries[4]),
    ]
    for change in changes:
        clock.go(hours=1)
        change()
        pages_of(told)
        for feed in ("atom.xml", "chapters/atom.xml"):
            after = item_of(told, feed)
            assert after.id == before.id
            assert after.published == before.published
            assert after.updated > before.updated
        before = after
    assert "tout" in before.content[0].value
    assert "Titre 17" not in before.content[0].value


def test_a_retracted_chapter_says_so(told: Blog, clock: Clock) -> None:
    """On its page and in the feeds, in its id's place; no list names it, and no text is left."""
    written(told)
    pages_of(told)
    identity = item_of(told, "chapters/atom.xml").id
    clock.go(hours=1)
    told.chapters.retract(SLUG, why="Tout était faux.")
    site = pages_of(told)
    assert "Ce chapitre a été retiré." in site[PAGE]
    assert "Tout était faux." in site[PAGE]
    for feed in ("atom.xml", "chapters/atom.xml"):
        item = item_of(told, feed)
        assert item.id == identity
        assert "Tout était faux." in item.content[0].value
    for path, text in site.items():
        assert "Six jours au port" not in text, path
        assert "Rappelons" not in text, path
    assert "chapters/index.html" not in site


def test_a_removed_chapter_is_gone(told: Blog, tmp_path: Path, clock: Clock) -> None:
    """With its picture; a tombstone is left in both feeds."""
    written(told, image=Image(picture(tmp_path), "Des grues"))
    pages_of(told)
    identity = item_of(told, "chapters/atom.xml").id
    assert list((told.paths.site / "media/chapters").iterdir())
    clock.go(hours=1)
    told.chapters.remove(SLUG)
    site = pages_of(told)
    assert not any(path.startswith((f"chapters/{SLUG}", "media/chapters")) for path in site)
    assert not (told.paths.site / "media/chapters").exists()
    for feed in ("atom.xml", "chapters/atom.xml"):
        stones = etree.fromstring(site[feed].encode()).findall(f"{{{AT}}}deleted-entry")
        assert [stone.get("ref") for stone in stones] == [identity]
    assert "Six jours au port" not in "".join(site.values())
    told.chapters.restore(SLUG)
    assert "Six jours au port" in pages_of(told)[PAGE]


def test_a_scheduled_chapter_appears_at_its_time(told: Blog, clock: Clock) -> None:
    """By the clock alone; before that no file knows it."""
    at = told.now + timedelta(hours=3)
    written(told, published=at, schedule=True)
    assert "Six jours" not in "".join(pages_of(told).values())
    assert told.publisher.next_change(told.now) == at
    clock.go(hours=3)
    assert "Six jours au port" in pages_of(told)[PAGE]
    assert told.publisher.next_change(told.now) is None
    assert item_of(told, "atom.xml").published.startswith("2012-07-21T13:00:00")


# -- what a publication renders ---------------------------------------------------------------


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the renderings of the page of each chapter."""
    counter: Counter[str] = Counter()

    def counted(pages: Any, digest: Any, *rest: Any) -> bytes:
        counter[digest.chapter.slug] += 1
        return chapter_pages.chapter_page(pages, digest, *rest)

    monkeypatch.setattr(chapter_files, "chapter_page", counted)
    return counter


def test_an_update_outside_of_its_period_costs_a_chapter_nothing(
    told: Blog, clock: Clock, rendered: Counter[str]
) -> None:
    """One inside renders the chapters whose period contains its day, and no other."""
    for first in (15, 17, 19):
        written(told, title=f"Chapitre {first}", period=f"2012-07-{first}..2012-07-{first + 1}")
    told.publish()
    rendered.clear()
    reads: list[str] = []
    read = told.journal.read

    def counted(name: str) -> Any:
        reads.append(name)
        return read(name)

    told.publisher._journal.read = counted  # type: ignore[method-assign]
    told.post("Dehors.")
    told.publish()
    assert not rendered
    assert not [name for name in reads if name.startswith("chapter:")]
    told.post("Dedans.", at=date(2012, 7, 18))
    told.publish()
    assert rendered == {"chapitre-17": 1}
    rendered.clear()
    told.chapters.edit("chapitre-19", ChapterDraft(close="Autre."))
    told.publish()
    assert rendered == {"chapitre-19": 1}
    rendered.clear()
    told.publish()
    assert not rendered


def test_whatever_happens_the_site_is_that_of_a_publication_from_nothing(
    told: Blog, clock: Clock, tmp_path: Path
) -> None:
    """After each step with chapters, to the byte."""
    entries: list[Revision] = [entry.now for entry in told.timeline.newest_first()]
    steps: list[Callable[[], object]] = [
        lambda: written(told, tags=("Port",), image=Image(picture(tmp_path), "Des grues")),
        lambda: told.chapters.edit(SLUG, ChapterDraft(period="2012-07-16..2012-07-21"), note="Si."),
        lambda: told.post("Encore.", at=date(2012, 7, 19), tags=["Port"]),
        lambda: told.edit(entries[1].id, tags=["Ville"]),
        lambda: told.chapters.edit(SLUG, ChapterDraft(tags=(), title="Autre titre")),
        lambda: told.remove(entries[2].id),
        lambda: told.edit(entries[3].id, at=date(2012, 7, 21)),
        lambda: told.chapters.retract(SLUG, why="Faux."),
        lambda: told.chapters.remove(SLUG),
        lambda: told.chapters.restore(SLUG),
    ]
    for number, step in enumerate(steps):
        step()
        told.publish()
        fresh = from_nothing(told, tmp_path / "fresh")
        found = site_bytes(told.paths.site)
        assert sorted(found) == sorted(fresh), number
        assert [name for name in found if found[name] != fresh[name]] == [], number
        clock.go(hours=5)
    assert not told.check().faults
