"""The plain data that pages are rendered from, beside entries and digests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from ..model.entry import Framing, Media, Precision
from ..model.moment import Moment
from ..timeline import Entry


class Tag(Struct, frozen=True):
    """A tag: its part of the address and its name as an author wrote it."""

    slug: str
    name: str


class NavigationLink(Struct, frozen=True):
    """A link to another day, week or year."""

    path: str  #: relative to the site's root
    name: str
    headline: str = ""
    anchor: str = ""  #: the id of an element of the page


class OlderEntries(Struct, frozen=True):
    """Links from the first page of a list to its older entries."""

    link: NavigationLink  #: to the newest entry that is not on the first page
    months: Sequence[tuple[NavigationLink, int]]  #: with the number of entries, the newest first


class ListPlace(Struct, frozen=True):
    """A page with older entries of a list, and the links beside it."""

    tag: Tag | None  #: None for the key events
    name: str  #: of its month
    first: NavigationLink  #: to the first page of the list
    older: NavigationLink | None
    newer: NavigationLink


class ChapterLink(Struct, frozen=True):
    """A chapter as lists show it."""

    slug: str
    title: str
    period: str  #: its name in words: ``Du 15 au 20 juillet 2012``
    summary: str  #: the first words of its introduction
    authors: tuple[str, ...] = ()
    picture: Media | None = None


class Coverage(Struct, frozen=True):
    """The coverage: the blog as one story, live or over."""

    framing: Framing | None
    updated: Moment | None  #: of the newest entry or correction; of a whole day, only its day
    authors: tuple[str, ...]
    ended: datetime | None  #: when the coverage ended; None while it is live
    started: Moment | None = None  #: of the oldest entry


class Home(Struct, frozen=True):
    """The data of the live page."""

    coverage: Coverage
    entries: Sequence[Entry]  #: newest first
    pinned: Sequence[Entry]
    keys: Sequence[Entry]  #: the newest key entries
    all_keys: int  #: number of all key entries
    tags: Sequence[tuple[Tag, int]]  #: each with its number of entries
    days: Sequence[NavigationLink]
    years: Sequence[int]
    older: NavigationLink | None  #: link to the entries that no longer fit
    chapters: Sequence[ChapterLink] = ()  #: the newest few


class ItemExtension(msgspec.Struct):
    """What our JSON Feeds say beyond the format about the title and the date of an item."""

    title: str = ""  #: of an item without a title of its own
    precision: Precision = "instant"
    written_time: str = ""


class FeedItem(msgspec.Struct):
    """The part of a JSON Feed's item that a page shows."""

    url: str = ""
    title: str = ""
    summary: str = ""
    date_published: datetime | None = None
    liveblog: ItemExtension = msgspec.field(name="_liveblog", default_factory=ItemExtension)

    @property
    def name(self) -> str:
        """The title that Atom and RSS give it."""
        return self.title or self.liveblog.title

    @property
    def moment(self) -> Moment | None:
        """The date that readers see; None if the item has none."""
        known = self.liveblog
        at = self.date_published
        return Moment(at, known.precision, known.written_time) if at else None


class FeedDocument(msgspec.Struct):
    """The part of a JSON Feed (https://jsonfeed.org/version/1.1) that a page shows."""

    title: str
    items: list[FeedItem]
    feed_url: str = ""
    home_page_url: str = ""


class Part(msgspec.Struct, frozen=True):
    """A part of the live page other than its entries; open pages replace a changed one."""

    mark: str  #: hash of the HTML
    html: str
