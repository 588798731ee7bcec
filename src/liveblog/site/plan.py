"""Decides which pages and feeds a publication renders, from what changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct

from ..digest import headline
from ..model import period
from ..model.period import COVERAGE, Period
from ..pages.live_page import ON_PAGE
from .entry_index import KEY_EVENTS
from .index import Index
from .list_index import ListPage, Month
from .queries import SiteQueries
from .update import SiteChanges
from .writer import Context


class Plan(Struct):
    """What is rendered."""

    days: set[date]
    weeks: set[Period]
    years: set[int]
    tags: set[str]  #: slugs
    key_events: bool  #: the page of all key events
    lists: dict[Month, set[ListPage]]  #: pages of older entries of tags and of the key events
    chapters: set[str]  #: slugs
    archives: set[date]  #: closed days, with an archive or without one any more
    search_months: set[str]  #: ``2012-07``: files with the closed days of a month
    search_open: bool  #: the file with the days that are not closed
    daily: bool
    weekly: bool
    newest: bool  #: the live page, live.json and the main feeds
    figures: bool
    sitemap: bool
    search_page: bool
    subscribe: bool  #: the page that shows the addresses of the feeds
    chapter_lists: bool  #: the list of all chapters, their feeds and their search file


def make_plan(changes: SiteChanges, context: Context, *, full: bool) -> Plan:
    """Return what to render after *changes*; everything if *full*.

    The index of *context* is up to date with the journal.
    """
    queries, index = context.queries, context.index
    state = "over" if context.is_over else "live"
    before, now = changes.days_before, queries.non_empty
    added_or_removed = now.added_or_removed(before)
    is_state_new = COVERAGE in changes.names or state != index.fact("state")
    index.set_fact("state", state)
    chapters = changes.chapters
    changed_lists = changes.invalidation.tags
    tags = set(changed_lists - {KEY_EVENTS}) | chapters.tags
    lists = index.lists.changed_pages(changes.invalidation.lists)
    if is_state_new:
        tags |= set(index.entries.tag_addresses())
    days = changes.days | changes.invalidation.homes | chapters.days
    framed_weeks = {queries.parse_week(name) for name in changes.names if "-W" in name}
    weeks = {queries.week(day) for day in changes.days} | framed_weeks
    if added_or_removed:
        days |= _with_new_neighbours(before.days, now.days)
        weeks |= _with_new_neighbours(queries.weeks_of(before.days), queries.weeks)
        # A week without updates links to its neighbours too, and is the neighbour of none.
        weeks |= {*queries.shown_weeks(index.journal_weeks())} - {*queries.weeks}
    # A week across the new year is listed in both years.
    listed = {queries.week(day) for day in now.changed(before)} | framed_weeks
    listed |= _weeks_with_new_headlines(weeks, context)
    years = {day.year for week in listed for day in (week.start, week.end)} | chapters.years
    if now.years != before.years:
        years |= {*now.years, *before.years}
    closed_days = {p.start for p in changes.closings if p.kind == "day"}
    all_feeds = full or is_state_new or bool(changes.closings)
    had_news, has_news = index.fact("news"), bool(index.news.newest(context.timeline.now))
    index.set_fact("news", "yes" if has_news else "")
    months, search_open = _search_files(changes, queries, index)
    return Plan(
        days=days,
        weeks=weeks,
        years=years,
        tags=tags,
        key_events=full or KEY_EVENTS in changed_lists,
        lists=lists,
        chapters=chapters.slugs,
        archives=_archives(set(changes.invalidation.archives) | closed_days, queries, index),
        search_months=months,
        search_open=search_open,
        daily=all_feeds or any(queries.is_closed(period.day(day)) for day in changes.days),
        weekly=all_feeds or any(map(queries.is_closed, weeks)),
        newest=all_feeds or bool(changes.days or changes.names or chapters.has_new_rows),
        figures=full or changes.has_new_figures,
        sitemap=full
        or bool(added_or_removed)
        or chapters.has_new_rows
        or bool(framed_weeks)
        or changes.invalidation.has_new_dates
        or any(_has_new_pages(month, index) for month in lists)
        or has_news != bool(had_news)
        or changes.tags_before != index.entries.tags(),
        search_page=full or bool(added_or_removed) or chapters.has_new_slugs,
        subscribe=full or chapters.has_new_slugs or bool(changed_lists - {KEY_EVENTS}),
        chapter_lists=all_feeds or chapters.has_new_rows,
    )


def list_purpose(month: Month) -> str:
    """Return the purpose of the pages of a list's month in the manifest."""
    return f"list:{month[0]}:{month[1]}"


def is_archived(day: date, queries: SiteQueries, index: Index) -> bool:
    """Whether a day has an archive: it is closed, and an entry appeared or changed in it."""
    return queries.is_closed(period.day(day)) and bool(index.entries.changed_in(day))


def _archives(days: set[date], queries: SiteQueries, index: Index) -> set[date]:
    """Return *days*, and the archives that link to one that is added or removed."""
    found = set(days)
    for day in days:
        had_archive = bool(index.manifest.hashes(f"archive:{day}"))
        if had_archive != is_archived(day, queries, index):
            beside = index.entries.change_before(day), index.entries.change_after(day)
            found |= {other for other in beside if other}
    return found


def headline_fact(week: Period) -> str:
    """Return the name under which the index holds the headline of a week."""
    return f"headline:{week.id}"


def _weeks_with_new_headlines(weeks: set[Period], context: Context) -> set[Period]:
    """Record the headlines of *weeks*; return the weeks whose headline is another than before."""
    found = set()
    for week in sorted(weeks):
        line = headline(context.queries.digest(week), context.pages.words)
        if line != context.index.fact(headline_fact(week)):
            context.index.set_fact(headline_fact(week), line)
            found.add(week)
    return found


def _has_new_pages(month: Month, index: Index) -> bool:
    """Whether the pages of a list's month are others than those of the last publication."""
    published = index.manifest.hashes(list_purpose(month))
    now = index.lists.pages(*month) if index.lists.total(month[0]) > ON_PAGE else []
    return published.keys() != {f"{page.path}index.html" for page in now}


def _search_files(
    changes: SiteChanges, queries: SiteQueries, index: Index
) -> tuple[set[str], bool]:
    """Return the months whose search files change, and whether that of the open days does."""
    names = {day.isoformat() for day in queries.open_days}
    before = set(index.fact("open").split())
    index.set_fact("open", " ".join(sorted(names)))
    changed = {day.isoformat() for day in changes.days} | (names ^ before)
    months = {name[:7] for name in changed - (names & before)}
    return months, bool(changed & (names | before)) or not before


def _with_new_neighbours(before: Iterable[Any], after: Iterable[Any]) -> set[Any]:
    """Return the items of two ordered lists whose previous or next one was added or removed."""
    added_or_removed = set(before) ^ set(after)
    in_order = sorted(set(before) | set(after))
    found = set()
    for index, item in enumerate(in_order):
        if item in added_or_removed:
            found |= set(in_order[max(0, index - 1) : index + 2])
    return found
