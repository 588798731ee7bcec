"""Requests to servers outside, kept from reaching inside: the only door to the network.

An address that comes from outside may lead to this machine or its neighbours. So a host is
resolved once, each of its addresses must be a public one, and the connection goes to the very
address that was checked; each redirect is checked again. No proxy of the environment is used.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import httpcore2

from .model import addresses
from .model.errors import Unreachable
from .version import __version__

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 60.0
LARGEST = 10_000_000  #: bytes of an answer, unpacked
REDIRECTS = 3

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that was ever given out; beside it lie NAT64 (64:ff9b::/96) and other ways to any IPv4."""

_SPECIAL = [
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
        "2001::/23", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
]  # fmt: skip
"""What of IANA's registries of special-purpose addresses looks public: relays and tunnels (6to4,
Teredo), which lead to any IPv4 address, name servers of nobody, documentation."""

Resolve = Callable[[str, int], list[str]]
"""Returns the addresses of a host."""


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]  #: names in lower case
    body: bytes
    url: str  #: where it came from, after redirects
    moved: str = ""  #: where it has moved for good (301, 308), if it has


def resolved(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host.

    Raises :class:`Unreachable` if it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} cannot be found: {error}.", "Check the address.") from None
    return list(dict.fromkeys(str(place[4][0]) for place in found))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
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


def private_place(url: str, resolve: Resolve = resolved) -> str:
    """Return the place of an address if it lies in a network of its own now, else nothing.

    Whoever runs the name of a public server may let it lead inside later; so the place of a public
    one is never to be allowed.

    Raises :class:`Unreachable` if it is no address, or is found nowhere.
    """
    _, host, port = _checked(url)
    is_private = not any(map(is_public, resolve(host, port)))
    return f"{host}:{port}" if is_private else ""


class Client:
    """Asks servers outside. One for each job: it keeps no connection open after an answer."""

    def __init__(self, *, allow: Collection[str] = (), resolve: Resolve = resolved) -> None:
        """Reach public addresses, and each ``host:port`` in *allow* wherever it lies.

        What the owner of the blog wrote into its settings may lie in their own network; what
        anybody else wrote may not.
        """
        self._allow = frozenset(allow)
        self._resolve = resolve
        self._tls = ssl.create_default_context()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Fetch an address, following redirects.

        Raises :class:`Unreachable`.
        """
        return self._ask("GET", url, dict(headers or {}), b"")

    def post(self, url: str, data: bytes, kind: str) -> Answer:
        """Send *data* of a media type to an address; only a 307 or 308 is followed.

        Raises :class:`Unreachable`.
        """
        return self._ask("POST", url, {"content-type": kind}, data)

    def _ask(self, method: str, url: str, headers: dict[str, str], data: bytes) -> Answer:
        deadline = time.monotonic() + TOTAL_SECONDS
        headers = {
            "user-agent": f"liveblog/{__version__}",
            "accept-encoding": "gzip",
            **headers,
        }
        is_permanent, moved = True, ""
        for _ in range(REDIRECTS + 1):
            answer = self._once(method, url, headers, data, deadline)
            follows = (307, 308) if method == "POST" else (301, 302, 303, 307, 308)
            target = answer.headers.get("location", "")
            if answer.status not in follows or not target:
                return Answer(answer.status, answer.headers, answer.body, url, moved)
            url = _joined(url, target)
            is_permanent = is_permanent and answer.status in (301, 308)
            moved = url if is_permanent else moved
        raise Unreachable(f"{url} redirects again and again.", "Give the address it leads to.")

    def _once(
        self, method: str, url: str, headers: dict[str, str], data: bytes, deadline: float
    ) -> Answer:
        asked, host, port = _checked(url)
        guard = _Guard(self._resolve, f"{host}:{port}" in self._allow, deadline)
        seconds = {"connect": CONNECT_SECONDS, "read": 20.0, "write": 20.0, "pool": 1.0}
        try:
            with (
                httpcore2.ConnectionPool(ssl_context=self._tls, network_backend=guard) as pool,
                pool.stream(
                    method,
                    asked,
                    headers=[
                        (n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()
                    ],
                    content=data or None,
                    extensions={"timeout": seconds},
                ) as response,
            ):
                said = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in response.headers
                }
                body = b"".join(
                    _bounded(response.iter_stream(), said.get("content-encoding", ""), url)
                )
                return Answer(response.status, said, body, url)
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as e:
            raise Unreachable(
                f"{host} did not answer: {e or type(e).__name__}.", "It is worth another try."
            ) from None
        except (httpcore2.UnsupportedProtocol, OSError, ValueError) as error:
            raise Unreachable(f"{url} cannot be asked: {error}.", "Check the address.") from None


def _checked(url: str) -> tuple[str, str, int]:
    """Return an address as it goes over the wire, its host and its port."""
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


def _joined(url: str, target: str) -> str:
    try:
        return addresses.join(url, target.encode("latin-1").decode("utf-8", "replace"))
    except ValueError:
        raise Unreachable(
            f"{url} redirects to '{target[:300]}', which is no address.", "Ask its owner."
        ) from None


def _bounded(chunks: Iterable[bytes], encoding: str, url: str) -> Iterator[bytes]:
    """Unpack an answer, and stop where it grows too large, packed or unpacked."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Unreachable(f"{url} sends '{encoding}', which was not asked for.", "Ask its owner.")
    unpack = zlib.decompressobj(31) if encoding.endswith("gzip") else None
    packed = unpacked = 0
    for chunk in chunks:
        packed += len(chunk)
        try:
            part = unpack.decompress(chunk, LARGEST + 1 - unpacked) if unpack else chunk
        except zlib.error as error:
            raise Unreachable(f"{url} sends damaged gzip: {error}.", "Ask its owner.") from None
        unpacked += len(part)
        if max(packed, unpacked) > LARGEST:
            raise Unreachable(f"{url} sends more than {LARGEST:,} bytes.", "Ask for less.")
        yield part
    if unpack and packed and not unpack.eof:
        raise Unreachable(f"{url} stopped in the middle.", "It is worth another try.")


class _Guard(httpcore2.NetworkBackend):
    """Connects to public addresses only, and to the very address that was checked."""

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
                return _Timed(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                problem = error
        raise problem or httpcore2.ConnectError("no address")


class _Timed(httpcore2.NetworkStream):
    """Ends a conversation at a deadline, however slowly the other side drips."""

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
        return _Timed(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
