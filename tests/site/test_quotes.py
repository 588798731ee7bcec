"""What introductions and closes quote of removed entries leaves every file of the site."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from liveblog import Blog, ChapterDraft

from ..conftest import Clock, site_bytes
from .test_publish import from_nothing


@pytest.fixture
def quoted(blog: Blog, clock: Clock) -> tuple[Blog, str]:
    """A published blog of July whose texts quote an entry of May; the entry's id."""
    entry_id = blog.post("SECRET", at=date(2012, 5, 7)).id
    blog.post("Le 10.", at=date(2012, 7, 10))
    text = f"Avant.\n\n> SECRET\n>\n> — [Ana, 7 mai](entry:{entry_id})\n\nAprès."
    for period in ("2012-07-10", "2012-W28", "coverage"):
        blog.frame(period, headline="Titre", introduction=text)
    blog.chapters.create(ChapterDraft(title="Alep", period="2012-07-10", close=text))
    blog.publish()
    clock.go(minutes=5)
    return blog, entry_id


def quoting(blog: Blog) -> set[str]:
    """Return the files of the site that hold the text of the entry."""
    return {name for name, data in site_bytes(blog.paths.site).items() if b"SECRET" in data}


@pytest.mark.parametrize("purge", [False, True])
def test_a_removal_takes_the_quotes_off_the_site(
    quoted: tuple[Blog, str], tmp_path: Path, purge: bool
) -> None:
    """Of days long before too, and the incremental site is the one made from nothing."""
    blog, entry_id = quoted
    shown = {"2012/07/10/index.html", "2012/W28/index.html", "chapters/alep/index.md", "index.html"}
    assert shown <= quoting(blog)
    assert b"SECRET" in (blog.paths.site / "chapters/atom.xml").read_bytes()
    blog.remove(entry_id, purge=purge)
    blog.publish()
    assert quoting(blog) == set()
    assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "fresh")


def test_a_restored_entry_is_quoted_again(quoted: tuple[Blog, str], tmp_path: Path) -> None:
    """Everywhere; and an update elsewhere renders none of it."""
    blog, entry_id = quoted
    before = quoting(blog)
    blog.remove(entry_id)
    blog.publish()
    blog.restore(entry_id)
    blog.publish()
    assert quoting(blog) == before
    assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "fresh")
    blog.post("Autre.", at=date(2012, 5, 7))
    written = blog.publish().written
    assert not {"2012/07/10/index.html", "2012/W28/index.html", "chapters/alep/index.md"} & set(
        written
    )
