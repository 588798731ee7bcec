"""Splits the beginning of a line into Markdown marks, words, numbers and signs.

Only the first characters are examined, so a line may have any length.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ...text.dates import normalize

_HEAD_LENGTH = 120
"""Characters within which a date or time must end."""

_BLANK = " \t\u00a0\u2000-\u200b\u202f\u205f\u3000\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
"""Spaces of every width and directional marks of Arabic texts, for a character class."""

_MARKS = "\u0300-\u036f\u064b-\u065f\u0670"
"""Combining marks: accents of decomposed text, Arabic vowels."""

_TOKEN = re.compile(rf"\d+|[^\W\d_](?:[^\W\d_]|[{_MARKS}])*|[^{_BLANK}]")
_BLANKS = re.compile(rf"[{_BLANK}]*")
_OPENING = re.compile(
    rf"[{_BLANK}]*(?:(?P<level>#{{1,6}})[{_BLANK}]+)?(?:(?P<bullet>[-*+•·–])[{_BLANK}]+)?"
    r"(?P<emphasis>[*_]{1,3}|[\[(])?"
)
BRACKETS = {"[": "]", "(": ")"}

_DASHES = frozenset("–—―|→•·")


class Token(NamedTuple):
    """A word, a number or a sign."""

    word: str  #: folded
    raw: str
    end: int
    after_blank: bool

    @property
    def number(self) -> int | None:
        """The value of a number in any script; None for another token."""
        return int(self.raw) if self.raw.isdecimal() else None


class Tokens:
    """The tokens at the beginning of a text, read on demand."""

    def __init__(self, text: str, start: int) -> None:
        self._matches = _TOKEN.finditer(text, start, start + _HEAD_LENGTH)
        self._list: list[Token] = []
        self._start = start
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        """Return the next token, or one *ahead* of it; an empty token after the last."""
        at = self.at + ahead
        while at >= len(self._list):
            match = next(self._matches, None)
            if match is None:
                return Token("", "", 0, True)
            blank = match.start() > (self._list[-1].end if self._list else self._start)
            self._list.append(Token(normalize(match[0]), match[0], match.end(), blank))
        return self._list[at]

    def take(self, words: frozenset[str] | str) -> bool:
        """Skip the next token if it is one of *words*; return whether it was."""
        found = bool(self.peek().word) and self.peek().word in words
        self.at += found
        return found

    @property
    def end(self) -> int:
        """The index after the last token that was taken."""
        return self._list[self.at - 1].end


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
        at = _BLANKS.match(tail, at).end()  # type: ignore[union-attr]  # it matches nothing too
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
