"""Finds the posts in a folder, and reads its files; never anything outside the folder."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from ...model.entry import FORBIDDEN
from ...model.errors import InvalidInput
from ...model.limits import FILM_BYTES
from .. import Problem
from ..files import read_file
from ..html.pictures import is_film

FILE_LIMIT = 64_000_000
"""Maximum bytes of a post; the files of our export hold every revision of an entry."""

MARKDOWN = frozenset((".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdwn"))

OTHER_FORMATS = {
    ".rst": "reStructuredText", ".adoc": "AsciiDoc", ".asciidoc": "AsciiDoc", ".org": "Org mode",
    ".textile": "Textile", ".html": "HTML", ".htm": "HTML", ".mdx": "MDX", ".ipynb": "a notebook",
}  # fmt: skip
"""Formats that generators read but this importer does not, by suffix."""

PICTURES = frozenset((".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".avif"))

_JEKYLL = frozenset(("_posts", "_drafts"))

_MARK = re.compile(r"[{|](?:static|attach|filename)[}|]")


class Source:
    """A folder of posts. Paths are relative to it, with forward slashes."""

    def __init__(self, folder: Path) -> None:
        """Find the posts in *folder*: a whole site (Hugo, Jekyll, Pelican), or its posts alone.

        Raises :class:`InvalidInput` if it is not a folder or holds no posts.
        """
        if not folder.is_dir():
            raise InvalidInput(f"{folder} is not a folder.", "Name the folder of the posts.")
        self._root = folder.resolve()
        self._content = "content" if (self._root / "content").is_dir() else ""
        self.posts: list[str] = []  #: paths of the posts, sorted
        self.problems: list[Problem] = []  #: files that cannot be read
        self._survey()
        if not self.posts and not self.problems:
            raise InvalidInput(
                f"There is no Markdown file in {folder / self._content}.",
                f"They end in {', '.join(sorted(MARKDOWN))}; name the folder that holds them.",
            )

    def is_jekyll(self, post: str) -> bool:
        """Whether a post belongs to a Jekyll site."""
        parts = {self._root.name, *PurePosixPath(post).parts}
        return bool(parts & _JEKYLL) or (self._root / "_config.yml").is_file()

    def within_content(self, post: str) -> str:
        """Return the path of a post within the folder of all posts."""
        return post.removeprefix(f"{self._content}/") if self._content else post

    def section(self, post: str) -> str:
        """Return the folder of a post within the folder of all posts."""
        parts = PurePosixPath(post).parent.relative_to(self._content).parts
        return "/".join(parts)

    def text(self, where: str) -> str:
        """Return the text of a file with line feeds as line ends.

        Raises :class:`InvalidInput`.
        """
        try:
            text = self.read(where, FILE_LIMIT).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInput(
                f"The file is not UTF-8 (byte {error.start:,}).", "Save it as UTF-8."
            ) from None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def read(self, where: str, limit: int = FILM_BYTES) -> bytes:
        """Return the bytes of a file, *limit* at most.

        Raises :class:`InvalidInput`, also for a path outside the folder.
        """
        path = self._inside(where)
        if path is None or not _is_file(path):
            raise InvalidInput(f"There is no file {where} in the folder.", "Put it there.")
        return read_file(path, limit)

    def find(self, target: str, post: str) -> str:
        """Return the path of the file that *target* in a post refers to; empty if there is none.

        Like generators, this searches relative to the post (unless *target* begins with a slash),
        then in ``static/``, ``assets/``, ``content/`` and the root of the site.
        """
        mark = _MARK.match(target)
        name = unquote(re.split(r"[?#]", target[mark.end() if mark else 0 :], maxsplit=1)[0])
        bases = [] if name.startswith("/") else [PurePosixPath(post).parent.as_posix()]
        name = name.lstrip("/")
        for base in (*bases, "static", "assets", self._content, "") if name else ():
            path = self._inside(f"{base}/{name}" if base else name)
            if path is not None and _is_file(path):
                return path.relative_to(self._root).as_posix()
        return ""

    def beside(self, post: str) -> list[str]:
        """Return the paths of the pictures in the folder of a post."""
        folder = PurePosixPath(post).parent
        return [
            (folder / name).as_posix()
            for name in sorted(os.listdir(self._root / folder))
            if (PurePosixPath(name).suffix.lower() in PICTURES or is_film(name)) and _is_plain(name)
        ]

    def _inside(self, where: str) -> Path | None:
        """Return the resolved path of a file; None if it is outside the folder."""
        try:
            path = (self._root / where).resolve()
        except (OSError, RuntimeError, ValueError):  # a cycle of links, a NUL
            return None
        return path if path.is_relative_to(self._root) else None

    def _survey(self) -> None:
        """Find the posts, and the files that cannot be read."""
        only_posts = not self._content and any(
            "_posts" in names for _, names, _ in os.walk(self._root)
        )
        for folder, names, files in os.walk(self._root / self._content, onerror=self._unreadable):
            here = Path(folder).relative_to(self._root)
            names[:] = [name for name in names if not name.startswith(".")]
            if only_posts and not _JEKYLL & set(here.parts):
                continue
            for name in names:
                if (self._root / here / name).is_symlink():
                    self._problem(here / name, "it is a link to a folder, which is not followed")
            for name in files:
                if not name.startswith("."):
                    self._file(here / name)
        self.posts.sort()
        self.problems.sort(key=lambda problem: problem.where)

    def _file(self, path: Path) -> None:
        where, suffix = path.as_posix(), path.suffix.lower()
        if suffix in OTHER_FORMATS:
            self._problem(
                path, f"it is {OTHER_FORMATS[suffix]}; only Markdown is read", "Convert it."
            )
        elif suffix in MARKDOWN and not _is_plain(where):
            self._problem(path, "its name has a character that cannot be written", "Rename it.")
        elif suffix in MARKDOWN and self._inside(where) is None:
            self._problem(path, "it is a link to a file outside the folder, which is not followed")
        elif suffix in MARKDOWN:
            self.posts.append(where)

    def _unreadable(self, error: OSError) -> None:
        path = Path(os.fsdecode(error.filename)).relative_to(self._root)
        self._problem(path, f"it cannot be read: {error.strerror}", "Check its permissions.")

    def _problem(self, path: Path, what: str, hint: str = "Put a copy there.") -> None:
        where = os.fsencode(path.as_posix()).decode(errors="replace")
        self.problems.append(
            Problem(re.sub(r"\s", " ", FORBIDDEN.sub("\ufffd", where)), what, hint)
        )


def _is_plain(name: str) -> bool:
    return not FORBIDDEN.search(name) and "\n" not in name


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long
        return False
