"""Waiting for a condition: the only place in which tests poll."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.02  #: seconds between two looks


def until(condition: Callable[[], T], seconds: float = 60, what: str = "the condition") -> T:
    """Wait until *condition* returns something true, and return it; it fails after *seconds*."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds} seconds"
        time.sleep(INTERVAL)
    return found


def answered(request: Callable[[], T], seconds: float = 60) -> T:
    """Repeat a request until no :class:`OSError` prevents it; return its answer."""
    answers: list[T] = []

    def ask() -> bool:
        try:
            answers.append(request())
        except OSError:
            return False
        return True

    until(ask, seconds, "an answer")
    return answers[0]
