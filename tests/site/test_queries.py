"""What a publication asks: days, weeks, entries, and links between them."""

from __future__ import annotations

from datetime import date

import pytest

from liveblog import Blog
from liveblog.journal import Fault
from liveblog.model import period
from liveblog.site.list_index import EntryRef
from liveblog.site.queries import SiteQueries
from liveblog.timeline import Day, Entry, Timeline

from ..conftest import Clock

FRIDAY, SUNDAY, TUESDAY = date(2012, 7, 13), date(2012, 7, 15), date(2012, 7, 17)


@pytest.fixture
def entries(blog: Blog, clock: Clock) -> list[Entry]:
    """The entries of three days with an empty one between each two; the last day is today."""
    found = []
    for day in (FRIDAY, SUNDAY, TUESDAY):
        clock.set(f"{day}T10:00:00Z")
        found.append(Entry((blog.post(f"Jour {day.day}."),)))
    blog.publish()
    return found


class Asked(SiteQueries):
    """The queries of a published blog, with the faults that were reported."""

    def __init__(self, blog: Blog) -> None:
        self.faults: list[Fault] = []
        self.copy = blog.publisher.copy_index()  # is closed when nothing refers to it
        words = blog.publisher.pages.words
        super().__init__(blog.timeline, self.copy.entries, blog.config, words, self.faults.append)


def test_days_are_closed_or_open(blog: Blog, entries: list[Entry]) -> None:
    """Only days that are not empty count."""
    queries = Asked(blog)
    assert queries.closed_days == [FRIDAY, SUNDAY]
    assert queries.open_days == [TUESDAY]
    assert queries.closed_in_month("2012-07") == [FRIDAY, SUNDAY]
    assert queries.closed_in_month("2012-08") == []


def test_neighbours_are_the_next_days_that_are_not_empty(blog: Blog, entries: list[Entry]) -> None:
    """The first has none before it, the last none after it; weeks likewise."""
    queries = Asked(blog)
    previous, following = queries.neighbours(period.day(SUNDAY))
    assert previous is not None
    assert following is not None
    assert (previous.path, following.path) == ("2012/07/13/", "2012/07/17/")
    assert queries.neighbours(period.day(FRIDAY))[0] is None
    assert queries.neighbours(period.day(TUESDAY))[1] is None
    first, last = queries.weeks
    before, after = queries.neighbours(first)
    assert before is None
    assert after is not None
    assert after.path == queries.link(last).path


def test_entries_are_read_in_the_order_asked_for(blog: Blog, entries: list[Entry]) -> None:
    """Those that are gone are left out."""
    queries = Asked(blog)
    refs = [EntryRef(entry.id, entry.day) for entry in reversed(entries)]
    refs.insert(1, EntryRef("20120713-zzzzzzzzzz", FRIDAY))
    assert [entry.id for entry in queries.entries(refs)] == [e.id for e in reversed(entries)]


def test_a_day_that_cannot_be_read_is_empty_and_a_fault(
    blog: Blog, entries: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read, and reported, once."""
    queries = Asked(blog)

    def fail(timeline: Timeline, day: date) -> Day:
        raise KeyError("oups")

    monkeypatch.setattr(Timeline, "day", fail)
    assert queries.day(SUNDAY).entries == queries.day(SUNDAY).entries == ()
    assert [fault.place for fault in queries.faults] == ["2012-07-15"]


def test_a_digest_has_the_days_of_its_period(blog: Blog, entries: list[Entry]) -> None:
    """Days that are empty are left out."""
    digest = Asked(blog).digest(period.week(SUNDAY, blog.config.first_weekday))
    assert [day.date for day in digest.days] == [FRIDAY, SUNDAY]
