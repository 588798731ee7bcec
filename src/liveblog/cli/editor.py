"""Text input: the user's editor and standard input."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..model import limits
from ..model.errors import InvalidInput, LiveblogError, StorageError
from .printing import echo, echo_text

_ADVICE_START = "<!-- liveblog:"

_STDIN_BYTES = 10 * limits.BODY_BYTES
"""Maximum bytes of standard input that are read, since it may have no end."""


USE_ARGUMENT = "Give the text as an argument, or pipe it in with '-'."


def is_terminal() -> bool:
    """Whether a user types on a terminal."""
    return sys.stdin.isatty()


def join_parts(parts: Mapping[str, str]) -> str:
    """Return several texts as one, each below a line ``== Name ==``; see :func:`split_parts`."""
    return "\n\n".join(f"== {name} ==\n{text}" for name, text in parts.items())


def split_parts(text: str, names: Sequence[str]) -> dict[str, str]:
    """Split a text at its lines ``== Name ==``.

    Raises :class:`InvalidInput` for text before the first of these.
    """
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name = line.strip("= ") if line.startswith("==") else ""
        if name in names:
            found[name] = []
        elif found:
            next(reversed(found.values())).append(line)
        elif line.strip():
            raise InvalidInput(
                f"The text begins with '{line}', not with a line such as '== {names[0]} =='.",
                f"Put the lines {', '.join(repr(f'== {name} ==') for name in names)} back.",
            )
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def in_editor(text: str, advice: str, *, instead: str = USE_ARGUMENT) -> str:
    """Let the user edit a text in $VISUAL or $EDITOR; return it without the *advice* below it.

    *instead* says how to give the text where there is no terminal or editor.

    An empty result means that the user cancelled.

    Raises :class:`LiveblogError` if there is no editor or terminal, or it fails.
    """
    import shlex
    import subprocess

    if not is_terminal():
        raise InvalidInput("There is no text, and no terminal to write it on.", instead)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        raise InvalidInput(
            "There is no text, and neither VISUAL nor EDITOR names an editor.",
            f"{instead} Or set EDITOR.",
        )
    path = _write_temporary(f"{text}\n\n{_ADVICE_START}\n{advice}\n-->\n", "liveblog-")
    try:
        # The variable may hold arguments, as in "code --wait".
        code = subprocess.call([*shlex.split(editor), str(path)])
        if code:
            raise LiveblogError(
                f"The editor '{editor}' failed (exit {code}).", "Nothing was changed."
            )
        return path.read_bytes().decode().partition(_ADVICE_START)[0].strip()
    except UnicodeDecodeError:
        raise InvalidInput("The text is not UTF-8.", "Save it as UTF-8.") from None
    except ValueError as error:
        raise InvalidInput(
            f"The editor '{editor}' cannot be started: {error}.", "Check EDITOR."
        ) from None
    except OSError as error:
        if error.filename == str(path):
            raise StorageError.of(error, "read", path) from error
        raise LiveblogError(
            f"The editor '{editor}' cannot be started: {error.strerror}.", "Check EDITOR."
        ) from None
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def saved_on_error(text: str) -> Iterator[None]:
    """Save a text from the editor to a file if the code within raises an exception."""
    try:
        yield
    except BaseException:
        try:
            echo(
                f"Your text is saved in {_write_temporary(text + chr(10), 'liveblog-draft-')}.",
                err=True,
            )
        except StorageError:
            echo("Your text could not be saved to a file. It was:", err=True)
            echo_text(text, err=True)
        raise


def _write_temporary(text: str, prefix: str) -> Path:
    """Write a text to a new file that only its user can read."""
    import tempfile

    try:
        fd, name = tempfile.mkstemp(suffix=".md", prefix=prefix)
        with open(fd, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        raise StorageError(
            f"Cannot write a temporary file: {error.strerror or error}.",
            "Set TMPDIR to a folder that can be written.",
        ) from error
    return Path(name)


def read_stdin() -> str:
    """Return all of standard input.

    Raises :class:`InvalidInput` if it cannot be read or is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read(_STDIN_BYTES)
    except OSError as error:
        raise InvalidInput(
            f"Cannot read standard input: {error.strerror}.", "Check what leads there."
        ) from None
    if len(data) == _STDIN_BYTES:
        raise InvalidInput(
            f"Standard input has more than {_STDIN_BYTES:,} bytes; "
            f"an update has {limits.BODY_BYTES:,} at most.",
            "Split it into several updates, or import it with 'liveblog import'.",
        )
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
