"""The composer: where a journalist writes from a phone in the street.

A real server; forms as browsers send them without a script, and a real browser with one.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import re
import statistics
import tempfile
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from PIL import ExifTags, Image
from playwright.sync_api import expect
from starlette.requests import Request

from liveblog.model.entry import Revision
from liveblog.web.composer import forms, history
from liveblog.web.errors import Problem
from liveblog.web.form_data import LIMIT

from ..conftest import LiveServer, live_server
from ..waiting import until
from ..wire import Answer, fetch

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
SECRET = "ACME 8000, 33.5138 N"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for the module: French, in Paris."""
    with live_server(tmp_path_factory.mktemp("composer") / "blog", path="/semaine/") as running:
        running.blog.post("Le premier fait.", tags=["Damas", "Alep"], author="Chloé")
        running.settled()
        yield running


class Someone:
    """Somebody who signed in with a browser that runs no script."""

    def __init__(self, server: LiveServer, name: str, scope: str) -> None:
        self.server = server
        self.name = name
        self.token = server.token(name, scope)
        answer = self.form("compose/sign-in", {"token": self.token})
        assert answer.status == 303, answer.body
        self.cookie = answer["Set-Cookie"].partition(";")[0]

    @property
    def origin(self) -> str:
        """What a browser says of the page that a form is on."""
        parts = urlsplit(self.server.url)
        return f"{parts.scheme}://{parts.netloc}"

    def get(self, path: str = "compose") -> Answer:
        """Open a page."""
        return fetch(self.server.url, path, Cookie=self.cookie)

    def form(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Send a form with no file."""
        headers = {"Origin": self.origin, "Cookie": getattr(self, "cookie", "")} | headers
        headers["Content_Type"] = "application/x-www-form-urlencoded"
        return fetch(self.server.url, path, "POST", urlencode(fields).encode(), **headers)

    def post(self, body: str, **more: str) -> str:
        """Post an update; return its id."""
        answer = self.form("compose", {"body": body, **more})
        assert answer.status == 303, answer.body.decode()
        return answer["Location"].partition("done=")[2]

    def entry(self, entry_id: str) -> Any:
        """Return an entry as the API gives it."""
        return fetch(self.server.url, f"api/entries/{entry_id}", Cookie=self.cookie).json


@pytest.fixture(scope="module")
def ana(server: LiveServer) -> Someone:
    """Ana may everything."""
    return Someone(server, "Ana", "admin")


@pytest.fixture(scope="module")
def bilal(server: LiveServer) -> Someone:
    """Bilal may post."""
    return Someone(server, "Bilal", "post")


@pytest.fixture(scope="module")
def chloe(server: LiveServer) -> Someone:
    """Chloé may edit."""
    return Someone(server, "Chloé", "edit")


@contextmanager
def page_of(
    browser: Any, who: Someone, *, complains: bool = False, **options: Any
) -> Iterator[Any]:
    """Open the browser of somebody; what it complains of fails the test, unless it may."""
    options = {
        "viewport": PHONE, "locale": "fr-FR", "timezone_id": "America/New_York",
        # With one, what is intercepted or offline for a test may get through to the network.
        "service_workers": "block",
    } | options  # fmt: skip
    context = browser.new_context(**options)
    name, _, value = who.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": who.server.url}])
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda r: complaints.append(r.url) if r.status == 404 else 0)
    yield page
    context.close()
    assert complains or [c for c in complaints if "blocked by Playwright" not in c] == []


@contextmanager
def composer(browser: Any, who: Someone, **options: Any) -> Iterator[Any]:
    """Open the composer in the browser of somebody."""
    with page_of(browser, who, **options) as page:
        page.goto(f"{who.server.url}compose")
        yield page


def text_of(answer: Answer) -> str:
    """Return the words of a page, its spaces plain."""
    html = re.sub(r"(?s)<head.*?</head>|data-words='[^']*'|<[^>]+>", " ", answer.body.decode())
    return re.sub(r"\s+", " ", html)


def photo(path: Path, size: tuple[int, int] = (3000, 1500)) -> Path:
    """Take a photo that says where and with what it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = SECRET
    Image.linear_gradient("L").resize(size).convert("RGB").save(path, "JPEG", exif=exif)
    assert SECRET.encode() in path.read_bytes()
    return path


def entries_with(server: LiveServer, text: str) -> list[Revision]:
    """Return the entries that hold a text, as they stand."""
    timeline = server.blog.timeline
    found = [e.now for of in timeline.days() for e in timeline.unfiltered(of).entries]
    return [now for now in found if text in now.body and now.state != "removed"]


# -- signing in ------------------------------------------------------------------------------------


def test_signed_out_there_is_a_form_for_the_token(server: LiveServer) -> None:
    """For a password manager; a token in the address lets nobody in."""
    for path in ("compose", f"compose?token={server.token('Dora')}"):
        answer = fetch(server.url, path)
        assert answer.status == 200
        assert 'autocomplete="current-password"' in answer.body.decode()
        assert "textarea" not in answer.body.decode()
    assert fetch(server.url, "compose/entries").body.decode().count("current-password") == 1


@pytest.mark.slow
def test_signing_in_sets_a_cookie_that_no_script_and_no_other_site_can_use(
    server: LiveServer, ana: Someone
) -> None:
    """HttpOnly, SameSite, for this blog's path; signing out ends it, for a copy of it too."""
    answer = ana.form("compose/sign-in", {"token": ana.token})
    assert (answer.status, answer["Location"]) == (303, "/semaine/compose")
    flags = {flag.strip().lower() for flag in answer["Set-Cookie"].split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/semaine/"} <= flags
    assert ana.token not in answer["Set-Cookie"]
    cookie = answer["Set-Cookie"].partition(";")[0]
    assert fetch(server.url, "api/me", Cookie=cookie).status == 200
    out = ana.form("compose/sign-out", {}, Cookie=cookie)
    assert out.status == 303
    assert f'{cookie.partition("=")[0]}=""' in out["Set-Cookie"]
    assert "Max-Age=0" in out["Set-Cookie"]
    assert fetch(server.url, "api/me", Cookie=cookie).status == 401
    assert fetch(server.url, "api/me", Cookie=ana.cookie).status == 200


@pytest.mark.slow
def test_a_wrong_token_is_told_in_words(ana: Someone) -> None:
    """And nobody is let in."""
    answer = ana.form("compose/sign-in", {"token": "lb_wrong"}, Cookie="")
    assert answer.status == 401
    assert "Cette clé d’accès n’est pas ou n’est plus valable." in text_of(answer)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.slow
def test_guessing_tokens_is_limited(tmp_path: Path) -> None:
    """After ten wrong ones the address has to wait; the page says so."""
    with live_server(tmp_path / "blog") as server:
        eve = Someone.__new__(Someone)
        eve.server = server
        answers = [eve.form("compose/sign-in", {"token": f"lb_{n}"}) for n in range(11)]
    assert [answer.status for answer in answers] == [401] * 10 + [429]
    assert "Trop d’essais avec une clé erronée." in text_of(answers[-1])
    assert int(answers[-1]["Retry-After"]) > 200


@pytest.mark.slow
def test_a_link_can_carry_the_token_where_no_server_sees_it(
    browser: Any, server: LiveServer, ana: Someone
) -> None:
    """``compose#token=…`` fills the field and is gone from the address."""
    with page_of(browser, ana) as page:
        page.context.clear_cookies()
        page.goto(f"{server.url}compose#token={ana.token}")
        expect(page.locator("#token")).to_have_value(ana.token)
        assert page.url == f"{server.url}compose"
        page.get_by_role("button", name="Se connecter").click()
        expect(page.locator("#body")).to_be_focused()


@pytest.mark.slow
@pytest.mark.parametrize("is_pasted", [True, False])
def test_a_link_signs_in_on_a_page_that_is_open_already(
    browser: Any, server: LiveServer, ana: Someone, is_pasted: bool
) -> None:
    """Pasted into the field or into the address; nothing of it stays in the address."""
    with page_of(browser, ana) as page:
        page.context.clear_cookies()
        page.goto(f"{server.url}compose")
        if is_pasted:
            page.locator("#token").fill(f"{server.url}compose#token={ana.token}")
        else:
            page.evaluate("(token) => { location.hash = `token=${token}` }", ana.token)
        expect(page.locator("#token")).to_have_value(ana.token)
        expect(page.locator("#body")).to_be_focused()
        assert page.url == f"{server.url}compose"
    answer = ana.form("compose/sign-in", {"token": f" https://x/compose#token={ana.token} "})
    assert answer.status == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["compose", "compose/sign-in", "compose/sign-out", "compose/coverage", "compose/entries/x"],
)
def test_another_site_can_send_no_form(ana: Someone, path: str) -> None:
    """Not with the cookie of whoever visits it; nor can one that says nothing of itself."""
    fields = {"body": "Un faux.", "token": ana.token, "over": "yes"}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert ana.form(path, fields, **headers).status == 403
    assert entries_with(ana.server, "Un faux.") == []
    assert ana.form(path, fields, Host="evil.example").status == 421


@pytest.mark.slow
def test_the_pages_are_nobody_elses(ana: Someone) -> None:
    """Kept by no cache, framed by nobody, run only our script, found by no search engine."""
    entry = ana.post("Une page.")
    for path in ("compose", f"compose/entries/{entry}", "compose/digests/today", "compose/shell"):
        answer = ana.get(path)
        assert answer.status == 200, path
        assert answer["Cache-Control"] == "no-store"
        policy = answer["Content-Security-Policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
                "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
                "worker-src 'self'"} <= set(policy)  # fmt: skip
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Robots-Tag"] == "noindex"
        assert not re.search(r"<style|\sstyle=|\son\w+=", answer.body.decode())


# -- without a script ------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_update_is_posted_without_a_script(
    browser: Any, server: LiveServer, bilal: Someone, tmp_path: Path
) -> None:
    """With everything it can have, its picture too; then it stands on top."""
    with composer(browser, bilal, java_script_enabled=False) as page:
        page.locator("#title").fill("Un pont")
        page.locator("#body").fill("Le pont **est** coupé.")
        page.locator("#file").set_input_files(photo(tmp_path / "a.jpg"))
        page.locator("#file-alt").fill("Un pont dans l’eau")
        page.get_by_text("Temps fort").first.click()
        page.get_by_text("Non confirmé").click()
        page.locator("#tags").fill("Damas, #Ponts ,damas")
        page.locator("#more > summary").click()
        page.locator("[name=source_name]").fill("OSDH")
        page.locator("[name=source_url]").fill("https://www.syriahr.com/")
        page.locator("[name=figure_name]").fill("Morts")
        page.locator("[name=figure_value]").fill("12")
        page.locator("[name=figure_unit]").fill("personnes")
        page.get_by_role("button", name="Publier").click()
        expect(page.locator(".item").first).to_contain_text("Le pont est coupé.")
        until(lambda: page.locator(".item img").first.evaluate("i => i.naturalWidth") == 2048)
        assert "done=" in page.url
    [now] = entries_with(server, "Le pont **est** coupé.")
    assert (now.title, now.tags, now.key) == ("Un pont", ("Damas", "Ponts"), True)
    assert (now.verification, now.author) == ("unconfirmed", "Bilal")
    assert (now.sources[0].name, now.figures[0].value, now.figures[0].unit) == (
        "OSDH", 12, "personnes",
    )  # fmt: skip
    stored = (server.blog.paths.media / now.media[0].path).read_bytes()
    assert SECRET.encode() not in stored
    assert now.media[0].alt == "Un pont dans l’eau"


@pytest.mark.slow
def test_what_is_refused_comes_back_with_its_text_and_its_picture(
    browser: Any, server: LiveServer, bilal: Someone, tmp_path: Path
) -> None:
    """Nothing has to be written or chosen again."""
    with composer(browser, bilal, java_script_enabled=False, complains=True) as page:
        page.locator("#body").fill("Un texte\n\nen deux parties <b>.")
        page.locator("#file").set_input_files(photo(tmp_path / "a.jpg", (60, 40)))
        page.get_by_role("button", name="Publier").click()
        expect(page.get_by_role("alert")).to_contain_text("Dites ce que montre l’image")
        expect(page.locator("#body")).to_have_value("Un texte\n\nen deux parties <b>.")
        expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 60)
        page.locator("[name=alt]").fill("Un dégradé")
        page.get_by_role("button", name="Publier").click()
        expect(page.locator(".item").first).to_contain_text("en deux parties")
    [now] = entries_with(server, "en deux parties")
    assert now.media[0].width == 60


def test_a_form_that_is_sent_twice_makes_one_update(server: LiveServer, bilal: Someone) -> None:
    """It carries a key, which the page gave it."""
    page = bilal.get().body.decode()
    match = re.search(r'name="key_of_draft" value="([^"]{16,})"', page)
    assert match
    first = bilal.post("Envoyé deux fois.", key_of_draft=match[1])
    assert bilal.post("Envoyé deux fois.", key_of_draft=match[1]) == first
    assert len(entries_with(server, "Envoyé deux fois.")) == 1


def test_an_empty_form_is_refused_in_words(bilal: Someone) -> None:
    """And so is a figure that is no number, and a time that is none."""
    answer = bilal.form("compose", {"body": "  "})
    assert answer.status == 422
    assert "Écrivez quelque chose" in text_of(answer)
    answer = bilal.form(
        "compose", {"body": "x", "figure_name": "Morts", "figure_value": "beaucoup"}
    )
    assert (answer.status, "Indiquez la valeur de ce chiffre." in text_of(answer)) == (422, True)
    answer = bilal.form("compose", {"body": "x", "figure_value": "12"})
    assert (answer.status, "Donnez un nom à ce chiffre." in text_of(answer)) == (422, True)
    assert bilal.form("compose", {"body": "x", "day": "demain"}).status == 422
    assert bilal.form("compose", {"body": "x", "time": "25:00"}).status == 422
    assert bilal.form("compose", {"body": "x", "after": "20120715-7k3m9qx2tb"}).status == 404


def multipart(*parts: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """Write a multipart body: names, file names, contents; return it with its type."""
    out = b""
    for name, file, data in parts:
        more = f'; filename="{file}"' if file else ""
        out += f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
        out += data + b"\r\n"
    return out + b"--b--\r\n", "multipart/form-data; boundary=b"


def request_of(body: bytes, kind: str) -> Request:
    """Return a request that sends a body in pieces."""
    pieces = [body[at : at + 65536] for at in range(0, len(body), 65536)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    headers = [(b"content-type", kind.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def read_form(*parts: tuple[str, str, bytes]) -> forms.Form:
    """Read a multipart body as the server does."""
    return awaited(forms.form_of(request_of(*multipart(*parts))))


def awaited(work: Coroutine[Any, Any, forms.Form]) -> forms.Form:
    """Run something in an event loop of its own: the browser's runs in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def test_nothing_of_a_form_touches_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even a large picture, which would leave its metadata in a temporary file."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("it was written to the disk")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    big = b"x" * 30_000_000
    form = read_form(("body", "", b"a\r\nb"), ("file", "a.jpg", big))
    assert (form.one("body"), form.picture == big) == ("a\nb", True)


@pytest.mark.slow
def test_a_form_that_is_too_large_is_refused(ana: Someone) -> None:
    """Whether it says so beforehand or not; the page tells it in words."""
    with pytest.raises(Problem) as refused:
        read_form(("file", "a", b"x" * LIMIT))
    assert refused.value.status == 413
    answer = fetch(
        ana.server.url, "compose", "POST", Cookie=ana.cookie, Origin=ana.origin,
        Content_Type="multipart/form-data; boundary=b", Content_Length=str(LIMIT + 1),
    )  # fmt: skip
    assert answer.status == 413
    assert "Le fichier est trop lourd." in text_of(answer)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"--c\r\nbroken", "multipart/form-data; boundary=b", 400),
        (b"x", "multipart/form-data", 400),
        (multipart(("a", "a", b""), ("b", "b", b""))[0], "multipart/form-data; boundary=b", 400),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str, status: int) -> None:
    """With a reason, never with a crash."""
    with pytest.raises(Problem) as refused:
        awaited(forms.form_of(request_of(body, kind)))
    assert refused.value.status == status


# -- changing, without a script --------------------------------------------------------------------


def hidden(answer: Answer, name: str = "rev") -> str:
    """Return what a hidden field of a page holds."""
    match = re.search(rf'name="{name}" value="([^"]*)"', answer.body.decode())
    assert match
    return match[1]


@pytest.mark.slow
def test_a_correction_shows_what_it_changed(ana: Someone) -> None:
    """In the entry's history word by word, escaped; readers see the note."""
    entry = ana.post("Un pont <est> coupé.", tags="Damas")
    path = f"compose/entries/{entry}"
    page = ana.get(path)
    assert "Un pont &lt;est&gt; coupé.</textarea>" in page.body.decode()
    answer = ana.form(path, {"rev": hidden(page), "body": "Deux ponts <sont> coupés.",
                             "tags": "Damas", "note": "Un second pont."})  # fmt: skip
    assert (answer.status, answer["Location"]) == (303, f"/semaine/compose?done={entry}")
    page = ana.get(path)
    html = page.body.decode()
    assert "<del>Un</del><ins>Deux</ins>" in html
    assert "&lt;<del>est</del><ins>sont</ins>&gt;" in html
    assert "correction. Un second pont." in text_of(page).replace("\u00a0", " ")
    assert "Thèmes" not in html.partition('class="history"')[2]
    now = ana.entry(entry)
    assert (now["rev"], now["note"]) == (2, "Un second pont.")


@pytest.mark.slow
def test_a_minor_change_leaves_the_time_of_updating_alone(ana: Someone) -> None:
    """The box does what it says; and what is not changed is not touched."""
    entry = ana.post("Une faute.", title="Titre", key="yes")
    before = ana.entry(entry)
    fields = {"rev": "1", "body": "Sans faute.", "title": "Titre", "key": "yes",
              "minor": "yes"}  # fmt: skip
    page = ana.get(f"compose/entries/{entry}").body.decode()
    fields |= re.findall(r'name="(day|time)" value="([^"]+)"', page)
    assert set(fields) > {"day", "time"}
    assert ana.form(f"compose/entries/{entry}", fields).status == 303
    after = ana.entry(entry)
    assert (after["updated"], after["published"]) == (before["updated"], before["published"])
    assert (after["body"], after["title"], after["key"]) == ("Sans faute.", "Titre", True)


@pytest.mark.slow
def test_of_two_who_edit_the_second_sees_both_texts(ana: Someone, chloe: Someone) -> None:
    """And may send hers; what she did not touch stays as the first left it."""
    entry = ana.post("Le texte.", tags="Damas")
    path = f"compose/entries/{entry}"
    first = {"rev": "1", "body": "Le texte d’Ana.", "tags": "Damas, Alep"}
    assert ana.form(path, first).status == 303
    mine = {"rev": "1", "body": "Le texte de Chloé.", "tags": "Damas"}
    answer = chloe.form(path, mine)
    assert answer.status == 412
    words = text_of(answer)
    assert re.search(r"Ana a modifié ce texte à \d\d?.h.\d\d\.", words)
    assert "L’autre version Le texte d’Ana. Garder l’autre" in words
    assert "Le texte de Chloé.</textarea>" in answer.body.decode()
    assert 'value="Damas, Alep"' in answer.body.decode()
    assert hidden(answer) == "2"
    assert chloe.form(path, mine | {"rev": "2", "tags": "Damas, Alep"}).status == 303
    now = ana.entry(entry)
    assert (now["rev"], now["body"], now["tags"]) == (3, "Le texte de Chloé.", ["Damas", "Alep"])


@pytest.mark.slow
def test_an_update_can_be_pinned_retracted_and_removed(ana: Someone) -> None:
    """Each by its button; a retraction without a reason is refused."""
    entry = ana.post("À retirer.")
    path = f"compose/entries/{entry}"
    assert ana.form(f"{path}/pin", {"rev": "1"}).status == 303
    assert ana.entry(entry)["pinned"] is True
    assert ana.form(f"{path}/unpin", {"rev": "2"}).status == 303
    assert ana.form(f"{path}/retract", {"rev": "3", "why": " "}).status == 422
    assert ana.form(f"{path}/retract", {"rev": "3", "why": "C’était faux."}).status == 303
    assert ana.entry(entry)["state"] == "retracted"
    assert "C’était faux." in text_of(ana.get(path))
    assert ana.form(f"{path}/remove", {"sure": "yes"}).status == 303
    assert ana.get(path).status == 410


def test_a_form_that_did_not_arrive_whole_changes_nothing(ana: Someone) -> None:
    """Without the field that its page always sends it is refused; nothing is taken for emptied."""
    entry = ana.post("Entier.", title="Titre", tags="Damas", key="yes", source_name="OSDH")
    path, end = f"compose/entries/{entry}", ana.server.blog.journal.end()
    for cut, fields in {
        "compose": {"title": "Titre"},
        path: {"rev": "1"},
        f"{path}/retract": {"rev": "1"},
        f"{path}/remove": {"rev": "1"},
        "compose/digests/today": {"rev": "0"},
        "compose/chapter": {"title": "Titre"},
        "compose/coverage": {},
    }.items():
        answer = ana.form(cut, fields)
        assert (answer.status, cut) == (422, cut)
        assert "n’est pas arrivé en entier" in text_of(answer)
    assert ana.server.blog.journal.end() == end


@pytest.mark.slow
def test_pictures_of_an_entry_are_kept_described_anew_or_taken_away(
    browser: Any, ana: Someone, tmp_path: Path
) -> None:
    """With a form alone."""
    with composer(browser, ana, java_script_enabled=False) as page:
        page.locator("#body").fill("Avec image.")
        page.locator("#file").set_input_files(photo(tmp_path / "a.jpg", (50, 40)))
        page.locator("#file-alt").fill("Avant")
        page.get_by_role("button", name="Publier").click()
        page.locator(".item").first.get_by_role("link", name="Modifier").click()
        page.locator("[name=alt]").fill("Après")
        page.get_by_role("button", name="Enregistrer").click()
        entry = page.locator(".item").first.get_attribute("data-id")
        assert [p["alt"] for p in ana.entry(entry)["pictures"]] == ["Après"]
        page.locator(".item").first.get_by_role("link", name="Modifier").click()
        page.get_by_label("Enlever cette image").check()
        page.get_by_role("button", name="Enregistrer").click()
        assert ana.entry(entry)["pictures"] == []


@pytest.mark.slow
def test_pinning_in_an_old_browser_wipes_nothing(browser: Any, ana: Someone) -> None:
    """Safari 16.3 and Firefox 110 do not put the pressed button into FormData."""
    entry = ana.post("Pour un vieux navigateur.", tags="Damas", source_name="OSDH",
                     figure_name="Morts", figure_value="3")  # fmt: skip
    with page_of(browser, ana) as page:
        page.add_init_script(
            "const Real = FormData; window.FormData = function (form) { return new Real(form); };"
        )
        page.goto(f"{ana.server.url}compose")
        on_top(page).get_by_role("button", name="Épingler").click()
        expect(on_top(page).get_by_role("button", name="Ne plus épingler")).to_be_visible()
    found = ana.entry(entry)
    assert found["pinned"] is True
    assert (found["tags"], found["figures"][0]["value"]) == (["Damas"], 3)
    assert found["sources"][0]["name"] == "OSDH"


@pytest.mark.slow
def test_a_figure_without_a_number_is_refused_by_the_script_too(browser: Any, ana: Someone) -> None:
    """It would be published as zero."""
    end = ana.server.blog.journal.end()
    with composer(browser, ana) as page:
        page.locator("#body").fill("Sans nombre.")
        page.locator("#more summary").click()
        page.locator("[name=figure_name]").fill("Blessés")
        page.get_by_role("button", name="Publier").click()
        expect(page.locator("#problem")).to_be_visible()
        expect(page.locator("#body")).to_have_value("Sans nombre.")
    assert ana.server.blog.journal.end() == end


@pytest.mark.slow
def test_nobody_is_offered_what_they_may_not_do(
    ana: Someone, bilal: Someone, chloe: Someone
) -> None:
    """Nor can they do it by sending the form anyway."""
    own, other = bilal.post("De Bilal."), ana.post("D’Ana.")

    def tools(who: Someone, entry: str) -> bool:
        item = who.get("compose/entries").body.decode().partition(f'data-id="{entry}"')[2]
        return 'class="tools"' in item.partition('<li class="item"')[0]

    assert [tools(bilal, own), tools(bilal, other), tools(chloe, own)] == [True, False, True]
    assert "Résumés" not in text_of(bilal.get())
    assert "Résumés" in text_of(chloe.get())
    assert 'name="author"' not in bilal.get().body.decode()
    page = bilal.get(f"compose/entries/{other}")
    assert page.status == 200
    assert "<form" not in page.body.decode().partition("<footer")[0]
    assert bilal.form(f"compose/entries/{other}", {"rev": "1", "body": "Non."}).status == 403
    assert bilal.get("compose/digests/today").status == 403
    assert "Supprimer" not in text_of(chloe.get(f"compose/entries/{other}"))
    assert "Supprimer" in text_of(ana.get(f"compose/entries/{own}"))
    old = chloe.server.blog.post("Un ancien.", author="Chloé",
                                 at=chloe.server.blog.now - timedelta(days=2)).id  # fmt: skip
    assert chloe.form(f"compose/entries/{own}/remove", {"sure": "yes"}).status == 403
    assert chloe.form("compose/coverage", {"over": "yes"}).status == 403
    assert old
    assert "Clore le direct" not in text_of(chloe.get("compose/digests/coverage"))


@pytest.mark.slow
def test_a_digest_gets_its_headline_introduction_and_close(ana: Someone) -> None:
    """Today's, a week's, any day's, and the live page's own; two who write see both texts."""
    today = ana.server.blog.period("today").id
    path = f"compose/digests/{today}"
    fields = {"headline": "Un jour", "introduction": "Pour *commencer*.", "close": "Fin."}
    assert ana.form(path, {"rev": "0", **fields}).status == 303
    page = ana.get("compose/digests/today").body.decode()
    assert all(text in page for text in fields.values())
    answer = ana.form(path, {"rev": "0", **fields, "headline": "Autrement"})
    assert answer.status == 412
    assert "L’autre version Un jour" in text_of(answer)
    assert 'value="Autrement"' in answer.body.decode()
    assert ana.form(path, {"rev": hidden(answer), **fields, "headline": "Autrement"}).status == 303
    assert ana.server.blog.timeline.framing(today).headline == "Autrement"  # type: ignore[union-attr]
    for period in ("2012-W29", "2012-07-15..2012-07-22", "coverage"):
        answer = ana.form(f"compose/digests/{period}", {"rev": "0", "headline": "Titre"})
        assert answer.status == 303, answer.body
    assert fetch(ana.server.url, "compose/digests?day=2012-07-15", Cookie=ana.cookie)[
        "Location"
    ].endswith("compose/digests/2012-07-15")
    assert ana.get("compose/digests/nonsense").status == 422


@pytest.mark.slow
def test_the_coverage_is_ended_and_resumed(ana: Someone) -> None:
    """After it was asked; the page offers the one that can be done."""
    page = ana.get("compose/digests/coverage").body.decode()
    assert 'value="yes"' in page
    assert '<input type="checkbox" required>' in page
    assert ana.form("compose/coverage", {"over": "yes"}).status == 303
    page = ana.get("compose/digests/coverage").body.decode()
    assert 'name="over" value="no"' in page
    assert ana.form("compose/coverage", {"over": "no"}).status == 303
    assert ana.server.blog.timeline.framing("coverage").ended is None  # type: ignore[union-attr]


def test_texts_of_any_size_are_compared() -> None:
    """Word by word; line by line, then as a whole, what would take too long; nothing is lost."""
    old = "\n".join(f"ligne {n} de ce texte" for n in range(5000))
    near, far = old.replace("ligne 7 ", "LIGNE 7 "), old.replace("ligne", "LIGNE")
    apart = near.replace("ligne 4990 ", "LIGNE 4990 ")
    for new, limit, inserted in (
        (near, history.LIMIT, ["LIGNE"]),
        (apart, history.LIMIT, ["LIGNE 7 de ce texte\n", "LIGNE 4990 de ce texte\n"]),
        (far, 1000, [far]),
    ):
        pieces = history.differences(old, new, limit)
        assert [text for kind, text in pieces if kind == "ins"] == inserted
        assert "".join(text for kind, text in pieces if kind != "del") == new
        assert "".join(text for kind, text in pieces if kind != "ins") == old


# -- with a script: writing ------------------------------------------------------------------------


def write(page: Any, text: str) -> None:
    """Write a text into the form."""
    page.locator("#body").fill(text)


def on_top(page: Any) -> Any:
    """Return the newest update that readers can see already."""
    return page.locator(".item:not(:has(.waits))").first


@pytest.mark.slow
def test_one_screen_of_a_phone_is_enough(browser: Any, ana: Someone) -> None:
    """The text has the focus; title, photo, tags and a button of 44 px are in sight."""
    with composer(browser, ana) as page:
        expect(page.locator("#body")).to_be_focused()
        expect(page.locator("#suggestions button").first).to_be_visible()
        for name in ("#title", "#body", ".chip:has(#photo)", "#tags", "summary", "#send"):
            box = page.locator(name).first.bounding_box()
            assert box["y"] >= 0, name
            assert box["y"] + box["height"] <= PHONE["height"], name
            assert box["height"] >= 44, name
        # A keyboard of glass takes half of the screen: the button stays in sight.
        page.set_viewport_size({"width": 390, "height": 420})
        box = page.locator("#send").bounding_box()
        assert box["y"] + box["height"] <= 420


@pytest.mark.slow
def test_everything_is_large_enough_for_a_finger(browser: Any, ana: Someone) -> None:
    """44 px, on each page, with everything unfolded; and nothing scrolls sideways at 320 px."""
    entry = ana.post("Pour les doigts.", source_name="OSDH", figure_name="Morts", figure_value="3")
    narrow = {"width": 320, "height": 640}
    with page_of(browser, ana, viewport=narrow, has_touch=True, is_mobile=True) as page:
        for path in ("compose", f"compose/entries/{entry}", "compose/digests/coverage"):
            page.goto(ana.server.url + path)
            for summary in reversed(page.locator("details:not([open]) summary").all()):
                summary.click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
            small = page.evaluate(
                """() => [...document.querySelectorAll(
                  "main :is(button, input, textarea, .tools a, .chip, .tick, summary, .kicker a)")]
                  .filter((e) => e.checkVisibility({opacityProperty: true}) && e.type !== "checkbox"
                    && !e.closest(".visually-hidden, .entry"))
                  .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect().height])
                  .filter(([, height]) => height < 43.9)"""
            )
            assert small == [], path


@pytest.mark.slow
def test_control_enter_publishes_and_the_update_stands_on_top(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """The form is empty again and has the focus; the update can be edited, retracted, pinned."""
    with composer(browser, bilal) as page:
        write(page, "Publié d’*une* main.")
        page.get_by_text("Temps fort").first.click()
        page.locator("#suggestions button", has_text="Damas").click()
        page.keyboard.press("Control+Enter")
        expect(on_top(page)).to_contain_text("Publié d’une main.")
        expect(page.locator("#status")).to_have_text(re.compile(r"^Publié à \d\d?.h.\d\d$"))
        address = on_top(page).locator(".address a")
        expect(address).to_have_text(address.get_attribute("href"))
        assert page.locator("#see").get_attribute("href") == address.get_attribute("href")
        expect(page.locator("#body")).to_have_value("")
        expect(page.locator("#body")).to_be_focused()
        for name in ("Modifier", "Retirer"):
            expect(on_top(page).get_by_role("link", name=name)).to_be_visible()
        on_top(page).get_by_role("button", name="Épingler").click()
        expect(on_top(page).get_by_role("button", name="Ne plus épingler")).to_be_visible()
        on_top(page).get_by_role("button", name="Ne plus épingler").click()
        expect(on_top(page).get_by_role("button", name="Épingler")).to_be_visible()
    [now] = entries_with(server, "Publié d’*une* main.")
    assert (now.key, now.tags, now.author) == (True, ("Damas",), "Bilal")


@pytest.mark.slow
def test_a_draft_survives_a_reload(browser: Any, bilal: Someone, tmp_path: Path) -> None:
    """Texts, ticks, sources, and a picture with its description."""
    with composer(browser, bilal) as page:
        write(page, "À moitié")
        page.get_by_text("Non confirmé").first.click()
        page.locator("#more > summary").click()
        page.get_by_role("button", name="Ajouter une source").click()
        page.locator("[name=source_name]").nth(1).fill("OSDH")
        page.locator("#photo").set_input_files(photo(tmp_path / "a.jpg"))
        page.locator("[name=alt]").fill("Une rue")
        # The picture is made smaller before it is kept.
        until(lambda: page.locator(".picture img").evaluate("i => i.naturalWidth") == 2048)
        page.reload()
        expect(page.locator("#body")).to_have_value("À moitié")
        expect(page.locator("[name=verification]")).to_be_checked()
        expect(page.locator("[name=source_name]").nth(1)).to_have_value("OSDH")
        expect(page.locator("[name=alt]")).to_have_value("Une rue")
        until(lambda: page.locator(".picture img").evaluate("i => i.naturalWidth") == 2048)
        page.evaluate("localStorage.clear()")


@pytest.mark.slow
def test_a_picture_that_the_device_lost_is_named(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """Beside the draft that has it, and when it is sent; the text stays."""
    with composer(browser, bilal) as page:
        write(page, "Avec une image perdue.")
        page.wait_for_timeout(500)  # the draft is stored
        page.evaluate(
            """() => {
              const key = Object.keys(localStorage).find((name) => name.endsWith(" draft"));
              const lost = { id: "0".repeat(32), upload: "", alt: "Un pont", caption: "" };
              const draft = JSON.parse(localStorage.getItem(key));
              localStorage.setItem(key, JSON.stringify({ ...draft, pictures: [lost] }));
            }"""
        )
        page.reload()
        expect(page.locator(".picture .problem")).to_contain_text("n’a plus l’image")
        page.locator("#send").click()
        expect(page.locator("#composer > .problem")).to_contain_text("n’a plus l’image")
        expect(page.locator("#body")).to_have_value("Avec une image perdue.")
        page.locator(".picture button.remove").click()
        page.locator("#send").click()
        expect(on_top(page)).to_contain_text("Avec une image perdue.")


@pytest.mark.slow
def test_an_answer_that_is_not_ours_takes_nothing_away(
    browser: Any, server: LiveServer, bilal: Someone, tmp_path: Path
) -> None:
    """The Wi-Fi of a train answers 200 with its own page; so may a connection end half-way."""
    with composer(browser, bilal) as page:
        page.route("**/api/**", lambda route: route.fulfill(body="<title>Bienvenue à bord"))
        write(page, "Écrit dans un train.")
        page.locator("#photo").set_input_files(photo(tmp_path / "a.jpg"))
        expect(page.locator("#status")).to_have_text(
            "Votre brouillon est conservé sur cet appareil."
        )
        page.locator("[name=alt]").fill("Un quai")
        page.locator("#send").click()
        expect(page.locator("#outbox")).to_contain_text("Écrit dans un train.")
        page.unroute("**/api/**")
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(on_top(page)).to_contain_text("Écrit dans un train.")
    (entry,) = entries_with(server, "Écrit dans un train.")
    assert [picture.alt for picture in entry.media] == ["Un quai"]


@pytest.mark.slow
def test_a_dead_network_delays_an_update(browser: Any, server: LiveServer, bilal: Someone) -> None:
    """It says so, and sends it by itself as soon as there is a network."""
    with composer(browser, bilal, complains=True) as page:
        page.context.set_offline(True)
        write(page, "Écrit dans un tunnel.")
        page.locator("#send").click()
        expect(page.locator("#status")).to_contain_text("Vous êtes hors ligne.")
        expect(page.locator("#outbox")).to_contain_text("Écrit dans un tunnel.")
        expect(page.locator("#body")).to_have_value("")
        write(page, "Le suivant")
        assert entries_with(server, "Écrit dans un tunnel.") == []
        page.context.set_offline(False)
        expect(on_top(page)).to_contain_text("Écrit dans un tunnel.")
        expect(page.locator("#outbox")).to_be_hidden()
        expect(page.locator("#body")).to_have_value("Le suivant")
    assert len(entries_with(server, "Écrit dans un tunnel.")) == 1


@pytest.mark.slow
def test_without_a_server_it_opens_writes_and_keeps_everything(
    browser: Any, tmp_path: Path
) -> None:
    """Draft, waiting texts and pictures survive a reload; all is sent by itself, in order."""
    with live_server(tmp_path / "blog") as server:
        ana = Someone(server, "Ana", "post")
        with composer(browser, ana, complains=True, service_workers="allow") as page:
            page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
            write(page, "Avant le tunnel")
            server.stop(kill=True)
            page.locator("#send").click()
            expect(page.locator("#outbox li")).to_have_count(1)
            write(page, "Photo du tunnel.")
            page.locator("#photo").set_input_files(photo(tmp_path / "a.jpg"))
            page.locator("[name=alt]").fill("Noir")
            page.reload()
            expect(page.locator("#outbox li")).to_have_count(1)
            expect(page.locator("#body")).to_have_value("Photo du tunnel.")
            expect(page.locator("[name=alt]")).to_have_value("Noir")
            assert page.locator("#send").evaluate("b => getComputedStyle(b).minHeight") == "44px"
            page.locator("#send").click()
            expect(page.locator("#outbox li")).to_have_count(2)
            server.start()
            expect(page.locator("#outbox")).to_be_hidden(timeout=20_000)
            page.goto(f"{server.url}compose")
            expect(page.locator(".item")).to_have_count(2)
            expect(on_top(page)).to_contain_text("Photo du tunnel.")
        assert entries_with(server, "Photo du tunnel.")[0].media[0].width == 2048


@pytest.mark.slow
def test_what_waits_can_be_taken_back_into_the_form(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """Before it is sent."""
    with composer(browser, bilal, complains=True) as page:
        page.context.set_offline(True)
        write(page, "Pas si vite.")
        page.locator("#send").click()
        page.get_by_role("button", name="Remettre dans le formulaire").click()
        expect(page.locator("#body")).to_have_value("Pas si vite.")
        expect(page.locator("#outbox")).to_be_hidden()
    assert entries_with(server, "Pas si vite.") == []


@pytest.mark.slow
def test_a_double_tap_makes_one_update(browser: Any, server: LiveServer, bilal: Someone) -> None:
    """However fast; and so does an answer that got lost on its way back."""
    with composer(browser, bilal, complains=True) as page:
        write(page, "Une seule fois.")
        page.evaluate(
            "for (let n = 0; n < 5; n++) document.getElementById('composer').requestSubmit()"
        )
        expect(on_top(page)).to_contain_text("Une seule fois.")
        lost: list[int] = []

        def lose(route: Any) -> None:
            if lost:
                route.continue_()
            else:
                lost.append(route.fetch().status)
                route.abort()

        page.route("**/api/entries", lose)
        write(page, "Réponse perdue.")
        page.locator("#send").dblclick()
        expect(page.locator("#outbox")).to_be_visible()
        expect(page.locator("#outbox")).to_be_hidden()
        expect(on_top(page)).to_contain_text("Réponse perdue.")
    assert lost == [201]
    for text in ("Une seule fois.", "Réponse perdue."):
        assert len(entries_with(server, text)) == 1


@pytest.mark.slow
def test_an_update_can_be_undone_for_ten_seconds(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """It is gone, and its text is in the form again, to be sent anew.

    No other button moves meanwhile; the first key of the next update ends it.
    """
    with composer(browser, bilal) as page:
        page.clock.install()
        page.locator("#title").fill("Trop vite")
        write(page, "Trop tôt.")
        page.locator("#send").click()
        page.get_by_role("button", name="Reprendre (10").click()
        expect(page.locator("#body")).to_have_value("Trop tôt.")
        expect(page.locator("#title")).to_have_value("Trop vite")
        assert entries_with(server, "Trop tôt.") == []
        page.clock.run_for(500)
        expect(page.locator(".item", has_text="Trop tôt.")).to_have_count(0)
        write(page, "Trop tôt, mais vrai.")
        buttons = {name: page.locator(name).bounding_box() for name in ("#show", "#send")}
        page.locator("#send").click()
        undo = page.get_by_role("button", name="Reprendre")
        expect(undo).to_be_visible()
        box = undo.bounding_box()
        for name, before in buttons.items():
            assert page.locator(name).bounding_box() == before, name
            assert box["y"] + box["height"] <= before["y"], name
        page.clock.run_for(8_500)
        expect(undo).to_be_visible()
        page.clock.run_for(2_500)
        expect(undo).to_be_hidden()
        expect(page.locator("#status")).to_have_text("")
        write(page, "Encore une.")
        page.locator("#send").click()
        expect(undo).to_be_visible()
        page.locator("#body").press("D")
        expect(undo).to_be_hidden()
        expect(page.locator("#see")).to_be_hidden()
        expect(page.locator("#status")).to_have_text("")
    for text in ("Trop tôt, mais vrai.", "Encore une."):
        assert len(entries_with(server, text)) == 1


@pytest.mark.slow
def test_what_was_just_sent_is_on_top_and_what_is_planned_is_folded(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """Also an update about an earlier time, and without a script."""
    planned = bilal.post("Pour demain.", day="2099-01-01", time="09:00")
    with composer(browser, bilal) as page:
        expect(page.locator("#planned")).not_to_have_attribute("open", "")
        expect(page.locator("#entries .waits")).to_have_count(0)
        page.locator("#more > summary").click()
        page.locator("#day").fill("2012-07-01")
        write(page, "Il y a longtemps.")
        page.locator("#send").click()
        expect(page.locator("#entries > .item").first).to_contain_text("Il y a longtemps.")
        expect(page.locator("#status")).to_have_text("Publié.")
        bilal.post("Un autre, ensuite.")
        expect(page.locator(".item", has_text="Un autre, ensuite.")).to_be_visible()
        expect(page.locator("#entries > .item").first).to_contain_text("Il y a longtemps.")
    sent = bilal.post("Sans script, autrefois.", day="2012-07-01")
    html = bilal.get(f"compose?done={sent}").body.decode()
    listed = re.findall(r'class="item" data-id="([^"]+)"', html)
    assert listed[listed.index(planned) + 1 :][0] == sent
    assert f'class="address"><a href="{server.blog.config.url}' in html


@pytest.mark.slow
def test_a_preview_is_what_readers_will_see(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """By the server's own renderer; nothing is kept of it."""
    with composer(browser, bilal) as page:
        write(page, "Du **gras** <script>alert(1)</script>")
        page.get_by_role("button", name="Aperçu").click()
        expect(page.locator("#preview strong")).to_have_text("gras")
        assert page.locator("#preview script").count() == 0
        write(page, "De l’*italique*")
        expect(page.locator("#preview em")).to_have_text("italique")
        page.get_by_role("button", name="Aperçu").click()
        expect(page.locator("#preview")).to_be_hidden()
        write(page, "")
    assert entries_with(server, "De l’*italique*") == []


@pytest.mark.slow
def test_a_refusal_is_said_and_the_text_stays(browser: Any, bilal: Someone) -> None:
    """In the blog's language; the next letter takes it away."""
    with composer(browser, bilal, complains=True) as page:
        page.locator("#send").click()
        expect(page.get_by_role("alert")).to_have_text(
            "Écrivez quelque chose, ou ajoutez une image."
        )
        write(page, "Un titre trop long n’est pas possible.")
        expect(page.get_by_role("alert")).to_have_count(0)
        page.locator("#tags").fill("!!!")
        page.locator("#send").click()
        expect(page.get_by_role("alert")).to_contain_text("Un thème doit contenir")
        expect(page.locator("#body")).to_have_value("Un titre trop long n’est pas possible.")


@pytest.mark.slow
def test_a_session_that_ended_loses_no_text(browser: Any, server: LiveServer) -> None:
    """The page says so and leads to the form for the token; then the draft is there again."""
    emil = Someone(server, "Emil", "post")
    with composer(browser, emil, complains=True) as page:
        page.context.clear_cookies()
        write(page, "Sans séance.")
        page.locator("#send").click()
        page.get_by_role("alert").get_by_role("link", name="Se connecter").click()
        page.locator("#token").fill(emil.token)
        page.get_by_role("button", name="Se connecter").click()
        expect(page.locator("#body")).to_have_value("Sans séance.")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file", "drop", "paste"])
def test_a_picture_comes_by_file_by_drop_and_by_paste(
    browser: Any, server: LiveServer, bilal: Someone, tmp_path: Path, way: str
) -> None:
    """Shrunk before it is sent; described before it is published; its metadata is nowhere."""
    path = photo(tmp_path / "a.jpg")
    with composer(browser, bilal, complains=True) as page:
        page.evaluate(
            """() => {
              const given = window.fetch;
              window.fetch = (to, more) => {
                if (more?.body instanceof Blob) window.sent = more.body;
                return given(to, more);
              };
            }"""
        )
        write(page, f"Une photo par {way}.")
        if way == "file":
            page.locator("#photo").set_input_files(path)
        else:
            page.evaluate(
                """async ([way, data]) => {
                  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt());
                  const given = new DataTransfer();
                  given.items.add(new File([bytes], "a.jpg", { type: "image/jpeg" }));
                  const field = document.getElementById("body");
                  const more = { bubbles: true, cancelable: true };
                  field.dispatchEvent(way === "drop"
                    ? new DragEvent("drop", { dataTransfer: given, ...more })
                    : new ClipboardEvent("paste", { clipboardData: given, ...more }));
                }""",
                [way, base64.b64encode(path.read_bytes()).decode()],
            )
        expect(page.locator("[name=alt]")).to_be_focused()
        until(lambda: page.locator("[name=picture]").input_value().startswith("upload:"))
        assert page.evaluate("createImageBitmap(window.sent).then((i) => i.width)") == 2048
        assert SECRET not in page.evaluate("window.sent.text()")
        page.locator("#send").click()
        said = page.locator("[name=alt]").evaluate("f => f.validationMessage")
        assert said == "Dites ce que montre l’image, pour ceux qui ne la voient pas."
        assert entries_with(server, f"Une photo par {way}.") == []
        page.locator("[name=alt]").fill(f"Une rue, par {way}")
        page.locator("#send").click()
        expect(on_top(page).locator("figure img")).to_have_attribute("alt", f"Une rue, par {way}")
    server.settled()
    [now] = entries_with(server, f"Une photo par {way}.")
    assert (now.media[0].width, now.media[0].alt) == (2048, f"Une rue, par {way}")
    for kept in server.blog.paths.root.rglob("*"):
        assert not kept.is_file() or SECRET.encode() not in kept.read_bytes(), kept


@pytest.mark.slow
def test_a_time_is_one_on_the_blogs_clock(browser: Any, server: LiveServer, bilal: Someone) -> None:
    """Whatever the phone's own zone; in the future the update waits, and is marked so."""
    tomorrow = (server.blog.now + timedelta(days=1)).astimezone(server.blog.config.zone)
    with composer(browser, bilal, timezone_id="Asia/Tokyo") as page:
        write(page, "Conférence de presse.")
        page.locator("#more > summary").click()
        expect(page.locator("#when-hint")).to_contain_text("Heure locale : Paris.")
        page.locator("#day").fill(f"{tomorrow:%Y-%m-%d}")
        page.locator("#time").fill("18:04")
        page.locator("#send").click()
        expect(page.locator("#status")).to_have_text("Programmé.")
        item = page.locator(".item", has_text="Conférence de presse.")
        expect(item.locator(".waits")).to_contain_text("18\u00a0h\u00a004")
        [now] = entries_with(server, "Conférence de presse.")
        assert f"{now.published.astimezone(server.blog.config.zone):%d %H:%M}" == (
            f"{tomorrow:%d} 18:04"
        )
        page.goto(f"{server.url}compose/entries/{now.id}")
        expect(page.locator("#day")).to_have_value(f"{tomorrow:%Y-%m-%d}")
        expect(page.locator("#time")).to_have_value("18:04")
        page.locator("#day").fill("")
        page.locator("#time").fill("")
        page.locator("#send").click()
        expect(on_top(page)).to_contain_text("Conférence de presse.")


@pytest.mark.slow
@pytest.mark.parametrize("has_script", [True, False])
def test_a_day_without_a_time_and_a_place_after_another(
    browser: Any, server: LiveServer, bilal: Someone, has_script: bool
) -> None:
    """With and without a script; what is edited without touching the date keeps its place."""
    way = "avec script" if has_script else "sans script"
    first = bilal.post(f"La première, {way}.", title=f"Première, {way}")
    with composer(browser, bilal, java_script_enabled=has_script) as page:
        page.locator("#body").fill(f"Tout le jour, {way}.")
        page.locator("details.more > summary").click()
        page.locator("#day").fill("2012-07-15")
        page.locator("#send").click()
        expect(page.locator("#list")).to_contain_text("La première")
        until(lambda: entries_with(server, f"Tout le jour, {way}."))
        [now] = entries_with(server, f"Tout le jour, {way}.")
        assert (now.precision, now.id[:8]) == ("day", "20120715")
        page.goto(f"{server.url}compose")
        page.locator("#body").fill(f"À sa suite, {way}.")
        page.locator("details.more > summary").click()
        page.locator("#after").select_option(first)
        page.locator("#send").click()
        until(lambda: entries_with(server, f"À sa suite, {way}."))
        [placed] = entries_with(server, f"À sa suite, {way}.")
        before = server.blog.timeline.entry(first).now
        assert placed.precision == "day"
        assert placed.published - before.published == timedelta(microseconds=1)
        page.goto(f"{server.url}compose/entries/{placed.id}")
        expect(page.locator("#time")).to_have_value("")
        page.locator("#body").fill(f"À sa suite, corrigé {way}.")
        page.locator("#send").click()
        until(lambda: entries_with(server, f"À sa suite, corrigé {way}."))
        [edited] = entries_with(server, f"À sa suite, corrigé {way}.")
        assert (edited.published, edited.precision) == (placed.published, "day")


@pytest.mark.slow
def test_the_clock_is_right_on_both_sides_of_its_changes(browser: Any, bilal: Someone) -> None:
    """The browser reckons the blog's hours as the server does."""
    blog = bilal.server.blog
    with composer(browser, bilal, complains=True) as page:
        page.route("**/api/entries", lambda route: route.fulfill(status=422, json={"detail": "No"}))
        page.locator("#more > summary").click()
        write(page, "À l’heure.")
        for local in (
            "2027-03-28T01:59",
            "2027-03-28T03:00",
            "2027-10-31T04:00",
            "2028-01-01T00:00",
        ):
            day, _, time = local.partition("T")
            page.locator("#day").fill(day)
            page.locator("#time").fill(time)
            with page.expect_request("**/api/entries") as sent:
                page.locator("#send").click()
            expect(page.get_by_role("alert")).to_have_text("No")
            given = datetime.fromisoformat(sent.value.post_data_json["published"])
            draft = forms.Fields.new(day=day, time=time).draft(blog)
            assert draft.published
            assert given == draft.published.instant


@pytest.mark.slow
def test_what_another_app_shares_is_in_the_draft(browser: Any, server: LiveServer) -> None:
    """Beside what was written already; whoever is signed out signs in first and loses nothing."""
    fatou = Someone(server, "Fatou", "post")
    shared = urlencode({"title": "Un article", "text": "Un extrait", "url": "https://a.example/b"})
    with page_of(browser, fatou) as page:
        page.context.clear_cookies()
        page.goto(f"{server.url}compose?{shared}")
        page.locator("#token").fill(fatou.token)
        page.get_by_role("button", name="Se connecter").click()
        expect(page.locator("#title")).to_have_value("Un article")
        expect(page.locator("#body")).to_have_value("Un extrait\n\nhttps://a.example/b")
        assert page.url == f"{server.url}compose"
        page.goto(f"{server.url}compose?text=Encore")
        expect(page.locator("#body")).to_have_value("Un extrait\n\nhttps://a.example/b\n\nEncore")
    with page_of(browser, fatou, java_script_enabled=False) as page:
        page.goto(f"{server.url}compose?{shared}")
        expect(page.locator("#body")).to_have_value("Un extrait")
        expect(page.locator("[name=source_url]").first).to_have_value("https://a.example/b")


# -- with a script: others -------------------------------------------------------------------------


@pytest.mark.slow
def test_what_others_write_and_correct_appears(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """Without a reload; and goes when it is removed."""
    with composer(browser, bilal) as page:
        expect(page.locator(".item:visible").first).to_be_visible()
        entry = server.blog.post("D’un terminal.", author="Dora").id
        expect(on_top(page)).to_contain_text("D’un terminal.")
        server.blog.edit(entry, body="D’un terminal, corrigé.")
        expect(on_top(page)).to_contain_text("corrigé")
        server.blog.remove(entry)
        expect(page.locator(f'[data-id="{entry}"]')).to_have_count(0)


@pytest.mark.slow
def test_a_conflict_shows_both_texts_side_by_side(
    browser: Any, server: LiveServer, ana: Someone
) -> None:
    """To keep theirs, or to send one's own with theirs in view."""
    entry = ana.post("Le texte.")
    with page_of(browser, ana, complains=True, viewport=DESK) as page:
        page.goto(f"{server.url}compose/entries/{entry}")
        server.blog.edit(entry, body="Le texte de Dora.", tags=["Alep"])
        write(page, "Le texte d’Ana.")
        page.keyboard.press("Control+Enter")
        both = page.locator(".conflict > div")
        expect(both.nth(0)).to_contain_text("Le texte de Dora.")
        expect(both.nth(1)).to_contain_text("Ana")
        assert both.nth(0).bounding_box()["y"] == both.nth(1).bounding_box()["y"]
        expect(page.locator("#tags")).to_have_value("Alep")
        write(page, "Le texte des deux.")
        page.keyboard.press("Control+Enter")
        page.wait_for_url("**/compose")
        now = ana.entry(entry)
        assert (now["rev"], now["body"], now["tags"]) == (3, "Le texte des deux.", ["Alep"])
        page.goto(f"{server.url}compose/entries/{entry}")
        server.blog.edit(entry, body="Encore Dora.")
        write(page, "Encore Ana.")
        page.keyboard.press("Control+Enter")
        page.get_by_role("link", name="Garder l’autre").click()
        expect(page.locator("#body")).to_have_value("Encore Dora.")


@pytest.mark.slow
def test_an_edit_survives_a_reload_and_a_dead_network(
    browser: Any, server: LiveServer, ana: Someone
) -> None:
    """Its text is kept; nothing is sent, and the page says so."""
    entry = ana.post("À corriger.")
    with page_of(browser, ana, complains=True) as page:
        page.goto(f"{server.url}compose/entries/{entry}")
        write(page, "Corrigé.")
        page.locator("#note").fill("Une faute")
        page.context.set_offline(True)
        page.locator("#send").click()
        expect(page.locator("#status")).to_contain_text("Rien n’a été envoyé")
        page.context.set_offline(False)
        page.reload()
        expect(page.locator("#body")).to_have_value("Corrigé.")
        page.locator("#send").click()
        page.wait_for_url("**/compose")
    now = ana.entry(entry)
    assert (now["body"], now["note"]) == ("Corrigé.", "Une faute")


@pytest.mark.slow
def test_a_digest_is_framed_in_the_browser(browser: Any, server: LiveServer, ana: Someone) -> None:
    """From the composer, by its link."""
    with composer(browser, ana) as page:
        page.get_by_role("link", name="Résumés").click()
        week = server.blog.period("week").id
        page.get_by_role("navigation", name="Résumés").locator(f'a[href$="{week}"]').click()
        page.locator("#headline").fill("La semaine")
        page.locator("#introduction").fill("En *bref*.")
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.locator("#status")).to_have_text("Enregistré.")
    found = server.blog.timeline.framing(server.blog.period("week").id)
    assert found
    assert (found.headline, found.introduction) == ("La semaine", "En *bref*.")


# -- installed -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_it_can_be_installed_and_shared_to(server: LiveServer, ana: Someone) -> None:
    """The manifest names it, its icons are there in their sizes, one of them to be masked."""
    answer = fetch(server.url, "compose/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json
    assert (manifest["start_url"], manifest["display"]) == ("/semaine/compose", "standalone")
    assert manifest["name"] == "Une semaine\u00a0: rédaction"
    assert manifest["share_target"]["params"] == {"title": "title", "text": "text", "url": "url"}
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        answer = fetch(server.url, icon["src"].removeprefix("/semaine/"))
        with Image.open(io.BytesIO(answer.body)) as image:
            assert f"{image.width}x{image.height}" == icon["sizes"]
        assert "immutable" in answer["Cache-Control"]
    assert 'rel="manifest" href="/semaine/compose/manifest.webmanifest"' in ana.get().body.decode()
    assert fetch(server.url, "compose/assets/none.js").status == 404


@pytest.mark.slow
def test_scripts_are_small_and_cached_for_good(server: LiveServer, ana: Someone) -> None:
    """Under 22,000 bytes in all, compressed; each imports the others by their hashed names."""
    page = ana.get().body.decode()
    paths = set(re.findall(r'(?:src|href)="/semaine/(compose/assets/[^"]+\.js)"', page))
    names = {path.rpartition("/")[2] for path in paths}
    imported = set()
    size = 0
    for path in paths:
        answer = fetch(server.url, path, Accept_Encoding="gzip, br")
        assert (answer["Content-Encoding"], answer["Vary"]) == ("gzip", "Accept-Encoding")
        assert "immutable" in answer["Cache-Control"]
        size += len(answer.body)
        script = gzip.decompress(answer.body)
        assert script == fetch(server.url, path).body
        imported |= set(
            re.findall(r'^import (?:[^;"]* from )?"\./([^"]+)";', script.decode(), re.MULTILINE)
        )
    assert imported == {name for name in names if not name.startswith("compose.")}
    assert size < 22_000  # what was just sent, and words for what a browser refuses, are files


@pytest.mark.slow
def test_it_keeps_its_shell_and_nobodys_answers(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """The page with nobody in it, its script, style and icons; no entry, no name, no answer."""
    with composer(browser, bilal, service_workers="allow") as page:
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.reload()
        page.get_by_role("link", name="Modifier").first.click()
        kept = page.evaluate(
            """async () => {
              const found = {};
              for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const request of await cache.keys()) {
                  found[new URL(request.url).pathname] = await (await cache.match(request)).text();
                }
              }
              return found;
            }"""
        )
    assert "/semaine/compose/shell" in kept
    assert all("/assets/" in path or path.endswith("/shell") for path in kept)
    assert "Bilal" not in kept["/semaine/compose/shell"]
    assert 'class="item"' not in kept["/semaine/compose/shell"]


def test_a_new_version_makes_a_new_worker(server: LiveServer) -> None:
    """It names what it keeps by content, and is asked for each time."""
    answer = fetch(server.url, "compose/sw.js")
    assert answer["Service-Worker-Allowed"] == "/semaine/compose"
    assert answer["Cache-Control"] == "no-cache"
    shell = json.loads(answer.body.decode().partition("const SHELL = ")[2].partition(";\n")[0])
    for path in [*shell["files"], shell["page"]]:
        assert fetch(server.url, path.removeprefix("/semaine/")).status == 200, path
    assert any(re.search(r"/compose\.[0-9a-f]{10}\.js$", path) for path in shell["files"])
    assert any("/style." in path for path in shell["files"])
    assert fetch(server.url, "compose/sw.js").body == answer.body


# -- for everybody ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    browser: Any, server: LiveServer, ana: Someone, scheme: str, tmp_path: Path
) -> None:
    """On every page, at phone and desktop width, with everything unfolded."""
    from axe_playwright_python.sync_playwright import Axe

    entry = ana.post("Pour axe.", source_name="OSDH", figure_name="Morts", figure_value="3")
    ana.form(f"compose/entries/{entry}", {"rev": "1", "body": "Pour axe, corrigé.", "note": "Oui"})
    for viewport in (PHONE, DESK):
        with page_of(browser, ana, viewport=viewport, color_scheme=scheme, complains=True) as page:
            for path in ("compose", f"compose/entries/{entry}", "compose/digests/today",
                         "compose/digests/coverage", "compose/digests/nonsense"):  # fmt: skip
                page.goto(server.url + path)
                for summary in reversed(page.locator("details:not([open]) summary").all()):
                    summary.click()
                if path == "compose":
                    write(page, "Un texte")
                    page.locator("#photo").set_input_files(photo(tmp_path / "a.jpg", (60, 40)))
                    page.get_by_role("button", name="Aperçu").click()
                    expect(page.locator("#preview article")).to_be_visible()
                results = Axe().run(page)
                assert results.violations_count == 0, (path, results.generate_report())
            page.context.clear_cookies()
            page.goto(f"{server.url}compose")
            assert Axe().run(page).violations_count == 0


@pytest.mark.slow
def test_everything_is_reached_by_the_keyboard(browser: Any, bilal: Someone) -> None:
    """Tab by tab, from the title to the button, and what is hidden is skipped."""
    with composer(browser, bilal, viewport=DESK) as page:
        expect(page.locator("#suggestions button").first).to_be_visible()
        page.locator("#title").focus()
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate(
                    "(({ id, name, tagName }) => id || name || tagName)(document.activeElement)"
                )
            )
            if reached[-1] == "send":
                break
        assert reached[-1] == "send"
        for name in ("body", "photo", "key", "verification", "tags", "SUMMARY", "show"):
            assert name in reached, name
        assert "undo" not in reached


@pytest.mark.slow
def test_in_arabic_it_runs_from_right_to_left(browser: Any, tmp_path: Path) -> None:
    """In its own words, as narrow as a phone is, and nothing scrolls sideways."""
    with live_server(tmp_path / "blog", language="ar", timezone="Asia/Damascus") as server:
        ana = Someone(server, "Ana", "admin")
        with composer(browser, ana, viewport={"width": 320, "height": 640}) as page:
            assert page.locator("html").get_attribute("dir") == "rtl"
            page.locator("#more > summary").click()
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            write(page, "خبر من دمشق")
            page.get_by_role("button", name="نشر").click()
            expect(on_top(page)).to_contain_text("خبر من دمشق")
            box = page.locator("#send").bounding_box()
            assert box["x"] < 100


@pytest.mark.slow
def test_what_is_written_while_an_update_is_on_its_way_is_the_next_one(
    browser: Any, bilal: Someone
) -> None:
    """The answer wipes none of it, and a press meanwhile counts."""
    held: list[Any] = []

    def hold_first(route: Any) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    with composer(browser, bilal) as page:
        page.route("**/api/entries", hold_first)
        write(page, "Une première ligne.")
        page.locator("#send").click()
        until(lambda: page.wait_for_timeout(50) or held)
        write(page, "Une deuxième ligne.")
        page.locator("#send").click(force=True)  # it says that it is disabled, but takes presses
        held[0].continue_()
        expect(on_top(page)).to_contain_text("Une deuxième ligne.")
        expect(page.locator(".item", has_text="Une première ligne.")).to_have_count(1)
        expect(page.locator("#body")).to_have_value("")


@pytest.mark.slow
def test_an_update_is_on_the_pages_of_readers_at_once(
    browser: Any, server: LiveServer, bilal: Someone
) -> None:
    """From the press of « Publier » to a reader in another window; -s shows how soon."""
    took = []
    with composer(browser, bilal) as page, page_of(browser, bilal) as reader:
        reader.goto(server.url)
        reader.wait_for_timeout(500)
        for number in range(7):
            write(page, f"À la seconde {number}.")
            began = time.monotonic()
            page.locator("#send").click()
            expect(
                reader.locator("#stream, .notice", has_text=f"À la seconde {number}.")
            ).to_be_visible()
            took.append(time.monotonic() - began)
    print(f"from Publier to the reader: {statistics.median(took) * 1000:.0f} ms in the median")
