"""Renders the pages that list: entries of a topic, key events, the days of a year, the feeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ..model import addresses
from ..timeline import Entry
from .data import ChapterLink, ListPlace, NavigationLink, OlderEntries, Tag
from .qr import qr_code
from .render import Pages

READERS = (
    ("Feedly", "https://feedly.com/i/subscription/feed/"),
    ("Inoreader", "https://www.inoreader.com/?add_feed="),
    ("NewsBlur", "https://www.newsblur.com/?url="),
    ("Feedbin", "https://feedbin.com/?subscribe="),
    ("The Old Reader", "https://theoldreader.com/feeds/subscribe?url="),
)
"""Feed readers on the web, each with the address that the quoted address of a feed completes."""


def tag_page(
    pages: Pages,
    tag: Tag,
    entries: Sequence[Entry],
    total: int,
    chapters: Sequence[ChapterLink] = (),
    older: OlderEntries | None = None,
) -> bytes:
    """Render the page of a tag with its newest entries; *total* counts all of them.

    *chapters* are those that select the tag; *older* links to the other entries.
    """
    path = addresses.tag_path(tag.slug) + "index.html"
    return pages.page(
        "tag.html",
        path,
        tag=tag,
        by_day=by_day(entries),
        total=total,
        chapters=chapters,
        rest=older,
    )


def key_events_page(
    pages: Pages, entries: Sequence[Entry], total: int, older: OlderEntries | None
) -> bytes:
    """Render the page of the key events with the newest of them; see :func:`tag_page`."""
    path = f"{addresses.KEY_EVENTS}index.html"
    values = {"by_day": by_day(entries), "total": total, "rest": older}
    return pages.page("key_events.html", path, **values)


def list_page(pages: Pages, path: str, place: ListPlace, entries: Sequence[Entry]) -> bytes:
    """Render a page with older entries of a tag or of the key events."""
    return pages.page("list_page.html", path, place=place, by_day=by_day(entries))


def year_page(
    pages: Pages,
    year: int,
    months: Sequence[tuple[date, Sequence[NavigationLink]]],
    weeks: Sequence[NavigationLink],
    years: Sequence[int],
    chapters: Sequence[ChapterLink] = (),
) -> bytes:
    """Render the page of a year: its chapters, its weeks, and its days by month."""
    return pages.page(
        "year.html",
        f"{year:04}/index.html",
        year=year,
        months=months,
        weeks=weeks,
        years=years,
        chapters=chapters,
    )


def subscribe_page(pages: Pages, tags: Sequence[Tag], *, has_chapters: bool) -> bytes:
    """Render the page that explains the feeds and shows their addresses.

    *tags* are those whose feeds it shows; *has_chapters* says whether there is one of chapters.
    """
    return pages.page(
        "subscribe.html",
        f"{addresses.SUBSCRIBE}index.html",
        tags=sorted(tags, key=lambda tag: (tag.name.casefold(), tag.slug)),
        has_chapters=has_chapters,
        readers=READERS,
        code=qr_code(
            addresses.url(pages.config.url, addresses.SUBSCRIBE),
            pages.words.say("QR code with the address of this page"),
        ),
    )


def by_day(entries: Sequence[Entry]) -> list[tuple[date, list[Entry]]]:
    """Group entries by day, without changing their order."""
    grouped: dict[date, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.day, []).append(entry)
    return list(grouped.items())
