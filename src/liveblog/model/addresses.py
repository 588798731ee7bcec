"""Where things stand on the site: paths and addresses, made from ids alone.

A permalink depends on the entry's id, never on its title, its place in time or a setting.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from . import limits
from .entry import ID_ALPHABET, MEDIA_PATH, id_letters
from .period import Period

FORMATS = {
    "atom.xml": "application/atom+xml",
    "rss.xml": "application/rss+xml",
    "feed.json": "application/feed+json",
}
"""The files of a feed, the preferred one first, with their media types."""


def day_path(of: date) -> str:
    """``2012/07/15/``."""
    return f"{of.year:04}/{of.month:02}/{of.day:02}/"


def month_path(of: date) -> str:
    """``2012/07/``."""
    return f"{of:%Y/%m}/"


def week_path(period: Period) -> str:
    """``2012/W29/``."""
    return period.id.replace("-", "/") + "/"


def period_path(period: Period) -> str:
    """Return the page of a day or week; a range, which has no page, leads to its first day."""
    return week_path(period) if period.kind == "week" else day_path(period.start)


@lru_cache(maxsize=1024)  # an entry is linked from everything that shows it
def entry_path(entry_id: str) -> str:
    """``2012/07/15/7k3m9qx2tb/``."""
    return f"{entry_id[:4]}/{entry_id[4:6]}/{entry_id[6:8]}/{id_letters(entry_id)}/"


def tag_path(tag_slug: str) -> str:
    """``tags/damas/``, as it stands on disk; see :func:`url`."""
    return f"tags/{tag_slug}/"


def media_path(path: str) -> str:
    """``media/2012/07/map-1f0c.png``."""
    return f"media/{path}"


@lru_cache(maxsize=4096)  # to quote a path takes longer than anything else with it
def url(base: str, path: str) -> str:
    """Return the address of a path of the site; *base* ends in a slash or is a way up (``../``)."""
    return base + quote(path)


def path_to_root(path: str) -> str:
    """Return the way from a page up to the site's root: ``../../`` or ``./``."""
    return "../" * path.count("/") or "./"


def entry_urn(blog_id: str, entry_id: str) -> str:
    """Return an entry's Atom id (RFC 4151), which no change of address or title touches."""
    return f"{blog_id}/{entry_id}"


def feed_urn(blog_id: str, name: str) -> str:
    """Return a feed's own Atom id; the main feed's *name* is empty."""
    return f"{blog_id}/feed/{quote(name)}" if name else blog_id


def digest_urn(blog_id: str, period: Period) -> str:
    """Return a digest's Atom id, its own and no entry's: readers merge entries by id."""
    return f"{blog_id}/digest/{period.id}"


_FEED = f"(?:{'|'.join(map(re.escape, FORMATS))})"
_DAY = r"\d{4}/\d\d/\d\d"
_OURS = re.compile(
    "|".join(
        (
            r"assets/(?:[^/]+/)*[^/]*\.[0-9a-f]{10}(?:\.[^./]+)?",
            r"embed\.js|404\.html|oembed\.json|opensearch\.xml|search/index\.html",
            rf"media/{MEDIA_PATH.pattern}",
            rf"tags/[^/]+/(?:index\.html|{_FEED})",
            rf"(?:daily/|weekly/|){_FEED}",
            r"\d{4}/index\.html",
            r"\d{4}/W\d\d/index\.(?:html|md|txt)",
            r"\d{4}/\d\d/search\.json",
            rf"{_DAY}/[{ID_ALPHABET}]{{10}}/index\.html",
            rf"{_DAY}/(?:index\.(?:html|md|txt)|sitemap\.xml|{_FEED})",
            r"index\.html|live\.json|search\.json|figures\.csv|sitemap(?:-pages)?\.xml",
        )
    )
)
_ENTRY = re.compile(rf"(\d{{4}})/(\d\d)/(\d\d)/([{ID_ALPHABET}]{{10}})/index\.html")
_LANDING = re.compile(
    r"(assets/|search/|embed\.js|404\.html|oembed\.json|opensearch\.xml)"
    r"|(media/)"
    r"|(tags/|daily/|weekly/|\d{4}/index\.html|\d{4}/W\d\d/)"
    rf"|({_DAY}/[^/.]+/)"
    r"|(\d{4}/)"
    r"|((?!index\.html))"
    r"|(index\.html)"
)


def is_generated(path: str) -> bool:
    """Whether a path of the site is one that this program makes: what it leaves there goes too."""
    return _OURS.fullmatch(path) is not None


def entry_id_at(path: str) -> str:
    """Return the id of the entry whose page is at a path; nothing if it is no such page."""
    match = _ENTRY.fullmatch(path)
    return f"{match[1]}{match[2]}{match[3]}-{match[4]}" if match else ""


def publication_order(path: str) -> int:
    """Return when a file, or a new folder (its path ends in a slash), lands among others.

    What is linked to comes before what links to it, as far as that can be: what every page needs;
    pictures; tags, weeks and years; entries; days; feeds and lists; the live page.
    """
    match = _LANDING.match(path)
    return match.lastindex or 0 if match else 0


def web_address(url: str) -> str:
    """Return an address of the web; nothing for any other, whose link could act."""
    return url if url.startswith(("https://", "http://")) else ""


def split(address: str) -> SplitResult:
    """Take an address from outside apart.

    Raises :class:`ValueError` if it is none, or longer than an address may be: Python looks at a
    host's letters in a time that grows with the square of their number.
    """
    if len(address) > limits.ADDRESS:
        raise ValueError("it is too long")
    return urlsplit(address)


def host(address: str) -> str:
    """Return the host of an address from outside; nothing if it is no address."""
    try:
        return split(address).hostname or ""
    except ValueError:
        return ""


def join(base: str, address: str) -> str:
    """Return an address from outside as it stands on a page at *base*.

    Raises :class:`ValueError` as :func:`split` does.
    """
    for each in (base, address):
        split(each)
    return urljoin(base, address)
