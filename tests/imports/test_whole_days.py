"""Entries that earlier imports put at midnight for want of a time become entries of a whole day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from liveblog import Blog
from liveblog.imports import Update, Version
from liveblog.model.moment import Moment, moment_of

from ..command import run
from ..conftest import Clock

DAY = date(2012, 7, 15)
MIDNIGHT = datetime(2012, 7, 14, 22, tzinfo=UTC)  # in Paris


@pytest.fixture(autouse=True)
def later(clock: Clock) -> None:
    """It is the week after."""
    clock.set("2012-07-25T10:00:00Z")


def bring_in(blog: Blog, *moments: Moment) -> list[str]:
    """Import a page with an update at each moment; return the ids of the day, in order."""
    updates = [
        Update(f"{number}", f"line {number}", (Version(published=moment, body=f"Text {number}."),))
        for number, moment in enumerate(moments, 1)
    ]
    result = blog.import_items(updates, source="page")
    assert not result.problems
    return [entry.id for entry in blog.timeline.day(DAY).entries]


def command(blog: Blog, *words: str) -> tuple[int, str]:
    """Run the command; return its exit code and all that it printed."""
    done = run("-C", str(blog.paths.root), "import", "whole-days", *words)
    return done.returncode, done.stdout + done.stderr


def precisions(blog: Blog) -> list[str]:
    """Return the precision of each entry of the day, in order."""
    return [entry.now.precision for entry in blog.timeline.day(DAY).entries]


def test_check_names_them_and_one_command_makes_them_whole_days(blog: Blog) -> None:
    """Each by a revision without another change; what has a time stays; repeated, nothing is."""
    at_midnight, timed = bring_in(blog, Moment(MIDNIGHT), Moment(MIDNIGHT + timedelta(hours=18)))
    (note,) = blog.check().notes
    assert note.startswith("1 imported update stands at midnight")
    before = blog.timeline.entry(at_midnight).now
    code, told = command(blog, "--dry-run")
    assert (code, precisions(blog)) == (1, ["instant", "instant"])
    assert at_midnight in told
    assert timed not in told
    code, told = command(blog)
    assert (code, precisions(blog)) == (0, ["day", "instant"])
    assert "1 update made" in told
    after = blog.timeline.entry(at_midnight).now
    assert (after.rev, after.body, after.updated) == (2, before.body, before.updated)
    assert not blog.check().notes
    end = blog.journal.end()
    assert command(blog)[0] == 0
    assert blog.journal.end() == end


def test_several_updates_of_one_day_without_a_time_keep_their_order(blog: Blog) -> None:
    """Earlier imports put the second one a second after midnight."""
    moments = [Moment(MIDNIGHT + timedelta(seconds=number)) for number in range(3)]
    ids = bring_in(blog, *moments)
    command(blog)
    assert precisions(blog) == ["day"] * 3
    entries = blog.timeline.day(DAY).entries
    assert [entry.id for entry in entries] == ids
    assert {entry.now.updated for entry in entries} == {MIDNIGHT}


def test_what_an_author_put_at_midnight_is_left_alone(blog: Blog) -> None:
    """An entry written here, and an imported one whose time an author changed to midnight."""
    blog.post("At midnight.", at=MIDNIGHT)
    (_, moved) = bring_in(blog, Moment(MIDNIGHT + timedelta(hours=3)))
    blog.edit(moved, at=MIDNIGHT)
    assert command(blog, "--dry-run")[0] == 0
    assert not blog.check().notes


def test_an_imported_entry_that_was_corrected_here_is_found_too(blog: Blog) -> None:
    """Its time is still that of the import."""
    (entry_id,) = bring_in(blog, Moment(MIDNIGHT))
    blog.edit(entry_id, body="Corrected.", note="It was wrong.")
    command(blog)
    now = blog.timeline.entry(entry_id).now
    assert (now.precision, now.body) == ("day", "Corrected.")
    assert [r.note for r in blog.timeline.entry(entry_id).corrections] == ["It was wrong."]


def test_a_removed_entry_is_left_alone_and_a_retracted_one_keeps_its_reason(blog: Blog) -> None:
    """Nothing of what was withdrawn comes back."""
    second = timedelta(seconds=1)
    retracted, removed = bring_in(blog, Moment(MIDNIGHT), Moment(MIDNIGHT + second))
    blog.retract(retracted, why="It was not so.")
    blog.remove(removed)
    command(blog)
    now = blog.timeline.entry(retracted).now
    assert (now.precision, now.state, now.note) == ("day", "retracted", "It was not so.")
    assert blog.timeline.entry(removed).now.rev == 2


def test_a_period_or_an_exception_narrows_it(blog: Blog) -> None:
    """What really happened at midnight can be left alone."""
    first, *_ = bring_in(blog, Moment(MIDNIGHT), Moment(MIDNIGHT + timedelta(days=1)))
    assert command(blog, "2012-07-20", "--dry-run")[0] == 0
    code, told = command(blog, "--except", first, "--dry-run")
    assert (code, first in told) == (1, False)
    assert command(blog, "nonsense")[0] == 2


def test_importing_the_page_again_adds_nothing_and_reports_nothing(blog: Blog) -> None:
    """The import now gives the precision itself; what was made a whole day here is known to it."""
    bring_in(blog, Moment(MIDNIGHT))
    command(blog)
    end = blog.journal.end()
    bring_in(blog, moment_of(DAY, blog.config.zone))
    assert blog.journal.end() == end


def test_importing_the_page_again_is_another_way(blog: Blog) -> None:
    """Without the command, the second import appends the revision."""
    (entry_id,) = bring_in(blog, Moment(MIDNIGHT))
    bring_in(blog, moment_of(DAY, blog.config.zone))
    assert blog.timeline.entry(entry_id).now.rev == 2
    assert precisions(blog) == ["day"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Sao_Paulo", "Pacific/Pago_Pago"])
def test_midnight_is_that_of_the_blogs_zone(new_blog: Callable[..., Blog], zone: str) -> None:
    """Also where the clocks skip it."""
    blog = new_blog(timezone=zone)
    first = moment_of(DAY, blog.config.zone)
    bring_in(blog, Moment(first.instant), Moment(MIDNIGHT + timedelta(hours=7)))
    command(blog)
    assert precisions(blog)[0] == "day"
    assert precisions(blog).count("day") == 1
