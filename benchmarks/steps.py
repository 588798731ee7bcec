"""Where the time of a whole publication goes, step by step.

    python benchmarks/steps.py [ENTRIES]

One process publishes 3,000 entries. Each step is timed by itself, without those that it calls and
that stand here too; a profiler would make small functions look large. The clock itself takes some
two hundredths of the whole.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

import blogs
from measure import apart

from liveblog import Blog
from liveblog.digest import markdown, text
from liveblog.pages.render import Pages
from liveblog.site import build, feed_builder, output
from liveblog.site.index import Index
from liveblog.site.storage.folder import Folder
from liveblog.text import markup

ENTRIES = 3_000

STEPS: tuple[tuple[str, tuple[tuple[Any, str], ...]], ...] = (
    ("Markdown made HTML (cmark)", ((markup, "_rendered"),)),
    ("HTML sanitised (nh3)", ((markup, "sanitised"),)),
    ("what an entry says, by its template", ((Pages, "_content_of"),)),
    ("the entry around it, by its template", ((Pages, "_article_of"),)),
    ("pages, by their templates", ((Pages, "_page"),)),
    ("an entry described for search engines", ((Pages, "_posting"), (Pages, "summary"))),
    ("plain text", ((text, "write"),)),
    ("Markdown", ((markdown, "write"),)),
    (
        "feeds",
        (
            (output, "documents"),
            (feed_builder.FeedBuilder, "entry"),
            (feed_builder.FeedBuilder, "digest"),
        ),
    ),
    ("what is searched", ((build, "searched"), (build, "search_json"))),
    ("hashes of files", ((output, "hash_of"),)),
    ("files written", ((Folder, "put"), (Folder, "commit"))),
    ("the journal read, the index filled", ((build.Build, "_take_over"), (Index, "record_files"))),
)


def main(entries: int) -> None:
    """Print the steps, the longest first."""
    folder = apart(7)
    try:
        root = blogs.write(folder / "blog", entries)
        # A second thread: a publication in two processes could not be timed in one.
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        blog = Blog(root)
        clock = _Clock()
        for step, functions in STEPS:
            for owner, name in functions:
                setattr(owner, name, clock.timed(step, getattr(owner, name)))
        began = time.perf_counter()
        blog.publish()
        whole = time.perf_counter() - began
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    clock.spent["all else"] = whole - sum(clock.spent.values())
    print(f"| step | µs an entry | of {whole:.1f} s |\n|---|--:|--:|")
    for step, seconds in clock.spent.most_common():
        print(f"| {step} | {seconds / entries * 1e6:.0f} | {seconds / whole:.0%} |")


class _Clock:
    """Tells how long each step took by itself."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._within: list[float] = []  # what the steps within each running one took

    def timed(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is timed as a part of a step."""

        @wraps(function)
        def timed(*args: Any, **named: Any) -> Any:
            self._within.append(0.0)
            began = time.perf_counter()
            try:
                made = function(*args, **named)
                # What yields its results does its work as they are taken.
                return list(made) if hasattr(made, "__next__") else made
            finally:
                took = time.perf_counter() - began
                self.spent[step] += took - self._within.pop()
                if self._within:
                    self._within[-1] += took

        return timed


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES)
    os._exit(0)
