"""QR codes (ISO/IEC 18004): as SVG for pages, and of characters for terminals."""

from __future__ import annotations

import io
from functools import lru_cache

import segno
from markupsafe import Markup


@lru_cache(maxsize=16)  # drawing one takes as long as rendering a page
def qr_code(text: str, label: str) -> Markup:
    """Return an SVG image of a text as a QR code; *label* says what it is.

    It is dark on light, which every scanner reads, in a dark page too.
    """
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(drawn.replace("<svg ", '<svg role="img" aria-label="{}" ', 1)).format(label)


def terminal_qr_code(text: str) -> str:
    """Return lines of block characters that show a text as a QR code."""
    lines = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(out=lines, border=2, compact=True)
    return lines.getvalue()
