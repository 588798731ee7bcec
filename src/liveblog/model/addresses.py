"""Paths and addresses of the site, and functions for addresses from outside.

A permalink depends on the entry's id only, not on its title, its time or a setting.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from . import limits
from .entry import ID_ALPHABET, MEDIA_PATH, Media, id_letters
from .period import Period

FORMATS = {
    "atom.xml": "application/atom+xml",
    "rss.xml": "application/rss+xml",
    "feed.json": "application/feed+json",
}
"""Media types of the files of a feed; the preferred file comes first."""


def day_path(day: date) -> str:
    """Return the path of a day: ``2012/07/15/``."""
    return f"{day.year:04}/{day.month:02}/{day.day:02}/"


def month_path(day: date) -> str:
    """Return the path of the month of a day: ``2012/07/``."""
    return f"{day:%Y/%m}/"


def week_path(period: Period) -> str:
    """Return the path of a week: ``2012/W29/``."""
    return period.id.replace("-", "/") + "/"


def period_path(period: Period) -> str:
    """Return the path of a day or week; for a range, which has no page, that of its first day."""
    return week_path(period) if period.kind == "week" else day_path(period.start)


@lru_cache(maxsize=1024)  # everything that shows an entry links to it
def entry_path(entry_id: str) -> str:
    """Return the path of an entry: ``2012/07/15/7k3m9qx2tb/``."""
    return f"{entry_id[:4]}/{entry_id[4:6]}/{entry_id[6:8]}/{id_letters(entry_id)}/"


def tag_path(tag_slug: str) -> str:
    """Return the path of a tag, not percent-encoded: ``tags/damas/``."""
    return f"tags/{tag_slug}/"


KEY_EVENTS = "key-events/"
"""The path of the page of all key events."""


def list_path(tag_slug: str) -> str:
    """Return the path of a tag; of the page of all key events if the slug is empty."""
    return tag_path(tag_slug) if tag_slug else KEY_EVENTS


def list_page_path(tag_slug: str, month: str, number: int) -> str:
    """Return the path of a page with older entries of a list: ``tags/damas/2012-07/2/``."""
    return f"{list_path(tag_slug)}{month}/" + (f"{number}/" if number > 1 else "")


CHAPTERS = "chapters/"
"""The path of the list of chapters, and of their feeds."""


SUBSCRIBE = "subscribe/"
"""The path of the page that explains the feeds and shows their addresses."""


def chapter_path(chapter_slug: str) -> str:
    """Return the path of a chapter, not percent-encoded: ``chapters/la-semaine/``."""
    return f"{CHAPTERS}{chapter_slug}/"


CARD = "card.png"
"""The path of the picture for sharing that is drawn if the blog has none."""


def media_path(path: str) -> str:
    """Return the path on the site of a file below ``entries/media/``."""
    return f"media/{path}"


SMALLER_WIDTHS = (480, 960)
"""Widths of the smaller files of a picture, in pixels."""

_WITH_SMALLER = frozenset(("image/jpeg", "image/png", "image/webp"))


def smaller_pictures(media: Media) -> list[tuple[int, str]]:
    """Return width and path (below ``media/`` on the site) of the smaller files of a picture.

    They are made when the picture is published, and their names are those of its bytes.
    """
    stem = media.path.rpartition(".")[0]
    widths = SMALLER_WIDTHS if media.type in _WITH_SMALLER else ()
    return [(width, f"{stem}-{width}.webp") for width in widths if width < media.width]


@lru_cache(maxsize=4096)  # quoting is slow
def url(base: str, path: str) -> str:
    """Return the address of a path of the site; *base* ends in a slash or is empty."""
    return base + quote(path)


def path_to_root(path: str) -> str:
    """Return the relative path from a page to the site's root: ``../../`` or ``./``."""
    return "../" * path.count("/") or "./"


def entry_urn(blog_id: str, entry_id: str) -> str:
    """Return an entry's Atom id, a tag: URI (RFC 4151) that does not change with its address."""
    return f"{blog_id}/{entry_id}"


def feed_urn(blog_id: str, name: str) -> str:
    """Return the Atom id of a feed; *name* is empty for the main feed."""
    return f"{blog_id}/feed/{quote(name)}" if name else blog_id


def digest_urn(blog_id: str, period: Period) -> str:
    """Return the Atom id of a digest; feed readers merge entries with the same id."""
    return f"{blog_id}/digest/{period.id}"


def chapter_urn(blog_id: str, chapter_slug: str) -> str:
    """Return a chapter's Atom id, a tag: URI (RFC 4151) that does not change with its address."""
    return f"{blog_id}/chapter/{quote(chapter_slug)}"


_FEED = f"(?:{'|'.join(map(re.escape, FORMATS))})"
_DAY = r"\d{4}/\d\d/\d\d"
_SMALLER = re.compile(
    rf"media/(?:{_DAY}/[{ID_ALPHABET}]{{10}}|chapters/[^/]+)-[0-9a-f]{{10}}"
    rf"-(?:{'|'.join(map(str, SMALLER_WIDTHS))})\.webp"
)
_GENERATED = re.compile(
    "|".join(
        (
            r"assets/(?:[^/]+/)*[^/]*\.[0-9a-f]{10}(?:\.[^./]+)?",
            r"embed\.js|404\.html|oembed\.json|opensearch\.xml|(?:search|subscribe)/index\.html",
            r"card\.png",
            rf"media/{MEDIA_PATH.pattern}|media/chapters/[^/]+-[0-9a-f]{{10}}\.[a-z0-9]{{2,4}}",
            _SMALLER.pattern,
            rf"tags/[^/]+/{_FEED}|(?:tags/[^/]+|key-events)/(?:\d{{4}}-\d\d/(?:\d+/)?)?index\.html",
            rf"(?:daily/|weekly/|chapters/|){_FEED}",
            r"chapters/(?:index\.html|search\.json|[^/]+/index\.(?:html|md|txt))",
            r"\d{4}/index\.html",
            r"\d{4}/W\d\d/index\.(?:html|md|txt)",
            r"\d{4}/\d\d/search\.json",
            rf"{_DAY}/[{ID_ALPHABET}]{{10}}/index\.html",
            rf"{_DAY}/(?:index\.(?:html|md|txt)|sitemap\.xml|{_FEED})",
            r"index\.html|live\.json|search\.json|figures\.csv|sitemap(?:-pages|-news)?\.xml",
        )
    )
)
_ENTRY = re.compile(rf"(\d{{4}})/(\d\d)/(\d\d)/([{ID_ALPHABET}]{{10}})/index\.html")
_CHAPTER = re.compile(r"chapters/([^/]+)/index\.html")
_PUBLICATION_ORDER = re.compile(
    r"(assets/|card\.png|search/|subscribe/|embed\.js|404\.html|oembed\.json|opensearch\.xml)"
    r"|(media/)"
    r"|(tags/|key-events/|daily/|weekly/|chapters/|\d{4}/index\.html|\d{4}/W\d\d/)"
    rf"|({_DAY}/[^/.]+/)"
    r"|(\d{4}/)"
    r"|((?!index\.html))"
    r"|(index\.html)"
)


def is_generated(path: str) -> bool:
    """Whether liveblog generates the file at a path of the site, and so may delete it."""
    return _GENERATED.fullmatch(path) is not None


def is_made_picture(path: str) -> bool:
    """Whether a path is that of a picture that the publisher makes: a smaller one, or the card."""
    return path == CARD or _SMALLER.fullmatch(path) is not None


def entry_id_at(path: str) -> str:
    """Return the id of the entry whose page is at a path, or an empty string."""
    match = _ENTRY.fullmatch(path)
    return f"{match[1]}{match[2]}{match[3]}-{match[4]}" if match else ""


def chapter_at(path: str) -> str:
    """Return the slug of the chapter whose page is at a path, or an empty string."""
    match = _CHAPTER.fullmatch(path)
    return match[1] if match else ""


def publication_order(path: str) -> int:
    """Return a number by which files and new folders are sorted for publication, the least first.

    The path of a folder ends in a slash. Files are published before the pages that link to them, as
    far as possible: assets; pictures; tags, key events, chapters, weeks and years; entries; days;
    feeds and other lists; the live page.
    """
    match = _PUBLICATION_ORDER.match(path)
    return match.lastindex or 0 if match else 0


def web_address(url: str) -> str:
    """Return an HTTP address; for any other, which could be active, an empty string."""
    return url if url.startswith(("https://", "http://")) else ""


def split(address: str) -> SplitResult:
    """Split an address from outside into its parts.

    Raises :class:`ValueError` for an invalid address and for one longer than
    :data:`limits.ADDRESS`: the time that Python takes grows with the square of a host's length.
    """
    if len(address) > limits.ADDRESS:
        raise ValueError("it is too long")
    return urlsplit(address)


def host(address: str) -> str:
    """Return the host of an address from outside, or an empty string for an invalid one."""
    try:
        return split(address).hostname or ""
    except ValueError:
        return ""


def join(base: str, address: str) -> str:
    """Resolve an address from outside that a page at *base* contains.

    Raises :class:`ValueError` as :func:`split` does.
    """
    for part in (base, address):
        split(part)
    return urljoin(base, address)
