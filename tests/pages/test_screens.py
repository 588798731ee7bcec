"""The reader's pages on every screen: phones and wide windows, fingers, both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model.entry import Figure

from ..conftest import Clock, serving
from ..site.test_publish import picture
from ..test_media import encoded, two_colours
from .test_browser import DESK, PHONE, page_of

SAMPLE = Path(__file__).parents[2] / "feeds"

LONG = "Une phrase assez longue pour remplir une ligne entière sur un écran large. "


def fill(blog: Blog, clock: Clock, folder: Path) -> dict[str, str]:
    """Post two days of updates; return ids by a short name."""
    ids = {}
    ids["map"] = blog.post(
        f"{LONG * 3}\n\n{LONG * 3}", title="Repères", pinned=True,
        images=[Image(picture(folder), "Une carte", "La carte")],
    ).id  # fmt: skip
    ids["short"] = blog.post("En une ligne.", title="À suivre", pinned=True).id
    for number in range(30):
        clock.go(minutes=50)
        blog.post(
            f"Fait {number}. {LONG * 3}", title=f"Titre {number}", key=number % 6 == 0,
            tags=[("Alep", "Damas")[number % 2]],
        )  # fmt: skip
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
            author="La rédaction", clock=clock, description="Deux jours, heure par heure.",
        )  # fmt: skip
        ids = fill(blog, clock, folder)
        blog.publish()
        yield url, ids, blog


# -- Touch -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_links_within_a_sentence_are_tall_and_the_sentence_stays_whole(
    browser: Any, told: Any
) -> None:
    """Under a finger a link has 44 px of height, and what follows it follows at once."""
    url, _, _ = told
    gaps = """(links) => links.flatMap((link) => {
      const next = link.nextSibling;
      if (next?.nodeType !== Node.TEXT_NODE || !next.data.trim()) return [];
      const range = document.createRange();
      const at = next.data.search(/\\S/);
      range.setStart(next, at);
      range.setEnd(next, at + 1);
      const [sign, box] = [range.getClientRects()[0], [...link.getClientRects()].at(-1)];
      return Math.abs(sign.top - box.top) < 20 ? [sign.left - box.right] : [];
    })"""
    with page_of(browser, has_touch=True, is_mobile=True) as page:
        for path in ("", "tags/alep/"):
            page.goto(url + path)
            links = page.locator(":is(.subscribe p, footer.site p, .facts) a")
            assert links.count() >= 2
            # A space and half of a wide sign; 44 px were torn open before.
            assert all(gap < 12 for gap in links.evaluate_all(gaps))
            assert all(box["height"] >= 43.5 for box in map(box_of, links.all()))


def box_of(found: Any) -> dict[str, float]:
    """Return where an element is."""
    box: dict[str, float] = found.bounding_box()
    return box


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "ar"])
@pytest.mark.parametrize("is_touch", [True, False])
def test_the_search_icon_is_one_shape(
    browser: Any, new_blog: Callable[..., Blog], language: str, is_touch: bool
) -> None:
    """Its handle touches its ring, on its outer side, whatever the pointer and the direction."""
    blog = new_blog(language=language)
    blog.post("x")
    blog.publish()
    with serving(blog.paths.site) as url, page_of(browser, has_touch=is_touch) as page:
        page.goto(url)
        icon = page.locator(".find svg")
        ring, handle = box_of(icon.locator("circle")), box_of(icon.locator("path"))
        assert page.locator(".find").inner_text().strip()  # words for those who do not see it
        if language == "ar":
            assert handle["x"] < ring["x"] < handle["x"] + handle["width"]
        else:
            assert handle["x"] < ring["x"] + ring["width"] < handle["x"] + handle["width"]
        assert ring["y"] < handle["y"] < ring["y"] + ring["height"]
        assert box_of(page.locator(".find"))["width"] >= (44 if is_touch else 20)


# -- What is pinned --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("has_script", [True, False])
def test_a_long_pinned_update_opens_in_place(
    browser: Any, told: Any, viewport: dict[str, int], has_script: bool
) -> None:
    """A few whole lines and « Lire la suite »; one that is short needs no such link."""
    url, ids, _ = told
    with page_of(browser, viewport=viewport, java_script_enabled=has_script) as page:
        page.goto(url)
        details = page.locator(f"#p-{ids['map']}")
        content, more = details.locator(".content"), details.locator(".more")
        assert more.inner_text() == "Lire la suite"
        cut = box_of(content)
        line = float(content.evaluate("e => getComputedStyle(e).lineHeight").removesuffix("px"))
        text = content.locator("p").first.evaluate("p => p.getBoundingClientRect().top")
        lines = (cut["y"] + cut["height"] - text) / line
        gap = float(
            content.locator("p").first.evaluate("p => getComputedStyle(p).marginBottom")[:-2]
        )
        assert min(lines % 1, 1 - lines % 1, abs((lines - gap / line) % 1)) < 0.05
        assert box_of(details)["height"] <= 0.4 * viewport["height"]
        assert not details.locator("img").is_visible()
        more.click()
        assert details.locator("img").is_visible()
        assert not more.is_visible()
        assert content.evaluate("e => e.scrollHeight <= e.clientHeight + 1")
        assert page.locator(f"#p-{ids['short']} .more").count() == 0
        assert page.locator(f"#p-{ids['short']} .place").is_visible()


# -- The bar and the side column -------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "viewport", [{"width": 1100, "height": 700}, DESK, {"width": 1920, "height": 1080}], ids=str
)
def test_on_a_wide_screen_key_events_and_filters_stay_beside_the_text(
    browser: Any, told: Any, viewport: dict[str, int]
) -> None:
    """Also 5,000 px down: state, key events and filters are in view."""
    url, _, _ = told
    with page_of(browser, viewport=viewport) as page:
        page.goto(url)
        assert box_of(page.locator(".entry").first)["y"] < 900
        page.evaluate("scrollTo(0, 5000)")
        text = box_of(page.locator("#stream"))
        assert text["width"] <= 42 * 18 + 1
        for part in (".state strong", ".to-top", ".keys h2", ".keys a", ".filters a"):
            box = box_of(page.locator(part).first)
            assert box["y"] >= 0, part
            assert box["y"] + box["height"] <= viewport["height"], part
        keys = box_of(page.locator(".keys"))
        assert keys["x"] >= text["x"] + text["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        page.locator('.filters a[data-filter="tag=alep"]').click()
        assert "tag=alep" in page.url


@pytest.mark.slow
def test_on_a_phone_a_slim_bar_says_the_state_and_leads_to_key_events_and_up(
    browser: Any, told: Any
) -> None:
    """It takes 44 px, the heading of the day stands below it, and nothing is hidden behind it."""
    url, _, _ = told
    with page_of(browser, has_touch=True, is_mobile=True) as page:
        page.goto(url)
        bar = page.locator(".state")
        page.evaluate("scrollTo(0, 4000)")
        assert bar.locator("strong").inner_text() == "En direct"
        box = box_of(bar)
        assert (box["y"], box["height"] <= 50) == (0, True)
        heading = page.evaluate(
            "[...document.querySelectorAll('.day > h2')].map((h) => h.getBoundingClientRect().top)"
        )
        assert any(abs(top - box["height"]) < 1 for top in heading)
        bar.get_by_text("Temps forts").click()
        assert 0 < box_of(page.locator(".keys h2"))["y"] < 200
        page.evaluate("scrollTo(0, 4000)")
        bar.get_by_text("Haut de page").click()
        page.wait_for_function("scrollY === 0")
        page.locator(".keys a").last.click()
        linked = box_of(page.locator(".entry:target"))
        assert linked["y"] >= box["height"]


# -- Pictures --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a blog with two large pictures and a small one."""
    folder = tmp_path_factory.mktemp("pictured")
    (folder / "feeds").mkdir()
    files = {}
    for width in (2048, 1200, 300):
        files[width] = folder / f"{width}.png"
        files[width].write_bytes(encoded(two_colours(width, width // 2), "PNG"))
    with serving(folder / "feeds") as url:
        blog = Blog.init(folder, title="Images", language="fr", url=url, clock=Clock())
        blog.post(
            "Un texte.", title="Images",
            images=[Image(file, f"Image de {width}", "Légende") for width, file in files.items()],
        )  # fmt: skip
        blog.publish()
        yield url


@pytest.mark.slow
@pytest.mark.parametrize(
    ("width", "scale", "file"),
    [(390, 1, "-480.webp"), (390, 2, "-960.webp"), (1280, 1, "-960.webp"), (1280, 2, ".png")],
)
def test_a_screen_loads_the_picture_that_it_needs(
    browser: Any, pictured: str, width: int, scale: int, file: str
) -> None:
    """480, 960 or all of its pixels, in the width of the text."""
    viewport = {"width": width, "height": 900}
    with page_of(browser, viewport=viewport, device_scale_factor=scale) as page:
        page.goto(pictured)
        picture = page.locator(".enlarge img").first
        picture.scroll_into_view_if_needed()
        page.wait_for_function("document.querySelector('.enlarge img').currentSrc")
        assert picture.evaluate("image => image.currentSrc").endswith(file)
        column = box_of(page.locator(".entry .content").first)
        assert box_of(picture)["width"] == pytest.approx(column["width"], abs=1)


@pytest.mark.slow
def test_a_picture_is_enlarged_on_request(browser: Any, pictured: str) -> None:
    """With the keyboard and the mouse; Escape returns to where one was."""
    with page_of(browser, viewport=DESK) as page:
        page.goto(pictured)
        assert page.locator(".enlarge").count() == 2  # the small one is whole already
        first = page.locator(".enlarge").first
        first.focus()
        page.keyboard.press("Enter")
        dialog = page.locator("dialog")
        assert dialog.get_attribute("aria-label") == "Image de 2048"
        assert dialog.locator("img").evaluate("i => i.src") == first.evaluate("a => a.href")
        page.wait_for_function("document.querySelector('dialog img').complete")
        shown = box_of(dialog.locator("img"))
        assert shown["width"] > 1000
        assert shown["height"] <= 900
        assert dialog.locator("button").get_attribute("aria-label") == "Fermer l’image"
        page.keyboard.press("ArrowRight")
        assert dialog.get_attribute("aria-label") == "Image de 1200"
        page.keyboard.press("ArrowRight")  # the last one
        page.keyboard.press("ArrowLeft")
        assert dialog.get_attribute("aria-label") == "Image de 2048"
        dialog.locator("img").click()
        assert box_of(dialog.locator("img"))["width"] == 2048
        page.keyboard.press("Escape")
        page.locator("dialog").wait_for(state="detached")
        assert first.evaluate("link => link === document.activeElement")
        assert Axe().run(page).violations_count == 0
        first.click()
        assert Axe().run(page).violations_count == 0
        dialog.locator("button").click()
        page.locator("dialog").wait_for(state="detached")


@pytest.mark.slow
def test_a_swipe_leads_to_the_next_picture_or_closes(browser: Any, pictured: str) -> None:
    """As on a telephone; without a script or dialogs, the link leads to the file."""
    swipe = """([x, y]) => {
      const dialog = document.querySelector("dialog");
      const at = (kind, clientX, clientY) =>
        dialog.dispatchEvent(new PointerEvent(kind, { clientX, clientY, bubbles: true }));
      at("pointerdown", 200, 300);
      at("pointerup", 200 + x, 300 + y);
    }"""
    with page_of(browser, has_touch=True, is_mobile=True) as page:
        page.goto(pictured)
        page.locator(".enlarge").first.tap()
        dialog = page.locator("dialog")
        assert dialog.evaluate("e => getComputedStyle(e).touchAction") == "pinch-zoom"
        page.evaluate(swipe, [-120, 10])
        assert dialog.get_attribute("aria-label") == "Image de 1200"
        page.evaluate(swipe, [120, 10])
        assert dialog.get_attribute("aria-label") == "Image de 2048"
        page.evaluate(swipe, [10, 150])
        page.locator("dialog").wait_for(state="detached")
    with page_of(browser) as page:
        page.add_init_script("delete window.HTMLDialogElement")
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.goto(pictured)
        page.locator(".enlarge").first.click()
        page.wait_for_url("**/media/**.png")


# -- In an article of another site -----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("fr", "ltr")])
def test_the_embedded_blog_has_its_own_direction_and_shows_what_the_page_shows(
    browser: Any, new_blog: Callable[..., Blog], tmp_path: Path, language: str, direction: str
) -> None:
    """Whatever the article's language: lists, badges, figures, corrections, claims, pictures."""
    blog = new_blog(language=language)
    wide = tmp_path / "wide.png"
    wide.write_bytes(encoded(two_colours(1200, 30), "PNG"))
    entry = blog.post(
        "1. Un\n2. Deux\n\n- Trois", title="Titre", key=True, verification="unconfirmed",
        figures=[Figure("Morts", 105)], images=[Image(wide, "Image")],
    )  # fmt: skip
    blog.edit(entry.id, title="Titre corrigé", note="Corrigé.")
    blog.publish()
    (blog.paths.site / "article.html").write_text(
        "<!doctype html><html lang=en><meta name=viewport content='width=device-width'>"
        '<title>Article</title><live-blog src="live.json"><a href="./">x</a></live-blog>'
        '<script type="module" src="embed.js"></script>'
    )
    with serving(blog.paths.site) as url, page_of(browser) as page:
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.goto(f"{url}article.html")
        inside = page.locator("live-blog")
        inside.locator("article").wait_for()
        styles = """(node, name) => getComputedStyle(node)[name]"""
        assert inside.evaluate(styles, "direction") == direction
        assert inside.get_attribute("lang") == language
        assert inside.locator(".entries > li").evaluate(styles, "listStyleType") == "none"
        assert inside.locator(".content ol li").first.evaluate(styles, "listStyleType") == "decimal"
        assert inside.locator(".content ul li").first.evaluate(styles, "listStyleType") == "disc"
        assert (
            inside.locator(".figures li").evaluate(styles, "backgroundColor") != "rgba(0, 0, 0, 0)"
        )
        assert inside.locator(".correction").evaluate(styles, "backgroundColor")[-4:] != ", 0)"
        assert inside.locator(".claim").evaluate(styles, "borderTopStyle") == "dashed"
        assert inside.locator(".when").evaluate(styles, "unicodeBidi") == "isolate"
        edge = "right" if direction == "rtl" else "left"
        at = f"node => node.getBoundingClientRect().{edge}"
        text = "node => {{ const range = document.createRange(); range.selectNodeContents(node);"
        text += f" return range.getBoundingClientRect().{edge}; }}"
        day = inside.locator(".day").evaluate(text.replace("{{", "{"))
        assert day == pytest.approx(inside.locator(".content").evaluate(at), abs=1)
        picture = inside.locator("figure img")
        picture.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        assert picture.evaluate("image => image.currentSrc").startswith(f"{url}media/")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert Axe().run(page, "live-blog").violations_count == 0


# -- Figures ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_figures_of_a_week_need_no_scrolling_on_a_phone(browser: Any) -> None:
    """Each one has its days one below the other, with bars; wide screens have charts and table."""
    with serving(SAMPLE) as url:
        for viewport in (PHONE, DESK):
            with page_of(browser, viewport=viewport) as page:
                page.goto(f"{url}2012/W29/")
                scrollers = page.locator("#figures *").evaluate_all(
                    "all => all.filter((e) => e.scrollWidth > e.clientWidth + 1"
                    " && getComputedStyle(e).overflowX === 'auto').length"
                )
                assert scrollers == 0
                is_phone = viewport is PHONE
                assert page.locator("#figures .bars").is_visible() is is_phone
                assert page.locator("#figures .table").is_visible() is not is_phone
                if is_phone:
                    bars = page.locator("#figures .bars table").nth(1).locator("rect")
                    widths = [box_of(bar)["width"] for bar in bars.all()]
                    assert len(set(map(round, widths))) == len(widths) == 3


# -- The page of an update -------------------------------------------------------------------------


@pytest.mark.slow
def test_the_page_of_an_update_leads_on(browser: Any, told: Any) -> None:
    """To its neighbours, the live page, its day and the feeds; with a script, to the news."""
    url, _, blog = told
    ids = [entry.id for entry in blog.timeline.day(blog.timeline.days()[0]).entries]
    for has_script in (True, False):
        with page_of(browser, java_script_enabled=has_script) as page:
            page.goto(f"{url}2012/07/15/{ids[3][9:]}/")
            main = page.locator("main")
            assert main.locator('a[rel="prev"]').get_attribute("href").endswith(f"/{ids[2][9:]}/")
            assert main.locator('a[rel="next"]').get_attribute("href").endswith(f"/{ids[4][9:]}/")
            assert main.get_by_text("Deux jours, heure par heure.").is_visible()
            assert main.locator('.onward a[href$="subscribe/"]').is_visible()
            if has_script:
                page.locator(".onward .now", has_text="En direct").wait_for()
                keys = page.locator(".onward .keys a")
                assert keys.count() == 5
                assert Axe().run(page).violations_count == 0
                keys.first.click()
                page.wait_for_url(f"{url}#e-*")
            else:
                main.get_by_text("Aller au direct").click()
                page.wait_for_url(url)


# -- A second visit --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_second_visit_begins_above_a_line(
    browser: Any, new_blog: Callable[..., Blog], clock: Clock
) -> None:
    """The line parts what is new from what was there, in both orders; the first visit has none."""
    blog = new_blog()
    for number in range(4):
        clock.go(minutes=5)
        blog.post(f"Fait {number}.")
    blog.publish()
    leave = """() => {
      Object.defineProperty(document, "hidden", { value: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    read = "all => all.map((e) => e.classList.contains('visit') ? '--' : e.innerText.at(-1))"
    with serving(blog.paths.site) as url, page_of(browser) as page:
        page.goto(url)
        assert page.locator(".visit").count() == 0
        page.evaluate(leave)
        page.reload()
        assert page.locator(".visit").count() == 0  # nothing is new
        clock.go(minutes=5)
        blog.post("Nouveau 8.")
        blog.post("Nouveau 9.")
        blog.publish()
        page.reload()
        assert page.locator(".visit").inner_text() == "Votre dernière visite"
        assert page.locator(".visit").get_attribute("aria-hidden") is None
        lines = page.locator("#stream :is(.visit, .content p)")
        assert "".join(lines.evaluate_all(read))[:6] == "..--.."
        page.locator("button.order").click()
        assert "".join(lines.evaluate_all(read)) == "....--.."
        page.locator("button.order").click()
        assert page.locator(".visit").count() == 1
        assert Axe().run(page).violations_count == 0
        assert page.context.cookies() == []
