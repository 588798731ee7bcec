"""The files of entries and chapters: validates and stores new ones; finds missing ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from .journal import Fault
from .model.chapter import Chapter
from .model.entry import Media, Revision, clean_text
from .model.errors import InvalidInput, storage_errors
from .model.validation import validate
from .storage.inside import size_inside
from .storage.paths import Paths
from .timeline import Timeline


class Image(Struct, frozen=True):
    """A picture file to show in an entry or chapter; in an entry also a film or recording."""

    path: Path
    alt: str  #: what a person who cannot see it should know
    caption: str = ""
    poster: Path | None = None  #: a picture that stands for a film, instead of a frame of it
    subtitles: Path | None = None  #: of a film or recording: WebVTT or SubRip


class Uploaded(Struct, frozen=True):
    """A file that was uploaded before, to show somewhere; see :meth:`Blog.upload`."""

    name: str  #: that :meth:`Blog.upload` returned
    alt: str
    caption: str = ""


def set_pictures(
    revision: Revision, images: Iterable[Image | Uploaded | Media], paths: Paths
) -> Revision:
    """Store *images* and return the revision that shows them and no others.

    A :class:`Media` is a picture that the entry has already. New pictures are stored only if the
    revision with them is valid; without any, the journal validates it.

    Raises :class:`InvalidInput` and :class:`StorageError`.
    """
    images = list(images)
    stored = tuple(image for image in images if isinstance(image, Media))
    known = {media.path for media in revision.media}
    if strange := {media.path for media in stored} - known:
        raise InvalidInput(
            f"{revision.id} has no picture {', '.join(sorted(strange))}.", "Upload it."
        )
    new = [image for image in images if not isinstance(image, Media)]
    revision = msgspec.structs.replace(revision, media=stored)
    if not new:
        return revision
    # A title stands for the pictures: an entry with pictures needs no text.
    validate(msgspec.structs.replace(revision, title=revision.title or "picture"))
    for image in new:
        _check_alt(image)
    with storage_errors("write to", paths.media):
        added = tuple(_store(image, revision.id, paths) for image in new)
    revision = msgspec.structs.replace(revision, media=stored + added)
    validate(revision)
    return revision


def set_picture(chapter: Chapter, image: Image | Uploaded | Media | None, paths: Paths) -> Chapter:
    """Store the picture of a chapter and return the revision that shows it; None: no picture.

    A :class:`Media` is the picture that the chapter has already, whose texts may be others. A new
    picture is stored only if the revision is valid.

    Raises :class:`InvalidInput` and :class:`StorageError`.
    """
    if isinstance(image, Media) and (not chapter.picture or image.path != chapter.picture.path):
        raise InvalidInput(f"The chapter has no picture {image.path}.", "Upload it.")
    if image is not None and not isinstance(image, Media):
        validate(chapter)
        _check_alt(image)
        with storage_errors("write to", paths.media):
            image = _store(image, chapter.name, paths)
    chapter = msgspec.structs.replace(chapter, picture=image)
    validate(chapter)
    return chapter


def _check_alt(image: Image | Uploaded) -> None:
    if not image.alt.strip():
        name = image.name if isinstance(image, Uploaded) else image.path
        raise InvalidInput(
            f"The picture {name} has no alternative text.",
            "Describe it (--alt) for those who cannot see it.",
        )


def _store(image: Image | Uploaded, owner: str, paths: Paths) -> Media:
    from .media import read_source, store_file, store_subtitles, use_upload

    alt = clean_text(image.alt, "alternative text")
    caption = clean_text(image.caption, "caption")
    if isinstance(image, Uploaded):
        return use_upload(image.name, paths.uploads, paths.media, owner, alt=alt, caption=caption)
    stored = store_file(Path(image.path), paths.media, owner, alt=alt, caption=caption)
    if stored.kind == "picture" and (image.poster or image.subtitles):
        raise InvalidInput(f"{image.path} is a picture.", "Only films have these.")
    if image.poster and stored.kind == "film":
        poster = store_file(image.poster, paths.media, owner, alt="")
        if poster.kind != "picture":
            raise InvalidInput(f"{image.poster} is not a picture.", "Give a JPEG or PNG.")
        stored = msgspec.structs.replace(stored, poster=poster)
    if image.subtitles:
        data, name = read_source(image.subtitles), str(image.subtitles)
        found = store_subtitles(data, paths.media, owner, name)
        stored = msgspec.structs.replace(stored, subtitles=found)
    return stored


def missing_pictures(
    timeline: Timeline, media: Path, progress: Callable[[int, int], None]
) -> Iterator[Fault]:
    """Yield a fault for each picture whose file in the folder *media* is gone or was altered."""
    days = timeline.days()
    for number, day in enumerate(days):
        progress(number, len(days))
        for entry in timeline.unfiltered(day).entries:
            for shown in entry.now.media:
                for file in shown.files:
                    yield from _missing(file, entry.id, media)
    for chapter in timeline.unfiltered_chapters():
        if chapter.now.picture:
            yield from _missing(chapter.now.picture, f"the chapter '{chapter.slug}'", media)


def _missing(picture: Media, owner: str, media: Path) -> Iterator[Fault]:
    if size_inside(media, picture.path) != picture.size:
        hint = "Restore the file from a backup, or edit the text that shows it."
        problem = f"the picture of {owner} is gone or was altered"
        yield Fault(f"entries/media/{picture.path}", problem, hint)
