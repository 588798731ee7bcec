"""liveblog: write dated updates; readers get pages, feeds, and daily and weekly digests.

The public API is :class:`Blog` and what it hands out::

    from liveblog import Blog

    blog = Blog("my-blog")
    blog.post("The border post is open again.", tags=["border"])
    blog.publish()

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__ as __version__

if TYPE_CHECKING:
    from .blog import Blog
    from .chapters import ChapterHistory
    from .digest import Digest
    from .model.chapter import Chapter, ChapterDraft
    from .model.entry import Figure, Framing, Media, Revision, Source
    from .model.errors import LiveblogError
    from .search import Found, Hit
    from .timeline import Day, Entry, Timeline

__all__ = [
    "Blog",
    "Chapter",
    "ChapterDraft",
    "ChapterHistory",
    "Day",
    "Digest",
    "Entry",
    "Figure",
    "Found",
    "Framing",
    "Hit",
    "LiveblogError",
    "Media",
    "Revision",
    "Source",
    "Timeline",
]

_HOMES = {
    "Blog": "blog",
    "Chapter": "model.chapter",
    "ChapterDraft": "model.chapter",
    "ChapterHistory": "chapters",
    "Digest": "digest",
    "LiveblogError": "model.errors",
    "Day": "timeline",
    "Entry": "timeline",
    "Timeline": "timeline",
    "Figure": "model.entry",
    "Found": "search",
    "Hit": "search",
    "Framing": "model.entry",
    "Media": "model.entry",
    "Revision": "model.entry",
    "Source": "model.entry",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module 'liveblog' has no attribute '{name}'")
