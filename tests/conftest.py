"""Shared by all tests: a clock that is set, a blog in a folder, a real HTTP server, a browser.

Fixtures: ``clock``, ``blog`` and ``new_blog``, ``serve`` (any folder), ``browser``. Functions:
:func:`live_server` (``liveblog serve`` in a process), :func:`needs` (a program of the system).
Beside this module: ``browsers`` drives three browsers, ``command`` runs the command line,
``injection`` makes system calls fail, ``outside`` is a foreign web server, ``receiver`` a mail
server, ``simulated`` the schedule on simulated time, ``wire`` an HTTP client that hides nothing;
``ports`` reserves ports, and ``waiting`` waits for conditions.
"""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings

from liveblog import Blog, Digest
from liveblog.digest.build import build_coverage
from liveblog.model import addresses
from liveblog.text.fragments import html_to_text
from liveblog.text.sanitizer import sanitize

from .ports import ReservedPort
from .waiting import until

# Commands run as people run them: Python caches compiled modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

IN_CI = os.environ.get("CI") == "true"

# No deadline: how long an example takes depends on the machine's load.
settings.register_profile("liveblog", settings(), deadline=None, max_examples=100 if IN_CI else 40)
settings.load_profile("liveblog")


T = TypeVar("T")


def tries(here: int, *, ci: int) -> settings:
    """Set the number of Hypothesis examples: *here*, or *ci* where there is more time."""
    return settings(max_examples=ci if IN_CI else here)


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, text: str = "2012-07-15T16:04:00Z") -> None:
        self.now = datetime.fromisoformat(text)

    def __call__(self) -> datetime:
        return self.now

    def set(self, text: str) -> None:
        """Set the clock to an ISO 8601 instant."""
        self.now = datetime.fromisoformat(text).astimezone(UTC)

    def go(self, **by: float) -> None:
        """Let time pass: ``clock.go(minutes=5)``."""
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    """A clock at 18:04 in Paris on Sunday 15 July 2012."""
    return Clock()


def begun(folder: Path, clock: Clock, **settings: Any) -> Blog:
    """Begin a blog: French and in Paris unless *settings* differ."""
    settings = {
        "title": "Une semaine",
        "language": "fr",
        "timezone": "Europe/Paris",
        "url": "https://example.org/semaine/",
        "author": "La rédaction",
    } | settings
    return Blog.init(folder, clock=clock, **settings)


def copied(blog: Blog, folder: Path, clock: Clock) -> Blog:
    """Copy a blog and set the clock to its time: faster than to post and publish again."""
    shutil.copytree(blog.paths.root, folder)
    clock.now = blog.now
    return Blog(folder, clock=clock)


def coverage_digest(blog: Blog) -> Digest:
    """Return the digest of everything that readers may see."""
    return build_coverage(blog.timeline, blog.config.title)


@pytest.fixture
def new_blog(tmp_path: Path, clock: Clock) -> Callable[..., Blog]:
    """Make blogs: French and in Paris unless *settings* differ."""

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
        """Log nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP on loopback; yield its address, which ends in a slash."""
    handler = partial(_Quiet, directory=str(folder))
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
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        self.url = f"http://127.0.0.1:{self.port}{path}"
        self.notes: dict[str, str] = {}  # what the tests of a module pass on to each other
        values = {"title": "Une semaine", "language": "fr", "timezone": "Europe/Paris"}
        self.blog = Blog.init(folder, url=self.url, **(values | init))
        if settings:
            configuration = folder / "liveblog.toml"
            configuration.write_text(configuration.read_text("utf-8") + settings, "utf-8")
            self.blog = Blog(folder)
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
        """Stop serving; return how many seconds that took."""
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
        """Stop and start again, at the same address."""
        self.stop()
        self.start(*others)

    def health(self) -> Any:
        """Return the answer of /healthz."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            return json.load(answer)

    def settled(self) -> None:
        """Wait until everything in the journal is published and broadcast."""
        end = self.blog.journal.end()
        self._until(lambda: self.health()["blogs"][0]["place"].partition("-")[0] >= end)

    def published(self, entry_id: str) -> None:
        """Wait until an entry's page exists."""
        path = self.blog.paths.site / addresses.entry_path(entry_id) / "index.html"
        self._until(path.exists)

    def token(self, name: str = "Ana", scope: Any = "admin") -> str:
        """Issue a token to a person."""
        return self.blog.tokens.new(name, scope, self.blog.now)

    def _until(self, condition: Callable[[], Any]) -> None:
        def look() -> bool:
            with suppress(OSError):
                if condition():
                    return True
            if self.process is not None and self.process.poll() is not None:
                _, errors = self.process.communicate()
                pytest.fail(f"the server ended: {errors}")
            return False

        until(look)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Iterator[None]:
    """Give the processes of one test run a cache folder, not that of the user."""
    shared = tmp_path_factory.getbasetemp().parent / f"cache-{testrun_uid}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared))
        yield


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
    try:
        running.start()
    except BaseException:
        running.stop(kill=True)
        raise
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
    """Return the text of any HTML."""
    return html_to_text(sanitize(source))
