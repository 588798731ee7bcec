"""How much of the blog the live page holds: it stays light however long its entries are."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from liveblog import Blog

FIRST = datetime(2012, 7, 1, 10, tzinfo=UTC)
RANDOM = random.Random(13)
WORDS = ["".join(RANDOM.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(4_000)]


def long_entries(blog: Blog, count: int, length: int, pinned: int = 0) -> list[str]:
    """Post *count* entries of *length* bytes, one a day, and publish; return their ids."""
    ids = []
    for number in range(count):
        text = "\n\n".join(" ".join(RANDOM.choices(WORDS, k=100)) for _ in range(length // 800))
        at = FIRST - timedelta(days=count - number)
        ids.append(blog.post(text, at=at, pinned=number < pinned).id)
    blog.publish()
    return ids


def first_view(blog: Blog) -> int:
    """Return the bytes of the live page with its scripts and style, compressed."""
    site = blog.paths.site
    page = (site / "index.html").read_text("utf-8")
    files = [path for path in (site / "assets").iterdir() if path.name in page]
    return sum(len(gzip.compress(path.read_bytes())) for path in [site / "index.html", *files])


@pytest.mark.slow
@pytest.mark.parametrize(("length", "pinned"), [(10_000, 0), (10_000, 3), (30_000, 1)])
def test_the_first_view_is_light_however_long_the_entries_are(
    blog: Blog, length: int, pinned: int
) -> None:
    """150 kB compressed; what has no room is one link away; live.json is as light."""
    ids = long_entries(blog, 40, length, pinned)
    page = (blog.paths.site / "index.html").read_text("utf-8")
    shown = page.count("<article")
    assert 5 <= shown < 40
    assert 100_000 < first_view(blog) < 150_000
    older = ids[-shown - 1]
    assert f'href="./{older[:4]}/{older[4:6]}/{older[6:8]}/' in page.partition('rel="next"')[2]
    data = (blog.paths.site / "live.json").read_bytes()
    assert len(gzip.compress(data)) < 150_000
    assert json.loads(data)["more"] is True


@pytest.mark.slow
def test_a_few_entries_are_shown_whatever_they_weigh(blog: Blog) -> None:
    """Five of them, so that the live page stays one."""
    long_entries(blog, 6, 60_000)
    assert (blog.paths.site / "index.html").read_text("utf-8").count("<article") == 5
