"""Converts a WordPress text to Markdown, and collects its pictures."""

from __future__ import annotations

from ...model import limits
from .. import Picture
from ..html import Image, to_markdown
from .pictures import MediaLibrary
from .texts import convert


class Body:
    """A text as Markdown, and its pictures."""

    def __init__(self, text: str, post: int, base: str, library: MediaLibrary) -> None:
        """Convert a text of a post; relative addresses are resolved against *base*."""
        self._library = library
        self._images: dict[str, Image] = {}
        converted = convert(text, lambda ids: library.figures(post, ids))
        self.missing = converted.missing  #: parts that only WordPress can show
        self.markdown = to_markdown(converted.html, base=base, take=self._take)

    def _take(self, image: Image) -> bool:
        """Add a picture, in one of its sizes only; return False if there are too many."""
        identity = self._library.identity(image)
        if identity not in self._images and len(self._images) >= limits.LIST:
            return False
        self._images.setdefault(identity, image)
        return True

    def prepend(self, image: Image) -> None:
        """Insert a picture before the others, unless the text shows it."""
        identity = self._library.identity(image)
        if identity not in self._images and len(self._images) < limits.LIST:
            self._images = {identity: image, **self._images}

    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures in order."""
        return tuple(map(self._library.picture, self._images.values()))
