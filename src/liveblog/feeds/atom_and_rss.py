"""Atom (RFC 4287) and RSS 2.0 (with the RSS Advisory Board's profile), written by feedgen."""

from __future__ import annotations

import re
import threading

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from .extension import FeedRepair, ItemRepair
from .model import Feed, Item

GENERATOR = "liveblog"

_LOCK = threading.Lock()
"""feedgen sets the locale of the process while it writes an RSS date."""

_RSS_TITLE = re.compile(rb"(?<=<title>)[^<]*(?=</title>)")


def atom(feed: Feed) -> bytes:
    """Write a feed (see :func:`liveblog.feeds.safe`) as Atom."""
    written: bytes = _generator(feed, "atom.xml", "application/atom+xml").atom_str(pretty=True)
    return written


def rss(feed: Feed) -> bytes:
    """Write a feed (see :func:`liveblog.feeds.safe`) as RSS 2.0.

    In titles ``&`` and ``<`` are written as hexadecimal references, which readers that take titles
    for HTML also show right (RSS profile, "Character data").
    """
    generator = _generator(feed, "rss.xml", "application/rss+xml")
    with _LOCK:
        written: bytes = generator.rss_str(pretty=True)
    return _RSS_TITLE.sub(
        lambda match: match[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), written
    )


def _generator(feed: Feed, name: str, media_type: str) -> FeedGenerator:
    """Return a feed for feedgen to write as the document *name*."""
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
    self_link = {"href": feed.folder_url + name, "rel": "self", "type": media_type}
    home_link = {"href": feed.home_url, "rel": "alternate", "type": "text/html"}
    generator.link([self_link, home_link])  # the last one becomes RSS's <link>
    for item in feed.items:
        generator.add_entry(_entry(item), order="append")
    return generator


def _entry(item: Item) -> FeedEntry:
    """Return an item for feedgen to write."""
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
    entry.description(item.summary or item.title or "…", isSummary=True)
    if item.author:
        entry.author({"name": item.author})
    for tag in item.tags:
        entry.category({"term": tag, "label": tag})
    for enclosure in item.enclosures[:1]:
        entry.enclosure(enclosure.url, str(enclosure.size), enclosure.type)
    return entry
