r"""One line of a day file: its bytes, its checksum, its place in two chains.

A line is a JSON object that ends in three fields of fixed width::

    {"type":"revision",…,"after":"<16 hex>","prev":"<16 hex>","sum":"<16 hex>"}\n

- ``sum`` is BLAKE2b-64 over every byte before it: the line is whole and unaltered.
- ``prev`` is the sum of the line before it in the same file: none was removed or reordered.
- ``after`` is the sum of the line appended before it in any file: the last lines of a file, or a
  whole file, cannot vanish unseen.

A redacted line holds, before these, ``"was"``: the sum it had, which its neighbours still name.
"""

from __future__ import annotations

import re

# The C module itself: importing hashlib loads OpenSSL, which takes ten times as long.
from _blake2 import blake2b

import msgspec
from msgspec import Struct

from ..entry import Record

ZERO = "0" * 16
"""The sum before the first line."""

_TAIL = len(b',"sum":"0123456789abcdef"}')
_LINKS = re.compile(
    rb'(?:,"was":"([0-9a-f]{16})")?,"after":"([0-9a-f]{16})","prev":"([0-9a-f]{16})"$'
)
_LONGEST_LINKS = len(b',"was":"","after":"","prev":""') + 3 * 16

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


class Line(Struct, frozen=True):
    """A whole line as it was read."""

    record: Record
    sum: str  #: what its neighbours call it: its own sum, or the one it had before redaction
    prev: str
    after: str
    redacted: bool = False


def encode(record: Record, prev: str, after: str, was: str = "") -> bytes:
    """Return the line of a record, newline included."""
    body = _encoder.encode(record)[:-1]
    redaction = f',"was":"{was}"' if was else ""
    body += f'{redaction},"after":"{after}","prev":"{prev}"'.encode()
    return body + f',"sum":"{_sum(body)}"}}\n'.encode()


def own_sum(line: bytes) -> str:
    """Return the sum that a line (without its newline) carries."""
    return line[-18:-2].decode("ascii", "replace")


def name_of(line: bytes) -> str | None:
    """Return what the neighbours of a line call it, or None if the line is damaged."""
    if not _is_whole(line):
        return None
    links = _LINKS.search(line[-_TAIL - _LONGEST_LINKS : -_TAIL])
    return (links[1].decode() if links[1] else own_sum(line)) if links else None


def decode(line: bytes) -> Line | str:
    """Read a line (without its newline); return what is wrong with it if it is damaged."""
    if not _is_whole(line):
        return "its checksum does not fit its bytes"
    links = _LINKS.search(line[-_TAIL - _LONGEST_LINKS : -_TAIL])
    if not links:
        return "its links to the lines before are missing"
    try:
        record = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"it is no record of this version ({error})"
    was, after, prev = links.groups()
    return Line(
        record=record,
        sum=was.decode() if was else own_sum(line),
        prev=prev.decode(),
        after=after.decode(),
        redacted=bool(was),
    )


def _is_whole(line: bytes) -> bool:
    return line[-_TAIL:-18] == b',"sum":"' and _sum(line[:-_TAIL]) == own_sum(line)


def _sum(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()
