"""What a feed says, whatever its format: plain data between its reader and its updates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ...model import addresses, limits
from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput
from .. import Problem


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to an entry: a picture, a sound, a film, a document."""

    url: str
    type: str = ""  #: media type
    title: str = ""
    width: int = 0  #: pixels, where it is said


@dataclass(frozen=True)
class Entry:
    """An entry, item or story, as its feed tells it."""

    id: str = ""
    links: tuple[str, ...] = ()  #: its own page, then what it points to; absolute
    title: str = ""  #: plain text
    text: str = ""
    kind: Literal["html", "plain"] = "html"  #: of the text
    base: str = ""  #: what the text's own links are relative to
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dated: str = ""  #: its date as it is written
    published: datetime | None = None  #: aware
    updated: datetime | None = None  #: aware
    lang: str = ""
    attachments: tuple[Attachment, ...] = ()
    origin: str = ""  #: title of the feed that it was first in


@dataclass(frozen=True)
class Document:
    """One document of a feed, with what leads to older ones."""

    title: str = ""
    lang: str = ""
    authors: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    older: str = ""  #: absolute address of the next document, if there is one
    problems: tuple[Problem, ...] = ()


def check_element(attributes: int, depth: int) -> None:
    """Refuse an element of XML that no feed or export has.

    Parsers take a time that grows with the square of its attributes.

    Raises :class:`InvalidInput`.
    """
    if attributes > limits.XML_ATTRIBUTES or depth > limits.XML_DEPTH:
        raise InvalidInput(
            f"An element of the document has more than {limits.XML_ATTRIBUTES} attributes or "
            f"namespaces, or lies in more than {limits.XML_DEPTH} others.",
            "Do not trust the document; tell its owner.",
        )


def line(text: object) -> str:
    """Return a text on one line, without the characters that no page can carry."""
    return " ".join(FORBIDDEN.sub("", text).split()) if isinstance(text, str) else ""


def web_address(base: str, address: object) -> str:
    """Return an absolute http or https address, or an empty string."""
    given = line(address)
    if not given:
        return ""
    try:
        url = addresses.joined(base, given)
        parts = addresses.parts_of(url)
    except ValueError:
        return ""
    is_web = parts.scheme in ("http", "https") and parts.netloc and " " not in url
    return url if is_web else ""


def instant(moment: datetime) -> datetime | None:
    """Return an instant if it can be that of an update."""
    try:
        return limits.check_instant(moment)
    except InvalidInput:
        return None
