"""The texts around digests in the composer: what happened stands beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any

import pytest
from playwright.sync_api import expect

from liveblog import Blog
from liveblog.web.composer.digests import periods_to_frame

from ..conftest import Clock, LiveServer, live_server
from .test_composer import Someone, page_of

WEEK = "compose/digests/2012-W29"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with an update on each of three days; two have key events."""
    with live_server(tmp_path_factory.mktemp("digests") / "blog") as running:
        for day, key in ((16, True), (17, False), (18, True)):
            title = f"Titre du {day}"
            at = date(2012, 7, day)
            running.blog.post(f"Le fait du {day}.", title=title, at=at, key=key, author="Chloé")
        running.settled()
        yield running


@pytest.fixture(scope="module")
def editor(server: LiveServer) -> Someone:
    """Somebody who may write the texts around digests."""
    return Someone(server, "Édith", "edit")


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2012-07-23T09:00:00+02:00", "2012-W29"),  # a Monday
        ("2012-07-24T23:00:00+02:00", "2012-W29"),
        ("2012-07-25T09:00:00+02:00", "2012-07-25"),
        ("2012-07-29T09:00:00+02:00", "2012-07-29"),
    ],
)
def test_the_week_that_is_over_is_offered_first(
    blog: Blog, clock: Clock, now: str, first: str
) -> None:
    """On Monday and Tuesday; on other days today is, and the week before is still there."""
    clock.set(now)
    offered = [period.id for period in periods_to_frame(blog)]
    assert offered[0] == first
    assert len(offered) == 4
    assert "2012-W29" in offered or now > "2012-07-29"


@pytest.mark.slow
def test_the_key_events_of_a_week_stand_beside_its_form(editor: Someone) -> None:
    """First; and an empty headline says what it will be."""
    page = editor.get(WEEK).body.decode()
    shown = re.findall(r"<strong>Titre du (\d+)</strong>", page.split("<aside")[1])
    assert shown == ["16", "18", "17"]
    assert 'placeholder="Titre du 18\u202f; Titre du 16"' in page


@pytest.mark.slow
def test_an_update_is_quoted_without_a_script(editor: Someone, server: LiveServer) -> None:
    """The page comes back with the quote in the text; nothing is saved yet."""
    entry = server.blog.timeline.day(date(2012, 7, 16)).entries[0].id
    fields = {"rev": "0", "headline": "Une semaine", "introduction": "Avant.", "close": ""}
    page = editor.form(WEEK, {**fields, "do": f"introduction {entry}"})
    assert page.status == 200
    body = page.body.decode()
    assert 'value="Une semaine"' in body
    text = unescape(body.partition('<textarea id="introduction"')[2].partition(">\n")[2])
    assert text.startswith("Avant.\n\n> Le fait du 16.\n>\n> — [Chloé, ")
    assert server.blog.timeline.framing("2012-W29") is None


@pytest.mark.slow
def test_a_browser_quotes_and_previews(browser: Any, server: LiveServer, editor: Someone) -> None:
    """On a phone: one touch quotes, the preview shows it, the form is sent."""
    with page_of(browser, editor) as page:
        page.goto(server.url + WEEK)
        page.fill("#headline", "La semaine")
        page.get_by_role("button", name="Citer dans l’introduction").first.click()
        expect(page.locator("#introduction")).to_have_value(re.compile("Le fait du 16"))
        page.locator("#show").click()
        expect(page.locator("#preview")).to_contain_text("La semaine")
        expect(page.locator("#preview blockquote")).to_contain_text("Le fait du 16.")
        expect(page.locator("#preview time")).to_have_attribute("datetime", "2012-07-16")
        page.locator("#send").click()
        page.wait_for_url("**?done=1")
    framing = server.blog.timeline.framing("2012-W29")
    assert framing
    assert (framing.headline, "Le fait du 16." in framing.introduction) == ("La semaine", True)
