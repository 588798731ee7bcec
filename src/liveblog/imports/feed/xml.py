"""Atom and RSS 0.9 to 2.0: feedparser's only door.

feedparser asks the network when it is given an address, guesses encodings by rules that servers do
not keep, and hands what is not well-formed to a parser that can be made to hang. So it is given
bytes that are UTF-8, well-formed and free of declarations: what is mended on the way is said.
"""

from __future__ import annotations

import codecs
import io
import re
from datetime import UTC, date, datetime
from email.message import Message
from html.entities import html5
from typing import Any
from xml.parsers import expat

import feedparser
from lxml import etree
from lxml import html as lxml_html

from ...model import limits
from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput
from ...text.fragments import html_to_text
from ...text.plain import unescape
from ...text.sanitizer import sanitize
from .. import Problem
from .entry import Attachment, Document, Entry, check_element, instant, line, web_address

_PROLOG = re.compile(
    r"(?:[\s\ufeff]|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\b[^\[>]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.I
)
_ROOT = re.compile(r"<((?:[\w.-]+:)?([\w.-]+))")
_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(#\d+;|#[xX][\da-fA-F]+;|\w+;)?", re.DOTALL
)
_XML_NAMES = ("amp;", "lt;", "gt;", "quot;", "apos;")
_MODES = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0\0\0": "utf-32-le",
    b"\0\0\0<": "utf-32-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
"""Byte order marks, and how a document without one begins (XML 1.0 appendix F)."""

_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}"
_PEOPLE = frozenset(
    ("author", "contributor", "creator", "credit", "email", "managingeditor", "name", "owner",
     "publisher", "webmaster")
)  # fmt: skip
_LONGEST_NAME = 500
"""Elements that name people, and the characters that are read of one."""

_TOPICS = frozenset(("category", "keywords", "subject"))
_MOST_TOPICS = 10 * limits.LIST
"""Elements that name topics, and how many are read of one update."""

_ADDRESSES = frozenset(
    ("comments", "commentrss", "docs", "href", "icon", "id", "guid", "link", "logo", "url")
)
_ADDRESS_ATTRIBUTES = frozenset(("base", "href", "src", "uri", "url"))
"""Elements and attributes that hold an address, which feedparser takes apart."""

_PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "fh": "http://purl.org/syndication/history/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
"""Prefixes that feeds use and forget to declare."""


def read(data: bytes, where: str, url: str, content_type: str = "") -> Document:
    """Read a document; its relative addresses lead from *url*.

    Raises :class:`InvalidInput` if it is no feed.
    """
    whole, problems = _decoded(data, where, content_type)
    prolog = _PROLOG.match(whole)
    text = whole[prolog.end() if prolog else 0 :].rstrip()
    root = _ROOT.match(text)
    if not root or root[2].lower() not in ("rss", "feed", "rdf", "channel"):
        raise _no_feed(whole, where, url)
    is_cut = f"</{root[1]}" not in text[-1000:]
    clean, fault = _well_formed(_REFERENCE.sub(_reference, text))
    if is_cut:
        what = "the feed breaks off; its last update is left out, for it may be incomplete"
        problems.append(Problem(where, what, "Fetch it again."))
    elif fault:
        what = f"the feed is not well-formed XML ({fault}); something may be missing"
        problems.append(Problem(where, what, "Compare what came in with the source."))
    if b"deleted-entry" in clean:
        clean = _without_tombstones(clean, where, problems)
    clean = _within_limits(clean)
    found = _parsed(clean, where)
    feed = found["feed"]
    entries = found["entries"][: -1 if is_cut else None]
    is_atom = str(found.get("version", "")).startswith("atom")
    return Document(
        title=_title(feed),
        lang=line(feed.get("language")),
        authors=_authors(feed) if is_atom else (),  # in RSS it is the editor of them all
        entries=tuple(_entry(entry, url) for entry in entries),
        older=_older(feed, url),
        problems=tuple(problems),
    )


# -- bytes to well-formed text ---------------------------------------------------------------------


def _decoded(data: bytes, where: str, content_type: str) -> tuple[str, list[Problem]]:
    """Decode by what the bytes are, then by what is said of them (RFC 7303 §3)."""
    marks = [name for mark, name in _MODES.items() if data.startswith(mark)]
    header = Message()
    header["content-type"] = content_type
    declared = _DECLARED.match(data)
    said = [header.get_content_charset(""), declared[1].decode().lower() if declared else ""]
    text, used = "", ""
    is_seven_bit = data.isascii() and any(re.match("iso-2022|utf-?7|hz", name) for name in said)
    # What reads as UTF-8 is UTF-8, whatever a server says of it.
    for name in [*marks[:1], *([] if is_seven_bit else ["utf-8"]), *said]:
        try:
            text, used = data.decode("gb18030" if name == "gb2312" else name), name
        except (LookupError, UnicodeError, ValueError):
            continue
        break
    problems = []
    if not used:
        text = data.decode(marks[0] if marks else "windows-1252", "replace")
        said_it = next(filter(None, said), "")
        what = f"it is not in the encoding that it names ({said_it})" if said_it else (
            "it names no encoding, and is not in UTF-8"
        )  # fmt: skip
        problems.append(Problem(where, what, "Look for wrong characters in what was imported."))
    text = re.sub("\r\n?", "\n", text)
    return FORBIDDEN.sub("", text.replace("\ufeff", "")), problems


def _reference(match: re.Match[str]) -> str:
    """Return a character reference that needs no declaration; a lone ``&`` stands for itself."""
    name = match[1]
    if match[0][0] == "<" or name in _XML_NAMES:
        return match[0]
    if not name:
        return "&amp;"
    if name[0] == "#":
        known = unescape(match[0])
        return "" if FORBIDDEN.search(known) and known not in "\t\n\r" else match[0]
    return html5.get(name) or f"&amp;{name}"


def _well_formed(text: str) -> tuple[bytes, str]:
    """Return a document that a strict parser takes, and what was wrong with it."""
    data = text.encode()
    fault = _fault(data)
    if fault and "prefix" in fault:
        declared = set(re.findall(r"\sxmlns:([\w.-]+)\s*=", text))
        used = set(re.findall(r"[<\s/]([A-Za-z_][\w.-]*):[A-Za-z_]", text))
        missing = sorted(used & _PREFIXES.keys() - declared)
        names = "".join(f' xmlns:{name}="{_PREFIXES[name]}"' for name in missing)
        data = _ROOT.sub(lambda m: m[0] + names, text, count=1).encode()
        if not _fault(data):
            return data, ""
    if fault:
        parser = etree.XMLParser(
            recover=True, resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8"
        )
        tree = etree.fromstring(data, parser)
        prefixes: set[str | None] = set()
        for element in () if tree is None else tree.iter():
            prefixes |= element.nsmap.keys()
            check_element(max(len(element.attrib), len(prefixes)), 0)  # what lies behind the fault
        data = b"" if tree is None else etree.tostring(tree, encoding="utf-8")
    return data, fault


def _fault(data: bytes) -> str:
    """Return what is wrong with a document.

    Raises :class:`InvalidInput` where feedparser would take too long for it.
    """
    depth = 0
    prefixes = set()

    def declared(prefix: str | None, _: str) -> None:
        # For each element feedparser looks through all of them.
        prefixes.add(prefix)
        check_element(len(prefixes), 0)

    def start(_: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        check_element(len(attributes), depth)

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartNamespaceDeclHandler = declared
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        return str(error)
    return ""


def _without_tombstones(data: bytes, where: str, problems: list[Problem]) -> bytes:
    """Take out what tells of entries that were deleted (RFC 6721); feedparser would mix them in."""
    tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    for tomb in list(tree.iter(f"{_TOMBSTONE}deleted-entry")):
        reason = line(tomb.findtext(f"{_TOMBSTONE}comment"))
        what = f"'{line(tomb.get('ref'))}' was deleted there on {line(tomb.get('when'))[:10]}"
        what += f": {reason}" if reason else ""
        problems.append(Problem(where, what, "Retract it here too, if you have it."))
        if (parent := tomb.getparent()) is not None:
            parent.remove(tomb)
    return etree.tostring(tree, encoding="utf-8")


def _within_limits(data: bytes) -> bytes:
    """Cut names and addresses for which feedparser would take too long.

    It looks for an address from each letter of a name on, normalises what stands in the place of a
    host, and compares each topic of an update with all before it.
    """
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    tree = etree.fromstring(data, parser) if data else None
    is_cut = False
    topics = 0
    for element in [] if tree is None else list(tree.iter("{*}*")):
        name = _local(element.tag)
        topics = 0 if name in ("entry", "item") else topics
        if name in _TOPICS:
            topics += 1 + "".join(map(str, element.itertext())).count(",")
            if topics > _MOST_TOPICS and (parent := element.getparent()) is not None:
                parent.remove(element)
                is_cut = True
        limit = _LONGEST_NAME if name in _PEOPLE else limits.ADDRESS if name in _ADDRESSES else None
        if limit and len(text := "".join(map(str, element.itertext()))) > limit:
            del element[:]
            element.text = text[:limit]
            is_cut = True
        for attribute, value in element.attrib.items():
            if _local(attribute) in _ADDRESS_ATTRIBUTES and len(value) > limits.ADDRESS:
                del element.attrib[attribute]
                is_cut = True
    return etree.tostring(tree, encoding="utf-8") if tree is not None and is_cut else data


def _local(name: str | bytes) -> str:
    """Return a name without its namespace, or a prefix that stands for none."""
    return re.split("[}:]", str(name))[-1].lower()


def _parsed(data: bytes, where: str) -> dict[str, Any]:
    try:
        found = feedparser.parse(
            io.BytesIO(data),  # bytes alone might be taken for the name of a file
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,  # what makes Markdown of it does
        )
    except Exception as error:  # it raises what its parts raise: ValueError, IndexError…
        raise InvalidInput(
            f"{where} cannot be read as a feed: {error!r}.", "Check it with a feed validator."
        ) from None
    return {**found}


def _no_feed(text: str, where: str, url: str) -> InvalidInput:
    """Say what it is instead; a web page often names its feed."""
    if not re.search(r"<(?:!doctype\s+)?html\b", text[:2000], re.IGNORECASE):
        return InvalidInput(f"{where} is no feed.", "Give an Atom, RSS or JSON Feed.")
    try:
        page = lxml_html.document_fromstring(text[:1_000_000])
    except etree.LxmlError:
        page = lxml_html.Element("html")
    for link in page.iter("link"):
        kind = link.get("type", "")
        if "alternate" in link.get("rel", "").lower() and kind.endswith(("+xml", "feed+json")):
            address = web_address(url, link.get("href"))
            if address:
                return InvalidInput(
                    f"{where} is a web page, no feed.", f"Its feed is at {address}: give that."
                )
    return InvalidInput(f"{where} is a web page, no feed.", "Give the address of its feed.")


# -- what feedparser found -------------------------------------------------------------------------


def _entry(entry: dict[str, Any], url: str) -> Entry:
    text, kind, base, lang = _text(entry)
    links = [link for link in entry.get("links", ()) if isinstance(link, dict)]
    own = [link for link in links if link.get("rel") == "alternate"]
    # feedparser takes a guid for the address of a page.
    addresses = [web_address(url, link.get("href")) for link in own] or [
        web_address("", entry.get("link"))
    ]
    # An old name and a new one; feedparser's own look-up takes either for the other.
    dates = [dict.get(entry, name) for name in ("published_parsed", "updated_parsed")]
    dates[0] = dates[0] or dict.get(entry, "created_parsed")
    dated = [line(dict.get(entry, name)) for name in ("published", "updated", "created")]
    detail = entry.get("title_detail") or {}
    source = entry.get("source") or {}
    return Entry(
        id=line(dict.get(entry, "id")),
        links=tuple(filter(None, addresses[:1])),
        title=_title(entry),
        text=text,
        kind=kind,
        base=web_address(url, base) or url,
        authors=_authors(entry) or _authors(source),
        tags=tuple(
            filter(None, (line(t.get("label") or t.get("term")) for t in entry.get("tags", ())))
        ),
        dated=next(filter(None, dated), ""),
        published=_instant(dates[0], dated[0] or dated[2]),
        updated=_instant(dates[1], dated[1]),
        lang=line(entry.get("language") or lang or detail.get("language")),
        attachments=tuple(_attachments(entry, links, url)),
        origin=_title(source),
    )


def _title(of: dict[str, Any]) -> str:
    detail = of.get("title_detail") or {}
    text = of.get("title") or ""
    return line(text if detail.get("type") == "text/plain" else html_to_text(sanitize(text)))


def _text(entry: dict[str, Any]) -> tuple[str, Any, str, str]:
    """Return the fullest text with its kind, base and language; a summary only for want of it."""
    found = [
        part
        for part in entry.get("content", ())
        if part.get("value") and part.get("type", "").startswith(("text/", "application/xhtml"))
    ]
    if found:
        part = max(found, key=lambda part: len(part["value"]))
    else:
        part = {**(entry.get("summary_detail") or {}), "value": entry.get("summary") or ""}
    kind = "plain" if part.get("type") == "text/plain" else "html"
    return part["value"], kind, part.get("base") or "", part.get("language") or ""


def _authors(of: dict[str, Any]) -> tuple[str, ...]:
    names = [line(author.get("name")) for author in of.get("authors", ())]
    if not any(names):
        # Never the address alone: it was not given to be published again.
        names = [line((of.get("author_detail") or {}).get("name"))]
    return tuple(dict.fromkeys(name for name in names if name and "@" not in name))


def _attachments(entry: dict[str, Any], links: list[dict[str, Any]], url: str) -> list[Attachment]:
    found = [
        Attachment(address, line(link.get("type")).lower(), line(link.get("title")))
        for link in links
        if link.get("rel") == "enclosure" and (address := web_address(url, link.get("href")))
    ]
    for media in entry.get("media_content", ()):
        kind = line(media.get("type")).lower()
        if not kind and media.get("medium") == "image":
            kind = "image/*"
        width = line(media.get("width"))
        if address := web_address(url, media.get("url")):
            pixels = int(width) if width.isdecimal() and len(width) < 6 else 0
            found.append(Attachment(address, kind, "", pixels))
    return found


def _older(feed: dict[str, Any], url: str) -> str:
    """Return the document before this one: an archive (RFC 5005 §4) before a page (§3)."""
    for wanted in ("prev-archive", "next"):
        for link in feed.get("links", ()):
            if link.get("rel") == wanted and (address := web_address(url, link.get("href"))):
                return address
    return ""


def _instant(parsed: Any, written: str) -> datetime | None:
    """Return an instant of feedparser's: nine numbers in UTC."""
    try:
        if re.match(r"\d{4}-\d\d-\d\d", written):
            date.fromisoformat(written[:10])  # it takes a month 13 for a January
        year, month, day, hour, minute, second = parsed[:6]
        return instant(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
    except (ValueError, OverflowError, TypeError):
        return None
