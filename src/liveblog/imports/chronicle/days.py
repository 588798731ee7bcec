"""Reads the lines under the heading of a day into updates, with their instants and keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ...model import limits
from ...model.entry import Source, slug
from ...model.moment import Moment
from ...model.period import day_end, day_start, local_day
from ...text.plain import shorten
from .. import FramingItem, Item, Problem, Update, Version
from .headings import day_heading
from .lines import ends_sentence, find_sources, is_headline, is_picture, is_rule, is_underline
from .section import (
    PendingLine,
    Section,
    TextBuilder,
    add_line,
    is_placeholder,
    line_range,
    missing_picture,
    strip_heading_marks,
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

_SECOND = timedelta(seconds=1)


class DayClock:
    """Assigns instants and keys to the updates of one day, across all sections about that day."""

    def __init__(self, day: date, zone: tzinfo) -> None:
        self.day = day
        self.has_headline = False
        self._zone = zone
        self._start, self._end = day_start(day, zone), day_end(day, zone)
        self._written = self._start  # the last time mark as it is written
        self._last = self._start - _SECOND  # the newest instant that was returned
        self._by_mark: dict[datetime, datetime] = {}  # time mark: its newest instant
        self._names: Counter[str] = Counter()

    def key(self, name: str) -> str:
        """Return a key that no other update of the day has."""
        self._names[name] += 1
        count = self._names[name]
        return f"{self.day}{name}#{count}" if count > 1 else f"{self.day}{name}"

    def next_instant(self) -> datetime | None:
        """Return the next instant of the day; None after its last second."""
        self._last += _SECOND
        return self._last if self._last < self._end else None

    def instant(self, clock: time, *, is_utc: bool) -> tuple[datetime | None, str]:
        """Return the instant of a clock time (None if it has none), and what is wrong with it.

        A time that occurs twice when clocks go back is the first that does not precede the update
        before. A time that is skipped when clocks go forward is moved by the length of the gap.
        """
        wrong = ""
        if is_utc:
            instant = datetime.combine(self.day, clock, UTC)
            if local_day(instant, self._zone) != self.day:
                return None, f"it is not within {self.day} in {self._zone}; it stays in the text"
        else:
            local = datetime.combine(self.day, clock, self._zone)
            instant, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
            if instant.astimezone(self._zone).time() != clock:
                wrong = f"the clocks of {self._zone} skip it on {self.day}; it is read as later"
                instant = min(max(instant, second), self._end - _SECOND)
            elif instant < self._written <= second:
                instant = second
        given = max(instant, self._by_mark.get(instant, self._start - _SECOND) + _SECOND)
        if instant < self._written:
            wrong = wrong or "it follows a later time; the day will show it before that one"
        else:
            given = max(given, self._last + _SECOND)
        if given >= self._end:
            return None, "too many updates share the day's last minute; it stays in the text"
        self._written, self._by_mark[instant], self._last = instant, given, given
        return given, wrong


class Day(Section):
    """The section under the heading of a day."""

    def __init__(self, day: date, clock: DayClock, *, tags: tuple[str, ...] = ()) -> None:
        self.day = day
        self._clock = clock
        self._tags = tags
        self._pending = PendingLine()
        self._is_short = False
        self._author = ""
        self._name = ""
        self._instant: datetime | None = None
        self._mark: tuple[int, TimeMark] | None = None
        self._clear()

    def _clear(self) -> None:
        self._text = TextBuilder()
        self._sources: dict[Source, int] = {}
        self._title = ""
        self._first = self._last = 0

    def head(self, number: int, line: str) -> Iterator[Item]:
        """Add the heading itself: what follows the day on its line."""
        heading = day_heading(line.strip())
        rest = heading.rest if heading else ""
        if not heading or not rest:
            return
        if heading.stamp and (yield from self._start_update(number, heading.stamp)):
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
        bare = line.strip()
        if not bare:
            self._pending.is_separate = True
            self._text.end_paragraph()
            return
        if not self._first and is_underline(line):
            self._pending.is_separate = True
            return
        mark = self._mark_of(bare)
        if self._pending:
            begins = self._is_short and bare[0].isupper()
            is_separate = self._pending.is_separate or mark is not None or begins
            yield from self._resolve_pending(is_headline=is_separate)
        if mark is not None and (yield from self._start_update(number, mark)):
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
        yield from self._add(number, line)

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

    def _mark_of(self, line: str) -> TimeMark | None:
        """Return the time that a line begins with, if an update can begin there."""
        before = self._text.before
        is_second = self._mark is not None and self._mark[0] == self._last
        if before and not ends_sentence(before) and not is_second:
            return None
        return time_mark(line)

    def _start_update(self, number: int, mark: TimeMark) -> Generator[Item, None, bool]:
        """Begin an update at a time; return whether the line was used up."""
        instant: datetime | None = None
        if mark.time is None:
            wrong = "no clock shows this time; it stays in the text"
        elif mark.zone not in ("", "UTC"):
            wrong = f"the time zone {mark.zone} is not known here; it stays in the text"
        else:
            instant, wrong = self._clock.instant(mark.time, is_utc=mark.zone == "UTC")
        if wrong:
            yield Problem(f"line {number}", f"'{mark.text}': {wrong}", "Check the time.")
        if instant is None or mark.time is None:
            return False
        yield from self._close_update()
        seconds = f":{mark.time.second:02}" if mark.time.second else ""
        self._name = f"T{mark.time:%H:%M}{seconds}{'Z' if mark.zone else ''}"
        self._instant = instant
        self._mark = number, mark
        self._first = self._last = number
        title, _ = strip_heading_marks(mark.rest)
        if mark.is_marked and is_headline(title):
            self._title = title
        elif mark.rest:
            yield from self._add(number, mark.rest)
        return True

    def _add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line to the update; begin another update where the text gets too long."""
        for piece in _split_long(line):
            if self._text.size + 4 * len(piece) > limits.BODY_BYTES - 100 and self._text:
                yield from self._close_update()
            if self._instant is None:
                self._instant = self._clock.next_instant()
            if self._instant is None or len(piece) > _PIECE_LENGTH:
                yield Problem(
                    f"line {number}",
                    "it is too long for an update; it is not imported",
                    "Break it into words, or the day into fewer updates.",
                )
                return
            self._first = self._first or number
            self._last = number
            yield from add_line(self._text, number, piece)

    def _close_update(self) -> Iterator[Item]:
        """Yield the current update; what follows continues it under the same name."""
        if self._text or self._title:
            assert self._instant is not None
            version = Version(
                published=Moment(self._instant),
                title=self._title,
                body=self._text.markdown,
                author=self._author,
                tags=self._tags,
                sources=tuple(self._sources),
            )
            key = self._clock.key(self._name)
            yield Update(key, line_range(self._first, self._last), (version,))
        elif self._mark:
            number, mark = self._mark
            yield Problem(f"line {number}", f"there is no text at '{mark.text}'", "Add a text.")
        self._clear()
        self._instant = self._mark = None


class Article(Day):
    """An article: a title, pictures, and a text that begins with its date."""

    def __init__(self, start: Start, day: date, clock: DayClock) -> None:
        super().__init__(day, clock)
        self._start = start
        self._headline = start.title
        self._name = f" {shorten(slug(start.title), _KEY_LENGTH)}"

    def head(self, number: int, line: str) -> Iterator[Item]:
        """Begin at the line of the title."""
        self._title = self._headline
        self._first = self._last = number
        return iter(())

    def add(self, number: int, line: str) -> Iterator[Item]:
        """Add a line above the date, the line of the date, or a line of the text."""
        bare = line.strip()
        if number > self._start.date_line:
            yield from super().add(number, line)
        elif number == self._start.date_line:
            yield from self._add_date(number, line)
        elif is_placeholder(bare):
            yield missing_picture(number, bare, f"the article '{shorten(self._headline, 60)}'")
        elif author := byline(bare):
            self._author = author
        elif bare and not is_rule(line) and not is_underline(line):
            yield from super().add(number, line)

    def _add_date(self, number: int, line: str) -> Iterator[Item]:
        """Add the line that begins with the date, which stays in the text if it is a sentence."""
        heading = day_heading(line.strip())
        if self._start.is_sentence or heading is None:
            yield from self._add(number, line)
            return
        text = heading.rest
        if heading.stamp and heading.stamp.time and heading.stamp.zone in ("", "UTC"):
            is_utc = heading.stamp.zone == "UTC"
            self._instant, wrong = self._clock.instant(heading.stamp.time, is_utc=is_utc)
            text = heading.stamp.rest if self._instant else text
            if wrong:
                yield Problem(f"line {number}", f"'{heading.stamp.text}': {wrong}", "Check it.")
        self._instant = self._instant or self._clock.next_instant()
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
