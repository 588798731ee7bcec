"""The error hierarchy: one root, and each error says what is wrong, where, and what to do next.

A fault in the data (a torn line, a missing picture) is a value, not one of these; see
:class:`liveblog.journal.Fault`. Only ``cli/`` and ``web/`` turn errors into exit and status codes.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path


class LiveblogError(Exception):
    """Root of everything that liveblog raises on purpose.

    ``message`` says what is wrong and where; ``hint`` says what to do next.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InvalidInput(LiveblogError):
    """What the caller handed over cannot be taken: a text, a date, a picture, an option."""


class ConfigError(LiveblogError):
    """``liveblog.toml`` is missing, unreadable or says something that cannot be."""


class NotFound(LiveblogError):
    """No entry, tag or period of that name exists."""


class Withheld(LiveblogError):
    """The newest revision of an entry may be in a damaged line: nothing older is shown for it."""

    def __init__(self, name: str, place: str) -> None:
        super().__init__(
            f"{name} is withheld: its newest revision may stand in a damaged line, {place}.",
            "Run 'liveblog check --repair', or restore that file from a backup. To go on without "
            "it, remove the entry ('liveblog remove ID'), or write the framing anew.",
        )


class Unreachable(LiveblogError):
    """A server outside could not be asked, or its answer could not be taken."""


class StorageError(LiveblogError):
    """The machine refused: a disk that is full, a folder that cannot be written, a failed sync.

    Whether anything was changed is said only by those who know it.
    """

    @classmethod
    def of(cls, error: OSError, doing: str, path: Path, hint: str = "") -> StorageError:
        """Wrap what the operating system said while *doing* something at *path*."""
        advice = _ADVICE.get(error.errno or 0, "Check the free space and the permissions there.")
        hint = f"{advice} {hint}" if hint else advice
        return cls(f"Cannot {doing} {path}: {error.strerror or error}.", hint)


class storage_errors:  # noqa: N801
    """Raises what the operating system refuses within its block as a :class:`StorageError`.

    The edge of every operation that touches a disk stands in one::

        with storage_errors("read", path): ...
    """

    __slots__ = ("_doing", "_path")

    def __init__(self, doing: str, path: Path) -> None:
        """Say what is done, and where, unless the error itself names a file."""
        self._doing = doing
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            path = error.filename if isinstance(error.filename, str) else self._path
            raise StorageError.of(error, self._doing, Path(path)) from error
        if error is not None and type(error).__module__ == "sqlite3":  # which a post does not load
            raise StorageError(
                f"Cannot {self._doing} {self._path}: {error}.",
                "Check the free space and the permissions there.",
            ) from error


class Busy(StorageError):
    """Another process holds a lock or a database; it may be free in a moment."""


_ADVICE = {
    errno.EFBIG: "A limit on the size of files stands in the way; see 'ulimit -f'.",
    errno.EMFILE: "Too many files are open in this process; see 'ulimit -n'.",
    errno.ENFILE: "Too many files are open on this machine.",
    errno.ENAMETOOLONG: "Choose a shorter name or folder.",
    errno.EROFS: "The file system is read-only; mount it for writing.",
    errno.ENOSPC: "The disk is full; free some space.",
    errno.EDQUOT: "The disk quota is used up; free some space.",
    errno.EIO: "The disk reports an error; see the system's log, and have a backup at hand.",
}
"""What to do about an error of the operating system, where more is known than of others."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` for the nearest known word, or an empty string."""
    import difflib

    near = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else ""
