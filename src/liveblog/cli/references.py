"""The short names of entries on the command line: ``last``, ``@-1``, a part of an id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import click

from ..model.entry import Revision, id_day
from ..model.errors import InvalidInput, LiveblogError
from .context import State, complete_id, first_line

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..blog import Blog

    _Text = click.ParamType[str]
else:
    _Text = click.ParamType  # not generic before click 8.2

SHORTEST = 4
"""Minimum number of characters of a part of an id."""

_PART = re.compile(rf"[0-9a-z-]{{{SHORTEST},}}")
_NEWEST = re.compile(r"(?:last|@)(?:-(\d{1,4}))?")

MAX_CANDIDATES = 5
"""Number of entries that are listed when a part of an id may mean several."""


class EntryId(_Text):
    """An entry's id, or a short name that stands for it; see :func:`find_entry`."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id that a word stands for; opens the blog only for a short name."""
        try:
            id_day(value)
        except InvalidInput:
            state = ctx and ctx.find_object(State)
            if state and not (ctx and ctx.resilient_parsing):
                return find_entry(state.blog(), value)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete an id from those of the newest entries."""
        return complete_id(ctx, incomplete)


ENTRY = EntryId()
"""The type of every argument and option that takes the id of an entry."""


def find_entry(blog: Blog, name: str) -> str:
    """Return the id of the entry that a short name stands for.

    ``last`` or ``@`` is the entry that was posted last, ``last-1`` or ``@-1`` the one before it;
    entries that were removed do not count. Any other name is the beginning or the end of an id, or
    of the part after its day.

    Raises :class:`InvalidInput` for a name that stands for none or for several.
    """
    if newest := _NEWEST.fullmatch(name):
        found = next(islice(newest_posted(blog), int(newest[1] or 0), None), None)
        if found is None:
            raise InvalidInput(f"There is no entry '{name}'.", "'liveblog log' lists them.")
        return found
    part = name.lower()
    candidates = _entries_called(blog, part) if _PART.fullmatch(part) else set[str]()
    if not candidates:
        id_day(name)  # raises the error for what is no id
    if len(candidates) > 1:
        shown = [f"{found} ({_shown(blog, found)})" for found in sorted(candidates, reverse=True)]
        more = len(shown) - MAX_CANDIDATES
        listed = ", ".join(shown[:MAX_CANDIDATES]) + (f" and {more} more" if more > 0 else "")
        raise InvalidInput(f"'{name}' may be {listed}.", "Give more of the id.")
    return candidates.pop()


def newest_posted(blog: Blog) -> Iterator[str]:
    """Yield the ids of the entries that were not removed, in the order of posting, the last first.

    A file is read only when it is reached.
    """
    files = blog.journal.newest_written()
    pending: list[tuple[datetime, str]] = []
    for written, name in [*files, (None, "")]:
        # What stands in the files that follow was appended before their last lines.
        while pending and (written is None or pending[-1][0] >= written):
            yield pending.pop()[1]
        if name:
            pending += _posted_in(blog, name)
            pending.sort()


def _posted_in(blog: Blog, name: str) -> list[tuple[datetime, str]]:
    """Return the instant of posting and the id of each entry of a file, but removed ones."""
    from ..timeline import fold

    entries = fold(blog.journal.read(name).records).values()
    firsts = [entry.revisions[0] for entry in entries if entry.now.state != "removed"]
    return [(first.recorded or first.published, first.id) for first in firsts]


def _entries_called(blog: Blog, part: str) -> set[str]:
    found = set()
    for name in blog.journal.names_with(part.encode()):
        reading = blog.journal.read(name)
        for record in (*reading.records, *reading.withheld_records):
            if isinstance(record, Revision) and _is_part(part, record.id):
                found.add(record.id)
    return found


def _is_part(part: str, entry_id: str) -> bool:
    letters = entry_id.partition("-")[2]
    return entry_id.startswith(part) or letters.startswith(part) or entry_id.endswith(part)


def _shown(blog: Blog, entry_id: str) -> str:
    """Return the first words of an entry, as far as it can be read."""
    try:
        return first_line(blog.timeline.entry(entry_id).now, 40)
    except LiveblogError:
        return "damaged"
