"""Forms as they come over the wire (RFC 7578): texts and files, in order, never on the disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .api import JSON_LIMIT, UPLOAD_LIMIT
from .api_routes import read
from .problems import Problem

LIMIT = UPLOAD_LIMIT + JSON_LIMIT
"""Bytes of a form: pictures and the texts."""

Parts = list[tuple[str, str | bytes]]
"""Each field's name with its text, or a file's bytes."""


class _InMemory(MultiPartParser):
    """Keeps every part in memory, for its metadata must not touch the disk."""

    spool_max_size = LIMIT + 1


def kind_of(request: Request) -> str:
    """Return the media type of a request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def parts_of(request: Request, *, files: int = 20, limit: int = LIMIT) -> Parts:
    """Read a form of at most so many *files*, and bytes in all.

    Raises :class:`~liveblog.web.problems.Problem`: 400, 413 or 415.
    """
    kind = kind_of(request)
    if kind == "application/x-www-form-urlencoded":
        data = await read(request, min(limit, JSON_LIMIT))
        return list(parse_qsl(data.decode(errors="replace"), keep_blank_values=True))
    if kind != "multipart/form-data":
        raise Problem(415, "not_a_form", f"The body is {kind or 'of no type'}.", "Send a form.")
    parser = _InMemory(
        request.headers,
        _once(await read(request, limit)),
        max_files=files,
        max_part_size=JSON_LIMIT,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Problem(400, "not_a_form", f"The form is damaged: {error.message}") from None
    try:
        found: Parts = []
        for name, value in form.multi_items():
            found.append((name, value if isinstance(value, str) else await value.read()))
        return found
    finally:
        await form.close()


async def _once(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data
