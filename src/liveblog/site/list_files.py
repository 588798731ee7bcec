"""The page of the key events, and the pages of the older entries of tags and key events."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from msgspec import Struct

from ..model import addresses
from ..pages.data import ListPlace, NavigationLink, OlderEntries, Tag
from ..pages.lists import key_events_page, list_page
from ..pages.live_page import ON_PAGE
from .list_index import EntryRef, ListPage
from .writer import Context


class _Read(Struct, frozen=True):
    """A page of older entries; one that did not change has nothing to render."""

    path: str
    place: ListPlace | None = None
    refs: Sequence[EntryRef] = ()


class ListFiles:
    """Writes the pages of lists of entries, other than the first page of a tag.

    The index is queried by the methods that return something, which another process cannot call.
    """

    def __init__(self, context: Context) -> None:
        """Write what *context* holds."""
        self._context = context
        self._index = context.index
        self._pages = context.pages

    def older(self, slug: str) -> OlderEntries | None:
        """Return the links from the first page of a list to the entries that it has no room for."""
        found = self._index.lists.after_first_page(slug)
        if not found:
            return None
        page, entry_id = found
        months = [
            (self._link(ListPage(slug, month, -(-count // ON_PAGE))), count)
            for month, count in self._index.lists.months(slug).items()
        ]
        return OlderEntries(self._link(page, f"e-{entry_id}"), months)

    def read(self, page: ListPage, changed: Collection[ListPage]) -> _Read:
        """Return what a page shows, if it is among those that *changed*."""
        path = f"{page.path}index.html"
        if page not in changed:
            return _Read(path)
        lists = self._index.lists
        name, _ = self._index.entries.tag(page.slug)
        older, newer = lists.older(page), lists.newer(page)
        first = NavigationLink(addresses.list_path(page.slug), "")
        place = ListPlace(
            tag=Tag(page.slug, name) if page.slug else None,
            name=self._name(page),
            first=first,
            older=self._link(older) if older else None,
            newer=self._link(newer) if newer else first,
        )
        return _Read(path, place, lists.entries(page))

    def month(self, pages: Sequence[_Read]) -> None:
        """Write the pages of a month that changed; the others stay."""
        for page in pages:
            if page.place is None:
                self._context.writer.output.keep(page.path)
            else:
                self._list_page(page.path, page.place, page.refs)

    def _list_page(self, path: str, place: ListPlace, refs: Sequence[EntryRef]) -> None:
        entries = self._context.queries.entries(refs)
        self._context.writer.page(
            path,
            lambda substitute: list_page(self._pages, path, place, substitute(entries)),
            entries,
        )

    def key_events(self, refs: Sequence[EntryRef], total: int, older: OlderEntries | None) -> None:
        """Write the page of the key events with the newest of them, of *total* ones."""
        if not total:
            return
        entries = self._context.queries.entries(refs)
        self._context.writer.page(
            f"{addresses.KEY_EVENTS}index.html",
            lambda substitute: key_events_page(self._pages, substitute(entries), total, older),
            entries,
        )

    def _link(self, page: ListPage, anchor: str = "") -> NavigationLink:
        return NavigationLink(page.path, self._name(page), anchor=anchor)

    def _name(self, page: ListPage) -> str:
        return self._pages.words.month(date.fromisoformat(f"{page.month}-01"))
