"""Functions for plain text: character references, white space, shortening, search hits. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from .bidi import close_controls

_LONG_WORD = 25
"""Characters of a long word: :func:`shorten` cuts words that are longer."""

_LONG_REFERENCE = re.compile(r"&#(?:[xX][0-9a-fA-F]{8,}|[0-9]{8,});?")


def unescape(text: str) -> str:
    """Replace the character references of HTML in a text.

    Numeric references with eight digits or more, which Python refuses, become U+FFFD.
    """
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))


def collapse_space(text: str) -> str:
    """Replace each run of breaking white space by one space; no-break spaces stay."""
    text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    return re.sub(" {2,}", " ", text) if "  " in text else text


def highlight(pieces: Iterable[tuple[bool, str]]) -> str:
    """Return pieces of plain text as HTML, with ``<mark>`` around the hits.

    Each piece is a pair: whether the piece is a hit, and its text.
    """
    return "".join(
        f"<mark>{html.escape(text)}</mark>" if is_hit else html.escape(text)
        for is_hit, text in pieces
    )


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most *limit* characters, including the ellipsis.

    The text is cut between words, unless that would lose more than a long word: not every script
    has spaces. Directional controls whose end is cut off are closed.
    """
    if len(text) <= limit:
        return text
    room = limit
    while len(cut := close_controls(_cut(text, room))) > limit:
        room -= 1
    return cut


def _cut(text: str, limit: int) -> str:
    cut = text[: max(limit - 1, 0)]
    space = cut.rfind(" ")
    if space >= 0 and len(cut) - space <= _LONG_WORD:
        cut = cut[:space]
    return cut.rstrip(" ,;:–—-(«\u202f\u00a0") + "…"
