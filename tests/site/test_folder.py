"""The site in a folder: what lands when, what is ours, what leads out of it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import html as lxml_html

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model import addresses
from liveblog.model.errors import InvalidInput, StorageError
from liveblog.site.publisher import Publisher
from liveblog.site.storage import folder as folders
from liveblog.site.storage.folder import Folder

from ..conftest import Clock, site_bytes
from .test_publish import from_nothing, picture

pytestmark = pytest.mark.slow

# -- the order in which things land ----------------------------------------------------------------


class Observed(Folder):
    """A site that is looked at after each rename and removal."""

    def __init__(self, root: Path, look: Callable[[], None]) -> None:
        super().__init__(root)
        self._look = look
        self.steps: list[str] = []

    def _publish(self, staged: str, path: str) -> str:
        above = super()._publish(staged, path)
        self.steps.append(path)
        self._look()
        return above

    def _delete(self, path: str) -> str:
        above = super()._delete(path)
        self.steps.append(f"-{path}")
        self._look()
        return above


def pages_in(site: Path) -> set[str]:
    """Return the paths of the pages of a site."""
    return {str(path.relative_to(site)) for path in site.rglob("*.html")} - {"404.html"}


def dead_links(site: Path, roots: set[str]) -> list[tuple[str, str]]:
    """Return the links that lead nowhere, on *roots* and all that can be reached from them."""
    known, waiting, dead = set(roots), list(roots), []
    while waiting:
        page = waiting.pop()
        tree = lxml_html.fromstring((site / page).read_bytes())
        for element in tree.iter("a", "img", "script", "link"):
            target = unquote(element.get("href") or element.get("src") or "").partition("#")[0]
            if not target or target.startswith("http"):
                continue
            path = os.path.normpath(os.path.join(os.path.dirname(page), target))
            path = os.path.join(path, "index.html") if target.endswith("/") else path
            path = os.path.normpath(path)
            if not (site / path).exists():
                dead.append((page, target))
            elif path.endswith(".html") and path not in known:
                known.add(path)
                waiting.append(path)
    return dead


def observed(blog: Blog, tmp_path: Path) -> list[str]:
    """Publish; whatever was reachable before, or is an entry that has landed, leads nowhere dead.

    Returns what was landed and removed, in order.
    """
    site = blog.paths.site
    before, after = pages_in(site), set(from_nothing(blog, tmp_path / "after"))
    entries = {path for path in after if addresses.entry_id_at(path)}

    def look() -> None:
        roots = {p for p in pages_in(site) if p in after and (p in before or p in entries)}
        assert dead_links(site, roots) == [], watched.steps

    watched = Observed(site, look)
    Publisher(blog.journal, watched, blog.paths, blog.config).publish(blog.now)
    assert site_bytes(site).keys() == after
    return watched.steps


@pytest.fixture
def told(blog: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """A blog of three weeks, published."""
    clock.set("2012-12-01T10:00:00Z")
    for day in range(8):
        blog.post(f"Un, jour {day}.", title=f"Titre {day}", tags=["Damas"], key=True)
        blog.post("Deux.", tags=[f"t{day}"], images=[Image(picture(tmp_path), "Un point")])
        clock.go(days=3)
    blog.publish()
    return blog


def test_what_is_linked_to_lands_before_what_links_to_it(
    told: Blog, clock: Clock, tmp_path: Path
) -> None:
    """With new tags, pictures, days, weeks, a month, a year, styles: at every step."""
    told.post("Trois.", tags=["nouveau"], images=[Image(picture(tmp_path), "Un point")])
    steps = observed(told, tmp_path)
    assert steps[-1] == "index.html"
    assert steps.index("tags/nouveau/") < steps.index("2012/12/25/")
    told.post("Quatre.", tags=["autre"])
    steps = observed(told, tmp_path)
    assert next(step for step in steps if step.startswith("2012/12/25/")).count("/") == 4
    clock.go(days=9)
    told.post("La nouvelle année.", tags=["an neuf"], pinned=True)
    assert "2013/" in observed(told, tmp_path)
    (told.paths.root / "static").mkdir()
    (told.paths.root / "static/style.css").write_text("body { margin: 0 }")
    told.post("Cinq.", at=clock.now - timedelta(days=20), tags=["retard"])
    steps = observed(told, tmp_path)
    assert steps[0].startswith("assets/style.")
    assert steps[-1].startswith("-assets/style.")


def test_what_links_goes_before_what_is_linked_to(told: Blog, tmp_path: Path) -> None:
    """An entry with its tag and picture; a day and its week, of which nothing stays."""
    entries = [e for day in told.timeline.days() for e in told.timeline.day(day).entries]
    told.remove(entries[3].id)
    steps = observed(told, tmp_path)
    gone = [step for step in steps if step.startswith("-")]
    assert gone[0].startswith(f"-{addresses.entry_path(entries[3].id)}")
    assert steps.index("index.html") < steps.index(gone[0])
    week = [entry for entry in entries if f"{entry.day:%G-W%V}" == "2012-W50"]
    for entry in week:
        told.remove(entry.id)
    steps = observed(told, tmp_path)
    days = [steps.index(f"-{addresses.day_path(e.day)}index.html") for e in week]
    pages = [steps.index(f"-{addresses.entry_path(e.id)}") for e in week]
    assert max(days) < min(pages)
    assert max(pages) < steps.index("-2012/W50/")
    assert steps.index("2012/index.html") < min(days)


# -- what is ours ----------------------------------------------------------------------------------


def test_every_path_of_a_site_is_known_as_ours(told: Blog, tmp_path: Path) -> None:
    """And of the sample; own static files of any name too."""
    static = told.paths.root / "static"
    (static / "fonts").mkdir(parents=True)
    for name in ("logo.png", "LICENSE", "fonts/serif.woff2", "fonts/readme", "a.b.js"):
        (static / name).write_bytes(b"x")
    told.publish()
    sample = Path(__file__).parents[2] / "feeds"
    for site in (told.paths.site, sample):
        paths = list(Folder(site).paths())
        assert len(paths) > 100
        assert [path for path in paths if not addresses.is_generated(path)] == []
    (static / "LICENSE").unlink()
    assert "LICENSE" in " ".join(told.publish().deleted)


@pytest.mark.parametrize(
    "path",
    ["CNAME", "robots.txt", ".well-known/security.txt", ".git/HEAD", "assets/logo.png",
     "2012/photo.jpg", "2012/07/15/notes/index.html", "media/mine.png", "about/index.html",
     "tags/index.html", "google123.html", "index.htm", "2012", "2012/", "../index.html",
     "atom.xml/", "favicon.ico"],
)  # fmt: skip
def test_other_paths_are_not_ours(path: str) -> None:
    """They stay, whatever a publication finds."""
    assert not addresses.is_generated(path)


# -- what leads out of it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "", "a//x", "a/./x", "a\0b", "x/" + "é" * 128]
)
def test_a_path_that_no_file_of_a_site_can_have_is_refused(tmp_path: Path, path: str) -> None:
    """To be written or removed; it reads as nothing."""
    site = Folder(tmp_path / "site")
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(InvalidInput):
        site.put(path, b"x")
    with pytest.raises(InvalidInput):
        site.commit([], [path])
    assert site.read(path) is None
    assert not (tmp_path / "site").exists()


def test_no_symbolic_link_in_the_site_is_followed(told: Blog, tmp_path: Path) -> None:
    """Not to write, not to delete, not to read: one that is in the way gives way."""
    site, outside = told.paths.site, tmp_path / "outside"
    before = site_bytes(site)
    gone = told.timeline.day(told.timeline.days()[0]).entries[0]
    page = addresses.entry_path(gone.id)
    # The whole of a year, a folder that goes, and single files are links to something else.
    (site / "2012").rename(outside)
    (site / "2012").symlink_to(outside)
    (outside / "secret").write_bytes(b"secret")
    (site / "tags/damas/index.html").unlink()
    (site / "tags/damas/index.html").symlink_to(outside / "secret")
    (site / "index.html").unlink()
    (site / "index.html").symlink_to(outside / "secret")
    (site / "link").symlink_to(outside)
    kept = site_bytes(outside)
    told.remove(gone.id)
    told.publish()
    assert site_bytes(outside) == kept
    assert (site / "link").is_symlink()
    (site / "link").unlink()
    assert not [path for path in site.rglob("*") if path.is_symlink()]
    assert site_bytes(site) == from_nothing(told, tmp_path / "again")
    assert f"{page}index.html" in before
    assert not (site / page).exists()


def test_a_site_behind_a_link_is_published(told: Blog, tmp_path: Path) -> None:
    """feeds/ itself may lie elsewhere: its owner said so."""
    told.paths.site.rename(tmp_path / "www")
    told.paths.site.symlink_to(tmp_path / "www")
    told.post("Encore.")
    told.publish()
    assert site_bytes(tmp_path / "www") == from_nothing(told, tmp_path / "again")


def test_a_file_where_a_folder_has_to_be_is_named(told: Blog) -> None:
    """It is somebody's: nothing is put in its place."""
    (told.paths.site / "2013").write_text("mine")
    told.post("Un.", at=told.now + timedelta(days=20), schedule=True)
    later = told.now + timedelta(days=30)
    with pytest.raises(StorageError, match="feeds/2013"):
        told.publisher.publish(later)
    assert (told.paths.site / "2013").read_text() == "mine"


# -- what the disk says ----------------------------------------------------------------------------


@pytest.mark.parametrize("few", [0, 10_000])
def test_an_error_of_the_disk_ends_a_publication(
    told: Blog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Whether files are synced one by one or all together; the next publication does it again."""
    told.post("Encore.", tags=["neuf"])

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(folders, "MAX_SYNCED_SINGLY", few)
        patch.setattr("liveblog.site.storage.folder.os.fsync", refuse)
        patch.setattr(folders, "_sync_disk", refuse)
        with pytest.raises(StorageError, match="Input/output"):
            told.publish()
    told.publish()
    assert site_bytes(told.paths.site) == from_nothing(told, tmp_path / "again")


@pytest.mark.parametrize("path", ["new/index.html", "index.html"])
def test_a_site_that_is_deleted_while_it_is_prepared_does_not_land_in_part(
    tmp_path: Path, path: str
) -> None:
    """What was prepared before is gone with it; the next publication makes everything."""
    site = Folder(tmp_path / "feeds")
    site.put("index.html", b"1")
    site.commit(["index.html"], [])
    site.put(path, b"2")
    site.root.rename(tmp_path / "deleted")
    with pytest.raises(StorageError, match="No such file"):  # noqa: PT012 - one of the two
        site.put("live.json", b"3")
        site.commit([path, "live.json"], [])
    assert not (site.root / "live.json").exists()


def test_syncing_a_file_system_that_has_none_is_an_error(tmp_path: Path) -> None:
    """What the system says is not passed over."""
    fd = os.open(tmp_path, os.O_RDONLY)
    folders._sync_disk(fd)
    os.close(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        folders._sync_disk(fd)
