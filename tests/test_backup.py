"""Backups and copies: what docs/backup.md and docs/together.md promise."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image as Bitmap

from liveblog import Blog
from liveblog.model.chapter import ChapterDraft
from liveblog.model.draft import Draft
from liveblog.pictures import Image

from .command import run
from .conftest import Clock, needs

pytestmark = pytest.mark.slow


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture
def written(blog: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """A published blog with a picture, a correction, a chapter, and templates of its own."""
    source = tmp_path / "carte.png"
    Bitmap.new("RGB", (40, 30), "teal").save(source)
    first = blog.post("Le pont est coupé.", images=[Image(source, "Une carte")], tags=["Homs"])
    clock.go(days=1)
    blog.edit(first.id, Draft(body="Le pont est rouvert."), note="La mairie l’a dit.")
    blog.post("La ville est calme.")
    blog.chapters.create(ChapterDraft(title="Deux jours", period="2012-07-15..2012-07-16"))
    templates = blog.paths.root / "templates"
    templates.mkdir()
    (templates / "404.html").write_text("{{ blog.title }}", "utf-8")
    clock.go(days=8)
    blog.publish()
    return blog


def restored(blog: Blog, clock: Clock, folder: Path) -> Blog:
    """Put back what docs/backup.md lists, and nothing else."""
    folder.mkdir()
    shutil.copy(blog.paths.root / "liveblog.toml", folder)
    for name in ("entries", "templates"):
        shutil.copytree(blog.paths.root / name, folder / name)
    return Blog(folder, clock=clock)


def test_a_restored_blog_publishes_the_same_site(
    written: Blog, clock: Clock, tmp_path: Path
) -> None:
    """Byte for byte; and `check` finds nothing."""
    copy = restored(written, clock, tmp_path / "restored")
    copy.publish()
    assert files_of(copy.paths.site) == files_of(written.paths.site)
    assert run("-C", str(copy.paths.root), "check").returncode == 0


def test_what_was_removed_after_the_backup_is_shown_again(
    written: Blog, clock: Clock, tmp_path: Path
) -> None:
    """As the page says, so that nobody relies on the contrary."""
    copy = restored(written, clock, tmp_path / "restored")
    newest = next(written.timeline.newest_first())
    written.remove(newest.id)
    copy.publish()
    page = f"2012/07/16/{newest.id.partition('-')[2]}/index.html"
    assert page in files_of(copy.paths.site)
    written.publish()
    assert page not in files_of(written.paths.site)


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, with a name for its commits."""
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", *identity, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("has_attributes", [True, False])
def test_two_copies_merge_with_git(tmp_path: Path, has_attributes: bool) -> None:
    """Nothing is lost, with the settings that ``init`` writes and also without them."""
    needs("git")
    one, two = tmp_path / "one", tmp_path / "two"
    run("init", str(one), "--timezone", "Europe/Paris")
    if not has_attributes:
        (one / ".gitattributes").unlink()
    (one / ".gitignore").write_text(".liveblog/\nfeeds/\nentries/outbox.sqlite\n")
    run("-C", str(one), "post", "Un.", "--at", "2012-07-15 10:00")
    git(one, "init", "--initial-branch", "main")
    git(one, "add", ".")
    git(one, "commit", "--message", "Begin")
    git(tmp_path, "clone", str(one), str(two))
    for folder, text, at in ((one, "Deux.", "11:00"), (two, "Trois.", "12:00")):
        run("-C", str(folder), "post", text, "--at", f"2012-07-15 {at}")
        git(folder, "commit", "--all", "--message", text)
    git(one, "pull", "--no-rebase", "--no-edit", str(two))
    shown = run("-C", str(one), "log").stdout
    assert all(text in shown for text in ("Un.", "Deux.", "Trois."))
    assert run("-C", str(one), "check").returncode == 0
    repaired = run("-C", str(one), "check", "--repair", "--yes")
    assert repaired.returncode == 0, repaired.stderr
    assert run("-C", str(one), "log").stdout == shown
    (day,) = (one / "entries").rglob("*.jsonl")
    assert b"<<<<<<<" not in day.read_bytes()
    assert len(day.read_bytes().splitlines()) == 3
