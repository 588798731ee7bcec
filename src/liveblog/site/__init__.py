"""Where the site's files live: the contract, and plain folders (``folder``).

In come paths below the site's root and bytes. What is put or dropped is only prepared; one call
brings all of it to the readers, each file whole.
"""

from __future__ import annotations

from typing import Protocol


class Site(Protocol):
    """A place that holds the site's files under relative paths (``2012/07/15/index.html``)."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes as readers get them, or None if there is none."""
        ...

    def holds(self, path: str, data: bytes) -> bool:
        """Whether readers get just these bytes of a file."""
        ...

    def put(self, path: str, data: bytes) -> None:
        """Prepare a file; readers see nothing of it before :meth:`commit`.

        Raises :class:`~liveblog.errors.StorageError`.
        """
        ...

    def drop(self, path: str) -> None:
        """Prepare the removal of a file, if it is there."""
        ...

    def cut(self) -> dict[str, str]:
        """Return what was prepared, and begin anew."""
        ...

    def add(self, prepared: dict[str, str]) -> None:
        """Prepare what was cut here, or in another process."""
        ...

    def discard(self) -> None:
        """Let go of what was prepared, by this process or one that was cut off."""
        ...

    def commit(self) -> None:
        """Bring what was prepared to the readers, and make it survive a crash of the machine.

        New folders land first, each as a whole; then new files, in the order in which they were
        put; then those that change; then files are removed. So whatever can be reached from a page
        that a reader holds is there, at every instant and after a crash at any instant.

        Raises :class:`~liveblog.errors.StorageError`; then a beginning of this has been done.
        """
        ...
