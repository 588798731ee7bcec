"""The parts of a publication that need nothing of each other, done by one process or two."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import Connection

from .output import Output
from .report import Progress

MUCH = 500
"""From so many entries to render on, a second process is worth its start."""


@dataclass(frozen=True)
class Task:
    """Something to make, whose needs are known."""

    when: date  #: tasks of neighbouring days show the same entries
    weight: int  #: how many entries it renders
    make: Callable[[], None]


def perform(tasks: Sequence[Task], output: Output, progress: Progress | None) -> None:
    """Do every task; what they make is in *output* then.

    Raises what a task raises.
    """
    tasks = sorted(tasks, key=lambda task: task.when)
    half = sum(task.weight for task in tasks) / 2
    if half * 2 < MUCH or not _may_fork():
        return _do(tasks, 0, len(tasks), progress)
    before = 0
    cut = 0
    while before < half:
        before += tasks[cut].weight
        cut += 1
    # What is rendered last is what the newest entries' pages and feeds show; it stays here.
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    other = context.Process(target=_apart, args=(tasks[:cut], output, theirs), daemon=True)
    other.start()
    theirs.close()
    try:
        _do(tasks[cut:], cut, len(tasks), progress)
        taken = ours.recv()
    except EOFError:
        other.join()
        raise ChildProcessError(f"A part of the work ended with {other.exitcode}.") from None
    finally:
        other.kill() if other.is_alive() and not ours.closed else None
        other.join()
    if isinstance(taken, BaseException):
        raise taken
    output.take_over(taken)
    return None


def _may_fork() -> bool:
    """Whether there is a second processor, and no other thread that a copy of us would lack."""
    is_alone = threading.active_count() == 1
    return is_alone and hasattr(os, "fork") and len(os.sched_getaffinity(0)) > 1


def _do(tasks: Sequence[Task], done: int, of: int, progress: Progress | None) -> None:
    for number, task in enumerate(tasks):
        if progress:
            progress(done + number, of)
        task.make()


def _apart(tasks: Sequence[Task], output: Output, answer: Connection) -> None:
    """Do tasks in a process of their own, and send what they made."""
    try:
        _do(tasks, 0, len(tasks), None)
        answer.send(output.taken())
    except BaseException as error:
        answer.send(error)
