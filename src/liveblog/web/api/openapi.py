"""The OpenAPI 3.1 document of the API, made from its table of operations."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ...config import Config
from ...version import __version__
from ..errors import ProblemDetails
from ..request_input import UPLOAD_LIMIT
from .handlers import OPERATIONS
from .operation import Operation

_REFUSALS = {
    "429": "Too many requests or wrong tokens came from this address; see Retry-After.",
    "503": "The server is busy, or another process holds the journal; see Retry-After.",
    "507": "The server cannot read or write a file, for example because the disk is full.",
}

_REFUSALS_WITH_SCOPE = {
    "401": "The token is missing or wrong.",
    "403": "The scope is too small, or the request came from another site.",
    "421": "The request was for another host.",
}


def document(config: Config) -> dict[str, Any]:
    """Return the description of the API of one blog."""
    types = [t for o in OPERATIONS for t in (o.takes, o.gives) if t not in (None, bytes)]
    types.append(ProblemDetails)
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = paths.setdefault(f"/{operation.path}", {})
        path[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{config.title}: the newsroom's API",
            "version": __version__,
            "description": "Everything that the composer does. Instants are RFC 3339, in UTC.",
        },
        "servers": [{"url": f"{config.url}api"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "liveblog"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string"}} for name in operation.query
    ]
    if operation.is_guarded:
        parameters.append(_header("If-Match", "The ETag of the revision that you saw.", True))
    if operation.is_repeatable:
        parameters.append(
            _header(
                "Idempotency-Key",
                "The same request with the same key is done once.",
                False,
            )
        )
    described: dict[str, Any] = {
        "operationId": operation.call.__name__,
        "summary": operation.summary,
        "description": f"Scope: {operation.scope}." if operation.scope else "Needs no token.",
        **({} if operation.scope else {"security": []}),
        "parameters": parameters,
        "responses": _responses(operation),
    }
    if operation.takes is bytes:
        content: dict[str, Any] = {"image/*": {"schema": {"type": "string", "format": "binary"}}}
        text = f"The bytes of the picture, film or recording, at most {UPLOAD_LIMIT:,}."
        described["requestBody"] = {"required": True, "description": text, "content": content}
    elif operation.takes is not None:
        content = {"application/json": {"schema": _reference(operation.takes)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if operation.gives is not None:
        good["content"] = {"application/json": {"schema": _reference(operation.gives)}}
    refusals = dict(_REFUSALS)
    if operation.scope:
        refusals |= _REFUSALS_WITH_SCOPE
    else:
        refusals["422"] = "A parameter is not valid; the detail says why."
    if "{" in operation.path:
        refusals["404"] = "There is no such entry or period."
    if operation.path.startswith("entries/{"):
        refusals["410"] = "The entry was removed."
    if operation.path.endswith("/restoration"):
        refusals["422"] = "It was not removed, or was purged."
    if operation.takes is not None:
        refusals["413"] = "The body is too large."
        refusals["422"] = "The body is not valid; the detail says why. Nothing was changed."
    if operation.takes not in (None, bytes):
        refusals["400"] = "The body is not JSON."
        refusals["415"] = "The body is of another type than application/json."
    if operation.is_guarded:
        refusals["412"] = "Somebody else revised it first; the problem contains that revision."
        refusals["428"] = "If-Match is missing."
    schema = {"schema": _reference(ProblemDetails)}
    problems = {
        status: {"description": text, "content": {"application/problem+json": schema}}
        for status, text in sorted(refusals.items())
    }
    nothing = {str(operation.otherwise): {"description": "Done."}} if operation.otherwise else {}
    return {str(operation.status): good, **nothing, **problems}


def _header(name: str, text: str, required: bool) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": required, "description": text,
            "schema": schema}  # fmt: skip


def _reference(kind: Any) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
