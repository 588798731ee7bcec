"""Triggers and the executor that APScheduler runs the jobs with."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.triggers.base import BaseTrigger

from ..model.period import local_day, local_instant


class WallTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires when a wall clock of *zone* shows *at*, each day or on one weekday (Monday = 0).

    It fires on every such day: a time that a clock change skips counts after the gap, one that it
    repeats counts the first time.
    """

    def __init__(self, at: time_of_day, zone: tzinfo, weekday: int | None = None) -> None:
        self._at = at
        self._zone = zone
        self._weekday = weekday

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the first such instant after *previous*, or else from *now* on."""
        after = previous or now - timedelta(microseconds=1)
        day = local_day(after, self._zone) - timedelta(days=1)
        while True:
            fires = local_instant(day, self._at, self._zone)
            if fires > after and self._weekday in (None, day.weekday()):
                return fires
            day += timedelta(days=1)


class DueTrigger(BaseTrigger):  # type: ignore[misc]
    """Fires at an instant that is computed anew each time."""

    _IDLE = timedelta(days=1)
    _LEAST = timedelta(seconds=0.5)

    def __init__(self, due: Callable[[], datetime | None]) -> None:
        """Ask *due* for the instant; None stands for a day from now."""
        self._due = due

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the instant; after the first run it is half a second from *now* at the least."""
        due = self._due() or now + self._IDLE
        return due if previous is None else max(due, now + self._LEAST)


class DaemonThreads(BaseExecutor):  # type: ignore[misc]
    """Runs each job in a daemon thread, which does not keep the process from ending."""

    def __init__(self, grace: float) -> None:
        """Wait *grace* seconds for running jobs at shutdown."""
        super().__init__()
        self._grace = grace
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
        """Wait for the running jobs until the grace period ends."""
        until = time.monotonic() + self._grace
        for thread in list(self._running):
            if thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))
