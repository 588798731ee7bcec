"""A plain HTTP client: follows no redirect, decodes nothing, adds no header."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def __getitem__(self, name: str) -> str:
        """Return a header, or an empty string."""
        return self.headers[name] or ""

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def fetch(
    url: str, path: str = "", method: str = "GET", body: bytes = b"", **headers: str
) -> Answer:
    """Make one request; header names are written with underscores."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, parts.path + path, skip_accept_encoding=True,
                          skip_host="Host" in named)  # fmt: skip
    if body:
        named.setdefault("Content-Length", str(len(body)))
    for name, value in named.items():
        connection.putheader(name, value)
    connection.endheaders(body or None)
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer
