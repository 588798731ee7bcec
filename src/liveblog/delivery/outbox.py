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
    Every method raises :class:`StorageError` if the machine refused or the file
    is damaged, and then changed nothing. The file cannot be made again from the journal, so
    nothing here ever deletes it.
    """

    def __init__(self, path: Path) -> None:
        """Use the file at *path*, which the first change makes."""
        self.path = path

    # -- what was closed ----------------------------------------------------------------------

    def fact(self, name: str) -> str:
        """Return something remembered, or an empty string."""
        rows = self._read("SELECT value FROM facts WHERE name = ?", name)
        return rows[0][0] if rows else ""

    def remember(self, facts: Mapping[str, str], plans: Iterable[Plan], now: datetime) -> None:
        """Remember facts, and plan what follows from them, in one step."""
        with self._open() as db:
            _remember(db, facts)
            _plan(db, plans, now, now)

    def closed(self) -> dict[str, datetime]:
        """Return every period that was closed here, with the instant at which it was."""
        rows = self._read("SELECT period, at FROM closed ORDER BY at, period")
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

    def start(self, effect: Effect) -> bool:
        """Record that an effect is about to be tried; False if it is not wanted any more."""
        return self._change(effect, "state = 'sending', tries = tries + 1")

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
        what = "state = 'waiting', problem = ?, due = ?, cuts = cuts + ?, tries = ?"
        self._change(effect, what, problem, _text(due), int(is_unknown), effect.tries + 1)

    def give_up(self, effect: Effect, problem: str, now: datetime) -> None:
        """Record that it will not be tried again by itself."""
        what = "state = 'failed', problem = ?, ended = ?, tries = ?"
        self._change(effect, what, problem, _text(now), effect.tries + 1)

    def hasten(self, now: datetime) -> None:
        """Let nothing wait much longer than it should: the clock had been ahead."""
        latest = _text(now + timedelta(seconds=2 * LONGEST_PAUSE))
        with self._open() as db:
            db.execute("UPDATE effects SET due = ? WHERE due > ?", (_text(now), latest))

    def recover(self) -> list[Effect]:
        """Take up what a process that died was sending; return it, for it may go twice."""
        with self._open() as db:
            found = _effects(db.execute(f"SELECT {_COLUMNS} FROM effects WHERE state = 'sending'"))
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
        return dict(self._read("SELECT state, COUNT(*) FROM effects GROUP BY state"))

    def retry(self, key: str, now: datetime) -> Effect:
        """Let an effect that was given up, dropped or waits be tried now.

        Raises :class:`NotFound`, and :class:`InvalidInput` for
        one that was sent or is being sent: nothing is sent twice.
        """
        what = "state = 'waiting', due = ?, made = ?, tries = 0, ended = ''"
        return self._change_unsent(key, what, _text(now), _text(now))

    def drop(self, key: str, now: datetime) -> Effect:
        """Take an effect that was not sent off the list; raises what :meth:`retry` raises."""
        what = "state = 'dropped', problem = 'dropped by hand', ended = ?"
        return self._change_unsent(key, what, _text(now))

    def forget(self) -> None:
        """Erase what other machines said about mails and chats, for it may quote an entry.

        The rest of the file holds names, addresses and ids, and no text of an entry.
        """
        if not self._is_there():
            return
        with self._open() as db:
            db.execute("UPDATE effects SET problem = '' WHERE kind <> 'ping'")
        with self._opened() as db:
            # Earlier versions of this program left deleted texts in free pages.
            db.execute("VACUUM")

    # -- the file -----------------------------------------------------------------------------

    def _change(self, effect: Effect, what: str, *values: object) -> bool:
        # A topic that changed again while its ping was under way has another version by now, and
        # stays open. What somebody dropped meanwhile stays dropped.
        with self._open() as db:
            changed = db.execute(
                f"UPDATE effects SET {what} "
                "WHERE key = ? AND version = ? AND state IN ('waiting', 'sending')",
                (*values, effect.key, effect.version),
            )
            return changed.rowcount > 0

    def _change_unsent(self, key: str, what: str, *values: str) -> Effect:
        effects = self._select("WHERE key = ?", key)
        if effects:
            with self._open() as db:
                unsent = "key = ? AND state NOT IN ('done', 'sending')"
                changed = db.execute(f"UPDATE effects SET {what} WHERE {unsent}", (*values, key))
            effects = self._select("WHERE key = ?", key)
            if changed.rowcount:
                return effects[0]
        else:
            known = [effect.key for effect in self.effects("waiting", "sending", "failed")]
            raise NotFound(
                f"There is no '{key}' in the outbox.",
                did_you_mean(key, known) or "'liveblog outbox' lists what there is.",
            )
        ended = effects[0].ended
        if ended is None:
            raise InvalidInput(
                f"'{key}' is being sent just now.", "Look again in a minute with 'liveblog outbox'."
            )
        raise InvalidInput(
            f"'{key}' was sent already ({ended:%Y-%m-%d %H:%M} UTC).",
            "It is never sent twice. 'liveblog send' mails a digest once more.",
        )

    def _select(self, where: str, *values: str) -> list[Effect]:
        return _effects(
            self._read(f"SELECT {_COLUMNS} FROM effects {where} ORDER BY number", *values)
        )

    def _read(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        if not self._is_there():
            return []
        with self._opened() as db:
            return db.execute(query, values).fetchall()

    def _is_there(self) -> bool:
        with errors(self.path):
            return self.path.exists()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Work within one transaction, which is on disk when the block is left."""
        with self._opened() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            # Not for reading only: after a crash, SQLite has to take back what was left half done.
            opened = open_database(self.path, schema=_SCHEMA, version=VERSION)
            with errors(self.path), closing(opened) as db:
                db.execute("PRAGMA synchronous = FULL")
                db.execute("PRAGMA secure_delete = ON")  # what is overwritten is gone
                yield db  # closing takes back what was not committed
        except Unusable as error:
            raise StorageError(
                error.message,
                "Restore the file from a backup. Without it, nothing that waits is sent.",
            ) from error


def _effects(rows: Iterable[tuple[Any, ...]]) -> list[Effect]:
    return [Effect(*row[:6], *(_instant(text) for text in row[6:9]), *row[9:]) for row in rows]


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
