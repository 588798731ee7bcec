"""Which process leads the schedule of a blog: it publishes and delivers what others write."""

from __future__ import annotations

from ..model.errors import StorageError
from .locks import Lock
from .paths import Paths


def leader_lock(paths: Paths) -> Lock:
    """Return the lock that the leading process of a blog holds."""
    return Lock(paths.derived / "schedule.lock")


def leader(paths: Paths) -> int:
    """Return the number of the process that leads a blog's schedule, or 0."""
    lock = leader_lock(paths)
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
