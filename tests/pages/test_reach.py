"""Every update can be reached from the live page, with a browser and without its scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from ..conftest import Clock, begun, serving
from .test_browser import page_of

pytestmark = pytest.mark.slow

FIRST = datetime(2012, 7, 14, 6, tzinfo=UTC)
COUNT = 130


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two days of 65 updates, every third of them on Paris, each tenth a key event."""
    blog = begun(tmp_path_factory.mktemp("reach") / "blog", Clock("2012-07-15T20:00:00Z"))
    for number in range(COUNT):
        at = FIRST + timedelta(days=number // 65, minutes=13 * (number % 65))
        tags = ["Paris"] if number % 3 == 0 else []
        author = "Anna" if number % 40 == 39 else "Berta"
        blog.post(f"Fait {number}.", at=at, tags=tags, key=number % 10 == 0, author=author)
    blog.publish()
    with serving(blog.paths.site) as url:
        yield url


def numbers(page: Any) -> list[int]:
    """Return the numbers of the updates that are shown, as they stand."""
    texts = page.locator(".entry:not([hidden]) .content p:first-child").all_inner_texts()
    return [int(text.removeprefix("Fait ").removesuffix(".")) for text in texts]


def test_older_updates_are_appended_in_the_same_order(browser: Any, url: str) -> None:
    """Down to the first one, under their days, each once; the reader stays where he is."""
    with page_of(browser) as page:
        page.goto(url)
        older = page.locator(".older a")
        while older.count():
            older.scroll_into_view_if_needed()
            before = numbers(page)
            place = page.locator(".entry").last.bounding_box()
            older.click()
            page.locator(".entry").nth(len(before)).wait_for(state="attached")
            assert page.locator(".entry").nth(len(before) - 1).bounding_box() == place
            assert page.evaluate("document.activeElement.id") == (
                page.locator(".entry").nth(len(before)).get_attribute("id")
            )
            assert page.url == url
        assert numbers(page) == list(range(COUNT))[::-1]
        assert page.locator(".stream .day > h2").all_inner_texts() == [
            "Dimanche 15 juillet 2012", "Samedi 14 juillet 2012"
        ]  # fmt: skip
        link = page.locator(".entry").last.locator("a.when")
        assert page.request.get(link.evaluate("link => link.href")).ok


def test_in_reversed_order_older_updates_come_before(browser: Any, url: str) -> None:
    """The button says what it does: it reverses what is there."""
    with page_of(browser) as page:
        page.goto(url)
        page.get_by_role("button", name="Inverser l’ordre").click()
        shown = numbers(page)
        assert shown == sorted(shown)
        page.locator(".older a").click()
        page.locator(".entry").nth(len(shown)).wait_for(state="attached")
        assert numbers(page) == list(range(COUNT - len(numbers(page)), COUNT))


def test_without_scripts_older_updates_are_at_the_next_one(browser: Any, url: str) -> None:
    """The link opens the page of the day where the live page ends."""
    with page_of(browser, java_script_enabled=False) as page:
        page.goto(url)
        following = min(numbers(page)) - 1
        page.locator(".older a").click()
        expect(page.locator(".entry:target")).to_contain_text(f"Fait {following}.")
        assert page.locator(".entry:target").bounding_box()["y"] < 200


@pytest.mark.parametrize(
    ("query", "text", "path"),
    [
        ("?tag=paris", "44 publications sur le thème « Paris »", "tags/paris/"),
        ("?key=1", "13 temps forts", "key-events/"),
    ],
)
def test_a_filtered_view_says_its_total_and_leads_to_the_rest(
    browser: Any, url: str, query: str, text: str, path: str
) -> None:
    """Of the whole blog, and not only of the updates on the page."""
    with page_of(browser) as page:
        page.goto(url + query)
        rest = page.locator("#rest a")
        assert " ".join(rest.inner_text().split()) == text
        assert not page.locator(".older").is_visible()
        rest.click()
        assert page.url == url + path
        while page.locator(".older a").count():
            shown = len(numbers(page))
            page.locator(".older a").click()
            page.locator(".entry").nth(shown).wait_for(state="attached")
        step = 3 if "tag" in query else 10
        assert numbers(page) == list(range(0, COUNT, step))[::-1]


def test_a_filter_by_author_loads_until_it_shows_something(browser: Any, url: str) -> None:
    """One press is enough, however rare the author is."""
    with page_of(browser) as page:
        page.goto(url + "?author=anna")
        assert numbers(page) == [119]
        page.locator(".older a").click()
        page.locator(".entry:not([hidden])").nth(1).wait_for()
        assert numbers(page)[:2] == [119, 79]


def test_a_long_day_leads_to_its_hours(browser: Any, url: str) -> None:
    """Every third one, wherever one reads; and back to the top."""
    with page_of(browser, viewport={"width": 390, "height": 844}) as page:
        page.goto(url + "2012/07/14/")
        hours = page.locator(".hours a")
        names = [name.replace("\xa0", " ") for name in hours.all_inner_texts()[:-1]]
        assert names == ["6 h", "9 h", "12 h", "15 h", "18 h", "21 h"]
        hours.nth(3).click()
        top = page.locator(".entry:target").bounding_box()["y"]
        bar = page.locator(".hours").bounding_box()
        assert bar["y"] == 0 <= bar["height"] <= top < 150
        time = page.locator(".entry:target time").first.inner_text()
        assert time.startswith("15")
