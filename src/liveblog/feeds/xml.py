"""Atom (RFC 4287) and RSS 2.0 (with the RSS Advisory Board's profile), written by feedgen.

Not thread-safe: feedgen sets the process's locale while it writes an RSS date.
"""

from __future__ import annotations

import re

from feedgen.feed import FeedGenerator

from . import Feed, Item, safe
from .repair import FeedRepair, ItemRepair

GENERATOR = "liveblog"


def atom(feed: Feed) -> bytes:
    """Write a feed as Atom."""
    written: bytes = _generator(feed, "atom.xml", "application/atom+xml").atom_str(pretty=True)
    return written


def rss(feed: Feed) -> bytes:
    """Write a feed as RSS 2.0.

    In titles ``&`` and ``<`` are written as hexadecimal references, which readers that take
    titles for HTML also show right (RSS profile, "Character data").
    """
    written: bytes = _generator(feed, "rss.xml", "application/rss+xml").rss_str(pretty=True)
    return re.sub(
        rb"(?<=<title>)[^<]*(?=</title>)",
        lambda m: m[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"),
        written,
    )


def _generator(feed: Feed, name: str, media_type: str) -> FeedGenerator:
    feed = safe(feed)
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
    # The last link added becomes RSS's <link>.
    self_link = {"href": feed.folder_url + name, "rel": "self", "type": media_type}
    home_link = {"href": feed.home_url, "rel": "alternate", "type": "text/html"}
    generator.link([self_link, home_link])
    for item in feed.items:
        _add(generator, item)
    return generator


def _add(generator: FeedGenerator, item: Item) -> None:
    entry = generator.add_entry(order="append")
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
