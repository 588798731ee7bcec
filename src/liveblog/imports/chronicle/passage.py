"""Lines of plain text put together as Markdown, with nothing missing."""

from __future__ import annotations

from .lines import as_markdown, is_headline, is_underline

_UNWRAPPED = 100
"""Characters of a line that nobody broke by hand: the next line is another paragraph."""

_LIST = ("- ", "* ", "+ ", "> ", "|")
_BULLETS = ("• ", "· ", "‣ ", "▪ ", "◦ ")
_DASHES = ("– ", "— ")


class Passage:
    """A text that grows line by line: paragraphs, lists, quotes and sub-headings as they stand.

    - Blank lines are folded into one, a rule within the text becomes ``* * *``.
    - A line of more than a hundred characters was not wrapped by hand: the next is a paragraph of
      its own, blank line or not.
    - A bullet of any form is Markdown's; a line that begins with a dash is a paragraph.
    - An indented first line is no code, and an angle bracket no HTML.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self.size = 0  #: bytes in UTF-8
        self.first = self.last = 0  #: line numbers
        self._is_broken = True  # whether a block begins
        self._rule = False
        self._in_list = False
        self._block = 0  # lines of this block

    def __bool__(self) -> bool:
        return bool(self._lines)

    @property
    def is_open(self) -> bool:
        """Whether the next line goes on with a paragraph."""
        return not self._is_broken

    @property
    def before(self) -> str:
        """The last line, if the next one goes on with its paragraph."""
        return "" if self._is_broken else self._lines[-1]

    def break_off(self) -> None:
        """Take a blank line."""
        self._is_broken = True

    def rule(self) -> None:
        """Take a rule; it is shown if there is text on both its sides."""
        self._is_broken = self._rule = True

    def takes_as_underline(self, line: str) -> bool:
        """Whether a rule makes a heading of the line above it."""
        is_title = self._block == 1 and not self._is_broken and is_headline(self._lines[-1])
        return is_title and is_underline(line)

    def add(self, number: int, line: str) -> int:
        """Take a line that is not blank; return how many pictures by Markdown it had."""
        text, pictures = as_markdown(line.rstrip())
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
        self._is_broken = len(bare) > _UNWRAPPED and not self._in_list
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
