"""BLAKE2b, which names lines, files and pictures throughout.

``hashlib`` has it too, but loads OpenSSL, which takes longer than the rest of a post; CPython's own
module is asked first.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # another Python
    from hashlib import blake2b

__all__ = ["blake2b"]
