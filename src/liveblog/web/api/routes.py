"""The API's routes: each operation read, let in, run outside the event loop, and answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import Problem
from ..uploads import uploaded_picture
from .handlers import OPERATIONS, Answer, Call, Operation
from .openapi import document

if TYPE_CHECKING:
    from ..context import BlogContext

_UNSEEN = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def routes(context: BlogContext) -> list[Route]:
    """Return the routes of every operation, and of the document that describes them."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    found = [
        Route(f"/api/{path}", _endpoint(context, methods), methods=list(methods))
        for path, methods in by_path.items()
    ]

    async def described(_: Request) -> Response:
        data = await run_sync(lambda: msgspec.json.encode(document(context.blog.config)))
        return Response(data, media_type="application/json", headers=_UNSEEN)

    async def uploaded(request: Request) -> Response:
        await run_sync(context.auth.enter, request, "post")
        return await run_sync(uploaded_picture, context.blog, request.path_params["name"], _UNSEEN)

    return [
        Route("/api/openapi.json", described),
        Route("/api/uploads/{name}", uploaded),
        *found,
    ]


def _endpoint(
    context: BlogContext, methods: dict[str, Operation]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        operation = methods[method]
        person = None
        if operation.scope:
            person = await run_sync(context.auth.enter, request, operation.scope)
        body = await _body(request, operation)
        call = Call(context, person, request, body, dict(request.path_params))
        run = context.writers.run if operation.writes else run_sync
        return await run(lambda: _response(operation.call(call)))

    return endpoint


async def _body(request: Request, operation: Operation) -> Any:
    if operation.takes is None:
        return None
    if operation.takes is not bytes:
        _check_kind(request)
    data = await read(request, operation.limit)
    return data if operation.takes is bytes else await run_sync(_decoded, data, operation.takes)


def _check_kind(request: Request) -> None:
    """Refuse a body that is not said to be JSON, before it is read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/merge-patch+json"):
        raise Problem(
            415, "not_json", f"The body is {kind or 'of no type'}.", "Send application/json."
        )


def _decoded(data: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise Problem(
            422, "invalid", f"{error}.", "See api/openapi.json for what it takes."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "not_json", f"The body is not JSON: {error}.") from None


async def read(request: Request, limit: int) -> bytes:
    """Read a body of at most so many bytes into memory; nothing of it touches the disk.

    Raises :class:`Problem` 413.
    """
    too_large = Problem(
        413,
        "too_large",
        f"The body is too large; the limit is {limit:,} bytes.",
        "Make it smaller.",
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 15 or int(declared) > limit):
        raise too_large
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > limit:
            raise too_large
    return bytes(data)


def _response(answer: Answer) -> Response:
    headers = {**_UNSEEN, **answer.headers}
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    data = msgspec.json.encode(answer.body)
    return Response(data, answer.status, headers, "application/json")
