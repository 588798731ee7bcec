"""The chapters as they stand, read from the journal.

A range of days that has a framing but no chapter of its own is a chapter too; see
:func:`liveblog.model.chapter.chapter_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from .journal import Journal, Reading
from .model.chapter import (
    PREFIX,
    Chapter,
    chapter_name,
    chapter_of,
    is_slug,
    range_of_slug,
    range_slug,
)
from .model.entry import Framing
from .model.errors import InvalidInput, NotFound, Withheld
from .model.folding import fold_versions
from .model.history import History
from .model.period import Period, parse_period_id
from .model.records import Record


class ChapterHistory(History[Chapter], frozen=True):
    """A chapter with all its revisions."""

    @property
    def slug(self) -> str:
        """The part of its address that names it."""
        return self.now.slug

    def period(self, first_weekday: int = 0) -> Period:
        """Return its period; *first_weekday* is that of the blog's weeks (Monday is 0)."""
        return parse_period_id(self.now.period, first_weekday)


def slug_in(name: str) -> str:
    """Return the slug of the chapter that a file of the journal holds; empty if it holds none.

    *name* is that of the file: of a chapter itself, or of the framing of a range of days.
    """
    if name.startswith(PREFIX):
        return name.removeprefix(PREFIX)
    return range_slug(name) if ".." in name else ""


def fold_chapter(records: Iterable[Record]) -> ChapterHistory | None:
    """Return the chapter that the records of its file make up; None if there are none."""
    found = [record for record in records if isinstance(record, Chapter)]
    return ChapterHistory(fold_versions(found)) if found else None


def chapter_in(journal: Journal, slug: str) -> ChapterHistory:
    """Return one chapter, whatever its state.

    Raises :class:`NotFound` if there is none with that slug, and :class:`Withheld` if its newest
    revision may be damaged.
    """
    name = chapter_name(slug)
    if is_slug(slug):
        reading = journal.read(name)
        if found := _folded(name, reading):
            return found
        if reading.faults:
            raise Withheld(name, reading.faults[0].place)
        if found := chapter_of_range(journal, range_of_slug(slug)):
            return found
    raise NotFound(f"There is no chapter '{slug[:80]}'.", "'liveblog chapter list' names them.")


def last_known(journal: Journal, slug: str) -> tuple[Chapter, bool]:
    """Return a chapter's newest revision that can be read, and whether it is withheld.

    Raises :class:`NotFound` as :func:`chapter_in` does, and :class:`Withheld` if no revision at
    all can be read.
    """
    try:
        return chapter_in(journal, slug).now, False
    except Withheld:
        known = fold_chapter(journal.read(chapter_name(slug)).withheld_records)
        if known is None:
            raise
        return known.now, True


def all_chapters(journal: Journal) -> Iterator[ChapterHistory]:
    """Yield every chapter that is not withheld, in any state; each file is read."""
    names = journal.chapter_names()
    for name in names:
        if name.startswith(PREFIX):
            found = _folded(name, journal.read(name))
        elif chapter_name(name.replace("..", "--")) in names:
            continue
        else:
            found = chapter_of_range(journal, name)
        if found:
            yield found


def chapter_of_range(journal: Journal, period_id: str) -> ChapterHistory | None:
    """Return the chapter that the framing of a range is; None if there is no such framing."""
    try:
        if not period_id or parse_period_id(period_id).kind != "range":
            return None
    except InvalidInput:
        return None
    records = journal.read(period_id).records
    by_number = {r.rev: r for r in records if isinstance(r, Framing) and r.period == period_id}
    framings = [by_number[number] for number in sorted(by_number)]
    is_empty = not framings or not (
        framings[-1].headline or framings[-1].introduction or framings[-1].close
    )
    return None if is_empty else ChapterHistory((chapter_of(framings),))


def newest_framing(records: Iterable[Record], period_id: str) -> Framing | None:
    """Return a period's framing as it stands."""
    return max(
        (r for r in records if isinstance(r, Framing) and r.period == period_id),
        key=lambda framing: framing.rev,
        default=None,
    )


def newest_text(records: Sequence[Record], name: str) -> Framing | Chapter | None:
    """Return the framing or chapter in a file of the journal with a name, as it stands."""
    chapter = fold_chapter(records) if name.startswith(PREFIX) else None
    return chapter.now if chapter else newest_framing(records, name)


def newest_period_first(chapters: Iterable[ChapterHistory]) -> list[ChapterHistory]:
    """Sort chapters by their last day, then their first, the newest first; then by their slug."""
    return sorted(chapters, key=_place)


def _place(chapter: ChapterHistory) -> tuple[int, int, str]:
    period = chapter.period()
    return -_number(period.end), -_number(period.start), chapter.slug


def _number(day: date) -> int:
    return day.toordinal()


def _folded(name: str, reading: Reading) -> ChapterHistory | None:
    """Return the chapter of a file; folded once for each reading of it."""
    if name not in reading.derived:
        reading.derived[name] = fold_chapter(reading.records)
    found = reading.derived[name]
    assert found is None or isinstance(found, ChapterHistory)
    return found
