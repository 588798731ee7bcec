"""A port of this machine that stays reserved while nobody listens on it."""

from __future__ import annotations

import socket
import weakref


class ReservedPort:
    """A free port on loopback, for a server that starts later, or again.

    The reservation is a socket that is bound and does not listen: no other program is given the
    port, but a server that sets SO_REUSEADDR, as ours do, may listen on it.
    """

    def __init__(self) -> None:
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        self.number: int = bound.getsockname()[1]
        weakref.finalize(self, bound.close)
