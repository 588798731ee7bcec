"""Turns errors into HTTP answers: problem details (RFC 9457), and the status for each error."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..model.conflicts import Conflict, KeyReused
from ..model.entry import as_data
from ..model.errors import (
    Busy,
    InvalidInput,
    LiveblogError,
    NotFound,
    StorageError,
    Withheld,
)

log = logging.getLogger("liveblog")

KINDS: tuple[tuple[type[LiveblogError], int, str], ...] = (
    (InvalidInput, 422, "invalid"),
    (NotFound, 404, "not_found"),
    (Conflict, 412, "conflict"),
    (KeyReused, 409, "key_reused"),
    (Withheld, 409, "withheld"),
    (Busy, 503, "busy"),
    (StorageError, 507, "failed"),
    (LiveblogError, 500, "failed"),
)
"""The status and the code for each type of error; the first match counts."""


class Problem(Exception):
    """A request that is refused.

    ``code`` is a word for programs, ``detail`` and ``hint`` are for people.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        hint: str = "",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.headers = dict(headers or {})
        self.more = more


def of(error: Exception) -> Problem:
    """Return the problem that describes an error to the client."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Conflict):
        theirs = as_data(error.theirs) if error.theirs else None
        return Problem(412, "conflict", error.message, "Read it again, then repeat your change.",
                       theirs=theirs)  # fmt: skip
    if isinstance(error, LiveblogError):
        status, code = next(row[1:] for row in KINDS if isinstance(error, row[0]))
        headers = {"retry-after": "10"} if status == 503 else None
        return Problem(status, code, error.message, error.hint, headers)
    if isinstance(error, HTTPException):
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_")
        return Problem(error.status_code, code, error.detail or phrase, headers=error.headers)
    return Problem(500, "failed", "Something went wrong inside liveblog; the log says what.")


def response(problem: Problem) -> Response:
    """Return a problem as JSON."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        **({"hint": problem.hint} if problem.hint else {}),
        **problem.more,
    }
    headers = {"cache-control": "no-store", **problem.headers}
    return Response(
        msgspec.json.encode(document), problem.status, headers, "application/problem+json"
    )


async def handler(request: Request, error: Exception) -> Response:
    """Handle an error, as an exception handler of Starlette."""
    problem = of(error)
    if problem.status >= 500 and not isinstance(error, Problem):
        log.error("%s %s: %s", request.method, request.url.path, error)
    return response(problem)
