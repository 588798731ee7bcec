"""Imports of 3,000 Markdown files and of a JSONL export, beside loops that only parse and write.

python benchmarks/importing.py
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from itertools import count
from pathlib import Path

import blogs
import msgspec
import yaml
from lines import Line, table
from measure import LIVEBLOG, Cost, apart, beside, cost_of, duration

POSTS = 3_000

SECONDS_MARKDOWN = 5.0
SECONDS_JSONL = 1.5
"""Targets for the whole process, in seconds."""


def lines() -> Iterator[Line]:
    """Yield what was measured."""
    folder = apart(1)
    try:
        posts = _write_posts(folder / "posts")
        export = folder / "export.jsonl"
        cost_of(
            [*LIVEBLOG, "export", "--format", "jsonl", "-o", str(export)],
            cwd=blogs.write(folder / "exported", POSTS),
        )
        yield _line(
            folder, ["markdown", str(posts)], "Markdown files of 600 bytes", SECONDS_MARKDOWN,
            "a loop that reads them, parses their YAML and writes a line for each",
            lambda target: _parse_posts(posts, target),
        )  # fmt: skip
        yield _line(
            folder, ["jsonl", str(export)], "entries from a JSONL export", SECONDS_JSONL,
            "a loop that decodes and encodes each line with msgspec",
            lambda target: _copy_lines(export, target),
        )  # fmt: skip
    finally:
        shutil.rmtree(folder)


def _line(
    folder: Path,
    source: list[str],
    what: str,
    target: float,
    peer: str,
    bare: Callable[[Path], None],
) -> Line:
    numbers = count()
    blog = folder

    def first() -> Cost:
        nonlocal blog
        blog = folder / f"{source[0]}-{next(numbers)}"
        cost_of([*LIVEBLOG, "init", str(blog), "--title", "Harbour Town"])
        return cost_of([*LIVEBLOG, "import", *source], cwd=blog)

    def again() -> Cost:
        return cost_of([*LIVEBLOG, "import", *source], cwd=blog)

    def theirs() -> Cost:
        began = time.perf_counter()
        bare(folder / f"bare-{next(numbers)}.jsonl")
        return Cost(time.perf_counter() - began)

    ours, repeated, least = beside(first, again, theirs)
    return Line(
        what=f"import of {POSTS:,} {what}, the whole process "
        f"(repeated, with nothing new: {duration(repeated.seconds)})",
        command="python benchmarks/importing.py",
        ours=duration(ours.seconds),
        beside=peer,
        theirs=duration(least.seconds),
        ratio=f"{ours.seconds / least.seconds:.1f}",
        target=f"≤ {target:g} s",
        met=ours.seconds <= target,
    )


def _write_posts(folder: Path) -> Path:
    for post in blogs.posts(POSTS):
        month = folder / f"{post.published:%Y/%m}"
        month.mkdir(parents=True, exist_ok=True)
        (month / f"{post.published:%Y-%m-%d}-{post.number}.md").write_text(
            f"---\ntitle: {json.dumps(post.title)}\n"
            f"date: {post.published.astimezone(UTC).isoformat()}\nauthor: {post.author}\n"
            f"tags: [{', '.join(post.tags)}]\n---\n\n{post.body}\n"
        )
    return folder


def _parse_posts(folder: Path, target: Path) -> None:
    with target.open("wb") as file:
        for path in sorted(folder.rglob("*.md")):
            _, front, body = path.read_text().split("---\n", 2)
            fields = yaml.load(front, yaml.CSafeLoader)  # a safe loader
            file.write(msgspec.json.encode({**fields, "body": body}) + b"\n")
        file.flush()
        os.fdatasync(file.fileno())


def _copy_lines(source: Path, target: Path) -> None:
    with target.open("wb") as file:
        for line in source.read_bytes().splitlines():
            file.write(msgspec.json.encode(msgspec.json.decode(line)) + b"\n")
        file.flush()
        os.fdatasync(file.fileno())


if __name__ == "__main__":
    print(table(lines()))
