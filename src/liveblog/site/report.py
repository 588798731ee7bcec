"""The report of a publication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..journal import Fault
from .documents import LivePage

Progress = Callable[[int, int], None]
"""Called with the number of units of work that are done, and of all."""


@dataclass
class Report:
    """What a publication did, or would do."""

    written: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unchanged: int = 0  #: files that were rendered and are the same as before
    faults: list[Fault] = field(default_factory=list)
    """Damage in the journal, and what could not be rendered; also what earlier publications found,
    as long as it is not repaired."""

    live_page: LivePage | None = None
    """The live page as it is published now; None if it could not be made."""

    @property
    def is_over(self) -> bool:
        """Whether the coverage is over."""
        return self.live_page is not None and self.live_page.is_over
