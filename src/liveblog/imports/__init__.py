"""Importers, and the items that they yield: updates, framings, chapters, copies and problems.

Each importer is a module with a function that yields items as it finds them, so that memory stays
bounded whatever the size of the source. An importer writes nothing: :meth:`Blog.import_items`
appends the items. Whatever an importer cannot import is an item too, a :class:`Problem`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from ..model.chapter import Chapter
from ..model.draft import Draft
from ..model.entry import Framing, Media, State
from ..model.errors import LiveblogError
from ..model.moment import Moment
from ..model.records import Version as AnyVersion


@dataclass(frozen=True)
class Picture:
    """A picture of an update, whose bytes are read only when it is imported."""

    name: str  #: its file name, for the report
    read: Callable[[], bytes]  #: raises :class:`LiveblogError` if it is missing
    alt: str = ""
    caption: str = ""
    url: str = ""  #: its address in the web, which stays in the text if it cannot be fetched


class Version(Draft, frozen=True, kw_only=True):
    """One version of an update in its source; an unset field is empty."""

    published: Moment
    updated: datetime | None = None  #: aware; that of ``published`` unless the source says more
    pictures: tuple[Picture, ...] = ()
    state: State = "live"
    note: str = ""  #: the public reason for this version


@dataclass(frozen=True)
class Translation:
    """Another update of the same source that says the same in another language."""

    key: str  #: of that update
    day: date  #: its day
    lang: str  #: BCP 47
    title: str = ""


@dataclass(frozen=True)
class Update:
    """An update with its versions, oldest first."""

    key: str  #: permanent and unique within its source: a second import adds nothing
    where: str  #: its location in the source, for the report: ``line 12``, ``posts/a.md``
    versions: tuple[Version, ...]
    has_date: bool = True  #: False if its source gives none: the date of the first import stays
    translations: tuple[Translation, ...] = ()  #: its text ends with links to them


@dataclass(frozen=True)
class FramingItem:
    """The texts that a source has before and after the updates of a period."""

    period: str  #: a period's id, or ``coverage``
    where: str
    headline: str = ""
    introduction: str = ""  #: Markdown
    close: str = ""  #: Markdown


@dataclass(frozen=True)
class ChapterItem:
    """A chapter: the title and the texts around a run of days, which follows their updates."""

    key: str  #: permanent, within its source
    where: str
    period: str  #: a period's id
    title: str
    introduction: str = ""  #: Markdown
    close: str = ""  #: Markdown
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  #: the selection, where other texts are about the same days
    updates: int = 0  #: the number of items :class:`Update` right before it that are its days
    last_update: str = ""  #: the key of the last of them
    close_line: int = 0  #: first line of the close in the source; 0 if there is none
    close_reason: str = ""  #: why it begins there, where no mark says so; why it may be missing


UPDATE_ID = "{update}"
"""Stands in a hint for the id of an update, which the import gives to it."""


@dataclass(frozen=True)
class Problem:
    """Something that could not be imported."""

    where: str  #: its location in the source
    what: str  #: what is wrong
    hint: str = ""
    update: str = ""  #: key of the update whose id takes the place of :data:`UPDATE_ID` in the hint


@dataclass(frozen=True)
class Copy:
    """A record of another liveblog journal, to be appended unchanged.

    The revisions of one entry, framing or chapter come oldest first.
    """

    where: str
    record: AnyVersion
    read: Callable[[Media], bytes]  #: a picture's bytes; raises LiveblogError if it is missing


Item = Update | FramingItem | ChapterItem | Copy | Problem


@dataclass
class ImportResult:
    """What an import appended (a dry run: would append), in numbers, and its problems."""

    entries: int = 0  #: new entries
    revisions: int = 0  #: new revisions of entries and chapters that existed
    framings: int = 0
    chapters: int = 0  #: new chapters
    pictures: int = 0
    known: int = 0  #: items that were imported before and have not changed
    problems: list[Problem] = field(default_factory=list)

    @property
    def items(self) -> int:
        """The number of items that were imported, now or before."""
        return self.entries + self.revisions + self.framings + self.chapters + self.known

    def count(self, record: AnyVersion, rev: int) -> None:
        """Count a record that becomes revision *rev*."""
        if isinstance(record, Framing):
            self.framings += 1
        elif rev > 1:
            self.revisions += 1
        elif isinstance(record, Chapter):
            self.chapters += 1
        else:
            self.entries += 1

    def report(self, where: str, error: LiveblogError) -> None:
        """Add a problem for the error of an item."""
        self.problems.append(Problem(where, error.message, error.hint))
