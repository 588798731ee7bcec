"""Functions for sanitized HTML fragments: root of the site, tags, picture sizes, plain text. Pure.

Such a fragment has well-formed tags with quoted attribute values. Its addresses within the site
begin with :data:`ROOT`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from urllib.parse import unquote

from .bidi import close_controls
from .meaning import (
    punctuate,
    raise_and_lower,
    without_footnote_marks,
    without_footnotes,
    without_struck,
)
from .plain import collapse_space, unescape

ROOT = "\ufdd0"
"""Placeholder for the path or URL of the site's root; see :func:`with_root`.

It is a noncharacter (Unicode §23.7), which no text of an author can contain: see
:data:`liveblog.model.entry.FORBIDDEN`.
"""

_REST = r'[^<>"]*(?:"[^"]*"[^<>"]*)*>'  # of a tag as the sanitizer writes it
_BREAK = re.compile(
    rf"<(?:br|hr|/(?:p|li|h\d|tr|td|th|blockquote|pre|div|dl|dt|dd|figure|figcaption|caption|table"
    rf"|section|[ou]l))\b{_REST}|(?<=[^\s>])(?=<(?:p|div|[ou]l|dl|table|blockquote|pre|h\d)\b)"
)
"""The places where a block ends, or begins behind a text."""

_TAG = re.compile(f"<{_REST}")
_HEADING = re.compile(r"<(/?)h([3-6])\b")
_TAG_GROUP = re.compile(f"(<{_REST})")
_PICTURE = re.compile(rf"<img\b{_REST}")
_PLAYER = re.compile(
    r"<(?:video|audio)\b([^>]*)>\s*(?:<track\b[^>]*>\s*)?(<a\b[^>]*>[^<]*</a>)\s*</(?:video|audio)>"
)
"""A film or recording as the templates write it, with its link; no author can write one."""

_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_SMALLER = re.compile(r' (?:srcset|sizes)="[^"]*"')


def with_root(fragment: str, root: str) -> str:
    """Replace :data:`ROOT` in a fragment: by ``../../`` on a page, by the site's URL in a feed."""
    # str() first, because Markup.replace would escape *root*.
    return str(fragment).replace(ROOT, root)


def split_tags(fragment: str) -> list[str]:
    """Split a fragment into texts and tags, alternately; the first and the last item are texts."""
    return _TAG_GROUP.split(fragment)


def drop_figure(fragment: str, source: str) -> str:
    """Return a fragment without the ``<figure>`` whose picture has the address *source*."""
    if source not in fragment:
        return fragment
    picture = rf'<figure>\s*(?:<a\b[^>]*>)?<img src="{re.escape(source)}".*?</figure>\s*'
    return re.sub(picture, "", fragment, flags=re.DOTALL)


def replace_in_tags(fragment: str, old: str, new: str) -> str:
    """Replace a text within the tags of a fragment, but not between them."""
    if old not in fragment:
        return fragment
    return _TAG.sub(lambda match: match[0].replace(old, new), fragment)


def link_films(fragment: str) -> str:
    """Return a fragment with links to films and recordings instead of their players.

    The picture that stands for a film is within its link.
    """

    def link(match: re.Match[str]) -> str:
        values = dict(_ATTRIBUTE.findall(match[1]))
        if not (poster := values.get("poster")):
            return match[2]
        sizes = f'width="{values.get("width", "")}" height="{values.get("height", "")}"'
        shown = f'<img src="{poster}" alt="" {sizes}>'
        opening, _, label = match[2].partition(">")
        return f"{opening}>{shown}<br>{label}"

    return _PLAYER.sub(link, fragment)


def set_picture_sizes(fragment: str, sizes: Mapping[str, tuple[int, int]], widest: int) -> str:
    """Set width and height of the blog's own pictures, for mail programs without style sheets.

    *sizes* maps a path to width and height in pixels. A picture wider than *widest* pixels is
    scaled down to that width.
    """

    def resized(match: re.Match[str]) -> str:
        values = dict(_ATTRIBUTE.findall(match[0]))
        path = unquote(html.unescape(values.get("src", "")).removeprefix(ROOT))
        width, height = sizes.get(path, (0, 0))
        if width and height:
            shown = min(width, widest)
            values |= {"width": str(shown), "height": str(round(height * shown / width))}
        return (
            "<img"
            + "".join(
                f' {name}="{value}"'
                for name, value in values.items()
                if name not in ("loading", "decoding")
            )
            + ">"
        )

    return _PICTURE.sub(resized, fragment)


def without_picture_sizes(fragment: str) -> str:
    """Return a fragment whose pictures name no smaller files."""
    return _PICTURE.sub(lambda match: _SMALLER.sub("", match[0]), fragment)


def raise_headings(fragment: str) -> str:
    """Return a fragment whose headings are one level higher; the highest is ``<h3>``."""
    return _HEADING.sub(lambda match: f"<{match[1]}h{max(3, int(match[2]) - 1)}", fragment)


def html_to_text(fragment: str, *, has_footnotes: bool = False) -> str:
    """Return the text of a fragment on one line, without tags.

    HTML from elsewhere has to be sanitized first: ``html_to_text(sanitize(source))``. Struck text
    is left out, and so are footnotes unless *has_footnotes* asks for their words; raised and
    lowered text, cells and definitions keep their meaning (see :mod:`.meaning`).
    """
    fragment = str(fragment)  # Markup would escape what is joined to it
    fragment = without_footnote_marks(fragment) if has_footnotes else without_footnotes(fragment)
    fragment = punctuate(raise_and_lower(without_struck(fragment)))
    # Directional controls are closed before the next paragraph follows on the same line.
    text = _TAG.sub("", " ".join(map(close_controls, _BREAK.split(fragment))))
    text = unescape(text) if "&" in text else text
    return collapse_space(text).strip()
