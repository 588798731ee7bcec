"""Serves uploaded pictures that no entry uses yet, for the API and Micropub."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import FileResponse

from ..blog import Blog
from ..media import is_upload
from .errors import Problem


def uploaded_picture(blog: Blog, name: str, headers: Mapping[str, str]) -> FileResponse:
    """Return the uploaded picture of a name.

    Raises :class:`Problem` (404) if there is none.
    """
    path = blog.paths.uploads / name if is_upload(name) else None
    if path is None or not path.is_file():
        raise Problem(404, "not_found", f"There is no uploaded picture '{name[:200]}'.")
    return FileResponse(path, headers=headers)
