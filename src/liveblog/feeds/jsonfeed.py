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
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.folder_url + "feed.json",
        "description": feed.subtitle,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "next_url": feed.archives.earlier + "feed.json",
        "hubs": [{"type": "WebSub", "url": hub} for hub in feed.hubs],
        "expired": True,
        "_liveblog": {
            "about": ABOUT,
            "removed": [{"id": gone.id, "date_removed": gone.when} for gone in feed.removed],
        },
        "items": [_item(item) for item in feed.items],
    }
    if not feed.archives.earlier:
        del document["next_url"]
    if not feed.removed:
        del document["_liveblog"]
    if not feed.hubs:
        del document["hubs"]
    if not feed.expired:
        del document["expired"]
    if not feed.subtitle:
        del document["description"]
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _item(item: Item) -> dict[str, Any]:
    document: dict[str, Any] = {"id": item.id, "url": item.url}
    # An item without a title of its own should have none, as those of a microblog.
    if item.is_titled:
        document["title"] = item.title
    document |= {
        "content_html": item.content,
        "summary": item.summary,
        "date_published": item.published,
        "date_modified": item.updated,
    }
    if item.author:
        document["authors"] = [{"name": item.author}]
    if item.tags:
        document["tags"] = list(item.tags)
    if item.language:
        document["language"] = item.language
    images = [e.url for e in item.enclosures if e.type.startswith("image/")]
    if images:
        document["image"] = images[0]
    if item.enclosures:
        document["attachments"] = [
            {"url": e.url, "mime_type": e.type, "size_in_bytes": e.size}
            | ({"title": e.title} if e.title else {})
            for e in item.enclosures
        ]
    return document
