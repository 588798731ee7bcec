"""The documents that the API returns and the composer shows, made from the blog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import msgspec

from ... import digest
from ...blog import Blog, Uploaded
from ...model import addresses
from ...model.draft import Draft, field_values, given_fields
from ...model.entry import Framing, Instant, Media, Revision
from ...model.errors import InvalidInput
from ...model.moment import moment_of
from ...model.period import COVERAGE
from ...model.permissions import may
from ...text.fragments import with_root
from ...timeline import Entry
from ..context import BlogContext
from ..errors import Problem
from ..newsroom import Newsroom
from .schema import (
    Entries,
    EntryBase,
    EntryOut,
    FramingOut,
    GivenEntry,
    Picture,
    PictureOut,
    Version,
)


def newest_entries(
    newsroom: Newsroom, *, before: str = "", limit: int = 20, with_scheduled: bool = True
) -> Entries:
    """Return a part of the timeline, the newest first, with entries that are scheduled or without.

    *before* is the ``before`` of the part that precedes it.
    """
    now = newsroom.blog.now
    newest = (
        entry
        for entry in _newest_first(newsroom.blog, before)
        if with_scheduled or entry.published <= now
    )
    found = list(islice(newest, limit + 1))
    shown = found[:limit]
    more = shown[-1].order if len(found) > limit else ""
    return Entries(entries=tuple(entry_out(newsroom, entry) for entry in shown), before=more)


def scheduled_entries(newsroom: Newsroom) -> list[EntryBase]:
    """Return the documents of the entries that are scheduled, the next one first."""
    return [entry_out(newsroom, entry) for entry in newsroom.blog.timeline.embargoed()]


def _newest_first(blog: Blog, before: str) -> Iterator[Entry]:
    timeline = blog.timeline
    for day in reversed(timeline.days()):
        if before and f"{day - timedelta(days=2):%Y%m%d}" > before[:8]:
            continue
        for entry in reversed(timeline.unfiltered(day).entries):
            if entry.now.state != "removed" and (not before or entry.order < before):
                yield entry


def readable_entry(blog: Blog, entry_id: str) -> Entry:
    """Return an entry.

    Raises :class:`Problem` (410) if it was removed.
    """
    found = blog.timeline.entry(entry_id)
    if found.now.state == "removed":
        raise Problem(410, "gone", f"{entry_id} was removed.")
    return found


def entry_out(newsroom: Newsroom, found: Entry, *, with_revisions: bool = False) -> EntryBase:
    """Return the document of an entry."""
    now, path = found.now, newsroom.context.path
    document: EntryBase = EntryOut(
        **_revision_fields(now, path),
        id=found.id,
        url=addresses.url(newsroom.blog.config.url, addresses.entry_path(found.id)),
        order=found.order,
        waiting=now.published > newsroom.blog.now,
        mine=may(newsroom.person, "edit", found.revisions),
        updated=now.updated,
        html=entry_html(newsroom.context, found),
        revisions=tuple(
            Version(**_revision_fields(revision, path), recorded=revision.recorded)
            for revision in found.revisions
            if with_revisions
        ),
    )
    return document


def _revision_fields(revision: Revision, path: str) -> dict[str, Any]:
    pictures = (picture_out(media, path) for media in revision.media)
    return {
        **field_values(revision),
        "rev": revision.rev,
        "published": revision.published.astimezone(UTC),
        "precision": revision.precision,
        "written_time": revision.written_time,
        "state": revision.state,
        "pictures": tuple(pictures),
        "note": revision.note,
    }


def picture_out(media: Media, path: str) -> PictureOut:
    """Return a picture of an entry or chapter; *path* is that of the site's root."""
    return PictureOut(
        path=media.path,
        url=path + addresses.url("", addresses.media_path(media.path)),
        type=media.type,
        width=media.width,
        height=media.height,
        alt=media.alt,
        caption=media.caption,
    )


def entry_html(context: BlogContext, found: Entry) -> str:
    """Return an entry as the pages show it, with addresses from the site's root."""
    html: str = with_root(context.blog.publisher.pages.article(found), context.path)
    return html


def draft_of(blog: Blog, given: GivenEntry) -> Draft:
    """Return the draft that a client sent.

    Raises :class:`InvalidInput` for a date that is neither RFC 3339 nor a day.
    """
    fields = given_fields(given)
    if given.after:
        return Draft(**fields, published=blog.moment_after(given.after))
    published = given.published
    if not isinstance(published, str):
        return Draft(**fields, published=published)
    return Draft(**fields, published=moment_of(_date_of(published), blog.config.zone))


def _date_of(text: str) -> datetime | date:
    for kind in (date, Instant):
        with suppress(msgspec.ValidationError):
            found: datetime | date = msgspec.convert(text, kind)
            return found
    raise InvalidInput(
        f"'{text[:40]}' is neither an instant nor a date.",
        "Write it as 2012-07-15T18:04:00+02:00, or as 2012-07-15 for a whole day.",
    )


def images_of(given: Iterable[Picture], known: Sequence[Media]) -> list[Uploaded | Media]:
    """Return the pictures that a client chose; *known* are those that the entry has.

    Raises :class:`InvalidInput` for a picture that is neither uploaded nor the entry's.
    """
    by_path = {media.path: media for media in known}
    found: list[Uploaded | Media] = []
    for picture in given:
        if picture.upload:
            found.append(Uploaded(picture.upload, picture.alt, picture.caption))
        elif media := by_path.get(picture.path):
            found.append(msgspec.structs.replace(media, alt=picture.alt, caption=picture.caption))
        else:
            problem = f"The entry has no picture '{picture.path}'."
            raise InvalidInput(problem, "Upload it, or leave it out.")
    return found


def period_id(blog: Blog, text: str) -> str:
    """Return the id of the period that a client names, which may be ``coverage``."""
    return COVERAGE if text == COVERAGE else blog.period(text).id


def framing_of(blog: Blog, text: str) -> FramingOut:
    """Return the texts around the digest of the period that a client names."""
    name = period_id(blog, text)
    found = blog.timeline.framing(name) or Framing(period=name)
    label, path = blog.config.title, ""
    if name != COVERAGE:
        period = blog.period(name)
        label, path = digest.label(period, blog.words), addresses.period_path(period)
    return FramingOut(
        period=name,
        rev=found.rev,
        name=label,
        url=addresses.url(blog.config.url, path),
        headline=found.headline,
        introduction=found.introduction,
        close=found.close,
        ended=found.ended,
    )
