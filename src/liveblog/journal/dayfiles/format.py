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

from ...model.entry import Framing, Reference
from ...model.hashing import blake2b
from ...model.records import Record

ZERO = "0" * 16
"""The sum before the first line."""

ENDING = re.compile(rb',"sum":"[0-9a-f]{16}"\}')
"""The last field of a line."""

ENDING_WIDTH = len(b',"sum":"0123456789abcdef"}')

_SUM = rb'"([0-9a-f]{16})"'
_LINKS = re.compile(rb'(?:,"was":%s)?,"after":%s,"prev":%s,"sum":%s\}\Z' % (_SUM, _SUM, _SUM, _SUM))
_LINKS_WIDTH = len(b',"was":"","after":"","prev":"","sum":""}') + 4 * 16

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


class Line(Struct, frozen=True):
    """A whole line."""

    record: Record
    sum: str  #: the one that its neighbours name: its own, or the one before it was changed
    prev: str
    after: str
    redacted: bool = False


def encode(record: Record, prev: str, after: str, was: str = "") -> bytes:
    """Return the line of a record, with its line end."""
    body = _encoder.encode(record)[:-1]
    before = f',"was":"{was}"' if was else ""
    body += f'{before},"after":"{after}","prev":"{prev}"'.encode()
    return body + ending_of(body) + b"\n"


class Links(NamedTuple):
    """The sums at the end of a line; those of a damaged line may be altered."""

    sum: str  #: the one that its neighbours name
    prev: str
    after: str
    is_changed: bool  #: whether the line was changed after it was appended


def links_of(line: bytes) -> Links | None:
    """Return the links of a line, whole or damaged; None if they cannot be read."""
    match = _LINKS.search(line, max(len(line) - _LINKS_WIDTH, 0))
    if match is None:
        return None
    was, after, prev, own = match.groups()
    return Links((was or own).decode(), prev.decode(), after.decode(), bool(was))


def decode(line: bytes) -> Line | str:
    """Read a line without its line end; return what is wrong with it if it is damaged."""
    if not is_whole(line):
        return "its checksum does not match its bytes"
    links = links_of(line)
    if links is None:
        return "its links to the lines before are missing"
    try:
        record = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"it is not a record of this version ({error})"
    is_removed = not isinstance(record, Framing | Reference) and record.state == "removed"
    return Line(record, links.sum, links.prev, links.after, links.is_changed and is_removed)


def is_whole(line: bytes) -> bool:
    """Whether a line's checksum holds."""
    return line[-ENDING_WIDTH:] == ending_of(line[:-ENDING_WIDTH])


def ending_of(body: bytes) -> bytes:
    """Return the last field of a line: the checksum of the bytes before it."""
    return b',"sum":"%s"}' % blake2b(body, digest_size=8).hexdigest().encode()
