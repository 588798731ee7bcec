"""Compressed copies of the site's files: true to their file, or not there."""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import pytest

from liveblog.site.storage.compressed import MAX_BYTES, MIN_BYTES, Compressed

PAGE = b"<p>A page of a live blog.</p>" * 100


@pytest.fixture
def copies(tmp_path: Path) -> Compressed:
    """No copies yet."""
    return Compressed(tmp_path / "compressed")


def test_a_copy_holds_the_bytes_that_it_was_made_of(copies: Compressed) -> None:
    """In both codings; for other bytes, or another file, there is none."""
    copies.make("2012/07/15/index.html", PAGE)
    found = copies.get("2012/07/15/index.html", PAGE)
    assert brotli.decompress(found["br"]) == gzip.decompress(found["gzip"]) == PAGE
    assert copies.get("2012/07/15/index.html", PAGE + b"!") == {}
    assert copies.get("2012/07/16/index.html", PAGE) == {}


def test_what_is_dropped_is_gone_from_the_disk(copies: Compressed, tmp_path: Path) -> None:
    """One file's copies, or all."""
    copies.make("a/index.html", PAGE)
    copies.make("b/index.html", PAGE)
    copies.drop(["a/index.html", "c/index.html"])
    assert copies.get("a/index.html", PAGE) == {}
    assert copies.get("b/index.html", PAGE)
    copies.clear()
    copies.clear()
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("path", "data"),
    [("a.html", b"x" * (MIN_BYTES - 1)), ("a.html", b"x" * (MAX_BYTES + 1)), ("media/a.png", PAGE)],
)
def test_what_gains_nothing_is_not_copied(
    copies: Compressed, tmp_path: Path, path: str, data: bytes
) -> None:
    """Small files, files that are sent from the disk, pictures."""
    copies.make(path, data)
    assert list(tmp_path.rglob("*")) == []


def test_copies_that_cannot_be_kept_are_done_without(tmp_path: Path) -> None:
    """A file stands where their folder would be, or a folder where a copy would."""
    (tmp_path / "file").write_bytes(b"")
    copies = Compressed(tmp_path / "file")
    copies.make("index.html", PAGE)
    assert copies.get("index.html", PAGE) == {}
    copies = Compressed(tmp_path / "compressed")
    copies.make("index.html", PAGE)
    (tmp_path / "compressed/index.html.br").write_bytes(b"")
    assert copies.get("index.html", PAGE) == {}
