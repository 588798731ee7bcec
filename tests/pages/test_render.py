"""The pages, rendered from plain data: no blog, no journal, no disk."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import html as lxml_html
from msgspec.structs import replace

from liveblog.config import Config
from liveblog.digest import Digest
from liveblog.digest.build import figures
from liveblog.model import period
from liveblog.model.entry import Figure, Framing, Media, Revision
from liveblog.model.errors import ConfigError
from liveblog.model.moment import Moment
from liveblog.pages.data import Coverage, FeedDocument, FeedItem, Home, NavigationLink, Tag
from liveblog.pages.documents import mail_html, standalone
from liveblog.pages.lists import tag_page, year_page
from liveblog.pages.live_page import PARTS, render_live_page, render_parts
from liveblog.pages.render import Pages
from liveblog.pages.templates import RenderError
from liveblog.text.fragments import ROOT
from liveblog.timeline import Day, Entry

CONFIG = Config(
    title="Une semaine", url="https://example.org/s/", id="tag:example.org,2012-07-15:s",
    language="fr", timezone="Europe/Paris", author="Anna",
)  # fmt: skip
NOON = datetime(2012, 7, 15, 10, 0, tzinfo=UTC)
HOSTILE = '</title><script>alert("x")</script>&amp;'
POST = Revision(
    id="20120715-7k3m9qx2tb", rev=1, recorded=NOON, published=NOON, updated=NOON,
    title="Combats", body="Des *tirs* à [Damas](2012/W29/).", tags=("Damas",), author="Anna",
)  # fmt: skip
MAP = Media(
    path="2012/07/15/7k3m9qx2tb-0123456789.png", type="image/png", size=9, width=800, height=400,
    alt="Une carte",
)  # fmt: skip


class Assets(dict[str, str]):
    """The path of any static file."""

    def __missing__(self, name: str) -> str:
        return f"assets/{name}"


@pytest.fixture(scope="module")
def loaded_pages() -> Pages:
    """Return the pages of a French blog, with the theme's templates."""
    return Pages(CONFIG, assets=Assets({"style.css": "assets/style.css"}))


@pytest.fixture
def pages(loaded_pages: Pages) -> Pages:
    """Return these pages with an empty cache."""
    loaded_pages.clear_cache()
    return loaded_pages


def entry(*revisions: Revision) -> Entry:
    """Return an entry with these revisions, or with one."""
    return Entry(revisions or (POST,))


def day_digest(*entries: Entry, framing: Framing | None = None) -> Digest:
    """Return the digest of 15 July."""
    days = (Day(date(2012, 7, 15), entries, framing),)
    return Digest(period.day(date(2012, 7, 15)), framing, days, figures(list(days)))


def home(*entries: Entry, ended: datetime | None = None) -> Home:
    """Return the data of a live page with these entries."""
    coverage = Coverage(None, Moment(NOON), ("Anna",), ended)
    day = NavigationLink("2012/07/15/", "Dimanche 15 juillet")
    tags = ((Tag("damas", "Damas"), 3),)
    return Home(coverage, entries, (), (), 0, tags, (day,), (2012,), None)


def parse(page: bytes | str) -> lxml_html.HtmlElement:
    """Parse a page."""
    text = page.decode() if isinstance(page, bytes) else page
    assert ROOT not in text
    return lxml_html.document_fromstring(text)


# -- fragments -------------------------------------------------------------------------------------


def test_fragments_begin_their_addresses_with_the_placeholder(pages: Pages) -> None:
    """So pages at any depth and feeds can use the same fragment."""
    assert f'href="{ROOT}2012/07/15/7k3m9qx2tb/"' in pages.article(entry())
    assert f'href="{ROOT}2012/W29/"' in pages.content(entry())


def test_a_fragment_is_rendered_once_for_each_state_of_an_entry(pages: Pages) -> None:
    """The number of a revision may be given twice; what was recorded differs then."""
    assert pages.article(entry()) == pages.article(entry())
    later = replace(POST, recorded=NOON.replace(minute=1), body="Autre.")
    assert "Autre" in pages.content(entry(later))
    assert "tirs" in pages.content(entry())
    corrected = replace(POST, rev=2, note="Le lieu était faux.")
    assert "Le lieu était faux" in pages.content(entry(POST, corrected))


def test_a_retracted_entry_shows_a_notice_and_its_reason(pages: Pages) -> None:
    """Neither its text nor its title remains."""
    retracted = entry(POST, replace(POST, rev=2, state="retracted", note="C’était faux."))
    article = pages.article(retracted)
    assert "C’était faux." in article
    assert "tirs" not in article
    assert "Combats" not in article
    assert "Combats" not in pages.name(retracted)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Combats"),
        ({"title": ""}, "Des tirs à Damas."),
        ({"title": "", "body": "", "media": (MAP,)}, "Une carte"),
        ({"title": "", "body": ""}, "…"),
        ({"title": "", "body": "mot " * 50}, None),
    ],
)
def test_an_entry_is_named_by_its_title_or_first_words(
    pages: Pages, changes: dict[str, object], name: str | None
) -> None:
    """At most 80 characters of them; else the picture's description."""
    found = pages.name(entry(replace(POST, **changes, recorded=None)))
    assert found == name if name else len(found) <= 80
    assert pages.summary(entry()).startswith("Des tirs à Damas.")


def test_a_text_in_another_language_says_so(pages: Pages) -> None:
    """With its direction."""
    article = pages.article(entry(replace(POST, rev=9, lang="ar")))
    assert 'lang="ar" dir="rtl"' in article


def test_a_digest_is_summarised_by_its_introduction(pages: Pages) -> None:
    """Or by the names of its entries."""
    assert pages.digest_summary(day_digest(entry())) == "Combats"
    framing = Framing(period="2012-07-15", introduction="Une *longue* journée.")
    assert pages.digest_summary(day_digest(entry(), framing=framing)) == "Une longue journée."


# -- pages -----------------------------------------------------------------------------------------


def test_no_page_contains_what_a_hostile_text_would_run(pages: Pages) -> None:
    """Titles, names of tags and authors, feeds, searches: all are escaped."""
    hostile = entry(
        replace(POST, rev=7, title=HOSTILE, author=HOSTILE, tags=(HOSTILE,), body=HOSTILE)
    )
    link = NavigationLink("2012/07/14/", HOSTILE, HOSTILE)
    digest = day_digest(hostile, framing=Framing(period="2012-07-15", headline=HOSTILE))
    data = home(hostile)
    found: list[bytes | str] = [
        pages.entry(hostile),
        render_live_page(pages, data, render_parts(pages, data)),
        pages.digest(digest, previous=link, following=link, week=link),
        tag_page(pages, Tag("x", HOSTILE), [hostile], 1),
        year_page(pages, 2012, [(date(2012, 7, 1), [link])], [link], [2012]),
        pages.search("../", asked=HOSTILE, tag=HOSTILE, author=HOSTILE),
        pages.feed("feed.json", FeedDocument(HOSTILE, [FeedItem("javascript:x", HOSTILE)])),
        standalone(pages, digest, style="", picture=lambda media: media.path),
        mail_html(pages, digest, subject=HOSTILE, preheader=HOSTILE, address=CONFIG.url,
                   is_cut=False, unsubscribe=()),
    ]  # fmt: skip
    for page in found:
        scripts = parse(page).xpath("//script[not(@src)]")
        assert all(script.get("type") == "application/ld+json" for script in scripts)
        assert 'alert("x")</script>' not in (page.decode() if isinstance(page, bytes) else page)
        assert "javascript:" not in str(page)


@pytest.mark.parametrize(
    ("path", "root"), [("2012/07/15/index.html", "../../../"), ("2012/index.html", "../")]
)
def test_a_page_leads_to_the_root_from_its_depth(pages: Pages, path: str, root: str) -> None:
    """By a relative path, so that the site works in any folder."""
    link = NavigationLink("2012/W28/", "Semaine")
    if path.startswith("2012/07"):
        page = pages.digest(day_digest(entry()), previous=None, following=None, week=link)
    else:
        page = year_page(pages, 2012, [], [link], [2012])
    assert parse(page).get("lang") == "fr"
    assert parse(page).xpath("string(//link[@rel='stylesheet']/@href)") == f"{root}assets/style.css"


def test_the_live_page_contains_its_parts_with_their_marks(pages: Pages) -> None:
    """An open page replaces a part when its mark changes."""
    data = home(entry())
    parts = render_parts(pages, data)
    assert tuple(parts) == PARTS
    page = parse(render_live_page(pages, data, parts))
    marks = {part.get("data-part"): part.get("data-mark") for part in page.xpath("//*[@data-part]")}
    assert marks == {name: part.mark for name, part in parts.items()}
    over = render_parts(pages, home(entry(), ended=NOON))
    assert {name for name in PARTS if over[name] != parts[name]} == {"head"}
    assert "stream.js" in str(lxml_html.tostring(page))
    assert b"stream.js" not in render_live_page(pages, home(entry(), ended=NOON), over)


def test_pages_describe_themselves_for_search_engines(pages: Pages) -> None:
    """schema.org, with nothing empty in it."""
    data = home(entry(replace(POST, media=(MAP,), rev=4)))
    (script,) = parse(render_live_page(pages, data, render_parts(pages, data))).xpath(
        "//script[@type='application/ld+json']"
    )
    described = json.loads(script.text)
    assert described["@type"] == "LiveBlogPosting"
    assert "coverageEndTime" not in described
    (post,) = described["liveBlogUpdate"]
    assert post["headline"] == "Combats"
    assert post["image"] == [f"https://example.org/s/media/{MAP.path}"]


def test_the_page_of_an_entry_has_its_history(pages: Pages) -> None:
    """Each revision with its instant and its public reason."""
    page = parse(pages.entry(entry(POST, replace(POST, rev=2, note="Le lieu était faux."))))
    assert len(page.xpath("//section[@class='history']//li")) == 2
    assert not parse(pages.entry(entry())).xpath("//section[@class='history']")


def test_a_missing_page_is_told_from_a_removed_one(pages: Pages) -> None:
    """With a root that works at any depth."""
    missing, gone = pages.not_found("/s/"), pages.not_found("/s/", is_gone=True)
    assert missing != gone
    assert parse(missing).xpath("string(//main//a/@href)") == "/s/"


def test_a_former_address_redirects(pages: Pages) -> None:
    """Without a script."""
    page = parse(pages.redirect("https://example.org/s/?a=1&b=2"))
    assert page.xpath("string(//meta[@http-equiv='refresh']/@content)").endswith("?a=1&b=2")


def test_a_document_that_stands_alone_contains_its_pictures(pages: Pages) -> None:
    """And leads to the site by whole addresses."""
    digest = day_digest(entry(replace(POST, rev=5, media=(MAP,))))
    page = parse(standalone(pages, digest, style="p { color: red }", picture=lambda _: "data:x"))
    assert page.xpath("//img/@src") == ["data:x"]
    assert not page.xpath("//link[@rel='stylesheet']")
    assert all(href.startswith(("https://example.org/s/", "#")) for href in page.xpath("//a/@href"))


def test_pictures_in_a_mail_have_the_size_that_they_are_shown_at(pages: Pages) -> None:
    """Mail programs know no style sheet."""
    digest = day_digest(entry(replace(POST, rev=6, media=(MAP,))))
    page = mail_html(pages, digest, subject="x", preheader="", address=CONFIG.url, is_cut=False,
                      unsubscribe=())  # fmt: skip
    assert 'width="560" height="280"' in page


def test_figures_are_a_table_and_a_chart(pages: Pages) -> None:
    """The chart from three days on; for phones, each day has its bar."""
    days = tuple(
        Day(date(2012, 7, number),
            (entry(replace(POST, id=f"201207{number}-7k3m9qx2tb",
                           figures=(Figure("Morts", number, "personnes"),))),))
        for number in (16, 17, 18)
    )  # fmt: skip
    digest = Digest(period.week(date(2012, 7, 18)), None, days, figures(list(days)))
    link = NavigationLink("2012/W29/", "Semaine")
    page = parse(pages.digest(digest, previous=link, following=None, week=link))
    assert page.xpath("//section[@id='figures']//tbody//td/text()") == ["16", "17", "18"]
    assert len(page.xpath("//figure[@class='chart']//*[local-name()='rect']")) == 3
    assert page.xpath("//*[@class='bars']//th/text()") == ["16 juil.", "17 juil.", "18 juil."]


# -- a blog's own templates ------------------------------------------------------------------------


def own_pages(folder: Path, name: str, source: str) -> Pages:
    """Return pages with one template of the blog's own."""
    path = folder / "templates" / name
    path.parent.mkdir(parents=True)
    path.write_text(source, "utf-8")
    return Pages(CONFIG, templates=folder / "templates")


def test_a_template_of_its_own_takes_the_place_of_the_themes(tmp_path: Path) -> None:
    """The others stay; texts are escaped in it too."""
    source = "<b>{{ now.title }}</b>{{ entry.id|permalink }}"
    pages = own_pages(tmp_path, "fragments/article.html", source)
    article = pages.article(entry(replace(POST, title="<i>")))
    assert article == f"<b>&lt;i&gt;</b>{ROOT}2012/07/15/7k3m9qx2tb/"
    assert "tirs" in pages.content(entry())


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("a\n{% if %}", ConfigError, "article.html, line 2"),
        ("a\n\n{{ nobody }}", RenderError, "article.html, line 3"),
        ("{{ 1 // 0 }}", RenderError, "ZeroDivisionError"),
    ],
)
def test_an_error_in_a_template_names_file_and_line(
    tmp_path: Path, source: str, kind: type[ConfigError], message: str
) -> None:
    """One that cannot be parsed is another error than one that fails."""
    pages = own_pages(tmp_path, "fragments/article.html", source)
    with pytest.raises(ConfigError, match=re.escape(message)) as failed:
        pages.article(entry())
    assert type(failed.value) is kind


def test_the_title_of_the_blog_is_said_once_where_it_is_the_heading(pages: Pages) -> None:
    """Neither above the heading as well, nor twice in the title of the window."""
    page = parse(render_live_page(pages, home(entry()), {}))
    assert page.findtext(".//title") == pages.config.title
    assert page.body.get("class").split() == ["live", "untitled"]
