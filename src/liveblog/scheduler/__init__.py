"""The schedule: publication, embargoes, closing of days and weeks, subscriptions and deliveries.

The only room that uses APScheduler. One process at a time leads a blog's schedule; other processes
that were started too wait until it ends. Since the jobs hold no state, the schedule can be made
again at any moment.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import partial

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from ..blog import Blog
from ..delivery.dispatcher import Dispatcher
from ..delivery.outbox import KINDS
from ..http_client import Client
from ..model.errors import LiveblogError
from ..site.report import Report
from ..storage.leader import leader_lock
from ..watcher import Update
from .jobs import DESCRIPTIONS, Job, Jobs, Outcome
from .triggers import DaemonThreads, DueTrigger

CHECK_SECONDS = 10
"""Seconds between two checks of the clock, the lead and the site, which others may publish."""

CLOCK_JUMP_SECONDS = 5
"""Difference in seconds between the clock and the time that passed, if the clock was set."""

GRACE_SECONDS = 0.5
"""Seconds that :meth:`Schedule.stop` waits for running jobs."""

log = logging.getLogger("liveblog")

# APScheduler warns of a job that is due while it still runs, which is normal here.
logging.getLogger("apscheduler").setLevel(logging.ERROR)


def dispatcher_for(blog: Blog, environ: Mapping[str, str] = os.environ) -> Dispatcher:
    """Return a dispatcher of a blog's deliveries; *environ* holds the secrets."""
    return Dispatcher(
        blog.outbox, blog.journal, blog.publisher, blog.config, lambda: blog.now, environ
    )


class Schedule:
    """The schedule of one blog."""

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
        *client* polls the subscriptions; it reaches public servers only unless it is given.
        """
        self.blog = blog
        self.dispatcher = dispatcher_for(blog, environ)
        self._jobs = Jobs(blog, self.dispatcher, publish or self._publish, client)
        self._scheduler = scheduler or BackgroundScheduler(
            timezone=UTC, executors={"default": DaemonThreads(GRACE_SECONDS)}
        )
        self._lock = leader_lock(blog.paths)
        self._leading = threading.Lock()
        self._planning = threading.Lock()
        self._is_planned = False  # whether the deliveries of all publications are planned
        self._is_arranged = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    # -- leading ------------------------------------------------------------------------------

    @property
    def is_leading(self) -> bool:
        """Whether this process leads the schedule."""
        return self._lock.is_held

    def lead(self) -> bool:
        """Lead the schedule from now on, unless another process does; return whether it leads.

        Raises :class:`StorageError`.
        """
        self.blog.check_exists()
        with self._leading:
            if self._lock.is_current():
                return True
            self._lock.release()  # .liveblog/ was deleted or replaced: any process may lead now
            if not self._lock.try_acquire():
                return False
            self._is_planned = False
        # The number of the process, for systems that cannot say who holds a lock.
        self._lock.path.write_text(str(os.getpid()), "ascii")
        try:
            self.dispatcher.recover()
        except LiveblogError:
            self.resign()
            raise
        self._jobs.reload()
        return True

    def resign(self) -> None:
        """Let another process lead."""
        self._lock.release()

    # -- running ------------------------------------------------------------------------------

    def start(self) -> None:
        """Run the schedule in a thread, as soon as no other process leads, until :meth:`stop`."""
        self._thread = threading.Thread(
            target=self._run_until_stopped, name="schedule", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Start no more jobs; those that run have half a second to end."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown()
        if self._thread:
            self._thread.join(GRACE_SECONDS)
        self.resign()

    def _run_until_stopped(self) -> None:
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
                    jump = time.time() - time.monotonic() - offset
                    if abs(jump) > CLOCK_JUMP_SECONDS:
                        log.warning("The clock was set by %+.0f s.", jump)
                        offset += jump
                        self.arrange()
                    if self._is_planned:
                        self._plan_pings()  # of what another process published
                    else:
                        self.published()
            except Exception as error:
                log.error("The schedule: %s", error, exc_info=not isinstance(error, LiveblogError))
            self._stopping.wait(CHECK_SECONDS)

    def arrange(self) -> None:
        """Add every job to the scheduler, or replace it, timed by the clock as it is now."""
        for name in DESCRIPTIONS:
            self._scheduler.add_job(
                self._run,
                DueTrigger(partial(self._jobs.due, name)),
                args=(name,),
                id=name,
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
                replace_existing=True,
            )
        if not self._is_arranged:
            self._scheduler.add_listener(self._after_job, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)
        self._is_arranged = True

    def _after_job(self, _: object) -> None:
        try:
            self.retime()
        except LiveblogError as error:
            log.error("Cannot compute when the next job is due; tried again later: %s", error)

    def retime(self) -> None:
        """Compute anew when the jobs are due."""
        now = self.blog.now
        for name in DESCRIPTIONS:
            due = self._jobs.due(name)
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
                self.dispatcher.plan_chapters()
                self._is_planned = True
            self._plan_pings()
        except LiveblogError as error:
            self._is_planned = False
            log.error("Cannot plan deliveries; tried again soon: %s", error)

    def _plan_pings(self) -> None:
        self.dispatcher.plan_pings()
        if self._is_arranged:
            self.retime()

    def _publish(self) -> Report:
        report = self.blog.publish()
        self.published()
        return report

    def once(self) -> list[Outcome]:
        """Run every job that is due, and return how each went. Lead first."""
        names = ("follow", "publish", "day", *KINDS)
        for name in names:
            self._run(name)
        return [outcome for name in names if (outcome := self._jobs.last(name))]

    def _run(self, name: str) -> None:
        # Another process may lead by now, if the lock's file was deleted or replaced.
        try:
            may_run = not self._stopping.is_set() and self.lead()
        except LiveblogError as error:
            log.error("The job '%s' cannot run: %s", name, error)
            return
        if may_run:
            self._jobs.run(name)

    def jobs(self) -> list[Job]:
        """Return each job with its next run and its last outcome."""
        return self._jobs.jobs()


__all__ = ["Job", "Outcome", "Schedule", "dispatcher_for"]
