"""A server goes on: a held lock, a folder deleted or replaced, threads that fail."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from liveblog import Blog
from liveblog.model.errors import StorageError
from liveblog.watcher import Watcher
from liveblog.web import writers

from ..conftest import LiveServer, live_server
from ..waiting import until
from ..wire import Answer, fetch

READS = ("", "api/me", "api/entries", "api/search?q=avant", "compose", "micropub?q=source",
         "2001/01/01/aaaaaaaaaa/")  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server of its own, for what is done to its folder."""
    with live_server(tmp_path / "blog") as running:
        running.blog.post("Avant.")
        running.settled()
        yield running


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the journal's lock, as a writer does that was suspended."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def page_has(server: LiveServer, text: str) -> bool:
    """Whether the live page shows a text."""
    return text in fetch(server.url).body.decode()


def deleted(folder: Path) -> None:
    """Delete a folder into which others may write meanwhile."""
    away = folder.with_name("deleted")
    folder.rename(away)
    shutil.rmtree(away)


def post(server: LiveServer, token: str, text: str, **headers: str) -> Answer:
    """Post an update."""
    named = {"Authorization": f"Bearer {token}", "Content_Type": "application/json"} | headers
    return fetch(server.url, "api/entries", "POST", b'{"body": "%b"}' % text.encode(), **named)


@pytest.mark.slow
def test_a_writer_that_holds_the_journal_stops_no_reader(server: LiveServer) -> None:
    """45 updates wait for it; each read is answered; who waits too long is told when to come."""
    token = server.token()
    bearer = {"Authorization": f"Bearer {token}"}
    posts = 45
    with ThreadPoolExecutor(posts) as threads:
        with held(server.blog.paths.entries):
            sent = [threads.submit(post, server, token, f"Fait {n}.") for n in range(posts)]
            time.sleep(1)
            for path in (
                "",
                "api/me",
                "api/entries",
                "api/search?q=avant",
                "compose",
                "micropub?q=source",
                "2001/01/01/aaaaaaaaaa/",
            ):
                began = time.monotonic()
                assert fetch(server.url, path, "GET", b"", **bearer).status in (200, 404), path
                assert time.monotonic() - began < 5, path
        answers = [waiting.result() for waiting in sent]
    statuses = {answer.status for answer in answers}
    assert statuses <= {201, 503}
    assert sum(answer.status == 201 for answer in answers) >= writers.AT_ONCE
    assert all(answer["Retry-After"] for answer in answers if answer.status == 503)
    server.settled()
    page = fetch(server.url).body.decode()
    for number, answer in enumerate(answers):
        assert (f"<p>Fait {number}.</p>" in page) == (answer.status == 201)


@pytest.mark.slow
@pytest.mark.parametrize("name", [".liveblog", "feeds"])
def test_what_can_be_made_again_may_be_deleted(server: LiveServer, name: str) -> None:
    """The site comes back by itself, and the next update is published and told."""
    deleted(server.blog.paths.root / name)
    until(lambda: fetch(server.url).status == 200)
    server.published(server.blog.post("Après.", tags=["Neuf"]).id)
    for text in ("Avant.", "Après."):
        until(partial(page_has, server, text))
    assert fetch(server.url, "tags/neuf/").status == 200


@pytest.mark.slow
def test_a_site_of_which_only_the_newest_is_left_is_made_again(server: LiveServer) -> None:
    """As a publication leaves it that ran while the folder was deleted; nobody has to post."""
    site = server.blog.paths.site
    kept = {name: (site / name).read_bytes() for name in ("index.html", "live.json")}
    deleted(site)
    site.mkdir()
    for name, data in kept.items():
        (site / name).write_bytes(data)
    until(lambda: (site / "search.json").exists() and (site / "assets").exists())


@pytest.mark.slow
def test_without_tokens_nobody_may_write_and_a_new_one_may(server: LiveServer) -> None:
    """``.liveblog/`` deleted: who wrote is told why, in words."""
    token = server.token()
    assert post(server, token, "Oui.").status == 201
    deleted(server.blog.paths.derived)
    refused = post(server, token, "Non.")
    assert refused.status == 401
    assert "tokens.json" in refused.json["detail"]
    assert "liveblog token new" in refused.json["hint"]
    assert post(server, server.token(), "De nouveau.").status == 201


@pytest.mark.slow
def test_a_blog_that_was_moved_away_is_not_made_anew(server: LiveServer) -> None:
    """A disk that is not there: health says so, nothing is written; put back, it goes on."""
    root = server.blog.paths.root
    away = root.with_name("away")
    root.rename(away)
    until(lambda: "is gone" in fetch(server.url, "healthz").body.decode())
    assert fetch(server.url, "healthz").status == 503
    assert not root.exists()
    away.rename(root)
    server.published(server.blog.post("De retour.").id)
    until(lambda: fetch(server.url, "healthz").status == 200)
    assert "De retour." in fetch(server.url).body.decode()


@pytest.mark.slow
def test_a_blog_replaced_by_a_copy_goes_on(server: LiveServer, tmp_path: Path) -> None:
    """As a restored backup or a synchronised folder does."""
    root = server.blog.paths.root
    shutil.copytree(root, tmp_path / "copy")
    server.published(server.blog.post("Perdu.").id)
    root.rename(tmp_path / "away")
    (tmp_path / "copy").rename(root)
    server.published(Blog(root).post("Depuis la copie.").id)
    until(partial(page_has, server, "Depuis la copie."))
    assert page_has(server, "Avant.")
    assert not page_has(server, "Perdu.")


def following(blog: Blog) -> Watcher:
    """Follow a blog, for nobody."""
    return Watcher(blog, published=lambda *_: None)


def test_whoever_waits_for_a_publication_learns_that_it_failed(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it fails before it begins: the journal or the site cannot be read."""
    watcher = following(blog)

    def broken(*_: object) -> object:
        raise StorageError("The disk reports an error.", "See its log.")

    monkeypatch.setattr(type(blog.journal), "watch", broken)
    watcher.start()
    began = time.monotonic()
    for _ in range(2):
        with pytest.raises(StorageError, match="disk reports"):
            watcher.publish()
    assert time.monotonic() - began < 10
    watcher.stop()
    watcher.join(5)
    assert not watcher.is_alive()


def test_whoever_waits_for_a_publication_learns_that_the_server_stops(blog: Blog) -> None:
    """At once."""
    watcher = following(blog)  # never started: nothing is published
    failed: list[StorageError] = []

    def wait() -> None:
        try:
            watcher.publish()
        except StorageError as error:
            failed.append(error)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    time.sleep(0.2)
    watcher.stop()
    waiting.join(5)
    assert failed
    assert "stopped" in str(failed[0])
