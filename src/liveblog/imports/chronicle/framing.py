"""Reads what stands above the days of a chronicle, and below them: the texts of a chapter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...model import limits
from ...model.errors import InvalidInput
from ...model.period import span
from ...text.locale import Words
from .. import ChapterItem, Item, Problem
from .anchors import is_dateline
from .headings import day_heading
from .lines import is_rule, is_underline
from .section import (
    EDIT_CHAPTER,
    Section,
    TextBuilder,
    add_line,
    is_placeholder,
    line_range,
    missing_picture,
    strip_close_mark,
)
from .signs import byline
from .survey import Chapter


class Lead(Section):
    """The title, the pictures and the introduction of a chapter."""

    def __init__(self, chapter: Chapter) -> None:
        self.text = ChapterText("introduction")
        self.authors: list[str] = []
        self._title = chapter.title
        self._text_line = chapter.first + (chapter.title_lines if chapter.title else 0)
        self._has_text = False

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line."""
        bare = line.strip()
        if number < self._text_line or (not self._has_text and is_underline(line)):
            return
        if not bare or self._has_text:
            yield from self.text.add(number, line)
        elif is_placeholder(bare):
            yield missing_picture(number, bare, "chapter", self._title, EDIT_CHAPTER)
        elif authors := byline(bare):
            self.authors += authors
        elif (heading := day_heading(bare)) and self._title and is_dateline(bare):
            self.authors += byline(heading.rest)
        elif not is_rule(line):
            self._has_text = True
            yield from self.text.add(number, line)

    def end(self) -> Iterator[Item]:
        """Finish the texts; :func:`chapter_items` yields them."""
        return iter(())


class CloseText(Section):
    """The close of a chapter."""

    def __init__(self, *, has_mark: bool) -> None:
        self.text = ChapterText("close")
        self._has_mark = has_mark

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line; the mark on the first one is left out."""
        if self._has_mark and line.strip():
            self._has_mark = False
            line = strip_close_mark(line)
        if self.text.first or not (is_rule(line) or is_underline(line)):
            yield from self.text.add(number, line)

    def end(self) -> Iterator[Item]:
        """Finish the text; :func:`chapter_items` yields it."""
        return iter(())


class ChapterText:
    """The Markdown of an introduction or a close."""

    def __init__(self, name: str) -> None:
        self.first = self.last = 0
        self._name = name
        self._text = TextBuilder()
        self._is_too_long = False

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line."""
        if not line.strip():
            self._text.end_paragraph()
            return
        self.first, self.last = self.first or number, number
        if is_rule(line) and not self._text.is_heading_underline(line):
            self._text.rule()
        elif self._text.size > 4 * limits.FRAMING:
            self._is_too_long = True
        else:
            yield from add_line(self._text, number, line, EDIT_CHAPTER)

    @property
    def markdown(self) -> str:
        """The text; empty if it is too long."""
        text = self._text.markdown
        return "" if self._is_too_long or len(text) > limits.FRAMING else text

    def problems(self) -> Iterator[Problem]:
        """Yield a problem if the text is too long."""
        if self.first and not self.markdown and self._text:
            yield Problem(
                line_range(self.first, self.last),
                f"the {self._name} has more than {limits.FRAMING:,} characters; "
                f"the {self._name} is not imported",
                "Shorten it.",
            )


@dataclass
class Tally:
    """The updates of a chapter that were read: their number, and the key of the last one."""

    count: int = 0
    last: str = ""


def chapter_items(
    chapter: Chapter, lead: Lead | None, close: CloseText | None, updates: Tally, words: Words
) -> Iterator[Item]:
    """Yield a chapter whose days are read, and problems; *updates* are those of its days."""
    texts = [part.text for part in (lead, close) if part and part.text.first]
    for text in texts:
        yield from text.problems()
    if not chapter.is_named:
        return
    where = line_range(chapter.first, chapter.last)
    if not chapter.days:
        what = "no day of this chapter is known; its title, introduction and close are not imported"
        yield Problem(where, what, "Correct the headings of the days first.")
        return
    try:
        period = span(min(chapter.days), max(chapter.ends))
    except InvalidInput as error:
        yield Problem(where, f"{error.message.rstrip('.')}; no chapter is made of it", error.hint)
        return
    yield ChapterItem(
        key=chapter.key,
        where=where,
        period=period.id,
        title=chapter.title or words.span(period.start, period.end),
        introduction=lead.text.markdown if lead else "",
        close=close.text.markdown if close else "",
        authors=tuple(lead.authors) if lead else (),
        tags=(chapter.tag,) if chapter.tag else (),
        updates=updates.count,
        last_update=updates.last,
        close_line=chapter.close.line,
        close_reason=chapter.close.reason,
    )
