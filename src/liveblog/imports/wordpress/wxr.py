"""Reads WordPress eXtended RSS (WXR), versions 1.0 to 1.2, as plain data.

A file is read as a stream, with one item in memory at a time. Frequent errors that lose no text are
corrected: control characters, blank lines at the start, HTML's names for characters, a wrong
encoding declaration. Files with entity declarations and incomplete files are refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.entities import html5
from pathlib import Path
from typing import TextIO
from xml.parsers import expat

from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput
from ...text.plain import unescape
from ..feed.document import check_element
from ..files import cannot_read

TEXT_LIMIT = 2_000_000
"""Maximum characters of one text; a longer one is cut and marked."""

_CHUNK = 1 << 16
_EXPORT_AGAIN = "Export it again, in parts if it is large: by year, or with 'wp export'."
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_ARCHIVES = {
    b"PK\3\4": ("a ZIP archive", "Unpack it, and give the folder with its XML files."),
    b"\x1f\x8b": ("compressed with gzip", "Unpack it with gunzip, and give the XML file."),
}
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"']")
_REFERENCE = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")
_XML_NAMES = ("amp", "lt", "gt", "quot", "apos")
_EXPORT = re.compile(r"https?://wordpress\.org/export/[\w.]+/(excerpt/)?$")
_PREFIXES = {
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/dc/elements/1.1/": "dc:",
}
_GROUP_ELEMENTS = {
    "item": "channel",
    "wp:author": "channel",
    "wp:postmeta": "item",
    "wp:comment": "item",
    "wp:commentmeta": "wp:comment",
}
"""Elements that hold fields, each with its parent."""

_FIELD_ELEMENTS = frozenset((
    "title", "link", "guid", "language", "pubDate", "dc:creator", "content:encoded",
    "excerpt:encoded", "wp:wxr_version", "wp:post_id", "wp:post_date", "wp:post_date_gmt",
    "wp:post_modified", "wp:post_modified_gmt", "wp:post_name", "wp:post_parent",
    "wp:post_password", "wp:post_type", "wp:status", "wp:is_sticky", "wp:attachment_url",
    "wp:comment_approved", "wp:comment_author", "wp:comment_content", "wp:comment_date",
    "wp:comment_date_gmt", "wp:comment_id", "wp:comment_type", "wp:comment_user_id",
))  # fmt: skip
_META_KEYS = frozenset((
    "_thumbnail_id", "_wp_attachment_image_alt", "cap-user_login", "liveblog",
    "liveblog_contributors", "liveblog_hide_authors", "liveblog_key_entry", "liveblog_replaces",
))  # fmt: skip
"""The fields and metadata that are read; plugins add many others."""


@dataclass(frozen=True)
class Author:
    """An author of the blog."""

    login: str
    number: str  #: of the user
    name: str  #: as shown to readers


@dataclass(frozen=True)
class Term:
    """A category, tag or other term of a post."""

    taxonomy: str  #: ``category``, ``post_tag``…
    slug: str
    name: str


@dataclass
class Comment:
    """A comment; the entries of the Liveblog plugin are comments."""

    fields: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    is_truncated: bool = False  #: whether its text was longer than :data:`TEXT_LIMIT`

    def __getitem__(self, name: str) -> str:
        """Return a field (``wp:comment_date``), or an empty string."""
        return self.fields.get(name, "")


@dataclass
class Item:
    """A post, page, attachment or other item of WordPress."""

    line: int  #: in the file, from 1
    fields: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)
    entries: list[Comment] = field(default_factory=list)  #: comments of the Liveblog plugin
    comments: int = 0  #: number of comments of readers
    is_truncated: bool = False  #: whether its text was longer than :data:`TEXT_LIMIT`

    def __getitem__(self, name: str) -> str:
        """Return a field (``title``, ``wp:post_type``), or an empty string."""
        return self.fields.get(name, "")

    @property
    def id(self) -> int:
        """Its number; 0 if it has no valid one."""
        return number(self["wp:post_id"])

    @property
    def key(self) -> str:
        """Its permanent name: its number, else its guid or address; empty without any."""
        return str(self.id or "") or self["guid"].strip() or self["link"].strip()


@dataclass(frozen=True)
class Site:
    """The fields of the blog itself."""

    fields: dict[str, str]  #: ``link``, ``language``, ``wp:wxr_version``…


Part = Author | Item | Site


def number(text: str) -> int:
    """Return a positive number; 0 for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


@dataclass(frozen=True)
class Encoding:
    """How a file is decoded."""

    name: str
    has_stray_bytes: bool = False  #: whether bytes that are not UTF-8 are read as Windows-1252
    problem: str = ""


def encoding(path: Path) -> Encoding:
    """Return how a file is encoded: valid UTF-8 is UTF-8, whatever the file declares.

    Raises :class:`InvalidInput` if the file cannot be read, or is an archive.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            head = file.read(_CHUNK)
            for magic, (what, hint) in _ARCHIVES.items():
                if head.startswith(magic):
                    raise InvalidInput(f"{path} is {what}.", hint)
            for mark, name in _BYTE_ORDER_MARKS.items():
                if head.startswith(mark):
                    return Encoding(name)
            chunk = head
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(_CHUNK)
    except UnicodeDecodeError:
        pass
    except (OSError, ValueError) as error:
        raise cannot_read(path, error) from None
    else:
        return Encoding("utf-8")
    found = _DECLARED.search(head)
    declared = found[1].decode().lower() if found else "utf-8"
    try:
        "".encode(declared)
        name = codecs.lookup(declared).name
    except (LookupError, UnicodeError):
        name = ""
    if name == "utf-8" or not name:
        problem = (
            f"it is not in the encoding that it names ({declared}); "
            "other bytes are read as Windows-1252"
        )
        return Encoding("utf-8", has_stray_bytes=True, problem=problem)
    # Files that declare ISO 8859-1 are Windows-1252 in practice.
    return Encoding("cp1252" if name == "iso8859-1" else name)


def read(path: Path, encoding_used: Encoding) -> Iterator[Part]:
    """Yield the parts of an export in order; a :class:`Site` is the last.

    Raises :class:`InvalidInput` at the first error in the file: read it to the end once before any
    part is used.
    """
    reader = _Reader(path)
    errors = "surrogateescape" if encoding_used.has_stray_bytes else "replace"
    try:
        with path.open(encoding=encoding_used.name, errors=errors) as file:
            for text in _clean_chunks(file, has_stray_bytes=encoding_used.has_stray_bytes):
                reader.feed(text)
                yield from reader.found
                reader.found.clear()
    except UnicodeError as error:
        raise InvalidInput(
            f"{path} cannot be read as {encoding_used.name}: {error}.", _EXPORT_AGAIN
        ) from None
    reader.end()
    yield Site(reader.site)


def _clean_chunks(file: TextIO, *, has_stray_bytes: bool) -> Iterator[str]:
    """Yield the text of a file in pieces that a strict parser accepts."""
    pending, is_first = "", True
    while chunk := file.read(_CHUNK):
        if has_stray_bytes:
            chunk = re.sub("[\udc80-\udcff]+", _decode_stray_bytes, chunk)
        text = FORBIDDEN.sub("", pending + chunk).replace("\ufeff", "")
        if is_first:
            text = text.lstrip()
            is_first = not text
        cut = text.rfind("&", max(0, len(text) - 40))
        cut = len(text) if cut < 0 or ";" in text[cut:] else cut
        text, pending = text[:cut], text[cut:]
        yield _REFERENCE.sub(_reference, text)
    yield pending


def _decode_stray_bytes(match: re.Match[str]) -> str:
    return bytes(ord(c) - 0xDC00 for c in match[0]).decode("cp1252", "replace")


def _reference(match: re.Match[str]) -> str:
    """Return a character for a reference that XML does not know.

    In a CDATA section the reference is HTML, and means the same character.
    """
    name = match[1]
    if name in _XML_NAMES:
        return match[0]
    if name[0] == "#":
        known = unescape(match[0])  # empty where it is no character
        return match[0] if known in ("<", ">", "&", '"') else FORBIDDEN.sub("", known)
    return html5.get(f"{name};", match[0])


class _Reader:
    """Collects the parts of an export from the events of the XML parser."""

    def __init__(self, path: Path) -> None:
        self.found: list[Part] = []
        self.site: dict[str, str] = {}
        self._path = path
        self._is_export = False
        self._names: list[str] = []  # of the open elements
        self._text: list[str] = []
        self._size = 0
        self._item: Item | None = None
        self._comment: Comment | None = None
        self._group: dict[str, str] = {}  # of an author, or a name and its value
        self._attributes: dict[str, str] = {}
        self._parser = expat.ParserCreate("utf-8", " ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartNamespaceDeclHandler = self._namespace
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, text: str) -> None:
        """Parse the next piece of the document."""
        self._parse(text.encode())

    def end(self) -> None:
        """Check that the document is complete."""
        self._parse(b"", is_last=True)
        if not self._is_export:
            raise self._not_an_export()

    def _parse(self, data: bytes, *, is_last: bool = False) -> None:
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as error:
            if not self._is_export and not self._names:
                raise self._not_an_export() from None
            where = f"line {error.lineno}"
            if self._item:
                title = " ".join(self._item["title"].split())[:60]
                where += f", in post {self._item.id or '?'} '{title}'"
            if is_last:
                raise InvalidInput(
                    f"{self._path} ends in {where}: the export was cut off.", _EXPORT_AGAIN
                ) from None
            said = expat.errors.messages[error.code]
            raise InvalidInput(
                f"{self._path} is not well-formed XML: {said} ({where}, column {error.offset}).",
                f"Correct it there. {_EXPORT_AGAIN}",
            ) from None

    def _not_an_export(self) -> InvalidInput:
        return InvalidInput(
            f"{self._path} is not a WordPress export.",
            "In WordPress, 'Tools → Export' makes one: XML that begins with <rss>.",
        )

    # -- events of the parser ----------------------------------------------------------------------

    def _doctype(self, name: str, *_: object) -> None:
        """Refuse a document type declaration, whose entities can expand to gigabytes."""
        if name.lower() == "html":
            raise self._not_an_export()
        raise InvalidInput(
            f"{self._path} has a document type declaration, which no WordPress export has.",
            "Do not trust the file; export it again.",
        )

    def _namespace(self, prefix: str | None, uri: str) -> None:
        self._is_export = self._is_export or bool(_EXPORT.match(uri or ""))

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        uri, _, local = qualified.rpartition(" ")
        found = _EXPORT.match(uri)
        prefix = ("excerpt:" if found[1] else "wp:") if found else _PREFIXES.get(uri, uri)
        name = prefix + local
        if not self._names and name != "rss":
            raise self._not_an_export()
        above = self._names[-1] if self._names else ""
        self._names.append(name)
        check_element(len(attributes), len(self._names))
        self._text, self._size = [], 0
        self._attributes = attributes
        if _GROUP_ELEMENTS.get(name) == above:
            if name == "item":
                self._item = Item(self._parser.CurrentLineNumber)
            elif name == "wp:comment":
                self._comment = Comment()
            self._group = {}

    def _characters(self, text: str) -> None:
        self._size += len(text)
        if self._size <= TEXT_LIMIT:
            self._text.append(text)

    def _end(self, _: str) -> None:
        name = self._names.pop()
        above = self._names[-1] if self._names else ""
        if _GROUP_ELEMENTS.get(name) == above:
            self._close(name)
        else:
            self._field(name, above)
        self._text, self._size = [], 0

    def _close(self, name: str) -> None:
        item, comment, group = self._item, self._comment, self._group
        if name == "item" and item:
            self.found.append(item)
            self._item = None
        elif name == "wp:author":
            fields = [
                group.get(f"wp:author_{name}", "") for name in ("login", "id", "display_name")
            ]
            self.found.append(Author(*fields))
        elif name == "wp:comment" and item and comment:
            if comment["wp:comment_type"] == "liveblog":
                item.entries.append(comment)
            elif comment["wp:comment_type"] in ("", "comment"):
                item.comments += 1
            self._comment = None
        elif name in ("wp:postmeta", "wp:commentmeta"):
            holder = comment if name == "wp:commentmeta" else item
            if holder:
                key = group.get("wp:meta_key", "")
                if key in _META_KEYS:
                    holder.meta.setdefault(key, group.get("wp:meta_value", ""))
        self._group = {}

    def _field(self, name: str, above: str) -> None:
        """Store the text of an element, if it is one that is used."""
        text = "".join(self._text)
        if above in ("wp:author", "wp:postmeta", "wp:commentmeta"):
            self._group[name] = text
        elif above == "wp:comment" and self._comment and name in _FIELD_ELEMENTS:
            self._comment.fields[name] = text
            self._comment.is_truncated = self._comment.is_truncated or self._size > TEXT_LIMIT
        elif above == "item" and self._item:
            if name == "category":
                named = self._attributes
                term = Term(named.get("domain", "category"), named.get("nicename", ""), text)
                self._item.terms.append(term)
            elif name in _FIELD_ELEMENTS:
                self._item.fields.setdefault(name, text)
                self._item.is_truncated = self._item.is_truncated or self._size > TEXT_LIMIT
        elif above == "channel" and name in _FIELD_ELEMENTS:
            self.site.setdefault(name, text)
