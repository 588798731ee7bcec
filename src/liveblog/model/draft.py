"""Drafts: what an author asks to be appended, and the one list of the fields that they may give.

The command line, the API, the composer, Micropub and the imports fill a :class:`Draft`;
:mod:`.revisions` makes a revision of it. Command-line options, API documents and forms are made
from :data:`FIELDS`: a new field of an entry is one line in :class:`.entry.Revision`, and here one
in :class:`Draft`, in :class:`DraftFields` and in :data:`FIELDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import tzinfo
from typing import Any, Literal, TypedDict

from msgspec import UNSET, Struct, UnsetType

from . import limits
from .entry import (
    Figure,
    Revision,
    Source,
    Verification,
    clean_figures,
    clean_language,
    clean_sources,
    clean_text,
)
from .moment import Moment, When, moment_of
from .topics import clean_tags


class Draft(Struct, frozen=True, kw_only=True):
    """The fields of an entry that its author gives.

    Unset leaves a field of an edited entry as it is, and a field of a new entry at its default.
    """

    body: str | UnsetType = UNSET  #: Markdown
    title: str | UnsetType = UNSET  #: plain text
    published: Moment | UnsetType | None = UNSET  #: when it happened; None: now
    author: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    key: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    verification: Verification | UnsetType = UNSET
    sources: tuple[Source, ...] | UnsetType = UNSET
    figures: tuple[Figure, ...] | UnsetType = UNSET
    lang: str | UnsetType = UNSET  #: BCP 47, where it differs from the blog's


class DraftFields(TypedDict, total=False):
    """The fields of a draft as Python programs give them, by keyword."""

    body: str
    title: str
    at: When | None  #: ``published`` of the draft; a date has the precision ``day``
    author: str
    tags: Iterable[str]
    key: bool
    pinned: bool
    verification: Verification
    sources: Iterable[Source]
    figures: Iterable[Figure]
    lang: str


class Field(Struct, frozen=True):
    """A field of a draft: how it is normalised, and what people read about it."""

    name: str  #: in :class:`Draft` and in :class:`.entry.Revision`
    kind: Literal["text", "flag", "choice", "list"]
    clean: Callable[[Any], Any]  #: returns the normalised value; raises :class:`InvalidInput`
    label: str  #: in English, as forms and histories show it
    option: str = ""  #: its command-line option, without dashes; empty if it has none of its own
    help: str = ""  #: of that option
    metavar: str = "TEXT"  #: the value of that option
    limit: int = 0  #: characters of a text on one line; 0 for any other field


def _text(name: str) -> Callable[[str], str]:
    return lambda text: clean_text(text, name)


FIELDS: tuple[Field, ...] = (
    Field("body", "text", _text("body"), "Text"),
    Field("title", "text", _text("title"), "Title", "title", "A title, for what matters.",
          limit=limits.TITLE),
    Field("author", "text", _text("author"), "Signed", "author", "Who signs it.", "NAME",
          limit=limits.NAME),
    Field("tags", "list", clean_tags, "Tags", "tag", "A topic; repeatable.", "TAG"),
    Field("key", "flag", bool, "Key event", "key", "It belongs in every summary."),
    Field("pinned", "flag", bool, "Pinned", "pin", "Keep it at the top of the live page."),
    Field("verification", "choice", str, "Confirmed"),
    Field("sources", "list", clean_sources, "Sources", "source",
          "Where it comes from; repeatable.", '"NAME URL"'),
    Field("figures", "list", clean_figures, "Figures", "figure",
          "A number to follow from day to day; repeatable.", '"NAME=VALUE [UNIT]"'),
    Field("lang", "text", clean_language, "Language", "lang",
          "Its language, where not the blog's.", "CODE"),
)  # fmt: skip
"""The fields that a revision takes over from a draft as they are, in the order of their use.
``published`` is not among them: the day of an entry follows from it, and its precision."""


def draft_from(fields: DraftFields, zone: tzinfo, body: str | UnsetType = UNSET) -> Draft:
    """Return the draft that keyword arguments describe; *zone* is that of the blog's days."""
    given: dict[str, Any] = {"body": body, **fields}
    if "at" in given:
        when = given.pop("at")
        given["published"] = moment_of(when, zone) if when else None
    return Draft(**given)


def given_fields(draft: Draft) -> dict[str, Any]:
    """Return the values of :data:`FIELDS` that a draft sets, by name."""
    values = {field.name: getattr(draft, field.name) for field in FIELDS}
    return {name: value for name, value in values.items() if value is not UNSET}


def field_values(revision: Revision) -> dict[str, Any]:
    """Return the values of :data:`FIELDS` in a revision, by name."""
    return {field.name: getattr(revision, field.name) for field in FIELDS}


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of *new* that differ from those of *old*, by name."""
    return {name: value for name, value in new.items() if value != old.get(name)}
