"""Assembles digests: of a period, of a chapter, of the whole coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date

from msgspec import structs

from ..model.chapter import Chapter
from ..model.entry import Framing
from ..model.errors import NotFound
from ..model.period import COVERAGE, Period, parse_period_id
from ..model.topics import topic_slug
from ..timeline import Day, Entry, Timeline, selected
from . import Digest, Series


def build(timeline: Timeline, period: Period) -> Digest:
    """Return the digest of everything in a period."""
    days = [
        Day(day.date, day.entries, day.framing, day.faults)
        for day in timeline.read_days(period.days())
        if day.entries or day.framing or day.faults
    ]
    return build_from_days(period, days, timeline.framing(period.id))


def select(digest: Digest, *, key: bool = False, tag: str = "") -> Digest:
    """Return a digest of key entries, or of those with one tag (a slug), and of their days only."""
    found = replace_entries(digest, lambda entries: selected(entries, key=key, tag=tag))
    days = tuple(day for day in found.days if day.entries or day.faults)
    return structs.replace(found, days=days)


def build_chapter(timeline: Timeline, chapter: Chapter, first_weekday: int = 0) -> Digest:
    """Return a chapter's digest: the days of its period that have an entry which it selects.

    *first_weekday* is that of the blog's weeks (Monday is 0). A chapter that selects all entries
    also has the days with a framing only.
    """
    period = parse_period_id(chapter.period, first_weekday)
    days = []
    for day in timeline.read_days(period.days()):
        found = tuple(entry for entry in day.entries if is_selected(entry, chapter))
        is_selection = bool(chapter.tags or chapter.key)
        if found or day.faults or (day.framing and not is_selection):
            days.append(Day(day.date, found, day.framing, day.faults))
    digest = build_from_days(period, days, None)
    return structs.replace(digest, chapter=chapter)


def is_selected(entry: Entry, chapter: Chapter) -> bool:
    """Whether a chapter selects an entry of its period."""
    slugs = map(topic_slug, chapter.tags)
    return (not chapter.key or entry.now.key) and (
        not chapter.tags or any(map(entry.has_tag, slugs))
    )


def build_coverage(timeline: Timeline, title: str) -> Digest:
    """Return the digest of all that readers may see.

    Its headline is that of the coverage, or else the blog's *title*.

    Raises :class:`NotFound` if the journal is empty.
    """
    dates = timeline.days()
    if not dates:
        raise NotFound("The journal is empty.", 'Begin with: liveblog post "First update."')
    days = [day for day in map(timeline.day, dates) if day.entries or day.framing or day.faults]
    framing = timeline.framing(COVERAGE) or Framing(period=COVERAGE)
    if not framing.headline:
        framing = structs.replace(framing, headline=title)
    first, last = (days[0].date, days[-1].date) if days else (dates[0], dates[-1])
    return build_from_days(Period(first, last, COVERAGE, "range"), days, framing)


def build_from_days(period: Period, days: Iterable[Day], framing: Framing | None) -> Digest:
    """Return the digest of days that were read before."""
    days = tuple(days)
    return Digest(period, framing, days, figures(days))


def replace_entries(
    digest: Digest, replace: Callable[[Sequence[Entry]], Iterable[Entry]]
) -> Digest:
    """Return a digest with the entries of each day replaced, and its figures made again.

    What its overview has of entries that are replaced, such as their titles, goes with them.

    The figures of a digest for readers stay: they are those of entries that it does not show too.
    """
    days = tuple(structs.replace(day, entries=tuple(replace(day.entries))) for day in digest.days)
    overview = digest.overview
    if overview is None:
        return structs.replace(digest, days=days, series=figures(days))
    shown = {entry.id: entry for entry in replace(digest.rendered)}
    replaced = [entry.now for entry in digest.rendered if shown.get(entry.id) is not entry]
    titles = {now.title for now in replaced}
    has_lost_picture = any(overview.picture in now.media for now in replaced)
    overview = structs.replace(
        overview,
        headlines=tuple(title for title in overview.headlines if title not in titles),
        days=tuple(
            structs.replace(
                day,
                headlines=tuple(title for title in day.headlines if title not in titles),
                main=next(iter(replace([day.main])), None) if day.main else None,
                keys=tuple(replace(day.keys)),
            )
            for day in overview.days
        ),
        corrected=tuple(replace(overview.corrected)),
        picture=None if has_lost_picture else overview.picture,
    )
    return structs.replace(digest, days=days, overview=overview)


def figures(days: Iterable[Day]) -> tuple[Series, ...]:
    """Return the series of each figure (one name in one unit), in the order of first mention.

    A day's last value counts; figures of retracted entries do not.
    """
    values: dict[tuple[str, str], dict[date, int | float]] = {}
    sources: dict[tuple[str, str], str] = {}
    for day in days:
        for entry in day.entries:
            for figure in entry.now.figures if entry.now.state == "live" else ():
                name = figure.name, figure.unit
                values.setdefault(name, {})[day.date] = figure.value
                sources[name] = figure.source or sources.get(name, "")
    return tuple(
        Series(name, unit, sources[name, unit], tuple(points.items()))
        for (name, unit), points in values.items()
    )
