"""Markdown made safe HTML, and a folder and a file for each entry: a publication without pages.

    python benchmarks/least.py BLOG FOLDER

Reads the journal of BLOG and writes below FOLDER, which is to be new, what the Markdown of each
entry becomes, at its permalink and as long as an entry's page is. Two processes have half of the
entries each. There is no page around it, no day, week or tag, no feed, no manifest, no sync.
"""

from __future__ import annotations

import gc
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
    """Publish so much; return what the other process ended with."""
    gc.set_threshold(50_000)  # as the command does
    timeline = Blog(root).timeline
    entries = [entry for of in timeline.days() for entry in timeline.day(of).entries]
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
        place = f"{folder}/{addresses.entry_path(entry.id)}"
        try:
            os.mkdir(place)
        except FileNotFoundError:
            os.makedirs(place)
        file = os.open(f"{place}index.html", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(file, html)
        os.close(file)


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    os._exit(code)  # as the command does, without a farewell to each object
