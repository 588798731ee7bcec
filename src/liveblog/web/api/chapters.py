"""The operations of the API on chapters: list, create, change, retract and remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from msgspec import UNSET, UnsetType

from ...blog import Blog, Uploaded
from ...chapter_editor import ChapterImage
from ...chapters import ChapterHistory
from ...digest import chapter_title, label
from ...model import addresses
from ...model.chapter import Chapter, ChapterDraft
from ...model.errors import NotFound
from ...model.period import parse_period_id
from ..context import BlogContext
from ..newsroom import expected_by_removal, expected_revision
from .documents import images_of, picture_out
from .operation import Answer, Call, Operation
from .schema import ChapterChanges, ChapterOut, Chapters, NewChapter, Picture, Retraction


def chapter_out(context: BlogContext, chapter: Chapter) -> ChapterOut:
    """Return a chapter as the API gives it."""
    blog = context.blog
    period = parse_period_id(chapter.period, blog.config.first_weekday)
    return ChapterOut(
        slug=chapter.slug,
        url=addresses.url(blog.config.url, addresses.chapter_path(chapter.slug)),
        rev=chapter.rev,
        published=chapter.published,
        updated=chapter.updated,
        waiting=chapter.published > blog.now,
        period=chapter.period,
        dates=label(period, blog.words),
        title=chapter_title(chapter, blog.words),
        introduction=chapter.introduction,
        close=chapter.close,
        picture=picture_out(chapter.picture, context.path) if chapter.picture else None,
        authors=chapter.authors,
        tags=chapter.tags,
        key=chapter.key,
        state=chapter.state,
        note=chapter.note,
    )


def chapter_draft(blog: Blog, given: ChapterDraft) -> ChapterDraft:
    """Return the draft that a client sent; its period may be named as people do (``last-week``)."""
    fields = {name: getattr(given, name) for name in ChapterDraft.__struct_fields__}
    if given.period is not UNSET:
        fields["period"] = blog.period(given.period).id
    return ChapterDraft(**fields)


def chapter_image(
    given: Picture | UnsetType | None, known: Chapter | None = None
) -> ChapterImage | UnsetType:
    """Return the picture that a client chose; *known* is the chapter as it was.

    Raises :class:`InvalidInput` for a picture that is neither uploaded nor the chapter's.
    """
    if not isinstance(given, Picture):
        return given
    old = [known.picture] if known and known.picture else []
    return images_of([given], old)[0]


def readable_chapter(blog: Blog, slug: str) -> ChapterHistory:
    """Return a chapter; a removed one is not found.

    Raises :class:`NotFound`.
    """
    found = blog.timeline.chapter(slug)
    if found.now.state == "removed":
        raise NotFound(
            f"The chapter '{slug[:80]}' was removed.",
            "Restore it in the composer, or through the API.",
        )
    return found


def chapters(call: Call) -> Answer:
    """List the chapters, that of the newest period first, including scheduled ones."""
    found = (chapter.now for chapter in call.blog.timeline.unfiltered_chapters())
    shown = (chapter_out(call.context, chapter) for chapter in found if chapter.state != "removed")
    return Answer(Chapters(chapters=tuple(shown)))


def chapter(call: Call) -> Answer:
    """Return one chapter."""
    return _answer(call, _slug(call))


def create(call: Call) -> Answer:
    """Create a chapter; sent twice with one Idempotency-Key, it is created once."""
    given: NewChapter = call.body
    key = (call.request.headers.get("idempotency-key") or "").strip('" ')
    created = call.newsroom.create_chapter(
        chapter_draft(call.blog, given),
        slug=given.slug,
        image=cast("Uploaded | None", chapter_image(given.picture)),
        schedule=given.schedule,
        key=key,
    )
    answer = _answer(call, created.slug)
    path = addresses.url(f"{call.context.path}api/chapters/", created.slug)
    answer.headers["location"] = path
    return answer


def change(call: Call) -> Answer:
    """Change a chapter; with a note it is a correction that readers see."""
    given: ChapterChanges = call.body
    old = readable_chapter(call.blog, _slug(call)).now
    call.newsroom.edit_chapter(
        old.slug,
        chapter_draft(call.blog, given),
        image=chapter_image(given.picture, old),
        schedule=given.schedule,
        note=given.note,
        minor=given.minor,
        expect=expected_revision(call.request.headers.get("if-match")),
    )
    return _answer(call, old.slug)


def retract(call: Call) -> Answer:
    """Retract a chapter; a notice with the reason stays in its place."""
    expect = expected_revision(call.request.headers.get("if-match"))
    call.newsroom.retract_chapter(_slug(call), call.body.why, expect=expect)
    return _answer(call, _slug(call))


def remove(call: Call) -> Answer:
    """Remove a chapter; its entries stay."""
    is_purge = call.request.query_params.get("purge") == "true"
    found = call.blog.timeline.chapter(_slug(call)).now
    expect = expected_by_removal(call.request.headers.get("if-match"), found.state)
    call.newsroom.remove_chapter(found.slug, purge=is_purge, expect=expect)
    return Answer()


def restore(call: Call) -> Answer:
    """Restore a chapter that was removed, as it was before; not one that was purged."""
    call.newsroom.restore_chapter(_slug(call))
    return _answer(call, _slug(call))


OPERATIONS: Sequence[Operation] = (
    Operation("GET", "chapters", "post", chapters, gives=Chapters),
    Operation("POST", "chapters", "edit", create, takes=NewChapter, gives=ChapterOut, status=201,
              is_repeatable=True),
    Operation("GET", "chapters/{slug}", "post", chapter, gives=ChapterOut),
    Operation("PATCH", "chapters/{slug}", "edit", change, takes=ChapterChanges, gives=ChapterOut,
              is_guarded=True),
    Operation("DELETE", "chapters/{slug}", "admin", remove, status=204, query=("purge",)),
    Operation("POST", "chapters/{slug}/retraction", "edit", retract, takes=Retraction,
              gives=ChapterOut, is_guarded=True),
    Operation("POST", "chapters/{slug}/restoration", "admin", restore, gives=ChapterOut),
)  # fmt: skip


def _slug(call: Call) -> str:
    slug: str = call.request.path_params["slug"]
    return slug


def _answer(call: Call, slug: str) -> Answer:
    found = readable_chapter(call.blog, slug).now
    return Answer(chapter_out(call.context, found), {"etag": f'"{found.rev}"'})
