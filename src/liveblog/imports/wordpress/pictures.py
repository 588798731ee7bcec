"""Pictures of an export, which holds their addresses only: found in a folder, or fetched.

A text shows a picture in one of the sizes that WordPress makes; what is imported is the picture
as it was uploaded, where the export or the folder has it.
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
from .. import Picture
from ..html import Image
from .texts import plain
from .wxr import Item, number

ACCEPT = "image/webp, image/png, image/jpeg, image/gif"

_KIND = re.compile(r"\.(jpe?g|jpe|png|gif|webp)$", re.IGNORECASE)
_SIZE = re.compile(r"-\d{1,5}x\d{1,5}(?=\.\w+$)")
_PHOTON = re.compile(r"^https?://i\d\.wp\.com/", re.IGNORECASE)
_UPLOADS = ("uploads", "files")


@dataclass(frozen=True)
class Attachment:
    """A picture of WordPress's media library."""

    url: str
    alt: str = ""
    caption: str = ""


@dataclass
class Library:
    """The pictures that an export names, and where their bytes may be."""

    folder: Path | None = None  #: a copy of the site's uploads
    client: Client | None = None  #: fetches what the folder lacks
    by_id: dict[int, Attachment] = field(default_factory=dict)
    _by_path: dict[str, int] = field(default_factory=dict)
    _of_post: dict[int, list[int]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Learn of an attachment; only pictures are kept."""
        url = item["wp:attachment_url"].strip()
        if not _KIND.search(_path(url)) or not item.id:
            return
        alt = plain(item.meta.get("_wp_attachment_image_alt", ""))
        self.by_id[item.id] = Attachment(url, alt, plain(item["excerpt:encoded"]))
        self._by_path[_path(url)] = item.id
        if parent := number(item["wp:post_parent"]):
            self._of_post.setdefault(parent, []).append(item.id)

    def figures(self, post: int, ids: Sequence[int]) -> str:
        """Return the HTML of attachments; of those of a post if none are named."""
        known = [self.by_id[id_] for id_ in ids or self._of_post.get(post, ()) if id_ in self.by_id]
        return "".join(
            f'<figure><img src="{html.escape(found.url)}" alt="{html.escape(found.alt)}">'
            f"<figcaption>{html.escape(found.caption)}</figcaption></figure>"
            for found in known
        )

    def mark(self, image: Image) -> str:
        """Return what the sizes of one picture have in common."""
        found = self._uploaded(image)
        return _path(found.url) if found else _SIZE.sub("", _path(_origin(image.url)))

    def picture(self, image: Image) -> Picture:
        """Offer a picture; its bytes are looked for when it is imported."""
        found = self._uploaded(image) or Attachment(_origin(image.url))
        name = unquote(PurePosixPath(_path(found.url)).name) or found.url
        alt, caption = image.alt or found.alt, image.caption
        return Picture(name, partial(self._read, found.url, image.url), alt, caption)

    def _uploaded(self, image: Image) -> Attachment | None:
        """Return the attachment that an image is a size of."""
        shown = _path(_origin(image.url))
        for path in (shown, *_originals(shown)):
            if path in self._by_path:
                return self.by_id[self._by_path[path]]
        return None

    def _read(self, url: str, shown: str) -> bytes:
        """Return a picture's bytes.

        Raises :class:`LiveblogError` if it is nowhere to be had.
        """
        own, other = unquote(_path(url)), unquote(_path(_origin(shown)))
        if path := self._in_folder([own] * (own != other) + [*_originals(other)]):
            return _file(path)
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
                answer = self.client.get(address, {"accept": ACCEPT})
            except LiveblogError as error:
                problem = problem or error
                continue
            if answer.status == 200:
                return answer.body
            problem = problem or Unreachable(
                f"The picture {address} answers {answer.status}.",
                "Give a copy of the site's wp-content/uploads folder, or add it by hand.",
            )
        raise problem or Unreachable(f"The picture {url} has no address.", "Add it by hand.")

    def _in_folder(self, paths: Sequence[str]) -> Path | None:
        """Find a file by the end of its path: whichever part of the tree the folder is."""
        if not self.folder:
            return None
        root = self.folder.resolve()
        for wanted in paths:
            for end in _ends(PurePosixPath(wanted)):
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
    """Return the address of a picture itself, not of a service that makes it smaller."""
    return _PHOTON.sub("https://", url).partition("?")[0] if _PHOTON.match(url) else url


def _originals(path: str) -> Iterator[str]:
    """Yield the paths that a picture may have been uploaded under, the likeliest first."""
    whole = _SIZE.sub("", path)
    stem, dot, kind = whole.rpartition(".")
    yield whole
    yield f"{stem}-scaled{dot}{kind}"
    yield path


def _ends(path: PurePosixPath) -> Iterator[PurePosixPath]:
    """Yield the ends of a path, the longest first; the bare name only from the uploads' top."""
    parts = [part for part in path.parts if part != "/"]
    for start in range(len(parts)):
        if start < len(parts) - 1 or start == 0 or parts[start - 1] in _UPLOADS:
            yield PurePosixPath(*parts[start:])


def _file(path: Path) -> bytes:
    from ...model.limits import PICTURE_BYTES

    try:
        size = path.stat().st_size
        if size > PICTURE_BYTES:
            raise InvalidInput(
                f"{path} has {size:,} bytes; the limit is {PICTURE_BYTES:,}.", "Make it smaller."
            )
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"Cannot read {path}: {error.strerror}.", "Check it.") from None
