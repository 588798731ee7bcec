"""Measure everything, and write the table to ``RESULTS.md``.

    make bench

Takes an hour or more, 25 GB of disk, and the right to install Debian packages. ``python
benchmarks/run.py publishing posting`` measures these alone and prints them.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import importing
import page
import posting
import publishing
import scaling
import serving
import streams
from lines import Line, table
from measure import LIVEBLOG, PEERS
from servers import Missing

RESULTS = Path(__file__).parent / "RESULTS.md"

PARTS: dict[str, Callable[[], Iterable[Line]]] = {
    "posting": posting.lines,
    "importing": importing.lines,
    "publishing": publishing.lines,
    "serving": serving.lines,
    "streams": streams.lines,
    "alone": streams.lines_alone,
    "page": page.lines,
}


def main() -> None:
    """Measure the named parts, or all of them."""
    if names := sys.argv[1:]:
        for name in names:
            print(table(PARTS[name]()), flush=True)
        return
    found: list[Line] = []
    failed = []
    for name, measure in PARTS.items():
        try:
            lines = list(measure())
        except (Missing, SystemExit) as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            failed.append(name)
            continue
        # Printed at once: a run of an hour may be interrupted.
        print(f"{name}\n{table(lines)}", flush=True)
        found += lines
    rows, lines = scaling.measured()
    print(f"{scaling.scaling_table(rows)}\n{table(lines)}", flush=True)
    found += lines
    RESULTS.write_text(_document(found, scaling.scaling_table(rows)), "utf-8")
    print(f"Written to {RESULTS}.")
    if failed:
        raise SystemExit(f"Not measured: {', '.join(failed)}.")


def _document(found: Sequence[Line], scaled: str) -> str:
    head = (
        "# Measured\n\n"
        f"By `make bench` on {datetime.now(UTC):%d %B %Y}: each line compares liveblog and a peer "
        "that do the same work in one run, by the median of several. Only the ratio is meaningful "
        "on other machines. [What is measured, and why some targets are missed](README.md).\n\n"
    )
    machine = "".join(f"- {line}\n" for line in _versions())
    columns = (
        "| what | ours | beside | theirs | ratio | target | met |\n|---|--:|---|--:|--:|--:|---|\n"
    )
    rows = "".join(
        f"| {line.what} | {line.ours} | {line.beside} | {line.theirs} | {line.ratio} "
        f"| {line.target} | {({True: 'yes', False: '**no**', None: '–'})[line.met]} |\n"
        for line in found
    )
    commands = "".join(f"- `{command}`\n" for command in dict.fromkeys(x.command for x in found))
    return (
        f"{head}## Beside others\n\n{columns}{rows}\n"
        f"## From a thousand entries to a million\n\n{scaled}\n"
        f"## The machine and the programs\n\n{machine}\n## Commands\n\n{commands}"
    )


def _versions() -> Iterator[str]:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processors = len(os.sched_getaffinity(0))
    system = f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
    yield f"{processors} processors ({cpu}), {memory:.0f} GiB, {system}"
    yield f"Python {platform.python_version()}"
    for command in (
        [*LIVEBLOG, "--version"],
        ["hugo", "version"],
        ["nginx", "-v"],
        ["git", "--version"],
        ["node", "--version"],
        [str(PEERS / "bin" / "pelican"), "--version"],
        [str(PEERS / "bin" / "jrnl"), "--version"],
        [str(PEERS / "node_modules" / ".bin" / "eleventy"), "--version"],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        yield f"{Path(command[0]).name}: {(done.stdout or done.stderr).splitlines()[0]}"


if __name__ == "__main__":
    main()
