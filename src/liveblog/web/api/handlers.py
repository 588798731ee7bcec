"""The API: JSON over HTTP for everything that the composer does.

One table, :data:`OPERATIONS`, says which path takes what from whom and gives what back; the routes
and the OpenAPI document are both made from it. Handlers are plain functions that call the blog;
they run outside the event loop.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from starlette.requests import Request

from ... import digest
from ...blog import Blog, Uploaded
from ...model import addresses, limits
from ...model.draft import Draft
from ...model.entry import Figure, Framing, Instant, Media, Revision, Source, State, Verification
from ...model.errors import InvalidInput
from ...model.period import COVERAGE
from ...model.permissions import Action, may
from ...text.fragments import with_root
from ...timeline import Entry
from ...tokens import Person, Scope
from ..auth import demand
from ..errors import Problem
from ..search import Results, results
from ..static import PAGE

if TYPE_CHECKING:
    from ..context import BlogContext

JSON_LIMIT = 1_000_000
UPLOAD_LIMIT = 41_000_000


class Picture(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture of an entry: one that was uploaded, or one that it has already."""

    upload: str = ""  #: the name that uploading it gave
    path: str = ""  #: of a picture that the entry has
    alt: str  #: what a person who cannot see it should know
    caption: str = ""


class NewEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An update to post."""

    body: str = ""  #: Markdown
    title: str = ""
    published: Instant | None = None  #: the instant it speaks for, now unless given
    schedule: bool = False  #: whether an instant in the future is meant
    author: str = ""  #: needs the scope "edit"; your own name unless given
    tags: tuple[str, ...] = ()
    key: bool = False
    pinned: bool = False
    verification: Verification = ""
    sources: tuple[Source, ...] = ()
    figures: tuple[Figure, ...] = ()
    pictures: tuple[Picture, ...] = ()
    lang: str = ""


class Changes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change in an entry; what is not given stays (RFC 7396)."""

    body: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    published: Instant | UnsetType = UNSET
    schedule: bool = False
    author: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    key: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    verification: Verification | UnsetType = UNSET
    sources: tuple[Source, ...] | UnsetType = UNSET
    figures: tuple[Figure, ...] | UnsetType = UNSET
    pictures: tuple[Picture, ...] | UnsetType = UNSET
    lang: str | UnsetType = UNSET
    note: str = ""  #: makes it a correction that readers see
    minor: bool = False  #: leaves "updated" alone


CHANGEABLE = ("body", "title", "author", "tags", "key", "pinned", "verification", "sources",
              "figures", "lang")  # fmt: skip
"""The fields of :class:`Changes` that :meth:`liveblog.blog.Blog.edit` takes as they are."""


class Retraction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an entry is withdrawn; readers see it."""

    why: str


class FramingText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The text around a digest, or (for ``coverage``) on top of the live page."""

    headline: str | UnsetType = UNSET
    introduction: str | UnsetType = UNSET  #: Markdown
    close: str | UnsetType = UNSET  #: Markdown


class End(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether the coverage is over."""

    over: bool


class PictureOut(Struct, frozen=True, kw_only=True):
    """A picture of an entry."""

    path: str
    url: str
    type: str
    width: int
    height: int
    alt: str
    caption: str


class Version(Struct, frozen=True, kw_only=True):
    """One revision of an entry."""

    rev: int
    recorded: Instant | None
    published: Instant
    state: State
    author: str
    title: str
    body: str
    tags: tuple[str, ...]
    key: bool
    pinned: bool
    verification: Verification
    sources: tuple[Source, ...]
    figures: tuple[Figure, ...]
    pictures: tuple[PictureOut, ...]
    lang: str
    note: str


class EntryOut(Struct, frozen=True, kw_only=True):
    """An entry as it stands."""

    id: str
    rev: int  #: also its ETag, to be given back in If-Match
    url: str
    order: str  #: its place in the timeline; text order is time order
    state: State
    waiting: bool  #: whether readers cannot see it yet
    mine: bool  #: whether you may change it
    published: Instant
    updated: Instant
    author: str
    title: str
    body: str
    tags: tuple[str, ...]
    key: bool
    pinned: bool
    verification: Verification
    sources: tuple[Source, ...]
    figures: tuple[Figure, ...]
    pictures: tuple[PictureOut, ...]
    lang: str
    note: str
    html: str  #: as the pages show it, with addresses from the site's root
    revisions: tuple[Version, ...] = ()  #: where one entry was asked for


class Entries(Struct, frozen=True, kw_only=True):
    """A piece of the timeline, the newest first."""

    entries: tuple[EntryOut, ...]
    before: str  #: ask with this for the next piece; empty at the end


class Upload(Struct, frozen=True, kw_only=True):
    """A picture that was taken in, without its metadata."""

    name: str
    url: str  #: where whoever is signed in can look at it


class Preview(Struct, frozen=True, kw_only=True):
    """An update as readers would see it."""

    html: str


class FramingOut(Struct, frozen=True, kw_only=True):
    """The text around a digest."""

    period: str
    rev: int  #: 0 if nobody wrote any; also its ETag
    name: str  #: the period in the blog's language
    url: str
    headline: str
    introduction: str
    close: str
    ended: Instant | None  #: when the coverage was over


class Me(Struct, frozen=True, kw_only=True):
    """Who asks, and what about."""

    name: str
    scope: Scope
    blog: str
    url: str
    language: str
    timezone: str
    now: Instant


class Words(Struct, frozen=True, kw_only=True):
    """What was used lately, to be suggested."""

    tags: tuple[str, ...]
    figures: tuple[str, ...]  #: names
    authors: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A request, read and let in."""

    context: BlogContext
    visitor: Person | None  #: who was let in; an operation for anybody does not ask
    request: Request
    body: Any = None
    path: dict[str, str] = field(default_factory=dict)

    @property
    def blog(self) -> Blog:
        """The blog it is about."""
        return self.context.blog

    @property
    def person(self) -> Person:
        """Whoever was let in."""
        assert self.visitor is not None
        return self.visitor

    def entry_for(self, action: Action) -> Entry:
        """Return the entry of the path, if the person may do something to it."""
        entry = self.blog.timeline.entry(self.path["id"])
        demand(self.person, action, entry, self.blog.now)
        return entry

    def expected(self) -> int:
        """Return the revision that the client saw (If-Match, RFC 9110 §13.1.1).

        Raises :class:`Problem` 428 if it does not say.
        """
        given = self.request.headers.get("if-match")
        if given is None:
            raise Problem(
                428,
                "if_match_required",
                "Which revision do you want to change?",
                "Send its ETag in If-Match, so that nobody's work is overwritten.",
            )
        number = revision_number(given.strip().removeprefix("W/").strip('"'))
        if number is None:
            raise Problem(412, "conflict", f"If-Match is {given[:40]}, which no revision has.")
        return number


def revision_number(text: str) -> int | None:
    """Return the number of a revision as somebody sends it, or None if it cannot be one."""
    return int(text) if text.isdecimal() and len(text) <= limits.REVISION_DIGITS else None


@dataclass(frozen=True)
class Answer:
    """What an operation gives back."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """One thing that the API does."""

    method: str
    path: str  #: below ``api/``
    scope: Scope | None  #: None: anybody may
    call: Callable[[Call], Answer]
    takes: Any = None  #: type of the body; bytes for a file
    gives: Any = None
    status: int = 200
    query: tuple[str, ...] = ()
    is_reading: bool = False  #: whether a method other than GET changes nothing
    is_guarded: bool = False  #: whether it needs If-Match
    is_repeatable: bool = False  #: whether it takes an Idempotency-Key

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET" and not self.is_reading

    @property
    def limit(self) -> int:
        """How many bytes its body may have."""
        return UPLOAD_LIMIT if self.takes is bytes else JSON_LIMIT

    @property
    def summary(self) -> str:
        """What it does, in a line."""
        return (self.call.__doc__ or "").strip().partition("\n")[0]


# -- reading ------------------------------------------------------------------------------------


def me(call: Call) -> Answer:
    """Say who you are, and which blog this is."""
    config = call.blog.config
    return Answer(
        Me(
            name=call.person.name,
            scope=call.person.scope,
            blog=config.title,
            url=config.url,
            language=config.language,
            timezone=config.timezone,
            now=call.blog.now.replace(microsecond=0),
        )
    )


def words(call: Call) -> Answer:
    """List tags, figures and authors used lately, the most recent first."""
    tags: dict[str, None] = {}
    figures: dict[str, None] = {}
    authors: dict[str, None] = {}
    for number, entry in enumerate(call.blog.timeline.newest_first()):
        if number >= 300:
            break
        tags |= dict.fromkeys(entry.now.tags)
        figures |= dict.fromkeys(figure.name for figure in entry.now.figures)
        authors |= dict.fromkeys([entry.now.author] if entry.now.author else [])
    return Answer(
        Words(tags=tuple(tags)[:50], figures=tuple(figures)[:50], authors=tuple(authors)[:50])
    )


def entries(call: Call) -> Answer:
    """List entries, the newest first, with those that wait for their time."""
    before = call.request.query_params.get("before", "")
    try:
        limit = min(max(int(call.request.query_params.get("limit", "20")), 1), 100)
    except ValueError:
        raise InvalidInput("limit is not a number.", "Give one from 1 to 100.") from None
    found: list[Entry] = []
    for entry in _newest_first(call.blog, before):
        found.append(entry)
        if len(found) > limit:
            break
    shown = found[:limit]
    more = shown[-1].order if len(found) > limit else ""
    return Answer(Entries(entries=tuple(_out(call, e) for e in shown), before=more))


def _newest_first(blog: Blog, before: str) -> Iterator[Entry]:
    timeline = blog.timeline
    for of in reversed(timeline.days()):
        if before and f"{of - timedelta(days=2):%Y%m%d}" > before[:8]:
            continue
        for entry in reversed(timeline.unfiltered(of).entries):
            if entry.now.state != "removed" and (not before or entry.order < before):
                yield entry


def search(call: Call) -> Answer:
    """Find updates that readers can see and that hold every word of q, the best first."""
    headers = {"access-control-allow-origin": "*", "cache-control": PAGE}
    return Answer(results(call.context, call.request), headers=headers)


def entry(call: Call) -> Answer:
    """Return one entry with all its revisions."""
    return _entry_answer(call, call.path["id"], with_revisions=True)


def framing(call: Call) -> Answer:
    """Return the headline, introduction and close of a day, week or range, or of the coverage."""
    return _framing_answer(call, call.path["period"])


# -- writing ------------------------------------------------------------------------------------


def post(call: Call) -> Answer:
    """Post an update; sent twice with one Idempotency-Key, it is posted once."""
    given: NewEntry = call.body
    key = call.request.headers.get("idempotency-key", "").strip('" ')
    if key:
        # Two people may hit on the same key; and a key of any length fits.
        key = hashlib.sha256(f"{call.person.hash} {key}".encode()).hexdigest()[:32]
    posted = call.blog.post(
        given.body,
        title=given.title,
        at=given.published,
        schedule=given.schedule,
        author=_author(call, given.author),
        tags=given.tags,
        key=given.key,
        pinned=given.pinned,
        verification=given.verification,
        sources=given.sources,
        figures=given.figures,
        images=_pictures(given.pictures, ()),  # type: ignore[arg-type]
        lang=given.lang,
        idempotency_key=key,
    )
    call.context.watcher.wake()
    answer = _entry_answer(call, posted.id, status=201)
    answer.headers["location"] = f"{call.context.path}api/entries/{posted.id}"
    return answer


def change(call: Call) -> Answer:
    """Change an entry; with a note it is a correction that readers see."""
    given: Changes = call.body
    old = call.entry_for("edit").now
    changes = {name: value for name in CHANGEABLE if (value := getattr(given, name)) is not UNSET}
    if "author" in changes:
        changes["author"] = _author(call, changes["author"])
    call.blog.edit(
        old.id,
        note=given.note,
        minor=given.minor,
        schedule=given.schedule,
        at=None if given.published is UNSET else given.published,
        images=None if given.pictures is UNSET else _pictures(given.pictures, old.media),
        expect=call.expected(),
        **changes,
    )
    call.context.watcher.wake()
    return _entry_answer(call, old.id)


def retract(call: Call) -> Answer:
    """Withdraw an entry; its place stays and says why."""
    old = call.entry_for("retract")
    call.blog.retract(old.id, why=call.body.why, expect=call.expected())
    call.context.watcher.wake()
    return _entry_answer(call, old.id)


def remove(call: Call) -> Answer:
    """Take an entry away from the site; your own of the last minute without the scope "admin"."""
    is_purged = call.request.query_params.get("purge") == "true"
    old = call.entry_for("purge" if is_purged else "remove")
    # Nobody has to say which revision they saw.
    # Who asks again after a lost answer saw an older one.
    is_told = "if-match" in call.request.headers and old.now.state != "removed"
    expect = call.expected() if is_told else None
    call.blog.remove(old.id, author=call.person.name, purge=is_purged, expect=expect)
    call.context.watcher.wake()
    return Answer(status=204)


def upload(call: Call) -> Answer:
    """Take in a picture (JPEG, PNG, WebP, GIF) for an update to come; its metadata is dropped."""
    name = call.blog.upload(call.body, name="The picture")
    return Answer(Upload(name=name, url=f"{call.context.path}api/uploads/{name}"), status=201)


def preview(call: Call) -> Answer:
    """Show an update as readers would see it; nothing is kept."""
    given: NewEntry = call.body
    limits.check_bytes(given.body, limits.BODY_BYTES, "body")
    draft = call.blog.preview(
        Draft(
            body=given.body,
            title=given.title,
            published=given.published,
            author=_author(call, given.author),
            tags=given.tags,
            key=given.key,
            verification=given.verification,
            sources=given.sources,
            figures=given.figures,
            lang=given.lang,
        )
    )
    return Answer(Preview(html=_html(call, Entry((draft,)))))


def frame(call: Call) -> Answer:
    """Write the headline, introduction and close of a digest, or of the live page."""
    given: FramingText = call.body
    if given == FramingText():
        raise InvalidInput("There is nothing to change.", "Send headline, introduction or close.")
    period = _period(call, call.path["period"])
    call.blog.frame(
        period,
        headline=given.headline,
        introduction=given.introduction,
        close=given.close,
        author=call.person.name,
        expect=call.expected(),
    )
    call.context.watcher.wake()
    return _framing_answer(call, period)


def end(call: Call) -> Answer:
    """End the coverage, or take the end back."""
    if call.body.over:
        call.blog.end()
    else:
        call.blog.resume()
    call.context.watcher.wake()
    return _framing_answer(call, COVERAGE)


OPERATIONS: Sequence[Operation] = (
    Operation("GET", "me", "post", me, gives=Me),
    Operation("GET", "search", None, search, gives=Results,
              query=("q", "tag", "author", "limit", "offset")),
    Operation("GET", "words", "post", words, gives=Words),
    Operation("GET", "entries", "post", entries, gives=Entries, query=("before", "limit")),
    Operation("POST", "entries", "post", post, takes=NewEntry, gives=EntryOut, status=201,
              is_repeatable=True),
    Operation("GET", "entries/{id}", "post", entry, gives=EntryOut),
    Operation("PATCH", "entries/{id}", "post", change, takes=Changes, gives=EntryOut,
              is_guarded=True),
    Operation("DELETE", "entries/{id}", "post", remove, status=204, query=("purge",)),
    Operation("POST", "entries/{id}/retraction", "post", retract, takes=Retraction,
              gives=EntryOut, is_guarded=True),
    Operation("POST", "uploads", "post", upload, takes=bytes, gives=Upload, status=201),
    Operation("POST", "preview", "post", preview, takes=NewEntry, gives=Preview,
              is_reading=True),
    Operation("GET", "digests/{period}", "post", framing, gives=FramingOut),
    Operation("PUT", "digests/{period}", "edit", frame, takes=FramingText, gives=FramingOut,
              is_guarded=True),
    Operation("PUT", "coverage", "admin", end, takes=End, gives=FramingOut),
)  # fmt: skip


# -- inside -------------------------------------------------------------------------------------


def _author(call: Call, given: str) -> str:
    """Return who signs an update: oneself, or another where one may sign for them."""
    if given and given != call.person.name:
        demand(call.person, "sign")
    return given or call.person.name


def _pictures(given: Iterable[Picture], kept: Sequence[Media]) -> list[Uploaded | Media]:
    by_path = {media.path: media for media in kept}
    found: list[Uploaded | Media] = []
    for picture in given:
        if picture.upload:
            found.append(Uploaded(picture.upload, picture.alt, picture.caption))
        elif picture.path in by_path:
            found.append(
                msgspec.structs.replace(
                    by_path[picture.path], alt=picture.alt, caption=picture.caption
                )
            )
        else:
            raise InvalidInput(
                f"The entry has no picture '{picture.path}'.", "Upload it, or leave it out."
            )
    return found


def _period(call: Call, text: str) -> str:
    return COVERAGE if text == COVERAGE else call.blog.period(text).id


def _entry_answer(
    call: Call, entry_id: str, *, status: int = 200, with_revisions: bool = False
) -> Answer:
    found = call.blog.timeline.entry(entry_id)
    if found.now.state == "removed":
        raise Problem(410, "gone", f"{entry_id} was removed.")
    out = _out(call, found, with_revisions=with_revisions)
    return Answer(out, status, {"etag": f'"{out.rev}"'})


def _out(call: Call, found: Entry, *, with_revisions: bool = False) -> EntryOut:
    now = found.now
    base = call.blog.config.url
    return EntryOut(
        id=found.id,
        rev=now.rev,
        url=addresses.url(base, addresses.entry_path(found.id)),
        order=found.order,
        state=now.state,
        waiting=now.published > call.blog.now,
        mine=may(call.person, "edit", found.revisions),
        published=now.published.astimezone(UTC),
        updated=now.updated,
        author=now.author,
        title=now.title,
        body=now.body,
        tags=now.tags,
        key=now.key,
        pinned=now.pinned,
        verification=now.verification,
        sources=now.sources,
        figures=now.figures,
        pictures=_pictures_out(call, now),
        lang=now.lang,
        note=now.note,
        html=_html(call, found),
        revisions=tuple(_version(call, r) for r in found.revisions) if with_revisions else (),
    )


def _version(call: Call, revision: Revision) -> Version:
    return Version(
        rev=revision.rev,
        recorded=revision.recorded,
        published=revision.published,
        state=revision.state,
        author=revision.author,
        title=revision.title,
        body=revision.body,
        tags=revision.tags,
        key=revision.key,
        pinned=revision.pinned,
        verification=revision.verification,
        sources=revision.sources,
        figures=revision.figures,
        pictures=_pictures_out(call, revision),
        lang=revision.lang,
        note=revision.note,
    )


def _pictures_out(call: Call, revision: Revision) -> tuple[PictureOut, ...]:
    return tuple(
        PictureOut(
            path=media.path,
            url=call.context.path + addresses.url("", addresses.media_path(media.path)),
            type=media.type,
            width=media.width,
            height=media.height,
            alt=media.alt,
            caption=media.caption,
        )
        for media in revision.media
    )


def _html(call: Call, found: Entry) -> str:
    return with_root(call.blog.publisher.pages.article(found), call.context.path)


def _framing_answer(call: Call, text: str) -> Answer:
    name = _period(call, text)
    found = call.blog.timeline.framing(name) or Framing(period=name)
    label = call.blog.config.title
    path = ""
    if name != COVERAGE:
        of = call.blog.period(name)
        label, path = digest.label(of, call.blog.words), addresses.period_path(of)
    out = FramingOut(
        period=name,
        rev=found.rev,
        name=label,
        url=addresses.url(call.blog.config.url, path),
        headline=found.headline,
        introduction=found.introduction,
        close=found.close,
        ended=found.ended,
    )
    return Answer(out, headers={"etag": f'"{out.rev}"'})
