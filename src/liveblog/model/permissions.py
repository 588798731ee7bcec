"""Permissions: who may do what, in one table that every door asks.

The API, Micropub and the composer ask :func:`may` with the holder of a token. The user of the
command line owns the blog's files and may do everything that ``admin`` may.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

from .entry import Revision

Scope = Literal["post", "edit", "admin"]
"""``post``: new updates, and one's own; ``edit``: those of others, and digests; ``admin``: removals
and the end of the coverage. Each includes those before it."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

UNDO_SECONDS = 60
"""Seconds after its first revision in which an author may remove an entry again."""

Action = Literal[
    "read", "post", "sign", "edit", "retract", "remove", "purge", "restore", "frame", "end"
]
"""``sign``: name somebody else as the author; ``purge``: remove for good; ``frame``: write the text
around a digest; ``end``: end or resume the coverage."""

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
"""The scope that allows an action on anybody's entry."""


class Holder(Protocol):
    """Somebody with a name and a scope."""

    @property
    def name(self) -> str:
        """The name that signs their updates."""
        ...

    @property
    def scope(self) -> Scope:
        """Their scope."""
        ...


def has_scope(person: Holder, scope: Scope) -> bool:
    """Whether a scope is among somebody's."""
    return SCOPES.index(person.scope) >= SCOPES.index(scope)


def may(
    person: Holder, action: Action, entry: Sequence[Revision] = (), now: datetime | None = None
) -> bool:
    """Whether somebody may do something, to the entry with these revisions if it is about one.

    An author may edit and retract their own entries, and remove one within :data:`UNDO_SECONDS`
    if nobody else ever signed it. Whoever removed an entry may restore it.
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
    # Who removed an entry signed its last revision.
    return action == "restore" and last.author == person.name
