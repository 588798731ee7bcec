"""Turns errors into HTTP answers: problem details (RFC 9457), and the status for each error."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
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


@dataclass(eq=False)
class Problem(Exception):
    """A request that is refused."""

    status: int
    code: str  #: for programs
    detail: str  #: for people
    hint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    theirs: object = None  #: after a conflict: the revision that was appended first
    about: str = ""  #: of invalid input: what is invalid, see :class:`InvalidInput`
    editor: str = ""  #: after a conflict: the name of the person who made it, if known
    changed: datetime | None = None  #: after a conflict: when it was made


def of(error: Exception) -> Problem:
    """Return the problem that describes an error to the client."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Conflict):
        theirs = as_data(error.theirs) if error.theirs else None
        hint = "Read it again, then repeat your change."
        return Problem(412, "conflict", error.message, hint, theirs=theirs, editor=error.editor,
                       changed=error.changed)  # fmt: skip
    if isinstance(error, LiveblogError):
        status, code = next(row[1:] for row in KINDS if isinstance(error, row[0]))
        headers = {"retry-after": "10"} if status == 503 else {}
        about = error.about if isinstance(error, InvalidInput) else ""
        return Problem(status, code, error.message, error.hint, headers, about=about)
    if isinstance(error, HTTPException):
        phrase = HTTPStatus(error.status_code).phrase
        code = phrase.lower().replace(" ", "_")
        return Problem(error.status_code, code, error.detail or phrase, headers=error.headers or {})
    return Problem(500, "failed", "Something went wrong inside liveblog; the log says what.")


class ProblemDetails(Struct, omit_defaults=True):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    code: Annotated[str, Meta(description="For programs.")]
    detail: Annotated[str, Meta(description="What is wrong, for people.")]
    hint: Annotated[str, Meta(description="What to do next.")] = ""
    about: Annotated[str, Meta(description="What is invalid: time, tag, picture and so on.")] = ""
    theirs: Annotated[Any, Meta(description="After a conflict: the other revision.")] = None
    editor: Annotated[str, Meta(description="After a conflict: who made it, if known.")] = ""
    changed: Annotated[datetime | None, Meta(description="After a conflict: when it was made.")] = (
        None
    )


def response(problem: Problem) -> Response:
    """Return a problem as JSON."""
    title = HTTPStatus(problem.status).phrase
    document = ProblemDetails(
        "about:blank",
        title,
        problem.status,
        problem.code,
        problem.detail,
        problem.hint,
        problem.about,
        problem.theirs,
        problem.editor,
        problem.changed,
    )
    headers = {"cache-control": "no-store", **problem.headers}
    data = msgspec.json.encode(document)
    return Response(data, problem.status, headers, "application/problem+json")


async def handler(request: Request, error: Exception) -> Response:
    """Handle an error, as an exception handler of Starlette."""
    problem = of(error)
    if problem.status >= 500 and not isinstance(error, Problem):
        log.error("%s %s: %s", request.method, request.url.path, error)
    return response(problem)
