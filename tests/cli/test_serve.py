"""The commands of the server: serve, token."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from liveblog import Blog

from ..command import MODULE, run
from ..conftest import LiveServer, live_server
from ..waiting import answered, until
from ..wire import fetch


def test_a_token_is_shown_once_and_listed_without_itself(blog: Blog) -> None:
    """On standard output, so that a script can keep it; what to do with it on the other."""
    folder = str(blog.paths.root)
    made = run("-C", folder, "token", "new", "Ana", "--scope", "edit")
    token = made.stdout.strip()
    assert re.fullmatch(r"lb_[\w-]{43}", token)
    assert "not shown again" in made.stderr
    assert "https://example.org/semaine/compose" in made.stderr
    listed = run("-C", folder, "token", "list")
    assert "edit" in listed.stdout
    assert "Ana" in listed.stdout
    assert token not in listed.stdout + listed.stderr
    (entry,) = json.loads(run("-C", folder, "token", "list", "--json").stdout)
    assert entry.keys() == {"name", "scope", "created"}
    assert run("-C", folder, "token", "new", "Ana").returncode == 2
    assert run("-C", folder, "token", "new", "Bob", "--scope", "all").returncode == 2
    assert run("-C", folder, "token", "revoke", "Anna").returncode == 1
    assert "Did you mean 'Ana'" in run("-C", folder, "token", "revoke", "Anna").stderr
    assert run("-C", folder, "token", "revoke", "Ana").returncode == 0
    assert run("-C", folder, "token", "list").stdout == ""


@pytest.mark.slow
def test_a_token_for_two_blogs_is_made_and_revoked_once(new_blog: Any) -> None:
    """Where it is valid is said; a blog that is gone is said too, and the command fails."""
    one, two = new_blog("un"), new_blog("deux", url="https://example.org/deux/")
    folder, other = str(one.paths.root), str(two.paths.root)
    made = run("-C", folder, "token", "new", "Ana", "--blog", other)
    assert "https://example.org/deux/compose" in made.stderr
    assert two.tokens.by_token(made.stdout.strip()).name == "Ana"
    assert "in 2 blogs" in run("-C", other, "token", "list").stdout
    revoked = run("-C", folder, "token", "revoke", "Ana")
    assert revoked.returncode == 0
    assert f"Nor in {other}" in revoked.stderr
    assert two.tokens.all() == []
    run("-C", folder, "token", "new", "Ana", "--blog", other)
    two.paths.root.rename(two.paths.root.with_name("ailleurs"))
    failed = run("-C", folder, "token", "revoke", "Ana")
    assert failed.returncode == 1
    assert other in failed.stderr
    assert one.tokens.all() == []
    assert run("-C", folder, "token", "new", "Ana", "--blog", other).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "ending", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_serve_says_where_and_stops_quietly(blog: Blog, ending: signal.Signals) -> None:
    """Port 0 takes a free one; Ctrl-C is how it is meant to be stopped."""
    blog.post("Un fait.")
    process = subprocess.Popen(
        [*MODULE, "-C", str(blog.paths.root), "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    line = process.stderr.readline()
    address = re.search(r"http://127\.0\.0\.1:\d+/semaine/", line)
    assert address, line
    assert f"{address[0]}compose" in line
    assert "token new" in process.stderr.readline()
    until(lambda: answered(lambda: fetch(address[0])).status == 200)
    process.send_signal(ending)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_a_port_that_is_taken_is_said(blog: Blog) -> None:
    """With what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = run("-C", str(blog.paths.root), "serve", "--port", port)
    assert found.returncode == 1
    assert port in found.stderr
    assert "--port 0" in found.stderr


def test_two_blogs_of_one_path_cannot_be_served_together(new_blog: Any) -> None:
    """Each has the path of its url."""
    one, two = new_blog("un"), new_blog("deux")
    found = run("serve", "--port", "0", str(one.paths.root), str(two.paths.root))
    assert found.returncode == 2
    assert "/semaine/" in found.stderr


def test_a_folder_that_is_no_blog_is_said(tmp_path: Path) -> None:
    """Before anything listens."""
    found = run("serve", "--port", "0", str(tmp_path))
    assert found.returncode == 2
    assert "liveblog init" in found.stderr


@pytest.fixture
def measured(tmp_path: Path) -> Iterator[LiveServer]:
    """A server with metrics, behind a proxy on this machine."""
    with live_server(tmp_path / "blog", options=("--metrics",)) as running:
        yield running


@pytest.mark.slow
def test_metrics_tell_how_it_is_to_this_machine_only(measured: LiveServer) -> None:
    """In Prometheus's format; a client behind the proxy gets none."""
    measured.blog.post("Un fait.")
    measured.settled()
    fetch(measured.url, "nothing")
    text = fetch(measured.url, "metrics").body.decode()
    assert 'liveblog_requests_total{status="404"} 1.0' in text
    assert 'liveblog_readers{blog="/"} 0.0' in text
    assert 'liveblog_publishing_failing{blog="/"} 0.0' in text
    assert fetch(measured.url, "metrics", X_Forwarded_For="203.0.113.9").status == 403


@pytest.mark.slow
def test_without_the_option_there_are_no_metrics(tmp_path: Path) -> None:
    """Nobody gets what nobody asked for."""
    with live_server(tmp_path / "blog") as running:
        assert fetch(running.url, "metrics").status == 404


@pytest.mark.slow
def test_a_site_that_cannot_be_published_is_said_and_published_as_soon_as_it_can(
    tmp_path: Path,
) -> None:
    """A broken template: /healthz says 503 and why; the old site is served; then all is well."""
    with live_server(tmp_path / "blog") as running:
        running.blog.post("Un.")
        running.settled()
        templates = running.blog.paths.templates
        templates.mkdir()
        (templates / "home.html").write_text("{% if %}")
        running.blog.post("Deux.")
        health = f"http://127.0.0.1:{running.port}"
        until(lambda: fetch(health, "/healthz").status == 503)
        assert "home.html" in fetch(health, "/healthz").json["blogs"][0]["problem"]
        assert "Un." in fetch(running.url).body.decode()
        os.unlink(templates / "home.html")
        running.settled()
        assert "Deux." in fetch(running.url).body.decode()


@pytest.mark.slow
def test_without_the_fast_libraries_all_is_answered_as_with_them(tmp_path: Path) -> None:
    """Uvloop and httptools are an extra: files, their 304, the stream and its end."""
    program = (
        "import sys; sys.modules['uvloop'] = sys.modules['httptools'] = None; "
        "from liveblog.cli import main; main()"
    )
    with live_server(tmp_path / "blog") as running:
        running.blog.post("Un fait.")
        running.settled()
        before = fetch(running.url, "atom.xml")
        running.stop()
        process = subprocess.Popen(
            [sys.executable, "-c", program, "serve", "--port", str(running.port),
             str(running.blog.paths.root)],
            stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            answer = answered(lambda: fetch(running.url, "atom.xml"))
            assert (answer.status, answer.body) == (200, before.body)
            for name in set(before.headers) - {"date", "last-modified"}:
                assert answer.headers[name] == before.headers[name], name
            assert fetch(running.url, "atom.xml", If_None_Match=answer["ETag"]).status == 304
            with urllib.request.urlopen(f"{running.url}events", timeout=10) as stream:
                while b"hello" not in stream.readline():
                    pass
                posted = running.blog.post("Un autre.")
                while posted.id.encode() not in stream.readline():
                    pass
                process.send_signal(signal.SIGTERM)
                stream.read()
        finally:
            process.terminate()
            _, said = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in said
