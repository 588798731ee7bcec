"""Texts written in the user's own editor."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InvalidInput, LiveblogError
from .printing import echo

_CUT = "<!-- liveblog:"


def in_editor(text: str, advice: str) -> str:
    """Let the user edit a text in $VISUAL or $EDITOR; return it without the advice below it.

    An empty result means that the user gave up.

    Raises :class:`~liveblog.errors.LiveblogError` if there is no editor or terminal, or it fails.
    """
    import shlex
    import subprocess
    import tempfile

    if not sys.stdin.isatty():
        raise InvalidInput(
            "There is no text, and no terminal to write it on.",
            "Give the text as an argument, or pipe it in with '-'.",
        )
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise InvalidInput(
            "There is no text, and neither VISUAL nor EDITOR names an editor.",
            "Give the text as an argument, pipe it in with '-', or set EDITOR.",
        )
    fd, name = tempfile.mkstemp(suffix=".md", prefix="liveblog-")
    path = Path(name)
    try:
        with open(fd, "w", encoding="utf-8") as file:
            file.write(f"{text}\n\n{_CUT}\n{advice}\n-->\n")
        try:
            # The variable may hold arguments, as in "code --wait".
            code = subprocess.call([*shlex.split(editor), name])
        except OSError as error:
            raise LiveblogError(
                f"The editor '{editor}' cannot be started: {error.strerror}.", "Check EDITOR."
            ) from None
        if code:
            raise LiveblogError(f"The editor '{editor}' failed (exit {code}).", "Nothing was kept.")
        try:
            return path.read_bytes().decode().partition(_CUT)[0].strip()
        except UnicodeDecodeError:
            raise InvalidInput("The text is not UTF-8.", "Save it as UTF-8.") from None
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def rescued(text: str) -> Iterator[None]:
    """Keep a text that was written in the editor if what is done with it fails."""
    try:
        yield
    except LiveblogError:
        import tempfile

        fd, name = tempfile.mkstemp(suffix=".md", prefix="liveblog-draft-")
        with open(fd, "w", encoding="utf-8", errors="replace") as file:
            file.write(text + "\n")
        echo(f"Your text is kept in {name}.", err=True)
        raise


def read_stdin() -> str:
    """Return all of standard input.

    Raises :class:`~liveblog.errors.InvalidInput` if it cannot be read or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise InvalidInput(
            f"Cannot read standard input: {error.strerror}.", "Check what leads there."
        ) from None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"Standard input is not UTF-8 (line {line}, byte {error.start}).",
            "Convert it, for example with iconv.",
        ) from None


def split_title(text: str) -> tuple[str, str]:
    """Split a first line ``# Title`` from the body below it."""
    match = re.match(r"# +(.+)(?:\n+|$)", text)
    return (match[1].strip(), text[match.end() :]) if match else ("", text)
