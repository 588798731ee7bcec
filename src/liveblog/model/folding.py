"""Folds the versions of an entry or chapter, in whatever order the journal has them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from .chapter import Chapter
from .entry import Revision

Version = TypeVar("Version", Revision, Chapter)

_VISIBILITY = {"live": 2, "retracted": 1, "removed": 0}  #: how much of it readers see


def fold_versions(versions: Sequence[Version]) -> tuple[Version, ...]:
    """Return the versions of one entry or chapter in order, each number once.

    Of two lines with the same revision number the first counts, so a duplicated or reordered line
    changes nothing. But if two machines revised it at the same time and one of them withdrew it,
    the withdrawal counts, unless a revision with a higher number was recorded later.
    """
    if len(versions) == 1:
        return tuple(versions)
    by_number: dict[int, Version] = {}
    for version in versions:
        first = by_number.setdefault(version.rev, version)
        if _VISIBILITY[version.state] < _VISIBILITY[first.state]:
            by_number[version.rev] = version
    found: list[Version] = [by_number[number] for number in sorted(by_number)]
    newest = found[-1]
    for version in found:
        is_withdrawal = _VISIBILITY[version.state] < _VISIBILITY[newest.state]
        if is_withdrawal and _was_later(version, newest):
            newest = msgspec.structs.replace(version, rev=found[-1].rev)
    found[-1] = newest
    return tuple(found)


def _was_later(version: Version, other: Version) -> bool:
    """Whether a version was recorded after one with a higher number (on another machine)."""
    return bool(version.recorded and other.recorded and version.recorded > other.recorded)
