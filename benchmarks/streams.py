"""Open event streams: latency and memory for each stream, beside nginx with nchan.

    python benchmarks/streams.py [--runs N] [--seconds N]           5 000 streams, and nchan
    python benchmarks/streams.py --alone [--seconds 600]            10 000 streams, ours alone

One message of 1 kB a second is published over HTTP. For liveblog it is an update by ``POST
api/entries``: appended to the journal, broadcast, then published as pages and feeds. For nchan it
is a message that is passed on. Latency is the time from before that request to each receipt, in
the same reading process for both. The two take turns; the medians of the runs count. The latency
without the journal is shown as well: from the first receipt of a message to each other one. Memory
is the growth of the process (nginx: of its worker) from before the first stream to after the last
message, divided by the number of streams.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import blogs
from lines import Line
from servers import allow_files, nginx, ours, show

from liveblog import Blog

COMMAND = "python benchmarks/streams.py"
STREAMS = 5_000
ALONE = 10_000
ENTRIES = 200  #: in the blog when it begins
TEXT = 1_000  #: bytes that are published each second
WARM = 3  #: messages before the first stream is opened, so that no cold start is measured
LAST = 5  #: seconds that the last message may take
NCHAN = "ngx_nchan_module.so"
P99_TO_NCHAN = 2.0
MEMORY_TO_NCHAN = 1.0
P99_ALONE = 1.0  #: seconds
GROWTH_ALONE = 0.05  #: of the memory, from the first third to the last

Publish = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """What one run of one server gave; seconds and bytes."""

    arrived: int
    missed: int
    ended: int
    p50: float
    p99: float
    most: float
    spread50: float
    spread99: float
    each: float  #: bytes for each reader
    memory: tuple[int, ...]  #: of the process, after each message


def lines(runs: int = 5, seconds: int = 15) -> list[Line]:
    """Measure beside nchan."""
    found: dict[str, list[Run]] = {"ours": [], "nchan": []}
    for _ in range(runs):
        found["ours"].append(run_ours(STREAMS, seconds))
        found["nchan"].append(run_nchan(STREAMS, seconds))
    for name, made in found.items():
        for run in made:
            if run.missed or run.ended or run.arrived != STREAMS * seconds:
                raise SystemExit(f"{name} did not deliver every message: {run}")

    def line(what: str, name: str, unit: float, sign: str, target: float | None) -> Line:
        mine, theirs = (
            statistics.median(getattr(run, name) for run in found[who]) for who in found
        )
        shown = [f"{value * unit:.1f} {sign}" for value in (mine, theirs)]
        ratio = mine / theirs
        return Line(
            f"{STREAMS} streams: {what}", COMMAND, shown[0], "nchan", shown[1], f"{ratio:.2f}",
            f"<= {target}" if target else "-", ratio <= target if target else None,
        )  # fmt: skip

    return [
        line("published to received, p50", "p50", 1e3, "ms", None),
        line("published to received, p99", "p99", 1e3, "ms", P99_TO_NCHAN),
        line("first to each receipt, p50", "spread50", 1e3, "ms", None),
        line("first to each receipt, p99", "spread99", 1e3, "ms", None),
        line("memory for a reader", "each", 1e-3, "kB", MEMORY_TO_NCHAN),
    ]


def lines_alone(seconds: int = 600) -> list[Line]:
    """Measure twice as many, ours alone."""
    run = run_ours(ALONE, seconds)
    part = max(len(run.memory) // 3, 1)
    first, last = max(run.memory[:part]), max(run.memory[-part:])
    command = f"{COMMAND} --alone --seconds {seconds}"
    delivered = run.arrived / (ALONE * seconds)

    def line(what: str, value: str, target: str, met: bool | None) -> Line:
        return Line(f"{ALONE} streams: {what}", command, value, "-", "-", "-", target, met)

    return [
        line(
            f"delivered of {seconds} messages, missed, streams that ended",
            f"{delivered:.2%}, {run.missed}, {run.ended}",
            "100%, 0, 0",
            delivered == 1 and not run.missed and not run.ended,
        ),
        line("published to received, p50", f"{run.p50 * 1e3:.0f} ms", "-", None),
        line(
            "published to received, p99",
            f"{run.p99 * 1e3:.0f} ms",
            f"<= {P99_ALONE * 1e3:.0f} ms",
            run.p99 <= P99_ALONE,
        ),
        line(
            "memory, first and last third",
            f"{first / 1e6:.1f}, {last / 1e6:.1f} MB",
            f"<= {GROWTH_ALONE:+.0%}",
            last <= first * (1 + GROWTH_ALONE),
        ),
    ]


def run_ours(streams: int, seconds: int) -> Run:
    """Open streams of ``liveblog serve`` and publish updates."""
    with tempfile.TemporaryDirectory() as name:
        root = blogs.write(Path(name) / "blog", ENTRIES)
        with (root / "liveblog.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"[server]\nstreams = {streams}\nstreams_per_address = {streams}\n")
        blog = Blog(root)
        blog.publish()
        headers = {
            "Authorization": f"Bearer {blog.tokens.new('Newsroom', 'edit', blog.now)}",
            "Content-Type": "application/json",
        }
        with ours(root) as (port, process):

            def publish(text: str) -> None:
                _post(port, "/api/entries", json.dumps({"body": text}), headers)

            return _run(port, "/events", process, streams, seconds, publish)


def run_nchan(streams: int, seconds: int) -> Run:
    """Open streams of nchan and publish messages."""
    places = """
        location = /publish { nchan_publisher http; nchan_channel_id c; }
        location = /events { nchan_subscriber eventsource; nchan_channel_id c;
                             nchan_subscriber_first_message newest; }
    """
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with nginx(Path(name), places, module=NCHAN) as (port, process):

            def publish(text: str) -> None:
                _post(port, "/publish", text, {})

            return _run(port, "/events", process, streams, seconds, publish)


def _run(port: int, path: str, process: int, streams: int, seconds: int, publish: Publish) -> Run:
    allow_files(streams * 3 // 2 + 1000)
    for _ in range(WARM):
        publish("warm ".ljust(TEXT, "x"))
        time.sleep(1)
    before = _memory(process)
    program = str(Path(__file__).with_name("readers.py"))
    with subprocess.Popen(
        [sys.executable, program, str(port), path, str(streams)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as readers:
        assert readers.stdin
        assert readers.stdout
        if readers.stdout.readline() != "open\n":
            raise SystemExit("the streams could not be opened")
        time.sleep(1)
        memory = []
        began = time.monotonic()
        for number in range(1, seconds + 1):
            publish(f"mark-{number}-{time.monotonic_ns()}- ".ljust(TEXT, "x"))
            time.sleep(max(0.0, began + number - time.monotonic()))
            memory.append(_memory(process))
        time.sleep(LAST)
        after = _memory(process)
        readers.stdin.close()
        said = json.loads(readers.stdout.read())
    return Run(**said, each=(after - before) / streams, memory=tuple(memory))


def _post(port: int, path: str, body: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status not in (200, 201, 202):
        raise SystemExit(f"{path} answered {answer.status}: {said[:300]!r}")


def _memory(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def main() -> int:
    """Print the lines; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--alone", action="store_true", help=f"{ALONE} streams, without nchan")
    parser.add_argument("--runs", type=int, default=5, help="of each server, in turns")
    parser.add_argument("--seconds", type=int, help="of each run: 15, alone 600")
    given = parser.parse_args()
    if given.alone:
        return show(lambda: lines_alone(given.seconds or 600))
    return show(lambda: lines(given.runs, given.seconds or 15))


if __name__ == "__main__":
    sys.exit(main())
