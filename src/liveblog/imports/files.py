"""Reads the files of an import: from the disk up to a limit, and pictures from the web."""

from __future__ import annotations

from pathlib import Path

from ..http_client import Client
from ..model.errors import InvalidInput, Unreachable


def read_file(path: Path, limit: int) -> bytes:
    """Return the bytes of a file, *limit* at most. Raises :class:`InvalidInput`."""
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise cannot_read(path, error) from None
    if len(data) > limit:
        raise InvalidInput(
            f"{path} has more than {limit:,} bytes, the limit.", "Make it smaller, or split it."
        )
    return data


def cannot_read(path: Path, error: OSError | ValueError) -> InvalidInput:
    """Return the error for a file that cannot be opened or read."""
    reason = getattr(error, "strerror", None) or str(error)
    return InvalidInput(f"Cannot read {path}: {reason}.", "Check its path and its permissions.")


def fetch_picture(client: Client, url: str) -> bytes:
    """Fetch a picture. Raises :class:`Unreachable`."""
    try:
        answer = client.get(
            url, {"accept": "image/webp, image/png, image/jpeg, image/gif, video/*, audio/*"}
        )
    except Unreachable as error:
        raise Unreachable(f"The picture {url} did not come: {error.message}", error.hint) from None
    if answer.status != 200:
        raise Unreachable(f"The picture {url} answers {answer.status}.", "Add it by hand.")
    return answer.body
