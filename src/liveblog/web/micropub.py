"""Micropub (W3C Recommendation, 23 May 2017): lets existing apps post and edit entries.

The token that the command line issues is the bearer token. An app's properties become fields of an
entry. Properties without a field are ignored; a place (``location``, ``checkin``) could endanger a
source. Drafts and private posts are refused, because they would be published. The server requests
no address that an app sends: a picture, film or recording on another site becomes a link. Files of
these kinds are stored, and others refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import msgspec
from anyio.to_thread import run_sync
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..blog import Uploaded
from ..model import addresses
from ..model.draft import Draft, changed_fields, field_values
from ..model.entry import Media, Revision, display_day
from ..model.errors import InvalidInput, LiveblogError
from ..model.moment import Moment
from ..model.revisions import revise
from ..timeline import Entry
from . import errors
from .auth import unauthorized
from .context import BlogContext
from .errors import Problem
from .form_data import LIMIT, parts_of
from .microformats import (
    MEDIA,
    Properties,
    as_text,
    as_texts,
    body_of,
    media_link,
    properties_of,
    read_request,
    refuse_unstored_files,
    single,
    sources_of,
    updated,
    with_photo_texts,
)
from .newsroom import Newsroom
from .request_input import media_type
from .uploads import uploaded_picture

WAIT_SECONDS = 3.0
"""Seconds that a request waits until its entry is on the site (201); after that it answers 202."""

STRANGER_LIMIT = 16_384
"""Maximum bytes of a form from a client that has not yet sent a valid token."""

_FORM = "application/x-www-form-urlencoded"


def routes(context: BlogContext) -> list[Route]:
    """Return the endpoint and its media endpoint."""
    micropub = _Micropub(context)
    return [
        Route("/micropub", _with_errors(micropub.query), methods=["GET"]),
        Route("/micropub", _with_errors(micropub.act), methods=["POST"]),
        Route("/micropub/media", _with_errors(micropub.upload), methods=["POST"]),
        Route("/micropub/media/{name}", micropub.uploaded, methods=["GET"]),
    ]


_POST_TYPES = [
    {"type": "note", "name": "Update"},
    {"type": "article", "name": "Update with a title"},
    {"type": "photo", "name": "Photo"},
    {"type": "video", "name": "Video"},
    {"type": "audio", "name": "Audio"},
]

Endpoint = Callable[[Request], Awaitable[Response]]


def _with_errors(endpoint: Endpoint) -> Endpoint:
    """Answer errors in the form that Micropub defines (§3.8)."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (Problem, LiveblogError) as error:
            problem = errors.of(error)
            # Micropub has one status for every error of a client.
            is_plain = problem.status in (404, 410, 412, 415, 422)
            status = 400 if is_plain else problem.status
            code = {400: "invalid_request", 401: "unauthorized"}.get(status, problem.code)
            text = f"{problem.detail} {problem.hint}".strip()
            return _json({"error": code, "error_description": text}, status, problem.headers)

    return answered


class _Micropub:
    """The Micropub server of one blog."""

    def __init__(self, context: BlogContext) -> None:
        self._context = context
        self._blog = context.blog
        self._base = context.blog.config.url

    # -- creating, updating, deleting (§3.3, §3.4, §3.5) ----------------------------------------

    async def act(self, request: Request) -> Response:
        """Create, update, delete or undelete an entry."""
        auth = self._context.auth
        # Only a form may contain the token (RFC 6750 §2.2): it is read before the client is known.
        person = await run_sync(auth.person, request)
        if person is None and media_type(request) != _FORM:
            raise unauthorized()
        try:
            document = await read_request(request, LIMIT if person else STRANGER_LIMIT)
        except Problem:
            if person is None:
                auth.count_refusal(request)
            raise
        token = as_text(document.pop("access_token", ""))
        if person is None and not token:
            auth.count_refusal(request)
        if token or person is None:
            person = await run_sync(auth.authorize, request, "post", token)
        key = request.headers.get("idempotency-key", "").strip('" ')
        newsroom = Newsroom(self._context, person)
        posted = await self._context.writers.run(self._act, newsroom, document, key)
        if posted is None:
            return Response(status_code=204)
        url = addresses.url(self._base, addresses.entry_path(posted.id))
        status = 201 if await self._is_on_site(posted) else 202
        return Response(status_code=status, headers={"location": url})

    def _act(self, newsroom: Newsroom, document: dict[str, Any], key: str) -> Revision | None:
        """Carry out the action of a request; return the revision of a new entry."""
        action = document.get("action", "create")
        if action == "create":
            return self._create(newsroom, document, key)
        entry = self._entry(document.get("url"))
        if action == "update":
            newsroom.entry(entry.id, "edit")
            self._update(newsroom, entry.now, document)
        elif action == "delete":
            newsroom.remove(entry.id)
        elif action == "undelete":
            newsroom.restore(entry.id)
        else:
            problem = f"'{str(action)[:40]}' is not an action."
            raise InvalidInput(problem, "Try update, delete or undelete.")
        return None

    def _create(self, newsroom: Newsroom, document: dict[str, Any], key: str) -> Revision:
        """Post an entry (§3.3)."""
        kinds = document.get("type", ["h-entry"])
        if kinds != ["h-entry"]:
            raise InvalidInput(f"This blog has no {kinds}.", "Send an h-entry.")
        properties = with_photo_texts(properties_of(document))
        draft, images = self._draft(properties, ())
        uploaded = [image for image in images if isinstance(image, Uploaded)]
        return newsroom.post(draft, images=uploaded, schedule=True, key=key)

    async def _is_on_site(self, posted: Revision) -> bool:
        """Wait :data:`WAIT_SECONDS` for the page of a new entry; return whether it exists."""
        page = self._blog.paths.site / addresses.entry_path(posted.id) / "index.html"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_SECONDS
        while posted.published <= self._blog.now and loop.time() < deadline:
            if page.exists():
                return True
            await asyncio.sleep(0.02)
        return False

    def _update(self, newsroom: Newsroom, old: Revision, document: dict[str, Any]) -> None:
        """Replace, add and delete properties (§3.4); sources are only ever added."""
        if not {"replace", "add", "delete"} & document.keys():
            raise InvalidInput("There is nothing to update.", "Send replace, add or delete.")
        before = self._properties(old)
        properties = updated(before, document)
        draft, images = self._draft(properties, old.media)
        sources = tuple(dict.fromkeys((*old.sources, *(draft.sources or ()))))
        draft = msgspec.structs.replace(draft, sources=sources)
        config = self._blog.config
        revised = revise(old, draft, now=old.published, zone=config.zone)
        changes = changed_fields(field_values(old), field_values(revised))
        # A date alone does not say where its author placed the entry.
        if draft.published and properties.get("published") != before["published"]:
            changes["published"] = draft.published
        has_other_images = tuple(images) != old.media
        if changes or has_other_images:
            newsroom.edit(
                old.id,
                Draft(**changes),
                images=images if has_other_images else None,
                schedule=True,
                expect=old.rev,
            )

    # -- drafts from properties ------------------------------------------------------------------

    def _draft(
        self, properties: Properties, known: Iterable[Media]
    ) -> tuple[Draft, list[Uploaded | Media]]:
        """Return the draft and the pictures of an entry; *known* are the pictures that it has."""
        if single(properties, "post-status") not in ("", "published"):
            raise InvalidInput("This blog has no drafts.", "Keep it in your app until then.")
        if single(properties, "visibility") not in ("", "public"):
            raise InvalidInput("This blog shows everything to everybody.", "Post it elsewhere.")
        refuse_unstored_files(properties)
        linked = []
        images: list[Uploaded | Media] = []
        for kind in MEDIA:
            for value in properties.get(kind, []):
                file = self._file(value, kind, known)
                if file is None:
                    linked.append(media_link(value, kind))
                else:
                    images.append(file)
        body = "\n\n".join((body_of(properties), *linked)).strip()
        draft = Draft(
            body=body,
            title=as_text(single(properties, "name")),
            published=self._published(properties) or UNSET,
            tags=as_texts(properties.get("category", [])),
            sources=sources_of(properties),
        )
        return draft, images

    def _file(self, value: Any, kind: str, known: Iterable[Media]) -> Uploaded | Media | None:
        """Return the file that a value contains or names; None for one on another site."""
        alt = ""
        if isinstance(value, dict):
            alt, value = as_text(value.get("alt", "")), value.get("value", "")
        words = self._blog.words
        neutral = {
            "video": words.say("Video without a description"),
            "audio": words.say("Audio without a description"),
        }.get(kind) or words.say("Photo without a description")
        if isinstance(value, bytes):
            return Uploaded(self._blog.upload(value, name=f"The {kind}"), alt or neutral)
        url = as_text(value)
        media = f"{self._base}micropub/media/"
        if url.startswith(media):
            return Uploaded(url.removeprefix(media), alt or neutral)
        for picture in known:
            if url == addresses.url(self._base, addresses.media_path(picture.path)):
                return msgspec.structs.replace(picture, alt=alt) if alt else picture
        return None

    def _published(self, properties: Properties) -> Moment | None:
        given = single(properties, "published")
        if not isinstance(given, str):
            raise InvalidInput("'published' is not a time.", "Write it as in ISO 8601.")
        return self._blog.moment(given) if given else None

    def _entry(self, url: Any) -> Entry:
        """Return the entry that a permalink leads to."""
        path = as_text(url).removeprefix(self._base).rstrip("/")
        entry_id = addresses.entry_id_at(f"{path}/index.html")
        if not as_text(url).startswith(self._base) or not entry_id:
            raise InvalidInput(
                f"'{url}' is not an entry of this blog.", "Send its permalink as url."
            )
        return self._blog.timeline.entry(entry_id)

    def _properties(self, now: Revision) -> Properties:
        """Return an entry's properties as q=source does (§3.7.2)."""
        found: Properties = {
            "name": [now.title] if now.title else [],
            "content": [now.body] if now.body else [],
            "category": list(now.tags),
            "published": [_date(now)],
            **{
                name: [
                    {"value": addresses.url(self._base, addresses.media_path(m.path)), "alt": m.alt}
                    for m in now.media
                    if m.kind == kind
                ]
                for name, kind in (("photo", "picture"), ("video", "film"), ("audio", "sound"))
            },
            "author": [now.author] if now.author else [],
            "url": [addresses.url(self._base, addresses.entry_path(now.id))],
            "post-status": ["published"],
        }
        return {name: values for name, values in found.items() if values}

    # -- queries (§3.7) ----------------------------------------------------------------------------

    async def query(self, request: Request) -> Response:
        """Answer q=config, q=source, q=syndicate-to and q=category."""
        await run_sync(self._context.auth.authorize, request, "post")
        return await run_sync(self._query, request)

    def _query(self, request: Request) -> Response:
        asked = request.query_params.get("q", "")
        if asked == "config":
            queries = ["config", "source", "syndicate-to", "category"]
            endpoint = f"{self._base}micropub/media"
            return _json({"media-endpoint": endpoint, "syndicate-to": [], "q": queries,
                          "post-types": _POST_TYPES})  # fmt: skip
        if asked == "syndicate-to":
            return _json({"syndicate-to": []})
        if asked == "category":
            return _json({"categories": list(self._blog.timeline.recent_tags().values())})
        if asked == "source" and "url" not in request.query_params:
            newest = islice(self._blog.timeline.newest_first(), 20)
            shown = [self._properties(entry.now) for entry in newest]
            return _json({"items": [{"type": ["h-entry"], "properties": p} for p in shown]})
        if asked == "source":
            wanted = request.query_params.getlist("properties[]")
            wanted += request.query_params.getlist("properties")
            now = self._entry(request.query_params.get("url")).now
            if now.state == "removed":
                raise InvalidInput(f"{now.id} was removed.", "Undelete it first.")
            properties = self._properties(now)
            if wanted:
                chosen = {name: properties[name] for name in wanted if name in properties}
                return _json({"properties": chosen})
            return _json({"type": ["h-entry"], "properties": properties})
        raise InvalidInput(f"'{asked}' is not a query.", "Try q=config.")

    # -- the media endpoint (§3.6) -------------------------------------------------------------

    async def upload(self, request: Request) -> Response:
        """Store a file; an entry can then have its address as a photo, video or audio."""
        await run_sync(self._context.auth.authorize, request, "post")
        parts = await parts_of(request, files=1)
        data = next((value for name, value in parts if name == "file"), b"")
        if not isinstance(data, bytes) or not data:
            raise InvalidInput("There is no file.", "Send it as the part named 'file'.")
        name = await self._context.writers.run(self._blog.upload, data, "The file")
        return Response(status_code=201, headers={"location": f"{self._base}micropub/media/{name}"})

    def uploaded(self, request: Request) -> Response:
        """Serve a picture that no entry uses yet, to everybody who knows its name."""
        headers = {"x-content-type-options": "nosniff", "x-robots-tag": "noindex"}
        return uploaded_picture(self._blog, request.path_params["name"], headers)


def _json(document: object, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    named = {"cache-control": "no-store", **headers}
    return Response(msgspec.json.encode(document), status, named, "application/json")


def _date(revision: Revision) -> str:
    """Return the value of ``published``: a date alone for an entry of a whole day."""
    if revision.precision == "day":
        return display_day(revision).isoformat()
    return revision.published.isoformat()
