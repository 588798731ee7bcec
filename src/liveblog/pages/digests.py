"""What the templates of digests use: headlines, lines, and entries without the main picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from ..digest import Digest, abridged_note, headline, label, title
from ..digest.lines import (
    change_line,
    corrected_name,
    day_line,
    days_with_figures,
    line_marks,
    main_series,
    notes_of,
    omitted_line,
    unit_line,
    when_of,
)
from ..model import addresses
from ..text.fragments import ROOT, drop_figure
from ..text.locale import Words
from ..timeline import Entry
from . import chart

LONG_DAY = 40
"""Number of entries from which the page of a day leads to its hours."""


def names(words: Words) -> dict[str, Callable[..., Any]]:
    """Return the functions on digests that every template can use."""

    def heading(digest: Digest) -> str:
        return words.typography(headline(digest, words)) or label(digest.period, words)

    def marks(entry: Entry) -> str:
        said = " · ".join(words.say(mark) for mark in line_marks(entry))
        return f" [{said}]" if said else ""

    return {
        "label": lambda period: label(period, words),
        "digest_title": lambda digest: title(digest, words),
        "digest_headline": lambda digest: headline(digest, words),
        "digest_heading": heading,
        "abridged_note": lambda digest: abridged_note(digest, words),
        "day_line": lambda day: day_line(day, words),
        "line_marks": marks,
        "main_series": main_series,
        "change_line": lambda series, digest: change_line(series, digest, words),
        "when_of": lambda entry, day=False: when_of(entry, words, day=day),
        "corrected_name": lambda entry: corrected_name(entry, words),
        "notes_of": lambda entry: notes_of(entry, words),
        "omitted_line": lambda count: omitted_line(count, words),
        "without_lead": without_lead,
        "lead_entry": lead_entry,
        "hours": lambda digest: hours_of(digest, words),
        "draw": chart.draw,
        "days_with_figures": days_with_figures,
        "unit_line": lambda series: unit_line(series, words),
    }


def hours_of(digest: Digest, words: Words) -> list[tuple[str, str]]:
    """Return the hours to which the page of a long day leads: each with the id of its first entry.

    They are every third hour, or every hour if all entries are of a third of the day.
    """
    day = digest.period.start
    found: dict[int, str] = {}
    for entry in digest.entries:
        now = entry.now
        local = now.published.astimezone(words.zone)
        if now.precision == "instant" and local.date() == day:
            found.setdefault(local.hour, entry.id)
    if len(digest.entries) < LONG_DAY or not found:
        return []
    step = 1 if max(found) - min(found) < 8 else 3
    jumps: dict[int, str] = {}
    for hour in sorted(found):
        jumps.setdefault(hour - hour % step, found[hour])
    return [(words.hour(hour), entry_id) for hour, entry_id in jumps.items()]


def lead_entry(digest: Digest) -> str:
    """Return the id of the entry whose picture is above a digest; an empty string if none is."""
    lead = digest.lead
    found = (entry.id for entry in digest.entries if lead in entry.now.media)
    return next(found, "") if lead else ""


def without_lead(fragment: str, digest: Digest) -> Markup:
    """Return the HTML of an entry without the main picture of a digest, which is above."""
    main = digest.overview.picture if digest.overview else None
    if main is None:
        return Markup(fragment)
    return Markup(drop_figure(fragment, addresses.url(ROOT, addresses.media_path(main.path))))
