"""Atom (RFC 4287) and RSS 2.0 (with the RSS Advisory Board's profile), written by feedgen.

feedgen writes each document without its items, and one item of each shape (so many tags, with an
author or without …) whose texts are marks. That is the mould into which the others are poured:
what feedgen does to an item is done once for a shape, and the items of ten years take seconds.

feedgen sets the process's locale while it writes an RSS date: one thread at a time may.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from itertools import count

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from msgspec import Struct

from ..storage.cache import kept
from . import Enclosure, Feed, Item, Origin
from .extension import FeedRepair, ItemRepair

GENERATOR = "liveblog"

MOULDS_KEPT = 256
"""So many shapes of items."""

_FEEDGEN = threading.Lock()

_ATOM_END, _RSS_END = "</feed>", "  </channel>"


def atom_and_rss(feed: Feed) -> Iterator[bytes]:
    """Write a feed (see :func:`liveblog.feeds.safe`): yield it as Atom, then as RSS 2.0.

    In RSS's titles ``&`` and ``<`` are written as hexadecimal references, which readers that take
    titles for HTML also show right (RSS profile, "Character data").
    """
    atom, rss = _written(_generator(feed), feed)
    rss = _TITLE.sub(lambda m: m[0].replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;"), rss)
    yield _with(atom, map(_in_atom, feed.items), _ATOM_END)
    yield _with(rss, map(_in_rss, feed.items), _RSS_END)


_TITLE = re.compile(r"(?<=<title>)[^<]*(?=</title>)")


@kept(bytes, length=lambda item: len(item.content))
def _in_atom(item: Item) -> bytes:
    """Return an item as Atom has it: as bytes, which take less memory."""
    mould, _ = _moulds(_shape(item))
    return mould.filled(list(_texts(item))).encode()


@kept(bytes, length=lambda item: len(item.content))
def _in_rss(item: Item) -> bytes:
    """Return an item as RSS has it."""
    _, mould = _moulds(_shape(item))
    return mould.filled(list(_texts(item))).encode()


def _with(document: str, items: Iterable[bytes], end: str) -> bytes:
    """Put items into a document before the tag that ends their list."""
    before, tag, after = document.rpartition(end)
    return b"".join((before.encode(), *items, (tag + after).encode()))


def _written(generator: FeedGenerator, feed: Feed) -> tuple[str, str]:
    """Return what feedgen makes of a feed: Atom and RSS."""
    _link(generator, feed, "atom.xml", "application/atom+xml")
    atom: bytes = generator.atom_str(pretty=True)
    _link(generator, feed, "rss.xml", "application/rss+xml")
    with _FEEDGEN:
        rss: bytes = generator.rss_str(pretty=True)
    return atom.decode(), rss.decode()


def _link(generator: FeedGenerator, feed: Feed, name: str, media_type: str) -> None:
    # The last link becomes RSS's <link>.
    self_link = {"href": feed.folder_url + name, "rel": "self", "type": media_type}
    home_link = {"href": feed.home_url, "rel": "alternate", "type": "text/html"}
    generator.link([self_link, home_link], replace=True)


def _generator(feed: Feed) -> FeedGenerator:
    """Return feedgen's idea of a feed, without its items."""
    generator = FeedGenerator()
    generator.register_extension("repair", FeedRepair, ItemRepair)
    generator.repair.feed = feed
    generator.id(feed.id)
    generator.title(feed.title)
    # RSS demands a description, which feedgen takes for Atom's subtitle too.
    generator.description(feed.subtitle or feed.title)
    generator.generator(GENERATOR)
    generator.docs("https://www.rssboard.org/rss-specification")
    generator.language(feed.language)
    generator.author({"name": feed.author})
    generator.managingEditor("")
    generator.updated(feed.updated)
    generator.lastBuildDate(feed.updated)
    generator.ttl(feed.minutes)
    return generator


def _entry(item: Item) -> FeedEntry:
    """Return feedgen's idea of an item."""
    entry = FeedEntry()
    entry.register_extension("repair", ItemRepair)
    entry.repair.item = item
    entry.id(item.id)
    entry.guid(item.id, permalink=False)
    entry.title(item.title)
    entry.link({"href": item.url, "rel": "alternate"})
    entry.published(item.published)
    entry.pubDate(item.published)
    entry.updated(item.updated)
    entry.content(item.content, type="html")
    entry.description(item.summary, isSummary=True)
    if item.author:
        entry.author({"name": item.author})
    for tag in item.tags:
        entry.category({"term": tag, "label": tag})
    for enclosure in item.enclosures[:1]:
        entry.enclosure(enclosure.url, str(enclosure.size), enclosure.type)
    return entry


# -- moulds -----------------------------------------------------------------------------------


class _Shape(Struct, frozen=True):
    """What decides which elements an item has."""

    has_content: bool
    has_author: bool
    has_language: bool
    has_origin: bool
    tags: int
    via: int
    enclosures: tuple[bool, ...]  #: whether each has a title


class _Mould(Struct, frozen=True):
    """A written item without its texts."""

    start: str
    places: tuple[tuple[int, Callable[[str], str], str], ...]
    """Which text stands there, how it is escaped, and what follows it."""

    def filled(self, texts: list[str]) -> str:
        """Return the item with its texts."""
        found = [self.start]
        for number, escaped, after in self.places:
            found.append(escaped(texts[number]))
            found.append(after)
        return "".join(found)


def _shape(item: Item) -> _Shape:
    return _Shape(
        has_content=bool(item.content),
        has_author=bool(item.author),
        has_language=bool(item.language),
        has_origin=item.origin is not None,
        tags=len(item.tags),
        via=len(item.via),
        enclosures=tuple(bool(enclosure.title) for enclosure in item.enclosures),
    )


def _texts(item: Item) -> Iterator[str]:
    """Yield the texts that a written item holds, in an order that its shape decides."""
    yield item.id
    yield item.url
    yield item.title or "…"
    yield item.content
    yield item.summary or item.title or "…"
    yield item.published.isoformat()
    yield format_datetime(item.published)  # RFC 822 §5, as RSS wants it
    yield item.updated.isoformat()
    yield item.author
    yield item.language
    if item.origin:
        yield item.origin.id
        yield item.origin.title
        yield item.origin.folder_url
    yield from item.tags
    for name, url in item.via:
        yield name
        yield url
    for enclosure in item.enclosures:
        yield enclosure.url
        yield enclosure.type
        yield str(enclosure.size)
        yield enclosure.title


def _sample(shape: _Shape) -> Item:
    """Return an item of a shape, each of whose texts is found nowhere else."""
    marks = map(chr, count(0xF0000))  # for private use: no element is called so
    first = datetime(2001, 1, 1, 1, 1, 1, tzinfo=UTC)
    return Item(
        id=next(marks),
        url=next(marks),
        title=next(marks),
        content=next(marks) if shape.has_content else "",
        summary=next(marks),
        published=first,
        updated=first + timedelta(seconds=1),
        author=next(marks) if shape.has_author else "",
        tags=tuple(next(marks) for _ in range(shape.tags)),
        language=next(marks) if shape.has_language else "",
        enclosures=tuple(
            Enclosure(next(marks), next(marks), 10**9 + number, next(marks) if is_titled else "")
            for number, is_titled in enumerate(shape.enclosures)
        ),
        via=tuple((next(marks), next(marks)) for _ in range(shape.via)),
        origin=Origin(next(marks), next(marks), next(marks)) if shape.has_origin else None,
    )


@lru_cache(maxsize=MOULDS_KEPT)
def _moulds(shape: _Shape) -> tuple[_Mould, _Mould]:
    """Return the moulds of a shape, for Atom and for RSS."""
    sample = _sample(shape)
    feed = Feed("urn:x", "x", "", "urn:x", "urn:x", "x", "", sample.updated, ())
    generator = _generator(feed)
    generator.add_entry(_entry(sample))
    atom, rss = _written(generator, feed)
    texts = list(_texts(sample))
    return (
        _mould(atom[atom.index("  <entry") : atom.rindex(_ATOM_END)], texts),
        _mould(rss[rss.index("    <item>") : rss.rindex(_RSS_END)], texts),
    )


def _mould(written: str, texts: list[str]) -> _Mould:
    """Take the texts out of a written item."""
    numbers = {text: number for number, text in enumerate(texts) if text}
    any_text = "|".join(map(re.escape, numbers))
    start, *rest = re.split(f"({any_text})", written)
    places = []
    before = start
    for text, after in zip(rest[::2], rest[1::2], strict=True):
        places.append((numbers[text], _escape_after(before), after))
        before = after
    return _Mould(start, tuple(places))


def _escape_after(before: str) -> Callable[[str], str]:
    """Return how a text is escaped, by what stands before it."""
    if before.endswith('="'):
        return _in_attribute
    # Atom's titles say that they are plain text; RSS's cannot.
    return _in_rss_title if before.endswith("<item>\n      <title>") else _in_text


def _in_text(text: str) -> str:
    """Escape character data (XML 1.0 §2.4), as lxml does."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _in_rss_title(text: str) -> str:
    text = text.replace("&", "&#x26;").replace("<", "&#x3C;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _in_attribute(text: str) -> str:
    """Escape an attribute's value (XML 1.0 §3.3.3), as lxml does."""
    text = _in_text(text).replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;")
