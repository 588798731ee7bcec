"""The live page, with a real server and a real browser; the numbers are those of docs/pages.md."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

import liveblog

from ..conftest import LiveServer, live_server, serving
from ..waiting import until
from ..wire import fetch

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
STATIC = Path(liveblog.__file__).parent / "theme" / "static"
TEXT = "Une ligne de texte assez longue pour remplir la colonne, et encore quelques mots. " * 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A blog with enough entries to scroll through."""
    with live_server(tmp_path / "blog") as running:
        now = running.blog.now
        for number in range(12):
            running.blog.post(
                f"Fait {number}. {TEXT}",
                at=now - timedelta(minutes=12 - number),
                tags=["Damas"] if number % 2 else ["Alep"],
                key=number == 3,
            )
        running.settled()
        yield running


@pytest.fixture
def open_page(server: LiveServer, browser: Any) -> Iterator[Any]:
    """Open the live page, in a context of its own unless one is given; wait until it listens."""
    contexts = []

    def opened(path: str = "", context: Any = None, *, listens: bool = True, **options: Any) -> Any:
        if context is None:
            usual = {"viewport": PHONE, "locale": "fr-FR", "timezone_id": "Europe/Paris"}
            context = browser.new_context(**(usual | options))
            contexts.append(context)
        page = context.new_page()
        readers = server.health()["blogs"][0]["readers"]
        page.goto(server.url + path)
        if listens and len(context.pages) == 1:
            until(lambda: server.health()["blogs"][0]["readers"] > readers)
            page.wait_for_timeout(100)
        return page

    yield opened
    for context in contexts:
        context.close()


def shown(page: Any, text: str) -> Any:
    """Wait for an entry with a text to be on the page."""
    found = page.locator(".stream .entry", has_text=text)
    found.first.wait_for(state="visible")
    return found.first


def bodies(page: Any) -> list[str]:
    """Return the first words of the entries on the page, as they stand."""
    texts = page.locator(".stream .entry:not([hidden]) .content p:first-child").all_inner_texts()
    return [" ".join(text.split()[:2]) for text in texts]


# -- 1 ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_1_without_javascript_everything_is_there_and_can_be_refreshed(
    server: LiveServer, open_page: Any
) -> None:
    """Entries, times, key events, filters as links, a refresh; no button that does nothing."""
    page = open_page(java_script_enabled=False, listens=False)
    assert page.locator(".entry").count() == 12
    assert page.locator(".entry time").count() == 12
    assert page.locator(".keys li").count() == 1
    server.blog.post("Un fait nouveau.")
    server.settled()
    page.locator("a.refresh").click()
    assert page.locator(".entry", has_text="Un fait nouveau.").is_visible()
    assert [button for button in page.locator("button").all() if button.is_visible()] == []
    page.locator(".filters a", has_text="Alep").click()
    assert page.url == server.url + "tags/alep/"


# -- 5, 7 ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_7_at_the_top_a_new_entry_appears_at_once(server: LiveServer, open_page: Any) -> None:
    """Posted by another process, with its time and its link; -s shows how soon."""
    page = open_page()
    began = time.monotonic()
    server.blog.post("Un fait nouveau.", title="Nouveau")
    entry = shown(page, "Un fait nouveau.")
    print(f"seen after {time.monotonic() - began:.3f} s")
    assert bodies(page)[0] == "Un fait"
    assert entry.locator("button.copy").is_visible()
    assert entry.locator(".ago").inner_text()
    assert page.title() == "Une semaine"
    assert not page.locator(".notices .new").is_visible()


@pytest.mark.slow
def test_7_further_down_it_waits_and_is_counted(server: LiveServer, open_page: Any) -> None:
    """A button counts, the title too; pressing it leads to the first new entry and focuses it."""
    page = open_page()
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    for number in range(3):
        server.blog.post(f"Arrivé {number}.")
    button = page.locator(".notices .new")
    button.get_by_text("3 nouvelles publications").wait_for()
    assert page.title() == "(3) Une semaine"
    assert page.locator(".entry", has_text="Arrivé").count() == 0
    box = button.bounding_box()
    assert box["height"] >= 40
    button.click()
    assert bodies(page)[:3] == ["Arrivé 2.", "Arrivé 1.", "Arrivé 0."]
    assert "Arrivé 2." in page.evaluate("document.activeElement.innerText")
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 <= top < 300
    assert page.title() == "Une semaine"
    assert not button.is_visible()


@pytest.mark.slow
def test_7_scrolling_back_up_lets_in_what_waits(server: LiveServer, open_page: Any) -> None:
    """The reader need not press anything."""
    page = open_page()
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    server.blog.post("Arrivé.")
    page.locator(".notices .new").wait_for()
    page.evaluate("scrollTo(0, 0)")
    shown(page, "Arrivé.")
    assert not page.locator(".notices .new").is_visible()


@pytest.mark.slow
def test_5_oldest_first_a_new_entry_comes_at_the_end(server: LiveServer, open_page: Any) -> None:
    """The switch is in the address, and holds for what comes."""
    page = open_page("?order=oldest")
    assert bodies(page)[0] == "Fait 0."
    server.blog.post("Arrivé.")
    page.locator(".notices .new").click()
    assert bodies(page)[-1] == "Arrivé."
    page.locator("button.order").click()
    assert bodies(page)[0] == "Arrivé."
    assert "order" not in page.url


# -- 8 ---------------------------------------------------------------------------------------------

SHIFTS = """() => {
  window.shift = 0;
  // A frame that a busy machine drew late shows the end of a slide without its beginning.
  let last = performance.now(), late = -Infinity;
  requestAnimationFrame(function look(now) {
    if (now - last > 130) late = now;
    last = now;
    requestAnimationFrame(look);
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const isLate = Math.abs(entry.startTime - late) < 100;
      if (!entry.hadRecentInput && !isLate) window.shift += entry.value;
    }
  }).observe({ type: "layout-shift", buffered: false });
}"""


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("where", ["top", "below"])
def test_8_nothing_jumps(
    server: LiveServer, open_page: Any, viewport: dict[str, int], where: str
) -> None:
    """Ten updates: the line under the eye moves by a pixel at most; layout shift under 0.1."""
    page = open_page(viewport=viewport)
    if where == "below":
        page.evaluate("document.querySelectorAll('.entry')[6].scrollIntoView()")
    page.wait_for_timeout(300)
    page.evaluate(SHIFTS)
    watched = page.locator(".entry").nth(6).get_attribute("id")
    eye = f"document.getElementById('{watched}').getBoundingClientRect().top"
    before = page.evaluate(eye)
    for number in range(10):
        server.blog.post(f"Arrivé {number}. {TEXT}", key=number % 3 == 0)
        server.settled()
        page.wait_for_timeout(350)  # longer than it slides
    page.wait_for_timeout(400)
    assert page.evaluate("window.shift") < 0.1
    if where == "below":
        assert abs(page.evaluate(eye) - before) <= 1


@pytest.mark.slow
def test_8_a_correction_above_the_eye_moves_nothing(server: LiveServer, open_page: Any) -> None:
    """It grows by a note, a line, a headline of the page; the reader's line stays."""
    page = open_page()
    page.evaluate("document.querySelectorAll('.entry')[6].scrollIntoView()")
    eye = "document.querySelectorAll('.entry')[6].getBoundingClientRect().top"
    before = page.evaluate(eye)
    above = page.locator(".entry").nth(1).get_attribute("id").removeprefix("e-")
    server.blog.edit(above, body=f"Corrigé. {TEXT} {TEXT}", note="La seconde source manquait.")
    page.get_by_text("La seconde source manquait.").wait_for(state="attached")
    server.blog.frame("coverage", headline="Un titre bien plus long, sur plusieurs lignes")
    page.get_by_text("Un titre bien plus long").first.wait_for(state="attached")
    assert abs(page.evaluate(eye) - before) <= 1


# -- 9 ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_9_a_correction_is_swapped_in_place_with_its_note(
    server: LiveServer, open_page: Any
) -> None:
    """Time, note and new text; focus stays; a retraction leaves a notice, a removal nothing."""
    page = open_page()
    article = page.locator(".entry").nth(1)
    entry_id = article.get_attribute("id").removeprefix("e-")
    article.locator("button.copy").focus()
    server.blog.edit(entry_id, body="Le texte juste.", note="Le chiffre était faux.")
    page.locator(f"#e-{entry_id} .correction", has_text="Le chiffre était faux.").wait_for()
    assert "Le texte juste." in page.locator(f"#e-{entry_id}").inner_text()
    assert page.locator(".entry").count() == 12
    assert page.evaluate("document.activeElement.className") == "copy"
    server.blog.retract(entry_id, why="La photo date de 2010.")
    page.locator(f"#e-{entry_id}.retracted", has_text="La photo date de 2010.").wait_for()
    server.blog.remove(entry_id)
    page.locator(f"#e-{entry_id}").wait_for(state="detached")
    assert page.locator(".entry").count() == 11


@pytest.mark.slow
def test_9_key_events_headline_and_end_follow(server: LiveServer, open_page: Any) -> None:
    """What stands around the entries is as live as they are."""
    page = open_page()
    server.blog.post("Le pont est pris.", key=True, pinned=True, title="Le pont")
    page.locator(".keys li", has_text="Le pont").wait_for()
    page.locator("details.pinned", has_text="Le pont").wait_for()
    page.locator("details.pinned summary").click()
    server.blog.frame("coverage", headline="Un nouveau titre")
    page.locator("h1", has_text="Un nouveau titre").wait_for()
    assert page.locator("details.pinned").get_attribute("open") is None
    server.blog.end()
    page.locator(".state", has_text="Terminé").wait_for()
    assert not page.locator("button.pause").is_visible()


# -- 10 --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_10_through_a_cut_and_a_restart_nothing_is_missing_or_doubled(
    server: LiveServer, open_page: Any
) -> None:
    """It says since when it is out of touch, and is whole again by itself."""
    page = open_page()
    server.blog.post("Avant.")
    shown(page, "Avant.")
    server.stop(kill=True)
    page.locator(
        ".notices .out", has_text=re.compile(r"Hors ligne depuis \d+\s?[h:]\s?\d\d")
    ).wait_for()
    missed = server.blog.post("Pendant.")
    server.blog.edit(missed.id, body="Pendant, corrigé.", note="Corrigé.")
    server.start()
    server.blog.post("Après.")
    shown(page, "Après.")
    shown(page, "Pendant, corrigé.")
    assert bodies(page)[:3] == ["Après.", "Pendant, corrigé.", "Avant."]
    assert page.locator(".entry").count() == 15
    page.locator(".notices .out").wait_for(state="hidden")


@pytest.mark.slow
def test_10_with_the_network_cut_it_comes_back(server: LiveServer, open_page: Any) -> None:
    """A train, a tunnel."""
    page = open_page()
    page.context.set_offline(True)
    server.blog.post("Pendant.")
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.wait_for_timeout(300)
    page.context.set_offline(False)
    shown(page, "Pendant.")
    assert bodies(page).count("Pendant.") == 1


@pytest.mark.slow
def test_10_what_came_between_loading_and_listening_is_not_missed(
    server: LiveServer, open_page: Any
) -> None:
    """A page from a cache is behind; it catches up when it connects."""
    old = fetch(server.url).body
    one = server.blog.post("Entre-temps.")
    changed = server.blog.timeline.newest_first()
    next(changed)
    server.blog.edit(next(changed).id, body="Corrigé entre-temps.", note="Corrigé.")
    server.settled()
    page = open_page("2012/", listens=False)
    page.route(server.url, lambda route: route.fulfill(body=old, content_type="text/html"))
    page.goto(server.url)
    shown(page, "Entre-temps.")
    shown(page, "Corrigé entre-temps.")
    assert page.locator(f"#e-{one.id}").count() == 1


@pytest.mark.slow
def test_10_one_stream_a_browser(server: LiveServer, open_page: Any) -> None:
    """A second tab is told by the first; when that goes, the second takes over."""
    first = open_page()
    second = open_page(context=first.context)
    second.wait_for_timeout(300)
    assert server.health()["blogs"][0]["readers"] == 1
    server.blog.post("Pour les deux.")
    for page in (first, second):
        page.bring_to_front()
        shown(page, "Pour les deux.")
    first.close()
    until(lambda: server.health()["blogs"][0]["readers"] == 1)
    second.wait_for_timeout(200)
    server.blog.post("Pour l’autre.")
    second.bring_to_front()
    shown(second, "Pour l’autre.")


@pytest.mark.slow
def test_10_a_tab_hidden_for_five_minutes_lets_go_and_catches_up(
    server: LiveServer, open_page: Any, browser: Any
) -> None:
    """No stream for nobody; nothing missing when somebody looks again."""
    page = open_page()
    page.clock.install()
    page.reload()
    until(lambda: server.health()["blogs"][0]["readers"] == 1)
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    page.clock.fast_forward(301_000)
    until(lambda: server.health()["blogs"][0]["readers"] == 0)
    server.blog.post("Pendant l’absence.")
    server.settled()
    page.evaluate(hide, False)
    shown(page, "Pendant l’absence.")
    until(lambda: server.health()["blogs"][0]["readers"] == 1)


DEAF = """
  window.streams = [];
  window.EventSource = class extends EventSource {
    constructor(address) { super(address); streams.push(this); }
    addEventListener(kind, act) {
      super.addEventListener(kind, (event) => this.isDead || act(event));
    }
    set onerror(act) { super.onerror = (event) => this.isDead || act(event); }
  };
"""
"""Streams that can die as those of a telephone do: without an error or an end."""


@pytest.mark.slow
@pytest.mark.parametrize("is_shown_again", [True, False])
def test_10_a_stream_that_died_in_silence_is_replaced(
    server: LiveServer, browser: Any, is_shown_again: bool
) -> None:
    """At once when the page is shown again; else once the server's beat is missing."""
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    page.add_init_script(DEAF)
    page.clock.install()
    page.goto(server.url)
    until(lambda: page.evaluate("streams.length") == 1)
    server.blog.post("Avant.")
    shown(page, "Avant.")
    page.evaluate("streams[0].isDead = true")
    server.blog.post("Pendant la coupure.")
    server.settled()
    if is_shown_again:
        page.clock.run_for(1_500)
        page.evaluate('document.dispatchEvent(new Event("visibilitychange"))')
    else:
        page.clock.run_for(41_000)
    shown(page, "Pendant la coupure.")
    page.clock.run_for(5_000)
    until(lambda: page.evaluate("streams.length") == 2)
    context.close()


@pytest.mark.slow
def test_10_without_a_server_it_asks_for_live_json(
    server: LiveServer, browser: Any, tmp_path: Path
) -> None:
    """On a static host: after three failures, every ten seconds, with the ETag."""
    blog = server.blog
    server.stop()
    with serving(blog.paths.site) as url:
        context = browser.new_context(viewport=PHONE)
        page = context.new_page()
        page.clock.install()
        page.goto(url)
        for _ in range(6):
            page.clock.run_for(4_000)
            page.wait_for_timeout(60)
        blog.post("Sans serveur.")
        blog.publish()
        page.clock.run_for(12_000)
        shown(page, "Sans serveur.")
        assert not page.locator(".notices .out").is_visible()
        context.close()
    server.start()


@pytest.mark.slow
def test_10_when_the_coverage_is_over_it_stops(server: LiveServer, open_page: Any) -> None:
    """And a page of a coverage that is over never begins."""
    page = open_page()
    server.blog.end()
    until(lambda: server.health()["blogs"][0]["readers"] == 0)
    page.reload()
    page.wait_for_timeout(300)
    assert server.health()["blogs"][0]["readers"] == 0


# -- 11 --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_11_screen_readers_are_told_counts_and_not_texts(
    server: LiveServer, open_page: Any
) -> None:
    """One status region; at most every ten seconds."""
    page = open_page()
    page.clock.install()
    assert page.locator("[role=status], [aria-live]").count() == 1
    server.blog.post(f"Arrivé 1. {TEXT}")
    shown(page, "Arrivé 1.")
    page.clock.run_for(200)
    assert page.locator("#status").inner_text() == "1 nouvelle publication"
    for number in (2, 3):
        server.blog.post(f"Arrivé {number}.")
        shown(page, f"Arrivé {number}.")
        page.clock.run_for(500)
        assert page.locator("#status").inner_text() == "1 nouvelle publication"
    page.clock.run_for(10_000)
    assert page.locator("#status").inner_text() == "2 nouvelles publications"


@pytest.mark.slow
def test_11_updates_can_be_paused(server: LiveServer, open_page: Any) -> None:
    """Nothing changes until they are resumed; then everything is there."""
    page = open_page()
    pause = page.locator("button.pause")
    assert pause.inner_text() == "Mettre en pause"
    pause.click()
    assert pause.get_attribute("aria-pressed") == "true"
    newest = page.locator(".entry").first.get_attribute("id").removeprefix("e-")
    server.blog.edit(newest, body="Corrigé en pause.", note="Corrigé.")
    server.blog.post("Arrivé en pause.")
    page.locator(".notices .new").wait_for()
    assert page.locator(".entry", has_text="en pause").count() == 0
    pause.click()
    shown(page, "Arrivé en pause.")
    shown(page, "Corrigé en pause.")


@pytest.mark.slow
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_11_axe_finds_nothing_while_it_lives(
    server: LiveServer, open_page: Any, viewport: dict[str, int], scheme: str
) -> None:
    """With the button over the page, a correction and a pinned entry on it."""
    server.blog.post("Épinglé.", pinned=True, key=True, title="Repères")
    server.settled()
    page = open_page(viewport=viewport, color_scheme=scheme, has_touch=True)
    page.evaluate("scrollTo(0, 1200)")
    server.blog.post("Arrivé.")
    page.locator(".notices .new").wait_for()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    for button in page.locator(".notices .new, button.pause").all():
        box = button.bounding_box()
        assert box["height"] >= 44
        assert box["width"] >= 44


# -- 6, 14 -----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_14_filters_hold_for_what_comes(server: LiveServer, open_page: Any) -> None:
    """An entry that the filter hides is neither shown nor counted."""
    page = open_page("?tag=alep")
    assert page.locator(".entry:visible").count() == 6
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    server.blog.post("De Damas.", tags=["Damas"])
    server.blog.post("D’Alep.", tags=["Alep"])
    page.locator(".notices .new", has_text="1 nouvelle publication").wait_for()
    page.locator(".notices .new").click()
    shown(page, "D’Alep.")
    assert not page.locator(".entry", has_text="De Damas.").is_visible()
    server.blog.post("De Homs.", tags=["Homs"])
    chip = page.locator(".filters a", has_text="Homs")
    chip.wait_for()
    assert page.locator('.filters [aria-current="true"]').inner_text() == "Alep"
    chip.click()
    shown(page, "De Homs.")
    assert page.url.endswith("?tag=homs")


@pytest.mark.slow
def test_6_an_entry_of_a_new_day_brings_its_heading(server: LiveServer, open_page: Any) -> None:
    """Days stay headings, in order; an entry for an earlier time goes to its place."""
    page = open_page()
    yesterday = server.blog.now - timedelta(days=1)
    server.blog.post("D’hier.", at=yesterday)
    page.locator(".entry", has_text="D’hier.").wait_for(state="attached")
    days = page.locator(".stream .day").evaluate_all("days => days.map((day) => day.dataset.date)")
    assert days == sorted(set(days), reverse=True)
    assert len(days) >= 2
    assert bodies(page)[-1] == "D’hier."
    assert page.locator(".stream .day h2").count() == len(days)


# -- 13, 17 ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_13_scripts_and_the_page_are_small(server: LiveServer, open_page: Any) -> None:
    """Under 18 kB of script, and 150 kB in all with fifty entries, compressed."""
    others = ("embed.js", "search.js", "front_page.js", "onward.js")
    scripts = [path for path in STATIC.glob("*.js") if path.name not in others]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in scripts) < 18_000
    for number in range(50):
        server.blog.post(f"Fait {number}. {TEXT} {TEXT}", title=f"Titre {number}")
    server.settled()
    sizes: list[int] = []
    hosts = set()
    page = open_page("2012/", listens=False)
    page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(server.url)
    page.wait_for_timeout(500)
    assert page.locator(".entry").count() == 50
    assert 10_000 < sum(sizes) < 150_000
    assert hosts == {server.url.split("/")[2]}


@pytest.mark.slow
def test_17_no_script_or_style_needs_an_exception(server: LiveServer, open_page: Any) -> None:
    """The content security policy is strict, and nothing breaks it while the page lives."""
    page = open_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    server.blog.post("Arrivé.", key=True, pinned=True)
    shown(page, "Arrivé.")
    server.blog.end()
    page.locator(".state", has_text="Terminé").wait_for()
    assert problems == []
    assert "unsafe" not in fetch(server.url).body.decode().partition("</head>")[0]


# -- embedding -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_live_blog_lives_in_an_article_of_another_site(
    server: LiveServer, browser: Any, tmp_path: Path
) -> None:
    """With one script and no dependency, as oEmbed says; the link stays where no script runs."""
    html = fetch(server.url, "oembed.json").json["html"]
    asked = fetch(server.url, f"oembed?url={server.url}&maxwidth=300").json
    assert (asked["html"], asked["width"]) == (html, 300)
    assert fetch(server.url, "oembed?url=https://evil.example/").status == 404
    (tmp_path / "article").mkdir()
    (tmp_path / "article" / "index.html").write_text(
        f"<!doctype html><html lang=fr><title>Article</title><h1>Un article</h1>{html}"
    )
    with serving(tmp_path / "article") as url:
        context = browser.new_context(viewport=PHONE)
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(url)
        inside = page.locator("live-blog")
        inside.locator("article").first.wait_for()
        assert inside.locator("article").count() == 12
        link = inside.locator("article .when").first.get_attribute("href")
        assert link.startswith(server.url)
        until(lambda: server.health()["blogs"][0]["readers"] == 1)
        posted = server.blog.post("Dans l’article.")
        inside.locator("article", has_text="Dans l’article.").wait_for()
        server.blog.edit(posted.id, body="Corrigé dans l’article.", note="Corrigé.")
        inside.locator("article", has_text="Corrigé dans l’article.").wait_for()
        server.blog.remove(posted.id)
        inside.locator("article", has_text="dans l’article.").wait_for(state="detached")
        # The answer to the next request is lost, and so is the stream.
        away = re.compile(r"/(live\.json|events)")
        page.route(away, lambda route: route.abort())
        page.wait_for_timeout(1100)
        page.evaluate("dispatchEvent(new Event('online'))")
        inside.locator("header span", has_text="Hors ligne depuis").wait_for()
        page.unroute(away)
        page.evaluate("dispatchEvent(new Event('online'))")
        inside.locator("header span", has_text="En direct").wait_for()
        assert problems == []
        context.close()
        plain = browser.new_context(java_script_enabled=False)
        page = plain.new_page()
        page.goto(url)
        assert page.locator("live-blog a").get_attribute("href") == server.url
        plain.close()
    size = len(gzip.compress((STATIC / "embed.js").read_bytes(), 9))
    assert size < 4_500  # it writes times as the page does
