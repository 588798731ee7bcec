"""The maximum numbers of connections and event streams, from the limit on open files."""

from __future__ import annotations

import resource
import sys


def max_connections() -> int:
    """Return the maximum number of connections, event streams included.

    The other descriptors, at least 64 and at most 1024, are for files.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(limit - max(64, min(limit // 8, 1024)), limit // 2)


def max_streams() -> int:
    """Return the maximum number of event streams: a quarter of the connections is for others."""
    return max_connections() * 3 // 4
