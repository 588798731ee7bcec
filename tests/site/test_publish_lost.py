"""What was lost, replaced or left behind: the next publication leaves what the journal asks for."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model import addresses
from liveblog.model.draft import Draft
from liveblog.model.errors import Busy, StorageError
from liveblog.site import index as index_module
from liveblog.site.storage.compressed import Compressed
from liveblog.site.verify import MAX_FOREIGN_NAMED
from liveblog.storage import locks, sqlite

from ..conftest import Clock, LiveServer, live_server, site_bytes
from .test_publish import from_nothing, picture

pytestmark = pytest.mark.slow

SECRET = "GEHEIM"


@pytest.fixture
def told(blog: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """A blog of two weeks with an entry that is to go; published."""
    for day in range(3):
        blog.post(f"Un, jour {day}.", tags=["Damas"], key=True)
        clock.go(days=4)
    gone = blog.post(
        SECRET, title=SECRET, tags=["seul", "Damas"], images=[Image(picture(tmp_path), SECRET)]
    )
    blog.post("Reste.")
    clock.go(days=9)
    blog.publish()
    blog.search("reste")
    assert gone.id in str(site_bytes(blog.paths.site))
    return blog


def secret_of(blog: Blog) -> str:
    """Return the id of the entry that is to go."""
    return next(
        entry.id
        for of in blog.timeline.days()
        for entry in blog.timeline.unfiltered(of).entries
        if SECRET in entry.now.title
    )


def assert_it_is_gone(blog: Blog, folder: Path, *, foreign: tuple[str, ...] = ()) -> None:
    """Nothing but what the journal asks for is on the site, and check agrees."""
    site = site_bytes(blog.paths.site)
    for name in foreign:
        assert site.pop(name, None) is not None, name
    assert site == from_nothing(blog, folder)
    assert SECRET.encode() not in b"".join(site.values())
    for name, data in site_bytes(blog.paths.derived).items():
        assert SECRET.encode() not in data, name
    health = blog.check()
    assert not health.faults
    for name in foreign:
        assert any(name.partition("/")[0] in note for note in health.notes)


def older(blog: Blog) -> None:
    """Make the index one of an earlier version."""
    with sqlite3.connect(blog.paths.derived / "index.sqlite") as db:
        db.execute(f"PRAGMA user_version = {index_module.VERSION - 1}")


LOSSES: dict[str, Callable[[Blog], object]] = {
    "all that is derived": lambda blog: shutil.rmtree(blog.paths.derived),
    "the index": lambda blog: (blog.paths.derived / "index.sqlite").unlink(),
    "the index's version": older,
    "the index's bytes": lambda blog: (blog.paths.derived / "index.sqlite").write_bytes(b"x" * 9),
    "the index, empty": lambda blog: (blog.paths.derived / "index.sqlite").write_bytes(b""),
    "the index, half": lambda blog: os.truncate(blog.paths.derived / "index.sqlite", 20_000),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("when", ["before the removal", "after it"])
def test_with_a_lost_index_nothing_stays_that_the_journal_does_not_ask_for(
    told: Blog, tmp_path: Path, loss: str, when: str
) -> None:
    """A removed entry leaves the site; what is somebody else's stays, and check names it."""
    site = told.paths.site
    (site / "CNAME").write_text("example.org\n")
    (site / ".well-known").mkdir()
    (site / ".well-known/security.txt").write_text("Contact: x\n")
    (site / "2012/mine.html").write_text("mine")
    if when == "before the removal":
        LOSSES[loss](told)
        told.remove(secret_of(told))
    else:
        told.remove(secret_of(told))
        LOSSES[loss](told)
    blog = Blog(told.paths.root, clock=told._clock)
    assert "tags/seul/index.html" in blog.publish(dry_run=True).deleted
    blog.publish()
    foreign = ("CNAME", ".well-known/security.txt", "2012/mine.html")
    assert_it_is_gone(blog, tmp_path / "again", foreign=foreign)


def test_a_clone_without_what_is_derived_is_published_right(told: Blog, tmp_path: Path) -> None:
    """As git has it: feeds/ with the pages of an entry that was removed meanwhile."""
    clone = tmp_path / "clone"
    shutil.copytree(told.paths.root, clone, ignore=shutil.ignore_patterns(".liveblog"))
    other = Blog(clone, clock=told._clock)
    assert not other.check().faults
    other.remove(secret_of(other), purge=True)
    other.publish()
    assert_it_is_gone(other, tmp_path / "again")


def test_a_site_that_an_older_one_replaced_is_made_again(told: Blog, tmp_path: Path) -> None:
    """By git checkout or rsync, under an index that knows the newer one."""
    shutil.copytree(told.paths.site, tmp_path / "older")
    told.remove(secret_of(told))
    told.post("Encore.")
    told.publish()
    for how in ("in the place of the folder", "into the folder"):
        if how == "in the place of the folder":
            shutil.rmtree(told.paths.site)
        shutil.copytree(tmp_path / "older", told.paths.site, dirs_exist_ok=True)
        assert told.check().faults
        told.publish()
        assert_it_is_gone(told, tmp_path / "again")


def test_a_journal_that_an_older_one_replaced_is_what_the_site_tells(
    told: Blog, tmp_path: Path
) -> None:
    """A backup of entries/ was put back: what came after it leaves the site."""
    shutil.copytree(told.paths.entries, tmp_path / "older")
    after = told.post(SECRET, tags=["neuf"])
    told.remove(secret_of(told))
    told.publish()
    shutil.rmtree(told.paths.entries)
    shutil.copytree(tmp_path / "older", told.paths.entries)
    blog = Blog(told.paths.root, clock=told._clock)
    waiting = blog.check()
    assert not [fault for fault in waiting.faults if fault.place.startswith("feeds/")]
    assert any("wait for 'liveblog publish'" in note for note in waiting.notes)
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert addresses.entry_path(after.id) + "index.html" not in site
    assert site == from_nothing(blog, tmp_path / "again")


@pytest.mark.parametrize("how", ["another edit", "a retraction"])
def test_another_revision_of_the_same_number_replaces_the_one_published(
    told: Blog, tmp_path: Path, how: str
) -> None:
    """From a backup that went on, or another machine: the numbers say nothing of what changed."""
    entry = told.post("Un.")
    path = told.journal.path("2012-08-05")
    before = path.read_bytes()
    told.edit(entry.id, body="INTERDIT")
    told.publish()
    path.write_bytes(before)
    blog = Blog(told.paths.root, clock=told._clock)
    if how == "another edit":
        assert blog.edit(entry.id, body="Permis.").rev == 2
    else:
        assert blog.retract(entry.id, why="Faux.").rev == 2
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert b"INTERDIT" not in b"".join(site.values())
    assert site == from_nothing(blog, tmp_path / "again")


def test_a_correction_that_is_damaged_leaves_the_page_of_its_entry(
    told: Blog, tmp_path: Path
) -> None:
    """It is neither the first nor the newest revision: the entry is shown without it."""
    entry = told.post("Un.")
    told.edit(entry.id, body="Deux.", note="MOTIF")
    told.edit(entry.id, body="Trois.")
    told.publish()
    path = told.journal.path("2012-08-05")
    path.write_bytes(path.read_bytes().replace(b"MOTIF", b"MOTIX"))
    blog = Blog(told.paths.root, clock=told._clock)
    assert blog.publish().faults
    assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "again")


def test_a_publication_whose_end_was_cut_off_leaves_nothing_that_was_removed_since(
    told: Blog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files had landed, the index did not know; no page of the newest shows them."""
    published = told.moment("2012-07-15 10:00")
    revision = msgspec.structs.replace(
        told.preview(Draft(body="INTERDIT", published=published, tags=("Damas",))),
        updated=published.instant,
    )
    for number in range(30):
        told.post(f"Encore {number}.")
    told.publish()
    entry = told.journal.append(revision, expect=0)

    def refused(index: index_module.Index) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(index_module.Index, "commit", refused)
        with pytest.raises(StorageError):
            told.publish()
    blog = Blog(told.paths.root, clock=told._clock)
    blog.remove(entry.id, purge=True)
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert b"INTERDIT" not in b"".join(site.values())
    assert site == from_nothing(blog, tmp_path / "again")
    assert not blog.check().faults
    assert blog.publish().written == []


def test_a_link_that_leads_round_in_a_circle_stops_no_publication(told: Blog) -> None:
    """Where a page belongs it is replaced; elsewhere it stays."""
    site = told.paths.site
    (site / "index.html").unlink()
    for name in ("index.html", "mine"):
        (site / name).symlink_to(name)
    told.post("Encore.")
    told.publish()
    assert b"Encore." in (site / "index.html").read_bytes()
    assert (site / "mine").is_symlink()
    assert not told.check().faults


# -- check -----------------------------------------------------------------------------------------


def test_check_knows_what_the_journal_asks_for(told: Blog, tmp_path: Path) -> None:
    """With an index or without: a page of a removed entry, an altered file, one that is gone."""
    entry_id = secret_of(told)
    page = told.paths.site / addresses.entry_path(entry_id)
    shutil.copytree(page, tmp_path / "page")
    told.remove(entry_id)
    told.publish()
    shutil.copytree(tmp_path / "page", page)
    (told.paths.site / "rss.xml").unlink()
    (told.paths.site / "2012/index.html").write_text("altered")
    (told.paths.site / "tags/damas").rename(told.paths.site / "tags/alep")
    expected = {
        f"feeds/{addresses.entry_path(entry_id)}index.html", "feeds/rss.xml",
        "feeds/2012/index.html",
        *(f"feeds/tags/{tag}/{name}" for tag in ("damas", "alep")
          for name in ("index.html", "atom.xml", "rss.xml", "feed.json")),
    }  # fmt: skip
    assert {fault.place for fault in told.check().faults} == expected
    shutil.rmtree(told.paths.derived)
    assert {fault.place for fault in told.check().faults} == expected
    assert not (told.paths.derived / "index.sqlite").exists()
    told.publish()
    assert_it_is_gone(told, tmp_path / "again")


def test_check_tells_what_waits_for_a_publication_from_what_is_wrong(told: Blog) -> None:
    """A post is a note; that a removed entry is still shown is a fault, until it is published."""
    told.post("Encore.", tags=["neuf"])
    health = told.check()
    assert not health.faults
    assert "wait for 'liveblog publish'" in " ".join(health.notes)
    entry_id = secret_of(told)
    told.remove(entry_id)
    places = {fault.place for fault in told.check().faults}
    assert places == {f"feeds/{addresses.entry_path(entry_id)}index.html"}
    told.publish()
    assert told.check() == Blog(told.paths.root, clock=told._clock).check()
    assert not told.check().faults


def test_check_of_a_blog_that_was_never_published_finds_nothing(blog: Blog) -> None:
    """Nor does it make anything."""
    blog.post("Un.")
    before = site_bytes(blog.paths.root)
    assert not blog.check().faults
    assert site_bytes(blog.paths.root) == before


def test_check_and_a_dry_run_change_no_byte(told: Blog) -> None:
    """Nor do they make a file, such as a lock."""
    told.post("Encore.", tags=["neuf"])
    (told.paths.site / "index.html").write_text("altered")
    blog = Blog(told.paths.root, clock=told._clock)
    before = site_bytes(blog.paths.root)
    assert blog.check().faults
    report = blog.publish(dry_run=True)
    assert {"index.html", "tags/neuf/index.html"} <= set(report.written)
    assert site_bytes(blog.paths.root) == before


def test_check_makes_no_lock_where_nothing_is_remembered(told: Blog) -> None:
    """As in a clone whose site was altered."""
    shutil.rmtree(told.paths.derived)
    (told.paths.site / "index.html").write_text("altered")
    blog = Blog(told.paths.root, clock=told._clock)
    before = site_bytes(blog.paths.root)
    assert blog.check().faults
    assert site_bytes(blog.paths.root) == before
    assert not blog.paths.derived.exists()


def test_many_foreign_files_are_counted(told: Blog) -> None:
    """Some are named; a folder like .git is one."""
    for number in range(MAX_FOREIGN_NAMED + 5):
        (told.paths.site / f"mine{number:02}.txt").write_text("mine")
    (told.paths.site / ".git/objects").mkdir(parents=True)
    (told.paths.site / ".git/objects/x").write_text("x")
    notes = told.check().notes
    assert sum("is not ours" in note for note in notes) == MAX_FOREIGN_NAMED
    assert any(note.startswith(".git/ on the site") for note in notes)
    assert any("6 more files" in note for note in notes)


# -- databases and locks ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index.sqlite", "search.sqlite"])
def test_a_busy_database_is_an_error_and_never_deleted(
    told: Blog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """By check, a dry run, a publication, a search: it is there as it was."""
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    path = told.paths.derived / name
    told.post("Encore.")
    before = path.stat().st_ino, path.read_bytes()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    blog = Blog(told.paths.root, clock=told._clock)
    attempts: list[Callable[[], object]] = [lambda: blog.search("reste")]
    if name == "index.sqlite":
        attempts = [blog.check, blog.publish, lambda: blog.publish(dry_run=True)]
    for attempt in attempts:
        with pytest.raises(Busy, match="is busy"):
            attempt()
    assert (path.stat().st_ino, path.read_bytes()) == before
    holder.close()
    blog.publish()
    assert blog.search("encore").total == 1


def test_publishers_wait_for_each_other_and_say_for_whom(
    told: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that never ends is named, and the others give up."""
    monkeypatch.setattr(locks, "GIVE_UP_AFTER", 0.1)
    with (
        locks.Lock(told.paths.derived / "publish.lock"),
        pytest.raises(StorageError, match=rf"publish.lock has been locked by .*{os.getpid()}"),
    ):
        told.publish()
    told.publish()


def test_check_beside_publications_is_green(told: Blog, clock: Clock) -> None:
    """However they fall together."""
    stopped = threading.Event()

    def publish() -> None:
        blog = Blog(told.paths.root, clock=clock)
        number = 0
        while not stopped.is_set():
            number += 1
            blog.post(f"Encore {number}.", tags=[f"t{number}"])
            blog.publish()

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for _ in range(8):
            assert not told.check().faults
    finally:
        stopped.set()
        thread.join()


# -- a read-only disk ------------------------------------------------------------------------------


def test_what_only_reads_works_where_nothing_can_be_written(
    told: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Search, a dry run, check: with their databases there, outdated, or not there."""
    for state in ("there", "outdated", "not there"):
        if state == "outdated":
            told.post("Encore.", tags=["neuf"])
        if state == "not there":
            told.publish()
            shutil.rmtree(told.paths.derived)
        with monkeypatch.context() as patch:
            read_only(told.paths.root, patch)
            blog = Blog(told.paths.root, clock=told._clock)
            assert blog.search("reste").total == 1
            assert blog.search("encore").total == (state != "there")
            assert bool(blog.publish(dry_run=True).written) == (state == "outdated")
            assert not blog.check().faults
            with pytest.raises(StorageError):
                blog.publish()


def read_only(root: Path, patch: pytest.MonkeyPatch) -> None:
    """Make whatever lies below a folder refuse to be written, as a read-only disk does."""
    real_access, real_open = os.access, os.open

    def access(path: Any, mode: int, **how: Any) -> bool:
        return not (mode & os.W_OK and inside(path)) and real_access(path, mode, **how)

    def inside(path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and str(path).startswith(str(root))

    def opened(path: Any, flags: int, *values: Any, **how: Any) -> int:
        if inside(path) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return real_open(path, flags, *values, **how)

    def refused(path: Any, *_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    patch.setattr(os, "access", access)
    patch.setattr(os, "open", opened)
    for name in ("mkdir", "rename", "replace", "unlink", "rmdir", "utime"):
        patch.setattr(os, name, refused)


# -- under a running server ------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path) -> Any:
    """A blog that is served."""
    with live_server(tmp_path / "served") as running:
        yield running


LOST = [".liveblog", "feeds", ".liveblog and feeds", "index.sqlite"]


@pytest.mark.parametrize("lost", LOST)
def test_what_is_deleted_under_a_server_comes_back_by_itself(
    server: LiveServer, tmp_path: Path, lost: str
) -> None:
    """With the next update."""
    blog = server.blog
    server.published(blog.post("Un.").id)
    server.settled()
    derived = blog.paths.derived
    for name in lost.split(" and "):
        if name == "index.sqlite":
            (derived / name).write_bytes(b"rubbish" * 100)
        else:
            shutil.rmtree(blog.paths.root / name, ignore_errors=True)
    for number in range(2):
        entry = blog.post("Deux.", tags=[f"Premier {number}"])
        server.published(entry.id)
    server.settled()
    assert not blog.check().faults


def test_a_folder_that_is_replaced_under_a_server_is_published(
    server: LiveServer, tmp_path: Path
) -> None:
    """The whole of it, by a copy that is older, and one that is newer."""
    blog = server.blog
    first = blog.post("Un.", tags=["Damas"])
    server.published(first.id)
    server.settled()
    root, aside = blog.paths.root, tmp_path / "aside"
    shutil.copytree(root, aside)
    removed = blog.post(SECRET)
    server.published(removed.id)
    blog.remove(removed.id)
    server.settled()
    root.rename(tmp_path / "before")
    aside.rename(root)
    again = Blog(root)
    entry = again.post("Après.", tags=["Homs"])
    server.published(entry.id)
    server.settled()
    assert not again.check().faults
    assert SECRET.encode() not in b"".join(site_bytes(again.paths.site).values())


def test_a_server_says_of_a_fault_once_and_healthz_as_long_as_it_stands(tmp_path: Path) -> None:
    """A damaged line: the rest goes on, and what it withholds is nowhere."""
    with live_server(tmp_path / "served") as running:
        blog = running.blog
        entry = blog.post(SECRET)
        running.published(entry.id)
        running.settled()
        damaged = blog.journal.path(f"{entry.published:%Y-%m-%d}")
        blog.remove(entry.id)
        running.settled()
        data = damaged.read_bytes()
        damaged.write_bytes(data.replace(b'"state":"removed"', b'"state":"remoeed"'))
        for number in range(3):
            running.published(blog.post(f"Après {number}.").id)
            running.settled()
            assert running.health()["blogs"][0]["faults"] == 1
        site = site_bytes(blog.paths.site)
        assert SECRET.encode() not in b"".join(site.values())
        assert b"Apr\xc3\xa8s 2." in site["index.html"]
        process = running.process
        assert process is not None
        process.terminate()
        _, told = process.communicate(timeout=20)
        running.process = None
        assert told.count(f"{damaged.name}:2") == 1


def test_a_server_compresses_what_it_publishes_and_keeps_no_copy_of_what_was_removed(
    tmp_path: Path,
) -> None:
    """Copies are there when readers ask, and true."""
    with live_server(tmp_path / "served") as running:
        blog = running.blog
        entry = blog.post(f"{SECRET} " * 200, tags=["seul"])
        running.published(entry.id)
        running.settled()
        copies = Compressed(blog.paths.compressed)
        page = f"{addresses.entry_path(entry.id)}index.html"
        for name in ("index.html", page, "atom.xml"):
            assert copies.get(name, (blog.paths.site / name).read_bytes()), name
        blog.remove(entry.id)
        running.settled()
        names = [str(p.relative_to(copies._folder)) for p in copies._folder.rglob("*.br")]
        assert f"{page}.br" not in names
        assert "index.html.br" in names
        for name in names:
            data = (blog.paths.site / name.removesuffix(".br")).read_bytes()
            assert copies.get(name.removesuffix(".br"), data), name


def test_a_journal_that_is_gone_does_not_empty_the_site(told: Blog, tmp_path: Path) -> None:
    """As while a program replaces its folder; once it is back, the site follows it again."""
    told.publish()
    before = site_bytes(told.paths.site)
    told.paths.entries.rename(tmp_path / "away")
    with pytest.raises(StorageError, match="entries is gone; the site stays"):
        told.publish(full=True)
    assert site_bytes(told.paths.site) == before
    shutil.rmtree(told.paths.entries, ignore_errors=True)
    (tmp_path / "away").rename(told.paths.entries)
    entry = told.post("De retour.")
    told.publish()
    assert (told.paths.site / addresses.entry_path(entry.id) / "index.html").exists()


def test_a_blog_without_a_journal_yet_is_published(new_blog: Callable[..., Blog]) -> None:
    """A clone of an empty blog has no folder for it: nothing is lost there."""
    blog = new_blog()
    shutil.rmtree(blog.paths.entries)
    assert blog.publish().written
