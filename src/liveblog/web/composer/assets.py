"""What the composer is made of: its own script, style and icons, and what installs it.

These files are served by name and content, so a browser keeps them for good; a new version of any
of them makes a new service worker, which takes the old ones away.
"""

from __future__ import annotations

import gzip
import re
from functools import cached_property
from importlib import resources
from typing import Any

import msgspec

from ...blog import Blog
from ...model.hashing import blake2b

_WORKER = "sw.js"
_ICONS = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"),
          ("maskable-512.png", "512x512", "maskable"))  # fmt: skip


class ComposerAssets:
    """The composer's own files, for one blog."""

    def __init__(self, blog: Blog, path: str) -> None:
        """Serve the blog at *path*."""
        self._blog = blog
        self._path = path
        self._packed: dict[str, bytes] = {}

    @cached_property
    def _files(self) -> dict[str, bytes]:
        folder = resources.files("liveblog") / "theme" / "newsroom"
        return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}

    @cached_property
    def names(self) -> dict[str, str]:
        """Where each file stands, below the site's root."""
        found = {}
        for name, data in self._files.items():
            stem, _, ending = name.rpartition(".")
            if name != _WORKER:
                found[name] = f"compose/assets/{stem}.{_mark(data)}.{ending}"
        return found

    def file(self, name: str) -> bytes | None:
        """Return the file that is served under a name."""
        for plain, path in self.names.items():
            if path.endswith(f"/{name}"):
                return self._files[plain]
        return None

    def packed(self, name: str) -> bytes:
        """Return the file that is served under a name, compressed with gzip."""
        if name not in self._packed:
            self._packed[name] = gzip.compress(self.file(name) or b"", mtime=0)
        return self._packed[name]

    def manifest(self) -> bytes:
        """Return what makes the composer installable, and a place to share to."""
        config = self._blog.config
        words = self._blog.words
        start = f"{self._path}compose"
        document: dict[str, Any] = {
            "id": start,
            "name": words.say("%(title)s: newsroom", title=config.title),
            "short_name": config.title[:30],
            "lang": config.language,
            "dir": words.direction,
            "start_url": start,
            "scope": start,
            "display": "standalone",
            "background_color": "#fdfcfa",
            "theme_color": "#fdfcfa",
            "icons": [
                {"src": self._path + self.names[name], "sizes": sizes, "type": "image/png",
                 "purpose": purpose}
                for name, sizes, purpose in _ICONS
            ],
            "share_target": {
                "action": start,
                "method": "GET",
                "params": {"title": "title", "text": "text", "url": "url"},
            },
        }  # fmt: skip
        return msgspec.json.encode(document)

    def worker(self, page: bytes) -> bytes:
        """Return the service worker that keeps *page*, the composer without anybody in it."""
        used = re.findall(r'(?:href|src)="([^"]*/assets/[^"]*)"', page.decode())
        own = (self._path + name for name in self.names.values())
        files = list(dict.fromkeys([*own, *used]))
        settings = {
            "page": f"{self._path}compose/shell",
            "start": f"{self._path}compose",
            "files": files,
            "version": _mark(page + "\n".join(files).encode() + self._files[_WORKER]),
        }
        return b"const SHELL = " + msgspec.json.encode(settings) + b";\n" + self._files[_WORKER]


def _mark(data: bytes) -> str:
    return blake2b(data, digest_size=5).hexdigest()
