"""Exports the journal as a folder of Markdown files, which can be imported again without loss.

- ``2012/07/15/a-title-7k3m9qx2tb.md``: the newest revision of an entry, with the fields that Hugo,
  Jekyll and Pelican know (title, date, lastmod, author, tags, lang, draft), and all its records
  under ``liveblog``;
- ``framings/2012-07-15.md``, ``framings/coverage.md``: the framing of a period, likewise;
- ``chapters/la-semaine-de-damas.md``: a chapter, likewise;
- ``media/…``: the pictures, with the same paths as in the journal's folder;
- ``.liveblog-export``: the SHA-256 sum of every file (``sha256sum -c`` checks them).

The same journal gives the same bytes. A retracted or removed entry or chapter is a draft, which
generators ignore; its file still holds the earlier revisions, unless they were purged, so an export
is as confidential as the journal. :mod:`liveblog.imports.markdown` reads it.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from ..journal import Fault
from ..journal.dayfiles.layout import home_of
from ..model.chapter import Chapter, check_slug
from ..model.draft import FIELDS
from ..model.entry import (
    FORBIDDEN,
    Framing,
    Media,
    Reference,
    Revision,
    display_day,
    id_day,
    id_letters,
    slug,
)
from ..model.errors import InvalidInput, StorageError
from ..model.period import COVERAGE, parse_period_id
from ..model.records import Record, Version, files_of
from ..storage.atomic import replace_file
from ..storage.inside import delete_inside, is_inside, read_inside
from ..text.frontmatter import join, to_yaml

MARK = ".liveblog-export"
"""Name of the file with the checksums, which marks a folder as an export."""

SLUG_LENGTH = 50
"""Characters of a title in a file name, which has at most 255 bytes in every script."""


@dataclass(frozen=True)
class Written:
    """The number of items in an export, and the pictures that could not be copied."""

    entries: int = 0
    framings: int = 0
    chapters: int = 0
    pictures: int = 0
    changed: int = 0  #: files that were written or deleted
    faults: Sequence[Fault] = ()  #: pictures that could not be copied


def write(records: Iterable[Record], media: Path, folder: Path) -> Written:
    """Write a journal to *folder*, and return what the folder then holds.

    The *records* of one day, period or chapter come together; *media* is the folder of their
    pictures. In an earlier export only files that differ are written, and files of what is no
    longer there are deleted.

    Raises :class:`InvalidInput` if the folder holds anything else, or a file that somebody edited,
    and :class:`StorageError` if it cannot be written.
    """
    numbers: Counter[type[Version]] = Counter()
    pictures: set[str] = set()
    faults: list[Fault] = []
    try:
        target = _Folder(folder)
        for path, text, revisions in _pages(records):
            target.put(path, text.encode())
            numbers[type(revisions[0])] += 1
            shown = (picture for record in revisions for picture in files_of(record))
            for picture in sorted({each.path for each in shown} - pictures):
                pictures.add(picture)
                data = read_inside(media, picture)
                if data is None:
                    target.keep(f"media/{picture}")
                    hint = "Restore the file from a backup, or edit what shows it."
                    faults.append(Fault(f"entries/media/{picture}", "the picture is gone", hint))
                else:
                    target.put(f"media/{picture}", data)
        target.finish()
    except OSError as error:
        name = Path(os.fsdecode(error.filename)) if error.filename else folder
        raise StorageError.of(error, "write to", name) from error
    return Written(
        entries=numbers[Revision],
        framings=numbers[Framing],
        chapters=numbers[Chapter],
        pictures=len(pictures) - len(faults),
        changed=target.changed,
        faults=faults,
    )


# -- pages, pure -----------------------------------------------------------------------------------


def page(records: Sequence[Version]) -> str:
    """Return the text of the file of an entry, a framing or a chapter.

    *records* are its revisions, oldest first.
    """
    now = records[-1]
    if isinstance(now, Revision):
        return _page(_entry_fields(now), "revisions", records, entry_text(now))
    if isinstance(now, Chapter):
        return _page(_chapter_fields(now), "chapters", records, chapter_text(now))
    return _page(_framing_fields(now), "framings", records, framing_text(now))


def _entry_fields(now: Revision) -> dict[str, str]:
    fields = {"title": "", **_dates(now, _date(now))}
    for field in FIELDS:
        is_known = field.kind == "text" or field.name == "tags"
        if is_known and field.name != "body" and (value := getattr(now, field.name)):
            fields[field.name] = to_yaml(value)
    return fields | _draft(now)


def _chapter_fields(now: Chapter) -> dict[str, str]:
    lists = {"authors": now.authors, "tags": now.tags}
    return {
        "title": to_yaml(now.title),
        **_dates(now, _instant(now.published)),
        **{name: to_yaml(texts) for name, texts in lists.items() if texts},
        **_draft(now),
    }


def _framing_fields(now: Framing) -> dict[str, str]:
    return {
        "title": to_yaml(now.headline) if now.headline else "",
        "lastmod": _instant(now.recorded) if now.recorded else "",
        "author": to_yaml(now.author) if now.author else "",
    }


def _dates(now: Revision | Chapter, date: str) -> dict[str, str]:
    """Return the date of an entry or chapter, and that of its last change if that is another."""
    lastmod = _instant(now.updated) if now.updated != now.published else ""
    return {"date": date, "lastmod": lastmod}


def _draft(now: Revision | Chapter) -> dict[str, str]:
    return {"draft": "true" if now.state != "live" else ""}


def entry_text(revision: Revision) -> str:
    """Return the Markdown of an entry: its body, then its pictures."""
    # Paths are relative to the folder of a day.
    pictures = [_picture(media, "../../../") for media in revision.media]
    return FORBIDDEN.sub("", "\n\n".join(filter(None, (revision.body, *pictures))))


def framing_text(framing: Framing) -> str:
    """Return the Markdown of a framing: its introduction, then its close."""
    return FORBIDDEN.sub("", "\n\n".join(filter(None, (framing.introduction, framing.close))))


def chapter_text(chapter: Chapter) -> str:
    """Return the Markdown of a chapter: its picture, its introduction, then its close."""
    shown = _picture(chapter.picture, "../") if chapter.picture else ""
    return FORBIDDEN.sub(
        "", "\n\n".join(filter(None, (shown, chapter.introduction, chapter.close)))
    )


def _picture(media: Media, root: str) -> str:
    shown = picture(media.alt, f"{root}media/{quote(media.path)}", media.caption)
    return shown if media.kind == "picture" else shown.removeprefix("!")


def _page(fields: dict[str, str], name: str, records: Sequence[Version], text: str) -> str:
    """Return a file with its non-empty *fields*, and the records under ``liveblog``."""
    lines = "".join(f"\n    - {to_yaml(record)}" for record in records)
    given = {field: value for field, value in fields.items() if value}
    return join(given | {"liveblog": f"\n  {name}:{lines}"}, text)


def _date(now: Revision) -> str:
    """Return when an entry happened: an instant, or a plain date."""
    return display_day(now).isoformat() if now.precision == "day" else _instant(now.published)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def picture(alt: str, target: str, caption: str) -> str:
    """Return the Markdown of a picture."""
    alt = re.sub(r"([\\\[\]])", r"\\\1", re.sub(r"\s+", " ", alt))
    caption = re.sub(r'([\\"])', r"\\\1", re.sub(r"\s+", " ", caption))
    title = f' "{caption}"' if caption else ""
    return f"![{alt}]({target}{title})"


def _pages(records: Iterable[Record]) -> Iterator[tuple[str, str, Sequence[Version]]]:
    """Yield the path and text of each file, and the records in it, oldest first."""
    records_only = (record for record in records if not isinstance(record, Reference))
    seen: set[str] = set()
    for home, group in groupby(records_only, home_of):
        if home in seen:
            raise ValueError(f"the records of {home} do not come together")
        seen.add(home)
        by_name: dict[str, list[Version]] = {}
        for record in group:
            by_name.setdefault(record.name, []).append(record)
        for _, revisions in sorted(by_name.items()):
            revisions.sort(key=lambda record: record.rev)
            yield _path(revisions[-1]), page(revisions), revisions


def _path(now: Version) -> str:
    """Return the path of the file of an entry, a framing or a chapter."""
    if isinstance(now, Revision):
        return _entry_path(now)
    if isinstance(now, Chapter):
        return f"chapters/{check_slug(now.slug)}.md"
    if now.period != COVERAGE:
        parse_period_id(now.period)  # it becomes a file name
    return f"framings/{now.period}.md"


def _entry_path(now: Revision) -> str:
    title = slug(now.title)[:SLUG_LENGTH].strip("-")
    name = f"{title}-{id_letters(now.id)}" if title else id_letters(now.id)
    day = id_day(now.id)
    return f"{day.year:04}/{day.month:02}/{day.day:02}/{name}.md"


# -- files -----------------------------------------------------------------------------------------


class _Folder:
    """The folder of an export, and the checksums of its files.

    Each checksum is appended to the mark before its file is written, so that the files of an
    interrupted export are not mistaken for edited ones; the last step writes the mark again.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changed = 0
        self._mark = root / MARK
        self._real = os.path.realpath(root)
        self._checksums: dict[str, str] = {}
        root.mkdir(parents=True, exist_ok=True)
        if not self._mark.exists() and any(root.iterdir()):
            raise InvalidInput(
                f"{root} is not empty, and not an earlier export.",
                "Name a new folder, or an empty one.",
            )
        self._old_checksums = self._read_mark()
        for path, sums in self._old_checksums.items():
            checksum = self._checksum(path)
            if checksum and checksum not in sums:
                raise InvalidInput(
                    f"{root / path} was edited after it was exported.",
                    "Move it away if it is to be kept, or export to another folder.",
                )

    def put(self, path: str, data: bytes) -> None:
        """Write a file, unless it has the same bytes already."""
        new = sha256(data).hexdigest()
        self._checksums[path] = new
        old = self._checksum(path)
        if old == new:
            return
        if old and path not in self._old_checksums:
            raise InvalidInput(
                f"{self.root / path} exists, but not from an earlier export.",
                "Move it away, or export to another folder.",
            )
        with self._mark.open("a", encoding="utf-8") as mark:
            mark.write(f"{new}  {path}\n")
        final = self.root / path
        final.parent.mkdir(parents=True, exist_ok=True)
        if os.path.realpath(final.parent) != os.path.join(self._real, os.path.dirname(path)):
            raise InvalidInput(
                f"{final.parent} is a symbolic link to another folder.",
                "Remove it, or export to another folder.",
            )
        replace_file(final, data, is_durable=False)
        self.changed += 1

    def keep(self, path: str) -> None:
        """Do not delete a file of the earlier export: it may be the only copy."""
        if path in self._old_checksums and (checksum := self._checksum(path)):
            self._checksums[path] = checksum

    def finish(self) -> None:
        """Delete the files of what is no longer in the journal, and write the checksums."""
        for path in sorted(self._old_checksums.keys() - self._checksums.keys()):
            self.changed += delete_inside(self.root, path)
            for above in (self.root / path).parents:
                if above == self.root or not above.is_dir() or any(above.iterdir()):
                    break
                above.rmdir()
        lines = "".join(f"{self._checksums[path]}  {path}\n" for path in sorted(self._checksums))
        if not self._mark.exists() or self._mark.read_text("utf-8") != lines:
            replace_file(self._mark, lines.encode())

    def _read_mark(self) -> dict[str, set[str]]:
        checksums: dict[str, set[str]] = {}
        if self._mark.exists():
            for line in self._mark.read_text("utf-8", errors="replace").split("\n"):
                checksum, _, path = line.partition("  ")
                if is_inside(path) and not FORBIDDEN.search(path):
                    checksums.setdefault(path, set()).add(checksum)
        return checksums

    def _checksum(self, path: str) -> str:
        """Return the checksum of a file; empty if there is none."""
        data = read_inside(self.root, path)
        return "" if data is None else sha256(data).hexdigest()
