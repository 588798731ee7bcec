"""The least work of a publication: Markdown to safe HTML, a folder and a file for each entry.

    python benchmarks/least.py BLOG FOLDER

Reads the journal of BLOG and writes the HTML of each entry below FOLDER, which must not exist: at
its permalink, and padded to the size of an entry's page. Two processes write half of the entries
each. There are no pages, days, weeks, tags or feeds, no manifest and no sync.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence

from liveblog import Blog
from liveblog.model import addresses
from liveblog.text.markup import to_html
from liveblog.timeline import Entry

PAGE = 7_000  #: bytes


def main(root: str, folder: str) -> int:
    """Write the files; return the exit code of the other process."""
    timeline = Blog(root).timeline
    entries = [entry for day in timeline.days() for entry in timeline.day(day).entries]
    half = len(entries) // 2
    other = multiprocessing.get_context("fork").Process(
        target=_write, args=(entries[:half], folder)
    )
    other.start()
    _write(entries[half:], folder)
    other.join()
    return other.exitcode or 0


def _write(entries: Sequence[Entry], folder: str) -> None:
    for entry in entries:
        html = to_html(entry.now.body).encode().ljust(PAGE)
        target = f"{folder}/{addresses.entry_path(entry.id)}"
        try:
            os.mkdir(target)
        except FileNotFoundError:
            os.makedirs(target)
        file = os.open(f"{target}index.html", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(file, html)
        os.close(file)


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    os._exit(code)  # as the command does
