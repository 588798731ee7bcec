"""What stands before and behind the days of a chronicle: introduction and close."""

from __future__ import annotations

from collections.abc import Iterator

from ...model import limits
from ...model.period import COVERAGE, week
from .. import Frame, Item, Problem
from .lines import is_headline, is_picture, is_rule, is_underline
from .parts import Held, Part, bare_title, placed, told
from .passage import Passage
from .survey import Survey


class Edge(Part):
    """The text before the days, or behind them."""

    def __init__(self, *, has_headline: bool = False) -> None:
        self.headline = ""
        self.text = Passage()
        self.first = self.last = 0
        self.is_too_long = False
        self._may_have_headline = has_headline
        self._held = Held()

    def take(self, number: int, line: str) -> Iterator[Item]:
        """Take a line of the introduction or close."""
        bare = line.strip()
        if not bare:
            self._held.is_apart = True
            self.text.break_off()
            return
        self.first, self.last = self.first or number, number
        if is_rule(line) and not self.text and not self._held:
            return
        if self._may_have_headline:
            self._may_have_headline = False
            title, is_marked = bare_title(bare)
            if is_headline(title) and not is_picture(bare):
                self._held = Held(number, title, line, is_marked)
                return
        if self._held and is_underline(line) and not self._held.is_apart:
            self._held.is_apart = True
            return
        self._settle(is_last=False)
        if is_rule(line) and not self.text.takes_as_underline(line):
            self.text.rule()
            return
        if self.text.size > 4 * limits.FRAMING:
            self.is_too_long = True
            return
        yield from told(self.text, number, line)

    def end(self) -> Iterator[Item]:
        """Settle what the first line was; :func:`frame` yields the whole."""
        self._settle(is_last=True)
        return iter(())

    def _settle(self, *, is_last: bool) -> None:
        """Decide whether the first line was a headline, now that the next is known."""
        held, self._held = self._held, Held()
        if held and (held.is_apart or is_last):
            self.headline = held.text
        elif held:
            self.text.add(held.number, held.line)


def frame(plan: Survey, introduction: Edge, close: Edge, first_weekday: int) -> Iterator[Item]:
    """Yield what frames the days; what cannot is a problem."""
    days = plan.days
    edges = [edge for edge in (introduction, close) if edge.first]
    if not edges:
        return
    for edge, name in ((introduction, "introduction"), (close, "close")):
        is_too_long = edge.is_too_long or len(edge.text.markdown) > limits.FRAMING
        if is_too_long or (edge.first and not days):
            most = f"the {name} has more than {limits.FRAMING:,} characters"
            why = most if days else "no day known"
            yield Problem(
                placed(edge.first, edge.last),
                f"{why}; the {name} is not imported",
                "Shorten it." if days else "Mend the headings of the days first.",
            )
            edges = [other for other in edges if other is not edge]
    if edges:
        first, last = week(min(days), first_weekday), week(max(days), first_weekday)
        yield Frame(
            period=first.id if first == last else COVERAGE,
            where=" and ".join(placed(edge.first, edge.last) for edge in edges),
            headline=introduction.headline if introduction in edges else "",
            introduction=introduction.text.markdown if introduction in edges else "",
            close=close.text.markdown if close in edges else "",
        )
