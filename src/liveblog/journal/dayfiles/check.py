"""Is the journal whole? Reads all of it and tells what is lost from what is only odd.

Each line names the one before it in its file and the one appended before it anywhere. What is named
and stands nowhere is lost: a fault. What is only odd (lines twice or in another order, the marks of
editors and merges, bytes set aside, an older copy under a newer head) is noted: all of it is read.
Nothing is locked, made or changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, field

from ...model.entry import Record, Reference
from ...storage.atomic import NotRegularError, read_regular
from ..results import Audit, Fault
from .format import ZERO, Line, links_of
from .head import last_write
from .layout import find_files, walk
from .parser import FileParser, readable_size
from .reader import Reader

GONE = "Restore the file from a backup; 'liveblog check --repair' goes on without what is lost."

MAX_PASSES = 10
"""So often at the most is read again what others append to meanwhile."""

Progress = Callable[[int, int], None]


class CheckedFile(Struct):
    """What stands in one file."""

    lines: FileParser
    stamp: str = ""
    items: list[tuple[int, Line]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    odd: dict[str, list[int]] = field(default_factory=dict)
    sums: set[str] = field(default_factory=set)  #: of its lines, the damaged ones included
    excused: set[str] = field(default_factory=set)  #: what lines name that follow damaged ones
    rest: bytes = b""  #: cut short by a crash


def audit(journal: Reader, progress: Progress | None = None) -> Audit:
    """See :meth:`liveblog.journal.Journal.check`."""
    head = last_write(journal.head.read())  # before the files: what it names is in them
    names = sorted(name for name, _ in find_files(journal.folder))
    found: dict[str, CheckedFile] = {}
    for number, name in enumerate(names):
        if progress:
            progress(number, len(names))
        found[name] = check_file(journal, name)
    lost = find_missing(found)
    for _ in range(MAX_PASSES):
        # Others append meanwhile: a file may have been read before a line came that another names,
        # or have been made since.
        stamps = journal.stamps() if any(lost.values()) else {}
        changed = [n for n, s in stamps.items() if n not in found or found[n].stamp != s]
        if not changed:
            break
        found |= {name: check_file(journal, name) for name in changed}
        lost = find_missing(found)
    faults: list[Fault] = []
    notes: list[str] = []
    for name, each in found.items():
        faults += [*each.faults, *lost[name], *_duplicate_numbers(each, notes)]
        notes += _irregularities(each)
        if each.rest:
            number = each.lines.count + 1
            notes.append(
                f"{each.lines.shown}:{number}: an append was cut short and never acknowledged; "
                "the next one sets its bytes aside"
            )
    notes += _beside(journal)
    if head and not any(head.sum in each.sums for each in found.values()):
        notes.append(
            f"{journal.folder.name}: the newest update that this machine wrote, in {head.name}, is "
            "not there, as after an older copy was put back; the next update goes on from what is "
            "there"
        )
    return Audit(faults, notes, sum(len(each.items) for each in found.values()), len(found))


def check_file(journal: Reader, name: str) -> CheckedFile:
    """Read one file, and what its lines say of their places."""
    path = journal.path(name)
    lines = FileParser(name, journal.label(path))
    each = CheckedFile(lines, stamp=journal.stamps([name]).get(name, ""))
    acknowledged = journal.acknowledged(name)  # before the file, which may grow meanwhile
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return each
    except NotRegularError as error:
        each.faults.append(journal.not_regular(error))
        return each
    size = readable_size(data, acknowledged)
    is_after_damage = False
    for item in lines.read(data[:size]):
        if isinstance(item, Line):
            each.items.append((lines.count, item))
            each.sums.add(item.sum)
            if is_after_damage:
                each.excused |= {item.prev, item.after}
            is_after_damage = False
        elif isinstance(item, Fault):
            each.faults.append(item)
            links = links_of(item.data)
            if links:
                each.sums.add(links.sum)
            is_after_damage = True
        else:
            each.odd.setdefault(item.problem, []).append(lines.count)
    each.rest = data[size:]
    return each


def find_missing(found: dict[str, CheckedFile]) -> dict[str, list[Fault]]:
    """Return, for each file, the lines before which another is lost, each lost one once."""
    everywhere = {ZERO}.union(*(each.sums for each in found.values()))
    told: set[str] = set()
    lost: dict[str, list[Fault]] = {}
    for name, each in found.items():
        known = everywhere | each.excused
        lost[name] = []
        for number, line in each.items:
            problem = ""
            if line.prev not in known:
                problem = "the line before it is gone"
            elif line.after not in known:
                problem = "the update appended just before it, in any file, is gone"
            gone = {line.prev, line.after} - known - told
            if problem and gone:
                told |= gone
                lost[name].append(Fault(f"{each.lines.shown}:{number}", problem, GONE))
    return lost


def _duplicate_numbers(each: CheckedFile, notes: list[str]) -> Iterator[Fault]:
    """Yield where two records have one number, which only two machines can have written."""
    first: dict[tuple[str, int], tuple[int, Record]] = {}
    newest: Counter[str] = Counter()
    twice: list[tuple[str, int, int, int]] = []
    for number, line in each.items:
        record = line.record
        if isinstance(record, Reference):
            continue
        newest[record.name] = max(newest[record.name], record.rev)
        before, known = first.setdefault((record.name, record.rev), (number, record))
        if msgspec.structs.replace(known, recorded=record.recorded) != record:
            twice.append((record.name, record.rev, before, number))
    for name, rev, before, number in twice:
        problem = f"{name} has two revisions {rev}, here and in line {before}"
        place = f"{each.lines.shown}:{number}"
        if newest[name] > rev:
            notes.append(f"{place}: {problem}; a later one counts")
        else:
            hint = "One of them is shown. Compare both in the file; an edit settles it."
            yield Fault(place, problem, hint, entry=name)


def _irregularities(each: CheckedFile) -> Iterator[str]:
    shown = each.lines.shown
    for problem, numbers in each.odd.items():
        more = f" and {len(numbers) - 1:,} more" if len(numbers) > 1 else ""
        yield f"{shown}:{numbers[0]}{more}: {problem}; nothing is find_missing"
    redacted = sum(line.redacted for _, line in each.items)
    if redacted:
        yield f"{shown}: {redacted} redacted"
    before = ZERO
    for number, line in each.items:
        if (
            line.prev != before
            and line.prev not in each.excused
            and line.prev in each.sums | {ZERO}
        ):
            yield (
                f"{shown}:{number}: lines of two copies were merged, or put in another order; "
                "all are read"
            )
            return
        before = line.sum


def _beside(journal: Reader) -> Iterator[str]:
    """Yield what lies among the files and is not read."""
    read = {item.path for _, item in find_files(journal.folder)}
    for item, _ in walk(journal.folder):
        if item.path not in read:
            yield (
                f"{journal.label(Path(item.path))}: its name is neither a day nor a longer period, "
                "or it lies in the wrong folder, so nothing in it is read; move it elsewhere once "
                "you have looked"
            )
    for path in set_aside(journal.folder):
        what = "a file as it was before it was repaired"
        if path.name.endswith(".torn"):
            what = "bytes of appends that were cut short, never acknowledged"
        yield f"{journal.label(path)}: {what}; delete it once you have looked"


def set_aside(folder: Path) -> list[Path]:
    """Return what writers and repairs set aside."""
    depths = ("*.jsonl.*", "[0-9]*/*.jsonl.*", "[0-9]*/[0-9]*/*.jsonl.*")
    return sorted(path for depth in depths for path in folder.glob(depth))
