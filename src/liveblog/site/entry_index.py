"""The entries in the index: the newest, those of a tag, those that changed in a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, tzinfo

import msgspec
from msgspec import Struct

from ..model.entry import id_day, slug
from ..model.period import local_day
from ..model.topics import topic_slug
from ..timeline import Entry
from .entry_queries import EntryQueries, sortable
from .list_index import ListChange, Month, Place, list_changes

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


class EntryIndex(EntryQueries):
    """The entries that the site shows, as of the last publication."""

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
        after = {i: sortable(entry.now.updated) for i, entry in gone.items()}
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
                    sortable(now.updated),
                    now.key and is_live,
                    now.pinned and is_live,
                )
            )
            topics = {topic_slug(tag): tag for tag in now.tags}
            if now.key and is_live:
                topics[KEY_EVENTS] = ""
            month = entry.day.isoformat()[:7]
            tags += [
                (topic, month, position, now.id, tag, sortable(now.updated))
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


def _position(entry: Entry) -> str:
    """Return the place of an entry in the timeline, as text with that order."""
    published, is_timed, posted, _ = entry.position
    return f"{sortable(published)}{is_timed:d}{sortable(posted)}"
