"""The names of chapters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liveblog.model.chapter import is_slug, range_of_slug, range_slug, slug_of_title
from liveblog.model.limits import FILE_NAME_BYTES


@given(st.text(max_size=400))
def test_the_slug_of_any_title_is_one_or_empty(title: str) -> None:
    """Short enough for the name of a file, and the same from itself."""
    slug = slug_of_title(title)
    assert not slug or is_slug(slug)
    assert len(slug.encode()) <= FILE_NAME_BYTES
    assert slug_of_title(slug) == slug


def test_the_slug_of_a_range_names_the_range() -> None:
    """No other slug does."""
    assert range_slug("2012-07-15..2012-07-22") == "2012-07-15--2012-07-22"
    assert range_of_slug("2012-07-15--2012-07-22") == "2012-07-15..2012-07-22"
    assert is_slug("2012-07-15--2012-07-22")
    for other in ("alep", "2012-07-15-2012-07-22", "a--b", "2012-07-15--2012-07-22-x"):
        assert range_of_slug(other) == ""
    assert not is_slug("a--b")
