"""Appends imported records to the journal in batches: one lock and few syncs for many updates."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ..journal import Journal
from ..journal.dayfiles.layout import home_of
from ..model.conflicts import Conflict
from ..model.entry import Revision
from ..model.errors import InvalidInput, LiveblogError, StorageError
from ..model.records import Version as AnyVersion
from . import ImportResult

MAX_RECORDS = 1_000
"""Maximum number of records in a batch."""

MAX_CHARACTERS = 4_000_000
"""Maximum characters of the texts in a batch."""

MAX_SECONDS = 1.0
"""Seconds after which a batch is written although it is not full."""


@dataclass(frozen=True)
class _Write:
    """Records of one item, which are appended together or not at all."""

    where: str
    records: list[tuple[AnyVersion, int]]  #: each with the revision number it follows
    is_copy: bool  #: from another journal, with number and instant


class Writer:
    """The batch of an import that is not written yet."""

    def __init__(self, journal: Journal, result: ImportResult) -> None:
        """Count in *result* what is appended to *journal*, and report there what is refused."""
        self._journal = journal
        self._result = result
        self._writes: list[_Write] = []
        self._names: set[str] = set()
        self._characters = 0
        self._records = 0
        self._deadline = 0.0

    def add(
        self, where: str, records: list[tuple[AnyVersion, int]], *, is_copy: bool = False
    ) -> None:
        """Append records of one item, each with the revision number that it follows.

        A copy is appended unchanged, with its own number and instant.
        """
        if not self._writes:
            self._deadline = time.monotonic() + MAX_SECONDS
        self._writes.append(_Write(where, records, is_copy))
        for record, _ in records:
            self._names.add(record.name)
            self._records += 1
            self._characters += _length(record)
        is_full = self._records >= MAX_RECORDS or self._characters >= MAX_CHARACTERS
        if is_full or time.monotonic() > self._deadline:
            self.flush()

    def is_pending(self, name: str) -> bool:
        """Whether a record of an entry, period or chapter is not written yet."""
        return name in self._names

    def flush(self) -> None:
        """Write the batch. Raises :class:`StorageError`."""
        # New records of one day are written and synced together. Copies stay in their order:
        # their instants have to increase.
        new = [write for write in self._writes if not write.is_copy]
        new.sort(key=lambda write: home_of(write.records[0][0]))
        copies = [write for write in self._writes if write.is_copy]
        self._writes, self._names = [], set()
        self._characters = self._records = 0
        for chosen in (new, copies):
            if not chosen:
                continue
            try:
                self._append(chosen)
            except StorageError:
                raise
            except LiveblogError:
                # One item was refused, so nothing was written: append them one by one.
                for write in chosen:
                    self._append_or_report(write)

    def _append_or_report(self, write: _Write) -> None:
        try:
            self._append([write])
        except StorageError:
            raise
        except Conflict as error:
            self._result.report(write.where, _does_not_fit(error) if write.is_copy else error)
        except LiveblogError as error:
            self._result.report(write.where, error)

    def _append(self, writes: list[_Write]) -> None:
        """Append the records of writes of one kind."""
        records = [record for write in writes for record in write.records]
        if writes[0].is_copy:
            is_new = self._journal.adopt_many(record for record, _ in records)
        else:
            self._journal.append_many(records)
            is_new = [True] * len(records)
        for (record, before), new in zip(records, is_new, strict=True):
            if new:
                self._result.count(record, before + 1)
            else:
                self._result.known += 1


def _length(record: AnyVersion) -> int:
    """Return the number of characters of a record's texts."""
    if isinstance(record, Revision):
        return len(record.body)
    return len(record.introduction) + len(record.close)


def _does_not_fit(error: Conflict) -> InvalidInput:
    here = f"revision {error.theirs.rev}" if error.theirs else "nothing"
    return InvalidInput(
        f"Revision {error.ours.rev} of {error.ours.name} does not follow {here} of this journal.",
        "This journal was not changed. Import the export into an empty blog to compare.",
    )
