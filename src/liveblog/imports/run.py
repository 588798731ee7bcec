"""Runs an import: appends the items of an importer to the journal, each only once.

The id of an entry is derived from the name of the source and the key of the update, and each
imported revision carries a mark of its content (see :mod:`.marks`). So a second import finds what
the first one appended, an interrupted import can be repeated, and a change in the source becomes a
revision. An entry that was edited here stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import assert_never

import msgspec

from ..chapters import newest_framing
from ..config import Config
from ..journal import Journal, Reading
from ..journal.dayfiles.layout import home_of
from ..model import limits
from ..model.addresses import entry_path
from ..model.entry import Framing, Media, Revision, clean_text, id_day, make_id
from ..model.errors import InvalidInput, LiveblogError, StorageError
from ..model.hashing import blake2b
from ..model.moment import Moment
from ..model.period import COVERAGE, parse_period_id
from ..model.records import Version as AnyVersion
from ..model.records import files_of
from ..model.revisions import revise
from ..model.validation import validate
from ..timeline import Entry, fold
from . import (
    UPDATE_ID,
    ChapterItem,
    Copy,
    FramingItem,
    ImportResult,
    Item,
    Picture,
    Problem,
    Update,
    Version,
)
from .chapters import ChapterImport, doubtful_close
from .fitting import fit, with_links, with_translations
from .marks import INCOMPLETE, PREFIX, is_whole_day_here, mark_in, mark_of, new_versions
from .writer import Writer


def import_items(
    items: Iterable[Item],
    *,
    source: str,
    journal: Journal,
    media: Path,
    config: Config,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[ImportResult], None] | None = None,
) -> ImportResult:
    """Append *items* to the journal; see :meth:`liveblog.Blog.import_items`.

    An update is appended with all its versions or, if one of them is refused, not at all. Updates
    are appended in batches (see :mod:`.writer`). *progress* is called after each item.

    Raises what the importer raises; the items before that are appended.
    """
    run = _Import(source, journal, media, config, now, dry_run)
    try:
        for item in items:
            run.add(item)
            if progress:
                progress(run.result)
    finally:
        run.writer.flush()
    run.report_undescribed()
    if progress:
        progress(run.result)
    return run.result


@dataclass
class _Import:
    """One import: its settings, its result so far, and the records that are not written yet."""

    source: str
    journal: Journal
    media: Path
    config: Config
    now: datetime
    is_dry: bool
    result: ImportResult = field(default_factory=ImportResult)

    def __post_init__(self) -> None:
        self.writer = Writer(self.journal, self.result)
        self._chapters = ChapterImport(self.source, self.journal, self.config, self.now)
        self._ids: dict[str, str] | None = None
        self._undescribed = 0
        self._day: tuple[Reading, Mapping[str, Entry]] = (Reading(), {})  # the last day read
        self._dry_copies: dict[str, int] = {}  # name: newest revision that a dry run would append

    def add(self, item: Item) -> None:
        """Append an item, or add a problem to the result. Raises :class:`StorageError`."""
        try:
            match item:
                case Update():
                    self._add_update(item)
                case FramingItem():
                    self._add_framing(item)
                case ChapterItem():
                    self._add_chapter(item)
                case Copy():
                    self._add_copy(item)
                case Problem():
                    self.result.problems.append(self._with_id(item))
                case _:
                    assert_never(item)
        except StorageError:
            raise
        except LiveblogError as error:
            self.result.report(item.where, error)

    def report_undescribed(self) -> None:
        """Add a problem for the pictures without alternative text."""
        if self._undescribed:
            are = "pictures have" if self._undescribed > 1 else "picture has"
            what = f"{self._undescribed} {are} no alternative text; the file's name is used instead"
            hint = "Describe them with 'liveblog edit', for those who cannot see them."
            self.result.problems.append(Problem(self.source, what, hint))

    # -- updates ------------------------------------------------------------------------------

    def _add_update(self, update: Update) -> None:
        day = update.versions[0].published.day_in(self.config.zone)
        entry_id, existing = self._find(update.key, day)
        if existing and not update.has_date:
            update = _dated_like(update, existing[0])
        if update.translations:
            update = self._linked_to_translations(update)
        versions = self._fitted(update)
        # Every version is checked before the first is appended.
        drafts = [self._draft(entry_id, version) for version in versions]
        marks = [mark_of(version) for version in versions]
        new = new_versions(existing, marks)
        if new is None and is_whole_day_here(existing, versions[-1]):
            new = range(0)
        if new is None:
            edited = existing[-1].id
            what = f"it changed in its source, but {edited} was edited here and stays as it is"
            hint = f"See 'liveblog show {edited} --history', and edit it if you want to."
            self.result.problems.append(Problem(update.where, what, hint))
        if not new:
            self.result.known += 1
            return
        records: list[tuple[AnyVersion, int]] = []
        rev = existing[-1].rev if existing else 0
        for index in new:
            media, failed = self._store_pictures(versions[index], entry_id)
            draft, mark = (
                with_links(drafts[index], [picture for picture, _ in failed]),
                marks[index],
            )
            if failed and not (media or draft.title or draft.body):
                raise failed[0][1]
            if failed:
                for _, error in failed:
                    self.result.report(update.where, error)
                mark += INCOMPLETE
                if existing and mark_in(existing[-1]) == mark and existing[-1].media == media:
                    self.result.known += 1
                    continue
            key = f"{PREFIX}{entry_id} {rev + 1} {mark}"
            draft = msgspec.structs.replace(draft, media=media, idempotency_key=key)
            records.append((draft, rev))
            rev += 1
        self._append(update.where, records)

    def _linked_to_translations(self, update: Update) -> Update:
        """Return an update whose texts end with links to its translations."""
        links = [(one, entry_path(self._find(one.key, one.day)[0])) for one in update.translations]
        versions = (with_translations(version, links) for version in update.versions)
        return replace(update, versions=tuple(versions))

    def _find(self, key: str, day: date) -> tuple[str, Sequence[Revision]]:
        """Return the id of an update, and its revisions in the journal, oldest first."""
        letters = blake2b(f"{self.source}\n{key}".encode(), digest_size=8).digest()
        entry_id = make_id(day, letters)
        existing = self._revisions(entry_id)
        if not existing and (known := self._imported_ids().get(entry_id.partition("-")[2])):
            return known, self._revisions(known)
        return entry_id, existing

    def _with_id(self, problem: Problem) -> Problem:
        """Return a problem whose hint names the update that it is about."""
        if not problem.update:
            return problem
        entry_id, _ = self._find(problem.update, date.fromisoformat(problem.update[:10]))
        return replace(problem, hint=problem.hint.replace(UPDATE_ID, entry_id))

    def _append(self, where: str, records: list[tuple[AnyVersion, int]]) -> None:
        if self.is_dry:
            for record, before in records:
                self.result.count(record, before + 1)
        elif records:
            self.writer.add(where, records)

    def _fitted(self, update: Update) -> list[Version]:
        """Return the versions of an update within the limits; report what had to change."""
        found = [fit(version) for version in update.versions]
        changes = dict.fromkeys(change for _, changes in found for change in changes)
        self.result.problems += [Problem(update.where, change) for change in changes]
        return [version for version, _ in found]

    def _draft(self, entry_id: str, version: Version) -> Revision:
        """Return a version as a revision without its pictures. Raises :class:`InvalidInput`."""
        published = limits.check_instant(version.published.instant, "date")
        if version.published.precision == "instant":
            published = published.replace(microsecond=0)
        updated = max(_second(version.updated or published), published)
        if published > self.now:
            is_day = version.published.precision == "day"
            day = version.published.day_in(self.config.zone)
            raise InvalidInput(
                f"It is dated {day if is_day else f'{published:%Y-%m-%d %H:%M} UTC'}, "
                "which is in the future.",
                "Correct the date, or import it again once that date has come.",
            )
        blank = Revision(
            id=entry_id,
            published=published,
            updated=min(updated, self.now),
            state=version.state,
            note=clean_text(version.note, "note"),
        )
        draft = revise(blank, version, now=self.now, zone=self.config.zone)
        if not draft.author:
            author = clean_text(self.config.author, "author")
            draft = msgspec.structs.replace(draft, author=author)
        # Its pictures are not stored yet: without a title or body it is not empty.
        has_text = draft.title or draft.body or not version.pictures
        validate(draft if has_text else msgspec.structs.replace(draft, title="…"))
        return draft

    def _store_pictures(
        self, version: Version, entry_id: str
    ) -> tuple[tuple[Media, ...], list[tuple[Picture, LiveblogError]]]:
        """Store the pictures of a version; return them, and those that are missing with errors."""
        stored: list[Media] = []
        failed: list[tuple[Picture, LiveblogError]] = []
        for picture in version.pictures:
            self._undescribed += not (picture.alt or picture.caption)
            if self.is_dry:
                self.result.pictures += 1
                continue
            try:
                stored.append(self._store_picture(picture, entry_id))
                self.result.pictures += 1
            except StorageError:
                raise
            except LiveblogError as error:
                failed.append((picture, error))
        return tuple(stored), failed

    def _store_picture(self, picture: Picture, entry_id: str) -> Media:
        from ..media import store

        alt = clean_text(
            _one_line(picture.alt or picture.caption or picture.name), "alternative text"
        )
        caption = clean_text(_one_line(picture.caption), "caption")
        data = picture.read()
        return store(data, self.media, entry_id, alt=alt, caption=caption, name=picture.name)

    def _revisions(self, entry_id: str) -> Sequence[Revision]:
        """Return the revisions of an entry, oldest first."""
        if self.writer.is_pending(entry_id):
            self.writer.flush()
        reading, entries = self._day
        current = self.journal.day(id_day(entry_id))
        if current is not reading:  # the journal returns the same object while the day is the same
            entries = fold(current.records)
            self._day = current, entries
        found = entries.get(entry_id)
        return found.revisions if found else ()

    def _imported_ids(self) -> dict[str, str]:
        """Return the ids of all entries that were ever imported, by their letters.

        If the date of an update has changed in its source, the id made from it has another day, but
        the same letters.
        """
        if self._ids is None:
            self._ids = {
                record.id.partition("-")[2]: record.id
                for day in self.journal.days()
                for record in self.journal.day(day).records
                if isinstance(record, Revision) and record.idempotency_key.startswith(PREFIX)
            }
        return self._ids

    # -- framings -----------------------------------------------------------------------------

    def _add_framing(self, item: FramingItem) -> None:
        period = item.period
        if period != COVERAGE:
            period = parse_period_id(period, self.config.first_weekday).id
        if self.writer.is_pending(period):
            self.writer.flush()
        old = newest_framing(self.journal.read(period).records, period) or Framing(period=period)
        texts = {
            name: clean_text(getattr(item, name), name)
            for name in ("headline", "introduction", "close")
        }
        changes = {n: text for n, text in texts.items() if text and not getattr(old, n)}
        if others := [n for n, text in texts.items() if text and getattr(old, n) not in ("", text)]:
            what = f"the {' and '.join(others)} of {period} differs here and stays as it is"
            self.result.problems.append(Problem(item.where, what, "Compare them."))
        if not changes:
            self.result.known += not others
            return
        draft = msgspec.structs.replace(old, recorded=None, **changes)
        validate(draft)
        self._append(item.where, [(draft, old.rev)])

    # -- chapters -----------------------------------------------------------------------------

    def _add_chapter(self, item: ChapterItem) -> None:
        chapter = self._chapters.revision_of(item)
        if chapter is None:
            self.result.known += 1
            return
        # The entries of a chapter are on the disk before it.
        self.writer.flush()
        self._append(item.where, [(msgspec.structs.replace(chapter, rev=0), chapter.rev)])
        if item.close_reason and item.last_update:
            day = date.fromisoformat(item.last_update[:10])
            last, _ = self._find(item.last_update, day)
            self.result.problems.append(doubtful_close(item, chapter.slug, last))

    # -- records of other journals ------------------------------------------------------------

    def _add_copy(self, copy: Copy) -> None:
        record = copy.record
        if record.rev < 1 or record.recorded is None:
            message = f"A record of {record.name} has no number or instant."
            raise InvalidInput(message, "Export again.")
        validate(record)
        if self.is_dry:
            self._count_copy(record)
            return
        for picture in files_of(record):
            self._copy_picture(copy, picture)
        self.writer.add(copy.where, [(record, record.rev - 1)], is_copy=True)

    def _count_copy(self, record: AnyVersion) -> None:
        """Count a record in a dry run."""
        newest = self._dry_copies.get(record.name, 0)
        if isinstance(record, Revision):
            numbers = [revision.rev for revision in self._revisions(record.id)]
        else:
            known = self.journal.read(home_of(record)).records
            numbers = [
                k.rev for k in known if isinstance(k, type(record)) and k.name == record.name
            ]
        newest = max([newest, *numbers])
        if record.rev > newest:
            self.result.count(record, record.rev)
        else:
            self.result.known += 1
        self._dry_copies[record.name] = max(newest, record.rev)

    def _copy_picture(self, copy: Copy, picture: Media) -> None:
        """Store a picture of another journal unchanged, if its bytes match its name."""
        from ..media import store_copy

        if (self.media / picture.path).is_file():
            return
        try:
            store_copy(copy.read(picture), self.media, copy.record.name, picture)
            self.result.pictures += 1
        except StorageError:
            raise
        except LiveblogError as error:
            self.result.report(copy.where, error)


def _second(instant: datetime) -> datetime:
    return limits.check_instant(instant, "date").replace(microsecond=0)


def _dated_like(update: Update, first: Revision) -> Update:
    """Return an update without a date with that of its first import."""
    moment = Moment(first.published, first.precision, first.written_time)
    versions = (
        msgspec.structs.replace(version, published=moment, updated=first.published)
        for version in update.versions
    )
    return replace(update, versions=tuple(versions))


def _one_line(text: str) -> str:
    return " ".join(text.split())
