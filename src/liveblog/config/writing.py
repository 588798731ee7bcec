"""Writes ``liveblog.toml``: the text for a new blog, and a text with a changed address."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from ..model import limits
from ..model.entry import clean_text
from ..model.errors import ConfigError, storage_errors
from ..storage.atomic import create_file
from .checks import check_language, check_line, check_timezone, check_title, check_url
from .loading import FILE_NAME

GIT_ATTRIBUTES = b"entries/**/*.jsonl -text merge=union\n"
"""For git: leave the journal's bytes as they are, and merge by keeping the lines of both sides."""


def create(
    folder: Path,
    *,
    title: str,
    url: str,
    language: str,
    timezone: str,
    author: str,
    description: str,
    now: datetime,
) -> Path:
    """Create the files of a new blog, unless there is one; return the path of its settings.

    Files that exist are not changed. The blog gets a new id.

    Raises :class:`ConfigError` for an invalid setting, before anything is written.
    """
    path = folder / FILE_NAME
    if path.exists():
        return path
    url = url if url.endswith("/") else url + "/"
    check_title(title)
    check_line("author", limits.NAME, author)
    check_line("description", limits.ALT, description)
    check_url(url)
    check_language(language)
    check_timezone(timezone)
    values = {
        "title": title,
        "url": url,
        "id": new_id(url, now),
        "language": language,
        "timezone": timezone,
        "author": author,
        "description": description,
    }
    text = _INITIAL.format(**{name: _toml(value) for name, value in values.items()})
    with storage_errors("write to", folder):
        (folder / "entries").mkdir(parents=True, exist_ok=True)
        create_file(folder / ".gitignore", b".liveblog/\n")
        create_file(folder / ".gitattributes", GIT_ATTRIBUTES)
        create_file(path, text.encode())
    return path


def at_address(text: str, url: str, moved_from: Sequence[str]) -> str:
    """Return a configuration with another ``url`` and ``moved_from``, otherwise unchanged.

    Raises :class:`ConfigError` for an invalid address, or if the line ``url = …`` is not found.
    """
    check_url(url)
    wanted = {**tomllib.loads(text), "url": url, "moved_from": list(moved_from)}
    if not moved_from:
        del wanted["moved_from"]
    listed = ", ".join(_toml(address) for address in moved_from)
    line = f"moved_from = [{listed}]" if moved_from else ""
    found = re.search(r"^url[ \t]*=[ \t]*(\"[^\"\n]*\"|'[^'\n]*')", text, re.MULTILINE)
    if found:
        text = text[: found.start(1)] + _toml(url) + text[found.end(1) :]
        listing = re.search(r"^moved_from[ \t]*=[ \t]*\[[^]]*\]", text, re.MULTILINE)
        if listing:
            after = text[listing.end() :]
            text = text[: listing.start()] + (line + after if line else after.partition("\n")[2])
        elif line:
            end = text.find("\n", found.start())
            end = len(text) if end < 0 else end
            newline = "\r\n" if text[:end].endswith("\r") else "\n"
            text = text[:end].removesuffix("\r") + newline + line + text[end - len(newline) + 1 :]
    try:
        if tomllib.loads(text) == wanted:
            return text
    except tomllib.TOMLDecodeError:
        pass
    raise ConfigError(
        'Cannot find the line url = "…" to change.',
        f"Write url = {_toml(url)}" + (f" and {line}" if line else "") + " there yourself.",
    )


def new_id(url: str, now: datetime) -> str:
    """Return a tag: URI (RFC 4151) for a new blog, made from its address and the date."""
    parts = urlsplit(url)
    path = re.sub(r"[^A-Za-z0-9._-]+", "-", parts.path).strip("-")[:100]
    host = re.sub(r"[^A-Za-z0-9.-]+", "-", parts.hostname or "").strip("-") or "localhost"
    return f"tag:{host},{now:%Y-%m-%d}:{path or 'liveblog'}"


def _toml(text: str) -> str:
    """Return a text as a TOML basic string (TOML 1.0, "String")."""
    clean = clean_text(text, "setting")
    if "\n" in clean:
        raise ConfigError("A setting spans several lines.", "Write it on one line.")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


_INITIAL = """\
# The settings of this live blog. The journal is in entries/, the site in feeds/.

title = {title}
description = {description}
language = {language}  # ar, de, en, es or fr
timezone = {timezone}  # days and weeks are those of this zone
url = {url}  # where feeds/ is served
author = {author}  # author of entries without one

# Every feed id begins with this. Never change it: readers would see everything as new.
id = {id}

# For blogs older than this setting, in which the tag C++ had the address tags/c/.
earlier_tag_addresses = false
"""
