"""Validation: refuse a record that could not be stored, shown or sent everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import get_args

from . import limits
from .chapter import MEDIA_PATH as CHAPTER_MEDIA_PATH
from .chapter import Chapter, check_slug
from .draft import FIELDS
from .entry import (
    FILM_TYPES,
    MEDIA_PATH,
    MEDIA_TYPES,
    SOUND_TYPES,
    SUBTITLES_TYPES,
    Figure,
    Framing,
    Media,
    Precision,
    Revision,
    Source,
    State,
    Verification,
    clean_language,
    display_day,
    id_day,
    id_letters,
    refuse_forbidden,
)
from .errors import InvalidInput
from .period import COVERAGE, parse_period_id
from .records import Record
from .topics import topic_slug

_WHITE = re.compile(r"\s")
_VERIFICATIONS = frozenset(get_args(Verification))
_PRECISIONS = frozenset(get_args(Precision))
_STATES = frozenset(get_args(State))

_LINES = {field.name: field.limit for field in FIELDS if field.limit}
"""Limits, in characters, of the fields that are one line of text."""


def validate(record: Record) -> None:
    """Refuse a record that could not be stored, shown or sent everywhere; see :mod:`.limits`.

    Every new record is validated, and every line of a journal that is read. Texts of authors have
    been cleaned before, with :func:`clean_text`.

    Raises :class:`InvalidInput` with the field and its limit.
    """
    if record.recorded:
        _validate_instant(record.recorded, "time of the recording")
    if isinstance(record, Revision):
        _validate_revision(record)
    elif isinstance(record, Framing):
        _validate_framing(record)
    elif isinstance(record, Chapter):
        _validate_chapter(record)
    else:
        id_day(record.entry)


def _validate_revision(revision: Revision) -> None:
    # This runs for each line of a journal: short, printable texts are checked all at once.
    entry_day = id_day(revision.id)
    if revision.day:
        limits.check_day(display_day(revision))
    _validate_instant(revision.published, "time")
    _validate_instant(revision.updated, "time of the last change")
    _validate_number(revision.rev)
    if revision.state not in _STATES:
        raise InvalidInput(f"'{revision.state}' is not a state of an entry.", "Use live.")
    if revision.precision != "instant" or revision.written_time:
        _validate_precision(revision)
    if revision.verification not in _VERIFICATIONS:
        raise InvalidInput(
            f"'{revision.verification}' is not a verification.",
            "Use unconfirmed, confirmed, or nothing.",
        )
    if revision.state == "live" and not (revision.body or revision.title or revision.media):
        raise InvalidInput("The update is empty.", "Give it a text, a title or a picture.")
    limits.check_bytes(revision.body, limits.BODY_BYTES, "body")
    refuse_forbidden(revision.body, "body")
    lines = "".join([getattr(revision, name) for name in _LINES])
    lines += revision.note + revision.idempotency_key
    if len(lines) > limits.NAME or not lines.isprintable():
        for name, limit in _LINES.items():
            _validate_line(name, getattr(revision, name), limit)
        _validate_text("note", revision.note, limits.NOTE)
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
                about="length",
            )
    for tag in revision.tags:
        _validate_tag(tag)
    for source in revision.sources:
        _validate_source(source)
    for figure in revision.figures:
        _validate_figure(figure)
    for media in revision.media:
        _validate_media(media, revision.id, entry_day)


def _validate_precision(revision: Revision) -> None:
    if revision.precision not in _PRECISIONS:
        raise InvalidInput(f"'{revision.precision}' is not a precision.", "Use instant or day.")
    _validate_line("time as it was written", revision.written_time, limits.NAME)
    if revision.precision == "day" and revision.written_time:
        raise InvalidInput(
            f"An update of a whole day has the time '{revision.written_time}'.",
            "Give it an instant, or leave the time out.",
        )


def _validate_instant(instant: datetime, what: str) -> None:
    is_aware = instant.tzinfo is not None
    if not (is_aware and limits.FIRST_INSTANT <= instant <= limits.LAST_INSTANT):
        limits.check_instant(instant, what)


@lru_cache(maxsize=4096)
def _validate_tag(tag: str) -> None:
    _validate_line("tag", tag, limits.NAME)
    # A slug names a folder of the site.
    if not limits.check_bytes(topic_slug(tag), limits.FILE_NAME_BYTES, "address of the tag"):
        raise InvalidInput(
            f"The tag '{tag}' has neither letter nor digit.",
            "Choose a word a reader can read.",
            about="tag",
        )


@lru_cache(maxsize=4096)
def _validate_source(source: Source) -> None:
    _validate_line("source", source.name, limits.NAME)
    _validate_line("address of a source", source.url, limits.ADDRESS)
    if not source.name:
        raise InvalidInput("A source has no name.", 'Write it as "Name https://…".', about="source")
    if _WHITE.search(source.url):
        raise InvalidInput(
            f"The address of the source '{source.name}' holds white space.",
            "Correct it.",
            about="source",
        )
    if source.url and not source.url.startswith(("https://", "http://")):
        raise InvalidInput(
            f"The source '{source.name}' has the address '{source.url}', "
            "which is neither https:// nor http://.",
            "Give the page's full address.",
            about="source",
        )


def _validate_figure(figure: Figure) -> None:
    _validate_line("figure", figure.name, limits.NAME)
    _validate_line("unit", figure.unit, limits.NAME)
    _validate_line("source of a figure", figure.source, limits.NAME)
    if not figure.name:
        raise InvalidInput(
            "A figure has no name.", 'Write it as "Name=105 people".', about="no_name"
        )
    limits.check_number(figure.value, f"figure '{figure.name}'")


def _validate_media(media: Media, entry_id: str, entry_day: date) -> None:
    match = _own_file(media, entry_id, entry_day)
    _validate_file(media, match, MEDIA_TYPES | FILM_TYPES | SOUND_TYPES)
    if not media.alt:
        raise _without_alt(media)
    for part, types in ((media.poster, MEDIA_TYPES), (media.subtitles, SUBTITLES_TYPES)):
        if part:
            _validate_file(part, _own_file(part, entry_id, entry_day), types)
            if media.kind == "picture" or part.poster or part.subtitles:
                raise InvalidInput(
                    f"The file '{media.path}' has parts that it cannot have.", "Leave them out."
                )


def _own_file(media: Media, entry_id: str, entry_day: date) -> re.Match[str]:
    match = MEDIA_PATH.fullmatch(media.path)
    if not match or match["entry"] != f"{entry_day:%Y/%m/%d}/{id_letters(entry_id)}":
        raise _not_its_own(media, entry_id)
    return match


def _not_its_own(media: Media, name: str) -> InvalidInput:
    return InvalidInput(
        f"The picture '{media.path}' of {name} is not one of its own files.",
        "Upload it with this update.",
    )


def _validate_file(media: Media, match: re.Match[str], types: Mapping[str, str]) -> None:
    if media.type != types.get(match["ending"]):
        raise InvalidInput(
            f"The file '{media.path}' has the type '{media.type}', unlike its extension.",
            f"The type of .{match['ending']} is {types.get(match['ending'], 'another')}.",
        )
    for number in (media.size, media.width, media.height, media.seconds):
        _validate_number(number)
    _validate_text("alternative text", media.alt, limits.ALT)
    _validate_text("caption", media.caption, limits.ALT)


def _without_alt(media: Media) -> InvalidInput:
    return InvalidInput(
        f"The file '{media.path}' has no alternative text.",
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


def _validate_chapter(chapter: Chapter) -> None:
    check_slug(chapter.slug)
    if parse_period_id(chapter.period).id != chapter.period:
        raise InvalidInput(f"'{chapter.period}' names no period.", "Write it as one day.")
    _validate_instant(chapter.published, "time")
    _validate_instant(chapter.updated, "time of the last change")
    _validate_number(chapter.rev)
    if chapter.state not in _STATES:
        raise InvalidInput(f"'{chapter.state}' is not a state of a chapter.", "Use live.")
    if chapter.state == "live" and not chapter.title:
        raise InvalidInput("The chapter has no title.", "Give it one.", about="title")
    _validate_line("title", chapter.title, limits.TITLE)
    for field, text in (("introduction", chapter.introduction), ("close", chapter.close)):
        _validate_text(field, text, limits.FRAMING)
    _validate_text("note", chapter.note, limits.NOTE)
    _validate_line("idempotency key", chapter.idempotency_key, limits.NAME)
    _validate_line("author", chapter.author, limits.NAME)
    for name, items in (("authors", chapter.authors), ("tags", chapter.tags)):
        if len(items) > limits.LIST:
            raise InvalidInput(
                f"The chapter has {len(items)} {name}; the limit is {limits.LIST}.",
                "Leave some of them out.",
                about="length",
            )
    for author in chapter.authors:
        _validate_line("author", author, limits.NAME)
        if not author:
            raise InvalidInput("An author of the chapter has no name.", "Leave it out.")
    for tag in chapter.tags:
        _validate_tag(tag)
    if chapter.picture:
        match = CHAPTER_MEDIA_PATH.fullmatch(chapter.picture.path)
        if not match or match["slug"] != chapter.slug:
            raise _not_its_own(chapter.picture, chapter.slug)
        _validate_file(chapter.picture, match, MEDIA_TYPES)
        if not chapter.picture.alt:
            raise _without_alt(chapter.picture)


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
