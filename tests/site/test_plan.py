"""The plan: what a publication renders follows from what changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

import pytest

from liveblog import Blog
from liveblog.model import period
from liveblog.site.feed_builder import FeedBuilder
from liveblog.site.index import Index
from liveblog.site.output import Output
from liveblog.site.plan import Plan, make_plan
from liveblog.site.update import IndexUpdate, SiteChanges
from liveblog.site.writer import Context

from ..conftest import Clock


class Planner:
    """Plans publications of a blog one after another, and renders nothing."""

    def __init__(self, blog: Blog, media: Path) -> None:
        self.blog = blog
        self.index = Index.temporary()
        self.changes: SiteChanges | None = None
        self._media = media

    def plan(self, names: Collection[str] | None = None, *, full: bool = False) -> Plan:
        """Bring the index up to date and return the plan."""
        blog = self.blog
        output = Output(None, self._media, is_dry=True)
        pages = blog.publisher.pages
        context = Context.create(blog.timeline, self.index, pages, FeedBuilder(pages), output)
        update = IndexUpdate(context, blog.journal, lambda done, total: None)
        self.changes = update.run(names)
        assert output.record.faults == []
        return make_plan(self.changes, context, full=full)


@pytest.fixture
def planner(blog: Blog, clock: Clock, tmp_path: Path) -> Planner:
    """A planner of a blog of three days (15, 16 and 17 July 2012), all of them planned."""
    clock.set("2012-07-15T10:00:00Z")
    for day in range(3):
        blog.post(f"Jour {day}.", tags=["Damas"] if day else ["Alep"])
        clock.go(days=1 if day < 2 else 0)
    planner = Planner(blog, tmp_path)
    planner.plan(full=True)
    return planner


def test_the_first_plan_has_everything(blog: Blog, clock: Clock, tmp_path: Path) -> None:
    """Also what an empty blog has."""
    plan = Planner(blog, tmp_path).plan(full=True)
    assert plan.newest
    assert plan.daily
    assert plan.weekly
    assert plan.sitemap
    assert plan.search_page
    assert plan.figures
    assert plan.search_open
    assert not plan.days
    assert not plan.tags


def test_nothing_new_is_nothing_to_render_but_today(planner: Planner) -> None:
    """The days between the last publication and now are checked each time: embargoes end."""
    plan = planner.plan()
    assert plan.days == {planner.blog.now.date()}
    assert planner.changes
    assert not planner.changes.entry_ids
    assert not plan.tags
    assert not plan.years
    assert not plan.archives
    assert not plan.sitemap
    assert not plan.search_page
    assert not plan.figures


def test_one_more_entry_touches_its_day_week_and_tags(planner: Planner) -> None:
    """Not the neighbours, the year, or the sitemap."""
    post = planner.blog.post("Encore.", tags=["Damas"])
    plan = planner.plan()
    today = planner.blog.now.date()
    assert plan.days == {today}
    assert plan.weeks == {period.week(today, planner.blog.config.first_weekday)}
    assert plan.tags == {"damas"}
    assert not plan.years
    assert not plan.sitemap
    assert plan.newest
    assert plan.search_open
    assert planner.changes
    assert planner.changes.entry_ids == {post.id}


def test_a_new_day_touches_the_one_before(planner: Planner, clock: Clock) -> None:
    """Which links to it; the year lists it, the sitemap too."""
    before = planner.blog.now.date()
    clock.go(days=1)
    planner.blog.post("Encore.")
    plan = planner.plan()
    assert plan.days >= {before, before + timedelta(days=1)}
    assert date(2012, 7, 15) not in plan.days
    assert plan.years == {2012}
    assert plan.sitemap
    assert plan.search_page


def test_a_day_that_closes_gets_an_archive_and_enters_the_daily_feed(
    planner: Planner, clock: Clock
) -> None:
    """By the clock alone."""
    today = planner.blog.now.date()
    clock.go(days=2)
    plan = planner.plan()
    assert today in plan.archives
    assert plan.daily
    assert plan.search_months == {"2012-07"}


def test_the_end_of_the_coverage_touches_every_feed(planner: Planner) -> None:
    """Those of tags too; once."""
    planner.blog.end()
    plan = planner.plan()
    assert plan.tags == {"damas", "alep"}
    assert plan.daily
    assert plan.weekly
    assert plan.newest
    assert planner.plan().tags == set()


def test_a_framing_of_a_week_touches_that_week_and_its_years(planner: Planner) -> None:
    """Its headline is listed there."""
    planner.blog.frame("2012-W29", headline="Une semaine")
    plan = planner.plan(["2012-W29"])
    assert {week.id for week in plan.weeks} >= {"2012-W29"}
    assert plan.years == {2012}


def test_a_removal_is_known(planner: Planner) -> None:
    """The publisher then purges the search index."""
    first = planner.blog.timeline.day(date(2012, 7, 15)).entries[0]
    planner.blog.remove(first.id)
    planner.plan()
    assert planner.changes
    assert planner.changes.has_removals
    assert planner.changes.entry_ids == {first.id}
