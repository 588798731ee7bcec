"""Calls a function when a signal stops the process, under any ASGI server.

A server waits for open requests before it ends the ASGI lifespan, and an event stream never ends by
itself. So the streams have to be ended when the signal arrives.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def calling_on_stop(callback: Callable[[], None]) -> Iterator[None]:
    """Call *callback* before the handler of each signal that stops the process.

    Outside of the main thread, where Python allows no signal handlers, this does nothing.
    """
    before: dict[signal.Signals, Any] = {}

    def handle(received: int, frame: FrameType | None) -> None:
        callback()
        number = signal.Signals(received)
        earlier = before[number]
        if callable(earlier):
            earlier(number, frame)
        elif earlier == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    for number in SIGNALS:
        try:
            before[number] = signal.signal(number, handle)
        except ValueError:
            break
    try:
        yield
    finally:
        for number, earlier in before.items():
            if signal.getsignal(number) is handle:
                signal.signal(number, earlier)
