"""A feed in each of its formats."""

from __future__ import annotations

from collections.abc import Iterator

from . import Feed, safe
from .atom_and_rss import atom_and_rss
from .jsonfeed import json_feed


def documents(feed: Feed) -> Iterator[tuple[str, bytes]]:
    """Write a feed as Atom, RSS 2.0 and JSON Feed: yield the name of each file and its bytes.

    A long day's have a megabyte each, so whoever takes one at a time needs less memory.
    """
    feed = safe(feed)
    yield "feed.json", json_feed(feed)
    made = atom_and_rss(feed)
    yield "atom.xml", next(made)
    yield "rss.xml", next(made)
