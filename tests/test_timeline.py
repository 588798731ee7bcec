"""The timeline: the entries as they stand, in order, and nothing that readers may not see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog import Blog, Entry
from liveblog.changes import StreamPosition, changes_since
from liveblog.chapters import newest_framing
from liveblog.journal import Fault, Reading
from liveblog.model.entry import Framing, Reference, Revision
from liveblog.model.errors import InvalidInput, NotFound
from liveblog.model.records import Record
from liveblog.timeline import (
    Timeline,
    fold,
    in_order,
    selected,
)

from .conftest import Clock

SUNDAY, MONDAY, TUESDAY = date(2012, 7, 15), date(2012, 7, 16), date(2012, 7, 17)
NOON = datetime(2012, 7, 15, 12, tzinfo=UTC)


def revision(number: int = 1, letters: str = "7k3m9qx2tb", **fields: Any) -> Revision:
    """Make a revision as the journal hands it out."""
    values: dict[str, Any] = {
        "id": f"20120715-{letters}",
        "rev": number,
        "recorded": NOON + timedelta(minutes=number),
        "published": NOON,
        "updated": NOON,
        "body": f"Version {number}",
    }
    return Revision(**values | fields)


class Kept:
    """A journal that holds what it is given; only what a timeline asks for."""

    def __init__(self, days: dict[date, Sequence[Record]], faults: Sequence[Fault] = ()) -> None:
        self._days = days
        self._faults = faults

    def day(self, of: date) -> Reading:
        """Return what was given for a day."""
        return Reading(self._days.get(of, ()), self._faults)

    def read(self, name: str) -> Reading:
        """Return what was given for a day, by its name."""
        return self.day(date.fromisoformat(name))

    def days(self, first: date = date.min) -> list[date]:
        """Return the days that were given."""
        return sorted(of for of in self._days if of >= first)


def timeline(
    days: dict[date, Sequence[Record]], now: datetime = NOON, faults: Sequence[Fault] = ()
) -> Timeline:
    """Look at given records."""
    return Timeline(Kept(days, faults), now)  # type: ignore[arg-type]


def bodies(entries: Sequence[Entry]) -> list[str]:
    """Return the texts of entries, in order."""
    return [entry.now.body for entry in entries]


def shown(blog: Blog, entry_id: str) -> list[date]:
    """Return every day that shows an entry, once for each time it is shown."""
    return [
        day.date
        for day in blog.timeline.read_days([SUNDAY, MONDAY, TUESDAY])
        for entry in day.entries
        if entry.id == entry_id
    ]


# -- order -----------------------------------------------------------------------------------------


def test_entries_stand_in_order_of_what_they_speak_for(blog: Blog, clock: Clock) -> None:
    """Not in that of posting: an update may be told late."""
    blog.post("18 h 04")
    blog.post("9 h", at=blog.moment("9h"))
    clock.go(minutes=1)
    blog.post("18 h 05")
    blog.post("18 h", at=blog.moment("18h"))
    expected = ["9 h", "18 h", "18 h 04", "18 h 05"]
    assert bodies(blog.timeline.day(SUNDAY).entries) == expected
    assert bodies(list(blog.timeline.newest_first())) == expected[::-1]


def test_entries_of_one_second_stand_in_the_order_of_posting(blog: Blog, clock: Clock) -> None:
    """Whatever their random letters, and also after an edit."""
    at = blog.moment("18h")
    posted = []
    for number in range(8):
        posted.append(blog.post(f"{number}", at=at))
        clock.go(seconds=1)
    blog.edit(posted[3].id, title="Titre")
    assert bodies(blog.timeline.day(SUNDAY).entries) == [str(number) for number in range(8)]


def test_entries_of_a_whole_day_stand_before_those_with_a_time(blog: Blog, clock: Clock) -> None:
    """In the order of posting; midnight is a time."""
    blog.post("minuit", at=blog.moment("2012-07-15 00:00"))
    blog.post("9 h", at=blog.moment("9h"))
    for body in ("un", "deux"):
        clock.go(seconds=1)
        blog.post(body, at=SUNDAY)
    found = blog.timeline.day(SUNDAY).entries
    assert bodies(found) == ["un", "deux", "minuit", "9 h"]
    assert [entry.order for entry in found] == sorted(entry.order for entry in found)
    assert [entry.now.precision for entry in found] == ["day", "day", "instant", "instant"]


def test_an_entry_of_a_whole_day_can_stand_after_any_other(blog: Blog, clock: Clock) -> None:
    """Those after the same one in the order of posting; text order is the order of the timeline."""
    blog.post("minuit", at=blog.moment("2012-07-15 00:00"))
    nine = blog.post("9 h", at=blog.moment("9h"))
    blog.post("9 h 00 min 01", at=blog.moment("09:00:01"))
    whole = blog.post("jour", at=SUNDAY)
    for body in ("après 9 h", "encore après 9 h"):
        clock.go(seconds=1)
        blog.post(body, at=blog.moment_after(nine.id))
    clock.go(seconds=1)
    blog.post("après le jour", at=blog.moment_after(whole.id))
    found = blog.timeline.day(SUNDAY).entries
    assert bodies(found) == [
        "jour", "minuit", "après le jour", "9 h", "après 9 h", "encore après 9 h", "9 h 00 min 01",
    ]  # fmt: skip
    assert [entry.order for entry in found] == sorted(entry.order for entry in found)


def test_a_moved_time_zone_leaves_whole_days_where_they_are(blog: Blog) -> None:
    """Also for an entry that is placed after one of them."""
    first = blog.post("Dimanche.", at=SUNDAY)
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text("utf-8").replace("Europe/Paris", "America/New_York"), "utf-8")
    moved = Blog(blog.paths.root, clock=lambda: blog.now)
    moved.post("Après.", at=moved.moment_after(first.id))
    assert bodies(moved.timeline.day(SUNDAY).entries) == ["Dimanche.", "Après."]


def test_the_newest_come_first_across_days(blog: Blog, clock: Clock) -> None:
    """And a day is read only when it is reached."""
    blog.post("dimanche")
    clock.go(days=1)
    blog.post("lundi")
    clock.go(days=1)
    blog.post("mardi")
    newest = blog.timeline.newest_first()
    assert next(newest).now.body == "mardi"
    assert bodies(list(newest)) == ["lundi", "dimanche"]
    assert blog.timeline.days() == [SUNDAY, MONDAY, TUESDAY]


def test_the_days_between_are_those_with_something(blog: Blog, clock: Clock) -> None:
    """A day without entries is not told."""
    blog.post("dimanche")
    clock.go(days=2)
    blog.post("mardi")
    days = blog.timeline.read_days([SUNDAY, MONDAY, TUESDAY])
    assert [day.date for day in days] == [SUNDAY, TUESDAY]
    assert blog.timeline.day(MONDAY).entries == ()


@given(st.permutations(range(6)))
def test_order_depends_on_the_entries_alone(order: list[int]) -> None:
    """However they are handed over, they stand the same."""
    entries = [
        Entry((revision(letters=f"{n}" * 10, published=NOON + timedelta(seconds=n // 2)),))
        for n in range(6)
    ]
    assert in_order([entries[n] for n in order]) == in_order(entries)


# -- what readers may not see ----------------------------------------------------------------------


def test_an_embargoed_entry_is_seen_from_its_instant_on(blog: Blog, clock: Clock) -> None:
    """Not a second before; the newsroom sees it all the time."""
    entry = blog.post("Sous embargo", at=blog.moment("20h"), schedule=True)
    clock.set("2012-07-15T17:59:59Z")
    assert shown(blog, entry.id) == []
    assert list(blog.timeline.newest_first()) == []
    assert bodies(blog.timeline.unfiltered(SUNDAY).entries) == ["Sous embargo"]
    clock.set("2012-07-15T18:00:00Z")
    assert shown(blog, entry.id) == [SUNDAY]


def test_an_embargo_of_another_day_is_kept_under_that_day(blog: Blog, clock: Clock) -> None:
    """It is told in the day for which it speaks."""
    entry = blog.post("Demain", at=blog.moment("demain 8h"), schedule=True)
    assert shown(blog, entry.id) == []
    clock.go(days=1)
    assert shown(blog, entry.id) == [MONDAY]


def test_a_removed_entry_is_nowhere(blog: Blog, clock: Clock) -> None:
    """In no day, no list, no selection; its place in the journal can still be read."""
    blog.post("Reste", tags=["Damas"])
    entry = blog.post("Disparaît", tags=["Damas"], key=True)
    clock.go(minutes=1)
    blog.edit(entry.id, at=blog.moment("hier 9h"))
    blog.edit(entry.id, at=blog.moment("18h"))
    blog.remove(entry.id)
    clock.go(days=3)
    line = blog.timeline
    everything = [e for of in line.days() for e in line.day(of).entries]
    assert bodies(everything) == bodies(list(line.newest_first())) == ["Reste"]
    assert selected(everything, key=True) == ()
    assert bodies(selected(everything, tag="damas")) == ["Reste"]
    gone = line.entry(entry.id)
    assert (gone.now.state, gone.now.body, gone.corrections) == ("removed", "", ())


def test_a_retracted_entry_keeps_its_place(blog: Blog, clock: Clock) -> None:
    """Readers see that it was there and why it was withdrawn."""
    entry = blog.post("Faux")
    clock.go(minutes=1)
    blog.post("Vrai")
    blog.retract(entry.id, why="La source s'est trompée.")
    first, _ = blog.timeline.day(SUNDAY).entries
    assert (first.id, first.now.state) == (entry.id, "retracted")
    assert first.now.note == "La source s'est trompée."
    assert first.corrections == ()


# -- moving ----------------------------------------------------------------------------------------


def test_an_entry_that_moves_is_shown_exactly_once(blog: Blog, clock: Clock) -> None:
    """To other days, to one of them again, and back; its id never changes."""
    clock.go(days=2)
    entry = blog.post("Un fait", at=blog.moment("dimanche 18h"))
    assert shown(blog, entry.id) == [SUNDAY]
    for when, day in (
        ("lundi 9h", MONDAY),
        ("mardi 9h", TUESDAY),
        ("lundi 10h", MONDAY),
        ("dimanche 9h", SUNDAY),
        ("mardi 10h", TUESDAY),
        ("dimanche 18h", SUNDAY),
    ):
        clock.go(minutes=1)
        moved = blog.edit(entry.id, at=blog.moment(when))
        assert moved.id == entry.id
        assert shown(blog, entry.id) == [day]
        assert [e.id for e in blog.timeline.newest_first()] == [entry.id]
        assert blog.timeline.entry(entry.id).day == day
        elsewhere = [e.id for e in blog.timeline.day(SUNDAY).redated]
        assert elsewhere == ([] if day == SUNDAY else [entry.id])
    assert len(blog.timeline.entry(entry.id).revisions) == 7


def test_a_moved_entry_stands_in_order_among_those_of_the_day(blog: Blog, clock: Clock) -> None:
    """As if it had been posted there."""
    clock.go(days=1)
    blog.post("9 h", at=blog.moment("9h"))
    blog.post("11 h", at=blog.moment("11h"))
    entry = blog.post("10 h", at=blog.moment("hier 9h"))
    blog.edit(entry.id, at=blog.moment("10h"))
    assert bodies(blog.timeline.day(MONDAY).entries) == ["9 h", "10 h", "11 h"]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_duplicated_reference_shows_an_entry_once(times: int) -> None:
    """A line that a restored backup doubled changes nothing."""
    moved = revision(2, day=MONDAY.isoformat())
    line = timeline({SUNDAY: [revision(), moved], MONDAY: [Reference(entry=moved.id)] * times})
    assert bodies(line.day(MONDAY).entries) == ["Version 2"]
    assert line.day(SUNDAY).entries == ()


def test_a_reference_that_leads_nowhere_is_passed_over() -> None:
    """The entry may have moved on, or its file may be damaged."""
    line = timeline({SUNDAY: [revision()], MONDAY: [Reference(entry=revision().id)]})
    assert line.day(MONDAY).entries == ()
    lost = timeline({MONDAY: [Reference(entry="20120715-0000000000")]})
    assert lost.day(MONDAY).entries == ()


# -- folding ---------------------------------------------------------------------------------------

RECORDS: list[Record] = [
    *(revision(n, letters) for letters in ("aaaaaaaaaa", "bbbbbbbbbb") for n in range(1, 5)),
    Framing(period="2012-07-15", rev=1, headline="Un"),
    Framing(period="2012-07-15", rev=2, headline="Deux"),
]


@given(st.permutations(RECORDS), st.lists(st.sampled_from(RECORDS), max_size=8))
def test_duplicated_and_reordered_records_fold_the_same(
    shuffled: list[Record], again: list[Record]
) -> None:
    """Wherever a line stands and however often, the entries are the same."""
    records = [*again, *shuffled, *again]
    assert fold(records) == fold(RECORDS)
    framing = newest_framing(records, "2012-07-15")
    assert framing is not None
    assert framing.headline == "Deux"
    folded = fold(records)["20120715-aaaaaaaaaa"]
    assert [r.rev for r in folded.revisions] == [1, 2, 3, 4]
    assert folded.now.body == "Version 4"


def test_of_two_records_with_one_number_the_first_counts() -> None:
    """A forged or doubled line does not replace what was acknowledged."""
    forged = revision(1, body="Faux")
    assert fold([revision(1), forged])[forged.id].now.body == "Version 1"


def test_a_missing_revision_does_not_hide_the_others() -> None:
    """A damaged line is a fault, not the loss of an entry."""
    fault = Fault("entries/2012/07/2012-07-15.jsonl:2", "damaged", "restore it")
    line = timeline({SUNDAY: [revision(1), revision(3)]}, faults=[fault])
    assert bodies(line.day(SUNDAY).entries) == ["Version 3"]
    assert line.day(SUNDAY).faults == (fault,)


def test_corrections_are_the_revisions_that_say_why(blog: Blog, clock: Clock) -> None:
    """Neither the post nor a silent edit; the oldest first; minor ones too where they say so."""
    entry = blog.post("40 morts")
    for change in (
        {"body": "41 morts", "note": "Un blessé est mort."},
        {"title": "Attentat"},
        {"body": "42 morts", "note": "Recompte.", "minor": True},
    ):
        clock.go(minutes=5)
        blog.edit(entry.id, **change)
    now = blog.timeline.entry(entry.id)
    assert [r.note for r in now.corrections] == ["Un blessé est mort.", "Recompte."]
    assert now.now.updated == NOON.replace(hour=16, minute=14)
    assert now.published == entry.published


# -- finding ---------------------------------------------------------------------------------------


def test_what_is_not_there_is_named(blog: Blog) -> None:
    """An id without an entry, and what is no id, are different mistakes."""
    with pytest.raises(NotFound, match="There is no entry 20120715-0000000000") as refused:
        blog.timeline.entry("20120715-0000000000")
    assert "liveblog log" in refused.value.hint
    with pytest.raises(InvalidInput, match="is not the id of an entry"):
        blog.timeline.entry("hier")


def test_entries_are_selected_by_key_and_tag(blog: Blog) -> None:
    """By the tag's slug, so that spelling does not matter; both together narrow."""
    blog.post("un", tags=["Réfugiés"], key=True)
    blog.post("deux", tags=["refugies", "Damas"])
    blog.post("trois", key=True)
    entries = blog.timeline.day(SUNDAY).entries
    assert bodies(selected(entries)) == ["un", "deux", "trois"]
    assert bodies(selected(entries, key=True)) == ["un", "trois"]
    assert bodies(selected(entries, tag="refugies")) == ["un", "deux"]
    assert bodies(selected(entries, tag="refugies", key=True)) == ["un"]
    assert selected(entries, tag="alep") == ()


def test_framings_are_found_by_their_period(blog: Blog) -> None:
    """Days, weeks and ranges each have their own; the newest counts."""
    blog.frame("2012-07-15", headline="Dimanche")
    blog.frame("2012-07-15", introduction="Le jour.")
    blog.frame("2012-W28", headline="La semaine")
    day = blog.timeline.day(SUNDAY).framing
    assert day is not None
    assert (day.rev, day.headline, day.introduction) == (2, "Dimanche", "Le jour.")
    week = blog.timeline.framing("2012-W28")
    assert week is not None
    assert week.headline == "La semaine"
    assert blog.timeline.framing("2012-W29") is None


# -- what the clock changes, and what changed ------------------------------------------------------


def test_the_coverage_is_over_from_its_end_on(blog: Blog, clock: Clock) -> None:
    """One that ends later goes on until then; a resumed one goes on."""
    assert blog.timeline.ended() is None
    end = clock.now + timedelta(hours=1)
    blog.end(end)
    assert blog.timeline.ended() is None
    assert blog.timeline.next_change() == end
    clock.now = end
    assert blog.timeline.ended() == end
    assert blog.timeline.next_change() is None
    blog.resume()
    assert blog.timeline.ended() is None


def test_the_next_change_is_the_first_release_or_the_end(blog: Blog, clock: Clock) -> None:
    """Whichever comes first."""
    hours = [clock.now + timedelta(hours=number) for number in range(4)]
    blog.post("Demain.", at=hours[3], schedule=True)
    blog.end(hours[2])
    assert blog.timeline.next_change() == hours[2]
    blog.post("Bientôt.", at=hours[1], schedule=True)
    assert blog.timeline.next_change() == hours[1]


def test_changes_are_revisions_and_releases(blog: Blog, clock: Clock) -> None:
    """Each entry once, and the position after them."""
    zone = blog.config.zone
    before = StreamPosition(blog.journal.end(), int(clock.now.timestamp()))
    later = blog.post("Sous embargo.", at=clock.now + timedelta(minutes=5), schedule=True)
    clock.go(minutes=1)
    posted = blog.post("Un fait.")
    blog.edit(posted.id, body="Un fait précis.")
    found = changes_since(before, blog.journal.since(before.cursor), blog.timeline, zone)
    assert found.entry_ids == (later.id, posted.id)
    clock.go(minutes=10)
    news = blog.journal.since(found.after.cursor)
    released = changes_since(found.after, news, blog.timeline, zone)
    assert released.entry_ids == (later.id,)
    assert released.before == found.after
    again = blog.journal.since(released.after.cursor)
    assert changes_since(released.after, again, blog.timeline, zone).entry_ids == ()


def test_a_clock_that_is_set_back_releases_nothing_twice(blog: Blog, clock: Clock) -> None:
    """The position does not go back with it."""
    position = StreamPosition(blog.journal.end(), int(clock.now.timestamp()))
    clock.go(hours=-1)
    news = blog.journal.since(position.cursor)
    assert changes_since(position, news, blog.timeline, blog.config.zone).after == position


@pytest.mark.parametrize("text", ["", "1", "a-b", "1-2-3", "-1-2", "1-" + "9" * 12])
def test_a_position_is_two_numbers(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInput, match="not a position"):
        StreamPosition.parse(text)
    assert str(StreamPosition.parse("12-34")) == "12-34"
