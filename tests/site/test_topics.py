"""The pages and feeds of topics whose names differ in signs only."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from liveblog import Blog

from ..conftest import site_bytes
from .test_publish import from_nothing

FIRST = datetime(2012, 7, 15, 10, tzinfo=UTC)
SECOND = datetime(2012, 7, 15, 11, tzinfo=UTC)


def without_setting(blog: Blog) -> Blog:
    """Return the blog as one whose settings were written before signs counted."""
    path = blog.paths.root / "liveblog.toml"
    text = path.read_text("utf-8").replace("earlier_tag_addresses = false\n", "")
    path.write_text(text, "utf-8")
    return Blog(blog.paths.root, clock=lambda: datetime(2012, 7, 16, 12, tzinfo=UTC))


def topics(blog: Blog) -> dict[str, str]:
    """Publish; return the folder of each topic's page, and the bodies on it."""
    blog.publish()
    pages = {
        path.parent.name: path.read_text("utf-8") for path in blog.paths.site.glob("tags/*/*.html")
    }
    return {
        name: " ".join(word for word in ("Un.", "Deux.", "Trois.") if f"<p>{word}" in page)
        for name, page in sorted(pages.items())
    }


@pytest.mark.parametrize(
    ("one", "other"), [("C++", "C#"), ("C", "C++"), ("パリ", "ハリ"), ("мой", "мои")]
)
def test_different_topics_have_pages_of_their_own(blog: Blog, one: str, other: str) -> None:
    """Each with its own entries, however little their names differ."""
    blog.post("Un.", tags=[one], at=FIRST)
    blog.post("Deux.", tags=[other], at=SECOND)
    assert sorted(topics(blog).values()) == ["Deux.", "Un."]


def test_an_entry_has_both_of_two_topics(blog: Blog) -> None:
    """Neither is taken for another spelling of the other."""
    assert blog.post("Un.", tags=["C", "C++"], at=FIRST).tags == ("C", "C++")
    assert len(topics(blog)) == 2


def test_an_older_blog_keeps_the_addresses_of_its_topics(blog: Blog, tmp_path: Path) -> None:
    """The first topic that had one, until another has it for its name; a lost site is the same."""
    old = without_setting(blog)
    old.post("Un.", tags=["C++"], at=FIRST)
    old.post("Deux.", tags=["C#"], at=SECOND)
    assert topics(old) == {"c": "Un.", "c＋＋": "Un.", "c＃": "Deux."}
    assert 'rel="tag" class="p-category">C++</a>' in (
        old.paths.site / "tags/c/index.html"
    ).read_text("utf-8")
    sitemap = (old.paths.site / "sitemap-pages.xml").read_text("utf-8")
    assert "tags/c/" not in sitemap
    third = old.post("Trois.", tags=["C"], at=SECOND)
    assert topics(old) == {"c": "Trois.", "c＋＋": "Un.", "c＃": "Deux."}
    old.remove(third.id)
    assert topics(old) == {"c": "Un.", "c＋＋": "Un.", "c＃": "Deux."}
    assert from_nothing(old, tmp_path / "other") == site_bytes(old.paths.site)
