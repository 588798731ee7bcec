"""What other programs let people write, made to fit the limits of updates.

In comes a version of an update; out comes one that every door would take, and what was shortened or
left out for that, in words. A text or a date beyond the limits is not touched: half a text is worse
than none, so the update is refused where it is checked. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import msgspec

from ..model import limits
from ..model.entry import Figure, Source, clean_language, slug
from ..model.errors import InvalidInput
from ..text.plain import shorten
from . import Picture, Version

Thing = TypeVar("Thing")


def fitted(version: Version) -> tuple[Version, list[str]]:
    """Return a version within the limits, and what is doubtful about it."""
    doubts: list[str] = []
    version = msgspec.structs.replace(
        version,
        title=_short(" ".join((version.title or "").split()), limits.TITLE, "its title", doubts),
        author=_short(" ".join((version.author or "").split()), limits.NAME, "its author", doubts),
        note=_short(version.note, limits.NOTE, "its note", doubts),
        tags=_first(_tags(version.tags or (), doubts), "tags", doubts),
        sources=_first(_sources(version.sources or (), doubts), "sources", doubts),
        figures=_first(_figures(version.figures or (), doubts), "figures", doubts),
        pictures=_first([_picture(p, doubts) for p in version.pictures], "pictures", doubts),
        lang=_language(version.lang or "", doubts),
    )
    return version, doubts


def _short(text: str, limit: int, what: str, doubts: list[str]) -> str:
    if len(text) > limit:
        doubts.append(f"{what} has {len(text)} characters and is shortened")
    return shorten(text, limit)


def _first(things: Iterable[Thing], what: str, doubts: list[str]) -> tuple[Thing, ...]:
    found = tuple(things)
    if len(found) > limits.LIST:
        doubts.append(f"of its {len(found)} {what} {limits.LIST} are kept")
    return found[: limits.LIST]


def _tags(tags: Iterable[str], doubts: list[str]) -> list[str]:
    by_slug: dict[str, str] = {}
    for tag in (" ".join(tag.split()) for tag in tags):
        name = slug(tag)  # names a folder of the site
        if not name or len(tag) > limits.NAME or len(name.encode()) > limits.FILE_NAME_BYTES:
            why = "too long" if name else "no letter or digit in it"
            doubts.append(f"'{tag[:60]}' is not a tag ({why}) and is left out")
        else:
            by_slug.setdefault(name, tag)
    return list(by_slug.values())


def _sources(sources: Iterable[Source], doubts: list[str]) -> list[Source]:
    found: dict[Source, None] = {}
    for source in sources:
        url = source.url
        if len(url) > limits.ADDRESS or not re.fullmatch(r"(https?://\S+)?", url):
            doubts.append(f"the address '{url[:60]}' of a source is left out")
            url = ""
        name = _short(" ".join(source.name.split()), limits.NAME, "the name of a source", doubts)
        if name or url:
            found.setdefault(Source(name or url[: limits.NAME], url))
    return list(found)


def _figures(figures: Iterable[Figure], doubts: list[str]) -> list[Figure]:
    found: list[Figure] = []
    for figure in figures:
        texts = (figure.name, figure.unit, figure.source)
        try:
            limits.check_number(figure.value, f"figure '{figure.name[:60]}'")
            for text in texts:
                limits.check_length(text, limits.NAME, "name or unit of a figure")
        except InvalidInput as error:
            doubts.append(f"a figure is left out: {error.message}")
        else:
            found.append(figure)
    return found


def _picture(picture: Picture, doubts: list[str]) -> Picture:
    alt = _short(picture.alt, limits.ALT, "the alternative text of a picture", doubts)
    caption = _short(picture.caption, limits.ALT, "the caption of a picture", doubts)
    return replace(picture, alt=alt, caption=caption)


def _language(lang: str, doubts: list[str]) -> str:
    try:
        return clean_language(lang)
    except InvalidInput as error:
        doubts.append(f"its language is left out: {error.message}")
        return ""
