"""The plain description of a feed, its items and what was removed from it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from msgspec import Struct, structs

from ..model.entry import Precision, is_plain
from ..text.bidi import close_controls
from ..text.typography import typography

LIVE_MINUTES = 5
ENDED_MINUTES = 24 * 60

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Enclosure(Struct, frozen=True):
    """A file that belongs to an item."""

    url: str
    type: str
    size: int  #: bytes, the true length
    title: str = ""


class Origin(Struct, frozen=True):
    """The feed that an item was copied from (RFC 4287 §4.2.11)."""

    id: str
    title: str
    folder_url: str  #: as that of :class:`Feed`


class Tombstone(Struct, frozen=True):
    """The notice that an entry was removed (RFC 6721)."""

    id: str  #: the IRI of the entry
    when: datetime


class Archives(Struct, frozen=True):
    """Links between the documents of a feed (RFC 5005 §4): addresses of folders."""

    earlier: str = ""  #: of the archive before, if any
    later: str = ""  #: of the archive after, if any
    current: str = ""  #: of the subscription document; empty in that itself


class Item(Struct, frozen=True):
    """One entry of a feed."""

    id: str  #: an IRI that never changes
    url: str
    title: str  #: plain text
    content: str  #: HTML with absolute addresses, sanitised
    summary: str  #: plain text
    published: datetime
    updated: datetime
    precision: Precision = "instant"  #: ``day``: readers are shown no clock time for it
    day: date | None = None  #: the day of an entry of a whole day
    written_time: str = ""  #: the time as its author wrote it, where it is vague
    author: str = ""
    tags: tuple[str, ...] = ()
    language: str = ""  #: where it differs from the feed's
    enclosures: tuple[Enclosure, ...] = ()
    via: tuple[tuple[str, str], ...] = ()  #: name and address of its sources
    origin: Origin | None = None
    is_titled: bool = True  #: whether the title is the author's, not first words


class Feed(Struct, frozen=True):
    """One feed; its three documents lie side by side at *folder_url*."""

    id: str
    title: str
    subtitle: str
    home_url: str  #: of the page with the same entries
    folder_url: str  #: ends in a slash; ``atom.xml``, ``rss.xml`` and ``feed.json`` follow it
    language: str
    author: str
    updated: datetime
    items: tuple[Item, ...]  #: in the order in which they are written
    expired: bool = False  #: no entries will follow
    hubs: tuple[str, ...] = ()  #: WebSub hubs
    removed: tuple[Tombstone, ...] = ()  #: entries that readers saw and that were removed
    archives: Archives = Archives()

    @property
    def minutes(self) -> int:
        """Minutes after which a reader should fetch the feed again."""
        return ENDED_MINUTES if self.expired or self.archives.current else LIVE_MINUTES


def safe(feed: Feed) -> Feed:
    """Return a feed without the characters that XML 1.0 (§2.2) does not allow.

    One such character makes a whole document unreadable. Bidirectional controls in plain texts are
    closed, and no line breaks where it may not. JSON Feed gets the same texts, so that the three
    formats agree.
    """
    made: Feed = _safe(feed, typography(feed.language.partition("-")[0]))
    return made


def _safe(value: Any, typeset: Callable[[str], str] | None) -> Any:
    if isinstance(value, str):
        text = close_controls(_without_not_xml(value))
        return typeset(text) if typeset else text
    if isinstance(value, tuple):
        return tuple(_safe(part, typeset) for part in value)
    if not isinstance(value, Struct):
        return value
    fields = {name: _safe(old, typeset) for name, old in structs.asdict(value).items()}
    if isinstance(value, Item):
        fields["content"] = _without_not_xml(value.content)  # HTML, which is ready already
        fields["tags"] = _safe(value.tags, None)  # names, by which programs compare
    return type(value)(**fields)


def _without_not_xml(text: str) -> str:
    return text if is_plain(text) else _NOT_XML.sub("", text)
