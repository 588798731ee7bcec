"""Makes the next revision of an entry or framing, from a draft, a retraction, a removal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from . import limits
from .chapter import Chapter
from .draft import FIELDS, Draft, given_fields
from .entry import Framing, Revision, clean_text, display_day, id_day, make_id
from .errors import InvalidInput
from .moment import Moment

Version = TypeVar("Version", Revision, Chapter)


def first_revision(
    draft: Draft, *, author: str, now: datetime, zone: tzinfo, randomness: bytes
) -> Revision:
    """Return the first revision of a new entry.

    *author* signs a draft that names no author; *now*, to the second, dates a draft without an
    instant; *zone* is that of the blog's days; *randomness* (at least seven bytes) becomes the id.

    Raises :class:`InvalidInput`.
    """
    moment = _moment_of(draft, now)
    blank = Revision(
        id=make_id(moment.day_in(zone), randomness),
        published=moment.instant,
        # A scheduled update is new when it is released, not when it was written.
        updated=max(now, moment.instant),
    )
    made = revise(blank, draft, now=now, zone=zone)
    if made.author:
        return made
    return msgspec.structs.replace(made, author=clean_text(author, "author"))


def revise(old: Revision, draft: Draft, *, now: datetime, zone: tzinfo) -> Revision:
    """Return a revision with the fields that a draft sets, cleaned; the others stay.

    Raises :class:`InvalidInput`.
    """
    given = given_fields(draft)
    changes = {
        field.name: field.clean(given[field.name]) for field in FIELDS if field.name in given
    }
    if draft.published is not UNSET:
        moment = _moment_of(draft, now)
        day = moment.day_in(zone)
        changes["published"] = moment.instant
        changes["precision"] = moment.precision
        changes["written_time"] = clean_text(moment.written_time, "time as it was written")
        changes["day"] = "" if day == id_day(old.id) else day.isoformat()
    return msgspec.structs.replace(old, **changes)


def _moment_of(draft: Draft, now: datetime) -> Moment:
    """Return the moment of a draft: to the second, unless it was placed after another entry."""
    given = draft.published
    if not given:
        return Moment(now)
    instant = limits.check_instant(given.instant)
    is_placed = given.precision == "day"
    return msgspec.structs.replace(
        given, instant=instant if is_placed else instant.replace(microsecond=0)
    )


def refuse_future(revision: Revision, now: datetime, zone: tzinfo) -> None:
    """Refuse a revision that would be an embargo; *zone* is used to show its time.

    Raises :class:`InvalidInput`.
    """
    if revision.published > now:
        when = f"{revision.published.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"
        raise InvalidInput(
            f"{display_day(revision) if revision.precision == 'day' else when} is in the future.",
            "Correct the time, or add --schedule to hold the update back until then.",
            about="time",
        )


def retract(old: Version, why: str, now: datetime) -> Version:
    """Return the revision that withdraws an entry or chapter and says *why*.

    Raises :class:`InvalidInput` if it is not live, or without a reason.
    """
    if old.state != "live":
        raise InvalidInput(f"{old.id} was {old.state} already.", "Nothing was changed.")
    why = clean_text(why, "reason")
    if not why:
        raise InvalidInput("A retraction needs a reason.", "Give it with --why.", about="reason")
    return msgspec.structs.replace(
        old, state="retracted", note=why, recorded=None, idempotency_key="", updated=now
    )


def remove(old: Revision, author: str, now: datetime) -> Revision:
    """Return the revision, without texts, that removes an entry; *author* is who removes it."""
    return Revision(
        id=old.id,
        published=old.published,
        precision=old.precision,
        updated=now,
        day=old.day,
        author=clean_text(author, "author"),
        state="removed",
    )


def restore(revisions: Sequence[Version], now: datetime) -> Version:
    """Return the revision that restores a removed entry or chapter, live or retracted as before.

    Raises :class:`InvalidInput` if it is not removed, or was purged.
    """
    newest = revisions[-1]
    before = [revision for revision in revisions if revision.state != "removed"]
    if newest.state != "removed" or not before:
        problem = "was never gone" if before else "was removed for good"
        raise InvalidInput(f"{newest.id} {problem}.", "Nothing was changed.")
    last = before[-1]
    return msgspec.structs.replace(
        last,
        recorded=None,
        note="" if last.state == "live" else last.note,
        idempotency_key="",
        updated=max(now, last.published),
    )


def revise_framing(old: Framing, *, author: str, **texts: str | UnsetType) -> Framing:
    """Return a framing with the *texts* that are set (by name), cleaned; the others stay.

    Raises :class:`InvalidInput`.
    """
    changes = {name: clean_text(text, name) for name, text in texts.items() if text is not UNSET}
    author = clean_text(author, "author")
    return msgspec.structs.replace(old, recorded=None, author=author, **changes)


def end_coverage(old: Framing, author: str, at: datetime) -> Framing:
    """Return the framing of the coverage that says when the coverage ended.

    Raises :class:`InvalidInput` for an instant outside of the limits.
    """
    at = limits.check_instant(at, "end of the coverage")
    return msgspec.structs.replace(old, recorded=None, author=author, ended=at)


def resume_coverage(old: Framing) -> Framing:
    """Return the framing of the coverage without an end.

    Raises :class:`InvalidInput` if the coverage is not over.
    """
    if old.ended is None:
        raise InvalidInput("The coverage is not over.", "Nothing was changed.")
    return msgspec.structs.replace(old, recorded=None, ended=None)
