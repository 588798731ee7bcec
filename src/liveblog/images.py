"""Reads pictures from outside, and encodes them anew: upright, in sRGB, without metadata."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from .model import limits
from .model.errors import InvalidInput

TYPES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}

UNSUPPORTED_BRANDS = dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"
) | dict.fromkeys((b"avif", b"avis"), "AVIF")
"""Brands of ISO media files that hold a picture, and the names of their formats."""

_SIZE = (limits.PICTURE_SIDE, limits.PICTURE_SIDE)

_MIN_FRAME_PIXELS = 10_000
"""Pixels that a smaller frame counts as, since each frame takes time."""

_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
"""The marker of a segment of a JPEG (ITU-T T.81 §B.1.1.2): its end (D9), a scan (DA), others."""

_decoder_lock = threading.Lock()


class Picture(NamedTuple):
    """A picture without metadata."""

    data: bytes
    kind: str  #: one of the keys of ``TYPES``
    width: int
    height: int


def kind_of(path: str) -> str:
    """Return the format of a stored picture; empty if its ending is unknown."""
    ending = path.rpartition(".")[2]
    return next((kind for kind, known in TYPES.items() if known == ending), "")


def as_png(data: bytes) -> bytes:
    """Return a stored picture as a PNG; of an animation, the first frame.

    Raises :class:`InvalidInput` if it is damaged.
    """
    out = io.BytesIO()
    with open_picture(data, "picture") as image:
        image.save(out, "PNG", optimize=True)
    return out.getvalue()


def clean(data: bytes, name: str) -> Picture:
    """Return a picture from outside, checked and without metadata.

    Raises :class:`InvalidInput` if it is none, or too large.
    """
    if len(data) > limits.PICTURE_BYTES:
        raise _invalid(
            f"{name} has {len(data):,} bytes; the limit is {limits.PICTURE_BYTES:,}.",
            "Make it smaller.",
        )
    with open_picture(data, name) as image:
        pixels = image.width * image.height
        kind = "JPEG" if image.format == "MPO" else image.format or ""
        if kind == "JPEG":
            _check_scans(data, name)
        elif getattr(image, "is_animated", False):
            each = max(pixels, _MIN_FRAME_PIXELS)
            _check_pixels(2 * each, limits.ANIMATION_PIXELS, name)
            frames = _count_frames(image, limits.ANIMATION_PIXELS // each)
            _check_pixels(frames * each, limits.ANIMATION_PIXELS, name)
            if frames > 1:
                return _write_animation(image, kind)
        # A decoder of WebP holds a picture three times.
        most = limits.ANIMATION_PIXELS if kind == "WEBP" else limits.PICTURE_PIXELS
        _check_pixels(pixels, most, name)
        return _write_still(image, kind)


@contextlib.contextmanager
def open_picture(data: bytes, name: str) -> Iterator[Image.Image]:
    """Open a picture; only one at a time in a process, so that the memory is bounded.

    Raises :class:`InvalidInput` for anything that fails while it is open.
    """
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if kind := UNSUPPORTED_BRANDS.get(brand):
        raise _invalid(
            f"{name} is a picture in the format {kind}, which not every browser shows.",
            "Save it as JPEG. On an iPhone, choose Settings, Camera, Formats, Most Compatible.",
        )
    try:
        with _decoder_lock, warnings.catch_warnings():
            # Our own limits replace this one.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(TYPES)) as image:
                yield image
    except InvalidInput:
        raise
    except Image.DecompressionBombError:
        raise _too_large(name, "too many", limits.PICTURE_PIXELS) from None
    except UnidentifiedImageError:
        raise _invalid(
            f"{name} is not a picture that can be shown safely.",
            "Give a JPEG, PNG, WebP or GIF file; a film as MP4 or WebM; sound as MP3, M4A or Ogg.",
        ) from None
    except Exception as error:  # decoders raise whatever a damaged file makes them raise
        raise _invalid(
            f"{name} is damaged: {error}.", "Open it in a picture program and save it again."
        ) from None


def _check_pixels(pixels: int, limit: int, name: str) -> None:
    if pixels > limit:
        raise _too_large(name, f"{pixels:,}", limit)


def _too_large(name: str, pixels: str, limit: int) -> InvalidInput:
    return _invalid(
        f"{name} has {pixels} pixels, all frames together; the limit is {limit:,}.",
        "Make it smaller or shorter, or save it as JPEG.",
    )


def _count_frames(image: Image.Image, most: int) -> int:
    """Count the frames of a picture up to the first beyond *most*; each is decoded."""
    found = 1
    try:
        while found <= most:
            image.seek(found)
            found += 1
    except EOFError:
        pass
    finally:
        image.seek(0)
    return found


def _check_scans(data: bytes, name: str) -> None:
    """Refuse a JPEG with more scans than any program writes: each takes time for every pixel."""
    at, scans = 2, 0
    while (marker := _MARKER.search(data, at)) and marker[1] != b"\xd9":
        scans += marker[1] == b"\xda"
        if scans > limits.PICTURE_SCANS:
            raise _invalid(
                f"{name} has more than {limits.PICTURE_SCANS} scans.",
                "Open it in a picture program and save it again.",
            )
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")


def _write_animation(image: Image.Image, kind: str) -> Picture:
    """Encode the frames, no larger than is useful, without metadata."""
    out = io.BytesIO()
    options: dict[str, Any] = {"save_all": True, "comment": b"", "exif": b"", "xmp": b""}
    options["icc_profile"] = b""
    profile = image.info.get("icc_profile")
    if max(image.size) <= limits.PICTURE_SIDE and not profile:
        image.save(out, kind, **options)
        return Picture(out.getvalue(), kind, *image.size)
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        smaller = frame.convert("RGBA")
        durations.append(frame.info.get("duration", 0))  # known once it is read
        smaller.thumbnail(_SIZE, Image.Resampling.LANCZOS)
        frames.append(_in_srgb(smaller, profile))
    if "loop" in image.info:
        options["loop"] = image.info["loop"]
    first, *rest = frames
    first.save(out, kind, append_images=rest, duration=durations, disposal=2, **options)
    return Picture(out.getvalue(), kind, *first.size)


def _write_still(image: Image.Image, kind: str) -> Picture:
    """Encode the pixels, upright, in sRGB and no larger than is useful, without metadata."""
    out = io.BytesIO()
    profile = image.info.get("icc_profile")
    image = _reduced(image) if kind != "JPEG" else image
    image.thumbnail(_SIZE, Image.Resampling.LANCZOS)  # a JPEG is made smaller while it is read
    image.load()
    image = _in_srgb(ImageOps.exif_transpose(image), profile)
    if kind == "JPEG":
        image.convert("L" if image.mode == "L" else "RGB").save(
            out, kind, quality=85, optimize=True, progressive=True, exif=b"", comment=b"",
            icc_profile=b"",
        )  # fmt: skip
    else:
        # Transparency stays; comments, profiles and the rest are removed.
        for name in image.info.keys() - {"transparency"}:
            del image.info[name]
        image.save(out, kind, **({"lossless": True} if kind == "WEBP" else {"optimize": True}))
    return Picture(out.getvalue(), kind, *image.size)


def _reduced(image: Image.Image) -> Image.Image:
    """Reduce a very large picture by a whole factor, band by band.

    Reduced at once, a transparent picture would be in memory twice.
    """
    factor = max(image.size) // (2 * limits.PICTURE_SIDE)
    if factor < 2 or image.mode not in ("L", "LA", "RGB", "RGBA"):
        return image
    width, height = (-(-side // factor) for side in image.size)
    smaller = Image.new(image.mode, (width, height))
    for row in range(0, height, 64):
        top, bottom = row * factor, min((row + 64) * factor, image.height)
        band = image.crop((0, top, image.width, bottom))
        smaller.paste(band.reduce(factor), (0, row))
    smaller.info = image.info
    return smaller


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture with its colours converted from *profile* to sRGB.

    A profile that is damaged, or of another kind of picture, is ignored.
    """
    if not profile:
        return image
    from PIL import ImageCms  # for the few pictures that need it

    wide = image
    if image.mode in ("P", "PA"):
        wide = image.convert("RGBA")
    elif image.mode.startswith("I;16"):
        wide = image.convert("I").point(lambda value: value / 256).convert("L")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        alpha = wide.getchannel("A") if wide.mode in ("LA", "RGBA") else None
        opaque = wide.convert({"LA": "L", "RGBA": "RGB"}.get(wide.mode, wide.mode))
        target = ImageCms.createProfile("sRGB")
        found = ImageCms.profileToProfile(opaque, source, target, outputMode="RGB")
    except Exception:  # as with a decoder
        return image
    if found is None:
        return image
    if alpha:
        found.putalpha(alpha)
    found.info = image.info
    return found


def _invalid(problem: str, hint: str) -> InvalidInput:
    return InvalidInput(problem, hint, about="picture")
