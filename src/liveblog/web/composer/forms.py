"""Forms: what the composer's pages send without a script, read into what the API takes.

Nothing of a form touches the disk: a picture's metadata is dropped before anything is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, tzinfo
from itertools import zip_longest
from typing import Any

from starlette.requests import Request

from ...model.entry import Figure, Revision, Source, Verification, slug
from ..api.handlers import Changes, NewEntry, Picture
from ..errors import Problem
from ..multipart import LIMIT, parts_of


@dataclass(frozen=True)
class Form:
    """What a form sent."""

    texts: tuple[tuple[str, str], ...] = ()
    picture: bytes = b""

    def one(self, name: str, otherwise: str = "") -> str:
        """Return the first text of a name."""
        return next((text for key, text in self.texts if key == name), otherwise)

    def has(self, *names: str) -> bool:
        """Whether a text of one of these names was sent."""
        return any(name in names for name, _ in self.texts)

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
    """Read a form that a browser sent, of at most so many bytes.

    Raises :class:`Problem`: 400, 413 or 415.
    """
    parts = await parts_of(request, files=1, limit=limit)
    texts = tuple((name, _lines(value)) for name, value in parts if isinstance(value, str))
    return Form(texts, next((value for _, value in parts if isinstance(value, bytes)), b""))


def _lines(text: str) -> str:
    """Undo the line ends that forms are sent with."""
    return text.replace("\r\n", "\n")


@dataclass(frozen=True)
class Fields:
    """The fields of an update as its form shows them."""

    body: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    key: bool = False
    pinned: bool = False
    verification: Verification = ""
    sources: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()
    pictures: tuple[Picture, ...] = ()
    when: str = ""  #: on the blog's clock, as an input of type datetime-local writes it
    author: str = ""
    lang: str = ""

    @classmethod
    def of(cls, revision: Revision, zone: tzinfo) -> Fields:
        """Return the fields of a revision."""
        same = {f.name: getattr(revision, f.name) for f in fields(cls)
                if f.name not in ("pictures", "when")}  # fmt: skip
        return cls(
            **same,
            pictures=tuple(
                Picture(path=m.path, alt=m.alt, caption=m.caption) for m in revision.media
            ),
            when=f"{revision.published.astimezone(zone):%Y-%m-%dT%H:%M}",
        )

    @classmethod
    def read(cls, form: Form, before: Fields | None = None) -> Fields:
        """Return what a form sent; what the form does not show stays as it was *before*.

        Raises :class:`Problem` for a figure that is no number.
        """
        before = before or cls()
        return cls(
            body=form.one("body", before.body).rstrip(),
            title=form.one("title", before.title).strip(),
            tags=tags_of(form.one("tags")) if form.has("tags") else before.tags,
            key=form.ticked("key", before.key),
            pinned=form.ticked("pinned", before.pinned),
            verification=_verification(form, before.verification),
            sources=_sources(form) if form.has(*_SOURCE) else before.sources,
            figures=_figures(form) if form.has(*_FIGURE) else before.figures,
            pictures=_pictures(form) if form.has(*_PICTURE) else before.pictures,
            when=form.one("when", before.when)[:16],
            author=form.one("author", before.author).strip(),
            lang=form.one("lang", before.lang).strip(),
        )

    def post(self, zone: tzinfo) -> NewEntry:
        """Return the update to post."""
        return NewEntry(**self._same(), published=self._instant(zone), schedule=bool(self.when))

    def change(self, before: Fields, zone: tzinfo, now: datetime, **more: Any) -> Changes:
        """Return what differs from how the fields were *before*."""
        old = before._same()
        changed = {name: value for name, value in self._same().items() if value != old[name]}
        if self.when != before.when:
            # Without a time it stands as of now.
            changed |= {"published": self._instant(zone) or now, "schedule": bool(self.when)}
        return Changes(**changed, **more)

    def merged(self, before: Fields, theirs: Fields) -> Fields:
        """Return theirs with what was changed here since *before*."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)
                if getattr(self, f.name) != getattr(before, f.name)}  # fmt: skip
        return replace(theirs, **mine)

    def _same(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "when"}

    def _instant(self, zone: tzinfo) -> datetime | None:
        if not self.when:
            return None
        try:
            return datetime.fromisoformat(self.when).replace(tzinfo=zone)
        except ValueError:
            raise Problem(422, "invalid", f"'{self.when}' is not a time.") from None


@dataclass(frozen=True)
class Around:
    """The text around a digest as its form shows it."""

    headline: str = ""
    introduction: str = ""
    close: str = ""

    @classmethod
    def read(cls, form: Form, before: Around) -> Around:
        """Return what a form sent; what the form does not show stays as it was *before*."""
        return cls(*(form.one(f.name, getattr(before, f.name)).strip() for f in fields(cls)))


def tags_of(text: str) -> tuple[str, ...]:
    """Read tags that are parted by commas, each once."""
    parts = (part.strip().removeprefix("#").strip() for part in text.replace("،", ",").split(","))
    found: dict[str, str] = {}
    for part in parts:
        if part:
            found.setdefault(slug(part), part)
    return tuple(found.values())


def _rows(form: Form, *names: str) -> Iterable[tuple[str, ...]]:
    return zip_longest(*map(form.many, names), fillvalue="")


_SOURCE = ("source_name", "source_url")
_FIGURE = ("figure_name", "figure_value", "figure_unit", "figure_source")
_PICTURE = ("picture", "alt", "caption")


def _verification(form: Form, before: Verification) -> Verification:
    boxes: tuple[Verification, ...] = ("unconfirmed", "confirmed")
    names = {"unconfirmed": "verification", "confirmed": "confirmed"}
    ticked = (value for value in boxes if form.ticked(names[value], value == before))
    return next(ticked, "")


def _sources(form: Form) -> tuple[Source, ...]:
    return tuple(
        Source(name.strip() or url.strip(), url.strip())
        for name, url in _rows(form, *_SOURCE)
        if name.strip() or url.strip()
    )


def _figures(form: Form) -> tuple[Figure, ...]:
    return tuple(
        Figure(name.strip(), _number(value), unit.strip(), source)
        for name, value, unit, source in _rows(form, *_FIGURE)
        if name.strip() or value.strip()
    )


def _pictures(form: Form) -> tuple[Picture, ...]:
    return tuple(
        _picture(name, alt, caption)
        for name, alt, caption in _rows(form, *_PICTURE)
        if name and name not in form.many("drop")
    )


def _number(text: str) -> int | float:
    try:
        value = float(text.replace(",", ".").replace("_", " "))
    except ValueError:
        raise Problem(422, "no_number", f"'{text}' is not a number.") from None
    return int(value) if value.is_integer() else value


def _picture(name: str, alt: str, caption: str) -> Picture:
    kind, _, rest = name.partition(":")
    if kind == "upload":
        return Picture(upload=rest, alt=alt.strip(), caption=caption.strip())
    return Picture(path=rest, alt=alt.strip(), caption=caption.strip())
