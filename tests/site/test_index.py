"""The index: what it knows of entries and files, and that a transaction is all or nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from liveblog.journal import Fault
from liveblog.model.entry import Revision
from liveblog.site.entry_index import Invalidation
from liveblog.site.index import Index
from liveblog.site.list_index import EntryRef
from liveblog.timeline import Entry

DAY = date(2012, 7, 15)
NOON = datetime(2012, 7, 15, 12, tzinfo=UTC)


def entry(name: str, *, at: datetime = NOON, **changes: object) -> Entry:
    """Return an entry of the day of *at*, posted at that instant."""
    revision = Revision(
        id=f"{at:%Y%m%d}-{name * 10}", rev=1, recorded=at, published=at, updated=at, body="Un."
    )
    return Entry((structs.replace(revision, **changes),))


def corrected(before: Entry, at: datetime) -> Entry:
    """Return an entry with a second revision."""
    now = structs.replace(before.now, rev=2, recorded=at, updated=at, body="Deux.")
    return Entry((*before.revisions, now))


@pytest.fixture
def index() -> Index:
    """An empty index."""
    return Index.temporary()


def replace(index: Index, entries: list[Entry], day: date = DAY, **changes: list[Entry]) -> object:
    """Replace a day in the index."""
    return index.entries.replace_day(day, entries, "Titre", changes.get("removed", []), UTC)


def test_the_newest_come_first(index: Index) -> None:
    """By the instant they speak for; by the last change; key ones, pinned ones, those of a tag."""
    old = entry("a", tags=("Damas",), key=True)
    new = entry("b", at=NOON + timedelta(minutes=1), tags=("damas", "Alep"), pinned=True)
    old = corrected(old, NOON + timedelta(hours=1))
    replace(index, [old, new])
    known = index.entries
    assert known.newest(5) == [EntryRef(new.id, DAY), EntryRef(old.id, DAY)]
    assert known.newest(1) == [EntryRef(new.id, DAY)]
    assert known.last_updated(1) == [EntryRef(old.id, DAY)]
    assert known.keys(5) == [EntryRef(old.id, DAY)]
    assert known.pinned(5) == [EntryRef(new.id, DAY)]
    assert known.tagged("damas", 5) == [EntryRef(new.id, DAY), EntryRef(old.id, DAY)]
    assert known.tag("damas") == ("Damas", 2)
    assert known.tags() == ["alep", "damas"]
    assert known.last_change() == old.now.updated
    assert known.count_updated_since(NOON + timedelta(minutes=30)) == 1
    assert known.count_in(DAY) == 2


def test_only_what_shows_a_changed_entry_is_invalid(index: Index) -> None:
    """Its tags, before and after, and the days in which it changed; none of another entry's."""
    stays, changes = entry("a", tags=("Homs",)), entry("b", tags=("Damas",))
    replace(index, [stays, changes])
    assert replace(index, [stays, changes]) == (
        Invalidation(frozenset(), frozenset(), frozenset(), {}, False),
        set(),
    )
    later = corrected(changes, NOON + timedelta(days=1))
    later = Entry((later.revisions[0], structs.replace(later.now, tags=("Alep",))))
    found, ids = index.entries.replace_day(DAY, [stays, later], "Titre", [], UTC)
    assert ids == {changes.id}
    assert found.tags == {"damas", "alep"}
    assert found.archives == {DAY, DAY + timedelta(days=1)}
    assert index.entries.changed_in(DAY + timedelta(days=1)) == [EntryRef(changes.id, DAY)]
    assert index.entries.change_before(DAY + timedelta(days=1)) == DAY
    assert index.entries.change_after(DAY) == DAY + timedelta(days=1)
    assert "damas" not in index.entries.tags()


def test_an_entry_may_be_shown_on_another_day_than_its_own(index: Index) -> None:
    """Whichever of the two days is replaced first."""
    home, other = DAY, DAY + timedelta(days=1)
    moved = entry("a", published=NOON + timedelta(days=1), day=f"{other}")
    for days in ((home, other), (other, home)):
        index.clear()
        replace(index, [entry("a")], home)
        for day in days:
            replace(index, [moved] if day == other else [], day)
        assert index.entries.days_of(moved.id) == {other}
        assert index.entries.days_displaying(home) == {other}
        assert index.entries.count_in(home) == 0


def test_removals_are_known_until_they_are_restored(index: Index) -> None:
    """The last first."""
    gone = entry("a", state="removed", updated=NOON + timedelta(hours=1))
    replace(index, [])
    _, ids = index.entries.replace_day(DAY, [], None, [gone], UTC)
    assert ids == {gone.id}
    assert index.entries.removals(5) == [(gone.id, gone.now.updated)]
    assert index.entries.count_removed_since(NOON) == 1
    replace(index, [entry("a")])
    assert index.entries.removals(5) == []


def test_the_list_of_days_is_read_again_only_if_one_changes(index: Index) -> None:
    """A day without a headline is empty."""
    replace(index, [entry("a")])
    days = index.entries.non_empty_days()
    assert days.headlines == {DAY: "Titre"}
    replace(index, [entry("a"), entry("b")])
    assert index.entries.non_empty_days() is days
    index.entries.replace_day(DAY, [], None, [], UTC)
    assert index.entries.non_empty_days().days == []


def test_files_that_are_written_no_more_are_stale(index: Index) -> None:
    """Of a purpose that was rendered again; kept files stay."""
    index.begin()
    index.manifest.record_files([("a", "1", "day"), ("b", "2", "day"), ("c", "3", "tag")])
    index.commit()
    index.begin()
    index.manifest.record_files([("a", "4", "day")])
    assert index.manifest.stale_files("day") == ["b"]
    index.manifest.keep_files(["b"])
    assert index.manifest.stale_files("day") == []
    assert index.manifest.hashes("day") == {"a": "4", "b": "2"}
    index.manifest.forget_file("b")
    index.commit()
    assert index.manifest.files() == [("a", "4"), ("c", "3")]


def test_a_rollback_leaves_no_trace(tmp_path: Path) -> None:
    """Entries, files, faults, facts and the list of days are as they were."""
    index = Index(tmp_path / "index.sqlite")
    index.begin()
    replace(index, [entry("a")])
    index.set_fact("state", "live")
    index.commit()
    days = index.entries.non_empty_days().headlines
    index.begin()
    replace(index, [], DAY)
    index.entries.replace_day(DAY, [], None, [], UTC)
    index.set_fact("state", "over")
    index.manifest.record_files([("a", "1", "day")])
    index.manifest.replace_faults("day", [Fault("a", "b", "c")])
    index.rollback()
    assert index.entries.non_empty_days().headlines == days
    assert index.entries.newest(1) == [EntryRef(entry("a").id, DAY)]
    assert index.fact("state") == "live"
    assert index.manifest.files() == []
    assert index.manifest.faults() == []


def test_an_error_within_a_savepoint_undoes_that_part_only(index: Index) -> None:
    """The transaction goes on."""
    index.begin()
    index.set_fact("a", "1")
    with pytest.raises(ZeroDivisionError), index.savepoint():  # noqa: PT012 - what is undone
        index.set_fact("a", "2")
        1 / 0  # noqa: B018
    index.commit()
    assert index.fact("a") == "1"


def test_changed_stamps_are_those_that_differ(index: Index) -> None:
    """New, other and missing ones; of the given names only, if any are given."""
    index.set_stamps({"2012-07-14": "1", "2012-07-15": "1"}, ["2012-07-14", "2012-07-15"])
    now = {"2012-07-15": "2", "2012-W29": "1"}
    assert index.changed_stamps(now) == {"2012-07-14", "2012-07-15", "2012-W29"}
    assert index.changed_stamps({"2012-07-15": "1"}, ["2012-07-15"]) == set()
    index.set_stamps(now, ["2012-07-14", "2012-W29"])
    assert index.journal_days(date(2012, 7, 1), date(2012, 7, 31)) == [date(2012, 7, 15)]


def test_a_replaced_file_is_noticed(tmp_path: Path) -> None:
    """Somebody may delete .liveblog/ while a server runs."""
    index = Index(tmp_path / "index.sqlite")
    assert index.is_current()
    (tmp_path / "index.sqlite").unlink()
    assert not index.is_current()
    assert Index(tmp_path / "index.sqlite").is_current()
