"""The pages as readers meet them, in a real browser.

Numbers are those of the promises in ``docs/pages.md``.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from liveblog import Blog
from liveblog.blog import Image
from liveblog.digest.selection import for_readers
from liveblog.exports import html
from liveblog.model.chapter import ChapterDraft
from liveblog.model.entry import Figure, Source

from ..conftest import Clock, coverage_digest, needs, serving
from ..site.test_publish import picture

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


def fill(blog: Blog, clock: Clock, folder: Path) -> dict[str, str]:
    """Tell three days with everything an entry can be; return ids by a short name."""
    ids = {}
    image = picture(folder)
    clock.set("2012-07-15T18:04:00+02:00")
    ids["old"] = blog.post("Le tout premier fait.", tags=["Damas"], key=True, title="Début").id
    for number in range(55):
        clock.go(minutes=3)
        blog.post(f"Fait {number}. " + "Une phrase de plus. " * (number % 9), tags=["Alep"])
    clock.set("2012-07-16T09:00:00+02:00")
    ids["claim"] = blog.post(
        "Un pont **serait** coupé. https://example.org/une/adresse/tres/longue/"
        + "x" * 150, tags=["Damas", "Réfugiés"], verification="unconfirmed",
        sources=[Source("OSDH", "https://www.syriahr.com/")],
    ).id  # fmt: skip
    clock.go(minutes=5)
    ids["wrong"] = blog.post("Faux bruit.").id
    clock.go(minutes=5)
    ids["figures"] = blog.post(
        "Le bilan.\n\n| a | b |\n|---|---|\n| 1 | 2 |", title="Bilan", key=True,
        figures=[Figure("Morts (OSDH)", 105, "personnes", "OSDH")],
        images=[Image(image, "Un point gris", "Une légende")],
    ).id  # fmt: skip
    clock.go(hours=20)
    ids["pinned"] = blog.post(
        "Une longue carte. " * 60, title="Repères", pinned=True, author="Ana",
        figures=[Figure("Morts (OSDH)", 128, "personnes", "OSDH")],
    ).id  # fmt: skip
    clock.go(minutes=5)
    ids["new"] = blog.post("Le plus récent.", title="Dernier point", key=True, tags=["Damas"]).id
    blog.retract(ids["wrong"], why="La source s’est rétractée.")
    blog.edit(ids["claim"], body="Deux ponts seraient coupés.", note="Un second pont.")
    blog.frame("2012-07-16", headline="Un lundi", introduction="Pour commencer.", close="Fin.")
    blog.frame("coverage", headline="La semaine en direct", introduction="En une phrase.")
    blog.chapters.create(
        ChapterDraft(
            title="Trois jours de juillet",
            period="2012-07-15..2012-07-17",
            introduction="Comment tout a commencé.",
            close="La suite reste à écrire.",
        ),
        image=Image(image, "Le pont", "Le pont au matin"),
    )
    blog.publish()
    return ids


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str], Blog]]:
    """A published French blog on a server: its address, ids, and itself."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "feeds").mkdir()
    with serving(folder / "feeds") as url:
        clock = Clock()
        blog = Blog.init(
            folder, title="Une semaine", language="fr", timezone="Europe/Paris", url=url,
            author="La rédaction", clock=clock, description="Huit jours, heure par heure.",
        )  # fmt: skip
        yield url, fill(blog, clock, folder), blog


@contextmanager
def page_of(browser: Any, **options: Any) -> Iterator[Any]:
    """Open a page; what the browser complains of fails the test."""
    options.setdefault("viewport", PHONE)
    context = browser.new_context(locale="fr-FR", timezone_id="Europe/Paris", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.requests = []
    page.on("request", lambda request: page.requests.append(request.url))
    yield page
    context.close()
    assert complaints == []


def every_page(ids: dict[str, str]) -> list[str]:
    """Return one path of each kind of page."""
    entry = ids["claim"]
    return [
        "", "2012/07/16/", "2012/W29/", "tags/damas/", "2012/",
        f"2012/07/16/{entry[9:]}/", "404.html", "chapters/", "chapters/trois-jours-de-juillet/",
        "subscribe/",
    ]  # fmt: skip


@pytest.mark.slow
def test_1_without_javascript_everything_is_there(browser: Any, told: Any) -> None:
    """The newest entries, times, key events, filters as links, a refresh; no dead button."""
    url, ids, _ = told
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(url)
        assert page.locator("article.entry").count() == 50
        assert page.locator(f"#e-{ids['new']} time").first.inner_text() == "5 h 15".replace(
            " ", "\u00a0"
        )
        assert page.locator(".keys li").count() == 3
        assert page.locator('nav.filters a[href$="tags/damas/"]').count() == 1
        assert page.locator("a.refresh").is_visible()
        assert page.locator("button:visible").count() == 0


@pytest.mark.slow
def test_2_the_head_stands_above_the_fold_on_a_phone(browser: Any, told: Any) -> None:
    """Headline, summary, state in words, last update, authors within 844 px."""
    url, _, _ = told
    with page_of(browser) as page:
        page.goto(url)
        for text in ("La semaine en direct", "En une phrase.", "En direct", "La rédaction"):
            box = page.get_by_text(text).first.bounding_box()
            assert box
            assert box["y"] + box["height"] <= 844


@pytest.mark.slow
def test_3_a_pinned_entry_takes_at_most_40_percent(browser: Any, told: Any) -> None:
    """It can be folded, stands in its own place too, and each leads to the other."""
    url, ids, _ = told
    for viewport in (PHONE, DESK):
        with page_of(browser, viewport=viewport) as page:
            page.goto(url)
            box = page.locator("details.pinned").bounding_box()
            assert box["height"] <= 0.4 * viewport["height"] + 60
            assert page.locator(f"#e-{ids['pinned']}").count() == 1
            assert page.locator(f'details.pinned a[href="#e-{ids["pinned"]}"]').count() >= 1


@pytest.mark.slow
def test_4_key_events_are_anchors(browser: Any, told: Any) -> None:
    """At most ten, with time and title; one on an older page leads there."""
    url, ids, _ = told
    with page_of(browser) as page:
        page.goto(url)
        links = page.locator(".keys a")
        assert links.count() == 3
        assert links.first.get_attribute("href") == f"#e-{ids['new']}"
        assert links.last.get_attribute("href").endswith(f"2012/07/15/{ids['old'][9:]}/")


@pytest.mark.slow
def test_6_each_entry_is_an_article_with_heading_and_time(browser: Any, told: Any) -> None:
    """The time is absolute, its instant exact, date and zone in full in its title."""
    url, ids, _ = told
    with page_of(browser) as page:
        page.goto(url)
        article = page.locator(f"article#e-{ids['new']}")
        assert article.locator("h3").count() == 1
        time = article.locator("time").first
        assert time.get_attribute("datetime") == "2012-07-17T03:15:00Z"
        title = time.get_attribute("title").replace("\u00a0", " ")
        assert title == "mardi 17 juillet 2012 à 5 h 15 (UTC+2)"
        headings = page.locator("#stream h2").all_inner_texts()
        assert headings[0] == "Mardi 17 juillet 2012"


@pytest.mark.slow
def test_6_an_entry_of_the_last_day_says_how_long_ago(browser: Any, tmp_path: Path) -> None:
    """« il y a 12 min », in the blog's language; dropped after a day."""
    from datetime import UTC, datetime, timedelta

    (tmp_path / "feeds").mkdir()
    with serving(tmp_path / "feeds") as url:
        blog = Blog.init(tmp_path, title="x", language="fr", timezone="Europe/Paris", url=url)
        recent = blog.post("Récent.", at=datetime.now(UTC) - timedelta(minutes=12))
        old = blog.post("Ancien.", at=datetime.now(UTC) - timedelta(hours=30))
        blog.publish()
        with page_of(browser) as page:
            page.goto(url)
            page.wait_for_timeout(200)
            shown = page.locator(f"#e-{recent.id} h3").inner_text()
            assert re.search(r"il y a\s12\smin", shown)
            assert "il y a" not in page.locator(f"#e-{old.id} h3").inner_text()


@pytest.mark.slow
def test_6_a_reader_elsewhere_is_told_the_zone(browser: Any, told: Any) -> None:
    """The zone that is shown is named."""
    url, _, _ = told
    with page_of(browser) as page:
        page.goto(url)
        assert page.get_by_text("Heure locale : Paris").count() >= 1


@pytest.mark.slow
def test_12_a_fragment_of_an_older_entry_leads_to_it(browser: Any, told: Any) -> None:
    """An entry that is not on the page any more is shown on its own."""
    url, ids, _ = told
    with page_of(browser) as page:
        page.goto(f"{url}#e-{ids['old']}")
        page.wait_for_url(f"**/2012/07/15/{ids['old'][9:]}/**")
        assert page.get_by_text("Le tout premier fait.").count() >= 1
    with page_of(browser) as page:
        page.goto(f"{url}#e-{ids['new']}")
        assert page.locator(f"#e-{ids['new']}:target").count() == 1


@pytest.mark.slow
def test_12_copy_link_confirms(browser: Any, told: Any) -> None:
    """The permalink is on the clipboard, and the reader is told."""
    url, ids, _ = told
    with page_of(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(url)
        page.locator(f"#e-{ids['new']} button.copy").click()
        expect(page.locator("#status")).not_to_be_empty()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == f"{url}2012/07/17/{ids['new'][9:]}/"


def test_13_the_first_page_is_light(told: Any) -> None:
    """At most 50 entries and 150 kB compressed, style and script included."""
    _, _, blog = told
    site = blog.paths.site
    files = [site / "index.html", *(site / "assets").iterdir()]
    assert sum(len(gzip.compress(f.read_bytes())) for f in files) < 150_000
    page = files[0].read_text("utf-8")
    scripts = [f for f in files if f.suffix == ".js" and f.name in page]
    assert len(scripts) == 14
    assert sum(len(gzip.compress(f.read_bytes())) for f in scripts) < 18_000


@pytest.mark.slow
def test_13_days_are_chained(browser: Any, told: Any) -> None:
    """Without scripts the live page leads to older updates, and each day to its neighbours."""
    url, _, _ = told
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(url)
        page.locator('main a[rel="next"]').click()
        page.wait_for_url(f"{url}2012/07/15/#e-*")
        page.locator('a[rel="next"]').click()
        page.wait_for_url(f"{url}2012/07/16/")
        assert page.locator('a[rel="prev"]').count() == 1


@pytest.mark.slow
def test_14_filters_live_in_the_url(browser: Any, told: Any) -> None:
    """By tag and key events; a shared address shows the same, and going back undoes it."""
    url, ids, _ = told
    with page_of(browser) as page:
        page.goto(url)
        page.locator('nav.filters a[data-filter="tag=damas"]').click()
        assert "tag=damas" in page.url
        shown = page.locator("article.entry:visible")
        assert shown.count() == 2
        page.go_back()
        expect(page.locator("article.entry:visible")).to_have_count(50)
        page.goto(f"{url}?key=1")
        assert page.locator("article.entry:visible").count() == 2
        page.goto(f"{url}?author=ana")
        assert page.locator("article.entry:visible").count() == 1
        assert page.locator(f"#e-{ids['pinned']}").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_15_axe_finds_nothing(browser: Any, told: Any, scheme: str) -> None:
    """On every kind of page, at phone and desktop width."""
    from axe_playwright_python.sync_playwright import Axe

    url, ids, _ = told
    for viewport in (PHONE, DESK):
        with page_of(browser, viewport=viewport, color_scheme=scheme) as page:
            for path in every_page(ids):
                page.goto(url + path)
                results = Axe().run(page)
                assert results.violations_count == 0, (path, results.generate_report())


@pytest.mark.slow
def test_15_the_theme_can_be_switched_and_is_remembered(browser: Any, told: Any) -> None:
    """Whatever the system prefers, without a flash on the next page."""
    url, _, _ = told
    with page_of(browser, color_scheme="light") as page:
        page.goto(url)
        before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        page.locator("button.theme").click()
        after = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert before != after
        page.goto(f"{url}2012/07/16/")
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == after


@pytest.mark.slow
def test_15_nothing_scrolls_sideways_at_320_pixels(browser: Any, told: Any) -> None:
    """Nor at 200 %, which is 640 px halved; long addresses and tables included."""
    url, ids, _ = told
    with page_of(browser, viewport={"width": 320, "height": 640}) as page:
        for path in every_page(ids):
            page.goto(url + path)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 320, path


@pytest.mark.slow
def test_15_targets_are_large_enough_to_touch(browser: Any, told: Any) -> None:
    """Buttons and filters have 44 px where the pointer is a finger."""
    url, _, _ = told
    with page_of(browser, has_touch=True, is_mobile=True) as page:
        page.goto(url)
        for box in page.locator("nav.filters a, button:visible").all():
            size = box.bounding_box()
            assert size["height"] >= 43.5, box.inner_text()


@pytest.mark.slow
def test_15_arabic_runs_from_right_to_left(
    browser: Any, new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path
) -> None:
    """Direction, day names and words; the time column stands at the right."""
    (tmp_path / "ar" / "feeds").mkdir(parents=True)
    with serving(tmp_path / "ar" / "feeds") as url:
        blog = new_blog("ar", title="أسبوع", language="ar", timezone="Asia/Damascus", url=url)
        entry = blog.post("نص قصير.", title="عنوان", key=True, tags=["دمشق"])
        blog.publish()
        with page_of(browser, viewport=DESK) as page:
            page.goto(url)
            assert page.evaluate("getComputedStyle(document.documentElement).direction") == "rtl"
            time = page.locator(f"#e-{entry.id} time").first.bounding_box()
            content = page.locator(f"#e-{entry.id} .content p").first.bounding_box()
            assert time["x"] + time["width"] > content["x"] + content["width"] - 1
            assert "الأحد" in page.locator("#stream h2").first.inner_text()
            page.goto(f"{url}tags/دمشق/")
            assert page.locator(f"#e-{entry.id}").count() == 1
            assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"]


@pytest.mark.slow
def test_16_a_printed_digest_is_whole(browser: Any, told: Any, tmp_path: Path) -> None:
    """Every entry, addresses after links, no button; from one file that needs no other."""
    _, _, blog = told
    path = tmp_path / "digest.html"
    path.write_text(html.render(blog.digest("2012-07-15..2012-07-17"), blog.config, blog.paths))
    with page_of(browser) as page:
        page.goto(path.as_uri())
        assert page.requests == [path.as_uri()] or all(
            r.startswith(("file:", "data:")) for r in page.requests
        )
        page.pdf(path=str(tmp_path / "digest.pdf"), format="A4")
    text = subprocess.run(
        [needs("pdftotext"), "-layout", str(tmp_path / "digest.pdf"), "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for number in range(55):
        assert f"Fait {number}." in text
    for words in ("Un lundi", "Pour commencer.", "Deux ponts", "syriahr.com", "Repères", "105"):
        assert words in text
    assert "Copier" not in text


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK])
def test_the_whole_coverage_is_one_file_that_opens_from_disk(
    browser: Any, told: Any, tmp_path: Path, scheme: str, size: Any
) -> None:
    """Its contents lead to each day; its pictures are in it; nothing is asked for."""
    *_, blog = told
    path = tmp_path / "all.html"
    path.write_text(html.render(for_readers(coverage_digest(blog)), blog.config, blog.paths))
    with page_of(browser, viewport=size, color_scheme=scheme, offline=True) as page:
        page.goto(path.as_uri())
        assert all(r.startswith(("file:", "data:")) for r in page.requests)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        days = page.locator("nav.contents > ul > li > a")
        assert days.count() == len(coverage_digest(blog).days)
        days.last.click()
        expect(page.locator(f"#{page.url.rpartition('#')[2]}")).to_be_in_viewport()
        shown = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
        assert all(shown)
        for entry in coverage_digest(blog).entries:
            assert page.locator(f"#e-{entry.id}").count() == 1


@pytest.mark.slow
def test_16_the_page_of_a_day_prints_whole(browser: Any, told: Any, tmp_path: Path) -> None:
    """Without its navigation and buttons."""
    url, _, _ = told
    with page_of(browser) as page:
        page.goto(f"{url}2012/07/15/")
        page.pdf(path=str(tmp_path / "day.pdf"), format="A4")
    text = subprocess.run(
        [needs("pdftotext"), "-layout", str(tmp_path / "day.pdf"), "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert all(f"Fait {number}." in text for number in range(55))
    assert "Copier" not in text


@pytest.mark.slow
def test_17_search_engines_and_feed_readers_find_their_way(browser: Any, told: Any) -> None:
    """LiveBlogPosting, canonical, Open Graph, autodiscovery; nothing from a third party."""
    url, ids, _ = told
    with page_of(browser) as page:
        for path in every_page(ids):
            page.goto(url + path)
            assert all(request.startswith((url, "data:")) for request in page.requests)
            if path != "404.html":
                canonical = page.locator('link[rel="canonical"]').get_attribute("href")
                assert canonical == url + path
            assert page.locator('link[rel="alternate"][type="application/atom+xml"]').count() >= 1
            assert "unsafe-inline" not in page.content()
            assert page.locator("style, [style], [onclick]").count() == 0
        page.goto(url)
        data = json.loads(page.locator('script[type="application/ld+json"]').inner_text())
        assert data["@type"] == "LiveBlogPosting"
        assert len(data["liveBlogUpdate"]) == 50
        assert data["liveBlogUpdate"][0]["headline"] == "Dernier point"
        page.goto(f"{url}2012/07/16/{ids['figures'][9:]}/")
        assert page.locator('meta[property="og:image"]').get_attribute("content").startswith(url)


@pytest.mark.slow
def test_18_a_line_is_comfortable_to_read(browser: Any, told: Any) -> None:
    """Running text of 18 px on lines of at most 42 rem, at any width."""
    url, ids, _ = told
    with page_of(browser, viewport={"width": 1600, "height": 900}) as page:
        page.goto(url)
        paragraph = page.locator(f"#e-{ids['new']} .content p").first
        assert paragraph.evaluate("e => getComputedStyle(e).fontSize") == "18px"
        assert paragraph.bounding_box()["width"] <= 42 * 18
