"""The lists of entries that are older than their first page: of each tag, and of the key events.

The first page of a list holds its newest entries. If there are more, all of them are on pages by
month as well. A month with many entries has several pages, counted from the oldest entry, so that a
new entry changes the last page only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from msgspec import Struct

from ..model import addresses
from ..pages.live_page import ON_PAGE

Place = tuple[str, str]
"""Position and id of an entry: its place among the entries of a month."""

Month = tuple[str, str]
"""The slug of a list and a month (``2012-07``)."""


class EntryRef(Struct, frozen=True):
    """The id of an entry and the day that shows it: enough to read it from the journal."""

    id: str
    day: date


class ListChange(Struct, frozen=True):
    """What changed in the entries of a list within a month."""

    more: int  #: number of entries that were added, less those that were removed
    since: Place | None  #: the first place at which an entry was added or removed
    edited: frozenset[Place]  #: places of entries that changed and stayed

    @classmethod
    def union(cls, found: Iterable[ListChange]) -> ListChange:
        """Return the changes of several days as one."""
        found = list(found)
        return cls(
            sum(one.more for one in found),
            min((one.since for one in found if one.since), default=None),
            frozenset().union(*(one.edited for one in found)),
        )


def list_changes(
    deleted: Iterable[tuple[Month, Place]], inserted: Iterable[tuple[Month, Place]]
) -> dict[Month, ListChange]:
    """Return what changed in each month of each list."""
    before, after = set(deleted), set(inserted)
    found: dict[Month, list[ListChange]] = {}
    for row in before | after:
        month, place = row
        more = (row in after) - (row in before)
        change = ListChange(more, place if more else None, frozenset(() if more else (place,)))
        found.setdefault(month, []).append(change)
    return {month: ListChange.union(changes) for month, changes in found.items()}


class ListPage(Struct, frozen=True, order=True):
    """A page of a list: of its entries of a month, the first, second … fifty."""

    slug: str  #: of the tag; empty for the key events
    month: str
    number: int  #: from 1, the page with the oldest entries

    @property
    def path(self) -> str:
        """The path of the page."""
        return addresses.list_page_path(self.slug, self.month, self.number)


class ListIndex:
    """Which entry is on which page of a list."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Read the tables of :mod:`.entry_index` in *db*."""
        self._db = db

    def total(self, slug: str) -> int:
        """Return the number of entries of a list."""
        row = self._db.execute("SELECT entries FROM slugs WHERE slug = ?", (slug,)).fetchone()
        return row[0] if row else 0

    def months(self, slug: str) -> dict[str, int]:
        """Map the months of a list, the newest first, to their numbers of entries."""
        query = "SELECT month, COUNT(*) FROM tags WHERE slug = ? GROUP BY month ORDER BY month DESC"
        return dict(self._db.execute(query, (slug,)))

    def count(self, slug: str, month: str) -> int:
        """Return the number of entries of a list in a month."""
        query = "SELECT COUNT(*) FROM tags WHERE slug = ? AND month = ?"
        return int(self._db.execute(query, (slug, month)).fetchone()[0])

    def pages(self, slug: str, month: str) -> list[ListPage]:
        """Return the pages of a month, the oldest first."""
        numbers = range(1, _pages(self.count(slug, month)) + 1)
        return [ListPage(slug, month, number) for number in numbers]

    def all_pages(self) -> Iterator[ListPage]:
        """Yield the pages of all lists that have any, in order."""
        query = (
            "SELECT slug, month, COUNT(*) FROM tags JOIN slugs USING (slug) WHERE entries > ? "
            "GROUP BY slug, month ORDER BY slug, month"
        )
        for slug, month, count in self._db.execute(query, (ON_PAGE,)):
            for number in range(1, _pages(count) + 1):
                yield ListPage(slug, month, number)

    def entries(self, page: ListPage) -> list[EntryRef]:
        """Return the entries of a page, the newest first."""
        query = (
            "SELECT t.id, e.day FROM tags t JOIN entries e ON e.id = t.id "
            "WHERE t.slug = ? AND t.month = ? ORDER BY t.position, t.id LIMIT ? OFFSET ?"
        )
        values = (page.slug, page.month, ON_PAGE, (page.number - 1) * ON_PAGE)
        rows = self._db.execute(query, values).fetchall()
        return [EntryRef(i, date.fromisoformat(day)) for i, day in reversed(rows)]

    def after_first_page(self, slug: str) -> tuple[ListPage, str] | None:
        """Return the page of the newest entry that is not on the first page, and its id."""
        query = (
            "SELECT month, position, id FROM tags WHERE slug = ? "
            "ORDER BY month DESC, position DESC, id DESC LIMIT 1 OFFSET ?"
        )
        row = self._db.execute(query, (slug, ON_PAGE)).fetchone()
        return (self._page_of((slug, row[0]), (row[1], row[2])), row[2]) if row else None

    def older(self, page: ListPage) -> ListPage | None:
        """Return the page with the entries before those of *page*."""
        if page.number > 1:
            return ListPage(page.slug, page.month, page.number - 1)
        month = self._month("MAX(month) FROM tags WHERE slug = ? AND month < ?", page)
        return self.pages(page.slug, month)[-1] if month else None

    def newer(self, page: ListPage) -> ListPage | None:
        """Return the page with the entries after those of *page*."""
        if page.number < _pages(self.count(page.slug, page.month)):
            return ListPage(page.slug, page.month, page.number + 1)
        month = self._month("MIN(month) FROM tags WHERE slug = ? AND month > ?", page)
        return ListPage(page.slug, month, 1) if month else None

    def changed_pages(self, changes: Mapping[Month, ListChange]) -> dict[Month, set[ListPage]]:
        """Return the pages to render in each month that may have other pages than before."""
        found: dict[Month, set[ListPage]] = {}
        for slug in {slug for slug, _ in changes}:
            now = self.total(slug)
            before = now - sum(change.more for (s, _), change in changes.items() if s == slug)
            if now <= ON_PAGE >= before:
                continue
            found |= {month: set() for month in changes if month[0] == slug}
            if now <= ON_PAGE or before <= ON_PAGE:
                for month in self.months(slug):
                    pages = self.pages(slug, month) if now > ON_PAGE else ()
                    found[slug, month] = set(pages)
                continue
            for changed in [month for month in changes if month[0] == slug]:
                for page in self._changed_in(changed, changes[changed]):
                    found.setdefault((slug, page.month), set()).add(page)
        return found

    def _changed_in(self, month: Month, change: ListChange) -> Iterator[ListPage]:
        """Yield the pages of a month whose entries or links changed, and those that link to it."""
        pages = self.pages(*month)
        before = _pages(self.count(*month) - change.more)
        first = self._page_of(month, change.since).number if change.since else len(pages) + 1
        if before != len(pages):
            first = min(first, before, len(pages))
            beside = ListPage(*month, 1), ListPage(*month, max(len(pages), 1))
            yield from filter(None, (self.older(beside[0]), self.newer(beside[1])))
        yield from pages[max(first, 1) - 1 :]
        yield from (self._page_of(month, place) for place in change.edited)

    def _page_of(self, month: Month, place: Place) -> ListPage:
        query = "SELECT COUNT(*) FROM tags WHERE slug = ? AND month = ? AND (position, id) < (?, ?)"
        before = self._db.execute(query, (*month, *place)).fetchone()[0]
        return ListPage(*month, before // ON_PAGE + 1)

    def _month(self, selection: str, page: ListPage) -> str:
        row = self._db.execute(f"SELECT {selection}", (page.slug, page.month)).fetchone()
        return row[0] or ""


def _pages(count: int) -> int:
    return -(-count // ON_PAGE)
