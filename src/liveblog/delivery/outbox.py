"""The outbox: every effect outside, recorded before it is tried and after it succeeded.

An effect is one mail to one address, one message to one chat, one ping of one hub for one topic.
It has a key, so that it is planned once however often it is asked for, and it is in one state:

``waiting``
    planned, or to be tried again when it is due;
``sending``
    being tried. A process that dies here, or a connection that breaks after the last word, leaves
    it unknown whether the other side took it: it is tried again, which is counted in ``cuts`` and
    said. Nothing else is ever sent twice;
``done``, ``failed``, ``dropped``
    sent; given up after :data:`GIVE_UP` or because the other side refused it for good; taken off
    the list by somebody, or needed no more.

What is closed is recorded together with what is planned for it, in one transaction. A ping is for
the newest version of its topic: one that was not sent yet is replaced, which makes a burst one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Literal

from ..errors import NotFound, StorageError, did_you_mean

VERSION = 1
GIVE_UP = timedelta(days=3)
FIRST_PAUSE = 30.0  #: seconds
LONGEST_PAUSE = 900.0

Kind = Literal["mail", "chat", "ping"]
KINDS: tuple[Kind, ...] = ("ping", "chat", "mail")

EffectState = Literal["waiting", "sending", "done", "failed", "dropped"]

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


@dataclass(frozen=True)
class Plan:
    """An effect that is wanted."""

    kind: Kind
    target: str  #: an address, a chat's name, a hub
    subject: str  #: a period's id, an entry's id, a topic
    version: str = ""  #: of a topic; what changed gets a ping of its own

    @property
    def key(self) -> str:
        """What it is known by: the same effect has the same key."""
        return f"{self.kind} {self.subject} {self.target}"


@dataclass(frozen=True)
class Effect:
    """An effect as it stands."""

    key: str
    kind: Kind
    target: str
    subject: str
    version: str
    state: EffectState
    made: datetime
    due: datetime
    ended: datetime | None
    tries: int
    cuts: int  #: tries of which nobody knows whether the other side took it
    problem: str  #: why the last try failed


def pause(key: str, tries: int) -> float:
    """Return the seconds to wait after a number of tries: growing, and spread by the key."""
    base = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries - 1, 10))
    spread: float = sha256(f"{key} {tries}".encode()).digest()[0] / 255
    return float(base * (0.8 + 0.4 * spread))


class Outbox:
    """The effects of one blog, in ``entries/outbox.sqlite``.

    Any process may plan, list, retry and drop; only the one that leads the schedule sends.
    Every method raises :class:`~liveblog.errors.StorageError` if the machine refused, and then
    changed nothing.
    """

    def __init__(self, path: Path) -> None:
        """Open the outbox, making it where there is none."""
        self.path = path

    # -- what was closed ----------------------------------------------------------------------

    def fact(self, name: str) -> str:
        """Return something remembered, or an empty string."""
        with self._open(to_read=True) as db:
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else ""

    def remember(self, facts: Mapping[str, str], plans: Iterable[Plan], now: datetime) -> None:
        """Remember facts, and plan what follows from them, in one step."""
        with self._open() as db:
            _remember(db, facts)
            _plan(db, plans, now, now)

    def closed(self) -> dict[str, datetime]:
        """Return every period that was closed here, with the instant at which it was."""
        with self._open(to_read=True) as db:
            rows = db.execute("SELECT period, at FROM closed ORDER BY at, period").fetchall()
        return {name: datetime.fromisoformat(at) for name, at in rows}

    def close(
        self,
        periods: Iterable[str],
        facts: Mapping[str, str],
        plans: Iterable[Plan],
        now: datetime,
    ) -> None:
        """Record periods as closed, with facts and with what is planned for them, in one step."""
        with self._open() as db:
            db.executemany(
                "INSERT INTO closed VALUES (?, ?)", [(name, _text(now)) for name in periods]
            )
            _remember(db, facts)
            _plan(db, plans, now, now)

    def reopen(self, periods: Iterable[str], facts: Mapping[str, str]) -> None:
        """Take back that periods were closed: the clock had been wrong."""
        with self._open() as db:
            db.executemany("DELETE FROM closed WHERE period = ?", [(name,) for name in periods])
            _remember(db, facts)

    # -- effects ------------------------------------------------------------------------------

    def plan(self, plans: Iterable[Plan], now: datetime, due: datetime) -> None:
        """Plan effects; what is planned already, or was sent, stays as it is."""
        with self._open() as db:
            _plan(db, plans, now, due)

    def ready(self, kind: Kind, now: datetime) -> list[Effect]:
        """Return what is due: of each target the first that is open, so that order is kept."""
        return [effect for effect in self._first(kind) if effect.due <= now]

    def next_due(self, kind: Kind) -> datetime | None:
        """Return when there is something to send again."""
        return min((effect.due for effect in self._first(kind)), default=None)

    def _first(self, kind: Kind) -> list[Effect]:
        # Topics of a hub do not wait for each other.
        by = "key" if kind == "ping" else "target"
        return self._select(
            f"WHERE number IN (SELECT MIN(number) FROM effects WHERE kind = ? AND state IN "
            f"('waiting', 'sending') GROUP BY {by}) AND state = 'waiting'",
            kind,
        )

    def start(self, effect: Effect) -> None:
        """Record that an effect is about to be tried."""
        self._change(effect, "state = 'sending', tries = tries + 1")

    def done(self, effect: Effect, now: datetime) -> None:
        """Record that the other side took it."""
        self._change(effect, "state = 'done', problem = '', ended = ?", _text(now))

    def needless(self, effect: Effect, why: str, now: datetime) -> None:
        """Record that it need not be sent any more."""
        self._change(effect, "state = 'dropped', problem = ?, ended = ?", why, _text(now))

    def again(
        self, effect: Effect, problem: str, due: datetime, *, is_unknown: bool = False
    ) -> None:
        """Record that a try failed, and when the next is due.

        *is_unknown* says that the other side may have taken it: then it may arrive twice.
        """
        what = "state = 'waiting', problem = ?, due = ?, cuts = cuts + ?"
        self._change(effect, what, problem, _text(due), int(is_unknown))

    def give_up(self, effect: Effect, problem: str, now: datetime) -> None:
        """Record that it will not be tried again by itself."""
        self._change(effect, "state = 'failed', problem = ?, ended = ?", problem, _text(now))

    def hasten(self, now: datetime) -> None:
        """Let nothing wait much longer than it should: the clock had been ahead."""
        latest = _text(now + timedelta(seconds=2 * LONGEST_PAUSE))
        with self._open() as db:
            db.execute("UPDATE effects SET due = ? WHERE due > ?", (_text(now), latest))

    def recover(self) -> list[Effect]:
        """Take up what a process that died was sending; return it, for it may go twice."""
        with self._open() as db:
            found = self._rows(db, "WHERE state = 'sending'")
            db.execute(
                "UPDATE effects SET state = 'waiting', cuts = cuts + 1 WHERE state = 'sending'"
            )
        return found

    def effects(self, *states: EffectState) -> list[Effect]:
        """Return the effects in these states (all, if none is named), the oldest first."""
        marks = ", ".join("?" * len(states))
        return self._select(f"WHERE state IN ({marks})" if states else "", *states)

    def count(self) -> dict[str, int]:
        """Return how many effects are in each state."""
        with self._open(to_read=True) as db:
            return dict(db.execute("SELECT state, COUNT(*) FROM effects GROUP BY state"))

    def retry(self, key: str, now: datetime) -> Effect:
        """Let an effect that was given up, dropped or waits be tried now.

        Raises :class:`~liveblog.errors.NotFound`.
        """
        effect = self._named(key)
        self._change(
            effect,
            "state = 'waiting', due = ?, made = ?, tries = 0, ended = ''",
            _text(now),
            _text(now),
        )
        return self._named(key)

    def drop(self, key: str, now: datetime) -> Effect:
        """Take an effect that was not sent off the list.

        Raises :class:`~liveblog.errors.NotFound`.
        """
        self.needless(self._named(key), "dropped by hand", now)
        return self._named(key)

    # -- the file -----------------------------------------------------------------------------

    def _named(self, key: str) -> Effect:
        found = self._select("WHERE key = ?", key)
        if not found:
            known = [effect.key for effect in self.effects("waiting", "sending", "failed")]
            raise NotFound(
                f"There is no '{key}' in the outbox.",
                did_you_mean(key, known) or "'liveblog outbox' lists what there is.",
            )
        return found[0]

    def _change(self, effect: Effect, what: str, *values: object) -> None:
        # A topic that changed again while its ping was under way has another version by now, and
        # stays open.
        with self._open() as db:
            db.execute(
                f"UPDATE effects SET {what} WHERE key = ? AND version = ?",
                (*values, effect.key, effect.version),
            )

    def _select(self, where: str, *values: str) -> list[Effect]:
        with self._open(to_read=True) as db:
            return self._rows(db, where, *values)

    def _rows(self, db: sqlite3.Connection, where: str, *values: str) -> list[Effect]:
        rows = db.execute(f"SELECT {_COLUMNS} FROM effects {where} ORDER BY number", values)
        return [Effect(*row[:6], *(_instant(text) for text in row[6:9]), *row[9:]) for row in rows]

    @contextmanager
    def _open(self, *, to_read: bool = False) -> Iterator[sqlite3.Connection]:
        """Work within one transaction, which is on disk when the block is left."""
        try:
            is_empty = to_read and not self.path.exists()
            path = ":memory:" if is_empty else self.path
            db = sqlite3.connect(path, timeout=10, isolation_level=None)
            try:
                db.execute("PRAGMA synchronous = FULL")
                if _version(db) != VERSION:
                    _create(db)
                db.execute("BEGIN" if to_read else "BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            finally:
                db.close()  # what was not committed is taken back
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"Cannot use {self.path}: {error}.",
                "Nothing was recorded or sent. Check the free space and the permissions there; if "
                "the file is damaged, restore it from a backup.",
            ) from error


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _create(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    if _version(db) == 0:  # and no other process was faster
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
    elif _version(db) != VERSION:
        raise sqlite3.DatabaseError("it was made by another version of liveblog")
    db.execute("COMMIT")


def _remember(db: sqlite3.Connection, facts: Mapping[str, str]) -> None:
    db.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts.items())


def _plan(db: sqlite3.Connection, plans: Iterable[Plan], now: datetime, due: datetime) -> None:
    # A new version of what waits already does not put it off: a topic that changes all the time
    # would never be pinged, and a hub that is away would be asked without pause.
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
    """Write an instant so that text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
