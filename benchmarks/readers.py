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
from collections.abc import Iterable

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

    counted = Count(wires)
    poll.register(sys.stdin, select.EPOLLIN)
    heard: list[tuple[int, int, bytes]] = []  # what arrived since there was last time to look at it
    clock = time.monotonic_ns
    is_over = False
    while not is_over:
        found = poll.poll(0 if heard else None)
        for ready, _ in found:
            if not ready:
                is_over = True
                continue
            try:
                data = wires[ready].recv(65536)
            except OSError:
                data = b""
            heard.append((clock(), ready, data))
            if not data:
                poll.unregister(ready)
        if not found or is_over:
            counted.take(heard)
            heard.clear()
    print(json.dumps(counted.result()), flush=True)


class Count:
    """What arrived, and how late."""

    def __init__(self, readers: Iterable[int]) -> None:
        self._took, self._late = array("d"), array("d")
        self._last = dict.fromkeys(readers, 0)  # number of the last message, by reader
        self._first: dict[int, int] = {}  # when a message arrived anywhere
        self._arrived = self._missed = self._ended = 0

    def take(self, heard: Iterable[tuple[int, int, bytes]]) -> None:
        """Count what was heard: when, by whom, what."""
        for now, reader, data in heard:
            self._ended += not data
            for mark in MARK.finditer(data):
                number, sent = int(mark[1]), int(mark[2])
                if number == self._last[reader]:
                    continue  # said twice in one message
                self._missed += number - self._last[reader] - 1
                self._last[reader] = number
                self._arrived += 1
                self._took.append((now - sent) / 1e9)
                self._late.append((now - self._first.setdefault(number, now)) / 1e9)

    def result(self) -> dict[str, float]:
        """Return all counts."""
        newest = max(self._last.values())
        return {
            "arrived": self._arrived,
            "missed": self._missed + sum(newest - number for number in self._last.values()),
            "ended": self._ended,
            "p50": _part(self._took, 0.5),
            "p99": _part(self._took, 0.99),
            "most": max(self._took, default=0.0),
            "spread50": _part(self._late, 0.5),
            "spread99": _part(self._late, 0.99),
        }


def _part(values: array[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)] if values else 0.0


if __name__ == "__main__":
    main()
