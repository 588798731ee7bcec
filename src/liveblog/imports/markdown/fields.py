"""Reads the front matter of a post as Hugo, Jekyll or Pelican understand it. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import PurePosixPath
from typing import Literal

from ...model.draft import FIELDS
from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput
from ...model.moment import Moment
from ...text.frontmatter import Page, Value
from .body import ShownPicture
from .dates import moment

Generator = Literal["hugo", "jekyll", "pelican"]

_FILE_DATE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})(?:[-_ .].*)?")
_MODIFIED = ("lastmod", "last_modified_at", "modified", "updated")
_COVERS = ("image", "images", "cover", "featured_image")


@dataclass
class Fields:
    """The front matter of a post."""

    published: Moment
    updated: datetime
    texts: dict[str, str] = field(default_factory=dict)  #: text fields of a draft, by name
    tags: tuple[str, ...] = ()
    summary: str = ""
    covers: list[ShownPicture] = field(default_factory=list)  #: paths as written
    problems: list[str] = field(default_factory=list)  #: errors of fields that were left out


def read(page: Page, where: str, section: str, generator: Generator, zone: tzinfo) -> Fields:
    """Return the front matter of the post at *where* in the folder *section*.

    Raises :class:`InvalidInput` without a valid date.
    """
    given = page.fields
    published = moment(_date(given, where), zone)
    texts = {field.name: _line(given.get(field.name)) for field in FIELDS if field.kind == "text"}
    texts["author"] = ", ".join(_authors(given.get("authors") or given.get("author")))
    found = Fields(published, published.instant, summary=_text(given.get("summary")))
    for name in _MODIFIED:
        if text := _text(given.get(name)):
            try:
                found.updated = max(published.instant, moment(text, zone).instant)
            except InvalidInput as error:
                found.problems.append(f"{name}: {error.message}")
            break
    found.texts = {name: text for name, text in texts.items() if name != "body"}
    _add_tags(found, given, section, generator)
    for name in _COVERS:
        found.covers += _pictures(given.get(name))
    return found


def check(page: Page) -> None:
    """Refuse front matter with forbidden characters.

    Raises :class:`InvalidInput`.
    """
    for name, value in page.fields.items():
        for text in _texts(value):
            if bad := FORBIDDEN.search(f"{name}{text}"):
                raise InvalidInput(
                    f"The front matter holds the character U+{ord(bad[0]):04X}.", "Remove it."
                )


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


def why_hidden(page: Page, where: str, zone: tzinfo, now: datetime) -> str:
    """Return why the generator would not show a post at *now*; empty if it would."""
    given = page.fields
    status = _line(given.get("status")).casefold()
    is_draft = _line(given.get("draft")).casefold() in ("true", "yes", "on", "1")
    if is_draft or status == "draft" or "_drafts" in PurePosixPath(where).parts:
        return "it is a draft"
    if _line(given.get("published")).casefold() == "false":
        return "it says 'published: false'"
    if status in ("hidden", "skip"):
        return f"its status is '{status}'"
    for name in ("date", "publishdate"):
        if (at := _instant(given.get(name), zone)) and at > now:
            return "its date lies in the future"
    expired = _instant(given.get("expirydate"), zone)
    return "it has expired" if expired and expired <= now else ""


def _date(given: dict[str, Value], where: str) -> str:
    """Return a post's date as written in its fields or its file name."""
    for name in ("date", "publishdate"):
        if text := _text(given.get(name)):
            return text
    path = PurePosixPath(where)
    name = path.parent.name if path.stem.partition(".")[0] in ("index", "_index") else path.name
    if match := _FILE_DATE.fullmatch(name):
        return match[1]
    raise InvalidInput("The file has no date.", "Give it one: 'date: 2012-07-15 18:04'.")


def _instant(value: Value, zone: tzinfo) -> datetime | None:
    try:
        return moment(_text(value), zone).instant
    except InvalidInput:
        return None


def _add_tags(found: Fields, given: dict[str, Value], section: str, generator: Generator) -> None:
    words: list[str] = []
    above = re.match(r"(.+)/_(?:posts|drafts)(?:/|$)", section)
    if generator == "jekyll" and above:  # the folders above _posts are categories
        words += above[1].split("/")
    for name in ("categories", "category", "tags", "tag"):
        value = given.get(name)
        # In Jekyll spaces separate the words of lists; 'category' and 'tag' hold one.
        by_spaces = generator == "jekyll" and name in ("categories", "tags")
        words += _split(value, by_spaces) if isinstance(value, str) else _names(value)
    if generator == "pelican" and not given.get("category") and section:
        words.insert(0, section.partition("/")[0])
    found.tags = tuple(words)


def _split(text: str, by_spaces: bool) -> list[str]:
    if "," in text:
        return [word.strip() for word in text.split(",") if word.strip()]
    return text.split() if by_spaces else [text.strip()] * bool(text.strip())


def _authors(value: Value) -> list[str]:
    if not isinstance(value, str):
        return _names(value)
    # Pelican: "Last, First; Last, First", or "First Last, First Last".
    parts = value.split(";" if ";" in value else ",")
    return [_line(part) for part in parts if part.strip()]


def _names(value: Value) -> list[str]:
    """Return the names in a list, or in mappings with a name each."""
    if isinstance(value, list):
        return [name for item in value for name in _names(item)]
    if isinstance(value, dict):
        return _names(value.get("name"))
    return [_line(value)] if _line(value) else []


def _pictures(value: Value) -> list[ShownPicture]:
    if isinstance(value, list):
        return [shown for item in value for shown in _pictures(item)]
    if isinstance(value, dict):
        path = next((value[name] for name in ("image", "path", "src", "url") if name in value), "")
        alt, caption = _line(value.get("alt")), _line(value.get("caption"))
        return [ShownPicture(_line(path), alt, caption)] if _line(path) else []
    return [ShownPicture(_line(value))] if _line(value) else []


def _text(value: Value) -> str:
    return str(value).strip() if isinstance(value, str) else ""


def _line(value: Value) -> str:
    return " ".join(_text(value).split())
