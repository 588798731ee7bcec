"""What the parts of a chronicle share: they take lines and yield items."""

from __future__ import annotations

from collections.abc import Iterator

from .. import Item, Problem
from .lines import is_picture
from .passage import Passage


class Part:
    """What takes the lines from one heading to the next."""

    def take(self, number: int, line: str) -> Iterator[Item]:
        """Take a line, blank ones too; yield what is complete by it."""
        raise NotImplementedError

    def end(self) -> Iterator[Item]:
        """Yield what is left."""
        raise NotImplementedError


class Held:
    """A line of which the next one decides whether it is a headline."""

    def __init__(self, number: int = 0, text: str = "", line: str = "", is_apart: bool = False):
        self.number = number
        self.text = text
        self.line = line
        self.is_apart = is_apart  # from what follows: by a blank line, a rule below, Markdown

    def __bool__(self) -> bool:
        return bool(self.number)


def bare_title(line: str) -> tuple[str, bool]:
    """Return a line without the Markdown that makes it a heading, and whether it had any."""
    bare = line.lstrip("#")
    level = len(line) - len(bare)
    if 1 <= level <= 6 and bare[:1].isspace():
        return bare.strip().rstrip("#").rstrip(), True
    for mark in ("**", "__"):
        if line.startswith(mark) and line.endswith(mark) and len(line) > 4:
            return line[2:-2].strip(), True
    return line, False


def told(text: Passage, number: int, line: str) -> Iterator[Item]:
    """Add a line to a text; yield a problem if it stands for a picture."""
    if text.add(number, line) or is_picture(line):
        yield _picture(number, line.strip())


def _picture(number: int, line: str) -> Problem:
    shown = line if len(line) <= 60 else line[:59] + "…"
    return Problem(
        f"line {number}",
        f"'{shown}' stands for a picture that is not here; it stays in the text",
        "Add it to the update: liveblog edit ID --image FILE --alt TEXT.",
    )


def placed(first: int, last: int) -> str:
    """Say where lines stand."""
    return f"line {first}" if first == last else f"lines {first}–{last}"
