"""Front matter: what a Markdown file says of itself before its text, as site generators write it.

In goes a file's text, out come its fields and what follows; and the other way round. YAML between
``---`` (Jekyll, Hugo), TOML between ``+++`` and JSON (Hugo), and lines ``Key: value`` (Pelican) are
read. Pure: text in, data out. Nothing in the data can act: every scalar is a text, tags of YAML
mean nothing, and aliases are refused, for ten of them can stand for a billion words.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Literal

import msgspec
import yaml

from ..model.errors import InvalidInput

Kind = Literal["", "yaml", "toml", "json", "lines"]
"""How the fields are written; empty where there are none."""

Value = Any
"""A text, a list of values, or a mapping of texts to values."""

DEEPEST = 20
"""How far lists and mappings may lie within each other."""

MOST_NODES = 1_000_000
"""How many scalars, lists and mappings the fields of one file may hold."""

TOML_LIMIT = 200_000
"""Characters of TOML; unlike the YAML of an export, it holds no texts."""

_FENCES: Mapping[str, tuple[Kind, str]] = {
    "---": ("yaml", r"^(?:---|\.\.\.)[ \t]*$"),
    "+++": ("toml", r"^\+\+\+[ \t]*$"),
}
# As Python-Markdown's extension Meta-Data, which Pelican uses, reads them.
_LINE = re.compile(r" {0,3}([A-Za-z0-9_-]+):[ \t]*(.*)")
_MORE = re.compile(r" {4,}(.*)")

_QUOTED = re.compile(r""""(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'""")
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{DEEPEST}}}")
"""A text of TOML, and a key of many parts, which takes a time that grows with their square."""

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What JSON lets stand and YAML does not, or reads as the end of a line (YAML 1.2.2 §5.1, §5.4)."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Plain(str):
    """A scalar written without quotation marks: it may stand for a number or a truth value."""

    __slots__ = ()


@dataclass(frozen=True)
class Page:
    """A file taken apart."""

    kind: Kind
    fields: dict[str, Value]  #: names in lower case; the first of two with the same name counts
    body: str  #: what follows, without empty lines before it


def split(text: str) -> Page:
    """Take a file's text apart; its lines end in a line feed.

    Raises :class:`InvalidInput` where the fields cannot be read.
    """
    mark = re.match(r"(---|\+\+\+)[ \t]*\n", text)
    if mark:
        kind, closing = _FENCES[mark[1]]
        end = re.compile(closing, re.MULTILINE).search(text, mark.end())
        if end is None:
            raise InvalidInput(
                "The front matter has no end.", f"Close it with a line {mark[1]} of its own."
            )
        source = text[mark.end() : end.start()]
        found = _yaml(source) if kind == "yaml" else _toml(source)
        body = text[end.end() :]
    elif re.match(r'\{\s*"', text):
        kind = "json"
        found, body = _json(text)
    elif _LINE.match(text):
        kind = "lines"
        found, body = _lines(text)
    else:
        kind, found, body = "", {}, text
    if found in ("", None):  # nothing but comments
        found = {}
    if not isinstance(found, dict):
        raise InvalidInput("The front matter holds no fields.", "Write it like 'title: A title'.")
    fields: dict[str, Value] = {}
    for name, value in found.items():
        fields.setdefault(name.lower(), value)
    return Page(kind, fields, re.sub(r"\A(?:[ \t]*\n)+", "", body))


def join(fields: Mapping[str, str], body: str) -> str:
    """Put a file together from the YAML of its fields (see :func:`written`) and its text."""
    lines = [f"{name}: {value}" if value else f"{name}:" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---", "", body, ""] if body else ["---", *lines, "---", ""])


def written(value: Any) -> str:
    """Return a value as one line of YAML: JSON, which is part of it (YAML 1.2.2 §1.3)."""
    text = msgspec.json.encode(value).decode()
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def typed(value: Value) -> Any:
    """Return fields with their numbers and truth values as such, as JSON has them."""
    if isinstance(value, Plain):
        try:
            return msgspec.json.decode(str(value))
        except msgspec.DecodeError:
            return str(value)
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    return value


# -- YAML ------------------------------------------------------------------------------------------


def _yaml(source: str) -> Value:
    try:
        events = _counted(yaml.parse(source, Loader=_LOADER))
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                found = _node(event, events)
                for _ in events:  # to its end, in case there is something that does not belong
                    pass
                return found
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 2})" if error.problem_mark else ""
        problem = error.problem or error.context or "unreadable"
        raise InvalidInput(f"The front matter is not YAML: {problem}{line}.", _MEND) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = str(error).partition("\n")[0]
        raise InvalidInput(f"The front matter is not YAML: {problem}.", _MEND) from None
    return {}


_MEND = "Correct it; a text that holds a colon stands in quotation marks."


def _counted(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """Pass events on, and refuse those that would make more of a file than it is."""
    depth = 0
    for number, event in enumerate(events):
        if isinstance(event, yaml.AliasEvent):
            raise InvalidInput(
                f"The front matter uses the alias *{event.anchor}, which is not read.",
                "Write out what it stands for.",
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST or number > MOST_NODES:
            raise _too_much()
        yield event


def _too_much() -> InvalidInput:
    return InvalidInput("The front matter holds too much, or too deeply.", "Make it simpler.")


def _node(event: yaml.Event, events: Iterator[yaml.Event]) -> Value:
    """Build a value from its first event and those that follow."""
    if isinstance(event, yaml.ScalarEvent):
        if event.style:
            return event.value
        return "" if event.value in ("~", "null", "Null", "NULL") else Plain(event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(event, events))
        return items
    fields: dict[str, Value] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        name = _node(event, events)
        value = _node(next(events), events)
        if isinstance(name, str):
            fields.setdefault(str(name), value)
    return fields


# -- TOML, JSON, lines -----------------------------------------------------------------------------


def _toml(source: str) -> Value:
    if len(source) > TOML_LIMIT or _LONG_KEY.search(_QUOTED.sub("q", source)):
        raise _too_much()
    try:
        return _as_texts(tomllib.loads(source))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The front matter is not TOML: {error}.", "Correct it.") from None


def _json(text: str) -> tuple[Value, str]:
    try:
        found, end = json.JSONDecoder().raw_decode(text)
        return _as_texts(found), text[end:]
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The front matter is not JSON: {error}.", "Correct it.") from None


def _as_texts(value: Any, depth: int = 0) -> Value:
    """Return what TOML or JSON holds as YAML would give it."""
    if depth > DEEPEST:
        raise _too_much()
    if isinstance(value, dict):
        return {str(name): _as_texts(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_as_texts(item, depth + 1) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str) or value is None:
        return value or ""
    return Plain(str(value).lower())  # True is true


def _lines(text: str) -> tuple[dict[str, str], str]:
    """Read lines ``Key: value``; one that is indented goes on with the value before it."""
    found: dict[str, list[str]] = {}
    name, position = "", 0
    while position < len(text):
        end = text.find("\n", position)
        line = text[position : end if end >= 0 else len(text)]
        if match := _LINE.match(line):
            name = match[1].lower()
            found.setdefault(name, []).append(match[2].strip())
        elif more := _MORE.match(line):
            found[name].append(more[1].strip())
        else:
            break
        position = end + 1 if end >= 0 else len(text)
    return {name: "\n".join(values) for name, values in found.items()}, text[position:]
