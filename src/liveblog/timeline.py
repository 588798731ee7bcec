"""The timeline: the entries as they stand at one instant, folded from the journal's revisions.

Entries come in order of ``published``. Embargoed and removed entries are left out, and so are
entries that the journal withholds because a damaged line may have corrected or removed them; see
:class:`liveblog.journal.Reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import msgspec
from msgspec import Struct

from .chapters import (
    ChapterHistory,
    all_chapters,
    chapter_in,
    newest_framing,
    newest_period_first,
)
from .journal import Fault, Journal, Reading
from .model.chapter import framing_of, range_slug
from .model.entry import Framing, Reference, Revision, display_day, id_day
from .model.errors import InvalidInput, NotFound, Withheld
from .model.folding import fold_versions
from .model.history import History
from .model.period import COVERAGE
from .model.quotes import quotes_in, without_quotes
from .model.records import Record
from .model.topics import topic_slug


class Entry(History[Revision], frozen=True):
    """One dated update with all its revisions."""

    @property
    def id(self) -> str:
        """The entry's id."""
        return self.now.id

    @property
    def published(self) -> datetime:
        """The instant that the update is about."""
        return self.now.published

    @property
    def position(self) -> tuple[datetime, bool, datetime, str]:
        """The sort key: ``published``, whether it has a time, the instant of posting, the id."""
        now, first = self.now, self.revisions[0]
        posted = first.recorded or first.published
        return now.published, now.precision == "instant", posted, now.id

    @property
    def order(self) -> str:
        """The sort key as text: text order is the order of the timeline."""
        published, is_timed, posted, _ = self.position
        # "-" sorts before ".", and both before the digits of an entry that was placed.
        at = _digits(published, "microseconds" if published.microsecond else "seconds")
        return f"{at}{'.' if is_timed else '-'}{_digits(posted, 'microseconds')}"

    @property
    def day(self) -> date:
        """The day on which it is shown."""
        return display_day(self.now)

    @property
    def cache_key(self) -> tuple[str, int, datetime | None, int]:
        """A key that differs from that of any other entry, and of this one with other revisions.

        The revision number alone is not enough: a line that could not be synced and the next one
        may have the same, and a damaged line may be restored.
        """
        return self.id, self.now.rev, self.now.recorded, len(self.revisions)

    def has_tag(self, wanted: str) -> bool:
        """Whether it carries the tag with this slug."""
        return any(topic_slug(tag) == wanted for tag in self.now.tags)


def _digits(instant: datetime, precision: str) -> str:
    """Format an instant (UTC) as ``20120715T180400``; strftime takes three times as long."""
    text = instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision)
    return text.replace("-", "").replace(":", "").replace(".", "")


class Day(Struct, frozen=True):
    """One day as it stands."""

    date: date
    entries: tuple[Entry, ...] = ()  #: in order of ``published``
    framing: Framing | None = None
    faults: tuple[Fault, ...] = ()
    removed: tuple[Entry, ...] = ()  #: removed entries that readers saw on this day before
    redated: tuple[Entry, ...] = ()  #: entries of its file that are shown on another day
    visible_since: datetime | None = None
    """The instant since which readers may see all its entries; None if some are hidden."""
    withheld: Mapping[str, Fault] = {}
    """Ids of entries (and the period of this day's framing) that damage withholds. Their newest
    revision is unknown: what was published of them must not be replaced by anything older."""

    @property
    def changed(self) -> datetime | None:
        """The last significant change of an entry or the framing, or the last removal."""
        instants = [entry.now.updated for entry in (*self.entries, *self.removed)]
        if self.framing and self.framing.recorded:
            instants.append(self.framing.recorded)
        return max(instants, default=None)


def fold(records: Iterable[Record]) -> dict[str, Entry]:
    """Return the entries that revisions make up, by id; see :func:`fold_versions`."""
    gathered: dict[str, list[Revision]] = {}
    for record in records:
        if isinstance(record, Revision):
            gathered.setdefault(record.id, []).append(record)
    return {entry_id: Entry(fold_versions(found)) for entry_id, found in gathered.items()}


def _own_day(day: date, reading: Reading) -> Day:
    """Return a day as its own file has it; folded once for each reading of the file."""
    found = reading.derived.get(day)
    if found is None:
        found = reading.derived[day] = _fold_day(day, reading)
    assert isinstance(found, Day)
    return found


def _fold_day(day: date, reading: Reading) -> Day:
    entries = fold(reading.records).values()
    shown = in_order(entry for entry in entries if entry.day == day)
    is_visible = bool(shown) and all(entry.now.state != "removed" for entry in shown)
    return Day(
        day,
        shown,
        newest_framing(reading.records, day.isoformat()),
        tuple(reading.faults),
        redated=tuple(entry for entry in entries if entry.day != day),
        visible_since=shown[-1].published if is_visible else None,
        withheld=reading.withheld,
    )


def in_order(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Sort entries by ``published``, those of one instant in the order of posting."""
    return tuple(sorted(entries, key=lambda entry: entry.position))


class Timeline:
    """What readers may see of a journal at one instant."""

    def __init__(self, journal: Journal, now: datetime) -> None:
        """Read *journal* as of *now* (aware)."""
        self._journal = journal
        self.now = now

    def days(self, first: date = date.min) -> list[date]:
        """Return the days (from *first* on) that have a file in the journal, in order."""
        return self._journal.days(first)

    def day(self, day: date) -> Day:
        """Return one day: its visible entries, its framing, and the damage in its file."""
        unfiltered = self.unfiltered(day)
        if unfiltered.framing and (quoted := quotes_in(unfiltered.framing)):
            framing = without_quotes(unfiltered.framing, self.hidden(quoted))
            unfiltered = msgspec.structs.replace(unfiltered, framing=framing)
        if unfiltered.visible_since and unfiltered.visible_since <= self.now:
            return unfiltered
        return Day(
            day,
            tuple(e for e in unfiltered.entries if e.is_visible(self.now)),
            unfiltered.framing,
            unfiltered.faults,
            tuple(e for e in unfiltered.entries if e.was_seen(self.now)),
            unfiltered.redated,
            withheld=unfiltered.withheld,
        )

    def unfiltered(self, day: date) -> Day:
        """Return one day with embargoed and removed entries too, for authors."""
        reading = self._journal.day(day)
        own = _own_day(day, reading)
        referred = {r.entry for r in reading.records if isinstance(r, Reference)}
        if not referred:
            return own
        entries, withheld = list(own.entries), dict(own.withheld)
        for entry_id in referred:
            home = self._journal.day(id_day(entry_id))
            entry = fold(home.records).get(entry_id)
            entries += [entry] if entry and entry.day == day else []
            if entry_id in home.withheld:
                withheld[entry_id] = home.withheld[entry_id]
        return msgspec.structs.replace(
            own, entries=in_order(entries), visible_since=None, withheld=withheld
        )

    def entry(self, entry_id: str) -> Entry:
        """Return one entry, whatever its state.

        Raises :class:`InvalidInput` if it is no id,
        :class:`NotFound` if there is no such entry, and
        :class:`Withheld` if its newest revision may be damaged.
        """
        reading = self._journal.day(id_day(entry_id))
        if found := fold(reading.records).get(entry_id):
            return found
        # A damaged line of which the entry is unknown may belong to this one.
        unknown = next((fault for fault in reading.faults if not fault.entry), None)
        if fault := reading.withheld.get(entry_id, unknown):
            raise Withheld(entry_id, fault.place)
        raise NotFound(
            f"There is no entry {entry_id} in this journal.", "'liveblog log' lists the ids."
        )

    def last_known(self, entry_id: str) -> tuple[Revision, bool]:
        """Return an entry's newest revision that can be read, and whether the entry is withheld.

        If no revision can be read, it is an empty one, so that the entry can be removed.

        Raises :class:`InvalidInput` and :class:`NotFound` as :meth:`entry` does.
        """
        try:
            return self.entry(entry_id).now, False
        except Withheld:
            reading = self._journal.day(id_day(entry_id))
            known = fold(reading.withheld_records).get(entry_id)
            now = self.now.replace(microsecond=0)
            return known.now if known else Revision(id=entry_id, published=now, updated=now), True

    def framing(self, period_id: str) -> Framing | None:
        """Return the framing of a period; None if there is none, or if it is withheld.

        What it quotes of removed entries is left out. The framing of a range is that of its
        chapter; see :meth:`Blog.frame`.
        """
        found = self._framing(period_id)
        return without_quotes(found, self.hidden(quotes_in(found))) if found else None

    def _framing(self, period_id: str) -> Framing | None:
        if ".." not in period_id:
            return newest_framing(self._journal.read(period_id).records, period_id)
        try:
            chapter = chapter_in(self._journal, range_slug(period_id)).now
        except (NotFound, Withheld):
            return None
        is_shown = chapter.state == "live"
        return framing_of(chapter) if is_shown else Framing(period=period_id, rev=chapter.rev)

    def framing_to_revise(self, period_id: str) -> Framing:
        """Return a period's framing as it stands; an empty one if there is none.

        If it is withheld, an empty one with the newest revision number that can be read: its
        successor then replaces it, and nothing older comes back.
        """
        reading = self._journal.read(period_id)
        if found := self._framing(period_id):
            return found
        withheld = newest_framing(reading.withheld_records, period_id)
        return Framing(period=period_id, rev=withheld.rev if withheld else 0)

    def chapters(self) -> list[ChapterHistory]:
        """Return the visible chapters, that of the newest period first; each file is read."""
        return [chapter for chapter in self.unfiltered_chapters() if chapter.is_visible(self.now)]

    def unfiltered_chapters(self) -> list[ChapterHistory]:
        """Return the chapters with embargoed and removed ones too, for authors."""
        return newest_period_first(map(self._without_quotes, all_chapters(self._journal)))

    def chapter(self, slug: str) -> ChapterHistory:
        """Return one chapter, whatever its state; without its quotes of removed entries.

        Raises :class:`NotFound` and :class:`Withheld` as :meth:`entry` does.
        """
        return self._without_quotes(chapter_in(self._journal, slug))

    def _without_quotes(self, chapter: ChapterHistory) -> ChapterHistory:
        quoted = frozenset[str]().union(*map(quotes_in, chapter.revisions))
        if not (quoted and (hidden := self.hidden(quoted))):
            return chapter
        return ChapterHistory(tuple(without_quotes(r, hidden) for r in chapter.revisions))

    def hidden(self, entry_ids: Iterable[str]) -> frozenset[str]:
        """Return those of some entries that are removed, or may be because of damage.

        Nothing that quotes them is shown.
        """
        found = set()
        for entry_id in entry_ids:
            try:
                is_hidden = self.entry(entry_id).now.state == "removed"
            except Withheld:
                is_hidden = True
            except (NotFound, InvalidInput):
                is_hidden = False
            found |= {entry_id} if is_hidden else set()
        return frozenset(found)

    def embargoed(self) -> list[Entry]:
        """Return the embargoed entries, the next one first."""
        # The blog's zone may put an entry on the day before or after that of its instant in UTC.
        first = self.now.date() - timedelta(days=1)
        return sorted(
            (
                entry
                for day in self.days(first)
                for entry in self.unfiltered(day).entries
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

    def read_days(self, days: Iterable[date]) -> Iterator[Day]:
        """Yield those of *days* that have a file in the journal."""
        days = list(days)
        existing = self._journal.stamps(day.isoformat() for day in days)
        return (self.day(day) for day in days if day.isoformat() in existing)

    def newest_first(self) -> Iterator[Entry]:
        """Yield every entry, the newest first; a day is read only when it is reached."""
        for day in reversed(self.days()):
            yield from reversed(self.day(day).entries)

    def recent_tags(self) -> dict[str, str]:
        """Return the tags of the newest 500 entries: the slug and the name of each."""
        entries = islice(self.newest_first(), 500)
        return {topic_slug(tag): tag for entry in entries for tag in entry.now.tags}


def selected(entries: Sequence[Entry], *, key: bool = False, tag: str = "") -> tuple[Entry, ...]:
    """Return the key entries, or those with a tag (its slug), in their order."""
    return tuple(e for e in entries if (not key or e.now.key) and (not tag or e.has_tag(tag)))
