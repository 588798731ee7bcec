"""Chapters: named digests of any period, published as articles; their names and their drafts.

A :class:`Chapter` is one complete version, as :class:`.entry.Revision` is of an entry. Journals
from before there were chapters hold the texts around a range of days as a :class:`.entry.Framing`;
:func:`chapter_of` reads these as a chapter whose slug is made of the range.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import UNSET, Struct, UnsetType

from . import limits
from .entry import Framing, Instant, Media, State, id_day, id_letters, slug
from .errors import InvalidInput

PREFIX = "chapter:"
"""Begins the name of a chapter in the journal, which no entry and no period has."""

MEDIA_PATH = re.compile(r"chapters/(?P<slug>[^/]+)-[0-9a-f]{10}\.(?P<ending>[a-z0-9]{2,4})")
"""The path of a chapter's picture below ``entries/media/``: its slug, then a hash."""

SLUG = 60
"""Maximum characters of a slug that is made from a title."""

_RANGE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})--([0-9]{4}-[0-9]{2}-[0-9]{2})")


class Chapter(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="chapter"):
    """One complete version of a chapter; revision 1 creates it, later ones edit it."""

    slug: str  #: the part of its address that names it; never changes
    rev: int = 0  #: from 1; given by the journal; 0 for the framing of a range
    recorded: Instant | None = None  #: when it was appended; given by the journal
    published: Instant  #: when it appears; the future is an embargo
    updated: Instant  #: the last significant revision
    period: str  #: the id of a day, week or range
    title: str = ""  #: plain text
    introduction: str = ""  #: Markdown
    close: str = ""  #: Markdown
    picture: Media | None = None
    authors: tuple[str, ...] = ()  #: who sign it
    tags: tuple[str, ...] = ()  #: selects the entries with any of them; empty: all
    key: bool = False  #: selects key entries only
    author: str = ""  #: who wrote this revision
    state: State = "live"
    note: str = ""  #: the public reason for this revision
    idempotency_key: str = ""  #: names the request that made it, so that a retry adds nothing

    @property
    def name(self) -> str:
        """The name by which the journal finds the record."""
        return PREFIX + self.slug

    @property
    def id(self) -> str:
        """The slug, as an entry has an id."""
        return self.slug


class ChapterDraft(Struct, frozen=True, kw_only=True):
    """The fields of a chapter that its author gives; its picture is given apart.

    Unset leaves a field of an edited chapter as it is, and a field of a new one at its default.
    """

    title: str | UnsetType = UNSET  #: plain text
    period: str | UnsetType = UNSET  #: the id of a day, week or range
    introduction: str | UnsetType = UNSET  #: Markdown
    close: str | UnsetType = UNSET  #: Markdown
    authors: tuple[str, ...] | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    key: bool | UnsetType = UNSET
    published: Instant | UnsetType | None = UNSET  #: when it appears; None: now


def chapter_name(chapter_slug: str) -> str:
    """Return the name of a chapter in the journal."""
    return PREFIX + chapter_slug


def is_slug(text: str) -> bool:
    """Whether a text can be the slug of a chapter."""
    if len(text.encode("utf-8", "surrogatepass")) > limits.FILE_NAME_BYTES:
        return False
    return bool(text) and (slug(text) == text or bool(range_of_slug(text)))


def slug_of_title(title: str) -> str:
    """Return the slug of a chapter with a title: at most :data:`SLUG` characters, whole words."""
    found = slug(title[: limits.TITLE])
    while len(found) > SLUG or len(found.encode()) > limits.FILE_NAME_BYTES:
        shorter = found[:SLUG].rpartition("-")[0]
        found = shorter if shorter and shorter != found else found[: min(SLUG, len(found) - 1)]
    return found


def range_slug(period_id: str) -> str:
    """Return the slug of a chapter that is the framing of a range."""
    return period_id.replace("..", "--")


def range_of_slug(chapter_slug: str) -> str:
    """Return the id of the range that a slug was made of; empty for any other slug."""
    match = _RANGE.fullmatch(chapter_slug)
    return f"{match[1]}..{match[2]}" if match else ""


def chapter_of(framings: Sequence[Framing]) -> Chapter:
    """Return the chapter that the framing of a range is; *framings* are its versions in order.

    Its revision number is 0: the first revision of the chapter itself replaces it.
    """
    now = framings[-1]
    epoch = datetime.fromtimestamp(0, UTC)
    return Chapter(
        slug=range_slug(now.period),
        recorded=now.recorded,
        published=(framings[0].recorded or epoch).replace(microsecond=0),
        updated=(now.recorded or epoch).replace(microsecond=0),
        period=now.period,
        title=now.headline,
        introduction=now.introduction,
        close=now.close,
        author=now.author,
    )


def framing_of(chapter: Chapter) -> Framing:
    """Return the texts of a chapter as those around the digest of its period."""
    return Framing(
        period=chapter.period,
        rev=chapter.rev,
        recorded=chapter.recorded,
        headline=chapter.title,
        introduction=chapter.introduction,
        close=chapter.close,
        author=chapter.author,
    )


def picture_stem(name: str) -> str:
    """Return the path of the pictures of an entry (its id) or chapter (its name), but the hash.

    Raises :class:`InvalidInput` if the name is neither.
    """
    if name.startswith(PREFIX):
        return f"chapters/{name.removeprefix(PREFIX)}"
    return f"{id_day(name):%Y/%m/%d}/{id_letters(name)}"


def check_slug(chapter_slug: str) -> str:
    """Return a slug that a user gives.

    Raises :class:`InvalidInput` for a text that cannot be the name of a chapter.
    """
    if not is_slug(chapter_slug):
        suggestion = slug_of_title(chapter_slug)
        raise InvalidInput(
            f"'{chapter_slug[:80]}' cannot be the name of a chapter.",
            f"Write it as {suggestion}." if suggestion else "Write letters, digits and hyphens.",
            about="name",
        )
    return chapter_slug
