"""The journal's contract, point by point, over real files.

The numbers are those of :class:`liveblog.journal.Journal`.
"""

from __future__ import annotations

import errno
import gc
import itertools
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liveblog.journal import START, Fault, Journal
from liveblog.journal.dayfiles import check as audit_module
from liveblog.journal.dayfiles.appending import DayFile
from liveblog.journal.dayfiles.format import decode, encode, ending_of
from liveblog.journal.dayfiles.head import MAX_WRITES
from liveblog.journal.dayfiles.reader import FULL_SCAN_POLLS
from liveblog.model.conflicts import Conflict
from liveblog.model.entry import Framing, Reference, Revision, make_id
from liveblog.model.errors import InvalidInput, StorageError
from liveblog.model.records import Record

from ..conftest import Clock

DAY = date(2012, 7, 15)
NAME = "2012-07-15"
_numbers = itertools.count(1)


def revision(body: str = "Un texte.", day: date = DAY, key: str = "") -> Revision:
    """Make a first revision with an id of its own."""
    instant = datetime(day.year, day.month, day.day, 16, 4, tzinfo=UTC)
    return Revision(
        id=make_id(day, blake2b(str(next(_numbers)).encode(), digest_size=8).digest()),
        published=instant,
        updated=instant,
        body=body,
        idempotency_key=key,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where the journal will be."""
    return tmp_path / "entries"


@pytest.fixture
def journal(folder: Path, clock: Clock) -> Journal:
    """An empty journal."""
    return Journal(folder, folder.parent / ".liveblog", clock)


def again(journal: Journal) -> Journal:
    """Open the same journal as another process would."""
    return Journal(journal.folder, journal.folder.parent / ".liveblog", lambda: datetime.now(UTC))


def bodies(journal: Journal, name: str = NAME) -> list[str]:
    """Return the bodies of a file's revisions, in order."""
    return [r.body for r in journal.read(name).records if isinstance(r, Revision)]


def lines_of(journal: Journal, name: str = NAME) -> list[bytes]:
    """Return a file's lines as they are."""
    return journal.path(name).read_bytes().splitlines(keepends=True)


def test_an_appended_revision_is_read_back_whole(journal: Journal) -> None:
    """What comes back is what was appended, numbered and dated, whoever reads it."""
    stored = journal.append(revision("« Été » — 18 h 04\n\n\ttab 🕊"), expect=0)
    assert stored.rev == 1
    assert stored.recorded == datetime(2012, 7, 15, 16, 4, tzinfo=UTC)
    assert again(journal).day(DAY).records == [stored]


def test_each_day_has_its_file_and_longer_periods_theirs(journal: Journal) -> None:
    """A day's lines lie under its year and month; a week's and the coverage's lie above."""
    journal.append(revision(), expect=0)
    for period in (NAME, "2012-W29", "2012-07-15..2012-07-22", "coverage"):
        journal.append(Framing(period=period, headline="Un titre"), expect=0)
    found = sorted(str(p.relative_to(journal.folder)) for p in journal.folder.rglob("*.jsonl"))
    assert found == [
        "2012/07/2012-07-15.jsonl",
        "2012/2012-07-15..2012-07-22.jsonl",
        "2012/2012-W29.jsonl",
        "coverage.jsonl",
    ]
    assert journal.days() == [DAY]
    assert len(journal.read("2012-W29").records) == 1


def test_days_come_in_order(journal: Journal) -> None:
    """However they were posted."""
    for day in (date(2013, 1, 1), DAY, date(2012, 12, 31)):
        journal.append(revision(day=day), expect=0)
    assert journal.days() == [DAY, date(2012, 12, 31), date(2013, 1, 1)]


# -- 1 and 2: durable, whole or not there ------------------------------------------------------


def test_1_the_line_is_durable_before_append_returns(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Point 1: every append syncs its file, and a new file's folders too."""
    synced: list[str] = []
    real = {"fdatasync": os.fdatasync, "fsync": os.fsync}
    for name, call in real.items():

        def spy(fd: int, name: str = name, call: object = call) -> None:
            synced.append(os.readlink(f"/proc/self/fd/{fd}"))
            assert callable(call)
            call(fd)

        monkeypatch.setattr(os, name, spy)
    journal.append(revision(), expect=0)
    folder = journal.folder
    for expected in (folder / "2012/07/2012-07-15.jsonl", folder / "2012/07", folder / "2012"):
        assert str(expected) in synced
    assert str(folder) in synced
    synced.clear()
    journal.append(revision(), expect=0)
    assert synced == [str(folder / "2012/07/2012-07-15.jsonl")]


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_2_a_failed_append_leaves_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Point 2: a full disk or a failed sync is an error that names the file; nothing stays."""
    journal.append(revision("avant"), expect=0)
    before = journal.path(NAME).read_bytes()
    real_write = os.write

    def fail(fd: int, *data: bytes) -> int:
        if data:
            real_write(fd, data[0][: len(data[0]) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(StorageError, match="No space left") as caught:
            journal.append(revision("perdu"), expect=0)
    assert "2012-07-15.jsonl" in caught.value.message
    assert caught.value.hint
    assert journal.path(NAME).read_bytes() == before
    journal.append(revision("après"), expect=0)
    assert bodies(journal) == ["avant", "après"]
    assert not journal.check().faults


def test_2_a_write_that_the_machine_takes_in_parts_is_whole(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it refuses one, and then says why: what it took is cut off again."""
    journal.append(revision("avant"), expect=0)
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: real(fd, data[:20]))
        journal.append(revision("en parts"), expect=0)
    before = journal.path(NAME).read_bytes()
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from datetime import datetime, UTC\n"
        "from liveblog.model.entry import Framing\n"
        "from liveblog.model.errors import StorageError\n"
        "from liveblog.journal import Journal\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))\n"
        "folder = Path(sys.argv[1])\n"
        "journal = Journal(folder, folder.parent / 'none', lambda: datetime.now(UTC))\n"
        "try:\n"
        f"    journal.append(Framing(period='{NAME}', introduction='x' * 900), expect=0)\n"
        "except StorageError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", script, str(journal.folder), str(len(before) + 50)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "File too large" in told
    assert "ulimit -f" in told
    assert "Nothing was changed" in told
    assert journal.path(NAME).read_bytes() == before


def test_1_a_retry_is_acknowledged_once_the_first_is_on_disk(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a request wrote that then failed is not acknowledged to the next before it is synced."""

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        for call in ("fdatasync", "fsync", "ftruncate"):
            patch.setattr(os, call, fail)
        for _ in range(2):
            with pytest.raises(StorageError):
                journal.append(revision("une fois", key="k"), expect=0)
    journal.append(revision("une fois", key="k"), expect=0)
    assert bodies(journal) == ["une fois"]


def test_1_no_line_is_on_disk_whose_predecessor_in_another_file_is_not(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that somebody wrote and did not sync is synced before one of another day follows."""
    journal.append(revision(), expect=0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", lambda fd: None)
        again(journal).append(revision(), expect=0)
    other = DAY + timedelta(days=1)
    journal.append(revision(day=other), expect=0)
    synced: list[str] = []
    real = os.fdatasync

    def spy(fd: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{fd}").rpartition("/")[2])
        real(fd)

    monkeypatch.setattr(os, "fdatasync", spy)
    again(journal).append(revision(), expect=0)
    synced.clear()
    journal.append(revision(day=other), expect=0)
    assert synced == [f"{NAME}.jsonl", f"{other}.jsonl"]


@pytest.mark.parametrize("name", ["2012-07-15", "../../etc/passwd", "2012-99-99"])
def test_1_what_a_head_names_that_is_not_there_is_not_made(journal: Journal, name: str) -> None:
    """A day's file that somebody removed, or a head that somebody spoilt, holds up no append."""
    journal.append(revision(), expect=0)
    journal.path(NAME).unlink()
    head = journal.folder.parent / ".liveblog" / "head"
    head.write_text(head.read_text().replace(NAME.ljust(22), name.ljust(22)))
    other = DAY + timedelta(days=1)
    again(journal).append(revision("un autre jour", day=other), expect=0)
    assert [path.name for path in journal.folder.rglob("*.jsonl")] == [f"{other}.jsonl"]


def test_2_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path, clock: Clock) -> None:
    """Where the journal should be lies something else: named, with the hint, nothing written."""
    (tmp_path / "entries").write_text("not a folder")
    journal = Journal(tmp_path / "entries", tmp_path / ".liveblog", clock)
    with pytest.raises(StorageError, match="entries") as caught:
        journal.append(revision(), expect=0)
    assert caught.value.hint


def test_2_a_retry_with_the_same_key_is_the_same_entry(journal: Journal, clock: Clock) -> None:
    """Point 2: an idempotency key makes one entry, also past midnight and in another process."""
    first = journal.append(revision("une fois", key="demande-1"), expect=0)
    assert journal.append(revision("une fois", key="demande-1"), expect=0) == first
    late = revision("une fois", day=date(2012, 7, 16), key="demande-1")
    clock.go(days=1)
    elsewhere = Journal(journal.folder, journal.folder.parent / "none", clock)
    assert elsewhere.append(late, expect=0) == first
    other = journal.append(revision("autre", key="demande-2"), expect=0)
    assert other.id != first.id
    assert bodies(journal) == ["une fois", "autre"]
    assert journal.days() == [DAY]


def test_2_a_retried_edit_is_the_same_revision(journal: Journal) -> None:
    """The key is looked up before the revision number, so a retried edit is no conflict."""
    first = journal.append(revision("un"), expect=0)
    edit = msgspec.structs.replace(first, body="deux", idempotency_key="k", recorded=None)
    second = journal.append(edit, expect=1)
    assert journal.append(edit, expect=1) == second
    assert bodies(journal) == ["un", "deux"]


# -- 3: many writers ---------------------------------------------------------------------------


def test_3_expect_refuses_an_edit_of_an_older_revision(journal: Journal) -> None:
    """Point 3: the second of two editors learns of the first, sees both, and nothing is written."""
    first = journal.append(revision("un"), expect=0)
    theirs = journal.append(msgspec.structs.replace(first, body="deux"), expect=1)
    ours = msgspec.structs.replace(first, body="autre deux")
    with pytest.raises(Conflict) as caught:
        journal.append(ours, expect=1)
    assert caught.value.theirs == theirs
    assert caught.value.ours == ours
    assert "revision 2" in caught.value.message
    assert bodies(journal) == ["un", "deux"]


def test_3_an_edit_of_what_is_not_there_is_refused(journal: Journal) -> None:
    """expect=1 of an unknown entry is a conflict, not a new entry."""
    with pytest.raises(Conflict):
        journal.append(revision(), expect=1)
    assert journal.days() == []


def test_3_two_framings_of_one_period_conflict(journal: Journal) -> None:
    """The text around a digest is guarded in the same way."""
    journal.append(Framing(period="2012-W29", headline="Un"), expect=0)
    with pytest.raises(Conflict):
        journal.append(Framing(period="2012-W29", headline="Autre"), expect=0)


def test_3_threads_take_turns(journal: Journal) -> None:
    """Eight threads through one journal: every line whole, the chain unbroken."""
    made: list[str] = []

    def work() -> None:
        made.extend(journal.append(revision(), expect=0).id for _ in range(25))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [r.id for r in journal.day(DAY).records if isinstance(r, Revision)]
    assert sorted(found) == sorted(made)
    assert len(set(found)) == 200
    assert not journal.check().faults


def test_a_moved_entry_is_referred_to_from_its_new_day(journal: Journal) -> None:
    """Its revisions stay in its own file; the other day's file gets one line that refers to it."""
    first = journal.append(revision("un"), expect=0)
    moved = msgspec.structs.replace(first, day="2012-07-16")
    journal.append(moved, expect=1)
    journal.append(msgspec.structs.replace(moved, body="deux"), expect=2)
    assert [type(r) for r in journal.read("2012-07-16").records] == [Reference]
    assert bodies(journal) == ["un", "un", "deux"]


# -- 4: readers --------------------------------------------------------------------------------


@pytest.mark.slow
def test_4_readers_see_whole_revisions_in_order(journal: Journal) -> None:
    """Point 4: while others append, each reading is a beginning of the final sequence."""
    done = threading.Event()
    wrong: list[object] = []

    def write() -> None:
        for number in range(120):
            journal.append(revision(f"{number:04} " + "x" * (number % 3000)), expect=0)
        done.set()

    def read() -> None:
        reader = again(journal)
        seen = 0
        while not done.is_set():
            reading = reader.day(DAY)
            found = [r.body[:4] for r in reading.records if isinstance(r, Revision)]
            if found != [f"{n:04}" for n in range(len(found))] or len(found) < seen:
                wrong.append(found)
            if reading.faults:
                wrong.append(reading.faults)
            seen = len(found)

    threads = [threading.Thread(target=read) for _ in range(8)]
    threads.append(threading.Thread(target=write))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(bodies(journal)) == 120


def test_4_since_gives_what_came_after_a_cursor_in_order(journal: Journal) -> None:
    """Across days, in the order of appending; nothing missing, nothing twice."""
    days = [date(2012, 7, 16), DAY, date(2012, 7, 16), DAY]
    stored = [journal.append(revision(str(n), day=d), expect=0) for n, d in enumerate(days)]
    news = journal.since(START)
    assert news.records == stored
    assert journal.since(news.cursor).records == []
    later = journal.append(revision("later"), expect=0)
    assert journal.since(news.cursor).records == [later]


def test_4_since_misses_nothing_while_others_append(journal: Journal) -> None:
    """A reader that follows the cursor sees every revision exactly once."""
    done = threading.Event()

    def write(day: date) -> None:
        for number in range(120):
            journal.append(revision(str(number), day=day), expect=0)

    seen: list[str] = []

    def follow() -> None:
        cursor, reader = START, again(journal)
        while True:
            is_last = done.is_set()
            news = reader.since(cursor)
            cursor = news.cursor
            seen.extend(r.id for r in news.records if isinstance(r, Revision))
            if is_last:
                return

    writers = [threading.Thread(target=write, args=(date(2012, 7, d),)) for d in (15, 16, 17)]
    watcher = threading.Thread(target=follow)
    watcher.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    watcher.join()
    assert len(seen) == len(set(seen)) == 360


def nap(_: float) -> bool:
    """Wait a little; nobody calls for a turn."""
    time.sleep(0.01)
    return False


def test_4_watch_yields_what_is_appended(journal: Journal) -> None:
    """A watcher is woken by another process's append."""
    first = journal.append(revision("un"), expect=0)
    watching = again(journal).watch(START, nap)
    assert next(watching).records == [first]
    timer = threading.Timer(0.05, lambda: journal.append(revision("deux"), expect=0))
    timer.start()
    assert [r.body for r in next(watching).records if isinstance(r, Revision)] == ["deux"]
    timer.join()


@given(st.lists(st.dates(date(1000, 1, 1), date(2013, 3, 3)), max_size=12), st.dates())
@settings(max_examples=20)
def test_4_days_are_those_from_the_first_asked_for_on(
    tmp_path_factory: pytest.TempPathFactory, days: list[date], first: date
) -> None:
    """Whatever months and years they lie in."""
    folder = tmp_path_factory.mktemp("blog")
    journal = Journal(folder / "entries", folder / ".liveblog", Clock())
    for of in days:
        journal.append(revision("un", day=of), expect=0)
    assert journal.days() == sorted(set(days))
    for since in [first, *days]:
        assert journal.days(since) == sorted({of for of in days if of >= since})


def test_4_watch_names_the_files_that_grew(journal: Journal) -> None:
    """So that a publisher need not look at every day; many writes at once are named too."""
    journal.append(revision("un"), expect=0)
    watching = again(journal).watch(journal.end(), lambda _: True)
    assert next(watching).names is None
    assert next(watching).names == frozenset()
    journal.append(revision("deux", day=date(2012, 7, 16)), expect=0)
    news = next(watching)
    assert news.names == frozenset({"2012-07-16"})
    assert len(news.records) == 1
    for number in range(2 * MAX_WRITES):
        journal.append(revision(str(number), day=date(2012, 7, 1 + number % 9)), expect=0)
    news = next(watching)
    assert news.names == frozenset(f"2012-07-0{n}" for n in range(1, 10))
    assert len(news.records) == 2 * MAX_WRITES


def test_4_a_watcher_does_not_pass_over_what_is_not_noted_yet(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call between a writer's line and its note in a head that is new leads past nothing."""
    watching = journal.watch(START, lambda seconds: True)
    next(watching)
    with monkeypatch.context() as patch:
        patch.setattr("liveblog.journal.dayfiles.head.Head.write", lambda *_: None)
        first = again(journal).append(revision(), expect=0)
    assert next(watching).records == []
    second = again(journal).append(revision(), expect=0)
    assert next(watching).records == [first, second]


def test_4_what_is_appended_during_a_look_around_is_told_once(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write between the look at the head and that at the files tells nothing again."""
    other = again(journal)
    posted = [other.append(revision("avant"), expect=0)]
    watching = journal.watch(START, lambda seconds: True)
    told = list(next(watching).records)
    look, looks = journal.stamps, itertools.count(1)

    def late(names: Iterable[str] | None = None) -> dict[str, str]:
        if names is None and next(looks) == 1:
            posted.append(other.append(revision("pendant"), expect=0))
        return look(names)

    for number in range(2 * FULL_SCAN_POLLS):
        if number == FULL_SCAN_POLLS - 3:
            posted.append(other.append(revision("juste avant"), expect=0))
            monkeypatch.setattr(journal, "stamps", late)
        told += next(watching).records
    assert told == posted


def test_4_watch_tells_of_each_append_once(journal: Journal) -> None:
    """Also where a look around falls on it."""
    watching = again(journal).watch(journal.end(), lambda _: True)
    assert not next(watching).records
    told = []
    for number in range(3 * FULL_SCAN_POLLS):
        journal.append(revision(str(number)), expect=0)
        told += [r.body for r in next(watching).records if isinstance(r, Revision)]
    assert told == [str(number) for number in range(3 * FULL_SCAN_POLLS)]


@pytest.mark.parametrize(
    "stray", ["notes.jsonl", "2012/07/2012-07-15.sync-conflict-20120716-1.jsonl", "week.jsonl"]
)
def test_5_a_file_of_another_name_is_not_read_and_told_of(journal: Journal, stray: str) -> None:
    """Programs that sync folders leave such copies."""
    first = journal.append(revision("avant"), expect=0)
    (journal.folder / stray).write_bytes(journal.path(NAME).read_bytes())
    other = again(journal)
    assert other.since(START).records == [first]
    assert list(other.stamps()) == [NAME]
    assert other.days() == [DAY]
    audit = other.check()
    assert not audit.faults
    assert audit.records == 1
    (note,) = audit.notes
    assert note.startswith(f"entries/{stray}: ")


def test_4_watch_sees_a_redaction(journal: Journal) -> None:
    """Though nothing was appended."""
    entry = journal.append(revision("un"), expect=0)
    watching = again(journal).watch(journal.end(), lambda _: True)
    next(watching)
    journal.redact(entry.id)
    assert next(watching).names == frozenset({"2012-07-15"})


@pytest.mark.parametrize("others", [0, 2])
def test_4_watch_finds_what_a_killed_writer_left(journal: Journal, others: int) -> None:
    """A line on disk that nobody noted is told when the watcher looks around, whatever came since.

    So is a file that was copied here.
    """
    head = journal.folder.parent / ".liveblog" / "head"
    journal.append(revision("un"), expect=0)
    watching = again(journal).watch(journal.end(), lambda _: True)
    next(watching)
    before = head.read_bytes()
    lost = journal.append(revision("deux"), expect=0)
    head.write_bytes(before)
    for number in range(others):
        again(journal).append(revision(str(number), day=date(2012, 7, 16)), expect=0)
    told: list[Record] = []
    for _ in range(FULL_SCAN_POLLS):
        told += next(watching).records
    assert lost in told


def test_a_cursor_of_another_journal_is_refused(journal: Journal) -> None:
    """A word that is no cursor is a clear error."""
    with pytest.raises(InvalidInput, match="cursor"):
        journal.since("hier")


def test_a_journal_that_nobody_uses_any_more_holds_no_descriptor(journal: Journal) -> None:
    """Also where nobody closed it: a program may open blog after blog."""
    journal.append(revision("un"), expect=0)
    before = len(os.listdir("/dev/fd"))
    for number in range(20):
        again(journal).append(revision(str(number)), expect=0)
    gc.collect()
    assert len(os.listdir("/dev/fd")) <= before  # others may be let go of meanwhile


def test_instants_of_appending_never_go_back(journal: Journal, clock: Clock) -> None:
    """Even if the clock does, and even if the hint of the head is lost."""
    journal.append(revision("un"), expect=0)
    clock.go(hours=-5)
    journal.append(revision("deux"), expect=0)
    (journal.folder.parent / ".liveblog" / "head").unlink()
    journal.append(revision("trois", day=date(2012, 7, 16)), expect=0)
    found = journal.since(START).records
    assert [r.body for r in found if isinstance(r, Revision)] == ["un", "deux", "trois"]


# -- 5: damage ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_5_a_journal_cut_at_any_byte_keeps_its_whole_lines(journal: Journal) -> None:
    """Point 5: wherever a crash cuts the file, a prefix survives and the next append goes on."""
    for number in range(3):
        journal.append(revision(f"numéro {number}"), expect=0)
    path, whole = journal.path(NAME), journal.path(NAME).read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == 10]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = sum(end - 1 <= cut for end in ends)  # a line is whole without its line end
        torn = path.with_name(path.name + ".torn")
        torn.unlink(missing_ok=True)
        # Or it would be known that this was acknowledged: damage, and not the end of a crash.
        (journal.folder.parent / ".liveblog/head").unlink()
        assert bodies(journal) == [f"numéro {n}" for n in range(kept)]
        other = again(journal)
        other.append(revision("après"), expect=0)
        assert bodies(journal) == [*(f"numéro {n}" for n in range(kept)), "après"]
        start = ends[kept - 1] if kept else 0
        if cut > start:
            assert torn.read_bytes() == whole[start:cut] + b"\n"
        else:
            assert not torn.exists()


def test_5_a_torn_last_line_is_named_by_file_and_line(journal: Journal) -> None:
    """check notes it: nobody was told that it is there. Readers pass over it."""
    journal.append(revision("un"), expect=0)
    with open(journal.path(NAME), "ab") as file:
        file.write(b'{"type":"revision","id":"2012')
    audit = journal.check()
    assert not audit.faults
    (note,) = audit.notes
    assert note.startswith("entries/2012/07/2012-07-15.jsonl:2: an append was cut short")
    assert bodies(journal) == ["un"]


@pytest.mark.parametrize("reader", ["read", "check"])
def test_4_a_line_that_is_acknowledged_while_it_is_read_is_not_damaged(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    """Its bytes were half there when the file was read; the head knows of it a moment later."""
    journal.append(revision("un"), expect=0)
    other = again(journal)

    def half(path: Path) -> bytes:
        monkeypatch.undo()
        journal.append(revision("deux"), expect=0)
        return path.read_bytes()[:-30]

    for module in ("reader", "check"):
        monkeypatch.setattr(f"liveblog.journal.dayfiles.{module}.read_regular", half)
    assert not (other.read(NAME) if reader == "read" else other.check()).faults
    assert bodies(other) == ["un", "deux"]


def test_5_what_is_named_in_a_file_that_is_made_while_check_reads_is_not_lost(
    journal: Journal,
) -> None:
    """As at midnight: a line that is read names the first one of a new day."""
    journal.append(revision("un"), expect=0)

    def at_midnight(done: int, total: int) -> None:
        if done == 0:
            journal.append(revision("deux", day=date(2012, 7, 16)), expect=0)
            journal.append(revision("trois"), expect=0)

    audit = again(journal).check(at_midnight)
    assert not audit.faults


def test_5_what_comes_after_check_has_read_a_file_is_not_missed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head is read before the files, so that it names nothing that is not in them yet."""
    journal.append(revision("un"), expect=0)
    read = audit_module.find_missing

    def later(found: dict[str, audit_module.CheckedFile], sums: set[str]) -> dict[str, list[Fault]]:
        monkeypatch.undo()
        journal.append(revision("deux"), expect=0)
        return read(found, sums)

    monkeypatch.setattr(audit_module, "find_missing", later)
    audit = again(journal).check()
    assert (audit.faults, audit.notes) == ([], [])


def test_5_a_purge_elsewhere_makes_no_damage_of_a_torn_line(journal: Journal) -> None:
    """It notes in the head that it was there, and what is the last line there."""
    first = journal.append(revision("un"), expect=0)
    journal.append(revision("deux"), expect=0)
    later = journal.append(revision("trois", day=date(2012, 7, 16)), expect=0)
    journal.redact(first.id)
    assert journal.end() == again(journal).end()
    with open(journal.path(NAME), "ab") as file:
        file.write(b'{"type":"revision","id":"2012')
    assert not journal.check().faults
    assert not again(journal).read(NAME).faults
    fourth = journal.append(revision("quatre", day=date(2012, 7, 17)), expect=0)
    assert (fourth.recorded or later.published) > (later.recorded or later.published)
    assert not journal.check().faults


def test_5_bytes_set_aside_are_noted_and_no_fault(journal: Journal) -> None:
    """After the next append the journal is whole again; the bytes are still there."""
    journal.append(revision("un"), expect=0)
    with open(journal.path(NAME), "ab") as file:
        file.write(b"half a li")
    again(journal).append(revision("deux"), expect=0)
    audit = journal.check()
    assert not audit.faults
    assert any(".torn" in note for note in audit.notes)


def test_5_a_file_grown_but_not_filled_is_set_aside(journal: Journal) -> None:
    """After a loss of power a file may end in zeros, with or without the beginning of a line."""
    journal.append(revision("un"), expect=0)
    with open(journal.path(NAME), "ab") as file:
        file.write(b'{"type":"rev' + b"\0" * 300)
    again(journal).append(revision("deux"), expect=0)
    assert bodies(journal) == ["un", "deux"]
    assert not journal.check().faults


def test_5_an_altered_line_is_named_and_the_rest_is_read(journal: Journal) -> None:
    """A letter changed by hand: file and line are named, its bytes kept, the others read."""
    for text in ("un", "deux", "trois"):
        journal.append(revision(text), expect=0)
    path = journal.path(NAME)
    path.write_bytes(path.read_bytes().replace(b'"deux"', b'"DEUX"'))
    reading = journal.read(NAME)
    assert bodies(journal) == ["un", "trois"]
    assert [f.place for f in reading.faults] == ["entries/2012/07/2012-07-15.jsonl:2"]
    assert b"DEUX" in reading.faults[0].data
    assert reading.faults[0].hint


@pytest.mark.slow
@settings(max_examples=40)
@given(data=st.data())
def test_5_any_changed_byte_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: object
) -> None:
    """Whatever one byte becomes, check finds it, and repair brings the line back.

    Meanwhile only what that line may have superseded is not shown.
    """
    assert isinstance(data, st.DataObject)
    folder = tmp_path_factory.mktemp("altered") / "entries"
    journal = Journal(folder, folder.parent / ".liveblog", lambda: datetime.now(UTC))
    for text in ("un", "deux", "trois"):
        journal.append(revision(text), expect=0)
    path = journal.path(NAME)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[place]))
    content[place] = byte
    path.write_bytes(bytes(content))
    audit = journal.check()
    assert audit.faults or audit.notes
    reading = journal.read(NAME)
    assert len(reading.records) + len(reading.withheld_records) >= 2
    journal.repair()
    assert bodies(journal) == ["un", "deux", "trois"]
    assert not journal.check().faults


@pytest.mark.parametrize("which", [0, 1, 2])
def test_5_a_removed_line_is_found(journal: Journal, which: int) -> None:
    """The first, one between, and even the last, which a line in another day still names."""
    for text in ("un", "deux", "trois"):
        journal.append(revision(text), expect=0)
    journal.append(revision("demain", day=date(2012, 7, 16)), expect=0)
    lines = lines_of(journal)
    del lines[which]
    journal.path(NAME).write_bytes(b"".join(lines))
    assert journal.check().faults


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_5_who_read_before_reads_what_is_there_now(journal: Journal, seed: int) -> None:
    """FileParser that came, and lines altered, lost or torn in the very same file, in any order."""
    chance = random.Random(seed)
    journal.append(revision(), expect=0)
    path = journal.path(NAME)
    for number in range(12):
        with path.open("r+b") as file:
            data = file.read()
            match chance.randrange(6):
                case 0:  # in place, and it grows all the same
                    file.seek(chance.randrange(len(data)))
                    file.write(b"#")
                    file.seek(0, os.SEEK_END)
                    file.write(chance.choice(data.splitlines(keepends=True)))
                case 1:
                    file.write(b'{"torn": ')
                case 2:
                    file.truncate(chance.randrange(len(data) // 2, len(data)) or 1)
        if chance.random() < 0.6:
            journal.append(revision(f"Texte {number}"), expect=0)
        fresh = again(journal).read(NAME)
        for _ in range(2):
            known = journal.read(NAME)
            assert (known.records, known.faults) == (fresh.records, fresh.faults)
        time.sleep(0.01)  # or a file of the same size could have the same time


def test_5_a_removed_file_is_found(journal: Journal) -> None:
    """A day cannot vanish unseen, nor the newest update of all."""
    journal.append(revision("un"), expect=0)
    journal.append(revision("demain", day=date(2012, 7, 16)), expect=0)
    path = journal.path(NAME)
    kept = path.read_bytes()
    path.unlink()
    assert journal.check().faults
    path.write_bytes(kept)
    assert not journal.check().faults
    journal.path("2012-07-16").unlink()
    audit = journal.check()
    assert not audit.faults  # nothing that is here names it, as after an older copy was put back
    assert any("the newest update that this machine wrote" in note for note in audit.notes)


def test_5_reordered_and_duplicated_lines_are_noted_and_change_nothing(journal: Journal) -> None:
    """What they say is still read once; nothing is missing."""
    for text in ("un", "deux", "trois"):
        journal.append(revision(text), expect=0)
    lines = lines_of(journal)
    path = journal.path(NAME)
    path.write_bytes(b"".join([lines[0], lines[2], lines[1]]))
    assert sorted(bodies(journal)) == ["deux", "trois", "un"]
    audit = journal.check()
    assert not audit.faults
    (note,) = audit.notes
    assert note.startswith("entries/2012/07/2012-07-15.jsonl:2: ")
    path.write_bytes(b"".join([*lines, lines[1]]))
    assert bodies(journal) == ["un", "deux", "trois"]
    audit = journal.check()
    assert not audit.faults
    (note,) = audit.notes
    assert note.startswith("entries/2012/07/2012-07-15.jsonl:4: a line that is here a second")


def test_5_a_line_copied_from_another_day_is_found(journal: Journal) -> None:
    """A line is chained to its own file."""
    journal.append(revision("un"), expect=0)
    journal.append(revision("demain", day=date(2012, 7, 16)), expect=0)
    with open(journal.path("2012-07-16"), "ab") as file:
        file.write(lines_of(journal)[0])
    assert [f.place for f in journal.check().faults] == ["entries/2012/07/2012-07-16.jsonl:2"]


def test_5_lines_from_a_later_version_are_faults_not_crashes(journal: Journal) -> None:
    """A well-formed line of an unknown kind is named and passed over."""
    journal.append(revision("un"), expect=0)
    line = encode(revision("deux"), "0" * 16, "0" * 16)
    body = line[: -len(b',"sum":"0123456789abcdef"}\n')].replace(b'"revision"', b'"sonnet"')
    forged = body + ending_of(body) + b"\n"
    with open(journal.path(NAME), "ab") as file:
        file.write(forged)
    reading = journal.read(NAME)
    assert [r.body for r in reading.records if isinstance(r, Revision)] == ["un"]
    assert "sonnet" in reading.faults[0].problem


# -- 6: after a failed sync --------------------------------------------------------------------


def test_6_after_a_failed_sync_the_file_is_read_again(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Point 6: if what failed could not be taken back, it is whole and stays; nothing is twice."""
    journal.append(revision("avant"), expect=0)

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        patch.setattr(os, "ftruncate", fail)
        with pytest.raises(StorageError):
            journal.append(revision("peut-être"), expect=0)
        # Nothing is acknowledged while the file cannot be synced.
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StorageError) as refused:
            journal.append(revision("une fois", key="k"), expect=0)
    assert "Nothing was changed" not in str(refused.value)
    assert "may be in the journal all the same" in refused.value.hint
    assert "--idempotency-key 'k'" in refused.value.hint
    journal.append(revision("une fois", key="k"), expect=0)
    journal.append(revision("après"), expect=0)
    assert bodies(journal) == ["avant", "peut-être", "une fois", "après"]
    assert not journal.check().faults


def test_6_who_writes_next_waits_for_the_sync_and_what_comes_of_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line whose sync fails is cut off before anybody can build on it, or be told of it."""
    journal.append(revision("avant"), expect=0)
    real = os.fdatasync
    is_syncing, is_over = threading.Event(), threading.Event()
    told: list[Revision] = []

    def fail_first(fd: int) -> None:
        if is_syncing.is_set():
            return real(fd)
        is_syncing.set()
        is_over.wait(20)
        raise OSError(errno.EIO, "Input/output error")

    def retry() -> None:
        assert is_syncing.wait(20)
        is_over.set()
        told.append(again(journal).append(revision("une fois", key="k"), expect=0))

    monkeypatch.setattr(os, "fdatasync", fail_first)
    thread = threading.Thread(target=retry)
    thread.start()
    with pytest.raises(StorageError, match="Nothing was changed"):
        journal.append(revision("une fois", key="k"), expect=0)
    thread.join()
    assert journal.day(DAY).records[1:] == told
    journal.append(revision("après"), expect=0)
    assert bodies(journal) == ["avant", "une fois", "après"]
    assert not journal.check().faults


def test_6_nothing_is_appended_to_a_file_that_another_program_changed(journal: Journal) -> None:
    """Between the last look at the file and the write: the program's bytes stay as they are."""
    journal.append(revision("un"), expect=0)
    path = journal.path(NAME)
    file = DayFile(path, NAME)
    file.refresh(b"")
    path.write_bytes(b"")
    with pytest.raises(OSError, match="another program changed it"):
        file.append(b"{}\n", "0" * 16, journal.folder.parent)
    assert file.is_unchanged
    assert path.read_bytes() == b""


def test_6_nothing_is_appended_to_a_file_that_was_moved_aside(journal: Journal) -> None:
    """Who restores a day's file while a server runs loses nothing that comes after."""
    journal.append(revision("un"), expect=0)
    path = journal.path(NAME)
    backup = path.read_bytes()
    journal.append(revision("deux"), expect=0)
    path.rename(path.with_suffix(".bad"))
    path.write_bytes(backup)
    journal.append(revision("trois"), expect=0)
    assert bodies(journal) == ["un", "trois"]


# -- redaction ---------------------------------------------------------------------------------


def test_redaction_blanks_the_texts_and_keeps_the_chain(journal: Journal) -> None:
    """The words are gone from the file; numbers, instants and the chain are as they were."""
    secret = journal.append(revision("un nom qui met en danger"), expect=0)
    other = journal.append(revision("autre"), expect=0)
    journal.append(msgspec.structs.replace(secret, body="encore ce nom"), expect=1)
    assert journal.redact(secret.id) == 2
    assert b"nom" not in journal.path(NAME).read_bytes()
    audit = journal.check()
    assert not audit.faults
    assert any("2 redacted" in note for note in audit.notes)
    journal.append(revision("après"), expect=0)
    assert not journal.check().faults
    found = [r for r in journal.day(DAY).records if isinstance(r, Revision)]
    assert [r.rev for r in found if r.id == secret.id] == [1, 2]
    assert other in found
    assert journal.redact(secret.id) == 0


def test_redaction_leaves_an_entry_of_a_whole_day_without_a_time(journal: Journal) -> None:
    """What is left of it shows no clock time in the lists of authors."""
    entry = msgspec.structs.replace(revision("un nom"), precision="day")
    journal.append(entry, expect=0)
    journal.redact(entry.id)
    (left,) = journal.day(DAY).records
    assert isinstance(left, Revision)
    assert (left.body, left.precision) == ("", "day")


# -- the line ----------------------------------------------------------------------------------


@given(
    body=st.text(st.characters(exclude_categories=["Cs"])),
    number=st.integers(0, 2**50 - 1),
    moment=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001
)
def test_any_revision_survives_its_line(body: str, number: int, moment: datetime) -> None:
    """Encoding and decoding give the same record, on one line."""
    instant = moment.replace(tzinfo=UTC)
    record = Revision(
        id=make_id(DAY, number.to_bytes(7, "big")), rev=1, recorded=instant,
        published=instant, updated=instant + timedelta(seconds=1), body=body,
    )  # fmt: skip
    line = encode(record, "a" * 16, "b" * 16)
    assert line.count(b"\n") == 1
    decoded = decode(line[:-1])
    assert not isinstance(decoded, str)
    assert (decoded.record, decoded.prev, decoded.after) == (record, "a" * 16, "b" * 16)
