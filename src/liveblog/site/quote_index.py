"""Which texts of the journal quote which entries, in the index.

An introduction or close may quote an entry of any day. When that entry is removed or restored, what
shows the text has to be rendered again; see :mod:`liveblog.model.quotes`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

import msgspec

from ..chapters import newest_text
from ..journal import Journal
from ..model.entry import id_day
from ..model.quotes import quotes_in
from ..timeline import Timeline

SCHEMA = """
CREATE TABLE quotes (
    name TEXT NOT NULL, id TEXT NOT NULL, day TEXT NOT NULL, hidden INTEGER NOT NULL,
    PRIMARY KEY (name, id)
) WITHOUT ROWID;
CREATE INDEX quotes_day ON quotes (day);
"""

TABLES = ("quotes",)


class QuoteIndex:
    """The quotes in framings and chapters, as of the last publication."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """Use the tables of :data:`SCHEMA` in *db*."""
        self._db = db

    def update(self, changed: Collection[str], journal: Journal, timeline: Timeline) -> set[str]:
        """Update the quotes; return the names whose texts show more or less of them than before.

        *changed* are the names of the journal that changed.
        """
        before = self._in_days(changed)
        hidden = timeline.hidden({entry_id for _, entry_id, _ in before})
        found = {name for name, entry_id, was in before if bool(was) != (entry_id in hidden)}
        for name in {*changed, *found}:
            self._replace(name, journal, timeline)
        return found

    def _in_days(self, days: Collection[str]) -> list[tuple[str, str, int]]:
        """Return name, entry and state of each quote of an entry that lives in some days."""
        query = (
            "SELECT name, id, hidden FROM quotes WHERE day IN (SELECT value FROM json_each(?)) "
            "ORDER BY name, id"
        )
        return self._db.execute(query, (msgspec.json.encode(sorted(days)).decode(),)).fetchall()

    def _replace(self, name: str, journal: Journal, timeline: Timeline) -> None:
        text = newest_text(journal.read(name).records, name)
        quoted = quotes_in(text) if text else frozenset[str]()
        hidden = timeline.hidden(quoted)
        self._db.execute("DELETE FROM quotes WHERE name = ?", (name,))
        self._db.executemany(
            "INSERT INTO quotes VALUES (?, ?, ?, ?)",
            [(name, i, id_day(i).isoformat(), i in hidden) for i in sorted(quoted)],
        )
