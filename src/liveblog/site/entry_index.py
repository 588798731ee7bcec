"""The entries in the index: the newest, those of a tag, those that changed in a day."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo

import msgspec
from msgspec import Struct

from ..model.entry import id_day, slug
from ..model.period import local_day
from ..model.topics import topic_slug
from ..timeline import Entry
from .days import NonEmptyDays
from .list_index import EntryRef, ListChange, Month, Place, list_changes

SCHEMA = """
CREATE TABLE days (
    day TEXT PRIMARY KEY, headline TEXT NOT NULL, changed TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE entries (
    id TEXT PRIMARY KEY, day TEXT NOT NULL, mark BLOB NOT NULL, author TEXT NOT NULL,
    position TEXT NOT NULL, updated TEXT NOT NULL, key INTEGER NOT NULL, pinned INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX entries_day ON entries (day);
CREATE INDEX entries_position ON entries (position, id);
CREATE INDEX entries_updated ON entries (updated, position, id);
CREATE INDEX entries_key ON entries (position, id) WHERE key;
CREATE INDEX entries_pinned ON entries (position, id) WHERE pinned;
CREATE TABLE tags (
    slug TEXT NOT NULL, month TEXT NOT NULL, position TEXT NOT NULL, id TEXT NOT NULL,
    name TEXT NOT NULL, updated TEXT NOT NULL, PRIMARY KEY (slug, month, position, id)
) WITHOUT ROWID;
CREATE INDEX tags_id ON tags (id);
CREATE INDEX tags_updated ON tags (slug, updated);
CREATE TABLE earlier_slugs (
    slug TEXT NOT NULL, position TEXT NOT NULL, id TEXT NOT NULL, topic TEXT NOT NULL,
    PRIMARY KEY (slug, position, id, topic)
) WITHOUT ROWID;
CREATE INDEX earlier_slugs_id ON earlier_slugs (id);
CREATE TABLE slugs (
    slug TEXT PRIMARY KEY, entries INTEGER NOT NULL, changed TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX slugs_entries ON slugs (entries DESC, slug);
CREATE TABLE figures (day TEXT PRIMARY KEY, csv TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE removals (id TEXT PRIMARY KEY, day TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX removals_at ON removals (at, id);
CREATE TABLE changes (
    day TEXT NOT NULL, id TEXT NOT NULL, shown TEXT NOT NULL, PRIMARY KEY (day, id)
) WITHOUT ROWID;
CREATE INDEX changes_id ON changes (id);
"""

TABLES = ("days", "entries", "tags", "earlier_slugs", "slugs", "figures", "removals", "changes")

KEY_EVENTS = ""
"""What the key events, which are listed as the entries of a tag are, have in place of a slug."""


class Invalidation(Struct, frozen=True):
    """What shows entries that changed, and has to be rendered again."""

    tags: frozenset[str]  #: slugs
    archives: frozenset[date]  #: the days in which they appeared or changed
    homes: frozenset[date]  #: the days of their ids, where another day shows them
    lists: Mapping[Month, ListChange]  #: what changed in the lists of tags and of the key events
    has_new_dates: bool  #: whether a day or tag changed last on another date than before

    @classmethod
    def union(cls, found: Sequence[Invalidation]) -> Invalidation:
        """Return what shows the changed entries of several days."""
        lists: dict[Month, list[ListChange]] = {}
        for one in found:
            for month, change in one.lists.items():
                lists.setdefault(month, []).append(change)
        return cls(
            frozenset().union(*(one.tags for one in found)),
            frozenset().union(*(one.archives for one in found)),
            frozenset().union(*(one.homes for one in found)),
            {month: ListChange.union(changes) for month, changes in lists.items()},
            any(one.has_new_dates for one in found),
        )


class EntryIndex:
    """The entries that the site shows, as of the last publication."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use the tables of :data:`SCHEMA` in *db*."""
        self._db = db
        self._days: tuple[int, NonEmptyDays] | None = None

    def forget_days(self) -> None:
        """Read the list of days again next time: a transaction was rolled back."""
        self._days = None

    def replace_day(
        self,
        day: date,
        entries: Iterable[Entry],
        headline: str | None,
        removed: Iterable[Entry],
        zone: tzinfo,
        has_earlier_slugs: bool = False,
        changed_on: date | None = None,
    ) -> tuple[Invalidation, set[str]]:
        """Replace a day; return what shows its changed entries, and the ids of these.

        *headline* is None if the day is empty; *changed_on* is the date of its last change in UTC;
        *zone* is the blog's. *has_earlier_slugs*: topics
        keep the addresses that they had before signs counted; see :meth:`topic_at`.
        """
        name = day.isoformat()
        live = {entry.id: entry for entry in entries}
        gone = {entry.id: entry for entry in removed}
        changed = self._changed_entries(name, live) | self._replace_removals(name, gone)
        slugs, deleted, days = self._delete_entries(name, changed, live.keys() | gone.keys())
        shown = [live[i] for i in sorted(changed) if i in live]
        inserted = self._insert(shown)
        slugs |= {slug for (slug, _), _ in (*deleted, *inserted)}
        slugs |= self._insert_earlier_slugs(shown) if has_earlier_slugs else set()
        days |= self._insert_changes(name, [(live | gone)[i] for i in sorted(changed)
                                            if i in live or i in gone], zone)  # fmt: skip
        has_new_dates = self._replace_headline(name, headline, changed_on)
        has_new_dates |= self._replace_tag_dates(slugs)
        homes = {id_day(entry.id) for entry in live.values() if entry.now.day}
        found = Invalidation(
            frozenset(slugs),
            frozenset(map(date.fromisoformat, days)),
            frozenset(homes),
            list_changes(deleted, inserted),
            has_new_dates,
        )
        return found, changed

    def order_of(self, day: date) -> list[str]:
        """Return the ids of the entries of a day, in order."""
        query = "SELECT id FROM entries WHERE day = ? ORDER BY position, id"
        return [row[0] for row in self._db.execute(query, (day.isoformat(),))]

    def _changed_entries(self, day: str, live: dict[str, Entry]) -> set[str]:
        """Return the ids of entries that are new in a day, have changed, or are in it no more."""
        before = dict(self._db.execute("SELECT id, mark FROM entries WHERE day = ?", (day,)))
        changed = {i for i in before if i not in live or live[i].mark != before[i]}
        return changed | (live.keys() - before.keys())

    def _replace_removals(self, day: str, gone: dict[str, Entry]) -> set[str]:
        """Replace the removed entries of a day; return the ids of those that differ."""
        before = dict(self._db.execute("SELECT id, at FROM removals WHERE day = ?", (day,)))
        after = {i: _instant(entry.now.updated) for i, entry in gone.items()}
        self._db.execute("DELETE FROM removals WHERE day = ?", (day,))
        self._db.executemany(
            "INSERT OR REPLACE INTO removals VALUES (?, ?, ?)",
            [(entry_id, day, at) for entry_id, at in after.items()],
        )
        return {i for i, _ in before.items() ^ after.items()}

    def _delete_entries(
        self, day: str, changed: set[str], here: Collection[str]
    ) -> tuple[set[str], list[tuple[Month, Place]], set[str]]:
        """Delete changed entries; return what they had: earlier slugs, places in lists, and days.

        The days are those in which they appeared or changed.
        *here* are the ids of the entries that are in the day now. An entry may have come from
        another day, or have left for one that was replaced already.
        """
        slugs: set[str] = set()
        places: list[tuple[Month, Place]] = []
        days: set[str] = set()
        query = "SELECT DISTINCT id FROM changes WHERE id IN (SELECT value FROM json_each(?))"
        ids = msgspec.json.encode(sorted(changed)).decode()
        for (entry_id,) in self._db.execute(query, (ids,)).fetchall():
            is_here = entry_id in here
            if not is_here and self._is_shown_elsewhere(entry_id, day):
                continue
            query = "DELETE FROM tags WHERE id = ? RETURNING slug, month, position"
            listed = self._db.execute(query, (entry_id,)).fetchall()
            self._count((row[0] for row in listed), -1)
            places += (((slug, month), (position, entry_id)) for slug, month, position in listed)
            query = "DELETE FROM earlier_slugs WHERE id = ? RETURNING slug"
            slugs.update(row[0] for row in self._db.execute(query, (entry_id,)).fetchall())
            self._db.execute("DELETE FROM entries WHERE id = ? AND day = ?", (entry_id, day))
            rows = self._db.execute("SELECT day FROM changes WHERE id = ?", (entry_id,))
            days |= {row[0] for row in rows}
            query = "DELETE FROM changes WHERE id = ? AND (? OR shown = ?)"
            self._db.execute(query, (entry_id, is_here, day))
        return slugs, places, days

    def _insert_changes(self, day: str, entries: Iterable[Entry], zone: tzinfo) -> set[str]:
        """Record the days in which entries of a day appeared or changed; return these days."""
        changes = [
            (local_day(revision.updated, zone).isoformat(), entry.id, day)
            for entry in entries
            for revision in entry.revisions
        ]
        self._db.executemany("INSERT OR REPLACE INTO changes VALUES (?, ?, ?)", changes)
        return {change[0] for change in changes}

    def _is_shown_elsewhere(self, entry_id: str, day: str) -> bool:
        query = "SELECT 1 FROM entries WHERE id = ? AND day <> ?"
        return self._db.execute(query, (entry_id, day)).fetchone() is not None

    def _replace_headline(self, name: str, headline: str | None, changed_on: date | None) -> bool:
        """Replace the headline of a day; return whether the date of its last change differs."""
        query = "SELECT headline, changed FROM days WHERE day = ?"
        before = self._db.execute(query, (name,)).fetchone() or (None, "")
        after = (headline, changed_on.isoformat() if changed_on and headline is not None else "")
        if before == after:
            return False
        if before[0] != headline:
            self._days = None
        if headline is None:
            self._db.execute("DELETE FROM days WHERE day = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO days VALUES (?, ?, ?)", (name, *after))
        return bool(before[1] != after[1])

    def _replace_tag_dates(self, slugs: Iterable[str]) -> bool:
        """Replace the dates of the last change of tags; return whether one differs."""
        found = False
        for name in slugs:
            query = "SELECT SUBSTR(MAX(updated), 1, 10) FROM tags WHERE slug = ?"
            changed = self._db.execute(query, (name,)).fetchone()[0] or ""
            query = "UPDATE slugs SET changed = ?1 WHERE slug = ?2 AND changed <> ?1"
            found |= self._db.execute(query, (changed, name)).rowcount > 0
        return found

    def _insert(self, entries: Iterable[Entry]) -> list[tuple[Month, Place]]:
        """Add entries; return their places in lists."""
        rows = []
        tags = []
        for entry in entries:
            now = entry.now
            is_live = now.state == "live"
            position = _position(entry)
            rows.append(
                (
                    now.id,
                    entry.day.isoformat(),
                    entry.mark,
                    now.author,
                    position,
                    _instant(now.updated),
                    now.key and is_live,
                    now.pinned and is_live,
                )
            )
            topics = {topic_slug(tag): tag for tag in now.tags}
            if now.key and is_live:
                topics[KEY_EVENTS] = ""
            month = entry.day.isoformat()[:7]
            tags += [
                (topic, month, position, now.id, tag, _instant(now.updated))
                for topic, tag in topics.items()
            ]
        values = ", ".join("?" * 8)
        self._db.executemany(f"INSERT OR REPLACE INTO entries VALUES ({values})", rows)
        self._db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?, ?, ?, ?)", tags)
        self._count((tag[0] for tag in tags), 1)
        return [((topic, month), (position, i)) for topic, month, position, i, *_ in tags]

    def _insert_earlier_slugs(self, entries: Iterable[Entry]) -> set[str]:
        """Record the slugs that topics had before signs counted; return those that differ."""
        rows = [
            (earlier, _position(entry), entry.id, topic)
            for entry in entries
            for tag in entry.now.tags
            if (earlier := slug(tag)) and earlier != (topic := topic_slug(tag))
        ]
        self._db.executemany("INSERT OR REPLACE INTO earlier_slugs VALUES (?, ?, ?, ?)", rows)
        return {row[0] for row in rows}

    def _count(self, slugs: Iterable[str], more: int) -> None:
        """Add *more* (-1 or 1) to the number of entries of tags, once for each slug."""
        counted = Counter(slugs)
        self._db.executemany(
            "INSERT INTO slugs (slug, entries) VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET entries = entries + excluded.entries",
            [(name, more * number) for name, number in counted.items()],
        )
        if more < 0:
            query = "DELETE FROM slugs WHERE slug = ? AND entries = 0"
            self._db.executemany(query, [(name,) for name in counted])

    def replace_figures(self, day: date, csv: str) -> bool:
        """Replace the lines of CSV with the figures of a day; return whether they changed."""
        name = day.isoformat()
        row = self._db.execute("SELECT csv FROM figures WHERE day = ?", (name,)).fetchone()
        if (row[0] if row else "") == csv:
            return False
        if csv:
            self._db.execute("INSERT OR REPLACE INTO figures VALUES (?, ?)", (name, csv))
        else:
            self._db.execute("DELETE FROM figures WHERE day = ?", (name,))
        return True

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
        return self._number("entries WHERE updated >= ?", _instant(instant))

    def removals(self, limit: int) -> list[tuple[str, datetime]]:
        """Return the entries that were removed last, with the instant, the last first."""
        query = "SELECT id, at FROM removals ORDER BY at DESC, id LIMIT ?"
        rows = self._db.execute(query, (limit,))
        return [(entry_id, datetime.fromisoformat(at)) for entry_id, at in rows]

    def count_removed_since(self, instant: datetime) -> int:
        """Return how many entries were removed since an instant."""
        return self._number("removals WHERE at >= ?", _instant(instant))

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


def _position(entry: Entry) -> str:
    """Return the place of an entry in the timeline, as text with that order."""
    published, is_timed, posted, _ = entry.position
    return f"{_instant(published)}{is_timed:d}{_instant(posted)}"


def _instant(instant: datetime) -> str:
    """Return an instant as text whose order is that of time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
