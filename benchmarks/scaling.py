"""The same work in blogs of a thousand to a million entries.

    python benchmarks/scaling.py [MOST]

MOST is the size of the largest blog (default: a million, which takes half an hour and 25 GB of
disk, most of it to publish that blog).
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import blogs
import msgspec
from lines import Line, table
from measure import LIVEBLOG, PYTHON, Cost, apart, beside, cost_of, duration, megabytes

from liveblog import Blog
from liveblog.model.entry import Record
from liveblog.watcher import Watcher

SIZES = (1_000, 10_000, 100_000, 1_000_000)
COMMAND = "python benchmarks/scaling.py"
TIMES = 7


@dataclass(frozen=True)
class Built:
    """A published blog."""

    entries: int
    root: Path
    full: Cost

    def run(self, *words: str) -> Cost:
        """Run a ``liveblog`` command for the blog."""
        return cost_of([*LIVEBLOG, "-C", str(self.root), *words])

    def publish_one_more(self) -> Cost:
        """Post an entry, and measure a process that publishes it."""
        Blog(self.root).post("One more update.", tags=["Harbour", "Market"])
        command = [*LIVEBLOG, "-C", str(self.root), "publish"]
        return cost_of(command, with_memory=True)


@dataclass(frozen=True)
class Row:
    """The costs at one size."""

    entries: int
    full: Cost
    post: Cost
    one_more: Cost
    inside: float  #: seconds: one more, in a running server
    day: Cost
    week: Cost
    log: Cost
    served: float  #: seconds until a server without derived files answers
    read: float  #: seconds to read and check the journal
    bare: float  #: seconds to read the same lines with msgspec alone


def measured(most: int = SIZES[-1]) -> tuple[list[Row], list[Line]]:
    """Measure every size; return a row for each, and the largest one beside other programs."""
    folder = apart(3)
    try:
        built = [_built(folder, entries) for entries in SIZES if entries <= most]
        beside_git = list(_beside_git(built[-1], folder / "repository"))
        rows = _rows(built)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return rows, [*_lines(rows[0], rows[-1]), *beside_git]


def _built(folder: Path, entries: int) -> Built:
    root = blogs.write(folder / str(entries), entries)
    full = cost_of([*LIVEBLOG, "-C", str(root), "publish"], with_memory=True)
    print(f"{entries:,} entries: published in {duration(full.seconds)}", flush=True)
    return Built(entries, root, full)


def _rows(built: Sequence[Built]) -> list[Row]:
    """Measure the sizes alternately, because the speed of a machine varies over time.

    Derived files are deleted at the end, to start a server without them.
    """

    def each(*words: str) -> list[Cost]:
        return beside(*(partial(b.run, *words) for b in built), times=TIMES)

    for b in built:
        b.publish_one_more()
    one_more = beside(*(b.publish_one_more for b in built), times=TIMES)
    post, day = each("post", "One more update."), each("digest", "yesterday")
    week, log = each("digest", _last_week()), each("log")
    inside: list[list[float]] = [[] for _ in built]
    for _ in range(3):
        for found, b in zip(inside, built, strict=True):
            found += _inside(b)
    readings = [_readings(b.root) for b in built]
    return [
        Row(
            entries=b.entries,
            full=b.full,
            post=post[at],
            one_more=one_more[at],
            inside=statistics.median(inside[at]),
            day=day[at],
            week=week[at],
            log=log[at],
            served=_first_answer(b.root),
            read=readings[at][0],
            bare=readings[at][1],
        )
        for at, b in enumerate(built)
    ]


def _lines(least: Row, most: Row) -> Iterator[Line]:
    size = f"{most.entries:,}"
    ours = f"ours at {least.entries:,}"
    post = "one more entry, a process of its own"
    yield _against(f"{post}, at {size}", most.one_more.seconds, ours, least.one_more.seconds, 1.3)
    ratio = most.one_more.memory / least.one_more.memory
    yield Line(f"{post}, at {size}: memory", COMMAND, megabytes(most.one_more.memory), ours,
               megabytes(least.one_more.memory), f"{ratio:.2f}", "≤ 1.3", ratio <= 1.3)  # fmt: skip
    yield _against(f"the same in a running server, at {size}", most.inside, ours, least.inside, 1.1)
    yield Line(f"the same in a running server, at {size}", COMMAND, duration(most.inside), "–",
               "–", "–", "< 50 ms", most.inside < 0.05)  # fmt: skip
    yield _against(
        f"journal of {size} read and checked", most.read, "msgspec alone", most.bare, 3.0
    )
    yield _against(f"server without derived state, at {size}: first answer", most.served,
                   "msgspec reading the journal", most.bare, 3.0)  # fmt: skip


def scaling_table(found: list[Row]) -> str:
    """Return the costs of every size as a table in Markdown."""
    head = (
        "| entries | post | publish one more | its memory | the same inside a server "
        "| day digest | week digest | `log` | full build | its memory | server answers "
        "| journal read |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
    )
    return head + "".join(
        f"| {row.entries:,} | {duration(row.post.seconds)} | {duration(row.one_more.seconds)} "
        f"| {megabytes(row.one_more.memory)} | {duration(row.inside)} "
        f"| {duration(row.day.seconds)} | {duration(row.week.seconds)} "
        f"| {duration(row.log.seconds)} | {duration(row.full.seconds)} "
        f"| {megabytes(row.full.memory)} | {duration(row.served)} | {duration(row.read)} |\n"
        for row in found
    )


def _inside(built: Built) -> list[float]:
    """Return the seconds from a post until it is broadcast and published, as in a server.

    The watcher runs in a thread of this process.
    """
    blog = Blog(built.root)
    watcher = Watcher(
        blog,
        broadcast=lambda events, position: None,
        published=lambda update: None,
    )
    watcher.start()
    watcher.publish()
    found = []
    for _ in range(TIMES):
        blog.post("One more update.", tags=["Harbour", "Market"])
        watcher.publish()
        found.append(watcher.state.seconds)
    watcher.stop()
    watcher.join()
    return found


def _readings(root: Path) -> tuple[float, float]:
    """Return the seconds to read the journal with liveblog, and with msgspec alone."""
    blog = Blog(root)
    began = time.perf_counter()
    count = sum(len(blog.journal.day(day).records) for day in blog.journal.days())
    ours = time.perf_counter() - began
    decoder = msgspec.json.Decoder(Record)
    began = time.perf_counter()
    for path in sorted(blog.paths.entries.rglob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            decoder.decode(line)
            count -= 1
    assert not count
    return ours, time.perf_counter() - began


def _first_answer(root: Path) -> float:
    """Return the seconds until a server without derived files answers with the live page."""
    found = []
    for _ in range(3):
        shutil.rmtree(root / ".liveblog")
        began = time.perf_counter()
        server = subprocess.Popen(
            [*LIVEBLOG, "-C", str(root), "serve", "--port", "8099"], stderr=subprocess.DEVNULL
        )
        try:
            while time.perf_counter() - began < 60:
                try:
                    with urllib.request.urlopen("http://127.0.0.1:8099/", timeout=60) as answer:
                        assert answer.status == 200
                    break
                except OSError:
                    time.sleep(0.005)
            found.append(time.perf_counter() - began)
        finally:
            server.kill()
            server.wait()
    return statistics.median(found)


def _beside_git(most: Built, folder: Path) -> Iterator[Line]:
    repository = _repository(folder, 100_000)
    python, git, helped, log, today, yesterday = beside(
        lambda: cost_of([PYTHON, "-c", "pass"]),
        lambda: cost_of(["git", "-C", str(repository), "log", "-1"]),
        lambda: cost_of([*LIVEBLOG, "--help"]),
        lambda: most.run("log"),
        lambda: most.run("digest", "today"),
        lambda: most.run("digest", "yesterday"),
        times=3 * TIMES,
    )
    for name, cost in (
        ("--help", helped), (f"log, at {most.entries:,}", log),
        (f"digest today, at {most.entries:,}", today),
        (f"digest yesterday, at {most.entries:,}", yesterday),
    ):  # fmt: skip
        beyond = cost.seconds - python.seconds
        yield Line(
            what=f"`liveblog {name}`",
            command=COMMAND,
            ours=duration(cost.seconds),
            beside="python -c pass; git log -1 among 100,000 commits",
            theirs=f"{duration(python.seconds)}; {duration(git.seconds)}",
            ratio=f"+{duration(beyond)}",
            target="≤ +150 ms",
            met=beyond <= 0.15,
        )


def _repository(folder: Path, commits: int) -> Path:
    """Create a repository of *commits* commits."""
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@example.org> {1_600_000_000 + number} +0000\n"
        f"data 6\nchange\n"
        f"M 644 inline entry\ndata {len(str(number))}\n{number}\n"
        for number in range(commits)
    )
    subprocess.run(
        ["git", "-C", str(folder), "fast-import", "--quiet"], input=stream.encode(), check=True
    )
    subprocess.run(["git", "-C", str(folder), "checkout", "-q", "main"], check=True)
    return folder


def _last_week() -> str:
    return f"{datetime.now(UTC).date() - timedelta(days=7):%G-W%V}"


def _against(what: str, ours: float, peer: str, theirs: float, target: float) -> Line:
    ratio = ours / theirs
    return Line(what, COMMAND, duration(ours), peer, duration(theirs), f"{ratio:.2f}",
                f"≤ {target:g}", ratio <= target)  # fmt: skip


if __name__ == "__main__":
    rows, lines = measured(int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1])
    print(scaling_table(rows))
    print(table(lines))
