"""Topics: which tags name the same one, and the part of a URL that stands for it.

Case, the accents of Latin and Greek letters, vowel signs of Arabic and Hebrew, spaces, hyphens and
quotation marks do not count: ``Réfugiés`` and ``refugies`` are one topic. Everything else does:
``C``, ``C++`` and ``C#``, パ and ハ, й and и are different topics, and never share an address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from . import limits
from .entry import clean_text, decomposed
from .errors import InvalidInput

_SIGNS = frozenset("#%&*@!?§¶†‡‰‱")
"""Punctuation that distinguishes topics, beside the symbols (Unicode categories S)."""

_DROPPED_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f]"
)
"""Accents, and the vowel signs of Arabic and Hebrew; the marks of other scripts are letters."""

_CYRILLIC = re.compile("[\u0400-\u052f]")
_CYRILLIC_LETTERS = re.compile("[\u0438\u0443\u0436]\u0306|[^\u0435]\u0308|[\u0433\u043a]\u0301")
"""Letters with a mark that is part of them (й ў ӂ, ї ӓ, ѓ ќ); ё is written as е, and stress is not
written at all."""

_FULL_WIDTH = 0xFEE0
"""What is added to a sign of ASCII: its full-width form is safe in file names and addresses."""


def topic_slug(tag: str) -> str:
    """Return the part of a URL that stands for the topic of a tag.

    It is empty where the tag holds neither letter nor digit. Two tags have the same one only if
    they name the same topic. The slug of a slug is itself.
    """
    # A longer text cannot be a tag and is not cached.
    return _topic_slug(tag) if len(tag) <= limits.NAME else _topic_slug.__wrapped__(tag)


def requested_topic(tag: str) -> str:
    """Return the slug of a tag that a user asks for.

    Raises :class:`InvalidInput` if it has neither letter nor digit.
    """
    found = topic_slug(tag)
    if not found:
        raise InvalidInput(f"'{tag}' is not a tag.", "Name one that an entry carries.")
    return found


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags cleaned, each topic once, as it was first written."""
    by_topic: dict[str, str] = {}
    for tag in tags:
        by_topic.setdefault(topic_slug(tag), clean_text(tag, "tag"))
    return tuple(by_topic.values())


@lru_cache(maxsize=4096)
def _topic_slug(tag: str) -> str:
    letters = decomposed(decomposed(tag).casefold()).strip()
    if not any(map(str.isalnum, letters)):
        return ""
    written: list[str] = []  # letters, ``-`` for separators, and signs
    base = ""
    for number, letter in enumerate(letters):
        if letter.isalnum():
            base = letter
            written.append(letter)
        elif unicodedata.category(letter).startswith("M"):
            if _is_kept(base, letter):
                written.append(letter)
        elif letter == "#" and not written:
            continue  # a hashtag
        elif sign := _sign(letters, number):
            # Separators around a sign do not count: "Q & A" is "Q&A".
            if written[-1:] == ["-"]:
                written.pop()
            written.append(sign)
            base = ""
        else:
            if written and written[-1] != "-" and (base or written[-1].isalnum()):
                written.append("-")
            base = ""
    return unicodedata.normalize("NFC", "".join(written)).strip("-")


def _is_kept(base: str, mark: str) -> bool:
    """Whether a mark is part of its letter, and no accent."""
    if _CYRILLIC.match(base):
        return _CYRILLIC_LETTERS.fullmatch(base + mark) is not None
    return bool(base) and not _DROPPED_MARKS.match(mark)


def _sign(letters: str, number: int) -> str:
    """Return how a sign is written in a slug; empty for what only separates words."""
    sign = letters[number]
    is_last = number == len(letters) - 1
    is_after_letter = number > 0 and not letters[number - 1].isspace()
    if sign in "-\u2010\u2011\u2212":  # A-
        return _full_width("-") if is_last and is_after_letter else ""
    if sign == "." and number == 0 and letters[1:2].isalnum():  # .NET
        return _full_width(sign)
    is_sign = sign in _SIGNS or unicodedata.category(sign).startswith("S")
    return _full_width(sign) if is_sign else ""


def _full_width(sign: str) -> str:
    return chr(ord(sign) + _FULL_WIDTH) if sign.isascii() else sign
