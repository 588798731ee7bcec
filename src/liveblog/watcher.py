"""The watcher: sees what anybody appends to the journal, tells the readers, and publishes it.

One thread a blog, so that rendering never holds up the server. It knows no sockets: what there is
to tell, it hands over as events and the place that they lead to. Readers come first: an entry is
told from the journal, before its page and the feeds are written.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

import msgspec

from .blog import Blog
from .journal import Fault, News
from .model.entry import Revision, id_day
from .model.errors import LiveblogError, StorageError
from .model.period import COVERAGE, day_end, local_day
from .site.report import Report
from .timeline import Entry, StreamPosition, Timeline, changed_entries, fold

MISSED = 200
"""A reader that missed more entries than this is told to load the page again."""

LONG_AGO = 32 * 86_400
"""So is one that was away for more seconds than this."""

RETRY_SECONDS = (1, 2, 5, 15, 60)

SIGNS = ("live.json", "assets")
"""What every site has."""

SITE_SECONDS = 5.0
"""Seconds between two looks whether the site was deleted."""

COMPRESSED = 100
"""So many files of a publication, at the most, are compressed before anybody asks for them."""

PATIENCE = 600
"""Seconds to wait for a publication that somebody asked for."""

Event = tuple[str, object]
"""Its kind and its data: ``entry``, ``removed``, ``page``, ``reload`` or ``hello``."""

Tell = Callable[[list[Event], "StreamPosition"], None]
"""Tells the open pages of entries, up to a place; returns when they were, or it takes too long."""

Landed = Callable[[list[Event], "StreamPosition", Report | None], None]
"""Called after each publication, with what else there is to tell, the place up to which it leads,
and what was done; None if it failed."""

log = logging.getLogger("liveblog")


@dataclass(frozen=True)
class State:
    """How the watcher is doing."""

    place: StreamPosition  #: up to where everything is published and told
    published: datetime | None = None  #: the last publication that went well
    problem: str = ""  #: why the one after it failed
    faults: int = 0  #: damage met in the journal
    seconds: float = 0.0  #: how long the last turn took: readers told, site published


class Watcher(threading.Thread):
    """Follows one blog's journal."""

    def __init__(self, blog: Blog, *, landed: Landed, tell: Tell | None = None) -> None:
        """Follow *blog*; *tell* and *landed* are called in this thread, in each turn."""
        super().__init__(name=f"watcher of {blog.paths.root.name}", daemon=True)
        self._blog = blog
        self._tell = tell
        self._landed = landed
        self._called = threading.Event()
        self._turns = threading.Condition()
        self._wanted = self._begun = self._ended = 0
        self._is_stopping = False
        self._page: object = None
        self._faults: frozenset[Fault] = frozenset()  # those that the log tells of
        self._wake: datetime | None = None
        self._looked = 0.0
        now = blog.now
        self._told = self._paged = StreamPosition(blog.journal.end(), int(now.timestamp()))
        self.state = State(self._told)

    def call(self) -> None:
        """Say that something was appended in this process: there is no need to wait for a look."""
        self._called.set()

    def publish(self) -> None:
        """Have the site published, and the readers told, before this returns.

        Raises :class:`StorageError` if that failed.
        """
        with self._turns:
            self._wanted = wanted = self._begun + 1
            self._called.set()
            self._turns.wait_for(lambda: self._ended >= wanted or self._is_stopping, PATIENCE)
            if self._ended < wanted or self.state.problem:
                problem = self.state.problem or "the publisher was stopped"
                raise StorageError(f"The site could not be published: {problem}.")

    def stop(self) -> None:
        """End the thread after what it is doing."""
        with self._turns:
            self._is_stopping = True
            self._turns.notify_all()
        self._called.set()

    @property
    def is_over(self) -> bool:
        """Whether the coverage is."""
        page = self._page or self._live_page()
        return isinstance(page, dict) and page.get("state") == "over"

    # -- the thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Follow until told to stop."""
        failures = 0
        while not self._is_stopping:
            try:
                self._blog.check_there()
                # Who comes back after a restart knows the page as it was.
                self._page = self._page or self._live_page()
                # First comes what happened while nobody followed: on no open page, but to publish.
                for news in self._blog.journal.watch(self._told.cursor, self._pause):
                    if self._is_stopping:
                        return
                    self._begin()
                    self._turn(news)
                    self._end()
                    failures = 0
            except Exception as error:
                expected = isinstance(error, LiveblogError)
                text = str(error) if expected else f"{type(error).__name__}: {error}"
                log.error("Cannot publish: %s", text, exc_info=None if expected else error)
                self.state = replace(self.state, problem=text)
                self._fail()
                self._called.clear()
                self._called.wait(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1

    def _begin(self) -> None:
        with self._turns:
            self._begun += 1

    def _end(self) -> None:
        with self._turns:
            self._ended = self._begun
            self._turns.notify_all()

    def _fail(self) -> None:
        """End the turn that failed; one that could not even begin counts as a turn too."""
        with self._turns:
            if self._begun == self._ended:
                self._begun += 1
            self._ended = self._begun
            self._turns.notify_all()

    def _pause(self, seconds: float) -> bool:
        self._called.wait(seconds)
        self._called.clear()
        is_due = self._wake is not None and self._blog.now >= self._wake
        return self._wanted > self._begun or is_due or self._is_stopping or self._is_site_gone()

    def _is_site_gone(self) -> bool:
        """Whether what was published is not there any more; it is not asked again at once.

        A publication meanwhile writes the live page again, but not the assets.
        """
        now = time.monotonic()
        if self._page is None or now - self._looked < SITE_SECONDS:
            return False
        self._looked = now
        return not all((self._blog.paths.site / name).exists() for name in SIGNS)

    def _turn(self, news: News) -> None:
        """Tell of the entries that changed for readers since the last turn, and publish."""
        began = time.monotonic()
        now = self._blog.now
        self._blog.check_there()
        if any(isinstance(r, Revision) and r.state == "removed" for r in news.records):
            self._blog.publisher.pages.clear_cache()
        before = self._told
        place = StreamPosition(news.cursor, max(int(now.timestamp()), before.released))
        timeline = Timeline(self._blog.journal, now)
        touched = changed_entries(timeline, news, before.released, self._blog.config.zone)
        events = list(self._events(timeline, touched)) if self._tell else []
        if self._tell and events:
            self._blog.journal.settle({id_day(entry_id).isoformat() for entry_id in touched})
            self._tell(events, place)
        self._told = place
        events = []
        report = None
        try:
            report = self._published(now, news)
            page = self._live_page()
            if self._page is not None and page != self._page:
                events.append(("page", page))
                self._paged = place
            self._page = page
        finally:
            self._landed(events, place, report)
        self._wake = self._next_wake(timeline)
        self.state = State(place, now, "", len(report.faults), time.monotonic() - began)

    def _published(self, now: datetime, news: News) -> Report:
        """Publish; say once of each fault that it is there."""
        publisher = self._blog.publisher
        report = publisher.publish(now, names=news.names)
        for fault in report.faults:
            if fault not in self._faults:
                log.warning("%s: %s. %s", fault.place, fault.problem, fault.hint)
        self._faults = frozenset(report.faults)
        if self._tell and len(report.written) <= COMPRESSED:
            with contextlib.suppress(StorageError):  # they only spare time
                publisher.compress(report.written)
        return report

    def _next_wake(self, timeline: Timeline) -> datetime:
        """Return when something happens by the clock alone."""
        midnight = day_end(local_day(timeline.now, self._blog.config.zone), self._blog.config.zone)
        due = [midnight]
        if embargoed := timeline.embargoed():
            due.append(embargoed[0].published)
        coverage = timeline.framing(COVERAGE)
        if coverage and coverage.ended and coverage.ended > timeline.now:
            due.append(coverage.ended)
        return min(due)

    # -- what to tell -------------------------------------------------------------------------

    def _events(self, timeline: Timeline, touched: list[str]) -> Iterator[Event]:
        homes: dict[date, dict[str, Entry]] = {}
        for of in {id_day(entry_id) for entry_id in touched}:
            homes[of] = fold(self._blog.journal.day(of).records)
        # One of which the newest line was damaged meanwhile is not there: it is withheld.
        known = (homes[id_day(i)].get(i) for i in touched)
        for entry in sorted((entry for entry in known if entry), key=_shown_at):
            if entry.is_visible(timeline.now):
                for shown in self._blog.publisher.live_entries(entry):
                    yield "entry", shown
            elif entry.was_seen(timeline.now):
                yield "removed", {"id": entry.id}

    def _live_page(self) -> object:
        data = self._blog.publisher.site.read("live.json")
        try:
            return msgspec.json.decode(data)["page"] if data else None
        except (msgspec.DecodeError, KeyError, TypeError):
            return None  # somebody put another file there; it is made again

    def missed(self, given: str, until: StreamPosition) -> list[Event]:
        """Return what a reader who knows the blog up to *given* has to be told, up to *until*.

        Raises :class:`InvalidInput` if that is no place.
        """
        after = StreamPosition.parse(given)
        if after == until:
            # The page is told after the entries of its place: who left in between has not seen it.
            return [("page", self._page)] if after == self._paged and self._page else []
        if until.released - after.released > LONG_AGO:
            return [("reload", {})]
        timeline = Timeline(self._blog.journal, self._blog.now)
        news = self._blog.journal.since(after.cursor, until.cursor)
        if len(news.records) > 10 * MISSED:
            return [("reload", {})]
        touched = changed_entries(timeline, news, after.released, self._blog.config.zone)
        if len(touched) > MISSED:
            return [("reload", {})]
        events = list(self._events(timeline, touched))
        if self._page is not None:
            events.append(("page", self._page))
        return events


def _shown_at(entry: Entry) -> datetime:
    """Return the instant since which readers can see an entry as it stands."""
    return max(entry.now.recorded or entry.published, entry.published)
