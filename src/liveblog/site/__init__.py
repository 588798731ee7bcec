"""Where the site's files live: the contract, and plain folders (``folder``).

In come paths below the site's root and bytes; files land whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Site(Protocol):
    """A place that holds the site's files under relative paths (``2012/07/15/index.html``)."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is none."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Put a file there in one step: readers see the old bytes or the new ones.

        Raises :class:`~liveblog.errors.StorageError`.
        """
        ...

    def link(self, path: str, source: Path) -> bool:
        """Put a file of this machine there, unless it is there already; say whether it was put."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file, if it is there."""
        ...

    def settle(self) -> None:
        """Make everything written since the last time survive a crash of the machine."""
        ...
