"""The event loop only waits: what takes time is done in worker threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.formparsers import MultiPartParser

from liveblog import Blog
from liveblog.site.storage.compressed import compress
from liveblog.web import Application, form_data, microformats, static_file
from liveblog.web.api import routes
from liveblog.web.removed_entries import RemovedEntries

from ..conftest import run_loop

SLOW = 1.0
FORM = "application/x-www-form-urlencoded"


def slowly(real: Callable[..., Any], ran: list[float]) -> Callable[..., Any]:
    """Make a function take its time, and note that it was called."""

    def slow(*arguments: Any, **named: Any) -> Any:
        time.sleep(SLOW)
        ran.append(time.monotonic())
        return real(*arguments, **named)

    return slow


async def ask(
    app: Application, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, float, bytes]:
    """Send a request to an application; return status, longest standstill meanwhile, and body."""
    statuses: list[int] = []
    said = b""
    named = [(b"host", b"localhost"), (b"content-length", b"%d" % len(body))]
    named += [(k.lower().replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": named, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal said
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        said += message.get("body", b"")

    longest = 0.0
    answering = asyncio.ensure_future(app(scope, receive, send))
    while not answering.done():
        began = time.monotonic()
        await asyncio.sleep(0.005)
        longest = max(longest, time.monotonic() - began - 0.005)
    await answering
    return statuses[0], longest, said


CASES = {
    "a page is compressed": (static_file, "compress", "GET", "/semaine/", b"", "", 200),
    "a day is read for what is not there": (
        RemovedEntries, "_removed", "GET", "/semaine/2012/07/15/aaaaaaaaaa/", b"", "", 404,
    ),
    "JSON is parsed": (
        routes, "decode_json", "POST", "/semaine/api/entries", b'{"body": "x"}',
        "application/json", 201,
    ),
    "JSON of Micropub is parsed": (
        microformats, "decode_json", "POST", "/semaine/micropub", b'{"action": "x"}',
        "application/json", 400,
    ),
    "a form is parsed": (
        form_data, "parse_qsl", "POST", "/semaine/micropub", b"action=x", FORM, 400,
    ),
    "parts are parsed": (
        MultiPartParser, "parse", "POST", "/semaine/micropub",
        b'--x\r\nContent-Disposition: form-data; name="action"\r\n\r\nx\r\n--x--\r\n',
        "multipart/form-data; boundary=x", 400,
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_loop_goes_on_while(blog: Blog, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Something takes a second: nobody else waits for it."""
    where, name, method, path, body, kind, status = CASES[case]
    blog.post(" ".join(f"Mot {n}." for n in range(300)))
    blog.publish()
    for copy in blog.paths.compressed.rglob("index.html.*"):
        copy.unlink()
    token = blog.tokens.new("Ana", "admin", blog.now)
    ran: list[float] = []
    monkeypatch.setattr(where, name, slowly(getattr(where, name), ran))

    async def asking() -> tuple[int, float, bytes]:
        app = Application([blog])
        headers = {"Content_Type": kind} if kind else {}
        return await ask(app, method, path, body, Authorization=f"Bearer {token}", **headers)

    found, longest, _ = run_loop(asking())
    assert found == status
    assert ran
    assert longest < SLOW / 2


def test_a_file_is_read_once_for_all_who_ask_meanwhile(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a publication a thousand readers come at once."""
    blog.post("Un fait. " * 200)
    blog.publish()
    for copy in blog.paths.compressed.rglob("index.html.*"):
        copy.unlink()
    ran: list[float] = []
    monkeypatch.setattr(static_file, "compress", slowly(compress, ran))

    async def asking() -> list[tuple[int, float, bytes]]:
        app = Application([blog])
        return await asyncio.gather(*(ask(app, "GET", "/semaine/") for _ in range(20)))

    assert {status for status, _, _ in run_loop(asking())} == {200}
    assert len(ran) == 1


def test_what_fails_inside_is_told_without_its_trace_and_logged_once(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The last resort: 500, in the shape of every other refusal."""

    def broken(*_: object) -> object:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(RemovedEntries, "_removed", broken)

    async def asking() -> tuple[int, float, bytes]:
        return await ask(Application([blog]), "GET", "/semaine/2012/07/15/aaaaaaaaaa/")

    status, _, said = run_loop(asking())
    assert status == 500
    assert b'"code":"failed"' in said
    assert b"secret" not in said
    assert caplog.text.count("Traceback") == 1
