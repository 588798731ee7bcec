"""Checks the whole journal: reports damaged and lost lines as faults, irregularities as notes.

Each line names the line before it in its file and the line appended before it in any file. A line
that is named and found nowhere is lost. Lines that are there twice or in another order, the marks
of editors and merges, bytes set aside, and an older copy under a newer head are irregularities: all
of it is read. Nothing is locked, created or changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from ...model.entry import Reference
from ...model.records import Record
from ...storage.atomic import NotRegularError, read_regular
from ..results import Audit, Fault
from .format import ZERO, Line, links_of
from .head import last_write
from .layout import find_all_files, find_files
from .parser import FileParser, readable_size
from .reader import Reader

RESTORE_FILE = (
    "Restore the file from a backup; 'liveblog check --repair' goes on without what is lost."
)

Progress = Callable[[int, int], None]


class CheckedFile(Struct):
    """The contents of one file."""

    parser: FileParser
    stamp: str = ""
    lines: list[tuple[int, Line]] = field(default_factory=list)  #: each with its number
    faults: list[Fault] = field(default_factory=list)
    irregular: dict[str, list[int]] = field(default_factory=dict)  #: line numbers by problem
    sums: set[str] = field(default_factory=set)  #: of its lines, damaged ones included
    uncertain: set[str] = field(default_factory=set)  #: named by lines that follow damaged ones
    rest: bytes = b""  #: bytes that a crash cut short


def audit(journal: Reader, progress: Progress | None = None) -> Audit:
    """See :meth:`.writer.Journal.check`."""
    head = last_write(journal.head.read())  # before the files: they hold what it names
    names = sorted(name for name, _ in find_files(journal.folder))
    found: dict[str, CheckedFile] = {}
    for number, name in enumerate(names):
        if progress:
            progress(number, len(names))
        found[name] = check_file(journal, name)
    sums = {ZERO}.union(*(file.sums for file in found.values()))
    lost = find_missing(found, sums)
    if any(lost.values()):
        # Others append meanwhile: a file may have been read before a line was appended that another
        # file names, or may have been created since. What the lines above name was appended before
        # them, so it is in the files as they are now.
        stamps = journal.stamps()
        changed = [n for n, s in stamps.items() if n not in found or found[n].stamp != s]
        lost = find_missing(found, sums.union(*(check_file(journal, n).sums for n in changed)))
    faults: list[Fault] = []
    notes: list[str] = []
    for name, file in found.items():
        faults += [*file.faults, *lost[name], *_duplicate_numbers(file, notes)]
        notes += _irregularities(file)
        if file.rest:
            number = file.parser.count + 1
            notes.append(
                f"{file.parser.label}:{number}: an append was cut short and never acknowledged; "
                "the next one sets its bytes aside"
            )
    notes += _unread_files(journal)
    if head and not any(head.sum in file.sums for file in found.values()):
        notes.append(
            f"{journal.folder.name}: the newest update that this machine wrote, in {head.name}, is "
            "not there, as after an older copy was put back; the next update goes on from what is "
            "there"
        )
    return Audit(faults, notes, sum(len(file.lines) for file in found.values()), len(found))


def check_file(journal: Reader, name: str) -> CheckedFile:
    """Read one file."""
    path = journal.path(name)
    parser = FileParser(name, journal.label(path))
    file = CheckedFile(parser, stamp=journal.stamps([name]).get(name, ""))
    acknowledged = journal.acknowledged(name)  # before the file, which may grow meanwhile
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return file
    except NotRegularError as error:
        file.faults.append(journal.not_regular(error))
        return file
    size = readable_size(data, acknowledged)
    is_after_damage = False
    for item in parser.read(data[:size]):
        if isinstance(item, Line):
            file.lines.append((parser.count, item))
            file.sums.add(item.sum)
            if is_after_damage:
                file.uncertain |= {item.prev, item.after}
            is_after_damage = False
        elif isinstance(item, Fault):
            file.faults.append(item)
            links = links_of(item.data)
            if links:
                file.sums.add(links.sum)
            is_after_damage = True
        else:
            file.irregular.setdefault(item.problem, []).append(parser.count)
    file.rest = data[size:]
    return file


def find_missing(found: dict[str, CheckedFile], sums: set[str]) -> dict[str, list[Fault]]:
    """Return, by file, a fault for each lost line, at the line that names it.

    *sums* are those of all lines of the journal, and :data:`ZERO`.
    """
    reported: set[str] = set()
    lost: dict[str, list[Fault]] = {}
    for name, file in found.items():
        known = sums | file.uncertain
        lost[name] = []
        for number, line in file.lines:
            problem = ""
            if line.prev not in known:
                problem = "the line before it is gone"
            elif line.after not in known:
                problem = "the update appended just before it, in any file, is gone"
            gone = {line.prev, line.after} - known - reported
            if problem and gone:
                reported |= gone
                lost[name].append(Fault(f"{file.parser.label}:{number}", problem, RESTORE_FILE))
    return lost


def _duplicate_numbers(file: CheckedFile, notes: list[str]) -> Iterator[Fault]:
    """Yield the records with the same number as another; two machines must have written them."""
    first: dict[tuple[str, int], tuple[int, Record]] = {}
    newest: Counter[str] = Counter()
    twice: list[tuple[str, int, int, int]] = []
    for number, line in file.lines:
        record = line.record
        if isinstance(record, Reference):
            continue
        newest[record.name] = max(newest[record.name], record.rev)
        before, known = first.setdefault((record.name, record.rev), (number, record))
        if msgspec.structs.replace(known, recorded=record.recorded) != record:
            twice.append((record.name, record.rev, before, number))
    for name, rev, before, number in twice:
        problem = f"{name} has two revisions {rev}, here and in line {before}"
        place = f"{file.parser.label}:{number}"
        if newest[name] > rev:
            notes.append(f"{place}: {problem}; a later one counts")
        else:
            hint = "One of them is shown. Compare both in the file; an edit settles it."
            yield Fault(place, problem, hint, entry=name)


def _irregularities(file: CheckedFile) -> Iterator[str]:
    label = file.parser.label
    for problem, numbers in file.irregular.items():
        more = f" and {len(numbers) - 1:,} more" if len(numbers) > 1 else ""
        yield f"{label}:{numbers[0]}{more}: {problem}; nothing is missing"
    redacted = sum(line.redacted for _, line in file.lines)
    if redacted:
        yield f"{label}: {redacted} redacted"
    before = ZERO
    for number, line in file.lines:
        if (
            line.prev != before
            and line.prev not in file.uncertain
            and line.prev in file.sums | {ZERO}
        ):
            yield (
                f"{label}:{number}: lines of two copies were merged, or put in another order; "
                "all are read"
            )
            return
        before = line.sum


def _unread_files(journal: Reader) -> Iterator[str]:
    """Yield a note for each file below ``entries/`` that is not read."""
    read = {path for _, path in find_files(journal.folder)}
    for path in find_all_files(journal.folder):
        if path not in read:
            yield (
                f"{journal.label(Path(path))}: its name is neither a period nor a chapter, "
                "or it is in the wrong folder, so nothing in it is read; move it elsewhere once "
                "you have looked"
            )
    for aside in find_set_aside(journal.folder):
        what = "a file as it was before it was repaired"
        if aside.name.endswith(".torn"):
            what = "bytes of appends that were cut short, never acknowledged"
        yield f"{journal.label(aside)}: {what}; delete it once you have looked"


def find_set_aside(folder: Path) -> list[Path]:
    """Return the files in which writers and repairs set bytes aside."""
    patterns = (
        "*.jsonl.*", "chapters/*.jsonl.*", "[0-9]*/*.jsonl.*", "[0-9]*/[0-9]*/*.jsonl.*"
    )  # fmt: skip
    return sorted(path for pattern in patterns for path in folder.glob(pattern))
