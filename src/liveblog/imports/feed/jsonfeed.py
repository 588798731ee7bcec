"""Reads JSON Feed 1.0 and 1.1 (jsonfeed.org); values of a wrong type are ignored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from ...model import limits
from ...model.errors import InvalidInput
from .document import Attachment, Document, Entry, instant_in_range, one_line, web_address


def read(data: bytes, where: str, url: str) -> Document:
    """Return the contents of a JSON feed; relative addresses are resolved against *url*.

    *where* names the feed in reports. Raises :class:`InvalidInput` if it is not a JSON Feed.
    """
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"{where} is not valid JSON: {error}.", "Fetch it again; it may have been cut off."
        ) from None
    feed = _object(found)
    if not isinstance(feed.get("items"), list):
        raise InvalidInput(f"{where} is JSON, but not a JSON Feed.", "Give the address of a feed.")
    url = url or web_address("", feed.get("feed_url"))
    return Document(
        title=one_line(feed.get("title")),
        lang=one_line(feed.get("language")),
        authors=_authors(feed),
        entries=tuple(_read_entry(_object(item), url) for item in feed["items"]),
        older=web_address(url, feed.get("next_url")),
    )


def _read_entry(item: dict[str, Any], base: str) -> Entry:
    has_html = isinstance(item.get("content_html"), str)
    text = item.get("content_html" if has_html else "content_text") or item.get("summary") or ""
    dates = [item.get(name) for name in ("date_published", "date_modified")]
    extension = _object(item.get("_liveblog"))  # of our own feeds
    own, external = (web_address(base, item.get(name)) for name in ("url", "external_url"))
    return Entry(
        # Old feeds have numbers (JSON Feed 1.1 wants a string).
        id=one_line(str(item["id"]) if isinstance(item.get("id"), int) else item.get("id")),
        links=tuple(filter(None, (own, external))),
        title=one_line(item.get("title")),
        text=text if isinstance(text, str) else "",
        kind="html" if has_html else "plain",
        base=own or base,
        authors=_authors(item),
        tags=tuple(filter(None, map(one_line, _list(item.get("tags"))))),
        dated=one_line(next(filter(None, dates), "")),
        published=_instant(dates[0]),
        day=_day(dates[0]) or _day(extension.get("day")),
        written_time=one_line(extension.get("written_time"))[: limits.NAME],
        updated=_instant(dates[1]),
        lang=one_line(item.get("language")),
        attachments=tuple(_attachments(item, base)),
    )


def _attachments(item: dict[str, Any], base: str) -> Iterator[Attachment]:
    for name in ("image", "banner_image"):
        if address := web_address(base, item.get(name)):
            yield Attachment(address, "image/*")
    for file in map(_object, _list(item.get("attachments"))):
        if address := web_address(base, file.get("url")):
            kind = one_line(file.get("mime_type")).lower()
            yield Attachment(address, kind, one_line(file.get("title")))


def _authors(holder: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of authors; version 1.0 has one author."""
    found = [*_list(holder.get("authors")), *([holder["author"]] if "author" in holder else [])]
    names = (one_line(_object(author).get("name")) for author in found)
    return tuple(dict.fromkeys(filter(None, names)))


def _instant(written: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(one_line(written))
        return instant_in_range(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _day(written: object) -> date | None:
    """Return the day of a date without a time."""
    try:
        return limits.check_day(date.fromisoformat(one_line(written)))
    except (ValueError, InvalidInput):
        return None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
