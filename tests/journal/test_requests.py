"""What an author saw, and what a request is called: no edit is lost, and none is done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model.conflicts import Conflict, KeyReused
from liveblog.model.entry import Framing, Revision
from liveblog.model.errors import InvalidInput

from ..conftest import Clock
from ..site.test_publish import PNG

Verb = Callable[[Blog, str, int], object]

GUARDED: dict[str, Verb] = {
    "edit": lambda blog, entry, expect: blog.edit(entry, title="Titre", expect=expect),
    "retract": lambda blog, entry, expect: blog.retract(entry, why="Faux.", expect=expect),
    "remove": lambda blog, entry, expect: blog.remove(entry, expect=expect),
    "purge": lambda blog, entry, expect: blog.remove(entry, purge=True, expect=expect),
    "frame": lambda blog, _, expect: blog.frame("2012-07-15", headline="Neuf", expect=expect),
    "end": lambda blog, _, expect: blog.end(expect=expect),
    "resume": lambda blog, _, expect: blog.resume(expect=expect),
    "post again": lambda blog, entry, expect: blog.journal.append(
        blog.timeline.entry(entry).now, expect=expect
    ),
    "frame again": lambda blog, _, expect: blog.journal.append(
        Framing(period="2012-07-15", headline="Neuf"), expect=expect
    ),
}


@pytest.fixture
def revised(blog: Blog) -> str:
    """An entry, a day's framing and the coverage's, each with two revisions; the entry's id."""
    entry = blog.post("Un.").id
    blog.edit(entry, body="Deux.")
    for headline in ("Un", "Deux"):
        blog.frame("2012-07-15", headline=headline)
    blog.frame("coverage", headline="Une semaine")
    blog.end()
    return entry


@pytest.mark.parametrize("expect", [0, 1, 3, -1, 10**9])
@pytest.mark.parametrize("verb", GUARDED)
def test_a_number_that_is_not_the_newest_is_a_conflict(
    blog: Blog, revised: str, verb: str, expect: int
) -> None:
    """0 too, and for every kind of record: nothing is acknowledged that was not appended."""
    before = {p: p.read_bytes() for p in blog.paths.entries.rglob("*.jsonl")}
    with pytest.raises(Conflict):
        GUARDED[verb](blog, revised, expect)
    assert {p: p.read_bytes() for p in blog.paths.entries.rglob("*.jsonl")} == before


@pytest.mark.parametrize("expect", [0, 1, 2])
def test_a_number_that_is_not_the_newest_does_not_restore(
    blog: Blog, revised: str, expect: int
) -> None:
    """What was removed stays so."""
    blog.remove(revised)
    with pytest.raises(Conflict):
        blog.restore(revised, expect=expect)
    assert blog.timeline.entry(revised).now.state == "removed"


@pytest.mark.parametrize("verb", GUARDED)
def test_the_newest_number_is_right(blog: Blog, revised: str, verb: str) -> None:
    """So that the conflicts above mean something."""
    GUARDED[verb](blog, revised, 2)


def test_an_adopted_revision_does_not_replace_another(blog: Blog, revised: str) -> None:
    """A reused id is seen, whoever made it."""
    old = blog.timeline.entry(revised).revisions[0]
    assert blog.journal.adopt_many([old]) == [False]
    with pytest.raises(Conflict):
        blog.journal.adopt_many([msgspec.structs.replace(old, body="x")])
    assert len(blog.journal.read("2012-07-15").records) == 4


# -- idempotency keys ------------------------------------------------------------------------------


def test_the_same_request_again_is_the_same_answer(
    blog: Blog, clock: Clock, tmp_path: Path
) -> None:
    """A post, an edit with a note and one without, also after others revised the entry since."""
    picture = tmp_path / "p.png"
    picture.write_bytes(PNG)
    requests: list[Callable[[], Revision]] = [
        lambda: blog.post("Un.", tags=["a"], images=[Image(picture, "x")], idempotency_key="1"),
        lambda: blog.edit(entry.id, body="Deux.", idempotency_key="2"),
        lambda: blog.edit(entry.id, title="T", note="Corrigé.", idempotency_key="3"),
        lambda: blog.edit(entry.id, body="Deux.", note="Encore.", minor=True, idempotency_key="4"),
        lambda: blog.edit(entry.id, at=blog.moment("il y a 2 h"), idempotency_key="5"),
        lambda: blog.edit(entry.id, images=[Image(picture, "y")], expect=5, idempotency_key="6"),
    ]
    entry = requests[0]()
    answers = [entry, *(request() for request in requests[1:])]
    blog.edit(entry.id, body="Quelqu'un d'autre.")
    clock.go(seconds=40)
    before = blog.journal.read("2012-07-15").records
    assert [request() for request in requests] == answers
    clock.go(hours=8)  # past midnight
    assert requests[0]() == answers[0]
    assert blog.journal.read("2012-07-15").records == before
    assert blog.timeline.days() == [date(2012, 7, 15)]


def test_a_key_of_another_request_is_refused(blog: Blog, clock: Clock) -> None:
    """Whatever differs: the text, the time, the verb, the entry. The error says whose key it is."""
    first = blog.post("Un.", at=blog.moment("9h"), idempotency_key="k")
    other = blog.post("Un autre.")
    clock.go(minutes=2)
    refused: list[Callable[[], Revision]] = [
        lambda: blog.post("Deux.", at=blog.moment("9h"), idempotency_key="k"),
        lambda: blog.post("Un.", at=blog.moment("10h"), idempotency_key="k"),
        lambda: blog.post("Un.", at=blog.moment("9h"), tags=["a"], idempotency_key="k"),
        lambda: blog.edit(other.id, body="Un.", idempotency_key="k"),
        lambda: blog.edit(first.id, body="Deux.", idempotency_key="k"),
    ]
    for request in refused:
        with pytest.raises(KeyReused, match=first.id) as caught:
            request()
        assert caught.value.theirs == first
        assert caught.value.ours != first
    edited = blog.edit(first.id, body="Trois.", idempotency_key="e")
    with pytest.raises(KeyReused):
        blog.edit(first.id, body="Quatre.", idempotency_key="e")
    with pytest.raises(KeyReused):
        blog.post("Trois.", idempotency_key="e")
    assert blog.timeline.entry(first.id).now == edited
    assert len(blog.journal.read("2012-07-15").records) == 3


def test_a_key_is_known_for_a_month_whichever_day_it_is_of(blog: Blog, clock: Clock) -> None:
    """An edit of an old entry, and a post for an old day, a week later."""
    old = blog.post("Vieux.", at=blog.moment("2011-02-03 9:00"))
    edit = blog.edit(old.id, body="Neuf.", idempotency_key="k")
    with pytest.raises(KeyReused):
        blog.post("Autre.", idempotency_key="k")
    clock.go(days=7)
    assert blog.edit(old.id, body="Neuf.", idempotency_key="k") == edit


@pytest.mark.parametrize("when", ["1000-01-04T00:00:00Z", "8999-12-30T00:00:00Z"])
def test_a_key_at_the_ends_of_the_calendar(blog: Blog, clock: Clock, when: str) -> None:
    """Thirty days before the first day there is nothing to look at."""
    clock.set(when)
    first = blog.post("Un.", idempotency_key="k")
    assert blog.post("Un.", idempotency_key="k") == first
    clock.now += timedelta(seconds=1)
    with pytest.raises(KeyReused):
        blog.post("Deux.", idempotency_key="k")


def test_an_edit_that_changes_nothing_is_still_refused(blog: Blog) -> None:
    """With a key that nobody used before."""
    entry = blog.post("Un.")
    with pytest.raises(InvalidInput, match="like that already"):
        blog.edit(entry.id, body="Un.", idempotency_key="new")
