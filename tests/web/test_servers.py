"""``liveblog.web:application`` under other servers, each as its manual says."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from liveblog import Blog

from ..wire import fetch
from .test_stream import Stream

pytestmark = pytest.mark.slow

SERVERS = {
    "uvicorn": ["-m", "uvicorn", "liveblog.web:application", "--fd", "{fd}"],
    "hypercorn": ["-m", "hypercorn", "liveblog.web:application", "--bind", "fd://{fd}"],
}


class Running:
    """A blog that is served by another command than ours."""

    def __init__(self, blog: Blog, url: str, process: subprocess.Popen[str]) -> None:
        self.blog = blog
        self.url = url
        self.process = process


@pytest.fixture(params=SERVERS, scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A blog with one update under one of the servers."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        url = f"http://127.0.0.1:{opened.getsockname()[1]}/"
        blog = Blog.init(tmp_path_factory.mktemp("servers") / "blog", title="Carnet", url=url)
        blog.post("Avant tout.")
        command = [part.format(fd=opened.fileno()) for part in SERVERS[request.param]]
        process = subprocess.Popen(
            [sys.executable, *command],
            env=os.environ | {"LIVEBLOG_FOLDERS": str(blog.paths.root)},
            pass_fds=[opened.fileno()],
            start_new_session=True,
            text=True,
        )
    try:
        deadline = time.monotonic() + 30
        while b"Avant tout." not in fetch(url).body:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield Running(blog, url, process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # hypercorn has a worker of its own
        process.wait()


def test_pages_and_feeds_are_served_and_not_sent_twice(running: Running) -> None:
    """200 with a validator, then 304; compressed for those who accept that."""
    for path in ("", "atom.xml", "feed.json", "2031/nothing/"):
        answer = fetch(running.url, path)
        if not answer["ETag"]:
            assert (path, answer.status) == ("2031/nothing/", 404)
            continue
        assert answer.status == 200
        again = fetch(running.url, path, If_None_Match=answer["ETag"])
        assert (again.status, again.body) == (304, b"")
        assert fetch(running.url, path, Accept_Encoding="gzip")["Content-Encoding"] == "gzip"


def test_an_open_page_receives_an_update(running: Running) -> None:
    """And one that comes back receives what it missed."""
    stream = Stream(running, "")  # type: ignore[arg-type]
    stream.until_hello()
    posted = running.blog.post("À l’instant.")
    (entry,) = stream.entries(1)
    assert entry["id"] == posted.id
    place = stream.place
    stream.close()
    missed = running.blog.post("Manqué.")
    back = Stream(running, place)  # type: ignore[arg-type]
    assert back.entries(1)[0]["id"] == missed.id
    back.close()


def test_somebody_signs_in_and_posts(running: Running) -> None:
    """With a form, as the composer does."""
    token = running.blog.tokens.new("Ana", "edit", running.blog.now)
    form = {"Content_Type": "application/x-www-form-urlencoded", "Origin": running.url[:-1]}
    body = urlencode({"token": token}).encode()
    answer = fetch(running.url, "compose/sign-in", "POST", body, **form)
    assert answer.status == 303
    cookie = re.match("[^;]+", answer["Set-Cookie"])
    assert cookie
    body = urlencode({"body": "Du formulaire."}).encode()
    answer = fetch(running.url, "compose", "POST", body, Cookie=cookie[0], **form)
    assert answer.status == 303
    assert next(running.blog.timeline.newest_first()).now.body == "Du formulaire."


def test_a_body_that_is_too_large_is_refused(running: Running) -> None:
    """413, also to a client that sends all of it before it reads."""
    headers = {"Content_Type": "application/x-www-form-urlencoded", "Origin": running.url[:-1]}
    answer = fetch(running.url, "compose/sign-in", "POST", b"x" * 3_000_000, **headers)
    assert answer.status == 413


def test_the_server_stops_although_a_page_is_open(running: Running) -> None:
    """On SIGTERM, within the time that the server gives to requests by itself. The last test."""
    stream = Stream(running, "")  # type: ignore[arg-type]
    stream.until_hello()
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(8)
    stream.close()


def test_without_folders_it_says_what_to_set(tmp_path: Path) -> None:
    """When the server starts; importing the module needs nothing."""
    environment = {name: text for name, text in os.environ.items() if name != "LIVEBLOG_FOLDERS"}
    with socket.create_server(("127.0.0.1", 0)) as opened:
        command = [part.format(fd=opened.fileno()) for part in SERVERS["uvicorn"]]
        done = subprocess.run(
            [sys.executable, *command],
            env=environment,
            pass_fds=[opened.fileno()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 3
    assert "LIVEBLOG_FOLDERS is not set" in done.stderr
    assert "Traceback" not in done.stderr
