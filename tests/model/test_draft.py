"""Drafts: what an author gives, and the revisions that it makes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec import UNSET

from liveblog.model import revisions
from liveblog.model.draft import FIELDS, Draft, DraftFields, draft_from, field_values, given_fields
from liveblog.model.entry import Revision
from liveblog.model.errors import InvalidInput
from liveblog.model.moment import Moment, moment_after, moment_of
from liveblog.model.validation import validate

NOW = datetime(2012, 7, 15, 22, 30, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


def first(draft: Draft) -> Revision:
    """Return the first revision that a draft makes."""
    return revisions.first_revision(
        draft, author="La rédaction", now=NOW, zone=PARIS, randomness=b"12345678"
    )


def test_the_fields_of_a_draft_are_listed_alike_everywhere() -> None:
    """In the struct, in the keyword arguments, in the table, and in the revision."""
    names = {field.name for field in FIELDS}
    assert names | {"published"} == set(Draft.__struct_fields__)
    assert names | {"at"} == set(DraftFields.__annotations__)
    assert names < set(Revision.__struct_fields__)


def test_an_unset_field_of_a_new_entry_has_its_default() -> None:
    """The blog's author signs, and the entry speaks for now, in the day of the blog's zone."""
    made = first(Draft(body="Un fait."))
    assert (made.author, made.published, made.updated) == ("La rédaction", NOW, NOW)
    assert made.id.startswith("20120716-")
    assert (made.tags, made.key, made.lang) == ((), False, "")


def test_an_unset_field_of_an_edited_entry_stays() -> None:
    """What is set is cleaned; an empty text clears its field."""
    old = first(Draft(body="Un fait.", title="Titre", tags=("Homs",)))
    new = revisions.revise(old, Draft(title="", body="  Deux. \r\n"), now=NOW, zone=PARIS)
    assert (new.title, new.body, new.tags) == ("", "Deux.", ("Homs",))
    assert revisions.revise(old, Draft(), now=NOW, zone=PARIS) == old


def test_another_instant_may_move_an_entry_to_another_day() -> None:
    """Its id stays; back in the day of its id it names no day."""
    old = first(Draft(body="Un fait."))
    earlier = Draft(published=Moment(datetime(2012, 7, 14, 10, 0, 0, 7, tzinfo=UTC)))
    new = revisions.revise(old, earlier, now=NOW, zone=PARIS)
    assert (new.id, new.day, new.published.microsecond) == (old.id, "2012-07-14", 0)
    assert revisions.revise(new, Draft(published=None), now=NOW, zone=PARIS).day == ""


def test_keyword_arguments_make_a_draft() -> None:
    """Any iterable will do for a list; ``at`` is the instant."""
    draft = draft_from({"tags": iter(["Homs", "homs"]), "at": NOW}, PARIS, "Un fait.")
    assert (draft.body, draft.published) == ("Un fait.", Moment(NOW))
    assert first(draft).tags == ("Homs",)


def test_a_field_that_no_draft_has_is_refused() -> None:
    """The error names it."""
    with pytest.raises(TypeError, match="'titel'"):
        draft_from({"titel": "x"}, PARIS)  # type: ignore[typeddict-unknown-key]


def test_given_fields_are_those_that_are_set() -> None:
    """Falsy values included; a revision has them all."""
    assert given_fields(Draft(key=False, title=UNSET)) == {"key": False}
    assert field_values(first(Draft(body="x"))).keys() == {field.name for field in FIELDS}


def test_a_retracted_or_removed_entry_is_not_retracted_again() -> None:
    """A restored one stands as before its removal; a purged one cannot be restored."""
    old = first(Draft(body="Un fait."))
    gone = revisions.remove(old, "Ana", NOW)
    assert (gone.body, gone.author, gone.state) == ("", "Ana", "removed")
    with pytest.raises(InvalidInput, match="removed already"):
        revisions.retract(gone, "Faux.", NOW)
    assert revisions.restore((old, gone), NOW) == msgspec.structs.replace(old, updated=NOW)
    with pytest.raises(InvalidInput, match="for good"):
        revisions.restore((gone,), NOW)
    with pytest.raises(InvalidInput, match="needs a reason"):
        revisions.retract(old, " ", NOW)


# -- precision -------------------------------------------------------------------------------------


def test_a_date_makes_an_entry_of_a_whole_day() -> None:
    """Its instant is the first of the day in the blog's zone."""
    made = first(draft_from({"at": date(2012, 7, 15)}, PARIS, "Un fait."))
    assert (made.precision, made.id[:8]) == ("day", "20120715")
    assert made.published == datetime(2012, 7, 14, 22, tzinfo=UTC)


def test_a_vague_time_is_kept_as_it_was_written() -> None:
    """Another moment replaces it."""
    vague = Moment(datetime(2012, 7, 15, 11, tzinfo=UTC), written_time=" vers 13 h ")
    old = first(Draft(body="Un fait.", published=vague))
    assert (old.precision, old.written_time) == ("instant", "vers 13 h")
    assert revisions.revise(old, Draft(body="Deux."), now=NOW, zone=PARIS).written_time == (
        "vers 13 h"
    )
    whole = moment_of(date(2012, 7, 16), PARIS)
    new = revisions.revise(old, Draft(published=whole), now=NOW, zone=PARIS)
    assert (new.precision, new.written_time, new.day) == ("day", "", "2012-07-16")


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        (Moment(NOW, "day", "vers 13 h"), "whole day has the time 'vers 13 h'"),
        (Moment(NOW, written_time="x" * 201), "time as it was written has 201 characters"),
        (Moment(NOW, written_time="vers\n13 h"), "time as it was written spans several lines"),
        (Moment(NOW, "year"), "'year' is not a precision"),  # type: ignore[arg-type]
    ],
)
def test_a_moment_that_means_nothing_is_refused(moment: Moment, problem: str) -> None:
    """The error says what is wrong."""
    with pytest.raises(InvalidInput, match=problem):
        validate(first(Draft(body="x", published=moment)))


def test_a_moment_after_an_entry_is_in_its_day() -> None:
    """One microsecond later, without a time."""
    old = first(draft_from({"at": date(2012, 7, 15)}, PARIS, "Un fait."))
    after = moment_after(old)
    assert (after.precision, after.day_in(PARIS)) == ("day", date(2012, 7, 15))
    assert after.instant - old.published == timedelta(microseconds=1)


def test_what_is_removed_stays_an_entry_of_its_whole_day() -> None:
    """No list of authors shows a time for it."""
    old = Revision(
        id="20120715-7k3m9qx2tb", rev=1, published=NOW, updated=NOW, precision="day", body="x"
    )
    assert revisions.remove(old, "Ana", NOW).precision == "day"
