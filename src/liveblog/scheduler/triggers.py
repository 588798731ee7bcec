"""The trigger and the executor with which APScheduler runs the jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.triggers.base import BaseTrigger


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
        """Wait at most *grace* seconds for running jobs at shutdown."""
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
