"""The journal's public class: appends, redaction, check and repair of day files.

Files below the blog's folder:

- ``entries/2012/07/2012-07-15.jsonl``: a day's entries, its framing, references to entries that
  were moved to it; one record a line;
- ``entries/2012/2012-W29.jsonl``, ``entries/coverage.jsonl``: the framing of longer periods;
- ``entries/chapters/alep.jsonl``: a chapter;
- ``entries/….jsonl.torn``: bytes of appends that a crash cut short, never acknowledged;
- ``entries/….jsonl.before-…``: a file as it was before ``liveblog check --repair`` rewrote it;
- ``.liveblog/head``: what was written last; see :mod:`.head`.

A writer holds an exclusive lock on ``entries/`` until its lines are on disk; readers take no lock.
If a write or its sync fails, the writer cuts its lines off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ...model.chapter import PREFIX
from ...model.entry import Revision, id_day
from ...model.errors import storage_errors
from ...model.quotes import SCHEME
from ...model.records import Version as AnyVersion
from ...storage.atomic import NotRegularError, read_regular, replace_file
from ...storage.locks import Lock
from ..results import Audit
from .appending import DayFile
from .batch import Batch, Version
from .head import Head, LastWrite
from .idempotency import find_revisions
from .layout import find_files, home_of_name
from .reader import Reader
from .redaction import redact, redact_quotes

MAX_IDS = 100_000
"""Largest number of ids that are remembered of a day (about 10 MB); a longer day is read again for
each append."""


class Journal(Reader):
    """The journal in a folder of day files; see :mod:`liveblog.journal` for its contract."""

    def __init__(self, entries: Path, derived: Path, clock: Callable[[], datetime]) -> None:
        """Open the journal in *entries*, with its head in *derived*; neither has to exist.

        *clock* returns aware datetimes.
        """
        super().__init__(entries, Head(derived / "head"))
        self._clock = clock
        self._last_file: DayFile | None = None  # the one that was written to last

    def append(self, record: Version, *, expect: int) -> Version:
        """Append one complete new version and return it with its number and instant.

        *expect* is the number of the version that the author saw, 0 for what is new. If
        an earlier record has the same idempotency key and came from the same request, that record
        is returned and nothing is written.

        Raises :class:`Conflict` if the newest version has another number, :class:`Withheld` if the
        newest version may be in a damaged line, :class:`KeyReused` if the key was used by another
        request, :class:`InvalidInput` for a record beyond the limits, and :class:`StorageError` if
        the machine refused; that says whether the record may be there all the same.
        """
        with self._batch([record]) as batch:
            return batch.append(record, expect)

    def append_many(self, records: Iterable[tuple[AnyVersion, int]]) -> list[AnyVersion]:
        """Append versions in order, each with what it expects; return them as :meth:`append` does.

        The lock is taken once, and each run of records of one file is one write and one sync. A
        record is checked against those before it too: an edit may follow its post, and a key that
        comes twice is one request. All records are checked before any is written.

        Raises what :meth:`append` raises. If a record is refused (:class:`Conflict`,
        :class:`KeyReused`, :class:`Withheld`, :class:`InvalidInput`), none is appended. After a
        :class:`StorageError` or a crash a beginning of the list is there, each record whole; the
        same call again appends the rest, if every record has a key.
        """
        records = list(records)
        with self._batch(record for record, _ in records) as batch:
            return [batch.append(record, expect) for record, expect in records]

    def find_by_key(self, entry_id: str, idempotency_key: str) -> Revision | None:
        """Return the revision that a request with a key made, of this or any other entry.

        It may not be on disk yet; :meth:`append` returns it when it is.
        """
        keys = {idempotency_key: id_day(entry_id)}
        with storage_errors("read", self.folder):
            found = find_revisions(self.path, keys, self._clock().date(), self.head.read())
        return found.get(idempotency_key)

    def adopt_many(self, records: Iterable[AnyVersion]) -> list[bool]:
        """Append versions of another journal with their numbers; return for each if it was new.

        A version keeps the instant at which it was recorded there, unless this journal has later
        records or that instant is in the future.

        Raises :class:`Conflict` if another version has a number, or if the versions before it are
        missing; otherwise as :meth:`append_many`.
        """
        with self._batch() as batch:
            return [batch.adopt(record) for record in records]

    @contextmanager
    def _batch(self, records: Iterable[AnyVersion] = ()) -> Iterator[Batch]:
        """Hold the lock while *records* are added to a batch, and write it at the end."""
        keys = {
            record.idempotency_key: id_day(record.id)
            for record in records
            if isinstance(record, Revision) and record.idempotency_key
        }
        with self.locked():
            batch = Batch(self, self._clock, self._last_file, keys)
            yield batch
            self._last_file = None  # after a failure the file is read again
            file = batch.write()
            self._last_file = file if file and len(file.ids) <= MAX_IDS else None

    def redact(self, name: str) -> int:
        """Blank the texts of every revision of an entry (its id), chapter or framing, for good.

        Return how many there were. Numbers, instants and links of the lines stay. Copies of the
        file are rewritten too, which editors and programs that sync folders leave: for an entry
        every file below ``entries/`` whose name holds the day.
        """
        home = home_of_name(name)
        path = self.path(home)
        is_chapter = home.startswith(PREFIX)
        count = 0
        with self.locked():
            # A process that was killed while it replaced the file left a temporary one.
            for temporary in path.parent.glob(f".{path.name}.*.tmp"):
                temporary.unlink(missing_ok=True)
            copies = path.parent.glob(f"*{path.stem}*") if is_chapter else None
            for beside in {path, *(copies or self.folder.rglob(f"*{home}*"))}:
                lines = _rewrite(beside, lambda data: redact(data, name))
                count += lines if beside == path else 0
            self._announce(home)
        return count

    def redact_quotes(self, entry_id: str) -> None:
        """Remove the quotes of an entry from every framing and chapter, and their copies, for good.

        Every file below ``entries/`` that has ``.jsonl`` in its name is searched. Numbers, instants
        and links of the lines stay.
        """
        link = f"{SCHEME}{entry_id}".encode()
        with storage_errors("read", self.folder):
            # Without the lock, since reading a large journal takes seconds.
            found = [path for path in self.folder.rglob("*.jsonl*") if _contains(path, link)]
        if not found:
            return
        with self.locked():
            names = {path: name for name, path in find_files(self.folder)}
            for path in found:
                if path.name.startswith("."):  # left by a process that was killed
                    path.unlink(missing_ok=True)
                    continue
                _rewrite(path, lambda data: redact_quotes(data, entry_id))
                if name := names.get(str(path)):
                    self._announce(name)

    def check(self, progress: Callable[[int, int], None] | None = None) -> Audit:
        """Read everything and report what is lost or damaged, and what is irregular.

        Nothing is changed, created or locked. *progress* is called with how many of how many files
        were read.
        """
        from .check import audit

        with storage_errors("read", self.folder):
            return audit(self, progress)

    def repair(self, *, dry_run: bool = False) -> Sequence[str]:
        """Rewrite damaged and irregular files; return what was done, and what is lost for good.

        The old files stay beside the new ones. An entry stays withheld if a line that cannot be
        restored may hold its newest revision. With *dry_run* nothing is changed, and what would be
        is returned.

        Raises :class:`StorageError` if the machine refused.
        """
        from .repair import repair

        now = self._clock().astimezone(UTC)
        if dry_run:
            with storage_errors("read", self.folder):
                return repair(self, now, dry_run=True)
        with self.locked():
            return repair(self, now, dry_run=False)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the journal's lock: one writer at a time, among all threads and processes.

        Raises :class:`StorageError` if the machine refuses anything within the block.
        """
        with storage_errors("write to", self.folder):
            if not self.folder.is_dir():
                self.folder.mkdir(parents=True, exist_ok=True)
            with Lock(self.folder):
                yield

    def _announce(self, name: str) -> None:
        """Name a file in the head that was rewritten, so that watchers read it again."""
        head = self.head.read()
        newest = self.newest(head)
        here = self._last_line(name)
        if here:
            head = self.head.write(LastWrite(newest.instant, here.sum, name), head)
        if newest.name != name:  # the newest line of all stays first
            self.head.write(newest, head)


def _contains(path: Path, data: bytes) -> bool:
    """Whether a file contains some bytes; one that is none does not."""
    try:
        return data in read_regular(path)
    except (FileNotFoundError, NotADirectoryError, NotRegularError):
        return False


def _rewrite(path: Path, change: Callable[[bytes], tuple[bytes, int]]) -> int:
    """Change the bytes of a file that exists; return the number of lines that changed."""
    try:
        data = read_regular(path)
    except (FileNotFoundError, NotADirectoryError, NotRegularError):
        return 0
    changed, lines = change(data)
    if changed != data:
        replace_file(path, changed)
    return lines
