"""The address of a client, for limits: trusted proxies, and networks that count as one client."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from typing import Any, cast

from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

log = logging.getLogger("liveblog")

FORWARDED = {b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"}


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
    """Return the client of a request, as limits count it; "-" if it has no address."""
    client = scope.get("client")
    return network_of(str(client[0])) if client else "-"


class ForwardedHeaders:
    """The headers in which trusted proxies say who the client is (X-Forwarded-For and -Proto)."""

    def __init__(self, proxies: str) -> None:
        """Trust *proxies*: addresses or networks, separated by commas."""
        # uvicorn and Starlette describe the same protocol with different types.
        self._middleware = ProxyHeadersMiddleware(cast(Any, _nothing), trusted_hosts=proxies)
        self._has_warned = False

    def is_trusted(self, address: str) -> bool:
        """Whether an address is one of a trusted proxy."""
        return address in self._middleware.trusted_hosts

    async def apply(self, scope: Scope) -> None:
        """Set the client and the scheme of a request to what a trusted proxy says."""
        client = scope.get("client")
        if (
            not self._has_warned
            and client
            and not self.is_trusted(client[0])
            and any(name in FORWARDED for name, _ in scope["headers"])
        ):
            self._has_warned = True
            log.warning(
                "%s sends forwarded headers and is not trusted, so all its clients count as one. "
                "If it is your proxy, start the server with --proxy %s (or LIVEBLOG_PROXY).",
                client[0],
                client[0],
            )
        await self._middleware(cast(Any, scope), cast(Any, _nothing), cast(Any, _nothing))


async def _nothing(*_: object) -> None:
    """Do nothing: the middleware is used for its effect on the scope."""
