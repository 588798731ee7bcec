"""Where the site's files live: the contract, and plain folders (``folder``).

``compressed`` keeps compressed copies of them beside the site.

In come paths below the site's root and bytes. What is put or dropped is only prepared; one call
brings all of it to the readers, each file whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Site(Protocol):
    """A place that holds the site's files under relative paths (``2012/07/15/index.html``)."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes as readers get them, or None if there is none."""
        ...

    def holds(self, path: str, data: bytes) -> bool:
        """Whether readers get just these bytes of a file."""
        ...

    def paths(self) -> Iterator[str]:
        """Yield the path of every file that readers may get, whoever put it there.

        A folder that cannot be ours (it is hidden, or a symbolic link) is one path, with a slash at
        its end, whatever it holds.
        """
        ...

    def refresh(self) -> None:
        """Look anew at what is there: somebody may have published, or deleted the site."""
        ...

    def put(self, path: str, data: bytes) -> None:
        """Prepare a file; readers see nothing of it before :meth:`commit`.

        Raises :class:`InvalidInput` for a path that leads out of the site or
        cannot be the name of a file, and :class:`StorageError`.
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

        What is new lands first, each new folder as a whole; then what changes; then what is no more
        goes. New files and those that change land in the order of :func:`landing`,
        and files go in the opposite order. So whatever can be reached from a page that stays, or
        from an entry that has landed, is there, at every instant and after a crash at any instant.

        Raises :class:`StorageError`; then a beginning of this has been done.
        """
        ...
