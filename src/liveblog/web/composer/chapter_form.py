"""Reads the form of a chapter, and makes the draft that it describes."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ...blog import Blog
from ...model import period
from ...model.chapter import Chapter, ChapterDraft
from ..api.schema import Picture
from ..errors import Problem
from .forms import Form, chosen_pictures, tags_of


class ChapterFields(Struct, frozen=True, kw_only=True):
    """The fields of a chapter as its form shows them."""

    title: str = ""
    start: str = ""  #: the first day, as an input of type date has it
    end: str = ""  #: the last day
    introduction: str = ""
    close: str = ""
    picture: Picture | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    only_key: bool = False
    slug: str = ""
    when: str = ""  #: when it appears, as an input of type datetime-local has it; empty: now

    @classmethod
    def of(cls, chapter: Chapter, zone: tzinfo, first_weekday: int) -> ChapterFields:
        """Return the fields of a chapter; *first_weekday* is that of the blog's weeks."""
        days = period.parse_period_id(chapter.period, first_weekday)
        media = chapter.picture
        shown = Picture(path=media.path, alt=media.alt, caption=media.caption) if media else None
        return cls(
            title=chapter.title,
            start=days.start.isoformat(),
            end=days.end.isoformat(),
            introduction=chapter.introduction,
            close=chapter.close,
            picture=shown,
            authors=chapter.authors,
            tags=chapter.tags,
            only_key=chapter.key,
            when=f"{chapter.published.astimezone(zone):%Y-%m-%dT%H:%M}",
        )

    @classmethod
    def read(cls, form: Form, before: ChapterFields) -> ChapterFields:
        """Return what a form sent; what the form does not show stays as it was *before*."""
        texts = {
            name: form.one(name, getattr(before, name)).strip()
            for name in ("title", "start", "end", "introduction", "close", "slug", "when")
        }
        pictures = chosen_pictures(form) if form.has("picture") else ()
        return cls(
            **texts,
            picture=pictures[-1] if pictures else None,
            authors=tags_of(form.one("authors")) if form.has("authors") else before.authors,
            tags=tags_of(form.one("tags")) if form.has("tags") else before.tags,
            only_key=form.ticked("only_key", before.only_key),
        )

    def days(self) -> period.Period | None:
        """Return the period of the two days; None if they name none."""
        try:
            return period.span(date.fromisoformat(self.start), date.fromisoformat(self.end))
        except ValueError:
            return None

    def draft(self, blog: Blog) -> ChapterDraft:
        """Return the draft of a new chapter."""
        return self.changes(ChapterFields(), blog)

    def changes(self, before: ChapterFields, blog: Blog) -> ChapterDraft:
        """Return the draft with the fields that differ from those *before*."""
        mine, old = msgspec.structs.asdict(self), msgspec.structs.asdict(before)
        names = ("title", "introduction", "close", "authors", "tags")
        changed = {name: mine[name] for name in names if mine[name] != old[name]}
        if (self.start, self.end) != (before.start, before.end):
            changed["period"] = self._period_id(blog)
        if self.only_key != before.only_key:
            changed["key"] = self.only_key
        if self.when != before.when:
            changed["published"] = self._instant(blog)
        return ChapterDraft(**changed)

    def merged(self, before: ChapterFields, theirs: ChapterFields) -> ChapterFields:
        """Return theirs with what was changed here since *before*."""
        mine, old = msgspec.structs.asdict(self), msgspec.structs.asdict(before)
        changed = {name: value for name, value in mine.items() if value != old[name]}
        return msgspec.structs.replace(theirs, **changed)

    def _period_id(self, blog: Blog) -> str:
        try:
            first, last = date.fromisoformat(self.start), date.fromisoformat(self.end)
        except ValueError:
            raise Problem(
                422, "invalid", "A chapter needs its first and its last day.", about="period"
            ) from None
        week = period.week(first, blog.config.first_weekday)
        return (week if (week.start, week.end) == (first, last) else period.span(first, last)).id

    def _instant(self, blog: Blog) -> datetime | UnsetType | None:
        if not self.when:
            return None
        try:
            datetime.fromisoformat(self.when)
        except ValueError:
            raise Problem(
                422, "invalid", f"'{self.when[:40]}' is not a time.", about="time"
            ) from None
        return blog.moment(self.when).instant


def image_change(fields: ChapterFields, before: ChapterFields) -> Picture | UnsetType | None:
    """Return the picture that a form chose; unset if it is the one from before."""
    return UNSET if fields.picture == before.picture else fields.picture
