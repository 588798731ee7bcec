"""Watches the journal; broadcasts changed entries to open pages, then publishes the site.

One thread for each blog, so that rendering never blocks the server. The journal is read once for
each update: what a turn found and did is an :class:`Update`, which the stream and the deliveries
use as it is.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from .blog import Blog
from .changes import Changes, StreamPosition, changes_since
from .journal import Fault, News
from .model.entry import Revision, id_day
from .model.errors import LiveblogError, StorageError
from .model.period import day_end, local_day
from .site.documents import LivePage
from .site.report import Report
from .timeline import Entry, Timeline, fold

MAX_MISSED = 200
"""Maximum number of entries sent to a page that reconnects; one that missed more reloads."""

MAX_ABSENCE = 32 * 86_400
"""Seconds after which a page that reconnects has to reload."""

RETRY_SECONDS = (1, 2, 5, 15, 60)
"""Seconds to wait after the first, second … failure in a row."""

SITE_FILES = ("live.json", "assets")
"""Files that every published site has."""

SITE_CHECK_SECONDS = 5.0
"""Seconds between two checks that the site is there."""

MAX_COMPRESSED = 100
"""Maximum number of files of one publication that are compressed; more take too long."""

PUBLISH_TIMEOUT = 600
"""Seconds to wait for a publication that was requested."""

Event = tuple[str, object]
"""Kind and data: ``entry``, ``removed``, ``page``, ``reload`` or ``hello``."""

log = logging.getLogger("liveblog")


@dataclass(frozen=True)
class Update:
    """What one turn of the watcher found and did."""

    changes: Changes
    events: list[Event]  #: to broadcast after the publication: the live page, if it changed
    report: Report | None  #: of the publication; None if it failed


Broadcast = Callable[[list[Event], StreamPosition], None]
"""Sends events to the open pages, with the position after them; returns when they are sent."""

Published = Callable[[Update], None]
"""Called after each publication, successful or not."""


@dataclass(frozen=True)
class State:
    """The state of a watcher, for the health check and the metrics."""

    position: StreamPosition  #: up to which everything is broadcast and published
    published: datetime | None = None  #: the last successful publication
    problem: str = ""  #: why the publication after it failed
    faults: int = 0  #: damage found in the journal
    seconds: float = 0.0  #: duration of the last turn


class Watcher(threading.Thread):
    """Watches one blog's journal, in a thread."""

    def __init__(
        self, blog: Blog, *, published: Published, broadcast: Broadcast | None = None
    ) -> None:
        """Watch *blog*; *broadcast* and *published* are called in this thread, in each turn."""
        super().__init__(name=f"watcher of {blog.paths.root.name}", daemon=True)
        self._blog = blog
        self._broadcast = broadcast
        self._published = published
        self._woken = threading.Event()
        self._turns = threading.Condition()
        self._requested_turn = self._begun_turns = self._ended_turns = 0
        self._is_stopping = False
        self._page: LivePage | None = None
        self._faults: frozenset[Fault] = frozenset()  # logged before
        self._wake_at: datetime | None = None
        self._site_checked = 0.0
        now = blog.now
        self._position = StreamPosition(blog.journal.end(), int(now.timestamp()))
        self._page_position = self._position  # at which the page changed last
        self.state = State(self._position)

    def wake(self) -> None:
        """Read the journal now, because this process appended to it."""
        self._woken.set()

    def publish(self) -> None:
        """Publish the site and broadcast to the readers, and wait until that is done.

        Raises :class:`StorageError` if it failed.
        """
        with self._turns:
            self._requested_turn = requested = self._begun_turns + 1
            self._woken.set()
            self._turns.wait_for(
                lambda: self._ended_turns >= requested or self._is_stopping, PUBLISH_TIMEOUT
            )
            if self._ended_turns < requested or self.state.problem:
                problem = self.state.problem or "the publisher was stopped"
                raise StorageError(f"The site could not be published: {problem}.")

    def stop(self) -> None:
        """End the thread after its current turn."""
        with self._turns:
            self._is_stopping = True
            self._turns.notify_all()
        self._woken.set()

    @property
    def is_over(self) -> bool:
        """Whether the site says that the coverage is over."""
        page = self._page or self._blog.publisher.live_page()
        return page is not None and page.is_over

    # -- the thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Watch until :meth:`stop`."""
        failures = 0
        while not self._is_stopping:
            try:
                self._blog.check_exists()
                # A page that was open before a restart shows the live page as last published.
                self._page = self._page or self._blog.publisher.live_page()
                # The first turn publishes, though nothing may have been appended since the start.
                for news in self._blog.journal.watch(self._position.cursor, self._pause):
                    if self._is_stopping:
                        return
                    with self._turns:
                        self._begun_turns += 1
                    self._turn(news)
                    self._finish()
                    failures = 0
            except Exception as error:
                is_expected = isinstance(error, LiveblogError)
                text = str(error) if is_expected else f"{type(error).__name__}: {error}"
                log.error("Cannot publish: %s", text, exc_info=None if is_expected else error)
                self.state = replace(self.state, problem=text)
                self._finish()
                self._woken.clear()
                self._woken.wait(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
                failures += 1

    def _finish(self) -> None:
        """Release those who wait for this turn; a failure between two turns counts as a turn."""
        with self._turns:
            self._begun_turns = max(self._begun_turns, self._ended_turns + 1)
            self._ended_turns = self._begun_turns
            self._turns.notify_all()

    def _pause(self, seconds: float) -> bool:
        self._woken.wait(seconds)
        self._woken.clear()
        is_due = self._wake_at is not None and self._blog.now >= self._wake_at
        return (
            self._requested_turn > self._begun_turns
            or is_due
            or self._is_stopping
            or self._is_site_gone()
        )

    def _is_site_gone(self) -> bool:
        """Whether the published site was deleted; checked every few seconds."""
        now = time.monotonic()
        if self._page is None or now - self._site_checked < SITE_CHECK_SECONDS:
            return False
        self._site_checked = now
        return not all((self._blog.paths.site / name).exists() for name in SITE_FILES)

    def _turn(self, news: News) -> None:
        """Broadcast the entries that changed for readers since the last turn, and publish."""
        began = time.monotonic()
        self._blog.check_exists()
        if any(isinstance(r, Revision) and r.state == "removed" for r in news.records):
            self._blog.publisher.pages.clear_cache()
        timeline = self._blog.timeline
        changes = changes_since(self._position, news, timeline, self._blog.config.zone)
        # Entries reach the open pages before their own pages and the feeds are rendered.
        if self._broadcast and (events := self._entry_events(timeline, changes.entry_ids)):
            self._broadcast(events, changes.after)
        self._position = changes.after
        page_events: list[Event] = []
        report = None
        try:
            report = self._publish(timeline.now, news)
            if self._page and report.live_page and report.live_page != self._page:
                page_events.append(("page", report.live_page))
                self._page_position = changes.after
            self._page = report.live_page
        finally:
            self._published(Update(changes, page_events, report))
        midnight = day_end(local_day(timeline.now, self._blog.config.zone), self._blog.config.zone)
        change = self._blog.publisher.next_change(timeline.now)
        self._wake_at = min(filter(None, (midnight, change)))
        seconds = time.monotonic() - began
        self.state = State(changes.after, timeline.now, "", len(report.faults), seconds)

    def _publish(self, now: datetime, news: News) -> Report:
        """Publish the site; log each fault once."""
        publisher = self._blog.publisher
        report = publisher.publish(now, names=news.names)
        for fault in report.faults:
            if fault not in self._faults:
                log.warning("%s: %s. %s", fault.place, fault.problem, fault.hint)
        self._faults = frozenset(report.faults)
        if self._broadcast and len(report.written) <= MAX_COMPRESSED:
            with contextlib.suppress(StorageError):  # compressed files only save time
                publisher.compress(report.written)
        return report

    # -- events -------------------------------------------------------------------------------

    def _entry_events(self, timeline: Timeline, entry_ids: Iterable[str]) -> list[Event]:
        """Return the events of entries, in the order in which readers could see them."""
        return list(self._each_entry_event(timeline, list(entry_ids)))

    def _each_entry_event(self, timeline: Timeline, entry_ids: list[str]) -> Iterator[Event]:
        days: dict[date, dict[str, Entry]] = {}
        for day in {id_day(entry_id) for entry_id in entry_ids}:
            days[day] = fold(self._blog.journal.day(day).records)
        # An entry is missing if its newest line was damaged meanwhile: it is withheld.
        found = (days[id_day(entry_id)].get(entry_id) for entry_id in entry_ids)
        for entry in sorted((entry for entry in found if entry), key=_visible_since):
            if entry.is_visible(timeline.now):
                for document in self._blog.publisher.live_entries(entry):
                    yield "entry", document
            elif entry.was_seen(timeline.now):
                yield "removed", {"id": entry.id}

    def events_between(self, given: str, until: StreamPosition) -> list[Event]:
        """Return the events that a reader at the position *given* missed, up to *until*.

        Raises :class:`InvalidInput` if *given* is not a position.
        """
        after = StreamPosition.parse(given)
        if after == until:
            # The page event is sent after the entries of its position: a page that lost its
            # connection between the two still needs the event.
            return [("page", self._page)] if after == self._page_position and self._page else []
        if until.released - after.released > MAX_ABSENCE:
            return [("reload", {})]
        timeline = self._blog.timeline
        news = self._blog.journal.since(after.cursor, until.cursor)
        if len(news.records) > 10 * MAX_MISSED:
            return [("reload", {})]
        changes = changes_since(after, news, timeline, self._blog.config.zone)
        if len(changes.entry_ids) > MAX_MISSED:
            return [("reload", {})]
        events = self._entry_events(timeline, changes.entry_ids)
        if self._page is not None:
            events.append(("page", self._page))
        return events


def _visible_since(entry: Entry) -> datetime:
    """Return the instant since which readers can see an entry as it stands."""
    return max(entry.now.recorded or entry.published, entry.published)
