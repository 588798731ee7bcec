"""Films and recordings: kept as they play, without what nobody sees, or refused with a reason."""

from __future__ import annotations

import io
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from liveblog import Blog, films
from liveblog.blog import Image as File
from liveblog.blog import Uploaded
from liveblog.digest import markdown, text
from liveblog.exports.html import render as export
from liveblog.model import limits
from liveblog.model.errors import InvalidInput

from .film_samples import SECRET, av, sample, turned

SUBRIP = b"1\r\n00:00:00,000 --> 00:00:01,500\r\nLe pont est coup\xc3\xa9.\r\n"


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        (("mp4", "libx264", "aac"), "mp4"),
        (("mov", "libx264", ""), "mp4"),
        (("webm", "libvpx", "libopus"), "webm"),
        (("mp3", "", "libmp3lame"), "mp3"),
        (("ogg", "", "libopus"), "ogg"),
        (("webm", "", "libopus"), "ogg"),
        (("ipod", "", "aac"), "m4a"),
    ],
)
def test_a_film_or_recording_is_kept_without_its_metadata(
    kind: tuple[str, str, str], ending: str
) -> None:
    """What it is, its content says; a file of the same tracks holds nothing else."""
    data = sample(*kind)
    assert SECRET.encode() in data
    film = films.clean(data, "v")
    assert SECRET.encode() not in film.data
    assert (film.ending, film.seconds) == (ending, 2)
    assert (film.width, film.height) == ((64, 48) if kind[1] else (0, 0))
    with av.open(io.BytesIO(film.data)) as again:
        assert [stream.type for stream in again.streams] == [
            name for name, codec in zip(("video", "audio"), kind[1:], strict=True) if codec
        ]
    assert films.clean(data, "v") == film


def test_the_notes_of_the_encoder_are_dropped() -> None:
    """They lie between the pictures themselves, where a camera may write its place."""
    assert b"x264" in sample()
    film = films.clean(sample(), "v")
    assert b"x264" not in film.data
    assert films.clean(film.data, "v").seconds == film.seconds


def test_what_hides_behind_a_film_is_dropped() -> None:
    """A file that is also a page or an archive."""
    hidden = b"<script>alert(1)</script>"
    assert hidden not in films.clean(sample() + hidden, "v").data


def test_a_film_has_a_poster_upright() -> None:
    """A frame of its first second, turned as the film is."""
    film = films.clean(turned(sample(), 90), "v")
    assert (film.width, film.height) == (48, 64)
    with Image.open(io.BytesIO(film.poster)) as poster:
        assert poster.size == (48, 64)
        red, _, blue = poster.getpixel((20, 20))  # type: ignore[misc]  # the mode is RGB
        assert blue > 200 > 60 > red
    assert films.clean(sample("mp3", "", "libmp3lame"), "a").poster == b""


def halved(data: bytes) -> bytes:
    """Return the first half."""
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda: sample(seconds=6)[:-4000], "damaged"),
        (lambda: films.clean(sample(seconds=6), "v").data[:-3000], "damaged"),
        pytest.param(
            lambda: halved(sample("webm", "libvpx", "libopus", seconds=6)),
            "it breaks off after",
            marks=pytest.mark.slow,
        ),
        (lambda: sample()[:40], "damaged"),
        (lambda: b"ID3" + bytes(300), "damaged"),
        (lambda: sample("mp4", "mpeg4", ""), "in the format MPEG4, which not every browser plays"),
        (lambda: sample(size=(4112, 16), seconds=1), "4,112 × 16 pixels; the limit is 4,096"),
    ],
)
def test_what_cannot_be_played_is_refused(data: Any, why: str) -> None:
    """With the reason."""
    with pytest.raises(InvalidInput, match=why):
        films.clean(data(), "v")


def test_what_is_too_long_or_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what it holds, whatever it declares."""
    monkeypatch.setattr(limits, "FILM_SECONDS", 1)
    with pytest.raises(InvalidInput, match=r"lasts 0\.0 hours"):
        films.clean(sample(), "v")
    monkeypatch.setattr(limits, "FILM_BYTES", 1000)
    with pytest.raises(InvalidInput, match="the limit is 1,000"):
        films.clean(sample(), "v")


def test_damaged_bytes_are_refused_or_play() -> None:
    """Whatever is wrong in them, nothing else is raised."""
    chance = random.Random(1)
    for _ in range(25):
        data = bytearray(chance.choice([sample(), sample("ogg", "", "libopus")]))
        for _ in range(chance.choice([1, 5, 30])):
            data[chance.randrange(8, len(data))] = chance.randrange(256)
        try:
            films.clean(bytes(data), "v")
        except InvalidInput:
            continue


# -- in an entry -----------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a film, its subtitles, a picture and a recording."""
    (tmp_path / "v.txt").write_bytes(sample())
    (tmp_path / "s.srt").write_bytes(SUBRIP)
    (tmp_path / "a.mp3").write_bytes(sample("mp3", "", "libmp3lame"))
    Image.new("RGB", (32, 24), (0, 250, 0)).save(tmp_path / "p.png")
    return tmp_path


@pytest.mark.slow
def test_an_entry_shows_a_film_with_poster_and_subtitles(blog: Blog, files: Path) -> None:
    """They are on the site, and leave it with the entry for good."""
    given = File(files / "v.txt", "Le pont", subtitles=files / "s.srt")
    posted = blog.post("Un film.", images=[given, File(files / "a.mp3", "Le maire")])
    film, sound = posted.media
    assert (film.type, film.width, film.seconds, sound.type) == ("video/mp4", 64, 2, "audio/mpeg")
    assert film.poster
    assert film.subtitles
    subtitles = (blog.paths.media / film.subtitles.path).read_text("utf-8")
    assert subtitles == "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\nLe pont est coupé.\n"
    blog.publish()
    assert not blog.check().faults
    html = (blog.paths.site / "index.html").read_text("utf-8")
    assert f'<video src="./media/{film.path}" width="64" height="48" poster="./media/' in html
    assert f'<track kind="captions" src="./media/{film.subtitles.path}" srclang="fr"' in html
    assert f'<audio src="./media/{sound.path}" aria-label="Le maire" controls' in html
    feed = (blog.paths.site / "feed.json").read_text("utf-8")
    assert '"mime_type": "video/mp4"' in feed.replace('":"', '": "')
    paths = [blog.paths.site / "media" / file.path for m in posted.media for file in m.files]
    assert all(path.is_file() for path in paths)
    assert len(paths) == 4
    blog.remove(posted.id, purge=True)
    blog.publish()
    assert not any(path.exists() for path in paths)
    assert not list(blog.paths.media.rglob("*.*"))


def test_outside_of_pages_and_feeds_a_film_is_a_link(blog: Blog, files: Path) -> None:
    """With its poster where pictures are shown."""
    posted = blog.post("Un film.", images=[File(files / "v.txt", "Le *pont*", "Vu du ciel")])
    address = f"https://example.org/semaine/media/{posted.media[0].path}"
    digest, words, base = blog.digest(), blog.words, blog.config.url
    assert f"[Vidéo\u00a0: Le \\*pont\\*]({address})" in markdown.render(digest, words, base=base)
    plain = text.render(digest, words, blog="", base=base)
    assert f"[Vidéo\u00a0: Le *pont*]\nVu du ciel\n{address}" in plain
    html = export(digest, blog.config, blog.paths)
    assert "<video" not in html
    assert f'<a href="{address}"><img src="data:image/jpeg;base64,' in html


def test_a_poster_can_be_given(blog: Blog, files: Path) -> None:
    """Another picture than a frame of the film."""
    given = File(files / "v.txt", "Le pont", poster=files / "p.png")
    (film,) = blog.post("Un film.", images=[given]).media
    assert film.poster
    assert (film.poster.type, film.poster.width) == ("image/png", 32)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"path": "p.png", "subtitles": "s.srt"}, "is a picture"),
        ({"path": "v.txt", "subtitles": "p.png"}, "no subtitles that browsers show"),
        ({"path": "v.txt", "poster": "a.mp3"}, "is not a picture"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    blog: Blog, files: Path, given: dict[str, str], why: str
) -> None:
    """Nothing is posted."""
    found: dict[str, Any] = {name: files / value for name, value in given.items()}
    with pytest.raises(InvalidInput, match=why):
        blog.post("Un.", images=[File(alt="x", **found)])
    assert not list(blog.timeline.newest_first())


def test_an_uploaded_film_is_used_later(blog: Blog) -> None:
    """Its upload is deleted with the entry."""
    name = blog.upload(sample())
    (film,) = blog.post("Un film.", images=[Uploaded(name, "Le pont")]).media
    assert (film.type, film.seconds, bool(film.poster)) == ("video/mp4", 2, True)
    (entry,) = blog.timeline.newest_first()
    blog.remove(entry.id, purge=True)
    assert not list(blog.paths.uploads.iterdir())


def test_without_the_library_films_are_refused_and_pictures_not(
    blog: Blog, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason names the extra."""
    monkeypatch.setitem(sys.modules, "av", None)
    blog.post("Une image.", images=[File(files / "p.png", "x")])
    with pytest.raises(InvalidInput) as caught:
        blog.post("Un film.", images=[File(files / "v.txt", "x")])
    assert "liveblog[media]" in caught.value.hint
