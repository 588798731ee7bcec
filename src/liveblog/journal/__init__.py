"""The journal: the append-only sequence of revisions, the blog's only truth.

In goes a revision; out come records (what was appended) and faults (what was damaged). This module
states the contract; ``files`` keeps it with one plain file a day. It knows nothing of pages or
feeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol, TypeVar

from msgspec import Struct

from ..model.entry import Framing, Record, Revision

Written = TypeVar("Written", bound=Revision | Framing)

START = ""
"""The cursor before everything."""


class Fault(Struct, frozen=True):
    """A place in the journal that is not as it was written. It is shown, and the rest is read."""

    place: str  #: file and line, ``entries/2012/07/2012-07-15.jsonl:12``
    problem: str  #: what is wrong there
    hint: str  #: what to do about it
    data: bytes = b""  #: the bytes as they were found
    entry: str = ""  #: the entry or framing of a damaged line, where that is certain


class Reading(Struct, frozen=True, eq=False, weakref=True):
    """What one file of the journal holds: its whole lines in order, and what is wrong with it.

    An entry (or framing) whose newest revision may stand in a damaged line is *withheld*: its older
    revisions are not among the records, so that nobody shows what was corrected or removed. A
    damaged line that still says whose it is withholds that one; any other, all that stand before
    it. A revision that is appended after it ends that.
    """

    records: Sequence[Record] = ()
    faults: Sequence[Fault] = ()
    withheld: Mapping[str, Fault] = {}  #: ids and periods, and the damage on account of which
    withheld_records: Sequence[Record] = ()  #: what can be read of them


class Audit(Struct, frozen=True):
    """What :meth:`Journal.check` found."""

    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()  #: worth knowing, nothing wrong: redactions, bytes set aside
    records: int = 0
    files: int = 0


class News(Struct, frozen=True):
    """What came after a cursor, in the order of appending, and the cursor that it leads to."""

    records: Sequence[Record] = ()
    cursor: str = START
    names: frozenset[str] | None = None  #: under which something changed; None: any may have


class Journal(Protocol):
    """The contract that every journal keeps.

    1. When :meth:`append` returns, the record survives a crash of the process and of the machine.
    2. When it raises, the record is not there, or is there whole: never half, never twice.
    3. Any number of processes may append at once; ``expect`` guards an edit.
    4. Readers never block writers and see only whole records, in order.
    5. A damaged line is detected, its bytes are kept, and it does not stop the rest.
    6. After a failed sync nothing is acknowledged until the file was reopened and read again.
    """

    def append(self, record: Written, *, expect: int) -> Written:
        """Append one complete new version and return it with its number and instant.

        *expect* is the number of the version that the author saw, 0 for something new. Where an
        earlier record carries the same idempotency key and says the same, that record is returned
        and nothing is written.

        Raises :class:`Conflict` if the newest version has another number,
        :class:`Withheld` if nobody knows which one is the newest,
        :class:`KeyReused` if the key was used for something else, and
        :class:`StorageError` if the machine refused; it says whether the record
        may be there all the same.
        """
        ...

    def append_many(
        self, records: Iterable[tuple[Revision | Framing, int]]
    ) -> list[Revision | Framing]:
        """Append versions in order, each with what it expects; return them as :meth:`append` does.

        One lock is taken, and one sync made for each file (a run of records of one day is one
        write). A record counts on those before it: an edit may follow its post, and a key that
        comes twice in one call is one request. All records are checked before any is written.

        Raises what :meth:`append` raises. A record that is refused (:class:`Conflict`,
        :class:`KeyReused`, :class:`Withheld`, :class:`InvalidInput`) means that none of them was
        appended. After :class:`StorageError` or a crash, the first so many of them are there, each
        whole; the same call again appends the rest if every record has a key.
        """
        ...

    def keyed(self, entry_id: str, idempotency_key: str) -> Revision | None:
        """Return the revision that a request with a key made, of this or any other entry.

        It need not be on disk yet; :meth:`append` returns it when it is.
        """
        ...

    def adopt(self, record: Revision | Framing) -> bool:
        """Append a version that another journal made, with its number, and return True.

        It keeps the instant at which it was recorded there, unless something later is here, or it
        lies in the future. The same version is not appended twice: then it returns False.

        Raises :class:`Conflict` if another version has its number, or those
        before it are missing; otherwise as :meth:`append`.
        """
        ...

    def adopt_many(self, records: Iterable[Revision | Framing]) -> list[bool]:
        """Append versions that another journal made, in order; return which of them were new.

        As :meth:`append_many` is to :meth:`append`.
        """
        ...

    def read(self, name: str) -> Reading:
        """Return what is kept under a day (``2012-07-15``) or a longer period's id.

        A day holds its own entries, its framing, and references to entries moved there. A name
        under which nothing is kept reads as empty.
        """
        ...

    def day(self, of: date) -> Reading:
        """Return what is kept under a day."""
        ...

    def days(self, first: date = date.min) -> list[date]:
        """Return the days (from *first* on) under which something is kept, in order."""
        ...

    def stamps(self, names: Iterable[str] | None = None) -> dict[str, str]:
        """Return each name under which something is kept, and a stamp that changes with it.

        With *names* given it is asked of these only.
        """
        ...

    def since(self, cursor: str, until: str = "") -> News:
        """Return what was appended after a cursor; :data:`START` is before everything.

        *until* is the cursor up to which to look, the end of the journal unless given.
        """
        ...

    def end(self) -> str:
        """Return the cursor after what is there now."""
        ...

    def watch(self, cursor: str, pause: Callable[[float], bool]) -> Iterator[News]:
        """Yield what was appended after a cursor, be it nothing, then what is, without end.

        *pause* is called between looks with how many seconds to wait; where it returns True, the
        caller gets a turn even if nothing came. So it does when lines were changed in place. What
        was told may be told again, nothing is left out.
        """
        ...

    def redact(self, entry_id: str) -> int:
        """Blank the texts of every revision of an entry, for good; return how many.

        Their numbers, instants and places in the chain stay.
        """
        ...

    def check(self, progress: Callable[[int, int], None] | None = None) -> Audit:
        """Read everything and say what is lost or damaged, and note what is only odd.

        Nothing is changed, made or locked. *progress* is called with how many of how many files
        were read.
        """
        ...

    def repair(self, *, dry_run: bool = False) -> Sequence[str]:
        """Write what is damaged or odd anew, and say what was done, and what is lost for good.

        The old files are kept beside the new ones. Nothing older than a line that cannot be brought
        back is shown on account of it. With *dry_run* nothing is done, and what would be is said.

        Raises :class:`StorageError` if the machine refused.
        """
        ...
