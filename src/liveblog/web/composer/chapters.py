"""The composer's pages for chapters: their list, and the form beside the updates that it quotes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, cast

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from ...blog import Uploaded
from ...chapters import ChapterHistory
from ...model.chapter import Chapter
from ...model.conflicts import Conflict
from ...model.errors import LiveblogError
from .. import errors
from ..api.chapters import chapter_image, chapter_out
from ..api.schema import Picture
from ..errors import Problem
from . import history
from .chapter_form import ChapterFields, image_change
from .quotable import Quotable, quotable, quotation_for
from .site import ComposerSite, Visit


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of the pages and of their forms."""
    one = "/compose/chapters/{slug}"
    return [
        Route("/compose/chapters", site.endpoint("edit", chapters)),
        Route("/compose/chapter", site.endpoint("edit", blank)),
        Route("/compose/chapter", site.endpoint("edit", create), methods=["POST"]),
        Route(one, site.endpoint("edit", chapter)),
        Route(one, site.endpoint("edit", edit), methods=["POST"]),
        Route(f"{one}/retract", site.endpoint("edit", retract), methods=["POST"]),
        Route(f"{one}/remove", site.endpoint("admin", remove), methods=["POST"]),
        Route(f"{one}/restore", site.endpoint("admin", restore), methods=["POST"]),
    ]


def chapters(visit: Visit) -> Response:
    """List the chapters, removed ones too."""
    found = visit.blog.timeline.unfiltered_chapters()
    return visit.page(
        "compose_chapters.html",
        chapters=[chapter_out(visit.site.context, each.now) for each in found],
        done=visit.request.query_params.get("done", ""),
    )


def blank(visit: Visit) -> Response:
    """Show the form of a new chapter, over the week that is over."""
    week = visit.blog.period("last-week")
    fields = ChapterFields(start=week.start.isoformat(), end=week.end.isoformat())
    return _page(visit, fields, None, key=secrets.token_urlsafe(16))


def create(visit: Visit) -> Response:
    """Create a chapter; or quote an update, or show other days, and create none."""
    fields, key = ChapterFields(), visit.form.one("key_of_draft") or secrets.token_urlsafe(16)
    try:
        visit.form.need("introduction")
        fields = _with_file(visit, ChapterFields.read(visit.form, fields))
        if action := visit.form.one("do"):
            return _page(visit, _with_quote(visit, fields, action), None, key=key)
        _check(fields)
        created = visit.newsroom.create_chapter(
            fields.draft(visit.blog),
            slug=fields.slug,
            image=cast("Uploaded | None", chapter_image(fields.picture)),
            schedule=bool(fields.when),
            key=key,
        )
    except (Problem, LiveblogError) as error:
        return _page(visit, fields, None, error=error, key=key)
    return visit.site.redirect(f"compose/chapters?done={created.rev}")


def chapter(visit: Visit) -> Response:
    """Show a chapter with its form."""
    found = visit.blog.timeline.chapter(visit.path("slug"))
    return _page(visit, _fields_of(visit, found.now), found)


def edit(visit: Visit) -> Response:
    """Edit a chapter; after a conflict, show both versions."""
    form = visit.form
    found = visit.blog.timeline.chapter(visit.path("slug"))
    rev = form.one("rev")
    seen = next((r for r in found.revisions if str(r.rev) == rev), found.now)
    before = fields = _fields_of(visit, seen)
    try:
        form.need("introduction")
        fields = _with_file(visit, ChapterFields.read(form, before))
        if action := form.one("do"):
            return _page(visit, _with_quote(visit, fields, action), found, rev=seen.rev)
        _check(fields)
        visit.newsroom.edit_chapter(
            found.now.slug,
            fields.changes(before, visit.blog),
            image=chapter_image(image_change(fields, before), found.now),
            schedule=bool(fields.when),
            note=form.one("note"),
            minor=bool(form.one("minor")),
            expect=visit.expected(),
        )
    except Conflict as conflict:
        newest = visit.blog.timeline.chapter(found.now.slug)
        theirs = _fields_of(visit, newest.now)
        return _page(visit, fields.merged(before, theirs), newest, error=conflict, theirs=theirs)
    except (Problem, LiveblogError) as error:
        return _page(visit, fields, found, error=error, rev=seen.rev)
    return visit.site.redirect("compose/chapters?done=1")


def retract(visit: Visit) -> Response:
    """Retract a chapter."""

    def change(slug: str) -> None:
        visit.form.need("why")
        visit.newsroom.retract_chapter(slug, visit.form.one("why"), expect=visit.expected())

    return _try(visit, change)


def remove(visit: Visit) -> Response:
    """Remove a chapter."""

    def change(slug: str) -> None:
        visit.form.need("sure")
        visit.newsroom.remove_chapter(slug, expect=visit.expected())

    return _try(visit, change)


def restore(visit: Visit) -> Response:
    """Restore a chapter that was removed."""
    return _try(visit, lambda s: visit.newsroom.restore_chapter(s, expect=visit.expected()))


def _try(visit: Visit, change: Callable[[str], None]) -> Response:
    """Change a chapter; if that is refused, show its page with the reason."""
    found = visit.blog.timeline.chapter(visit.path("slug"))
    try:
        change(found.now.slug)
    except (Problem, LiveblogError) as error:
        return _page(visit, _fields_of(visit, found.now), found, error=error)
    return visit.site.redirect("compose/chapters?done=1")


def _fields_of(visit: Visit, found: Chapter) -> ChapterFields:
    config = visit.blog.config
    return ChapterFields.of(found, config.zone, config.first_weekday)


def _page(
    visit: Visit,
    fields: ChapterFields,
    found: ChapterHistory | None,
    *,
    error: Exception | None = None,
    theirs: ChapterFields | None = None,
    rev: int | None = None,
    key: str = "",
) -> Response:
    """Return the page of a chapter, or of a new one; what was refused stays in the form."""
    entries, more = _quotable(visit, fields)
    values: dict[str, Any] = {"theirs": None, "difference": ()}
    if theirs:
        other, own = (f"{each.introduction}\n\n{each.close}" for each in (theirs, fields))
        values["theirs"] = {"title": theirs.title, "text": other}
        values["difference"] = history.differences(other, own)
    return visit.page(
        "compose_chapter.html",
        errors.of(error) if error else None,
        chapter=chapter_out(visit.site.context, found.now) if found else None,
        fields=fields,
        rev=(found.now.rev if found else 0) if rev is None else rev,
        key_of_draft=key,
        note=visit.form.one("note"),
        minor=visit.form.one("minor"),
        is_open=bool(error and fields.slug),
        entries=entries,
        more=more,
        done=visit.request.query_params.get("done", ""),
        quoted=visit.form.one("do").partition(" ")[2],
        **values,
    )


def _quotable(visit: Visit, fields: ChapterFields) -> tuple[list[Quotable], int]:
    """Return the updates of the days in the form, and how many more there are."""
    try:
        days = fields.days()
    except LiveblogError:
        return [], 0  # the form says what is wrong when it is sent
    return quotable(visit, days.days() if days else ())


def _with_quote(visit: Visit, fields: ChapterFields, action: str) -> ChapterFields:
    """Return the fields with an update quoted at the end of a text: ``introduction ID``."""
    name, text = quotation_for(visit, action)
    if not name:
        return fields
    parts = (getattr(fields, name), text)
    return msgspec.structs.replace(fields, **{name: "\n\n".join(filter(None, parts))})


def _with_file(visit: Visit, fields: ChapterFields) -> ChapterFields:
    """Upload the picture that came with the form; it stays even if the rest is refused."""
    if not visit.form.picture:
        return fields
    name = visit.blog.upload(visit.form.picture, "The picture")
    alt, caption = (visit.form.one(each).strip() for each in ("file_alt", "file_caption"))
    new = Picture(upload=name, alt=alt, caption=caption)
    return msgspec.structs.replace(fields, picture=new)


def _check(fields: ChapterFields) -> None:
    """Refuse what is wrong most often, in words that the page says in the blog's language."""
    if fields.picture and not fields.picture.alt:
        raise Problem(422, "no_alt", "A picture has no alternative text.")
