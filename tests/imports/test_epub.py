"""A book comes back: its updates, whole days, vague times, texts, chapter and pictures."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image as Bitmap

from liveblog import Blog
from liveblog.model.chapter import ChapterDraft
from liveblog.model.draft import Draft
from liveblog.model.moment import Moment
from liveblog.pictures import Image

from ..command import run
from ..conftest import Clock, begun

SECRET = "Un nom qu’il ne fallait pas écrire."


@pytest.fixture
def told(blog: Blog, tmp_path: Path, clock: Clock) -> Blog:
    """A chapter of two days, with everything that an update may have."""
    picture, photo = tmp_path / "carte.png", tmp_path / "photo.webp"
    Bitmap.new("RGB", (40, 30), "teal").save(picture)
    Bitmap.new("RGB", (30, 40), "navy").save(photo)
    clock.set("2012-07-20T10:00:00Z")
    first = blog.post(SECRET, at=date(2012, 7, 15), title="Jour", tags=["Homs"], key=True)
    clock.go(minutes=1)
    blog.edit(first.id, Draft(body="Un jour *entier*."), note="Le nom est retiré.")
    vague = Moment(datetime(2012, 7, 15, 11, tzinfo=UTC), written_time="vers 13 h")
    blog.post("Le pont est coupé.", at=vague, images=[Image(picture, "Une carte")])
    blog.post("La ville.", at=datetime(2012, 7, 16, 9, tzinfo=UTC), images=[Image(photo, "Rue")])
    gone = blog.post("Retiré plus tard.", at=datetime(2012, 7, 16, 10, tzinfo=UTC))
    blog.retract(gone.id, why="C’était faux.")
    blog.frame("2012-07-15", headline="Le premier jour")
    draft = ChapterDraft(
        title="Deux jours", period="2012-07-15..2012-07-16", introduction="Avant.", close="Après."
    )
    blog.chapters.create(draft, image=Image(picture, "Une carte"))
    return blog


def book_of(blog: Blog, when: str, folder: Path) -> Path:
    """Export a book."""
    path = folder / "book.epub"
    made = run("-C", str(blog.paths.root), "export", when, "--format", "epub", "-o", str(path))
    assert made.returncode == 0, made.stderr
    return path


def test_a_chapter_comes_back_from_its_book(told: Blog, tmp_path: Path, clock: Clock) -> None:
    """With its texts, days, times and pictures; a second import adds nothing."""
    book = book_of(told, "deux-jours", tmp_path)
    other = begun(tmp_path / "other", clock)
    done = run("-C", str(other.paths.root), "import", "epub", str(book))
    assert (done.returncode, "problem" in done.stderr) == (0, False), done.stderr
    for line in ("Avant.", "Après.", "vers 13", "Le premier jour", "La ville."):
        shown = [
            run("-C", str(blog.paths.root), "digest", "deux-jours").stdout for blog in (told, other)
        ]
        assert [line in text for text in shown] == [True, True]
    texts = [entry.now.body for entry in other.digest("deux-jours").entries]
    assert texts == ["Un jour *entier*.", "Le pont est coupé.", "La ville."]
    assert other.digest("deux-jours").entries[0].now.precision == "day"
    pictures = [media.path for media in told.digest("deux-jours").pictures]
    assert [media.path for media in other.digest("deux-jours").pictures] == pictures
    assert all((other.paths.media / path).is_file() for path in pictures)
    again = run("-C", str(other.paths.root), "import", "epub", str(book))
    assert again.returncode == 0
    assert len(list(other.timeline.newest_first())) == 3


def test_a_book_holds_no_earlier_text(told: Blog, tmp_path: Path) -> None:
    """Nor a note, nor what was retracted."""
    with zipfile.ZipFile(book_of(told, "deux-jours", tmp_path)) as book:
        records = book.read("EPUB/records.jsonl").decode()
    assert "entier" in records
    assert SECRET not in records
    assert "Retiré plus tard" not in records
    assert "idempotency_key" not in records


def test_a_book_of_a_retracted_chapter_holds_none_of_its_texts(told: Blog, tmp_path: Path) -> None:
    """Like its page, which is a notice."""
    told.chapters.retract("deux-jours", why="Une erreur.")
    path = tmp_path / "book.epub"
    run("-C", str(told.paths.root), "export", "deux-jours", "--format", "epub", "-o", str(path))
    if path.exists():
        with zipfile.ZipFile(path) as book:
            texts = b"".join(map(book.read, book.namelist())).decode("utf-8", "replace")
        assert "Avant." not in texts
        assert "Après." not in texts


@pytest.mark.parametrize("harm", ["text", "empty", "cut", "foreign", "altered"])
def test_another_file_is_refused(told: Blog, tmp_path: Path, harm: str, clock: Clock) -> None:
    """And nothing is imported."""
    path = book_of(told, "deux-jours", tmp_path)
    data = path.read_bytes()
    if harm == "foreign":
        with zipfile.ZipFile(path, "w") as book:
            book.writestr("mimetype", "application/epub+zip")
    else:
        at = data.index(b"EPUB/records.jsonl") + 60
        altered = data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]
        harmed = {"text": b"# no book", "empty": b"", "cut": data[: len(data) // 2]}
        path.write_bytes(harmed.get(harm, altered))
    other = begun(tmp_path / "other", clock)
    done = run("-C", str(other.paths.root), "import", "epub", str(path))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert not list(other.timeline.newest_first())
