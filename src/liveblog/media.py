"""Pictures on their way into the journal: checked, turned upright, rid of their metadata.

In come an image's bytes from outside; out comes a file under ``entries/media/`` and its
:class:`~liveblog.entry.Media`. Place, camera and comments are dropped before anything touches the
disk: they can endanger a source.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from _blake2 import blake2b
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from . import limits
from .entry import Media, id_day, id_letters
from .errors import InvalidInput
from .storage.atomic import make_folder, replace_file

_TYPES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}

_UPLOAD = re.compile(r"[0-9a-f]{20}-(?P<width>\d+)x(?P<height>\d+)\.(?P<ending>jpg|png|webp|gif)")


def is_upload(name: str) -> bool:
    """Whether a name could be that of an uploaded picture; see :func:`upload`."""
    return _UPLOAD.fullmatch(name) is not None


def take(source: Path, media: Path, entry_id: str, *, alt: str, caption: str = "") -> Media:
    """Read a picture file and keep it for an entry; see :func:`keep`."""
    try:
        size = source.stat().st_size
        if size > limits.PICTURE_BYTES:
            raise InvalidInput(
                f"{source} has {size:,} bytes; the limit is {limits.PICTURE_BYTES:,}.",
                "Make it smaller.",
            )
        data = source.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"Cannot read the picture {source}: {error.strerror}.", "Check its path."
        ) from None
    return keep(data, media, entry_id, alt=alt, caption=caption, name=str(source))


def keep(
    data: bytes, media: Path, entry_id: str, *, alt: str, caption: str = "", name: str = "picture"
) -> Media:
    """Keep a picture for an entry, durably, without its metadata.

    JPEG, PNG, WebP and GIF are taken; SVG is not, for it can carry script. The same bytes for the
    same entry lead to the same file.

    Raises :class:`~liveblog.errors.InvalidInput` if it is no such picture or too large, and
    :class:`~liveblog.errors.StorageError` if it cannot be written.
    """
    kind, clean, width, height = _cleaned(data, name)
    return _stored(clean, kind, width, height, media, entry_id, alt, caption)


def upload(data: bytes, uploads: Path, name: str = "picture") -> str:
    """Keep a picture that waits for its update; return the name to adopt it by.

    It is cleaned like any other before it touches the disk. Raises what :func:`keep` raises.
    """
    kind, clean, width, height = _cleaned(data, name)
    mark = blake2b(clean, digest_size=10).hexdigest()
    kept = f"{mark}-{width}x{height}.{_TYPES[kind]}"
    make_folder(uploads, uploads.parent.parent)
    replace_file(uploads / kept, clean)
    return kept


def adopt(
    name: str, uploads: Path, media: Path, entry_id: str, *, alt: str, caption: str = ""
) -> Media:
    """Keep an uploaded picture for an entry, as it is: it was cleaned when it came.

    Raises :class:`~liveblog.errors.InvalidInput` if there is no such upload.
    """
    match = _UPLOAD.fullmatch(name)
    try:
        clean = (uploads / name).read_bytes() if match else None
    except FileNotFoundError:
        clean = None
    if match is None or clean is None:
        raise InvalidInput(f"There is no uploaded picture '{name}'.", "Upload it again.")
    kind = next(kind for kind, ending in _TYPES.items() if ending == match["ending"])
    width, height = int(match["width"]), int(match["height"])
    return _stored(clean, kind, width, height, media, entry_id, alt, caption)


def restore(data: bytes, media: Path, entry_id: str, kept: Media) -> None:
    """Put back the file of a picture that was kept before, here or in another journal.

    Raises :class:`~liveblog.errors.InvalidInput` if the bytes are not those that were kept.
    """
    kind = next((kind for kind, ending in _TYPES.items() if kept.path.endswith(ending)), "")
    place, _, mark = kept.path.rpartition(".")[0].rpartition("-")
    is_same = mark == blake2b(data, digest_size=5).hexdigest() and kept.size == len(data)
    if not (is_same and kind and place == f"{id_day(entry_id):%Y/%m/%d}/{id_letters(entry_id)}"):
        raise InvalidInput(
            f"The picture {kept.path} is not the one that was exported.", "Export it again."
        )
    _cleaned(data, kept.path)  # what is no picture is refused, whatever it is called
    _stored(data, kind, kept.width, kept.height, media, entry_id, kept.alt, kept.caption)


def as_png(data: bytes) -> bytes:
    """Return a picture that was kept as a PNG; of a moving one, the first frame."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=list(_TYPES)) as image:
        image.save(out, "PNG", optimize=True)
    return out.getvalue()


def forget_uploads(uploads: Path, before: float) -> None:
    """Delete the uploads that nobody used, last changed *before* a time (seconds of the epoch)."""
    for path in uploads.iterdir() if uploads.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _stored(
    clean: bytes,
    kind: str,
    width: int,
    height: int,
    media: Path,
    entry_id: str,
    alt: str,
    caption: str,
) -> Media:
    day = id_day(entry_id)
    mark = blake2b(clean, digest_size=5).hexdigest()
    path = f"{day:%Y/%m/%d}/{id_letters(entry_id)}-{mark}.{_TYPES[kind]}"
    target = media / path
    if not target.exists():
        make_folder(target.parent, media.parent.parent)
        replace_file(target, clean)
    return Media(path, Image.MIME[kind], len(clean), width, height, alt, caption)


def _cleaned(data: bytes, name: str) -> tuple[str, bytes, int, int]:
    if len(data) > limits.PICTURE_BYTES:
        raise InvalidInput(
            f"{name} has {len(data):,} bytes; the limit is {limits.PICTURE_BYTES:,}.",
            "Make it smaller.",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(_TYPES)) as image:
                if image.width * image.height > limits.PICTURE_PIXELS:
                    raise InvalidInput(
                        f"{name} has {image.width} × {image.height} pixels; "
                        f"the limit is {limits.PICTURE_PIXELS:,}.",
                        "Make it smaller.",
                    )
                return _rewritten(image)
    except InvalidInput:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        pass
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise InvalidInput(
            f"{name} is damaged: {error}.", "Open it in a picture program and save it again."
        ) from None
    raise InvalidInput(
        f"{name} is not a picture that can be shown safely.",
        "Give a JPEG, PNG, WebP or GIF file of ordinary size.",
    )


def _rewritten(image: Image.Image) -> tuple[str, bytes, int, int]:
    """Write the pixels anew, upright and no larger than is useful; nothing else comes along."""
    kind = image.format or ""
    out = io.BytesIO()
    if kind in ("GIF", "WEBP") and getattr(image, "is_animated", False):
        image.save(out, kind, save_all=True, comment=b"", exif=b"", xmp=b"")
        return kind, out.getvalue(), image.width, image.height
    image.load()
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((limits.PICTURE_SIDE, limits.PICTURE_SIDE), Image.Resampling.LANCZOS)
    if kind == "JPEG":
        upright.convert("L" if upright.mode == "L" else "RGB").save(
            out, kind, quality=85, optimize=True, progressive=True, exif=b"", comment=b""
        )
    else:
        # What is see-through stays so; comments, profiles and the rest are not asked along.
        for name in upright.info.keys() - {"transparency"}:
            del upright.info[name]
        upright.save(out, kind, **({"lossless": True} if kind == "WEBP" else {"optimize": True}))
    return kind, out.getvalue(), *upright.size
