"""Bringing in: what an importer found becomes entries of the journal, each once.

An update's id follows from the name of its source and its key there, and each version that is
appended carries a mark of its content in its idempotency key. So a second import finds what the
first one brought, an interrupted one goes on, and what changed in the source since becomes a
revision. What somebody edited here stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, assert_never

import msgspec
from msgspec import UNSET

from ..config import Config
from ..journal import Journal
from ..model import limits
from ..model.conflicts import Conflict
from ..model.draft import given_fields
from ..model.entry import (
    Framing,
    Media,
    Revision,
    clean_text,
    id_day,
    make_id,
    validate,
)
from ..model.errors import InvalidInput, LiveblogError, StorageError
from ..model.hashing import blake2b
from ..model.period import COVERAGE, local_day, parse_period_id
from ..model.revisions import revise
from ..timeline import fold, newest_framing
from . import Copy, FramingItem, Item, Picture, Problem, Update, Version
from .fitting import fitted

_MARK = "import "
_WITHOUT = "~"
"""Ends the mark of a version of which a picture could not be had: it is tried again."""


@dataclass
class ImportResult:
    """What an import brought, or would bring."""

    entries: int = 0  #: that were not here
    revisions: int = 0  #: versions of entries that were here
    framings: int = 0
    pictures: int = 0
    known: int = 0  #: that were here already, as they are
    problems: list[Problem] = field(default_factory=list)


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
    """Append what *items* hold; see :meth:`liveblog.Blog.import_items`.

    An update is taken with all its versions or, if one of them cannot be shown, not at all.
    *progress* is called after each item.

    Raises what reading the source raises; what was appended until then stays.
    """
    work = _Work(source, journal, media, config, now, dry_run)
    for item in items:
        try:
            work.take(item)
        except StorageError:
            raise
        except LiveblogError as error:
            work.brought.problems.append(Problem(item.where, error.message, error.hint))
        if progress:
            progress(work.brought)
    work.end()
    return work.brought


class _Work:
    def __init__(
        self,
        source: str,
        journal: Journal,
        media: Path,
        config: Config,
        now: datetime,
        dry_run: bool,
    ) -> None:
        self.brought = ImportResult()
        self._source = source
        self._journal = journal
        self._media = media
        self._config = config
        self._now = now
        self._is_dry = dry_run
        self._ids: dict[str, str] | None = None
        self._undescribed = 0
        self._dry: dict[str, int] = {}  # what a dry run would have appended: name and number

    def take(self, item: Item) -> None:
        match item:
            case Update():
                self._update(item)
            case FramingItem():
                self._frame(item)
            case Copy():
                self._copy(item)
            case Problem():
                self.brought.problems.append(item)
            case _:
                assert_never(item)

    def end(self) -> None:
        if self._undescribed:
            are = "pictures have" if self._undescribed > 1 else "picture has"
            what = f"{self._undescribed} {are} no alternative text; the file's name stands for it"
            hint = "Describe them with 'liveblog edit', for those who cannot see them."
            self.brought.problems.append(Problem(self._source, what, hint))

    # -- updates ------------------------------------------------------------------------------

    def _update(self, update: Update) -> None:
        letters = blake2b(f"{self._source}\n{update.key}".encode(), digest_size=8).digest()
        day = local_day(_second(update.versions[0].published), self._config.zone)
        entry_id = make_id(day, letters)
        here = self._revisions(entry_id)
        if not here and (known := self._known_ids().get(entry_id.partition("-")[2])):
            entry_id = known
            here = self._revisions(entry_id)
        versions = self._fitted(update)
        # Every version is checked before the first is appended.
        drafts = [self._draft(entry_id, version) for version in versions]
        marks = [_mark_of(version) for version in versions]
        fresh = self._fresh(update, here, marks)
        rev = here[-1].rev if here else 0
        for number, (draft, mark) in enumerate(zip(drafts, marks, strict=True)):
            if number not in fresh:
                continue
            version = versions[number]
            kept, failed = self._pictures(version, entry_id)
            if failed and not (kept or draft.title or draft.body):
                raise failed
            if failed:
                problem = Problem(update.where, failed.message, failed.hint)
                self.brought.problems.append(problem)
                mark += _WITHOUT
                if here and _marked(here[-1]) == mark and here[-1].media == kept:
                    self.brought.known += 1
                    continue
            key = f"{_MARK}{entry_id} {rev + 1} {mark}"
            draft = msgspec.structs.replace(draft, media=kept, idempotency_key=key)
            validate(_named(draft) if self._is_dry else draft)
            if not self._is_dry:
                self._journal.append(draft, expect=rev)
            self.brought.entries += rev == 0
            self.brought.revisions += rev > 0
            rev += 1
        self.brought.known += not fresh

    def _fitted(self, update: Update) -> list[Version]:
        """Return the versions of an update within the limits, and tell what that took."""
        found = [fitted(version) for version in update.versions]
        doubts = dict.fromkeys(doubt for _, doubts in found for doubt in doubts)
        self.brought.problems += [Problem(update.where, doubt) for doubt in doubts]
        return [version for version, _ in found]

    def _fresh(
        self, update: Update, here: Sequence[Revision], marks: Sequence[str]
    ) -> Sequence[int]:
        """Return which versions are to be appended."""
        if not here:
            return range(len(marks))
        brought = [r for r in here if _marked(r)]
        last = _marked(brought[-1]) if brought else ""
        is_short = last.endswith(_WITHOUT)
        last = last.removesuffix(_WITHOUT)
        if is_short and last == marks[-1] and here[-1] is brought[-1]:
            return [len(marks) - 1]
        if last == marks[-1] or not brought:  # a purged entry has no mark left, and stays away
            return ()
        if here[-1] is not brought[-1]:
            self.brought.problems.append(
                Problem(
                    update.where,
                    f"it changed in its source, but {here[-1].id} was changed here; that stays",
                    f"See 'liveblog show {here[-1].id} --history', and edit it if you want to.",
                )
            )
            return ()
        if last in marks:
            return range(len(marks) - marks[::-1].index(last), len(marks))
        return [len(marks) - 1]

    def _draft(self, entry_id: str, version: Version) -> Revision:
        """Return a version as a revision without its pictures, checked."""
        published = _second(version.published)
        updated = max(_second(version.updated or published), published)
        if published > self._now:
            raise InvalidInput(
                f"It is dated {published:%Y-%m-%d %H:%M} UTC, which is in the future.",
                "Correct the date, or import it again once that date has come.",
            )
        blank = Revision(
            id=entry_id,
            published=published,
            updated=min(updated, self._now),
            state=version.state,
            note=clean_text(version.note, "note"),
        )
        draft = revise(blank, version, now=self._now, zone=self._config.zone)
        if not draft.author:
            author = clean_text(self._config.author, "author")
            draft = msgspec.structs.replace(draft, author=author)
        validate(_named(draft) if version.pictures else draft)
        return draft

    def _pictures(
        self, version: Version, entry_id: str
    ) -> tuple[tuple[Media, ...], LiveblogError | None]:
        """Keep a version's pictures; return them, and what was wrong with one, if anything."""
        kept: list[Media] = []
        failed: LiveblogError | None = None
        for picture in version.pictures:
            self._undescribed += not (picture.alt or picture.caption)
            if self._is_dry:
                self.brought.pictures += 1
                continue
            try:
                kept.append(self._picture(picture, entry_id))
                self.brought.pictures += 1
            except StorageError:
                raise
            except LiveblogError as error:
                failed = error
        return tuple(kept), failed

    def _picture(self, picture: Picture, entry_id: str) -> Media:
        from ..media import keep

        alt = clean_text(_line(picture.alt or picture.caption or picture.name), "alternative text")
        caption = clean_text(_line(picture.caption), "caption")
        data = picture.read()
        return keep(data, self._media, entry_id, alt=alt, caption=caption, name=picture.name)

    def _revisions(self, entry_id: str) -> Sequence[Revision]:
        found = fold(self._journal.day(id_day(entry_id)).records).get(entry_id)
        return found.revisions if found else ()

    def _known_ids(self) -> dict[str, str]:
        """Return the ids of all that was ever brought in, by their letters.

        An update whose source gives it another date has another day in the id that follows from
        it, and is found by the rest.
        """
        if self._ids is None:
            self._ids = {
                record.id.partition("-")[2]: record.id
                for of in self._journal.days()
                for record in self._journal.day(of).records
                if isinstance(record, Revision) and record.idempotency_key.startswith(_MARK)
            }
        return self._ids

    # -- framings -----------------------------------------------------------------------------

    def _frame(self, frame: FramingItem) -> None:
        name = frame.period
        if name != COVERAGE:
            name = parse_period_id(name, self._config.first_weekday).id
        old = newest_framing(self._journal.read(name).records, name) or Framing(period=name)
        told = {
            "headline": clean_text(frame.headline, "headline"),
            "introduction": clean_text(frame.introduction, "introduction"),
            "close": clean_text(frame.close, "close"),
        }
        changes = {n: text for n, text in told.items() if text and not getattr(old, n)}
        if others := [n for n, text in told.items() if text and getattr(old, n) not in ("", text)]:
            what = f"the {' and '.join(others)} of {name} is another here; that stays"
            self.brought.problems.append(Problem(frame.where, what, "Compare them."))
        if not changes:
            self.brought.known += not others
            return
        draft = msgspec.structs.replace(old, recorded=None, **changes)
        validate(draft)
        if not self._is_dry:
            self._journal.append(draft, expect=old.rev)
        self.brought.framings += 1

    # -- copies -------------------------------------------------------------------------------

    def _copy(self, copy: Copy) -> None:
        record = copy.record
        _check_copy(record)
        if self._is_dry:
            self._would_copy(record)
            return
        for picture in record.media if isinstance(record, Revision) else ():
            self._copy_picture(copy, picture)
        try:
            is_new = self._journal.adopt(record)
        except Conflict as error:
            here = f"revision {error.theirs.rev}" if error.theirs else "nothing"
            raise InvalidInput(
                f"Revision {record.rev} of {record.name} does not fit: here is {here} of another "
                "history.",
                "What is here stays. Import it into a blog of its own to compare.",
            ) from None
        self._count(record, is_new=is_new)

    def _would_copy(self, record: Revision | Framing) -> None:
        """Say of a record what :meth:`_copy` would do."""
        home = record.period if isinstance(record, Framing) else id_day(record.id).isoformat()
        same = [
            r
            for r in self._journal.read(home).records
            if isinstance(r, Revision | Framing) and r.name == record.name
        ]
        newest = max([self._dry.get(record.name, 0), *(r.rev for r in same)])
        self._dry[record.name] = max(newest, record.rev)
        self._count(record, is_new=record.rev > newest)

    def _count(self, record: Revision | Framing, *, is_new: bool) -> None:
        if not is_new:
            self.brought.known += 1
        elif isinstance(record, Framing):
            self.brought.framings += 1
        elif record.rev == 1:
            self.brought.entries += 1
        else:
            self.brought.revisions += 1

    def _copy_picture(self, copy: Copy, picture: Media) -> None:
        """Keep a picture of another journal as it is, once its bytes are what its name says."""
        from ..media import restore

        if (self._media / picture.path).is_file():
            return
        try:
            restore(copy.read(picture), self._media, copy.record.name, picture)
            self.brought.pictures += 1
        except StorageError:
            raise
        except LiveblogError as error:
            problem = Problem(copy.where, error.message, error.hint)
            self.brought.problems.append(problem)


def _check_copy(record: Revision | Framing) -> None:
    """Refuse a record of another journal that this one could not have written.

    Raises :class:`InvalidInput`.
    """
    if record.rev < 1 or record.recorded is None:
        raise InvalidInput(f"A record of {record.name} has no number or instant.", "Export again.")
    validate(record)


_MARKED = ("published", "updated", "title", "body", "author", "tags", "key", "pinned",
           "verification", "sources", "figures", "lang", "state", "note")  # fmt: skip
"""The fields that every mark covers, in this order for ever: marks are compared with those in the
journal. A field that came later is covered where it is set."""

_DEFAULTS = {field.name: field.default for field in msgspec.structs.fields(Revision)}


def _mark_of(version: Version) -> str:
    """Return a hash of the content of a version."""
    values = {name: getattr(version, name) for name in version.__struct_fields__}
    pictures = [(p.name, p.alt, p.caption) for p in version.pictures]
    content: list[Any] = [pictures]
    content += [_DEFAULTS[name] if values[name] is UNSET else values[name] for name in _MARKED]
    later = {name: value for name, value in given_fields(version).items() if name not in _MARKED}
    if later:
        content.append(later)
    return blake2b(msgspec.json.encode(content), digest_size=16).hexdigest()


def _marked(revision: Revision) -> str:
    """Return the mark of what was imported, empty if it was written here."""
    key = revision.idempotency_key
    return key.rpartition(" ")[2] if key.startswith(_MARK) else ""


def _named(draft: Revision) -> Revision:
    """Give a draft that will have pictures a title, so that it does not pass for empty."""
    return draft if draft.title else msgspec.structs.replace(draft, title="…")


def _second(instant: datetime) -> datetime:
    return limits.check_instant(instant, "date").replace(microsecond=0)


def _line(text: str) -> str:
    return " ".join(text.split())
