"""Appends of many records at once: in order, each as if it were appended alone, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path

import pytest

from liveblog.journal import Journal
from liveblog.model.conflicts import Conflict, KeyReused
from liveblog.model.entry import Framing, Revision, make_id
from liveblog.model.errors import InvalidInput, StorageError, Withheld

from ..conftest import Clock
from ..injection import interrupted, killed_at, refusing

DAY = date(2012, 7, 15)
NAME = DAY.isoformat()

Draft = tuple[Revision | Framing, int]


def revision(number: int, day: date = DAY, key: str = "") -> Revision:
    """Return a new entry that is not yet appended."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Revision(
        id=make_id(day, blake2b(bytes([number % 256, number // 256]), digest_size=8).digest()),
        published=at,
        updated=at,
        body=f"Texte {number}.",
        idempotency_key=key,
    )


def drafts(count: int = 6, *, keys: bool = True) -> list[Draft]:
    """Return posts of two days in turn, an edit, a move to another day, and a framing."""
    other = DAY + timedelta(days=1)
    found: list[Draft] = [
        (revision(n, DAY if n < count // 2 else other, f"k{n}" if keys else ""), 0)
        for n in range(count)
    ]
    first = revision(0)
    edit = Revision(id=first.id, published=first.published, updated=first.updated, body="Edit.")
    moved = Revision(
        id=first.id, published=first.published, updated=first.updated, day="2012-07-17", body="."
    )
    return [*found, (edit, 1), (moved, 2), (Framing(period=NAME, headline="Un jour"), 0)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The blog's folder."""
    return tmp_path / "blog"


@pytest.fixture
def journal(folder: Path, clock: Clock) -> Journal:
    """An empty journal."""
    return opened(folder, clock)


def opened(folder: Path, clock: Callable[[], datetime]) -> Journal:
    """Return the journal of a folder as another process opens it."""
    return Journal(folder / "entries", folder / ".liveblog", clock)


def contents(journal: Journal) -> list[tuple[str, int, str]]:
    """Return what the journal holds in the order in which it was appended."""
    records = [r for name in journal.stamps() for r in journal.read(name).records]
    records.sort(key=lambda record: record.recorded or datetime.max.replace(tzinfo=UTC))
    return [
        (record.name, record.rev, getattr(record, "body", ""))
        for record in records
        if isinstance(record, Revision | Framing)
    ]


def test_many_are_what_each_alone_would_be(tmp_path: Path, clock: Clock) -> None:
    """The same bytes in the same files, but for a reference's or a line's instant."""
    alone, together = opened(tmp_path / "alone", clock), opened(tmp_path / "together", clock)
    one_by_one = [alone.append(record, expect=expect) for record, expect in drafts()]
    assert together.append_many(drafts()) == one_by_one
    assert contents(alone) == contents(together)
    for path in alone.folder.rglob("*.jsonl"):
        assert path.read_bytes() == (together.folder / path.relative_to(alone.folder)).read_bytes()
    assert not together.check().faults
    assert together.append_many([]) == []


def test_neighbours_of_one_day_are_one_sync(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand posts of two days are two."""
    synced: list[str] = []
    real = os.fdatasync

    def spy(fd: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{fd}").rpartition("/")[2])
        real(fd)

    monkeypatch.setattr(os, "fdatasync", spy)
    other = DAY + timedelta(days=1)
    journal.append_many([(revision(n, DAY if n < 500 else other), 0) for n in range(1000)])
    assert synced == [f"{NAME}.jsonl", f"{other}.jsonl"]
    assert len(journal.read(NAME).records) == 500


def test_a_key_twice_in_a_batch_is_one_request(journal: Journal) -> None:
    """As is one that was there before; another request with it is refused, and nothing written."""
    before = journal.append(revision(1, key="a"), expect=0)
    made = journal.append_many([(revision(1, key="a"), 0), *[(revision(2, key="b"), 0)] * 3])
    assert made[0] == before
    assert made[1] == made[2] == made[3]
    assert len(journal.read(NAME).records) == 2
    with pytest.raises(KeyReused):
        journal.append_many([(revision(3, key="c"), 0), (revision(4, key="b"), 0)])
    with pytest.raises(KeyReused):
        journal.append_many([(revision(3, key="c"), 0), (revision(4, key="c"), 0)])
    assert len(journal.read(NAME).records) == 2


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        ((revision(0), 0), Conflict),
        ((revision(9), 1), Conflict),
        ((Framing(period=NAME), 1), Conflict),
        ((Revision(id=revision(9).id, published=revision(9).published,
                   updated=revision(9).updated), 0), InvalidInput),
    ],
)  # fmt: skip
def test_one_that_is_refused_means_none(
    journal: Journal, refused: Draft, error: type[Exception]
) -> None:
    """Whatever comes before or after it; and the next batch is taken."""
    journal.append(revision(0), expect=0)
    with pytest.raises(error):
        journal.append_many([(revision(5), 0), refused, (revision(6), 0)])
    assert contents(journal) == [(revision(0).id, 1, "Texte 0.")]
    journal.append_many([(revision(5), 0), (revision(6), 0)])
    assert len(contents(journal)) == 3


def test_what_is_withheld_is_refused(journal: Journal) -> None:
    """An edit of an entry whose newest revision may be damaged."""
    journal.append_many([(revision(0), 0), (revision(1), 0)])
    path = journal.path(NAME)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b"Texte 1", b"Texte X"))
    with pytest.raises(Withheld):
        journal.append_many([(revision(5), 0), (revision(1), 1)])
    assert len(contents(journal)) == 1


@pytest.mark.parametrize("tail", [b'{"torn', b"\n", b"\0\0\0", b"<<<<<<< HEAD\n"])
def test_a_batch_after_what_others_left(journal: Journal, tail: bytes) -> None:
    """Bytes that a crash left, or other programs; also where this writer knew the file before."""
    for number in range(3):
        journal.append(revision(number), expect=0)
        path = journal.path(NAME)
        path.write_bytes(path.read_bytes() + tail)
    journal.append_many([(revision(10), 0), (revision(11), 0)])
    assert [body for _, _, body in contents(journal)][-2:] == ["Texte 10.", "Texte 11."]
    assert not journal.check().faults


def test_what_another_writer_appended_is_known(folder: Path, clock: Clock) -> None:
    """Its ids, its last line; whoever writes next, alone or many."""
    one, other = opened(folder, clock), opened(folder, clock)
    for number in range(0, 9, 3):
        one.append(revision(number), expect=0)
        other.append_many([(revision(number + 1), 0), (revision(number + 2), 0)])
        with pytest.raises(Conflict):
            one.append(revision(number + 2), expect=0)
        with pytest.raises(Conflict):
            other.append(revision(number), expect=0)
    assert len(contents(one)) == 9
    assert not one.check().faults


def test_a_file_that_was_replaced_by_one_of_the_same_size_is_read_again(
    journal: Journal, tmp_path: Path, clock: Clock
) -> None:
    """As after a copy was put back: what is in it is known, and what was in the other is not."""
    other = opened(tmp_path / "other", clock)
    journal.append_many([(revision(0), 0), (revision(1), 0)])
    other.append_many([(revision(7), 0), (revision(1), 0)])
    path = journal.path(NAME)
    size = path.stat().st_size
    path.write_bytes(other.path(NAME).read_bytes())
    assert path.stat().st_size == size
    with pytest.raises(Conflict):
        journal.append(revision(7), expect=0)
    journal.append(revision(0), expect=0)
    assert not journal.check().faults


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_a_sync_that_fails_leaves_those_before_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """The error says how many; the same call again appends the rest."""
    calls = 0
    real = os.fdatasync

    def fail(fd: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.EIO, "Input/output error")
        real(fd)

    wanted = [(record, expect) for record, expect in drafts() if isinstance(record, Revision)]
    wanted = wanted[:6]
    wanted += [(revision(9, key="k9"), 0), (revision(10, DAY + timedelta(days=3), "k10"), 0)]
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", fail)
        with pytest.raises(StorageError) as caught:
            journal.append_many(wanted)
    count = len(contents(journal))
    assert count == (0, 3, 6, 7)[failing - 1]
    said = f"The first {count} of 8 updates" if count else "Nothing was changed"
    assert said in caught.value.hint
    journal.append_many(wanted)
    assert len(contents(journal)) == 8
    assert not journal.check().faults


def test_adopted_records_keep_their_numbers_and_come_once(tmp_path: Path, clock: Clock) -> None:
    """Also where one is twice in the batch."""
    source, target = opened(tmp_path / "a", clock), opened(tmp_path / "b", clock)
    source.append_many(drafts())
    records = [
        r
        for name in source.stamps()
        for r in source.read(name).records
        if isinstance(r, Revision | Framing)
    ]
    clock.go(hours=1)
    assert target.adopt_many([*records[:3], records[0]]) == [True, True, True, False]
    assert target.adopt_many(records) == [False] * 3 + [True] * (len(records) - 3)
    assert sorted(contents(target)) == sorted(contents(source))
    with pytest.raises(Conflict):
        target.adopt_many([revision(20), records[0]])  # no number
    assert not target.check().faults


def everywhere(folder: Path, clock: Clock) -> None:
    """Append a batch over several files, in a journal that has an entry and a torn line."""
    opened(folder, clock).append_many(keyed())


def keyed() -> list[Draft]:
    """Return a batch that can be tried again: every record has a key, or is edited once."""
    days = [DAY, DAY, DAY + timedelta(days=1), DAY, DAY + timedelta(days=1)]
    return [(revision(n + 1, day, f"k{n}"), 0) for n, day in enumerate(days)]


@pytest.fixture
def begun(tmp_path: Path, clock: Clock) -> Path:
    """A folder whose journal has an entry, and bytes that a crash left."""
    journal = opened(tmp_path / "begun", clock)
    journal.append(revision(0), expect=0)
    path = journal.path(NAME)
    path.write_bytes(path.read_bytes() + b'{"torn')
    return tmp_path / "begun"


def assert_is_a_beginning(journal: Journal, count: int | None = None) -> None:
    """A journal holds the first so many records of the batch, whole, in order, once."""
    wanted = [("Texte 0."), *(record.body for record, _ in keyed() if isinstance(record, Revision))]
    found = [body for _, _, body in contents(journal)]
    assert found == wanted[: len(found)]
    if count is not None:
        assert len(found) == count
    assert not journal.check().faults


@pytest.mark.slow
def test_a_batch_that_is_killed_anywhere_leaves_a_beginning(
    tmp_path: Path, begun: Path, clock: Clock
) -> None:
    """And tried again it is there once."""
    at, was_killed, lengths = 0, True, set()
    while was_killed:
        folder = tmp_path / "killed"
        shutil.copytree(begun, folder)
        was_killed = killed_at(at, partial(everywhere, folder, clock))
        assert_is_a_beginning(opened(folder, clock), count=None if was_killed else 6)
        lengths.add(len(contents(opened(folder, clock))))
        clock.go(seconds=1)
        everywhere(folder, clock)
        assert_is_a_beginning(opened(folder, clock), count=6)
        shutil.rmtree(folder)
        at += 1
    assert at > 30
    assert lengths == {1, 3, 4, 5, 6}


@pytest.mark.slow
def test_a_batch_that_is_refused_anywhere_leaves_a_beginning(
    tmp_path: Path, begun: Path, clock: Clock
) -> None:
    """Whichever call the machine refuses; the error is a storage error that says how much."""
    at, is_done = 0, False
    while not is_done:
        folder = tmp_path / "refused"
        shutil.copytree(begun, folder)
        with interrupted(at, refusing(errno.EIO)) as made:
            try:
                everywhere(folder, clock)
                count, hint = 6, ""
            except StorageError as error:
                count, hint = None, error.hint
        is_done = len(made) <= at
        assert_is_a_beginning(opened(folder, clock), count)
        found = len(contents(opened(folder, clock))) - 1
        if "Nothing was changed in the journal" in hint:
            assert not found
        if "may be there" not in hint and "The first" in hint:
            assert f"The first {found} of 5" in hint
        shutil.rmtree(folder)
        at += 1
    assert at > 30
