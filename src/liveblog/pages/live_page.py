"""Renders the live page, and the parts of it that open pages replace when they change."""

from __future__ import annotations

from typing import Any

import msgspec

from ..model.hashing import blake2b
from ..text.fragments import with_root
from .data import Home, Part
from .render import Pages, by_day
from .structured_data import json_ld, live_blog_posting

PARTS = ("head", "keys", "pinned", "filters", "chapters")
"""Names of the parts of the live page that change, other than its entries."""


def render_live_page(pages: Pages, home: Home, parts: dict[str, Part]) -> bytes:
    """Render the live page; *parts* are those that :func:`render_parts` returned."""
    posts = [pages.posting(entry) for entry in home.entries]
    data = live_blog_posting(pages.config, home.coverage, home.entries, posts, pages.publisher)
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
