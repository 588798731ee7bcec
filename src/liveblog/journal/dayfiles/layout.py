"""The names of the journal's files, and where each lies below ``entries/``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

from ...model import limits
from ...model.entry import Framing, Revision, id_day
from ...model.errors import InvalidInput, storage_errors
from ...model.period import COVERAGE, parse_period_id

_NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@lru_cache(maxsize=1024)
def path_of(entries: Path, name: str) -> Path:
    """Return the path of the file with a name: a day, or a longer period's id.

    Raises :class:`InvalidInput` if it is neither.
    """
    if is_day(name):
        return Path(f"{entries}/{name[:4]}/{name[5:7]}/{name}.jsonl")
    if name == COVERAGE:
        return entries / "coverage.jsonl"
    period = parse_period_id(name)
    return entries / f"{period.id[:4]}" / f"{period.id}.jsonl"


def home_of(record: Revision | Framing) -> str:
    """Return the name of the file that holds a record."""
    return record.period if isinstance(record, Framing) else id_day(record.id).isoformat()


@lru_cache(maxsize=8192)
def is_day(name: str) -> bool:
    """Whether a name is that of a day on which there can be entries."""
    try:
        return bool(_NAME.fullmatch(name) and limits.check_day(date.fromisoformat(name)))
    except (ValueError, InvalidInput):
        return False


@lru_cache(maxsize=8192)
def is_name(name: str) -> bool:
    """Whether a name is that of a day or of a longer period."""
    try:
        return is_day(name) or name == COVERAGE or parse_period_id(name).id == name
    except InvalidInput:
        return False


def find_files(entries: Path, first: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield the name and the file of everything in the journal, from a month (``201207``) on.

    A file that has no such name, or does not lie where its name belongs, is passed over.
    """
    for item, folder in walk(entries, first):
        name = item.name.removesuffix(".jsonl")
        if is_name(name) and folder == _folder_of(name):
            yield name, item


def walk(entries: Path, first: str = "") -> Iterator[tuple[os.DirEntry[str], str]]:
    """Yield each ``.jsonl`` file, and the digits of the folders that it lies in (``201207``).

    Months before *first* (``201207``) are left out.
    """
    with storage_errors("read", entries):
        yield from _walk(str(entries), first)


def _folder_of(name: str) -> str:
    if name == COVERAGE:
        return ""
    return name[:4] + name[5:7] if is_day(name) else name[:4]


def _walk(folder: str, first: str, digits: str = "") -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        with os.scandir(folder) as found:
            for item in sorted(found, key=lambda item: item.name):
                if item.name.endswith(".jsonl") and not item.name.startswith("."):
                    yield item, digits
                elif len(digits) < 6 and item.name.isdigit():
                    below = digits + item.name
                    if below >= first[: len(below)] and item.is_dir():
                        yield from _walk(item.path, first, below)
    except FileNotFoundError:
        return
