"""The results of measurements: one line for each figure beside that of a peer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Line:
    """One figure of ours beside that of a peer, measured in the same run."""

    what: str
    command: str  #: repeats the measurement
    ours: str
    beside: str  #: the peer
    theirs: str
    ratio: str
    target: str
    met: bool | None  #: None if there is no target or no peer


def table(lines: Iterable[Line]) -> str:
    """Return lines as a plain table."""
    rows = [[field.name for field in fields(Line)]]
    rows += [[_cell(value) for value in astuple(line)] for line in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _cell(value: str | bool | None) -> str:
    return value if isinstance(value, str) else {True: "yes", False: "NO", None: "-"}[value]
