"""The journal as plain files: ``entries/2012/07/2012-07-15.jsonl``, one line a record.

What lies where:

- a day's file: its entries' revisions, its framing, references to entries moved there;
- ``entries/2012/2012-W29.jsonl``, ``entries/coverage.jsonl``: the framing of longer periods;
- ``entries/….jsonl.torn``: bytes of appends that a crash cut short, never acknowledged;
- ``entries/….jsonl.before-…``: a file as it was before ``liveblog check --repair`` wrote it anew;
- ``.liveblog/head``: what was written last; see :mod:`.head`.

Writers take turns by an exclusive lock on ``entries/``, which each holds until its line is on disk;
readers take no lock. If a write or its sync fails, the writer cuts its line off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ...model.entry import Framing, Revision, id_day
from ...model.errors import storage_errors
from ...storage.atomic import NotRegularError, read_regular, replace_file
from ...storage.locks import Lock
from .. import Audit, Written
from .batch import Batch
from .head import Head, Newest
from .keys import find_keys
from .purge import purged
from .reader import Reader
from .tail import Known

MAX_IDS = 100_000
"""Entries of a day whose ids are remembered between two appends (about 10 MB); not those of a
longer day, which is read again for each."""


class DayFiles(Reader):
    """The :class:`Journal` contract over a folder of day files."""

    def __init__(self, entries: Path, derived: Path, clock: Callable[[], datetime]) -> None:
        """Keep the journal in *entries* and the hint of its head in *derived*.

        *clock* returns aware datetimes.
        """
        super().__init__(entries, Head(derived / "head"))
        self._clock = clock
        self._known: Known | None = None  # of the file that was written to last

    def append(self, record: Written, *, expect: int) -> Written:
        """See :meth:`liveblog.journal.Journal.append`."""
        with self._batch([record]) as batch:
            return batch.append(record, expect)

    def append_many(
        self, records: Iterable[tuple[Revision | Framing, int]]
    ) -> list[Revision | Framing]:
        """See :meth:`liveblog.journal.Journal.append_many`."""
        records = list(records)
        with self._batch(record for record, _ in records) as batch:
            return [batch.append(record, expect) for record, expect in records]

    def keyed(self, entry_id: str, idempotency_key: str) -> Revision | None:
        """See :meth:`liveblog.journal.Journal.keyed`."""
        keys = {idempotency_key: id_day(entry_id)}
        with storage_errors("read", self.folder):
            found = find_keys(self.path, keys, self._clock().date(), self.head.read())
        return found.get(idempotency_key)

    def adopt(self, record: Revision | Framing) -> bool:
        """See :meth:`liveblog.journal.Journal.adopt`."""
        with self._batch() as batch:
            return batch.adopt(record)

    def adopt_many(self, records: Iterable[Revision | Framing]) -> list[bool]:
        """See :meth:`liveblog.journal.Journal.adopt_many`."""
        with self._batch() as batch:
            return [batch.adopt(record) for record in records]

    @contextmanager
    def _batch(self, records: Iterable[Revision | Framing] = ()) -> Iterator[Batch]:
        """Hold the lock while *records* are added to a batch, and write it at the end."""
        keys = {
            record.idempotency_key: id_day(record.id)
            for record in records
            if isinstance(record, Revision) and record.idempotency_key
        }
        with self.locked():
            batch = Batch(self, self._clock, self._known, keys)
            yield batch
            self._known = None  # after a failure the file is read again
            known = batch.write()
            self._known = known if known and len(known.ids) <= MAX_IDS else None

    def redact(self, entry_id: str) -> int:
        """See :meth:`liveblog.journal.Journal.redact`."""
        home = id_day(entry_id).isoformat()
        path = self.path(home)
        count = 0
        with self.locked():
            for temporary in path.parent.glob(f".{path.name}.*.tmp"):  # of one that was killed
                temporary.unlink(missing_ok=True)
            # What editors and programs that sync folders leave is not read, but holds the texts.
            for beside in {path, *self.folder.rglob(f"*{home}*")}:
                try:
                    data = read_regular(beside)
                except (FileNotFoundError, NotADirectoryError, NotRegularError):
                    continue
                blank, lines = purged(data, entry_id)
                if blank != data:
                    replace_file(beside, blank)
                    count += lines if beside == path else 0
            self._note(home)
        return count

    def check(self, progress: Callable[[int, int], None] | None = None) -> Audit:
        """See :meth:`liveblog.journal.Journal.check`."""
        from .check import audit

        with storage_errors("read", self.folder):
            return audit(self, progress)

    def repair(self, *, dry_run: bool = False) -> Sequence[str]:
        """See :meth:`liveblog.journal.Journal.repair`."""
        from .repair import repair

        now = self._clock().astimezone(UTC)
        if dry_run:
            with storage_errors("read", self.folder):
                return repair(self, now, dry_run=True)
        with self.locked():
            return repair(self, now, dry_run=False)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the journal's lock: one writer at a time, in this and in every process.

        What the machine refuses meanwhile is a :class:`StorageError`.
        """
        with storage_errors("write to", self.folder):
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True)
            with Lock(self.folder):
                yield

    def _note(self, name: str) -> None:
        """Note in the head that something was done under a name, with no line of its own."""
        head = self.head.read()
        newest = self.newest(head)
        here = self._last_line(name)
        if here:
            head = self.head.write(Newest(newest.instant, here.sum, name), head)
        if newest.name != name:  # the newest line of all stays first
            self.head.write(newest, head)

    def close(self) -> None:
        """Let go of the open files."""
        self.head.close()
