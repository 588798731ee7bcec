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
        "draw": chart.draw,
        "days_with_figures": days_with_figures,
        "unit_line": lambda series: unit_line(series, words),
    }


def without_lead(fragment: str, digest: Digest) -> Markup:
    """Return the HTML of an entry without the main picture of a digest, which is above."""
    main = digest.overview.picture if digest.overview else None
    if main is None:
        return Markup(fragment)
    return Markup(drop_figure(fragment, addresses.url(ROOT, addresses.media_path(main.path))))
