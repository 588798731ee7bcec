"""The timeline: the entries as they stand, folded from the journal's revisions.

In comes a journal and an instant; out come entries in order of ``published``. What is
embargoed at that instant, or removed, is not there. Neither is what the journal withholds, since a
damaged line may have corrected or removed it; see :class:`liveblog.journal.Reading`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct

from .journal import Fault, Journal, News, Reading
from .model.entry import Framing, Record, Reference, Revision, id_day, slug, told_day
from .model.errors import InvalidInput, NotFound, Withheld
from .model.hashing import blake2b
from .model.period import COVERAGE, local_day


class Entry(Struct, frozen=True):
    """One dated update with all its revisions; its fields are those of the newest."""

    revisions: tuple[Revision, ...]  #: from revision 1

    @property
    def now(self) -> Revision:
        """The entry as it stands."""
        return self.revisions[-1]

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.now.id

    @property
    def published(self) -> datetime:
        """The instant that the update speaks for."""
        return self.now.published

    @property
    def position(self) -> tuple[datetime, datetime, str]:
        """Where it stands among others: by ``published``, then as posted, then by id."""
        first = self.revisions[0]
        return self.now.published, first.recorded or first.published, self.id

    @property
    def order(self) -> str:
        """Its position as text: text order is the order of the timeline."""
        published, posted, _ = self.position
        return f"{_digits(published, 'seconds')}.{_digits(posted, 'microseconds')}"

    @property
    def day(self) -> date:
        """The day it is told in."""
        return told_day(self.now)

    @property
    def mark(self) -> bytes:
        """What tells it from the same entry with any other revisions, whatever their numbers."""
        return blake2b(msgspec.json.encode(self.revisions), digest_size=12).digest()

    @property
    def cache_key(self) -> tuple[str, int, datetime | None, int]:
        """A key that differs from that of any other entry, and of this one with other revisions.

        The revision number alone is not enough: a line that could not be synced and the next one
        may have the same, and a damaged line may be restored.
        """
        return self.id, self.now.rev, self.now.recorded, len(self.revisions)

    @property
    def corrections(self) -> tuple[Revision, ...]:
        """The revisions that say what they changed and why, oldest first."""
        return tuple(r for r in self.revisions[1:] if r.note and r.state == "live")

    def is_visible(self, now: datetime) -> bool:
        """Whether readers may see it: neither embargoed nor removed."""
        return self.now.state != "removed" and self.now.published <= now

    def was_seen(self, now: datetime) -> bool:
        """Whether it is removed and readers could see it before."""
        gone = next((r for r in self.revisions if r.state == "removed"), None)
        if gone is None or self.now.state != "removed":
            return False
        shown = min(r.published for r in self.revisions)
        return shown <= now and shown <= (gone.recorded or gone.updated)

    def has_tag(self, wanted: str) -> bool:
        """Whether it carries the tag with this slug."""
        return any(slug(tag) == wanted for tag in self.now.tags)


def _digits(instant: datetime, precision: str) -> str:
    """Write an instant (UTC) as ``20120715T180400``; strftime takes three times as long."""
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision)
    return text.replace("-", "").replace(":", "").replace(".", "")


class Day(Struct, frozen=True):
    """One day as it stands."""

    date: date
    entries: tuple[Entry, ...] = ()  #: in order of ``published``
    framing: Framing | None = None
    faults: tuple[Fault, ...] = ()
    removed: tuple[Entry, ...] = ()  #: entries that readers saw here once, and must not any more
    moved: tuple[Entry, ...] = ()  #: entries that live in its file and are told in another day
    whole_since: datetime | None = None
    """Since when readers may see all of it; None where that is not known, or not so."""
    withheld: Mapping[str, Fault] = {}
    """Entries (and this day's framing, by its period) that damage withholds: they may belong to
    this day, nobody knows how they stand, and what was published of them is not to be replaced by
    anything older."""


def fold(records: Iterable[Record]) -> dict[str, Entry]:
    """Gather revisions into entries.

    Of two lines with one number the first counts, wherever they stand, so a duplicated or
    reordered line changes nothing. But where two machines revised an entry at once and one of them
    withdrew it, that counts, unless a revision of a higher number was recorded later.
    """
    gathered: dict[str, dict[int, Revision]] = {}
    for record in records:
        if isinstance(record, Revision):
            numbered = gathered.setdefault(record.id, {})
            first = numbered.setdefault(record.rev, record)
            if _SHOWN[record.state] < _SHOWN[first.state]:
                numbered[record.rev] = record
    return {entry_id: _entry(by_number) for entry_id, by_number in gathered.items()}


def _entry(by_number: dict[int, Revision]) -> Entry:
    revisions = [by_number[number] for number in sorted(by_number)]
    newest = revisions[-1]
    for revision in revisions:
        if _SHOWN[revision.state] < _SHOWN[newest.state] and _was_later(revision, newest):
            newest = msgspec.structs.replace(revision, rev=revisions[-1].rev)
    return Entry((*revisions[:-1], newest))


def _was_later(revision: Revision, other: Revision) -> bool:
    """Whether a revision was recorded after another, of a higher number: on another machine."""
    return bool(revision.recorded and other.recorded and revision.recorded > other.recorded)


_SHOWN = {"live": 2, "retracted": 1, "removed": 0}  #: how much a state lets readers see

_own_days: WeakKeyDictionary[Reading, Day] = WeakKeyDictionary()


def _own(of: date, reading: Reading) -> Day:
    """Return a day as its own file tells it; it is kept as long as the journal keeps that read."""
    day = _own_days.get(reading)
    if day is None:
        day = _own_days[reading] = _day_of(of, reading)
    return day


def _day_of(of: date, reading: Reading) -> Day:
    entries = fold(reading.records).values()
    told = in_order(e for e in entries if e.day == of)
    is_whole = bool(told) and all(e.now.state != "removed" for e in told)
    return Day(
        of,
        told,
        newest_framing(reading.records, of.isoformat()),
        tuple(reading.faults),
        moved=tuple(e for e in entries if e.day != of),
        whole_since=told[-1].published if is_whole else None,
        withheld=reading.withheld,
    )


def newest_framing(records: Iterable[Record], period_id: str) -> Framing | None:
    """Return a period's framing as it stands."""
    return max(
        (r for r in records if isinstance(r, Framing) and r.period == period_id),
        key=lambda framing: framing.rev,
        default=None,
    )


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sort entries chronologically; those of one second stand in the order of posting."""
    return tuple(sorted(entries, key=lambda entry: entry.position))


class Timeline:
    """What readers may see of a journal at one instant."""

    def __init__(self, journal: Journal, now: datetime) -> None:
        """Look at *journal* as of *now* (aware)."""
        self._journal = journal
        self.now = now

    def days(self, first: date = date.min) -> list[date]:
        """Return the days (from *first* on) under which the journal keeps anything, in order."""
        return self._journal.days(first)

    def day(self, of: date) -> Day:
        """Return one day: the entries told in it, its framing, the faults met on the way."""
        everything = self.unfiltered(of)
        if everything.whole_since and everything.whole_since <= self.now:
            return everything
        return Day(
            of,
            tuple(e for e in everything.entries if e.is_visible(self.now)),
            everything.framing,
            everything.faults,
            tuple(e for e in everything.entries if e.was_seen(self.now)),
            everything.moved,
            withheld=everything.withheld,
        )

    def unfiltered(self, of: date) -> Day:
        """Return one day with what is embargoed or removed too; for the newsroom's eyes."""
        reading = self._journal.day(of)
        day = _own(of, reading)
        elsewhere = {r.entry for r in reading.records if isinstance(r, Reference)}
        if not elsewhere:
            return day
        entries, withheld = list(day.entries), dict(day.withheld)
        for moved in elsewhere:
            lives_in = self._journal.day(id_day(moved))
            home = fold(lives_in.records)
            entries += [home[moved]] if moved in home and home[moved].day == of else []
            if moved in lives_in.withheld:
                withheld[moved] = lives_in.withheld[moved]
        return msgspec.structs.replace(
            day, entries=in_order(entries), whole_since=None, withheld=withheld
        )

    def entry(self, entry_id: str) -> Entry:
        """Return one entry, whatever its state.

        Raises :class:`InvalidInput` if it is no id,
        :class:`NotFound` if there is no such entry, and
        :class:`Withheld` if nobody knows how it stands.
        """
        reading = self._journal.day(id_day(entry_id))
        if found := fold(reading.records).get(entry_id):
            return found
        # A damaged line that does not say whose it is may be this one's.
        unknown = next((fault for fault in reading.faults if not fault.entry), None)
        if fault := reading.withheld.get(entry_id, unknown):
            raise Withheld(entry_id, fault.place)
        raise NotFound(
            f"There is no entry {entry_id} in this journal.", "'liveblog log' lists the ids."
        )

    def last_known(self, entry_id: str) -> Entry:
        """Return one entry as it can be read, be it withheld: to give it up.

        Raises what :meth:`entry` raises if nothing of it can be read.
        """
        reading = self._journal.day(id_day(entry_id))
        if entry_id in reading.withheld:
            found = fold(reading.withheld_records).get(entry_id)
            if found:
                return found
        return self.entry(entry_id)

    def framing(self, period_id: str) -> Framing | None:
        """Return the headline, introduction and close of a period, if anybody wrote them.

        None too where they are withheld.
        """
        return newest_framing(self._journal.read(period_id).records, period_id)

    def framing_to_revise(self, period_id: str) -> Framing:
        """Return a period's framing as it stands; an empty one if there is none.

        Where it is withheld, an empty one too, with the newest number that can be read: so it can
        be written anew, and nothing older comes back with that.
        """
        reading = self._journal.read(period_id)
        if found := newest_framing(reading.records, period_id):
            return found
        withheld = newest_framing(reading.withheld_records, period_id)
        return Framing(period=period_id, rev=withheld.rev if withheld else 0)

    def embargoed(self) -> list[Entry]:
        """Return the entries that wait for their instant, the next one first."""
        # An entry is told in the day of its instant, or in the one before or after (its zone).
        first = self.now.date() - timedelta(days=1)
        return sorted(
            (
                entry
                for of in self.days(first)
                for entry in self.unfiltered(of).entries
                if entry.now.state == "live" and entry.published > self.now
            ),
            key=lambda entry: entry.position,
        )

    def ended(self) -> datetime | None:
        """Return the instant at which the coverage ended; None while it goes on."""
        ended = self._ends()
        return ended if ended and ended <= self.now else None

    def next_change(self) -> datetime | None:
        """Return when the clock alone changes what readers see: a release, or the coverage's end.

        Midnight, which closes a day, is not among these.
        """
        ended = self._ends()
        embargoed = [entry.published for entry in self.embargoed()[:1]]
        ends = [ended] if ended and ended > self.now else []
        return min([*embargoed, *ends], default=None)

    def _ends(self) -> datetime | None:
        """Return the instant at which the coverage ended or will end."""
        framing = self.framing(COVERAGE)
        return framing.ended if framing else None

    def between(self, days: Iterable[date]) -> Iterator[Day]:
        """Yield those of the days under which anything is kept."""
        days = list(days)
        kept = self._journal.stamps(of.isoformat() for of in days)
        return (self.day(of) for of in days if of.isoformat() in kept)

    def newest_first(self) -> Iterator[Entry]:
        """Yield every entry, the newest first, reading a day only when it is reached."""
        for of in reversed(self.days()):
            yield from reversed(self.day(of).entries)


def selected(entries: Sequence[Entry], *, key: bool = False, tag: str = "") -> tuple[Entry, ...]:
    """Return those that are key entries, or carry the tag with that slug, in their order."""
    return tuple(e for e in entries if (not key or e.now.key) and (not tag or e.has_tag(tag)))


_POSITION = re.compile(r"([0-9]{1,30})-([0-9]{1,11})")
"""``CURSOR-SECOND``; both numbers are small enough to be instants up to the year 5000."""


class StreamPosition(Struct, frozen=True):
    """How far a reader knows the blog: the text ``CURSOR-SECOND``.

    Both parts come from the journal and the clock, so a position stays valid across restarts.
    """

    cursor: str  #: of the journal
    released: int  #: the second of the epoch up to which embargoed entries were released

    def __str__(self) -> str:
        return f"{self.cursor}-{self.released}"

    @classmethod
    def parse(cls, text: str) -> StreamPosition:
        """Parse the text of a position.

        Raises :class:`InvalidInput`.
        """
        if not (match := _POSITION.fullmatch(text)):
            raise InvalidInput(f"'{text}' is not a position in this stream.", "Begin without one.")
        return cls(match[1], int(match[2]))


class Changes(Struct, frozen=True):
    """The entries that changed for readers between two positions."""

    before: StreamPosition
    after: StreamPosition
    entry_ids: tuple[str, ...]


def changes_since(before: StreamPosition, news: News, timeline: Timeline, zone: tzinfo) -> Changes:
    """Return the entries that changed by a revision in *news*, or were released since *before*.

    *news* is what the journal holds after the position; *zone* is the time zone of the blog's days.
    """
    now = int(timeline.now.timestamp())
    found = dict.fromkeys(r.id for r in news.records if isinstance(r, Revision))
    if now > before.released:
        low = datetime.fromtimestamp(before.released, UTC)
        last = local_day(timeline.now, zone)
        days = [day for day in timeline.days(local_day(low, zone)) if day <= last]
        due = [e for day in days for e in timeline.day(day).entries if _was_released(e, low)]
        found |= dict.fromkeys(entry.id for entry in due)
    after = StreamPosition(news.cursor, max(now, before.released))
    return Changes(before, after, tuple(found))


def _was_released(entry: Entry, after: datetime) -> bool:
    """Whether an entry's embargo ended after an instant."""
    recorded = entry.now.recorded or entry.published
    return entry.published > after and entry.published > recorded
