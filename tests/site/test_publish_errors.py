"""Whatever the machine refuses to a publication: one kind of error, and the next one finishes."""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model.errors import StorageError

from ..conftest import Clock, site_bytes
from .test_publish import from_nothing, picture

CALLS = {
    os: ("open", "mkdir", "rename", "replace", "unlink", "rmdir", "stat", "lstat", "scandir",
         "fsync", "fdatasync", "utime", "close"),
    builtins: ("open",),
    io: ("open",),
    fcntl: ("flock",),
}  # fmt: skip
"""What a publication asks of the system, as Python's functions."""


class Machine:
    """A machine that refuses one call to the system below a folder."""

    def __init__(self, root: Path, refuse: int, number: int) -> None:
        self.root = str(root)
        self.refuse = refuse  #: which call, from 1; 0 refuses none
        self.number = number
        self.calls = 0
        self.refused = ""
        self.error: StorageError | None = None

    @contextmanager
    def running(self) -> Iterator[Machine]:
        """Let it run."""
        with pytest.MonkeyPatch.context() as patch:
            for owner, names in CALLS.items():
                for name in names:
                    patch.setattr(owner, name, self._refusing(getattr(owner, name), name))
            yield self

    def _refusing(self, call: Any, name: str) -> Any:
        def asked(*values: Any, **how: Any) -> Any:
            what = values[0] if values else ""
            path = os.fspath(what) if isinstance(what, str | os.PathLike) else ""
            if path.startswith(self.root) or name in ("fsync", "flock", "utime"):
                self.calls += 1
                if self.calls == self.refuse:
                    self.refused = f"{name} {what}"
                    raise OSError(self.number, os.strerror(self.number), path or None)
            return call(*values, **how)

        return asked


@pytest.fixture
def told(blog: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """A published blog of which an entry was removed, and that has a new one with a picture."""
    blog.post("Un.", tags=["Damas"])
    gone = blog.post("Deux.", tags=["Alep"])
    clock.go(days=1)
    blog.publish()
    blog.search("deux")
    blog.publisher.compress(["index.html"])
    blog.remove(gone.id)
    blog.post("Trois.", tags=["Homs"], images=[Image(picture(tmp_path), "Un point")])
    return blog


def attempt(blog: Blog, what: str, refuse: int = 0, number: int = 0) -> Machine:
    """Do one thing with a blog as a new process does it; one of its calls is refused."""
    fresh = Blog(blog.paths.root, clock=blog._clock)
    machine = Machine(blog.paths.root, refuse, number)
    with machine.running():
        try:
            _do(fresh, what)
        except StorageError as error:
            machine.error = error
        except Exception as error:
            raise AssertionError(f"{machine.refused}: {error!r}") from error
    return machine


def _do(fresh: Blog, what: str) -> None:
    if what == "publish":
        fresh.publish()
    elif what == "dry run":
        fresh.publish(dry_run=True)
    elif what == "check":
        fresh.check()
    elif what == "search":
        fresh.search("trois")
    else:
        fresh.publish()
        fresh.publisher.compress(["index.html", "rss.xml"])


@pytest.mark.slow
@pytest.mark.parametrize("what", ["publish", "dry run", "check", "search", "compress"])
@pytest.mark.parametrize("step", [pytest.param(4, marks=pytest.mark.slow), 29])
def test_whatever_call_is_refused_only_storage_errors_leave(
    told: Blog, tmp_path: Path, what: str, step: int
) -> None:
    """Each call in turn, with changing errors; afterwards a publication puts all in place."""
    goal = from_nothing(told, tmp_path / "goal")
    saved = tmp_path / "saved"
    shutil.copytree(told.paths.root, saved)
    machine = attempt(told, what)
    assert machine.error is None
    assert machine.calls > 20
    numbers = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EMFILE, errno.EROFS)
    told_of = set()
    for number, refuse in enumerate(range(1, machine.calls + 1, step)):
        shutil.rmtree(told.paths.root)
        shutil.copytree(saved, told.paths.root)
        machine = attempt(told, what, refuse, numbers[number % 5])
        if machine.error:
            told_of.add((bool(machine.error.hint), machine.root in machine.error.message))
        blog = Blog(told.paths.root, clock=told._clock)
        blog.publish(full=number % 2 == 0)
        assert site_bytes(blog.paths.site) == goal, machine.refused
    assert told_of <= {(True, True)}  # a hint, and where
    assert told_of or what in ("search", "compress")  # which do without much of what is refused


def test_too_little_memory_is_said(told: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an error of the machine, whatever asked for it; nothing has landed."""
    before = site_bytes(told.paths.site)

    def fail(*_: object, **__: object) -> bytes:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("liveblog.site.feed_files.tag_page", fail)
        with pytest.raises(StorageError, match="memory"):
            told.publish()
    assert site_bytes(told.paths.site) == before
    told.publish()
