"""Finds the pictures of an export, which holds only addresses: in a folder, or on the site.

A text shows a picture in one of the sizes that WordPress makes; the picture as it was uploaded is
imported instead, if the export or the folder has it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from ...http_client import Client
from ...model import addresses
from ...model.errors import InvalidInput, LiveblogError, Unreachable
from ...model.limits import FILM_BYTES
from .. import Picture
from ..files import fetch_picture, read_file
from ..html import Image
from .texts import plain_text
from .wxr import Item, number

_PICTURE_SUFFIX = re.compile(r"\.(jpe?g|jpe|png|gif|webp)$", re.IGNORECASE)
_SIZE = re.compile(r"-\d{1,5}x\d{1,5}(?=\.\w+$)")
_PHOTON = re.compile(r"^https?://i\d\.wp\.com/", re.IGNORECASE)
_UPLOADS = ("uploads", "files")


@dataclass(frozen=True)
class Attachment:
    """A picture in WordPress's media library."""

    url: str
    alt: str = ""
    caption: str = ""


@dataclass
class MediaLibrary:
    """The pictures of an export, and where to find their files."""

    folder: Path | None = None  #: a copy of the site's uploads
    client: Client | None = None  #: fetches pictures that are not in the folder
    by_id: dict[int, Attachment] = field(default_factory=dict)
    _by_path: dict[str, int] = field(default_factory=dict)
    _by_post: dict[int, list[int]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Add an attachment, if it is a picture."""
        url = item["wp:attachment_url"].strip()
        if not _PICTURE_SUFFIX.search(_path(url)) or not item.id:
            return
        alt = plain_text(item.meta.get("_wp_attachment_image_alt", ""))
        self.by_id[item.id] = Attachment(url, alt, plain_text(item["excerpt:encoded"]))
        self._by_path[_path(url)] = item.id
        if parent := number(item["wp:post_parent"]):
            self._by_post.setdefault(parent, []).append(item.id)

    def figures(self, post: int, ids: Sequence[int]) -> str:
        """Return the HTML of attachments; without *ids*, of all attachments of a post."""
        known = [self.by_id[id_] for id_ in ids or self._by_post.get(post, ()) if id_ in self.by_id]
        return "".join(
            f'<figure><img src="{html.escape(found.url)}" alt="{html.escape(found.alt)}">'
            f"<figcaption>{html.escape(found.caption)}</figcaption></figure>"
            for found in known
        )

    def identity(self, image: Image) -> str:
        """Return a string that is the same for all sizes of one picture."""
        found = self._uploaded(image)
        return _path(found.url) if found else _SIZE.sub("", _path(_origin(image.url)))

    def picture(self, image: Image) -> Picture:
        """Return a picture of an update; its file is searched when the update is imported."""
        found = self._uploaded(image) or Attachment(_origin(image.url))
        name = unquote(PurePosixPath(_path(found.url)).name) or found.url
        alt, caption = image.alt or found.alt, image.caption
        return Picture(name, partial(self._read, found.url, image.url), alt, caption, found.url)

    def _uploaded(self, image: Image) -> Attachment | None:
        """Return the attachment of which an image shows one size; None if it is unknown."""
        shown = _path(_origin(image.url))
        for path in (shown, *_original_paths(shown)):
            if path in self._by_path:
                return self.by_id[self._by_path[path]]
        return None

    def _read(self, url: str, shown: str) -> bytes:
        """Return the bytes of a picture. Raises :class:`LiveblogError` if it is not found."""
        own, other = unquote(_path(url)), unquote(_path(_origin(shown)))
        if path := self._in_folder([own] * (own != other) + [*_original_paths(other)]):
            return read_file(path, FILM_BYTES)
        if not self.client:
            lacks = f", and not in {self.folder}" if self.folder else ""
            raise InvalidInput(
                f"The picture {url} is not in the export{lacks}.",
                "Give a copy of the site's wp-content/uploads folder, or add it by hand.",
            )
        problem: LiveblogError | None = None
        larger = _SIZE.sub("", url) if "?" not in url else url
        for address in dict.fromkeys((larger if url == shown else url, url, shown)):
            try:
                return fetch_picture(self.client, address)
            except LiveblogError as error:
                problem = problem or error
        raise problem or Unreachable(f"The picture {url} has no address.", "Add it by hand.")

    def _in_folder(self, paths: Sequence[str]) -> Path | None:
        """Find a file by the end of its path, as the folder may be any part of the site's tree."""
        if not self.folder:
            return None
        root = self.folder.resolve()
        for wanted in paths:
            for end in _path_ends(PurePosixPath(wanted)):
                try:
                    path = (root / end).resolve()
                    if path.is_relative_to(root) and path.is_file():
                        return path
                except (OSError, ValueError):  # a name that no file can have
                    continue
        return None


def _path(url: str) -> str:
    try:
        return addresses.split(url).path
    except ValueError:
        return ""


def _origin(url: str) -> str:
    """Return the address of the original picture instead of that of a resizing service."""
    return _PHOTON.sub("https://", url).partition("?")[0] if _PHOTON.match(url) else url


def _original_paths(path: str) -> Iterator[str]:
    """Yield the possible paths of the uploaded picture, the likeliest first."""
    whole = _SIZE.sub("", path)
    stem, dot, kind = whole.rpartition(".")
    yield whole
    yield f"{stem}-scaled{dot}{kind}"
    yield path


def _path_ends(path: PurePosixPath) -> Iterator[PurePosixPath]:
    """Yield the ends of a path, longest first; the bare file name only at the top of uploads."""
    parts = [part for part in path.parts if part != "/"]
    for start in range(len(parts)):
        if start < len(parts) - 1 or start == 0 or parts[start - 1] in _UPLOADS:
            yield PurePosixPath(*parts[start:])
