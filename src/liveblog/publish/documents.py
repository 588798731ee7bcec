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
from ..pages import Home, Pages
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


def live_json(home: Home, changed: Sequence[Entry], removed: Sequence[str], pages: Pages) -> bytes:
    """Return what changed last, as an open page takes it over; see ``docs/server.md``.

    *changed* are the entries posted or corrected last, *removed* the ids of those taken away last.
    A page polls it where no server pushes.
    """
    config = pages.config
    document = {
        "version": 1,
        "title": config.title,
        "url": config.url,
        "language": config.language,
        "page": live_page(home, pages),
        "entries": [live_entry(entry, pages) for entry in changed],
        "removed": removed,
    }
    return msgspec.json.encode(document) + b"\n"


def live_page(home: Home, pages: Pages) -> dict[str, object]:
    """Return the state of the coverage, and what the live page shows beside its entries."""
    coverage = home.coverage
    return {
        "state": "over" if coverage.ended else "live",
        "updated": coverage.updated.isoformat() if coverage.updated else None,
        "parts": pages.parts(home),
    }


def live_entry(entry: Entry, pages: Pages) -> dict[str, object]:
    """Return one entry with its HTML, whose addresses are relative to the live page."""
    return {
        "id": entry.id,
        "rev": entry.now.rev,
        "order": entry.order,
        "day": entry.day.isoformat(),
        "heading": pages.day_heading(entry.day),
        "state": entry.now.state,
        "url": links.url(pages.config.url, links.entry_path(entry.id)),
        "published": entry.published.isoformat(),
        "updated": entry.now.updated.isoformat(),
        "html": rooted(pages.article(entry), "./"),
    }


def oembed(config: Config, width: int | None = None) -> dict[str, object]:
    """Return what puts the live blog into an article of another site (https://oembed.com §2.3.4).

    *width* is the most that the article has room for, in pixels.
    """
    source = escape(f"{config.url}live.json", {'"': "&quot;"})
    link = f'<a href="{escape(config.url)}">{escape(config.title)}</a>'
    script = f'<script type="module" src="{escape(config.url)}embed.js"></script>'
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": config.title,
        "provider_url": config.url,
        "title": config.title,
        "html": f'<live-blog src="{source}">{link}</live-blog>{script}',
        "width": min(width or 640, 640),
        "height": 800,
        "cache_age": 3600,
    }


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
