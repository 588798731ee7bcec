"""Renders a digest for where no page of the site is: in one HTML file, in a mail, in a book."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from markupsafe import Markup

from ..digest import Digest, authors
from ..model import addresses
from ..model.entry import Media, pictures_among
from ..text.fragments import ROOT, link_films, raise_headings, set_picture_sizes, with_root
from ..timeline import Entry
from . import digests
from .render import Pages

MAIL_PICTURE = 560
"""Maximum width of a picture in an e-mail, in pixels."""


def standalone(pages: Pages, digest: Digest, *, style: str, picture: Callable[[Media], str]) -> str:
    """Render a digest as one HTML file without references to others.

    *style* is CSS; *picture* returns the address of a picture, such as a data: URL.
    """
    html = pages.render(
        "standalone.html",
        digest=digest,
        authors=authors(digest),
        style=Markup(style),
        pages=pages,
        root=pages.config.url,
    )
    pictures = {
        addresses.url(ROOT, addresses.media_path(media.path)): media for media in digest.pictures
    }
    html = re.sub(
        rf'(?<= src=")({re.escape(ROOT)}[^"]*)(?=")',
        lambda match: picture(pictures[match[1]]) if match[1] in pictures else match[1],
        link_films(html),
    )
    return with_root(html, pages.config.url)


def mail_html(pages: Pages, digest: Digest, **values: Any) -> str:
    """Render a digest as the HTML part of an e-mail; its addresses are absolute."""

    def content(entry: Entry) -> Markup:
        shown = link_films(str(digests.without_lead(pages.content(entry), digest)))
        if digest.period.kind == "day":
            shown = raise_headings(shown)  # the day has no heading of its own
        return _with_mail_sizes(shown, pictures_among(entry.now.media))

    lead = Markup()
    if digest.lead:
        figure = pages.fragment("lead", picture=digest.lead)
        lead = _with_mail_sizes(figure, [digest.lead])
    html = pages.render(
        "mail.html",
        digest=digest,
        authors=authors(digest),
        lead=lead,
        content=content,
        pages=pages,
        **values,
    )
    return with_root(html, pages.config.url)


def book_day(pages: Pages, digest: Digest) -> str:
    """Render a day as a chapter of a book (XHTML); its addresses begin with ROOT."""
    return link_films(pages.fragment("chapter", digest=digest))


def _with_mail_sizes(fragment: str, pictures: Iterable[Media]) -> Markup:
    """Return a fragment whose *pictures* have their size in a mail."""
    sizes = {addresses.media_path(m.path): (m.width, m.height) for m in pictures}
    return Markup(set_picture_sizes(fragment, sizes, MAIL_PICTURE))
