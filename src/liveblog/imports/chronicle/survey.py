"""The first pass over a chronicle: what begins at which line.

The years of headings depend on each other, and a title shows only by what follows it, so the whole
structure is found before the text is read. Of each paragraph only the beginning is held in memory.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Literal

from ...model import limits
from ...model.entry import slug
from ...model.errors import InvalidInput
from ...model.period import day_start, local_day
from ...model.topics import topic_slug
from .. import Problem
from .blocks import Block, read_blocks
from .closing import Close, find_close, has_lead, undated_titles
from .dating import Ask, UnknownDay, resolve_dates
from .headings import Heading
from .structure import Part, find_parts

IsTagged = Callable[[str, date, date], bool | None]
"""Whether the updates of a chapter carry its title as a tag; takes its key, first and last day.
None leaves it to the page."""


@dataclass
class Chapter:
    """A chronicle of the page: what is known of it before its text is read."""

    title: str  #: empty if no title stands above it
    first: int  #: its first line
    last: int  #: its last line
    days: list[date]  #: the known days, in the order of the text
    ends: list[date]  #: the last day of the heading of each; that day, unless it names several
    close: Close
    has_lead: bool
    title_lines: int = 1  #: lines of its title
    key: str = ""  #: unique on the page
    tag: str = ""  #: carried by its updates, where other texts of the page are about the same days

    @property
    def is_named(self) -> bool:
        """Whether it is more than a list of days: it has a title, an introduction or a close."""
        return self.has_lead or bool(self.close.line)


@dataclass(frozen=True)
class Start:
    """What begins at a line."""

    kind: Literal["unused", "lead", "day", "article", "close"]
    day: date | UnknownDay | None = None  #: of a day or an article
    title: str = ""  #: of an article
    title_lines: int = 1
    date_line: int = 0  #: line of an article's date
    is_sentence: bool = False  #: the line of the date is part of the text
    is_night: bool = False  #: it is the night after the day
    chapter: Chapter | None = None  #: that of a lead, a day or a close


@dataclass(frozen=True)
class Survey:
    """Where the sections of a chronicle begin. Line numbers start at 1."""

    starts: dict[int, Start]
    last: int  #: the last line
    notes: list[Problem] = field(default_factory=list)  #: assumptions that were made

    @property
    def days(self) -> list[date]:
        """The known days, in the order of the text."""
        return [start.day for start in self.starts.values() if isinstance(start.day, date)]


def survey(
    lines: Iterable[str],
    *,
    zone: tzinfo,
    language: str,
    today: date,
    year: int | None,
    ask: Ask | None,
    is_tagged: IsTagged | None = None,
) -> Survey:
    """Find the articles, the chronicles and the days of a text, and date them.

    Raises :class:`InvalidInput` for a text with more than fifty thousand headings.
    """
    blocks, last, mentions = read_blocks(lines)
    structure = find_parts(blocks, ask)
    notes = structure.notes
    chosen = [(blocks[i].number, blocks[i].heading) for i in structure.anchors]
    days, more = resolve_dates(
        [(line, heading) for line, heading in chosen if heading],
        language=language,
        today=today,
        year=year,
        mentions=mentions,
        ask=ask,
    )
    notes += more
    dates = {line: _check_zone(day, zone) for (line, _), day in zip(chosen, days, strict=True)}
    plan = Survey({}, last, notes)
    if structure.parts and structure.parts[0].start:
        plan.starts[blocks[0].number] = Start("unused")
    chapters = []
    for part in structure.parts:
        if part.is_article:
            _plan_article(plan, blocks, part, dates)
        else:
            chapters.append(_plan_chronicle(plan, blocks, part, dates, ask))
    _name_chapters(chapters, plan, is_tagged)
    return plan


def _plan_article(
    plan: Survey, blocks: Sequence[Block], part: Part, dates: dict[int, date | UnknownDay]
) -> None:
    anchor = blocks[part.anchors[0]]
    plan.starts[blocks[part.start].number] = Start(
        "article",
        day=dates[anchor.number],
        title=part.name,
        title_lines=blocks[part.start].lines,
        date_line=anchor.number,
        is_sentence=anchor.is_sentence or not anchor.is_certain,
    )


def _plan_chronicle(
    plan: Survey,
    blocks: Sequence[Block],
    part: Part,
    dates: dict[int, date | UnknownDay],
    ask: Ask | None,
) -> Chapter:
    found = [dates[blocks[i].number] for i in part.anchors]
    close, problem = find_close(blocks, part, ask)
    if problem:
        plan.notes.append(problem)
    plan.notes.extend(undated_titles(blocks, part, close))
    chapter = Chapter(
        title=part.name,
        first=blocks[part.start].number,
        last=blocks[part.end].number - 1 if part.end < len(blocks) else plan.last,
        days=[day for day in found if isinstance(day, date)],
        ends=[
            _last_day(day, blocks[index].heading)
            for index, day in zip(part.anchors, found, strict=True)
            if isinstance(day, date)
        ],
        close=close,
        has_lead=has_lead(part),
        title_lines=blocks[part.start].lines,
    )
    if chapter.has_lead:
        plan.starts[chapter.first] = Start("lead", chapter=chapter)
    for index, day in zip(part.anchors, found, strict=True):
        anchor = blocks[index]
        plan.starts[anchor.number] = Start(
            "day",
            day=day,
            is_sentence=anchor.is_sentence or not anchor.is_certain,
            is_night=anchor.heading is not None and anchor.heading.is_night,
            chapter=chapter,
        )
    if close.line:
        plan.starts[close.line] = Start("close", chapter=chapter)
    return chapter


def _last_day(day: date, heading: Heading | None) -> date:
    """Return the last of the days that a heading names; *day* is the first."""
    if heading is None or heading.until is None:
        return day
    for year in (day.year, day.year + 1):
        try:
            last = date(year, *heading.until)
        except ValueError:
            continue
        if last >= day:
            return last
    return day


def _name_chapters(chapters: Sequence[Chapter], plan: Survey, is_tagged: IsTagged | None) -> None:
    """Give each chapter its key, and a tag where other texts are about the same days.

    Another text is another part of the page with a day in its period, or what *is_tagged* knows.
    """
    days = sorted(plan.days)
    names: Counter[str] = Counter()
    for chapter in chapters:
        if not chapter.days or not chapter.is_named:
            continue
        first, last = min(chapter.days), max(chapter.ends)
        name = slug(chapter.title) or f"{first}..{last}"
        names[name] += 1
        chapter.key = f"{name}#{names[name]}" if names[name] > 1 else name
        known = is_tagged(chapter.key, first, last) if is_tagged else None
        inside = bisect_right(days, last) - bisect_left(days, first)
        if known or (known is None and inside > len(chapter.days)):
            chapter.tag = _tag(
                f"{chapter.title} {names[name]}" if names[name] > 1 else chapter.title
            )


def _tag(title: str) -> str:
    """Return a title as a tag: without its last words if it is too long; empty for no letters."""
    words = title.split()
    while words and len(topic_slug(" ".join(words)).encode()) > limits.FILE_NAME_BYTES:
        words.pop()
    tag = " ".join(words)
    return tag if topic_slug(tag) else ""


def _check_zone(day: date | UnknownDay, zone: tzinfo) -> date | UnknownDay:
    """Return the day, or why it cannot be used: the clocks of a zone can skip a day."""
    if isinstance(day, UnknownDay):
        return day
    try:
        limits.check_instant(day_start(limits.check_day(day), zone))
    except InvalidInput as error:
        return UnknownDay(error.message.rstrip("."), error.hint)
    if local_day(day_start(day, zone), zone) == day:
        return day
    return UnknownDay(f"{day} is no day in {zone}", "Correct the date.")
