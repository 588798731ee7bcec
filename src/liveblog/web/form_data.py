"""Reads form data (multipart, RFC 7578, and urlencoded): texts and files, in memory only."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .errors import Problem
from .request_input import JSON_LIMIT, UPLOAD_LIMIT, media_type, read_body

LIMIT = UPLOAD_LIMIT + JSON_LIMIT
"""Maximum bytes of a form: a picture and the texts."""

FIELDS = 1000
"""Maximum number of fields of a form, and of parts of a multipart body."""

Parts = list[tuple[str, str | bytes]]
"""Each field's name with its text, or a file's bytes."""


class _InMemory(MultiPartParser):
    """Holds every part in memory: the metadata of a picture must not reach the disk."""

    spool_max_size = LIMIT + 1


async def parts_of(request: Request, *, files: int = 20, limit: int = LIMIT) -> Parts:
    """Read a form of at most *files* files and *limit* bytes.

    Raises :class:`Problem`: 400, 413 or 415.
    """
    kind = media_type(request)
    if kind == "application/x-www-form-urlencoded":
        data = await read_body(request, min(limit, JSON_LIMIT))
        return await run_sync(_pairs, data)
    if kind != "multipart/form-data":
        raise Problem(415, "not_a_form", f"The body is {kind or 'of no type'}.", "Send a form.")
    data = await read_body(request, limit)
    # The parser is a coroutine, but never waits: it runs in a thread, beside the event loop.
    return await run_sync(lambda: asyncio.run(_parts(request.headers["content-type"], data, files)))


def _pairs(data: bytes) -> Parts:
    try:
        text = data.decode(errors="replace")
        return [*parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)]
    except ValueError:
        raise _damaged(f"It has more than {FIELDS} fields.") from None


async def _parts(kind: str, data: bytes, files: int) -> Parts:
    # A declared charset is ignored: decoding takes quadratic time with some codecs.
    headers = Headers({"content-type": re.sub(r";\s*charset\s*=[^;]*", "", kind, flags=re.I)})
    parser = _InMemory(
        headers, _once(data), max_files=files, max_fields=FIELDS, max_part_size=JSON_LIMIT
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise _damaged(error.message) from None
    except (ValueError, KeyError, IndexError):  # of a header in it
        raise _damaged("Its parts cannot be read.") from None
    try:
        found: Parts = []
        for name, value in form.multi_items():
            found.append((name, value if isinstance(value, str) else await value.read()))
        return found
    finally:
        await form.close()


def _damaged(why: str) -> Problem:
    return Problem(400, "not_a_form", f"The form is damaged: {why}", "Send it anew.")


async def _once(data: bytes) -> AsyncGenerator[bytes, None]:
    yield data
