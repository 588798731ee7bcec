"""Reads the input of a request: its body within a limit, JSON, and numbers of its query."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from ..model.errors import InvalidInput
from ..model.limits import FILM_BYTES
from .errors import Problem

JSON_LIMIT = 1_000_000
"""Maximum bytes of a JSON body."""

UPLOAD_LIMIT = FILM_BYTES + 1_000_000
"""Maximum bytes of an upload."""


def media_type(request: Request) -> str:
    """Return the media type of a request's body, in lower case and without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most *limit* bytes into memory, never to disk.

    Raises :class:`Problem` (413).
    """
    problem = f"The body is too large; the limit is {limit:,} bytes."
    too_large = Problem(413, "too_large", problem, "Make it smaller.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 15 or int(declared) > limit):
        raise too_large
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise too_large
    return bytes(data)


def decode_json(data: bytes, kind: Any) -> Any:
    """Decode a JSON body into an object of a type; slow for a large body.

    Raises :class:`Problem` (400, 422).
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        hint = "The API is described at api/openapi.json."
        raise Problem(422, "invalid", f"{error}.", hint) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "not_json", f"The body is not JSON: {error}.") from None


def query_number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """Return a number of the query, or the nearest one from *low* to *high*.

    Raises :class:`InvalidInput` for a text that is not a number.
    """
    try:
        return min(max(int(request.query_params.get(name, str(default))), low), high)
    except ValueError:
        hint = f"Give one from {low} to {high}."
        raise InvalidInput(f"{name} is not a number.", hint) from None
