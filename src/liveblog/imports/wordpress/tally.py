"""What is left out of an export as a whole, counted, and told once at its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ...text.plain import shorten
from .. import Problem

_NAMED = 5

_KINDS = {
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
class Tally:
    """Counts what is not imported."""

    comments: int = 0  #: of readers
    gone: int = 0  #: entries of which only the deletion is left
    taxonomies: dict[str, None] = field(default_factory=dict)  #: that are no topics
    _names: dict[str, list[str]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def left_out(self, kind: str, name: str) -> None:
        """Count one of a kind: a status or type of WordPress's."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= _NAMED:
            self._names.setdefault(kind, []).append(shorten(name, 60))

    def problems(self, where: str) -> Iterator[Problem]:
        """Tell it, one problem a kind."""
        for kind, count in self._counts.items():
            one, many = _KINDS.get(
                kind, (f"item of the kind '{kind}'", f"items of the kind '{kind}'")
            )
            names = ", ".join(f"'{name}'" for name in self._names[kind])
            more = "…" if count > _NAMED else ""
            what = f"{_counted(count, one, many)} not imported: {names}{more}"
            yield Problem(where, what, "Post by hand what readers are to see.")
        if self.gone:
            what = _counted(self.gone, "deleted entry", "deleted entries")
            yield Problem(where, f"{what} not imported: the export holds no text")
        for taxonomy in self.taxonomies:
            what = f"what posts are filed under in '{taxonomy}' is not imported"
            yield Problem(where, what, "Categories and tags are; tag by hand what you need.")
        if self.comments:
            what = _counted(self.comments, "comment of a reader", "comments of readers")
            yield Problem(where, f"{what} not imported")


def _counted(count: int, one: str, many: str) -> str:
    return f"1 {one} was" if count == 1 else f"{count:,} {many} were"
