"""Requests a second for a feed of 30 kB, beside Starlette's StaticFiles and nginx.

    python benchmarks/serving.py [--runs N] [--seconds N]

Each server is one process (nginx: one worker) and sends the same atom.xml, unpacked, to wrk: 64
connections that are kept open. Once everybody has it (If-None-Match: 304), once nobody (200). The
servers take turns; the median of the runs counts. wrk needs a core of its own.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import blogs
from lines import Line
from servers import needs, nginx, ours, show, static_files

from liveblog import Blog

COMMAND = "python benchmarks/serving.py"
ENTRIES = 17  #: so many make a feed of 30 kB
CONNECTIONS = 64
OVER_STATIC_FILES = 3.0
OF_NGINX = 0.3


def lines(runs: int = 5, seconds: int = 3) -> list[Line]:
    """Measure, and return a line for each answer and peer."""
    wrk = needs("wrk", "wrk")
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        folder.chmod(0o755)
        root = blogs.write(folder / "blog", ENTRIES)
        Blog(root).publish()
        site = root / "feeds"
        ports = {
            "liveblog": running.enter_context(ours(root))[0],
            "StaticFiles": running.enter_context(static_files(site))[0],
            "nginx": running.enter_context(nginx(folder / "nginx", f"root {site};"))[0],
        }
        size = (site / "atom.xml").stat().st_size
        rates: dict[tuple[str, int], list[float]] = {}
        for _ in range(runs):
            for status in (304, 200):
                for server, port in ports.items():
                    rate = _rate(wrk, f"http://127.0.0.1:{port}/atom.xml", status, seconds)
                    rates.setdefault((server, status), []).append(rate)
    found = []
    for status in (304, 200):
        mine = statistics.median(rates["liveblog", status])
        for peer, target in (("StaticFiles", OVER_STATIC_FILES), ("nginx", OF_NGINX)):
            theirs = statistics.median(rates[peer, status])
            found.append(
                Line(
                    f"{status} for a feed of {size / 1000:.0f} kB",
                    COMMAND,
                    f"{mine:,.0f}/s",
                    peer,
                    f"{theirs:,.0f}/s",
                    f"{mine / theirs:.2f}",
                    f">= {target}",
                    mine / theirs >= target,
                )
            )
    return found


def _rate(wrk: str, url: str, status: int, seconds: int) -> float:
    """Return requests a second; every answer must have the status that is measured."""
    with urllib.request.urlopen(url) as answer:
        etag = answer.headers["ETag"]
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url]
    if status == 304:
        command[1:1] = ["-H", f"If-None-Match: {etag}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url}: {said}")
    transferred, requests = (_number(said, name) for name in ("Transfer/sec", "Requests/sec"))
    # wrk counts a 304 with the 2xx; the bytes that were sent distinguish them.
    if (transferred / requests < 2000) != (status == 304):
        raise SystemExit(f"{url} did not answer {status}: {said}")
    return requests


def _number(text: str, name: str) -> float:
    match = re.search(rf"{name}:\s*([\d.]+)([KMG]?)", text)
    if match is None:
        raise SystemExit(f"wrk did not say {name}: {text}")
    return float(match[1]) * {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}[match[2]]


def main() -> int:
    """Print the lines; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each run")
    given = parser.parse_args()
    return show(lambda: lines(given.runs, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
