"""A text of WordPress's as Markdown, with the pictures that it shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...model import limits
from .. import Picture
from ..html import Image, to_markdown
from .pictures import Library
from .texts import shown


@dataclass
class Body:
    """A text on its way into a version."""

    library: Library
    markdown: str = ""
    missing: list[str] = field(default_factory=list)  #: what only WordPress could have shown
    _images: dict[str, Image] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str, post: int, base: str, library: Library) -> Body:
        """Read a text of a post; its relative addresses lead from *base*."""
        body = cls(library)
        found = shown(text, lambda ids: library.figures(post, ids))
        body.markdown = to_markdown(found.html, base=base, take=body.take)
        body.missing = found.missing
        return body

    def take(self, image: Image) -> bool:
        """Take a picture along, in one of its sizes only, unless there are too many."""
        mark = self.library.mark(image)
        if mark not in self._images and len(self._images) >= limits.LIST:
            return False
        self._images.setdefault(mark, image)
        return True

    def lead_with(self, image: Image) -> None:
        """Show a picture first, unless the text shows it itself."""
        mark = self.library.mark(image)
        if mark not in self._images and len(self._images) < limits.LIST:
            self._images = {mark: image, **self._images}

    def pictures(self) -> tuple[Picture, ...]:
        """Return the pictures in their order."""
        return tuple(map(self.library.picture, self._images.values()))
