"""Converts a WordPress text to Markdown, and collects its pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...model import limits
from .. import Picture
from ..html import Image, to_markdown
from .pictures import MediaLibrary
from .texts import convert


@dataclass
class Body:
    """A text as Markdown, and its pictures."""

    library: MediaLibrary
    markdown: str = ""
    missing: list[str] = field(default_factory=list)  #: parts that only WordPress can show
    _images: dict[str, Image] = field(default_factory=dict)

    @classmethod
    def from_text(cls, text: str, post: int, base: str, library: MediaLibrary) -> Body:
        """Convert a text of a post; relative addresses are resolved against *base*."""
        body = cls(library)
        found = convert(text, lambda ids: library.figures(post, ids))
        body.markdown = to_markdown(found.html, base=base, take=body.take)
        body.missing = found.missing
        return body

    def take(self, image: Image) -> bool:
        """Add a picture, in one of its sizes only; return False if there are too many."""
        identity = self.library.identity(image)
        if identity not in self._images and len(self._images) >= limits.LIST:
            return False
        self._images.setdefault(identity, image)
        return True

    def prepend(self, image: Image) -> None:
        """Insert a picture before the others, unless the text shows it."""
        identity = self.library.identity(image)
        if identity not in self._images and len(self._images) < limits.LIST:
            self._images = {identity: image, **self._images}

    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures in order."""
        return tuple(map(self.library.picture, self._images.values()))
