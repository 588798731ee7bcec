"""Live page, composer and <live-blog> in Chromium, Firefox and WebKit.

Each test runs twice in each: as the browser is, and without what the oldest supported versions lack
(Safari 15.4, Firefox 115, Chromium 109). What does not depend on a browser is tested in Chromium
alone, in the other modules.
"""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import liveblog
from liveblog import Blog
from liveblog.model.entry import Revision

from ..browsers import Firefox, Page, WebKit, chromium_page, firefox_of, webkit_of
from ..conftest import LiveServer, live_server, needs, serving
from ..waiting import until

pytestmark = pytest.mark.slow

MINI_BROWSER = "*/webkit2gtk-4.1/MiniBrowser"
TEXT = "Une ligne de texte assez longue pour remplir la colonne, et encore quelques mots. " * 4

WITHOUT = """
delete AbortSignal.timeout;
delete AbortSignal.any;
delete HTMLFormElement.prototype.requestSubmit;
delete Document.prototype.adoptedStyleSheets;
delete ShadowRoot.prototype.adoptedStyleSheets;
self.CSSStyleSheet = undefined;
const { FormData: Form, IDBObjectStore: Store } = self;
self.FormData = function (form) { return new Form(form); };
const { put } = Store.prototype;
Store.prototype.put = function (value, key) {
  // As a private window of Safari.
  if (value instanceof Blob) throw new DOMException("", "DataCloneError");
  return put.call(this, value, key);
};
for (const name of ["toSorted", "toReversed", "toSpliced", "with", "fromAsync"]) {
  delete Array.prototype[name];
  delete Array[name];
}
"""
"""Takes away what is newer than the oldest supported browsers."""

EYE = """() => [...document.querySelectorAll(".entry")]
  .find((entry) => entry.getBoundingClientRect().top > 100).id"""
TOP = "(id) => document.getElementById(id).getBoundingClientRect().top"
IS_STILL = "() => !document.getElementById('stream').getAnimations().length"
PAUSE = "(time) => new Promise((resolve) => setTimeout(resolve, time))"


@pytest.fixture(scope="session")
def firefox() -> Iterator[Firefox]:
    """A Firefox without a display."""
    with firefox_of(needs("firefox-esr")) as running:
        yield running


@pytest.fixture(scope="session")
def webkit() -> Iterator[WebKit]:
    """WebKitGTK on a display in memory."""
    driver, screen = needs("WebKitWebDriver"), needs("Xvfb")
    browser = next(Path("/usr/lib").glob(MINI_BROWSER), "MiniBrowser")
    with webkit_of(driver, screen, needs(str(browser))) as running:
        yield running


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in each browser; what the browser complains of fails the test."""
    if request.param == "chromium":
        opened = chromium_page(request.getfixturevalue("browser"))
    else:
        opened = request.getfixturevalue(request.param).page()
    with opened as page:
        yield page
        assert list(page.errors) == []


def take_away(folder: Path) -> None:
    """Have the site's first script take away what old browsers lack."""
    own = Path(liveblog.__file__).parent / "theme" / "static" / "theme.js"
    static = folder / "static"
    static.mkdir()
    (static / "theme.js").write_text(f"{{{WITHOUT}}}\n{own.read_text('utf-8')}", "utf-8")


@pytest.fixture(params=["as it is", "old"], scope="module")
def server(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[LiveServer]:
    """A blog with enough entries to scroll through."""
    folder = tmp_path_factory.mktemp("engines") / "blog"
    with live_server(folder) as running:
        now = running.blog.now
        for number in range(14):
            running.blog.post(f"Fait {number}. {TEXT}", at=now - timedelta(minutes=90 - number))
        if request.param == "old":
            take_away(folder)
            running.restart()
        running.notes["old"] = request.param if request.param == "old" else ""
        running.settled()
        yield running


def readers(server: LiveServer) -> int:
    """Return how many streams are open."""
    count: int = server.health()["blogs"][0]["readers"]
    return count


def open_live(page: Page, server: LiveServer) -> None:
    """Open the live page, and wait until it listens."""
    page.goto(server.url)
    until(lambda: readers(server) == 1, what="one stream")
    assert page.evaluate("() => 'timeout' in AbortSignal") == (not server.notes["old"])


# -- the live page ---------------------------------------------------------------------------------


def test_an_update_appears_at_the_top_and_waits_further_down(
    page: Page, server: LiveServer
) -> None:
    """A button counts what waits, nothing moves, and the button leads to it."""
    open_live(page, server)
    page.shows(f"#e-{server.blog.post('Vu en haut.').id}")
    page.evaluate("() => scrollTo({ top: 1500, behavior: 'instant' })")
    page.until(IS_STILL)
    eye = page.evaluate(EYE)
    before = page.evaluate(TOP, eye)
    posted = server.blog.post("Vu plus bas.")
    page.shows(".notices .new")
    assert page.evaluate("() => document.title").startswith("(1) ")
    assert abs(page.evaluate(TOP, eye) - before) < 1
    page.click(".notices .new")
    page.until("(id) => document.activeElement.id === id", f"e-{posted.id}")
    page.until("() => !document.title.startsWith('(')")


def test_what_changes_above_the_eye_moves_nothing(page: Page, server: LiveServer) -> None:
    """A correction, a retraction and a removal are there at once; the text that is read stays."""
    longer, wrong, gone = (server.blog.post(f"{word} {TEXT}").id for word in ("A.", "B.", "C."))
    server.settled()
    open_live(page, server)
    page.evaluate("() => scrollTo({ top: 2000, behavior: 'instant' })")
    eye = page.evaluate(EYE)
    has = "(id, text) => document.getElementById(`e-${id}`)?.textContent.includes(text)"
    before = page.evaluate(TOP, eye)
    server.blog.edit(longer, body=f"Plus long. {TEXT * 3}", note="Complété.")
    page.until(has, longer, "Complété.")
    after = page.evaluate(TOP, eye)
    server.blog.retract(wrong, why="La source s’est trompée.")
    page.until(has, wrong, "La source s’est trompée.")
    last = page.evaluate(TOP, eye)
    server.blog.remove(gone)
    page.until("(id) => !document.getElementById(`e-${id}`)", gone)
    steps = (before, after, last, page.evaluate(TOP, eye))
    assert max(abs(b - a) for a, b in pairwise(steps)) < 1  # WebKit scrolls by whole pixels


def test_away_and_back_again_and_again_there_is_one_stream(page: Page, server: LiveServer) -> None:
    """WebKit opens streams again that were closed when the page was left."""
    open_live(page, server)
    for _ in range(3):
        page.evaluate("() => void document.querySelector('.entry .when').click()")
        page.until("() => Boolean(document.querySelector('.single'))")
        until(lambda: readers(server) == 0, what="no stream")
        page.back()
        page.until("() => Boolean(document.getElementById('stream'))")
        until(lambda: readers(server) == 1, what="one stream")
    # The time after which WebKit's reconnect.
    page.evaluate(PAUSE, 2500)
    assert readers(server) == 1
    page.shows(f"#e-{server.blog.post('Après le retour.').id}")


def test_a_server_that_was_away_is_caught_up_with(page: Page, server: LiveServer) -> None:
    """The reader is told, then nothing is missing and nothing is there twice."""
    open_live(page, server)
    server.stop(kill=bool(server.notes["old"]))  # so that each is tried
    page.shows(".notices .out")
    posted = server.blog.post("Pendant la panne.")
    server.start()
    page.shows(f"#e-{posted.id}")
    page.lacks(".notices .out")
    twice = "() => [...document.querySelectorAll('.entry')].map(({ id }) => id)"
    found = page.evaluate(twice)
    assert len(found) == len(set(found))


def test_links_are_underlined_and_the_dark_scheme_is_dark(page: Page, server: LiveServer) -> None:
    """By computed style, after the switch and after a reload."""
    posted = server.blog.post("Voir [la carte](https://example.org/carte).")
    server.settled()
    page.goto(server.url)
    style = "(selector, name) => getComputedStyle(document.querySelector(selector))[name]"
    page.shows(".content a", "la carte")
    assert page.evaluate(style, ".content a", "textDecorationLine") == "underline"
    assert page.evaluate(style, ".content a", "textDecorationColor") == "rgb(163, 35, 31)"
    day, night = "rgb(253, 252, 250)", "rgb(22, 21, 20)"
    assert page.evaluate(style, "html", "backgroundColor") == day
    page.click("button.theme")
    assert page.evaluate(style, "html", "backgroundColor") == night
    assert page.evaluate(style, "html", "colorScheme") == "dark"
    page.reload()
    page.until(style, ".content a", "textDecorationColor")
    assert page.evaluate(style, "html", "backgroundColor") == night
    assert page.evaluate(style, ".content a", "textDecorationColor") == "rgb(255, 141, 128)"
    page.click("button.theme")
    assert page.evaluate(style, "html", "backgroundColor") == day
    server.blog.remove(posted.id)


def test_digits_are_those_of_the_server(page: Page, tmp_path: Path) -> None:
    """WebKit writes the digits of Arabic otherwise than the server does."""
    with live_server(tmp_path / "blog", language="ar", title="أسبوع") as server:
        server.blog.post("خبر.", at=server.blog.now - timedelta(minutes=41))
        server.settled()
        page.goto(server.url)
        assert "41" in page.shows(".entry .ago")


def test_the_front_page_of_several_blogs_follows(page: Page, tmp_path: Path) -> None:
    """Also after going away and back."""
    with live_server(tmp_path / "nord", path="/nord/", title="Nord") as server:
        front = server.url.removesuffix("nord/")
        other = Blog.init(tmp_path / "sud", title="Sud", url=f"{front}sud/", language="fr")
        server.restart(other.paths.root)
        page.goto(front)
        page.shows("#blogs li", "Sud")
        server.blog.post("Vu.", title="Un titre neuf")
        page.shows("#blogs li", "Un titre neuf")
        page.evaluate("() => void document.querySelector('#blogs a').click()")
        page.until("() => Boolean(document.getElementById('stream'))")
        page.back()
        page.shows("#blogs li", "Sud")
        other.post("Vu aussi.", title="Un autre titre")
        page.shows("#blogs li", "Un autre titre")


# -- the article of another site -------------------------------------------------------------------


def test_the_live_blog_lives_in_an_article(page: Page, server: LiveServer, tmp_path: Path) -> None:
    """It follows, has its style, and one stream after going away and back."""
    within = "[...document.querySelector('live-blog').shadowRoot.querySelectorAll('article')]"
    has = f"(text) => {within}.some((article) => article.textContent.includes(text))"
    old = f"<script>{{{WITHOUT}}}</script>" if server.notes["old"] else ""
    (tmp_path / "index.html").write_text(
        f"<!doctype html><html lang=fr><meta charset=utf-8><title>Article</title>{old}"
        f'<live-blog src="{server.url}live.json"><a href="{server.url}">Le direct</a></live-blog>'
        f'<script type="module" src="{server.url}embed.js"></script>',
        "utf-8",
    )
    (tmp_path / "else.html").write_text("<!doctype html><title>Ailleurs</title>")
    with serving(tmp_path) as url:
        page.goto(url)
        page.until(has, "Fait 13.")
        assert page.evaluate(f"() => getComputedStyle({within}[0]).paddingTop") != "0px"
        until(lambda: readers(server) == 1, what="one stream")
        posted = server.blog.post("Dans l’article.")
        page.until(has, "Dans l’article.")
        for _ in range(3):
            page.evaluate("() => void setTimeout(() => location.assign('else.html'))")
            page.until("() => document.title === 'Ailleurs'")
            page.back()
            page.until(has, "Dans l’article.")
        page.evaluate(PAUSE, 2500)
        until(lambda: readers(server) == 1, what="one stream")
        server.blog.remove(posted.id)
        page.until(f"(text) => !({has})(text)", "Dans l’article.")


# -- the composer ----------------------------------------------------------------------------------


@pytest.fixture
def composer(page: Page, server: LiveServer) -> Page:
    """Ana signed in by the link that she was given."""
    page.goto(f"{server.url}compose#token={server.token(f'Ana {time.monotonic_ns()}')}")
    page.click("main form button")
    page.shows("#body")
    until(lambda: readers(server) == 1, what="one stream")
    return page


def entries_with(server: LiveServer, text: str) -> list[Revision]:
    """Return the entries that hold a text, as they stand."""
    timeline = server.blog.timeline
    found = [e.now for of in timeline.days() for e in timeline.unfiltered(of).entries]
    return [now for now in found if text in now.body and now.state == "live"]


def test_what_is_written_is_previewed_sent_and_taken_back(
    composer: Page, server: LiveServer
) -> None:
    """By Control and Enter; the list shows it, and undoing brings the text back."""
    composer.fill("#body", "Un *pont* coupe.")
    composer.click("#show")
    composer.until("() => document.querySelector('#preview em')?.textContent === 'pont'")
    composer.click("#body")
    composer.press("Control", "Enter")
    composer.shows("#list .entry", "Un pont coupe.")
    assert len(entries_with(server, "Un *pont* coupe.")) == 1
    composer.click("#undo")
    composer.until("() => document.getElementById('body').value === 'Un *pont* coupe.'")
    composer.lacks("#list .entry", "Un pont coupe.")


def test_a_draft_with_a_picture_survives_a_reload(
    composer: Page, server: LiveServer, tmp_path: Path
) -> None:
    """Also one that was never uploaded, in a window that stores no Blob."""
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save(tmp_path / "pont.jpg")
    composer.fill("#body", "Avec une image.")
    composer.attach("#photo", tmp_path / "pont.jpg")
    composer.fill(".picture [name=alt]", "Le pont")
    composer.until("() => document.querySelector('.picture [name=picture]').value")
    # As if the upload had failed: only this device has the picture.
    composer.until(
        """() => {
          const key = Object.keys(localStorage).find((name) => name.endsWith(" draft"));
          const draft = JSON.parse(localStorage.getItem(key));
          if (draft?.pictures[0]?.alt !== "Le pont") return false;
          draft.pictures[0].upload = "";
          localStorage.setItem(key, JSON.stringify(draft));
          return true;
        }"""
    )
    composer.reload()
    composer.until("() => document.querySelector('.picture img')?.naturalWidth > 0")
    assert composer.evaluate("() => document.getElementById('body').value") == "Avec une image."
    composer.click("#send")
    composer.shows("#list .entry", "Avec une image.")
    (sent,) = entries_with(server, "Avec une image.")
    assert [picture.alt for picture in sent.media] == ["Le pont"]
    server.blog.remove(sent.id)


def test_an_entry_is_pinned_and_edited(composer: Page, server: LiveServer) -> None:
    """Pinning leaves everything else; a correction has its note; a ticked box can be seen."""
    entry = server.blog.post("A retoucher.", tags=["Damas"], key=True)
    item = f'#list [data-id="{entry.id}"]'
    composer.click(f'{item} form[action$="/pin"] button')
    composer.shows(f'{item} form[action$="/unpin"] button')
    now = server.blog.timeline.entry(entry.id).now
    assert (now.pinned, now.key, now.tags, now.body) == (True, True, ("Damas",), "A retoucher.")
    composer.goto(f"{server.url}compose/entries/{entry.id}")
    colour = "(selector) => getComputedStyle(document.querySelector(selector).parentElement).color"
    key, other = (composer.evaluate(colour, f"[name={name}]") for name in ("key", "verification"))
    assert key != other
    composer.fill("#note", "Un mot de plus.")
    composer.click("#send")
    composer.until("() => location.pathname.endsWith('/compose')")
    now = server.blog.timeline.entry(entry.id).now
    assert (now.note, now.pinned, now.key) == ("Un mot de plus.", True, True)
    server.blog.remove(entry.id)


def test_a_button_of_a_chapter_does_what_it_says(composer: Page, server: LiveServer) -> None:
    """It lists the updates of other days; sent without its name, the form would publish."""
    composer.goto(f"{server.url}compose/chapter")
    composer.shows("#show")  # the script runs
    composer.fill("#title", "Un chapitre")
    for name, day in (("start", "yesterday"), ("end", "today")):
        fill = "(name, day) => { document.querySelector(`[name=${name}]`).value = day; }"
        composer.evaluate(fill, name, server.blog.period(day).id)
    composer.click("[name=do][value=show]")
    composer.shows(".quotable li")
    assert composer.evaluate("() => document.getElementById('title').value") == "Un chapitre"
    assert server.blog.timeline.unfiltered_chapters() == []


def test_what_cannot_be_sent_waits_for_the_server(composer: Page, server: LiveServer) -> None:
    """Over a reload, and is sent by itself, once."""
    composer.until("() => navigator.serviceWorker?.ready.then(() => true) ?? true")
    server.stop()
    composer.fill("#body", "Sans serveur.")
    composer.click("#send")
    composer.shows("#outbox li", "Sans serveur.")
    server.start()
    until(lambda: entries_with(server, "Sans serveur."), what="the update")
    composer.lacks("#outbox li")
    (sent,) = entries_with(server, "Sans serveur.")
    server.blog.remove(sent.id)


@contextmanager
def only_errors(port: int) -> Iterator[None]:
    """Answer every request with 502, as a proxy does whose server is away."""

    class BadGateway(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(502)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), BadGateway) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield
        proxy.shutdown()
        thread.join()


def hears_after_a_bad_gateway(page: Page, server: LiveServer) -> None:
    """Have a page see answers of a proxy for a while, then an update."""
    server.stop()
    with only_errors(server.port):
        page.evaluate(PAUSE, 3000)
    server.start()
    posted = server.blog.post("Entendu.")
    page.shows(f'#e-{posted.id}, [data-id="{posted.id}"]')


def test_after_a_bad_gateway_the_composer_listens_again(composer: Page, server: LiveServer) -> None:
    """An answer other than 200 closes a stream for good; the page opens another one."""
    hears_after_a_bad_gateway(composer, server)


def test_after_a_bad_gateway_the_live_page_listens_again(page: Page, server: LiveServer) -> None:
    """Or asks for live.json meanwhile."""
    open_live(page, server)
    hears_after_a_bad_gateway(page, server)
