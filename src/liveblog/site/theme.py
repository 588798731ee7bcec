"""Reads the theme's files, and names each asset by a hash of its content."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from posixpath import dirname, join, normpath

from ..model.errors import StorageError
from ..model.hashing import blake2b

STABLE = frozenset({"embed.js"})
"""Files that other sites link to, whose names have no hash."""

_IMPORT = re.compile(
    r"""^((?:import|export)\b[^;"']*["'])(\.{1,2}/[^"']+)(?=["'])""", re.MULTILINE
)  #: an import statement up to its address, and the relative address


def hashed_assets(files: Mapping[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """Map each file's name to its content-hashed name and its bytes.

    Scripts import each other by relative address; those addresses become the hashed names. The
    hash of a script covers all that it imports, so a new version of one renews its importers.
    """
    imports = {name: _imports(name, data) for name, data in files.items() if name.endswith(".js")}
    names = {}
    for name in files:
        reached = [name]
        for script in reached:
            reached += {file for file in imports.get(script, ()) if file in files} - {*reached}
        content = b"".join(files[file] for file in sorted(reached))
        mark = blake2b(content, digest_size=5).hexdigest()
        folder, slash, last = name.rpartition("/")
        stem, dot, ending = last.rpartition(".") if "." in last else (last, "", "")
        names[name] = f"{folder}{slash}{stem}.{mark}{dot}{ending}"
    return {
        name: (names[name], _with_hashed_imports(name, data, names) if name in imports else data)
        for name, data in files.items()
    }


def _imports(name: str, script: bytes) -> list[str]:
    """Return the names of the files that a script imports by relative address."""
    text = script.decode("utf-8", "surrogateescape")
    return [normpath(join(dirname(name), match[2])) for match in _IMPORT.finditer(text)]


def _with_hashed_imports(name: str, script: bytes, names: Mapping[str, str]) -> bytes:
    """Return a script that imports the hashed *names* instead of the plain ones."""

    def rewrite(match: re.Match[str]) -> str:
        hashed = names.get(normpath(join(dirname(name), match[2])))
        folder, slash, _ = match[2].rpartition("/")
        return match[0] if hashed is None else match[1] + folder + slash + hashed.rpartition("/")[2]

    text = script.decode("utf-8", "surrogateescape")
    return _IMPORT.sub(rewrite, text).encode("utf-8", "surrogateescape")


class Theme:
    """The files of a theme: liveblog's own, overridden one by one by those of a blog."""

    def __init__(self, templates: Path, static: Path) -> None:
        """Read liveblog's own files and those in a blog's *templates* and *static* folders."""
        self.templates = templates
        own = resources.files("liveblog") / "theme"
        self._static = _files(own / "static") | _files(static)
        self._templates = _files(own / "templates") | _files(templates)

    def assets(self) -> dict[str, tuple[str, bytes]]:
        """Map each static file's name to its path on the site and its bytes."""
        hashed = hashed_assets(self._static)
        return {
            name: (name, data) if name in STABLE else (f"assets/{hashed[name][0]}", hashed[name][1])
            for name, data in sorted(self._static.items())
        }

    def fingerprint(self) -> str:
        """Return a hash of all files."""
        total = blake2b(digest_size=16)
        for name, data in sorted((self._static | self._templates).items()):
            total.update(f"{name}\0{len(data)}\0".encode())
            total.update(data)
        return total.hexdigest()


def _files(folder: Traversable | Path, prefix: str = "") -> dict[str, bytes]:
    """Map the paths of all files below a folder to their bytes."""
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
