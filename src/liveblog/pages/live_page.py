"""Renders the live page, and the parts of it that open pages replace when they change."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import msgspec

from ..model.hashing import blake2b
from ..text.fragments import with_root
from ..timeline import Entry
from .data import Home, Part
from .lists import by_day
from .render import Pages
from .structured_data import json_ld, live_blog_posting

PARTS = ("head", "keys", "pinned", "filters", "chapters")
"""Names of the parts of the live page that change, other than its entries."""

ON_PAGE = 50
"""Maximum number of entries on the live page, on a tag's page and on that of the key events."""

WEIGHT = 115_000
"""Maximum number of bytes of the entries of the live page, compressed; with the rest, 150 kB."""

AT_LEAST = 5
"""Number of entries that are shown whatever they weigh."""

_STRUCTURED = 400
"""Bytes, compressed, of the structured data of an entry."""


def count_fitting(pages: Pages, entries: Sequence[Entry], pinned: Sequence[Entry] = ()) -> int:
    """Return how many of *entries*, the first of them, a page or document has room for.

    They weigh at most :data:`WEIGHT` together with those that are *pinned* above them.
    """
    compressor = zlib.compressobj()

    def compressed(html: str) -> int:
        data = compressor.compress(html.encode())
        return len(data) + len(compressor.flush(zlib.Z_SYNC_FLUSH))

    weight = sum(compressed(pages.content(entry)) for entry in pinned)
    for number, entry in enumerate(entries):
        weight += compressed(pages.article(entry)) + _STRUCTURED
        if weight > WEIGHT and number >= AT_LEAST:
            return number
    return len(entries)


def render_live_page(pages: Pages, home: Home, parts: dict[str, Part]) -> bytes:
    """Render the live page; *parts* are those that :func:`render_parts` returned."""
    posts = [pages.posting(entry) for entry in home.entries]
    data = live_blog_posting(
        pages.config, home.coverage, home.entries, posts, pages.publisher, pages.sharing_picture
    )
    return pages.page(
        "home.html",
        "index.html",
        json_ld=json_ld(data),
        parts=parts,
        **_values(home),
    )


def render_parts(pages: Pages, home: Home) -> dict[str, Part]:
    """Render each of :data:`PARTS` of the live page."""
    found = {}
    for name in PARTS:
        html = with_root(pages.fragment(name, root="./", **_values(home)), "./")
        found[name] = Part(blake2b(html.encode(), digest_size=5).hexdigest(), html)
    return found


def _values(home: Home) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(home),
        "by_day": by_day(home.entries),
        "shown": {entry.id for entry in home.entries},
    }
