"""Reads Micropub requests into microformats2 properties, and these into the fields of a draft.

An app sends JSON or a form; both become :data:`Properties`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any
from urllib.parse import quote

from anyio.to_thread import run_sync
from starlette.requests import Request

from ..model import addresses
from ..model.entry import Source
from ..model.errors import InvalidInput
from .form_data import Parts, parts_of
from .request_input import JSON_LIMIT, decode_json, media_type, read_body

Properties = dict[str, list[Any]]
"""An object's properties as microformats2 writes them: every value in a list."""

_CITED = ("in-reply-to", "bookmark-of", "like-of", "repost-of")

_FIELD = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
"""A form's name for a property: ``category``, ``category[]``, ``content[html]``."""


async def read_request(request: Request, limit: int) -> dict[str, Any]:
    """Read a request, in JSON or as a form, into one shape (§3.3.1, §3.3.2)."""
    if media_type(request) == "application/json":
        data = await read_body(request, min(limit, JSON_LIMIT))
        document: dict[str, Any] = await run_sync(decode_json, data, dict[str, Any])
        return document
    parts = await parts_of(request, limit=limit)
    return await run_sync(_from_form, parts)


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
        return  # no property of an entry is nested deeper
    values = properties.setdefault(match[1], [])
    part = match[2] or ""
    if not part or part.isdecimal():
        values.append(value)
    elif values and isinstance(values[-1], dict) and part not in values[-1]:
        values[-1][part] = value
    else:
        values.append({part: value})


def properties_of(document: dict[str, Any]) -> Properties:
    """Return the properties of a request.

    Raises :class:`InvalidInput`.
    """
    return {
        name: _listed(name, values)
        for name, values in _object(document, "properties").items()
        if isinstance(values, list) or not name.startswith("mp-")
    }


def with_photo_texts(properties: Properties) -> Properties:
    """Add to photos the alternative texts that many apps send apart from them."""
    photos = properties.get("photo", [])
    texts = properties.get("mp-photo-alt", [])
    pairs = list(zip_longest(photos, texts, fillvalue=""))[: len(photos)]
    described = [p if isinstance(p, dict) else {"value": p, "alt": text} for p, text in pairs]
    return properties | {"photo": described}


def updated(properties: Properties, document: dict[str, Any]) -> Properties:
    """Return properties after the operations of an update (§3.4)."""
    found = dict(properties)
    for name, values in _object(document, "replace").items():
        found[name] = _listed(name, values)
    for name, values in _object(document, "add").items():
        found[name] = found.get(name, []) + _listed(name, values)
    removed = document.get("delete", [])
    if isinstance(removed, list):
        for name in removed:
            found.pop(as_text(name), None)
        return found
    for name, values in _object(document, "delete").items():
        gone = {_hashable(value) for value in _listed(name, values)}
        found[name] = [value for value in found.get(name, []) if _hashable(value) not in gone]
    return found


def _object(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise InvalidInput(f"'{name}' is not an object.", "Give each property as a list of values.")
    return found


def _listed(name: object, values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise InvalidInput(f"'{name}' is not a list.", "Every property is a list of values.")
    return values


def single(properties: Properties, name: str) -> Any:
    """Return the only value of a property, or an empty text.

    Raises :class:`InvalidInput` if there are several.
    """
    values = properties.get(name, [])
    if len(values) > 1:
        raise InvalidInput(f"There is more than one '{name}'.", "Replace it instead of adding.")
    return values[0] if values else ""


def _hashable(value: Any) -> Any:
    """Return a value without its description: the address of a photo, the HTML of a text."""
    plain = value.get("value", value.get("html", value)) if isinstance(value, dict) else value
    return plain if isinstance(plain, str) else repr(plain)


def as_text(value: Any) -> str:
    """Return a value that is a text; an empty text for any other."""
    return value if isinstance(value, str) else ""


def as_texts(values: Iterable[Any]) -> tuple[str, ...]:
    """Return the values that are texts and not empty, each once."""
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str) and value))


def body_of(properties: Properties) -> str:
    """Return the body in Markdown; HTML stays in it, and is sanitised when it is rendered."""
    values = properties.get("content") or properties.get("summary") or []
    return "\n\n".join(filter(None, map(_markdown, values)))


def _markdown(content: Any) -> str:
    if not isinstance(content, dict):
        return as_text(content)
    html = as_text(content.get("html")).strip()
    if not html:
        return as_text(content.get("value")) or as_text(content.get("text"))
    # Within a block and without an empty line, Markdown leaves it alone (CommonMark §4.6).
    html = re.sub(r"(?<=\n)[ \t]*\n", "&#10;", html.replace("\r\n", "\n"))
    return f"<div>\n{html}\n</div>"


def sources_of(properties: Properties) -> tuple[Source, ...]:
    """Return as sources the addresses that an entry answers or cites."""
    found: dict[Source, None] = {}
    for name in _CITED:
        for value in properties.get(name, []):
            url = addresses.web_address(_cited(value))
            if not url:
                continue
            if not (host := addresses.host(url)):
                raise InvalidInput(f"'{url[:300]}' is not an address.", "Correct it.")
            found[Source(host, url)] = None
    return tuple(found)


def _cited(value: Any) -> str:
    """Return the address of what is cited, which may be an object of its own (an h-cite)."""
    if not isinstance(value, dict):
        return as_text(value)
    properties = value.get("properties")
    urls = properties.get("url") if isinstance(properties, dict) else None
    return as_text(urls[0]) if isinstance(urls, list) and urls else as_text(value.get("value"))


MEDIA = ("photo", "featured", "video", "audio")
"""The properties whose files are stored; addresses on other sites become links (§3.3.1)."""


def refuse_unstored_files(properties: Properties) -> None:
    """Refuse a file that would not be stored.

    Raises :class:`InvalidInput`.
    """
    for name, values in properties.items():
        if name in MEDIA:
            continue
        for value in values:
            if isinstance(value, bytes) or (isinstance(value, dict) and _holds_bytes(value)):
                raise InvalidInput(
                    f"The file in '{name[:40]}' cannot be stored.",
                    f"Send it as {', '.join(MEDIA)}, or put it on another site and send a link.",
                )


def _holds_bytes(value: dict[str, Any]) -> bool:
    return any(isinstance(part, bytes) for part in value.values())


def media_link(media: Any, kind: str) -> str:
    """Return a Markdown link to a photo, film or recording on another site.

    No page may load it by itself. *kind* is one of :data:`MEDIA`.
    """
    url, alt = media, ""
    if isinstance(media, dict):
        url, alt = media.get("value", ""), as_text(media.get("alt", ""))
    url = as_text(url)
    if not url.startswith(("https://", "http://")):
        hint = "Upload it, or give its URL."
        raise InvalidInput(f"'{url}' is not the address of a {_KINDS[kind]}.", hint)
    url = quote(url, safe="%/:?#[]@!$&'()*+,;=~")
    label = " ".join(alt.replace("[", "(").replace("]", ")").split())
    return f"[{label}](<{url}>)" if label else f"<{url}>"


_KINDS = {"photo": "photo", "featured": "photo", "video": "film", "audio": "recording"}
"""What people call the properties of media."""
