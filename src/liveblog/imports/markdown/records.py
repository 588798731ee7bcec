"""Reads the records in files that the Markdown export wrote, without loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

import msgspec

from ...exports.markdown import chapter_text, entry_text, framing_text
from ...model.chapter import Chapter, check_slug
from ...model.entry import Framing, Media, Revision, id_day
from ...model.errors import InvalidInput
from ...model.period import COVERAGE, parse_period_id
from ...model.records import Version as AnyVersion
from ...text.frontmatter import Page, Value, with_types
from .. import Copy, Problem
from .source import Source

RECORDS = ("revisions", "framings", "chapters")
"""The keys below ``liveblog`` that hold records: of an entry, a framing or a chapter."""


def is_export(page: Page) -> bool:
    """Whether a file holds records of a journal."""
    own = page.fields.get("liveblog")
    return isinstance(own, dict) and not own.keys().isdisjoint(RECORDS)


def read(page: Page, where: str, source: Source) -> Iterator[Copy | Problem]:
    """Yield the records of a file, oldest first; then a problem if its visible part was edited.

    Such edits are not imported: a change is a new revision, which needs an author and a time.

    Raises :class:`InvalidInput` if the records are damaged.
    """
    own = page.fields["liveblog"]
    records = _records(next((own[key] for key in RECORDS if own.get(key)), ""))
    now = records[-1]

    def picture(media: Media) -> bytes:
        return source.read(_find_picture(media.path, where, source))

    for record in records:
        yield Copy(where, record, picture)
    if changed := _edited_part(page, now):
        yield Problem(
            where,
            f"its {changed} was changed after it was exported; the exported one is imported",
            f"Make the change with 'liveblog {_command(now)}' once it is imported.",
        )


def _command(now: AnyVersion) -> str:
    """Return the command that changes an entry, a framing or a chapter."""
    if isinstance(now, Revision):
        return f"edit {now.id}"
    if isinstance(now, Chapter):
        return f"chapter edit {now.slug}"
    return f"digest {now.period} --edit"


def recording_order(copy: Copy) -> tuple[datetime, str, int]:
    """Return the sort key for the order of recording."""
    record = copy.record
    never = datetime.min.replace(tzinfo=UTC)
    return record.recorded or never, record.name, record.rev


def _records(value: Value) -> Sequence[AnyVersion]:
    kind = list[AnyVersion]
    try:
        records = msgspec.convert(with_types(value), kind)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"Its records were changed: {error}.", _EXPORT_AGAIN) from None
    records.sort(key=lambda record: record.rev)
    names = {record.name for record in records}
    if len(names) != 1 or len({record.rev for record in records}) != len(records):
        raise InvalidInput("Its records do not belong together.", _EXPORT_AGAIN)
    _check_name(records[0])
    return records


def _check_name(record: AnyVersion) -> None:
    """Refuse a record whose name is not of its kind. Raises :class:`InvalidInput`."""
    match record:
        case Revision():
            id_day(record.id)
        case Chapter():
            check_slug(record.slug)
        case _ if record.period != COVERAGE:
            parse_period_id(record.period)


_EXPORT_AGAIN = "Export the journal again."


def _edited_part(page: Page, now: AnyVersion) -> str:
    """Return which visible part of a file was edited, if any; outer white space does not count."""
    fields = page.fields
    match now:
        case Revision():
            title, text = now.title, entry_text(now)
        case Chapter():
            title, text = now.title, chapter_text(now)
        case _:
            title, text = now.headline, framing_text(now)
    if not isinstance(now, Framing) and list(fields.get("tags") or ()) != list(now.tags):
        return "list of tags"
    if fields.get("title", "") != title:
        return "title"
    return "text" if _lines(page.body) != _lines(text) else ""


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().split("\n")]


def _find_picture(path: str, where: str, source: Source) -> str:
    """Return the path of a picture: in ``media/`` beside the file, or in a folder above it."""
    for folder in PurePosixPath(where).parents:
        if found := source.find(f"/{(folder / 'media').as_posix()}/{path}", where):
            return found
    raise InvalidInput(f"The picture media/{path} is not in the folder.", "Export it again.")
