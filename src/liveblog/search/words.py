"""Words as search compares them: folded, asked for, and found again in a text. Pure.

SQLite's own tokenizer drops the accents of Latin letters and takes the vowel signs of Arabic for
gaps between words. So texts are folded here before they are indexed, and so is what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from ..model.entry import decomposed

ASKED_CHARACTERS = 300
"""What goes beyond is not looked at."""

ASKED_WORDS = 12

PREFIX = 2
"""The last word finds what begins with it if it has so many letters."""

SNIPPET = 220  #: characters of a text shown around its hits

_MARKS = (
    "\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    "\u200b-\u200f\u2060\u20d0-\u20f0\ufeff"
)
"""Accents, the points of Hebrew, the vowel signs and the stroke of Arabic, what is not seen."""

_DROPPED = re.compile(f"[{_MARKS}]+")
_WORD = re.compile(f"[^\\W_](?:[^\\W_]|[{_MARKS}])*")
_PART = re.compile(r"[^\W_]+")
_ASKED = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]?|([^\s"“”„«»]+)')

# What no decomposition takes apart: ligatures, strokes; letters that Arabic and Persian share or
# that are written for each other; the digits of both.
_SAME = str.maketrans(
    {
        "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ı": "i",
        "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ہ": "ه",
        **{chr(first + digit): str(digit) for first in (0x660, 0x6F0) for digit in range(10)},
    }
)  # fmt: skip


class Phrase(Struct, frozen=True):
    """Words that stand one after the other; a single word is a phrase of one."""

    words: tuple[str, ...]  #: folded
    is_open: bool = False  #: whether the last may go on: a prefix

    def starts(self, folded: Sequence[str], at: int) -> bool:
        """Whether it stands at a place among folded words."""
        *whole, last = self.words
        end = at + len(whole)
        return (
            end < len(folded)
            and (folded[end].startswith(last) if self.is_open else folded[end] == last)
            and list(folded[at:end]) == whole
        )


Piece = tuple[bool, str]
"""A part of a text, and whether it is a hit."""


def fold(text: str) -> str:
    """Return a text without what search does not tell apart: case, accents, vowel signs, forms."""
    if text.isascii():
        return text.lower()
    return _DROPPED.sub("", decomposed(decomposed(text).casefold().translate(_SAME)))


def phrases(asked: str) -> tuple[Phrase, ...]:
    """Return what somebody asks for; nothing if it holds neither letter nor digit.

    Quotes of any kind make a phrase. The last word may be a beginning, unless it is quoted.
    """
    asked = asked[:ASKED_CHARACTERS]
    found: list[Phrase] = []
    for match in _ASKED.finditer(asked):
        words = tuple(_PART.findall(fold(match[1] or match[2] or "")))
        # "l’eau" is two words that stand together.
        is_open = bool(match[2]) and match.end() == len(asked.rstrip())
        if words:
            found.append(Phrase(words, is_open and len(words[-1]) >= PREFIX))
    return tuple(dict.fromkeys(found))[:ASKED_WORDS]


def pieces(text: str, asked: Sequence[Phrase], limit: int = SNIPPET) -> tuple[Piece, ...]:
    """Return a text with its hits apart: at most *limit* characters, where most hits are."""
    words = [(m.start(), m.end()) for m in _WORD.finditer(text)]
    hits = _hits(text, words, asked)
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
    text: str, words: Sequence[tuple[int, int]], asked: Sequence[Phrase]
) -> list[tuple[int, int, int]]:
    """Return where each phrase stands: its start, its end, and which one it is."""
    # A word that folds into several, as a fraction does, is taken for the first of them.
    folded = [(_PART.findall(fold(text[start:end])) or [""])[0] for start, end in words]
    beginnings = tuple(phrase.words[0] for phrase in asked)
    return [
        (words[at][0], words[at + len(phrase.words) - 1][1], number)
        for at in range(len(words))
        if folded[at].startswith(beginnings)
        for number, phrase in enumerate(asked)
        if phrase.starts(folded, at)
    ]


def _window(text: str, hits: Sequence[tuple[int, int, int]], limit: int) -> tuple[int, int]:
    """Return the part of a text to show: the first that holds the most different phrases."""
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
