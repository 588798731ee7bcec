"""What an entry's revisions changed, word by word. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ..entry import Revision
from ..timeline import Entry

MANY = 4_000
"""Beyond so many words, texts are compared line by line: words would take seconds."""

Piece = tuple[Literal["same", "ins", "del"], str]
"""Words that stayed, came or went."""


@dataclass(frozen=True)
class Step:
    """One revision and what it changed."""

    revision: Revision
    changes: tuple[tuple[str, tuple[Piece, ...]], ...]  #: fields with their differences


def steps(entry: Entry) -> list[Step]:
    """Return the revisions after the first, the newest first."""
    pairs = zip(entry.revisions, entry.revisions[1:], strict=False)
    return [Step(new, tuple(_changes(old, new))) for old, new in pairs][::-1]


def differences(old: str, new: str) -> tuple[Piece, ...]:
    """Compare two texts."""
    before, after = _tokens(old), _tokens(new)
    if len(before) + len(after) > MANY:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found.append(("same", "".join(before[a:b])))
            continue
        if a < b:
            found.append(("del", "".join(before[a:b])))
        if c < d:
            found.append(("ins", "".join(after[c:d])))
    return tuple(found)


def _tokens(text: str) -> list[str]:
    return re.findall(r"\s+|\w+|[^\w\s]", text)


def _changes(old: Revision, new: Revision) -> Iterator[tuple[str, tuple[Piece, ...]]]:
    was, now = _texts(old), _texts(new)
    for name, text in now.items():
        if text != was[name]:
            yield name, differences(was[name], text)


def _texts(revision: Revision) -> dict[str, str]:
    """Return every field that an author can change as text."""
    return {
        "title": revision.title,
        "body": revision.body,
        "tags": ", ".join(revision.tags),
        "key": "✓" if revision.key else "",
        "pinned": "✓" if revision.pinned else "",
        "verification": {"": "", "unconfirmed": "?", "confirmed": "✓"}[revision.verification],
        "sources": "\n".join(f"{s.name} {s.url}".strip() for s in revision.sources),
        "figures": "\n".join(f"{f.name} = {f.value} {f.unit}".strip() for f in revision.figures),
        "pictures": "\n".join(f"{m.alt} {m.caption}".strip() for m in revision.media),
        "author": revision.author,
    }
