"""One live blog in one folder: the public API.

:class:`Blog` turns drafts into revisions, appends them to the journal, and reads the journal back
as timeline, digest and site. Everything that writes (command line, server, imports) calls it.
Methods import the modules that take long to import (Jinja2, lxml, Pillow), so that 'liveblog post'
starts quickly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, Unpack

import msgspec
from msgspec import UNSET, UnsetType

from . import config as settings
from .config import Config, writing
from .journal import Journal
from .model import revisions
from .model.chapter import Chapter, ChapterDraft, framing_of
from .model.conflicts import Conflict
from .model.draft import Draft, DraftFields, draft_from
from .model.entry import Framing, Media, Revision, clean_text
from .model.errors import (
    InvalidInput,
    NotFound,
    StorageError,
    UnknownTag,
    did_you_mean,
    storage_errors,
)
from .model.hashing import blake2b
from .model.moment import Moment, moment_after
from .model.period import COVERAGE, Period, parse_period_id
from .model.topics import requested_topic, topic_slug
from .model.validation import validate
from .pictures import Image, Uploaded, set_pictures
from .storage.paths import Paths
from .timeline import Timeline

if TYPE_CHECKING:
    from .chapter_editor import Chapters
    from .delivery.outbox import Outbox
    from .digest import Digest
    from .imports import ImportResult, Item
    from .search import Found, Search
    from .site.publisher import Publisher
    from .site.relocation import Relocation
    from .site.report import Progress, Report
    from .site.verify import Health
    from .text.locale import Words
    from .tokens import Tokens


Record = TypeVar("Record", Revision, Framing)


def _clock() -> datetime:
    return datetime.now(UTC)


class Blog:
    """A live blog.

    Instants are aware datetimes; days and weeks are those of the blog's time zone. A method that
    writes raises :class:`InvalidInput` for an invalid argument, having changed nothing, and
    :class:`StorageError` for an error of the operating system; its hint says whether anything was
    changed. *expect* is the number of the revision that the author saw; if it is not the newest,
    the method raises :class:`Conflict`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        config: str | os.PathLike[str] | None = None,
        clock: Callable[[], datetime] = _clock,
    ) -> None:
        """Open the blog of the *config* file, or else the one in *folder* or a folder above it.

        Raises :class:`ConfigError`.
        """
        path = settings.find(Path(folder), str(config) if config else None)
        self._path = path
        self.config: Config = settings.load(path)
        self.paths = Paths(path.parent)
        self._clock = clock
        self.journal = Journal(self.paths.entries, self.paths.derived, clock)

    @classmethod
    def init(
        cls,
        folder: str | os.PathLike[str],
        *,
        title: str,
        language: str = "en",
        timezone: str = "UTC",
        url: str = "http://localhost:8000/",
        author: str = "",
        description: str = "",
        clock: Callable[[], datetime] = _clock,
    ) -> Blog:
        """Create a blog in *folder* and open it; a blog that exists there is only opened.

        Raises :class:`ConfigError` for an invalid setting.
        """
        path = writing.create(
            Path(folder),
            title=title,
            language=language,
            timezone=timezone,
            url=url,
            author=author,
            description=description,
            now=clock(),
        )
        return cls(folder, config=path, clock=clock)

    # -- reading ------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The present instant, in UTC."""
        return self._clock().astimezone(UTC)

    @property
    def _second(self) -> datetime:
        """The present instant without microseconds: entries are dated to the second."""
        return self.now.replace(microsecond=0)

    def check_exists(self) -> None:
        """Raise :class:`StorageError` if the blog was deleted or moved away.

        A long-running process calls this, so that it does not create a new, empty blog there.
        """
        if not self._path.exists():
            raise StorageError(
                f"{self._path} is gone.", "Put the blog back; running processes then continue."
            )

    @property
    def timeline(self) -> Timeline:
        """The entries that readers may see now."""
        return Timeline(self.journal, self.now)

    @property
    def words(self) -> Words:
        """Dates, numbers and words in the blog's language."""
        from .text.locale import Words

        return Words(self.config.language, self.config.zone)

    def moment(self, text: str) -> Moment:
        """Return the moment that *text* names; see :func:`liveblog.text.dates.parse_moment`."""
        from .text.dates import parse_moment

        return parse_moment(
            text, now=self._second, zone=self.config.zone, language=self.config.language
        )

    def moment_after(self, entry_id: str) -> Moment:
        """Return the moment of an entry of a whole day that is to stand after another.

        Raises :class:`NotFound` as :meth:`Timeline.entry` does.
        """
        return moment_after(self.timeline.entry(entry_id).now)

    def period(self, text: str) -> Period:
        """Return the period that *text* names; see :func:`liveblog.text.dates.parse_period`."""
        from .text.dates import parse_period

        return parse_period(
            text,
            now=self._second,
            zone=self.config.zone,
            language=self.config.language,
            first_weekday=self.config.first_weekday,
        )

    def digest(self, when: str = "today", *, key: bool = False, tag: str = "") -> Digest:
        """Return the digest of a period or chapter: everything, key entries, or those with one tag.

        *when* is what :meth:`period` takes, or the slug of a chapter.

        Raises :class:`NotFound` for a tag that no entry of it has.
        """
        from .digest.build import select

        whole = self._whole_digest(when)
        if not (key or tag):
            return whole
        wanted = requested_topic(tag) if tag else ""
        found = select(whole, key=key, tag=wanted)
        if tag and not found.entries:
            known = {t for entry in whole.entries for t in entry.now.tags}
            if wanted not in map(topic_slug, known):
                raise UnknownTag(tag, known, when if whole.chapter else whole.period.id)
        return found

    def _whole_digest(self, when: str) -> Digest:
        from .digest.build import build, build_chapter

        found = self.named(when)
        if isinstance(found, Period):
            return build(self.timeline, found)
        return build_chapter(self.timeline, found, self.config.first_weekday)

    def named(self, when: str) -> Period | Chapter:
        """Return the period that *when* names, as :meth:`period` does, or the chapter.

        Raises :class:`InvalidInput` if it names neither, and :class:`NotFound` for a chapter that
        was removed.
        """
        timeline = self.timeline
        try:
            return self.period(when)
        except InvalidInput as error:
            # The names of chapters are no names of periods.
            try:
                chapter = timeline.chapter(when).now
            except NotFound:
                known = (chapter.slug for chapter in timeline.chapters())
                hint = did_you_mean(when, known) or error.hint
                raise InvalidInput(error.message, hint) from None
            if chapter.state == "removed":
                hint = "'liveblog chapter list' names the others."
                raise NotFound(f"The chapter '{when}' was removed.", hint) from None
            return chapter

    def search(
        self,
        words: str,
        *,
        tag: str = "",
        author: str = "",
        limit: int = 20,
        offset: int = 0,
        progress: Progress | None = None,
    ) -> Found:
        """Return the visible entries that contain all of *words*, the best match first.

        Case, accents and vowel signs are ignored; "quotes" make a phrase; the last word also
        matches as a prefix. Of equal matches the newer comes first. *tag* and *author* restrict the
        search; *progress* is called for each day while an index is built.

        Raises :class:`InvalidInput` for a tag without a letter or digit.
        """
        return self.search_index.find(
            words,
            self.now,
            tag=requested_topic(tag) if tag else "",
            author=author,
            limit=limit,
            offset=offset,
            progress=progress,
        )

    @cached_property
    def search_index(self) -> Search:
        """The full-text index of this blog's entries."""
        from .search import Search

        return Search(self.journal, self.paths.derived)

    # -- writing ------------------------------------------------------------------------------

    def post(
        self,
        text: str | Draft = "",
        *,
        images: Iterable[Image | Uploaded] = (),
        schedule: bool = False,
        idempotency_key: str = "",
        **fields: Unpack[DraftFields],
    ) -> Revision:
        """Append a new entry and return its first revision; when this returns, it is on disk.

        The entry is a :class:`Draft`, or a text (Markdown) and other *fields* of a draft. An
        instant in the future is an embargo and needs *schedule*. Repeating a call with the same
        *idempotency_key* returns the revision that the first call appended; a different call with
        that key raises :class:`KeyReused`.
        """
        draft = text if isinstance(text, Draft) else draft_from(fields, self.config.zone, text)
        first = self.preview(draft, idempotency_key=idempotency_key)
        if draft.published and not schedule:
            revisions.refuse_future(first, self._second, self.config.zone)
        return self.journal.append(set_pictures(first, images, self.paths), expect=0)

    def preview(self, draft: Draft, *, idempotency_key: str = "") -> Revision:
        """Return the revision that :meth:`post` would append, without pictures; write nothing."""
        # A repeated request gets the same id, and so the same names for its pictures.
        key = idempotency_key.encode()
        randomness = blake2b(key, digest_size=8).digest() if key else os.urandom(8)
        first = revisions.first_revision(
            draft,
            author=self.config.author,
            now=self._second,
            zone=self.config.zone,
            randomness=randomness,
        )
        key_text = clean_text(idempotency_key, "idempotency key")
        return msgspec.structs.replace(first, idempotency_key=key_text)

    def edit(
        self,
        entry_id: str,
        draft: Draft | None = None,
        *,
        images: Iterable[Image | Uploaded | Media] | None = None,
        note: str = "",
        minor: bool = False,
        schedule: bool = False,
        expect: int | None = None,
        idempotency_key: str = "",
        **fields: Unpack[DraftFields],
    ) -> Revision:
        """Append a revision of an entry and return it; fields that are not given stay.

        The changes are a *draft*, or *fields* of one; *images* replace all pictures of the entry. A
        *note* makes the revision a correction, which readers see. A *minor* edit does not change
        ``updated``.

        Raises :class:`Conflict` if somebody revised the entry meanwhile.
        """
        draft = draft_from(fields, self.config.zone) if draft is None else draft
        key = clean_text(idempotency_key, "idempotency key")
        old, is_again = self._edited_revision(entry_id, key)
        if old.state != "live":
            raise InvalidInput(
                f"{entry_id} was {old.state}; there is nothing to edit.", "Post a new update."
            )
        now = self._second
        blank = msgspec.structs.replace(old, recorded=None, note="", idempotency_key=key)
        new = revisions.revise(blank, draft, now=now, zone=self.config.zone)
        if draft.published and not schedule:
            revisions.refuse_future(new, now, self.config.zone)
        new = msgspec.structs.replace(new, note=clean_text(note, "note"))
        if images is not None:
            new = set_pictures(new, images, self.paths)
        if new == blank and not is_again:
            raise InvalidInput(
                f"{entry_id} is like that already.", "Nothing was changed.", about="unchanged"
            )
        if not minor:
            new = msgspec.structs.replace(new, updated=max(now, new.published))
        return self._append(new, old.rev, expect)

    def _edited_revision(self, entry_id: str, key: str) -> tuple[Revision, bool]:
        """Return the revision that an edit starts from, and whether its key was used before.

        A repeated request starts from the same revision as the first one.
        """
        entry = self.timeline.entry(entry_id)
        made = self.journal.find_by_key(entry_id, key) if key else None
        if made is None or made.id != entry_id or made.rev == 1:
            return entry.now, False
        before = [revision for revision in entry.revisions if revision.rev < made.rev]
        return (before or entry.revisions)[-1], True

    def upload(self, data: bytes, name: str = "picture") -> str:
        """Store a picture for a later update; return the name that :class:`Uploaded` takes.

        Its metadata is dropped before it touches the disk. Uploads that no update uses are deleted
        after a week.
        """
        from .media import delete_old_uploads, store_upload

        with storage_errors("write to", self.paths.uploads):
            delete_old_uploads(self.paths.uploads, (self.now - timedelta(days=7)).timestamp())
            return store_upload(data, self.paths.uploads, name)

    def retract(self, entry_id: str, *, why: str, expect: int | None = None) -> Revision:
        """Withdraw an entry: a notice with the reason *why* stays in its place."""
        old = self.timeline.entry(entry_id).now
        return self._append(revisions.retract(old, why, self._second), old.rev, expect)

    def restore(self, entry_id: str, *, expect: int | None = None) -> Revision:
        """Restore an entry that was removed, live or retracted as it was before."""
        entry = self.timeline.entry(entry_id)
        restored = revisions.restore(entry.revisions, self._second)
        return self._append(restored, entry.now.rev, expect)

    def remove(
        self, entry_id: str, *, author: str = "", purge: bool = False, expect: int | None = None
    ) -> Revision:
        """Remove an entry from the site; *author* is who removes it.

        What framings and chapters quote of it is shown no more; see :meth:`quotes_of`. With *purge*
        its texts are also blanked in the journal, quotes of it are removed from every revision, and
        every copy of them and of its pictures in the blog's folder is deleted, for good. An
        interrupted purge can be repeated. A withheld entry can be removed too.
        """
        removed, is_withheld = self.timeline.last_known(entry_id)
        if expect is not None and expect != removed.rev:
            raise Conflict(entry_id, expect, removed, removed)
        if removed.state != "removed" or is_withheld:
            removal = revisions.remove(removed, author or self.config.author, self._second)
            removed = self.journal.append(removal, expect=removed.rev)
        if purge:
            from . import quotations
            from .media import delete_pictures

            with storage_errors("erase the entry in", self.paths.root):
                # The texts first: damage elsewhere must not keep them from being blanked.
                self.journal.redact(entry_id)
                quotations.erase_quotes(self.journal, entry_id, author or self.config.author)
                delete_pictures(entry_id, self.paths.media, self.paths.uploads)
                self._erase_copies()
        return removed

    def _erase_copies(self) -> None:
        """Erase the copies of purged texts in the search index and in the outbox."""
        self.search_index.delete()
        self.outbox.erase_problems()

    def quotes_of(self, entry_id: str) -> list[str]:
        """Return what quotes an entry: ids of periods, and names of chapters (``chapter:SLUG``).

        The whole journal is searched.
        """
        from .quotations import quotes_of

        return quotes_of(self.journal, entry_id)

    def frame(
        self,
        period_id: str,
        *,
        headline: str | UnsetType = UNSET,
        introduction: str | UnsetType = UNSET,
        close: str | UnsetType = UNSET,
        author: str = "",
        expect: int | None = None,
    ) -> Framing:
        """Write the framing of a period's digest; texts that are not given stay.

        *period_id* is a period's id, or ``coverage`` for the blog as a whole. The *headline* is
        plain text, the others are Markdown. The framing of a range is the chapter of that range,
        which is created unless there is one.
        """
        if period_id != COVERAGE:
            period_id = parse_period_id(period_id, self.config.first_weekday).id
        if ".." in period_id:
            texts = ChapterDraft(title=headline, introduction=introduction, close=close)
            return framing_of(self.chapters.frame(period_id, texts, author=author, expect=expect))
        old = self.timeline.framing_to_revise(period_id)
        new = revisions.revise_framing(
            old,
            author=author or self.config.author,
            headline=headline,
            introduction=introduction,
            close=close,
        )
        return self._append(new, old.rev, expect)

    def end(self, at: datetime | None = None, *, expect: int | None = None) -> Framing:
        """Declare the coverage over: the page says so, and feeds tell readers to stop polling."""
        old = self.timeline.framing_to_revise(COVERAGE)
        ended = revisions.end_coverage(old, self.config.author, at or self._second)
        return self._append(ended, old.rev, expect)

    def resume(self, *, expect: int | None = None) -> Framing:
        """Resume the coverage after its end."""
        old = self.timeline.framing_to_revise(COVERAGE)
        return self._append(revisions.resume_coverage(old), old.rev, expect)

    def _append(self, record: Record, rev: int, expect: int | None) -> Record:
        """Append the successor of revision *rev*, or of the one that the author expects."""
        validate(record)
        return self.journal.append(record, expect=rev if expect is None else expect)

    def import_items(
        self,
        items: Iterable[Item],
        *,
        source: str,
        dry_run: bool = False,
        progress: Callable[[ImportResult], None] | None = None,
    ) -> ImportResult:
        """Append what an importer found; see :mod:`liveblog.imports`.

        *source* names where the items come from and must never change: the same update of the same
        source is imported once, and an interrupted import continues where it stopped.
        """
        from .imports.run import import_items

        return import_items(
            items,
            source=source,
            journal=self.journal,
            media=self.paths.media,
            config=self.config,
            now=self._second,
            dry_run=dry_run,
            progress=progress,
        )

    # -- the site -----------------------------------------------------------------------------

    def publish(
        self, *, full: bool = False, dry_run: bool = False, progress: Progress | None = None
    ) -> Report:
        """Bring the site in ``feeds/`` up to date; see :class:`Publisher`."""
        return self.publisher.publish(self.now, full=full, dry_run=dry_run, progress=progress)

    def move(self, url: str, *, progress: Progress | None = None) -> Relocation:
        """Change the blog's address and publish the site again; ids stay the same.

        ``url`` and ``moved_from`` in the settings change. For each earlier address, a folder in
        ``moved/`` holds redirects; moving again replaces it. A running server must be restarted.

        Raises :class:`ConfigError` for an invalid address.
        """
        from .site import relocation

        before = relocation.change_address(self._path, self.config, url)
        self.config = settings.load(self._path)
        self.__dict__.pop("publisher", None)  # it was created with the old settings
        report = self.publish(progress=progress)
        site, pages, now = self.publisher.site, self.publisher.pages, self._second
        folders = [
            relocation.write(old, self.config, self.paths, site, pages, now) for old in before
        ]
        return relocation.Relocation(self.config.url, before, tuple(folders), report)

    @property
    def chapters(self) -> Chapters:
        """What creates, edits, retracts and removes chapters."""
        from .chapter_editor import Chapters

        return Chapters(
            self.journal, self.paths, self.config, lambda: self._second, self._erase_copies
        )

    @cached_property
    def tokens(self) -> Tokens:
        """The tokens of the people who may write through the server."""
        from .tokens import Tokens

        return Tokens(self.paths.derived)

    @cached_property
    def outbox(self) -> Outbox:
        """The deliveries that are due, and those that were sent."""
        from .delivery.outbox import Outbox

        return Outbox(self.paths.outbox)

    @cached_property
    def publisher(self) -> Publisher:
        """The publisher of this blog's site."""
        from .site.publisher import Publisher
        from .site.storage.folder import Folder

        return Publisher(self.journal, Folder(self.paths.site), self.paths, self.config)

    def check(self, *, progress: Progress | None = None) -> Health:
        """Compare the journal, the pictures and the site; report what is damaged or missing.

        Imported entries that stand at midnight for want of a time are a note.
        """
        from .imports.whole_days import midnight_notes
        from .site.verify import check

        health = check(self.journal, self.publisher, self.paths.media, self.now, progress)
        notes = (*health.notes, *midnight_notes(self.timeline, self.config.zone))
        return msgspec.structs.replace(health, notes=notes)


__all__ = ["Blog", "Image", "Uploaded"]
