"""The updates beside the form of a chapter or digest, which its texts can quote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from ...digest.importance import by_strength
from ...digest.lines import when_of
from ...model.quotes import quote
from ...text.bidi import close_controls
from ...text.plain import shorten
from ...timeline import Entry, Timeline
from ..errors import Problem
from .site import Visit

QUOTABLE = 200
"""Most updates that are listed beside the form; key events come first."""

EXCERPT = 240
"""Maximum number of characters of an update in that list."""


class Quotable(Struct, frozen=True):
    """An update of some days, beside a form."""

    id: str
    label: str  #: its day and time, in the blog's language
    is_key: bool
    is_unconfirmed: bool
    title: str
    excerpt: str
    quotation: str  #: Markdown


def quotable(visit: Visit, days: Iterable[date]) -> tuple[list[Quotable], int]:
    """Return the live updates of *days*, key events first, and how many more there are.

    Of more than :data:`QUOTABLE`, those of least importance are left out.
    """
    timeline = visit.blog.timeline
    found = [entry for day in timeline.read_days(days) for entry in day.entries]
    live = [entry for entry in found if entry.now.state == "live"]
    main = {entry.id for entry in by_strength(live)[:QUOTABLE]}
    shown = sorted((e for e in live if e.id in main), key=lambda entry: not entry.now.key)
    return [_quotable(visit, entry) for entry in shown], len(live) - len(shown)


def _quotable(visit: Visit, entry: Entry) -> Quotable:
    now, words = entry.now, visit.blog.words
    source = ", ".join(filter(None, (now.author, words.short_day(entry.day))))
    return Quotable(
        id=entry.id,
        label=when_of(entry, words, day=True),
        is_key=now.key,
        is_unconfirmed=now.verification == "unconfirmed",
        title=close_controls(now.title),
        excerpt=shorten(close_controls(" ".join(now.body.split())), EXCERPT),
        quotation=quote(now.body or now.title, source, entry.id),
    )


def quotation_for(visit: Visit, action: str) -> tuple[str, str]:
    """Return the text that a button quotes an update into, and the quotation in Markdown.

    *action* is the button's value, ``introduction ID``; of another button both are empty.
    """
    name, _, entry_id = action.partition(" ")
    if name not in ("introduction", "close"):
        return "", ""
    timeline: Timeline = visit.blog.timeline
    entry = timeline.entry(entry_id)
    if entry.now.state != "live" or not entry.is_visible(visit.blog.now):
        raise Problem(422, "invalid", "Only what readers can see can be quoted.")
    return name, _quotable(visit, entry).quotation
