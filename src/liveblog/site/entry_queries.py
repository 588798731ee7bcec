"""What can be asked of the entries in the index: see :mod:`.entry_index`, which writes them."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime

from .days import NonEmptyDays
from .list_index import EntryRef


class EntryQueries:
    """The entries that the site shows, to be read."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use the tables of :data:`SCHEMA` in *db*."""
        self._db = db
        self._days: tuple[int, NonEmptyDays] | None = None

    def forget_days(self) -> None:
        """Read the list of days again next time: a transaction was rolled back."""
        self._days = None

    def figures(self) -> str:
        """Return the lines of CSV with the figures of all days, in order."""
        return "".join(row[0] for row in self._db.execute("SELECT csv FROM figures ORDER BY day"))

    def non_empty_days(self) -> NonEmptyDays:
        """Return the days that are not empty; the same object until one of them changes."""
        # The version changes with another publisher's commit.
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if self._days is None or self._days[0] != version:
            rows = self._db.execute("SELECT day, headline FROM days ORDER BY day")
            self._days = (
                version,
                NonEmptyDays((date.fromisoformat(day), line) for day, line in rows),
            )
        return self._days[1]

    def days_displaying(self, home: date) -> set[date]:
        """Return the other days that show, or showed, entries whose ids are of the day *home*."""
        where = "WHERE id BETWEEN :first AND :last AND day <> :home"
        rows = self._db.execute(
            f"SELECT day FROM entries {where} UNION SELECT day FROM removals {where}",
            {"first": f"{home:%Y%m%d}-", "last": f"{home:%Y%m%d}-~", "home": home.isoformat()},
        )
        return {date.fromisoformat(row[0]) for row in rows}

    def days_of(self, entry_id: str) -> set[date]:
        """Return the day that shows an entry, if any."""
        rows = self._db.execute("SELECT day FROM entries WHERE id = ?", (entry_id,))
        return {date.fromisoformat(row[0]) for row in rows}

    def newest(self, limit: int) -> list[EntryRef]:
        """Return the newest entries, the newest first."""
        return self._refs(
            "SELECT id, day FROM entries ORDER BY position DESC, id DESC LIMIT ?", limit
        )

    def last_updated(self, limit: int) -> list[EntryRef]:
        """Return the entries that were posted or corrected last, the last first."""
        return self._refs(
            "SELECT id, day FROM entries ORDER BY updated DESC, position DESC, id DESC LIMIT ?",
            limit,
        )

    def keys(self, limit: int) -> list[EntryRef]:
        """Return the newest key entries, the newest first."""
        return self._refs(
            "SELECT id, day FROM entries WHERE key ORDER BY position DESC, id DESC LIMIT ?", limit
        )

    def pinned(self, limit: int) -> list[EntryRef]:
        """Return the newest pinned entries, the newest first."""
        return self._refs(
            "SELECT id, day FROM entries WHERE pinned ORDER BY position DESC, id DESC LIMIT ?",
            limit,
        )

    def tagged(self, tag_slug: str, limit: int) -> list[EntryRef]:
        """Return the newest entries of a tag, the newest first."""
        return self._refs(
            "SELECT t.id, e.day FROM tags t JOIN entries e ON e.id = t.id WHERE t.slug = ? "
            "ORDER BY t.month DESC, t.position DESC, t.id DESC LIMIT ?",
            tag_slug,
            limit,
        )

    def count_updated_since(self, instant: datetime) -> int:
        """Return how many entries were posted or corrected since an instant."""
        return self._number("entries WHERE updated >= ?", sortable(instant))

    def removals(self, limit: int) -> list[tuple[str, datetime]]:
        """Return the entries that were removed last, with the instant, the last first."""
        query = "SELECT id, at FROM removals ORDER BY at DESC, id LIMIT ?"
        rows = self._db.execute(query, (limit,))
        return [(entry_id, datetime.fromisoformat(at)) for entry_id, at in rows]

    def count_removed_since(self, instant: datetime) -> int:
        """Return how many entries were removed since an instant."""
        return self._number("removals WHERE at >= ?", sortable(instant))

    def changed_in(self, day: date) -> list[EntryRef]:
        """Return the entries that appeared, changed or were removed in a day."""
        return self._refs("SELECT id, shown FROM changes WHERE day = ?", day.isoformat())

    def change_before(self, day: date) -> date | None:
        """Return the last day before *day* in which an entry appeared or changed."""
        return self._day("SELECT MAX(day) FROM changes WHERE day < ?", day)

    def change_after(self, day: date) -> date | None:
        """Return the first day after *day* in which an entry appeared or changed."""
        return self._day("SELECT MIN(day) FROM changes WHERE day > ?", day)

    def _day(self, query: str, day: date) -> date | None:
        name = self._db.execute(query, (day.isoformat(),)).fetchone()[0]
        return date.fromisoformat(name) if name else None

    def tag(self, tag_slug: str) -> tuple[str, int]:
        """Return a tag's name as it was first written, and its number of entries."""
        row = self._db.execute(
            "SELECT name, entries FROM tags JOIN slugs USING (slug) "
            "WHERE slug = ? ORDER BY month, position, id LIMIT 1",
            (tag_slug,),
        ).fetchone()
        return (row[0], row[1]) if row else ("", 0)

    def topic_at(self, tag_slug: str) -> str:
        """Return the slug of the topic that a tag's address shows; an empty string for none.

        It is the topic with this slug. If there is none, it is the first one that had the slug
        before signs counted, so that an address leads where it did.
        """
        if self._db.execute("SELECT 1 FROM slugs WHERE slug = ?", (tag_slug,)).fetchone():
            return tag_slug
        query = "SELECT topic FROM earlier_slugs WHERE slug = ? ORDER BY position, id LIMIT 1"
        row = self._db.execute(query, (tag_slug,)).fetchone()
        return row[0] if row else ""

    def tag_addresses(self) -> list[str]:
        """Return the slug of every tag in use, and those that topics had earlier, in order."""
        query = (
            "SELECT slug FROM slugs WHERE slug <> '' "
            "UNION SELECT slug FROM earlier_slugs ORDER BY slug"
        )
        return [row[0] for row in self._db.execute(query)]

    def tags(self) -> list[str]:
        """Return the slug of every tag in use, in order."""
        query = "SELECT slug FROM slugs WHERE slug <> '' ORDER BY slug"
        return [row[0] for row in self._db.execute(query)]

    def most_used_tags(self, limit: int) -> list[str]:
        """Return the slugs of the tags with most entries, the most used first."""
        query = "SELECT slug FROM slugs WHERE slug <> '' ORDER BY entries DESC, slug LIMIT ?"
        return [row[0] for row in self._db.execute(query, (limit,))]

    def tag_dates(self) -> list[tuple[str, date]]:
        """Return the slug of every list and the date of its last change in UTC, in order."""
        query = "SELECT slug, changed FROM slugs ORDER BY slug"
        return [(name, date.fromisoformat(changed)) for name, changed in self._db.execute(query)]

    def day_dates(self) -> dict[date, date | None]:
        """Map the non-empty days to the dates of their last change in UTC, in order."""
        rows = self._db.execute("SELECT day, changed FROM days ORDER BY day")
        return {
            date.fromisoformat(day): date.fromisoformat(changed) if changed else None
            for day, changed in rows
        }

    def oldest(self, limit: int) -> list[EntryRef]:
        """Return the oldest entries, the oldest first."""
        return self._refs("SELECT id, day FROM entries ORDER BY position, id LIMIT ?", limit)

    def count_in(self, day: date) -> int:
        """Return how many entries a day shows."""
        return self._number("entries WHERE day = ?", day.isoformat())

    def last_change(self) -> datetime | None:
        """Return the instant of the newest update or correction."""
        row = self._db.execute("SELECT MAX(updated) FROM entries").fetchone()
        return datetime.fromisoformat(row[0]) if row and row[0] else None

    def _number(self, rows: str, value: str) -> int:
        """Return the number of *rows*: a table, and a condition on *value*."""
        count: int = self._db.execute(f"SELECT COUNT(*) FROM {rows}", (value,)).fetchone()[0]
        return count

    def _refs(self, query: str, *values: object) -> list[EntryRef]:
        return [EntryRef(i, date.fromisoformat(day)) for i, day in self._db.execute(query, values)]


def sortable(instant: datetime) -> str:
    """Return an instant as text whose order is that of time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
