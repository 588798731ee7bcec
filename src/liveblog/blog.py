"""One live blog in one folder: the public API.

Every door (command line, server, importers) goes through :class:`Blog`, which turns wishes into
revisions, appends them to the journal, and reads the journal back as timeline, digest and site.
What is heavy (Jinja2, lxml, Pillow) is imported by the methods that need it, since a post is typed
hundreds of times a day.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from msgspec import Struct

from . import config as settings
from .config import Config, writing
from .journal import Fault
from .journal.dayfiles.writer import DayFiles
from .model import limits
from .model.conflicts import Conflict
from .model.entry import (
    Figure,
    Framing,
    Media,
    Revision,
    Source,
    Verification,
    clean_figures,
    clean_language,
    clean_sources,
    clean_tags,
    clean_text,
    id_day,
    make_id,
    slug,
    validate,
)
from .model.errors import (
    InvalidInput,
    NotFound,
    StorageError,
    Withheld,
    did_you_mean,
    storage_errors,
)
from .model.hashing import blake2b
from .model.period import COVERAGE, Period, local_day, parse_period_id
from .model.period import check as check_period
from .storage.paths import Paths
from .timeline import Timeline

if TYPE_CHECKING:
    from .delivery.outbox import Outbox
    from .digest import Digest
    from .imports import Item
    from .imports.run import ImportResult
    from .search import Found, Search
    from .site.publisher import Publisher
    from .site.relocation import Relocation
    from .site.report import Progress, Report
    from .text.locale import Words
    from .tokens import Tokens


GIT_ATTRIBUTES = b"entries/**/*.jsonl -text merge=union\n"
"""For git: the journal's bytes stay as they are, and what two machines appended is all kept."""

Verb = TypeVar("Verb", bound=Callable[..., Any])


def _guarded(verb: Verb) -> Verb:
    """Let nothing but a StorageError leave a verb where the machine refuses."""

    @wraps(verb)
    def guarded(blog: Blog, *arguments: Any, **options: Any) -> Any:
        with storage_errors("use", blog.paths.root):
            return verb(blog, *arguments, **options)

    return cast(Verb, guarded)


class Image(Struct, frozen=True):
    """A picture file to show in an entry."""

    path: Path
    alt: str  #: what a person who cannot see it should know
    caption: str = ""


class Uploaded(Struct, frozen=True):
    """A picture that was uploaded before, to show in an entry; see :meth:`Blog.upload`."""

    name: str
    alt: str
    caption: str = ""


class Health(Struct, frozen=True):
    """What :meth:`Blog.check` found."""

    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()
    records: int = 0
    files: int = 0


def _clock() -> datetime:
    return datetime.now(UTC)


class Blog:
    """A live blog.

    Instants are aware datetimes; days and weeks are those of the blog's time zone. Every method
    that writes raises :class:`InvalidInput` for what cannot be taken, and then
    nothing was changed, and :class:`StorageError` if the machine refused, which
    says whether anything was. *expect* is the number of the revision that the author saw; if it is
    not the newest, that is a :class:`Conflict`.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        config: str | os.PathLike[str] | None = None,
        clock: Callable[[], datetime] = _clock,
    ) -> None:
        """Open the blog in *folder* (or above it), or the one of a *config* file.

        Raises :class:`ConfigError`.
        """
        path = settings.find(Path(folder), str(config) if config else None)
        self._path = path
        self.config: Config = settings.load(path)
        self.paths = Paths(path.parent)
        self._clock = clock
        self.journal = DayFiles(self.paths.entries, self.paths.derived, clock)

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
        """Make a new blog; a blog that is there already is opened and not touched.

        Raises :class:`ConfigError` for a setting that cannot be.
        """
        root = Path(folder)
        path = root / settings.FILE_NAME
        if not path.exists():
            text = writing.initial(
                title=title,
                url=url,
                language=language,
                timezone=timezone,
                author=author,
                description=description,
                now=clock(),
            )
            from .storage.atomic import create_file

            with storage_errors("write to", root):
                (root / "entries").mkdir(parents=True, exist_ok=True)
                create_file(root / ".gitignore", b".liveblog/\n")
                create_file(root / ".gitattributes", GIT_ATTRIBUTES)
                create_file(path, text.encode())
        return cls(root, config=path, clock=clock)

    # -- reading ------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The present instant, in UTC."""
        return self._clock().astimezone(UTC)

    @property
    def _second(self) -> datetime:
        """The present instant to the second, as entries are dated."""
        return self.now.replace(microsecond=0)

    def check_there(self) -> None:
        """Raise :class:`StorageError` if the blog was deleted or moved away.

        For what goes on for long: it must not make a new, empty blog there.
        """
        if not self._path.exists():
            raise StorageError(
                f"{self._path} is gone.", "Put the blog back; what runs goes on by itself then."
            )

    @property
    def timeline(self) -> Timeline:
        """The entries as readers may see them now."""
        return Timeline(self.journal, self.now)

    @property
    def words(self) -> Words:
        """Dates, numbers and words in the blog's language."""
        from .text.locale import words

        return words(self.config.language, self.config.zone)

    def instant(self, text: str) -> datetime:
        """Return the instant that a human time means; see :mod:`liveblog.text.dates`."""
        from .text.dates import parse_instant

        instant = parse_instant(
            text, now=self._second, zone=self.config.zone, language=self.config.language
        )
        return limits.check_instant(instant)

    def period(self, text: str) -> Period:
        """Return the period that *text* names; see :func:`liveblog.text.dates.parse_period`."""
        from .text.dates import parse_period

        found = parse_period(
            text,
            now=self._second,
            zone=self.config.zone,
            language=self.config.language,
            first_weekday=self.config.first_weekday,
        )
        return check_period(found)

    @_guarded
    def digest(self, when: str = "today", *, key: bool = False, tag: str = "") -> Digest:
        """Return the digest of a period: everything, key entries, or those with one tag.

        Raises :class:`NotFound` for a tag that no entry of the period has.
        """
        from .digest import build

        wanted = self._tag(tag) if tag else ""
        of = self.period(when)
        found = build(self.timeline, of, key=key, tag=wanted)
        if tag and not found.entries:
            known = {t for e in build(self.timeline, of).entries for t in e.now.tags}
            if wanted in map(slug, known):
                return found
            raise unknown_tag(tag, known, of.id)
        return found

    @_guarded
    def whole(self) -> Digest:
        """Return the digest of all that readers may see, under the framing of the coverage.

        Raises :class:`NotFound` if there is nothing.
        """
        from .digest import whole

        found = whole(self.timeline, self.config.title)
        if found is None:
            raise NotFound("The journal is empty.", 'Begin with: liveblog post "First update."')
        return found

    def tags(self) -> dict[str, str]:
        """Return every tag of the newest entries: slug and name."""
        found: dict[str, str] = {}
        for number, entry in enumerate(self.timeline.newest_first()):
            if number >= 500:
                break
            found |= {slug(tag): tag for tag in entry.now.tags}
        return found

    @_guarded
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
        """Return the entries that readers may see now and that hold every one of *words*.

        Case, accents and vowel signs do not count; "quotes" make a phrase; the last word may be a
        beginning. The best match stands first, the newer of two like ones. *tag* and *author*
        narrow it down; *progress* is told of days while an index is made.

        Raises :class:`InvalidInput` for a tag that cannot be one.
        """
        wanted = self._tag(tag) if tag else ""
        return self.searching.find(
            words,
            self.now,
            tag=wanted,
            author=author,
            limit=limit,
            offset=offset,
            progress=progress,
        )

    @cached_property
    def searching(self) -> Search:
        """What finds this blog's entries by their words."""
        from .search import Search

        return Search(self.journal, self.paths.derived)

    def _tag(self, tag: str) -> str:
        wanted = slug(tag)
        if not wanted:
            raise InvalidInput(f"'{tag}' is not a tag.", "Name one that an entry carries.")
        return wanted

    # -- writing ------------------------------------------------------------------------------

    @_guarded
    def post(
        self,
        text: str = "",
        *,
        title: str = "",
        at: datetime | None = None,
        schedule: bool = False,
        author: str = "",
        tags: Iterable[str] = (),
        key: bool = False,
        pinned: bool = False,
        verification: Verification = "",
        sources: Iterable[Source] = (),
        figures: Iterable[Figure] = (),
        images: Iterable[Image | Uploaded] = (),
        lang: str = "",
        idempotency_key: str = "",
    ) -> Revision:
        """Append a new entry and return its first revision; when it returns, it is on disk.

        *at* is the instant that the update speaks for, now unless given; one in the future is an
        embargo and needs *schedule*. The same call again with its *idempotency_key* returns what
        the first one made; another call with it is refused (:class:`KeyReused`).
        """
        draft = self.draft(
            text,
            title=title,
            at=at,
            author=author,
            tags=tags,
            key=key,
            pinned=pinned,
            verification=verification,
            sources=sources,
            figures=figures,
            lang=lang,
            idempotency_key=idempotency_key,
        )
        if at:
            self._guard_future(draft.published, self._second, schedule)
        return self.journal.append(self._with_images(draft, images), expect=0)

    def draft(
        self,
        text: str = "",
        *,
        title: str = "",
        at: datetime | None = None,
        author: str = "",
        tags: Iterable[str] = (),
        key: bool = False,
        pinned: bool = False,
        verification: Verification = "",
        sources: Iterable[Source] = (),
        figures: Iterable[Figure] = (),
        lang: str = "",
        idempotency_key: str = "",
    ) -> Revision:
        """Return what :meth:`post` would append, without pictures; nothing is written."""
        now = self._second
        published = limits.check_instant(at).replace(microsecond=0) if at else now
        day = local_day(published, self.config.zone)
        # Sent again, it is the same entry, with the same pictures.
        chance = os.urandom(8)
        if idempotency_key:
            chance = blake2b(idempotency_key.encode(), digest_size=8).digest()
        return Revision(
            id=make_id(day, chance),
            published=published,
            # A scheduled update is new when it is released, not when it was written.
            updated=max(now, published),
            author=clean_text(author or self.config.author, "author"),
            title=clean_text(title, "title"),
            body=clean_text(text, "body"),
            tags=clean_tags(tags),
            key=key,
            pinned=pinned,
            verification=verification,
            sources=clean_sources(sources),
            figures=clean_figures(figures),
            lang=clean_language(lang),
            idempotency_key=clean_text(idempotency_key, "idempotency key"),
        )

    @_guarded
    def edit(
        self,
        entry_id: str,
        *,
        note: str = "",
        minor: bool = False,
        schedule: bool = False,
        at: datetime | None = None,
        images: Iterable[Image | Uploaded | Media] | None = None,
        expect: int | None = None,
        idempotency_key: str = "",
        **changes: Any,
    ) -> Revision:
        """Append a revision of an entry with some fields changed, and return it.

        *changes* are fields of :class:`Revision` such as ``title``, ``body`` or
        ``tags``. A *note* makes it a correction that readers see. A *minor* one leaves ``updated``
        alone. *expect* is the revision that the author saw, the newest unless given.

        Raises :class:`Conflict` if somebody revised it meanwhile.
        """
        idempotency_key = clean_text(idempotency_key, "idempotency key")
        entry = self.timeline.entry(entry_id)
        earlier = self.journal.keyed(entry_id, idempotency_key) if idempotency_key else None
        # The same request again is built on what the first one was built on.
        is_again = earlier is not None and earlier.id == entry_id and earlier.rev > 1
        before = [r for r in entry.revisions if earlier and is_again and r.rev < earlier.rev]
        old = before[-1] if before else entry.now
        if old.state != "live":
            raise InvalidInput(
                f"{entry_id} was {old.state}; there is nothing to edit.", "Post a new update."
            )
        cleaners: dict[str, Callable[[Any], Any]] = {
            "body": lambda text: clean_text(text, "body"),
            "title": lambda text: clean_text(text, "title"),
            "author": lambda text: clean_text(text, "author"),
            "tags": clean_tags,
            "sources": clean_sources,
            "figures": clean_figures,
            "lang": clean_language,
            "key": bool,
            "pinned": bool,
            "verification": str,
        }
        for name in changes:
            if name not in cleaners:
                raise InvalidInput(f"'{name}' cannot be edited.", did_you_mean(name, cleaners))
        changed = {name: cleaners[name](value) for name, value in changes.items()}
        now = self._second
        if at is not None:
            published = limits.check_instant(at).replace(microsecond=0)
            self._guard_future(published, now, schedule)
            day = local_day(published, self.config.zone)
            changed["published"] = published
            changed["day"] = "" if day == id_day(entry_id) else day.isoformat()
        note = clean_text(note, "note")
        draft = msgspec.structs.replace(
            old,
            recorded=None,
            note=note,
            idempotency_key=idempotency_key,
            **changed,
        )
        if images is not None:
            images = list(images)
            kept = tuple(image for image in images if isinstance(image, Media))
            if strange := set(map(_path, kept)) - set(map(_path, old.media)):
                raise InvalidInput(
                    f"{entry_id} has no picture {', '.join(sorted(strange))}.", "Upload it."
                )
            new = (image for image in images if not isinstance(image, Media))
            draft = self._with_images(msgspec.structs.replace(draft, media=kept), new)
        is_same = draft == msgspec.structs.replace(
            old, recorded=None, note="", idempotency_key=idempotency_key
        )
        if is_same and not is_again:
            raise InvalidInput(f"{entry_id} is like that already.", "Nothing was changed.")
        if not minor:
            draft = msgspec.structs.replace(draft, updated=max(now, draft.published))
        validate(draft)
        return self.journal.append(draft, expect=old.rev if expect is None else expect)

    @_guarded
    def upload(self, data: bytes, name: str = "picture") -> str:
        """Keep a picture for an update to come; return the name that :class:`Uploaded` takes.

        Its metadata is dropped before it touches the disk. What nobody uses goes after a week.
        """
        from .media import forget_uploads, upload

        forget_uploads(self.paths.uploads, (self._second - timedelta(days=7)).timestamp())
        return upload(data, self.paths.uploads, name)

    @_guarded
    def retract(self, entry_id: str, *, why: str, expect: int | None = None) -> Revision:
        """Withdraw an entry: its place stays and says *why*."""
        old = self.timeline.entry(entry_id).now
        if old.state != "live":
            raise InvalidInput(f"{entry_id} was {old.state} already.", "Nothing was changed.")
        why = clean_text(why, "reason")
        if not why:
            raise InvalidInput("A retraction needs a reason.", "Give it with --why.")
        draft = msgspec.structs.replace(
            old,
            state="retracted",
            note=why,
            recorded=None,
            idempotency_key="",
            updated=self._second,
        )
        validate(draft)
        return self.journal.append(draft, expect=old.rev if expect is None else expect)

    @_guarded
    def restore(self, entry_id: str, *, expect: int | None = None) -> Revision:
        """Bring back an entry that was removed, as it last stood: a retracted one stays so."""
        entry = self.timeline.entry(entry_id)
        old = entry.now
        before = [revision for revision in entry.revisions if revision.state != "removed"]
        if old.state != "removed" or not before:
            problem = "was never gone" if before else "was removed for good"
            raise InvalidInput(f"{entry_id} {problem}.", "Nothing was changed.")
        last = before[-1]
        draft = msgspec.structs.replace(
            last,
            recorded=None,
            note="" if last.state == "live" else last.note,
            idempotency_key="",
            updated=max(self._second, last.published),
        )
        return self.journal.append(draft, expect=old.rev if expect is None else expect)

    @_guarded
    def remove(
        self, entry_id: str, *, author: str = "", purge: bool = False, expect: int | None = None
    ) -> Revision:
        """Make an entry disappear from the site; *author* is who did.

        With *purge* its texts are also blanked in the journal, and every copy of them and of its
        pictures in the blog's folder deleted, for good. Cut short, it can be done again. An entry
        that is withheld can be removed too.
        """
        removed, is_withheld = self._as_it_stands(entry_id)
        if expect is not None and expect != removed.rev:
            raise Conflict(entry_id, expect, removed, removed)
        if removed.state != "removed" or is_withheld:
            removed = self.journal.append(
                Revision(
                    id=entry_id,
                    published=removed.published,
                    updated=self._second,
                    day=removed.day,
                    author=clean_text(author or self.config.author, "author"),
                    state="removed",
                ),
                expect=removed.rev,
            )
        if purge:
            from .media import delete_pictures

            # The texts first: whatever is damaged elsewhere does not keep them.
            self.journal.redact(entry_id)
            delete_pictures(entry_id, self.paths.media, self.paths.uploads)
            self.searching.forget()
            self.outbox.forget()
        return removed

    def _as_it_stands(self, entry_id: str) -> tuple[Revision, bool]:
        """Return an entry's newest revision that can be read, and whether it is withheld."""
        timeline = self.timeline
        try:
            return timeline.entry(entry_id).now, False
        except Withheld:
            pass
        try:
            return timeline.last_known(entry_id).now, True
        except Withheld:  # nothing of it can be read
            return Revision(id=entry_id, published=self._second, updated=self._second), True

    @_guarded
    def frame(
        self,
        period_id: str,
        *,
        author: str = "",
        headline: str | None = None,
        introduction: str | None = None,
        close: str | None = None,
        expect: int | None = None,
    ) -> Framing:
        """Write the headline, introduction and close of a period's digest; None leaves as is.

        *period_id* is a period's id, or ``coverage`` for the blog as a whole.
        """
        return self._frame(
            period_id,
            expect,
            author=clean_text(author or self.config.author, "author"),
            headline=None if headline is None else clean_text(headline, "headline"),
            introduction=None if introduction is None else clean_text(introduction, "introduction"),
            close=None if close is None else clean_text(close, "close"),
        )

    @_guarded
    def end(self, at: datetime | None = None, *, expect: int | None = None) -> Framing:
        """Declare the coverage over: the page says so, and feeds tell readers to stop asking."""
        at = limits.check_instant(at or self._second, "end of the coverage")
        return self._frame(COVERAGE, expect, author=self.config.author, ended=at)

    @_guarded
    def resume(self, *, expect: int | None = None) -> Framing:
        """Take back the end of the coverage."""
        framing = self.timeline.framing(COVERAGE)
        if framing is None or framing.ended is None:
            raise InvalidInput("The coverage is not over.", "Nothing was changed.")
        draft = msgspec.structs.replace(framing, ended=None, recorded=None)
        return self.journal.append(draft, expect=framing.rev if expect is None else expect)

    def _frame(self, period_id: str, expect: int | None, **given: Any) -> Framing:
        if period_id != COVERAGE:
            period_id = parse_period_id(period_id, self.config.first_weekday).id
        old = self.timeline.framing_to_revise(period_id)
        changes = {name: value for name, value in given.items() if value is not None}
        draft = msgspec.structs.replace(old, recorded=None, **changes)
        validate(draft)
        return self.journal.append(draft, expect=old.rev if expect is None else expect)

    def _with_images(self, draft: Revision, images: Iterable[Image | Uploaded]) -> Revision:
        """Check a draft, then keep its pictures: nothing is kept for what is refused."""
        images = list(images)
        if not images:
            validate(draft)
            return draft
        from .media import adopt, take

        validate(msgspec.structs.replace(draft, title=draft.title or "picture"))
        for image in images:
            if not image.alt.strip():
                name = image.name if isinstance(image, Uploaded) else image.path
                raise InvalidInput(
                    f"The picture {name} has no alternative text.",
                    "Describe it (--alt) for those who cannot see it.",
                )
        media = []
        for image in images:
            alt = clean_text(image.alt, "alternative text")
            caption = clean_text(image.caption, "caption")
            folder = self.paths.media
            if isinstance(image, Uploaded):
                uploads = self.paths.uploads
                kept = adopt(image.name, uploads, folder, draft.id, alt=alt, caption=caption)
            else:
                kept = take(Path(image.path), folder, draft.id, alt=alt, caption=caption)
            media.append(kept)
        draft = msgspec.structs.replace(draft, media=(*draft.media, *media))
        validate(draft)
        return draft

    def _guard_future(self, published: datetime, now: datetime, schedule: bool) -> None:
        if published > now and not schedule:
            shown = published.astimezone(self.config.zone)
            raise InvalidInput(
                f"{shown:%Y-%m-%d %H:%M} ({self.config.timezone}) is in the future.",
                "Correct the time, or add --schedule to hold the update back until then.",
            )

    @_guarded
    def import_items(
        self,
        items: Iterable[Item],
        *,
        source: str,
        dry_run: bool = False,
        progress: Callable[[ImportResult], None] | None = None,
    ) -> ImportResult:
        """Append what an importer found; see :mod:`liveblog.imports` and :mod:`~.bringing`.

        *source* names where it comes from, for ever: the same update of the same source is brought
        in once, however often it is tried, and an interrupted import goes on where it was cut.
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

    @_guarded
    def publish(
        self, *, full: bool = False, dry_run: bool = False, progress: Progress | None = None
    ) -> Report:
        """Bring the site in ``feeds/`` up to date; see :class:`Publisher`."""
        return self.publisher.publish(self.now, full=full, dry_run=dry_run, progress=progress)

    @_guarded
    def move(self, url: str, *, progress: Progress | None = None) -> Relocation:
        """Give the blog another address, and publish it anew; ids stay as they are.

        Only ``url`` and ``moved_from`` change in its settings. For each earlier address a folder
        in ``moved/`` holds what sends readers on from there; done again, it is written again. A
        server that runs has to be started again.

        Raises :class:`ConfigError` for what is no address of a site.
        """
        from .site.relocation import Relocation, blog_addresses, write
        from .storage.atomic import replace_file

        url = url if url.endswith("/") else f"{url}/"
        before = blog_addresses(self.config, url)
        text = self._path.read_bytes().decode()
        changed = writing.at_address(text, url, before)
        if changed != text:
            path = self._path.resolve()  # it may be a link, and not everybody's to read
            replace_file(path, changed.encode(), mode=path.stat().st_mode & 0o777)
        self.config = settings.load(self._path)
        self.__dict__.pop("publisher", None)  # it keeps the settings
        report = self.publish(progress=progress)
        pages = self.publisher.pages
        site = self.publisher.site
        folders = tuple(
            write(old, self.config, self.paths, site, pages, self._second) for old in before
        )
        return Relocation(url, before, folders, report)

    @cached_property
    def tokens(self) -> Tokens:
        """Who may write through the server."""
        from .tokens import Tokens

        return Tokens(self.paths.derived)

    @cached_property
    def outbox(self) -> Outbox:
        """What goes out to others, and what went."""
        from .delivery.outbox import Outbox

        return Outbox(self.paths.outbox)

    @cached_property
    def publisher(self) -> Publisher:
        """What brings this blog's site up to date."""
        from .site.publisher import Publisher
        from .site.storage.folder import Folder

        return Publisher(self.journal, Folder(self.paths.site), self.paths, self.config)

    @_guarded
    def printable(self, digest: Digest) -> str:
        """Return a digest as one HTML file that needs no other: style and pictures are in it."""
        from base64 import b64encode

        from .pages.render import Pages
        from .site.theme import Theme
        from .storage.inside import read_inside

        theme = Theme(self.paths.templates, self.paths.static)

        def picture(media: Media) -> str:
            data = b64encode(read_inside(self.paths.media, media.path) or b"").decode()
            return f"data:{media.type};base64,{data}"

        _, style = theme.assets()["style.css"]
        pages = Pages(self.config, templates=theme.templates)
        return pages.standalone(digest, style=style.decode(), picture=picture)

    @_guarded
    def book(self, digest: Digest, target: Path) -> Sequence[Fault]:
        """Write a digest as the book (EPUB) *target*; return which of its pictures are gone."""
        from .digest import title
        from .exports import epub
        from .pages.render import Pages

        pages = Pages(self.config, templates=self.paths.templates)
        is_whole = digest.period.id == COVERAGE
        name = digest.headline if is_whole else title(digest, self.words)
        return epub.write(digest, name, self.config, pages, self.paths.media, target)

    @_guarded
    def repair(self, *, dry_run: bool = False) -> Sequence[str]:
        """Write damaged files of the journal anew; see :meth:`liveblog.journal.Journal.repair`."""
        return self.journal.repair(dry_run=dry_run)

    @_guarded
    def check(self, *, progress: Progress | None = None) -> Health:
        """Read the whole journal and the site; say what was altered, removed or is missing."""
        from .site.verify import verify
        from .storage.inside import size_inside

        def part(number: int, done: int, total: int) -> None:
            if progress:
                progress(number * total + done, 3 * total)

        audit = self.journal.check(partial(part, 0))
        faults = list(audit.faults)
        timeline = self.timeline
        days = timeline.days()
        for number, of in enumerate(days):
            part(1, number, len(days))
            for entry in timeline.unfiltered(of).entries:
                for media in entry.now.media:
                    if size_inside(self.paths.media, media.path) != media.size:
                        hint = "Restore the file from a backup, or edit the entry."
                        problem = f"the picture of {entry.id} is gone or was altered"
                        faults.append(Fault(f"entries/media/{media.path}", problem, hint))
        verified = verify(self.publisher, self.now, partial(part, 2))
        known = {fault.place for fault in faults}
        faults += [fault for fault in verified.faults if fault.place not in known]
        return Health(faults, (*audit.notes, *verified.notes), audit.records, audit.files)


def unknown_tag(tag: str, known: Iterable[str], where: str) -> NotFound:
    """Return the error for a tag that no entry of *where* has."""
    known = sorted(known)
    hint = did_you_mean(tag, known) or (f"Tags there: {', '.join(known)}." if known else "")
    return NotFound(f"No entry of {where} has the tag '{tag}'.", hint)


def _path(media: Media) -> str:
    return media.path


__all__ = ["Blog", "Health", "Image", "Uploaded"]
