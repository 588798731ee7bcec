"""Who made the newest revisions of entries: the journal records only who signs an entry."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from ..model.conflicts import Conflict
from ..model.entry import Revision

MAX_REVISIONS = 1000
"""Maximum number of revisions whose editors are remembered; the oldest are forgotten first."""


class Editors:
    """The names of the people who revised entries through this server since it started."""

    def __init__(self) -> None:
        self._names: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._lock = Lock()

    def remember(self, revision: Revision, name: str) -> None:
        """Remember that the person of this name made a revision."""
        with self._lock:
            self._names[revision.id, revision.rev] = name
            while len(self._names) > MAX_REVISIONS:
                self._names.popitem(last=False)

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Name the editor in a :class:`Conflict` that is raised within, if it is known."""
        try:
            yield
        except Conflict as conflict:
            theirs = conflict.theirs
            if isinstance(theirs, Revision):
                conflict.editor = self._names.get((theirs.id, theirs.rev), "")
            raise
