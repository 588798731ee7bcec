"""QR codes as SVG, drawn when a page is published."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_code(text: str, label: str) -> Markup:
    """Return an SVG image of a text as a QR code (ISO/IEC 18004); *label* says what it is.

    It is dark on light, which every scanner reads, in a dark page too.
    """
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None
    )
    return Markup(drawn.replace("<svg ", '<svg role="img" aria-label="{}" ', 1)).format(label)
