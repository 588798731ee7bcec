"""Chronicles: plain text as people write it, day by day, read as updates.

**Days.** A line that begins with a day heads what follows it; see :mod:`.headings` for its forms
and :mod:`.dating` for the year. The rest of its line is the day's headline (a :class:`Frame` of
that day) if it is short, no full stop ends it, and the day's text follows behind a blank line, a
Markdown heading or a time, or begins with a capital below a line that no program broke; otherwise
it begins the day's text.

**Updates.** An update is what stands between two marks, a mark being a day's heading or a time of
day at the start of a paragraph. What stands before a day's first time is one update at the day's
first instant: no times are invented for its paragraphs, and its lists, quotes and sub-headings
stay with it. Instants never go back within a day but where the text does, which is said; those
that would be the same are a second apart, so the day is told in the order of the text.

**Keys** are the day, or the day and the written time (``2012-07-15``, ``2012-07-15T18:04``, with
``#2`` for the second of a name). So a text that was extended or edited gives new versions of the
same updates; only a changed date or time makes another update.

**Introduction and close** are one :class:`Frame`, the last item: of the week if all days lie in
one, else of the coverage. The introduction stands before the first heading; its first line is the
headline if it looks like one. The close stands behind a line such as « Conclusion » in the last
day, or behind the one rule (``---``) in its text, if no earlier day has such a rule.

Links stay in the text; a line « Source : OSDH » becomes the update's source. The place of a picture
stays as it is written, and is a :class:`Problem`, for the picture is not there. Under a heading
whose day is in doubt nothing is taken: its lines are in one problem.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, tzinfo

from ...model.errors import InvalidInput
from .. import Item, Problem
from .dating import Ask, Doubt
from .days import Clock, Day
from .edges import Edge, frame
from .headings import day_heading
from .lines import cleaned
from .parts import Part, placed
from .survey import Survey, survey


def chronicle(
    lines: Callable[[], Iterable[str]],
    *,
    zone: tzinfo,
    language: str,
    today: date,
    year: int | None = None,
    first_weekday: int = 0,
    ask: Ask | None = None,
) -> Iterator[Item]:
    """Yield what a chronicle holds, in its order; every line that is not blank is in one item.

    *lines* is called twice and gives the text's lines each time, with or without line ends: first
    all headings are found, then the text is read, so that memory stays bounded by the longest line,
    update and the number of headings. Days are those of *zone*; *language* (BCP 47) and *today*
    decide what the text leaves open; *year* is that of the first heading that says none. *ask*
    is asked what otherwise would be a doubt: a question and its choices, one of which it returns.

    Raises :class:`InvalidInput` for a text that changes while it is read, or with
    more than fifty thousand headings.
    """
    plan = survey(lines(), zone=zone, language=language, today=today, year=year, ask=ask)
    yield from plan.notes
    if not plan.starts:
        if plan.last:
            yield Problem(
                placed(1, plan.last),
                "no line is the heading of a day; nothing is imported",
                "Head each day with a line such as '## 15 July 2012'.",
            )
        return
    introduction, close = Edge(has_headline=True), Edge()
    left = Counter(plan.days)
    clocks: dict[date, Clock] = {}
    part: Part = introduction
    for number, raw in enumerate(lines(), 1):
        line, bad = cleaned(raw.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else ""))
        for column, name in bad:
            yield Problem(
                f"line {number}, column {column}",
                f"the character {name} is left out, which no page or feed can carry",
                "Remove it.",
            )
        if number in plan.starts:
            yield from part.end()
            if isinstance(part, Day) and not left[part.of]:
                del clocks[part.of]
            part = _begin(plan, number, line, clocks, zone)
            if isinstance(part, Day):
                left[part.of] -= 1
                yield from part.head(number, line)
        else:
            if number == plan.close:
                yield from part.end()
                part = close
            yield from part.take(number, line)
    yield from part.end()
    yield from frame(plan, introduction, close, first_weekday)


def _begin(plan: Survey, number: int, line: str, clocks: dict[date, Clock], zone: tzinfo) -> Part:
    of = plan.starts[number]
    if day_heading(line.strip()) is None:
        raise InvalidInput(
            f"Line {number} is another than before: the text changes while it is read.",
            "Read it again when it is at rest.",
        )
    if isinstance(of, Doubt):
        return _Left(number, of)
    return Day(of, clocks.setdefault(of, Clock(of, zone)))


class _Left(Part):
    """The lines under a heading whose day is not known."""

    def __init__(self, number: int, doubt: Doubt) -> None:
        self._first = self._last = number
        self._doubt = doubt

    def take(self, number: int, line: str) -> Iterator[Item]:
        if line.strip():
            self._last = number
        return iter(())

    def end(self) -> Iterator[Item]:
        yield Problem(
            placed(self._first, self._last),
            f"{self._doubt.what}; this day is not imported",
            self._doubt.hint,
        )
