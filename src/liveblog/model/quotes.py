"""Quotes of entries in introductions and closes.

A quote is a block quotation in Markdown that ends with a link to the entry's id::

    > The bridge is open again.
    >
    > — [Ana, 15 July](entry:20120715-7k3m9qx2tb)

A quote of an entry that was removed is shown nowhere. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import TypeVar

import msgspec

from .chapter import Chapter
from .entry import ID_ALPHABET, Framing

SCHEME = "entry:"
"""Begins the address of a link to an entry, before the entry's id."""

LINK = re.compile(rf"entry:([0-9]{{8}}-[{ID_ALPHABET}]{{10}})(?![0-9a-z])")
"""The address of a link to an entry."""

Version = TypeVar("Version", Framing, Chapter)

_QUOTED = re.compile(r"\s*(?:(?:[-*+]|\d{1,9}[.)])\s+)*>")


def quote(text: str, source: str, entry_id: str) -> str:
    """Return the quote of an entry: *text* in Markdown, and *source*, who said it and when."""
    lines = [*text.strip().split("\n"), "", f"— [{_escaped(source)}]({SCHEME}{entry_id})"]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def _escaped(text: str) -> str:
    return re.sub(r"([\\\[\]<>`*_&])", r"\\\1", " ".join(text.split()))


def quoted_ids(text: str) -> frozenset[str]:
    """Return the ids of the entries that a text quotes."""
    if SCHEME not in text:
        return frozenset()
    return frozenset(entry_id for ids, _ in _blocks(text) for entry_id in ids)


def quotes_in(version: Framing | Chapter) -> frozenset[str]:
    """Return the ids of the entries that a version of a framing or chapter quotes."""
    return quoted_ids(version.introduction) | quoted_ids(version.close)


def drop_quotes(text: str, entry_ids: Container[str]) -> str:
    """Return a text without its quotes of some entries."""
    if SCHEME not in text:
        return text
    kept = [block for ids, block in _blocks(text) if not any(id_ in entry_ids for id_ in ids)]
    found = "\n".join(kept)
    return text if found == text else re.sub(r"\n{3,}", "\n\n", found).strip("\n")


def without_quotes(version: Version, entry_ids: Container[str]) -> Version:
    """Return a version of a framing or chapter without its quotes of some entries."""
    introduction = drop_quotes(version.introduction, entry_ids)
    close = drop_quotes(version.close, entry_ids)
    if (introduction, close) == (version.introduction, version.close):
        return version
    return msgspec.structs.replace(version, introduction=introduction, close=close)


def _blocks(text: str) -> Iterator[tuple[list[str], str]]:
    """Yield block quotations, each with the ids of its links, and what is between them.

    As in Markdown, lines up to the next empty one belong to the quotation, whether they begin with
    ``>`` or not.
    """
    block: list[str] = []
    is_quote = False
    for line in text.split("\n"):
        begins = bool(_QUOTED.match(line))
        ends = is_quote and not line.strip()
        if block and (ends or (begins and not is_quote)):
            yield _block(block, is_quote)
            block = []
        is_quote = begins or (is_quote and not ends)
        block.append(line)
    yield _block(block, is_quote)


def _block(lines: list[str], is_quote: bool) -> tuple[list[str], str]:
    text = "\n".join(lines)
    return (LINK.findall(text) if is_quote else []), text
