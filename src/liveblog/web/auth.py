"""Authentication: bearer tokens, sessions, and checks of the Host and Origin headers.

A program sends its token (RFC 6750). A browser that signed in sends a cookie, and its request must
come from the blog's own pages (``Origin``, or Fetch Metadata). Wrong tokens are counted for each
client; a valid token is always accepted.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from ..config import Config
from ..model import addresses
from ..model.permissions import NEEDS, Action, Scope, has_scope, may
from ..timeline import Entry
from ..tokens import SESSION_SECONDS, Person, Tokens
from .clients import client_of
from .errors import Problem
from .rate_limiter import RateLimiter

TRIES = 10
TRY_SECONDS = 300.0
"""Maximum number of wrong tokens of a client, and the seconds in which they are counted."""


_NEW_TOKEN = "'liveblog token new NAME' makes one."


class Authenticator:
    """Authenticates the requests to one blog."""

    def __init__(
        self, tokens: Tokens, config: Config, path: str, clock: Callable[[], datetime]
    ) -> None:
        """Authenticate for the blog that is served at *path*."""
        self.tokens = tokens
        self._config = config
        self._clock = clock
        is_secure = config.url.startswith("https://")
        # Blogs on one host must not overwrite each other's cookie.
        mark = hashlib.sha256(path.encode()).hexdigest()[:12]
        self._cookie = f"{'__Host-' if is_secure else ''}liveblog-{mark}"
        self._cookie_options: dict[str, Any] = {
            "path": "/" if is_secure else path,  # __Host- demands "/"
            "secure": is_secure,
            "httponly": True,
            "samesite": "lax",
        }
        self._attempts = RateLimiter(TRIES, TRY_SECONDS, time.monotonic)

    def authorize(self, request: Request, scope: Scope, token: str = "") -> Person:
        """Return the person who sent a request, who must have a scope.

        *token* is a token from the body of the request. A client may send its token there and in
        the header (Quill does); two different tokens are refused.

        Raises :class:`Problem`: 401, 403, 421 or 429.
        """
        person = self.person(request, token)
        if person is None:
            raise unauthorized()
        require(person, scope)
        return person

    def person(self, request: Request, token: str = "") -> Person | None:
        """Return the person who sent a request, or None without a token or session.

        Raises :class:`Problem` for a token that is wrong.
        """
        self.check_host(request)
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip() if kind.lower() == "bearer" else ""
        if given and token and not secrets.compare_digest(given.encode(), token.encode()):
            raise Problem(400, "invalid_request", "Two different tokens came.", "Send one.")
        if given or token:
            return self.by_token(request, given or token)
        cookie = request.cookies.get(self._cookie)
        person = self.tokens.by_session(cookie, self._clock()) if cookie else None
        if person and request.method not in ("GET", "HEAD"):
            self.check_origin(request)
        return person

    def by_token(self, request: Request, token: str) -> Person:
        """Return the person with a token; count a wrong one against the client."""
        person = self.tokens.by_token(token)
        if person is not None:
            return person
        self.count_refusal(request)
        problem = "This token is not valid, or no longer valid."
        if not self.tokens.all():
            problem = "Nobody holds a token of this blog; .liveblog/tokens.json may be lost."
        challenge = {"www-authenticate": 'Bearer realm="liveblog", error="invalid_token"'}
        raise Problem(401, "invalid_token", problem, _NEW_TOKEN, challenge)

    def count_refusal(self, request: Request) -> None:
        """Count a request without a valid token against its client.

        Raises :class:`Problem` (429) if there were too many.
        """
        if wait := self._attempts.record(client_of(request.scope)):
            problem = "Too many wrong tokens came from this address."
            hint = f"Try again in {math.ceil(wait / 60)} minutes."
            headers = {"retry-after": str(math.ceil(wait))}
            raise Problem(429, "too_many_attempts", problem, hint, headers)

    def check_host(self, request: Request) -> None:
        """Refuse a request for a host that is not ours (a forged Host header, or DNS rebinding)."""
        host = _requested_host(request)
        ours = {addresses.host(self._config.url), "localhost"}
        if server := request.scope.get("server"):
            ours.add(str(server[0]).lower())
        if host in ours:
            return
        with suppress(ValueError):
            if ipaddress.ip_address(host).is_loopback:
                return
        hint = "Use the blog's url (in liveblog.toml), or let your proxy pass the Host header on."
        raise Problem(421, "wrong_host", f"This blog's newsroom is not at '{host}'.", hint)

    def check_origin(self, request: Request) -> None:
        """Refuse a request that a page of another site makes with our cookie (CSRF)."""
        origin = request.headers.get("origin")
        if origin is not None:
            found = _origin(origin)
            is_ours = found is not None and found == self._own_origin(request)
        else:
            is_ours = request.headers.get("sec-fetch-site") in ("same-origin", "none")
        if not is_ours:
            hint = f"Open the composer ({self._config.url}compose) and try again there."
            raise Problem(403, "cross_site", "This request did not come from the composer.", hint)

    def _own_origin(self, request: Request) -> tuple[str, str, int] | None:
        """Return the origin of the blog's pages at the requested host.

        At the host of ``url`` the scheme is that of ``url``, whatever a proxy says.
        """
        host = request.headers.get("host", "")
        ours = urlsplit(self._config.url)
        is_url = _requested_host(request) == ours.hostname
        return _origin(f"{ours.scheme if is_url else request.url.scheme}://{host}")

    # -- sessions -----------------------------------------------------------------------------

    def sign_in(self, response: Response, person: Person) -> None:
        """Open a session, and set its cookie."""
        session = self.tokens.sign_in(person, self._clock())
        response.set_cookie(self._cookie, session, max_age=SESSION_SECONDS, **self._cookie_options)

    def sign_out(self, response: Response, request: Request) -> None:
        """End the session, and delete its cookie."""
        if cookie := request.cookies.get(self._cookie):
            self.tokens.sign_out(cookie)
        response.delete_cookie(self._cookie, **self._cookie_options)


def demand(
    person: Person, action: Action, entry: Entry | None = None, now: datetime | None = None
) -> None:
    """Refuse an action that is not permitted; see :mod:`liveblog.model.permissions`.

    Raises :class:`Problem` (403).
    """
    if not may(person, action, entry.revisions if entry else (), now):
        raise refusal(NEEDS[action], person)


def unauthorized() -> Problem:
    """Return the refusal of a request without a token."""
    hint = f"Send 'Authorization: Bearer …'; {_NEW_TOKEN}"
    challenge = {"www-authenticate": 'Bearer realm="liveblog"'}
    return Problem(401, "unauthorized", "This needs a token.", hint, challenge)


def require(person: Person, scope: Scope) -> None:
    """Refuse a request that needs another scope.

    Raises :class:`Problem` (403, RFC 6750 §3.1).
    """
    if not has_scope(person, scope):
        raise refusal(scope, person)


def refusal(scope: Scope, person: Person) -> Problem:
    """Return the refusal of a request that needs *scope*."""
    challenge = f'Bearer realm="liveblog", error="insufficient_scope", scope="{scope}"'
    problem = f"This needs the scope '{scope}'; {person.name} has '{person.scope}'."
    hint = f"Ask for a token with --scope {scope}."
    return Problem(403, "insufficient_scope", problem, hint, {"www-authenticate": challenge})


def _requested_host(request: Request) -> str:
    """Return the host that a request is for, without its port, in lower case."""
    return addresses.host(f"//{request.headers.get('host', '')}")


def _origin(text: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an origin (RFC 6454 §4), or None if the text is not one."""
    try:
        parts = urlsplit(text)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname.lower(), port) if parts.hostname else None
