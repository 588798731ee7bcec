"""Many readers of one event stream, in a process of their own: opens them, and times what arrives.

    python benchmarks/readers.py PORT PATH COUNT

Says ``open`` when all of them were greeted, and when its input ends, as JSON: how many messages
arrived, how many readers missed one, how many streams ended, and the seconds from the time in each
message to its receipt. A message says its number and when it was sent (CLOCK_MONOTONIC, which all
processes of a machine share) as ``mark-NUMBER-NANOSECONDS-``.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from array import array

from servers import allow_files

AT_ONCE = 200  #: connections that are being opened
AN_ADDRESS = 10_000  #: connections from one address: there are only so many ports
MARK = re.compile(rb"mark-(\d+)-(\d+)-")


def main() -> None:
    """Read until the input ends."""
    port, path, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    allow_files(count + 100)
    poll = select.epoll()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
    ).encode()
    wires: dict[int, socket.socket] = {}
    waiting: set[int] = set()
    while len(wires) < count or waiting:
        while len(wires) < count and len(waiting) < AT_ONCE:
            wire = socket.socket()
            wire.bind((f"127.0.0.{2 + len(wires) // AN_ADDRESS}", 0))
            wire.connect(("127.0.0.1", port))
            wire.sendall(request)
            wire.setblocking(False)
            wires[wire.fileno()] = wire
            waiting.add(wire.fileno())
            poll.register(wire, select.EPOLLIN)
        for ready, _ in poll.poll(10):
            said = wires[ready].recv(65536)
            if not said or (said.startswith(b"HTTP/1.1 ") and b" 200 " not in said[:16]):
                raise SystemExit(f"a stream could not be opened: {said[:200]!r}")
            if b"\n\n" in said:  # its first comment or event
                waiting.discard(ready)
    print("open", flush=True)

    took, late = array("d"), array("d")
    last = dict.fromkeys(wires, 0)  # number of the last message, by reader
    first: dict[int, int] = {}  # when a message arrived anywhere
    arrived = missed = ended = 0
    began_at = 0
    poll.register(sys.stdin, select.EPOLLIN)
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    clock = time.monotonic_ns
    while True:
        for ready, _ in poll.poll():
            if not ready:
                break
            try:
                size = wires[ready].recv_into(buffer)
            except OSError:
                size = 0
            now = clock()
            if not size:
                ended += 1
                poll.unregister(ready)
                continue
            for mark in MARK.finditer(view[:size]):
                number, sent = int(mark[1]), int(mark[2])
                if number == last[ready]:
                    continue  # said twice in one message
                if not began_at:
                    began_at = number
                missed += number - (last[ready] or began_at - 1) - 1
                last[ready] = number
                arrived += 1
                took.append((now - sent) / 1e9)
                late.append((now - first.setdefault(number, now)) / 1e9)
        else:
            continue
        break
    print(
        json.dumps(
            {
                "arrived": arrived,
                "missed": missed + sum(max(last.values()) - number for number in last.values()),
                "ended": ended,
                "p50": _part(took, 0.5),
                "p99": _part(took, 0.99),
                "most": max(took, default=0.0),
                "spread50": _part(late, 0.5),
                "spread99": _part(late, 0.99),
            }
        ),
        flush=True,
    )


def _part(values: array[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0


if __name__ == "__main__":
    main()
