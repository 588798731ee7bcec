"""The sample: this repository is a live blog, and its site is what publishing makes of it."""

from __future__ import annotations

import re
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from liveblog import Blog, Entry
from liveblog.model.addresses import is_made_picture

from ..conftest import site_bytes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Blog:
    """A copy of the sample without its site."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(ROOT / "entries", folder / "entries")
    shutil.copy(ROOT / "liveblog.toml", folder)
    return Blog(folder)


@pytest.fixture(scope="module")
def entries(sample: Blog) -> list[Entry]:
    """The sample's entries, in order."""
    return [e for day in sample.timeline.days() for e in sample.timeline.day(day).entries]


def test_publishing_gives_the_committed_bytes(sample: Blog) -> None:
    """Every file of feeds/, and no other."""
    sample.publish()
    made = site_bytes(sample.paths.site)
    committed = site_bytes(ROOT / "feeds")
    assert sorted(made) == sorted(committed)
    for name in filter(is_made_picture, made):  # their encoder is that of the machine
        with Image.open(BytesIO(made[name])) as one, Image.open(BytesIO(committed[name])) as other:
            assert one.size == other.size
    others = [name for name in made if not is_made_picture(name)]
    assert [name for name in others if made[name] != committed[name]] == []
    assert not sample.check().faults


def test_it_shows_everything_an_entry_can_be(entries: list[Entry]) -> None:
    """Eight days, long and short, pictures, a correction, a retraction, claims, figures."""
    assert len(entries) >= 24
    assert len({e.day for e in entries}) == 8
    assert sum(len(e.now.media) for e in entries) >= 2
    assert sum(e.now.state == "retracted" for e in entries) == 1
    assert any(e.corrections for e in entries)
    assert sum(e.now.key for e in entries) >= 5
    assert len({e.day for e in entries if e.now.figures}) >= 5
    assert any(not e.now.title and "\n" not in e.now.body for e in entries)
    assert any(e.now.title and e.now.body.count("\n\n") >= 2 for e in entries)
    assert {e.now.verification for e in entries} == {"", "unconfirmed", "confirmed"}
    assert all(e.now.sources for e in entries if e.now.state == "live")


def test_it_has_chapters_articles_and_days_without_a_clock(
    sample: Blog, entries: list[Entry]
) -> None:
    """Three chapters, one of a range in an older form, each on a page; two articles."""
    chapters = {chapter.now.slug: chapter.now for chapter in sample.timeline.chapters()}
    assert set(chapters) == {"six-jours", "frontieres", "2012-07-15--2012-07-22"}
    six = chapters["six-jours"]
    assert six.period == "2012-07-15..2012-07-20"
    assert all((six.introduction, six.close, six.picture, six.authors))
    assert chapters["frontieres"].tags
    for slug in chapters:
        assert (ROOT / "feeds" / "chapters" / slug / "index.html").is_file()
    days = [entry.now for entry in entries if entry.now.precision == "day"]
    assert len(days) == 3
    assert sum(bool(day.title) and day.body.count("\n\n") >= 2 for day in days) == 2


def test_the_week_reads_in_french(sample: Blog) -> None:
    """Day by day, each under its name; headline, introduction, close; marks and figures."""
    from liveblog.digest.text import render

    text = render(
        sample.digest("2012-W29"), sample.words, blog=sample.config.title, base=sample.config.url
    )
    plain = text.replace("\u00a0", " ").replace("\u202f", " ")
    days = re.findall(r"^(\w+ \d+ juillet) – ", plain, re.MULTILINE)
    assert days == [
        "Lundi 16 juillet", "Mardi 17 juillet", "Mercredi 18 juillet", "Jeudi 19 juillet",
        "Vendredi 20 juillet", "Samedi 21 juillet", "Dimanche 22 juillet",
    ]  # fmt: skip
    for words in ("Semaine du 16 au 22 juillet 2012", "Non confirmé", "Temps fort", "OSDH"):
        assert words in plain
    english = re.findall(r"\b(?:Key event|Retracted|Source:|Sources:|Figures\b from|at \d)", plain)
    assert english == []
