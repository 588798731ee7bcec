"""The objects that the handlers of one blog's requests share."""

from __future__ import annotations

from dataclasses import dataclass

from ..blog import Blog
from .auth import Authenticator
from .editors import Editors
from .search_limit import SearchLimit
from .writers import Writers


@dataclass(frozen=True)
class BlogContext:
    """A served blog, and the objects that exist once for it."""

    blog: Blog
    path: str  #: path of the blog's URL, with a slash at both ends
    auth: Authenticator
    writers: Writers
    search_limit: SearchLimit
    editors: Editors
