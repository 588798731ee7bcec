"""Structured data of pages for search engines: JSON-LD in the vocabulary of schema.org. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from ..config import Config
from ..model import addresses
from ..model.entry import Media, Revision, pictures_among
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
    if author := now.author or config.author:
        data["author"] = _people([author])
    if now.state == "live":
        data["image"] = _images(config, pictures_among(now.media))
        data["video"] = _films(config, now, "film")
        data["audio"] = _films(config, now, "sound")
    return data


def entry_page(
    config: Config, entry: Entry, posting: dict[str, Any], publisher: dict[str, Any], picture: str
) -> dict[str, Any]:
    """Describe the page of an entry, of which *posting* is the description without its context.

    *picture* is the path of the blog's picture, for an entry that has none.
    """
    return {
        **posting,
        "image": posting.get("image") or [addresses.url(config.url, picture)],
        "mainEntityOfPage": posting["url"],
        "inLanguage": entry.now.lang or config.language,
        "keywords": list(entry.now.tags),
        "isPartOf": _blog(config),
        "publisher": publisher,
    }


def live_blog_posting(
    config: Config,
    coverage: Coverage,
    entries: Sequence[Entry],
    posts: Sequence[dict[str, Any]],
    publisher: dict[str, Any],
    picture: str,
) -> dict[str, Any]:
    """Describe the live page (schema.org LiveBlogPosting); *posts* describe its *entries*.

    *picture* is the path of the blog's picture, if no entry has one.
    """
    framing = coverage.framing
    started = coverage.started.value(config.zone).isoformat() if coverage.started else None
    pictures = (posting["image"] for posting in posts if posting.get("image"))
    return {
        "@type": "LiveBlogPosting",
        "@id": config.url,
        "headline": shorten((framing and framing.headline) or config.title, _HEADLINE),
        "description": _description(config, coverage),
        "url": config.url,
        "mainEntityOfPage": config.url,
        "inLanguage": config.language,
        "datePublished": started,
        "dateModified": coverage.updated and coverage.updated.value(config.zone).isoformat(),
        "coverageStartTime": started,
        "coverageEndTime": coverage.ended and coverage.ended.isoformat(),
        "author": _people(coverage.authors or filter(None, [config.author])),
        "publisher": publisher,
        "image": next(pictures, [addresses.url(config.url, picture)]),
        "liveBlogUpdate": posts,
    }


def _description(config: Config, coverage: Coverage) -> str:
    framing = coverage.framing
    introduction = html_to_text(to_html(framing.introduction)) if framing else ""
    return introduction or config.description


def article(
    config: Config,
    path: str,
    *,
    name: str,
    summary: str,
    authors: Iterable[str],
    period: Period,
    published: Moment,
    updated: Moment,
    pictures: Iterable[Media],
    publisher: dict[str, Any],
    picture: str,
) -> dict[str, Any]:
    """Describe a digest or chapter (schema.org Article); its ``temporalCoverage`` is its *period*.

    *path* is that of its page, *name* its title, *summary* its first words, *updated* the last
    change of anything in it; *pictures* represent it, or else the blog's *picture* (a path).
    """
    url = addresses.url(config.url, path)
    return {
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
        "author": _people(authors),
        "publisher": publisher,
        "image": _images(config, pictures) or [addresses.url(config.url, picture)],
        "isPartOf": _blog(config),
    }


def organization(config: Config, logo: str) -> dict[str, Any]:
    """Describe the blog as a publisher (schema.org Organization); *logo* is a path of the site."""
    address = addresses.url(config.url, logo)
    return {
        "@type": "Organization",
        "name": config.title,
        "url": config.url,
        "logo": {"@type": "ImageObject", "url": address},
    }


def _blog(config: Config) -> dict[str, Any]:
    return {"@type": "Blog", "name": config.title, "url": config.url}


def _people(names: Iterable[str]) -> list[dict[str, Any]]:
    return [{"@type": "Person", "name": name} for name in names]


def _images(config: Config, pictures: Iterable[Media]) -> list[str]:
    paths = (addresses.media_path(media.path) for media in pictures)
    return [addresses.url(config.url, path) for path in paths]


def _films(config: Config, now: Revision, kind: str) -> list[dict[str, Any]]:
    return [
        {
            "@type": "VideoObject" if kind == "film" else "AudioObject",
            "name": shorten(media.alt, _HEADLINE),
            "description": media.caption or media.alt,
            "contentUrl": addresses.url(config.url, addresses.media_path(media.path)),
            "encodingFormat": media.type,
            "duration": f"PT{media.seconds}S",
            "uploadDate": moment_in(now).value(config.zone).isoformat(),
            "thumbnailUrl": _images(config, pictures_among([media])),
        }
        for media in now.media
        if media.kind == kind
    ]


def json_ld(data: dict[str, Any]) -> Markup:
    """Return data as JSON-LD for a script element, without empty values.

    ``<``, ``>`` and ``&`` are escaped, so ``</script>`` and ``<!--`` cannot occur.
    """
    data = {"@context": "https://schema.org", **data}
    text = msgspec.json.encode(close_all_controls(_filled(data))).decode()
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _filled(data: Any) -> Any:
    """Return data without the empty values in it."""
    if isinstance(data, dict):
        filled = {name: _filled(value) for name, value in data.items()}
        return {name: value for name, value in filled.items() if value not in (None, "", [])}
    return list(map(_filled, data)) if isinstance(data, list | tuple) else data
