"""The blog's own pictures on a page: in the size that a screen needs, and enlarged on request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import unquote

from ..model import addresses
from ..model.entry import Media
from ..text.fragments import ROOT, split_tags

IN_ENTRY = "(min-width: 40em) 640px, calc(100vw - 45px)"
"""The width of a picture in an entry: of its column, or of a phone without the margins."""

IN_CHAPTER = "(min-width: 40em) 756px, 100vw"
"""The same for the picture above a chapter."""

IN_LIST = "(min-width: 40em) 234px, calc(100vw - 45px)"
"""The same for a picture in the list of chapters."""

ENLARGED = 760
"""Width in pixels from which a picture is larger than it is shown."""

_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')


def source_set(media: Media) -> str:
    """Return the value of ``srcset`` for a picture; empty if it has one size only."""
    smaller = addresses.smaller_pictures(media)
    files = [*smaller, (media.width, media.path)] if smaller else []
    return ", ".join(
        f"{addresses.url(ROOT, addresses.media_path(path))} {width}w" for width, path in files
    )


def with_sizes(fragment: str, pictures: Iterable[Media], sizes: str, label: str) -> str:
    """Give the *pictures* in a fragment of HTML their sizes, and link the large ones to the file.

    *sizes* is the width at which they are shown, *label* the name of a link to a picture without
    alternative text. A picture within a link of the author is not linked.
    """
    known = {addresses.media_path(media.path): media for media in pictures}
    if not known or "<img" not in fragment:
        return fragment
    parts = split_tags(fragment)
    is_linked = False
    for number in range(1, len(parts), 2):
        tag = parts[number]
        if tag.startswith("<a ") or tag == "</a>":
            is_linked = tag != "</a>"
        elif tag.startswith("<img"):
            values = dict(_ATTRIBUTE.findall(tag))
            address = values.get("src", "")
            media = known.get(unquote(html.unescape(address).removeprefix(ROOT)))
            if media is not None:
                parts[number] = _picture(media, values, sizes, "" if is_linked else label)
    return "".join(parts)


def _picture(media: Media, values: dict[str, str], sizes: str, label: str) -> str:
    values |= {"width": f"{media.width}", "height": f"{media.height}"}
    if files := source_set(media):
        values |= {"srcset": files, "sizes": sizes}
    shown = "<img" + "".join(f' {name}="{value}"' for name, value in values.items()) + ">"
    if not label or media.width < ENLARGED:
        return shown
    name = "" if values.get("alt", "").strip() else f' aria-label="{html.escape(label)}"'
    return f'<a class="enlarge" href="{values["src"]}"{name}>{shown}</a>'
