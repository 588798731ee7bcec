"""The feedgen extension: repairs what feedgen 1.0 leaves out or writes wrongly.

feedgen passes the finished lxml tree; its elements have no namespace in memory, so bare tags are
matched. Each function names the rules that it implements.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from .model import Feed, Item

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
SY = "http://purl.org/rss/1.0/modules/syndication/"
AT = "http://purl.org/atompub/tombstones/1.0"
FH = "http://purl.org/syndication/history/1.0"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class FeedRepair(BaseExtension):  # type: ignore[misc]
    """Repairs the feed as a whole."""

    feed: Feed

    def extend_ns(self) -> dict[str, str]:
        """Declare the namespaces at the root, once."""
        return {"at": AT, "dc": DC, "fh": FH, "sy": SY}

    def extend_atom(self, root: Any) -> Any:
        """Add what feedgen cannot express, before the first entry.

        - the hubs (WebSub §4);
        - the links to archives (RFC 5005 §4);
        - what was removed (RFC 6721 §3): elements without children, because some readers would
          take a link in one for that of the feed.

        Namespaces that the document does not use are removed.
        """
        first = root.find("link")
        for rel, href in self._links("atom.xml"):
            first.addprevious(etree.Element("link", rel=rel, href=href))
        for element in self._history():
            first.addprevious(element)
        etree.cleanup_namespaces(root)
        return root

    def extend_rss(self, root: Any) -> Any:
        """Add what feedgen leaves out of a channel.

        - the hubs and the archives, as ``atom:link`` (WebSub §4, RFC 5005 appendix B);
        - what was removed, as in Atom: RSS has no element for it;
        - ``sy:updatePeriod`` and ``sy:updateFrequency`` agree with ``ttl``;
        - the channel's description is HTML by convention, as that of an item;
        - the channel's author is ``dc:creator``, never ``managingEditor`` (which wants an e-mail).
        """
        channel = root.find("channel")
        description = channel.find("description")
        description.text = escape(description.text, quote=False)
        own = channel.find(f"{{{ATOM}}}link")
        for rel, href in self._links("rss.xml"):
            own.addprevious(etree.Element(f"{{{ATOM}}}link", rel=rel, href=href))
        for element in self._history():
            own.addprevious(element)
        if self.feed.author:
            etree.SubElement(channel, f"{{{DC}}}creator").text = self.feed.author
        per_day = max(1, 24 * 60 // self.feed.minutes)
        is_hourly = per_day >= 24
        etree.SubElement(channel, f"{{{SY}}}updatePeriod").text = "hourly" if is_hourly else "daily"
        frequency = per_day // 24 if is_hourly else per_day
        etree.SubElement(channel, f"{{{SY}}}updateFrequency").text = str(frequency)
        # Items are added later; simple readers know their elements by these prefixes.
        etree.cleanup_namespaces(root, keep_ns_prefixes=["atom", "content", "dc"])
        return root

    def _links(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield relations and addresses; *name* is that of this document in its folder."""
        for hub in self.feed.hubs:
            yield "hub", hub
        archives = self.feed.archives
        if archives.earlier:
            yield "prev-archive", archives.earlier + name
            # For readers that support paged feeds (RFC 5005 §3) only.
            yield "next", archives.earlier + name
        if archives.later:
            yield "next-archive", archives.later + name
        if archives.current:
            yield "current", archives.current + name

    def _history(self) -> Iterator[Any]:
        if self.feed.archives.current:
            yield etree.Element(f"{{{FH}}}archive")
        for gone in self.feed.removed:
            when = gone.when.isoformat()
            yield etree.Element(f"{{{AT}}}deleted-entry", ref=gone.id, when=when)


class ItemRepair(BaseEntryExtension):  # type: ignore[misc]
    """Repairs one entry."""

    item: Item

    def extend_atom(self, entry: Any) -> Any:
        """Rebuild the entry's links, and add what feedgen cannot express.

        - each link keeps its rel, type, length and title (RFC 4287 §4.2.7): without them
          readers take an enclosure for the entry itself;
        - ``xml:lang`` where the entry's language differs (§2);
        - ``source`` with id, title and updated of a copy (§4.2.11).
        """
        item = self.item
        for link in entry.findall("link"):
            entry.remove(link)
        etree.SubElement(entry, "link", rel="alternate", type="text/html", href=item.url)
        for enclosure in item.enclosures:
            link = etree.SubElement(
                entry,
                "link",
                rel="enclosure",
                type=enclosure.type,
                length=str(enclosure.size),
                href=enclosure.url,
            )
            if enclosure.title:
                link.set("title", enclosure.title)
        for name, url in item.via:
            etree.SubElement(entry, "link", rel="via", title=name, href=url)
        if item.language:
            entry.set(XML_LANG, item.language)
        if item.origin:
            source = etree.SubElement(entry, "source")
            etree.SubElement(source, "id").text = item.origin.id
            etree.SubElement(source, "title").text = item.origin.title
            # The feed as it was when this entry last changed in it.
            etree.SubElement(source, "updated").text = item.updated.isoformat()
            etree.SubElement(source, "link", rel="self", href=item.origin.folder_url + "atom.xml")
        return entry

    def extend_rss(self, entry: Any) -> Any:
        """Write what feedgen leaves out of an item, or writes wrongly.

        - the author is ``dc:creator``, the last change ``atom:updated``;
        - the description is HTML by convention (RSS profile, "description"), so a plain summary is
          escaped: otherwise readers lose ``<word>`` and change ``&amp;``.
        """
        description = entry.find("description")
        description.text = escape(description.text, quote=False)
        if self.item.author:
            etree.SubElement(entry, f"{{{DC}}}creator").text = self.item.author
        updated = etree.SubElement(entry, f"{{{ATOM}}}updated")
        updated.text = self.item.updated.isoformat()
        if self.item.origin:
            url = self.item.origin.folder_url + "rss.xml"
            source = etree.SubElement(entry, "source", url=url)
            source.text = self.item.origin.title
        return entry
