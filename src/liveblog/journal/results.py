"""What reading the journal returns: records, faults, changes, the result of a check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..model.records import Record

START = ""
"""The cursor before the first record."""


class Fault(Struct, frozen=True):
    """Damage in the data. It is reported, and the rest is read."""

    place: str  #: file and line, ``entries/2012/07/2012-07-15.jsonl:12``
    problem: str  #: what is wrong there
    hint: str  #: what to do about it
    data: bytes = b""  #: the bytes as they were found
    entry: str = ""  #: the entry, framing or chapter of a damaged line, where that is certain


class Reading(Struct, frozen=True, eq=False):
    """What one file of the journal holds: the records of its whole lines in order, and its faults.

    An entry (or framing) whose newest revision may be in a damaged line is *withheld*: its older
    revisions are not among the records, so that nothing is shown that was corrected or removed
    since. A damaged line whose entry is certain withholds that entry; any other line withholds all
    entries before it in the file. A later revision of the entry ends that.
    """

    records: Sequence[Record] = ()
    faults: Sequence[Fault] = ()
    withheld: Mapping[str, Fault] = {}  #: by id or period: the damage that withholds it
    withheld_records: Sequence[Record] = ()  #: the records of what is withheld
    derived: dict[Any, object] = {}  #: a cache of what others compute from this reading


class Audit(Struct, frozen=True):
    """The result of :meth:`Journal.check`."""

    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()  #: irregularities that are no damage: redactions, bytes set aside
    records: int = 0
    files: int = 0


class News(Struct, frozen=True):
    """The records after a cursor, in the order of appending, and the cursor after them."""

    records: Sequence[Record] = ()
    cursor: str = START
    names: frozenset[str] | None = None  #: the files that changed; None if any may have
