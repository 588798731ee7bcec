"""Pictures: what endangers a source is dropped, what is no picture is refused, the rest looks as
it did.
"""

from __future__ import annotations

import io
import struct
import tempfile
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageSequence, PngImagePlugin

from liveblog.entry import Media
from liveblog.errors import InvalidInput
from liveblog.limits import PICTURE_BYTES, PICTURE_SIDE
from liveblog.media import keep, take

ID = "20120715-7k3m9qx2tb"
SECRET = b"Geheimer Ort"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Write an image as a file of some kind."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def two_colours(width: int = 40, height: int = 20) -> Image.Image:
    """Make a picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", (width, height), "red")
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    return image


def kept(data: bytes, folder: Path) -> tuple[Media, bytes, Image.Image]:
    """Keep a picture; return its record, the bytes on disk, and these opened."""
    media = keep(data, folder / "entries" / "media", ID, alt="Un plan")
    written = (folder / "entries" / "media" / media.path).read_bytes()
    image = Image.open(io.BytesIO(written))
    return media, written, image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A blog's folder."""
    (tmp_path / "entries").mkdir()
    return tmp_path


def files(folder: Path) -> list[Path]:
    """Return every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


# -- what is dropped -------------------------------------------------------------------------------


def with_place(orientation: int = 1) -> bytes:
    """Make a JPEG that says where, when and with what it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = SECRET.decode()
    exif[ExifTags.Base.DateTime] = "2012:07:15 18:04:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (33.0, 30.0, 36.0)
    return encoded(two_colours(), "JPEG", exif=exif, comment=SECRET, quality=95)


def test_a_jpegs_place_camera_and_comment_are_dropped(folder: Path) -> None:
    """No EXIF at all is left, and the words are nowhere in the bytes."""
    data = with_place()
    assert SECRET in data
    assert dict(Image.open(io.BytesIO(data)).getexif().get_ifd(ExifTags.IFD.GPSInfo))
    _, written, image = kept(data, folder)
    assert not dict(image.getexif())
    assert b"Exif" not in written
    assert SECRET not in written


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(orientation: int, folder: Path) -> None:
    """The camera's note is obeyed before it is dropped: the pixels are those a viewer showed."""
    data = with_place(orientation)
    media, _, image = kept(data, folder)
    sideways = orientation >= 5
    assert (media.width, media.height) == ((20, 40) if sideways else (40, 20))
    assert image.size == (media.width, media.height)
    red_at = {1: (5, 5), 2: (35, 5), 3: (35, 15), 4: (5, 15), 5: (5, 5), 6: (15, 5)}
    red_at |= {7: (15, 35), 8: (5, 35)}
    pixel = image.convert("RGB").getpixel(red_at[orientation])
    assert isinstance(pixel, tuple)
    assert pixel[0] > 200 > 60 > pixel[2]


def test_a_pngs_text_is_dropped(folder: Path) -> None:
    """Every chunk but those that hold the picture: texts, time, EXIF."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", SECRET.decode())
    info.add_itxt("Comment", SECRET.decode())
    info.add(b"tIME", struct.pack(">HBBBBB", 2012, 7, 15, 18, 4, 0))
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = SECRET.decode()
    data = encoded(two_colours(), "PNG", pnginfo=info, exif=exif)
    assert SECRET in data
    _, written, image = kept(data, folder)
    assert SECRET not in written
    assert not any(chunk in written for chunk in (b"tEXt", b"iTXt", b"zTXt", b"tIME", b"eXIf"))
    assert image.convert("RGB").tobytes() == two_colours().tobytes()


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
@pytest.mark.parametrize("frames", [1, 3])
def test_gif_and_webp_lose_their_words(kind: str, frames: int, folder: Path) -> None:
    """Comments, EXIF and XMP, in still and moving ones."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = SECRET.decode()
    images = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")][:frames]
    options = {"comment": SECRET} if kind == "GIF" else {"exif": exif, "xmp": SECRET}
    data = encoded(images[0], kind, save_all=True, append_images=images[1:], **options)
    assert SECRET in data
    _, written, _ = kept(data, folder)
    assert SECRET not in written


# -- what is kept ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "duration"), [("GIF", 120), ("WEBP", 120)])
def test_what_moves_keeps_moving(kind: str, duration: int, folder: Path) -> None:
    """As many frames, as long each, in the same colours."""
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    options = {"save_all": True, "append_images": frames[1:], "duration": duration, "loop": 0}
    if kind == "WEBP":
        options["lossless"] = True
    media, _, image = kept(encoded(frames[0], kind, **options), folder)
    assert media.type == Image.MIME[kind]
    assert getattr(image, "n_frames", 1) == 3
    colours, durations = [], []
    for frame in ImageSequence.Iterator(image):
        frame.load()
        durations.append(frame.info["duration"])
        pixel = frame.convert("RGB").getpixel((8, 8))
        assert isinstance(pixel, tuple)
        colours.append(tuple(round(part / 255) for part in pixel))
    assert colours == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert durations == [duration] * 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_kind_is_kept_as_it_is(kind: str, folder: Path) -> None:
    """Type, size in bytes and in pixels are those of the file that is served."""
    media, written, image = kept(encoded(two_colours(), kind), folder)
    ending = {"JPEG": "jpg"}.get(kind, kind.lower())
    assert media.path.startswith("2012/07/15/7k3m9qx2tb-")
    assert media.path.endswith(f".{ending}")
    assert (media.type, media.size) == (Image.MIME[kind], len(written))
    assert (media.width, media.height) == image.size == (40, 20)
    assert (media.alt, media.caption) == ("Un plan", "")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((PICTURE_SIDE + 952, 300), (PICTURE_SIDE, 205)),
        ((300, PICTURE_SIDE + 952), (205, PICTURE_SIDE)),
        ((PICTURE_SIDE, 10), (PICTURE_SIDE, 10)),
        ((10, 10), (10, 10)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_is_made_smaller(
    size: tuple[int, int], expected: tuple[int, int], kind: str, folder: Path
) -> None:
    """In proportion; none is made larger."""
    media, _, image = kept(encoded(Image.new("RGB", size, "red"), kind), folder)
    assert (media.width, media.height) == image.size == expected


def transparent(kind: str) -> tuple[bytes, Image.Image]:
    """Make a picture whose right half is transparent, in each way that files have for it."""
    seen = Image.new("RGBA", (20, 10), (200, 30, 30, 255))
    seen.paste((0, 0, 0, 0), (10, 0, 20, 10))
    if kind == "png palette":
        image = Image.new("P", (20, 10), 1)
        image.putpalette([0, 0, 0, 200, 30, 30, 9, 9, 9])
        image.paste(0, (10, 0, 20, 10))
        return encoded(image, "PNG", transparency=0), seen
    if kind == "gif palette":
        image = Image.new("P", (20, 10), 1)
        image.putpalette([0, 0, 0, 200, 30, 30, 9, 9, 9])
        image.paste(0, (10, 0, 20, 10))
        return encoded(image, "GIF", transparency=0), seen
    if kind == "png colour key":
        flat = Image.new("RGB", (20, 10), (200, 30, 30))
        flat.paste((0, 0, 0), (10, 0, 20, 10))
        return encoded(flat, "PNG", transparency=(0, 0, 0)), seen
    if kind == "png grey key":
        grey = Image.new("L", (20, 10), 77)
        grey.paste(0, (10, 0, 20, 10))
        seen.paste((77, 77, 77, 255), (0, 0, 10, 10))
        return encoded(grey, "PNG", transparency=0), seen
    return encoded(seen, kind, **({"lossless": True} if kind == "WEBP" else {})), seen


@pytest.mark.parametrize(
    "kind", ["PNG", "WEBP", "png palette", "gif palette", "png colour key", "png grey key"]
)
def test_what_is_transparent_stays_so(kind: str, folder: Path) -> None:
    """Seen over any ground, the picture looks as it did."""
    data, seen = transparent(kind)
    _, _, image = kept(data, folder)
    shown = image.convert("RGBA")
    for x in (2, 17):
        now, then = shown.getpixel((x, 5)), seen.getpixel((x, 5))
        assert isinstance(now, tuple)
        assert isinstance(then, tuple)
        assert now[3] == then[3]
        if then[3]:
            assert now == then


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_is_taken(mode: str, folder: Path) -> None:
    """Black and white to sixteen bits of grey: each looks as it did."""
    image = Image.new(mode, (12, 8))
    media, _, shown = kept(encoded(image, "PNG"), folder)
    assert (media.width, media.height) == (12, 8)
    assert shown.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


def test_a_cmyk_jpeg_is_made_for_screens(folder: Path) -> None:
    """No browser is left to guess."""
    _, _, image = kept(encoded(Image.new("CMYK", (12, 8)), "JPEG"), folder)
    assert image.mode == "RGB"


def test_the_same_bytes_lead_to_the_same_file(folder: Path) -> None:
    """A retry adds nothing; other bytes get another name."""
    data = encoded(two_colours(), "PNG")
    first, _, _ = kept(data, folder)
    second, _, _ = kept(data, folder)
    assert first == second
    assert len(files(folder)) == 1
    other, _, _ = kept(encoded(Image.new("RGB", (5, 5)), "PNG"), folder)
    assert other.path != first.path


def test_a_lying_extension_changes_nothing(folder: Path, tmp_path: Path) -> None:
    """What a file is, its bytes say: a PNG that is called .jpg is served as PNG."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(two_colours(), "PNG"))
    media = take(path, folder / "entries" / "media", ID, alt="Un plan")
    assert media.type == "image/png"
    assert media.path.endswith(".png")


# -- what is refused -------------------------------------------------------------------------------


def bomb(width: int, height: int) -> bytes:
    """Make a small PNG that says it is immense."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


PNG = encoded(two_colours(), "PNG")
JPEG = encoded(two_colours(), "JPEG")
REFUSED = {
    "nothing": b"",
    "text": b"Bonjour.",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "html after gif": b"GIF89a<script>alert(1)</script>",
    "pdf": b"%PDF-1.4\n",
    "truncated png": PNG[: len(PNG) // 2],
    "truncated jpeg": JPEG[: len(JPEG) // 2],
    "truncated webp": encoded(two_colours(), "WEBP")[:40],
    "head only": PNG[:33],
    "bmp": encoded(two_colours(), "BMP"),
    "tiff": encoded(two_colours(), "TIFF"),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "bomb": bomb(60_000, 60_000),
    "large": bomb(11_000, 10_000),
    "no pixels": bomb(0, 0),
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_safe_picture_is_refused(data: bytes, folder: Path) -> None:
    """With its name and a mend, and nothing is written."""
    with pytest.raises(InvalidInput) as refused:
        keep(data, folder / "entries" / "media", ID, alt="x", name="plan.png")
    assert refused.value.message.startswith("plan.png ")
    assert refused.value.hint
    assert files(folder) == []


def test_a_file_that_is_too_large_is_refused_unread(folder: Path, tmp_path: Path) -> None:
    """A sparse file of more than the limit costs nothing."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(PICTURE_BYTES + 1)
    with pytest.raises(InvalidInput, match="has 40,000,001 bytes; the limit is 40,000,000"):
        take(path, folder / "entries" / "media", ID, alt="x")


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_a_file_that_cannot_be_read_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(InvalidInput, match="Cannot read the picture"):
        take(tmp_path / name, folder / "entries" / "media", ID, alt="x")


SMALL = [encoded(two_colours(8, 8), kind) for kind in ("PNG", "JPEG", "GIF", "WEBP")] + [
    with_place()
]


@settings(max_examples=150)
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    st.floats(0, 1),
)
def test_a_damaged_picture_is_kept_whole_or_refused(
    data: bytes,
    changes: list[tuple[float, int]],
    cut: float,
) -> None:
    """Whatever bytes come in, no other exception comes out."""
    damaged = bytearray(data)
    for place, value in changes:
        damaged[int(place * len(damaged))] = value
    if cut < 0.5:
        damaged = damaged[: int(cut * 2 * len(damaged))]
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        media = Path(name) / "entries" / "media"
        media.parent.mkdir()
        try:
            record = keep(bytes(damaged), media, ID, alt="x")
        except InvalidInput:
            assert files(Path(name)) == []
            return
        with Image.open(media / record.path) as image:
            image.load()
            assert image.size == (record.width, record.height)
