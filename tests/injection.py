"""Fault injection: makes one system call of a function fail, or kills the process at it.

The calls of :mod:`os`, :mod:`fcntl` and ``open`` are counted; a test repeats its claim for each
number in turn.
"""

from __future__ import annotations

import builtins
import fcntl
import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CALLS = (
    "open", "write", "read", "pread", "pwrite", "stat", "lstat", "fstat", "close", "fsync",
    "fdatasync", "ftruncate", "rename", "replace", "unlink", "mkdir", "rmdir", "scandir", "listdir",
    "link", "fchmod", "chmod",
)  # fmt: skip


@contextmanager
def interrupted(at: int, act: Callable[[str], None]) -> Iterator[list[str]]:
    """Replace call number *at* within the block by *act(name)*; yield the names of all calls."""
    made: list[str] = []

    def hooked(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            made.append(name)
            if len(made) == at + 1:
                if name == "close":  # the descriptor is closed even if close() fails
                    real(*arguments, **options)
                act(name)
            return real(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, hooked(name, getattr(os, name)))
        patch.setattr(fcntl, "flock", hooked("flock", fcntl.flock))
        opened = hooked("open file", builtins.open)
        patch.setattr(builtins, "open", opened)
        patch.setattr(io, "open", opened)
        yield made


def refusing(number: int) -> Callable[[str], None]:
    """Return an action that fails with an error number."""

    def refuse(name: str) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def killed_at(at: int, work: Callable[[], object]) -> bool:
    """Run *work* in a child process that is killed at call number *at*; return whether it was."""
    child = os.fork()
    if not child:
        try:
            with interrupted(at, lambda name: os.kill(os.getpid(), signal.SIGKILL)):
                work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)
