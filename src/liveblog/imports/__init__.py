"""Importers: what a newsroom already has, read as updates that the journal can take.

Each importer is a module with a function that yields items as it finds them, so that memory stays
bounded whatever the size of the source. It writes nothing: :meth:`Blog.import_items` appends
what it yields. What cannot be understood is an item too, a :class:`Problem`, and never dropped in
silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..model.entry import Figure, Framing, Media, Revision, Source, State, Verification


@dataclass(frozen=True)
class Picture:
    """A picture of an update, whose bytes are read only when it is imported."""

    name: str  #: its file name, for the report
    read: Callable[[], bytes]  #: raises :class:`LiveblogError` if it is missing
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Version:
    """One version of an update, as its source tells it."""

    published: datetime  #: aware
    updated: datetime | None = None  #: aware; ``published`` unless the source says more
    title: str = ""  #: plain text
    body: str = ""  #: Markdown
    author: str = ""
    tags: tuple[str, ...] = ()
    key: bool = False
    pinned: bool = False
    verification: Verification = ""
    sources: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()
    pictures: tuple[Picture, ...] = ()
    lang: str = ""
    state: State = "live"
    note: str = ""  #: the public reason for this version


@dataclass(frozen=True)
class Update:
    """An update with its versions, oldest first."""

    key: str  #: names it within its source for ever: a second import adds nothing
    where: str  #: ``line 12``, ``posts/a.md``: where to look, for the report
    versions: tuple[Version, ...]


@dataclass(frozen=True)
class Frame:
    """The text around a digest: what a source says before and after its updates."""

    period: str  #: a period's id, or ``coverage``
    where: str
    headline: str = ""
    introduction: str = ""  #: Markdown
    close: str = ""  #: Markdown


@dataclass(frozen=True)
class Problem:
    """What could not be understood or taken, and where it stands."""

    where: str
    what: str
    hint: str = ""


@dataclass(frozen=True)
class Copy:
    """A record of another journal of this kind, to be taken as it stands.

    Its name, number and instants are kept; the versions of one entry come oldest first.
    """

    where: str
    record: Revision | Framing
    read: Callable[[Media], bytes]  #: a picture's bytes; raises LiveblogError if it is missing


Item = Update | Frame | Copy | Problem
