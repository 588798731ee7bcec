"""The composer's scripts, style and icons, its web app manifest and its service worker.

The files have content-hashed names, so that browsers may cache them for ever. A new version of any
of them gives a new service worker, which deletes the old ones from its cache.
"""

from __future__ import annotations

import re
from functools import cached_property
from importlib import resources
from typing import Any

import msgspec

from ...blog import Blog
from ...model.hashing import blake2b
from ...site.theme import hashed_assets

_THEME = resources.files("liveblog") / "theme"
_FOLDER = _THEME / "newsroom"
_SHARED = ("events.js",)  #: scripts of the reader's pages that the composer's import, too
_WORKER = "sw.js"
_ICONS = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"),
          ("maskable-512.png", "512x512", "maskable"))  # fmt: skip


class ComposerAssets:
    """The composer's own files, for one blog."""

    def __init__(self, blog: Blog, path: str) -> None:
        """Serve the blog at *path*."""
        self._blog = blog
        self._path = path

    @cached_property
    def _assets(self) -> dict[str, tuple[str, bytes]]:
        own = (file for file in _FOLDER.iterdir() if file.is_file() and file.name != _WORKER)
        files = (*own, *(_THEME / "static" / name for name in _SHARED))
        return hashed_assets({file.name: file.read_bytes() for file in files})

    @cached_property
    def names(self) -> dict[str, str]:
        """Map each file's name to its path below the site's root."""
        return {name: f"compose/assets/{hashed}" for name, (hashed, _) in self._assets.items()}

    def file(self, name: str) -> bytes | None:
        """Return the file that is served under a content-hashed name."""
        return dict(self._assets.values()).get(name)

    def manifest(self) -> bytes:
        """Return the web app manifest: installs the composer, also as a target for sharing."""
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
        """Return the service worker that caches *page*: the composer with nobody signed in."""
        script = (_FOLDER / _WORKER).read_bytes()
        used = re.findall(r'(?:href|src)="([^"]*/assets/[^"]*)"', page.decode())
        own = (self._path + name for name in self.names.values())
        files = list(dict.fromkeys([*own, *used]))
        version = blake2b(page + "\n".join(files).encode() + script, digest_size=5)
        settings = {
            "page": f"{self._path}compose/shell",
            "start": f"{self._path}compose",
            "files": files,
            "version": version.hexdigest(),
        }
        return b"const SHELL = " + msgspec.json.encode(settings) + b";\n" + script
