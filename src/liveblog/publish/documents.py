"""Documents beside pages and feeds: figures as CSV, live.json, sitemaps. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

import msgspec

from .. import links
from ..config import Config
from ..markup import rooted
from ..pages import Coverage, Pages
from ..timeline import Entry


def figures_csv(entries: Iterable[Entry], config: Config) -> str:
    """Return every figure ever reported as CSV (RFC 4180), for spreadsheets and programs."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("day", "published", "name", "value", "unit", "source", "url"))
    for entry in entries:
        for figure in entry.now.figures if entry.now.state == "live" else ():
            writer.writerow(
                (
                    entry.day.isoformat(),
                    entry.published.astimezone(config.zone).isoformat(timespec="minutes"),
                    _no_formula(figure.name),
                    figure.value,
                    _no_formula(figure.unit),
                    _no_formula(figure.source),
                    links.url(config.url, links.entry_path(entry.id)),
                )
            )
    return out.getvalue()


def live_json(entries: Sequence[Entry], coverage: Coverage, pages: Pages) -> bytes:
    """Return the newest entries as the live page polls them where no server pushes."""
    config = pages.config
    document = {
        "version": 1,
        "title": config.title,
        "url": config.url,
        "state": "over" if coverage.ended else "live",
        "updated": coverage.updated.isoformat() if coverage.updated else None,
        "entries": [
            {
                "id": entry.id,
                "rev": entry.now.rev,
                "state": entry.now.state,
                "url": links.url(config.url, links.entry_path(entry.id)),
                "published": entry.published.isoformat(),
                "updated": entry.now.updated.isoformat(),
                "html": rooted(pages.article(entry), "./"),
            }
            for entry in entries
        ],
    }
    return msgspec.json.encode(document) + b"\n"


def sitemap(base: str, pages: Iterable[tuple[str, str]]) -> str:
    """List pages, each with its last change or none (https://www.sitemaps.org/protocol.html)."""
    body = "".join(
        f"<url><loc>{escape(links.url(base, path))}</loc>"
        + (f"<lastmod>{updated[:19]}Z</lastmod>" if updated else "")
        + "</url>\n"
        for path, updated in pages
    )
    return _sitemap("urlset", body)


def sitemap_index(base: str, paths: Iterable[str]) -> str:
    """List sitemaps."""
    body = "".join(
        f"<sitemap><loc>{escape(links.url(base, path))}</loc></sitemap>\n" for path in paths
    )
    return _sitemap("sitemapindex", body)


def _sitemap(element: str, body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{element} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{body}</{element}>\n'
    )


def _no_formula(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
