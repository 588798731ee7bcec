"""An entry's plain data: the revision, its parts, its limits, its name.

Everything that an author does becomes a :class:`Revision` (or a :class:`Framing`, the text around
a digest) that the journal appends. Nothing here knows a clock, a disk or a network.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from . import limits
from .errors import InvalidInput
from .period import COVERAGE, parse_period_id

Instant = Annotated[datetime, Meta(tz=True)]
"""An aware datetime; the journal stores it in UTC."""

Verification = Literal["", "unconfirmed", "confirmed"]
"""Whether the newsroom could check a claim; empty where the question does not arise."""

State = Literal["live", "retracted", "removed"]
"""Shown; withdrawn with a notice in its place; gone from the site."""

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no letter that is read for another."""

MEDIA_TYPES = {
    "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"
}  # fmt: skip
"""The media types of what entries show, by the ending of its file's name."""

MEDIA_PATH = re.compile(
    rf"(?P<entry>[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/[{ID_ALPHABET}]{{10}})-[0-9a-f]{{10}}\.(?P<ending>[a-z0-9]{{2,4}})"
)
"""What the path of a file below ``entries/media/`` looks like: the entry's, then a hash."""

_STATES = frozenset(get_args(State))
_VERIFICATIONS = frozenset(get_args(Verification))
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_WHITE = re.compile(r"\s")
_PIECE = 1000  #: characters
_EMPTY_LINES = re.compile(r"\s*\n")
_ID = re.compile(rf"([0-9]{{4}})([0-9]{{2}})([0-9]{{2}})-([{ID_ALPHABET}]{{10}})")

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""C0 but tab and newline, DEL and C1, lone surrogates, and the noncharacters that XML 1.0 §2.2
forbids: one of them would make a whole feed unreadable."""


def is_plain(text: str) -> bool:
    """Whether a text surely holds nothing of :data:`FORBIDDEN`, which takes longer to look for."""
    # Python takes spaces that do not break for what cannot be printed.
    spaced = text.replace("\n", " ").replace("\xa0", " ").replace("\u202f", " ")
    return spaced.isprintable()


class Source(Struct, frozen=True, omit_defaults=True):
    """Where a report comes from."""

    name: str
    url: str = ""  #: http or https, or empty for a source without an address


class Figure(Struct, frozen=True, omit_defaults=True):
    """A number that an entry reports, followed from day to day under its name."""

    name: str
    value: int | float
    unit: str = ""
    source: str = ""  #: who counted


class Media(Struct, frozen=True, omit_defaults=True):
    """A file that an entry shows; its bytes lie under ``entries/media/`` and never change."""

    path: str  #: below ``media/``, the same in the journal's folder and on the site
    type: str  #: media type, ``image/png``
    size: int  #: bytes
    width: int = 0  #: pixels
    height: int = 0
    alt: str = ""  #: what a person who cannot see it should know
    caption: str = ""


class Revision(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="revision"):
    """One complete version of an entry; revision 1 is the post, later ones edit it."""

    id: str  #: ``20120715-7k3m9qx2tb``: its day, then randomness; never changes
    rev: int = 0  #: from 1; given by the journal
    recorded: Instant | None = None  #: when it was appended; given by the journal
    published: Instant  #: the instant that the update speaks for; the future is an embargo
    updated: Instant  #: the last significant revision (Atom's sense, RFC 4287 §4.2.15)
    day: str = ""  #: the day it is told in (``2012-07-16``) where that is not the id's
    author: str = ""
    title: str = ""  #: plain text; may be empty
    body: str = ""  #: Markdown
    tags: tuple[str, ...] = ()  #: as the author writes them
    key: bool = False  #: belongs in every summary
    pinned: bool = False  #: stands at the top of the live page
    verification: Verification = ""
    sources: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()
    media: tuple[Media, ...] = ()
    lang: str = ""  #: BCP 47, where it differs from the blog's
    state: State = "live"
    note: str = ""  #: the public reason for this revision
    idempotency_key: str = ""  #: names the request that made it, so that a retry adds nothing

    @property
    def name(self) -> str:
        """The word it is looked up by."""
        return self.id


class Framing(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="framing"):
    """The text around a digest: one complete version of its headline, introduction and close.

    The period ``coverage`` is the whole blog: its headline and introduction head the live page,
    and ``ended`` says when the coverage was over.
    """

    period: str  #: ``2012-07-15``, ``2012-W29``, ``2012-07-15..2012-07-22`` or ``coverage``
    rev: int = 0
    recorded: Instant | None = None
    headline: str = ""  #: plain text
    introduction: str = ""  #: Markdown
    close: str = ""  #: Markdown
    author: str = ""
    ended: Instant | None = None

    @property
    def name(self) -> str:
        """The word it is looked up by."""
        return self.period


class Reference(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="reference"):
    """A line in a day's file for an entry that was moved there and lives in another's."""

    entry: str
    recorded: Instant | None = None


Record = Revision | Framing | Reference
"""What a line of the journal holds."""


def make_id(day: date, randomness: bytes) -> str:
    """Name a new entry: its day and ten letters taken from at least seven random bytes."""
    number = int.from_bytes(randomness, "big")
    letters = "".join([ID_ALPHABET[(number >> shift) & 31] for shift in range(0, 50, 5)])
    return f"{day.isoformat().replace('-', '')}-{letters}"


@lru_cache(maxsize=1024)
def id_day(entry_id: str) -> date:
    """Return the day in whose file an entry lives.

    Raises :class:`InvalidInput` if it is no entry id.
    """
    match = _ID.fullmatch(entry_id)
    try:
        if match:
            return limits.check_day(date(int(match[1]), int(match[2]), int(match[3])))
    except (ValueError, InvalidInput):
        pass
    raise InvalidInput(
        f"'{entry_id}' is not the id of an entry.",
        "An id looks like 20120715-7k3m9qx2tb; 'liveblog log' lists them.",
    )


def id_letters(entry_id: str) -> str:
    """Return the part of an id after its day, the last part of its permalink."""
    return entry_id.partition("-")[2]


def told_day(revision: Revision) -> date:
    """Return the day in which a revision is told.

    Raises :class:`InvalidInput` if it names no day.
    """
    try:
        return date.fromisoformat(revision.day) if revision.day else id_day(revision.id)
    except ValueError:
        raise InvalidInput(
            f"'{revision.day}' of {revision.id} is not a day.", "Write it as 2012-07-15."
        ) from None


def decomposed(text: str) -> str:
    """Return a text with accents and ligatures taken apart (NFKD, UAX #15).

    To order the marks of one letter takes a time that grows with the square of their number, so
    they are ordered within a piece of the text only.
    """
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return "".join(unicodedata.normalize("NFKD", piece) for piece in pieces)


def slug(text: str) -> str:
    """Make the part of a URL that stands for a tag: folded, without accents, words joined by ``-``.

    Letters of every script are kept (IRIs allow them), so Arabic tags stay readable. The result is
    empty where the text holds neither letter nor digit.
    """
    # What is longer than a tag can be comes from outside, and is not held in memory.
    return _slug(text) if len(text) <= limits.NAME else _slug.__wrapped__(text)


@lru_cache(maxsize=4096)
def _slug(text: str) -> str:
    letters = decomposed(decomposed(text).casefold())
    kept = "".join(
        c if c.isalnum() else "-" for c in letters if not unicodedata.category(c).startswith("M")
    )
    return re.sub("-+", "-", unicodedata.normalize("NFC", kept)).strip("-")


def as_data(record: Struct) -> dict[str, Any]:
    """Return a record as plain data for JSON, every field present."""
    return {name: msgspec.to_builtins(getattr(record, name)) for name in record.__struct_fields__}


def clean_text(text: str, field: str) -> str:
    """Normalise line ends and outer white space, and refuse what no page or feed can carry.

    Raises :class:`InvalidInput` naming the field, line and column of a control character, lone
    surrogate or noncharacter.
    """
    if not text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # The indentation of a first line may mean something to Markdown.
    if empty := _EMPTY_LINES.match(text):
        text = text[empty.end() :]
    text = text.rstrip()
    text = text if "\n" in text else text.strip()
    refuse_forbidden(text, field)
    return text


def refuse_forbidden(text: str, field: str) -> None:
    """Refuse what no page or feed can carry; see :data:`FORBIDDEN`.

    Raises :class:`InvalidInput` naming the field, line and column.
    """
    bad = None if is_plain(text) else FORBIDDEN.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - (text.rfind("\n", 0, bad.start()) + 1) + 1
        raise InvalidInput(
            f"The {field} holds the character U+{ord(bad[0]):04X} (line {line}, column {column}), "
            "which no page or feed can carry.",
            "Remove it and try again.",
        )


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags cleaned, each topic once, as it was first written."""
    by_slug: dict[str, str] = {}
    for tag in tags:
        by_slug.setdefault(slug(tag), clean_text(tag, "tag"))
    return tuple(by_slug.values())


def clean_sources(sources: Iterable[Source]) -> tuple[Source, ...]:
    """Return sources with their texts cleaned."""
    return tuple(Source(clean_text(s.name, "source"), clean_text(s.url, "source")) for s in sources)


def clean_figures(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Return figures with their texts cleaned."""
    return tuple(
        Figure(
            clean_text(f.name, "figure"),
            f.value,
            clean_text(f.unit, "unit"),
            clean_text(f.source, "source"),
        )
        for f in figures
    )


def clean_language(lang: str) -> str:
    """Refuse what is no language code (BCP 47)."""
    limits.check_bytes(lang, limits.LANGUAGE_BYTES, "language code")
    if lang and not _LANGUAGE.fullmatch(lang):
        raise InvalidInput(
            f"'{lang}' is not a language code.", "Write it as in BCP 47: en, ar, pt-BR."
        )
    return lang


def validate(record: Record) -> None:
    """Refuse a record that could not be kept, shown or sent everywhere; see :mod:`.limits`.

    The rule for every door, and for every line of a journal that is read. Texts that an author
    handed over are expected to have gone through :func:`clean_text`.

    Raises :class:`InvalidInput` with the field and its limit.
    """
    if record.recorded:
        _validate_instant(record.recorded, "time of the recording")
    if isinstance(record, Revision):
        _validate_revision(record)
    elif isinstance(record, Framing):
        _validate_framing(record)
    else:
        id_day(record.entry)


def _validate_revision(revision: Revision) -> None:
    # Done for each line of a journal that is read: what is ordinary is looked at once.
    entry_day = id_day(revision.id)
    if revision.day:
        limits.check_day(told_day(revision))
    _validate_instant(revision.published, "time")
    _validate_instant(revision.updated, "time of the last change")
    _validate_number(revision.rev)
    if revision.state not in _STATES:
        raise InvalidInput(f"'{revision.state}' is no state of an entry.", "Use live.")
    if revision.verification not in _VERIFICATIONS:
        raise InvalidInput(
            f"'{revision.verification}' says not whether a claim is confirmed.",
            "Use unconfirmed, confirmed, or nothing.",
        )
    if revision.state == "live" and not (revision.body or revision.title or revision.media):
        raise InvalidInput("The update is empty.", "Give it a text, a title or a picture.")
    limits.check_bytes(revision.body, limits.BODY_BYTES, "body")
    refuse_forbidden(revision.body, "body")
    lines = revision.title + revision.note + revision.author + revision.idempotency_key
    if len(lines) > limits.NAME or not lines.isprintable():
        _validate_line("title", revision.title, limits.TITLE)
        _validate_text("note", revision.note, limits.NOTE)
        _validate_line("author", revision.author, limits.NAME)
        _validate_line("idempotency key", revision.idempotency_key, limits.NAME)
    if revision.lang:
        clean_language(revision.lang)
    lists = {
        "tags": revision.tags,
        "sources": revision.sources,
        "figures": revision.figures,
        "pictures": revision.media,
    }
    for field, items in lists.items():
        if len(items) > limits.LIST:
            raise InvalidInput(
                f"The update has {len(items)} {field}; the limit is {limits.LIST}.",
                "Split it into several updates.",
            )
    for tag in revision.tags:
        _validate_tag(tag)
    for source in revision.sources:
        _validate_source(source)
    for figure in revision.figures:
        _validate_figure(figure)
    for media in revision.media:
        _validate_media(media, revision.id, entry_day)


def _validate_instant(instant: datetime, what: str) -> None:
    is_aware = instant.tzinfo is not None
    if not (is_aware and limits.FIRST_INSTANT <= instant <= limits.LAST_INSTANT):
        limits.check_instant(instant, what)


@lru_cache(maxsize=4096)
def _validate_tag(tag: str) -> None:
    _validate_line("tag", tag, limits.NAME)
    # A slug names a folder of the site.
    if not limits.check_bytes(slug(tag), limits.FILE_NAME_BYTES, "address of the tag"):
        raise InvalidInput(
            f"The tag '{tag}' has neither letter nor digit.", "Choose a word a reader can read."
        )


@lru_cache(maxsize=4096)
def _validate_source(source: Source) -> None:
    _validate_line("source", source.name, limits.NAME)
    _validate_line("address of a source", source.url, limits.ADDRESS)
    if not source.name:
        raise InvalidInput("A source has no name.", 'Write it as "Name https://…".')
    if _WHITE.search(source.url):
        raise InvalidInput(
            f"The address of the source '{source.name}' holds white space.", "Correct it."
        )
    if source.url and not source.url.startswith(("https://", "http://")):
        raise InvalidInput(
            f"The source '{source.name}' has the address '{source.url}', "
            "which is neither https:// nor http://.",
            "Give the page's full address.",
        )


def _validate_figure(figure: Figure) -> None:
    _validate_line("figure", figure.name, limits.NAME)
    _validate_line("unit", figure.unit, limits.NAME)
    _validate_line("source of a figure", figure.source, limits.NAME)
    if not figure.name:
        raise InvalidInput("A figure has no name.", 'Write it as "Name=105 people".')
    limits.check_number(figure.value, f"figure '{figure.name}'")


def _validate_media(media: Media, entry_id: str, entry_day: date) -> None:
    match = MEDIA_PATH.fullmatch(media.path)
    if not match or match["entry"] != f"{entry_day:%Y/%m/%d}/{id_letters(entry_id)}":
        raise InvalidInput(
            f"The picture '{media.path}' of {entry_id} is not one of its own files.",
            "Upload it with this update.",
        )
    if media.type != MEDIA_TYPES.get(match["ending"]):
        raise InvalidInput(
            f"The picture '{media.path}' has the type '{media.type}', which its name belies.",
            f"The type of .{match['ending']} is {MEDIA_TYPES.get(match['ending'], 'unknown')}.",
        )
    for number in (media.size, media.width, media.height):
        _validate_number(number)
    _validate_text("alternative text", media.alt, limits.ALT)
    _validate_text("caption", media.caption, limits.ALT)
    if not media.alt:
        raise InvalidInput(
            f"The picture '{media.path}' has no alternative text.",
            "Describe it with --alt for those who cannot see it.",
        )


def _validate_framing(framing: Framing) -> None:
    if framing.period != COVERAGE:
        parse_period_id(framing.period)
    _validate_number(framing.rev)
    _validate_line("headline", framing.headline, limits.TITLE)
    _validate_line("author", framing.author, limits.NAME)
    if framing.ended:
        limits.check_instant(framing.ended, "end of the coverage")
    for field, text in (("introduction", framing.introduction), ("close", framing.close)):
        _validate_text(field, text, limits.FRAMING)


def _validate_number(number: int) -> None:
    if not 0 <= number < 10**limits.REVISION_DIGITS:
        raise InvalidInput(
            f"A number is not between 0 and {10**limits.REVISION_DIGITS:,}.", "Correct it."
        )


def _validate_line(field: str, text: str, limit: int) -> None:
    _validate_text(field, text, limit)
    if "\n" in text:
        raise InvalidInput(f"The {field} spans several lines.", "Write it on one line.")


def _validate_text(field: str, text: str, limit: int) -> None:
    limits.check_length(text, limit, field)
    refuse_forbidden(text, field)
