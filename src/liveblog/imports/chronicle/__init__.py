"""Imports a chronicle: plain text, day by day, as people write it.

**Days.** A line that begins with a day is the heading of what follows; see :mod:`.headings` for its
forms and :mod:`.dating` for the year. The rest of its line is the day's headline (a
:class:`FramingItem` of that day) if it is short, does not end in a full stop, and the text is
separated from it by a blank line, a Markdown heading or a time, or begins with a capital letter
below a line too short to have been wrapped; otherwise it is the beginning of the day's text.

**Updates.** An update reaches from one mark to the next; a mark is the heading of a day, or a time
of day at the start of a paragraph. The text before a day's first time is one update at the day's
first instant: no times are invented for its paragraphs, and it keeps its lists, quotes and
sub-headings. Instants go back within a day only where the text does, which is reported; equal ones
are set a second apart, so that the day keeps the order of the text.

**Keys** are the day, or the day and the written time (``2012-07-15``, ``2012-07-15T18:04``, with
``#2`` for the second with the same key). A text that was extended or edited gives new versions of
the same updates; only a changed date or time makes another update.

**Introduction and close** are one :class:`FramingItem`, the last item: of the week if all days lie
in one, else of the coverage. The introduction precedes the first heading; its first line is the
headline if it looks like one. The close follows a line such as « Conclusion » in the last day, or
the only rule (``---``) in that day's text, if no earlier day has such a rule.

Links stay in the text; a line « Source : OSDH » becomes the update's source. A line that refers to
a picture stays in the text and is reported as a :class:`Problem`, because the picture is missing.
Nothing is imported under a heading whose day is unknown: one problem names its lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, tzinfo

from ...model.errors import InvalidInput
from .. import Item, Problem
from .dating import Ask, UnknownDay
from .days import Day, DayClock
from .framing import FramingSection, frame
from .headings import day_heading
from .lines import strip_forbidden
from .section import Section, line_range
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
    """Yield the items of a chronicle in order; every line that is not blank is in one of them.

    *lines* is called twice, and returns the lines of the text each time, with or without line ends:
    the first pass finds the headings, the second reads the text. Memory is bounded by the longest
    line or update and the number of headings. Days are those of *zone*; *language* (BCP 47) and
    *today* decide what the text leaves open; *year* is that of the first heading without one. *ask*
    is called where a day or a heading is ambiguous.

    Raises :class:`InvalidInput` for a text that changes while it is read, or that has more than
    fifty thousand headings.
    """
    plan = survey(lines(), zone=zone, language=language, today=today, year=year, ask=ask)
    yield from plan.notes
    if not plan.starts:
        if plan.last:
            yield Problem(
                line_range(1, plan.last),
                "no line is the heading of a day; nothing is imported",
                "Head each day with a line such as '## 15 July 2012'.",
            )
        return
    introduction, close = FramingSection(has_headline=True), FramingSection()
    left = Counter(plan.days)
    clocks: dict[date, DayClock] = {}
    section: Section = introduction
    for number, raw in enumerate(lines(), 1):
        line, bad = strip_forbidden(
            raw.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        )
        for column, name in bad:
            yield Problem(
                f"line {number}, column {column}",
                f"the character {name} is left out, which no page or feed can carry",
                "Remove it.",
            )
        if number in plan.starts:
            yield from section.end()
            if isinstance(section, Day) and not left[section.day]:
                del clocks[section.day]
            section = _begin_section(plan, number, line, clocks, zone)
            if isinstance(section, Day):
                left[section.day] -= 1
                yield from section.head(number, line)
        else:
            if number == plan.close:
                yield from section.end()
                section = close
            yield from section.add(number, line)
    yield from section.end()
    yield from frame(plan, introduction, close, first_weekday)


def _begin_section(
    plan: Survey, number: int, line: str, clocks: dict[date, DayClock], zone: tzinfo
) -> Section:
    day = plan.starts[number]
    if day_heading(line.strip()) is None:
        raise InvalidInput(
            f"Line {number} differs from the first reading: the text changes while it is read.",
            "Import it again when nobody edits it.",
        )
    if isinstance(day, UnknownDay):
        return _UndatedDay(number, day)
    return Day(day, clocks.setdefault(day, DayClock(day, zone)))


class _UndatedDay(Section):
    """The section under a heading whose day is unknown; nothing of it is imported."""

    def __init__(self, number: int, reason: UnknownDay) -> None:
        self._first = self._last = number
        self._reason = reason

    def add(self, number: int, line: str) -> Iterator[Item]:
        if line.strip():
            self._last = number
        return iter(())

    def end(self) -> Iterator[Item]:
        yield Problem(
            line_range(self._first, self._last),
            f"{self._reason.what}; this day is not imported",
            self._reason.hint,
        )
