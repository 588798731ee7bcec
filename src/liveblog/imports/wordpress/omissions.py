"""Counts the parts of an export that are not imported, and reports them at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...text.plain import shorten
from .. import Problem

_MAX_NAMES = 5
"""Number of items of a kind that are named in the report."""

_KIND_NAMES = {
    "draft": ("draft", "drafts"),
    "pending": ("post that waits for review", "posts that wait for review"),
    "private": ("private post", "private posts"),
    "future": ("post that is scheduled", "posts that are scheduled"),
    "trash": ("post in the bin", "posts in the bin"),
    "password": ("post with a password", "posts with a password"),
    "page": ("page", "pages"),
    "waiting": ("entry that waits for approval", "entries that wait for approval"),
}


@dataclass
class Omissions:
    """The number of items of each kind that are not imported."""

    comments: int = 0  #: number of comments of readers
    deletions: int = 0  #: number of entries of which only the deletion is left
    taxonomies: dict[str, None] = field(default_factory=dict)  #: taxonomies that are not topics
    _names: dict[str, list[str]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        """Count an item by its kind: a status or post type of WordPress."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= _MAX_NAMES:
            self._names.setdefault(kind, []).append(shorten(name, 60))

    def problems(self, where: str) -> Iterator[Problem]:
        """Yield one problem for each kind."""
        for kind, count in self._counts.items():
            one, many = _KIND_NAMES.get(
                kind, (f"item of the kind '{kind}'", f"items of the kind '{kind}'")
            )
            names = ", ".join(f"'{name}'" for name in self._names[kind])
            more = "…" if count > _MAX_NAMES else ""
            what = f"{_count_phrase(count, one, many)} not imported: {names}{more}"
            yield Problem(where, what, "Post by hand what readers are to see.")
        if self.deletions:
            what = _count_phrase(self.deletions, "deleted entry", "deleted entries")
            yield Problem(where, f"{what} not imported: the export holds no text")
        for taxonomy in self.taxonomies:
            what = f"the terms of posts in the taxonomy '{taxonomy}' are not imported"
            yield Problem(where, what, "Categories and tags are; tag by hand what you need.")
        if self.comments:
            what = _count_phrase(self.comments, "comment of a reader", "comments of readers")
            yield Problem(where, f"{what} not imported")


def _count_phrase(count: int, one: str, many: str) -> str:
    return f"1 {one} was" if count == 1 else f"{count:,} {many} were"
