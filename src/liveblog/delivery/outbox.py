"""The outbox: each delivery is recorded before it is tried, and after it succeeded.

A delivery is one mail to one address, one message to one chat, or one ping of one hub for one
topic. Its key makes it unique: it is planned once, however often that is asked for. Its state is

``waiting``
    planned, or to be tried again when it is due;
``sending``
    being tried. If the process dies here, or the connection breaks before the reply, it is unknown
    whether the server accepted the delivery: it is tried again, counted in ``uncertain_attempts``
    and reported. Nothing else is ever sent twice;
``done``
    sent;
``failed``
    given up after :data:`GIVE_UP_AFTER`, or because the server refused it for good;
``dropped``
    cancelled by a person, or not needed any more.

The closing of a period and its deliveries are recorded in one transaction. A ping is for the newest
version of its topic: it replaces one that was not sent yet, so that a burst of changes is one ping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..model.errors import InvalidInput, NotFound, StorageError, did_you_mean
from ..storage.sqlite import Unusable, errors, open_database

if TYPE_CHECKING:
    import sqlite3

VERSION = 1  #: of the database's schema
GIVE_UP_AFTER = timedelta(days=3)  #: since a delivery was planned
FIRST_DELAY = 30.0  #: seconds before the second attempt
LONGEST_DELAY = 900.0  #: seconds between two attempts, at most

Kind = Literal["mail", "chat", "ping"]
KINDS: tuple[Kind, ...] = ("ping", "chat", "mail")

DeliveryState = Literal["waiting", "sending", "done", "failed", "dropped"]

_SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE closed (period TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE effects (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    target TEXT NOT NULL, subject TEXT NOT NULL, version TEXT NOT NULL, state TEXT NOT NULL,
    made TEXT NOT NULL, due TEXT NOT NULL, ended TEXT NOT NULL,
    tries INTEGER NOT NULL, cuts INTEGER NOT NULL, problem TEXT NOT NULL
);
CREATE INDEX effects_open ON effects (kind, number) WHERE state IN ('waiting', 'sending');
CREATE INDEX effects_state ON effects (state, number);
"""

_COLUMNS = "key, kind, target, subject, version, state, made, due, ended, tries, cuts, problem"
"""The columns of a :class:`Delivery`, in the order of its fields."""


@dataclass(frozen=True)
class Plan:
    """A delivery to be made."""

    kind: Kind
    target: str  #: an address, a chat's name, a hub
    subject: str  #: a period's id, an entry's id, a topic
    version: str = ""
    """Of a topic, each version gets a ping of its own; of a chapter, the instant it appears."""

    @property
    def key(self) -> str:
        """The key of the delivery."""
        return f"{self.kind} {self.subject} {self.target}"


@dataclass(frozen=True)
class Delivery:
    """A delivery in the outbox."""

    key: str
    kind: Kind
    target: str
    subject: str
    version: str
    state: DeliveryState
    planned: datetime
    due: datetime
    ended: datetime | None
    attempts: int
    uncertain_attempts: int  #: attempts after which the server may have accepted it
    problem: str  #: why the last attempt failed


def retry_delay(key: str, attempts: int) -> float:
    """Return the seconds to wait after a number of attempts: growing, and spread by the key."""
    base = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempts - 1, 10))
    spread: float = sha256(f"{key} {attempts}".encode()).digest()[0] / 255
    return float(base * (0.8 + 0.4 * spread))


class Outbox:
    """The deliveries of one blog, in ``entries/outbox.sqlite``.

    Any process may plan, list, retry and drop; only the one that leads the schedule sends. Every
    method raises :class:`StorageError` if the machine refused or the file is damaged, and changed
    nothing then. The file cannot be derived from the journal, so it is never deleted.
    """

    def __init__(self, path: Path) -> None:
        """Use the file at *path*; the first change creates it."""
        self.path = path

    # -- facts and closed periods -------------------------------------------------------------

    def fact(self, name: str) -> str:
        """Return a recorded fact, or an empty string."""
        rows = self._read("SELECT value FROM facts WHERE name = ?", name)
        return rows[0][0] if rows else ""

    def record(self, facts: Mapping[str, str], plans: Iterable[Plan], now: datetime) -> None:
        """Record facts and plan the deliveries that follow from them, in one transaction."""
        with self._transaction() as db:
            _record(db, facts)
            _plan(db, plans, now, now)

    def closed(self) -> dict[str, datetime]:
        """Return the id of every closed period, with the instant at which it was closed."""
        rows = self._read("SELECT period, at FROM closed ORDER BY at, period")
        return {name: datetime.fromisoformat(at) for name, at in rows}

    def close(
        self,
        periods: Iterable[str],
        facts: Mapping[str, str],
        plans: Iterable[Plan],
        now: datetime,
    ) -> None:
        """Record periods (ids) as closed, facts, and planned deliveries, in one transaction."""
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO closed VALUES (?, ?)", [(name, _text(now)) for name in periods]
            )
            _record(db, facts)
            _plan(db, plans, now, now)

    def reopen(self, periods: Iterable[str], facts: Mapping[str, str]) -> None:
        """Record periods (ids) as open again, and facts, in one transaction."""
        with self._transaction() as db:
            db.executemany("DELETE FROM closed WHERE period = ?", [(name,) for name in periods])
            _record(db, facts)

    # -- deliveries ---------------------------------------------------------------------------

    def plan(self, plans: Iterable[Plan], now: datetime, due: datetime) -> None:
        """Plan deliveries; those that were planned or sent before stay as they are."""
        with self._transaction() as db:
            _plan(db, plans, now, due)

    def ready(self, kind: Kind, now: datetime) -> list[Delivery]:
        """Return the deliveries that are due: the first open one of each target, in order."""
        return [delivery for delivery in self._first(kind) if delivery.due <= now]

    def next_due(self, kind: Kind) -> datetime | None:
        """Return when the next delivery is due; None if none waits."""
        return min((delivery.due for delivery in self._first(kind)), default=None)

    def _first(self, kind: Kind) -> list[Delivery]:
        # Topics of a hub do not wait for each other.
        by = "key" if kind == "ping" else "target"
        return self._select(
            f"WHERE number IN (SELECT MIN(number) FROM effects WHERE kind = ? AND state IN "
            f"('waiting', 'sending') GROUP BY {by}) AND state = 'waiting'",
            kind,
        )

    def start(self, delivery: Delivery) -> bool:
        """Record that an attempt begins; return False if the delivery was dropped or replaced."""
        return self._change(delivery, "state = 'sending', tries = tries + 1")

    def mark_sent(self, delivery: Delivery, now: datetime) -> None:
        """Record that a delivery was sent."""
        self._change(delivery, "state = 'done', problem = '', ended = ?", _text(now))

    def drop_unneeded(self, delivery: Delivery, why: str, now: datetime) -> None:
        """Record that a delivery is not needed any more, and why."""
        self._change(delivery, "state = 'dropped', problem = ?, ended = ?", why, _text(now))

    def postpone(
        self, delivery: Delivery, problem: str, due: datetime, *, is_unknown: bool = False
    ) -> None:
        """Record that an attempt failed, and when the next is due.

        *is_unknown*: the server may have accepted the delivery, which may then arrive twice.
        """
        changes = "state = 'waiting', problem = ?, due = ?, cuts = cuts + ?, tries = ?"
        self._change(delivery, changes, problem, _text(due), int(is_unknown), delivery.attempts + 1)

    def give_up(self, delivery: Delivery, problem: str, now: datetime) -> None:
        """Record that a delivery failed and is not tried again unless a person asks for it."""
        changes = "state = 'failed', problem = ?, ended = ?, tries = ?"
        self._change(delivery, changes, problem, _text(now), delivery.attempts + 1)

    def limit_waits(self, now: datetime) -> None:
        """Make due now the deliveries that are due too late, because the clock was ahead."""
        latest = _text(now + timedelta(seconds=2 * LONGEST_DELAY))
        with self._transaction() as db:
            db.execute("UPDATE effects SET due = ? WHERE due > ?", (_text(now), latest))

    def recover(self) -> list[Delivery]:
        """Return the deliveries that a process which died was sending, and let them wait again."""
        with self._transaction() as db:
            query = f"SELECT {_COLUMNS} FROM effects WHERE state = 'sending'"
            found = _deliveries(db.execute(query))
            db.execute(
                "UPDATE effects SET state = 'waiting', cuts = cuts + 1 WHERE state = 'sending'"
            )
        return found

    def deliveries(self, *states: DeliveryState) -> list[Delivery]:
        """Return the deliveries in these states (all, if none is named), the oldest first."""
        marks = ", ".join("?" * len(states))
        return self._select(f"WHERE state IN ({marks})" if states else "", *states)

    def count(self) -> dict[str, int]:
        """Return the number of deliveries in each state."""
        return dict(self._read("SELECT state, COUNT(*) FROM effects GROUP BY state"))

    def retry(self, key: str, now: datetime) -> Delivery:
        """Make a delivery that waits, failed or was dropped due now.

        Raises :class:`NotFound`, and :class:`InvalidInput` for one that was sent or is being sent:
        nothing is sent twice.
        """
        changes = "state = 'waiting', due = ?, made = ?, tries = 0, ended = ''"
        return self._change_unsent(key, changes, _text(now), _text(now))

    def drop(self, key: str, now: datetime) -> Delivery:
        """Cancel an unsent delivery. Raises the errors of :meth:`retry`."""
        changes = "state = 'dropped', problem = 'dropped by hand', ended = ?"
        return self._change_unsent(key, changes, _text(now))

    def erase_problems(self) -> None:
        """Erase the answers of mail servers and chats, which may quote an entry.

        The rest of the file holds names, addresses and ids, and no text of an entry.
        """
        if not self._is_there():
            return
        with self._transaction() as db:
            db.execute("UPDATE effects SET problem = '' WHERE kind <> 'ping'")
        with self._connection() as db:
            # Earlier versions of this program left deleted texts in free pages.
            db.execute("VACUUM")

    # -- the file -----------------------------------------------------------------------------

    def _change(self, delivery: Delivery, changes: str, *values: object) -> bool:
        # A topic that changed during its ping has a new version and stays open; a delivery that was
        # dropped meanwhile stays dropped.
        with self._transaction() as db:
            changed = db.execute(
                f"UPDATE effects SET {changes} "
                "WHERE key = ? AND version = ? AND state IN ('waiting', 'sending')",
                (*values, delivery.key, delivery.version),
            )
            return changed.rowcount > 0

    def _change_unsent(self, key: str, changes: str, *values: str) -> Delivery:
        found = self._select("WHERE key = ?", key)
        if found:
            with self._transaction() as db:
                unsent = "key = ? AND state NOT IN ('done', 'sending')"
                changed = db.execute(f"UPDATE effects SET {changes} WHERE {unsent}", (*values, key))
            found = self._select("WHERE key = ?", key)
            if changed.rowcount:
                return found[0]
        else:
            known = [delivery.key for delivery in self.deliveries("waiting", "sending", "failed")]
            raise NotFound(
                f"There is no '{key}' in the outbox.",
                did_you_mean(key, known) or "'liveblog outbox' lists what there is.",
            )
        ended = found[0].ended
        if ended is None:
            raise InvalidInput(
                f"'{key}' is being sent just now.", "Look again in a minute with 'liveblog outbox'."
            )
        raise InvalidInput(
            f"'{key}' was sent already ({ended:%Y-%m-%d %H:%M} UTC).",
            "It is never sent twice. 'liveblog send' mails a digest once more.",
        )

    def _select(self, where: str, *values: str) -> list[Delivery]:
        return _deliveries(
            self._read(f"SELECT {_COLUMNS} FROM effects {where} ORDER BY number", *values)
        )

    def _read(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        if not self._is_there():
            return []
        with self._connection() as db:
            return db.execute(query, values).fetchall()

    def _is_there(self) -> bool:
        with errors(self.path):
            return self.path.exists()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction, which is on disk at its end."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            # Opened for writing even to read: after a crash, SQLite has to roll back.
            opened = open_database(self.path, schema=_SCHEMA, version=VERSION)
            with errors(self.path), closing(opened) as db:
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")  # overwrite what is deleted
                yield db  # closing rolls back what was not committed
        except Unusable as error:
            raise StorageError(
                error.message,
                "Restore the file from a backup. Without it, nothing that waits is sent.",
            ) from error


def _deliveries(rows: Iterable[tuple[Any, ...]]) -> list[Delivery]:
    return [Delivery(*row[:6], *(_instant(text) for text in row[6:9]), *row[9:]) for row in rows]


def _record(db: sqlite3.Connection, facts: Mapping[str, str]) -> None:
    db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())


def _plan(db: sqlite3.Connection, plans: Iterable[Plan], now: datetime, due: datetime) -> None:
    # A new version of a waiting ping keeps its due time: or else a topic that changes all the time
    # would never be pinged, and a hub that does not answer would be tried without pause.
    db.executemany(
        "INSERT INTO effects VALUES (NULL, ?, ?, ?, ?, ?, 'waiting', ?, ?, '', 0, 0, '') "
        "ON CONFLICT (key) DO UPDATE SET version = excluded.version, state = 'waiting', "
        "made = CASE state WHEN 'waiting' THEN made ELSE excluded.made END, "
        "due = CASE state WHEN 'waiting' THEN due ELSE excluded.due END, "
        "tries = CASE state WHEN 'waiting' THEN tries ELSE 0 END, ended = '' "
        "WHERE version <> excluded.version",
        [(p.key, p.kind, p.target, p.subject, p.version, _text(now), _text(due)) for p in plans],
    )


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(instant: datetime) -> str:
    """Format an instant so that text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
