"""Writes chapters: creates, edits, retracts, removes and restores them.

:class:`Chapters` is ``blog.chapters``. As the methods of :class:`liveblog.Blog`, each raises
:class:`InvalidInput` for an invalid argument, having changed nothing, and :class:`Conflict` if
*expect*, the number of the revision that the author saw, is not the newest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from .chapters import ChapterHistory, chapter_in, chapter_of_range, last_known
from .config import Config
from .digest import chapter_title
from .digest.build import build_chapter
from .journal import Journal
from .model import revisions
from .model.chapter import Chapter, ChapterDraft, check_slug, range_of_slug, slug_of_title
from .model.chapter_revisions import (
    first_chapter,
    refuse_future_chapter,
    remove_chapter,
    revise_chapter,
)
from .model.conflicts import Conflict
from .model.entry import Media, clean_text, slug
from .model.errors import InvalidInput, NotFound, UnknownTag, storage_errors
from .model.period import parse_period_id
from .model.validation import validate
from .pictures import Image, Uploaded, set_picture
from .storage.paths import Paths
from .text.dates import is_reserved
from .text.locale import Words
from .timeline import Timeline

ChapterImage = Image | Uploaded | Media | None
"""The picture of a chapter: a new one, the one that it has, or none."""


class Chapters:
    """The chapters of one blog."""

    def __init__(
        self, journal: Journal, paths: Paths, config: Config, now: Callable[[], datetime]
    ) -> None:
        """Write to *journal*; *now* returns the present instant, in UTC and to the second."""
        self._journal = journal
        self._paths = paths
        self._config = config
        self._now = now

    def create(
        self,
        draft: ChapterDraft,
        *,
        slug: str = "",
        image: Image | Uploaded | None = None,
        author: str = "",
        schedule: bool = False,
        idempotency_key: str = "",
    ) -> Chapter:
        """Append a new chapter and return its first revision; when this returns, it is on disk.

        *slug* is made from the title unless given. *author* is who writes it. An instant in the
        future is an embargo and needs *schedule*. Repeating a call with the same *idempotency_key*
        returns what the first call appended.
        """
        key = clean_text(idempotency_key, "idempotency key")
        name = check_slug(slug) if slug else self._slug_of(draft)
        self._check_free(name, key)
        now = self._now()
        chapter = first_chapter(name, draft, author=author or self._config.author, now=now)
        chapter = msgspec.structs.replace(chapter, idempotency_key=key)
        validate(chapter)
        if not schedule:
            refuse_future_chapter(chapter, now, self._config.zone)
        self._check_selection(chapter)
        if image is not None:
            chapter = set_picture(chapter, image, self._paths)
        return self._journal.append(chapter, expect=0)

    def edit(
        self,
        slug: str,
        draft: ChapterDraft,
        *,
        image: ChapterImage | UnsetType = UNSET,
        author: str = "",
        note: str = "",
        minor: bool = False,
        schedule: bool = False,
        expect: int | None = None,
        idempotency_key: str = "",
    ) -> Chapter:
        """Append a revision of a chapter and return it; fields that are not given stay.

        A *note* makes the revision a correction, which readers see. A *minor* edit does not change
        ``updated``. The first edit of a range that has only a framing makes a chapter of it.

        Raises :class:`NotFound` if there is no such chapter.
        """
        history = chapter_in(self._journal, slug)
        key = clean_text(idempotency_key, "idempotency key")
        old, is_again = _edited_revision(history, key)
        if old.state != "live":
            raise InvalidInput(
                f"The chapter '{slug}' was {old.state}; there is nothing to edit.",
                "Restore it, or write a new one.",
            )
        now = self._now()
        blank = msgspec.structs.replace(
            old,
            recorded=None,
            note="",
            idempotency_key=key,
            author=clean_text(author or self._config.author, "author"),
            title=chapter_title(old, self._words),
        )
        new = revise_chapter(blank, draft, author=blank.author, now=now)
        if draft.published and not schedule:
            refuse_future_chapter(new, now, self._config.zone)
        new = msgspec.structs.replace(new, note=clean_text(note, "note"))
        validate(new)
        if (new.period, new.tags, new.key) != (old.period, old.tags, old.key):
            self._check_selection(new)
        if image is not UNSET:
            new = set_picture(new, image, self._paths)
        if new == blank and not is_again:
            raise InvalidInput(
                f"The chapter '{slug}' is like that already.", "Nothing was changed."
            )
        if not minor:
            new = msgspec.structs.replace(new, updated=max(now, new.published))
        return self._append(new, old.rev, expect)

    def retract(
        self, slug: str, *, why: str, author: str = "", expect: int | None = None
    ) -> Chapter:
        """Withdraw a chapter: a notice with the reason *why* stays in its place."""
        old = chapter_in(self._journal, slug).now
        new = revisions.retract(old, why, self._now())
        author = clean_text(author or self._config.author, "author")
        new = msgspec.structs.replace(new, author=author, title=chapter_title(old, self._words))
        return self._append(new, old.rev, expect)

    def restore(self, slug: str, *, expect: int | None = None) -> Chapter:
        """Restore a chapter that was removed, live or retracted as it was before."""
        history = chapter_in(self._journal, slug)
        framing = chapter_of_range(self._journal, range_of_slug(slug))
        versions = (*(framing.revisions if framing else ()), *history.revisions)
        restored = revisions.restore(versions, self._now())
        restored = msgspec.structs.replace(restored, title=chapter_title(restored, self._words))
        return self._append(restored, history.now.rev, expect)

    def remove(
        self, slug: str, *, author: str = "", purge: bool = False, expect: int | None = None
    ) -> Chapter:
        """Remove a chapter from the site; *author* is who removes it.

        With *purge* its texts are also blanked in the journal, and its pictures are deleted, for
        good. Its name is not given to another chapter.
        """
        removed, is_withheld = last_known(self._journal, slug)
        if expect is not None and expect != removed.rev:
            raise Conflict(removed.name, expect, removed, removed)
        if removed.state != "removed" or is_withheld:
            removal = remove_chapter(removed, author or self._config.author, self._now())
            removed = self._journal.append(removal, expect=removed.rev)
        if purge:
            from .media import delete_pictures

            with storage_errors("erase the chapter in", self._paths.root):
                self._journal.redact(removed.name)
                if period_id := range_of_slug(slug):
                    self._journal.redact(period_id)
                delete_pictures(removed.name, self._paths.media, self._paths.uploads)
        return removed

    @property
    def _timeline(self) -> Timeline:
        return Timeline(self._journal, self._now())

    @property
    def _words(self) -> Words:
        return Words(self._config.language, self._config.zone)

    def _append(self, chapter: Chapter, rev: int, expect: int | None) -> Chapter:
        return self._journal.append(chapter, expect=rev if expect is None else expect)

    def _slug_of(self, draft: ChapterDraft) -> str:
        """Return the slug that is made from the title of a new chapter."""
        title = clean_text(draft.title or "", "title")
        if not title:
            raise InvalidInput("The chapter has no title.", "Give it one.")
        found = slug_of_title(title)
        if not found:
            raise InvalidInput(
                f"The title '{title[:80]}' has neither letter nor digit to make an address of.",
                "Give the chapter a name with --slug.",
            )
        return found

    def _check_free(self, name: str, key: str) -> None:
        """Refuse the slug of a new chapter that is reserved or taken, also by a removed one."""
        if is_reserved(name) or range_of_slug(name):
            raise InvalidInput(
                f"'{name}' is the name of a day or period, not of a chapter.",
                "Give the chapter another name with --slug.",
            )
        try:
            taken = chapter_in(self._journal, name)
        except NotFound:
            return
        if key and taken.revisions[0].idempotency_key == key:
            return  # the same request again
        raise InvalidInput(
            f"There is a chapter '{name}' already"
            f"{', which was removed' if taken.now.state == 'removed' else ''}.",
            "Edit that one, or give this one another name with --slug.",
        )

    def _check_selection(self, chapter: Chapter) -> None:
        """Refuse a chapter that would tell nothing; a scheduled one may be told later.

        Raises :class:`InvalidInput`, and :class:`UnknownTag` for a tag that no entry has.
        """
        now = self._now()
        everything = msgspec.structs.replace(chapter, tags=(), key=False)
        first_weekday = self._config.first_weekday
        found = build_chapter(self._timeline, everything, first_weekday).entries
        known = {tag for entry in found for tag in entry.now.tags}
        for tag in chapter.tags if found else ():
            if slug(tag) not in map(slug, known):
                raise UnknownTag(tag, known, chapter.period)
        if chapter.published > now:
            return
        if not build_chapter(self._timeline, chapter, first_weekday).entries:
            start = parse_period_id(chapter.period, first_weekday).start
            if not found and start > now.astimezone(self._config.zone).date():
                problem = f"The period {chapter.period} is in the future."
                raise InvalidInput(problem, "Schedule the chapter, or correct the period.")
            what = "key event" if chapter.key and found else "update"
            raise InvalidInput(
                f"There is no {what} in {chapter.period} that the chapter could tell.",
                "Post the updates first, or correct the period or the selection.",
            )


def _edited_revision(history: ChapterHistory, key: str) -> tuple[Chapter, bool]:
    """Return the revision that an edit starts from, and whether its key was used before.

    A repeated request starts from the same revision as the first one.
    """
    for number, revision in enumerate(history.revisions):
        if key and number and revision.idempotency_key == key:
            return history.revisions[number - 1], True
    return history.now, False
