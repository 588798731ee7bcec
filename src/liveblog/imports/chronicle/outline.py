"""The structure of a chronicle as an editor reads it: articles, chapters, days and closes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...text.plain import shorten
from .. import ChapterItem, FramingItem, Item, Update

_EXCERPT = 72
"""Characters of a text that are shown."""

_LABEL = 14
"""Width of the column with the kind of a part, or the date of a day."""


class Outline:
    """Collects the lines of an outline while the items of a chronicle are imported.

    One line for each article and each day is held in memory.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._days: list[tuple[str, int, str]] = []  # day, number of updates, text of the first
        self._headlines: dict[str, str] = {}

    def watch(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield *items* unchanged, and add them to the outline."""
        for item in items:
            match item:
                case Update():
                    self._add_update(item)
                case FramingItem():
                    self._headlines[item.period] = item.headline
                case ChapterItem():
                    self._add_chapter(item)
            yield item

    @property
    def lines(self) -> list[str]:
        """The outline: one line for each part, and indented ones for what a chapter holds."""
        return [*self._lines, *self._day_lines("", "Day ")]

    def _add_update(self, update: Update) -> None:
        version = update.versions[0]
        day = update.key[:10]
        if version.title and " " in update.key:
            self._lines += self._day_lines("", "Day ")
            self._days = []
            self._lines.append(_line("Article", f"{day}  {version.title}", update.where))
            return
        if self._days and self._days[-1][0] == day:
            self._days[-1] = (day, self._days[-1][1] + 1, self._days[-1][2])
        else:
            self._days.append((day, 1, shorten(version.title or version.body or "", _EXCERPT)))

    def _add_chapter(self, chapter: ChapterItem) -> None:
        start, _, end = chapter.period.partition("..")
        period = f"{start} to {end}" if end else start
        self._lines.append(_line("Chapter", f"{period}  {chapter.title}", chapter.where))
        if chapter.introduction:
            self._lines.append(_line("  introduction", shorten(chapter.introduction, _EXCERPT)))
        self._lines += self._day_lines("  ", "")
        self._days = []
        if chapter.close:
            close = shorten(chapter.close, _EXCERPT)
            self._lines.append(_line("  close", close, f"from line {chapter.close_line}"))

    def _day_lines(self, indent: str, label: str) -> Iterator[str]:
        for day, updates, text in self._days:
            shown = self._headlines.get(day) or text
            more = f"{updates} updates" if updates > 1 else ""
            yield _line(f"{indent}{label}{day}", shown, more)


def _line(label: str, text: str, aside: str = "") -> str:
    line = f"{label:<{_LABEL}}  {' '.join(text.split())}"
    return f"{line}  ({aside})" if aside else line
