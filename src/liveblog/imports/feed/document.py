"""Data classes for the contents of a feed in any format, and functions that check its values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from ...model import limits
from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput
from .. import Problem
from ..html.pictures import resolve


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to an entry: a picture, sound, video or document."""

    url: str
    type: str = ""  #: media type
    title: str = ""
    width: int = 0  #: pixels; 0 if unknown


@dataclass(frozen=True)
class Entry:
    """An entry of a feed."""

    id: str = ""
    links: tuple[str, ...] = ()  #: its page, then the page it refers to; absolute
    title: str = ""  #: plain text
    text: str = ""
    kind: Literal["html", "plain"] = "html"  #: of the text
    base: str = ""  #: base of the relative links in the text
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dated: str = ""  #: its date as written
    published: datetime | None = None  #: aware
    day: date | None = None  #: the day that it is dated with, where it has no time
    written_time: str = ""  #: its time in words, where it is vague
    updated: datetime | None = None  #: aware
    lang: str = ""
    attachments: tuple[Attachment, ...] = ()
    origin: str = ""  #: title of the feed that it was copied from


@dataclass(frozen=True)
class Document:
    """One document of a feed, and the address of the older one."""

    title: str = ""
    lang: str = ""
    authors: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    older: str = ""  #: absolute address of the older document; empty if there is none
    problems: tuple[Problem, ...] = ()


def check_element(attributes: int, depth: int) -> None:
    """Refuse an XML element with more attributes or levels than any feed or export has.

    Parsers take quadratic time for attributes. Raises :class:`InvalidInput`.
    """
    if attributes > limits.XML_ATTRIBUTES or depth > limits.XML_DEPTH:
        raise InvalidInput(
            f"An element of the document has more than {limits.XML_ATTRIBUTES} attributes or "
            f"namespaces, or lies in more than {limits.XML_DEPTH} others.",
            "Do not trust the document; tell its owner.",
        )


def one_line(text: object) -> str:
    """Return a text on one line without forbidden characters; empty for anything but a text."""
    return " ".join(FORBIDDEN.sub("", text).split()) if isinstance(text, str) else ""


def web_address(base: str, address: object) -> str:
    """Return an absolute http or https address, or an empty string."""
    url = resolve(base, one_line(address))
    return url if url.startswith(("http:", "https:")) and " " not in url else ""


def instant_in_range(moment: datetime) -> datetime | None:
    """Return an instant if an update may have it, else None."""
    try:
        return limits.check_instant(moment)
    except InvalidInput:
        return None
