"""Chooses what readers get of a digest, the same in every form: page, feed, mail, text, book.

A digest of several days, or of a long day, opens with an overview. A week shows its main updates in
full and the others in a line; a long week or chapter shows the most important of them. The page of
each day has all. A mail that would be too long takes fewer :func:`parts`, the most important first.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from msgspec import structs

from ..model.entry import Framing, Media, pictures_among
from ..timeline import Day, Entry
from . import DayOverview, Digest, Overview, day_headlines
from .importance import by_strength, each_day_first, spread_by_strength

LONG_WEEK = 100
"""The most entries of a week or a chapter that all have at least a line."""

LONG_DAY = 30
"""The most entries of a day that opens without an overview."""

FULL_AT_LEAST = 12
"""Number of entries of a week that are shown in full even if they are no key events."""

FULL_A_DAY = 10
"""The most entries of a day that are shown in full in a week or a long chapter."""

LINES_A_DAY = 10
"""The most entries of a day that are shown in a line in a long week or chapter."""

LINES_IN_MAIL = 30
"""The most entries of a day that are shown in a line in a mail that was too long."""

KEYS_A_DAY = 8
"""The most key events of a day in an overview."""

LONG_TEXT = 4_000
"""Number of characters of a body that a mail takes only if all titles have found room."""

Part = tuple[str, str]
"""A part of a digest in a mail: its kind, and the id of an entry or the date of a day."""


def for_readers(digest: Digest) -> Digest:
    """Return what readers get of a digest; what is so already is returned as it is.

    The whole coverage is not abridged, nor is a range of days; nor is a chapter without key events
    or of at most :data:`LONG_WEEK` entries.
    """
    entries, chapter = digest.entries, digest.chapter
    is_retracted = chapter is not None and chapter.state != "live"
    if digest.overview or is_retracted:
        return digest
    if len(digest.days) < 2 and len(entries) <= LONG_DAY:
        return digest
    if len(entries) <= len(digest.days) and not chapter:
        return digest  # a list of its days would say the same twice
    digest = with_overview(digest)
    if chapter:
        is_long = len(entries) > LONG_WEEK and any(entry.now.key for entry in entries)
        return _abridge(digest) if is_long else digest
    return _abridge(digest) if digest.period.kind == "week" else digest


def with_overview(digest: Digest) -> Digest:
    """Return a digest with an overview of all its entries, unless it has one.

    Key events are in it if there are so many entries that a reader needs to be led to them.
    """
    if digest.overview:
        return digest
    entries = digest.entries
    live = [entry for entry in entries if entry.now.state == "live"]
    are_keys_told = len(live) > FULL_AT_LEAST and any(not entry.now.key for entry in live)
    is_period = digest.period.kind != "day" and digest.chapter is None
    overview = Overview(
        headlines=digest.headlines,
        days=tuple(
            DayOverview(
                date=day.date,
                headlines=day_headlines(day),
                is_written=bool(day.framing and day.framing.headline),
                main=next(iter(by_strength(e for e in day.entries if e.now.state == "live")), None),
                keys=_main_keys(day) if are_keys_told else (),
                updates=len(day.entries),
            )
            for day in digest.days
            if day.entries or day.framing
        ),
        updates=len(entries),
        corrected=tuple(e for e in entries if e.corrections or e.now.state == "retracted"),
        picture=_main_picture(live) if is_period else None,
    )
    return structs.replace(digest, overview=overview)


def _main_keys(day: Day) -> tuple[Entry, ...]:
    keys = [entry for entry in day.entries if entry.now.key and entry.now.state == "live"]
    main = {entry.id for entry in by_strength(keys)[:KEYS_A_DAY]}
    return tuple(entry for entry in keys if entry.id in main)


def _main_picture(entries: Iterable[Entry]) -> Media | None:
    shown = by_strength(entry for entry in entries if pictures_among(entry.now.media))
    return pictures_among(shown[0].now.media)[0] if shown else None


def _abridge(digest: Digest) -> Digest:
    """Return a digest of which the main entries are shown in full and the others in a line."""
    is_long = len(digest.entries) > LONG_WEEK
    full: set[str] = set()
    for day in digest.days:
        main = [e for e in by_strength(day.entries) if e.now.key or e.now.pinned]
        full |= {entry.id for entry in (main or by_strength(day.entries)[:1])[:FULL_A_DAY]}
    others = [entry for entry in each_day_first(digest.entries) if entry.id not in full]
    full |= {entry.id for entry in others[: max(FULL_AT_LEAST - len(full), 0)]}
    brief: set[str] = set()
    for day in digest.days:
        rest = [entry for entry in spread_by_strength(day.entries) if entry.id not in full]
        brief |= {entry.id for entry in (rest[:LINES_A_DAY] if is_long else rest)}
    return structs.replace(_with_entries(digest, full | brief), brief=frozenset(brief))


def _with_entries(digest: Digest, ids: set[str]) -> Digest:
    """Return a digest with some of its entries only."""
    days = tuple(
        structs.replace(day, entries=tuple(entry for entry in day.entries if entry.id in ids))
        for day in digest.days
    )
    return structs.replace(digest, days=days)


def overview_of(digest: Digest, day: Day) -> Overview | None:
    """Return the overview of a digest as that of one of its days alone."""
    if digest.overview is None:
        return None
    found = [each for each in digest.overview.days if each.date == day.date]
    headlines = found[0].headlines if found else day_headlines(day)
    updates = sum(each.updates for each in found)
    return structs.replace(
        digest.overview, headlines=headlines, days=tuple(found), updates=updates, corrected=()
    )


# -- a digest for a mail that would be too long --------------------------------------------------


def parts(digest: Digest) -> list[Part]:
    """Return the parts of a digest with an overview in the order of their importance.

    All days come first, then the key events of all days, the introduction, the texts of the main
    updates, and the titles of the strongest others. The texts of others are parts only if there is
    no key event.
    """
    assert digest.overview
    full = [entry for entry in digest.entries if entry.id not in digest.brief]
    main = {entry.id for entry in full if entry.now.key or entry.now.pinned}
    main |= {entry.id for entry in each_day_first(full)[: len(digest.days)]}
    ranked = each_day_first(full)
    first = [e for e in ranked if e.id in main and len(e.now.body) <= LONG_TEXT]
    placed = {entry.id for entry in first}
    lines = (
        [entry for entry in spread_by_strength(day.entries) if entry.id not in placed][
            :LINES_IN_MAIL
        ]
        for day in digest.days
    )
    has_keys = any(entry.now.key for entry in digest.entries)
    last = [e for e in ranked if e.id not in placed and (e.id in main or not has_keys)]
    return [
        *(("day", day.date.isoformat()) for day in digest.overview.days),
        *(("key", entry.id) for entry in each_day_first(digest.overview.keys)),
        ("introduction", ""),
        ("picture", ""),
        ("corrected", ""),
        *(("text", day.date.isoformat()) for day in digest.days if day.framing),
        ("close", ""),
        *(("full", entry.id) for entry in first),
        ("figures", ""),
        *(("line", entry.id) for row in zip_longest(*lines) for entry in row if entry),
        *(("full", entry.id) for entry in last),
    ]


def keep(digest: Digest, kept: Iterable[Part]) -> Digest:
    """Return a digest with an overview of which only some :func:`parts` are kept."""
    assert digest.overview
    chosen: dict[str, set[str]] = {}
    for kind, name in kept:
        chosen.setdefault(kind, set()).add(name)

    def has(kind: str, name: str = "") -> bool:
        return name in chosen.get(kind, ())

    overview = structs.replace(
        digest.overview,
        days=tuple(
            structs.replace(day, keys=tuple(e for e in day.keys if has("key", e.id)))
            for day in digest.overview.days
            if has("day", day.date.isoformat())
        ),
        corrected=digest.overview.corrected if has("corrected") else (),
        picture=digest.overview.picture if has("picture") else None,
    )
    shown = chosen.get("full", set()) | chosen.get("line", set())
    days = tuple(
        day if has("text", day.date.isoformat()) else structs.replace(day, framing=None)
        for day in _with_entries(digest, shown).days
    )
    digest = structs.replace(
        digest,
        overview=overview,
        days=tuple(day for day in days if day.entries or day.framing),
        series=digest.series if has("figures") else (),
        brief=frozenset(shown - chosen.get("full", set())),
    )
    return _with_texts(digest, introduction=has("introduction"), close=has("close"))


def _with_texts(digest: Digest, *, introduction: bool, close: bool) -> Digest:
    """Return a digest with its introduction and its close, or without."""
    texts = {
        "introduction": digest.introduction if introduction else "",
        "close": digest.close if close else "",
    }
    if digest.chapter:
        picture = digest.chapter.picture if introduction else None
        chapter = structs.replace(digest.chapter, picture=picture, **texts)
        return structs.replace(digest, chapter=chapter)
    framing = digest.framing or Framing(period=digest.period.id)
    return structs.replace(digest, framing=structs.replace(framing, **texts))
