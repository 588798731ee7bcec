"""The names of the journal's files, and their paths below ``entries/``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ...model.chapter import PREFIX, Chapter, chapter_name, is_slug
from ...model.entry import Framing, id_day
from ...model.errors import InvalidInput, storage_errors
from ...model.period import COVERAGE, parse_period_id
from ...model.records import Version

_CHAPTERS = "chapters"
"""The folder of the files of chapters."""


@lru_cache(maxsize=8192)
def path_of(entries: Path, name: str) -> Path:
    """Return the path of the file with a name: a period's id, or that of a chapter.

    Raises :class:`InvalidInput` if it is neither.
    """
    if name == COVERAGE:
        return entries / "coverage.jsonl"
    if name.startswith(PREFIX):
        return entries / _CHAPTERS / f"{_checked(name).removeprefix(PREFIX)}.jsonl"
    period = parse_period_id(name)
    year, month = name[:4], name[5:7] if period.kind == "day" else ""
    return entries / year / month / f"{period.id}.jsonl"


def home_of(record: Version) -> str:
    """Return the name of the file that holds a record."""
    return record.name if isinstance(record, Framing | Chapter) else home_of_name(record.id)


def home_of_name(name: str) -> str:
    """Return the name of the file that holds an entry (its id), a chapter or a period.

    Raises :class:`InvalidInput` if it is none of them.
    """
    if name.startswith(PREFIX):
        return _checked(name)
    return name if is_name(name) else id_day(name).isoformat()


def _checked(name: str) -> str:
    if not is_slug(name.removeprefix(PREFIX)):
        raise InvalidInput(f"'{name}' is not the name of a chapter.", "See 'chapter list'.")
    return name


@lru_cache(maxsize=8192)
def is_day(name: str) -> bool:
    """Whether a name is that of a day on which there can be entries."""
    try:
        return parse_period_id(name).kind == "day"
    except InvalidInput:
        return False


@lru_cache(maxsize=8192)
def is_name(name: str) -> bool:
    """Whether a name is that of a period or of a chapter."""
    if name.startswith(PREFIX):
        return is_slug(name.removeprefix(PREFIX))
    try:
        return name == COVERAGE or parse_period_id(name).id == name
    except InvalidInput:
        return False


def stamp_of(status: os.stat_result) -> str:
    """Return a text that changes whenever a file does."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def find_files(entries: Path, first: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the path of each file of the journal, from a month (``201207``) on.

    A file that has no such name, or does not lie where its name belongs, is left out. With a month
    these are the files of periods only.
    """
    for path in find_all_files(entries, first):
        folder, _, file = path.rpartition("/")
        name = file.removesuffix(".jsonl")
        if folder.rpartition("/")[2] == _CHAPTERS:
            name = chapter_name(name)
        if is_name(name) and path == str(path_of(entries, name)):
            yield name, path


def find_chapters(entries: Path) -> Iterator[str]:
    """Yield the names of the files of chapters, and of those of ranges of days."""
    with storage_errors("read", entries):
        years = [path for path in _subfolders(entries) if path.rpartition("/")[2].isdigit()]
        for folder in (f"{entries}/{_CHAPTERS}", *years):
            is_year = folder in years
            for path in _jsonl_files(folder):
                name = path.rpartition("/")[2].removesuffix(".jsonl")
                name = name if is_year else chapter_name(name)
                if (".." in name or not is_year) and is_name(name):
                    yield name


def _subfolders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return sorted(item.path for item in found if item.is_dir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def find_all_files(entries: Path, first: str = "") -> Iterator[str]:
    """Yield the path of each ``.jsonl`` file, whatever its name, from a month on.

    Without a month, the files in the folder of chapters are among them.
    """
    with storage_errors("read", entries):
        yield from _walk(str(entries), first)
        if not first:
            yield from _jsonl_files(f"{entries}/{_CHAPTERS}")


def _jsonl_files(folder: str) -> Iterator[str]:
    """Yield the path of each ``.jsonl`` file in a folder."""
    try:
        with os.scandir(folder) as found:
            for item in sorted(found, key=lambda item: item.name):
                if item.name.endswith(".jsonl") and not item.name.startswith("."):
                    yield item.path
    except (FileNotFoundError, NotADirectoryError):
        return


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
