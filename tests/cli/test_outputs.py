"""Where exports and messages are written, and what they may read."""

from __future__ import annotations

import base64
import errno
import os
import stat
import subprocess
import threading
import tty
from pathlib import Path

import pytest

from liveblog import Blog
from liveblog.blog import Image

from ..command import MODULE, Done, run
from ..conftest import site_bytes
from ..site.test_publish import PNG
from ..test_scheduler import add

FORMS = ["jsonl", "html", "epub"]


def exported(blog: Blog, form: str, output: Path | str) -> Done:
    """Export a blog to a file."""
    return run("export", "--format", form, "-o", str(output), cwd=blog.paths.root)


@pytest.mark.parametrize("form", FORMS)
def test_a_link_stays_and_its_target_is_written(blog: Blog, tmp_path: Path, form: str) -> None:
    """Also one that leads to a file that is not there yet, and one behind another."""
    blog.post("Un fait.")
    (tmp_path / "link").symlink_to("other")
    (tmp_path / "other").symlink_to("target")
    for _ in range(2):
        assert exported(blog, form, tmp_path / "link").returncode == 0
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "other").is_symlink()
        assert (tmp_path / "target").stat().st_size > 100


@pytest.mark.parametrize("form", FORMS)
def test_a_pipe_is_written_to(blog: Blog, tmp_path: Path, form: str) -> None:
    """Whoever reads it gets what a file would hold."""
    blog.post("Un fait.")
    assert exported(blog, form, tmp_path / "file").returncode == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    assert exported(blog, form, pipe).returncode == 0
    reader.join(20)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert found == [(tmp_path / "file").read_bytes()]


def test_a_device_is_written_to(blog: Blog) -> None:
    """It stays the device that it is. (Not /dev/null: a fault would take it from the machine.)"""
    blog.post("Un fait.")
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    device = os.ttyname(theirs)
    assert exported(blog, "jsonl", device).returncode == 0
    assert stat.S_ISCHR(Path(device).stat().st_mode)
    assert b'"type":"liveblog"' in os.read(ours, 100_000)
    os.close(ours)
    os.close(theirs)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_the_output_of_the_process_is_written_to(blog: Blog, tmp_path: Path, form: str) -> None:
    """/dev/stdout is a file, if a shell made it one, and stays that file."""
    blog.post("Un fait.")
    assert exported(blog, form, tmp_path / "file").returncode == 0
    expected = (tmp_path / "file").read_bytes()
    words = [*MODULE, "export", "--format", form, "-o", "/dev/stdout"]
    piped = subprocess.run(words, cwd=blog.paths.root, capture_output=True, check=True)
    assert piped.stdout == expected
    with (tmp_path / "shell").open("wb") as file:
        subprocess.run(words, cwd=blog.paths.root, stdout=file, check=True)
        assert os.path.samestat(os.fstat(file.fileno()), (tmp_path / "shell").stat())
    assert (tmp_path / "shell").read_bytes() == expected


@pytest.mark.parametrize("form", FORMS)
def test_a_file_keeps_its_mode_and_is_whole_or_as_it_was(
    blog: Blog, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else may read what nobody else could read before."""
    blog.post("Un fait.")
    file = tmp_path / "private"
    file.write_bytes(b"before")
    file.chmod(0o600)
    with monkeypatch.context() as broken:
        broken.setattr("os.replace", _refused)
        assert exported(blog, form, file).returncode == 1
    assert file.read_bytes() == b"before"
    assert exported(blog, form, file).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def _refused(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("form", FORMS)
def test_any_name_that_a_file_may_have_is_taken(blog: Blog, tmp_path: Path, form: str) -> None:
    """255 bytes long, in any script, or of bytes that are no text; a folder is none."""
    blog.post("Un fait.")
    for name in ("n" * 255, "م" * 127, "\udcff", "a\nb", "-o"):
        assert exported(blog, form, tmp_path / name).returncode == 0
        assert (tmp_path / name).stat().st_size > 100
    assert "Is a directory" in exported(blog, form, tmp_path).stderr
    assert "Is a directory" in exported(blog, form, ".").stderr


def test_a_mail_is_written_in_the_same_way(blog: Blog, tmp_path: Path) -> None:
    """'send -o' follows a link too."""
    blog = add(blog, "[mail]\nserver = 'localhost'\nsecurity = 'none'\nsender = 'a@b.example'\n")
    blog.post("Un fait.")
    (tmp_path / "link").symlink_to("target")
    words = ("send", "2012-07-15", "--to", "b@b.example", "-o", str(tmp_path / "link"))
    assert run(*words, cwd=blog.paths.root).returncode == 0
    assert (tmp_path / "link").is_symlink()
    assert b"List-Id" in (tmp_path / "target").read_bytes()


@pytest.mark.parametrize("form", ["jsonl", "html", "epub", "markdown"])
@pytest.mark.parametrize("what", ["a link", "a linked folder", "a pipe", "a folder"])
def test_no_export_reads_outside_of_the_journal(
    blog: Blog, tmp_path: Path, form: str, what: str
) -> None:
    """What stands in a picture's place is a picture that is gone, and nothing waits for it."""
    (tmp_path / "p.png").write_bytes(PNG)
    entry = blog.post("Un fait.", images=[Image(tmp_path / "p.png", "Un point")])
    media = blog.paths.media / entry.media[0].path
    secret = tmp_path / "outside" / media.name
    secret.parent.mkdir()
    secret.write_bytes(b"the secret of another folder")
    media.unlink()
    if what == "a link":
        media.symlink_to(secret)
    elif what == "a linked folder":
        media.parent.rmdir()
        media.parent.symlink_to(secret.parent)
    elif what == "a pipe":
        os.mkfifo(media)
    else:
        media.mkdir()
    done = exported(blog, form, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    files = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    written = b"".join(path.read_bytes() for path in files if path.is_file())
    for hidden in (b"the secret", base64.b64encode(b"the secret of another folder")):
        assert hidden not in written
    if form != "html":
        assert "the picture is gone" in done.stderr


def test_an_export_folder_leads_nowhere_else(blog: Blog, tmp_path: Path) -> None:
    """A symbolic link in it is neither written through nor deleted through."""
    entry = blog.post("Un fait.", title="Un")
    out, outside = tmp_path / "out", tmp_path / "outside"
    assert exported(blog, "markdown", out).returncode == 0
    (out / "2012" / "07").rename(outside)
    (out / "2012" / "07").symlink_to(outside)
    before = site_bytes(outside)
    blog.edit(entry.id, title="Deux")
    done = exported(blog, "markdown", out)
    assert (done.returncode, "symbolic link" in done.stderr) == (2, True)
    assert site_bytes(outside) == before
