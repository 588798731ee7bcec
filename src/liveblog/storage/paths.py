"""Where a blog's things lie in its folder."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class Paths(Struct, frozen=True):
    """Where a blog's things lie."""

    root: Path

    @property
    def entries(self) -> Path:
        """The journal and the media."""
        return self.root / "entries"

    @property
    def media(self) -> Path:
        """The pictures that entries show."""
        return self.entries / "media"

    @property
    def outbox(self) -> Path:
        """What was closed, what went out, and what is to go out."""
        return self.entries / "outbox.sqlite"

    @property
    def followed(self) -> Path:
        """The feeds that are followed."""
        return self.entries / "followed.json"

    @property
    def site(self) -> Path:
        """What is published."""
        return self.root / "feeds"

    @property
    def moved(self) -> Path:
        """What is put at addresses that the blog had before."""
        return self.root / "moved"

    @property
    def derived(self) -> Path:
        """What can be made again."""
        return self.root / ".liveblog"

    @property
    def compressed(self) -> Path:
        """Compressed copies of the site's files."""
        return self.derived / "compressed"

    @property
    def uploads(self) -> Path:
        """Pictures that were uploaded and wait for their update."""
        return self.derived / "uploads"

    @property
    def templates(self) -> Path:
        """The blog's own templates."""
        return self.root / "templates"

    @property
    def static(self) -> Path:
        """The blog's own style sheets, scripts and icons."""
        return self.root / "static"
