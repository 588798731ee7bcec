"""The differences between the revisions of an entry, word by word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any, Literal

from ...model.draft import field_values
from ...model.entry import Revision
from ...timeline import Entry

LIMIT = 100_000_000
"""Maximum number of words of one text times those of the other: the bits that a comparison uses.
Longer texts are compared line by line; beyond that, the whole text is shown as replaced."""

Piece = tuple[Literal["same", "ins", "del"], str]
"""Words that are in both texts, only in the new one, or only in the old one."""


@dataclass(frozen=True)
class Step:
    """One revision and what it changed."""

    revision: Revision
    changes: tuple[tuple[str, tuple[Piece, ...]], ...]  #: fields with their differences


def steps(entry: Entry) -> list[Step]:
    """Return the revisions after the first, the newest first."""
    pairs = list(pairwise(entry.revisions))
    limit = LIMIT // max(len(pairs), 1)  # bounds the time of the whole page
    return [Step(new, tuple(_changes(old, new, limit))) for old, new in pairs][::-1]


def differences(old: str, new: str, limit: int = LIMIT) -> tuple[Piece, ...]:
    """Compare two texts; *limit* bounds the time, see :data:`LIMIT`."""
    for split in (_words, _lines):
        before, after = split(old), split(new)
        start = _common(before, after)
        end = _common(before[start:][::-1], after[start:][::-1])
        a, b = before[start : len(before) - end], after[start : len(after) - end]
        if len(a) * len(b) <= limit:
            break
    pieces: list[Piece] = [("same", "".join(before[:start]))]
    at = above = 0
    matches = _matches(a, b) if len(a) * len(b) <= limit else []
    for i, j in (*matches, (len(a), len(b))):
        pieces += [("del", "".join(a[at:i])), ("ins", "".join(b[above:j]))]
        pieces.append(("same", "".join(a[i : i + 1])))
        at, above = i + 1, j + 1
    pieces.append(("same", "".join(before[len(before) - end :])))
    return tuple(_merged(pieces))


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many items two lists begin with in common."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(before), len(after)))


def _matches(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Return the positions of a longest common subsequence.

    A row of the table of lengths is a number with a bit for each item of *b*, which is unset where
    the length grows (Hyyrö 2004): a row takes a few operations, however many items are the same.
    """
    if len(b) > len(a):
        return [(i, j) for j, i in _matches(b, a)]
    places: dict[str, int] = {}
    for j, item in enumerate(b):
        places[item] = places.get(item, 0) | 1 << j
    everything = (1 << len(b)) - 1
    rows = [everything]
    for item in a:
        row = rows[-1]
        same = row & places.get(item, 0)
        rows.append((row + same | row - same) & everything)
    found = []
    i, j = len(a), len(b)
    while i and j:
        if rows[i] >> (j - 1) & 1:
            j -= 1
        elif not rows[i - 1] >> (j - 1) & 1:
            i -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Join neighbours of one kind, and drop empty pieces."""
    full = (piece for piece in pieces if piece[1])
    for kind, group in groupby(full, key=itemgetter(0)):
        yield kind, "".join(text for _, text in group)


def _words(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _changes(old: Revision, new: Revision, limit: int) -> Iterator[tuple[str, tuple[Piece, ...]]]:
    was, now = _texts(old), _texts(new)
    for name, text in now.items():
        if text != was[name]:
            yield name, differences(was[name], text, limit)


def _texts(revision: Revision) -> dict[str, str]:
    """Return every field that an author can change, as text."""
    texts = {}
    for name, value in field_values(revision).items():
        texts[name] = _AS_TEXT[name](value) if name in _AS_TEXT else value
    texts["pictures"] = "\n".join(f"{m.alt} {m.caption}".strip() for m in revision.media)
    return texts


_AS_TEXT: dict[str, Callable[[Any], str]] = {
    "tags": ", ".join,
    "key": lambda is_key: "✓" if is_key else "",
    "pinned": lambda is_pinned: "✓" if is_pinned else "",
    "verification": {"": "", "unconfirmed": "?", "confirmed": "✓"}.__getitem__,
    "sources": lambda found: "\n".join(f"{s.name} {s.url}".strip() for s in found),
    "figures": lambda found: "\n".join(f"{f.name} = {f.value} {f.unit}".strip() for f in found),
}
"""Writes the fields that are not texts as texts."""
