"""Makes pictures: smaller files of others for small screens, and one of a title for sharing."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib import resources

from PIL import Image, ImageDraw, ImageFont, ImageSequence, features
from PIL import __version__ as pillow_version

from .images import open_picture
from .version import __version__

ENCODER = f"{__version__} {pillow_version}"
"""What the bytes of a picture depend on beside its pixels."""

_QUALITY = 80
"""Quality of a smaller picture, as WebP counts it."""

CARD_SIZE = (1200, 630)
"""Width and height of a picture for sharing, in pixels, as social networks show it."""

_FONT = resources.files("liveblog") / "theme" / "fonts" / "NotoSans-Bold.ttf"
_PAPER, _INK, _ACCENT, _LINE = "#fdfcfa", "#1d1b19", "#a3231f", "#e3ddd4"
_MARGIN = 90
_SIZES = (92, 80, 68, 58, 50)
"""Sizes of a title, the largest first: the first that fits is taken."""

_LINES = 4
"""Maximum number of lines of a title."""


def smaller(data: bytes, width: int) -> bytes:
    """Return a stored picture scaled down to a *width* in pixels, as WebP; it may be animated.

    Raises :class:`InvalidInput` if it is damaged.
    """
    out = io.BytesIO()
    with open_picture(data, "picture") as image:
        size = (width, max(1, round(image.height * width / image.width)))
        options = {"quality": _QUALITY, "method": 4}
        if not getattr(image, "is_animated", False):
            image.draft("RGB", size)  # a JPEG is made smaller while it is read
            _scaled(image, size).save(out, "WEBP", **options)
            return out.getvalue()
        frames, durations = [], []
        for frame in ImageSequence.Iterator(image):
            frames.append(_scaled(frame, size))
            durations.append(int(frame.info.get("duration", 0)))  # known once it is read
        first, *rest = frames
        first.save(
            out, "WEBP", save_all=True, append_images=rest, duration=durations,
            loop=image.info.get("loop", 1), **options,
        )  # fmt: skip
    return out.getvalue()


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    has_alpha = image.has_transparency_data
    return image.convert("RGBA" if has_alpha else "RGB").resize(size, Image.Resampling.LANCZOS)


@lru_cache(maxsize=4)  # it changes with the title and the state only
def card(title: str, state: str, *, is_live: bool, is_right_to_left: bool) -> bytes:
    """Return a PNG that shows a title, and the state of the coverage, for pages without a picture.

    A text in a script that the font lacks is left out: what shares the picture shows the title too.
    """
    width, height = CARD_SIZE
    image = Image.new("RGB", CARD_SIZE, _PAPER)
    draw = ImageDraw.Draw(image)
    edge, inwards, anchor = _MARGIN, 1, "ls"
    if is_right_to_left:
        edge, inwards, anchor = width - _MARGIN, -1, "rs"
    direction = ("rtl" if is_right_to_left else "ltr") if features.check("raqm") else None
    has_text = bool(direction) or not is_right_to_left
    draw.rectangle((0, 0, width, 15), fill=_ACCENT)
    _draw_timeline(draw, height - 70)
    dot, y = edge + inwards * 14, 130
    circle = (dot - 14, y - 14, dot + 14, y + 14)
    draw.ellipse(circle, outline=_ACCENT, width=5, fill=_ACCENT if is_live else None)
    if has_text and _is_known(state):
        at = (dot + inwards * 36, y + 14)
        draw.text(at, state, _ACCENT, _font(40), anchor=anchor, direction=direction)
    font, lines = _fitted(title) if has_text and _is_known(title) else (_font(_SIZES[-1]), [])
    leading = font.size * 1.28
    top = 350 - leading * (len(lines) - 1) / 2 + font.size * 0.35
    for number, line in enumerate(lines):
        at = (edge, round(top + number * leading))
        draw.text(at, line, _INK, font, anchor=anchor, direction=direction)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _draw_timeline(draw: ImageDraw.ImageDraw, y: int) -> None:
    """Draw the line with key events that the pages have too."""
    draw.line((0, y, CARD_SIZE[0], y), fill=_LINE, width=6)
    for x in range(_MARGIN + 15, CARD_SIZE[0], 330):
        draw.polygon(((x - 15, y), (x, y - 15), (x + 15, y), (x, y + 15)), fill=_ACCENT)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(io.BytesIO(_FONT.read_bytes()), size)


def _is_known(text: str) -> bool:
    """Whether the font has every character of a text."""
    font = _font(_SIZES[0])
    unknown = bytes(font.getmask("\U0010ffff"))
    return all(bytes(font.getmask(sign)) != unknown for sign in set(text) if not sign.isspace())


def _fitted(title: str) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """Return the largest font in which a title fits, and its lines; the last may be shortened."""
    room = CARD_SIZE[0] - 2 * _MARGIN
    for size in _SIZES:
        font = _font(size)
        lines = _wrapped(title, font, room)
        if len(lines) * size * 1.28 <= 330 and all(font.getlength(x) <= room for x in lines):
            return font, lines
    lines = [_shortened(line, font, room) for line in lines[:_LINES]]
    if len(_wrapped(title, font, room)) > _LINES:
        lines[-1] = _shortened(f"{lines[-1]} …", font, room)
    return font, lines


def _wrapped(title: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    """Break a title into lines between words."""
    lines = [""]
    for word in title.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _shortened(line: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """Shorten a line until there is room for it and for the sign that says so."""
    if font.getlength(line) <= room:
        return line
    while font.getlength(f"{line}…") > room:
        line = line[:-1]
    return f"{line.rstrip()}…"
