"""Running the application: uvicorn, made to stop at once with readers connected."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import resource
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, cast

import uvicorn

from ..model.errors import StorageError
from . import HEAD_LIMIT, Application
from .clients import believed
from .connection import Connection
from .guard import Guard
from .stream import Hub

GRACE_SECONDS = 1

ACCEPTED_AT_ONCE = 64
"""Connections that the event loop accepts in a turn. Where descriptors run out, asyncio tries so
often again, and tells of each attempt."""

WAITING = 4096
"""Connections that the system holds until they are accepted."""

LARGE = 128 * 1024
"""Bytes that are taken from the system apart from others."""

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
"""Their numbers in glibc's <malloc.h>."""


class _Server(uvicorn.Server):
    """Ends the event streams before it waits for requests to end."""

    def __init__(self, config: uvicorn.Config, app: Application, guard: Guard) -> None:
        super().__init__(config)
        self._app = app
        self._guard = guard

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._guard.start()
        for opened in sockets or []:
            opened.listen(WAITING)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        for served in self._app.blogs:
            served.hub.close()
        super().handle_exit(sig, frame)
        # To be asked to stop is no failure: the signal is not raised again afterwards.
        self._captured_signals.clear()


class _OnceAMinute(logging.Filter):
    """Lets the same message through once a minute: strangers must not fill the log."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created - self._last.get(record.msg, 0.0) < 60:
            return False
        self._last[record.msg] = record.created
        return True


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; *port* 0 takes a free one.

    Raises :class:`StorageError` if it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise StorageError(
            f"Cannot listen on {host}, port {port}: {error.strerror}.",
            "Another program may use it; choose another with --port, or --port 0 for a free one.",
        ) from error
    return opened


def _allow_files() -> None:
    """Let this process have as many files open as the system permits: a reader is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems permit less than they say
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _stay_small() -> None:
    """Need hardly more memory after a long day of updates than before it."""
    # What is large, as pages are, goes back to the system at once. Else Linux's C library keeps
    # room for as much as it ever saw freed, and that in pieces, for each thread apart. Others know
    # no such settings.
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE)
        library.mallopt(_ARENA_MAX, 1)


def run(app: Application, opened: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until told to stop (SIGTERM, SIGINT); *ready* is called when it begins."""
    guard = Guard(lambda: Hub.in_all, believed(app.proxies))
    config = uvicorn.Config(
        app,
        http=cast(Any, partial(Connection, guard=guard)),
        h11_max_incomplete_event_size=HEAD_LIMIT,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,  # the application does it, and keeps the peer's own address
        server_header=False,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="none",
        backlog=ACCEPTED_AT_ONCE,
    )
    logging.getLogger("uvicorn.error").addFilter(_OnceAMinute())
    server = _Server(config, app, guard)
    _allow_files()
    _stay_small()
    opened.listen(WAITING)
    # What was loaded stays: to look through it for garbage would hold up every reader.
    gc.collect()
    gc.freeze()
    ready()
    server.run(sockets=[opened])
