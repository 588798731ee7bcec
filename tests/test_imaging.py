"""Smaller files of pictures: the same picture in fewer bytes, whatever it was."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from PIL import Image

from liveblog.imaging import card, smaller
from liveblog.model.errors import InvalidInput

from .test_media import encoded, two_colours


def opened(data: bytes) -> Image.Image:
    """Open a picture."""
    return Image.open(io.BytesIO(data))


def test_it_has_the_width_that_was_asked_for_and_the_same_colours() -> None:
    """As WebP, and always the same bytes."""
    data = encoded(two_colours(800, 400), "JPEG", quality=95)
    made = smaller(data, 480)
    assert made == smaller(data, 480)
    image = opened(made)
    assert (image.format, image.size) == ("WEBP", (480, 240))
    left, right = (image.convert("RGB").getpixel((x, 120)) for x in (60, 420))
    assert left[0] > 200 > 60 > left[2]  # type: ignore[index]
    assert right[2] > 200 > 60 > right[0]  # type: ignore[index]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_of_a_picture_is_shown(mode: str) -> None:
    """And what is transparent stays transparent."""
    source = (
        Image.new("RGBA", (600, 30), (255, 255, 255, 0)) if "A" in mode else two_colours(600, 30)
    )
    if mode == "I;16":
        image = Image.frombytes("I;16", (600, 30), struct.pack("<H", 50_000) * 18_000)
    else:
        image = source.convert(mode)
    made = opened(smaller(encoded(image, "PNG"), 480))
    assert made.size == (480, 24)
    if "A" in mode:
        assert made.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]
    if mode == "I;16":
        assert abs(made.convert("L").getpixel((5, 5)) - 195) < 4  # type: ignore[operator]


def test_a_picture_of_one_line_keeps_a_line() -> None:
    """However flat it is."""
    assert opened(smaller(encoded(two_colours(2000, 1), "PNG"), 480)).size == (480, 1)


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_an_animation_stays_one(kind: str) -> None:
    """With its frames, their time and their repetition."""
    frames = [Image.new("RGB", (500, 10), colour) for colour in ("red", "lime", "blue")]
    options: dict[str, Any] = {
        "save_all": True,
        "append_images": frames[1:],
        "duration": 80,
        "loop": 0,
    }
    made = opened(smaller(encoded(frames[0], kind, **options), 480))
    assert (made.size, made.n_frames, made.info["loop"]) == ((480, 10), 3, 0)  # type: ignore[attr-defined]
    made.seek(2)
    made.load()
    assert made.info["duration"] == 80


def test_a_damaged_picture_is_an_error() -> None:
    """With words for it."""
    data = encoded(two_colours(800, 400), "PNG")
    with pytest.raises(InvalidInput):
        smaller(data[:300], 480)


@pytest.mark.parametrize(
    ("title", "is_right_to_left"),
    [
        ("Syrie, l’été où « tout » change – œuvre d’une année", False),
        ("دمشق: أسبوع المعارك (BBC News) 18:30", True),
        ("Wort " * 90, False),
        ("x" * 300, False),
        ("", False),
    ],
)
def test_a_picture_for_sharing_shows_the_title_within_its_margins(
    title: str, is_right_to_left: bool
) -> None:
    """From the side where its language begins; whatever the length."""
    image = opened(card(title, "Live", is_live=True, is_right_to_left=is_right_to_left))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    dark = image.convert("L").crop((0, 160, 1200, 530)).point(lambda v: 255 if v < 128 else 0)
    box = dark.getbbox()
    if not title:
        assert box is None
    else:
        assert box is not None
        assert box[0] >= 80
        assert box[2] <= 1120
        assert (box[2] > 1090) if is_right_to_left else (box[0] < 110)


def test_a_picture_for_sharing_has_no_boxes_in_the_place_of_letters() -> None:
    """A title in another script is left out; what shares the picture shows it as text."""
    assert card("日本の地震", "Live", is_live=True, is_right_to_left=False) == card(
        "", "Live", is_live=True, is_right_to_left=False
    )
    assert card("x", "Live", is_live=True, is_right_to_left=False) != card(
        "x", "Live", is_live=False, is_right_to_left=False
    )
