"""The parts of a publication that need nothing of each other, done by one process or two."""

from __future__ import annotations

import gc
import os
import select
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from ..model.errors import StorageError
from .output import Output

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MUCH = 500
"""From so many entries to render on, a second process is worth its start."""

AT_ONCE = 10_000
"""So many entries' files are held to be noted in the manifest together."""

TASKS_AT_ONCE = select.PIPE_BUF
"""So many tasks at most are shared together: any pipe holds as many bytes."""


class Task(Struct, frozen=True):
    """Something to make, whose needs are known."""

    when: date  #: tasks of neighbouring days show the same entries
    weight: int  #: how many entries it renders, or what takes as long
    make: Callable[[], None]


def perform(tasks: Iterable[Task], output: Output, progress: Callable[[int], None]) -> None:
    """Do every task; what they make is in *output* then.

    *progress* is called with how many are done. Raises what a task raises.
    """
    may_fork = _may_fork()
    done = 0
    for some in _batches(tasks):
        so_far = partial(_beyond, done, progress)
        if may_fork and sum(task.weight for task in some) >= MUCH:
            _shared(some, output, so_far)
        else:
            _do(some, so_far)
        done += len(some)
        output.note()


def _beyond(done: int, progress: Callable[[int], None], part: int) -> None:
    progress(done + part)


def _batches(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Cut the work into pieces, so that memory stays bounded however much there is."""
    some: list[Task] = []
    weight = 0
    for task in tasks:
        some.append(task)
        weight += task.weight
        if weight >= AT_ONCE or len(some) == TASKS_AT_ONCE:
            yield some
            some, weight = [], 0
    yield some


class _Left:
    """How many of some tasks nobody has begun: bytes in a pipe, one taken for each that begins."""

    def __init__(self, count: int) -> None:
        self._taken, given = os.pipe()
        os.write(given, bytes(count))
        os.close(given)

    def take(self) -> bool:
        """Take one; return whether there was one."""
        return bool(os.read(self._taken, 1))

    def close(self) -> None:
        os.close(self._taken)


def _shared(tasks: Sequence[Task], output: Output, progress: Callable[[int], None]) -> None:
    """Do the first half of the work in another process, the second in this one.

    What the newest entries' pages and feeds show is rendered last; most of it stays here. Who is
    done with its half goes on at the end of the other's.
    """
    import multiprocessing

    cut = _middle(tasks)
    context = multiprocessing.get_context("fork")
    before = output.cut()
    with ExitStack() as after:
        first, second = _Left(cut), _Left(len(tasks) - cut)
        after.callback(first.close)
        after.callback(second.close)
        answer, theirs = context.Pipe(duplex=False)
        parent = os.getpid()

        def has_parent() -> bool:
            return os.getppid() == parent

        def has_partner() -> bool:
            # Before all is begun it answers only if it failed.
            return not answer.poll()

        apart = chain(
            # Alone, it would work for nobody, and keep the next publisher waiting.
            _begun(tasks[:cut], first, has_parent),
            _begun(tasks[cut:][::-1], second, has_parent),
        )
        here = chain(
            _begun(tasks[cut:], second, has_partner),
            _begun(tasks[:cut][::-1], first, has_partner),
        )
        # Memory stays shared as long as nobody writes to it, and the collector does.
        gc.freeze()
        after.callback(gc.unfreeze)
        other = context.Process(target=_apart, args=(apart, output, answer, theirs), daemon=True)
        other.start()
        after.callback(other.join)
        after.callback(other.kill)
        theirs.close()
        own = max(len(tasks) - cut, 1)
        _do(here, lambda part: progress(len(tasks) * min(part, own) // own))
        try:
            taken = answer.recv()
        except EOFError:
            other.join()
            raise StorageError(
                f"The machine ended a part of the publication ({other.exitcode}).",
                "Free some memory and publish again.",
            ) from None
    if isinstance(taken, BaseException):
        raise taken
    ours = output.cut()
    for part in (before, taken, ours):
        output.add(part)


def _middle(tasks: Sequence[Task]) -> int:
    """Return how many tasks make half of the work."""
    half = sum(task.weight for task in tasks) / 2
    cut = 0
    while half > 0:
        half -= tasks[cut].weight
        cut += 1
    return cut


def _begun(tasks: Iterable[Task], left: _Left, goes_on: Callable[[], bool]) -> Iterator[Task]:
    """Yield tasks as long as any are left; another process takes the same from their other end.

    Whether it *goes_on* is asked before each is taken: nobody else does what was taken.
    """
    for task in tasks:
        if not goes_on() or not left.take():
            return
        yield task


def _apart(tasks: Iterable[Task], output: Output, taken: Connection, answer: Connection) -> None:
    """Do tasks in a process of their own, and send what they made."""
    taken.close()  # or it would wait for itself to read, once nobody else does
    made: object
    try:
        _do(tasks, lambda part: None)
        made = output.cut()
    except BaseException as error:
        made = error
    with suppress(BrokenPipeError):  # whoever began this was killed
        answer.send(made)


def _do(tasks: Iterable[Task], progress: Callable[[int], None]) -> None:
    for number, task in enumerate(tasks):
        progress(number)
        task.make()


def _may_fork() -> bool:
    """Whether there is a second processor, and no other thread that a copy of us would lack."""
    is_alone = threading.active_count() == 1
    return is_alone and hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1
