"""Reads the introduction before the first day of a chronicle, and the close after the last."""

from __future__ import annotations

from collections.abc import Iterator

from ...model import limits
from ...model.period import COVERAGE, week
from .. import FramingItem, Item, Problem
from .lines import is_headline, is_picture, is_rule, is_underline
from .section import PendingLine, Section, TextBuilder, add_line, line_range, strip_heading_marks
from .survey import Survey


class FramingSection(Section):
    """The section before the first day, or after the last."""

    def __init__(self, *, has_headline: bool = False) -> None:
        self.headline = ""
        self.text = TextBuilder()
        self.first = self.last = 0
        self.is_too_long = False
        self._may_have_headline = has_headline
        self._pending = PendingLine()

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line of the introduction or close."""
        bare = line.strip()
        if not bare:
            self._pending.is_separate = True
            self.text.end_paragraph()
            return
        self.first, self.last = self.first or number, number
        if is_rule(line) and not self.text and not self._pending:
            return
        if self._may_have_headline:
            self._may_have_headline = False
            title, is_marked = strip_heading_marks(bare)
            if is_headline(title) and not is_picture(bare):
                self._pending = PendingLine(number, title, line, is_marked)
                return
        if self._pending and is_underline(line) and not self._pending.is_separate:
            self._pending.is_separate = True
            return
        self._resolve_pending(is_last=False)
        if is_rule(line) and not self.text.is_heading_underline(line):
            self.text.rule()
            return
        if self.text.size > 4 * limits.FRAMING:
            self.is_too_long = True
            return
        yield from add_line(self.text, number, line)

    def end(self) -> Iterator[Item]:
        """Finish the text; :func:`frame` yields it."""
        self._resolve_pending(is_last=True)
        return iter(())

    def _resolve_pending(self, *, is_last: bool) -> None:
        """Use the pending line as headline or as text, depending on what follows it."""
        pending, self._pending = self._pending, PendingLine()
        if pending and (pending.is_separate or is_last):
            self.headline = pending.text
        elif pending:
            self.text.add(pending.number, pending.line)


def frame(
    plan: Survey, introduction: FramingSection, close: FramingSection, first_weekday: int
) -> Iterator[Item]:
    """Yield the framing of the chronicle's period, and problems for texts that are too long."""
    days = plan.days
    framing = [part for part in (introduction, close) if part.first]
    if not framing:
        return
    for part, name in ((introduction, "introduction"), (close, "close")):
        is_too_long = part.is_too_long or len(part.text.markdown) > limits.FRAMING
        if is_too_long or (part.first and not days):
            most = f"the {name} has more than {limits.FRAMING:,} characters"
            why = most if days else "no day is known"
            yield Problem(
                line_range(part.first, part.last),
                f"{why}; the {name} is not imported",
                "Shorten it." if days else "Correct the headings of the days first.",
            )
            framing = [other for other in framing if other is not part]
    if framing:
        first, last = week(min(days), first_weekday), week(max(days), first_weekday)
        yield FramingItem(
            period=first.id if first == last else COVERAGE,
            where=" and ".join(line_range(part.first, part.last) for part in framing),
            headline=introduction.headline if introduction in framing else "",
            introduction=introduction.text.markdown if introduction in framing else "",
            close=close.text.markdown if close in framing else "",
        )
