"""Requests that still come to an address that a blog had before: sent on to the same thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.types import Scope, Send

from ..config import Config


@dataclass(frozen=True)
class _Move:
    host: str
    path: str
    new: str
    new_host: str


class Redirects:
    """The earlier addresses of the blogs of a server (``moved_from`` in their settings)."""

    def __init__(self, configs: Iterable[Config]) -> None:
        """Collect the earlier addresses from the settings of all blogs."""
        moves = [
            _Move(_host(old), urlsplit(old).path, config.url, _host(config.url))
            for config in configs
            for old in config.moved_from
        ]
        self._moves = sorted(moves, key=lambda move: -len(move.path))

    def __bool__(self) -> bool:
        """Whether any of them was somewhere else."""
        return bool(self._moves)

    def target(self, scope: Scope, current: str | None) -> str:
        """Return where a request is to be sent on to, or an empty string.

        *current* is the path of the blog that is served there now, if any. It stays its own unless
        an earlier address lies below it, or was at this very path of another host.
        """
        if not self._moves:
            return ""
        path: str = scope["path"]
        host = _host(f"//{dict(scope['headers']).get(b'host', b'').decode('latin-1')}")
        for move in self._moves:
            if not f"{path}/".startswith(move.path) or len(move.path) < len(current or ""):
                continue
            is_elsewhere = host == move.host != move.new_host
            if move.path != current or is_elsewhere:
                query = scope["query_string"].decode("latin-1")
                rest = quote(path[len(move.path) :])
                return f"{move.new}{rest}{f'?{query}' if query else ''}"
        return ""


async def send_on(scope: Scope, send: Send, target: str) -> None:
    """Answer that something moved for good: 301, which every feed reader knows, or 308."""
    headers = [
        (b"location", target.encode("latin-1", "replace")),
        (b"cache-control", b"public, max-age=3600"),
        # Articles of other sites that show the live blog come with fetch.
        (b"access-control-allow-origin", b"*"),
        (b"content-length", b"0"),
    ]
    status = 301 if scope["method"] in ("GET", "HEAD") else 308
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""
