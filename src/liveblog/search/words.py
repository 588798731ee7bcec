"""Normalises words for search, parses queries, and finds their hits in a text. Pure.

SQLite's tokenizer drops the accents of Latin letters, but takes the vowel signs of Arabic for gaps
between words. So texts and queries are normalised here before they reach SQLite.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ..model.entry import decomposed

QUERY_CHARACTERS = 300
"""Number of characters of a query that are read."""

QUERY_WORDS = 12
"""Number of words and phrases of a query that are searched for."""

PREFIX = 2
"""Minimum number of letters of a last word for which longer words are found too."""

SNIPPET = 220
"""Number of characters of a text that are shown around its hits."""

_MARKS = (
    "\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u200b-\u200f\u2060\u20d0-\u20f0\ufeff"
)
"""Accents, the points of Hebrew, the vowel signs and tatweel of Arabic, invisible characters."""

_DROPPED = re.compile(f"[{_MARKS}]+")
_WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{_MARKS}])*")
_PART = re.compile(r"[^\W_]+")
_QUERY_PART = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]?|([^\s"“”„«»]+)')

# Characters that Unicode does not decompose: ligatures, letters with strokes; letters of Arabic and
# Persian that are written for each other; the digits of both.
_EQUIVALENT = str.maketrans(
    {
        "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i",
        "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه",
        **{chr(first + digit): str(digit) for first in (0x660, 0x6F0) for digit in range(10)},
    }
)  # fmt: skip


class Phrase(Struct, frozen=True):
    """Words that follow each other; a single word is a phrase of one."""

    words: tuple[str, ...]  #: normalised
    is_open: bool = False  #: whether the last word is a prefix

    def starts(self, normalized: Sequence[str], at: int) -> bool:
        """Whether the phrase begins at index *at* of some normalised words."""
        *whole, last = self.words
        end = at + len(whole)
        return (
            end < len(normalized)
            and (normalized[end].startswith(last) if self.is_open else normalized[end] == last)
            and list(normalized[at:end]) == whole
        )


Piece = tuple[bool, str]
"""A part of a text, and whether it is a hit."""


def normalize(text: str) -> str:
    """Return a text without the differences that search ignores: case, accents, vowel signs."""
    if text.isascii():
        return text.lower()
    return _DROPPED.sub("", decomposed(decomposed(text).casefold().translate(_EQUIVALENT)))


def parse_query(query: str) -> tuple[Phrase, ...]:
    """Return the phrases of a query; none if it has neither letter nor digit.

    Quotes of any kind make a phrase. The last word is a prefix unless it is quoted.
    """
    query = query[:QUERY_CHARACTERS]
    found: list[Phrase] = []
    for match in _QUERY_PART.finditer(query):
        words = tuple(_PART.findall(normalize(match[1] or match[2] or "")))
        # "l’eau" is a phrase of two words.
        is_open = bool(match[2]) and match.end() == len(query.rstrip())
        if words:
            found.append(Phrase(words, is_open and len(words[-1]) >= PREFIX))
    return tuple(dict.fromkeys(found))[:QUERY_WORDS]


def excerpt(text: str, phrases: Sequence[Phrase], limit: int = SNIPPET) -> tuple[Piece, ...]:
    """Return the part of a text with the most hits, at most *limit* characters, in pieces."""
    words = [(m.start(), m.end()) for m in _WORD.finditer(text)]
    hits = _hits(text, words, phrases)
    start, end = _window(text, hits, limit)
    found: list[Piece] = []
    at = start
    for first, last, _ in hits:
        if first >= at and last <= end:
            found += [(False, text[at:first]), (True, text[first:last])]
            at = last
    found.append((False, text[at:end]))
    if start:
        found.insert(0, (False, "… "))
    if end < len(text):
        found.append((False, "…" if text[end - 1 : end].isspace() else " …"))
    return tuple(piece for piece in found if piece[1])


def _hits(
    text: str, words: Sequence[tuple[int, int]], phrases: Sequence[Phrase]
) -> list[tuple[int, int, int]]:
    """Return the hits in a text: start, end, and the index of the phrase."""
    # A word that becomes several when normalised, as a fraction does, counts as the first one.
    normalized = [(_PART.findall(normalize(text[start:end])) or [""])[0] for start, end in words]
    beginnings = tuple(phrase.words[0] for phrase in phrases)
    return [
        (words[at][0], words[at + len(phrase.words) - 1][1], number)
        for at in range(len(words))
        if normalized[at].startswith(beginnings)
        for number, phrase in enumerate(phrases)
        if phrase.starts(normalized, at)
    ]


def _window(text: str, hits: Sequence[tuple[int, int, int]], limit: int) -> tuple[int, int]:
    """Return start and end of the first part of a text that has the most different phrases."""
    if len(text) <= limit:
        return 0, len(text)
    best, most = 0, 0
    for place, (first, _, _) in enumerate(hits):
        within = set()
        for _, last, number in hits[place : place + 50]:
            if last > first + limit * 2 // 3:
                break
            within.add(number)
        if len(within) > most:
            best, most = first, len(within)
    start = max(0, min(best - limit // 4, len(text) - limit))
    end = start + limit
    if start:  # from a word's beginning, to a word's end
        gap = text.find(" ", start, best)
        start = gap + 1 if gap >= 0 else start
    if end < len(text):
        gap = text.rfind(" ", start + limit // 2, end)
        end = gap if gap >= 0 else end
    return start, end
