"""A full publication of 10,000 entries, and one more entry, beside Hugo, Pelican and Eleventy.

python benchmarks/publishing.py
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import blogs
import static
from lines import Line, table
from measure import LIVEBLOG, PEERS, PYTHON, Cost, apart, beside, cost_of, duration, megabytes

from liveblog import Blog

ENTRIES = 10_000
COMMAND = "python benchmarks/publishing.py"
PATH = {"PATH": f"{PEERS / 'bin'}:{PEERS / 'node_modules' / '.bin'}:{os.environ['PATH']}"}


def lines() -> Iterator[Line]:
    """Yield the measurements."""
    folder = apart(2)
    try:
        posts = list(blogs.posts(ENTRIES))
        blog = blogs.write(folder / "blog", ENTRIES)
        hugo = Peer(folder / "hugo", static.hugo(folder / "hugo", posts), "public")
        whole = Peer(folder / "whole", static.hugo_whole(folder / "whole", posts), "public")
        pelican = Peer(folder / "pelican", static.pelican(folder / "pelican", posts), "output")
        eleventy = Peer(folder / "eleventy", static.eleventy(folder / "eleventy", posts), "_site")
        yield from _whole(blog, hugo, whole, pelican, folder / "trash")
        yield from _one_more(blog, (hugo, pelican, eleventy))
    finally:
        shutil.rmtree(folder)


class Peer:
    """The site of another program."""

    def __init__(self, folder: Path, command: list[str], output: str) -> None:
        """Use the site in *folder*, which *command* builds into the folder *output* there."""
        self.folder = folder
        self.output = folder / output
        self._command = command
        self._more = itertools.count(1)

    def build(self) -> Cost:
        """Build the whole site."""
        return cost_of(self._command, cwd=self.folder, env=PATH, with_memory=True)

    def build_one_more(self) -> Cost:
        """Add a post and build the site."""
        old = next(blogs.posts(1))
        number = next(self._more)
        post = replace(old, number=10**9 + number, title=f"One more {number}")
        static.add(self.folder, post, is_pelican="pelican" in self._command)
        return self.build()


def _whole(blog: Path, hugo: Peer, whole: Peer, pelican: Peer, trash: Path) -> Iterator[Line]:
    counter = itertools.count()

    def aside(*paths: Path) -> None:
        """Move built sites away; deleting them would slow down the next measurement."""
        for path in paths:
            if path.exists():
                trash.mkdir(exist_ok=True)
                path.rename(trash / str(next(counter)))

    def ours() -> Cost:
        aside(blog / "feeds", blog / ".liveblog")
        return cost_of([*LIVEBLOG, "-C", str(blog), "publish"], with_memory=True)

    def least() -> Cost:
        aside(blog.with_name("least"))
        program = Path(__file__).with_name("least.py")
        command = [PYTHON, str(program), str(blog), str(blog.with_name("least"))]
        return cost_of(command, with_memory=True)

    def anew(peer: Peer) -> Cost:
        aside(peer.output)
        return peer.build()

    # Ours syncs at its end, and must not wait for what the others have written.
    mine, bare, theirs, same, pelicans = beside(
        ours,
        least,
        partial(anew, hugo),
        partial(anew, whole),
        partial(anew, pelican),
        before=os.sync,
    )
    what = f"full publish, {ENTRIES:,} entries"
    yield _line(what, mine.seconds, "Hugo", theirs.seconds, 0.8, duration)
    yield _line(f"{what}: memory", mine.memory, "Hugo", theirs.memory, 0.3, megabytes)
    yield _line(what, mine.seconds, "Hugo, the same documents", same.seconds, None, duration)
    yield _line(what, mine.seconds, "Pelican", pelicans.seconds, 0.08, duration)
    what = f"a bare loop: Markdown to HTML, a folder and a file each, {ENTRIES:,} entries"
    yield _line(what, bare.seconds, "Hugo", theirs.seconds, None, duration)
    yield _line(what, bare.seconds, "Pelican", pelicans.seconds, None, duration)


def _one_more(blog: Path, peers: tuple[Peer, ...]) -> Iterator[Line]:
    writer = Blog(blog)

    def ours() -> Cost:
        writer.post("One more update.", tags=["Harbour", "Market"])
        return cost_of([*LIVEBLOG, "-C", str(blog), "publish"])

    ours()
    peers[-1].build()
    builds = [peer.build_one_more for peer in peers]
    mine, hugo, pelican, eleventy = beside(ours, *builds, before=os.sync)
    what = f"one more entry, published by a process of its own, at {ENTRIES:,}"
    for name, theirs, target in (
        ("Hugo", hugo, 0.1), ("Pelican", pelican, None), ("Eleventy", eleventy, None)
    ):  # fmt: skip
        yield _line(what, mine.seconds, name, theirs.seconds, target, duration)


def _line(
    what: str,
    ours: float,
    peer: str,
    theirs: float,
    target: float | None,
    shown: Callable[[float], str],
) -> Line:
    ratio = ours / theirs
    return Line(
        what=what,
        command=COMMAND,
        ours=shown(ours),
        beside=peer,
        theirs=shown(theirs),
        ratio=f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}",
        target=f"≤ {target}" if target else "–",
        met=ratio <= target if target else None,
    )


if __name__ == "__main__":
    print(table(lines()))
