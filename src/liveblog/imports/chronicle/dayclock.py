"""Assigns moments and keys to the updates of a day, in the order of the text."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from ...model.moment import Moment
from ...model.period import day_end, day_start, local_day
from ...text.tokens import normalize
from .times import TimeMark

_SECOND = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)

_NIGHTFALL = time(21)
"""When the night between two days begins, if no later time stands before it."""

_ABBREVIATIONS = {"MEZ": "CET", "MESZ": "CEST"}


class Placed(NamedTuple):
    """The moment of a time, or why it has none; and what the author should know about it."""

    moment: Moment | None
    what: str = ""
    hint: str = ""


class DayClock:
    """Assigns moments and keys to the updates of one day, across all sections about that day."""

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

    def whole_day(self) -> Moment:
        """Return the moment of an article, which stands before the times of its day."""
        return Moment(self._start, "day")

    def untimed(self) -> Moment:
        """Return the moment of a text without a time: it stands after the time before it."""
        if self._last < self._start:
            return self.whole_day()
        return Moment(self._last + _TICK, "day", day=self.day)

    def night(self, words: str) -> Moment:
        """Return the moment of a text about the night after the day: its last one."""
        instant = datetime.combine(self.day, _NIGHTFALL, self._zone).astimezone(UTC)
        instant = min(max(instant, self._last + _SECOND), self._end - _SECOND)
        self._last = self._written = instant
        return Moment(instant, written_time=words)

    def after(self, moment: Moment) -> Moment | None:
        """Return a moment for what continues an update of the day; None after its last second."""
        if moment.precision == "day":
            return moment
        self._last += _SECOND
        if self._last >= self._end:
            return None
        return Moment(self._last, written_time=moment.written_time)

    def place(self, mark: TimeMark) -> Placed:
        """Return the moment of a time mark, and what is uncertain or wrong about it.

        A time that occurs twice when clocks go back is the first that does not precede the update
        before. A time that is skipped when clocks go forward is moved by the length of the gap. A
        midnight or night that follows other times is the end of the day.
        """
        if mark.time is None:
            return Placed(None, "no clock shows this time; it stays in the text", "Correct it.")
        zone = self._zone_of(mark.zone)
        if zone is None:
            return Placed(
                None,
                f"the time zone {mark.zone} is not known here; it stays in the text",
                f"Write the time of {self._zone}, or that of UTC: '{mark.time:%H:%M} UTC'.",
            )
        written = mark.text if mark.is_vague else ""
        placed = self._place(mark.time, zone, written)
        is_back = placed.moment is not None and placed.moment.instant < self._written
        if mark.late and is_back:
            late = self._place(mark.late, zone, written)
            what = f"it follows other times, so it is read as the end of {self.day}"
            hint = "If it begins the day, put it before them."
            placed = Placed(late.moment, late.what or what, late.hint or hint)
        if placed.moment is None:
            return placed
        return self._take(placed)

    def _zone_of(self, name: str) -> tzinfo | None:
        """Return the zone that a time names; None for one that is not known."""
        if name in ("", "local"):
            return self._zone
        if name.startswith("UTC"):
            sign, hours, minutes = name[3:4], int(name[4:6] or 0), int(name[7:] or 0)
            offset = timedelta(hours=hours, minutes=minutes)
            return timezone(-offset if sign == "-" else offset)
        noon = datetime.combine(self.day, time(12), self._zone)
        city = normalize(str(self._zone).rpartition("/")[2].replace("_", " "))
        is_own = _ABBREVIATIONS.get(name, name) == noon.tzname() or normalize(name) == city
        return self._zone if is_own else None

    def _place(self, clock: time, zone: tzinfo, written: str) -> Placed:
        """Return the moment of a clock time, before its order is looked at."""
        local = datetime.combine(self.day, clock, zone)
        instant, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
        what = hint = ""
        if zone is not self._zone:
            day = local_day(instant, self._zone)
            if day != self.day:
                shown = instant.astimezone(self._zone)
                what = f"in {self._zone} it is {shown:%H:%M} on {day}; it stays in the text"
                return Placed(None, what, f"Write '{shown:%H:%M}' under the heading of {day}.")
        elif instant.astimezone(zone).time() != clock:
            what = f"the clocks of {zone} skip it on {self.day}; it is read as later"
            hint = "Correct it if it is wrong."
            instant = min(max(instant, second), self._end - _SECOND)
        elif instant < self._written <= second:
            instant = second
        return Placed(Moment(instant, written_time=written), what, hint)

    def _take(self, placed: Placed) -> Placed:
        """Return a moment that no other update of the day has."""
        assert placed.moment
        instant, what, hint = placed.moment.instant, placed.what, placed.hint
        given = max(instant, self._by_mark.get(instant, self._start - _SECOND) + _SECOND)
        if instant < self._written:
            what = what or "it follows a later time; the day will show it before that one"
            hint = hint or "If it is of another day, put a line with that day above it."
        else:
            given = max(given, self._last + _SECOND)
        if given >= self._end:
            what = "too many updates share the day's last minute; it stays in the text"
            return Placed(None, what, "Give them different times.")
        self._written, self._by_mark[instant], self._last = instant, given, given
        return Placed(Moment(given, written_time=placed.moment.written_time), what, hint)
