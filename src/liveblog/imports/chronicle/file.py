"""Reads the lines of a chronicle from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ...model.errors import InvalidInput
from ..files import cannot_read

LONGEST_LINE = 1_000_000
"""Maximum characters of a line; ten times as many as an update may have."""


def lines_of(path: Path) -> Callable[[], Iterator[str]]:
    """Return a function that yields the lines of a UTF-8 file from the start at each call.

    It raises :class:`InvalidInput` for a file that cannot be read, is not UTF-8, or has a line of
    :data:`LONGEST_LINE` characters.
    """

    def lines() -> Iterator[str]:
        number = 0
        try:
            with path.open(encoding="utf-8-sig", newline=None) as file:
                while line := file.readline(LONGEST_LINE):
                    number += 1
                    if len(line) >= LONGEST_LINE:
                        raise InvalidInput(
                            f"{path}: line {number} has more than {LONGEST_LINE:,} characters.",
                            "Check that it is a text, and break the line.",
                        )
                    yield line
        except UnicodeDecodeError:
            raise InvalidInput(
                f"{path}: the text after line {number} is not UTF-8.",
                "Save the text as UTF-8 in your editor, or: iconv -f WINDOWS-1252 -t UTF-8",
            ) from None
        except OSError as error:
            raise cannot_read(path, error) from None

    return lines
