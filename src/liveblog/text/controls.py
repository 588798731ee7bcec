"""Control characters made visible, for text that is printed to a terminal. Pure."""

from __future__ import annotations

import re

from ..model.entry import FORBIDDEN
from .bidi import close_controls


def escape_controls(text: str) -> str:
    r"""Return *text* as a terminal may show it: ``\x1b`` in place of an escape, and so on.

    Tabs and newlines stay; directional controls are closed.
    """
    return close_controls(FORBIDDEN.sub(_escape, text))


def escape_line(text: str) -> str:
    """Return *text* as :func:`escape_controls` does, on one line."""
    return escape_controls(text.replace("\n", "\\n").replace("\t", " "))


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a file's name that is no UTF-8 (PEP 383)
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
