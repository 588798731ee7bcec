"""Measures the time and memory of commands, alternating with others."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMES = 5

ROOT = Path(__file__).parent.parent
PEERS = ROOT / ".venv" / "peers"
"""Where ``make bench`` installs those peers that are Python or Node.js packages."""

PYTHON = str(PEERS / "bin" / "python")
LIVEBLOG = [str(PEERS / "bin" / "liveblog")]
"""The command of liveblog, installed as users install it."""


@dataclass(frozen=True)
class Cost:
    """The cost of a command: the median of several runs."""

    seconds: float
    memory: int = 0  #: bytes at the peak, of all its processes together


def cost_of(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    with_memory: bool = False,
) -> Cost:
    """Run a command once. Exits with its output if it fails."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        if stdin is not None:
            given.write(stdin.encode())
            given.seek(0)
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=_environment(env),
            stdin=given,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        watch = _Watch(process.pid) if with_memory else None
        code = process.wait()
        seconds = time.perf_counter() - began
        peak = watch.stop() if watch else 0
        if code:
            output.seek(0)
            text = output.read().decode(errors="replace")
            raise SystemExit(f"{' '.join(command)}\n{text[-2000:]}")
    return Cost(seconds, peak)


def beside(
    *runs: Callable[[], Cost], times: int = TIMES, before: Callable[[], None] | None = None
) -> list[Cost]:
    """Alternate the runs, *times* times; return the median cost of each."""
    costs: list[list[Cost]] = [[] for _ in runs]
    for _ in range(times):
        for number, run in enumerate(runs):
            if before:
                before()
            costs[number].append(run())
    return [
        Cost(
            statistics.median(cost.seconds for cost in found),
            int(statistics.median(cost.memory for cost in found)),
        )
        for found in costs
    ]


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    """Return this process's environment without what makes Python start slower or differently."""
    usual = {name: value for name, value in os.environ.items() if name not in ODD}
    return {**usual, **(more or {})}


ODD = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH")


class _Watch:
    """Samples the memory of a process and its children while they run.

    Pages that two processes share are counted once (PSS).
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """Return the peak, in bytes."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self._peak = max(self._peak, sum(map(_pss, _family(self._pid))))


def _family(pid: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    found = [pid]
    for parent in found:
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                children = Path(f"/proc/{parent}/task/{task}/children").read_text()
                found += map(int, children.split())
        except OSError:
            continue
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ProcessLookupError):
        pass
    return 0


def megabytes(size: int) -> str:
    """Format a size in bytes."""
    return f"{size / 1e6:.0f} MB"


def duration(seconds: float) -> str:
    """Format a time in seconds."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.995 else f"{seconds:.2f} s"


def apart(number: int) -> Path:
    """Return a new folder for a measurement, on the project's disk."""
    base = ROOT / ".venv" / "bench"
    base.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{number}-", dir=base))
