"""The base of the sections of a chronicle, and helpers for reading their lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...text.plain import shorten
from .. import Item, Problem
from .lines import is_picture
from .text_builder import TextBuilder


class Section:
    """Reads the lines from one heading to the next."""

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line, also a blank one; yield the items that it completes."""
        raise NotImplementedError

    def end(self) -> Iterator[Item]:
        """Yield the remaining items."""
        raise NotImplementedError


@dataclass
class PendingLine:
    """A line that is a headline or text, depending on the next one."""

    number: int = 0  #: of the line; 0 for none
    text: str = ""  #: without Markdown
    line: str = ""
    is_separate: bool = False  #: from the text below: by a blank line, an underline or Markdown

    def __bool__(self) -> bool:
        return bool(self.number)


def strip_heading_marks(line: str) -> tuple[str, bool]:
    """Return a line without the Markdown of a heading, and whether it had any."""
    bare = line.lstrip("#")
    level = len(line) - len(bare)
    if 1 <= level <= 6 and bare[:1].isspace():
        return bare.strip().rstrip("#").rstrip(), True
    for mark in ("**", "__"):
        if line.startswith(mark) and line.endswith(mark) and len(line) > 4:
            return line[2:-2].strip(), True
    return line, False


def add_line(text: TextBuilder, number: int, line: str) -> Iterator[Item]:
    """Add a line to a text; yield a problem if it refers to a picture."""
    if text.add(number, line) or is_picture(line):
        yield _picture(number, line.strip())


def _picture(number: int, line: str) -> Problem:
    return Problem(
        f"line {number}",
        f"'{shorten(line, 60)}' refers to a picture that is not here; it stays in the text",
        "Add it to the update: liveblog edit ID --image FILE --alt TEXT.",
    )


def line_range(first: int, last: int) -> str:
    """Return the location of some lines, for a report."""
    return f"line {first}" if first == last else f"lines {first}–{last}"
