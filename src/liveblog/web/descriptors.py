"""How many connections this process can hold: each takes a file descriptor."""

from __future__ import annotations

import resource
import sys


def room_for_connections() -> int:
    """Return how many connections there may be, event streams included.

    The rest of the process's descriptors is for files: at least 64, at most 1024.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(limit - max(64, min(limit // 8, 1024)), limit // 2)


def room_for_streams() -> int:
    """Return how many event streams there may be: a quarter is left to other requests."""
    return room_for_connections() * 3 // 4
