"""Idempotency keys: finds what an earlier request with a key made, and recognises a retry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from ...model import limits
from ...model.chapter import Chapter
from ...model.entry import Revision
from ...storage.atomic import NotRegularError, read_regular
from .format import Line
from .head import names_in
from .layout import is_day
from .parser import parse_lines

RETRY_DAYS = 30
"""Days for which the revision that a key made is found again."""

SAME_TIME = timedelta(minutes=1)
"""Maximum difference between the times of a request and its retry, apart from the delay."""

_FIELD = b'"idempotency_key":'
_KEY = re.compile(_FIELD + rb'"(?:[^"\\]|\\.)*"')


def find_revisions(
    path: Callable[[str], Path], keys: Mapping[str, date], today: date, head: bytes
) -> dict[str, Revision]:
    """Return the revisions that were made with some keys, by their keys.

    Each key comes with the day of the entry that it is used for. The files of the days before that
    one and before *today* are searched, and those that *head* names, which were written to last.

    Raises :class:`OSError`.
    """
    recent = {name for name in names_in(head) if is_day(name)}
    near = {day: _days_before(day, today) | recent for day in set(keys.values())}
    wanted = {_FIELD + msgspec.json.encode(key): key for key in keys}
    found: dict[str, Revision] = {}
    for name in sorted(set().union(*near.values()), reverse=True):
        try:
            data = read_regular(path(name))
        except (FileNotFoundError, NotADirectoryError, NotRegularError):
            continue
        for revision in _revisions_with(wanted, data):
            key = revision.idempotency_key
            if key not in found and name in near[keys[key]]:
                found[key] = revision
    return found


def _revisions_with(wanted: Mapping[bytes, str], data: bytes) -> Iterable[Revision]:
    """Yield the revisions in the bytes of a file that have one of some keys."""
    if len(wanted) == 1:  # to search for one text is faster than to list all keys
        here = {field for field in wanted if field in data}
    else:
        here = wanted.keys() & set(_KEY.findall(data))
    if not here:
        return
    keys = {wanted[field] for field in here}
    for raw in data.split(b"\n"):
        if _FIELD not in raw:
            continue
        for _, line in parse_lines(raw):
            record = line.record if isinstance(line, Line) else None
            if isinstance(record, Revision) and record.idempotency_key in keys:
                yield record


def _days_before(day: date, today: date) -> set[str]:
    return {
        (last - timedelta(days=back)).isoformat()
        for last in (day, today + timedelta(days=1))
        for back in range(RETRY_DAYS + 2)
        if last - limits.FIRST_DAY >= timedelta(days=back)
    }


def is_same_request(
    earlier: Revision | Chapter, record: Revision | Chapter, expect: int, now: datetime
) -> bool:
    """Whether a record is what an earlier request with its key made, sent again.

    The journal has numbered and dated that one since. A post that says "now" or "ten minutes ago"
    has another time the second time, and past midnight another day in its id.
    """
    if (earlier.rev == 1) != (expect == 0) or (expect and earlier.id != record.id):
        return False
    recorded = earlier.recorded or earlier.published
    apart = (recorded - earlier.published) - (now - record.published)
    is_same_time = earlier.published == record.published or abs(apart) < SAME_TIME
    return is_same_time and _content(earlier) == _content(record)


def _content(revision: Revision | Chapter) -> Revision | Chapter:
    """Return what a request said of a revision, apart from its times."""
    if isinstance(revision, Chapter):
        return msgspec.structs.replace(
            revision,
            rev=0,
            recorded=None,
            published=limits.FIRST_INSTANT,
            updated=limits.FIRST_INSTANT,
        )
    media = tuple(
        msgspec.structs.replace(m, path=m.path.rpartition("-")[2]) for m in revision.media
    )
    return msgspec.structs.replace(
        revision,
        id="",
        rev=0,
        recorded=None,
        published=limits.FIRST_INSTANT,
        updated=limits.FIRST_INSTANT,
        day="",
        media=media,
    )
