"""The schedule: when things happen. APScheduler's only door.

The jobs hold nothing: each asks the journal, the settings and the outbox what is due, and does
that. So the schedule can be made again at any moment, a job that runs twice does nothing twice,
and one that ran late does what was missed. One process at a time leads a blog's schedule; others
that were started too wait for their turn.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from functools import partial
from pathlib import Path
from typing import Any, cast

import msgspec
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.triggers.base import BaseTrigger

from .blog import Blog
from .delivery.dispatcher import Dispatcher, Sent
from .delivery.outbox import KINDS, Kind
from .http_client import Client
from .imports import Item
from .imports.subscriptions import EVERY, Subscriptions, catch_up
from .model.errors import LiveblogError, StorageError
from .model.period import local_day, local_instant
from .site.report import Report
from .storage.atomic import replace_file
from .storage.locks import Lock
from .watcher import Update

LOOK_SECONDS = 10
"""How often to look for a wrong clock, a lead to take over, and what another process planned."""

JUMP_SECONDS = 5
"""A clock that differs by more from the time that passed was set."""

GRACE_SECONDS = 0.5
NAMES = ("publish", "release", "day", "week", "follow", *KINDS)

log = logging.getLogger("liveblog")

# It warns of a job that is due while it still runs; here that is how it should be.
logging.getLogger("apscheduler").setLevel(logging.ERROR)


class WallTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires when a wall clock of *zone* shows *at*, each day or on one weekday (Monday = 0).

    Once a day on every day of the year: a time that a clock change skips is taken after the gap,
    one that it repeats the first time.
    """

    def __init__(self, at: time_of_day, zone: tzinfo, weekday: int | None = None) -> None:
        self._at = at
        self._zone = zone
        self._weekday = weekday

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the first such instant after *previous*, or from *now* on."""
        after = previous or now - timedelta(microseconds=1)
        of = local_day(after, self._zone) - timedelta(days=1)
        while True:
            fires = local_instant(of, self._at, self._zone)
            if fires > after and self._weekday in (None, of.weekday()):
                return fires
            of += timedelta(days=1)


class DueTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires at an instant that is asked for each time: what is due may change."""

    _IDLE = timedelta(days=1)
    _AGAIN = timedelta(seconds=0.5)

    def __init__(self, due: Callable[[], datetime | None]) -> None:
        self._due = due

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return when it is due; what is due by now is soon."""
        due = self._due() or now + self._IDLE
        return due if previous is None else max(due, now + self._AGAIN)


class _Threads(BaseExecutor):  # type: ignore[misc]
    """Runs each job in a thread that does not keep the process from ending."""

    def __init__(self) -> None:
        super().__init__()
        self._running: set[threading.Thread] = set()

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        def run() -> None:
            try:
                events = run_job(job, job._jobstore_alias, run_times, "apscheduler.executors")
                self._run_job_success(job.id, events)
            finally:
                self._running.discard(thread)

        thread = threading.Thread(target=run, name=f"job {job.id}", daemon=True)
        self._running.add(thread)
        thread.start()

    def shutdown(self, wait: bool = True) -> None:
        until = time.monotonic() + GRACE_SECONDS
        for thread in list(self._running):
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))


class Outcome(msgspec.Struct, frozen=True):
    """How a job went when it ran last."""

    ran: datetime
    words: str
    is_failure: bool = False


@dataclass(frozen=True)
class Job:
    """A job as ``schedule --list`` shows it."""

    name: str
    does: str
    next: datetime | None  #: none while there is nothing to do
    last: Outcome | None


DOES = {
    "publish": "publish what changed",
    "release": "release the next embargoed update",
    "day": "close the day before",
    "week": "close the week before",
    "follow": "import what followed feeds say",
    "ping": "tell the WebSub hubs what changed",
    "chat": "post to chats",
    "mail": "send mail",
}


def dispatcher_for(blog: Blog, environ: Mapping[str, str] = os.environ) -> Dispatcher:
    """Return a dispatcher of a blog's deliveries; *environ* holds the secrets."""
    return Dispatcher(
        blog.outbox, blog.journal, blog.publisher, blog.config, lambda: blog.now, environ
    )


class Schedule:
    """When things happen in one blog."""

    def __init__(
        self,
        blog: Blog,
        *,
        publish: Callable[[], Report | None] | None = None,
        environ: Mapping[str, str] = os.environ,
        scheduler: BaseScheduler | None = None,
        client: Client | None = None,
    ) -> None:
        """Schedule *blog*.

        *publish* has a watcher publish the site, which calls :meth:`published` each time.
        Subscriptions are polled through *client*, which reaches public servers unless it is given.
        """
        self.blog = blog
        self._client = client
        self._following = Subscriptions(blog.paths)
        self._publish = publish or blog.publish
        self._has_watcher = publish is not None
        self.dispatcher = dispatcher_for(blog, environ)
        self._scheduler = scheduler or BackgroundScheduler(
            timezone=UTC, executors={"default": _Threads()}
        )
        self._lock = Lock(_lock_path(blog))
        self._leading = threading.Lock()
        self._is_arranged = False
        self._planning = threading.Lock()
        self._is_planned = False
        """Whether deliveries are planned for everything that this process saw."""
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None
        self._outcomes: dict[str, Outcome] = {}
        self._writing = threading.Lock()

    # -- leading ------------------------------------------------------------------------------

    @property
    def is_leading(self) -> bool:
        """Whether this process leads the schedule."""
        return self._lock.is_held

    def lead(self) -> bool:
        """Lead the schedule from now on, unless another process does.

        Raises :class:`StorageError`.
        """
        self.blog.check_there()
        with self._leading:
            if self._lock.is_current():
                return True
            self._lock.release()  # .liveblog/ was deleted or replaced: anybody may lead now
            if not self._lock.try_acquire():
                return False
            self._is_planned = False
        # Who leads is told by the system, where it can tell.
        self._lock.path.write_text(str(os.getpid()), "ascii")
        try:
            self.dispatcher.recover()
        except LiveblogError:
            self.resign()
            raise
        self._outcomes = _outcomes(self.blog)
        return True

    def resign(self) -> None:
        """Let another process lead."""
        self._lock.release()

    # -- running ------------------------------------------------------------------------------

    def start(self) -> None:
        """Lead and run the schedule as soon as nobody else does, until :meth:`stop`."""
        self._keeper = threading.Thread(target=self._keep, name="schedule", daemon=True)
        self._keeper.start()

    def stop(self) -> None:
        """Begin nothing any more; what is being sent has half a second to end."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown()
        if self._keeper:
            self._keeper.join(GRACE_SECONDS)
        self.resign()

    def _keep(self) -> None:
        offset = time.time() - time.monotonic()
        while not self._stopping.is_set():
            try:
                if not self._is_arranged and self.lead():
                    self.arrange()
                    self._scheduler.start()
                    if self._stopping.is_set():  # meanwhile
                        self._scheduler.shutdown()
                    self.published()
                elif self._is_arranged and self.lead():
                    moved = time.time() - time.monotonic() - offset
                    if abs(moved) > JUMP_SECONDS:
                        log.warning("The clock was set by %+.0f s.", moved)
                        offset += moved
                        self.arrange()
                    if self._is_planned:
                        self._plan_pings()  # of what another process published
                    else:
                        self.published()
            except Exception as error:
                log.error("The schedule: %s", error, exc_info=not isinstance(error, LiveblogError))
            self._stopping.wait(LOOK_SECONDS)

    def arrange(self) -> None:
        """Add every job to the scheduler, timed by the clock as it is now."""
        config, closing = self.blog.config, self.blog.config.closing
        triggers: dict[str, BaseTrigger] = {
            "publish": DueTrigger(self._next_publication),
            "release": DueTrigger(self._next_release),
            "day": WallTrigger(closing.day_at, config.zone),
            "week": WallTrigger(closing.week_at, config.zone, closing.week_on),
            "follow": DueTrigger(self._next_follow),
        } | {kind: DueTrigger(partial(self.blog.outbox.next_due, kind)) for kind in KINDS}
        for name, trigger in triggers.items():
            self._scheduler.add_job(
                self._run,
                trigger,
                args=(name,),
                id=name,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
                replace_existing=True,
                # What was missed is done at once.
                **({"next_run_time": self.blog.now} if name == "day" else {}),
            )
        if not self._is_arranged:
            done = EVENT_JOB_EXECUTED | EVENT_JOB_ERROR
            self._scheduler.add_listener(self._after_job, done)
        self._is_arranged = True

    def _after_job(self, _: object) -> None:
        try:
            self.retime()
        except LiveblogError as error:
            log.error("Cannot tell when the next job is due; asked again after the next: %s", error)

    def retime(self) -> None:
        """Ask again when the jobs are due that wait for something."""
        now = self.blog.now
        for name, due in (
            ("publish", self._next_publication()),
            ("release", self._next_release()),
            ("follow", self._next_follow()),
            *((kind, self.blog.outbox.next_due(kind)) for kind in KINDS),
        ):
            if due is not None and self._scheduler.get_job(name):
                self._scheduler.modify_job(name, next_run_time=max(due, now))

    def published(self, update: Update | None = None) -> None:
        """Plan the deliveries that follow from a publication; call it after each.

        *update* is what the watcher found; without it the journal is read.
        """
        if not self.is_leading or (update and update.report is None):
            self._is_planned = False
            return
        try:
            with self._planning:
                self.dispatcher.plan_news(update.changes if update else None)
                self._is_planned = True
            self._plan_pings()
        except LiveblogError as error:
            self._is_planned = False
            log.error("Cannot plan deliveries; tried again soon: %s", error)

    def _plan_pings(self) -> None:
        self.dispatcher.plan_pings()
        if self._is_arranged:
            self.retime()

    def once(self) -> list[Outcome]:
        """Do everything that is due, and return how each job went. Lead first."""
        names = ("follow", "publish", "day", *KINDS)
        for name in names:
            self._run(name)
        return [self._outcomes[name] for name in names if name in self._outcomes]

    # -- the jobs -----------------------------------------------------------------------------

    def _run(self, name: str) -> None:
        began = self.blog.now
        try:
            # Another process may have taken over, if the lock's file was deleted or replaced.
            if self._stopping.is_set() or not self.lead():
                return
            words = self._do(name)
            if not words and not self._has_failed(name):
                return
            outcome = Outcome(began, words or "nothing to do", "given up" in words)
        except Exception as error:
            is_ours = isinstance(error, LiveblogError)
            text = error.message if isinstance(error, LiveblogError) else repr(error)
            log.error("The job '%s' failed: %s", name, error, exc_info=not is_ours)
            outcome = Outcome(began, text, is_failure=True)
        with self._writing:
            self._outcomes[name] = outcome
            _keep_outcomes(self.blog, self._outcomes)

    def _has_failed(self, name: str) -> bool:
        last = self._outcomes.get(name)
        return last is not None and last.is_failure

    def _do(self, name: str) -> str:
        """Do a job; return what came of it, or nothing if there was nothing to do."""
        if name in ("publish", "release"):
            return self._do_publish()
        if name in ("day", "week"):
            if self._is_over():
                return ""
            self._do_publish()
            closed = self.dispatcher.close()
            return f"closed {', '.join(of.id for of in closed)}" if closed else ""
        if name == "follow":
            return self._do_follow()
        sent = self.dispatcher.send(cast(Kind, name))
        return str(sent) if sent != Sent() else ""

    def _do_publish(self) -> str:
        report = self._publish()
        if not self._has_watcher:
            self.published()
        if report is None:
            return "published"
        return f"{len(report.written)} files written, {len(report.deleted)} deleted"

    def _do_follow(self) -> str:
        if not self._following.due(self.blog.now):
            return ""
        client = self._client or Client(allow=self._following.private_places())
        return catch_up(self._following, client, self._bring_in, self.blog.now)

    def _bring_in(self, name: str, items: Iterable[Item]) -> str:
        brought = self.blog.import_items(items, source=f"feed {name}")
        for problem in brought.problems:
            log.warning("%s: %s", problem.where, problem.what)
        counts = {
            "new": brought.entries,
            "changed": brought.revisions,
            "with problems, see the log": len(brought.problems),
        }
        return ", ".join(f"{count} {word}" for word, count in counts.items() if count)

    # -- when they are due --------------------------------------------------------------------

    def _next_publication(self) -> datetime | None:
        if self._is_over():
            return None
        last = self._outcomes.get("publish")
        pause = timedelta(seconds=self.blog.config.schedule.publish_seconds)
        now = self.blog.now
        return min(last.ran + pause, now + pause) if last else now

    def _next_release(self) -> datetime | None:
        return self.blog.timeline.next_change()

    def _next_follow(self) -> datetime | None:
        if self._is_over():
            return None
        try:
            return self._following.next_due()
        except LiveblogError:
            return self.blog.now + EVERY  # the job itself says what is wrong

    def _is_over(self) -> bool:
        """Whether the coverage is, and all its days are closed: nothing happens by itself."""
        ended = self.blog.timeline.ended()
        if ended is None:
            return False
        last = local_day(ended, self.blog.config.zone).isoformat()
        facts = (self.blog.outbox.fact("days_to"), self.blog.outbox.fact("weeks_to"))
        return all(last <= fact for fact in facts)

    def jobs(self) -> list[Job]:
        """Return each job with its next run and its last outcome."""
        now = self.blog.now
        config, closing = self.blog.config, self.blog.config.closing
        outcomes = self._outcomes or _outcomes(self.blog)
        self._outcomes = outcomes
        day = WallTrigger(closing.day_at, config.zone)
        week = WallTrigger(closing.week_at, config.zone, closing.week_on)
        is_over = self._is_over()
        due = {
            "publish": self._next_publication(),
            "release": self._next_release(),
            "day": None if is_over else day.get_next_fire_time(None, now),
            "week": None if is_over else week.get_next_fire_time(None, now),
            "follow": self._next_follow(),
        } | {kind: self.blog.outbox.next_due(kind) for kind in KINDS}
        follows = self.blog.paths.followed.exists()
        names = [name for name in NAMES if name != "follow" or follows]
        return [Job(name, DOES[name], due[name], outcomes.get(name)) for name in names]


def leader(blog: Blog) -> int:
    """Return the process that leads a blog's schedule, or 0."""
    lock = Lock(_lock_path(blog))
    if not lock.path.exists():
        return 0
    if found := lock.holder():
        return found
    try:
        if lock.try_acquire():
            lock.release()
            return 0
        return int(lock.path.read_text("ascii") or 0)
    except (StorageError, OSError, ValueError):
        return 0


def _lock_path(blog: Blog) -> Path:
    return blog.paths.derived / "schedule.lock"


def _outcomes(blog: Blog) -> dict[str, Outcome]:
    try:
        data = (blog.paths.derived / "schedule.json").read_bytes()
        return msgspec.json.decode(data, type=dict[str, Outcome])
    except (OSError, msgspec.DecodeError):
        return {}


def _keep_outcomes(blog: Blog, outcomes: Mapping[str, Outcome]) -> None:
    """Keep how the jobs went, for whoever asks; if that cannot be kept, only the list is poorer."""
    path = blog.paths.derived / "schedule.json"
    try:
        replace_file(path, msgspec.json.encode(outcomes), is_durable=False)
    except StorageError as error:
        log.error("%s", error)
