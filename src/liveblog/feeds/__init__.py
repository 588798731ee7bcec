"""Feeds: one plain description of a feed, written as Atom, RSS 2.0 and JSON Feed. Pure.

The same :class:`Feed` gives the same bytes at any time. Only ``atom_and_rss`` uses feedgen, with
the one extension that repairs what feedgen writes wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator

from .atom_and_rss import atom, rss
from .jsonfeed import json_feed
from .model import Archives, Enclosure, Feed, Item, Origin, Tombstone, safe

__all__ = ["Archives", "Enclosure", "Feed", "Item", "Origin", "Tombstone", "documents"]


def documents(feed: Feed) -> Iterator[tuple[str, bytes]]:
    """Yield the file name and the bytes of a feed in each format.

    They are written one at a time: those of a long day have a megabyte each.
    """
    feed = safe(feed)
    yield "feed.json", json_feed(feed)
    yield "atom.xml", atom(feed)
    yield "rss.xml", rss(feed)
