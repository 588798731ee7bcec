"""Reads the Markdown at the start of a line, and the signs after a date or time.

Only the first characters are examined, so a line may have any length.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...text.tokens import BLANK

_BLANKS = re.compile(rf"[{BLANK}]*")
_OPENING = re.compile(
    rf"[{BLANK}]*(?:(?P<level>#{{1,6}})[{BLANK}]+)?(?:(?P<bullet>[-*+•·–])[{BLANK}]+)?"
    r"(?P<emphasis>[*_]{1,3}|[\[(])?"
)
BRACKETS = {"[": "]", "(": ")"}

_DASHES = frozenset("–—―|→•·")


class Opening(NamedTuple):
    """The Markdown at the start of a line."""

    level: str  #: the number signs of a heading
    bullet: str
    emphasis: str  #: asterisks, underscores or an opening bracket
    start: int  #: index at which the text begins

    @property
    def closer(self) -> str:
        """The sign that closes the emphasis or bracket."""
        return BRACKETS.get(self.emphasis, self.emphasis)


def read_opening(line: str) -> Opening:
    """Return the Markdown at the start of a line."""
    found = _OPENING.match(line)
    if not found:  # it matches the empty text
        return Opening("", "", "", 0)
    emphasis = found["emphasis"] or ""
    return Opening(found["level"] or "", found["bullet"] or "", emphasis, found.end())


class Tail(NamedTuple):
    """What follows a date or time."""

    sign: str  #: ``:``, ``-`` (any dash, bar or arrow), ``.``, ``,`` or empty
    rest: str
    closed: str  #: where emphasis or a bracket closes: ``here``, ``end`` of the line or empty


def read_tail(tail: str, before: Opening) -> Tail:
    """Split the rest of a line after a date or time; *before* is the Markdown at its start."""
    sign, closed, at = "", "", 0
    while True:
        start = at
        blanks = _BLANKS.match(tail, at)
        assert blanks is not None  # it also matches an empty text
        at = blanks.end()
        here = tail[at : at + 1]
        if before.emphasis and not closed and tail.startswith(before.closer, at):
            closed, at = "here", at + len(before.closer)
        elif here in (":", "：") and sign != ":":
            sign, at = ":", at + 1
        elif sign not in (":", "-") and (here in _DASHES or (here == "-" and at > start)):
            # "--" is a dash too.
            sign, at = "-", at + (2 if tail.startswith("--", at) else 1)
        elif here in (".", ",", "،") and not sign and not tail.startswith("..", at):
            sign, at = "." if here == "." else ",", at + 1
        else:
            break
    rest = tail[at:].strip()
    if before.emphasis and not closed and rest.endswith(before.closer):
        rest, closed = rest.removesuffix(before.closer).rstrip(), "end"
    return Tail(sign, rest, closed)
