"""The composer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

if TYPE_CHECKING:
    from .served import Served


def routes(served: Served) -> list[Route]:
    """Return the composer's pages."""
    return []
