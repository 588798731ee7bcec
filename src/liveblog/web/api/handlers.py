"""The operations of the API: post, change, retract, remove, upload, frame, search and others.

Handlers are plain functions that run outside the event loop. :data:`OPERATIONS` lists the path,
scope, body and result of each; the routes and the OpenAPI document are made from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import cast

from msgspec import UNSET

from ...blog import Uploaded
from ...model import limits
from ...model.chapter import PREFIX
from ...model.period import COVERAGE
from ...timeline import Entry
from ..newsroom import expected_by_removal, expected_revision
from ..request_input import query_number
from ..search import Results, results
from ..static import PAGE
from . import chapters
from .documents import (
    draft_of,
    entry_html,
    entry_out,
    framing_of,
    images_of,
    newest_entries,
    period_id,
    readable_entry,
)
from .operation import Answer, Call, Operation
from .schema import (
    Changes,
    End,
    Entries,
    EntryOut,
    FramingOut,
    FramingText,
    Me,
    NewEntry,
    Preview,
    Removal,
    Retraction,
    Upload,
    Words,
)

_LATELY = 300
"""Number of the newest entries whose tags, figures and authors are suggested."""


# -- reading ------------------------------------------------------------------------------------


def me(call: Call) -> Answer:
    """Return the holder of the token, and the blog."""
    config, person = call.blog.config, call.newsroom.person
    return Answer(
        Me(
            name=person.name,
            scope=person.scope,
            blog=config.title,
            url=config.url,
            language=config.language,
            timezone=config.timezone,
            now=call.blog.now.replace(microsecond=0),
        )
    )


def words(call: Call) -> Answer:
    """List tags, figures and authors of recent entries, the most recent first."""
    tags: dict[str, None] = {}
    figures: dict[str, None] = {}
    authors: dict[str, None] = {}
    for entry in islice(call.blog.timeline.newest_first(), _LATELY):
        tags |= dict.fromkeys(entry.now.tags)
        figures |= dict.fromkeys(figure.name for figure in entry.now.figures)
        authors |= dict.fromkeys([entry.now.author] if entry.now.author else [])
    return Answer(
        Words(tags=tuple(tags)[:50], figures=tuple(figures)[:50], authors=tuple(authors)[:50])
    )


def entries(call: Call) -> Answer:
    """List entries, the newest first, including scheduled ones."""
    limit = query_number(call.request, "limit", 20, 1, 100)
    before = call.request.query_params.get("before", "")
    return Answer(newest_entries(call.newsroom, before=before, limit=limit))


def search(call: Call) -> Answer:
    """Search the entries that readers can see for every word of q; the best come first."""
    headers = {"access-control-allow-origin": "*", "cache-control": PAGE}
    return Answer(results(call.context, call.request), headers=headers)


def entry(call: Call) -> Answer:
    """Return one entry with all its revisions."""
    return _entry_answer(call, call.request.path_params["id"], with_revisions=True)


def framing(call: Call) -> Answer:
    """Return the headline, introduction and close of a day, week or range, or of the coverage."""
    return _framing_answer(call, call.request.path_params["period"])


# -- writing ------------------------------------------------------------------------------------


def post(call: Call) -> Answer:
    """Post an entry; sent twice with one Idempotency-Key, it is posted once."""
    given: NewEntry = call.body
    key = (call.request.headers.get("idempotency-key") or "").strip('" ')
    images = cast(list[Uploaded], images_of(given.pictures, ()))
    draft = draft_of(call.blog, given)
    posted = call.newsroom.post(draft, images=images, schedule=given.schedule, key=key)
    answer = _entry_answer(call, posted.id)
    answer.headers["location"] = f"{call.context.path}api/entries/{posted.id}"
    return answer


def change(call: Call) -> Answer:
    """Change an entry; with a note it is a correction that readers see."""
    given: Changes = call.body
    old = call.newsroom.entry(call.request.path_params["id"], "edit").now
    call.newsroom.edit(
        old.id,
        draft_of(call.blog, given),
        images=None if given.pictures is UNSET else images_of(given.pictures, old.media),
        schedule=given.schedule,
        note=given.note,
        minor=given.minor,
        expect=expected_revision(call.request.headers.get("if-match")),
    )
    return _entry_answer(call, old.id)


def retract(call: Call) -> Answer:
    """Retract an entry; a notice with the reason stays in its place."""
    entry_id = call.newsroom.entry(call.request.path_params["id"], "retract").id
    expect = expected_revision(call.request.headers.get("if-match"))
    call.newsroom.retract(entry_id, call.body.why, expect=expect)
    return _entry_answer(call, entry_id)


def remove(call: Call) -> Answer:
    """Remove an entry; your own of the last minute without the scope "admin"."""
    is_purge = call.request.query_params.get("purge") == "true"
    old = call.newsroom.entry(call.request.path_params["id"], "purge" if is_purge else "remove")
    expect = expected_by_removal(call.request.headers.get("if-match"), old.now.state)
    quoted_by = call.newsroom.remove(old.id, purge=is_purge, expect=expect)
    if not quoted_by:
        return Answer(status=204)
    return Answer(Removal(quoted_by=tuple(map(_quoting, quoted_by))))


def _quoting(name: str) -> str:
    """Return the path, below ``api/``, of what quotes an entry; see :meth:`Blog.quotes_of`."""
    kind = "chapters" if name.startswith(PREFIX) else "digests"
    return f"{kind}/{name.removeprefix(PREFIX)}"


def restore(call: Call) -> Answer:
    """Restore an entry that was removed, as it was before; not one that was purged."""
    entry_id = call.request.path_params["id"]
    call.newsroom.restore(entry_id)
    return _entry_answer(call, entry_id)


def upload(call: Call) -> Answer:
    """Upload a picture (JPEG, PNG, WebP, GIF) for a later entry; its metadata is dropped."""
    name = call.blog.upload(call.body, name="The picture")
    return Answer(Upload(name=name, url=f"{call.context.path}api/uploads/{name}"))


def preview(call: Call) -> Answer:
    """Render an entry as readers would see it; nothing is stored."""
    given: NewEntry = call.body
    limits.check_bytes(given.body or "", limits.BODY_BYTES, "body")
    revision = call.blog.preview(call.newsroom.signed(draft_of(call.blog, given)))
    return Answer(Preview(html=entry_html(call.context, Entry((revision,)))))


def frame(call: Call) -> Answer:
    """Write the headline, introduction and close of a digest, or of the live page."""
    period = period_id(call.blog, call.request.path_params["period"])
    expect = expected_revision(call.request.headers.get("if-match"))
    call.newsroom.frame(period, call.body, expect=expect)
    return _framing_answer(call, period)


def end(call: Call) -> Answer:
    """End the coverage, or resume it."""
    call.newsroom.end(is_over=call.body.over)
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
    Operation("DELETE", "entries/{id}", "post", remove, gives=Removal, otherwise=204,
              query=("purge",)),
    Operation("POST", "entries/{id}/retraction", "post", retract, takes=Retraction,
              gives=EntryOut, is_guarded=True),
    Operation("POST", "entries/{id}/restoration", "post", restore, gives=EntryOut),
    Operation("POST", "uploads", "post", upload, takes=bytes, gives=Upload, status=201),
    Operation("POST", "preview", "post", preview, takes=NewEntry, gives=Preview,
              is_reading=True),
    Operation("GET", "digests/{period}", "post", framing, gives=FramingOut),
    Operation("PUT", "digests/{period}", "edit", frame, takes=FramingText, gives=FramingOut,
              is_guarded=True),
    *chapters.OPERATIONS,
    Operation("PUT", "coverage", "admin", end, takes=End, gives=FramingOut),
)  # fmt: skip


def _entry_answer(call: Call, entry_id: str, *, with_revisions: bool = False) -> Answer:
    found = readable_entry(call.blog, entry_id)
    out = entry_out(call.newsroom, found, with_revisions=with_revisions)
    return Answer(out, {"etag": f'"{out.rev}"'})


def _framing_answer(call: Call, text: str) -> Answer:
    out = framing_of(call.blog, text)
    return Answer(out, {"etag": f'"{out.rev}"'})
