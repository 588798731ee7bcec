"""The API's routes: authorize a request, decode its body, run the operation, encode its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..context import BlogContext
from ..errors import Problem
from ..request_input import JSON_LIMIT, UPLOAD_LIMIT, decode_json, media_type, read_body
from ..uploads import uploaded_picture
from .handlers import OPERATIONS
from .openapi import document
from .operation import Answer, Call, Operation

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

    # Starlette calls plain functions in worker threads.
    def described(_: Request) -> Response:
        data = msgspec.json.encode(document(context.blog.config))
        return Response(data, media_type="application/json", headers=_UNSEEN)

    def uploaded(request: Request) -> Response:
        context.auth.authorize(request, "post")
        return uploaded_picture(context.blog, request.path_params["name"], _UNSEEN)

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
            person = await run_sync(context.auth.authorize, request, operation.scope)
        body = await _body(request, operation)
        call = Call(context, person, request, body)
        run = context.writers.run if operation.writes else run_sync
        return await run(lambda: _response(operation.call(call), operation))

    return endpoint


async def _body(request: Request, operation: Operation) -> Any:
    if operation.takes is None:
        return None
    if operation.takes is bytes:
        return await read_body(request, UPLOAD_LIMIT)
    kind = media_type(request)
    if kind not in ("application/json", "application/merge-patch+json"):
        problem = f"The body is {kind or 'of no type'}."
        raise Problem(415, "not_json", problem, "Send application/json.")
    return await run_sync(decode_json, await read_body(request, JSON_LIMIT), operation.takes)


def _response(answer: Answer, operation: Operation) -> Response:
    status = answer.status or operation.status
    headers = {**_UNSEEN, **answer.headers}
    if answer.body is None:
        return Response(status_code=status, headers=headers)
    return Response(msgspec.json.encode(answer.body), status, headers, "application/json")
