"""The JSON that the API takes and returns. The fields of an entry come from the model."""

from __future__ import annotations

from types import GenericAlias
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ...model.chapter import ChapterDraft
from ...model.draft import FIELDS, Draft
from ...model.entry import Instant, Precision, Revision, State
from ...model.moment import Moment
from ...model.permissions import Scope

WrittenDate = Annotated[
    str, Meta(description="An instant (RFC 3339), or a date alone, for an entry of a whole day.")
]


class Picture(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture of an entry: one that was uploaded, or one that it has already."""

    upload: str = ""  #: the name that uploading it returned
    path: str = ""  #: of a picture that the entry has
    alt: str  #: describes it to people who cannot see it
    caption: str = ""


class GivenEntry(Draft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of an entry, dated as JSON can say it."""

    # A draft has a Moment there; see documents.draft_of.
    published: WrittenDate | UnsetType | None = UNSET  # type: ignore[assignment]
    after: str = ""  #: the id of an entry; this one, of a whole day, stands after it


class NewEntry(GivenEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry to post. To name another author than yourself needs the scope "edit"."""

    schedule: bool = False  #: whether an instant in the future is intended
    pictures: tuple[Picture, ...] = ()


class Changes(GivenEntry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The changes to an entry; fields that are not given stay as they are (RFC 7396)."""

    schedule: bool = False  #: whether an instant in the future is intended
    pictures: tuple[Picture, ...] | UnsetType = UNSET
    note: str = ""  #: makes it a correction that readers see
    minor: bool = False  #: leaves "updated" alone


class Retraction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason why an entry is retracted, which readers see."""

    why: str


class FramingText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The texts around a digest, or (for ``coverage``) on top of the live page."""

    headline: str | UnsetType = UNSET
    introduction: str | UnsetType = UNSET  #: Markdown
    close: str | UnsetType = UNSET  #: Markdown


class NewChapter(ChapterDraft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chapter to create: a named digest of a period."""

    slug: str = ""  #: the last part of its address; made of the title if it is empty
    schedule: bool = False  #: whether an instant in the future is intended
    picture: Picture | None = None


class ChapterChanges(ChapterDraft, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The changes to a chapter; fields that are not given stay as they are (RFC 7396)."""

    schedule: bool = False  #: whether an instant in the future is intended
    picture: Picture | UnsetType | None = UNSET
    note: str = ""  #: makes it a correction that readers see
    minor: bool = False  #: leaves "updated" alone


class End(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the coverage is over."""

    over: bool


class PictureOut(Struct, frozen=True, kw_only=True):
    """A picture of an entry."""

    path: str
    url: str
    type: str
    width: int
    height: int
    alt: str
    caption: str


class _RevisionBase(Struct, frozen=True, kw_only=True):
    """What a revision's document holds besides the fields that its author gave."""

    rev: int  #: of an entry also its ETag, to be sent back in If-Match
    published: Instant
    precision: Precision
    written_time: str  #: the time as its author wrote it, where it is vague
    state: State
    pictures: tuple[PictureOut, ...]
    note: str

    @property
    def moment(self) -> Moment:
        """Its date, as readers see it."""
        return Moment(self.published, self.precision, self.written_time)


class _VersionBase(_RevisionBase, frozen=True, kw_only=True):
    recorded: Instant | None


class EntryBase(_RevisionBase, frozen=True, kw_only=True):
    """What an entry's document holds besides the fields that its author gave."""

    id: str
    url: str
    order: str  #: its position in the timeline; text order is time order
    waiting: bool  #: whether readers cannot see it yet
    mine: bool  #: whether you may change it
    updated: Instant
    html: str  #: as the pages show it, with addresses from the site's root


_TYPES = {field.name: field.type for field in msgspec.structs.fields(Revision)}
_GIVEN: list[tuple[str, Any]] = [(field.name, _TYPES[field.name]) for field in FIELDS]

Version: Any = msgspec.defstruct(
    "Version",
    _GIVEN,
    bases=(_VersionBase,),
    namespace={"__doc__": "One revision of an entry."},
    frozen=True,
    kw_only=True,
)

EntryOut: Any = msgspec.defstruct(
    "EntryOut",
    # Revisions are there where one entry was asked for.
    [*_GIVEN, ("revisions", GenericAlias(tuple, (Version, ...)), ())],
    bases=(EntryBase,),
    namespace={"__doc__": "The current state of an entry."},
    frozen=True,
    kw_only=True,
)


class Entries(Struct, frozen=True, kw_only=True):
    """A part of the timeline, the newest first."""

    entries: tuple[EntryOut, ...]
    before: str  #: the parameter ``before`` for the next part; empty at the end


class Upload(Struct, frozen=True, kw_only=True):
    """An uploaded picture, without its metadata."""

    name: str
    url: str  #: where everybody with a token can see it


class Removal(Struct, frozen=True, kw_only=True):
    """What quoted an entry that was removed; the quotes are shown no more."""

    quoted_by: tuple[str, ...]  #: below ``api/``: ``chapters/SLUG``, ``digests/2012-W29``


class Preview(Struct, frozen=True, kw_only=True):
    """An entry as readers would see it."""

    html: str


class FramingOut(Struct, frozen=True, kw_only=True):
    """The texts around a digest."""

    period: str
    rev: int  #: 0 if nobody wrote any; also its ETag
    name: str  #: the period in the blog's language
    url: str
    headline: str
    introduction: str
    close: str
    ended: Instant | None  #: when the coverage was over


class ChapterOut(Struct, frozen=True, kw_only=True):
    """The current state of a chapter."""

    slug: str
    url: str
    rev: int  #: also its ETag, to be sent back in If-Match
    published: Instant
    updated: Instant
    waiting: bool  #: whether readers cannot see it yet
    period: str  #: the id of a day, week or range
    dates: str  #: the period in the blog's language
    title: str
    introduction: str
    close: str
    picture: PictureOut | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]  #: selects the entries with any of them; empty: all
    key: bool  #: selects key entries only
    state: State
    note: str


class Chapters(Struct, frozen=True, kw_only=True):
    """The chapters, that of the newest period first."""

    chapters: tuple[ChapterOut, ...]


class Me(Struct, frozen=True, kw_only=True):
    """The holder of the token, and the blog."""

    name: str
    scope: Scope
    blog: str
    url: str
    language: str
    timezone: str
    now: Instant


class Words(Struct, frozen=True, kw_only=True):
    """Tags, figures and authors of recent entries, as suggestions."""

    tags: tuple[str, ...]
    figures: tuple[str, ...]  #: names
    authors: tuple[str, ...]
