"""A foreign web server on a real socket, which answers with the bytes that a test sets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Speak = Callable[[socket.socket], None]
"""Answers a request on a connection, as slowly as it likes."""


class Outside:
    """Answers each path with what ``pages`` holds for it, and stores every request."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.place}"
        self.pages: dict[str, bytes | Speak] = {}
        self.requests: list[str] = []

    @property
    def paths(self) -> list[str]:
        """The paths that were requested, in order."""
        return [request.split(" ", 2)[1] for request in self.requests]

    def run(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request and (part := connection.recv(65536)):
                request += part
            if not request:
                return
            head, _, body = request.partition(b"\r\n\r\n")
            text = head.decode("latin-1")
            while f"content-length: {len(body)}" not in text.lower() and (
                "content-length:" in text.lower() and (part := connection.recv(65536))
            ):
                body += part
            self.requests.append(f"{text}\r\n\r\n{body.decode('latin-1')}")
            answer = self.pages.get(text.split(" ", 2)[1], says(status="404 Not Found"))
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)


def says(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer as it goes over the wire; header names are written with underscores."""
    named = {"Content-Length": str(len(body))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def outside() -> Iterator[Outside]:
    """Run a server on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Outside(listener)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
