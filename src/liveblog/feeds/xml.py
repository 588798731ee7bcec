"""Atom (RFC 4287) and RSS 2.0 (with the RSS Advisory Board's profile), written by feedgen.

Not thread-safe: feedgen sets the process's locale while it writes an RSS date.
"""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from ..markup import KEPT
from . import Feed, Item
from .repair import FeedRepair, ItemRepair

GENERATOR = "liveblog"

ELEMENTS_KEPT = 1_000
"""Of so many items: those of the open day, and of the tags and days that show them too."""


def atom_and_rss(feed: Feed) -> tuple[bytes, bytes]:
    """Write a feed (see :func:`liveblog.feeds.safe`) as Atom and as RSS 2.0.

    In RSS's titles ``&`` and ``<`` are written as hexadecimal references, which readers that take
    titles for HTML also show right (RSS profile, "Character data").
    """
    generator = _generator(feed)
    _link(generator, feed, "atom.xml", "application/atom+xml")
    atom: bytes = generator.atom_str(pretty=True)
    _link(generator, feed, "rss.xml", "application/rss+xml")
    rss: bytes = generator.rss_str(pretty=True)
    return atom, _TITLE.sub(
        lambda m: m[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), rss
    )


_TITLE = re.compile(rb"(?<=<title>)[^<]*(?=</title>)")


def _link(generator: FeedGenerator, feed: Feed, name: str, media_type: str) -> None:
    # The last link becomes RSS's <link>.
    self_link = {"href": feed.folder_url + name, "rel": "self", "type": media_type}
    home_link = {"href": feed.home_url, "rel": "alternate", "type": "text/html"}
    generator.link([self_link, home_link], replace=True)


def _generator(feed: Feed) -> FeedGenerator:
    generator = FeedGenerator()
    generator.register_extension("repair", FeedRepair, ItemRepair)
    generator.repair.feed = feed
    generator.id(feed.id)
    generator.title(feed.title)
    # RSS demands a description, which feedgen takes for Atom's subtitle too.
    generator.description(feed.subtitle or feed.title)
    generator.generator(GENERATOR)
    generator.docs("https://www.rssboard.org/rss-specification")
    generator.language(feed.language)
    generator.author({"name": feed.author})
    generator.managingEditor("")
    generator.updated(feed.updated)
    generator.lastBuildDate(feed.updated)
    generator.ttl(feed.minutes)
    for item in feed.items:
        generator.add_entry(_Made(item), order="append")
    return generator


class _Made:
    """An entry as feedgen asks for it; most of those of a feed were made for it before."""

    def __init__(self, item: Item) -> None:
        # What is very long is not kept, so that memory stays bounded.
        make = _elements if len(item.content) <= KEPT else _elements.__wrapped__
        self._atom, self._rss = make(item)

    def register_extension(self, *_: Any) -> None:
        """Do nothing: the elements have what it adds."""

    def atom_entry(self, extensions: bool = True) -> Any:
        """Return the entry's element, to be put into a document."""
        return copy(self._atom)

    def rss_entry(self, extensions: bool = True) -> Any:
        """Return the item's element, to be put into a document."""
        return copy(self._rss)


@lru_cache(maxsize=ELEMENTS_KEPT)
def _elements(item: Item) -> tuple[Any, Any]:
    """Return an item's elements for Atom and RSS."""
    entry = FeedEntry()
    entry.register_extension("repair", ItemRepair)
    entry.repair.item = item
    entry.id(item.id)
    entry.guid(item.id, permalink=False)
    entry.title(item.title or "…")
    entry.link({"href": item.url, "rel": "alternate"})
    entry.published(item.published)
    entry.pubDate(item.published)
    entry.updated(item.updated)
    entry.content(item.content, type="html")
    entry.description(item.summary or item.title, isSummary=True)
    if item.author:
        entry.author({"name": item.author})
    for tag in item.tags:
        entry.category({"term": tag, "label": tag})
    for enclosure in item.enclosures[:1]:
        entry.enclosure(enclosure.url, str(enclosure.size), enclosure.type)
    return entry.atom_entry(), entry.rss_entry()
