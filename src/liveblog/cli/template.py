"""The text that an editor opens for a new update: its fields as front matter, then its text."""

from __future__ import annotations

from typing import Any

from ..model.draft import FIELDS
from ..model.entry import Revision
from ..model.errors import InvalidInput, did_you_mean

_FIELDS = (
    ("title", ""),
    ("tags", "Damas, Alep"),
    ("key", "yes: it belongs in every summary"),
    ("pinned", "yes: it stays at the top of the live page"),
    ("date", "now, unless you say: 18:30, yesterday 18:30, 2012-07-15 for the whole day"),
    ("verification", "unconfirmed, or confirmed"),
    ("sources", "Name https://example.org/; several as a list: [A https://a/, B https://b/]"),
    ("figures", "Dead=105 people"),
    ("author", ""),
    ("lang", "its language, where not the blog's"),
)
"""The fields, in their order, with what may be written there."""

_TRUE = ("yes", "true", "on", "1", "oui", "ja", "sí", "si", "نعم")
_FALSE = ("no", "false", "off", "0", "non", "nein", "لا")


TEMPLATE = "\n".join(
    ["---", *(f"{name}:{f'  # {hint}' if hint else ''}" for name, hint in _FIELDS), "---"]
)
"""The front matter with all fields, empty."""


def fill_template(revision: Revision, date: str) -> str:
    """Return the template with the fields and the text of a revision; *date* as people write it."""
    from ..text.frontmatter import to_yaml

    values: dict[str, str | list[str]] = {
        "title": revision.title,
        "tags": list(revision.tags),
        "key": "yes" if revision.key else "",
        "pinned": "yes" if revision.pinned else "",
        "date": date,
        "verification": revision.verification,
        "sources": [f"{source.name} {source.url}".strip() for source in revision.sources],
        "figures": [f"{f.name}={f.value} {f.unit}".strip() for f in revision.figures],
        "author": revision.author,
        "lang": revision.lang,
    }
    lines = [
        f"{name}: {to_yaml(values[name])}" if values[name] else f"{name}:" for name, _ in _FIELDS
    ]
    return "\n".join(["---", *lines, "---", "", revision.body])


def changes_in(before: str, written: str) -> tuple[dict[str, Any], str]:
    """Return the fields that were changed in a template, as options give them, and the text.

    A field that was emptied has an empty value; a date that was emptied stays as it is.

    Raises :class:`InvalidInput` as :func:`read_template` does.
    """
    old, _ = read_template(before.strip())
    new, text = read_template(written)
    if new == {} and not written.startswith("---\n"):
        return {}, text  # the fields were deleted altogether
    empty = {field.name: {"list": ("",), "flag": False}.get(field.kind, "") for field in FIELDS}
    changed = {name: value for name, value in new.items() if value != old.get(name)}
    cleared = {name: empty[name] for name in old if name not in new and name in empty}
    return changed | cleared, text


def read_template(written: str) -> tuple[dict[str, Any], str]:
    """Return the fields that somebody wrote into the template, as options give them, and the text.

    A value may hold what YAML would take for its syntax, such as a colon in a title. ``date`` is
    returned as ``at``.

    Raises :class:`InvalidInput` for a field that there is not, or that cannot be read.
    """
    from ..text.frontmatter import split

    if TEMPLATE in written:  # unchanged, wherever it stands
        return {}, written.replace(TEMPLATE, "", 1).strip()
    if not written.startswith("---\n"):
        return {}, written
    head, end, body = written.partition("\n---\n")
    lines = [_quoted(line) for line in head.split("\n")]
    written = "\n".join(lines) + end + body
    page = split(written)
    kinds = {field.name: field.kind for field in FIELDS} | {"date": "text"}
    known = [name for name, _ in _FIELDS]
    fields: dict[str, Any] = {}
    for name, value in page.fields.items():
        if name not in known:
            hint = did_you_mean(name, known) or f"The fields are {', '.join(known)}."
            raise InvalidInput(f"There is no field '{name}'.", hint)
        if value in ("", None, []):
            continue
        read = {"list": _list, "flag": _flag}.get(kinds[name], _text)
        fields["at" if name == "date" else name] = read(name, value)
    return fields, page.body.strip()


def _quoted(line: str) -> str:
    """Return a line of front matter with its value in quotation marks, unless it has its own."""
    from ..text.frontmatter import to_yaml

    name, colon, value = line.partition(":")
    hint = dict(_FIELDS).get(name.strip())
    if not colon or hint is None:
        return line
    value = value.removesuffix(f"# {hint}").strip() if hint else value.strip()
    is_quoted = value.startswith(('"', "'", "["))
    return f"{name}: {value if is_quoted else to_yaml(value)}"


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"'{name}' is a list.", "Write one value.")
    return value.strip()


def _list(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_text(name, item) for item in value)
    text = _text(name, value)
    # Names of sources and figures may hold commas.
    parts = text.replace("،", ",").split(",") if name == "tags" else [text]
    return tuple(part.strip() for part in parts if part.strip())


def _flag(name: str, value: Any) -> bool:
    word = _text(name, value).casefold()
    if word not in (*_TRUE, *_FALSE):
        raise InvalidInput(f"'{name}' is '{word}'.", "Write yes or no.")
    return word in _TRUE
