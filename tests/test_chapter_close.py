"""Paragraphs that move between the last day of a chapter and its close: none is lost."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog import Blog
from liveblog.model.chapter import ChapterDraft
from liveblog.model.errors import InvalidInput, NotFound

from .conftest import Clock, tries

BODY = "La digue tient.\n\n- un bateau\n- deux bateaux\n\n* * *\n\nLe port est calme."


def told(
    folder: Path, *, body: str = BODY, close: str = "Rappelons la tempête."
) -> tuple[Blog, str]:
    """Return a blog with a chapter over two days, and the id of its last update."""
    blog = Blog.init(folder, title="Essai", clock=Clock("2012-08-01T12:00:00Z"))
    blog.post("Le vent se lève.", at=date(2012, 7, 15))
    last = blog.post(body, at=date(2012, 7, 16)).id
    blog.chapters.create(
        ChapterDraft(title="La tempête", period="2012-07-15..2012-07-16", close=close)
    )
    return blog, last


def texts(blog: Blog, entry_id: str) -> tuple[str, str]:
    """Return the text of the update, and the close."""
    return blog.timeline.entry(entry_id).now.body, blog.timeline.chapter("la-tempete").now.close


def test_a_paragraph_moves_from_the_day_to_the_close(tmp_path: Path) -> None:
    """The entry is edited and the chapter revised; a rule that separated them goes."""
    blog, last = told(tmp_path)
    updated = blog.timeline.entry(last).now.updated
    blog.chapters.extend_close("la-tempete", last)
    assert texts(blog, last) == (
        "La digue tient.\n\n- un bateau\n- deux bateaux",
        "Le port est calme.\n\nRappelons la tempête.",
    )
    assert blog.timeline.chapter("la-tempete").now.rev == 2
    entry = blog.timeline.entry(last)
    assert (entry.now.rev, entry.now.updated) == (2, updated)
    assert entry.revisions[0].body == BODY


def test_several_paragraphs_move(tmp_path: Path) -> None:
    """A list is one of them."""
    blog, last = told(tmp_path, body=BODY.replace("* * *\n\n", ""))
    blog.chapters.extend_close("la-tempete", last, 2)
    assert texts(blog, last) == (
        "La digue tient.",
        "- un bateau\n- deux bateaux\n\nLe port est calme.\n\nRappelons la tempête.",
    )


def test_a_paragraph_moves_back(tmp_path: Path) -> None:
    """From the beginning of the close to the end of the day."""
    blog, last = told(tmp_path, body="La digue tient.", close="Il pleut.\n\nC'est fini.")
    blog.chapters.shorten_close("la-tempete", last)
    assert texts(blog, last) == ("La digue tient.\n\nIl pleut.", "C'est fini.")


@pytest.mark.parametrize("paragraphs", [4, 5, 0, -1])
def test_one_paragraph_has_to_stay(tmp_path: Path, paragraphs: int) -> None:
    """An update without a text would say nothing."""
    blog, last = told(tmp_path)
    before = texts(blog, last)
    with pytest.raises(InvalidInput, match="has to stay"):
        blog.chapters.extend_close("la-tempete", last, paragraphs)
    with pytest.raises(InvalidInput, match="The close has one paragraph"):
        blog.chapters.shorten_close("la-tempete", last, paragraphs)
    assert texts(blog, last) == before


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    """An update of another day, one that was retracted, an unknown chapter; nothing changes."""
    blog, last = told(tmp_path)
    other = blog.post("Un.\n\nDeux.", at=date(2012, 7, 20)).id
    with pytest.raises(InvalidInput, match="is not in the chapter"):
        blog.chapters.extend_close("la-tempete", other)
    with pytest.raises(NotFound):
        blog.chapters.extend_close("la-pluie", last)
    before = texts(blog, last)
    blog.retract(last, why="Faux.")
    with pytest.raises(InvalidInput, match="was retracted"):
        blog.chapters.extend_close("la-tempete", last)
    assert texts(blog, last) == before


WORDS = st.sampled_from(["a b", "## c", "- d\n- e", "> f", "* * *", "g\nh", "1. i", "`j`", "| k"])


@tries(20, ci=100)
@given(
    body=st.lists(WORDS, min_size=2, max_size=6), close=st.lists(WORDS, max_size=4), data=st.data()
)
def test_no_line_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory,
    body: list[str],
    close: list[str],
    data: st.DataObject,
) -> None:
    """Whatever the texts hold, in their order; but a rule between the day and the close may go."""
    folder = tmp_path_factory.mktemp("blog")
    blog, last = told(folder, body="x\n\n" + "\n\n".join(body), close="\n\n".join(close))
    before = _lines(texts(blog, last))
    with suppress(InvalidInput):
        blog.chapters.extend_close("la-tempete", last, data.draw(st.integers(1, 4)))
    assert _lines(texts(blog, last)) == before


def _lines(parts: tuple[str, str]) -> list[str]:
    lines = "\n".join(parts).split("\n")
    return [line.strip() for line in lines if line.strip() not in ("", "* * *")]
