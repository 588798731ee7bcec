"""Redirects from the earlier addresses of a blog to its current one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.responses import RedirectResponse
from starlette.types import Scope

from ..config import Config
from ..model import addresses


@dataclass(frozen=True)
class _Relocation:
    host: str
    path: str
    new: str
    new_host: str


class Redirects:
    """The earlier addresses of the blogs of a server (``moved_from`` in their settings)."""

    def __init__(self, configs: Iterable[Config]) -> None:
        """Collect the earlier addresses from the settings of all blogs."""
        relocations = [
            _Relocation(
                addresses.host(old), urlsplit(old).path, config.url, addresses.host(config.url)
            )
            for config in configs
            for old in config.moved_from
        ]
        self._relocations = sorted(relocations, key=lambda found: -len(found.path))

    def __bool__(self) -> bool:
        """Whether there is any earlier address."""
        return bool(self._relocations)

    def target(self, scope: Scope, current: str | None) -> str:
        """Return the URL that a request is redirected to, or an empty string.

        *current* is the path of the blog that is served there now, if any. Its requests are not
        redirected unless an earlier address lies below that path, or had the same path on another
        host.
        """
        if not self._relocations:
            return ""
        path: str = scope["path"]
        host = addresses.host(f"//{dict(scope['headers']).get(b'host', b'').decode('latin-1')}")
        for earlier in self._relocations:
            if not f"{path}/".startswith(earlier.path) or len(earlier.path) < len(current or ""):
                continue
            is_elsewhere = host == earlier.host != earlier.new_host
            if earlier.path != current or is_elsewhere:
                query = scope["query_string"].decode("latin-1")
                rest = quote(path[len(earlier.path) :])
                return f"{earlier.new}{rest}{f'?{query}' if query else ''}"
        return ""


def redirect_response(scope: Scope, target: str) -> RedirectResponse:
    """Return a permanent redirect: 301, which every feed reader knows, or 308."""
    status = 301 if scope["method"] in ("GET", "HEAD") else 308
    headers = {
        "cache-control": "public, max-age=3600",
        # Scripts on pages of other sites follow it, where they embed the live blog.
        "access-control-allow-origin": "*",
    }
    return RedirectResponse(target, status, headers)
