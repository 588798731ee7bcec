"""The plain data of entries: revisions and their parts, framings, ids; how texts are cleaned.

Everything that an author does becomes a :class:`Revision` (or a :class:`Framing`, the text around
a digest) that the journal appends. Nothing here knows a clock, a disk or a network.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from . import limits
from .errors import InvalidInput

Instant = Annotated[datetime, Meta(tz=True)]
"""An aware datetime; the journal stores it in UTC."""

Verification = Literal["", "unconfirmed", "confirmed"]
"""Whether the newsroom could check a claim; empty where the question does not arise."""

Precision = Literal["instant", "day"]
"""Whether an entry speaks for an instant or for a whole day, which shows no clock time."""

State = Literal["live", "retracted", "removed"]
"""Shown; withdrawn with a notice in its place; gone from the site."""

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case, without letters that are easily confused."""

MEDIA_TYPES = {
    "jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"
}  # fmt: skip
"""The media types of pictures, by file extension."""

FILM_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}
SOUND_TYPES = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg"}
SUBTITLES_TYPES = {"vtt": "text/vtt"}
"""The media types of films, recordings and their subtitles, by file extension."""

MEDIA_PATH = re.compile(
    rf"(?P<entry>[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}/[{ID_ALPHABET}]{{10}})-[0-9a-f]{{10}}\.(?P<ending>[a-z0-9]{{2,4}})"
)
"""The path of a file below ``entries/media/``: that of its entry, then a hash."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
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
    alt: str = ""  #: what a person who cannot see or hear it should know
    caption: str = ""
    seconds: int = 0  #: of a film or recording
    poster: Media | None = None  #: the picture that stands for a film until it plays
    subtitles: Media | None = None  #: what is said in a film or recording (WebVTT)

    @property
    def kind(self) -> Literal["picture", "film", "sound"]:
        """What it is."""
        kinds: dict[str, Literal["film", "sound"]] = {"video": "film", "audio": "sound"}
        return kinds.get(self.type.partition("/")[0], "picture")

    @property
    def picture(self) -> Media | None:
        """The picture, or that which stands for a film; None for a recording."""
        return self if self.kind == "picture" else self.poster

    @property
    def files(self) -> tuple[Media, ...]:
        """The file and those that belong to it."""
        return (self, *(part for part in (self.poster, self.subtitles) if part))


def pictures_among(media: Iterable[Media]) -> tuple[Media, ...]:
    """Return the pictures among files, those that stand for films included."""
    return tuple(shown.picture for shown in media if shown.picture)


class Revision(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="revision"):
    """One complete version of an entry; revision 1 is the post, later ones edit it."""

    id: str  #: ``20120715-7k3m9qx2tb``: its day, then randomness; never changes
    rev: int = 0  #: from 1; given by the journal
    recorded: Instant | None = None  #: when it was appended; given by the journal
    published: Instant  #: the instant that the update speaks for; the future is an embargo
    precision: Precision = "instant"  #: ``day``: ``published`` is the first instant of the day
    written_time: str = ""  #: the time as its author wrote it (``vers 13 h``), shown instead
    updated: Instant  #: the last significant revision (Atom's sense, RFC 4287 §4.2.15)
    day: str = ""  #: the day it is shown on (``2012-07-16``) where that is not the id's
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
        """The id by which the journal finds the record."""
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
        """The id by which the journal finds the record."""
        return self.period


class Reference(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="reference"):
    """A line in a day's file for an entry that was moved there and lives in another's."""

    entry: str
    recorded: Instant | None = None


def make_id(day: date, randomness: bytes) -> str:
    """Return the id of a new entry: its day and ten letters from at least seven random bytes."""
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


def display_day(revision: Revision) -> date:
    """Return the day on which a revision is shown.

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

    Ordering the marks of one letter takes time that grows with the square of their number, so the
    text is normalised in pieces.
    """
    pieces = (text[at : at + _PIECE] for at in range(0, len(text), _PIECE))
    return "".join(unicodedata.normalize("NFKD", piece) for piece in pieces)


def slug(text: str) -> str:
    """Make the part of a URL or file name that stands for a text, to be read by people.

    It is folded, without accents, its words joined by ``-``. Letters of every script are kept (IRIs
    allow them). The result is empty where the text holds neither letter nor digit. Different texts
    may have one slug; topics have :func:`liveblog.model.topics.topic_slug`.
    """
    # Longer texts are not cached.
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
    """Normalise line ends and outer white space; refuse characters that no page can contain.

    Raises :class:`InvalidInput` naming the field, line and column of a control character, lone
    surrogate or noncharacter.
    """
    if not text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Keep the indentation of the first line, which has a meaning in Markdown.
    if empty := _EMPTY_LINES.match(text):
        text = text[empty.end() :]
    text = text.rstrip()
    text = text if "\n" in text else text.strip()
    refuse_forbidden(text, field)
    return text


def refuse_forbidden(text: str, field: str) -> None:
    """Refuse the characters of :data:`FORBIDDEN`, which no page or feed can contain.

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
            about="character",
        )


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
    """Return a language code (BCP 47), or refuse a text that is none."""
    limits.check_bytes(lang, limits.LANGUAGE_BYTES, "language code")
    if lang and not _LANGUAGE.fullmatch(lang):
        raise InvalidInput(
            f"'{lang}' is not a language code.",
            "Write it as in BCP 47: en, ar, pt-BR.",
            about="language",
        )
    return lang
