"""Control characters in text that people read: direction marks closed, all others made visible.

Pure functions. Whoever joins a title, a name or a caption with other text calls
:func:`close_directions` first; whoever prints to a terminal calls :func:`visible`.
"""

from __future__ import annotations

import re

from .entry import FORBIDDEN

_POP_EMBEDDING = "\u202c"
_POP_ISOLATE = "\u2069"
_CLOSERS = dict.fromkeys("\u202a\u202b\u202d\u202e", _POP_EMBEDDING) | dict.fromkeys(
    "\u2066\u2067\u2068", _POP_ISOLATE
)
"""What closes each control that opens an embedding, an override or an isolate."""

DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""The explicit directional controls (UAX #9 §2.1, §2.2)."""

_PARAGRAPH_END = re.compile("([\n\u2029])")
"""What ends a paragraph, and with it every embedding (UAX #9 §3.3.1)."""


def close_directions(text: str) -> str:
    """Return *text* with every directional control closed that it leaves open (UAX #9).

    Without that, a title that holds one would turn round what is written after it. A control that
    closes nothing is dropped: it would close what stands around the text.
    """
    if not DIRECTIONS.search(text):
        return text
    return "".join(_closed(part) for part in _PARAGRAPH_END.split(text))


def _closed(paragraph: str) -> str:
    kept: list[str] = []
    closers: list[str] = []  # of what is open, outermost first
    for letter in paragraph:
        if letter in _CLOSERS:
            closers.append(_CLOSERS[letter])
        elif letter == _POP_EMBEDDING:
            # It reaches no further out than the isolate that it stands in.
            if not closers or closers[-1] != letter:
                continue
            closers.pop()
        elif letter == _POP_ISOLATE:
            if letter not in closers:
                continue
            # It also ends the embeddings within the isolate.
            while closers.pop() != letter:
                pass
        kept.append(letter)
    return "".join([*kept, *reversed(closers)])


def visible(text: str) -> str:
    r"""Return *text* as a terminal may show it: ``\x1b`` in place of an escape, and so on.

    Tabs and newlines stay; directional controls are closed.
    """
    return close_directions(FORBIDDEN.sub(_escape, text))


def visible_line(text: str) -> str:
    """Return *text* as :func:`visible` does, on one line."""
    return visible(text.replace("\n", "\\n").replace("\t", " "))


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file's name that is no UTF-8 (PEP 383)
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
