"""The entries of the last two days in the index, of which the news sitemap is made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta

import msgspec
from msgspec import Struct

from ..timeline import Entry

NEWS = timedelta(hours=48)
"""How long an entry is news (https://developers.google.com/search/docs/crawling-indexing/sitemaps)."""

MAX_NEWS = 1_000
"""Maximum number of addresses in a news sitemap."""

SCHEMA = """
CREATE TABLE news (
    id TEXT PRIMARY KEY, day TEXT NOT NULL, published TEXT NOT NULL, title TEXT NOT NULL,
    is_dated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX news_day ON news (day);
CREATE INDEX news_published ON news (published);
"""

TABLES = ("news",)


class NewsItem(Struct, frozen=True):
    """An entry in the news sitemap."""

    id: str
    published: date | datetime  #: the date alone of an entry of a whole day
    title: str


class NewsIndex:
    """The entries that are news, as of the last publication."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use the table of :data:`SCHEMA` in *db*."""
        self._db = db

    def replace_day(
        self,
        day: date,
        entries: Collection[Entry],
        changed_ids: Collection[str],
        now: datetime,
        name: Callable[[Entry], str],
    ) -> None:
        """Replace the news among the *entries* of a day.

        *name* is called for those in *changed_ids* and for those that were no news before; an entry
        without a name is no news.
        """
        known = {row[0] for row in self._db.execute("SELECT id FROM news WHERE day = ?",
                                                    (day.isoformat(),))}  # fmt: skip
        news = {
            entry.id: entry
            for entry in entries
            if entry.now.state == "live" and entry.published > now - NEWS
        }
        gone = known - (news.keys() - set(changed_ids))
        self._db.execute(
            "DELETE FROM news WHERE id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(sorted(gone)).decode(),),
        )
        rows = (
            (
                entry.id,
                entry.day.isoformat(),
                _instant(entry.published),
                title,
                entry.now.precision == "day",
            )
            for entry in news.values()
            if entry.id in changed_ids or entry.id not in known
            if (title := name(entry))
        )
        self._db.executemany("INSERT OR REPLACE INTO news VALUES (?, ?, ?, ?, ?)", rows)

    def newest(self, now: datetime) -> list[NewsItem]:
        """Return the entries that are news at an instant, the newest first; forget all older."""
        since = _instant(now - NEWS)
        self._db.execute("DELETE FROM news WHERE published <= ?", (since,))
        query = (
            "SELECT id, day, published, title, is_dated FROM news "
            "ORDER BY published DESC, id DESC LIMIT ?"
        )
        return [
            NewsItem(
                entry_id,
                date.fromisoformat(day) if is_dated else datetime.fromisoformat(published),
                title,
            )
            for entry_id, day, published, title, is_dated in self._db.execute(query, (MAX_NEWS,))
        ]


def _instant(instant: datetime) -> str:
    """Return an instant as text whose order is that of time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
