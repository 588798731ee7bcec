"""A digest as one JSON document, for programs."""

from __future__ import annotations

from typing import Any

import msgspec

from ..model import addresses
from ..model.entry import Framing, as_data
from ..text.locale import Words
from ..timeline import Entry
from . import Digest, headline, page_path, title


def document(digest: Digest, words: Words, *, base: str) -> dict[str, Any]:
    """Return a digest as plain data; *base* is the site's address."""
    path = page_path(digest)
    return {
        "period": digest.period.id,
        "start": digest.period.start.isoformat(),
        "end": digest.period.end.isoformat(),
        "title": title(digest, words),
        "headline": headline(digest, words),
        "introduction": digest.introduction,
        "close": digest.close,
        "url": addresses.url(base, path) if path else None,
        "revision": (digest.chapter or digest.framing or Framing(period="")).rev,
        "days": [
            {
                "date": day.date.isoformat(),
                "title": words.day(day.date),
                "headline": day.framing.headline if day.framing else "",
                "introduction": day.framing.introduction if day.framing else "",
                "close": day.framing.close if day.framing else "",
                "entries": [entry_document(entry, base) for entry in day.entries],
            }
            for day in digest.days
        ],
        "figures": [
            {
                "name": series.name,
                "unit": series.unit,
                "source": series.source,
                "points": [
                    {"date": day.isoformat(), "value": value} for day, value in series.points
                ],
            }
            for series in digest.series
        ],
        "faults": [{"place": f.place, "problem": f.problem, "hint": f.hint} for f in digest.faults],
    }


def entry_document(entry: Entry, base: str, *, history: bool = False) -> dict[str, Any]:
    """Return an entry as plain data: every field, its address, and its *history* if wanted."""
    now = entry.now
    shown: dict[str, Any] = as_data(now)
    if now.state != "live":
        # The texts of a withdrawn entry are in its history only.
        shown.update(title="", body="", figures=[], media=[], sources=[])
    shown["url"] = addresses.url(base, addresses.entry_path(now.id))
    shown["corrections"] = [
        {"recorded": msgspec.to_builtins(r.recorded), "note": r.note} for r in entry.corrections
    ]
    if history:
        shown["revisions"] = [as_data(revision) for revision in entry.revisions]
    return shown
