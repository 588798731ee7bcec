"""The pages by which every update of a tag, and every key event, can be reached."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urljoin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveblog import Blog
from liveblog.model.errors import InvalidInput
from liveblog.site import build, feed_files, list_files, list_index, plan

from ..conftest import begun, site_bytes, tries
from .test_publish import from_nothing

FIRST = datetime(2012, 6, 10, 10, tzinfo=UTC)
ON_PAGE = 3


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have lists of three entries on a page."""
    for module in (build, feed_files, list_files, list_index, plan):
        monkeypatch.setattr(module, "ON_PAGE", ON_PAGE)


def reachable(blog: Blog, folder: str) -> list[str]:
    """Return the ids of the entries that links to older ones lead to, from the page of a list."""
    address, found = f"https://e.org/{folder}", []
    while address:
        path = blog.paths.site / unquote(address.removeprefix("https://e.org/")).split("#")[0]
        page = (path / "index.html").read_text("utf-8")
        shown = re.findall(r'<article[^>]* id="e-([^"]+)"', page)
        assert len(shown) <= ON_PAGE
        found += [entry_id for entry_id in shown if entry_id not in found]
        older = re.search(r'<a rel="next" href="([^"]+)"', page)
        address = urljoin(address.split("#")[0], older[1]) if older else ""
    return found


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize(("folder", "kind"), [("tags/damas/", {"tags": ["Damas"]}),
                                              ("key-events/", {"key": True})])  # fmt: skip
def test_every_entry_of_a_list_is_reached_from_its_first_page(
    blog: Blog, folder: str, kind: dict[str, object]
) -> None:
    """By links to older ones; the first page says how many there are, and all months."""
    at = [FIRST + timedelta(days=3 * n) for n in range(11)]
    ids = [blog.post(f"Fait {n}.", at=at[n], **kind).id for n in range(10)]  # type: ignore[arg-type]
    blog.publish()
    first = (blog.paths.site / folder / "index.html").read_text("utf-8")
    assert reachable(blog, folder) == ids[::-1]
    assert re.search(r'class="facts">10[ \xa0]', first)
    assert re.findall(r'href="[^"#]*/(2012-[^"#]*)"><span', first) == ["2012-07/", "2012-06/3/"]
    sitemap = (blog.paths.site / "sitemap-pages.xml").read_text("utf-8")
    for page in ("", "2012-06/", "2012-06/2/", "2012-06/3/", "2012-07/"):
        assert f"/{folder}{page}</loc>" in sitemap


@pytest.mark.usefixtures("short_pages")
def test_one_more_entry_changes_the_last_pages_only(blog: Blog) -> None:
    """The older pages of its tag are neither rendered nor written again."""
    for number in range(11):
        blog.post(f"Fait {number}.", tags=["Damas"], at=FIRST + timedelta(hours=number))
    blog.publish()
    kept = blog.paths.site / "tags/damas/2012-06/2/index.html"
    kept.write_bytes(kept.read_bytes() + b"<!-- -->")
    blog.post("Encore un.", tags=["Damas"], at=FIRST + timedelta(hours=20))
    written = [path for path in blog.publish().written if path.startswith("tags/damas/")]
    assert sorted(written) == [
        "tags/damas/2012-06/4/index.html",
        *(f"tags/damas/{name}" for name in ("atom.xml", "feed.json", "index.html", "rss.xml")),
    ]
    assert kept.read_bytes().endswith(b"<!-- -->")


def test_a_list_that_has_room_on_one_page_has_one(blog: Blog) -> None:
    """No pages by month repeat it; without a key event there is no page of them."""
    blog.post("Un.", tags=["Damas"])
    blog.publish()
    assert [path.name for path in (blog.paths.site / "tags/damas").iterdir() if path.is_dir()] == []
    assert not (blog.paths.site / "key-events").exists()


STEP = st.tuples(
    st.sampled_from(["post", "post", "post", "edit", "move", "remove", "publish"]),
    st.integers(0, 60),
    st.booleans(),
)


@pytest.mark.slow
@pytest.mark.usefixtures("short_pages")
@settings(tries(8, ci=40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=8, max_size=25))
def test_lists_are_complete_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bool]]
) -> None:
    """Entries come, change tags and times, and go; the files are those of a new site."""
    folder = tmp_path_factory.mktemp("lists")
    now = datetime(2012, 9, 1, tzinfo=UTC)
    blog = begun(folder / "blog", lambda: now)  # type: ignore[arg-type]
    ids: list[str] = []
    for kind, number, is_tagged in steps:
        at, tags = FIRST + timedelta(days=number), ["Damas"] if is_tagged else []
        if kind == "publish":
            blog.publish()
        elif kind == "post" or not ids:
            ids.append(blog.post(f"Fait {len(ids)}.", at=at, tags=tags, key=number % 2 == 0).id)
        elif kind == "remove":
            blog.remove(ids.pop(number % len(ids)))
        else:
            change = {"at": at} if kind == "move" else {"tags": tags, "key": is_tagged}
            with suppress(InvalidInput):  # nothing changes
                blog.edit(ids[number % len(ids)], **change)
    blog.publish()
    assert site_bytes(blog.paths.site) == from_nothing(blog, folder / "other")
    entries = [entry for day in blog.timeline.days() for entry in blog.timeline.day(day).entries]
    wanted: list[tuple[str, Callable[..., bool]]] = [
        ("tags/damas/", lambda entry: bool(entry.now.tags)),
        ("key-events/", lambda entry: entry.now.key),
    ]
    for path, is_listed in wanted:
        listed = [entry.id for entry in entries if is_listed(entry)]
        assert not listed or sorted(reachable(blog, path)) == sorted(listed)
