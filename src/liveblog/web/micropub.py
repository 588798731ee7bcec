"""Micropub (W3C Recommendation, 23 May 2017): existing apps can post.

The token that the command line issues is the bearer token. An app's properties become fields of an
update; what has no field is ignored, and a place (``location``, ``checkin``) above all: it could
endanger a source. Nothing is ever fetched from an address that an app sends: a picture that lies
elsewhere becomes a link.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from .. import links
from ..blog import Uploaded
from ..entry import Media, Revision, Source
from ..errors import InvalidInput, LiveblogError
from ..people import Person
from ..timeline import Entry
from . import problems
from .api import JSON_LIMIT, may_change, too_small
from .api_routes import read
from .multipart import kind_of, parts_of
from .problems import Problem

if TYPE_CHECKING:
    from .served import Served

WAIT_SECONDS = 3.0
"""So long a request waits for its update to be on the site (201) before it answers 202."""

Properties = dict[str, list[Any]]
"""An object's properties as microformats2 writes them: every value in a list."""

_CITED = ("in-reply-to", "bookmark-of", "like-of", "repost-of")


def routes(served: Served) -> list[Route]:
    """Return the endpoint and its media endpoint."""
    micropub = _Micropub(served)
    return [
        Route("/micropub", _told(micropub.query), methods=["GET"]),
        Route("/micropub", _told(micropub.act), methods=["POST"]),
        Route("/micropub/media", _told(micropub.upload), methods=["POST"]),
        Route("/micropub/media/{name}", _told(micropub.uploaded), methods=["GET"]),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def _told(endpoint: Endpoint) -> Endpoint:
    """Tell what goes wrong as Micropub does (§3.8)."""

    async def telling(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (Problem, LiveblogError) as error:
            problem = problems.of(error)
            # What a client got wrong is 400 here, whatever it was.
            is_plain = problem.status in (404, 410, 412, 415, 422)
            status = 400 if is_plain else problem.status
            code = {401: "unauthorized", 403: "insufficient_scope"}.get(status, "invalid_request")
            text = f"{problem.detail} {problem.hint}".strip()
            return _json({"error": code, "error_description": text}, status, problem.headers)

    return telling


class _Micropub:
    """The Micropub server of one blog."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._blog = served.blog
        self._base = served.blog.config.url

    # -- creating, updating, deleting (§3.3, §3.4, §3.5) ----------------------------------------

    async def act(self, request: Request) -> Response:
        """Create, update, delete or undelete."""
        document = await _document(request)
        token = _text(document.pop("access_token", ""))
        person = await run_sync(self._served.doors.enter, request, "post", token)
        return await run_sync(self._act, person, document)

    def _act(self, person: Person, document: dict[str, Any]) -> Response:
        action = document.get("action", "create")
        if action == "create":
            return self._create(person, document)
        entry = self._entry(document.get("url"))
        if not may_change(person, entry):
            raise too_small("edit", person)
        if action == "update":
            self._update(entry, document)
        elif action == "delete":
            self._blog.remove(entry.id)
        elif action == "undelete":
            self._blog.restore(entry.id)
        else:
            raise InvalidInput(f"'{action}' is no action.", "Try update, delete or undelete.")
        self._served.follower.call()
        return Response(status_code=204)

    def _create(self, person: Person, document: dict[str, Any]) -> Response:
        """Post an update (§3.3); answer when it can be read."""
        kinds = document.get("type", ["h-entry"])
        if kinds != ["h-entry"]:
            raise InvalidInput(f"This blog has no {kinds}.", "Send an h-entry.")
        properties = _properties(document)
        if _first(properties, "post-status") == "draft":
            raise InvalidInput("This blog keeps no drafts.", "Keep it in your app until then.")
        body = _body(properties)
        images: list[Uploaded | Media] = []
        for photo in properties.get("photo", []) + properties.get("featured", []):
            taken = self._photo(photo, ())
            if taken is None:
                body = f"{body}\n\n{_linked(photo)}".strip()
            else:
                images.append(taken)
        posted = self._blog.post(
            body,
            title=_text(_first(properties, "name")),
            at=self._instant(properties),
            schedule=True,
            author=person.name,
            tags=_texts(properties.get("category", [])),
            sources=_sources(properties),
            images=[image for image in images if isinstance(image, Uploaded)],
        )
        self._served.follower.call()
        url = links.url(self._base, links.entry_path(posted.id))
        return Response(status_code=self._awaited(posted), headers={"location": url})

    def _awaited(self, posted: Revision) -> int:
        page = self._blog.folders.site / links.entry_path(posted.id) / "index.html"
        deadline = time.monotonic() + WAIT_SECONDS
        while posted.published <= self._blog.present and time.monotonic() < deadline:
            if page.exists():
                return 201
            time.sleep(0.01)
        return 202

    def _update(self, entry: Entry, document: dict[str, Any]) -> None:
        """Replace, add and delete properties (§3.4)."""
        properties = self._shown(entry.now)
        for name, values in _operation(document, "replace").items():
            properties[name] = _listed(name, values)
        for name, values in _operation(document, "add").items():
            properties[name] = properties.get(name, []) + _listed(name, values)
        removed = document.get("delete", [])
        if isinstance(removed, list):
            for name in removed:
                properties.pop(_text(name), None)
        else:
            for name, values in _operation(document, "delete").items():
                gone = _listed(name, values)
                properties[name] = [v for v in properties.get(name, []) if v not in gone]
        changes: dict[str, Any] = {
            "body": _body(properties),
            "title": _text(_first(properties, "name")),
            "tags": _texts(properties.get("category", [])),
        }
        old = entry.now
        changes = {name: value for name, value in changes.items() if value != getattr(old, name)}
        photos = [self._photo(photo, old.media) for photo in properties.get("photo", [])]
        images = [photo for photo in photos if photo is not None]
        at = self._instant(properties)
        has_moved = at is not None and at != old.published
        if changes or has_moved or tuple(images) != old.media:
            self._blog.edit(
                old.id,
                at=at if has_moved else None,
                schedule=True,
                images=images if tuple(images) != old.media else None,
                **changes,
            )

    # -- what an entry is made of ----------------------------------------------------------------

    def _photo(self, value: Any, kept: Iterable[Media]) -> Uploaded | Media | None:
        """Take a picture: bytes, one uploaded before, one the entry has; None if it is not ours."""
        alt = ""
        if isinstance(value, dict):
            alt, value = _text(value.get("alt", "")), value.get("value", "")
        neutral = self._blog.words.say("Photo without a description")
        if isinstance(value, bytes):
            return Uploaded(self._blog.upload(value, name="The photo"), alt or neutral)
        url = _text(value)
        media = f"{self._base}micropub/media/"
        if url.startswith(media):
            return Uploaded(url.removeprefix(media), alt or neutral)
        for known in kept:
            if url == links.url(self._base, links.media_path(known.path)):
                return msgspec.structs.replace(known, alt=alt) if alt else known
        return None

    def _instant(self, properties: Properties) -> Any:
        text = _text(_first(properties, "published"))
        return self._blog.instant(text) if text else None

    def _entry(self, url: Any) -> Entry:
        """Return the entry that a permalink leads to."""
        parts = _text(url).removeprefix(self._base).strip("/").split("/")
        if not _text(url).startswith(self._base) or len(parts) != 4:
            raise InvalidInput(f"'{url}' is no update of this blog.", "Send its permalink as url.")
        return self._blog.timeline.entry(f"{parts[0]}{parts[1]}{parts[2]}-{parts[3]}")

    def _shown(self, now: Revision) -> Properties:
        """Return an entry's properties as q=source does (§3.7.2)."""
        found: Properties = {
            "name": [now.title] if now.title else [],
            "content": [now.body] if now.body else [],
            "category": list(now.tags),
            "published": [now.published.isoformat()],
            "photo": [
                {"value": links.url(self._base, links.media_path(m.path)), "alt": m.alt}
                for m in now.media
            ],
            "author": [now.author] if now.author else [],
            "url": [links.url(self._base, links.entry_path(now.id))],
            "post-status": ["published"],
        }
        return {name: values for name, values in found.items() if values}

    # -- asking (§3.7) -----------------------------------------------------------------------------

    async def query(self, request: Request) -> Response:
        """Answer q=config, q=source, q=syndicate-to and q=category."""
        await run_sync(self._served.doors.enter, request, "post")
        return await run_sync(self._query, request)

    def _query(self, request: Request) -> Response:
        asked = request.query_params.get("q", "")
        if asked == "config":
            return _json(
                {
                    "media-endpoint": f"{self._base}micropub/media",
                    "syndicate-to": [],
                    "q": ["config", "source", "syndicate-to", "category"],
                    "post-types": [
                        {"type": "note", "name": "Update"},
                        {"type": "article", "name": "Update with a title"},
                        {"type": "photo", "name": "Photo"},
                    ],
                }
            )
        if asked == "syndicate-to":
            return _json({"syndicate-to": []})
        if asked == "category":
            return _json({"categories": list(self._blog.tags().values())})
        if asked == "source":
            wanted = request.query_params.getlist("properties[]")
            wanted += request.query_params.getlist("properties")
            now = self._entry(request.query_params.get("url")).now
            if now.state == "removed":
                raise InvalidInput(f"{now.id} was removed.", "Undelete it first.")
            properties = self._shown(now)
            if wanted:
                chosen = {name: properties[name] for name in wanted if name in properties}
                return _json({"properties": chosen})
            return _json({"type": ["h-entry"], "properties": properties})
        raise InvalidInput(f"'{asked}' is no query.", "Try q=config.")

    # -- the media endpoint (§3.6) -------------------------------------------------------------

    async def upload(self, request: Request) -> Response:
        """Take in a picture; its address can be given as a photo."""
        parts = await parts_of(request, files=1)
        token = next((str(value) for name, value in parts if name == "access_token"), "")
        await run_sync(self._served.doors.enter, request, "post", token)
        data = next((value for name, value in parts if name == "file"), b"")
        if not isinstance(data, bytes) or not data:
            raise InvalidInput("There is no file.", "Send it as the part named 'file'.")
        name = await run_sync(self._blog.upload, data, "The file")
        return Response(status_code=201, headers={"location": f"{self._base}micropub/media/{name}"})

    async def uploaded(self, request: Request) -> Response:
        """Show a picture that waits for its update, to whoever knows its name."""
        name = request.path_params["name"]
        path = self._blog.folders.uploads / name
        if name.startswith(".") or not path.is_file():
            raise Problem(404, "not_found", f"There is no uploaded picture '{name}'.")
        headers = {"x-content-type-options": "nosniff", "x-robots-tag": "noindex"}
        return FileResponse(path, headers=headers)


async def _document(request: Request) -> dict[str, Any]:
    """Read a request, in JSON or as a form, into one shape (§3.3.1, §3.3.2)."""
    if kind_of(request) == "application/json":
        data = await read(request, JSON_LIMIT)
        try:
            found = msgspec.json.decode(data, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidInput(f"The body is not a JSON object: {error}.") from None
        return found
    document: dict[str, Any] = {}
    properties: Properties = {}
    for name, value in await parts_of(request):
        if name in ("access_token", "action", "url") and isinstance(value, str):
            document[name] = value
        elif name == "h":
            document["type"] = [f"h-{value!s}"]
        elif not name.startswith("mp-"):
            properties.setdefault(name.removesuffix("[]"), []).append(value)
    return document | {"properties": properties}


def _properties(document: dict[str, Any]) -> Properties:
    found = document.get("properties", {})
    if not isinstance(found, dict):
        raise InvalidInput("The properties are no object.", "Give each as a list of values.")
    return {str(name): _listed(name, values) for name, values in found.items()}


def _operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise InvalidInput(f"'{name}' is no object.", "Give each property as a list of values.")
    return found


def _listed(name: object, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise InvalidInput(f"'{name}' is not a list.", "Every property is a list of values.")
    return values


def _first(properties: Properties, name: str) -> Any:
    return next(iter(properties.get(name, [])), "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def _body(properties: Properties) -> str:
    """Return the text: Markdown as it is; HTML too, which is sanitised like any other."""
    content = _first(properties, "content") or _first(properties, "summary")
    if isinstance(content, dict):
        content = content.get("html") or content.get("value") or content.get("text")
    return _text(content)


def _sources(properties: Properties) -> tuple[Source, ...]:
    """Return what an update answers or cites as its sources."""
    found = []
    for name in _CITED:
        for value in properties.get(name, []):
            if isinstance(value, dict):
                value = _first(value.get("properties", {}), "url")
            url = _text(value)
            if url.startswith(("https://", "http://")):
                found.append(Source(urlsplit(url).hostname or url, url))
    return tuple(found)


def _linked(photo: Any) -> str:
    """Return a link to a picture that lies elsewhere: readers are sent nowhere unasked."""
    url, alt = photo, ""
    if isinstance(photo, dict):
        url, alt = photo.get("value", ""), _text(photo.get("alt", ""))
    url = _text(url)
    if not url.startswith(("https://", "http://")):
        raise InvalidInput(f"'{url}' is no address of a photo.", "Upload it, or give its URL.")
    label = alt.replace("[", "(").replace("]", ")")
    return f"[{label}](<{url}>)" if label else f"<{url}>"


def _json(document: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    named = {"cache-control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(document), status, named, "application/json")
