"""After a command that changes the blog, its user knows whether readers see the change."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from liveblog import Blog
from liveblog.pages.qr import terminal_qr_code
from liveblog.storage.leader import leader_lock

from ..command import MODULE, Done, run
from ..conftest import Clock, begun, site_bytes
from ..wire import fetch

ADDRESS = "https://example.org/semaine/"


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    """A French blog in Paris, still empty, in a folder of its own."""
    return begun(tmp_path / "blog", Clock())


@pytest.fixture
def is_led(blog: Blog) -> Iterator[None]:
    """Have a server or schedule lead the blog."""
    with leader_lock(blog.paths):
        yield


def call(blog: Blog, *words: str, is_terminal: bool = False) -> Done:
    """Run a command in the blog's folder; it succeeds."""
    done = run(*words, cwd=blog.paths.root, is_terminal=is_terminal)
    assert done.returncode == 0, done.stderr
    return done


def page_of(entry_id: str) -> str:
    """Return the path of an entry's page."""
    return f"{entry_id[:4]}/{entry_id[4:6]}/{entry_id[6:8]}/{entry_id[9:]}/"


def changes(entry_id: str) -> list[list[str]]:
    """Return a call of every command that changes the blog, each after the one before it."""
    return [
        ["post", "Un fait.", "--at", "2012-07-15"],
        ["edit", entry_id, "Un autre."],
        ["retract", entry_id, "--why", "Faux.", "--yes"],
        ["remove", entry_id, "--yes"],
        ["restore", entry_id],
        ["chapter", "new", "Un", "2012-07-15", "--introduction", "Avant."],
        ["chapter", "edit", "un", "--title", "Deux"],
        ["chapter", "retract", "un", "--why", "Faux.", "--yes"],
        ["chapter", "remove", "un", "--yes"],
        ["chapter", "restore", "un"],
        ["end"],
        ["resume"],
        ["import", "text", "page.txt"],
    ]


def test_without_a_server_the_command_that_publishes_is_named(blog: Blog) -> None:
    """Once for each change, on standard error; the result alone is on standard output."""
    entry_id = blog.post("Le premier.").id
    (blog.paths.root / "page.txt").write_text("Lundi 16 juillet 2012\n\nUn fait.\n", "utf-8")
    for words in changes(entry_id):
        done = call(blog, *words, is_terminal=True)
        assert done.stderr.endswith("Next: liveblog publish\n"), words
        assert "liveblog publish" not in done.stdout
    assert call(blog, "-q", "post", "x", is_terminal=True).stderr == ""
    assert call(blog, "post", "x").stderr == ""  # in a script
    folder = str(blog.paths.root)
    elsewhere = run("-C", folder, "post", "x", cwd=Path("/"), is_terminal=True)
    assert elsewhere.stderr.endswith(f"Next: liveblog -C {folder} publish\n")
    assert not (blog.paths.site / "index.html").exists()


def test_a_day_is_not_said_to_be_published_before_it_is(blog: Blog) -> None:
    """The echo of a time says what was done."""
    assert "Enregistré\u00a0: " in call(blog, "post", "x", "--at", "2012-07-15").stderr
    assert "Publié\u00a0: " in call(blog, "post", "x", "--at", "2012-07-15", "--publish").stderr


@pytest.mark.usefixtures("is_led")
def test_beside_a_server_the_address_is_named(blog: Blog) -> None:
    """It publishes by itself, whatever the settings say."""
    settings = blog.paths.root / "liveblog.toml"
    settings.write_text('publish = "always"\n' + settings.read_text("utf-8"), "utf-8")
    entry_id = blog.post("Le premier.").id
    (blog.paths.root / "page.txt").write_text("Lundi 16 juillet 2012\n\nUn fait.\n", "utf-8")
    for words in changes(entry_id):
        done = call(blog, *words, is_terminal=True)
        assert ADDRESS in done.stderr or "leaves the site" in done.stderr, words
        assert "liveblog publish" not in done.stderr
    posted = call(blog, "post", "x", is_terminal=True)
    assert f"{ADDRESS}{page_of(posted.stdout.strip())}" in posted.stderr
    scheduled = call(blog, "post", "x", "--schedule", "--at", "2199-07-15 10:00", is_terminal=True)
    assert "appears then at" in scheduled.stderr
    assert not blog.paths.site.exists()


def test_a_schedule_without_a_process_is_said(blog: Blog) -> None:
    """Nothing that runs would release the update."""
    done = call(blog, "post", "x", "--schedule", "--at", "2199-07-15 10:00", is_terminal=True)
    assert "No server or schedule runs" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("is_always", [True, False])
def test_the_site_can_be_published_by_the_same_command(blog: Blog, is_always: bool) -> None:
    """By the settings, or by an option."""
    settings = blog.paths.root / "liveblog.toml"
    if is_always:
        settings.write_text('publish = "always"\n' + settings.read_text("utf-8"), "utf-8")
    option = [] if is_always else ["--publish"]
    posted = call(blog, "post", "Le pont est rouvert.", *option)
    path = page_of(posted.stdout.strip())
    assert f"Published: {ADDRESS}{path}" in posted.stderr
    assert "rouvert" in (blog.paths.site / path / "index.html").read_text("utf-8")
    done = call(blog, "remove", posted.stdout.strip(), "--yes", *option)
    assert "has left the site" in done.stderr
    assert "rouvert" not in (blog.paths.site / "index.html").read_text("utf-8")


def test_what_is_saved_but_not_published_is_said(blog: Blog) -> None:
    """The id is printed all the same, so that nobody posts it twice."""
    blog.paths.site.write_text("no folder", "utf-8")
    done = run("post", "x", "--publish", cwd=blog.paths.root)
    assert done.returncode == 1
    assert Blog(blog.paths.root).timeline.entry(done.stdout.strip())
    assert "It is saved" in done.stderr


# -- looking at it ---------------------------------------------------------------------------


def test_the_address_of_a_page_is_printed(blog: Blog) -> None:
    """Of the live page, or of an update; without a terminal nothing is opened."""
    entry_id = blog.post("Le premier.").id
    assert call(blog, "open").stdout == f"{ADDRESS}\n"
    assert call(blog, "open", "last").stdout == f"{ADDRESS}{page_of(entry_id)}\n"
    assert run("open", "zzzz", cwd=blog.paths.root).returncode == 2


def test_a_token_comes_with_a_link_that_signs_in(blog: Blog) -> None:
    """The result alone is on standard output; the part after # reaches no server."""
    done = call(blog, "token", "new", "Ana")
    assert done.stderr.endswith(f"{ADDRESS}compose#token={done.stdout.strip()}\n")


def test_a_terminal_shows_the_link_as_a_qr_code(blog: Blog) -> None:
    """For the camera of a phone; not with ``--quiet``."""
    done = call(blog, "token", "new", "Ana", is_terminal=True)
    link = f"{ADDRESS}compose#token={done.stdout.strip()}"
    assert done.stderr.endswith(f"{link}\n{terminal_qr_code(link)}")
    assert terminal_qr_code(link).count("\n") > 15
    assert call(blog, "-q", "token", "new", "Bea", is_terminal=True).stderr == ""


@pytest.mark.slow
def test_a_preview_shows_the_journal_and_changes_nothing(blog: Blog) -> None:
    """Also what is posted meanwhile; on Ctrl-C its folder is deleted."""
    blog.post("Le premier.")
    before = site_bytes(blog.paths.root)
    process = subprocess.Popen(
        [*MODULE, "preview"],
        cwd=blog.paths.root,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"TMPDIR": str(blog.paths.root.parent)},
    )
    assert process.stdout
    address = process.stdout.readline().strip()
    page = fetch(address, "").body.decode()
    assert "Le premier." in page
    assert ADDRESS not in page
    assert site_bytes(blog.paths.root) == before
    blog.post("Le second.")
    assert "Le second." in fetch(address, "").body.decode()
    assert not blog.paths.site.exists()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stdout.close()
    assert [path.name for path in blog.paths.root.parent.iterdir()] == ["blog"]
