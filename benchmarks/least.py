"""The least that a publication takes in Python, whatever it shows and however it is written.

    python benchmarks/least.py BLOG FOLDER

Reads the journal of BLOG, makes safe HTML of the Markdown of each entry, and writes it below FOLDER
as the permalinks are: a folder and a file for each, as long as ours are, by two processes. There is
no page around it, no day, week or tag, no feed, and no sync.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from liveblog import Blog, links
from liveblog.markup import to_html

PAGE = 7_000  #: bytes of an entry's page


def main(root: str, folder: str) -> None:
    """Publish the least."""
    days = Blog(root).timeline.days()
    half = len(days) // 2
    context = multiprocessing.get_context("fork")
    other = context.Process(target=_write, args=(root, days[:half], folder))
    other.start()
    _write(root, days[half:], folder)
    other.join()


def _write(root: str, days: Sequence[date], folder: str) -> None:
    timeline = Blog(root).timeline
    for of in days:
        for entry in timeline.day(of).entries:
            html = to_html(entry.now.body).encode()
            place = Path(folder) / links.entry_path(entry.id)
            os.makedirs(place)
            (place / "index.html").write_bytes(html.ljust(PAGE))


if __name__ == "__main__":
    main(*sys.argv[1:])
