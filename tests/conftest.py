"""What the tests share: a clock that is set, a blog in a folder, a real HTTP server, a browser."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from liveblog import Blog


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


@pytest.fixture
def new_blog(tmp_path: Path, clock: Clock) -> Callable[..., Blog]:
    """Make blogs: French and in Paris unless told otherwise."""

    def make(name: str = "blog", **settings: Any) -> Blog:
        settings = {
            "title": "Une semaine",
            "language": "fr",
            "timezone": "Europe/Paris",
            "url": "https://example.org/semaine/",
            "author": "La rédaction",
        } | settings
        return Blog.init(tmp_path / name, clock=clock, **settings)

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
        if os.environ.get("CI") == "true":
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
        thread = threading.Thread(target=server.serve_forever, daemon=True)
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


def site_bytes(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
