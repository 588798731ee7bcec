"""Escapes control characters in text for terminals. Pure."""

from __future__ import annotations

import re

from ..model.entry import FORBIDDEN
from .bidi import close_controls


def escape_controls(text: str) -> str:
    r"""Replace control characters except tabs and newlines by escapes such as ``\x1b``.

    Bidirectional controls are closed.
    """
    return close_controls(FORBIDDEN.sub(_escape, text))


def escape_line(text: str) -> str:
    """Return *text* on one line, with control characters escaped."""
    return escape_controls(text.replace("\n", "\\n").replace("\t", " "))


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file name that is not UTF-8 (PEP 383)
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
