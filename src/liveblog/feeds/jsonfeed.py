"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import Any

import msgspec

from .model import Feed, Item

ABOUT = "https://www.rfc-editor.org/rfc/rfc6721"
"""Our extension has the meaning of RFC 6721 in Atom; see ``docs/feeds.md``."""


def json_feed(feed: Feed) -> bytes:
    """Write a feed (see :func:`liveblog.feeds.safe`) as JSON Feed 1.1.

    The version stands first, as the specification asks.
    """
    removed = [{"id": gone.id, "date_removed": gone.when} for gone in feed.removed]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.folder_url + "feed.json",
        "description": feed.subtitle or None,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "next_url": feed.archives.earlier + "feed.json" if feed.archives.earlier else None,
        "hubs": [{"type": "WebSub", "url": hub} for hub in feed.hubs] or None,
        "expired": feed.expired or None,
        "_liveblog": {"about": ABOUT, "removed": removed} if removed else None,
        "items": [_item(item) for item in feed.items],
    }
    return msgspec.json.format(msgspec.json.encode(_without_none(document)), indent=1) + b"\n"


def _item(item: Item) -> dict[str, Any]:
    images = [e.url for e in item.enclosures if e.type.startswith("image/")]
    attachments = [
        _without_none(
            {
                "url": e.url,
                "mime_type": e.type,
                "size_in_bytes": e.size,
                "title": e.title or None,
            }
        )
        for e in item.enclosures
    ]
    return _without_none(
        {
            "id": item.id,
            "url": item.url,
            # An item without a title of its own should have none, as those of a microblog.
            "title": item.title if item.is_titled else None,
            "content_html": item.content,
            "summary": item.summary,
            "date_published": item.published,
            "date_modified": item.updated,
            "_liveblog": _extension(item) or None,
            "authors": [{"name": item.author}] if item.author else None,
            "tags": item.tags or None,
            "language": item.language or None,
            "image": images[0] if images else None,
            "attachments": attachments or None,
        }
    )


def _extension(item: Item) -> dict[str, Any]:
    """Return what our extension says of an item: the title that other formats give it, its date.

    It is empty for an item with a title of its own and an exact instant.
    """
    return _without_none(
        {
            "title": None if item.is_titled else item.title,
            "precision": "day" if item.precision == "day" else None,
            "day": item.day,
            "written_time": item.written_time or None,
        }
    )


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
