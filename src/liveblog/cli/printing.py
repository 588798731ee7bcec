"""Prints texts, JSON and documents so that nothing in them can control the terminal.

A text may come from a file name, a feed or another blog's journal. Control characters in it are
escaped and bidirectional controls are closed; only :func:`style` colours a text. Documents written
to a file or pipe stay as they are, byte for byte.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click

from ..model.entry import FORBIDDEN
from ..model.errors import StorageError
from ..text.controls import escape_controls, escape_line

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True},
    "day": {"fg": "cyan", "bold": True},
    "time": {"fg": "green"},
    "mark": {"fg": "yellow"},
    "faint": {"dim": True},
    "failure": {"fg": "red"},
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
}
_BEGIN = {kind: chr(0xFDD0 + number) for number, kind in enumerate(_STYLES)}
_END = "\ufdef"
"""Noncharacters, which no text of a blog may hold, stand for styles until a text is printed."""

_STYLED = re.compile(f"([{''.join(_BEGIN.values())}])(.*?){_END}", re.DOTALL)
_KINDS = {mark: kind for kind, mark in _BEGIN.items()}

_HARMFUL_IN_JSON = re.compile(f"{FORBIDDEN.pattern}|[\u2028-\u202e\u2066-\u2069]")


def style(text: str, kind: str) -> str:
    """Mark a part of a text to be coloured when printed; see :data:`liveblog.digest.text.Style`."""
    return f"{_BEGIN[kind]}{text}{_END}"


def echo(*lines: str, err: bool = False) -> None:
    """Print each of *lines* on a line of its own, also if it holds newlines."""
    for line in lines:
        _write(_shown(line, escape_line) + "\n", err)


def echo_text(text: str, *, err: bool = False) -> None:
    """Print a text that may have several lines, and a newline if it lacks one at its end."""
    _write(_shown(text, escape_controls).removesuffix("\n") + "\n", err)


def redraw(text: str) -> None:
    """Print a text over the terminal line that was printed before it, without a newline."""
    _write(f"\r{escape_line(text)}\033[K", True)


def print_json(document: object) -> None:
    """Print a JSON document on one line, with the characters that control a terminal escaped."""
    import json

    import msgspec

    plain = msgspec.to_builtins(document)
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    _write(_HARMFUL_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n", False)


def print_document(chunks: Iterable[bytes]) -> None:
    """Write a document to standard output; on a terminal, with control characters escaped."""
    if sys.stdout.isatty():
        echo_text(b"".join(chunks).decode("utf-8", "backslashreplace"))
        return
    # An error while a chunk is made is not an error of standard output.
    for chunk in chunks:
        with stdout_errors():
            sys.stdout.buffer.write(chunk)
    with stdout_errors():
        sys.stdout.buffer.flush()


def confirm(question: str) -> None:
    """Ask the user; end the command if they say no."""
    click.confirm(escape_line(question), abort=True, err=True)


def choose(question: str, choices: Sequence[str]) -> str:
    """Let the user choose by number."""
    echo(question, *(f"  {number}  {choice}" for number, choice in enumerate(choices, 1)), err=True)
    number: int = click.prompt("Which", type=click.IntRange(1, len(choices)), err=True)
    return choices[number - 1]


def _shown(text: str, show: Any) -> str:
    """Return a text with each styled part, and the parts between, escaped on its own."""
    pieces = []
    end = 0
    for found in _STYLED.finditer(text):
        pieces += [show(text[end : found.start()])]
        pieces += [click.style(show(found[2]), **_STYLES[_KINDS[found[1]]])]
        end = found.end()
    return "".join([*pieces, show(text[end:])])


@contextmanager
def held(pieces: list[str]) -> Iterator[None]:
    """Append to *pieces* what is printed to standard output meanwhile, instead of printing it."""
    global _held
    _held, before = pieces, _held
    try:
        yield
    finally:
        _held = before


def write(text: str) -> None:
    """Print a text that was held back."""
    _write(text, False)


_held: list[str] | None = None
"""What was printed to standard output while it is held back."""


def _write(text: str, err: bool) -> None:
    if _held is not None and not err:
        _held.append(text)
        return
    color = False if os.environ.get("NO_COLOR") else None
    # An error of standard error cannot be reported anywhere.
    with suppress(OSError) if err else stdout_errors():
        click.echo(text, nl=False, err=err, color=color)


@contextmanager
def stdout_errors() -> Iterator[None]:
    """Turn an OSError of standard output into a StorageError; a closed pipe is not an error."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(
            f"Cannot write to standard output: {error.strerror or error}.",
            "Check the free space where it leads to.",
        ) from error
