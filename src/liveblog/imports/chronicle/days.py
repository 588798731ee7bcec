"""The updates under the heading of a day, their instants and keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ...model import limits
from ...model.entry import Source
from ...model.period import day_end, day_start, local_day
from .. import Frame, Item, Problem, Update, Version
from .headings import day_heading
from .lines import ends_sentence, is_headline, is_picture, is_rule, is_underline, sources
from .parts import Held, Part, bare_title, placed, told
from .passage import Passage
from .times import TimeMark, time_mark

_PIECE = 20_000
"""Characters of the longest piece of a line: 80 kB at most, which an update holds."""

_WRAPPED = 60
"""A line as long as this may have been broken by a program, in the midst of a sentence."""

_SECOND = timedelta(seconds=1)


class Clock:
    """The instants and keys of one day, over all the parts of the text that tell it."""

    def __init__(self, of: date, zone: tzinfo) -> None:
        self.of = of
        self.has_headline = False
        self._zone = zone
        self._start, self._end = day_start(of, zone), day_end(of, zone)
        self._written = self._start  # as the last mark was written
        self._last = self._start - _SECOND  # what was given last
        self._by_mark: dict[datetime, datetime] = {}  # what was given last for each
        self._names: Counter[str] = Counter()

    def key(self, name: str) -> str:
        """Return a name that no other update of the day has."""
        self._names[name] += 1
        count = self._names[name]
        return f"{self.of}{name}#{count}" if count > 1 else f"{self.of}{name}"

    def following(self) -> datetime | None:
        """Return the next instant of the day; none if it is over."""
        instant = max(self._last + _SECOND, self._start)
        return self._given(instant) if instant < self._end else None

    def at(self, clock: time, *, is_utc: bool) -> tuple[datetime | None, str]:
        """Return the instant of a time of the day, none if that is over, and what is wrong.

        Of a time that the autumn shows twice it is the first that does not go back. One that the
        spring skips is as much later.
        """
        wrong = ""
        if is_utc:
            instant = datetime.combine(self.of, clock, UTC)
            if local_day(instant, self._zone) != self.of:
                return None, f"it is not within {self.of} in {self._zone}; it stays in the text"
        else:
            local = datetime.combine(self.of, clock, self._zone)
            instant, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
            if instant.astimezone(self._zone).time() != clock:
                wrong = f"the clocks of {self._zone} skip it on {self.of}; it is taken as later"
                instant = min(max(instant, second), self._end - _SECOND)
            elif instant < self._written <= second:
                instant = second
        given = max(instant, self._by_mark.get(instant, self._start - _SECOND) + _SECOND)
        if instant < self._written:
            wrong = wrong or "it stands behind a later time; the day will tell it before that"
        else:
            given = max(given, self._last + _SECOND)
        if given >= self._end:
            return None, "too many updates share the day's last minute; it stays in the text"
        self._written, self._by_mark[instant] = instant, given
        return self._given(given), wrong

    def _given(self, instant: datetime) -> datetime:
        self._last = instant
        return instant


class Day(Part):
    """The updates under the heading of a day."""

    def __init__(self, of: date, clock: Clock) -> None:
        self.of = of
        self._clock = clock
        self._held = Held()
        self._is_short = False
        self._name = ""
        self._at: datetime | None = None
        self._mark: tuple[int, TimeMark] | None = None
        self._clear()

    def _clear(self) -> None:
        self._text = Passage()
        self._sources: dict[Source, int] = {}
        self._title = ""
        self._first = self._last = 0

    def head(self, number: int, line: str) -> Iterator[Item]:
        """Take the heading itself."""
        heading = day_heading(line.strip())
        rest = heading.rest if heading else ""
        if not heading or not rest:
            return
        if heading.stamp and (yield from self._start(number, heading.stamp)):
            return
        may_be_headline = not self._clock.has_headline and time_mark(rest) is None
        if may_be_headline and is_headline(rest) and not is_picture(rest) and not sources(rest):
            is_marked = line.lstrip().startswith("#")
            self._held = Held(number, rest, rest, is_marked)
            self._is_short = len(line.strip()) < _WRAPPED
        else:
            yield from self.take(number, rest)

    def take(self, number: int, line: str) -> Iterator[Item]:
        """Take a line of the day."""
        bare = line.strip()
        if not bare:
            self._held.is_apart = True
            self._text.break_off()
            return
        if not self._first and is_underline(line):
            self._held.is_apart = True
            return
        mark = self._mark_of(bare)
        if self._held:
            begins = self._is_short and bare[0].isupper()
            is_apart = self._held.is_apart or mark is not None or begins
            yield from self._settle(is_headline=is_apart)
        if mark is not None and (yield from self._start(number, mark)):
            return
        if is_rule(line) and not self._text.takes_as_underline(line):
            self._text.rule()
            return
        named = sources(bare) if self._text or self._title else ()
        if named and len({*self._sources, *named}) <= limits.LIST:
            self._sources |= dict.fromkeys(named, number)
            self._text.break_off()
            self._last = number
            return
        yield from self._tell(number, line)

    def end(self) -> Iterator[Item]:
        """Yield the last update."""
        yield from self._settle(is_headline=False)
        yield from self._close_update()

    def _settle(self, *, is_headline: bool) -> Iterator[Item]:
        held, self._held = self._held, Held()
        if not held:
            return
        if is_headline:
            self._clock.has_headline = True
            yield Frame(self.of.isoformat(), f"line {held.number}", headline=held.text)
        else:
            yield from self._tell(held.number, held.line)

    def _mark_of(self, line: str) -> TimeMark | None:
        """Return the time that a line begins with, if it can begin an update there."""
        before = self._text.before
        is_second = self._mark is not None and self._mark[0] == self._last
        if before and not ends_sentence(before) and not is_second:
            return None
        return time_mark(line)

    def _start(self, number: int, mark: TimeMark) -> Generator[Item, None, bool]:
        """Begin an update at a time; return whether its line is done with."""
        at: datetime | None = None
        if mark.time is None:
            wrong = "no clock shows this time; it stays in the text"
        elif mark.zone not in ("", "UTC"):
            wrong = f"the time zone {mark.zone} is not known here; it stays in the text"
        else:
            at, wrong = self._clock.at(mark.time, is_utc=mark.zone == "UTC")
        if wrong:
            yield Problem(f"line {number}", f"'{mark.said}': {wrong}", "Check the time.")
        if at is None or mark.time is None:
            return False
        yield from self._close_update()
        seconds = f":{mark.time.second:02}" if mark.time.second else ""
        self._name = f"T{mark.time:%H:%M}{seconds}{'Z' if mark.zone else ''}"
        self._at = at
        self._mark = number, mark
        self._first = self._last = number
        title, _ = bare_title(mark.rest)
        if mark.marked and is_headline(title):
            self._title = title
        elif mark.rest:
            yield from self._tell(number, mark.rest)
        return True

    def _tell(self, number: int, line: str) -> Iterator[Item]:
        """Add a line to the update, in several updates if one does not hold it."""
        for piece in _pieces(line):
            if self._text.size + 4 * len(piece) > limits.BODY_BYTES - 100 and self._text:
                yield from self._close_update()
            if self._at is None:
                self._at = self._clock.following()
            if self._at is None or len(piece) > _PIECE:
                yield Problem(
                    f"line {number}",
                    "no update can hold it; it is not imported",
                    "Break it into words, or the day into fewer updates.",
                )
                return
            self._first = self._first or number
            self._last = number
            yield from told(self._text, number, piece)

    def _close_update(self) -> Iterator[Item]:
        """Yield the update that was gathered; what follows would continue it under its name."""
        if self._text or self._title:
            assert self._at is not None
            version = Version(
                published=self._at,
                title=self._title,
                body=self._text.markdown,
                sources=tuple(self._sources),
            )
            key = self._clock.key(self._name)
            yield Update(key, placed(self._first, self._last), (version,))
        elif self._mark:
            number, mark = self._mark
            yield Problem(f"line {number}", f"nothing is told at '{mark.said}'", "Add a text.")
        self._clear()
        self._at = self._mark = None


def _pieces(line: str) -> Sequence[str]:
    """Cut a line that is too long for an update at its spaces."""
    if len(line) <= _PIECE:
        return (line,)
    pieces, start = [], 0
    while len(line) - start > _PIECE:
        cut = line.rfind(" ", start, start + _PIECE)
        if cut <= start:
            cut = line.find(" ", start + _PIECE)
        if cut < 0:
            break
        pieces.append(line[start:cut])
        start = cut + 1
    return (*pieces, line[start:])
