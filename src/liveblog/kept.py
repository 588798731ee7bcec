"""Results that are kept for the next time: a text is shown by many pages, feeds and mails.

For pure functions of what is small: what is very long is made anew each time, so that memory stays
bounded whatever anybody writes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

SHORT = 10_000
"""Characters of what is kept, at the most."""

Make = TypeVar("Make", bound=Callable[..., Any])


def kept(number: int, *, length: Callable[[Any], int] = len) -> Callable[[Make], Make]:
    """Keep the last *number* results of a function of arguments that can be hashed.

    *length* tells that of its first argument, in characters.
    """

    def decorate(make: Make) -> Make:
        keeping = lru_cache(maxsize=number)(make)

        @wraps(make)
        def call(first: Any, *args: Any) -> Any:
            return (keeping if length(first) <= SHORT else make)(first, *args)

        return cast(Make, call)

    return decorate
