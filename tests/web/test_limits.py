"""Limits on connections and requests: slow, half-sent, too large, too many; nobody else notices."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.responses import FileResponse

from liveblog.web import connections, request_body
from liveblog.web.app import HEAD_LIMIT
from liveblog.web.request_input import UPLOAD_LIMIT

from ..conftest import LiveServer, live_server, run_loop
from ..waiting import until
from ..wire import fetch

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server for the module."""
    with live_server(tmp_path_factory.mktemp("limits") / "blog") as running:
        running.published(running.blog.post("Un fait.").id)
        yield running


def connected(server: LiveServer, source: str = "127.0.0.1") -> socket.socket:
    """Open a connection."""
    address = ("127.0.0.1", server.port)
    return socket.create_connection(address, 10, source_address=(source, 0))


def said(wire: socket.socket) -> bytes:
    """Return all that the server says until it ends the connection."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while data := wire.recv(65_536):
            found += data
    return found


def is_healthy(server: LiveServer) -> bool:
    """Whether a reader gets the page, and soon."""
    began = time.monotonic()
    return fetch(server.url).status == 200 and time.monotonic() - began < 5


class Limited(LiveServer):
    """A server that may have few descriptors; it reports its errors in a file."""

    def __init__(self, folder: Path, descriptors: int) -> None:
        super().__init__(folder / "blog", "/", "", {})
        self.log = folder / "log"
        self._descriptors = descriptors

    def start(self, *_: Path) -> None:
        """Start to serve, and wait until it answers."""
        command = ["liveblog", "serve", "--port", str(self.port), str(self.blog.paths.root)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [
                    "/bin/sh", "-c", f"ulimit -n {self._descriptors}; exec \"$@\"", "sh",
                    sys.executable, "-m", *command,
                ],
                stderr=log,
                text=True,
            )  # fmt: skip
        self._until(lambda: all(blog["published"] for blog in self.health()["blogs"]))

    def stop_quietly(self) -> None:
        """End it, whatever it does."""
        assert self.process
        self.process.kill()
        self.process.wait()


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Limited]:
    """A server with 256 descriptors."""
    running = Limited(tmp_path, 256)
    running.start()
    yield running
    running.stop_quietly()


@pytest.mark.slow
@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
def test_half_sent_heads_take_no_descriptors_from_others(limited: Limited, source: str) -> None:
    """300 of them, from a proxy's address or any other: readers are answered, the log is small."""
    streams = connected(limited)
    streams.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"200 OK" in streams.recv(65_536)
    halves = []
    for _ in range(300):
        halves.append(connected(limited, source))
        with contextlib.suppress(OSError):
            halves[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ")
    for _ in range(15):
        assert is_healthy(limited)
    halves[0].settimeout(connections.HEAD_SECONDS + 20)
    with contextlib.suppress(OSError):
        halves[0].recv(65_536)  # until it is refused
    assert is_healthy(limited)
    limited.blog.post("Pendant ce temps.")
    streams.settimeout(20)
    while b"Pendant ce temps." not in streams.recv(65_536):
        pass  # a stream is never cut for others
    for wire in (streams, *halves):
        wire.close()
    log = limited.log.read_text()
    assert "Traceback" not in log
    assert log.count("as many connections") == 1
    assert len(log) < 2_000


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["Content-Length: 9000", "Transfer-Encoding: chunked"])
def test_half_sent_bodies_take_no_descriptors_from_others(limited: Limited, framing: str) -> None:
    """300 of them, of a form that a stranger may send; the body of which most came last stays."""
    slow = connected(limited)
    slow.sendall(
        b"POST /compose/sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60\r\n\r\n"
    )
    head = (
        "POST /compose/sign-in HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n{framing}\r\n\r\n"
    )
    halves = []
    for number in range(300):
        halves.append(connected(limited))
        with contextlib.suppress(OSError):
            halves[-1].sendall(head.encode())
        if number % 10 == 0:
            slow.sendall(b"a")
            time.sleep(0.01)
    for _ in range(15):
        assert is_healthy(limited)
    slow.sendall(b"a" * 30)
    assert slow.recv(65_536).startswith(b"HTTP/1.1 401 ")
    for wire in (slow, *halves):
        wire.close()
    assert "Traceback" not in limited.log.read_text()


@pytest.mark.slow
def test_no_descriptors_left_is_one_line_in_the_log(tmp_path: Path) -> None:
    """accept() that fails is tried again; asyncio's own report of each attempt is not logged."""
    running = Limited(tmp_path, 90)
    running.start()
    halves = []
    try:
        halves += [connected(running) for _ in range(200)]
        for _ in range(5):
            assert is_healthy(running)
        log = running.log.read_text()
        assert "out of system resource" not in log
        assert len(log) < 2_000
    finally:
        running.stop_quietly()
        for half in halves:
            half.close()


def test_that_accept_fails_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """asyncio tells of each of its attempts, thousands a second; other errors are told as ever."""

    async def failing() -> None:
        limits = connections.ConnectionLimits(FileResponse("/dev/null"), lambda _: False)
        limits.start()
        loop = asyncio.get_running_loop()
        for _ in range(1_000):
            loop.call_exception_handler({"message": "socket.accept() out of system resource"})
        loop.call_exception_handler({"message": "something else"})

    run_loop(failing())
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]


@pytest.mark.slow
def test_requests_that_come_at_once_are_all_answered(server: LiveServer) -> None:
    """Pipelined, with and without a body, in one packet or in pieces."""
    get = b"GET /live.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    send = b"POST /api/preview HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabc"
    last = get.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    with connected(server) as wire:
        wire.sendall(get * 50 + send)
        wire.recv(1, socket.MSG_PEEK)  # until the server is at work
        wire.sendall(b"de" + get + last)
        found = said(wire)
    assert found.count(b"HTTP/1.1 200 OK") in (50, 52)  # a body that comes late ends it
    assert found.count(b"HTTP/1.1 401 ") == 1


@pytest.mark.slow
def test_a_head_and_a_body_have_to_come_in_time(server: LiveServer) -> None:
    """408 after ten seconds; a body that keeps coming is waited for."""
    head, body, trickle = connected(server), connected(server), connected(server)
    silent = connected(server)
    head.sendall(b"GET / HTTP/1.1\r\n")
    token = server.token("Lente", "post")
    begun = (
        f"POST /api/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Content-Length: 1000000\r\n\r\n"
    ).encode()
    body.sendall(begun)
    trickle.sendall(begun)
    for wire in (head, body, trickle, silent):
        wire.settimeout(30)
    until = time.monotonic() + request_body.BODY_SECONDS + 4
    while time.monotonic() < until:
        trickle.sendall(b"x" * 4_000)
        time.sleep(1)
    assert said(head).startswith(b"HTTP/1.1 408 ")
    assert said(silent).startswith(b"HTTP/1.1 408 ")
    assert said(body).startswith(b"HTTP/1.1 408 ")
    trickle.settimeout(0.2)
    with pytest.raises(TimeoutError):
        trickle.recv(100)  # nothing yet: it may go on
    for wire in (head, body, trickle, silent):
        wire.close()


def test_too_large_a_head_is_told_so(server: LiveServer) -> None:
    """431, readable, in one packet or in many; at 4 MB and 20 000 headers too."""
    for size in (HEAD_LIMIT + 1, 70_000, 300_000, 4_000_000):
        for shape in (b"GET /%b HTTP/1.1\r\nHost: localhost\r\n\r\n",
                      b"GET / HTTP/1.1\r\nHost: localhost\r\nX: %b\r\n\r\n"):  # fmt: skip
            with connected(server) as wire:
                with contextlib.suppress(OSError):
                    wire.sendall(shape % (b"x" * size))
                assert said(wire).startswith(b"HTTP/1.1 431 "), (size, shape)
    with connected(server) as wire:
        with contextlib.suppress(OSError):
            many = b"".join(b"X-%d: a\r\n" % n for n in range(20_000))
            wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + many + b"\r\n")
        assert said(wire).startswith(b"HTTP/1.1 431 ")
    assert fetch(server.url, X="x" * (HEAD_LIMIT - 1_000)).status == 200


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("path", ["/api/entries", "/api/uploads", "/micropub", "/compose/sign-in"])
def test_too_large_a_body_is_told_so(server: LiveServer, path: str, framing: str) -> None:
    """413, also to a client that sends all of it before it reads."""
    if "large" not in server.notes:
        server.notes["large"] = server.token("Large", "post")
    size = UPLOAD_LIMIT + 2_000_000 if path == "/api/uploads" else 3_000_000
    kind = "application/json" if path == "/api/entries" else FORM
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
    head += f"Origin: http://localhost\r\nAuthorization: Bearer {server.notes['large']}\r\n"
    with connected(server) as wire:
        with contextlib.suppress(OSError):
            if framing == "length":
                wire.sendall(f"{head}Content-Length: {size}\r\n\r\n".encode())
                for _ in range(size // 100_000):
                    wire.sendall(b"x" * 100_000)
            else:
                wire.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
                for _ in range(size // 100_000):
                    wire.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        assert said(wire).startswith(b"HTTP/1.1 413 ")
    assert is_healthy(server)


@pytest.mark.parametrize("path", ["/", "/api/entries", "/micropub", "/events", "/nothing"])
def test_two_lengths_are_one_too_many(server: LiveServer, path: str) -> None:
    """Content-Length with Transfer-Encoding: 400 and the end, so nothing is smuggled in behind."""
    with connected(server) as wire:
        wire.sendall(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        )
        answer = said(wire)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_no_request_is_refused_in_words(server: LiveServer) -> None:
    """400, and the connection ends."""
    for data in (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n"):
        with connected(server) as wire:
            wire.sendall(data)
            assert said(wire).startswith(b"HTTP/1.1 400 ")


@pytest.mark.slow
def test_clients_that_leave_are_no_errors(tmp_path: Path) -> None:
    """In a head, in a body, in an answer: nothing in the log."""
    running = Limited(tmp_path, 1024)
    running.start()
    try:
        token = running.token()
        for path, kind in (
            ("api/entries", "application/json"),
            ("api/uploads", "image/png"),
            ("api/preview", "application/json"),
            ("micropub", FORM),
            ("micropub", "multipart/form-data; boundary=x"),
            ("micropub/media", "multipart/form-data; boundary=x"),
            ("compose", FORM),
            ("compose/sign-in", FORM),
            ("compose/entries/x", FORM),
            ("", FORM),
        ):
            with connected(running) as wire:
                wire.sendall(
                    f"POST /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
                    f"Origin: http://localhost\r\nAuthorization: Bearer {token}\r\n"
                    "Content-Length: 500\r\n\r\nabc".encode()
                )
                assert is_healthy(running)  # it has read what was sent before
        for rest in (b"GET / HT", b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"):
            with connected(running) as wire:
                wire.sendall(rest)
        assert is_healthy(running)
        log = running.log.read_text()
        assert "Traceback" not in log
        assert "rror" not in log, log
    finally:
        running.stop_quietly()


class Reader(threading.Thread):
    """Measures how long others wait for a page, again and again."""

    def __init__(self, server: LiveServer) -> None:
        super().__init__(daemon=True)
        self._server = server
        self.is_over = False
        self.waits: list[float] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=10)
        while not self.is_over:
            began = time.monotonic()
            connection.request("GET", "/live.json")
            connection.getresponse().read()
            self.waits.append(time.monotonic() - began)
            time.sleep(0.002)
        connection.close()


FORMS = {
    "urlencoded": (FORM, b"a&" * 499_000),
    "brackets": (FORM, b"a[b]=1&" * 142_000),
    "parts": (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 20_000 + b"--x--\r\n",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", FORMS)
def test_a_stranger_makes_nobody_wait_with_a_form(server: LiveServer, shape: str) -> None:
    """A form of 1 MB without a token is refused unread; the event loop goes on meanwhile."""
    kind, data = FORMS[shape]
    reader = Reader(server)
    reader.start()
    until(lambda: len(reader.waits) >= 50)
    usual = max(reader.waits)
    reader.waits.clear()
    for path in ("micropub", "compose/sign-in", "compose", "api/entries"):
        answer = fetch(
            server.url, path, "POST", data, Content_Type=kind, Origin=server.url.rstrip("/")
        )
        assert answer.status in (401, 413, 415, 429), (path, answer.status)
    reader.is_over = True
    reader.join()
    # Relative, for other programs run on this machine too.
    assert max(reader.waits) < usual + 0.15


def test_what_is_read_of_a_stranger_is_16_kilobytes(server: LiveServer) -> None:
    """The form that carries its token (RFC 6750 §2.2) is small; with a header it may be large."""
    token = server.token("App", "post")
    small = f"h=entry&content={'x' * 10_000}&access_token={token}".encode()
    large = f"h=entry&content={'x' * 20_000}&access_token={token}".encode()
    named = {"Content_Type": FORM}
    assert fetch(server.url, "micropub", "POST", small, **named).status in (201, 202)
    assert fetch(server.url, "micropub", "POST", large, **named).status == 413
    given = large.replace(f"&access_token={token}".encode(), b"")
    named["Authorization"] = f"Bearer {token}"
    assert fetch(server.url, "micropub", "POST", given, **named).status in (201, 202)


@pytest.mark.parametrize("shape", FORMS)
def test_a_form_has_a_thousand_fields_at_most(server: LiveServer, shape: str) -> None:
    """Whoever sends it."""
    kind, data = FORMS[shape]
    token = server.token(f"Many {shape}", "post")
    headers = {"Authorization": f"Bearer {token}", "Content_Type": kind}
    assert fetch(server.url, "micropub", "POST", data[:999_000], **headers).status == 400


@pytest.mark.slow
def test_refusals_of_an_address_are_counted(tmp_path: Path) -> None:
    """Forms without a token too: 429, while a valid token is taken."""
    with live_server(tmp_path / "blog") as running:
        token = running.token()
        for _ in range(10):
            refused = fetch(running.url, "micropub", "POST", b"h=entry", Content_Type=FORM)
            assert refused.status == 401
        late = fetch(running.url, "micropub", "POST", b"h=entry", Content_Type=FORM)
        assert late.status == 429
        body = f"h=entry&content=Oui.&access_token={token}".encode()
        taken = fetch(running.url, "micropub", "POST", body, Content_Type=FORM)
        assert taken.status in (201, 202)


@pytest.mark.slow
def test_a_proxy_that_is_not_believed_is_named_once(tmp_path: Path) -> None:
    """Else the whole world would be one address, and nobody would know why."""
    running = Limited(tmp_path, 1024)
    running.start()
    try:
        for number in range(3):
            with connected(running, "127.0.0.2") as wire:
                wire.sendall(
                    b"GET /api/me HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.%d\r\n"
                    b"Connection: close\r\n\r\n" % number
                )
                assert said(wire).startswith(b"HTTP/1.1 401 ")
        fetch(running.url, "api/me", X_Forwarded_For="203.0.113.9")  # of the one that is believed
        log = running.log.read_text()
        assert log.count("--proxy 127.0.0.2") == 1
        assert "LIVEBLOG_PROXY" in log
    finally:
        running.stop_quietly()


def test_health_is_json_and_says_no_text(server: LiveServer) -> None:
    """How many read, when it was published: no title, no text, no name."""
    found = json.dumps(server.health())
    assert "Un fait" not in found
    assert not re.search(re.escape(os.fspath(server.blog.paths.root)), found)
    assert urlsplit(server.url).path in found
