"""The sections of a chronicle, from one heading to the next, and the Markdown built from them."""

from __future__ import annotations

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from ...text.plain import shorten
from .. import UPDATE_ID, Item, Problem
from .lines import is_headline, is_picture, is_underline, to_markdown

_LONGEST_WRAPPED = 100
"""Maximum characters of a line that was wrapped by hand; after a longer one a paragraph ends."""

_LIST = ("- ", "* ", "+ ", "> ", "|")
_BULLETS = ("• ", "· ", "‣ ", "▪ ", "◦ ")
_DASHES = ("– ", "— ")

_LINKED_HEADING = re.compile(r"^(\s{0,3}#{1,6}\s+)\[([^\[\]]{1,300})\]\(https?://[^()\s]{1,2000}\)")
_PICTURE = re.compile(r"!\[([^\[\]]{0,300})\]\(<?([^()<>\s]{1,300})>?[^()]{0,300}\)")
_PLACEHOLDER = re.compile(r"[\W_]*[^\W\d_]+(?: ?\d{1,3})?[\W_]*")


class Section(ABC):
    """Reads the lines from one heading to the next."""

    @abstractmethod
    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line, also a blank one; yield the items that it completes."""

    @abstractmethod
    def end(self) -> Iterator[Item]:
        """Yield the remaining items."""


class TimeWithin(Problem):
    """A line that names a time (``what``) within a sentence; one problem tells of them all."""


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


def unlink_heading(line: str) -> str:
    """Return a Markdown heading that begins with a link without the link's address.

    Digests in Markdown head their updates like that: ``### [18:04](https://…) Explosion``,
    ``### [Explosion](https://…)``.
    """
    return _LINKED_HEADING.sub(r"\1\2", line)


def is_linked_heading(line: str) -> bool:
    """Whether a line heads an update of a digest in Markdown."""
    return _LINKED_HEADING.match(line) is not None


def strip_close_mark(line: str) -> str:
    """Return the text after the heading of a close: nothing, or what follows its colon."""
    return line.partition(":")[2].strip().strip("*_ ")


def is_placeholder(line: str) -> bool:
    """Whether a line stands for a picture and says nothing about it: « Image », "[Photo 2]"."""
    return is_picture(line) and _PLACEHOLDER.fullmatch(line) is not None


def is_list_item(line: str) -> bool:
    """Whether a line begins an item of a list, a quotation or a row of a table."""
    return line.startswith((*_LIST, *_BULLETS, *_DASHES)) or _is_numbered(line)


EDIT_ENTRY = f"liveblog edit {UPDATE_ID} --image FILE --alt TEXT"
EDIT_CHAPTER = (
    "liveblog chapter edit NAME --image FILE --alt TEXT; 'liveblog chapter list' lists the names"
)
"""The commands that add a picture."""


def add_line(
    text: TextBuilder, number: int, line: str, command: str = EDIT_ENTRY
) -> Iterator[Problem]:
    """Add a line to a text; yield a problem if it refers to a picture, which *command* adds."""
    if text.add(number, line) or is_picture(line):
        if named := _PICTURE.search(line):
            command = command.replace("FILE", shlex.quote(unquote(named[2])))
            command = command.replace("TEXT", shlex.quote(named[1])) if named[1] else command
        yield Problem(
            f"line {number}",
            f"'{shorten(line.strip(), 60)}' refers to a picture that is not here; "
            "it stays in the text",
            f"Add it: {command}.",
        )


def missing_picture(number: int, line: str, kind: str, title: str, command: str) -> Problem:
    """Return the problem for a placeholder of a picture of an article or a chapter (*kind*)."""
    return Problem(
        f"line {number}",
        f"'{line}' stands for a picture of the {kind} '{shorten(title, 60)}', which is not here",
        f"Add it: {command}.",
    )


def line_range(first: int, last: int) -> str:
    """Return the location of some lines, for a report."""
    return f"line {first}" if first == last else f"lines {first}–{last}"


class TextBuilder:
    """Markdown that is built line by line; paragraphs, lists, quotes and sub-headings are kept.

    - Several blank lines become one; a rule within the text becomes ``* * *``.
    - After a line of more than a hundred characters, which nobody wrapped by hand, the next line is
      a paragraph of its own.
    - Every form of bullet becomes ``-``; a line that begins with a dash is a paragraph.
    - An indented first line does not become code, and an angle bracket does not become HTML.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self.size = 0  #: bytes in UTF-8
        self.first = self.last = 0  #: line numbers
        self._is_broken = True  # whether the next line begins a block
        self._rule = False
        self._in_list = False
        self._block = 0  # lines of the current block

    def __bool__(self) -> bool:
        return bool(self._lines)

    @property
    def is_open(self) -> bool:
        """Whether the next line continues a paragraph."""
        return not self._is_broken

    @property
    def before(self) -> str:
        """The last line, if the next one continues its paragraph."""
        return "" if self._is_broken else self._lines[-1]

    def end_paragraph(self) -> None:
        """Add a blank line."""
        self._is_broken = True

    def rule(self) -> None:
        """Add a rule; it is shown only between two texts."""
        self._is_broken = self._rule = True

    def is_heading_underline(self, line: str) -> bool:
        """Whether a line is the underline that makes the line above it a heading."""
        is_title = self._block == 1 and not self._is_broken and is_headline(self._lines[-1])
        return is_title and is_underline(line)

    def add(self, number: int, line: str) -> int:
        """Add a line that is not blank; return how many Markdown pictures it had."""
        text, pictures = to_markdown(line.rstrip())
        bare = text.strip()
        if bare.startswith(_BULLETS):
            bare = text = f"- {bare[1:].lstrip()}"
        self._is_broken = self._is_broken or bare.startswith(_DASHES)
        if self._is_broken and self._lines:
            self._append("")
            if self._rule:
                self._append("* * *")
                self._append("")
        if self._is_broken:
            self._in_list = self._in_list and text[:1].isspace()
            self._block = 0
        self._in_list = self._in_list or bare.startswith(_LIST) or _is_numbered(bare)
        self._append(text if self._in_list else bare)
        self._block += 1
        # Markdown breaks paragraphs at blank lines only.
        self._is_broken = len(bare) > _LONGEST_WRAPPED and not self._in_list
        self._rule = False
        self.first = self.first or number
        self.last = number
        return pictures

    def _append(self, line: str) -> None:
        self._lines.append(line)
        self.size += len(line.encode()) + 1

    @property
    def markdown(self) -> str:
        """The text so far."""
        return "\n".join(self._lines)


def _is_numbered(line: str) -> bool:
    number, _, rest = line[:12].replace(")", ".", 1).partition(". ")
    return number.isdecimal() and bool(rest)
