"""Makes the next revision of a chapter from a draft, or removes it. Pure.

A chapter is retracted and restored as an entry is; see :mod:`.revisions`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from msgspec import UNSET

from . import limits
from .chapter import Chapter, ChapterDraft
from .entry import clean_text
from .errors import InvalidInput
from .topics import clean_tags


def first_chapter(slug: str, draft: ChapterDraft, *, author: str, now: datetime) -> Chapter:
    """Return the first revision of a new chapter, or of one that is the framing of a range.

    *author* is who writes it, and signs a draft that names no authors; *now*, to the second, dates
    a draft without an instant.

    Raises :class:`InvalidInput`, also for a draft without a period.
    """
    if draft.period is UNSET:
        raise InvalidInput(
            "A chapter needs a period.", "Give it as 2012-07-15..2012-07-20.", about="period"
        )
    blank = Chapter(slug=slug, published=now, updated=now, period=draft.period)
    made = revise_chapter(blank, draft, author=author, now=now)
    authors = made.authors if draft.authors is not UNSET or not made.author else (made.author,)
    return msgspec.structs.replace(made, authors=authors, updated=max(now, made.published))


def revise_chapter(old: Chapter, draft: ChapterDraft, *, author: str, now: datetime) -> Chapter:
    """Return a revision with the fields that a draft sets, cleaned; the others stay.

    Raises :class:`InvalidInput`.
    """
    changes = {
        name: clean(value)
        for name, clean in _CLEAN.items()
        if (value := getattr(draft, name)) is not UNSET
    }
    if draft.published is not UNSET:
        given = draft.published
        changes["published"] = _second(given) if given else now
    return msgspec.structs.replace(old, author=clean_text(author, "author"), **changes)


def remove_chapter(old: Chapter, author: str, now: datetime) -> Chapter:
    """Return the revision, without texts, that removes a chapter; *author* is who removes it."""
    return Chapter(
        slug=old.slug,
        published=old.published,
        updated=now,
        period=old.period,
        author=clean_text(author, "author"),
        state="removed",
    )


def refuse_future_chapter(chapter: Chapter, now: datetime, zone: tzinfo) -> None:
    """Refuse a revision that would be an embargo; *zone* is used to show its time.

    Raises :class:`InvalidInput`.
    """
    if chapter.published > now:
        raise InvalidInput(
            f"{chapter.published.astimezone(zone):%Y-%m-%d %H:%M} ({zone}) is in the future.",
            "Correct the time, or add --schedule to hold the chapter back until then.",
            about="time",
        )


def _second(instant: datetime) -> datetime:
    return limits.check_instant(instant).replace(microsecond=0)


def _text(name: str) -> Callable[[str], str]:
    return lambda text: clean_text(text, name)


def _authors(authors: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean_text(author, "author") for author in authors))


_CLEAN: dict[str, Callable[[Any], Any]] = {
    "title": _text("title"),
    "period": str,
    "introduction": _text("introduction"),
    "close": _text("close"),
    "authors": _authors,
    "tags": clean_tags,
    "key": bool,
}
"""Normalises the fields of a draft, by name."""
