"""Renders live.json, sitemaps, figures.csv, the search files, oEmbed and OpenSearch. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from html import escape  # xml.sax would load an HTTP client

import msgspec
from msgspec import Struct

from ..config import Config
from ..model import addresses
from ..model.moment import moment_in, updated_in
from ..pages.data import ChapterLink, Coverage, Part
from ..pages.render import Pages
from ..search import text_of
from ..text.bidi import close_all_controls, close_controls
from ..text.fragments import with_root
from ..text.locale import Words
from ..text.plain import shorten
from ..timeline import Entry
from .news_index import NewsItem

MAX_SEARCHED = 1_000  #: maximum number of characters of an entry in a search file
MIN_SEARCHED = 80  #: the same, however many entries a file has
SEARCHED_IN_FILE = 400_000  #: approximate number of characters of all entries in a file


FIGURES_HEADER = "day,published,name,value,unit,source,url\r\n"


def figures_csv(entries: Iterable[Entry], config: Config) -> str:
    """Return the figures of entries as lines of CSV (RFC 4180), without :data:`FIGURES_HEADER`."""
    out = io.StringIO()
    writer = csv.writer(out)
    for entry in entries:
        when = moment_in(entry.now).value(config.zone)
        if isinstance(when, datetime):
            published = when.astimezone(config.zone).isoformat(timespec="minutes")
        else:
            published = when.isoformat()
        for figure in entry.now.figures if entry.now.state == "live" else ():
            writer.writerow(
                (
                    entry.day.isoformat(),
                    published,
                    _cell(figure.name),
                    figure.value,
                    _cell(figure.unit),
                    _cell(figure.source),
                    addresses.url(config.url, addresses.entry_path(entry.id)),
                )
            )
    return out.getvalue()


class LivePage(Struct, frozen=True):
    """The state of the coverage, and the parts of the live page other than its entries."""

    state: str  #: ``live`` or ``over``
    updated: str | None  #: instant of the newest post or correction, ISO 8601
    parts: dict[str, Part]

    @property
    def is_over(self) -> bool:
        """Whether the coverage is over."""
        return self.state == "over"


class _LiveDocument(Struct):
    """The part of ``live.json`` that is read back."""

    page: LivePage


def live_page(coverage: Coverage, parts: dict[str, Part]) -> LivePage:
    """Return the live page of a *coverage* with these *parts*."""
    updated = coverage.updated.instant.isoformat() if coverage.updated else None
    return LivePage("over" if coverage.ended else "live", updated, parts)


def live_json(
    page: LivePage,
    changed: Sequence[Entry],
    removed: Sequence[str],
    chapters: Sequence[ChapterLink],
    pages: Pages,
    *,
    has_more: bool,
) -> bytes:
    """Return the document that open pages poll where no server pushes; see ``docs/server.md``.

    *changed* are the entries that were posted or corrected last, *removed* the ids of those that
    were removed last, *chapters* are the newest few. *has_more*: the blog has other entries too.
    """
    config = pages.config
    document = {
        "version": 1,
        "title": pages.words.shown(config.title),
        "url": config.url,
        "language": config.language,
        "direction": pages.words.direction,
        "outage": {
            "text": pages.words.say("Offline since %(time)s", time="{time}"),
            "clock": pages.words.clock,
            "zone": config.timezone,
        },
        "page": page,
        "entries": [live_entry(entry, pages) for entry in changed],
        "more": has_more,
        "removed": removed,
        "chapters": [
            {
                "title": chapter.title,
                "period": chapter.period,
                "url": addresses.url(config.url, addresses.chapter_path(chapter.slug)),
            }
            for chapter in chapters
        ],
    }
    return msgspec.json.encode(document) + b"\n"


def read_live_page(data: bytes) -> LivePage | None:
    """Return the live page in the bytes of a ``live.json``; None if they are no such document."""
    try:
        return msgspec.json.decode(data, type=_LiveDocument).page
    except msgspec.MsgspecError:
        return None


def live_entry(entry: Entry, pages: Pages) -> dict[str, object]:
    """Return one entry with its HTML, whose addresses are relative to the live page."""
    zone = pages.config.zone
    return {
        "id": entry.id,
        "rev": entry.now.rev,
        "order": entry.order,
        "day": entry.day.isoformat(),
        "heading": pages.day_heading(entry.day),
        "state": entry.now.state,
        "url": addresses.url(pages.config.url, addresses.entry_path(entry.id)),
        "published": moment_in(entry.now).value(zone).isoformat(),
        "updated": updated_in(entry.now).value(zone).isoformat(),
        "html": with_root(pages.article(entry), "./"),
    }


Searched = tuple[str, date | datetime, str, str, tuple[str, ...], str]
"""What a search file has of an entry: id, date, the words for it, title, tags, first words."""


def searched(entries: Iterable[Entry], pages: Pages) -> list[Searched]:
    """Return the entries for a search file."""
    words = pages.words
    return [
        (
            entry.id,
            (when := moment_in(entry.now)).value(pages.config.zone),
            words.shown_moment(when),
            words.shown(entry.now.title),
            close_all_controls(entry.now.tags),
            words.shown(shorten(text_of(entry, pages.body(entry.now)), MAX_SEARCHED)),
        )
        for entry in entries
        if entry.now.state == "live"
    ]


def search_json(rows: Sequence[Searched]) -> bytes:
    """Return the file that the search page reads if no server answers.

    The more entries there are, the fewer words it has of each, so that it stays small.
    """
    words = max(MIN_SEARCHED, min(MAX_SEARCHED, SEARCHED_IN_FILE // max(len(rows), 1)))
    shown = [(*row, shorten(text, words)) for *row, text in rows]
    return msgspec.json.encode({"version": 1, "entries": shown}) + b"\n"


def chapters_json(chapters: Iterable[tuple[ChapterLink, date, str]], words: Words) -> bytes:
    """Return the search file of the chapters: of each what lists show, its first day and its text.

    Its entries are those of the other search files, with a path in the place of an id.
    """
    rows: list[Searched] = [
        (
            addresses.chapter_path(link.slug),
            first,
            link.period,
            link.title,
            (),
            words.shown(shorten(text, MAX_SEARCHED)),
        )
        for link, first, text in chapters
    ]
    return search_json(rows)


def opensearch(config: Config) -> str:
    """Return the document by which browsers search the blog (OpenSearch 1.1)."""
    title = close_controls(config.title)
    address = escape(f"{config.url}search/?q={{searchTerms}}")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">\n'
        f"<ShortName>{escape(shorten(title, 16))}</ShortName>\n"
        f"<Description>{escape(shorten(close_controls(config.description) or title, 1024))}"
        "</Description>\n"
        f'<Url type="text/html" template="{address}"/>\n'
        f"<Language>{config.language}</Language>\n"
        "<InputEncoding>UTF-8</InputEncoding>\n"
        "</OpenSearchDescription>\n"
    )


def oembed(config: Config, width: int | None = None) -> dict[str, object]:
    """Return the document that embeds the live blog in another site (https://oembed.com §2.3.4).

    *width* is the largest possible width, in pixels.
    """
    source = escape(f"{config.url}live.json")
    title = close_controls(config.title)
    link = f'<a href="{escape(config.url)}">{escape(title)}</a>'
    script = f'<script type="module" src="{escape(config.url)}embed.js"></script>'
    return {
        "version": "1.0",
        "type": "rich",
        "provider_name": title,
        "provider_url": config.url,
        "title": title,
        "html": f'<live-blog src="{source}">{link}</live-blog>{script}',
        "width": min(width or 640, 640),
        "height": 800,
        "cache_age": 3600,
    }


def sitemap(base: str, pages: Iterable[tuple[str, date | datetime | None]]) -> str:
    """Return a sitemap: paths, each with its last change or None (https://www.sitemaps.org/)."""
    body = "".join(
        f"<url><loc>{escape(addresses.url(base, path))}</loc>{_last_change(updated)}</url>\n"
        for path, updated in pages
    )
    return _sitemap("urlset", body)


def sitemap_index(base: str, maps: Iterable[tuple[str, date | datetime | None]]) -> str:
    """Return a list of sitemaps: paths, each with its last change or None."""
    body = "".join(
        f"<sitemap><loc>{escape(addresses.url(base, path))}</loc>{_last_change(updated)}"
        "</sitemap>\n"
        for path, updated in maps
    )
    return _sitemap("sitemapindex", body)


def news_sitemap(config: Config, items: Iterable[NewsItem]) -> str:
    """Return the sitemap of what is news, in the form that news search engines read.

    See https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap.
    """
    publication = (
        f"<news:publication><news:name>{escape(close_controls(config.title))}</news:name>"
        f"<news:language>{config.language[:2]}</news:language></news:publication>"
    )
    body = "".join(
        f"<url><loc>{escape(addresses.url(config.url, addresses.entry_path(item.id)))}</loc>"
        f"<news:news>{publication}"
        f"<news:publication_date>{_w3c_date(item.published)}</news:publication_date>"
        f"<news:title>{escape(close_controls(item.title))}</news:title></news:news></url>\n"
        for item in items
    )
    return _sitemap("urlset", body, ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"')


def _last_change(change: date | datetime | None) -> str:
    return f"<lastmod>{_w3c_date(change)}</lastmod>" if change else ""


def _w3c_date(value: date | datetime) -> str:
    if not isinstance(value, datetime):
        return value.isoformat()
    return f"{value.astimezone(UTC).isoformat()[:19]}Z"


def _sitemap(element: str, body: str, namespaces: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{element} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"{namespaces}>\n'
        f"{body}</{element}>\n"
    )


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, with its bidi controls closed."""
    text = close_controls(text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
