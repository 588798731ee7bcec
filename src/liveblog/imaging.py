"""Makes pictures from pictures: smaller files for the screens that need no larger ones."""

from __future__ import annotations

import io

from PIL import Image, ImageSequence
from PIL import __version__ as pillow_version

from .images import open_picture
from .version import __version__

ENCODER = f"{__version__} {pillow_version}"
"""What the bytes of a picture depend on beside its pixels."""

_QUALITY = 80
"""Quality of a smaller picture, as WebP counts it."""


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
