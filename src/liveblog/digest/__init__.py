"""A digest: the chronological, day-by-day account of a period.

In come a period and the timeline; out comes plain data that ``text``, ``markdown`` and
``document`` (JSON) write out, and that ``pages`` and ``feeds`` show. Pure: what may be seen was
decided by the timeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from ..journal import Fault
from ..model.entry import Framing
from ..model.period import COVERAGE, Period
from ..text.locale import Words
from ..timeline import Day, Entry, Timeline, selected


class Series(Struct, frozen=True):
    """A figure followed from day to day: the last value that each day reported."""

    name: str
    unit: str
    source: str  #: who counted, as last named
    points: tuple[tuple[date, int | float], ...]

    def value(self, of: date) -> int | float | None:
        """Return the day's value, if it reported one."""
        return dict(self.points).get(of)


class Digest(Struct, frozen=True):
    """What happened in a period."""

    period: Period
    framing: Framing | None
    days: tuple[Day, ...]  #: those with something to tell, in order
    series: tuple[Series, ...]
    key: bool = False  #: key entries only
    tag: str = ""  #: entries with this tag only (a slug)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry, in order."""
        return tuple(entry for day in self.days for entry in day.entries)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What was damaged in the journal of these days."""
        return tuple(fault for day in self.days for fault in day.faults)

    @property
    def headline(self) -> str:
        """The headline that was written, else the main story: the first key entry's title."""
        if self.framing and self.framing.headline:
            return self.framing.headline
        return _main_title(self.entries)

    @property
    def introduction(self) -> str:
        """Markdown."""
        return self.framing.introduction if self.framing else ""

    @property
    def close(self) -> str:
        """Markdown."""
        return self.framing.close if self.framing else ""

    @property
    def changed(self) -> datetime | None:
        """The last significant change of anything in it."""
        instants = [entry.now.updated for entry in self.entries]
        framings = (self.framing, *(day.framing for day in self.days))
        instants += [f.recorded.replace(microsecond=0) for f in framings if f and f.recorded]
        return max(instants, default=None)


def build(timeline: Timeline, period: Period, *, key: bool = False, tag: str = "") -> Digest:
    """Gather a period's digest: everything in it, or key entries or one tag (a slug) only."""
    days = []
    for day in timeline.between(period.days()):
        entries = selected(day.entries, key=key, tag=tag)
        told = entries if key or tag else (entries or day.framing)
        if told or day.faults:
            days.append(Day(day.date, entries, day.framing, day.faults))
    framing = timeline.framing(period.id)
    return Digest(period, framing, tuple(days), figures(days), key, tag)


def whole(timeline: Timeline, title: str) -> Digest | None:
    """Gather everything that may be seen, under the framing of the coverage or the blog's *title*.

    None if nothing is there.
    """
    known = timeline.days()
    if not known:
        return None
    days = [d for d in map(timeline.day, known) if d.entries or d.framing or d.faults]
    framing = timeline.framing(COVERAGE) or Framing(period=COVERAGE)
    if not framing.headline:
        framing = msgspec.structs.replace(framing, headline=title)
    period = Period(known[0], known[-1], COVERAGE, "range")
    if days:
        period = Period(days[0].date, days[-1].date, COVERAGE, "range")
    return Digest(period, framing, tuple(days), figures(days))


def headline_of(day: Day) -> str:
    """Return the headline that was written for a day, else its main story."""
    if day.framing and day.framing.headline:
        return day.framing.headline
    return _main_title(day.entries)


def _main_title(entries: Sequence[Entry]) -> str:
    """Return the first key entry's title, else the first title."""
    titled = [e.now for e in entries if e.now.title and e.now.state == "live"]
    main = next((r for r in titled if r.key), titled[0] if titled else None)
    return main.title if main else ""


def figures(days: list[Day]) -> tuple[Series, ...]:
    """Follow each figure (one name in one unit) through days, in the order of first mention.

    A day's last value counts; what was retracted does not.
    """
    followed: dict[tuple[str, str], dict[date, int | float]] = {}
    sources: dict[tuple[str, str], str] = {}
    for day in days:
        for entry in day.entries:
            for figure in entry.now.figures if entry.now.state == "live" else ():
                name = figure.name, figure.unit
                followed.setdefault(name, {})[day.date] = figure.value
                sources[name] = figure.source or sources.get(name, "")
    return tuple(
        Series(name, unit, sources[name, unit], tuple(points.items()))
        for (name, unit), points in followed.items()
    )


def label(period: Period, words: Words) -> str:
    """Name a period in the blog's language: ``Dimanche 15 juillet 2012``."""
    if period.kind == "day":
        return words.day(period.start, year=True)
    if period.kind == "week":
        return words.week(period.start, period.end)
    return words.span(period.start, period.end)


def title(digest: Digest, words: Words) -> str:
    """Title a digest with its period and main story: ``Dimanche 15 juillet : …``."""
    period = digest.period
    name = words.day(period.start) if period.kind == "day" else label(period, words)
    if not digest.headline:
        return name
    return words.say("%(period)s: %(headline)s", period=name, headline=digest.headline)
