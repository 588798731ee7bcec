"""A digest: the chronological, day-by-day account of a period, as plain data.

:mod:`.build` assembles digests, :mod:`.selection` chooses what readers get of them;
:mod:`.text`, :mod:`.markdown` and :mod:`.json` render them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby

from msgspec import Struct

from ..journal import Fault
from ..model import addresses
from ..model.chapter import Chapter
from ..model.entry import Framing, Media, Precision, Revision, pictures_among
from ..model.period import Period, parse_period_id
from ..text.locale import Words
from ..timeline import Day, Entry
from .importance import main_titles


class Series(Struct, frozen=True):
    """The values of a figure from day to day: the last that each day reported."""

    name: str
    unit: str
    source: str  #: who counted, as last named
    points: tuple[tuple[date, int | float], ...]

    def value(self, day: date) -> int | float | None:
        """Return the day's value, or None if it reported none."""
        return dict(self.points).get(day)


class DayOverview(Struct, frozen=True):
    """A day as the overview of a digest shows it."""

    date: date
    headlines: tuple[str, ...]  #: as :func:`day_headlines` returns them
    is_written: bool  #: whether the headline was written
    main: Entry | None  #: its strongest entry
    keys: tuple[Entry, ...]  #: its key events, in order; of a day with many, the strongest
    updates: int  #: number of its entries, shown or not


class Overview(Struct, frozen=True):
    """What a digest of several days, or of a long day, opens with."""

    headlines: tuple[str, ...]  #: those of the digest
    days: tuple[DayOverview, ...]  #: every day that has entries or a text, in order
    updates: int  #: number of entries of the digest, shown or not
    corrected: tuple[Entry, ...]  #: those that were corrected or retracted, in order
    picture: Media | None = None  #: the main picture of the period

    @property
    def keys(self) -> tuple[Entry, ...]:
        """The key events of all days, in order."""
        return tuple(entry for day in self.days for entry in day.keys)


class Digest(Struct, frozen=True):
    """What happened in a period."""

    period: Period
    framing: Framing | None
    days: tuple[Day, ...]  #: those with entries or a framing, in order
    series: tuple[Series, ...]
    chapter: Chapter | None = None  #: the chapter whose digest it is
    overview: Overview | None = None  #: what it opens with, if it is made for readers
    brief: frozenset[str] = frozenset()  #: ids of the entries that are shown in a line

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry, in order."""
        return tuple(entry for day in self.days for entry in day.entries)

    @property
    def rendered(self) -> tuple[Entry, ...]:
        """Every entry that it shows anything of, those of its overview included."""
        overview = self.overview
        if overview is None:
            return self.entries
        mains = (day.main for day in overview.days if day.main)
        shown = (*self.entries, *overview.corrected, *overview.keys, *mains)
        return tuple({entry.id: entry for entry in shown}.values())

    @property
    def precision(self) -> Precision:
        """``instant`` if one of its entries has a time, else ``day``."""
        has_time = any(entry.now.precision == "instant" for entry in self.entries)
        return "instant" if has_time else "day"

    @property
    def pictures(self) -> tuple[Media, ...]:
        """Every picture that it shows: the main one, then those of live entries.

        A film is there with the picture that stands for it.
        """
        lead = (self.lead,) if self.lead else ()
        live = (entry for entry in self.entries if entry.now.state == "live")
        shown = (entry.now.media for entry in live if entry.id not in self.brief)
        return (*lead, *(picture for media in shown for picture in pictures_among(media)))

    @property
    def lead(self) -> Media | None:
        """The picture above it: that of the chapter, or else the main one of the period."""
        if self.chapter:
            return self.chapter.picture
        return self.overview.picture if self.overview else None

    def shown_pictures(self, now: Revision) -> tuple[Media, ...]:
        """Return the pictures of one of its entries, without the main one, which is above."""
        main = self.overview.picture if self.overview else None
        return tuple(media for media in now.media if media != main)

    @property
    def is_abridged(self) -> bool:
        """Whether it has entries that are shown in a line, or not at all."""
        return bool(self.brief or self.updates > len(self.entries))

    @property
    def updates(self) -> int:
        """The number of its entries, shown or not."""
        return self.overview.updates if self.overview else len(self.entries)

    def omitted(self, day: Day) -> int:
        """Return how many entries of one of its days are not shown."""
        found = self.overview.days if self.overview else ()
        total = next((each.updates for each in found if each.date == day.date), 0)
        return max(total - len(day.entries), 0)

    def groups(self, day: Day) -> Iterator[tuple[bool, list[Entry]]]:
        """Yield the entries of one of its days in order, in groups: in a line each, or in full."""
        for is_brief, entries in groupby(day.entries, lambda entry: entry.id in self.brief):
            yield is_brief, list(entries)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The damage in the journal of these days."""
        return tuple(fault for day in self.days for fault in day.faults)

    @property
    def headlines(self) -> tuple[str, ...]:
        """The headline that was written, or else the titles of the main events."""
        if self.overview:
            return self.overview.headlines
        if self.chapter and self.chapter.title:
            return (self.chapter.title,)
        if self.framing and self.framing.headline:
            return (self.framing.headline,)
        return main_titles(self.entries)

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
        corrected = self.overview.corrected if self.overview else ()
        instants = [entry.now.updated for entry in (*self.entries, *corrected)]
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


def day_headlines(day: Day) -> tuple[str, ...]:
    """Return the headline that was written for a day, or else the titles of its main events."""
    if day.framing and day.framing.headline:
        return (day.framing.headline,)
    return main_titles(day.entries)


def day_headline(day: Day, words: Words) -> str:
    """Return the headline of a day: the one that was written, or else one of its main events."""
    return words.semicolon.join(day_headlines(day))


def headline(digest: Digest, words: Words) -> str:
    """Return the headline of a digest: ``Veto à l’ONU ; attentat à Damas``."""
    return words.semicolon.join(digest.headlines)


def label(period: Period, words: Words) -> str:
    """Return a period's name in the blog's language: ``Dimanche 15 juillet 2012``."""
    if period.kind == "day":
        return words.day(period.start, year=True)
    if period.kind == "week":
        return words.week(period.start, period.end)
    return words.span(period.start, period.end)


def abridged_note(digest: Digest, words: Words) -> str:
    """Return the note above a digest whose entries are not all shown in full."""
    if digest.period.kind == "day" and not digest.chapter:
        return words.say("The main updates in full; the page of the day has all of them.")
    return words.say("The main updates in full; the page of each day has all of them.")


def title(digest: Digest, words: Words) -> str:
    """Return the title of a chapter; of any other digest, ``Dimanche 15 juillet : …``."""
    if digest.chapter:
        return chapter_title(digest.chapter, words)
    period = digest.period
    name = words.day(period.start) if period.kind == "day" else label(period, words)
    return heading(name, headline(digest, words), words)


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
