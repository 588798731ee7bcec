"""Reads our own feeds back from JSON Feed, to join those of several blogs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec
from msgspec import Struct, structs

from ..model.entry import Precision
from .model import Enclosure, Feed, Item, Origin, Tombstone

ITEMS = 50
"""Maximum number of items of a joined feed."""


class _Author(Struct):
    name: str = ""


class _Attachment(Struct):
    url: str
    mime_type: str
    size_in_bytes: int = 0
    title: str = ""


class _Extension(Struct):
    title: str = ""
    precision: Precision = "instant"
    day: date | None = None
    written_time: str = ""


class _Item(Struct):
    id: str
    url: str
    date_published: datetime
    date_modified: datetime
    title: str = ""
    content_html: str = ""
    summary: str = ""
    authors: tuple[_Author, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = ""
    attachments: tuple[_Attachment, ...] = ()
    liveblog: _Extension = msgspec.field(name="_liveblog", default_factory=_Extension)


class _Removed(Struct):
    id: str
    date_removed: datetime


class _Removals(Struct):
    removed: tuple[_Removed, ...] = ()


class Document(Struct):
    """What a feed of ours says, in the order in which it was written."""

    title: str
    items: tuple[_Item, ...]
    language: str = ""
    liveblog: _Removals = msgspec.field(name="_liveblog", default_factory=_Removals)

    def feed_items(self, origin: Origin) -> list[Item]:
        """Return the items as copies from the feed *origin*."""
        return [_copy(item, self.language, origin) for item in self.items]

    def tombstones(self) -> list[Tombstone]:
        """Return the notices of what was removed."""
        return [Tombstone(gone.id, gone.date_removed) for gone in self.liveblog.removed]


def read(data: bytes) -> Document:
    """Read a JSON Feed of ours.

    Raises :class:`msgspec.MsgspecError` for anything else.
    """
    return msgspec.json.decode(data, type=Document)


def join(feed: Feed, sources: Iterable[tuple[Origin, Document]]) -> Feed:
    """Return *feed* with the items of several documents that changed last, the last first."""
    items: list[Item] = []
    removed: list[Tombstone] = []
    for origin, document in sources:
        items += document.feed_items(origin)
        removed += document.tombstones()
    items.sort(key=lambda item: item.updated, reverse=True)
    removed.sort(key=lambda gone: gone.when, reverse=True)
    changes = [*(item.updated for item in items), *(gone.when for gone in removed)]
    return structs.replace(
        feed,
        items=tuple(items[:ITEMS]),
        removed=tuple(removed[:ITEMS]),
        updated=max(changes, default=feed.updated),
    )


def _copy(item: _Item, language: str, origin: Origin) -> Item:
    return Item(
        id=item.id,
        url=item.url,
        title=item.title or item.liveblog.title,
        content=item.content_html,
        summary=item.summary,
        published=item.date_published,
        updated=item.date_modified,
        precision=item.liveblog.precision,
        day=item.liveblog.day,
        written_time=item.liveblog.written_time,
        author=item.authors[0].name if item.authors else "",
        tags=item.tags,
        language=item.language or language,
        enclosures=tuple(
            Enclosure(file.url, file.mime_type, file.size_in_bytes, file.title)
            for file in item.attachments
        ),
        origin=origin,
        is_titled=bool(item.title),
    )
