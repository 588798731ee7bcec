"""The routes of the composer: pages to write with, which need no script.

Forms are read into drafts, which go to the same :class:`Newsroom` as those of the API. A form that
is refused comes back as its page, with what was typed and the reason in words.
"""

from __future__ import annotations

from starlette.routing import Route

from ..context import BlogContext
from . import chapters, digests, entries, offline, sign_in
from .site import ComposerSite


def routes(context: BlogContext) -> list[Route]:
    """Return the composer's routes for a blog."""
    site = ComposerSite(context)
    return [
        *entries.routes(site),
        *digests.routes(site),
        *chapters.routes(site),
        *sign_in.routes(site),
        *offline.routes(site),
    ]
