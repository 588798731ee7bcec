"""The exceptions of liveblog: one root class; each has a message and a hint.

Damage in the data (a torn line, a missing picture) is no exception but a value: see
:class:`liveblog.journal.Fault`. Only ``cli/`` and ``web/`` turn exceptions into exit and status
codes.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path


class LiveblogError(Exception):
    """The base class of all exceptions of liveblog.

    ``message`` says what is wrong and where; ``hint`` says what the user can do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InvalidInput(LiveblogError):
    """An argument is invalid: a text, a date, a picture, an option.

    ``about`` says what, for messages in other languages: ``time``, ``tag`` and so on.
    """

    def __init__(self, message: str, hint: str = "", about: str = "") -> None:
        super().__init__(message, hint)
        self.about = about


class ConfigError(LiveblogError):
    """``liveblog.toml`` is missing, unreadable or invalid."""


class NotFound(LiveblogError):
    """There is no entry, tag or period with that name."""


class UnknownTag(NotFound):
    """No entry of a period or blog has a tag."""

    def __init__(self, tag: str, known: Iterable[str], where: str) -> None:
        known = sorted(known)
        hint = did_you_mean(tag, known) or (f"Tags there: {', '.join(known)}." if known else "")
        super().__init__(f"No entry of {where} has the tag '{tag}'.", hint)


class Withheld(LiveblogError):
    """An entry is not shown because its newest revision may be in a damaged line."""

    def __init__(self, name: str, location: str) -> None:
        super().__init__(
            f"{name} is withheld: its newest revision may be in a damaged line, {location}.",
            "Run 'liveblog check --repair', or restore that file from a backup. To go on without "
            "it, remove the entry ('liveblog remove ID'), or write the framing again.",
        )


class Unreachable(LiveblogError):
    """A request to another server failed, or its response is invalid."""


class StorageError(LiveblogError):
    """The operating system reported an error: a full disk, missing permissions, a failed sync.

    Whether data was changed depends on the function that raises the error.
    """

    @classmethod
    def of(cls, error: OSError, doing: str, path: Path, hint: str = "") -> StorageError:
        """Return the error for an :class:`OSError` raised while *doing* something at *path*."""
        advice = _ADVICE.get(error.errno or 0, "Check the free space and the permissions there.")
        hint = f"{advice} {hint}" if hint else advice
        return cls(f"Cannot {doing} {path}: {error.strerror or error}.", hint)


class storage_errors:  # noqa: N801
    """A context manager that turns errors of the disk and of SQLite into a :class:`StorageError`.

    Used as ``with storage_errors("read", path): …``, around every operation on a disk.
    """

    __slots__ = ("_doing", "_path")

    def __init__(self, doing: str, path: Path) -> None:
        """Name the operation and the file, for errors that do not name one."""
        self._doing = doing
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            path = error.filename if isinstance(error.filename, str) else self._path
            raise StorageError.of(error, self._doing, Path(path)) from error
        if (
            error is not None and type(error).__module__ == "sqlite3"
        ):  # compared by name, so that a post need not load sqlite3
            raise StorageError(
                f"Cannot {self._doing} {self._path}: {error}.",
                "Check the free space and the permissions there.",
            ) from error


class Busy(StorageError):
    """Another process holds a lock or uses a database; trying again may succeed."""


_ADVICE = {
    errno.EFBIG: "The file would exceed the limit of 'ulimit -f'.",
    errno.EMFILE: "Too many files are open in this process; see 'ulimit -n'.",
    errno.ENFILE: "Too many files are open on this machine.",
    errno.ENAMETOOLONG: "Choose a shorter name or folder.",
    errno.EROFS: "The file system is read-only; mount it for writing.",
    errno.ENOSPC: "The disk is full; free some space.",
    errno.EDQUOT: "The disk quota is used up; free some space.",
    errno.EIO: "The disk reports an error; see the system's log, and make a backup.",
}
"""Hints for errors of the operating system, by number."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?`` for the known word that is most similar, or an empty string."""
    import difflib

    near = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.6)
    return f"Did you mean '{near[0]}'?" if near else ""
