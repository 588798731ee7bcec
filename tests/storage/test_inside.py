"""Files below a folder: no path and no symbolic link leads out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from liveblog.storage.inside import delete_inside, read_inside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file two levels down, and a secret beside it."""
    (tmp_path / "inside/a/b").mkdir(parents=True)
    (tmp_path / "inside/a/b/file").write_bytes(b"ours")
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "inside"


def test_a_file_below_is_read_and_deleted(folder: Path) -> None:
    """Also where the folder itself is a link, as to a larger disk."""
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert read_inside(link, "a/b/file") == b"ours"
    assert delete_inside(link, "a/b/file")
    assert read_inside(folder, "a/b/file") is None
    assert not delete_inside(folder, "a/b/file")


@pytest.mark.parametrize(
    "path",
    ["../secret", "a/../../secret", "{0}/secret", "", "/", "a", "a//b/file", "a/./b/file",
     "a/b/file/x", "none/x", "a/b/file\0", "a/b/" + "x" * 300],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_reads_as_nothing(folder: Path, path: str) -> None:
    """Nor does it delete anything."""
    path = path.format(folder.parent)
    assert read_inside(folder, path) is None
    if path != "a":
        assert not delete_inside(folder, path)
    assert (folder.parent / "secret").exists()
    assert (folder / "a/b/file").exists()


def test_a_symbolic_link_at_any_level_reads_as_nothing(folder: Path) -> None:
    """A link at the end is deleted itself, what it leads to stays."""
    (folder / "a/b/link").symlink_to(folder.parent / "secret")
    (folder / "a/up").symlink_to(folder.parent)
    (folder / "top").symlink_to("a")
    for path in ("a/b/link", "a/up/secret", "top/b/file"):
        assert read_inside(folder, path) is None
    assert not delete_inside(folder, "a/up/secret")
    assert not delete_inside(folder, "top/b/file")
    assert delete_inside(folder, "a/b/link")
    assert (folder.parent / "secret").read_bytes() == b"secret"


def test_a_pipe_keeps_nobody_waiting(folder: Path) -> None:
    """It reads as nothing."""
    os.mkfifo(folder / "pipe")
    assert read_inside(folder, "pipe") is None
