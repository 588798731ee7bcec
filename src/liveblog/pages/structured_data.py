"""Structured data of pages for search engines: JSON-LD in the vocabulary of schema.org. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from ..config import Config
from ..model import addresses
from ..model.chapter import Chapter
from ..model.moment import Moment, moment_in, updated_in
from ..model.period import Period
from ..text.bidi import close_all_controls
from ..text.fragments import html_to_text
from ..text.markup import to_html
from ..text.plain import shorten
from ..timeline import Entry
from .data import Coverage

_HEADLINE = 110
"""Maximum number of characters of a headline, as Google recommends."""

_BODY = 500
"""Maximum number of characters of an entry's text."""


def blog_posting(config: Config, entry: Entry, name: str, text: str) -> dict[str, Any]:
    """Describe an entry (schema.org BlogPosting).

    *name* is its title or first words, *text* its plain text.
    """
    now = entry.now
    url = addresses.url(config.url, addresses.entry_path(entry.id))
    data: dict[str, Any] = {
        "@type": "BlogPosting",
        "@id": url,
        "headline": shorten(name, _HEADLINE),
        "articleBody": shorten(text, _BODY),
        "datePublished": moment_in(now).value(config.zone).isoformat(),
        "dateModified": updated_in(now).value(config.zone).isoformat(),
        "url": url,
    }
    if name := now.author or config.author:
        data["author"] = {"@type": "Person", "name": name}
    if now.media and now.state == "live":
        paths = (addresses.media_path(media.path) for media in now.media)
        data["image"] = [addresses.url(config.url, path) for path in paths]
    return data


def live_blog_posting(
    config: Config, coverage: Coverage, entries: Sequence[Entry], posts: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Describe the live page (schema.org LiveBlogPosting); *posts* describe its *entries*."""
    framing = coverage.framing
    first = min((entry.now for entry in entries), key=lambda now: now.published, default=None)
    return {
        "@type": "LiveBlogPosting",
        "headline": (framing and framing.headline) or config.title,
        "description": html_to_text(to_html(framing.introduction)) if framing else "",
        "url": config.url,
        "inLanguage": config.language,
        "coverageStartTime": first and moment_in(first).value(config.zone).isoformat(),
        "coverageEndTime": coverage.ended and coverage.ended.isoformat(),
        "dateModified": coverage.updated and coverage.updated.value(config.zone).isoformat(),
        "author": [{"@type": "Person", "name": name} for name in coverage.authors],
        "liveBlogUpdate": posts,
    }


def article(
    config: Config,
    chapter: Chapter,
    *,
    name: str,
    summary: str,
    authors: Sequence[str],
    period: Period,
    published: Moment,
    updated: Moment,
) -> dict[str, Any]:
    """Describe a chapter (schema.org Article); its ``temporalCoverage`` is its *period*.

    *name* is its title, *summary* its first words, *updated* the last change of anything in it.
    """
    url = addresses.url(config.url, addresses.chapter_path(chapter.slug))
    data: dict[str, Any] = {
        "@type": "Article",
        "@id": url,
        "headline": shorten(name, _HEADLINE),
        "description": summary,
        "datePublished": published.value(config.zone).isoformat(),
        "dateModified": updated.value(config.zone).isoformat(),
        "url": url,
        "mainEntityOfPage": url,
        "inLanguage": config.language,
        "temporalCoverage": f"{period.start}/{period.end}",
        "author": [{"@type": "Person", "name": author} for author in authors],
        "isPartOf": {"@type": "Blog", "name": config.title, "url": config.url},
    }
    if chapter.picture and chapter.state == "live":
        path = addresses.media_path(chapter.picture.path)
        data["image"] = [addresses.url(config.url, path)]
    return data


def json_ld(data: dict[str, Any]) -> Markup:
    """Return data as JSON-LD for a script element, without empty values.

    ``<``, ``>`` and ``&`` are escaped, so ``</script>`` and ``<!--`` cannot occur.
    """
    data = {"@context": "https://schema.org", **data}
    filled = {name: value for name, value in data.items() if value not in (None, "", [])}
    text = msgspec.json.encode(close_all_controls(filled)).decode()
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
