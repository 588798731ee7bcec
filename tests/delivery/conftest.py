"""What tests of deliveries share: a mail server and a chat."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ..receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A mail server."""
    with receiving() as made:
        yield made


class Chat:
    """Keeps what a service of Apprise posts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.status = 200


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Chat, dict[str, str]]]:
    """A chat behind a web hook, and the environment that knows its address."""
    kept = Chat()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if kept.status == 200:
                kept.texts.append(said["message"])
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield kept, {"LIVEBLOG_CHAT_TEAM": f"json://ana:geheim@127.0.0.1:{server.server_port}/"}
    server.shutdown()
    thread.join()
    server.server_close()


Room = tuple[Chat, dict[str, str]]
