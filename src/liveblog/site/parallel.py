"""Runs the tasks of a large publication in a pool of processes, those of a small one directly."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from ..model.errors import StorageError
from .output import Output, Record

MIN_WEIGHT = 500
"""Entries to render from which a pool of processes is worth its start."""

BATCH_WEIGHT = 10_000
"""Entries whose tasks are in memory at once, however large the blog is."""

CHUNKS = 3
"""Number of parts of the work for each process. Neighbouring days share what is read and rendered;
with more parts less is shared, with fewer one process may wait for another at the end."""


class Task(Struct, frozen=True):
    """A part of a publication that no other part depends on."""

    weight: int  #: number of entries that it renders, or that take as long
    run: Callable[[], None]  #: puts files into the output


def run_tasks(
    tasks: Iterable[Task], output: Output, on_progress: Callable[[int], None]
) -> Iterator[Record]:
    """Run all tasks; yield the record of each part of the work.

    *on_progress* is called with the number of tasks done. Raises what a task raises.
    """
    done = 0
    for batch in _groups(tasks, BATCH_WEIGHT):
        yield output.take_record()  # of what was put while the tasks were made
        weight = sum(task.weight for task in batch)
        chunks = [batch]
        if weight >= MIN_WEIGHT and _may_fork():
            chunks = list(_groups(batch, 1 + weight // (CHUNKS * _processors())))
            records = _run_in_pool(chunks, output)
        else:
            records = iter([_run(batch, output)])
        for chunk, record in zip(chunks, records, strict=True):
            done += len(chunk)
            on_progress(done)
            yield record


def _groups(tasks: Iterable[Task], weight: int) -> Iterator[list[Task]]:
    """Split tasks into groups of about a *weight*."""
    group: list[Task] = []
    total = 0
    for task in tasks:
        group.append(task)
        total += task.weight
        if total >= weight or len(group) >= weight:
            yield group
            group, total = [], 0
    if group:
        yield group


def _run(tasks: Iterable[Task], output: Output) -> Record:
    """Run tasks in this process; return the record of what they did."""
    for task in tasks:
        task.run()
    return output.take_record()


def _run_in_pool(chunks: list[list[Task]], output: Output) -> Iterator[Record]:
    # The command line must not load these each time.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(
        _processors(),
        # Tasks are no data that can be sent to a process; a forked one has them.
        mp_context=get_context("fork"),
        initializer=_Worker.start,
        initargs=(chunks, output),
    )
    try:
        yield from pool.map(_Worker.run, range(len(chunks)))
    except BrokenProcessPool as error:
        raise StorageError(
            "The machine ended a process of the publication.",
            "Free some memory and publish again.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker:
    """A process of the pool."""

    chunks: list[list[Task]]
    output: Output

    @classmethod
    def start(cls, chunks: list[list[Task]], output: Output) -> None:
        """Prepare this process, which was forked with all tasks."""
        cls.chunks, cls.output = chunks, output
        cls.output.take_record()
        threading.Thread(target=_exit_with_parent, daemon=True).start()

    @classmethod
    def run(cls, number: int) -> Record:
        """Run the tasks of one chunk."""
        return _run(cls.chunks[number], cls.output)


def _exit_with_parent() -> None:
    """End this process with the one that forked it, also if that is killed.

    A process that stays would hold the publisher's lock, and write into the next publication.
    """
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _may_fork() -> bool:
    """Whether there are several processors, and no thread that a forked process would lack."""
    return _processors() > 1 and threading.active_count() == 1
