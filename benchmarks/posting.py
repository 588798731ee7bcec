"""Posts beside jrnl, appends beside a bare loop, and a batch beside single appends.

python benchmarks/posting.py
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import blogs
from lines import Line, table
from measure import LIVEBLOG, PEERS, TIMES, Cost, apart, beside, cost_of, duration

from liveblog import Blog
from liveblog.journal.dayfiles.format import ZERO, encode
from liveblog.model.draft import Draft
from liveblog.model.entry import Revision, make_id
from liveblog.model.validation import validate

APPENDS = 400
BATCH = 10_000
"""Number of entries that are appended at once."""

SINGLE = 1_000
"""Number of entries that are appended one by one, beside them."""

HEAD = 2_300
"""Size of a journal's head, in bytes."""

TEXT = next(blogs.posts(1)).body


def lines() -> Iterator[Line]:
    """Measure posts and appends."""
    with _folder() as folder:
        yield _posted(folder)
        for writers in (1, 8):
            yield _appended(folder, writers)
        yield _least(folder)
        yield _many(folder)


def _posted(folder: Path) -> Line:
    blog = blogs.write(folder / "blog", 1_000)
    config = folder / "jrnl.yaml"
    config.write_text(
        f"journals:\n  default:\n    journal: {folder / 'jrnl.txt'}\n"
        "colors:\n  body: none\n  date: none\n  tags: none\n  title: none\n"
        "default_hour: 9\ndefault_minute: 0\neditor: ''\nencrypt: false\nhighlight: true\n"
        "indent_character: '|'\nlinewrap: 79\ntagsymbols: '#@'\ntemplate: false\n"
        "timeformat: '%F %r'\nversion: v4.0\n"
    )
    jrnl = str(PEERS / "bin" / "jrnl")
    ours, theirs = beside(
        lambda: cost_of([*LIVEBLOG, "post", TEXT], cwd=blog),
        lambda: cost_of([jrnl, "--config-file", str(config), TEXT.replace("\n", " ")]),
        times=4 * TIMES,
    )
    ratio = ours.seconds / theirs.seconds
    return Line(
        what="`liveblog post`, the whole process, on disk when it returns",
        command="python benchmarks/posting.py",
        ours=duration(ours.seconds),
        beside="jrnl, the same text",
        theirs=duration(theirs.seconds),
        ratio=f"{ratio:.2f}",
        target="≤ 0.5",
        met=ratio <= 0.5,
    )


def _appended(folder: Path, writers: int) -> Line:
    blog = Blog.init(folder / f"appended-{writers}", title="Harbour Town").paths.root
    bare = folder / f"bare-{writers}.jsonl"
    ours, theirs = beside(
        partial(_together, writers, partial(_append, blog)),
        partial(_together, writers, partial(_append_bare, bare)),
    )
    ratio = theirs.seconds / ours.seconds
    return Line(
        what=f"`Blog.post`, {writers} writer{'s' if writers > 1 else ''}",
        command="python benchmarks/posting.py",
        ours=f"{APPENDS / ours.seconds:.0f}/s",
        beside="a bare loop of flock, write, fdatasync",
        theirs=f"{APPENDS / theirs.seconds:.0f}/s",
        ratio=f"{ratio:.2f}",
        target="≥ 0.6",
        met=ratio >= 0.6,
    )


def _least(folder: Path) -> Line:
    """Measure the least work of an append that keeps the journal's contract."""
    blog = Blog.init(folder / "least", title="Harbour Town").paths.root
    mine, theirs = beside(
        partial(_together, 1, partial(_append_least, blog)),
        partial(_together, 1, partial(_append_bare, folder / "least-bare.jsonl")),
    )
    return Line(
        what="the least work of an append, 1 writer: an entry created, validated and encoded, and "
        "the system calls for the lock, the head and the day file",
        command="python benchmarks/posting.py",
        ours=f"{APPENDS / mine.seconds:.0f}/s",
        beside="a bare loop of flock, write, fdatasync",
        theirs=f"{APPENDS / theirs.seconds:.0f}/s",
        ratio=f"{theirs.seconds / mine.seconds:.2f}",
        target="–",
        met=None,
    )


def _many(folder: Path) -> Line:
    """Measure a batch beside single appends, in one process; seconds are those of one batch."""
    journal = Blog.init(folder / "many", title="Harbour Town").journal

    def batch() -> Cost:
        records = [(_entry(), 0) for _ in range(BATCH)]
        began = time.perf_counter()
        journal.append_many(records)
        return Cost(time.perf_counter() - began)

    def single() -> Cost:
        records = [_entry() for _ in range(SINGLE)]
        began = time.perf_counter()
        for record in records:
            journal.append(record, expect=0)
        return Cost((time.perf_counter() - began) * BATCH / SINGLE)

    ours, theirs = beside(batch, single)
    ratio = theirs.seconds / ours.seconds
    return Line(
        what=f"`Journal.append_many`, {BATCH:,} entries",
        command="python benchmarks/posting.py",
        ours=f"{BATCH / ours.seconds:.0f}/s",
        beside="`Journal.append`, one by one",
        theirs=f"{BATCH / theirs.seconds:.0f}/s",
        ratio=f"{ratio:.0f}",
        target="≥ 20",
        met=ratio >= 20,
    )


def _entry() -> Revision:
    """Return a new entry that is not yet appended."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Revision(id=make_id(now.date(), os.urandom(8)), published=now, updated=now, body=TEXT)


def _together(writers: int, work: Callable[[int, object], None]) -> Cost:
    """Start processes that begin together; return the time until all have ended."""
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(writers + 1)
    processes = [
        context.Process(target=work, args=(APPENDS // writers, ready)) for _ in range(writers)
    ]
    for process in processes:
        process.start()
    ready.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    return Cost(time.perf_counter() - began)


def _append(folder: Path, count: int, ready: object) -> None:
    blog = Blog(folder)
    blog.post(TEXT)
    ready.wait()  # type: ignore[attr-defined]
    for _ in range(count):
        blog.post(TEXT)


def _append_least(folder: Path, count: int, ready: object) -> None:
    blog = Blog(folder)
    entries = str(blog.paths.entries)
    path, head = f"{entries}/day.jsonl", f"{entries}/head"
    os.makedirs(entries, exist_ok=True)
    for name in (path, head):
        with open(name, "wb"):
            pass
    last = ZERO
    validate(blog.preview(Draft(body=TEXT)))
    ready.wait()  # type: ignore[attr-defined]
    for _ in range(count):
        entry = blog.preview(Draft(body=TEXT))
        validate(entry)
        lock = os.open(entries, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.path.samestat(os.fstat(lock), os.stat(entries))
        fd = os.open(head, os.O_RDWR)
        os.read(fd, HEAD)
        os.close(fd)
        os.stat(path)
        line = encode(entry, last, last)
        last = line[-19:-3].decode()
        fd = os.open(path, os.O_RDWR | os.O_APPEND)
        os.fstat(fd)
        os.write(fd, line)
        os.fdatasync(fd)
        os.fstat(fd)
        os.close(fd)
        fd = os.open(head, os.O_WRONLY)
        os.pwrite(fd, b"x" * HEAD, 0)
        os.close(fd)
        os.close(lock)


def _append_bare(path: Path, count: int, ready: object) -> None:
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    data = b'{"body":"' + TEXT.encode() + b'"}\n'
    ready.wait()  # type: ignore[attr-defined]
    for _ in range(count):
        _append_line(fd, data)


def _append_line(fd: int, data: bytes) -> None:
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.write(fd, data)
    os.fdatasync(fd)
    fcntl.flock(fd, fcntl.LOCK_UN)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = apart(1)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    print(table(lines()))
