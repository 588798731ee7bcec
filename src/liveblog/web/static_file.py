"""A cached file of the site: its encodings, its headers, and the choice between 200 and 304.

Encodings and headers are computed once for each change of a file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

from starlette.types import Send

from ..model.hashing import blake2b
from ..site.storage.compressed import compress

Headers = list[tuple[bytes, bytes]]
FileState = tuple[int, int, int]
"""Identifies a version of a file on disk: modification time in nanoseconds, size, inode."""

COMPRESSIBLE = ("text/", "application/json", "application/xml", "application/atom+xml",
                "application/rss+xml", "application/feed+json", "application/manifest+json",
                "image/svg+xml")  # fmt: skip
"""Prefixes of the media types that are sent compressed."""

PAGE_HEADERS: Headers = [
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
"""Headers of each HTML page, beside the policy in the page itself. Other sites show the live
blog with ``embed.js``, not in a frame."""

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Answer:
    """A complete answer, which may be sent many times."""

    __slots__ = ("data", "headers", "status")

    def __init__(self, status: int, headers: Headers, data: bytes = b"") -> None:
        self.status = status
        # The Link header quotes a page: no control character in it may end the header.
        self.headers = [(name, _CONTROL.sub(b" ", value)) for name, value in headers]
        self.data = data


async def send_answer(send: Send, answer: Answer, is_head: bool = False) -> None:
    """Send an answer; without its body if the method is HEAD."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.data})


@dataclass
class Encoding:
    """A file in one content coding."""

    data: bytes
    etag: bytes
    name: bytes = b""
    ok: Answer = field(init=False)  #: 200
    not_modified: Answer = field(init=False)  #: 304


@dataclass
class File:
    """A file of the site."""

    state: FileState  #: on disk, when it was read
    modified: int  #: seconds of the epoch
    type: str
    cache: str  #: value of Cache-Control
    bodies: dict[str, Encoding]  #: by content coding, "" for none; empty if it is sent from disk
    vary: str = ""
    link: str = ""
    shared: bool = False  #: whether pages of other sites may read it
    size: int = field(init=False)  #: bytes of memory, estimated
    _date: int = field(default=0, init=False)  # Last-Modified in the current headers

    def __post_init__(self) -> None:
        heads = 2 * (1000 + len(self.link))
        self.size = 1000 + sum(len(body.data) + heads for body in self.bodies.values())

    def answer(self, headers: Mapping[bytes, bytes]) -> Answer:
        """Return the answer to a request with these headers."""
        if self._date != self.date:
            self._build_answers()
        body = self.bodies[""]
        if len(self.bodies) > 1 and (accepted := headers.get(b"accept-encoding")):
            body = next((self.bodies[name] for name in _preferred(accepted)), body)
        return body.not_modified if is_known(headers, body.etag, self.modified) else body.ok

    @property
    def date(self) -> int:
        """Its Last-Modified, in seconds of the epoch."""
        # Not later than the Date header (RFC 9110 §8.8.2.1), which is up to a second old.
        return min(self.modified, int(time.time()) - 1)

    def validators(self, etag: bytes, date: int) -> Headers:
        """Return the headers that a 200 and its 304 share (RFC 9110 §15.4.5)."""
        headers = [
            (b"etag", etag),
            (b"last-modified", formatdate(date, usegmt=True).encode()),
            (b"cache-control", self.cache.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if self.vary:
            headers.append((b"vary", self.vary.encode()))
        if self.link:
            headers.append((b"link", self.link.encode("latin-1", "replace")))
        if self.type.startswith("text/html"):
            headers += PAGE_HEADERS
        if self.shared:
            headers.append((b"access-control-allow-origin", b"*"))
            headers.append((b"access-control-expose-headers", b"ETag, Link"))
        return headers

    def _build_answers(self) -> None:
        self._date = self.date
        for body in self.bodies.values():
            shared = self.validators(body.etag, self._date)
            own = [
                (b"content-type", self.type.encode()),
                (b"content-length", b"%d" % len(body.data)),
            ]
            if body.name:
                own.append((b"content-encoding", body.name))
            body.not_modified = Answer(304, shared)
            body.ok = Answer(200, shared + own, body.data)


def encodings(
    data: bytes, kind: str, copies: Mapping[str, bytes] | None = None
) -> dict[str, Encoding]:
    """Return a file's bytes in each content coding that is worth it.

    *copies* are compressed copies by content coding; without them this compresses, which is slow.
    """
    digest = blake2b(data, digest_size=10).hexdigest().encode()
    found = {"": Encoding(data, b'"%b"' % digest)}
    if kind.startswith(COMPRESSIBLE) and len(data) > 256:
        copies = copies or compress(data)
        found["br"] = Encoding(copies["br"], b'"%b-br"' % digest, b"br")
        found["gzip"] = Encoding(copies["gzip"], b'"%b-gz"' % digest, b"gzip")
    return found


def is_known(headers: Mapping[bytes, bytes], etag: bytes, modified: int) -> bool:
    """Whether the client has this version already; If-None-Match wins (RFC 9110 §13.2.2)."""
    if (given := headers.get(b"if-none-match")) is not None:
        if given == etag or given.strip() == b"*":
            return True
        return etag in re.findall(rb'(?:W/)?("[^"]*")', given)
    if (since := headers.get(b"if-modified-since")) is not None:
        try:
            return modified <= parsedate_to_datetime(since.decode("latin-1")).timestamp()
        except (ValueError, OverflowError):
            return False
    return False


@lru_cache(256)
def _preferred(accepted: bytes) -> tuple[str, ...]:
    """Return the content codings that an Accept-Encoding allows, the best first (RFC 9110 §12.5.3).

    An empty result means that the file is sent unencoded.
    """
    weights: dict[str, float] = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, _, parameters = part.strip().partition(";")
        weight = re.search(r"q\s*=\s*([0-9.]+)", parameters)
        try:
            weights[name.strip()] = float(weight[1]) if weight else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    found = {name: weights.get(name, weights.get("*", 0.0)) for name in ("br", "gzip")}
    return tuple(sorted((name for name in found if found[name] > 0), key=lambda n: -found[n]))
