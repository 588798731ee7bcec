"""The first pass over a chronicle: its paragraphs, each with what decides about the structure.

Only the beginning of a paragraph is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from .headings import Heading, dated_sentence, day_heading, with_month
from .lines import (
    begins_close,
    ends_sentence,
    find_sources,
    is_headline,
    is_markdown_picture,
    is_picture,
    is_rule,
    is_underline,
    strip_forbidden,
)
from .mentions import Mentions
from .section import is_list_item, strip_heading_marks, unlink_heading
from .signs import begins_like_an_end, byline, is_about_the_period
from .times import time_mark

Kind = Literal["text", "heading", "sentence", "picture", "rule"]
"""A heading begins with a date; so does a sentence, which heads a day only below a title."""

_EXCERPT = 160
"""Characters of a paragraph that are held in memory."""

_SHORT = 60
"""Characters below which no program wraps a line."""

_LONGEST_WRAPPED = 100
"""Characters of a line above which the next line is a paragraph of its own."""

_LONGEST_SENTENCE = 100
"""Maximum characters of a title that ends in a full stop."""

_INNER_ENDS = (". ", "! ", "? ", "… ", "؟ ", "; ")


UNDERLINED = 7
"""The level of a title that is emphasised or underlined."""


class Title(NamedTuple):
    """A paragraph that can be a title: a short line of its own."""

    text: str  #: without Markdown
    level: int  #: of a Markdown heading, or :data:`UNDERLINED`; 0 for a plain line
    is_sentence: bool  #: it ends in a full stop
    is_period: bool = False  #: it names the days that follow it


@dataclass(slots=True)
class Block:
    """A paragraph, or a line that stands for itself."""

    number: int  #: its first line
    kind: Kind
    text: str  #: the beginning of its first line
    blanks: int  #: blank lines before it
    lines: int = 1
    title: Title | None = None
    heading: Heading | None = None  #: without the rest of its line
    is_certain: bool = False  #: it is a heading that cannot be the beginning of a sentence
    is_sentence: bool = False  #: its line is one sentence, which begins with the date or time
    has_rest: bool = False  #: text follows the date on the line of a heading
    is_headline: bool = False  #: that text can be a headline
    has_time: bool = False  #: it begins with a time of day
    has_source: bool = False
    is_byline: bool = False  #: it names the authors, or the days of a chapter below its title
    is_close: bool = False  #: « Conclusion »
    is_ending: bool = False  #: it begins as the end of a text does
    is_about_period: bool = False

    @property
    def level(self) -> int:
        """The number signs of a Markdown heading."""
        return min(len(self.text) - len(self.text.lstrip("#")), 6)


class Blocks(NamedTuple):
    """The paragraphs of a text."""

    blocks: list[Block]
    last: int  #: number of the last line
    mentions: Mentions


def read_blocks(lines: Iterable[str]) -> Blocks:
    """Return the paragraphs of a text."""
    reader = _Reader()
    number = 0
    for number, raw in enumerate(lines, 1):
        line, _ = strip_forbidden(unlink_heading(raw.strip().removeprefix("\ufeff")))
        reader.add(number, line)
    return Blocks(reader.blocks, number, reader.mentions)


class _Reader:
    """Joins lines to paragraphs."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.mentions = Mentions()
        self._blanks = 0
        self._before = ""  # the line before, if it is not blank
        self._has_heading = False
        self._last_heading: Heading | None = None

    def add(self, number: int, line: str) -> None:
        """Add a line without white space around it."""
        if not line:
            self._blanks += 1
            self._before = ""
            return
        last = self.blocks[-1] if self.blocks else None
        if self._before and last and last.title and is_underline(line):
            last.title = last.title._replace(level=last.title.level or UNDERLINED)
            self._before = line
            return
        is_first = last is None or self._is_first(last)
        block = self._dated(number, line, last, is_first=is_first)
        if block is None and is_rule(line):
            block = self._block(number, "rule", line)
        elif block is None and (is_picture(line) or is_markdown_picture(line)):
            block = self._block(number, "picture", line)
        elif block is None and (is_first or (last and last.title and byline(line))):
            block = self._paragraph(number, line)
        if block is not None:
            self.blocks.append(block)
            self._blanks = 0
            self._has_heading = self._has_heading or block.kind == "heading"
        elif last is not None:
            last.lines += 1
            last.title = _wrapped_title(last, line, is_first=len(self.blocks) == 1)
        self.mentions.add(line, is_early=not self._has_heading)
        self._before = line[-200:]

    def _is_first(self, last: Block) -> bool:
        """Whether the next line begins a paragraph."""
        if not self._before or len(self._before) > _LONGEST_WRAPPED:
            return True
        is_heading = last.kind == "heading" and (not last.has_rest or last.is_headline)
        return is_heading or last.kind in ("rule", "picture")

    def _dated(self, number: int, line: str, last: Block | None, *, is_first: bool) -> Block | None:
        """Return the block of a line that begins with a date."""
        heading = self._heading(line)
        is_below_title = last is not None and _is_above_date(last, is_first=is_first)
        if heading is None:
            found = dated_sentence(line) if is_first or is_below_title else None
            if found is None or with_month(found, None) is None:
                return None
            block = self._block(number, "sentence", line, found)
            block.has_rest = block.is_sentence = bool(found.rest)
            return block
        is_abrupt = not is_first and not is_below_title and not ends_sentence(self._before)
        block = self._block(number, "heading", line, heading)
        block.is_certain = heading.is_certain and (heading.ends_paragraph or not is_abrupt)
        block.is_sentence = not heading.is_certain and heading.rest[:1].islower()
        block.has_rest = bool(heading.rest)
        block.is_headline = is_headline(heading.rest)
        block.has_time = heading.stamp is not None or time_mark(heading.rest) is not None
        return block

    def _heading(self, line: str) -> Heading | None:
        """Return the heading that a line is, with its month."""
        found = day_heading(line)
        heading = with_month(found, self._last_heading) if found else None
        self._last_heading = heading or self._last_heading
        return heading

    def _paragraph(self, number: int, line: str) -> Block:
        """Return the block of a paragraph without a date."""
        block = self._block(number, "text", line)
        mark = time_mark(line)
        block.has_time = mark is not None
        block.is_sentence = mark is not None and mark.is_sentence
        block.has_source = bool(find_sources(line))
        block.is_byline = bool(byline(line))
        block.is_close = begins_close(line)
        block.is_ending = begins_like_an_end(line)
        block.is_about_period = is_about_the_period(line)
        block.title = None if block.is_close or block.has_source or block.has_time else title(line)
        return block

    def _block(self, number: int, kind: Kind, line: str, heading: Heading | None = None) -> Block:
        bare = replace(heading, rest="", stamp=None) if heading else None
        return Block(number, kind, line[:_EXCERPT], self._blanks, heading=bare)


def _is_above_date(block: Block, *, is_first: bool) -> bool:
    """Whether a block can be the title of a text that begins with a date on the next line."""
    if block.title is None or block.lines > 1:
        return False
    return is_first or block.title.is_sentence or len(block.text) < _SHORT


def _wrapped_title(block: Block, line: str, *, is_first: bool) -> Title | None:
    """Return the title of a paragraph that goes on with a second line; None if it is none.

    Both are Markdown headings of one level, or they are the first paragraph of the page.
    """
    above, below = block.title, title(line)
    if block.lines != 2 or block.kind != "text" or above is None or below is None:
        return None
    is_wrapped = above.level > 0 if above.level == below.level else False
    is_wrapped = is_wrapped or (is_first and not above.level and not below.level)
    text = f"{above.text} {below.text}"
    if not is_wrapped or above.is_sentence or below.is_sentence or not is_headline(text):
        return None
    return Title(text, above.level, is_sentence=False)


def title(line: str) -> Title | None:
    """Return the title that a line can be; None for any other line."""
    if is_list_item(line) or line.startswith(("http://", "https://")):
        return None
    bare, is_marked = strip_heading_marks(line)
    level = min(len(line) - len(line.lstrip("#")), 6) if is_marked else 0
    level = level or (UNDERLINED if is_marked else 0)
    if not any(letter.isalpha() for letter in bare):
        return None
    if is_headline(bare):
        return Title(bare, level, is_sentence=False)
    is_short = len(bare) <= _LONGEST_SENTENCE and bare.endswith((".", "۔"))
    if is_short and not any(end in bare for end in _INNER_ENDS):
        return Title(bare.rstrip(".۔"), level, is_sentence=True)
    return None
