"""The history of an entry or chapter: its revisions in order, and what readers saw of it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Generic

import msgspec
from msgspec import Struct

from .folding import Version
from .hashing import blake2b


class History(Struct, Generic[Version], frozen=True):
    """An entry or chapter with all its revisions."""

    revisions: tuple[Version, ...]
    """From revision 1; of the framing of a range, which is a chapter, a single revision 0."""

    @property
    def now(self) -> Version:
        """The newest revision: the entry or chapter as it stands."""
        return self.revisions[-1]

    @property
    def mark(self) -> bytes:
        """A hash of all its revisions."""
        return blake2b(msgspec.json.encode(self.revisions), digest_size=12).digest()

    @property
    def corrections(self) -> tuple[Version, ...]:
        """The revisions with a note on what they corrected, oldest first."""
        return tuple(r for r in self.revisions[1:] if r.note and r.state == "live")

    def is_visible(self, now: datetime) -> bool:
        """Whether readers may see it: neither embargoed nor removed."""
        return self.now.state != "removed" and self.now.published <= now

    def was_seen(self, now: datetime) -> bool:
        """Whether it is removed and was visible to readers before."""
        gone = next((r for r in self.revisions if r.state == "removed"), None)
        if gone is None or self.now.state != "removed":
            return False
        shown = min(r.published for r in self.revisions)
        return shown <= now and shown <= (gone.recorded or gone.updated)
