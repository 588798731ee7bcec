"""The real schedule on simulated time: APScheduler, stepped from one run to the next.

Run as a program, it continues from a stored instant until it is killed or reaches the end:
``python -m tests.simulated BLOG STATE END``, where the file STATE stores the instant.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import time_machine
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import BaseScheduler

from liveblog import Blog
from liveblog.scheduler import Schedule

from .waiting import until


class Stepped(BaseScheduler):  # type: ignore[misc]
    """A scheduler that runs due jobs when stepped, and returns when the next is due."""

    def __init__(self) -> None:
        super().__init__(timezone=UTC, executors={"default": DebugExecutor()})

    def wakeup(self) -> None: ...

    def shutdown(self, wait: bool = True) -> None:
        super().shutdown(wait)

    def step(self) -> datetime:
        """Run what is due; return the instant of the next run."""
        self._process_jobs()
        due: datetime = min(job.next_run_time for job in self.get_jobs())
        return due


def run(
    blog: Blog,
    end: datetime,
    *,
    each: Callable[[datetime], Any] = lambda now: None,
    longest: timedelta = timedelta(hours=6),
    **options: Any,
) -> Schedule:
    """Run a blog's schedule from now to *end*; time must be under time_machine's control."""
    schedule = Schedule(blog, scheduler=Stepped(), **options)
    until(schedule.lead)
    schedule.arrange()
    scheduler: Any = schedule._scheduler
    scheduler.start()
    while (now := datetime.now(UTC)) < end:
        each(now)
        due = scheduler.step()
        schedule.retime()
        due = min(due, *(job.next_run_time for job in scheduler.get_jobs()))
        to = min(max(due, now + timedelta(milliseconds=1)), now + longest, end)
        travellers[-1].move_to(to)
    scheduler.step()
    return schedule


travellers: list[Any] = []


class travelling:  # noqa: N801
    """Replaces the clock; it stands still between the steps."""

    def __init__(self, start: datetime) -> None:
        self._travel = time_machine.travel(start, tick=False)

    def __enter__(self) -> None:
        travellers.append(self._travel.start())

    def __exit__(self, *_: object) -> None:
        self._travel.stop()
        travellers.pop()


def main() -> None:
    """Continue from the instant in a file, and store each new one there."""
    folder, state, until = sys.argv[1:]
    file = Path(state)
    start = datetime.fromisoformat(file.read_text())
    with travelling(start):
        blog = Blog(folder)

        def keep(now: datetime) -> None:
            new = file.with_suffix(f".{id(file)}")
            new.write_text(now.isoformat())
            new.replace(file)

        for name in ("mail", "smtp"):
            import_module(f"liveblog.delivery.{name}")
        print("ready", flush=True)
        run(blog, datetime.fromisoformat(until), each=keep, publish=lambda: None)
    print("done", flush=True)


if __name__ == "__main__":
    main()
