"""What the tests share: a clock that is set, a blog in a folder, a real HTTP server, a browser."""

from __future__ import annotations

import asyncio
import functools
import http.server
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar, TypeVar

import httpx2
import pytest
from hypothesis import settings
from jinja2 import Environment

from liveblog import Blog
from liveblog.model import addresses
from liveblog.text.fragments import html_to_text
from liveblog.text.sanitizer import sanitize

# Commands run as people run them: Python keeps what it compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

IN_CI = os.environ.get("CI") == "true"

# How long an example takes says how busy the machine is.
settings.register_profile("liveblog", settings(), deadline=None, max_examples=100 if IN_CI else 40)
settings.load_profile("liveblog")


T = TypeVar("T")


def tries(here: int, *, ci: int) -> settings:
    """Let Hypothesis try so many examples; CI has more time."""
    return settings(max_examples=ci if IN_CI else here)


class _Compiling(Environment):
    """Templates that are compiled once for all blogs, which takes longer than most tests do."""

    compiled: ClassVar[dict[tuple[str, ...], CodeType]] = {}

    def compile(self, source: Any, *place: Any, **how: Any) -> Any:
        """Return the code of a template of this source, name and file."""
        key = (source, *place)
        code = self.compiled.get(key)
        if code is None:
            code = self.compiled[key] = super().compile(source, *place, **how)
        return code


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """Compile templates, and read the authorities that sign certificates, once in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("liveblog.pages.render.Environment", _Compiling)
        patch.setattr("httpx2.create_ssl_context", functools.cache(httpx2.create_ssl_context))
        yield


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, text: str = "2012-07-15T16:04:00Z") -> None:
        self.now = datetime.fromisoformat(text)

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> None:
        """Put the clock to an ISO 8601 instant."""
        self.now = datetime.fromisoformat(text).astimezone(UTC)

    def go(self, **by: float) -> None:
        """Let time pass: ``clock.go(minutes=5)``."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """A clock at 18:04 in Paris on Sunday 15 July 2012."""
    return Clock()


def begun(folder: Path, clock: Clock, **settings: Any) -> Blog:
    """Begin a blog: French and in Paris unless told otherwise."""
    settings = {
        "title": "Une semaine",
        "language": "fr",
        "timezone": "Europe/Paris",
        "url": "https://example.org/semaine/",
        "author": "La rédaction",
    } | settings
    return Blog.init(folder, clock=clock, **settings)


def copied(blog: Blog, folder: Path, clock: Clock) -> Blog:
    """Copy a blog, which is faster than to tell and publish it again; set the clock to its."""
    shutil.copytree(blog.paths.root, folder)
    clock.now = blog.now
    return Blog(folder, clock=clock)


@pytest.fixture
def new_blog(tmp_path: Path, clock: Clock) -> Callable[..., Blog]:
    """Make blogs: French and in Paris unless told otherwise."""

    def make(name: str = "blog", **settings: Any) -> Blog:
        return begun(tmp_path / name, clock, **settings)

    return make


@pytest.fixture
def blog(new_blog: Callable[..., Blog]) -> Blog:
    """A French blog in Paris, still empty."""
    return new_blog()


def needs(program: str) -> str:
    """Return the path of a program of the system.

    Without it the test is skipped; in CI it fails.
    """
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return found


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".xml": "application/xml",
        ".json": "application/feed+json",
        ".js": "text/javascript",
        ".svg": "image/svg+xml",
    }

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP on loopback; yield its address, which ends in a slash."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def serve() -> Callable[[Path], Any]:
    """Serve a folder: ``with serve(folder) as url``."""
    return serving


class LiveServer:
    """A blog in a folder, and ``liveblog serve`` for it in a process of its own."""

    def __init__(self, folder: Path, path: str, settings: str, init: dict[str, Any]) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}{path}"
        self.notes: dict[str, str] = {}  # what the tests of a module tell each other
        values = {"title": "Une semaine", "language": "fr", "timezone": "Europe/Paris"}
        self.blog = Blog.init(folder, url=self.url, **(values | init))
        if settings:
            configuration = folder / "liveblog.toml"
            configuration.write_text(configuration.read_text("utf-8") + settings, "utf-8")
            self.blog = Blog(folder)
        for name, data in _compiled().items():
            kept = self.blog.paths.derived / "templates" / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(data)
        self.options: tuple[str, ...] = ()
        self.file_limits: tuple[int, int] | None = None  #: soft and hard; as ours if None
        self.process: subprocess.Popen[str] | None = None

    def start(self, *others: Path) -> None:
        """Start to serve, and wait until it answers."""
        command = [sys.executable, "-m", "liveblog", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, *self.options, str(self.blog.paths.root), *map(str, others)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if self.file_limits:
            resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, self.file_limits)
        self._until(lambda: all(blog["published"] for blog in self.health()["blogs"]))

    def stop(self, *, kill: bool = False) -> float:
        """NavigationLink serving; return how many seconds that took."""
        process = self.process
        assert process is not None
        began = time.monotonic()
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        took = time.monotonic() - began
        self.process = None
        if not kill:
            assert process.returncode == 0, errors
            assert "Traceback" not in errors, errors
            assert "exceeded" not in errors, errors  # a request had to be cut
        return took

    def restart(self, *others: Path) -> None:
        """NavigationLink and start again, at the same address."""
        self.stop()
        self.start(*others)

    def health(self) -> Any:
        """Return what /healthz says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            return json.load(answer)

    def settled(self) -> None:
        """Wait until all that is in the journal is published and told."""
        end = self.blog.journal.end()
        self._until(lambda: self.health()["blogs"][0]["place"].partition("-")[0] >= end)

    def published(self, entry_id: str) -> None:
        """Wait until an entry's page is there."""
        path = self.blog.paths.site / addresses.entry_path(entry_id) / "index.html"
        self._until(path.exists)

    def token(self, name: str = "Ana", scope: Any = "admin") -> str:
        """Make a token for somebody."""
        return self.blog.tokens.new(name, scope, self.blog.now)

    def _until(self, is_so: Callable[[], Any], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if is_so():
                    return
            except OSError:
                pass
            if self.process is not None and self.process.poll() is not None:
                _, errors = self.process.communicate()
                pytest.fail(f"the server ended: {errors}")
            assert time.monotonic() < deadline, "the server did not get there in time"
            time.sleep(0.02)


@functools.cache
def _compiled() -> dict[str, bytes]:
    """Return the compiled templates that a blog keeps, with which the next server starts faster."""
    with tempfile.TemporaryDirectory() as folder:
        blog = begun(Path(folder) / "blog", Clock())
        blog.post("x")
        blog.publish()
        return site_bytes(blog.paths.derived / "templates")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port: int = opened.getsockname()[1]
    return port


@contextmanager
def live_server(
    folder: Path,
    *,
    path: str = "/",
    settings: str = "",
    options: tuple[str, ...] = (),
    **init: Any,
) -> Iterator[LiveServer]:
    """Serve a new blog in *folder*; *settings* are added to its liveblog.toml."""
    running = LiveServer(folder, path, settings, init)
    running.options = options
    running.start()
    try:
        yield running
    finally:
        if running.process is not None:
            running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    chromium = needs("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--disable-gpu", "--disable-background-networking", "--disable-sync"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


def run_loop(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: a browser may keep a loop running in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


def site_bytes(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def plain(source: str) -> str:
    """Return the words of HTML from anywhere."""
    return html_to_text(sanitize(source))
