"""The names of the journal's files, and their paths below ``entries/``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ...model.entry import Framing, Revision, id_day
from ...model.errors import InvalidInput, storage_errors
from ...model.period import COVERAGE, parse_period_id


@lru_cache(maxsize=8192)
def path_of(entries: Path, name: str) -> Path:
    """Return the path of the file with a name: a day, or a longer period's id.

    Raises :class:`InvalidInput` if it is neither.
    """
    if name == COVERAGE:
        return entries / "coverage.jsonl"
    period = parse_period_id(name)
    year, month = name[:4], name[5:7] if period.kind == "day" else ""
    return entries / year / month / f"{period.id}.jsonl"


def home_of(record: Revision | Framing) -> str:
    """Return the name of the file that holds a record."""
    return record.period if isinstance(record, Framing) else id_day(record.id).isoformat()


@lru_cache(maxsize=8192)
def is_day(name: str) -> bool:
    """Whether a name is that of a day on which there can be entries."""
    try:
        return parse_period_id(name).kind == "day"
    except InvalidInput:
        return False


@lru_cache(maxsize=8192)
def is_name(name: str) -> bool:
    """Whether a name is that of a day or of a longer period."""
    try:
        return name == COVERAGE or parse_period_id(name).id == name
    except InvalidInput:
        return False


def stamp_of(status: os.stat_result) -> str:
    """Return a text that changes whenever a file does."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def find_files(entries: Path, first: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the path of each file of the journal, from a month (``201207``) on.

    A file that has no such name, or does not lie where its name belongs, is left out.
    """
    for path in find_all_files(entries, first):
        name = path.rpartition("/")[2].removesuffix(".jsonl")
        if is_name(name) and path == str(path_of(entries, name)):
            yield name, path


def find_all_files(entries: Path, first: str = "") -> Iterator[str]:
    """Yield the path of each ``.jsonl`` file, whatever its name, from a month on."""
    with storage_errors("read", entries):
        yield from _walk(str(entries), first)


def _walk(folder: str, first: str, digits: str = "") -> Iterator[str]:
    """Yield the ``.jsonl`` files below a folder, whose year and month are *digits*."""
    try:
        with os.scandir(folder) as found:
            for item in sorted(found, key=lambda item: item.name):
                if item.name.endswith(".jsonl") and not item.name.startswith("."):
                    yield item.path
                elif len(digits) < 6 and item.name.isdigit():
                    below = digits + item.name
                    if below >= first[: len(below)] and item.is_dir():
                        yield from _walk(item.path, first, below)
    except FileNotFoundError:
        return
