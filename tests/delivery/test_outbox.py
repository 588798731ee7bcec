"""The outbox: what goes out is recorded before and after, in order, once; and who died says so."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.delivery.outbox import LONGEST_DELAY, Delivery, Outbox, Plan, retry_delay
from liveblog.model.errors import InvalidInput, NotFound, StorageError

NOW = datetime(2012, 7, 16, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    """An outbox that is not there yet."""
    return Outbox(tmp_path / "outbox.sqlite")


def keys(box: Outbox, kind: str, now: datetime = NOW) -> list[str]:
    """Return what is due."""
    return [delivery.key for delivery in box.ready(kind, now)]  # type: ignore[arg-type]


def test_a_delivery_that_is_planned_twice_is_stored_once(box: Outbox) -> None:
    """However often, and also when it was sent already."""
    plan = Plan("mail", "anna@example.org", "2012-07-15")
    box.plan([plan, plan], NOW, NOW)
    box.plan([plan], NOW, NOW)
    (delivery,) = box.ready("mail", NOW)
    box.start(delivery)
    box.mark_sent(delivery, NOW)
    box.plan([plan], NOW, NOW)
    assert keys(box, "mail") == []
    assert [e.state for e in box.deliveries()] == ["done"]


def test_one_address_gets_its_mail_in_order(box: Outbox) -> None:
    """What comes later waits for what is tried again; other addresses do not."""
    box.plan(
        [Plan("mail", to, day) for day in ("2012-07-15", "2012-07-16") for to in "ab"], NOW, NOW
    )
    first, other = box.ready("mail", NOW)
    assert (first.key, other.key) == ("mail 2012-07-15 a", "mail 2012-07-15 b")
    box.start(first)
    box.postpone(first, "away", NOW + MINUTE)
    assert keys(box, "mail") == ["mail 2012-07-15 b"]
    assert keys(box, "mail", NOW + MINUTE) == ["mail 2012-07-15 a", "mail 2012-07-15 b"]
    assert box.next_due("mail") == NOW
    box.start(other)
    box.mark_sent(other, NOW)
    assert keys(box, "mail") == ["mail 2012-07-16 b"]
    assert box.next_due("mail") == NOW


def test_what_was_given_up_lets_the_next_one_go(box: Outbox) -> None:
    """And stays on the list until somebody retries or drops it."""
    box.plan([Plan("mail", "a", day) for day in ("2012-07-15", "2012-07-16")], NOW, NOW)
    (first,) = box.ready("mail", NOW)
    box.start(first)
    box.give_up(first, "550 no such user", NOW)
    assert keys(box, "mail") == ["mail 2012-07-16 a"]
    (failed,) = box.deliveries("failed")
    assert (failed.problem, failed.attempts) == ("550 no such user", 1)
    box.retry(failed.key, NOW)
    assert keys(box, "mail") == ["mail 2012-07-15 a"]
    box.drop(failed.key, NOW)
    assert keys(box, "mail") == ["mail 2012-07-16 a"]
    with pytest.raises(NotFound, match="Did you mean 'mail 2012-07-16 a'"):
        box.retry("mail 2012-07-16 b", NOW)


def test_a_burst_of_changes_is_one_ping(box: Outbox) -> None:
    """The newest version counts; it does not put the ping off, or it would never go."""
    for second in range(5):
        now = NOW + timedelta(seconds=second)
        box.plan([Plan("ping", "hub", "topic", f"v{second}")], now, now + MINUTE)
    (delivery,) = box.ready("ping", NOW + MINUTE)
    assert delivery.version == "v4"
    box.start(delivery)
    box.mark_sent(delivery, NOW)
    box.plan([Plan("ping", "hub", "topic", "v4")], NOW, NOW)
    assert keys(box, "ping") == []
    box.plan([Plan("ping", "hub", "topic", "v5")], NOW, NOW)
    assert keys(box, "ping") == ["ping topic hub"]


def test_a_topic_that_changes_while_it_is_pinged_is_pinged_again(box: Outbox) -> None:
    """The hub may have fetched it before."""
    box.plan([Plan("ping", "hub", "topic", "v1")], NOW, NOW)
    (delivery,) = box.ready("ping", NOW)
    box.start(delivery)
    box.plan([Plan("ping", "hub", "topic", "v2")], NOW, NOW)
    box.mark_sent(delivery, NOW)
    assert [e.version for e in box.ready("ping", NOW)] == ["v2"]


def test_topics_do_not_wait_for_each_other(box: Outbox) -> None:
    """One of a hub that fails holds up no other."""
    box.plan([Plan("ping", "hub", topic, "1") for topic in "ab"], NOW, NOW)
    first, _ = box.ready("ping", NOW)
    box.start(first)
    box.postpone(first, "500", NOW + MINUTE)
    assert keys(box, "ping") == ["ping b hub"]


def test_a_delivery_whose_process_died_waits_again(box: Outbox) -> None:
    """It goes again, and says that it may be there twice."""
    box.plan([Plan("mail", "a", "2012-07-15")], NOW, NOW)
    (delivery,) = box.ready("mail", NOW)
    box.start(delivery)
    assert keys(box, "mail") == []
    again = Outbox(box.path)
    assert [e.key for e in again.recover()] == ["mail 2012-07-15 a"]
    (delivery,) = again.ready("mail", NOW)
    assert (delivery.uncertain_attempts, delivery.attempts) == (1, 1)
    assert again.recover() == []


def test_a_closing_and_its_deliveries_are_one_transaction(box: Outbox) -> None:
    """If the effects cannot be recorded, the day is not closed."""
    unwritable: Any = object()
    broken = (Plan("mail", to, "2012-07-15") for to in ["a", unwritable])
    with pytest.raises(StorageError):
        box.close(["2012-07-15"], {"days_to": "2012-07-15"}, broken, NOW)
    assert (box.closed(), box.fact("days_to"), box.deliveries()) == ({}, "", [])


def test_a_period_is_closed_once(box: Outbox) -> None:
    """Whoever comes second changes nothing."""
    box.close(["2012-07-15"], {}, [], NOW)
    with pytest.raises(StorageError):
        box.close(["2012-07-15"], {}, [Plan("mail", "a", "2012-07-15")], NOW)
    assert box.deliveries() == []


def test_reading_creates_no_file(box: Outbox) -> None:
    """To list what there is leaves a blog as it is."""
    assert (box.deliveries(), box.count(), box.closed(), box.next_due("mail")) == ([], {}, {}, None)
    assert not box.path.exists()


def test_a_damaged_or_newer_file_is_an_error_and_stays(box: Outbox) -> None:
    """It is no derived state: it is not made anew in silence."""
    box.path.write_bytes(b"not a database" * 100)
    with pytest.raises(StorageError, match=r"outbox\.sqlite.*\n.*backup"):
        box.plan([], NOW, NOW)
    assert box.path.read_bytes().startswith(b"not a database")
    box.path.unlink()
    with sqlite3.connect(box.path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StorageError, match="another version"):
        box.plan([], NOW, NOW)


def test_a_full_disk_changes_nothing(box: Outbox) -> None:
    """What cannot be recorded is not begun."""
    box.plan([Plan("mail", "a", "2012-07-15")], NOW, NOW)
    (delivery,) = box.ready("mail", NOW)
    with sqlite3.connect(box.path) as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.close()
    limited = _Limited(box.path, pages)
    with pytest.raises(StorageError, match="full"):
        limited.plan([Plan("mail", "x" * 5_000, str(n)) for n in range(9)], NOW, NOW)
    assert [e.key for e in box.ready("mail", NOW)] == [delivery.key]


class _Limited(Outbox):
    """An outbox on a disk with no more room."""

    def __init__(self, path: Path, pages: int) -> None:
        super().__init__(path)
        self._pages = pages

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with super()._connection() as db:
            db.execute(f"PRAGMA max_page_count = {self._pages}")
            yield db


def test_several_processes_can_create_the_file_at_once(tmp_path: Path) -> None:
    """The first one to come makes the file, and all plan into it."""
    path = tmp_path / "outbox.sqlite"
    plans = [Plan("mail", f"to-{n}", "2012-07-15") for n in range(8)]
    threads = [threading.Thread(target=Outbox(path).plan, args=([p], NOW, NOW)) for p in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Outbox(path).deliveries()) == 8


@given(st.text(max_size=30), st.integers(1, 60))
def test_pauses_grow_and_are_spread(key: str, tries: int) -> None:
    """The same delivery waits the same time after the same try; no pause is endless."""
    assert retry_delay(key, tries) == retry_delay(key, tries)
    assert 20 < retry_delay(key, tries) < 1.21 * LONGEST_DELAY
    assert (
        retry_delay(key, tries + 2) > retry_delay(key, tries)
        or retry_delay(key, tries) > 0.6 * LONGEST_DELAY
    )


def test_a_clock_that_was_ahead_leaves_nothing_waiting_for_years(box: Outbox) -> None:
    """What was planned by it is due again."""
    ahead = NOW + timedelta(days=3650)
    box.plan([Plan("mail", "a", "2012-07-15")], ahead, ahead)
    assert keys(box, "mail") == []
    box.limit_waits(NOW)
    assert keys(box, "mail") == ["mail 2012-07-15 a"]


def _sent(box: Outbox) -> Delivery:
    """Plan a mail and send it."""
    box.plan([Plan("mail", "a", "2012-07-15")], NOW, NOW)
    (delivery,) = box.ready("mail", NOW)
    assert box.start(delivery)
    box.mark_sent(delivery, NOW)
    return delivery


def test_a_sent_delivery_cannot_be_retried(box: Outbox) -> None:
    """Neither a retry nor a drop and a retry makes it wait; the error says when it went."""
    delivery = _sent(box)
    for act in (box.retry, box.drop, box.retry):
        with pytest.raises(InvalidInput, match=r"was sent already \(2012-"):
            act(delivery.key, NOW)
    assert [e.state for e in box.deliveries()] == ["done"]


def test_a_delivery_that_is_being_sent_cannot_be_changed(box: Outbox) -> None:
    """An attempt to retry or drop it meanwhile is an error."""
    box.plan([Plan("mail", "a", "2012-07-15")], NOW, NOW)
    (delivery,) = box.ready("mail", NOW)
    box.start(delivery)
    for act in (box.retry, box.drop):
        with pytest.raises(InvalidInput, match="being sent just now"):
            act(delivery.key, NOW)
    assert [e.state for e in box.deliveries()] == ["sending"]


def test_a_dropped_delivery_is_not_started(box: Outbox) -> None:
    """Also if it was dropped after the leading process had looked what is due."""
    box.plan([Plan("mail", "a", "2012-07-15")], NOW, NOW)
    (delivery,) = box.ready("mail", NOW)
    box.drop(delivery.key, NOW)
    assert not box.start(delivery)
    box.postpone(delivery, "away", NOW)
    box.give_up(delivery, "550", NOW)
    assert [e.state for e in box.deliveries()] == ["dropped"]


def test_erased_texts_are_in_no_byte_of_the_file(box: Outbox) -> None:
    """What a server said may quote an entry; also what an earlier version left behind goes."""
    box.plan([Plan("mail", "a", "2012-07-15"), Plan("chat", "team", "entry")], NOW, NOW)
    for kind in ("mail", "chat"):
        (delivery,) = box.ready(kind, NOW)
        box.start(delivery)
        box.give_up(delivery, "550 refused: 'the name of a source'", NOW)
    with closing(sqlite3.connect(box.path)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("UPDATE effects SET problem = '' WHERE kind = 'chat'")
        db.commit()
    assert b"name of a source" in box.path.read_bytes()
    box.erase_problems()
    assert b"name of a source" not in box.path.read_bytes()
    assert [(e.state, e.problem) for e in box.deliveries()] == [("failed", "")] * 2


def test_erasing_creates_no_file(box: Outbox) -> None:
    """A blog that never sent anything has nothing to forget."""
    box.erase_problems()
    assert not box.path.exists()


def test_a_reader_rolls_back_a_transaction_that_a_crash_interrupted(box: Outbox) -> None:
    """A process that died within a transaction leaves SQLite's journal beside the file."""
    _sent(box)
    script = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size = 1')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "db.execute(\"UPDATE effects SET state = 'waiting'\")\n"
        "db.execute('CREATE TABLE large AS SELECT zeroblob(1000000)')\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(box.path)], check=False)
    assert box.path.with_name("outbox.sqlite-journal").exists()
    assert [e.state for e in box.deliveries()] == ["done"]


def test_a_name_that_is_not_text_is_refused(box: Outbox) -> None:
    """A shell may hand over bytes that are no UTF-8; the database cannot look for them."""
    _sent(box)
    with pytest.raises(InvalidInput, match="is not text"):
        box.retry("mail \udcff", NOW)
