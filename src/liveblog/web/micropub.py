"""Micropub (W3C Recommendation, 23 May 2017): existing apps can post.

The token that the command line issues is the bearer token. An app's properties become fields of an
update; what has no field is ignored, and a place (``location``, ``checkin``) above all: it could
endanger a source. What would be shown to more people than was meant (a draft, a private post) is
refused. Nothing is ever fetched from an address that an app sends: a picture that lies elsewhere
becomes a link.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..blog import Uploaded
from ..model import addresses
from ..model.draft import Draft
from ..model.entry import Media, Revision, Source
from ..model.errors import InvalidInput, LiveblogError
from ..timeline import Entry
from ..tokens import Person
from . import errors
from .api.handlers import JSON_LIMIT
from .api.routes import read
from .auth import demand, unauthorized
from .errors import Problem
from .multipart import LIMIT, Parts, kind_of, parts_of
from .uploads import uploaded_picture

if TYPE_CHECKING:
    from .context import BlogContext

WAIT_SECONDS = 3.0
"""So long a request waits for its update to be on the site (201) before it answers 202."""

STRANGER_LIMIT = 16_384
"""Bytes of a form that is read of somebody who showed no token yet."""

Properties = dict[str, list[Any]]
"""An object's properties as microformats2 writes them: every value in a list."""

_FORM = "application/x-www-form-urlencoded"
_CITED = ("in-reply-to", "bookmark-of", "like-of", "repost-of")
_FIELD = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
"""A form's name for a property: ``category``, ``category[]``, ``content[html]``."""


def routes(context: BlogContext) -> list[Route]:
    """Return the endpoint and its media endpoint."""
    micropub = _Micropub(context)
    return [
        Route("/micropub", _told(micropub.query), methods=["GET"]),
        Route("/micropub", _told(micropub.act), methods=["POST"]),
        Route("/micropub/media", _told(micropub.upload), methods=["POST"]),
        Route("/micropub/media/{name}", micropub.uploaded, methods=["GET"]),
    ]


Endpoint = Callable[[Request], Awaitable[Response]]


def _told(endpoint: Endpoint) -> Endpoint:
    """Tell what goes wrong as Micropub does (§3.8)."""

    async def telling(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (Problem, LiveblogError) as error:
            problem = errors.of(error)
            # What a client got wrong is 400 here, whatever it was.
            is_plain = problem.status in (404, 410, 412, 415, 422)
            status = 400 if is_plain else problem.status
            code = {400: "invalid_request", 401: "unauthorized"}.get(status, problem.code)
            text = f"{problem.detail} {problem.hint}".strip()
            return _json({"error": code, "error_description": text}, status, problem.headers)

    return telling


class _Micropub:
    """The Micropub server of one blog."""

    def __init__(self, context: BlogContext) -> None:
        self._context = context
        self._blog = context.blog
        self._base = context.blog.config.url

    # -- creating, updating, deleting (§3.3, §3.4, §3.5) ----------------------------------------

    async def act(self, request: Request) -> Response:
        """Create, update, delete or undelete."""
        auth = self._context.auth
        # Only a form may carry the token (RFC 6750 §2.2), and it may be somebody's who has none.
        person = await run_sync(auth.person, request)
        if person is None and kind_of(request) != _FORM:
            raise unauthorized()
        try:
            document = await _document(request, LIMIT if person else STRANGER_LIMIT)
        except Problem:
            if person is None:
                auth.count_refusal(request)
            raise
        token = _text(document.pop("access_token", ""))
        if person is None and not token:
            auth.count_refusal(request)
        if token or person is None:
            person = await run_sync(auth.enter, request, "post", token)
        key = request.headers.get("idempotency-key", "").strip('" ')
        if key:
            # As in the API: two people may hit on the same key; and a key of any length fits.
            key = hashlib.sha256(f"{person.hash} {key}".encode()).hexdigest()[:32]
        posted = await self._context.writers.run(self._act, person, document, key)
        if posted is None:
            return Response(status_code=204)
        url = addresses.url(self._base, addresses.entry_path(posted.id))
        status = 201 if await self._is_on_site(posted) else 202
        return Response(status_code=status, headers={"location": url})

    def _act(self, person: Person, document: dict[str, Any], key: str) -> Revision | None:
        """Do what is asked; return the revision of a new entry."""
        action = document.get("action", "create")
        if action == "create":
            return self._create(person, document, key)
        entry = self._entry(document.get("url"))
        now = self._blog.now
        if action == "update":
            demand(person, "edit", entry, now)
            self._update(entry, document)
        elif action == "delete":
            demand(person, "remove", entry, now)
            self._blog.remove(entry.id, author=person.name)
        elif action == "undelete":
            demand(person, "restore", entry, now)
            self._blog.restore(entry.id, expect=entry.now.rev)
        else:
            raise InvalidInput(
                f"'{str(action)[:40]}' is no action.", "Try update, delete or undelete."
            )
        self._context.watcher.wake()
        return None

    def _create(self, person: Person, document: dict[str, Any], key: str) -> Revision:
        """Post an update (§3.3)."""
        kinds = document.get("type", ["h-entry"])
        if kinds != ["h-entry"]:
            raise InvalidInput(f"This blog has no {kinds}.", "Send an h-entry.")
        properties = _described(_properties(document))
        fields, images = self._parts(properties, ())
        posted = self._blog.post(
            fields.pop("body"),
            at=self._instant(properties),
            schedule=True,
            author=person.name,
            images=[image for image in images if isinstance(image, Uploaded)],
            idempotency_key=key,
            **fields,
        )
        self._context.watcher.wake()
        return posted

    async def _is_on_site(self, posted: Revision) -> bool:
        """Wait until a new entry can be read, for a while; return whether it can."""
        page = self._blog.paths.site / addresses.entry_path(posted.id) / "index.html"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT_SECONDS
        while posted.published <= self._blog.now and loop.time() < deadline:
            if page.exists():
                return True
            await asyncio.sleep(0.02)
        return False

    def _update(self, entry: Entry, document: dict[str, Any]) -> None:
        """Replace, add and delete properties (§3.4); sources are only ever added."""
        if not {"replace", "add", "delete"} & document.keys():
            raise InvalidInput("There is nothing to update.", "Send replace, add or delete.")
        old = entry.now
        properties = _updated(self._shown(old), document)
        fields, images = self._parts(properties, old.media)
        fields["sources"] = tuple(dict.fromkeys((*old.sources, *fields["sources"])))
        wanted = self._blog.preview(Draft(author=old.author, **fields))
        changes: dict[str, Any] = {
            name: value for name in fields if (value := getattr(wanted, name)) != getattr(old, name)
        }
        if tuple(images) != old.media:
            changes["images"] = images
        at = self._instant(properties)
        if at is not None and at != old.published:
            changes["at"] = at
        if changes:
            self._blog.edit(old.id, schedule=True, expect=old.rev, **changes)

    # -- what an entry is made of ----------------------------------------------------------------

    def _parts(
        self, properties: Properties, kept: Iterable[Media]
    ) -> tuple[dict[str, Any], list[Uploaded | Media]]:
        """Return the fields of an update and its pictures; *kept* are those it has already."""
        if _one(properties, "post-status") not in ("", "published"):
            raise InvalidInput("This blog keeps no drafts.", "Keep it in your app until then.")
        if _one(properties, "visibility") not in ("", "public"):
            raise InvalidInput("This blog shows everything to everybody.", "Post it elsewhere.")
        linked = []
        images: list[Uploaded | Media] = []
        for photo in properties.get("photo", []) + properties.get("featured", []):
            taken = self._photo(photo, kept)
            if taken is None:
                linked.append(_linked(photo))
            else:
                images.append(taken)
        body = "\n\n".join((_body(properties), *linked)).strip()
        fields = {
            "body": body,
            "title": _text(_one(properties, "name")),
            "tags": _texts(properties.get("category", [])),
            "sources": _sources(properties),
        }
        return fields, images

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
            if url == addresses.url(self._base, addresses.media_path(known.path)):
                return msgspec.structs.replace(known, alt=alt) if alt else known
        return None

    def _instant(self, properties: Properties) -> Any:
        given = _one(properties, "published")
        if not isinstance(given, str):
            raise InvalidInput("'published' is no time.", "Write it as in ISO 8601.")
        return self._blog.instant(given) if given else None

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
                {"value": addresses.url(self._base, addresses.media_path(m.path)), "alt": m.alt}
                for m in now.media
            ],
            "author": [now.author] if now.author else [],
            "url": [addresses.url(self._base, addresses.entry_path(now.id))],
            "post-status": ["published"],
        }
        return {name: values for name, values in found.items() if values}

    # -- asking (§3.7) -----------------------------------------------------------------------------

    async def query(self, request: Request) -> Response:
        """Answer q=config, q=source, q=syndicate-to and q=category."""
        await run_sync(self._context.auth.enter, request, "post")
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
        if asked == "source" and "url" not in request.query_params:
            newest = islice(self._blog.timeline.newest_first(), 20)
            shown = [self._shown(entry.now) for entry in newest]
            return _json({"items": [{"type": ["h-entry"], "properties": p} for p in shown]})
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
        await run_sync(self._context.auth.enter, request, "post")
        parts = await parts_of(request, files=1)
        data = next((value for name, value in parts if name == "file"), b"")
        if not isinstance(data, bytes) or not data:
            raise InvalidInput("There is no file.", "Send it as the part named 'file'.")
        name = await self._context.writers.run(self._blog.upload, data, "The file")
        return Response(status_code=201, headers={"location": f"{self._base}micropub/media/{name}"})

    async def uploaded(self, request: Request) -> Response:
        """Show a picture that waits for its update, to whoever knows its name."""
        headers = {"x-content-type-options": "nosniff", "x-robots-tag": "noindex"}
        name = request.path_params["name"]
        return await run_sync(uploaded_picture, self._blog, name, headers)


async def _document(request: Request, limit: int) -> dict[str, Any]:
    """Read a request, in JSON or as a form, into one shape (§3.3.1, §3.3.2)."""
    if kind_of(request) == "application/json":
        return await run_sync(_decoded, await read(request, min(limit, JSON_LIMIT)))
    parts = await parts_of(request, limit=limit)
    return await run_sync(_from_form, parts)


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"The body is not a JSON object: {error}.") from None


def _from_form(parts: Parts) -> dict[str, Any]:
    document: dict[str, Any] = {}
    properties: Properties = {}
    for name, value in parts:
        if name in ("access_token", "action", "url") and isinstance(value, str):
            document[name] = value
        elif name == "h":
            document["type"] = [f"h-{value!s}"]
        else:
            _put(properties, name, value)
    return document | {"properties": properties}


def _put(properties: Properties, name: str, value: str | bytes) -> None:
    """Add a field of a form to the property that it belongs to."""
    match = _FIELD.fullmatch(name)
    if match is None:
        return  # nested deeper than any property of an update
    values = properties.setdefault(match[1], [])
    part = match[2] or ""
    if not part or part.isdecimal():
        values.append(value)
    elif values and isinstance(values[-1], dict) and part not in values[-1]:
        values[-1][part] = value
    else:
        values.append({part: value})


def _properties(document: dict[str, Any]) -> Properties:
    found = document.get("properties", {})
    if not isinstance(found, dict):
        raise InvalidInput("The properties are no object.", "Give each as a list of values.")
    return {
        name: _listed(name, values)
        for name, values in found.items()
        if isinstance(values, list) or not name.startswith("mp-")
    }


def _described(properties: Properties) -> Properties:
    """Give photos the alternative texts that came apart from them, as many apps send them."""
    photos = properties.get("photo", [])
    texts = properties.get("mp-photo-alt", [])
    pairs = list(zip_longest(photos, texts, fillvalue=""))[: len(photos)]
    described = [p if isinstance(p, dict) else {"value": p, "alt": text} for p, text in pairs]
    return properties | {"photo": described}


def _updated(properties: Properties, document: dict[str, Any]) -> Properties:
    """Return properties after the operations of an update (§3.4)."""
    found = dict(properties)
    for name, values in _operation(document, "replace").items():
        found[name] = _listed(name, values)
    for name, values in _operation(document, "add").items():
        found[name] = found.get(name, []) + _listed(name, values)
    removed = document.get("delete", [])
    if isinstance(removed, list):
        for name in removed:
            found.pop(_text(name), None)
        return found
    for name, values in _operation(document, "delete").items():
        gone = {_hashable(value) for value in _listed(name, values)}
        found[name] = [value for value in found.get(name, []) if _hashable(value) not in gone]
    return found


def _operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise InvalidInput(f"'{name}' is no object.", "Give each property as a list of values.")
    return found


def _listed(name: object, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise InvalidInput(f"'{name}' is not a list.", "Every property is a list of values.")
    return values


def _one(properties: Properties, name: str) -> Any:
    values = properties.get(name, [])
    if len(values) > 1:
        raise InvalidInput(f"There is more than one '{name}'.", "Replace it instead of adding.")
    return values[0] if values else ""


def _plain(value: Any) -> Any:
    """Return what a value is without what describes it: a photo's address, a text's words."""
    return value.get("value", value.get("html", value)) if isinstance(value, dict) else value


def _hashable(value: Any) -> Any:
    plain = _plain(value)
    return plain if isinstance(plain, str) else repr(plain)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def _body(properties: Properties) -> str:
    """Return the text: Markdown as it is; HTML too, which is sanitised like any other."""
    values = properties.get("content") or properties.get("summary") or []
    return "\n\n".join(filter(None, map(_markdown, values)))


def _markdown(content: Any) -> str:
    if not isinstance(content, dict):
        return _text(content)
    html = _text(content.get("html")).strip()
    if not html:
        return _text(content.get("value")) or _text(content.get("text"))
    # Within a block and without an empty line, Markdown leaves it alone (CommonMark §4.6).
    html = re.sub(r"(?<=\n)[ \t]*\n", "&#10;", html.replace("\r\n", "\n"))
    return f"<div>\n{html}\n</div>"


def _sources(properties: Properties) -> tuple[Source, ...]:
    """Return what an update answers or cites as its sources."""
    found: dict[Source, None] = {}
    for name in _CITED:
        for value in properties.get(name, []):
            url = _cited(value)
            if not url.startswith(("https://", "http://")):
                continue
            try:
                host = addresses.split(url).hostname
            except ValueError:
                raise InvalidInput(f"'{url[:300]}' is no address.", "Correct it.") from None
            found[Source(host or url, url)] = None
    return tuple(found)


def _cited(value: Any) -> str:
    """Return the address of what is cited, which may be an object of its own (an h-cite)."""
    if not isinstance(value, dict):
        return _text(value)
    properties = value.get("properties")
    urls = properties.get("url") if isinstance(properties, dict) else None
    return _text(urls[0]) if isinstance(urls, list) and urls else _text(value.get("value"))


def _linked(photo: Any) -> str:
    """Return a link to a picture that lies elsewhere: readers are sent nowhere unasked."""
    url, alt = photo, ""
    if isinstance(photo, dict):
        url, alt = photo.get("value", ""), _text(photo.get("alt", ""))
    url = _text(url)
    if not url.startswith(("https://", "http://")):
        raise InvalidInput(f"'{url}' is no address of a photo.", "Upload it, or give its URL.")
    url = quote(url, safe="%/:?#[]@!$&'()*+,;=~")
    label = " ".join(alt.replace("[", "(").replace("]", ")").split())
    return f"[{label}](<{url}>)" if label else f"<{url}>"


def _json(document: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    named = {"cache-control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(document), status, named, "application/json")
