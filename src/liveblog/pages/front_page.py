"""Renders the front page of a server with several blogs, and its search page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ..config import Config
from ..feeds import Item
from ..model.hashing import blake2b
from ..model.moment import Moment
from ..text.bidi import close_controls
from ..text.locale import Words
from .render import Pages


class Card(Struct, frozen=True):
    """A blog as the front page shows it."""

    config: Config
    path: str  #: on the server: ``/syrie/``
    state: str = ""  #: ``live`` or ``over``; empty before its first publication
    items: Sequence[Item] = ()  #: of its feed, those that changed last first

    @property
    def newest(self) -> Item | None:
        """The item that was published last."""
        return max(self.items, key=lambda item: item.published, default=None)

    @property
    def updated(self) -> Moment | None:
        """When something was published or corrected last."""
        item = next(iter(self.items), None)
        return Moment(item.updated, item.precision) if item else None

    def local(self, address: str) -> str:
        """Return the address of one of its pages on this server, under whatever host."""
        return self.path + address.removeprefix(self.config.url)


class CardView(Struct, frozen=True):
    """The texts of a card in the language of a page."""

    card: Card
    words: Words  #: in the blog's time zone
    direction: str  #: of the blog's language
    updated: str  #: date and time in the blog's time zone
    offset: str  #: of the time zone from UTC; empty for a whole day
    headline: str

    @property
    def mark(self) -> str:
        """What differs whenever an open page has to show something else."""
        texts = (self.card.config.title, self.card.state, self.updated, self.headline)
        return blake2b("\0".join(texts).encode(), digest_size=5).hexdigest()


def front_page(pages: Pages, cards: Sequence[Card], *, is_missing: bool = False) -> bytes:
    """Render the front page in the language of *pages*.

    If *is_missing*, it says that there is nothing at the address that was asked for.
    """
    views = [_view(pages, card) for card in cards]
    has_zones = len({view.offset for view in views if view.offset}) > 1
    values = {"views": views, "has_zones": has_zones, "is_missing": is_missing}
    return pages.page("front_page.html", "", root="/", **values)


def front_search(
    pages: Pages, asked: str, results: Sequence[tuple[Card, Any]], *, is_busy: bool = False
) -> bytes:
    """Render the hits in several blogs, those of each blog together.

    *results* has a :class:`liveblog.search.Found` for each blog.
    """
    found = [(_view(pages, card), found) for card, found in results if found.hits]
    values = {"asked": asked, "results": found, "is_busy": is_busy}
    return pages.page("front_search.html", "search/", root="/", **values)


def _view(pages: Pages, card: Card) -> CardView:
    words = Words(pages.config.language, card.config.zone)
    moment, newest = card.updated, card.newest
    is_timed = moment is not None and moment.precision == "instant"
    return CardView(
        card,
        words,
        Words(card.config.language, card.config.zone).direction,
        words.shown_moment(moment) if moment else "",
        words.offset(moment.instant) if moment and is_timed else "",
        close_controls(newest.title) if newest else "",
    )
