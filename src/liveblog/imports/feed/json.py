"""JSON Feed 1.0 and 1.1 (jsonfeed.org), where what is of a wrong type is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from ...model.errors import InvalidInput
from .entry import Attachment, Document, Entry, instant, line, web_address


def read(data: bytes, where: str, url: str) -> Document:
    """Read a document; its relative addresses lead from *url*.

    Raises :class:`InvalidInput` if it is no JSON Feed.
    """
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"{where} is not valid JSON: {error}.", "Fetch it again; it may have been cut off."
        ) from None
    feed = _object(found)
    if not isinstance(feed.get("items"), list):
        raise InvalidInput(f"{where} is JSON, but no JSON Feed.", "Give the address of a feed.")
    url = url or web_address("", feed.get("feed_url"))
    return Document(
        title=line(feed.get("title")),
        lang=line(feed.get("language")),
        authors=_authors(feed),
        entries=tuple(_entry(_object(item), url) for item in feed["items"]),
        older=web_address(url, feed.get("next_url")),
    )


def _entry(item: dict[str, Any], base: str) -> Entry:
    has_html = isinstance(item.get("content_html"), str)
    text = item.get("content_html" if has_html else "content_text") or item.get("summary") or ""
    dates = [item.get(name) for name in ("date_published", "date_modified")]
    own, external = (web_address(base, item.get(name)) for name in ("url", "external_url"))
    pictures = [web_address(base, item.get(name)) for name in ("image", "banner_image")]
    files = (_object(file) for file in _list(item.get("attachments")))
    return Entry(
        # Numbers stand there in old feeds (JSON Feed 1.1, "items": id is a string).
        id=line(str(item["id"]) if isinstance(item.get("id"), int) else item.get("id")),
        links=tuple(filter(None, (own, external))),
        title=line(item.get("title")),
        text=text if isinstance(text, str) else "",
        kind="html" if has_html else "plain",
        base=own or base,
        authors=_authors(item),
        tags=tuple(filter(None, map(line, _list(item.get("tags"))))),
        dated=line(next(filter(None, dates), "")),
        published=_instant(dates[0]),
        updated=_instant(dates[1]),
        lang=line(item.get("language")),
        attachments=(
            *(Attachment(address, "image/*") for address in pictures if address),
            *(
                Attachment(address, line(file.get("mime_type")).lower(), line(file.get("title")))
                for file in files
                if (address := web_address(base, file.get("url")))
            ),
        ),
    )


def _authors(of: dict[str, Any]) -> tuple[str, ...]:
    """Return names; version 1.0 knew one author only."""
    found = [*_list(of.get("authors")), *([of["author"]] if "author" in of else [])]
    names = (line(_object(author).get("name")) for author in found)
    return tuple(dict.fromkeys(filter(None, names)))


def _instant(date: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(line(date))
        return instant(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
