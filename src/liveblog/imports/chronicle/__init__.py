"""Imports a chronicle: plain text, day by day, or a page of several articles, as people write it.

**Articles and chapters.** A title directly above a text that begins with its date is an article,
one update with that title. A title or an introduction above a run of days makes a chapter of it: a
:class:`ChapterItem` follows the updates of its days. See :mod:`.structure` for how parts are
distinguished, and :mod:`.closing` for where the text of the last day ends and the close begins. A
placeholder of a picture below a title (« Image ») is reported and left out; so is a mark such as
« Conclusion » above the close.

**Days.** A line that begins with a day is the heading of what follows; see :mod:`.headings` for its
forms and :mod:`.dating` for the year. The rest of its line is the day's headline (a
:class:`FramingItem` of that day) if it is short, does not end in a full stop, and the text is
separated from it by a blank line, a Markdown heading or a time, or begins with a capital letter
below a line too short to have been wrapped; otherwise it is the beginning of the day's text.

Several days in a heading are one update of the first, whose title keeps the words; a night is the
end of its first day (see :mod:`.spans`). Both are reported.

**Updates.** An update reaches from one mark to the next; a mark is the heading of a day, or a time
of day at the start of a paragraph. The text before a day's first time is one update of the
precision *day*, and so is an article: no times are invented, and it keeps its lists, quotes and
sub-headings. A vague time (« Vers 13 h ») is kept as it is written. A sentence that begins with a
time stays whole. A line that names another day or a time and is read as text all the same is
reported (see :mod:`.doubts`). Instants go back within a day only where the text does, which is
reported; equal ones are set a second apart, so that the day keeps the order of the text.

**Keys** are the day, the day and the written time, or the day and the title of an article
(``2012-07-15``, ``2012-07-15T18:04``, ``2012-07-15 the-harbour``, with ``#2`` for the second with
the same key). A text that was extended or edited gives new versions of the same updates; only a
changed date, time or title makes another update.

Links stay in the text; a line « Source : OSDH » becomes the update's source. A line within a text
that refers to a picture stays there and is reported as a :class:`Problem`, because the picture is
missing. Nothing is imported under a heading whose day is unknown: one problem names its lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta, tzinfo

from ...model.errors import InvalidInput
from ...text.locale import Words
from .. import Item, Problem, Update
from .dating import Ask, UnknownDay
from .dayclock import DayClock
from .days import Article, Day
from .framing import CloseText, Lead, Tally, chapter_items
from .headings import day_heading
from .lines import is_rule, strip_forbidden
from .section import Section, TimeWithin, line_range
from .spans import Night, SeveralDays
from .survey import Chapter, IsTagged, Start, Survey, survey

_SHOWN_TIMES = 20
"""Maximum number of times within sentences that a report lists."""


def chronicle(
    lines: Callable[[], Iterable[str]],
    *,
    zone: tzinfo,
    language: str,
    today: date,
    year: int | None = None,
    ask: Ask | None = None,
    is_tagged: IsTagged | None = None,
) -> Iterator[Item]:
    """Yield the items of a chronicle in order; every line that is not blank is in one of them.

    *lines* is called twice, and returns the lines of the text each time, with or without line ends:
    the first pass finds the headings, the second reads the text. Memory is bounded by the longest
    line or update and the number of headings. Days are those of *zone*; *language* (BCP 47) and
    *today* decide what the text leaves open; *year* is that of the first heading without one. *ask*
    is called where a day or a heading is ambiguous. *is_tagged* says of a chapter whether its
    updates carry its title as a tag, by which it selects them; they do where another part of the
    page is about the same days, unless it says more.

    Raises :class:`InvalidInput` for a text that changes while it is read, or that has more than
    fifty thousand headings.
    """
    plan = survey(
        lines(),
        zone=zone,
        language=language,
        today=today,
        year=year,
        ask=ask,
        is_tagged=is_tagged,
    )
    yield from plan.notes
    if not plan.starts:
        if plan.last:
            yield Problem(
                line_range(1, plan.last),
                "no line is the heading of a day; nothing is imported",
                "Head each day with a line such as '## 15 July 2012'.",
            )
        return
    reader = _Reader(plan, Words(language, zone), zone)
    within: list[TimeWithin] = []
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
        yield from _without_times(reader.add(number, line), within)
    yield from _without_times(reader.end(), within)
    if within:
        yield _told(within)


def _without_times(items: Iterable[Item], within: list[TimeWithin]) -> Iterator[Item]:
    """Yield the items but those that name a time within a sentence, which go to *within*."""
    for item in items:
        if isinstance(item, TimeWithin):
            within.append(item)
        else:
            yield item


def _told(within: Sequence[TimeWithin]) -> Problem:
    """Return the problem that tells of all times within sentences."""
    shown = ", ".join(f"{found.where}: '{found.what}'" for found in within[:_SHOWN_TIMES])
    more = f" and {len(within) - _SHOWN_TIMES:,} more" if len(within) > _SHOWN_TIMES else ""
    return Problem(
        within[0].where,
        f"times within a sentence are read as text ({shown}{more})",
        "If an update begins there, begin a paragraph with the time, such as '18:04 – '.",
    )


class _Reader:
    """The second pass: gives each line to the section that it is in."""

    def __init__(self, plan: Survey, words: Words, zone: tzinfo) -> None:
        self._plan = plan
        self._words = words
        self._zone = zone
        self._left = Counter(plan.days)
        self._clocks: dict[date, DayClock] = {}
        # The days whose clocks the night before them uses too.
        self._shared = {_next_day(s.day) for s in plan.starts.values() if s.is_night}
        self._section: Section = _Unused()
        self._chapter: Chapter | None = None
        self._lead: Lead | None = None
        self._close: CloseText | None = None
        self._updates = Tally()

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line; yield the items that it completes."""
        start = self._plan.starts.get(number)
        if start is None:
            yield from self._count(self._section.add(number, line))
            return
        yield from self._count(self._section.end())
        if isinstance(self._section, Day):
            self._forget(self._section.day)
        if start.chapter is not self._chapter:
            yield from self._end_chapter()
            self._chapter = start.chapter
        self._section = self._begin(start, number, line)
        if isinstance(self._section, Day):
            self._left[self._section.day] -= 1
            if start.kind == "day" and start.is_sentence:
                yield from self._count(self._section.add(number, line))
            else:
                yield from self._count(self._section.head(number, line))
        elif start.kind != "day":
            yield from self._section.add(number, line)

    def _forget(self, day: date) -> None:
        """Delete the clock of a day of which no section is left."""
        if not self._left[day] and day not in self._shared:
            del self._clocks[day]

    def end(self) -> Iterator[Item]:
        """Yield the remaining items."""
        yield from self._count(self._section.end())
        yield from self._end_chapter()

    def _begin(self, start: Start, number: int, line: str) -> Section:
        """Return the section that begins at a line."""
        match start.kind:
            case "unused":
                return _Unused()
            case "lead":
                assert start.chapter
                self._lead = Lead(start.chapter)
                return self._lead
            case "close":
                assert start.chapter
                self._close = CloseText(has_mark=start.chapter.close.is_marked)
                return self._close
        is_heading = start.kind == "day" and not start.is_sentence
        if is_heading and day_heading(line.strip()) is None:
            raise InvalidInput(
                f"Line {number} differs from the first reading: the text changes while it is read.",
                "Import it again when nobody edits it.",
            )
        if not isinstance(start.day, date):
            assert start.day
            return _Undated(number, start.day, start.kind)
        clock = self._clocks.setdefault(start.day, DayClock(start.day, self._zone))
        if start.kind == "article":
            return Article(start, start.day, clock)
        tag = start.chapter.tag if start.chapter else ""
        tags = (tag,) if tag else ()
        heading = day_heading(line.strip())
        if start.is_night and (after := _next_day(start.day)):
            second = self._clocks.setdefault(after, DayClock(after, self._zone))
            return Night(start.day, clock, second, tags=tags)
        kind = SeveralDays if heading and heading.is_several else Day
        return kind(start.day, clock, tags=tags)

    def _count(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield items, and count the updates of the chapter among them."""
        for item in items:
            if isinstance(item, Update):
                self._updates.count += 1
                self._updates.last = item.key
            yield item

    def _end_chapter(self) -> Iterator[Item]:
        """Yield the chapter whose sections are read."""
        if self._chapter:
            yield from chapter_items(
                self._chapter, self._lead, self._close, self._updates, self._words
            )
        self._lead = self._close = None
        self._updates = Tally()


def _next_day(day: date | UnknownDay | None) -> date | None:
    return day + timedelta(days=1) if isinstance(day, date) else None


class _Unused(Section):
    """The text above the first article, which belongs to none."""

    def __init__(self) -> None:
        self._first = self._last = 0

    def add(self, number: int, line: str) -> Iterator[Item]:
        if line.strip() and not is_rule(line):
            self._first, self._last = self._first or number, number
        return iter(())

    def end(self) -> Iterator[Item]:
        if self._first:
            yield Problem(
                line_range(self._first, self._last),
                "this text stands above the first title with a date; it is not imported",
                "Move it below that title, or into the blog's introduction: "
                "liveblog digest coverage --edit.",
            )


class _Undated(Section):
    """A day or an article whose date is unknown; nothing of it is imported."""

    def __init__(self, number: int, reason: UnknownDay, kind: str) -> None:
        self._first = self._last = number
        self._reason = reason
        self._kind = kind

    def add(self, number: int, line: str) -> Iterator[Item]:
        if line.strip():
            self._last = number
        return iter(())

    def end(self) -> Iterator[Item]:
        yield Problem(
            line_range(self._first, self._last),
            f"{self._reason.what}; this {self._kind} is not imported",
            self._reason.hint,
        )
