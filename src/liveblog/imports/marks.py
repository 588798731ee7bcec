"""Marks of imported versions: a hash in the idempotency key of each revision that was imported.

A mark says which version of the source a revision was made from, so a second import appends only
what is new or has changed. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from ..model.draft import given_fields
from ..model.entry import Revision
from ..model.hashing import blake2b
from ..model.moment import Moment
from . import Version

PREFIX = "import "
"""Begins the idempotency key of each imported revision."""

INCOMPLETE = "~"
"""Ends the mark of a version without one of its pictures; the next import tries it again."""

_FIELDS = ("published", "updated", "title", "body", "author", "tags", "key", "pinned",
           "verification", "sources", "figures", "lang", "state", "note")  # fmt: skip
"""The fields that every mark covers. Their order must not change: marks are compared with those in
the journal. A field that was added later is covered where it has a value."""

_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Revision)}


def mark_of(version: Version) -> str:
    """Return a hash of the content of a version."""
    values = {name: getattr(version, name) for name in version.__struct_fields__}
    moment = version.published
    values["published"] = moment.instant
    pictures = [(p.name, p.alt, p.caption) for p in version.pictures]
    content: list[Any] = [pictures]
    content += [_DEFAULTS[name] if values[name] is UNSET else values[name] for name in _FIELDS]
    later = {
        name: value
        for name, value in given_fields(version).items()
        if name not in _FIELDS and value != _DEFAULTS[name]
    }
    if moment != Moment(moment.instant):
        later["moment"] = (moment.precision, moment.written_time)
    if later:
        content.append(later)
    return blake2b(msgspec.json.encode(content), digest_size=16).hexdigest()


def mark_in(revision: Revision) -> str:
    """Return the mark of an imported revision; empty if it was written here."""
    key = revision.idempotency_key
    return key.rpartition(" ")[2] if key.startswith(PREFIX) else ""


def is_whole_day_here(existing: Sequence[Revision], version: Version) -> bool:
    """Whether an update of a whole day was imported at midnight, and was made one here since."""
    imported = [revision for revision in existing if mark_in(revision)]
    if not imported or (existing[-1].precision, version.published.precision) != ("day", "day"):
        return False
    at_midnight = msgspec.structs.replace(version, published=Moment(version.published.instant))
    return mark_in(imported[-1]).removesuffix(INCOMPLETE) == mark_of(at_midnight)


def new_versions(existing: Sequence[Revision], marks: Sequence[str]) -> range | None:
    """Return the indexes of the versions to append; None if the entry was also edited here.

    *existing* are the revisions of the entry in the journal, *marks* those of all its versions in
    the source, both oldest first.
    """
    if not existing:
        return range(len(marks))
    nothing, newest = range(0), range(len(marks) - 1, len(marks))
    imported = [revision for revision in existing if mark_in(revision)]
    if not imported:  # a purged entry has no marks and is not imported again
        return nothing
    last = mark_in(imported[-1])
    is_edited = existing[-1] is not imported[-1]
    if last.removesuffix(INCOMPLETE) == marks[-1]:
        return newest if last.endswith(INCOMPLETE) and not is_edited else nothing
    if is_edited:
        return None
    last = last.removesuffix(INCOMPLETE)
    if last in marks:
        return range(len(marks) - marks[::-1].index(last), len(marks))
    return newest
