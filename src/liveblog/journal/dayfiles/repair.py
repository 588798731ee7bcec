"""Repairs the journal: rewrites damaged and irregular files, and reports what was done.

Irregularities are dropped. A damaged line is restored if one altered byte explains the damage (its
checksum decides), or if a copy of it was set aside. Otherwise, if it may have corrected or removed
an entry, it stays, and the entry is withheld until somebody revises or removes it. Any other
damaged line is lost for good: the lines that name it are relinked to the line before it. The old
file stays beside the new one.
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
from .check import CheckedFile, check_file, find_set_aside
from .format import ENDING_WIDTH, ZERO, Line, decode, encode, ending_of, is_whole, links_of
from .layout import find_files, home_of
from .parser import FileParser, parse_lines, readable_size
from .reader import Reader

_MAX_HASHED = 2_000_000_000
"""Maximum number of bytes that are hashed to restore one line: a second or two."""


class _Piece(NamedTuple):
    """A line to write: its bytes, and its contents if it is whole."""

    data: bytes
    line: Line | None


def repair(journal: Reader, now: datetime, *, dry_run: bool) -> list[str]:
    """See :meth:`.writer.Journal.repair`. The journal's lock is held, unless *dry_run*."""
    found = {name: check_file(journal, name) for name, _ in find_files(journal.folder)}
    aside = find_set_aside(journal.folder)
    copies = _whole_lines(aside)
    report: list[str] = []
    files: dict[str, list[_Piece]] = {}
    for name, file in sorted(found.items()):
        try:
            files[name] = _repair_file(
                file, read_regular(journal.path(name)), copies, report, journal.acknowledged(name)
            )
        except NotRegularError as error:
            report.append(f"{journal.label(error.path)} is {error.kind}: left as it is.")
    for name, lines in files.items():
        lines[:] = _without_copies(name, files, found[name].parser.label, report)
    known = _all_sums(files.values())
    for name, lines in files.items():
        label = found[name].parser.label
        lines[:] = _relink(lines, known, label, report)
        data = b"".join(piece.data + b"\n" for piece in lines)
        path = journal.path(name)
        before = read_regular(path)
        if data == before or dry_run:
            continue
        backup = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S}")
        while backup.exists():
            backup = backup.with_name(f"{backup.name}~")
        replace_file(backup, before)
        replace_file(path, data)
        report.append(f"{label} was rewritten; {backup.name}, beside it, is the file as it was.")
    for path in aside:
        if path.name.endswith(".torn"):
            report.append(f"{journal.label(path)}: never acknowledged; deleted.")
            if not dry_run:
                path.unlink(missing_ok=True)
    return report


def _repair_file(
    file: CheckedFile, data: bytes, copies: dict[str, bytes], report: list[str], acknowledged: str
) -> list[_Piece]:
    """Return the lines of a file that are to stay, damaged lines restored where possible."""
    label = file.parser.label
    lines: list[_Piece] = []
    sums: set[str] = set()
    end = readable_size(data, acknowledged)
    if data[end:]:
        report.append(f"{label}: an append that was cut short, never acknowledged; dropped.")
    for number, raw in _rejoin(data[:end].split(b"\n"), label, report):
        if not raw and number > file.parser.count:
            continue
        for piece, found in parse_lines(raw):
            if isinstance(found, str):
                restored = correct(piece)
                if not restored and (links := links_of(piece)):
                    restored = copies.get(links.sum)
                if restored:
                    report.append(f"{label}:{number}: the damaged line is restored.")
                    piece, found = restored, decode(restored)
            if isinstance(found, Line):
                if found.sum in sums:
                    report.append(f"{label}:{number}: a line that was here twice; dropped.")
                    continue
                sums.add(found.sum)
                lines.append(_Piece(piece, found))
            elif isinstance(found, str):
                lines.append(_Piece(piece, None))
            else:
                report.append(f"{label}:{number}: {found.problem}; dropped.")
    return _without_lost(file, _put_back(lines, copies, label, report), report)


def _without_copies(
    name: str, files: dict[str, list[_Piece]], label: str, report: list[str]
) -> Iterator[_Piece]:
    """Yield the lines of a file, without copies of lines that are in the file they belong to."""
    for piece in files[name]:
        line = piece.line
        home = home_of(line.record) if line and not isinstance(line.record, Reference) else name
        others = files.get(home, []) if home != name else []
        if line and any(other.line and other.line.sum == line.sum for other in others):
            report.append(f"{label}: a copy of a line of {home}; dropped.")
        else:
            yield piece


def _rejoin(parts: list[bytes], label: str, report: list[str]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines, numbered; join a line that an altered byte has split."""
    number = 0
    while number < len(parts):
        raw, number = parts[number], number + 1
        if number < len(parts) and isinstance(decode(parts[number]), str):
            split = parts[number]
            whole = next((w for x in range(256) if is_whole(w := raw + bytes((x,)) + split)), None)
            if whole:
                report.append(f"{label}:{number}: the damaged line is restored.")
                yield number, whole
                number += 1
                continue
        yield number, raw


def _put_back(
    lines: list[_Piece], copies: dict[str, bytes], label: str, report: list[str]
) -> list[_Piece]:
    """Put back lines that were set aside although other lines follow them."""
    for number, piece in reversed(list(enumerate(lines))):
        before = lines[number - 1].line if number else None
        wanted = piece.line.prev if piece.line else ""
        while wanted in copies and not (before and before.sum == wanted):
            if any(other.line and other.line.sum == wanted for other in lines):
                break
            line = decode(copies[wanted])
            assert isinstance(line, Line)
            lines.insert(number, _Piece(copies[wanted], line))
            report.append(f"{label}: a line that was set aside, but acknowledged, is put back.")
            wanted = line.prev
    return lines


def _without_lost(file: CheckedFile, lines: list[_Piece], report: list[str]) -> list[_Piece]:
    """Drop the damaged lines that cannot have superseded a record that can be read."""
    reader = FileParser(file.parser.name, file.parser.label)
    faults: dict[int, Fault] = {}
    for number, piece in enumerate(lines):
        for item in reader.read(piece.data + b"\n"):
            if isinstance(item, Fault) and piece.line is None:
                faults[number] = item
    rest = []
    for number, piece in enumerate(lines):
        fault = faults.get(number)
        names = [n for n, f in reader.withheld.items() if f is fault and n in reader.known]
        if fault and names:
            ids = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
            report.append(
                f"{fault.place}: the damaged line cannot be restored and stays; withheld: "
                f"{ids}. Restore it from a backup, or settle each with 'liveblog remove ID'."
            )
        elif fault:
            report.append(f"{fault.place}: the damaged line is lost for good; dropped.")
            continue
        rest.append(piece)
    return rest


def _relink(
    lines: list[_Piece], known: set[str], label: str, report: list[str]
) -> Iterator[_Piece]:
    """Yield lines; those that name a lost line are relinked to the line before it."""
    before: str | None = ZERO
    for piece in lines:
        line = piece.line
        if line is None:
            links = links_of(piece.data)
            before = links.sum if links else None
            yield piece
            continue
        is_uncertain = before is None  # it may name the damaged line before it
        prev, after = line.prev, line.after
        if not is_uncertain and prev not in known:
            prev = before or ZERO
        if not is_uncertain and after not in known:
            after = prev
        if (prev, after) != (line.prev, line.after):
            report.append(f"{label}: the line before {_describe(line)} is lost for good.")
            data = encode(line.record, prev, after, was=line.sum)[:-1]
            piece = _Piece(data, line)
        before = line.sum
        yield piece


def _describe(line: Line) -> str:
    record = line.record
    return f"a {type(record).__name__.lower()} of {record.recorded:%Y-%m-%d %H:%M:%S} UTC"


def _all_sums(files: Iterable[list[_Piece]]) -> set[str]:
    sums = {ZERO}
    for lines in files:
        for piece in lines:
            links = links_of(piece.data)
            if links:
                sums.add(links.sum)
    return sums


def _whole_lines(paths: Iterable[Path]) -> dict[str, bytes]:
    """Return the whole lines in some files, by their sums."""
    found: dict[str, bytes] = {}
    for path in paths:
        try:
            data = read_regular(path)
        except NotRegularError:
            continue
        for raw in data.split(b"\n"):
            found |= {line.sum: piece for piece, line in parse_lines(raw) if isinstance(line, Line)}
    return found


def correct(damaged: bytes) -> bytes | None:
    """Return a damaged line as it was, if one altered byte explains the damage."""
    body, ending = damaged[:-ENDING_WIDTH], damaged[-ENDING_WIDTH:]
    whole = ending_of(body)
    if sum(a != b for a, b in zip(ending, whole, strict=False)) == 1:
        return body + whole
    wanted = ending[8:24]
    if not ending.startswith(b',"sum":"') or len(body) ** 2 * 8 > _MAX_HASHED:
        return None
    try:
        digest = bytes.fromhex(wanted.decode("ascii"))
    except ValueError:
        return None
    is_thorough = len(body) ** 2 * 256 <= 2 * _MAX_HASHED
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
