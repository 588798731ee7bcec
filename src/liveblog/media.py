"""Stores the pictures of entries and chapters: checked, turned upright, in sRGB, without metadata.

A picture's bytes come from outside; the result is a file under ``entries/media/`` and its
:class:`Media`. Location, camera and comments are removed before anything is written to the disk:
they can endanger a source.
"""

from __future__ import annotations

import contextlib
import io
import re
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from .model import limits
from .model.chapter import picture_stem
from .model.entry import Media
from .model.errors import InvalidInput
from .model.hashing import blake2b
from .storage.atomic import NotRegularError, make_folder, read_regular, replace_file, sync_folder
from .storage.inside import delete_inside

_TYPES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}

_UNSUPPORTED_BRANDS = dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC"
) | dict.fromkeys((b"avif", b"avis"), "AVIF")
"""Brands of ISO media files that hold a picture, and the names of their formats."""

_SIZE = (limits.PICTURE_SIDE, limits.PICTURE_SIDE)

_MIN_FRAME_PIXELS = 10_000
"""Pixels that a smaller frame counts as, since each frame takes time."""

_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
"""The marker of a segment of a JPEG (ITU-T T.81 §B.1.1.2): its end (D9), a scan (DA), others."""

_decoder_lock = threading.Lock()

_UPLOAD = re.compile(r"[0-9a-f]{20}-(?P<width>\d+)x(?P<height>\d+)\.(?P<ending>jpg|png|webp|gif)")


class _Picture(NamedTuple):
    """A picture without metadata."""

    data: bytes
    kind: str  #: one of the keys of ``_TYPES``
    width: int
    height: int


def is_upload(name: str) -> bool:
    """Whether a name could be that of an uploaded picture; see :func:`store_upload`."""
    return _UPLOAD.fullmatch(name) is not None


def store_file(source: Path, media: Path, owner: str, *, alt: str, caption: str = "") -> Media:
    """Read a picture file and store it for an entry or chapter; see :func:`store`."""
    try:
        with source.open("rb") as file:
            data = file.read(limits.PICTURE_BYTES + 1)  # a device may have no end
    except OSError as error:
        raise _invalid(
            f"Cannot read the picture {source}: {error.strerror}.", "Check its path."
        ) from None
    return store(data, media, owner, alt=alt, caption=caption, name=str(source))


def store(
    data: bytes, media: Path, owner: str, *, alt: str, caption: str = "", name: str = "picture"
) -> Media:
    """Store a picture for an entry (its id) or chapter (its name), durably, without its metadata.

    JPEG (of several pictures in one file, as telephones write them, the first), PNG, WebP and GIF
    are accepted; SVG is not, because it can contain scripts. The same bytes for the same owner are
    the same file.

    Raises :class:`InvalidInput` if it is no such picture or too large, and :class:`StorageError` if
    it cannot be written.
    """
    return _store(_clean(data, name), media, owner, alt, caption)


def store_upload(data: bytes, uploads: Path, name: str = "picture") -> str:
    """Store a picture for a later update; return its name for :func:`use_upload`.

    It is cleaned before it is written to the disk. Raises what :func:`store` raises.
    """
    picture = _clean(data, name)
    digest = blake2b(picture.data, digest_size=10).hexdigest()
    stored = f"{digest}-{picture.width}x{picture.height}.{_TYPES[picture.kind]}"
    make_folder(uploads, uploads.parent.parent)
    replace_file(uploads / stored, picture.data)
    return stored


def use_upload(
    name: str, uploads: Path, media: Path, owner: str, *, alt: str, caption: str = ""
) -> Media:
    """Store an uploaded picture for its owner, as it is: it was cleaned when it was uploaded.

    Raises :class:`InvalidInput` if there is no such upload.
    """
    match = _UPLOAD.fullmatch(name)
    try:
        data = (uploads / name).read_bytes() if match else None
    except FileNotFoundError:
        data = None
    if match is None or data is None:
        problem = f"There is no uploaded picture '{name}'."
        raise InvalidInput(problem, "Upload it again.", about="lost_picture")
    picture = _Picture(data, _kind_of(name), int(match["width"]), int(match["height"]))
    return _store(picture, media, owner, alt, caption)


def store_copy(data: bytes, media: Path, owner: str, exported: Media) -> None:
    """Store the exported file of a picture under the name that it has in *exported*.

    Raises :class:`InvalidInput` if the bytes are not those that were exported.
    """
    kind = _kind_of(exported.path)
    picture = _Picture(data, kind, exported.width, exported.height)
    if not kind or (exported.path, exported.size) != (_path_of(picture, owner), len(data)):
        raise _invalid(
            f"The picture {exported.path} is not the one that was exported.", "Export it again."
        )
    _clean(data, exported.path)  # refuses bytes that are no picture
    _store(picture, media, owner, exported.alt, exported.caption)


def as_png(data: bytes) -> bytes:
    """Return a stored picture as a PNG; of an animation, the first frame.

    Raises :class:`InvalidInput` if it is damaged.
    """
    out = io.BytesIO()
    with open_picture(data, "picture") as image:
        image.save(out, "PNG", optimize=True)
    return out.getvalue()


def delete_old_uploads(uploads: Path, before: float) -> None:
    """Delete the uploads last changed *before* a time (seconds of the epoch)."""
    for path in uploads.iterdir() if uploads.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def delete_pictures(owner: str, media: Path, uploads: Path) -> None:
    """Delete every picture of an entry or chapter, uploads of the same bytes, and files of a crash.

    Its name identifies them, since its revisions may be blank already. Nothing behind a symbolic
    link is deleted.
    """
    parent, _, stem = picture_stem(owner).rpartition("/")
    folder = media / parent
    own = re.compile(rf"\.?{re.escape(stem)}-[0-9a-f]{{10}}\..*")
    pictures = [path for path in folder.glob(f"*{stem}-*") if own.fullmatch(path.name)]
    digests = {path.stem.rpartition("-")[2] for path in pictures}
    # The uploads first: the pictures identify them.
    for upload in uploads.iterdir() if uploads.is_dir() else ():
        try:
            data = read_regular(upload)
        except (FileNotFoundError, NotRegularError):
            continue  # somebody else deleted it, or put a folder there
        if upload.name.startswith(".") or blake2b(data, digest_size=5).hexdigest() in digests:
            upload.unlink(missing_ok=True)
    for path in pictures:
        delete_inside(media, f"{parent}/{path.name}")
    for changed in (uploads, folder):
        if changed.is_dir():
            sync_folder(changed)


def _store(picture: _Picture, media: Path, owner: str, alt: str, caption: str) -> Media:
    data, kind, width, height = picture
    path = _path_of(picture, owner)
    target = media / path
    if not target.exists():
        make_folder(target.parent, media.parent.parent)
        replace_file(target, data)
    return Media(path, Image.MIME[kind], len(data), width, height, alt, caption)


def _path_of(picture: _Picture, owner: str) -> str:
    """Return the path of a picture of an entry or chapter below the folder of the media."""
    return f"{picture_stem(owner)}-{content_hash(picture.data)}.{_TYPES[picture.kind]}"


def content_hash(data: bytes) -> str:
    """Return what the name of a stored file says of its bytes, after the last hyphen."""
    return blake2b(data, digest_size=5).hexdigest()


def _kind_of(path: str) -> str:
    """Return the format of a stored picture; empty if its ending is unknown."""
    ending = path.rpartition(".")[2]
    return next((kind for kind, known in _TYPES.items() if known == ending), "")


def _clean(data: bytes, name: str) -> _Picture:
    """Return a picture from outside, checked and without metadata."""
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
    if kind := _UNSUPPORTED_BRANDS.get(brand):
        raise _invalid(
            f"{name} is a picture in the format {kind}, which not every browser shows.",
            "Save it as JPEG. On an iPhone, choose Settings, Camera, Formats, Most Compatible.",
        )
    try:
        with _decoder_lock, warnings.catch_warnings():
            # Our own limits replace this one.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(_TYPES)) as image:
                yield image
    except InvalidInput:
        raise
    except Image.DecompressionBombError:
        raise _too_large(name, "too many", limits.PICTURE_PIXELS) from None
    except UnidentifiedImageError:
        raise _invalid(
            f"{name} is not a picture that can be shown safely.",
            "Give a JPEG, PNG, WebP or GIF file.",
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


def _write_animation(image: Image.Image, kind: str) -> _Picture:
    """Encode the frames, no larger than is useful, without metadata."""
    out = io.BytesIO()
    options: dict[str, Any] = {"save_all": True, "comment": b"", "exif": b"", "xmp": b""}
    options["icc_profile"] = b""
    profile = image.info.get("icc_profile")
    if max(image.size) <= limits.PICTURE_SIDE and not profile:
        image.save(out, kind, **options)
        return _Picture(out.getvalue(), kind, *image.size)
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
    return _Picture(out.getvalue(), kind, *first.size)


def _write_still(image: Image.Image, kind: str) -> _Picture:
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
    return _Picture(out.getvalue(), kind, *image.size)


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
