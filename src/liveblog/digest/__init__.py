"""A digest: the chronological, day-by-day account of a period, as plain data.

:mod:`.build` assembles digests; :mod:`.text`, :mod:`.markdown` and :mod:`.json` render them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from ..journal import Fault
from ..model import addresses
from ..model.chapter import Chapter
from ..model.entry import Framing, Media, Precision, pictures_among
from ..model.period import Period, parse_period_id
from ..text.locale import Words
from ..timeline import Day, Entry


class Series(Struct, frozen=True):
    """The values of a figure from day to day: the last that each day reported."""

    name: str
    unit: str
    source: str  #: who counted, as last named
    points: tuple[tuple[date, int | float], ...]

    def value(self, day: date) -> int | float | None:
        """Return the day's value, or None if it reported none."""
        return dict(self.points).get(day)


class Digest(Struct, frozen=True):
    """What happened in a period."""

    period: Period
    framing: Framing | None
    days: tuple[Day, ...]  #: those with entries or a framing, in order
    series: tuple[Series, ...]
    is_abridged: bool = False  #: a long week, of which only the key entries are here
    chapter: Chapter | None = None  #: the chapter whose digest it is

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry, in order."""
        return tuple(entry for day in self.days for entry in day.entries)

    @property
    def precision(self) -> Precision:
        """``instant`` if one of its entries has a time, else ``day``."""
        has_time = any(entry.now.precision == "instant" for entry in self.entries)
        return "instant" if has_time else "day"

    @property
    def pictures(self) -> tuple[Media, ...]:
        """Every picture that it shows: that of the chapter, then those of live entries.

        A film is there with the picture that stands for it.
        """
        lead = (self.chapter.picture,) if self.chapter and self.chapter.picture else ()
        shown = (entry.now.media for entry in self.entries if entry.now.state == "live")
        return (*lead, *(picture for media in shown for picture in pictures_among(media)))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The damage in the journal of these days."""
        return tuple(fault for day in self.days for fault in day.faults)

    @property
    def headline(self) -> str:
        """The headline that was written, or else the first key entry's title."""
        if self.chapter and self.chapter.title:
            return self.chapter.title
        if self.framing and self.framing.headline:
            return self.framing.headline
        return _main_title(self.entries)

    @property
    def introduction(self) -> str:
        """The introduction, in Markdown."""
        if self.chapter:
            return self.chapter.introduction
        return self.framing.introduction if self.framing else ""

    @property
    def close(self) -> str:
        """The closing text, in Markdown."""
        if self.chapter:
            return self.chapter.close
        return self.framing.close if self.framing else ""

    @property
    def spans_years(self) -> bool:
        """Whether its days are of several years, so that their names need the year."""
        return self.period.start.year != self.period.end.year

    @property
    def changed(self) -> datetime | None:
        """The last significant change of an entry, a framing or the chapter."""
        instants = [entry.now.updated for entry in self.entries]
        instants += [self.chapter.updated] if self.chapter else []
        framings = (self.framing, *(day.framing for day in self.days))
        instants += [f.recorded.replace(microsecond=0) for f in framings if f and f.recorded]
        return max(instants, default=None)


def chapter_title(chapter: Chapter, words: Words) -> str:
    """Return the title of a chapter; of the framing of a range without one, the range."""
    return chapter.title or label(parse_period_id(chapter.period), words)


def authors(digest: Digest) -> tuple[str, ...]:
    """Return who signs a chapter: its authors, or else who wrote its entries, or who wrote it.

    The digest of another period is signed by nobody.
    """
    chapter = digest.chapter
    if chapter is None:
        return ()
    written = dict.fromkeys(entry.now.author for entry in digest.entries if entry.now.author)
    own = (chapter.author,) if chapter.author else ()
    return chapter.authors or tuple(written) or own


def headline_of(day: Day) -> str:
    """Return the headline that was written for a day, or else its first key entry's title."""
    if day.framing and day.framing.headline:
        return day.framing.headline
    return _main_title(day.entries)


def _main_title(entries: Sequence[Entry]) -> str:
    """Return the first key entry's title, or else the first title."""
    titled = [e.now for e in entries if e.now.title and e.now.state == "live"]
    main = next((r for r in titled if r.key), titled[0] if titled else None)
    return main.title if main else ""


def label(period: Period, words: Words) -> str:
    """Return a period's name in the blog's language: ``Dimanche 15 juillet 2012``."""
    if period.kind == "day":
        return words.day(period.start, year=True)
    if period.kind == "week":
        return words.week(period.start, period.end)
    return words.span(period.start, period.end)


def abridged_note(digest: Digest, words: Words) -> str:
    """Return the note above an abridged digest."""
    if digest.chapter:
        return words.say("The chapter in its key events; the page of each day has all updates.")
    return words.say("The week in its key events; the page of each day has all updates.")


def title(digest: Digest, words: Words) -> str:
    """Return the title of a chapter; of any other digest, ``Dimanche 15 juillet : …``."""
    if digest.chapter:
        return chapter_title(digest.chapter, words)
    period = digest.period
    name = words.day(period.start) if period.kind == "day" else label(period, words)
    return heading(name, digest.headline, words)


def page_path(digest: Digest) -> str:
    """Return the path of a digest's page; empty for a range that is no chapter: it has none."""
    if digest.chapter:
        return addresses.chapter_path(digest.chapter.slug)
    return "" if digest.period.kind == "range" else addresses.period_path(digest.period)


def heading(name: str, headline: str, words: Words) -> str:
    """Return a period's name with its headline: ``Dimanche 15 juillet : …``."""
    if not headline:
        return name
    return words.say("%(period)s: %(headline)s", period=name, headline=headline)


def day_heading(day: Day, words: Words, *, year: bool = False) -> str:
    """Return a day's name, with its year if *year*, and the headline that was written for it."""
    return heading(
        words.day(day.date, year=year), day.framing.headline if day.framing else "", words
    )
