"""Permissions: which scope allows which action, and what authors may do with their own entries.

The API, Micropub and the composer ask :func:`may` with the holder of a token. The user of the
command line owns the blog's files and may do everything that ``admin`` may.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

from .entry import Revision

Scope = Literal["post", "edit", "admin"]
"""``post``: new entries and one's own; ``edit``: entries of others, digests and chapters;
``admin``: removals and the end of the coverage. Each scope includes the ones before it."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

UNDO_SECONDS = 60
"""Seconds after its first revision in which an author may remove an entry again."""

Action = Literal[
    "read", "post", "sign", "edit", "retract", "remove", "purge", "restore", "frame", "end"
]
"""``sign``: name another author; ``purge``: delete every revision; ``frame``: write the framing of
a digest, or a chapter; ``end``: end or resume the coverage."""

NEEDS: dict[Action, Scope] = {
    "read": "post",
    "post": "post",
    "sign": "edit",
    "edit": "edit",
    "retract": "edit",
    "remove": "admin",
    "purge": "admin",
    "restore": "admin",
    "frame": "edit",
    "end": "admin",
}
"""The scope that allows an action on every entry."""


class Holder(Protocol):
    """A person with a name and a scope."""

    @property
    def name(self) -> str:
        """The author of the person's entries."""
        ...

    @property
    def scope(self) -> Scope:
        """The person's scope."""
        ...


def has_scope(person: Holder, scope: Scope) -> bool:
    """Whether the person's scope includes *scope*."""
    return SCOPES.index(person.scope) >= SCOPES.index(scope)


def may(
    person: Holder, action: Action, entry: Sequence[Revision] = (), now: datetime | None = None
) -> bool:
    """Whether a person may do something; *entry* holds the revisions of the entry concerned.

    An author may edit and retract their own entries, and remove one within :data:`UNDO_SECONDS`
    if all its revisions are theirs. The person who removed an entry may restore it.
    """
    if has_scope(person, NEEDS[action]):
        return True
    if not entry:
        return False
    last = entry[-1]
    if action in ("edit", "retract"):
        return last.state != "removed" and last.author == person.name
    if action == "remove" and now is not None:
        began = entry[0].recorded or entry[0].published
        is_own = all(revision.author == person.name for revision in entry)
        return is_own and now - began < timedelta(seconds=UNDO_SECONDS)
    # The author of the last revision is the person who removed the entry.
    return action == "restore" and last.author == person.name
