"""Splits a text that people write into words, numbers and signs, in any script, for comparison.

Only the first characters are examined, so a text may have any length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from ..model.entry import decomposed

_HEAD_LENGTH = 120
"""Characters within which a date or time must end."""

BLANK = " \t\u00a0\u2000-\u200b\u202f\u205f\u3000\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
"""Spaces of every width and directional marks of Arabic texts, for a character class."""

_MARKS = "\u0300-\u036f\u064b-\u065f\u0670"
"""Combining marks: accents of decomposed text, Arabic vowels."""

_FIRST_MARK = "\u0300"
"""The first of the combining marks of all scripts."""

_TOKEN = re.compile(rf"\d+|[^\W\d_](?:[^\W\d_]|[{_MARKS}])*|[^{BLANK}]")


class Token(NamedTuple):
    """A word, a number or a sign."""

    word: str  #: folded
    raw: str
    end: int
    after_blank: bool

    @property
    def start(self) -> int:
        """The index of its first character."""
        return self.end - len(self.raw)

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
            raw = match[0]
            word = raw.lower() if raw.isascii() else normalize(raw)
            self._list.append(Token(word, raw, match.end(), blank))
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


_Value = TypeVar("_Value")


class Phrases(Generic[_Value]):
    """Words and phrases, each with a value; the longest one at a place counts."""

    def __init__(self, phrases: Iterable[tuple[str, _Value]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], _Value]]] = {}
        for phrase, value in phrases:
            words = _words(phrase)
            self._by_first.setdefault(words[0], []).append((words, value))
        for found in self._by_first.values():
            found.sort(key=lambda pair: -len(pair[0]))

    @property
    def first_words(self) -> frozenset[str]:
        """The words that phrases begin with."""
        return frozenset(self._by_first)

    def take(self, tokens: Tokens) -> _Value | None:
        """Skip the phrase that comes next, and return its value; None if none does."""
        phrases = self._by_first.get(tokens.peek().word)
        if phrases is None:
            return None
        second = tokens.peek(1).word
        for words, value in phrases:
            if len(words) > 1 and words[1] != second:
                continue
            if all(tokens.peek(i).word == word for i, word in enumerate(words[2:], 2)):
                tokens.at += len(words)
                return value
        return None


def _words(text: str) -> tuple[str, ...]:
    tokens = Tokens(text, 0)
    words: list[str] = []
    while word := tokens.peek(len(words)).word:
        words.append(word)
    return tuple(words)


def normalize(text: str) -> str:
    """Return a text for comparison: without case, accents and differences of spaces.

    Apostrophes become ``'`` and digits of other scripts ASCII digits.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    text = decomposed(text.casefold().replace("’", "'"))
    text = "".join([c for c in text if c < _FIRST_MARK or not unicodedata.combining(c)])
    if not text.isascii():
        text = text.replace("ة", "ه")
        text = "".join([str(unicodedata.digit(c)) if c.isdigit() else c for c in text])
    return " ".join(text.split())
