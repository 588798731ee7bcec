"""The paths of a blog's files and folders."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct


class Paths(Struct, frozen=True):
    """The paths of a blog's files and folders, all below *root*."""

    root: Path

    @property
    def entries(self) -> Path:
        """The journal and the media."""
        return self.root / "entries"

    @property
    def media(self) -> Path:
        """The pictures of entries."""
        return self.entries / "media"

    @property
    def outbox(self) -> Path:
        """The outbox: what was sent and what is due."""
        return self.entries / "outbox.sqlite"

    @property
    def subscriptions(self) -> Path:
        """The subscriptions to foreign feeds."""
        return self.entries / "followed.json"

    @property
    def site(self) -> Path:
        """The published site."""
        return self.root / "feeds"

    @property
    def redirects(self) -> Path:
        """The redirects for earlier addresses of the blog."""
        return self.root / "moved"

    @property
    def derived(self) -> Path:
        """Everything derived: indexes, caches, locks, hashed tokens."""
        return self.root / ".liveblog"

    @property
    def compressed(self) -> Path:
        """Compressed copies of the site's files."""
        return self.derived / "compressed"

    @property
    def uploads(self) -> Path:
        """Uploaded pictures that no update uses yet."""
        return self.derived / "uploads"

    @property
    def templates(self) -> Path:
        """The blog's own templates."""
        return self.root / "templates"

    @property
    def static(self) -> Path:
        """The blog's own style sheets, scripts and icons."""
        return self.root / "static"


def user_cache(name: str) -> Path | None:
    """Return the folder *name* in the user's cache of this program, which is created.

    For code, which must not lie in the folder of a blog: that may come from somebody else. None if
    the user has no home folder, or one that cannot be written to. The place is that of the XDG Base
    Directory Specification.
    """
    try:
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(caches, "liveblog", name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder
