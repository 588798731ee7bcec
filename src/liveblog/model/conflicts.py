"""Errors for a revision that was refused because of another revision."""

from __future__ import annotations

from datetime import datetime

from .chapter import Chapter
from .entry import Revision
from .errors import LiveblogError
from .records import Version


class Conflict(LiveblogError):
    """The expected revision is not the newest one, because somebody else revised the entry.

    ``theirs`` is the newest revision in the journal (None if there is no such entry) and ``ours``
    the refused one, so that a user can compare them. ``editor`` is who made theirs, if it is known:
    the revision of an entry tells who signs the entry, not who revised it.
    """

    def __init__(
        self,
        name: str,
        expect: int,
        theirs: Version | None,
        ours: Version,
    ) -> None:
        found = f"revision {theirs.rev}" if theirs else "not in the journal"
        self.editor = "" if theirs is None or isinstance(theirs, Revision) else theirs.author
        read = f"Read it with 'liveblog show {name} --history'"
        if isinstance(ours, Chapter):
            name, read = f"The chapter '{ours.slug}'", "Read it as it stands now"
        super().__init__(
            f"{name}: {self.editor or 'somebody else'} revised it first "
            f"(you saw revision {expect}, it is {found}).",
            f"{read}, then make your change again.",
        )
        self.theirs = theirs
        self.ours = ours

    @property
    def changed(self) -> datetime | None:
        """The instant of their revision."""
        return self.theirs.recorded if self.theirs else None


class KeyReused(LiveblogError):
    """An idempotency key was used again, with another request.

    ``theirs`` is the revision that the first request made and ``ours`` the refused one.
    """

    def __init__(self, theirs: Revision | Chapter, ours: Revision | Chapter) -> None:
        look = "that one"
        if isinstance(theirs, Revision):
            look = f"that one with 'liveblog show {theirs.id} --history'"
        super().__init__(
            f"The idempotency key '{theirs.idempotency_key}' belongs to another request, which "
            f"made revision {theirs.rev} of {theirs.id}. This one was refused.",
            f"Read {look}; send yours with a new key.",
        )
        self.theirs = theirs
        self.ours = ours
