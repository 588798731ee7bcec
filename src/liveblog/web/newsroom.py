"""The newsroom: what a person may do to a blog over HTTP.

The API, the composer and Micropub call these methods. Each asks for permission, then changes the
blog.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from ..blog import Blog, Uploaded
from ..chapter_editor import ChapterImage
from ..model import limits
from ..model.chapter import Chapter, ChapterDraft
from ..model.draft import Draft
from ..model.entry import Media, Revision, State
from ..model.errors import InvalidInput
from ..model.permissions import Action
from ..timeline import Entry
from ..tokens import Person
from .api.schema import FramingText
from .auth import demand
from .context import BlogContext
from .errors import Problem


@dataclass(frozen=True)
class Newsroom:
    """A blog, and a person who works on it."""

    context: BlogContext
    person: Person

    @property
    def blog(self) -> Blog:
        """The blog that the person works on."""
        return self.context.blog

    def entry(self, entry_id: str, action: Action) -> Entry:
        """Return an entry, if the person may do the action to it.

        Raises :class:`Problem` (403) and :class:`NotFound`.
        """
        entry = self.blog.timeline.entry(entry_id)
        demand(self.person, action, entry, self.blog.now)
        return entry

    def signed(self, draft: Draft) -> Draft:
        """Return a draft that names its author: the person, unless it names another one.

        Raises :class:`Problem` (403) if the person may not sign for others.
        """
        author = draft.author or self.person.name
        if author != self.person.name:
            demand(self.person, "sign")
        return msgspec.structs.replace(draft, author=author)

    def post(
        self, draft: Draft, *, images: Iterable[Uploaded] = (), schedule: bool, key: str = ""
    ) -> Revision:
        """Post an entry; *key* is the client's Idempotency-Key."""
        return self.blog.post(
            self.signed(draft),
            images=images,
            schedule=schedule,
            idempotency_key=self._request_key(key),
        )

    def edit(
        self,
        entry_id: str,
        draft: Draft,
        *,
        images: Iterable[Uploaded | Media] | None = None,
        schedule: bool,
        note: str = "",
        minor: bool = False,
        expect: int,
    ) -> None:
        """Change an entry; with a *note* it is a correction that readers see."""
        self.entry(entry_id, "edit")
        with self.context.editors.naming():
            revision = self.blog.edit(
                entry_id,
                draft if draft.author is UNSET else self.signed(draft),
                images=images,
                schedule=schedule,
                note=note,
                minor=minor,
                expect=expect,
            )
        self.context.editors.remember(revision, self.person.name)

    def retract(self, entry_id: str, why: str, *, expect: int) -> None:
        """Withdraw an entry; a notice with the reason stays in its place."""
        self.entry(entry_id, "retract")
        with self.context.editors.naming():
            revision = self.blog.retract(entry_id, why=why, expect=expect)
        self.context.editors.remember(revision, self.person.name)

    def remove(self, entry_id: str, *, purge: bool = False, expect: int | None = None) -> list[str]:
        """Remove an entry from the site; with *purge*, delete every revision.

        Return what quoted it; see :meth:`Blog.quotes_of`.
        """
        self.entry(entry_id, "purge" if purge else "remove")
        quoted_by = self.blog.quotes_of(entry_id)
        with self.context.editors.naming():
            removed = self.blog.remove(
                entry_id, author=self.person.name, purge=purge, expect=expect
            )
        self.context.editors.remember(removed, self.person.name)
        return quoted_by

    def restore(self, entry_id: str) -> None:
        """Restore an entry that was removed."""
        entry = self.entry(entry_id, "restore")
        self.blog.restore(entry_id, expect=entry.now.rev)

    def frame(self, period_id: str, texts: FramingText, *, expect: int) -> None:
        """Write the texts around a digest, or on top of the live page."""
        demand(self.person, "frame")
        if texts == FramingText():
            hint = "Send headline, introduction or close."
            raise InvalidInput("There is nothing to change.", hint)
        self.blog.frame(
            period_id,
            headline=texts.headline,
            introduction=texts.introduction,
            close=texts.close,
            author=self.person.name,
            expect=expect,
        )

    def create_chapter(
        self,
        draft: ChapterDraft,
        *,
        slug: str = "",
        image: Uploaded | None = None,
        schedule: bool,
        key: str = "",
    ) -> Chapter:
        """Create a chapter; *key* is the client's Idempotency-Key."""
        demand(self.person, "frame")
        return self.blog.chapters.create(
            draft,
            slug=slug,
            image=image,
            author=self.person.name,
            schedule=schedule,
            idempotency_key=self._request_key(key),
        )

    def edit_chapter(
        self,
        slug: str,
        draft: ChapterDraft,
        *,
        image: ChapterImage | UnsetType = UNSET,
        schedule: bool,
        note: str = "",
        minor: bool = False,
        expect: int,
    ) -> None:
        """Change a chapter; with a *note* it is a correction that readers see."""
        demand(self.person, "frame")
        self.blog.chapters.edit(
            slug,
            draft,
            image=image,
            author=self.person.name,
            schedule=schedule,
            note=note,
            minor=minor,
            expect=expect,
        )

    def retract_chapter(self, slug: str, why: str, *, expect: int) -> None:
        """Withdraw a chapter; a notice with the reason stays in its place."""
        demand(self.person, "frame")
        self.blog.chapters.retract(slug, why=why, author=self.person.name, expect=expect)

    def remove_chapter(self, slug: str, *, purge: bool = False, expect: int | None = None) -> None:
        """Remove a chapter from the site; with *purge*, blank its texts in the journal."""
        demand(self.person, "purge" if purge else "remove")
        self.blog.chapters.remove(slug, author=self.person.name, purge=purge, expect=expect)

    def restore_chapter(self, slug: str, *, expect: int | None = None) -> None:
        """Restore a chapter that was removed."""
        demand(self.person, "restore")
        self.blog.chapters.restore(slug, expect=expect)

    def end(self, *, is_over: bool) -> None:
        """End the coverage, or resume it."""
        demand(self.person, "end")
        if is_over:
            self.blog.end()
        else:
            self.blog.resume()

    def _request_key(self, key: str) -> str:
        """Return a key of fixed length that no other person's request can have."""
        return hashlib.sha256(f"{self.person.hash} {key}".encode()).hexdigest()[:32] if key else ""


def expected_revision(given: str | None) -> int:
    """Return the revision that a client saw (If-Match, RFC 9110 §13.1.1).

    Raises :class:`Problem`: 428 without one, 412 for what is not the number of a revision.
    """
    if given is None:
        hint = "Send its ETag in If-Match, so that nobody's work is overwritten."
        raise Problem(428, "if_match_required", "Which revision do you want to change?", hint)
    number = revision_number(given.strip().removeprefix("W/").strip('"'))
    if number is None:
        raise Problem(412, "conflict", f"If-Match is {given[:40]}, which no revision has.")
    return number


def expected_by_removal(given: str | None, state: State) -> int | None:
    """Return the revision that a client saw who removes something; None if it did not say.

    In a repeated request it is ignored: its client saw an older revision.

    Raises :class:`Problem` (412).
    """
    return None if given is None or state == "removed" else expected_revision(given)


def revision_number(text: str) -> int | None:
    """Return the revision number that a text is, or None."""
    return int(text) if text.isdecimal() and len(text) <= limits.REVISION_DIGITS else None
