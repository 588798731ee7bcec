"""The journal as a folder of Markdown files, to be read anywhere and to come back without loss.

- ``2012/07/15/a-title-7k3m9qx2tb.md``: an entry as it stands now, with the fields that Hugo, Jekyll
  and Pelican know (title, date, lastmod, author, tags, lang, draft), and under ``liveblog`` every
  record of it, exactly as the journal keeps them;
- ``framings/2012-07-15.md``, ``framings/coverage.md``: the text around a digest, likewise;
- ``media/…``: the pictures, where the journal's own folder has them;
- ``.liveblog-export``: the SHA-256 sum of every file here (``sha256sum -c`` checks them).

The same journal gives the same bytes. What was retracted or removed is a draft, which generators
leave out; but the file holds its earlier versions, unless they were purged: it is a copy of the
journal, to be kept like it. :mod:`liveblog.imports.markdown` reads it back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from ..journal import Fault
from ..journal.dayfiles.layout import home_of
from ..model.entry import (
    FORBIDDEN,
    Framing,
    Media,
    Record,
    Reference,
    Revision,
    id_day,
    id_letters,
    slug,
)
from ..model.errors import InvalidInput, StorageError
from ..model.period import COVERAGE, parse_period_id
from ..storage.atomic import replace_file
from ..storage.inside import delete_inside, is_inside, read_inside
from ..text.frontmatter import join, written

MARK = ".liveblog-export"
"""The file by which a folder is known as an export."""

SLUG_LENGTH = 50
"""Characters of a title in a file's name, so that it stays within 255 bytes in every script."""


@dataclass(frozen=True)
class Written:
    """What an export holds."""

    entries: int = 0
    framings: int = 0
    pictures: int = 0
    changed: int = 0  #: files that were written or deleted; the others were there already
    faults: Sequence[Fault] = ()  #: pictures that could not be copied


def write(records: Iterable[Record], media: Path, folder: Path) -> Written:
    """Write a journal to *folder*, and return what it then holds.

    *records* come as the journal keeps them, those of one day or period together; *media* is where
    their pictures lie. In an earlier export only what differs is written, and what is no longer in
    the journal is deleted; a file of it that somebody edited is not overwritten.

    Raises :class:`InvalidInput` if something else is in the folder, and
    :class:`StorageError` if it cannot be written.
    """
    entries = framings = 0
    pictures: set[str] = set()
    faults: list[Fault] = []
    try:
        target = _Folder(folder)
        for path, text, shown in _pages(records):
            target.put(path, text.encode())
            if path.startswith("framings/"):
                framings += 1
            else:
                entries += 1
            for picture in sorted({each.path for each in shown} - pictures):
                pictures.add(picture)
                data = read_inside(media, picture)
                if data is None:
                    target.keep(f"media/{picture}")
                    hint = "Restore the file from a backup, or edit the entry."
                    faults.append(Fault(f"entries/media/{picture}", "the picture is gone", hint))
                else:
                    target.put(f"media/{picture}", data)
        target.finish()
    except OSError as error:
        name = Path(os.fsdecode(error.filename)) if error.filename else folder
        raise StorageError.of(error, "write to", name) from error
    return Written(entries, framings, len(pictures) - len(faults), target.changed, faults)


# -- pages, pure -----------------------------------------------------------------------------------


def entry_page(revisions: Sequence[Revision]) -> str:
    """Return the file of an entry from its revisions, oldest first."""
    now = revisions[-1]
    fields = {
        "title": written(now.title) if now.title else None,
        "date": _instant(now.published),
        "lastmod": _instant(now.updated) if now.updated != now.published else None,
        "author": written(now.author) if now.author else None,
        "tags": written(now.tags) if now.tags else None,
        "lang": written(now.lang) if now.lang else None,
        "draft": "true" if now.state != "live" else None,
    }
    return _page(fields, "revisions", revisions, entry_text(now))


def framing_page(framings: Sequence[Framing]) -> str:
    """Return the file of a period from the versions of its framing, oldest first."""
    now = framings[-1]
    fields = {
        "title": written(now.headline) if now.headline else None,
        "lastmod": _instant(now.recorded) if now.recorded else None,
        "author": written(now.author) if now.author else None,
    }
    return _page(fields, "framings", framings, framing_text(now))


def entry_text(revision: Revision) -> str:
    """Return the text of an entry's file: its body, then its pictures."""
    pictures = [_shown(picture) for picture in revision.media]
    return FORBIDDEN.sub("", "\n\n".join(filter(None, (revision.body, *pictures))))


def framing_text(framing: Framing) -> str:
    """Return the text of a period's file: its introduction, then its close."""
    return FORBIDDEN.sub("", "\n\n".join(filter(None, (framing.introduction, framing.close))))


def _page(
    fields: dict[str, str | None], name: str, records: Sequence[Revision | Framing], text: str
) -> str:
    own = "".join(f"\n    - {written(record)}" for record in records)
    given = {field: value for field, value in fields.items() if value is not None}
    return join(given | {"liveblog": f"\n  {name}:{own}"}, text)


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _shown(picture: Media) -> str:
    """Show a picture from the folder of a day."""
    alt = re.sub(r"([\\\[\]])", r"\\\1", re.sub(r"\s+", " ", picture.alt))
    caption = re.sub(r'([\\"])', r"\\\1", re.sub(r"\s+", " ", picture.caption))
    title = f' "{caption}"' if caption else ""
    return f"![{alt}](../../../media/{quote(picture.path)}{title})"


def _pages(records: Iterable[Record]) -> Iterator[tuple[str, str, list[Media]]]:
    """Yield the path and text of each file, and the pictures of all its versions."""
    kept = (record for record in records if not isinstance(record, Reference))
    seen: set[str] = set()
    for home, group in groupby(kept, home_of):
        if home in seen:
            raise ValueError(f"the records of {home} do not come together")
        seen.add(home)
        versions: dict[tuple[bool, str], list[Revision | Framing]] = {}
        for record in group:
            versions.setdefault((isinstance(record, Framing), record.name), []).append(record)
        for _, found in sorted(versions.items()):
            found.sort(key=lambda record: record.rev)
            revisions = [record for record in found if isinstance(record, Revision)]
            framings = [record for record in found if isinstance(record, Framing)]
            if revisions:
                shown = [picture for revision in revisions for picture in revision.media]
                yield _entry_path(revisions[-1]), entry_page(revisions), shown
            else:
                if home != COVERAGE:
                    parse_period_id(home)  # it becomes a file's name
                yield f"framings/{home}.md", framing_page(framings), []


def _entry_path(now: Revision) -> str:
    title = slug(now.title)[:SLUG_LENGTH].strip("-")
    name = f"{title}-{id_letters(now.id)}" if title else id_letters(now.id)
    of = id_day(now.id)
    return f"{of.year:04}/{of.month:02}/{of.day:02}/{name}.md"


# -- files -----------------------------------------------------------------------------------------


class _Folder:
    """The folder of an export, and the sums of what is in it.

    Each sum is added to the mark before its file lands, so that a run that was interrupted can be
    told from an edit; the last step writes it anew.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.changed = 0
        self._mark = root / MARK
        self._real = os.path.realpath(root)
        self._now: dict[str, str] = {}
        root.mkdir(parents=True, exist_ok=True)
        if not self._mark.exists() and any(root.iterdir()):
            raise InvalidInput(
                f"{root} is not empty, and no earlier export.",
                "Name a new folder, or an empty one.",
            )
        self._before = self._read_mark()
        for path, sums in self._before.items():
            found = self._sum(path)
            if found and found not in sums:
                raise InvalidInput(
                    f"{root / path} was edited after it was exported.",
                    "Move it away if it is to be kept, or export to another folder.",
                )

    def put(self, path: str, data: bytes) -> None:
        """Write a file if it is not there as it should be."""
        new = sha256(data).hexdigest()
        self._now[path] = new
        found = self._sum(path)
        if found == new:
            return
        if found and path not in self._before:
            raise InvalidInput(
                f"{self.root / path} is there already, and of no earlier export.",
                "Move it away, or export to another folder.",
            )
        with self._mark.open("a", encoding="utf-8") as mark:
            mark.write(f"{new}  {path}\n")
        final = self.root / path
        final.parent.mkdir(parents=True, exist_ok=True)
        if os.path.realpath(final.parent) != os.path.join(self._real, os.path.dirname(path)):
            raise InvalidInput(
                f"{final.parent} is a symbolic link, which leads elsewhere.",
                "Remove it, or export to another folder.",
            )
        replace_file(final, data, is_durable=False)
        self.changed += 1

    def keep(self, path: str) -> None:
        """Leave a file of the earlier export as it is: it may be the last of its kind."""
        if path in self._before and (found := self._sum(path)):
            self._now[path] = found

    def finish(self) -> None:
        """Delete what is no longer in the journal, and write the sums of what is."""
        for path in sorted(self._before.keys() - self._now.keys()):
            self.changed += delete_inside(self.root, path)
            for above in (self.root / path).parents:
                if above == self.root or not above.is_dir() or any(above.iterdir()):
                    break
                above.rmdir()
        lines = "".join(f"{self._now[path]}  {path}\n" for path in sorted(self._now))
        if not self._mark.exists() or self._mark.read_text("utf-8") != lines:
            replace_file(self._mark, lines.encode())

    def _read_mark(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        if self._mark.exists():
            for line in self._mark.read_text("utf-8", errors="replace").split("\n"):
                total, _, path = line.partition("  ")
                if is_inside(path) and not FORBIDDEN.search(path):
                    found.setdefault(path, set()).add(total)
        return found

    def _sum(self, path: str) -> str:
        """Return the sum of a file, or nothing if there is none."""
        data = read_inside(self.root, path)
        return "" if data is None else sha256(data).hexdigest()
