"""Writes damaged files of the journal anew, and says what was done.

What is only odd is dropped. A damaged line is brought back where one altered byte explains it (its
checksum tells), or where a copy of it was set aside. Where it cannot be, and may have corrected or
removed an entry, it stays, and the entry is withheld until somebody revises or removes it. Any
other is lost for good: the lines that name it are linked past it. The old file is kept beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ...model.entry import Reference
from ...model.hashing import blake2b
from ...storage.atomic import NotRegularError, read_regular, replace_file
from ..results import Fault
from .check import CheckedFile, check_file, set_aside
from .format import ZERO, Line, decode, encode, is_whole, links_of
from .layout import find_files
from .parser import FileParser, home_of, parse_lines, readable_size
from .reader import Reader

_WORK = 2_000_000_000
"""Bytes that are hashed at most to bring one line back: a second or two."""

_ENDING = len(b',"sum":"0123456789abcdef"}')


class _Piece(NamedTuple):
    """A line as it is to be written: its bytes, and what they say if they are whole."""

    data: bytes
    line: Line | None


def repair(journal: Reader, now: datetime, *, dry_run: bool) -> list[str]:
    """See :meth:`liveblog.journal.Journal.repair`. The journal's lock is held, unless dry."""
    found = {name: check_file(journal, name) for name, _ in find_files(journal.folder)}
    aside = set_aside(journal.folder)
    spare = _whole_lines(aside)
    told: list[str] = []
    files: dict[str, list[_Piece]] = {}
    for name, each in sorted(found.items()):
        try:
            files[name] = _mended(
                each, read_regular(journal.path(name)), spare, told, journal.acknowledged(name)
            )
        except NotRegularError as error:
            told.append(f"{journal.label(error.path)} is {error.kind}: left as it is.")
    for name, lines in files.items():
        lines[:] = _at_home(name, files, found[name].lines.shown, told)
    known = _sums(files.values())
    for name, lines in files.items():
        shown = found[name].lines.shown
        lines[:] = _linked(lines, known, shown, told)
        data = b"".join(piece.data + b"\n" for piece in lines)
        path = journal.path(name)
        before = read_regular(path)
        if data == before or dry_run:
            continue
        kept = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S}")
        while kept.exists():
            kept = kept.with_name(f"{kept.name}~")
        replace_file(kept, before)
        replace_file(path, data)
        told.append(f"{shown} is written anew; {kept.name}, beside it, is the file as it was.")
    for path in aside:
        if path.name.endswith(".torn"):
            told.append(f"{journal.label(path)}: never acknowledged; deleted.")
            if not dry_run:
                path.unlink(missing_ok=True)
    return told


def _mended(
    each: CheckedFile, data: bytes, spare: dict[str, bytes], told: list[str], acknowledged: str
) -> list[_Piece]:
    """Return the lines of a file, without what is odd or lost; what can be is brought back."""
    shown = each.lines.shown
    kept: list[_Piece] = []
    sums: set[str] = set()
    end = readable_size(data, acknowledged)
    if data[end:]:
        told.append(f"{shown}: an append that was cut short, never acknowledged; dropped.")
    for number, raw in _rejoined(data[:end].split(b"\n"), shown, told):
        if not raw and number > each.lines.count:
            continue
        for piece, what in parse_lines(raw):
            if isinstance(what, str):
                back = corrected(piece)
                if not back and (links := links_of(piece)):
                    back = spare.get(links.sum)
                if back:
                    told.append(f"{shown}:{number}: the damaged line is brought back.")
                    piece, what = back, decode(back)
            if isinstance(what, Line):
                if what.sum in sums:
                    told.append(f"{shown}:{number}: a line that stood here twice; dropped.")
                    continue
                sums.add(what.sum)
                kept.append(_Piece(piece, what))
            elif isinstance(what, str):
                kept.append(_Piece(piece, None))
            else:
                told.append(f"{shown}:{number}: {what.problem}; dropped.")
    return _without_lost(each, _with_spare(kept, spare, shown, told), told)


def _at_home(
    name: str, files: dict[str, list[_Piece]], shown: str, told: list[str]
) -> Iterator[_Piece]:
    """Yield the lines of a file, without copies of lines that stand in the file they belong to."""
    for piece in files[name]:
        line = piece.line
        home = home_of(line.record) if line and not isinstance(line.record, Reference) else name
        others = files.get(home, []) if home != name else []
        if line and any(other.line and other.line.sum == line.sum for other in others):
            told.append(f"{shown}: a copy of a line of {home}; dropped.")
        else:
            yield piece


def _rejoined(parts: list[bytes], shown: str, told: list[str]) -> Iterator[tuple[int, bytes]]:
    """Yield what stands between line ends, numbered; what an altered byte split is joined."""
    number = 0
    while number < len(parts):
        raw, number = parts[number], number + 1
        if number < len(parts) and isinstance(decode(parts[number]), str):
            split = parts[number]
            whole = next((w for x in range(256) if is_whole(w := raw + bytes((x,)) + split)), None)
            if whole:
                told.append(f"{shown}:{number}: the damaged line is brought back.")
                yield number, whole
                number += 1
                continue
        yield number, raw


def _with_spare(
    lines: list[_Piece], spare: dict[str, bytes], shown: str, told: list[str]
) -> list[_Piece]:
    """Put lines that were set aside, but that others follow, back where they belong."""
    for number, piece in reversed(list(enumerate(lines))):
        before = lines[number - 1].line if number else None
        wanted = piece.line.prev if piece.line else ""
        while wanted in spare and not (before and before.sum == wanted):
            if any(other.line and other.line.sum == wanted for other in lines):
                break
            line = decode(spare[wanted])
            assert isinstance(line, Line)
            lines.insert(number, _Piece(spare[wanted], line))
            told.append(f"{shown}: a line that was set aside, but acknowledged, is put back.")
            wanted = line.prev
    return lines


def _without_lost(each: CheckedFile, lines: list[_Piece], told: list[str]) -> list[_Piece]:
    """Drop the damaged lines that cannot have superseded anything that can be read."""
    reader = FileParser(each.lines.name, each.lines.shown)
    faults: dict[int, Fault] = {}
    for number, piece in enumerate(lines):
        for item in reader.read(piece.data + b"\n"):
            if isinstance(item, Fault) and piece.line is None:
                faults[number] = item
    kept = []
    for number, piece in enumerate(lines):
        fault = faults.get(number)
        names = [n for n, f in reader.withheld.items() if f is fault and n in reader.known]
        if fault and names:
            shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
            told.append(
                f"{fault.place}: the damaged line cannot be brought back and stays; withheld: "
                f"{shown}. Restore it from a backup, or settle each with 'liveblog remove ID'."
            )
        elif fault:
            told.append(f"{fault.place}: the damaged line is lost for good; dropped.")
            continue
        kept.append(piece)
    return kept


def _linked(lines: list[_Piece], known: set[str], shown: str, told: list[str]) -> Iterator[_Piece]:
    """Yield lines, those that name a lost one linked past it."""
    before: str | None = ZERO
    for piece in lines:
        line = piece.line
        if line is None:
            links = links_of(piece.data)
            before = links.sum if links else None
            yield piece
            continue
        is_excused = before is None  # what it names may be the damaged line before it
        prev, after = line.prev, line.after
        if not is_excused and prev not in known:
            prev = before or ZERO
        if not is_excused and after not in known:
            after = prev
        if (prev, after) != (line.prev, line.after):
            told.append(f"{shown}: what stood before {_called(line)} is lost for good.")
            data = encode(line.record, prev, after, was=line.sum)[:-1]
            piece = _Piece(data, line)
        before = line.sum
        yield piece


def _called(line: Line) -> str:
    record = line.record
    return f"a {type(record).__name__.lower()} of {record.recorded:%Y-%m-%d %H:%M:%S} UTC"


def _sums(files: Iterable[list[_Piece]]) -> set[str]:
    sums = {ZERO}
    for lines in files:
        for piece in lines:
            links = links_of(piece.data)
            if links:
                sums.add(links.sum)
    return sums


def _whole_lines(paths: Iterable[Path]) -> dict[str, bytes]:
    """Return the whole lines in what was set aside, by their sums."""
    found: dict[str, bytes] = {}
    for path in paths:
        try:
            data = read_regular(path)
        except NotRegularError:
            continue
        for raw in data.split(b"\n"):
            found |= {w.sum: piece for piece, w in parse_lines(raw) if isinstance(w, Line)}
    return found


def corrected(damaged: bytes) -> bytes | None:
    """Return the line that a damaged one was, if one altered byte explains the damage."""
    body, ending = damaged[:-_ENDING], damaged[-_ENDING:]
    whole = f',"sum":"{blake2b(body, digest_size=8).hexdigest()}"}}'.encode()
    if sum(a != b for a, b in zip(ending, whole, strict=False)) == 1:
        return body + whole
    wanted = ending[8:24]
    if not ending.startswith(b',"sum":"') or len(body) ** 2 * 8 > _WORK:
        return None
    try:
        digest = bytes.fromhex(wanted.decode("ascii"))
    except ValueError:
        return None
    is_thorough = len(body) ** 2 * 256 <= 2 * _WORK
    beginning = blake2b(digest_size=8)
    for at, byte in enumerate(body):
        others = range(256) if is_thorough else (byte ^ (1 << bit) for bit in range(8))
        rest = body[at + 1 :]
        for other in others:
            hashed = beginning.copy()
            hashed.update(bytes((other,)) + rest)
            if hashed.digest() == digest:
                line = body[:at] + bytes((other,)) + rest + ending
                return line if isinstance(decode(line), Line) else None
        beginning.update(body[at : at + 1])
    return None
