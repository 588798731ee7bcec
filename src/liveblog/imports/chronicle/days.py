"""Reads the lines under the heading of a day into updates, with their instants and keys."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from datetime import date

from ...model import limits
from ...model.entry import Source, slug
from ...model.moment import Moment
from ...text.plain import shorten
from .. import FramingItem, Item, Problem, Update, Version
from .dayclock import DayClock
from .doubts import doubtful_day, doubtful_time, time_within
from .headings import dated_sentence, day_heading
from .lines import ends_sentence, find_sources, is_headline, is_picture, is_rule, is_underline
from .section import (
    EDIT_ENTRY,
    PendingLine,
    Section,
    TextBuilder,
    TimeWithin,
    add_line,
    is_linked_heading,
    is_placeholder,
    line_range,
    missing_picture,
    strip_heading_marks,
    unlink_heading,
)
from .signs import byline
from .survey import Start
from .times import TimeMark, time_mark

_PIECE_LENGTH = 20_000
"""Maximum characters of a piece of a long line: 80 kB at most, less than an update may have."""

_WRAPPED_LENGTH = 60
"""Characters from which on a line may have been wrapped by a program, within a sentence."""

_KEY_LENGTH = 60
"""Maximum characters of an article's title in its key."""


class Day(Section):
    """The section under the heading of a day."""

    def __init__(self, day: date, clock: DayClock, *, tags: tuple[str, ...] = ()) -> None:
        self.day = day
        self._clock = self._current = clock
        self._tags = tags
        self._pending = PendingLine()
        self._is_short = False
        self._author = ""
        self._name = ""
        self._moment: Moment | None = None
        self._has_text = False  # whether an update precedes the current one
        self._mark: tuple[int, TimeMark] | None = None
        self._is_linked = False  # whether the update began at a heading of a digest in Markdown
        self._clear()

    def _clear(self) -> None:
        self._text = TextBuilder()
        self._problems: list[Problem] = []  # of the update, whose key is known when it ends
        self._sources: dict[Source, int] = {}
        self._title = ""
        self._first = self._last = 0

    def head(self, number: int, line: str) -> Iterator[Item]:
        """Add the heading itself: what follows the day on its line."""
        heading = day_heading(line.strip())
        rest = heading.rest if heading else ""
        if heading and heading.stamp and (yield from self._start_update(number, heading.stamp)):
            return
        if not rest:
            return
        is_special = time_mark(rest) is not None or is_picture(rest) or bool(find_sources(rest))
        if is_headline(rest) and not is_special and not self._clock.has_headline:
            is_marked = line.lstrip().startswith("#")
            self._pending = PendingLine(number, rest, rest, is_marked)
            self._is_short = len(line.strip()) < _WRAPPED_LENGTH
        else:
            yield from self.add(number, rest)

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line of the day."""
        is_linked = is_linked_heading(line)
        line = unlink_heading(line)
        bare = line.strip()
        if not bare:
            self._pending.is_separate = True
            self._text.end_paragraph()
            return
        if not self._first and is_underline(line):
            self._pending.is_separate = True
            return
        begins = self._is_short and bare[0].isupper()
        is_wrapped = bool(self._pending) and not (self._pending.is_separate or begins)
        mark = self._mark_of(bare, is_wrapped=is_wrapped)
        if self._pending:
            is_separate = self._pending.is_separate or mark is not None or begins
            yield from self._resolve_pending(is_headline=is_separate)
        if mark is not None and (yield from self._start_update(number, mark)):
            self._is_linked = is_linked
            return
        if is_linked:
            yield from self._start_untimed(number, bare)
            return
        if is_rule(line) and not self._text.is_heading_underline(line):
            self._text.rule()
            return
        named = find_sources(bare) if self._text or self._title else ()
        if named and len({*self._sources, *named}) <= limits.LIST:
            self._sources |= dict.fromkeys(named, number)
            self._text.end_paragraph()
            self._last = number
            return
        if not is_wrapped:
            yield from self._report_doubts(number, bare)
        yield from self._add(number, line)

    def _report_doubts(self, number: int, line: str) -> Iterator[Item]:
        """Report a line of text that may begin another day, or an update."""
        before = self._text.before
        is_first = not before or ends_sentence(before)
        has_text = self._has_text or bool(self._text)
        found = doubtful_day(line, self.day, has_text=has_text) if is_first else None
        found = found or doubtful_time(line)
        if found is not None:
            yield Problem(f"line {number}", found.what, found.hint)
        elif clock := time_within(line):
            yield TimeWithin(f"line {number}", clock)

    def end(self) -> Iterator[Item]:
        """Yield the last update."""
        yield from self._resolve_pending(is_headline=False)
        yield from self._close_update()

    def _resolve_pending(self, *, is_headline: bool) -> Iterator[Item]:
        pending, self._pending = self._pending, PendingLine()
        if not pending:
            return
        if is_headline:
            self._clock.has_headline = True
            yield FramingItem(self.day.isoformat(), f"line {pending.number}", headline=pending.text)
        else:
            yield from self._add(pending.number, pending.line)

    def _mark_of(self, line: str, *, is_wrapped: bool) -> TimeMark | None:
        """Return the time that a line begins with, if an update can begin there.

        *is_wrapped* says that a sentence may continue from the line before.
        """
        mark = time_mark(line)
        if mark is None or (self._is_linked and not self._text):
            return None
        before = self._text.before
        is_second = self._mark is not None and self._mark[0] == self._last
        if before and not ends_sentence(before) and not is_second:
            # A short line was not wrapped.
            is_wrapped = is_wrapped or mark.is_sentence or len(before) >= _WRAPPED_LENGTH
            return None if is_wrapped else mark
        return None if mark.is_sentence and is_wrapped else mark

    def _start_update(self, number: int, mark: TimeMark) -> Generator[Item, None, bool]:
        """Begin an update at a time; return whether the line was used up."""
        clock = self._clock_of(mark)
        moment, what, hint = clock.place(mark)
        if what:
            yield Problem(f"line {number}", f"'{mark.text}': {what}", hint)
        if moment is None or mark.time is None:
            return False
        yield from self._close_update()
        seconds = f":{mark.time.second:02}" if mark.time.second else ""
        self._name = f"T{mark.time:%H:%M}{seconds}{'Z' if mark.zone == 'UTC' else ''}"
        self._moment, self._current = moment, clock
        self._mark = number, mark
        self._first = self._last = number
        title, _ = strip_heading_marks(mark.rest)
        if mark.is_marked and is_headline(title):
            self._title = title
        elif mark.rest:
            yield from self._add(number, mark.rest)
        return True

    def _start_untimed(self, number: int, heading: str) -> Iterator[Item]:
        """Begin an update without a time, which a digest in Markdown heads by its title."""
        yield from self._close_update()
        self._title, _ = strip_heading_marks(heading)
        self._name = f" {shorten(slug(self._title), _KEY_LENGTH)}"
        self._moment, self._is_linked = self._begin(), True
        self._first = self._last = number

    def _clock_of(self, mark: TimeMark) -> DayClock:
        """Return the clock of the day that a time belongs to."""
        return self._clock

    def _begin(self) -> Moment | None:
        """Return the moment of a text that no time precedes."""
        return self._clock.untimed()

    def _add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line to the update; begin another update where the text gets too long."""
        for piece in _split_long(line):
            if self._text.size + 4 * len(piece) > limits.BODY_BYTES - 100 and self._text:
                before = self._moment
                yield from self._close_update()
                self._moment = self._current.after(before) if before else None
                is_full = self._moment is None
            else:
                is_full = False
                self._moment = self._moment or self._begin()
            if is_full or len(piece) > _PIECE_LENGTH:
                yield Problem(
                    f"line {number}",
                    "it is too long for an update; it is not imported",
                    "Break it into words, or the day into fewer updates.",
                )
                return
            self._first = self._first or number
            self._last = number
            self._problems += add_line(self._text, number, piece)

    def _close_update(self) -> Iterator[Item]:
        """Yield the current update; what follows continues it under the same name."""
        if self._text or self._title:
            assert self._moment is not None
            version = Version(
                published=self._moment,
                title=self._title,
                body=self._text.markdown,
                author=self._author,
                tags=self._tags,
                sources=tuple(self._sources),
            )
            self._has_text = True
            key = self._current.key(self._name)
            yield from (replace(problem, update=key) for problem in self._problems)
            self._problems.clear()
            yield Update(key, line_range(self._first, self._last), (version,))
        elif self._mark:
            number, mark = self._mark
            yield Problem(f"line {number}", f"there is no text at '{mark.text}'", "Add a text.")
        self._clear()
        self._moment = self._mark = None


class Article(Day):
    """An article: a title, pictures, and a text that begins with its date."""

    def __init__(self, start: Start, day: date, clock: DayClock) -> None:
        super().__init__(day, clock)
        self._start = start
        self._headline = start.title
        self._text_line = 0
        self._name = f" {shorten(slug(start.title), _KEY_LENGTH)}"

    def head(self, number: int, line: str) -> Iterator[Item]:
        """Begin at the line of the title."""
        self._title = self._headline
        self._first = self._last = number
        self._text_line = number + self._start.title_lines
        return iter(())

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line above the date, the line of the date, or a line of the text."""
        bare = line.strip()
        if number < self._text_line:
            return
        if number > self._start.date_line:
            yield from super().add(number, line)
        elif number == self._start.date_line:
            yield from self._add_date(number, line)
        elif is_placeholder(bare):
            found = missing_picture(number, bare, "article", self._headline, EDIT_ENTRY)
            self._problems.append(found)
        elif authors := byline(bare):
            self._author = ", ".join(authors)
        elif bare and not is_rule(line) and not is_underline(line):
            self._moment = self._clock.whole_day()
            yield from super().add(number, line)

    def _mark_of(self, line: str, *, is_wrapped: bool) -> TimeMark | None:
        """Return the time that a line begins with; a sentence of an article begins no update."""
        mark = super()._mark_of(line, is_wrapped=is_wrapped)
        return None if mark is None or mark.is_sentence else mark

    def _add_date(self, number: int, line: str) -> Iterator[Item]:
        """Add the line of the date, which stays in the text where it begins a sentence."""
        heading = dated_sentence(line.strip())
        is_sentence = self._start.is_sentence or (heading and heading.rest[:1].islower())
        if heading is None or (is_sentence and heading.rest):
            self._moment = self._clock.whole_day()
            yield from self._add(number, line)
            return
        text = heading.rest
        if heading.stamp:
            placed = self._clock.place(heading.stamp)
            if placed.moment:
                self._moment, text = placed.moment, heading.stamp.rest
            if placed.what:
                what = f"'{heading.stamp.text}': {placed.what}"
                yield Problem(f"line {number}", what, placed.hint)
        self._moment = self._moment or self._clock.whole_day()
        if text:
            yield from self._add(number, text)


def _split_long(line: str) -> Sequence[str]:
    """Split a line that is too long for an update at its spaces."""
    if len(line) <= _PIECE_LENGTH:
        return (line,)
    pieces, start = [], 0
    while len(line) - start > _PIECE_LENGTH:
        cut = line.rfind(" ", start, start + _PIECE_LENGTH)
        if cut <= start:
            cut = line.find(" ", start + _PIECE_LENGTH)
        if cut < 0:
            break
        pieces.append(line[start:cut])
        start = cut + 1
    return (*pieces, line[start:])
