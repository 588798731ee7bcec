"""The theme's files as they will be served: liveblog's own, overridden by the blog's one by one."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ..model.errors import StorageError
from ..model.hashing import blake2b

STABLE = frozenset({"embed.js"})
"""Files that other sites link to: their names never change."""


class Theme:
    """Style, script and icons under content-hashed names, and the fingerprint of it all."""

    def __init__(self, templates: Path, static: Path) -> None:
        """Read liveblog's theme and a blog's own *templates* and *static* folders, if any."""
        self.templates = templates
        own = resources.files("liveblog") / "theme"
        self._static = _files(own / "static") | _files(static)
        self._templates = _files(own / "templates") | _files(templates)

    def assets(self) -> dict[str, tuple[str, bytes]]:
        """Map each static file's name to its path on the site and its bytes."""
        found = {}
        for name, data in sorted(self._static.items()):
            folder, slash, last = name.rpartition("/")
            stem, dot, ending = last.rpartition(".") if "." in last else (last, "", "")
            mark = blake2b(data, digest_size=5).hexdigest()
            hashed = f"assets/{folder}{slash}{stem}.{mark}{dot}{ending}"
            found[name] = (name if name in STABLE else hashed, data)
        return found

    def fingerprint(self) -> str:
        """Return a hash that changes whenever any page could look different."""
        total = blake2b(digest_size=16)
        for name, data in sorted((self._static | self._templates).items()):
            total.update(f"{name}\0{len(data)}\0".encode())
            total.update(data)
        return total.hexdigest()


def _files(folder: Traversable | Path, prefix: str = "") -> dict[str, bytes]:
    """Read a folder's files, and those below it, by their names."""
    if not folder.is_dir():
        return {}
    found: dict[str, bytes] = {}
    for item in folder.iterdir():
        if item.name.startswith((".", "__")):
            continue
        if item.is_dir():
            found |= _files(item, f"{prefix}{item.name}/")
        else:
            try:
                found[prefix + item.name] = item.read_bytes()
            except OSError as error:
                raise StorageError.of(error, "read", Path(str(item))) from error
    return found
