"""Files that are replaced whole or not at all, and only regular ones."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest

from liveblog.model.errors import StorageError
from liveblog.storage.atomic import (
    NotRegularError,
    create_file,
    make_folder,
    open_regular,
    read_regular,
    replace_file,
    write_output,
)

from ..injection import interrupted, refusing


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """By bytes or by pieces; nothing else stays in the folder."""
    path = tmp_path / "a"
    replace_file(path, b"one")
    replace_file(path, iter([b"two", b" pieces"]))
    assert path.read_bytes() == b"two pieces"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("is_durable", [True, False])
def test_whichever_call_is_refused_the_file_is_the_old_or_the_new(
    tmp_path: Path, is_durable: bool
) -> None:
    """And the error is a storage error."""
    path = tmp_path / "a"
    at, is_done = 0, False
    while not is_done:
        path.write_bytes(b"old")
        with interrupted(at, refusing(errno.EIO)) as made, contextlib.suppress(StorageError):
            replace_file(path, b"new", is_durable=is_durable)
        is_done = len(made) <= at
        assert path.read_bytes() in (b"old", b"new")
        at += 1
    assert path.read_bytes() == b"new"
    assert at > 3


def test_only_what_is_secret_has_a_mode_of_its_own(tmp_path: Path) -> None:
    """A mode that is given holds whatever the umask."""
    before = os.umask(0o077)
    try:
        replace_file(tmp_path / "secret", b"x", mode=0o640)
        replace_file(tmp_path / "usual", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "usual").stat().st_mode & 0o777 == 0o600


def test_a_file_that_exists_is_not_created_again(tmp_path: Path) -> None:
    """Its contents stay."""
    create_file(tmp_path / "a", b"one")
    create_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a"]


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A link, a folder and a pipe are refused at once, and named."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    assert read_regular(tmp_path / "file") == b"x"
    for name, kind in (("link", "link"), ("folder", "folder"), ("pipe", "pipe")):
        with pytest.raises(NotRegularError, match=kind):
            read_regular(tmp_path / name)
        with pytest.raises(NotRegularError, match=kind):
            open_regular(tmp_path / name, os.O_WRONLY | os.O_APPEND)


def test_output_follows_links_and_writes_to_pipes(tmp_path: Path) -> None:
    """A link stays a link; a pipe stays a pipe."""
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_output(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"x"
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_output(tmp_path / "pipe", [b"a", b"b"])
        assert os.read(reader, 10) == b"ab"
    finally:
        os.close(reader)


def test_folders_are_created_below_the_root_only(tmp_path: Path) -> None:
    """A root that is gone is not created again."""
    make_folder(tmp_path / "a" / "b", tmp_path)
    assert (tmp_path / "a" / "b").is_dir()
    with pytest.raises(OSError):  # noqa: PT011
        make_folder(tmp_path / "gone" / "a", tmp_path / "gone")
