"""The composer's pages for entries: post, list, edit, pin, retract, remove."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote, urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from ...blog import Uploaded
from ...model import addresses
from ...model.chapter import PREFIX
from ...model.conflicts import Conflict
from ...model.draft import FIELDS, Draft
from ...model.entry import MEDIA_PATH, Source
from ...model.errors import LiveblogError
from ...text.bidi import close_controls
from ...text.fragments import without_picture_sizes
from ...text.plain import shorten
from .. import errors
from ..api import documents
from ..api.schema import EntryBase, Picture
from ..errors import Problem
from . import history
from .forms import Fields
from .site import SHARED, Answer, ComposerSite, Visit

MAX_QUOTING = 50
"""Maximum number of texts that are named which quoted an entry that was removed."""

NAME_CHARACTERS = 60
"""Maximum number of characters of an entry's title or first words in a list to choose from."""


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of the pages and of their forms."""

    def page(path: str, answer: Answer) -> Route:
        return Route(f"/compose{path}", site.endpoint("post", answer))

    def form(path: str, answer: Answer) -> Route:
        return Route(f"/compose{path}", site.endpoint("post", answer), methods=["POST"])

    return [
        page("", compose),
        Route("/compose/", lambda _: site.redirect("compose")),
        form("", post),
        page("/entries", entries),
        page("/entries/{id}", entry),
        form("/entries/{id}", edit),
        form("/entries/{id}/pin", lambda visit: pin(visit, True)),
        form("/entries/{id}/unpin", lambda visit: pin(visit, False)),
        form("/entries/{id}/retract", retract),
        form("/entries/{id}/remove", remove),
        page("/media/{path:path}", picture),
    ]


def compose(visit: Visit) -> Response:
    """Show the composer; another app may have filled in title, text and address."""
    given = {name: visit.request.query_params.get(name, "") for name in SHARED}
    sources = _source_of(given["url"])
    fields = Fields.new(title=given["title"], body=given["text"], sources=sources)
    return _composer(visit, fields, secrets.token_urlsafe(16))


def post(visit: Visit) -> Response:
    """Post a new entry."""
    fields, key = Fields.new(), visit.form.one("key_of_draft") or secrets.token_urlsafe(16)
    try:
        visit.form.need("body")
        fields = Fields.read(visit.form, fields)
        fields = _with_file(visit, fields)
        _check(fields)
        posted = visit.newsroom.post(
            fields.draft(visit.blog),
            images=cast(list[Uploaded], documents.images_of(fields.pictures, ())),
            schedule=fields.is_dated,
            key=key,
        )
    except (Problem, LiveblogError) as error:
        return _composer(visit, fields, key, errors.of(error))
    return visit.site.redirect(f"compose?done={posted.id}")


def _composer(visit: Visit, fields: Fields, key: str, problem: Problem | None = None) -> Response:
    done = visit.request.query_params.get("done", "")
    listed = _listed(visit, done)
    sent = next((e for e in (*listed["planned"], *listed["entries"]) if e.id == done), None)
    return visit.page(
        "compose.html",
        problem,
        fields=fields,
        key_of_draft=key,
        done=sent,
        quoting=_quoting(visit),
        **listed,
    )


def entries(visit: Visit) -> Response:
    """Show a part of the list of entries."""
    top = visit.request.query_params.get("top", "")
    return visit.page("fragments/newsroom_entries.html", **_listed(visit, top))


def _listed(visit: Visit, top: str) -> dict[str, Any]:
    """Return what the list shows: what is scheduled, and the newest, the entry *top* first."""
    before = visit.request.query_params.get("before", "")
    found = documents.newest_entries(visit.newsroom, before=before, with_scheduled=False)
    newest = list(found.entries)
    planned = [] if before else documents.scheduled_entries(visit.newsroom)
    if top and not before and all(out.id != top for out in planned):
        newest = [*_if_readable(visit, top), *(out for out in newest if out.id != top)]
    names = {out.id: _name(visit, out) for out in (*planned, *newest) if out.state == "live"}
    return {
        "planned": [_with_own_pictures(visit, out) for out in planned],
        "entries": [_with_own_pictures(visit, out) for out in newest],
        "before": found.before,
        "names": names,
        "top": top,
    }


def _if_readable(visit: Visit, entry_id: str) -> list[EntryBase]:
    """Return the document of an entry, if there is one that was not removed."""
    try:
        found = documents.readable_entry(visit.blog, entry_id)
    except (Problem, LiveblogError):
        return []
    return [documents.entry_out(visit.newsroom, found)]


def _name(visit: Visit, out: Any) -> str:
    """Return an entry's date, time, and title or first words, to choose it from a list.

    *out* is an ``EntryOut``.
    """
    words = visit.blog.words
    when = [words.short_day(out.moment.day_in(words.zone)), words.shown_time(out.moment)]
    text = out.title or " ".join(out.body.split())
    return f"{' '.join(filter(None, when))} – {shorten(close_controls(text), NAME_CHARACTERS)}"


def _with_own_pictures(visit: Visit, out: EntryBase) -> EntryBase:
    """Let the composer serve the pictures: the site has them only after its publication."""
    root = visit.site.root
    old, new = f'src="{root}media/', f'src="{root}compose/media/'
    html = without_picture_sizes(out.html).replace(old, new)
    return msgspec.structs.replace(out, html=html)


def picture(visit: Visit) -> Response:
    """Serve a picture of an entry, which the site may not have yet."""
    path = visit.path("path")
    if not MEDIA_PATH.fullmatch(path):
        raise HTTPException(404)
    folder = visit.blog.paths.media.resolve()
    file = (folder / path).resolve()
    if not file.is_relative_to(folder) or not file.is_file():
        raise HTTPException(404)
    headers = {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}
    return FileResponse(file, headers=headers)


def entry(visit: Visit) -> Response:
    """Show an entry with its form and its history."""
    return _entry_page(visit)


def _entry_page(
    visit: Visit,
    fields: Fields | None = None,
    rev: int = 0,
    error: Exception | None = None,
    theirs: Fields | None = None,
) -> Response:
    """Return the page of an entry; its form shows *fields*, which were refused, if given."""
    entry = documents.readable_entry(visit.newsroom.blog, visit.path("id"))
    fields = fields or Fields.of(entry.now, visit.blog.config.zone)
    newsroom = visit.newsroom
    others = (
        documents.entry_out(newsroom, other)
        for other in newsroom.blog.timeline.unfiltered(entry.day).entries
        if other.id != entry.id and other.now.state == "live"
    )
    return visit.page(
        "compose_entry.html",
        errors.of(error) if error else None,
        entry=_with_own_pictures(visit, documents.entry_out(visit.newsroom, entry)),
        fields=fields,
        names={other.id: _name(visit, other) for other in others},
        rev=rev or entry.now.rev,
        theirs=theirs,
        note=visit.form.one("note"),
        minor=visit.form.one("minor"),
        steps=history.steps(entry),
        labels={field.name: field.label for field in FIELDS},
        difference=history.differences(theirs.body or "", fields.body or "") if theirs else (),
    )


def pin(visit: Visit, is_pinned: bool) -> Response:
    """Pin or unpin an entry."""

    def change(entry_id: str) -> None:
        draft, rev = Draft(pinned=is_pinned), visit.expected()
        visit.newsroom.edit(entry_id, draft, schedule=False, minor=True, expect=rev)

    return _try(visit, change)


def edit(visit: Visit) -> Response:
    """Edit an entry; after a conflict, show both versions."""
    form, zone = visit.form, visit.blog.config.zone
    entry = visit.blog.timeline.entry(visit.path("id"))
    rev = form.one("rev")
    seen = next((r for r in entry.revisions if str(r.rev) == rev), entry.now)
    before = fields = Fields.of(seen, zone)
    try:
        form.need("body")
        fields = _with_file(visit, Fields.read(form, before))
        _check(fields)
        images = None
        if fields.pictures != before.pictures:
            images = documents.images_of(fields.pictures, entry.now.media)
        visit.newsroom.edit(
            entry.id,
            fields.changes(before, visit.blog),
            images=images,
            schedule=fields.is_dated,
            note=form.one("note"),
            minor=bool(form.one("minor")),
            expect=visit.expected(),
        )
    except Conflict as conflict:
        theirs = Fields.of(visit.blog.timeline.entry(entry.id).now, zone)
        merged = fields.merged(before, theirs)
        return _entry_page(visit, merged, error=conflict, theirs=theirs)
    except (Problem, LiveblogError) as error:
        return _entry_page(visit, fields, seen.rev, error)
    return visit.site.redirect(f"compose?done={entry.id}")


def retract(visit: Visit) -> Response:
    """Retract an entry."""

    def change(entry_id: str) -> None:
        visit.form.need("why")
        visit.newsroom.retract(entry_id, visit.form.one("why"), expect=visit.expected())

    return _try(visit, change)


def remove(visit: Visit) -> Response:
    """Remove an entry."""
    quoted_by: list[str] = []

    def change(entry_id: str) -> None:
        visit.form.need("sure")
        quoted_by.extend(visit.newsroom.remove(entry_id))

    done = _try(visit, change)
    if not quoted_by:
        return done
    return visit.site.redirect(f"compose?{urlencode({'quoted': quoted_by}, doseq=True)}")


def _quoting(visit: Visit) -> list[tuple[str, str]]:
    """Return the address and the name of what quoted the entry that was just removed."""
    shown = []
    for name in visit.request.query_params.getlist("quoted")[:MAX_QUOTING]:
        slug, is_chapter = name.removeprefix(PREFIX), name.startswith(PREFIX)
        try:
            if is_chapter:
                label = visit.blog.timeline.chapter(slug).now.title or slug
            else:
                label = documents.framing_of(visit.blog, name).name
        except LiveblogError:
            continue
        kind = "chapters" if is_chapter else "digests"
        shown.append((f"{visit.site.root}compose/{kind}/{quote(slug)}", label))
    return shown


def _try(visit: Visit, change: Callable[[str], None]) -> Response:
    """Change an entry; if that is refused, show its page with the reason."""
    try:
        change(visit.path("id"))
    except (Problem, LiveblogError) as error:
        return _entry_page(visit, error=error)
    return visit.site.redirect("compose")


def _with_file(visit: Visit, fields: Fields) -> Fields:
    """Upload the picture that came with the form; it stays even if the rest is refused."""
    if not visit.form.picture:
        return fields
    name = visit.blog.upload(visit.form.picture, "The picture")
    new = Picture(upload=name, alt=visit.form.one("file_alt").strip(),
                      caption=visit.form.one("file_caption").strip())  # fmt: skip
    return msgspec.structs.replace(fields, pictures=(*fields.pictures, new))


def _source_of(url: str) -> tuple[Source, ...]:
    """Return an address that another app handed over as a source; nothing if it is none."""
    host = addresses.host(addresses.web_address(url))
    return (Source(host, url),) if host else ()


def _check(fields: Fields) -> None:
    """Refuse what is wrong most often, in words that the page says in the blog's language."""
    if not ((fields.body or "").strip() or fields.title or fields.pictures):
        raise Problem(422, "empty", "The update is empty.")
    if any(not picture.alt for picture in fields.pictures):
        raise Problem(422, "no_alt", "A picture has no alternative text.")
