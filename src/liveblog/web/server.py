"""Runs the application under uvicorn, for ``liveblog serve``."""

from __future__ import annotations

import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import uvicorn

from ..model.errors import StorageError
from .app import HEAD_LIMIT, Application
from .connections import ConnectionLimits
from .signals import SIGNALS

GRACE_SECONDS = 1
"""Seconds that requests have to end when the server stops."""

ACCEPTED_AT_ONCE = 64
"""Connections that the event loop accepts in one turn; without free descriptors, the number of
failed attempts that asyncio reports in one turn."""

BACKLOG = 4096
"""Connections that the system queues until they are accepted."""


class _Server(uvicorn.Server):
    """uvicorn with limits on connections."""

    def __init__(self, config: uvicorn.Config, limits: ConnectionLimits) -> None:
        super().__init__(config)
        self._limits = limits

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._limits.start()
        for opened in sockets or []:
            opened.listen(BACKLOG)


class _OnceAMinute(logging.Filter):
    """Logs the same message at most once a minute: clients must not fill the log."""

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

    Raises :class:`StorageError` if the address is not available.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        problem = f"Cannot listen on {host}, port {port}: {error.strerror}."
        hint = "Another program may use it; choose another with --port, or --port 0 for a free one."
        raise StorageError(problem, hint) from error
    return opened


def _allow_files() -> None:
    """Raise the limit on open files as far as the system permits: each connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):  # some systems permit less than they say
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _exit(*_: object) -> None:
    """End the process with exit code 0: to stop on a signal is not an error."""
    raise SystemExit(0)


def run(app: Application, opened: socket.socket, ready: Callable[[], None]) -> None:
    """Serve on a socket until SIGTERM or SIGINT; *ready* is called first."""
    limits = ConnectionLimits(app, app.forwarded.is_trusted)
    config = uvicorn.Config(
        cast(Any, limits),
        h11_max_incomplete_event_size=HEAD_LIMIT,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,  # the application does that, and needs the address of the proxy
        server_header=False,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="none",
        backlog=ACCEPTED_AT_ONCE,
    )
    config.load()
    create = partial(limits.protocol, config.http_protocol_class)
    config.http_protocol_class = cast(Any, create)
    logging.getLogger("uvicorn.error").addFilter(_OnceAMinute())
    _allow_files()
    opened.listen(BACKLOG)
    # uvicorn raises the signal again once it has stopped.
    for number in SIGNALS:
        signal.signal(number, _exit)
    ready()
    _Server(config, limits).run(sockets=[opened])
