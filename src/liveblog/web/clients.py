"""Who is asking, as far as an address tells: the rule for every limit that counts by address."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

log = logging.getLogger("liveblog")

FORWARDED = {b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"}


@lru_cache(4096)
def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def client_of(scope: Mapping[str, Any]) -> str:
    """Return the client that a request came from, as limits count it."""
    client = scope.get("client")
    return network_of(str(client[0])) if client else "-"


def believed(proxies: str) -> Callable[[str], bool]:
    """Return whether an address is among those whose forwarded headers are believed."""
    return ProxyHeadersMiddleware(cast(Any, None), trusted_hosts=proxies).trusted_hosts.__contains__


class BehindProxies:
    """An application that is told who really asks, by proxies that are believed."""

    has_warned = False

    def __init__(self, app: ASGIApp, proxies: str) -> None:
        # uvicorn and Starlette describe the same protocol with different types.
        self._app = ProxyHeadersMiddleware(cast(Any, app), trusted_hosts=proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; warn once of forwarded headers from an address that nobody named."""
        client = scope.get("client")
        if (
            not BehindProxies.has_warned
            and client
            and client[0] not in self._app.trusted_hosts
            and any(name in FORWARDED for name, _ in scope["headers"])
        ):
            BehindProxies.has_warned = True
            log.warning(
                "%s sends forwarded headers and is not believed, so all its clients count as one. "
                "If it is your proxy, start the server with --proxy %s (or LIVEBLOG_PROXY).",
                client[0],
                client[0],
            )
        await self._app(cast(Any, scope), cast(Any, receive), cast(Any, send))
