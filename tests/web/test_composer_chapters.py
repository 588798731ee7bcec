"""Chapters in the composer: forms without a script, and a browser with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from liveblog import ChapterDraft

from ..conftest import LiveServer, live_server
from .test_composer import Someone, page_of

DAYS = {"start": "2012-07-15", "end": "2012-07-17"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with an update on each of three days; the second is a key event."""
    with live_server(tmp_path_factory.mktemp("chapters") / "blog") as running:
        for day in (15, 16, 17):
            at = date(2012, 7, day)
            running.blog.post(f"Le fait du {day}.", at=at, key=day == 16, author="Chloé")
        running.settled()
        yield running


@pytest.fixture(scope="module")
def editor(server: LiveServer) -> Someone:
    """Somebody who may write chapters."""
    return Someone(server, "Édith", "edit")


def new(editor: Someone, slug: str, **fields: str) -> None:
    """Create a chapter."""
    given = {"title": "Trois jours", "slug": slug, "introduction": "Avant.", **DAYS, **fields}
    assert editor.form("compose/chapter", given).status == 303


def test_a_chapter_is_created_and_listed(editor: Someone, server: LiveServer) -> None:
    """With its texts, its selection and its authors."""
    new(editor, "premier", close="Après.", authors="Ana, Léo", only_key="yes", boxes="only_key")
    made = server.blog.timeline.chapter("premier").now
    assert (made.period, made.introduction, made.close) == (
        "2012-07-15..2012-07-17",
        "Avant.",
        "Après.",
    )
    assert (made.authors, made.key, made.author) == (("Ana", "Léo"), True, "Édith")
    assert "Trois jours" in editor.get("compose/chapters").body.decode()
    assert "Avant." in editor.get("compose/chapters/premier").body.decode()


def test_key_events_stand_first_beside_the_text(editor: Someone) -> None:
    """The updates of the period, each with its day."""
    new(editor, "cote")
    shown = re.findall(
        r"Le fait du (\d+)\.", editor.get("compose/chapters/cote").body.decode().split("<aside")[1]
    )
    assert list(dict.fromkeys(shown)) == ["16", "15", "17"]


def test_an_update_is_quoted_without_a_script(editor: Someone, server: LiveServer) -> None:
    """The page comes back with the quote in the text; nothing is saved yet."""
    new(editor, "cite")
    entry = server.blog.timeline.day(date(2012, 7, 15)).entries[0].id
    fields = {"introduction": "Avant.", "close": "", "rev": "1", **DAYS}
    page = editor.form("compose/chapters/cite", {**fields, "do": f"introduction {entry}"})
    assert page.status == 200
    text = unescape(
        re.findall(r'<textarea id="introduction".*?>\n(.*?)</textarea>', page.body.decode(), re.S)[
            0
        ]
    )
    assert text.startswith("Avant.\n\n> Le fait du 15.\n>\n> — [Chloé, ")
    assert text.endswith(f"](entry:{entry})")
    assert server.blog.timeline.chapter("cite").now.rev == 1
    assert editor.form("compose/chapters/cite", {**fields, "introduction": text}).status == 303
    assert entry in server.blog.timeline.chapter("cite").now.introduction


def test_two_editors_see_both_versions(editor: Someone, server: LiveServer) -> None:
    """What the other did not touch is taken over; nothing is lost."""
    new(editor, "deux")
    server.blog.chapters.edit("deux", ChapterDraft(introduction="La leur.", close="Leur fin."))
    sent = {"title": "Trois jours", "introduction": "La mienne.", "close": "", "rev": "1", **DAYS}
    page = editor.form("compose/chapters/deux", sent)
    assert page.status == 412
    assert "La leur." in page.body.decode()
    assert "La mienne." in page.body.decode()
    assert server.blog.timeline.chapter("deux").now.introduction == "La leur."
    rev = re.findall(r'name="rev" value="(\d+)"', page.body.decode())[0]
    again = {"introduction": "Les deux.", "close": "Leur fin.", "rev": rev}
    assert editor.form("compose/chapters/deux", {**sent, **again}).status == 303
    assert server.blog.timeline.chapter("deux").now.close == "Leur fin."


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": "2012-07-14"},
        {"start": "demain"},
        {"title": ""},
        {"slug": "hier"},
        {"slug": "Deux Mots"},
        {"tags": "absent"},
        {"start": "2199-01-01", "end": "2199-01-02"},
        {"when": "2199-13-01T00:00"},
    ],
)
def test_what_is_refused_stays_in_the_form(
    editor: Someone, server: LiveServer, wrong: dict[str, str]
) -> None:
    """With the reason; no chapter is created."""
    before = len(server.blog.timeline.unfiltered_chapters())
    given = {"title": "Refusé", "introduction": "Mon long travail.", **DAYS, **wrong}
    page = editor.form("compose/chapter", given)
    assert page.status in (404, 422)
    assert "Mon long travail." in page.body.decode()
    assert len(server.blog.timeline.unfiltered_chapters()) == before


def test_a_chapter_is_retracted_removed_and_restored(editor: Someone, server: LiveServer) -> None:
    """An editor retracts; removing needs the scope "admin"; other scripts are names too."""
    new(editor, "ثلاثة-ايام")
    path = f"compose/chapters/{quote('ثلاثة-ايام')}"
    assert editor.form(f"{path}/retract", {"rev": "1", "why": "Faux."}).status == 303
    assert "Faux." in editor.get(path).body.decode()
    assert editor.form(f"{path}/remove", {"rev": "2"}).status == 403
    admin = Someone(server, "Ada", "admin")
    assert admin.form(f"{path}/remove", {"rev": "2", "sure": "yes"}).status == 303
    assert admin.form(f"{path}/restore", {"rev": "3"}).status == 303
    assert server.blog.timeline.chapter("ثلاثة-ايام").now.state == "retracted"


def test_a_retracted_update_is_listed(server: LiveServer) -> None:
    """Among the newest, without the choice to place another after it."""
    entry = server.blog.post("À retirer.")
    server.blog.retract(entry.id, why="Erreur.")
    assert "Erreur." in Someone(server, "Rémi", "edit").get().body.decode()


@pytest.mark.slow
def test_a_browser_quotes_and_previews(browser: Any, server: LiveServer, editor: Someone) -> None:
    """On a phone: one touch quotes, the preview shows it, the form is sent."""
    with page_of(browser, editor) as page:
        page.goto(f"{server.url}compose/chapter")
        page.fill("#title", "Au navigateur")
        page.fill("[name=start]", DAYS["start"])
        page.fill("[name=end]", DAYS["end"])
        page.get_by_role("button", name="Voir ces jours").click()
        page.get_by_role("button", name="Citer dans la conclusion").first.click()
        expect(page.locator("#close")).to_have_value(re.compile("Le fait du 16"))
        page.locator("#show").click()
        expect(page.locator("#preview blockquote")).to_contain_text("Le fait du 16.")
        expect(page.locator("#preview time")).to_have_attribute("datetime", DAYS["start"])
        page.locator("#send").click()
        page.wait_for_url("**/compose/chapters?done=1")
    assert "Le fait du 16." in server.blog.timeline.chapter("au-navigateur").now.close
