"""Pictures: what endangers a source is dropped, what is no picture is refused, the rest looks as
it did.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, GifImagePlugin, Image, ImageFile, ImageSequence, PngImagePlugin

from liveblog.images import as_png
from liveblog.media import store, store_file
from liveblog.model.entry import Media
from liveblog.model.errors import InvalidInput
from liveblog.model.limits import PICTURE_BYTES, PICTURE_SIDE

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
    media = store(data, folder / "entries" / "media", ID, alt="Un plan")
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
    media = store_file(path, folder / "entries" / "media", ID, alt="Un plan")
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
    """With its name and a hint, and nothing is written."""
    with pytest.raises(InvalidInput) as refused:
        store(data, folder / "entries" / "media", ID, alt="x", name="plan.png")
    assert refused.value.message.startswith("plan.png ")
    assert refused.value.hint
    assert files(folder) == []


def test_a_file_that_is_too_large_is_refused_unread(folder: Path, tmp_path: Path) -> None:
    """A sparse file of more than the limit costs nothing."""
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(PICTURE_BYTES + 1)
    with pytest.raises(InvalidInput, match="has 40,000,001 bytes; the limit is 40,000,000"):
        store_file(path, folder / "entries" / "media", ID, alt="x")


@pytest.mark.parametrize("name", ["missing.png", "."])
def test_a_file_that_cannot_be_read_is_refused(name: str, folder: Path, tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(InvalidInput, match="Cannot read "):
        store_file(tmp_path / name, folder / "entries" / "media", ID, alt="x")


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
            record = store(bytes(damaged), media, ID, alt="x")
        except InvalidInput:
            assert files(Path(name)) == []
            return
        with Image.open(media / record.path) as image:
            image.load()
            assert image.size == (record.width, record.height)


# -- colours, animations, sizes --------------------------------------------------------------------


def profile(*colorants: tuple[float, float, float]) -> bytes:
    """Make an ICC profile (ICC.1:2001) with the three colorants, as XYZ, and a gamma of 2.2."""

    def number(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(number, values))

    name = b"Swapped\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), (xyz(*c) for c in colorants), strict=True)),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0\0\0\0\1\x02\x33\0\0"),
    }
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += tag + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = bytes(8) + b"\x02\x10\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28)
    head += b"".join(map(number, (0.9642, 1.0, 0.8249)))
    whole = head.ljust(128, b"\0") + table + body
    return struct.pack(">I", len(whole)) + whole[4:]


SWAPPED = profile((0.1431, 0.0606, 0.7141), (0.3851, 0.7169, 0.0971), (0.4360, 0.2225, 0.0139))
"""A profile in which red is what others call blue."""


def is_red(image: Image.Image, at: tuple[int, int] = (5, 5)) -> bool:
    """Whether a pixel is (nearly) red."""
    red, _, blue = image.convert("RGB").getpixel(at)  # type: ignore[misc]
    return bool(red > 200 and blue < 60)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGB", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("P", "PNG"), ("RGB", "WEBP")],
)
def test_colours_are_those_that_a_profile_means(mode: str, kind: str, folder: Path) -> None:
    """They are converted to sRGB, and the profile, which can name a device, is dropped."""
    image = Image.new("RGB", (12, 12), "blue").convert(mode)
    options: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(image, kind, icc_profile=SWAPPED, **options)
    _, written, shown = kept(data, folder)
    assert is_red(shown)
    assert b"Swapped" not in written
    assert "icc_profile" not in shown.info


def test_what_moves_has_its_profiles_colours(folder: Path) -> None:
    """In each frame."""
    frames = [Image.new("RGB", (12, 12), colour) for colour in ("blue", "red")]
    options = {"save_all": True, "append_images": frames[1:], "icc_profile": SWAPPED}
    _, written, shown = kept(encoded(frames[0], "WEBP", lossless=True, **options), folder)
    assert is_red(shown)
    shown.seek(1)
    assert not is_red(shown)
    assert b"Swapped" not in written


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
@pytest.mark.parametrize("broken", [b"", b"no profile", SWAPPED[:200], SWAPPED])
def test_a_profile_that_does_not_fit_counts_for_nothing(
    mode: str, broken: bytes, folder: Path
) -> None:
    """Or for what it says: the picture is taken."""
    media, _, shown = kept(encoded(Image.new(mode, (12, 8)), "PNG", icc_profile=broken), folder)
    assert shown.size == (media.width, media.height) == (12, 8)


@pytest.mark.parametrize("orientation", [1, 6])
def test_of_a_telephones_two_pictures_the_first_is_taken(orientation: int, folder: Path) -> None:
    """As a JPEG (Multi-Picture Format, CIPA DC-007), upright."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    second = Image.new("RGB", (40, 20), "lime")
    data = encoded(two_colours(), "MPO", save_all=True, append_images=[second], exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
    media, written, shown = kept(data, folder)
    assert (media.type, shown.format) == ("image/jpeg", "JPEG")
    assert shown.size == ((20, 40) if orientation == 6 else (40, 20))
    assert is_red(shown)
    assert b"MPF" not in written


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_a_picture_that_browsers_do_not_show_is_refused(brand: bytes, folder: Path) -> None:
    """With its name and what to do."""
    with pytest.raises(InvalidInput, match=r"HEIC|AVIF") as refused:
        kept(b"\0\0\0\x18ftyp" + brand + bytes(100), folder)
    assert "JPEG" in refused.value.hint


def moving(kind: str, size: tuple[int, int], count: int) -> bytes:
    """Make an animation in which each frame differs."""
    frames = [Image.new("P", size, n % 250) for n in range(count)]
    for frame in frames:
        frame.putpalette([part for n in range(256) for part in (80 * n % 256, 0, 0)])
    shown = frames if kind == "GIF" else [frame.convert("RGB") for frame in frames]
    return encoded(shown[0], kind, save_all=True, append_images=shown[1:], duration=70, loop=0)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_a_large_animation_is_made_smaller(kind: str, folder: Path) -> None:
    """With all its frames, as long each."""
    media, _, shown = kept(moving(kind, (2 * PICTURE_SIDE, 40), 3), folder)
    assert (media.width, media.height) == shown.size == (PICTURE_SIDE, 20)
    assert getattr(shown, "n_frames", 1) == 3
    shown.seek(1)
    shown.load()
    assert shown.info["duration"] == 70


@pytest.mark.slow
@pytest.mark.parametrize(("size", "count"), [((2000, 2000), 14), ((1, 1), 5100)])
def test_an_animation_beyond_the_limit_is_refused(
    size: tuple[int, int], count: int, folder: Path
) -> None:
    """Frames times pixels count, and each frame for some: the smallest takes time too."""
    with pytest.raises(InvalidInput, match="frames together"):
        kept(moving("GIF", size, count), folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_an_animation_beyond_the_limit_is_refused_before_it_is_decoded(
    kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file may hold hundreds of frames of a hundred megapixels each."""
    data = moving(kind, (6000, 6000), 2)
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(InvalidInput, match="frames together"):
        kept(data, folder)


@pytest.mark.slow
def test_no_more_frames_are_decoded_than_the_limit_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are."""
    data = moving("GIF", (3000, 3000), 12)
    seen: list[int] = []
    seek = GifImagePlugin.GifImageFile.seek

    def counted(self: GifImagePlugin.GifImageFile, frame: int) -> None:
        seen.append(frame)
        seek(self, frame)

    monkeypatch.setattr(GifImagePlugin.GifImageFile, "seek", counted)
    with pytest.raises(InvalidInput, match="frames together"):
        kept(data, folder)
    assert max(seen) == 5


def with_scans(count: int) -> bytes:
    """Make a JPEG whose last scan comes so many times more, and a film behind it, as phones do."""
    data = encoded(two_colours(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * (count + 1) + data[-2:] + b"\xff\xda\x00\x00" * 200


def test_a_jpeg_of_many_scans_is_refused(folder: Path) -> None:
    """Each takes the time for every pixel, in a hundred bytes; what lies behind counts not."""
    kept(with_scans(20), folder)
    with pytest.raises(InvalidInput, match="scans"):
        kept(with_scans(100), folder)


@pytest.mark.parametrize(
    "error", [KeyError("x"), struct.error, IndexError, OverflowError, zlib.error, RuntimeError]
)
def test_whatever_a_decoder_raises_the_picture_is_damaged(
    error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not the program: the answer is never a 500."""

    def load(self: Image.Image) -> None:
        raise error

    monkeypatch.setattr(Image.Image, "load", load)
    with pytest.raises(InvalidInput, match="is damaged"):
        store(PNG, folder / "entries" / "media", ID, alt="x")
    with pytest.raises(InvalidInput, match="is damaged"):
        as_png(PNG)


def test_pictures_are_worked_on_one_at_a_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends several at once, the memory is that for one."""
    at_work, most = [0], [0]
    load = PngImagePlugin.PngImageFile.load

    def counted(self: PngImagePlugin.PngImageFile) -> Any:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        time.sleep(0.01)
        at_work[0] -= 1
        return load(self)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", counted)
    with ThreadPoolExecutor(8) as pool:
        for n in range(8):
            pool.submit(kept, encoded(Image.new("L", (8, 8), n), "PNG"), folder)
    assert most == [1]


_MEASURED = """
import resource, sys
from pathlib import Path
from liveblog.media import store_file
picture, media = map(Path, sys.argv[1:])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = store_file(picture, media, "20120715-7k3m9qx2tb", alt="x")
print(found.width, found.height, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "kind", "megabytes"),
    [("RGB", "JPEG", 150), ("RGBA", "PNG", 600), ("RGB", "PNG", 600), ("P", "PNG", 300)],
)
def test_108_megapixels_are_taken_in_bounded_memory(
    mode: str, kind: str, megabytes: int, folder: Path
) -> None:
    """A JPEG is made smaller while it is read; of the others one copy is held."""
    path = folder / "large"
    path.write_bytes(encoded(Image.new(mode, (12_000, 9_000), 3), kind))
    command = [sys.executable, "-c", _MEASURED, str(path), str(folder / "entries" / "media")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    width, height, kilobytes = map(int, run.stdout.split())
    assert (width, height) == (PICTURE_SIDE, PICTURE_SIDE * 3 // 4)
    assert kilobytes < megabytes * 1000


@pytest.mark.slow
def test_a_still_that_would_be_held_three_times_has_a_lower_limit(folder: Path) -> None:
    """A WebP is refused above half of it, with what to do."""
    with pytest.raises(InvalidInput, match="pixels") as refused:
        kept(encoded(Image.new("RGB", (8000, 7000)), "WEBP", quality=1, method=0), folder)
    assert "JPEG" in refused.value.hint
