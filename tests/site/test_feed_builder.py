"""The feed builder: entries as items, and the feeds that hold them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from liveblog import Blog
from liveblog.model import addresses
from liveblog.site.feed_builder import FeedBuilder
from liveblog.timeline import Entry

from ..conftest import Clock

BASE = "https://example.org/semaine/"


@pytest.fixture
def feeds(blog: Blog) -> FeedBuilder:
    """The feed builder of an empty blog."""
    return FeedBuilder(blog.publisher.pages)


def test_the_addresses_in_an_item_are_absolute(blog: Blog, feeds: FeedBuilder) -> None:
    """Feed readers show an item outside of the site."""
    entry = Entry((blog.post("Un [lien](2012/) et une note[^1].\n\n[^1]: La note."),))
    item = feeds.entry(entry)
    assert item.url.startswith(BASE)
    assert f'href="{BASE}2012/"' in item.content
    assert f'href="{item.url}#' in item.content


def test_a_copy_names_the_main_feed(blog: Blog, feeds: FeedBuilder) -> None:
    """An item of the main feed names no other feed (RFC 4287 §4.2.11)."""
    entry = Entry((blog.post("Un pont."),))
    copy = feeds.entry(entry, is_copy=True)
    assert feeds.entry(entry).origin is None
    assert copy.origin is not None
    assert copy.origin.id == blog.config.id
    assert copy.id == feeds.entry(entry).id


def test_a_feed_without_items_has_the_date_of_the_blog(blog: Blog, feeds: FeedBuilder) -> None:
    """It does not change from one publication to the next."""
    feed = feeds.feed([], is_over=False)
    assert feed.items == ()
    assert f"{feed.updated:%Y}" in blog.config.id
    assert feed.title == blog.config.title
    assert not feed.expired


def test_a_removal_is_a_tombstone_and_an_update_of_the_main_feed(
    blog: Blog, feeds: FeedBuilder, clock: Clock
) -> None:
    """The main feed links to the newest archive (RFC 5005 §4)."""
    entry = Entry((blog.post("Un pont."),))
    removed = clock() + timedelta(hours=1)
    feed = feeds.feed([feeds.entry(entry)], is_over=False)
    stones = feeds.tombstones([(f"{entry.id}x", removed)])
    found = feeds.subscription(feed, date(2012, 7, 14), stones)
    assert [stone.when for stone in found.removed] == [removed]
    assert found.updated == removed
    assert found.archives.earlier == f"{BASE}2012/07/14/"
    assert found.archives.current == ""


def test_an_archive_never_expires_and_has_no_hub(blog: Blog, feeds: FeedBuilder) -> None:
    """Nobody subscribes to it; it has the id of the main feed (RFC 5005 §4)."""
    feed = feeds.feed([], is_over=True)
    days = {"earlier": date(2012, 7, 13), "later": date(2012, 7, 16)}
    archive = feeds.archive(feed, date(2012, 7, 14), **days, removed=[])
    assert (feed.expired, archive.expired, archive.hubs) == (True, False, ())
    assert archive.id == feed.id
    assert archive.folder_url == f"{BASE}2012/07/14/"
    assert archive.archives.earlier == f"{BASE}2012/07/13/"
    assert archive.archives.later == f"{BASE}2012/07/16/"
    assert archive.archives.current == BASE


def test_the_digest_of_a_day_is_published_when_the_day_closes(
    blog: Blog, feeds: FeedBuilder, clock: Clock
) -> None:
    """An item of the daily feed has the tags of all entries of the day, each once."""
    clock.set("2012-07-15T10:00:00Z")
    blog.post("Un.", tags=["Damas", "Alep"])
    blog.post("Deux.", tags=["Damas"])
    clock.go(days=2)
    item = feeds.digest(blog.digest("2012-07-15"))
    assert datetime(2012, 7, 15, 22, tzinfo=UTC) <= item.published <= clock()
    assert sorted(item.tags) == ["Alep", "Damas"]
    assert item.url == f"{BASE}2012/07/15/"


@pytest.mark.parametrize(
    ("language", "claim", "retraction"),
    [
        ("en-GB", "[Unconfirmed] A", "Update of Sunday 15 July 2012 at 18:04 retracted"),
        ("fr", "[Non confirmé] A", "Publication retirée (dimanche 15 juillet 2012 à 18 h 04)"),
        ("de", "[Unbestätigt] A", "Meldung zurückgezogen (Sonntag, 15. Juli 2012, um 18:04 Uhr)"),
        (
            "es",
            "[Sin confirmar] A",
            "Actualización retirada (domingo 15 de julio de 2012 a las 18:04)",
        ),
        ("ar", "[غير مؤكد] A", "خبر مسحوب (الأحد 15 يوليو 2012 الساعة 6:04 م)"),
    ],
)
def test_titles_mark_claims_and_say_which_update_was_retracted(
    new_blog: Callable[..., Blog], language: str, claim: str, retraction: str
) -> None:
    """A list of titles is all that some readers see; id and dates stay what they are."""
    blog = new_blog(language=language)
    feeds = FeedBuilder(blog.publisher.pages)
    told = blog.post("Text.", title="A", verification="unconfirmed")
    item = feeds.entry(Entry((told,)))
    assert item.title == claim
    gone = feeds.entry(Entry((told, blog.retract(told.id, why="Wrong."))))
    assert " ".join(gone.title.split()) == retraction
    assert (gone.id, gone.published) == (item.id, item.published)


def test_the_marks_stand_wherever_a_title_stands_alone(blog: Blog) -> None:
    """In shared links, in structured data, and in the list of key events; not beside the text."""
    entry = blog.post("Un bilan.", title="Cent morts", verification="unconfirmed", key=True)
    blog.publish()
    site = blog.paths.site
    page = (site / addresses.entry_path(entry.id) / "index.html").read_text("utf-8")
    marked = "[Non confirmé] Cent morts"
    assert f'<meta property="og:title" content="{marked}">' in page
    assert f'"headline":"{marked}"' in page
    assert f"<span>{marked}</span>" in (site / "index.html").read_text("utf-8")
    assert page.count(marked) < page.count("Cent morts")
