"""An earlier export, read back: the records that its files hold, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

import msgspec

from ...exports.markdown import entry_text, framing_text
from ...model.entry import Framing, Media, Revision, id_day
from ...model.errors import InvalidInput
from ...model.period import COVERAGE, parse_period_id
from ...text.frontmatter import Page, Value, typed
from .. import Copy, Problem
from .source import Source


def is_export(page: Page) -> bool:
    """Whether a file holds records of a journal."""
    own = page.fields.get("liveblog")
    return isinstance(own, dict) and ("revisions" in own or "framings" in own)


def read(page: Page, where: str, source: Source) -> Iterator[Copy | Problem]:
    """Yield the records of a file, oldest first; then a problem if somebody edited it since.

    An edited file does not change what comes back: a person's change is a new version, which is
    made where its author and time are known.

    Raises :class:`InvalidInput` if it is not as it was written.
    """
    own = page.fields["liveblog"]
    records = _records(own.get("revisions") or own.get("framings"))
    now = records[-1]

    def picture(media: Media) -> bytes:
        return source.read(_place(media.path, where, source))

    for record in records:
        yield Copy(where, record, picture)
    if changed := _changed(page, now):
        fix = "edit" if isinstance(now, Revision) else "frame"
        yield Problem(
            where,
            f"its {changed} was changed after it was exported; it comes back as it was",
            f"Make the change with 'liveblog {fix} {now.name}' once it is in.",
        )


def made(copy: Copy) -> tuple[datetime, str, int]:
    """Return where a record stands among all, in the order in which they were made."""
    record = copy.record
    never = datetime.min.replace(tzinfo=UTC)
    return record.recorded or never, record.name, record.rev


def _records(value: Value) -> Sequence[Revision | Framing]:
    kind = list[Revision | Framing]
    try:
        records = msgspec.convert(typed(value), kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"The records in it are not as exported: {error}.", _MEND) from None
    records.sort(key=lambda record: record.rev)
    names = {(type(record), record.name) for record in records}
    if len(names) != 1 or len({record.rev for record in records}) != len(records):
        raise InvalidInput("The records in it do not belong together.", _MEND)
    if isinstance(records[0], Revision):
        id_day(records[0].id)
    elif records[0].period != COVERAGE:
        parse_period_id(records[0].period)
    return records


_MEND = "Export the journal again."


def _changed(page: Page, now: Revision | Framing) -> str:
    """Say what of a file is not what the export wrote, line ends and outer space apart."""
    fields = page.fields
    if isinstance(now, Revision):
        title, text = now.title, entry_text(now)
        if list(fields.get("tags") or ()) != list(now.tags):
            return "list of tags"
    else:
        title, text = now.headline, framing_text(now)
    if fields.get("title", "") != title:
        return "title"
    return "text" if _lines(page.body) != _lines(text) else ""


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _place(path: str, where: str, source: Source) -> str:
    """Return where a picture lies: in the media beside the file, or beside a folder above it."""
    for folder in PurePosixPath(where).parents:
        if found := source.find(f"/{(folder / 'media').as_posix()}/{path}", where):
            return found
    raise InvalidInput(f"The picture media/{path} is not in the folder.", "Export it again.")
