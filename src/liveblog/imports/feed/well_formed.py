"""Turns the bytes of a feed into well-formed XML within limits, so that feedparser can read it.

feedparser guesses encodings by rules that servers do not follow, passes XML that is not well-formed
to a parser that can be made to hang, and is slow for some input. It is only given UTF-8 that is
well-formed, without declarations and within the limits below; every repair is reported.
"""

from __future__ import annotations

import codecs
import re
from email.message import Message
from html.entities import html5
from xml.parsers import expat

from lxml import etree

from ...model import limits
from ...model.entry import FORBIDDEN
from ...text.plain import unescape
from .. import Problem
from .document import check_element, one_line

ROOT = re.compile(r"<((?:[\w.-]+:)?([\w.-]+))")
"""The start of the root element: its name, and its name without a prefix."""

_DECLARED = re.compile(rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_REFERENCES = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(#\d+;|#[xX][\da-fA-F]+;|\w+;)?", re.DOTALL
)
_XML_NAMES = ("amp;", "lt;", "gt;", "quot;", "apos;")
_BYTE_ORDERS = {
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
"""Byte order marks, and the first bytes of documents without one (XML 1.0 appendix F)."""

_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}"
_NAME_ELEMENTS = frozenset(
    ("author", "contributor", "creator", "credit", "email", "managingeditor", "name", "owner",
     "publisher", "webmaster")
)  # fmt: skip
"""Elements that name people."""

_NAME_LENGTH = 500
"""Maximum characters of such an element that are read."""

_TOPIC_ELEMENTS = frozenset(("category", "keywords", "subject"))

_MAX_TOPICS = 10 * limits.LIST
"""Maximum number of topics of one update that are read."""

_ADDRESS_ELEMENTS = frozenset(
    ("comments", "commentrss", "docs", "href", "icon", "id", "guid", "link", "logo", "url")
)
_ADDRESS_ATTRIBUTES = frozenset(("base", "href", "src", "uri", "url"))
"""Elements and attributes that hold an address, which feedparser parses."""

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
"""Namespaces of the prefixes that feeds use without declaring them."""


def decode(data: bytes, where: str, content_type: str) -> tuple[str, list[Problem]]:
    """Decode a document: by its first bytes, as UTF-8, else as declared (RFC 7303 §3)."""
    marks = [name for mark, name in _BYTE_ORDERS.items() if data.startswith(mark)]
    header = Message()
    header["content-type"] = content_type
    declared = _DECLARED.match(data)
    claimed = [header.get_content_charset(""), declared[1].decode().lower() if declared else ""]
    text, used = "", ""
    is_seven_bit = data.isascii() and any(re.match("iso-2022|utf-?7|hz", name) for name in claimed)
    # Valid UTF-8 is UTF-8, whatever the server declares.
    for name in [*marks[:1], *([] if is_seven_bit else ["utf-8"]), *claimed]:
        try:
            text, used = data.decode("gb18030" if name == "gb2312" else name), name
        except (LookupError, UnicodeError, ValueError):
            continue
        break
    problems = []
    if not used:
        text = data.decode(marks[0] if marks else "windows-1252", "replace")
        name_given = next(filter(None, claimed), "")
        what = f"it is not in the encoding that it names ({name_given})" if name_given else (
            "it names no encoding, and is not in UTF-8"
        )  # fmt: skip
        problems.append(Problem(where, what, "Look for wrong characters in what was imported."))
    text = re.sub("\r\n?", "\n", text)
    return FORBIDDEN.sub("", text.replace("\ufeff", "")), problems


def _resolve_reference(match: re.Match[str]) -> str:
    """Return a reference that needs no declaration; a lone ``&`` is escaped."""
    name = match[1]
    if match[0][0] == "<" or name in _XML_NAMES:
        return match[0]
    if not name:
        return "&amp;"
    if name[0] == "#":
        known = unescape(match[0])
        return "" if FORBIDDEN.search(known) and known not in "\t\n\r" else match[0]
    return html5.get(name) or f"&amp;{name}"


def parse(text: str) -> tuple[etree._Element | None, str]:
    """Return the tree of a document, and its syntax error that was repaired (empty if none)."""
    text = _REFERENCES.sub(_resolve_reference, text)
    data = text.encode()
    fault = _find_fault(data)
    if "prefix" in fault:
        declared = set(re.findall(r"\sxmlns:([\w.-]+)\s*=", text))
        used = set(re.findall(r"[<\s/]([A-Za-z_][\w.-]*):[A-Za-z_]", text))
        missing = sorted(used & _PREFIXES.keys() - declared)
        names = "".join(f' xmlns:{name}="{_PREFIXES[name]}"' for name in missing)
        data = ROOT.sub(lambda m: m[0] + names, text, count=1).encode()
        fault = fault if _find_fault(data) else ""
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, encoding="utf-8",
        huge_tree=not fault,
    )  # fmt: skip
    tree = etree.fromstring(data, parser)
    prefixes: set[str | None] = set()
    for element in tree.iter() if fault and tree is not None else ():
        prefixes |= element.nsmap.keys()
        check_element(max(len(element.attrib), len(prefixes)), 0)  # also after the fault
    return tree, fault


def _find_fault(data: bytes) -> str:
    """Return the first syntax error of a document, empty if there is none.

    Raises :class:`InvalidInput` if it has so many attributes, namespaces or levels that feedparser
    would take too long.
    """
    depth = 0
    prefixes = set()

    def declared(prefix: str | None, _: str) -> None:
        # feedparser goes through all prefixes for each element.
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


def remove_tombstones(tree: etree._Element, where: str, problems: list[Problem]) -> None:
    """Remove and report deleted entries (RFC 6721), which feedparser does not know."""
    for tomb in list(tree.iter(f"{_TOMBSTONE}deleted-entry")):
        reason = one_line(tomb.findtext(f"{_TOMBSTONE}comment"))
        entry, day = one_line(tomb.get("ref")), one_line(tomb.get("when"))[:10]
        what = f"'{entry}' was deleted there on {day}"
        what += f": {reason}" if reason else ""
        problems.append(Problem(where, what, "Retract it here too, if you have it."))
        if (parent := tomb.getparent()) is not None:
            parent.remove(tomb)


def enforce_limits(tree: etree._Element) -> None:
    """Cut long names, addresses and lists of topics, for which feedparser takes quadratic time.

    feedparser searches for an address from each letter of a name, normalises host names, and
    compares each topic of an update with all topics before it.
    """
    topics = 0
    for element in list(tree.iter("{*}*")):
        name = _local(element.tag)
        topics = 0 if name in ("entry", "item") else topics
        if name in _TOPIC_ELEMENTS:
            topics += 1 + "".join(map(str, element.itertext())).count(",")
            if topics > _MAX_TOPICS and (parent := element.getparent()) is not None:
                parent.remove(element)
        limit = _length_limit(name)
        if limit and len(text := "".join(map(str, element.itertext()))) > limit:
            del element[:]
            element.text = FORBIDDEN.sub("", text[:limit])  # lxml reads more than it writes
        for attribute, value in element.attrib.items():
            if _local(attribute) in _ADDRESS_ATTRIBUTES and len(value) > limits.ADDRESS:
                del element.attrib[attribute]


def _length_limit(name: str) -> int | None:
    if name in _NAME_ELEMENTS:
        return _NAME_LENGTH
    return limits.ADDRESS if name in _ADDRESS_ELEMENTS else None


def _local(name: str | bytes) -> str:
    """Return a name in lower case, without namespace or prefix."""
    return re.split("[}:]", str(name))[-1].lower()
