"""The HTTP client for requests to other servers; it does not reach the private network.

A URL from outside may lead to this machine or its neighbours. So a host is resolved once, each of
its addresses must be public, and the connection goes to the very address that was checked; each
redirect is checked again. Proxies of the environment are not used.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpcore2

from .model import addresses
from .model.errors import Unreachable
from .version import __version__

CONNECT_SECONDS = 5.0
"""Seconds after which an attempt to connect ends."""

TOTAL_SECONDS = 60.0
"""Seconds after which a request with all its redirects ends."""

MAX_BYTES = 10_000_000
"""Maximum number of bytes of an answer, compressed and decompressed."""

MAX_REDIRECTS = 3

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All global unicast addresses; outside of it are NAT64 (64:ff9b::/96) and other ways to IPv4."""

_SPECIAL = [
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
        "2001::/23", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
]  # fmt: skip
"""Special-purpose addresses (IANA's registries) that :mod:`ipaddress` calls global: relays and
tunnels (6to4, Teredo), which lead to any IPv4 address, AS112 name servers, documentation."""

Resolve = Callable[[str, int], list[str]]
"""Returns the IP addresses of a host and port."""


@dataclass(frozen=True)
class Answer:
    """The answer of a server."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    body: bytes
    url: str  #: its URL, after redirects
    moved: str = ""  #: the new URL after permanent redirects (301, 308) only


def resolve_host(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host according to the system's resolver.

    Raises :class:`Unreachable` if it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} cannot be found: {error}.", "Check the address.") from None
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip not in _UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _SPECIAL)


def private_host_port(url: str, resolve: Resolve = resolve_host) -> str:
    """Return ``host:port`` of a URL if its host has private addresses only, else an empty string.

    A caller may allow a private host. It must not allow a public one: the owner of its name could
    let it lead into the private network later.

    Raises :class:`Unreachable` if it is no URL, or its host is not found.
    """
    _, host, port = _parse(url)
    is_private = not any(map(is_public, resolve(host, port)))
    return f"{host}:{port}" if is_private else ""


class Client:
    """An HTTP client. No connection stays open after an answer."""

    def __init__(self, *, allow: Collection[str] = (), resolve: Resolve = resolve_host) -> None:
        """Connect to public addresses, and to each ``host:port`` in *allow* at any address.

        A URL from the blog's settings may lead into its owner's network; any other may not.
        """
        self._allow = frozenset(allow)
        self._resolve = resolve
        self._tls = ssl.create_default_context()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch a URL, following redirects.

        Raises :class:`Unreachable`.
        """
        return self._request("GET", url, dict(headers or {}), b"")

    def post(self, url: str, data: bytes, kind: str) -> Answer:
        """Send *data* with the media type *kind* to a URL; only 307 and 308 are followed.

        Raises :class:`Unreachable`.
        """
        return self._request("POST", url, {"content-type": kind}, data)

    def _request(self, method: str, url: str, headers: dict[str, str], data: bytes) -> Answer:
        deadline = time.monotonic() + TOTAL_SECONDS
        agent = f"liveblog/{__version__}"
        headers = {"user-agent": agent, "accept-encoding": "gzip", **headers}
        is_permanent, moved = True, ""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._request_once(method, url, headers, data, deadline)
            follows = (307, 308) if method == "POST" else (301, 302, 303, 307, 308)
            target = answer.headers.get("location", "")
            if answer.status not in follows or not target:
                return Answer(answer.status, answer.headers, answer.body, url, moved)
            url = _redirect_url(url, target)
            is_permanent = is_permanent and answer.status in (301, 308)
            moved = url if is_permanent else moved
        raise Unreachable(f"{url} redirects again and again.", "Give the address it leads to.")

    def _request_once(
        self, method: str, url: str, headers: dict[str, str], data: bytes, deadline: float
    ) -> Answer:
        wire_url, host, port = _parse(url)
        backend = _PublicBackend(self._resolve, f"{host}:{port}" in self._allow, deadline)
        seconds = {"connect": CONNECT_SECONDS, "read": 20.0, "write": 20.0, "pool": 1.0}
        try:
            fields = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()]
            with (
                httpcore2.ConnectionPool(ssl_context=self._tls, network_backend=backend) as pool,
                pool.stream(
                    method,
                    wire_url,
                    headers=fields,
                    content=data or None,
                    extensions={"timeout": seconds},
                ) as response,
            ):
                received = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                }
                encoding = received.get("content-encoding", "")
                body = _decode_body(response.iter_stream(), encoding, url)
                return Answer(response.status, received, body, url)
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as e:
            raise Unreachable(
                f"{host} did not answer: {e or type(e).__name__}.", "Try again later."
            ) from None
        except (httpcore2.UnsupportedProtocol, OSError, ValueError) as error:
            raise Unreachable(
                f"{url} cannot be requested: {error}.", "Check the address."
            ) from None


def _parse(url: str) -> tuple[str, str, int]:
    """Return a URL as it is sent, its host and its port."""
    try:
        parts = addresses.split(url)
        host, port = parts.hostname or "", parts.port
        wire_host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:
        parts, host, port, wire_host = urlsplit(""), "", None, ""
    if parts.scheme not in ("http", "https") or not host:
        raise Unreachable(
            f"'{url[:300]}' is not an address on the web.", "Write it like https://…."
        )
    if parts.username or parts.password:
        raise Unreachable(f"'{parts.hostname}' is given with a password.", "Leave it out.")
    port = port or (443 if parts.scheme == "https" else 80)
    shown = f"[{wire_host}]" if ":" in wire_host else wire_host
    safe = "/?#[]@!$&'()*+,;=:%~"
    path, query = quote(parts.path or "/", safe=safe), quote(parts.query, safe=safe)
    return urlunsplit((parts.scheme, f"{shown}:{port}", path, query, "")), wire_host, port


def _redirect_url(url: str, target: str) -> str:
    try:
        return addresses.join(url, target.encode("latin-1").decode("utf-8", "replace"))
    except ValueError:
        raise Unreachable(
            f"{url} redirects to '{target[:300]}', which is no address.", "Ask its owner."
        ) from None


def _decode_body(chunks: Iterable[bytes], encoding: str, url: str) -> bytes:
    """Decompress an answer; raise an error where it is too large, compressed or not."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Unreachable(f"{url} sends '{encoding}', which was not accepted.", "Ask its owner.")
    gzip = zlib.decompressobj(31) if encoding.endswith("gzip") else None
    body = bytearray()
    received = 0
    for chunk in chunks:
        received += len(chunk)
        try:
            body += gzip.decompress(chunk, MAX_BYTES + 1 - len(body)) if gzip else chunk
        except zlib.error as error:
            raise Unreachable(f"{url} sends damaged gzip: {error}.", "Ask its owner.") from None
        if max(received, len(body)) > MAX_BYTES:
            raise Unreachable(f"{url} sends more than {MAX_BYTES:,} bytes.", "Ask for less.")
    if gzip and received and not gzip.eof:
        raise Unreachable(f"{url} stopped in the middle.", "Try again later.")
    return bytes(body)


class _PublicBackend(httpcore2.NetworkBackend):
    """Connects to public addresses only: to the very address that was checked."""

    def __init__(self, resolve: Resolve, is_allowed: bool, deadline: float) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._deadline = deadline
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        addresses = self._resolve(host, port)
        if not self._is_allowed:
            for address in addresses:
                if not is_public(address):
                    raise Unreachable(
                        f"{host} leads to {address}, which is no public address.",
                        "Give the address of a public server.",
                    )
        problem: Exception | None = None
        for address in addresses:
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            try:
                stream = self._inner.connect_tcp(
                    address, port, timeout=min(left, timeout or CONNECT_SECONDS)
                )
                return _DeadlineStream(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
        raise problem or httpcore2.ConnectError("no address")


class _DeadlineStream(httpcore2.NetworkStream):
    """A network stream that ends at a deadline, however slowly the other side sends."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def _left(self, timeout: float | None) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout(f"more than {TOTAL_SECONDS:.0f} seconds")
        return min(left, timeout or left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._left(timeout))
        return _DeadlineStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
