"""Checks a blog: the journal, the pictures, and the site against what would be published.

For the site, every file is rendered again, which takes as long as ``publish --full``; only its hash
is compared. Nothing on disk changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path

from msgspec import Struct

from ..journal import Fault, Journal
from ..model.addresses import is_generated
from ..model.errors import StorageError, storage_errors
from ..pictures import missing_pictures
from ..storage.locks import Lock
from ..timeline import Timeline
from .index import hash_of
from .publisher import Publisher
from .report import Progress

PUBLISH_HINT = "Run 'liveblog publish --full'."

MAX_FOREIGN_NAMED = 20
"""Maximum number of files of others that are named."""


class Health(Struct, frozen=True):
    """The result for the whole blog: faults, notes, and how much of the journal was read."""

    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()
    records: int = 0
    files: int = 0


class Verified(Struct, frozen=True):
    """The result: faults of the site, and notes that need no action."""

    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()


def check(
    journal: Journal,
    publisher: Publisher,
    media: Path,
    now: datetime,
    progress: Progress | None = None,
) -> Health:
    """Check the journal, the pictures in the folder *media*, and the site as of *now*."""

    def show_part(number: int, done: int, total: int) -> None:
        if progress:
            progress(number * total + done, 3 * total)

    audit = journal.check(partial(show_part, 0))
    faults = list(audit.faults)
    with storage_errors("read", media):
        faults += missing_pictures(Timeline(journal, now), media, partial(show_part, 1))
    verified = verify(publisher, now, partial(show_part, 2))
    known = {fault.place for fault in faults}
    faults += [fault for fault in verified.faults if fault.place not in known]
    return Health(faults, (*audit.notes, *verified.notes), audit.records, audit.files)


def verify(publisher: Publisher, now: datetime, progress: Progress | None = None) -> Verified:
    """Compare the site with the journal as of *now*.

    Changes in the journal since the last publication are a note, unless a removed entry is still
    published; so are files that are not the publisher's. A site that was never published has no
    faults.

    Raises :class:`StorageError`.
    """
    with publisher.storage_errors():
        return _checked(publisher, now, progress)


def _checked(publisher: Publisher, now: datetime, progress: Progress | None) -> Verified:
    found = _verified(publisher, now, progress)
    if not any(fault.place.startswith("feeds/") for fault in found.faults):
        return found
    # Another process may have published meanwhile. This time none can.
    with ExitStack() as held:
        lock = publisher.lock()
        if _can_lock(lock):
            held.callback(lock.release)
        return _verified(publisher, now, progress)


def _can_lock(lock: Lock) -> bool:
    """Take the publisher's lock, unless it does not exist and cannot be created."""
    if not lock.path.exists():
        return False
    try:
        lock.acquire()
    except StorageError:
        if lock.holder():
            raise
        return False
    return True


def _verified(publisher: Publisher, now: datetime, progress: Progress | None) -> Verified:
    published = dict(publisher.copy_index().manifest.files())
    there = list(publisher.site.paths())
    if not published and not any(map(is_generated, there)):
        return Verified()
    wanted, report = publisher.hash_files(now, progress)
    suspects = [path for path in wanted if _hash(publisher, path) != wanted[path]]
    suspects += [path for path in there if is_generated(path) and path not in wanted]
    faults, waiting = _judge(publisher, now, published, wanted, suspects) if suspects else ([], 0)
    faults += report.faults
    notes = [f"{waiting:,} files of the site wait for 'liveblog publish'"] if waiting else []
    foreign = [path for path in there if not is_generated(path)]
    notes += [f"{path} on the site is not ours; it stays" for path in foreign[:MAX_FOREIGN_NAMED]]
    if len(foreign) > MAX_FOREIGN_NAMED:
        notes.append(f"{len(foreign) - MAX_FOREIGN_NAMED:,} more files on the site are not ours")
    return Verified(faults, notes)


def _judge(
    publisher: Publisher,
    now: datetime,
    published: dict[str, str],
    wanted: dict[str, str],
    suspects: Sequence[str],
) -> tuple[list[Fault], int]:
    """Return faults, and the number of files that only wait for the next publication."""
    report = publisher.rehearse(now)
    coming = {*report.written, *report.deleted}
    faults = []
    waiting = 0
    for path in suspects:
        found = _hash(publisher, path)
        is_as_left = bool(published) and found == published.get(path, "")
        if path not in wanted:
            if not (is_as_left and path in coming):
                faults.append(_fault(publisher, path, "nothing in the journal asks for this file"))
            elif publisher.is_withdrawn(path):
                problem = "the entry was removed or is withheld, and its page is there still"
                faults.append(_fault(publisher, path, problem))
            else:
                waiting += 1
        elif is_as_left and path in coming:
            waiting += 1
        elif not found:
            faults.append(_fault(publisher, path, "the file is gone"))
        elif is_as_left:
            faults.append(_fault(publisher, path, "the file is not what the journal says"))
        else:
            faults.append(_fault(publisher, path, "the file was altered"))
    return faults, waiting


def _fault(publisher: Publisher, path: str, problem: str) -> Fault:
    return Fault(f"feeds/{path}", problem, PUBLISH_HINT)


def _hash(publisher: Publisher, path: str) -> str:
    """Return the hash of a file of the site; an empty string if there is none."""
    data = publisher.site.read(path)
    return "" if data is None else hash_of(data)
