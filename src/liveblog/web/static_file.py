"""A file of the site as it is answered: its encodings, its validators, and who has it already.

All of it is made once for each change of a file, down to the bytes of the headers; what is left to
do for a request is to choose.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

from ..model.hashing import blake2b
from ..site.storage.compressed import compress

Headers = list[tuple[bytes, bytes]]
Mark = tuple[int, int, int]
"""What tells one state of a file from another: when it was written, its size, its inode."""

PACKED = ("text/", "application/json", "application/xml", "application/atom+xml",
           "application/rss+xml", "application/feed+json", "application/manifest+json",
           "image/svg+xml")  # fmt: skip
"""Types that compress well."""

PAGE_HEADERS: Headers = [
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]
"""Headers of each HTML page, beside the policy that the page holds itself. Nobody needs a page in a
frame: articles of other sites show the live blog with ``embed.js``."""

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Answer:
    """An answer that lies ready."""

    __slots__ = ("data", "headers", "lines", "status")

    def __init__(self, status: int, headers: Headers, data: bytes = b"") -> None:
        """Keep an answer to be sent as often as it is asked for."""
        self.status = status
        # A page's own links are among them: nothing in it may end a header.
        self.headers = [(name, _CONTROL.sub(b" ", value)) for name, value in headers]
        self.lines = b"".join(b"%b: %b\r\n" % header for header in self.headers)
        self.data = data


@dataclass
class Encoding:
    """One encoding of a file."""

    data: bytes
    etag: bytes
    name: bytes = b""
    whole: Answer = field(init=False)  #: 200
    known: Answer = field(init=False)  #: 304


@dataclass
class File:
    """A file of the site, ready to be sent."""

    mark: Mark  #: its state when it was read
    modified: int  #: seconds of the epoch
    type: str
    cache: str
    bodies: dict[str, Encoding]  #: the plain one under ""; none if it is sent from disk
    vary: str = ""
    link: str = ""
    shared: bool = False  #: whether pages of other sites may read it
    size: int = field(init=False)  #: bytes of memory, about
    _dated: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        heads = 2 * (1000 + len(self.link))
        self.size = 1000 + sum(len(body.data) + heads for body in self.bodies.values())

    def answer(self, asked: Mapping[bytes, bytes]) -> Answer:
        """Return the answer to a request for this file, of which *asked* are the headers."""
        if self._dated != self.date:
            self._make_ready()
        body = self.bodies[""]
        if len(self.bodies) > 1 and (accepted := asked.get(b"accept-encoding")):
            body = next((self.bodies[name] for name in _preferred(accepted)), body)
        return body.known if is_known(asked, body.etag, self.modified) else body.whole

    @property
    def date(self) -> int:
        """Its Last-Modified, in seconds of the epoch."""
        # Never later than the answer's own date (RFC 9110 §8.8.2.1), which is up to a second old.
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

    def _make_ready(self) -> None:
        self._dated = self.date
        for body in self.bodies.values():
            shared = self.validators(body.etag, self._dated)
            own = [
                (b"content-type", self.type.encode()),
                (b"content-length", b"%d" % len(body.data)),
            ]
            if body.name:
                own.append((b"content-encoding", body.name))
            body.known = Answer(304, shared)
            body.whole = Answer(200, shared + own, body.data)


def encodings(
    data: bytes, kind: str, copies: Mapping[str, bytes] | None = None
) -> dict[str, Encoding]:
    """Return a file's bytes in each encoding that is worth it.

    *copies* are those that were compressed before; without them it takes long.
    """
    mark = blake2b(data, digest_size=10).hexdigest().encode()
    found = {"": Encoding(data, b'"%b"' % mark)}
    if kind.startswith(PACKED) and len(data) > 256:
        copies = copies or compress(data)
        found["br"] = Encoding(copies["br"], b'"%b-br"' % mark, b"br")
        found["gzip"] = Encoding(copies["gzip"], b'"%b-gz"' % mark, b"gzip")
    return found


def is_known(asked: Mapping[bytes, bytes], etag: bytes, modified: int) -> bool:
    """Whether who asks has it already; If-None-Match wins (RFC 9110 §13.2.2)."""
    if (given := asked.get(b"if-none-match")) is not None:
        if given == etag or given.strip() == b"*":
            return True
        return etag in re.findall(rb'(?:W/)?("[^"]*")', given)
    if (since := asked.get(b"if-modified-since")) is not None:
        try:
            return modified <= parsedate_to_datetime(since.decode("latin-1")).timestamp()
        except (ValueError, OverflowError):
            return False
    return False


@lru_cache(256)
def _preferred(accepted: bytes) -> tuple[str, ...]:
    """Return the encodings to send to who accepts some, the best first (RFC 9110 §12.5.3).

    Nothing is refused: the plain one is always there.
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
