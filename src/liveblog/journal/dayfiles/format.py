r"""The format of one line of a day file: its bytes, its checksum, its links to earlier lines.

A line is a JSON object that ends in three fields of fixed width::

    {"type":"revision",…,"after":"<16 hex>","prev":"<16 hex>","sum":"<16 hex>"}\n

- ``sum`` is BLAKE2b-64 over every byte before it: the line is whole and unaltered.
- ``prev`` is the sum of the line before it in the same file: no line was removed or reordered.
- ``after`` is the sum of the line that was appended before it, in any file: the loss of the last
  lines of a file, or of a whole file, is detected.

A line that was changed later (redacted, or relinked by a repair) also holds ``"was"``, before these
three: the sum it had, which its neighbours still name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec
from msgspec import Struct

from ...model.entry import Record, Revision
from ...model.hashing import blake2b

ZERO = "0" * 16
"""The sum before the first line."""

ENDING = re.compile(rb',"sum":"[0-9a-f]{16}"\}')
"""The last field of a line."""

ENDING_WIDTH = len(b',"sum":"0123456789abcdef"}')

_LINKS = re.compile(rb',"after":"([0-9a-f]{16})","prev":"([0-9a-f]{16})"')
_LINKS_WIDTH = len(b',"after":"","prev":""') + 2 * 16
_WAS = re.compile(rb',"was":"([0-9a-f]{16})"')
_WAS_WIDTH = len(b',"was":""') + 16

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


class Line(Struct, frozen=True):
    """A whole line."""

    record: Record
    sum: str  #: what its neighbours name: its own sum, or the one it had before it was changed
    prev: str
    after: str
    redacted: bool = False


def encode(record: Record, prev: str, after: str, was: str = "") -> bytes:
    """Return the line of a record, with its line end."""
    body = _encoder.encode(record)[:-1]
    redaction = f',"was":"{was}"' if was else ""
    body += f'{redaction},"after":"{after}","prev":"{prev}"'.encode()
    return body + ending_of(body) + b"\n"


class Links(NamedTuple):
    """The sums at the end of a line; those of a damaged line may be altered."""

    sum: str  #: what its neighbours name
    prev: str
    after: str


def links_of(line: bytes) -> Links | None:
    """Return the links of a line, whole or damaged; None if they cannot be read."""
    links = _links(line) if ENDING.match(line, max(len(line) - ENDING_WIDTH, 0)) else None
    if links is None:
        return None
    was, after, prev = links
    return Links((was or line[-18:-2]).decode(), prev.decode(), after.decode())


def decode(line: bytes) -> Line | str:
    """Read a line without its line end; return what is wrong with it if it is damaged."""
    if not is_whole(line):
        return "its checksum does not match its bytes"
    links = _links(line)
    if links is None:
        return "its links to the lines before are missing"
    try:
        record = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"it is not a record of this version ({error})"
    was, after, prev = links
    own = was or line[-18:-2]
    # Arguments by position are faster, and this runs a million times.
    is_blank = bool(was) and isinstance(record, Revision) and record.state == "removed"
    return Line(record, own.decode(), prev.decode(), after.decode(), is_blank)


def _links(line: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Return the sums ``was`` (or nothing), ``after`` and ``prev`` of a line.

    They are at fixed distances from its end.
    """
    at = len(line) - ENDING_WIDTH - _LINKS_WIDTH
    links = _LINKS.match(line, at) if at > 0 else None
    if links is None:
        return None
    was = _WAS.match(line, at - _WAS_WIDTH, at) if at > _WAS_WIDTH else None
    return was[1] if was else b"", links[1], links[2]


def is_whole(line: bytes) -> bool:
    """Whether a line's checksum holds."""
    return line[-ENDING_WIDTH:] == ending_of(line[:-ENDING_WIDTH])


def ending_of(body: bytes) -> bytes:
    """Return the last field of a line: the checksum of the bytes before it."""
    return b',"sum":"%s"}' % blake2b(body, digest_size=8).hexdigest().encode()
