"""Pictures on their way into the journal: checked, turned upright, rid of their metadata.

In come an image's bytes from outside; out comes a file under ``entries/media/`` and its
:class:`~liveblog.entry.Media`. Place, camera and comments are dropped before anything touches the
disk: they can endanger a source.
"""

from __future__ import annotations

import io
import warnings
from _blake2 import blake2b
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from .entry import Media, id_day, id_letters
from .errors import InvalidInput
from .journal.disk import make_folder, replace_file

BYTES_LIMIT = 40_000_000
PIXELS_LIMIT = 100_000_000
LONGEST_SIDE = 2048
"""Larger pictures are made smaller: no reader's screen shows more, and every reader pays."""

_TYPES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}


def take(source: Path, media: Path, entry_id: str, *, alt: str, caption: str = "") -> Media:
    """Read a picture file and keep it for an entry; see :func:`keep`."""
    try:
        size = source.stat().st_size
        if size > BYTES_LIMIT:
            raise InvalidInput(
                f"{source} has {size:,} bytes; the limit is {BYTES_LIMIT:,}.", "Make it smaller."
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
    day = id_day(entry_id)
    mark = blake2b(clean, digest_size=5).hexdigest()
    path = f"{day:%Y/%m/%d}/{id_letters(entry_id)}-{mark}.{_TYPES[kind]}"
    target = media / path
    if not target.exists():
        make_folder(target.parent, media.parent.parent)
        replace_file(target, clean)
    media_type = Image.MIME[kind]
    return Media(path, media_type, len(clean), width, height, alt, caption)


def _cleaned(data: bytes, name: str) -> tuple[str, bytes, int, int]:
    if len(data) > BYTES_LIMIT:
        raise InvalidInput(
            f"{name} has {len(data):,} bytes; the limit is {BYTES_LIMIT:,}.", "Make it smaller."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=list(_TYPES)) as image:
                if image.width * image.height > PIXELS_LIMIT:
                    raise InvalidInput(
                        f"{name} has {image.width} × {image.height} pixels; "
                        f"the limit is {PIXELS_LIMIT:,}.",
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
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
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
