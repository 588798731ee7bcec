"""Reads and writes the front matter of Markdown files.

It reads YAML between ``---`` (Jekyll, Hugo), TOML between ``+++`` and JSON (Hugo), and lines
``Key: value`` (Pelican). Pure functions. The input may be hostile: every scalar is read as text,
tags of YAML are ignored, and aliases are refused, because ten of them can expand to a billion
words.
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
"""The syntax of the fields; empty if there are none."""

Value = Any
"""A text, a list of values, or a mapping of texts to values."""

MAX_DEPTH = 20
"""Maximum nesting of lists and mappings."""

MAX_NODES = 1_000_000
"""Maximum number of scalars, lists and mappings in the fields of one file."""

TOML_LIMIT = 200_000
"""Maximum characters of TOML, which unlike the YAML of our export holds no long texts."""

_FENCES: Mapping[str, tuple[Kind, str]] = {
    "---": ("yaml", r"^(?:---|\.\.\.)[ \t]*$"),
    "+++": ("toml", r"^\+\+\+[ \t]*$"),
}
# As Python-Markdown's extension Meta-Data, which Pelican uses, reads them.
_KEY_LINE = re.compile(r" {0,3}([A-Za-z0-9_-]+):[ \t]*(.*)")
_CONTINUATION = re.compile(r" {4,}(.*)")

_QUOTED = re.compile(r""""(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'""")
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MAX_DEPTH}}}")
"""A string of TOML, and a key with many parts, for which the parser takes quadratic time."""

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""Characters that JSON allows but YAML does not, or reads as line ends (YAML 1.2.2 §5.1, §5.4)."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PlainScalar(str):
    """A scalar without quotation marks: it may mean a number or a boolean."""

    __slots__ = ()


@dataclass(frozen=True)
class Page:
    """A Markdown file, split into front matter and text."""

    kind: Kind
    fields: dict[str, Value]  #: by name in lower case; of two with the same name the first
    body: str  #: the text after them, without empty lines at its start


def split(text: str) -> Page:
    """Return the fields and the body of a file whose lines end in line feeds.

    Raises :class:`InvalidInput` if the fields cannot be read.
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
    elif _KEY_LINE.match(text):
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
    """Return a file with fields in YAML (see :func:`to_yaml`) and a body."""
    lines = [f"{name}: {value}" if value else f"{name}:" for name, value in fields.items()]
    return "\n".join(["---", *lines, "---", "", body, ""] if body else ["---", *lines, "---", ""])


def to_yaml(value: Any) -> str:
    """Return a value as one line of YAML: JSON, which is a subset of it (YAML 1.2.2 §1.3)."""
    text = msgspec.json.encode(value).decode()
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def with_types(value: Value) -> Any:
    """Return a value in which unquoted numbers and booleans have their types."""
    if isinstance(value, PlainScalar):
        try:
            return msgspec.json.decode(str(value))
        except msgspec.DecodeError:
            return str(value)
    if isinstance(value, list):
        return [with_types(item) for item in value]
    if isinstance(value, dict):
        return {name: with_types(item) for name, item in value.items()}
    return value


# -- YAML ------------------------------------------------------------------------------------------


def _yaml(source: str) -> Value:
    try:
        events = _check_events(yaml.parse(source, Loader=_LOADER))
        for event in events:
            if isinstance(event, yaml.NodeEvent):
                found = _build_value(event, events)
                for _ in events:  # read to the end, to find errors there
                    pass
                return found
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 2})" if error.problem_mark else ""
        problem = error.problem or error.context or "unreadable"
        raise InvalidInput(f"The front matter is not YAML: {problem}{line}.", _HINT) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = str(error).partition("\n")[0]
        raise InvalidInput(f"The front matter is not YAML: {problem}.", _HINT) from None
    return {}


_HINT = "Correct it; put a text that holds a colon in quotation marks."


def _check_events(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """Yield the events; refuse aliases, deep nesting and too many nodes."""
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
        if depth > MAX_DEPTH or number > MAX_NODES:
            raise _too_complex()
        yield event


def _too_complex() -> InvalidInput:
    return InvalidInput("The front matter is too large or too deeply nested.", "Make it simpler.")


def _build_value(event: yaml.Event, events: Iterator[yaml.Event]) -> Value:
    """Return the value that begins with *event*, and consume its events."""
    if isinstance(event, yaml.ScalarEvent):
        if event.style:
            return event.value
        return "" if event.value in ("~", "null", "Null", "NULL") else PlainScalar(event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_build_value(event, events))
        return items
    fields: dict[str, Value] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        name = _build_value(event, events)
        value = _build_value(next(events), events)
        if isinstance(name, str):
            fields.setdefault(str(name), value)
    return fields


# -- TOML, JSON, lines -----------------------------------------------------------------------------


def _toml(source: str) -> Value:
    if len(source) > TOML_LIMIT or _LONG_KEY.search(_QUOTED.sub("q", source)):
        raise _too_complex()
    try:
        return _to_texts(tomllib.loads(source))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The front matter is not TOML: {error}.", "Correct it.") from None


def _json(text: str) -> tuple[Value, str]:
    try:
        found, end = json.JSONDecoder().raw_decode(text)
        return _to_texts(found), text[end:]
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The front matter is not JSON: {error}.", "Correct it.") from None


def _to_texts(value: Any, depth: int = 0) -> Value:
    """Return the data of TOML or JSON with texts as scalars, as from YAML."""
    if depth > MAX_DEPTH:
        raise _too_complex()
    if isinstance(value, dict):
        return {str(name): _to_texts(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_to_texts(item, depth + 1) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str) or value is None:
        return value or ""
    return PlainScalar(str(value).lower())  # True is true


def _lines(text: str) -> tuple[dict[str, str], str]:
    """Read lines ``Key: value``; an indented line continues the value before it."""
    found: dict[str, list[str]] = {}
    name, position = "", 0
    while position < len(text):
        end = text.find("\n", position)
        line = text[position : end if end >= 0 else len(text)]
        if match := _KEY_LINE.match(line):
            name = match[1].lower()
            found.setdefault(name, []).append(match[2].strip())
        elif more := _CONTINUATION.match(line):
            found[name].append(more[1].strip())
        else:
            break
        position = end + 1 if end >= 0 else len(text)
    return {name: "\n".join(values) for name, values in found.items()}, text[position:]
