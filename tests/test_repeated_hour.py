"""The night on which the clocks are put back: times that are alike are told apart everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from liveblog import Blog
from liveblog.model.errors import InvalidInput
from liveblog.text.dates import parse_moment
from liveblog.text.locale import Words

from .command import run
from .conftest import Clock, begun, plain

PARIS = ZoneInfo("Europe/Paris")
FIRST = datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
SECOND = datetime(2024, 10, 27, 1, 30, tzinfo=UTC)


@pytest.fixture
def blog(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A French blog in Paris with an update at each of the two times."""
    made = begun(tmp_path_factory.mktemp("blog"), Clock("2024-10-28T12:00:00Z"))
    for text, instant in (("Avant.", FIRST), ("Après.", SECOND)):
        made.post(text, at=instant, title=text)
    return made


def parsed(text: str, language: str = "fr") -> datetime:
    """Return the instant that a text names."""
    now = datetime(2024, 10, 28, 12, tzinfo=UTC)
    return parse_moment(text, now=now, zone=PARIS, language=language).instant


@pytest.mark.parametrize("language", ["ar", "de", "en", "es", "fr"])
def test_both_times_have_their_offset_and_can_be_said_so(language: str) -> None:
    """In every language; no other time has one."""
    words = Words(language, PARIS)
    for instant, offset in ((FIRST, "UTC+2"), (SECOND, "UTC+1")):
        assert f"({offset})" in words.time(instant)
        assert f"({offset})" in words.moment(instant)
        assert parsed(f"2024-10-27 02:30 ({offset})", language) == instant
    for hour in (0, 23):
        assert "UTC" not in words.time(datetime(2024, 10, 26, hour, 30, tzinfo=UTC))
    assert "UTC" not in words.time(datetime(2024, 3, 31, 1, 30, tzinfo=UTC))


def test_an_offset_may_stand_after_any_exact_time() -> None:
    """As it is shown, or as people write it; not after a day or a vague time."""
    for text in (
        "27 octobre 2024 à 2 h 30 (UTC+1)",
        "27 october 2024 2:30 am UTC+1",
        "2024-10-27T02:30 utc+1",
        "2024-10-27 01:30 UTC",
        "2024-10-26 22:00UTC-3:30",
    ):
        assert parsed(text) == SECOND
    assert parsed("2024-10-27 02:30") == FIRST
    for text in ("2024-10-27 UTC+1", "dans la nuit UTC+1", "2:30 UTC+15", "UTC", "2:30 UTC+"):
        with pytest.raises(InvalidInput):
            parsed(text)


def test_the_command_line_says_which_one_is_meant(blog: Blog) -> None:
    """And how to name the other; also in its lists."""
    folder = blog.paths.root
    for text, said, other in (
        ("2024-10-27 02:30", "UTC+2", "UTC+1"),
        ("2024-10-27 02:30 UTC+1", "UTC+1", "UTC+2"),
    ):
        done = run("post", "x", "--at", text, cwd=folder)
        assert f"2 h 30 ({said})" in plain(done.stderr).replace("\u00a0", " ")
        assert f"write {other} after the time" in done.stderr
    assert "twice" not in run("post", "x", "--at", "2024-10-27 04:30", cwd=folder).stderr
    for command in (["log"], ["digest", "2024-10-27"]):
        printed = run(*command, cwd=folder).stdout
        assert printed.count("(UTC+2)") == printed.count("(UTC+1)") == 2


@pytest.mark.slow
def test_pages_and_feeds_tell_them_apart(blog: Blog) -> None:
    """The live page, the day, the entry, the feed of days, the week, and the plain text."""
    blog.publish()
    for path in (
        "index.html",
        "2024/10/27/index.html",
        "2024/10/27/index.txt",
        "2024/W43/index.html",
        "daily/atom.xml",
        "daily/feed.json",
    ):
        file = blog.paths.site / path
        text = plain(file.read_text("utf-8")).replace("\u00a0", " ")
        assert "2 h 30 (UTC+2)" in text, path
        assert "2 h 30 (UTC+1)" in text, path
