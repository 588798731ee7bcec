"""Stores the files of entries and chapters: pictures upright and in sRGB, films, recordings.

The bytes come from outside; the result is a file under ``entries/media/`` and its :class:`Media`.
Location, camera and comments are removed before anything is written to the disk: they can endanger
a source. What a file is, its content says, not its name.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from . import films, images
from .model import limits
from .model.chapter import PREFIX as CHAPTER_PREFIX
from .model.chapter import picture_stem
from .model.entry import FILM_TYPES, FORBIDDEN, MEDIA_TYPES, SOUND_TYPES, SUBTITLES_TYPES, Media
from .model.errors import InvalidInput
from .model.hashing import blake2b
from .storage.atomic import NotRegularError, make_folder, read_regular, replace_file, sync_folder
from .storage.inside import delete_inside

_UPLOAD = re.compile(
    r"[0-9a-f]{20}-(?P<width>\d+)x(?P<height>\d+)"
    r"(\.(?P<ending>jpg|png|webp|gif)|-(?P<seconds>\d+)s\.(?P<film>mp4|webm|mp3|m4a|ogg))"
)

_CUE_TIME = re.compile(
    r"^((?:\d+:)?\d\d:\d\d),(\d{3} --> (?:\d+:)?\d\d:\d\d),(\d{3})", re.MULTILINE
)
"""The times of a subtitle in SubRip, which has a comma where WebVTT has a point."""


def is_upload(name: str) -> bool:
    """Whether a name could be that of an uploaded file; see :func:`store_upload`."""
    return _UPLOAD.fullmatch(name) is not None


def store_file(source: Path, media: Path, owner: str, *, alt: str, caption: str = "") -> Media:
    """Read a file and store it for an entry or chapter; see :func:`store`."""
    data = read_source(source)
    return store(data, media, owner, alt=alt, caption=caption, name=str(source))


def read_source(source: Path) -> bytes:
    """Return the bytes of an author's file, one more than the limit at most.

    Raises :class:`InvalidInput` if it cannot be read.
    """
    try:
        with source.open("rb") as file:
            return file.read(limits.FILM_BYTES + 1)  # a device may have no end
    except OSError as error:
        raise InvalidInput(f"Cannot read {source}: {error.strerror}.", "Check its path.") from None


def is_film(data: bytes) -> bool:
    """Whether bytes begin like a film or recording."""
    return bool(films.demuxer(data)) and data[8:12] not in images.UNSUPPORTED_BRANDS


def store(
    data: bytes, media: Path, owner: str, *, alt: str, caption: str = "", name: str = "picture"
) -> Media:
    """Store a picture for an entry (its id) or chapter (its name), durably, without its metadata.

    JPEG (of several pictures in one file, as telephones write them, the first), PNG, WebP and GIF
    are accepted; SVG is not, because it can contain scripts. So are the films and recordings of
    :func:`films.clean`, for an entry. The same bytes for the same owner are the same file.

    Raises :class:`InvalidInput` if it is no such file or too large, and :class:`StorageError` if
    it cannot be written.
    """
    if is_film(data):
        return _store_film(films.clean(data, name), media, owner, alt, caption)
    return _store(images.clean(data, name), media, owner, alt, caption)


def store_subtitles(data: bytes, media: Path, owner: str, name: str = "subtitles") -> Media:
    """Store the subtitles of a film or recording, WebVTT or SubRip, as WebVTT.

    Raises :class:`InvalidInput` if they are neither, and :class:`StorageError`.
    """
    text = _clean_subtitles(data, name)
    path = _write(text, "vtt", media, owner)
    return Media(path, SUBTITLES_TYPES["vtt"], len(text))


def _clean_subtitles(data: bytes, name: str) -> bytes:
    if len(data) > limits.SUBTITLES_BYTES:
        raise InvalidInput(
            f"{name} has {len(data):,} bytes; the limit is {limits.SUBTITLES_BYTES:,}.",
            "Make it shorter.",
        )
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").strip()
    except UnicodeDecodeError:
        text = ""
    if not re.match(r"WEBVTT(?:[ \t\n]|\Z)", text) and _CUE_TIME.search(text):
        text = "WEBVTT\n\n" + _CUE_TIME.sub(r"\1.\2.\3", text)
    if not re.match(r"WEBVTT(?:[ \t\n]|\Z)", text) or "-->" not in text or FORBIDDEN.search(text):
        raise InvalidInput(
            f"{name} holds no subtitles that browsers show.", "Save them as WebVTT, in UTF-8."
        )
    return f"{text}\n".encode()


def _store_film(film: films.Film, media: Path, owner: str, alt: str, caption: str) -> Media:
    if owner.startswith(CHAPTER_PREFIX):
        raise InvalidInput("The picture of a chapter cannot be a film.", "Give a JPEG or PNG.")
    poster = (
        _store(images.clean(film.poster, "The poster"), media, owner, "", "")
        if film.poster
        else None
    )
    path = _write(film.data, film.ending, media, owner)
    kind = (FILM_TYPES | SOUND_TYPES)[film.ending]
    size = len(film.data)
    return Media(path, kind, size, film.width, film.height, alt, caption, film.seconds, poster)


def store_upload(data: bytes, uploads: Path, name: str = "picture") -> str:
    """Store a picture for a later update; return its name for :func:`use_upload`.

    It is cleaned before it is written to the disk. Raises what :func:`store` raises.
    """
    if is_film(data):
        file: films.Film | images.Picture = films.clean(data, name)
    else:
        file = images.clean(data, name)
    digest = blake2b(file.data, digest_size=10).hexdigest()
    stored = f"{digest}-{file.width}x{file.height}"
    if isinstance(file, films.Film):
        stored += f"-{file.seconds}s.{file.ending}"
    else:
        stored += f".{images.TYPES[file.kind]}"
    make_folder(uploads, uploads.parent.parent)
    replace_file(uploads / stored, file.data)
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
    width, height = int(match["width"]), int(match["height"])
    if ending := match["film"]:
        seconds = int(match["seconds"])
        shown = films.poster(data, name, seconds)[2] if ending in FILM_TYPES else b""
        film = films.Film(data, ending, width, height, seconds, shown)
        return _store_film(film, media, owner, alt, caption)
    picture = images.Picture(data, images.kind_of(name), width, height)
    return _store(picture, media, owner, alt, caption)


def store_copy(data: bytes, media: Path, owner: str, exported: Media) -> None:
    """Store the exported file of a picture under the name that it has in *exported*.

    Raises :class:`InvalidInput` if the bytes are not those that were exported.
    """
    ending = exported.path.rpartition(".")[2]
    if ending in FILM_TYPES | SOUND_TYPES | SUBTITLES_TYPES:
        _check_copy(exported, _path_of(data, ending, owner), len(data))
        if ending in SUBTITLES_TYPES:
            _clean_subtitles(data, exported.path)
        else:
            films.clean(data, exported.path)  # refuses bytes that are no film
        _write(data, ending, media, owner)
        return
    kind = images.kind_of(exported.path)
    picture = images.Picture(data, kind, exported.width, exported.height)
    _check_copy(exported, _path_of(data, images.TYPES[kind], owner) if kind else "", len(data))
    images.clean(data, exported.path)  # refuses bytes that are no picture
    _store(picture, media, owner, exported.alt, exported.caption)


def _check_copy(exported: Media, path: str, size: int) -> None:
    if (exported.path, exported.size) != (path, size):
        raise InvalidInput(
            f"The picture {exported.path} is not the one that was exported.", "Export it again."
        )


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


def _store(picture: images.Picture, media: Path, owner: str, alt: str, caption: str) -> Media:
    data, kind, width, height = picture
    path = _write(data, images.TYPES[kind], media, owner)
    return Media(path, MEDIA_TYPES[images.TYPES[kind]], len(data), width, height, alt, caption)


def _write(data: bytes, ending: str, media: Path, owner: str) -> str:
    """Write a file of an entry or chapter unless it exists; return its path below *media*."""
    path = _path_of(data, ending, owner)
    target = media / path
    if not target.exists():
        make_folder(target.parent, media.parent.parent)
        replace_file(target, data)
    return path


def _path_of(data: bytes, ending: str, owner: str) -> str:
    """Return the path of a file of an entry or chapter below the folder of the media."""
    return f"{picture_stem(owner)}-{content_hash(data)}.{ending}"


def content_hash(data: bytes) -> str:
    """Return what the name of a stored file says of its bytes, after the last hyphen."""
    return blake2b(data, digest_size=5).hexdigest()
