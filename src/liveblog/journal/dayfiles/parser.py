"""Parses the bytes of one day file into lines, damage and irregularities.

A line is whole if its checksum matches and its record keeps to ``model.limits``. What programs add
to a file (a byte order mark, other line ends, the markers of a merge, a line a second time) is an
irregularity: nothing is missing. Anything else is damage, and what it may have changed is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ...model.chapter import chapter_name
from ...model.entry import Reference, Revision, id_day
from ...model.errors import InvalidInput
from ...model.records import Version
from ...model.validation import validate
from ..results import Fault
from .format import ENDING, ZERO, Line, decode, is_whole, links_of
from .layout import home_of

RESTORE = "Run 'liveblog check --repair', or restore the file from a backup."

_BOM = b"\xef\xbb\xbf"
_BEGINNING = b'{"type":"'
_NAME = re.compile(rb'\{"type":"([a-z]+)","[a-z]+":"([^"\\]{1,200})"')
_MARKER = re.compile(rb"(<{7}|={7}|>{7}|\|{7})( .*)?")
_STRAY_BYTES = 8
"""Maximum number of stray bytes beside a whole line; more are a damaged line."""

_FAR = 4
"""Minimum number of letters in which two unrelated ids differ; damage alters fewer."""


class Irregularity(NamedTuple):
    """Bytes that no writer of the journal wrote. Nothing is missing because of them."""

    problem: str


Item = Line | Fault | Irregularity


def parse_lines(raw: bytes) -> Iterator[tuple[bytes, Line | str | Irregularity]]:
    """Yield what is between two line ends, usually one line.

    A whole line comes with the bytes that a writer would have written, without the line end; a
    damaged line with a text that says what is wrong; other bytes as an irregularity.
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
    """Yield lines that lost the line end between them, and the stray bytes beside them."""
    found: list[tuple[bytes, Line | str | Irregularity]] = []
    start = 0
    for end in ENDING.finditer(raw):
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
    if len(stray.strip(b" \t\r\0")) > _STRAY_BYTES:
        yield stray, "its checksum does not match its bytes"
    elif stray:
        yield b"", Irregularity("stray bytes beside a line")


def end_of_whole_lines(rest: bytes) -> int:
    """Return the end of the last whole line in bytes without a line end; 0 if there is none."""
    for ending in reversed(list(ENDING.finditer(rest))):
        if any(isinstance(found, Line) for _, found in parse_lines(rest[: ending.end()])):
            return ending.end()
    return 0


def last_line(data: bytes) -> Line | None:
    """Return the last whole line in some bytes."""
    for raw in reversed(data.split(b"\n")):
        for _, found in reversed(list(parse_lines(raw)) if raw else []):
            if isinstance(found, Line):
                return found
    return None


def readable_size(data: bytes, acknowledged: str = "") -> int:
    """Return the size of the part of a file to read; the bytes after it were cut short by a crash.

    *acknowledged* is the sum of the newest line of the file according to the head. If that line is
    not in the file, the bytes at the end are what is left of it, and are to be read as damage.
    """
    ended = data.rfind(b"\n") + 1
    end = ended + end_of_whole_lines(data[ended:])
    is_rest = bool(data[end:].strip(b" \t\r\0"))
    if is_rest and acknowledged and acknowledged.encode() not in data[:end]:
        return len(data)
    return end


def name_in(raw: bytes) -> str:
    """Return the entry, period or chapter named at the beginning of a line, or an empty string.

    The line may be damaged, and the name altered.
    """
    match = _NAME.match(raw)
    if not match:
        return ""
    name = match[2].decode(errors="replace")
    return chapter_name(name) if match[1] == b"chapter" else name


class FileParser:
    """Parses one file from its beginning, and continues as the file grows."""

    def __init__(self, name: str, label: str) -> None:
        """Parse the file of a period or chapter, which faults call *label*."""
        self.name = name
        self.label = label
        self.count = 0  #: number of lines so far
        self._prefix = name.replace("-", "") + "-"  # of the ids of a day's entries
        self.withheld: dict[str, Fault] = {}  #: see :class:`liveblog.journal.Reading`
        self.known: dict[str, int] = {}  #: by id or period: the newest version that can be read
        self._sums: set[str] = set()
        self._previous = {ZERO}  # the sums that the next line may name as ``prev``
        self.is_open = False  #: the last line lacks its line end

    def read(self, data: bytes) -> Iterator[Item]:
        """Yield the items in *data*, which continues where the bytes before ended.

        The last line may lack its line end. Bytes that a crash cut short must be left out; see
        :func:`readable_size`.
        """
        *parts, last = data.split(b"\n")
        for number, raw in enumerate([*parts, last] if last else parts):
            if number or not self.is_open:
                self.count += 1
            elif not raw:
                continue  # the line end of a line that was already parsed
            yield from self._items(raw)
        self.is_open = bool(last) or (self.is_open and not parts)

    @property
    def place(self) -> str:
        """The file and the number of the line that was parsed last."""
        return f"{self.label}:{self.count}"

    def _items(self, raw: bytes) -> Iterator[Item]:
        for piece, found in parse_lines(raw):
            if isinstance(found, Line):
                yield self._line(piece, found)
            elif isinstance(found, str):
                yield self._damaged(piece, found)
            else:
                yield found

    def _line(self, raw: bytes, line: Line) -> Item:
        if line.sum in self._sums:
            return Irregularity("a line that is here a second time")
        self._sums.add(line.sum)
        self._previous = {line.sum}
        record = line.record
        try:
            validate(record)
            if record.recorded is None or not (isinstance(record, Reference) or record.rev):
                raise InvalidInput("It has no revision number or instant.", RESTORE)
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

    def _is_at_home(self, record: Version) -> bool:
        if isinstance(record, Revision):
            return record.id.startswith(self._prefix)
        return record.name == self.name

    def _damaged(self, raw: bytes, problem: str) -> Fault:
        links = links_of(raw)
        previous, self._previous = self._previous, {links.sum} if links else set()
        # If lines were cut out between its beginning and its end, these belong to different lines.
        # The link to the line before says that they do not.
        is_one = links is not None and (links.prev in previous or is_whole(raw))
        entry = name_in(raw) if is_one else ""
        fault = Fault(
            self.place,
            f"the line is damaged: {problem}",
            RESTORE,
            raw,
            entry if self._is_certain(entry) else "",
        )
        if not raw.startswith(b'{"type":"reference"') or not fault.entry:
            self._withhold(fault)
        return fault

    def _is_certain(self, name: str) -> bool:
        """Whether a name in a damaged line is certain to be the name that was written there.

        An unknown name belongs to a lost entry, or is that of a known entry, altered.
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
    """Whether one id may be the other with a damaged byte or two."""
    differences = sum(a != b for a, b in zip(name, other, strict=False))
    return differences + abs(len(name) - len(other)) < _FAR
