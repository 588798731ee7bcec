"""Running the application: uvicorn, made to stop at once with readers connected."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import resource
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from ..errors import StorageError
from ..kept import hold_in
from ..scratch import Scratch
from . import Application
from .connection import Connection

GRACE_SECONDS = 1

LARGE = 128 * 1024
"""Bytes that are taken from the system apart from others."""

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
"""Their numbers in glibc's <malloc.h>."""


class _Server(uvicorn.Server):
    """Ends the event streams before it waits for requests to end."""

    def __init__(self, config: uvicorn.Config, app: Application) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        for served in self._app.blogs:
            served.hub.close()
        super().handle_exit(sig, frame)
        # To be asked to stop is no failure: the signal is not raised again afterwards.
        self._captured_signals.clear()


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; *port* 0 takes a free one.

    Raises :class:`~liveblog.errors.StorageError` if it cannot be had.
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
    hold_in(Scratch)
    # What is large, as pages are, goes back to the system at once. Else Linux's C library keeps
    # room for as much as it ever saw freed, and that in pieces, for each thread apart. Others know
    # no such settings.
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, LARGE)
        library.mallopt(_ARENA_MAX, 1)


def run(app: Application, opened: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until told to stop (SIGTERM, SIGINT); *ready* is called when it begins."""
    config = uvicorn.Config(
        app,
        http=Connection,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,  # the application does it, and keeps the peer's own address
        server_header=False,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="none",
        backlog=4096,
    )
    server = _Server(config, app)
    _allow_files()
    _stay_small()
    opened.listen(4096)
    # What was loaded stays: to look through it for garbage would hold up every reader.
    gc.collect()
    gc.freeze()
    ready()
    server.run(sockets=[opened])
