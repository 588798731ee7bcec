"""Closes the days and weeks that are over, and plans the deliveries that follow."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from ..config import Config
from ..digest.build import build
from ..model import period
from ..model.errors import LiveblogError
from ..model.period import Period
from ..timeline import Timeline
from . import planning
from .outbox import Outbox

CLOCK_TOLERANCE = timedelta(hours=1)
"""The most by which a clock may be set back without reopening what was closed."""

log = logging.getLogger("liveblog")


def close_periods(outbox: Outbox, timeline: Timeline, config: Config) -> list[Period]:
    """Close every day and week that is over and still open; return them in order.

    On the first call, what is over already counts as closed, and nothing is sent for it. If the
    clock was set back, periods that end in the future are reopened; what they sent stays sent.
    """
    now, closing = timeline.now, config.closing
    last_day = closing.last_closed_day(now)
    last_week = _last_closed_week(config, now)
    reached = {"days_to": last_day.isoformat(), "weeks_to": last_week.end.isoformat()}
    days_to, weeks_to = outbox.fact("days_to"), outbox.fact("weeks_to")
    if not days_to:
        outbox.record(reached, (), now)
        return []
    if _was_set_back(config, days_to, now):
        _reopen(outbox, config, now, reached)
        return []
    periods = [period.day(day) for day in _days_after(date.fromisoformat(days_to), last_day)]
    periods += _weeks_after(config, date.fromisoformat(weeks_to), last_week)
    if not periods:
        return []
    periods.sort(key=lambda found: (closing.closes_at(found), found.end, found.kind))
    closed = outbox.closed()
    periods = [found for found in periods if found.id not in closed]
    facts = {name: max(day, outbox.fact(name)) for name, day in reached.items()}
    sent = [found for found in periods if _has_entries(timeline, found)]
    plans = planning.for_closed(sent, config)
    outbox.close([found.id for found in periods], facts, plans, now)
    return periods


def next_closing(kind: str, outbox: Outbox, config: Config, now: datetime) -> datetime:
    """Return when :func:`close_periods` is due for the next day or week (*kind*)."""
    days_to = outbox.fact("days_to")
    if not days_to or _was_set_back(config, days_to, now):
        return now
    if kind == "day":
        following = period.day(date.fromisoformat(days_to) + timedelta(days=1))
    else:
        weeks_to = date.fromisoformat(outbox.fact("weeks_to"))
        following = period.week(weeks_to + timedelta(days=1), config.first_weekday)
    return config.closing.closes_at(following)


def _was_set_back(config: Config, days_to: str, now: datetime) -> bool:
    """Whether the latest closed day ends in the future, because the clock was set back."""
    latest = period.day(date.fromisoformat(days_to))
    return config.closing.closes_at(latest) > now + CLOCK_TOLERANCE


def _reopen(outbox: Outbox, config: Config, now: datetime, facts: dict[str, str]) -> None:
    """Reopen the periods that a clock that was ahead closed too early."""
    early = [
        name
        for name in outbox.closed()
        if config.closing.closes_at(period.parse_period_id(name, config.first_weekday)) > now
    ]
    log.warning("The clock was set back: %d days and weeks are open again.", len(early))
    outbox.reopen(early, facts)
    outbox.limit_waits(now)


def _last_closed_week(config: Config, now: datetime) -> Period:
    week = period.week(period.local_day(now, config.zone), config.first_weekday)
    while config.closing.closes_at(week) > now:
        week = period.week(week.start - timedelta(days=1), config.first_weekday)
    return week


def _weeks_after(config: Config, day: date, last: Period) -> list[Period]:
    """Return the weeks that end after *day*, up to *last*."""
    weeks = {period.week(found, config.first_weekday) for found in _days_after(day, last.end)}
    return [week for week in weeks if day < week.end <= last.end]


def _days_after(day: date, last: date) -> list[date]:
    """Return the days after *day*, up to *last*."""
    return [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]


def _has_entries(timeline: Timeline, closed: Period) -> bool:
    """Whether a period has entries. If it cannot be read, assume so: its delivery will fail."""
    try:
        return bool(build(timeline, closed).entries)
    except Exception as error:
        is_ours = isinstance(error, LiveblogError)
        log.error("Cannot read %s: %s", closed.id, error, exc_info=None if is_ours else error)
        return True
