"""Compares the site with the journal: what readers get is what a publication from nothing makes.

Everything is rendered once more, which takes as long as ``publish --full``, and nothing is kept of
it but a hash of each file. Nothing on disk changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime

from msgspec import Struct

from ..journal import Fault
from ..model.addresses import is_generated
from ..model.errors import StorageError
from ..storage.locks import Lock
from .index import Index, hash_of
from .publisher import Publisher
from .report import Progress

PUBLISH = "Run 'liveblog publish --full'."

FOREIGN = 20
"""So many files that are not ours are named."""


class Verified(Struct, frozen=True):
    """What was found on the site."""

    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()


class _Nowhere:
    """A site (see :class:`liveblog.site.storage.Site`) that holds nothing and takes nothing."""

    def read(self, path: str) -> bytes | None:
        return None

    def holds(self, path: str, data: bytes) -> bool:
        return False

    def paths(self) -> Iterator[str]:
        yield from ()

    def refresh(self) -> None:
        pass

    def cut(self) -> dict[str, str]:
        return {}

    def add(self, prepared: dict[str, str]) -> None:
        pass

    def put(self, path: str, data: bytes) -> None:
        raise AssertionError("A rehearsal writes nothing.")

    def drop(self, path: str) -> None:
        raise AssertionError("A rehearsal writes nothing.")

    def discard(self) -> None:
        raise AssertionError("A rehearsal writes nothing.")

    commit = discard


def verify(publisher: Publisher, now: datetime, progress: Progress | None = None) -> Verified:
    """Say what on the site is not as the journal tells it at *now*.

    What was changed in the journal since the last publication is a note, unless a removed entry is
    shown still; so are files that are not ours. A site that was never published has no faults.

    Raises :class:`StorageError`.
    """
    with publisher.edge():
        return _checked(publisher, now, progress)


def _checked(publisher: Publisher, now: datetime, progress: Progress | None) -> Verified:
    found = _verified(publisher, now, progress)
    if not any(fault.place.startswith("feeds/") for fault in found.faults):
        return found
    # Somebody may have published meanwhile: this time nobody does.
    with ExitStack() as held:
        lock = publisher.lock()
        if _can_lock(lock):
            held.callback(lock.release)
        return _verified(publisher, now, progress)


def _can_lock(lock: Lock) -> bool:
    """Take the publisher's lock, unless nobody made or can make it: then nobody publishes."""
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
    publisher.site.refresh()
    known = dict(publisher.index().files())
    there = list(publisher.site.paths())
    if not known and not any(map(is_generated, there)):
        return Verified()
    fresh = Index.temporary()
    report = publisher.rehearse(now, site=_Nowhere(), index=fresh, progress=progress)
    wanted = dict(fresh.files())
    suspects = [path for path in wanted if _hash(publisher, path) != wanted[path]]
    suspects += [path for path in there if is_generated(path) and path not in wanted]
    faults, waiting = _judged(publisher, now, known, wanted, suspects) if suspects else ([], 0)
    faults += report.faults
    notes = [f"{waiting:,} files of the site wait for 'liveblog publish'"] if waiting else []
    foreign = [path for path in there if not is_generated(path)]
    notes += [f"{path} on the site is not ours; it stays" for path in foreign[:FOREIGN]]
    if len(foreign) > FOREIGN:
        notes.append(f"{len(foreign) - FOREIGN:,} more files on the site are not ours")
    return Verified(faults, notes)


def _judged(
    publisher: Publisher,
    now: datetime,
    known: dict[str, str],
    wanted: dict[str, str],
    suspects: Sequence[str],
) -> tuple[list[Fault], int]:
    """Return what is wrong, and how many files only wait for the next publication."""
    report = publisher.rehearse(now)
    coming = {*report.written, *report.deleted}
    faults = []
    waiting = 0
    for path in suspects:
        found = _hash(publisher, path)
        is_as_left = bool(known) and found == known.get(path, "")
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
            faults.append(_fault(publisher, path, "the file is not what the journal tells"))
        else:
            faults.append(_fault(publisher, path, "the file was altered"))
    return faults, waiting


def _fault(publisher: Publisher, path: str, problem: str) -> Fault:
    return Fault(f"feeds/{path}", problem, PUBLISH)


def _hash(publisher: Publisher, path: str) -> str:
    """Return the hash of a file of the site; nothing if there is none."""
    data = publisher.site.read(path)
    return "" if data is None else hash_of(data)
