"""A feed in each of its formats."""

from __future__ import annotations

from . import Feed, safe
from .json import json_feed
from .xml import atom_and_rss


def documents(feed: Feed) -> dict[str, bytes]:
    """Write a feed as Atom, RSS 2.0 and JSON Feed: the name of each file and its bytes."""
    feed = safe(feed)
    atom, rss = atom_and_rss(feed)
    return {"rss.xml": rss, "feed.json": json_feed(feed), "atom.xml": atom}
