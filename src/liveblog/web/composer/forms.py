"""Reads the HTML forms of the composer's pages into drafts.

A form is held in memory only: the metadata of a picture is dropped before it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, tzinfo
from itertools import zip_longest
from typing import Any

import msgspec
from msgspec import UNSET
from starlette.requests import Request

from ...blog import Blog
from ...model.draft import FIELDS, Draft, changed_fields, field_values, given_fields
from ...model.entry import Figure, Revision, Source, Verification, display_day
from ...model.moment import Moment
from ...model.topics import topic_slug
from ..api.schema import FramingText, Picture
from ..errors import Problem
from ..form_data import LIMIT, parts_of


@dataclass(frozen=True)
class Form:
    """The texts of a form, and a picture."""

    texts: Sequence[tuple[str, str]] = ()
    picture: bytes = b""

    def one(self, name: str, otherwise: str = "") -> str:
        """Return the first text of a name."""
        return next((text for key, text in self.texts if key == name), otherwise)

    def has(self, *names: str) -> bool:
        """Whether a text of one of these names was sent."""
        return any(name in names for name, _ in self.texts)

    def need(self, name: str) -> None:
        """Refuse a form without a field that its page always sends: it was not sent whole.

        Raises :class:`Problem` (422).
        """
        if not self.has(name):
            problem = f"The form has no field '{name}', so it was not sent whole."
            raise Problem(422, "incomplete", problem, "Load the page again and repeat your change.")

    def ticked(self, name: str, otherwise: bool) -> bool:
        """Return whether a box is ticked; *otherwise* if the form shows no such box.

        Browsers do not send a box that is not ticked, so a form lists its boxes in ``boxes``.
        """
        is_shown = name in self.one("boxes").split()
        return bool(self.one(name)) or (otherwise and not is_shown)

    def many(self, name: str) -> list[str]:
        """Return every text of a name, in order."""
        return [text for key, text in self.texts if key == name]


async def form_of(request: Request, limit: int = LIMIT) -> Form:
    """Read a form that a browser sent, of at most *limit* bytes.

    Raises :class:`Problem`: 400, 413 or 415.
    """
    parts = await parts_of(request, files=1, limit=limit)
    # Browsers send line ends as CR LF.
    texts = [(name, text.replace("\r\n", "\n")) for name, text in parts if isinstance(text, str)]
    return Form(texts, next((value for _, value in parts if isinstance(value, bytes)), b""))


class Fields(Draft, frozen=True, kw_only=True):
    """The fields of an entry as its form shows them; all are set, except ``published``."""

    pictures: tuple[Picture, ...] = ()
    day: str = ""  #: the day of ``published`` in the blog's zone, as an input of type date has it
    time: str = ""  #: its time, as an input of type time has it; empty for a whole day
    after: str = ""  #: the id of the entry that this one, of a whole day, is to follow

    @classmethod
    def of(cls, revision: Revision, zone: tzinfo) -> Fields:
        """Return the fields of a revision."""
        pictures = (Picture(path=m.path, alt=m.alt, caption=m.caption) for m in revision.media)
        is_day = revision.precision == "day"
        return cls(
            **field_values(revision),
            pictures=tuple(pictures),
            day=display_day(revision).isoformat(),
            time="" if is_day else f"{revision.published.astimezone(zone):%H:%M}",
        )

    @classmethod
    def new(cls, **given: Any) -> Fields:
        """Return the fields of an empty form, but for those that are *given*."""
        return cls(**{**_EMPTY, **given})

    @classmethod
    def read(cls, form: Form, before: Fields) -> Fields:
        """Return what a form sent; what the form does not show stays as it was *before*.

        Raises :class:`Problem` for a figure without a name or that is no number.
        """
        read = {}
        for field in FIELDS:
            reader = _READERS.get(field.name) or _READERS[field.kind]
            read[field.name] = reader(form, field.name, getattr(before, field.name))
        return cls(
            **read,
            pictures=chosen_pictures(form) if form.has(*_PICTURE) else before.pictures,
            day=form.one("day", before.day)[:10],
            time=form.one("time", before.time)[:5],
            after=form.one("after", before.after),
        )

    @property
    def is_dated(self) -> bool:
        """Whether it says when the entry happened; else that is now."""
        return bool(self.day or self.time or self.after)

    def draft(self, blog: Blog) -> Draft:
        """Return the draft of a new entry."""
        return Draft(**given_fields(self), published=self._moment(blog) or UNSET)

    def changes(self, before: Fields, blog: Blog) -> Draft:
        """Return the draft with the fields that differ from those *before*."""
        changed = changed_fields(given_fields(before), given_fields(self))
        if (self.day, self.time, self.after) != (before.day, before.time, before.after):
            # None, for empty fields, means now.
            changed["published"] = self._moment(blog)
        return Draft(**changed)

    def merged(self, before: Fields, theirs: Fields) -> Fields:
        """Return theirs with what was changed here since *before*."""
        mine = changed_fields(msgspec.structs.asdict(before), msgspec.structs.asdict(self))
        return msgspec.structs.replace(theirs, **mine)

    def _moment(self, blog: Blog) -> Moment | None:
        """Return what the fields name; a time alone is today, a day alone a whole day."""
        if self.after:
            return blog.moment_after(self.after)
        if not self.is_dated:
            return None
        try:
            if self.day:
                date.fromisoformat(self.day)
            if self.time:
                time.fromisoformat(self.time)
        except ValueError:
            written = f"{self.day} {self.time}".strip()
            raise Problem(422, "invalid", f"'{written}' is not a time.", about="time") from None
        return blog.moment("T".join(filter(None, (self.day, self.time))))


def read_framing(form: Form) -> FramingText:
    """Return the texts around a digest that a form sent; the others are unset."""
    names = filter(form.has, FramingText.__struct_fields__)
    return FramingText(**{name: form.one(name).strip() for name in names})


def tags_of(text: str) -> tuple[str, ...]:
    """Read tags that commas separate, each once."""
    parts = (part.strip().removeprefix("#").strip() for part in text.replace("،", ",").split(","))
    found: dict[str, str] = {}
    for part in parts:
        if part:
            found.setdefault(topic_slug(part), part)
    return tuple(found.values())


def _rows(form: Form, *names: str) -> Iterable[tuple[str, ...]]:
    return zip_longest(*map(form.many, names), fillvalue="")


_SOURCE = ("source_name", "source_url")
_FIGURE = ("figure_name", "figure_value", "figure_unit", "figure_source")
_PICTURE = ("picture", "alt", "caption")


def _text(form: Form, name: str, before: str) -> str:
    return form.one(name, before).strip()


def _body(form: Form, name: str, before: str) -> str:
    return form.one(name, before).rstrip()  # white space at its beginning may be Markdown


def _flag(form: Form, name: str, before: bool) -> bool:
    return form.ticked(name, before)


def _tags(form: Form, name: str, before: tuple[str, ...]) -> tuple[str, ...]:
    return tags_of(form.one(name)) if form.has(name) else before


def _verification(form: Form, name: str, before: Verification) -> Verification:
    boxes: tuple[Verification, ...] = ("unconfirmed", "confirmed")
    names = {"unconfirmed": name, "confirmed": "confirmed"}
    ticked = (value for value in boxes if form.ticked(names[value], value == before))
    return next(ticked, "")


def _sources(form: Form, _: str, before: tuple[Source, ...]) -> tuple[Source, ...]:
    if not form.has(*_SOURCE):
        return before
    return tuple(
        Source(name.strip() or url.strip(), url.strip())
        for name, url in _rows(form, *_SOURCE)
        if name.strip() or url.strip()
    )


def _figures(form: Form, _: str, before: tuple[Figure, ...]) -> tuple[Figure, ...]:
    if not form.has(*_FIGURE):
        return before
    return tuple(
        Figure(_figure_name(name), _number(value), unit.strip(), source)
        for name, value, unit, source in _rows(form, *_FIGURE)
        if name.strip() or value.strip()
    )


_READERS: dict[str, Callable[[Form, str, Any], Any]] = {
    "text": _text,
    "flag": _flag,
    "body": _body,
    "tags": _tags,
    "verification": _verification,
    "sources": _sources,
    "figures": _figures,
}
"""Reads a field of a form, by its name or else by its kind. Each reader takes the form, the
field's name and its value before."""

_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Revision)}
_EMPTY = {field.name: _DEFAULTS[field.name] for field in FIELDS}


def chosen_pictures(form: Form) -> tuple[Picture, ...]:
    """Return the pictures of a form, but those that are taken away."""
    return tuple(
        _picture(name, alt, caption)
        for name, alt, caption in _rows(form, *_PICTURE)
        if name and name not in form.many("drop")
    )


def _figure_name(text: str) -> str:
    if not text.strip():
        raise Problem(422, "no_name", "A figure needs a name.")
    return text.strip()


def _number(text: str) -> int | float:
    try:
        value = float(text.replace(",", ".").replace("_", " "))
    except ValueError:
        raise Problem(422, "no_number", f"'{text}' is not a number.") from None
    return int(value) if value.is_integer() else value


def _picture(name: str, alt: str, caption: str) -> Picture:
    kind, _, rest = name.partition(":")
    where = {"upload" if kind == "upload" else "path": rest}
    return Picture(**where, alt=alt.strip(), caption=caption.strip())
