"""The time of each step of a full publication.

    python benchmarks/steps.py [ENTRIES]

One process publishes 3,000 entries. The time of a step excludes the steps that it calls and that
are listed too; a profiler would exaggerate small functions. The clock takes about 2 % of the time.
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
from liveblog.site import output, site_files, writer
from liveblog.site.feed_builder import FeedBuilder
from liveblog.site.manifest import Manifest
from liveblog.site.storage.folder import Folder
from liveblog.site.update import IndexUpdate
from liveblog.text import markup

ENTRIES = 3_000

STEPS: tuple[tuple[str, tuple[tuple[Any, str], ...]], ...] = (
    ("Markdown to HTML (cmark)", ((markup, "_render"),)),
    ("HTML sanitized (nh3)", ((markup, "filter_tags"),)),
    ("content of an entry, by its template", ((Pages, "_render_content"),)),
    ("article of an entry, by its template", ((Pages, "_render_article"),)),
    ("pages, by their templates", ((Pages, "_page"),)),
    ("structured data", ((Pages, "_posting"), (Pages, "summary"))),
    ("plain text", ((text, "write"),)),
    ("Markdown", ((markdown, "write"),)),
    ("feeds", ((writer, "documents"), (FeedBuilder, "entry"), (FeedBuilder, "digest"))),
    ("search files", ((site_files, "searched"), (site_files, "search_json"))),
    ("hashes of files", ((output, "hash_of"),)),
    ("files written", ((Folder, "put"), (Folder, "commit"))),
    ("journal read, index updated", ((IndexUpdate, "run"), (Manifest, "record_files"))),
)


def main(entries: int) -> None:
    """Print the steps, the slowest first."""
    folder = apart(7)
    try:
        root = blogs.write(folder / "blog", entries)
        # With a second thread, the publication is not split between processes.
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
    """Measures the time of each step, without the steps within."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._within: list[float] = []  # seconds of the steps within each running one

    def timed(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function whose time counts for a step."""

        @wraps(function)
        def timed(*args: Any, **named: Any) -> Any:
            self._within.append(0.0)
            began = time.perf_counter()
            try:
                made = function(*args, **named)
                # A generator does its work while it is read.
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
