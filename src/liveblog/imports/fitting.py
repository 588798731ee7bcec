"""Shortens imported titles, names and lists to the limits of updates, and says what was changed.

A body or a date beyond the limits is not changed: half a text is worse than none, so such an update
is refused when it is validated. A picture that did not come leaves a link. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

import msgspec

from ..model import limits
from ..model.entry import Revision, Source, clean_language
from ..model.errors import InvalidInput
from ..model.topics import topic_slug
from ..text.locale import language_name
from ..text.plain import shorten
from . import Picture, Translation, Version
from .html.inline import escape, write_link

Value = TypeVar("Value")


def fit(version: Version) -> tuple[Version, list[str]]:
    """Return a version within the limits, and what was changed for that, in words."""
    changes: list[str] = []
    version = msgspec.structs.replace(
        version,
        title=_shorten(" ".join((version.title or "").split()), limits.TITLE, "its title", changes),
        author=_shorten(
            " ".join((version.author or "").split()), limits.NAME, "its author", changes
        ),
        note=_shorten(version.note, limits.NOTE, "its note", changes),
        tags=_limit(_tags(version.tags or (), changes), "tags", changes),
        sources=_limit(_sources(version.sources or (), changes), "sources", changes),
        pictures=_limit([_picture(p, changes) for p in version.pictures], "pictures", changes),
        lang=_language(version.lang or "", changes),
    )
    return version, changes


def _shorten(text: str, limit: int, label: str, changes: list[str]) -> str:
    if len(text) > limit:
        changes.append(f"{label} has {len(text)} characters and is shortened")
    return shorten(text, limit)


def _limit(things: Iterable[Value], label: str, changes: list[str]) -> tuple[Value, ...]:
    found = tuple(things)
    if len(found) > limits.LIST:
        changes.append(f"of its {len(found)} {label} {limits.LIST} are imported")
    return found[: limits.LIST]


def _tags(tags: Iterable[str], changes: list[str]) -> list[str]:
    by_slug: dict[str, str] = {}
    for tag in (" ".join(tag.split()) for tag in tags):
        name = topic_slug(tag)  # it names a folder of the site
        if not name or len(tag) > limits.NAME or len(name.encode()) > limits.FILE_NAME_BYTES:
            why = "too long" if name else "no letter or digit in it"
            changes.append(f"'{tag[:60]}' is not a tag ({why}) and is left out")
        else:
            by_slug.setdefault(name, tag)
    return list(by_slug.values())


def _sources(sources: Iterable[Source], changes: list[str]) -> list[Source]:
    found: dict[Source, None] = {}
    for source in sources:
        url = source.url
        if len(url) > limits.ADDRESS or not re.fullmatch(r"(https?://\S+)?", url):
            changes.append(f"the address '{url[:60]}' of a source is left out")
            url = ""
        name = _shorten(" ".join(source.name.split()), limits.NAME, "the name of a source", changes)
        if name or url:
            found.setdefault(Source(name or url[: limits.NAME], url))
    return list(found)


def _picture(picture: Picture, changes: list[str]) -> Picture:
    alt = _shorten(picture.alt, limits.ALT, "the alternative text of a picture", changes)
    caption = _shorten(picture.caption, limits.ALT, "the caption of a picture", changes)
    return replace(picture, alt=alt, caption=caption)


def language_or_empty(text: str) -> str:
    """Return a language tag (BCP 47), also from ``fr_FR``; empty if *text* is none."""
    try:
        return clean_language(text.strip().replace("_", "-"))
    except InvalidInput:
        return ""


def _language(lang: str, changes: list[str]) -> str:
    try:
        return clean_language(lang.replace("_", "-"))
    except InvalidInput as error:
        changes.append(f"its language is left out: {error.message}")
        return ""


def with_links(draft: Revision, missing: Iterable[Picture]) -> Revision:
    """Return an update with a link for each picture that is missing, and with its caption.

    Pictures without an address, and links for which the text has no room, are left out.
    """
    blocks = [draft.body] if draft.body else []
    for picture in missing:
        if not picture.url or picture.url in draft.body:
            continue
        name = _one_line(picture.alt or picture.caption or picture.name)
        blocks.append(write_link(escape(name, is_link=True), picture.url))
        caption = _one_line(picture.caption)
        if caption not in ("", name) and escape(caption) not in draft.body:
            blocks.append(escape(caption))
    body = "\n\n".join(blocks)
    if len(body.encode()) > limits.BODY_BYTES:
        return draft
    return msgspec.structs.replace(draft, body=body)


def with_translations(version: Version, links: Iterable[tuple[Translation, str]]) -> Version:
    """Return a version whose text ends with links to its translations, at the given addresses."""
    shown = [
        f"{language_name(one.lang) or one.lang}: "
        + write_link(escape(_one_line(one.title) or one.lang, is_link=True), path)
        for one, path in links
    ]
    body = "\n\n".join(filter(None, [version.body or "", " · ".join(shown)]))
    return msgspec.structs.replace(version, body=body)


def _one_line(text: str) -> str:
    return " ".join(text.split())
