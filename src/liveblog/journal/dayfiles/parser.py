"""The bytes of one file of the journal as lines: whole, damaged, or only odd.

A line is whole if its checksum holds and its record keeps to `model.limits`. What programs
add to a file (a byte order mark, other line ends, the markers of a merge, a line a second time) is
odd: nothing is missing. Anything else is damage, and what it may have changed is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...model.entry import Framing, Record, Reference, Revision, id_day, validate
from ...model.errors import InvalidInput
from ..results import Fault
from .format import ZERO, Line, decode, is_whole, links_of

RESTORE = "Run 'liveblog check --repair', or restore the file from a backup."

_BOM = b"\xef\xbb\xbf"
_BEGINNING = b'{"type":"'
_NAME = re.compile(rb'\{"type":"[a-z]+","[a-z]+":"([^"\\]{1,60})"')
_ENDING = re.compile(rb',"sum":"[0-9a-f]{16}"\}')
_MARKER = re.compile(rb"(<{7}|={7}|>{7}|\|{7})( .*)?")
_STRAY = 8
"""Bytes beside a whole line that cannot have been a line themselves."""

_FAR = 4
"""Letters in which two ids differ at least, unless one is the other with a damaged byte or two."""


class Irregularity(NamedTuple):
    """Bytes that no writer of the journal wrote; nothing is missing on account of them."""

    problem: str


Item = Line | Fault | Irregularity


def parse_lines(raw: bytes) -> Iterator[tuple[bytes, Line | str | Irregularity]]:
    """Yield what stands between two line ends: as a rule one line.

    A line is yielded with the bytes that a writer would have written (without the line end), a
    damaged one with what is wrong with it, all else as an oddity.
    """
    line = decode(raw)
    if isinstance(line, Line):
        yield raw, line
        return
    text = raw.removeprefix(_BOM).strip(b" \t\r\0")
    if not text:
        yield raw, Irregularity("an empty line")
    elif _MARKER.fullmatch(text):
        yield raw, Irregularity("the marker of a merge")
    elif text != raw and isinstance(found := decode(text), Line):
        at = "a byte order mark" if raw.startswith(_BOM) else "white space at the line end"
        yield text, found
        yield b"", Irregularity(at)
    elif isinstance(line, str):
        yield from _joined(raw, line)


def _joined(raw: bytes, problem: str) -> Iterator[tuple[bytes, Line | str | Irregularity]]:
    """Yield the lines between which a line end was lost, and the stray bytes beside them."""
    found: list[tuple[bytes, Line | str | Irregularity]] = []
    start = 0
    for end in _ENDING.finditer(raw):
        at = raw.find(_BEGINNING, start, end.end())
        part = raw[at : end.end()] if at >= 0 else b""
        line = decode(part)
        if isinstance(line, Line):
            found += [*_beside(raw[start:at]), (part, line)]
            start = end.end()
    if not found:
        yield raw, problem
        return
    yield from found
    yield from _beside(raw[start:])
    yield b"", Irregularity("a line end is missing")


def _beside(stray: bytes) -> Iterator[tuple[bytes, Line | str | Irregularity]]:
    if len(stray.strip(b" \t\r\0")) > _STRAY:
        yield stray, "its checksum does not fit its bytes"
    elif stray:
        yield b"", Irregularity("stray bytes beside a line")


def end_of_whole_lines(rest: bytes) -> int:
    """Return where the last whole line ends in bytes without a line end; 0 if there is none."""
    for ending in reversed(list(_ENDING.finditer(rest))):
        if any(isinstance(what, Line) for _, what in parse_lines(rest[: ending.end()])):
            return ending.end()
    return 0


def readable_size(data: bytes, acknowledged: str = "") -> int:
    """Return up to where a file is to be read: what follows was cut short by a crash.

    Unless the line of the sum *acknowledged*, the newest of this file as far as the head knows, is
    nowhere else: then this is what is left of it.
    """
    ended = data.rfind(b"\n") + 1
    end = ended + end_of_whole_lines(data[ended:])
    is_rest = bool(data[end:].strip(b" \t\r\0"))
    if is_rest and acknowledged and acknowledged.encode() not in data[:end]:
        return len(data)
    return end


def name_in(raw: bytes) -> str:
    """Return the entry or period that a line says it is of, damaged or not; empty if it does not.

    Damage may have altered it.
    """
    match = _NAME.match(raw)
    return match[1].decode(errors="replace") if match else ""


class FileParser:
    """Reads one file, from its beginning and on from where it ended before."""

    def __init__(self, name: str, shown: str) -> None:
        """Read what is kept under *name*, in a file that faults call *shown*."""
        self.name = name
        self.shown = shown
        self.count = 0  #: of line ends
        self._prefix = name.replace("-", "") + "-"  # of the ids of what lives in a day
        self.withheld: dict[str, Fault] = {}  #: see :class:`liveblog.journal.Reading`
        self.known: dict[str, int] = {}  #: the newest number that can be read of each name
        self._sums: set[str] = set()
        self._befores = {ZERO}  # what the next line may be chained to
        self.is_open = False  #: the last line lacks its line end

    def read(self, data: bytes) -> Iterator[Item]:
        """Yield what *data* holds, which goes on where the bytes before ended.

        The last line need not have a line end; what a crash cut short is not to be given, see
        :func:`end_of_whole_lines`.
        """
        *parts, last = data.split(b"\n")
        for number, raw in enumerate([*parts, last] if last else parts):
            if number or not self.is_open:
                self.count += 1
            elif not raw:
                continue  # only the line end of what was read already
            yield from self._items(raw)
        self.is_open = bool(last) or (self.is_open and not parts)

    @property
    def place(self) -> str:
        """The file and the number of the line that was read last."""
        return f"{self.shown}:{self.count}"

    def _items(self, raw: bytes) -> Iterator[Item]:
        for piece, what in parse_lines(raw):
            if isinstance(what, Line):
                yield self._line(piece, what)
            elif isinstance(what, str):
                yield self._damaged(piece, what)
            else:
                yield what

    def _line(self, raw: bytes, line: Line) -> Item:
        if line.sum in self._sums:
            return Irregularity("a line that stands here a second time")
        self._sums.add(line.sum)
        self._befores = {line.sum}
        record = line.record
        try:
            validate(record)
            if record.recorded is None or not (isinstance(record, Reference) or record.rev):
                raise InvalidInput("It has no number or instant.", RESTORE)
            if not isinstance(record, Reference) and not self._is_at_home(record):
                return Fault(self.place, f"the line belongs to {home_of(record)}", RESTORE, raw)
        except InvalidInput as error:
            name = record.entry if isinstance(record, Reference) else record.name
            fault = Fault(self.place, error.message.rstrip("."), error.hint, raw, name)
            if not isinstance(record, Reference) and record.rev > self.known.get(name, 0):
                self._withhold(fault)
            return fault
        if not isinstance(record, Reference) and record.rev > self.known.get(record.name, 0):
            self.known[record.name] = record.rev
            self.withheld.pop(record.name, None)
        return line

    def _is_at_home(self, record: Revision | Framing) -> bool:
        if isinstance(record, Framing):
            return record.period == self.name
        return record.id.startswith(self._prefix)

    def _damaged(self, raw: bytes, problem: str) -> Fault:
        links = links_of(raw)
        befores, self._befores = self._befores, {links.sum} if links else set()
        # Its beginning and its end are those of one line only if that is chained to the one before.
        # A file that was cut off may have ended in other lines.
        is_one = links is not None and (links.prev in befores or is_whole(raw))
        entry = name_in(raw) if is_one else ""
        fault = Fault(
            self.place,
            f"the line is damaged: {problem}",
            RESTORE,
            raw,
            entry if self._is_sure(entry) else "",
        )
        if not raw.startswith(b'{"type":"reference"') or not fault.entry:
            self._withhold(fault)
        return fault

    def _is_sure(self, name: str) -> bool:
        """Whether a name in a damaged line is what was written there.

        If nobody knows it, it is that of a lost entry, or that of a known one, altered.
        """
        if name in self.known or name == self.name:
            return True
        try:
            if id_day(name).isoformat() != self.name:
                return False
        except InvalidInput:
            return False
        return not any(is_near(name, other) for other in self.known)

    def _withhold(self, fault: Fault) -> None:
        for name in [fault.entry] if fault.entry else list(self.known):
            self.withheld[name] = fault


def is_near(name: str, other: str) -> bool:
    """Whether one id may be the other, with a damaged byte or two."""
    differences = sum(a != b for a, b in zip(name, other, strict=False))
    return differences + abs(len(name) - len(other)) < _FAR


def home_of(record: Revision | Framing) -> str:
    """Return the name under which a record is kept."""
    return record.period if isinstance(record, Framing) else id_day(record.id).isoformat()


def is_withheld(record: Record, withheld: dict[str, Fault]) -> bool:
    """Whether a record is of an entry or framing that is withheld."""
    return not isinstance(record, Reference) and record.name in withheld
