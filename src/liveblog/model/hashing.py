"""BLAKE2b, the hash of journal lines, files and pictures.

Imported from CPython's own module, because ``hashlib`` loads OpenSSL, which takes longer than the
rest of ``liveblog post``.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b
except ImportError:  # not CPython
    from hashlib import blake2b

__all__ = ["blake2b"]
