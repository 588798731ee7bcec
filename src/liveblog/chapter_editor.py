"""Writes chapters: creates, edits, retracts, removes and restores them.

:class:`Chapters` is ``blog.chapters``. As the methods of :class:`liveblog.Blog`, each raises
:class:`InvalidInput` for an invalid argument, having changed nothing, and :class:`Conflict` if
*expect*, the number of the revision that the author saw, is not the newest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from .chapters import ChapterHistory, chapter_in, chapter_of_range, last_known
from .config import Config
from .digest import chapter_title, label
from .digest.build import build_chapter
from .journal import Journal
from .model import revisions
from .model.chapter import (
    Chapter,
    ChapterDraft,
    check_slug,
    range_of_slug,
    range_slug,
    slug_of_title,
)
from .model.chapter_revisions import (
    first_chapter,
    refuse_future_chapter,
    remove_chapter,
    revise_chapter,
)
from .model.conflicts import Conflict
from .model.entry import Media, Revision, clean_text, display_day
from .model.errors import InvalidInput, NotFound, UnknownTag, storage_errors
from .model.period import parse_period_id
from .model.topics import topic_slug
from .model.validation import validate
from .pictures import Image, Uploaded, set_picture
from .storage.paths import Paths
from .text.dates import is_reserved
from .text.locale import Words
from .text.markup import split_blocks
from .timeline import Timeline

ChapterImage = Image | Uploaded | Media | None
"""The picture of a chapter: a new one, the one that it has, or none."""


class Chapters:
    """The chapters of one blog."""

    def __init__(
        self,
        journal: Journal,
        paths: Paths,
        config: Config,
        now: Callable[[], datetime],
        erase_copies: Callable[[], None],
    ) -> None:
        """Write to *journal*.

        *now* returns the present instant, in UTC and to the second; *erase_copies* erases the
        copies of purged texts outside of the journal.
        """
        self._journal = journal
        self._paths = paths
        self._config = config
        self._now = now
        self._erase_copies = erase_copies

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
        chapter = self._first(name, draft, author)
        chapter = msgspec.structs.replace(chapter, idempotency_key=key)
        validate(chapter)
        if not schedule:
            refuse_future_chapter(chapter, self._now(), self._config.zone)
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
                f"The chapter '{slug}' is like that already.",
                "Nothing was changed.",
                about="unchanged",
            )
        if not minor:
            new = msgspec.structs.replace(new, updated=max(now, new.published))
        return self._append(new, old.rev, expect)

    def frame(
        self, period_id: str, draft: ChapterDraft, *, author: str = "", expect: int | None = None
    ) -> Chapter:
        """Write the texts around the digest of a range: those of the chapter of the range.

        There need not be such a chapter yet, nor an entry in the range; see :func:`range_slug`.
        """
        slug, rev = range_slug(period_id), 0
        name = label(parse_period_id(period_id), self._words)
        with suppress(NotFound):
            now = chapter_in(self._journal, slug).now
            if now.state != "removed":
                title = draft.title if draft.title is UNSET else draft.title.strip() or name
                draft = msgspec.structs.replace(draft, title=title)
                return self.edit(slug, draft, author=author, expect=expect)
            rev = now.rev
        draft = msgspec.structs.replace(draft, title=draft.title or name, period=period_id)
        return self._append(self._first(slug, draft, author), rev, expect)

    def _first(self, slug: str, draft: ChapterDraft, author: str) -> Chapter:
        author = author or self._config.author
        return first_chapter(slug, draft, author=author, now=self._now())

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

        With *purge* its texts are also blanked in the journal, and every copy of them and of its
        pictures in the blog's folder is deleted, for good. Its name is not given to another
        chapter.
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
                self._erase_copies()
        return removed

    def extend_close(
        self, slug: str, entry_id: str, paragraphs: int = 1, *, author: str = ""
    ) -> Chapter:
        """Move the last paragraphs of an entry of a chapter to the beginning of its close.

        A list, a quotation or a table counts as one paragraph. Both revisions are minor; either
        both are appended, or none, or (if the machine fails meanwhile) only that of the chapter.

        Raises :class:`InvalidInput` if the entry is not in the chapter's period, or would be empty.
        """
        chapter, entry = self._chapter_and_entry(slug, entry_id)
        texts = split_blocks(entry.body)
        moved = texts[len(texts) - paragraphs :]
        remaining = _without_rule_at_end(texts[: len(texts) - paragraphs])
        if not 0 < paragraphs < len(texts) or not remaining:
            raise InvalidInput(
                f"{entry_id} has {_count(texts)}, and one of them has to stay.",
                "Retract the update if all of its text belongs to the close.",
            )
        return self._rewrite(
            chapter, [*moved, *split_blocks(chapter.close)], entry, remaining, author=author
        )

    def shorten_close(
        self, slug: str, entry_id: str, paragraphs: int = 1, *, author: str = ""
    ) -> Chapter:
        """Move the first paragraphs of a chapter's close to the end of an entry; see above."""
        chapter, entry = self._chapter_and_entry(slug, entry_id)
        texts = split_blocks(chapter.close)
        if not 0 < paragraphs <= len(texts):
            raise InvalidInput(f"The close has {_count(texts)}.", "Move as many at most.")
        body = [*split_blocks(entry.body), *texts[:paragraphs]]
        return self._rewrite(chapter, texts[paragraphs:], entry, body, author=author)

    def _chapter_and_entry(self, slug: str, entry_id: str) -> tuple[Chapter, Revision]:
        """Return a live chapter and a live entry of its period."""
        chapter = self._timeline.chapter(slug).now
        entry = self._timeline.entry(entry_id).now
        for name, record in ((f"The chapter '{slug}'", chapter), (entry_id, entry)):
            if record.state != "live":
                raise InvalidInput(f"{name} was {record.state}.", "Nothing was changed.")
        period = parse_period_id(chapter.period, self._config.first_weekday)
        if not period.start <= display_day(entry) <= period.end:
            raise InvalidInput(
                f"{entry_id} is shown on {display_day(entry)}, which is not in the chapter.",
                f"Name an update of {chapter.period}.",
            )
        return chapter, entry

    def _rewrite(
        self,
        chapter: Chapter,
        close: Sequence[str],
        entry: Revision,
        body: Sequence[str],
        *,
        author: str,
    ) -> Chapter:
        """Append a chapter with another close and an entry with another body, in paragraphs."""
        new_chapter = msgspec.structs.replace(
            chapter,
            recorded=None,
            note="",
            idempotency_key="",
            author=clean_text(author or self._config.author, "author"),
            title=chapter_title(chapter, self._words),
            close="\n\n".join(close),
        )
        new_entry = msgspec.structs.replace(
            entry, recorded=None, note="", idempotency_key="", body="\n\n".join(body)
        )
        validate(new_chapter)
        validate(new_entry)
        # The text is in two places for a moment rather than in none.
        self._journal.append_many([(new_chapter, chapter.rev), (new_entry, entry.rev)])
        return self._timeline.chapter(chapter.slug).now

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
            raise InvalidInput("The chapter has no title.", "Give it one.", about="title")
        found = slug_of_title(title)
        if not found:
            raise InvalidInput(
                f"The title '{title[:80]}' has neither letter nor digit to make an address of.",
                "Give the chapter a name with --slug.",
                about="title",
            )
        return found

    def _check_free(self, name: str, key: str) -> None:
        """Refuse the slug of a new chapter that is reserved or taken, also by a removed one."""
        if is_reserved(name) or range_of_slug(name):
            raise InvalidInput(
                f"'{name}' is the name of a day or period, not of a chapter.",
                "Give the chapter another name with --slug.",
                about="name",
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
            about="name",
        )

    def _check_selection(self, chapter: Chapter) -> None:
        """Refuse a chapter without updates; those of a scheduled one may still be posted.

        Raises :class:`InvalidInput`, and :class:`UnknownTag` for a tag that no entry has.
        """
        now = self._now()
        everything = msgspec.structs.replace(chapter, tags=(), key=False)
        first_weekday = self._config.first_weekday
        found = build_chapter(self._timeline, everything, first_weekday).entries
        known = {tag for entry in found for tag in entry.now.tags}
        for tag in chapter.tags if found else ():
            if topic_slug(tag) not in map(topic_slug, known):
                raise UnknownTag(tag, known, chapter.period)
        if chapter.published > now:
            return
        if not build_chapter(self._timeline, chapter, first_weekday).entries:
            start = parse_period_id(chapter.period, first_weekday).start
            if not found and start > now.astimezone(self._config.zone).date():
                problem = f"The period {chapter.period} is in the future."
                raise InvalidInput(
                    problem, "Schedule the chapter, or correct the period.", about="period"
                )
            what = "key event" if chapter.key and found else "update"
            raise InvalidInput(
                f"There is no {what} in {chapter.period} for the chapter.",
                "Post the updates first, or correct the period or the selection.",
                about="period",
            )


def _edited_revision(history: ChapterHistory, key: str) -> tuple[Chapter, bool]:
    """Return the revision that an edit starts from, and whether its key was used before.

    A repeated request starts from the same revision as the first one.
    """
    for number, revision in enumerate(history.revisions):
        if key and number and revision.idempotency_key == key:
            return history.revisions[number - 1], True
    return history.now, False


def _without_rule_at_end(texts: Sequence[str]) -> Sequence[str]:
    """Return paragraphs without a thematic break after the last one (CommonMark §4.1)."""
    while texts and re.fullmatch(r"([*_-])[ \t]*(?:\1[ \t]*){2,}", texts[-1]):
        texts = texts[:-1]
    return texts


def _count(texts: Sequence[str]) -> str:
    return "one paragraph" if len(texts) == 1 else f"{len(texts)} paragraphs"
