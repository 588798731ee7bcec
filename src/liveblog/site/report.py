"""What a publication did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..journal import Fault
from .documents import LivePage

Progress = Callable[[int, int], None]
"""Called with how many of how many things are made."""


@dataclass
class Report:
    """What a publication did, or would do."""

    written: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    unchanged: int = 0  #: files rendered whose bytes were there already
    faults: list[Fault] = field(default_factory=list)
    """What is damaged in the journal or could not be rendered: all of it, also what was met in
    earlier publications and still stands."""

    live_page: LivePage | None = None
    """The live page as it is published now; None if it could not be made."""

    @property
    def is_over(self) -> bool:
        """Whether the coverage is over."""
        return self.live_page is not None and self.live_page.is_over

    def add(self, other: Report) -> None:
        """Add what another part of the same publication did."""
        self.written += other.written
        self.deleted += other.deleted
        self.unchanged += other.unchanged
