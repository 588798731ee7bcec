"""Renders Markdown to safe HTML.

Every text of an author passes through :func:`to_html`, whose output the sanitizer has cleaned.
Pure: text in, text out.
"""

from __future__ import annotations

import ctypes
import html
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from cmarkgfm import _cmark, cmark
from cmarkgfm.cmark import Options

from ..model.addresses import entry_path
from ..model.entry import FORBIDDEN, is_plain
from ..model.quotes import LINK, SCHEME
from .fragments import ROOT, split_tags
from .sanitizer import escape_paragraphs, filter_tags, is_costly, remove_forbidden

_OPTIONS = (
    Options.CMARK_OPT_UNSAFE  # HTML in Markdown is allowed; it is sanitized later
    | Options.CMARK_OPT_FOOTNOTES
    | Options.CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE
    | Options.CMARK_OPT_VALIDATE_UTF8
)
_EXTENSIONS = ["table", "strikethrough", "autolink"]

cmark.core_extensions_ensure_registered()
_FREE_TREE = ctypes.CDLL(_cmark.__file__).cmark_node_free
_FREE = ctypes.CDLL(None).free

_SOURCE_POSITION = re.compile(r'<[a-z0-9]+ data-sourcepos="([0-9]+):[0-9]+-([0-9]+):[0-9]+"')
_ENTRY_LINK = re.compile(rf'href="{LINK.pattern}"')
_HEADING = re.compile(r"<(/?)h([1-6])\b")
_FOOTNOTE_ADDRESS = re.compile(r'(id="|href="#)(fn(?:ref)?-)([^"]*)"')
_ATTRIBUTE = re.compile(r' (src|alt)="([^"]*)"')  # as the sanitizer writes them
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]")


def to_html(
    text: str,
    *,
    anchor: str = "",
    media: frozenset[str] = frozenset(),
    typography: Callable[[str], str] | None = None,
) -> str:
    """Render Markdown (CommonMark, tables, strikethrough, footnotes, bare links) to safe HTML.

    A link without a scheme is relative to the site's root; one to ``entry:`` and an entry's id
    leads to its page. *anchor* distinguishes the footnotes of several texts on one page. *media*
    holds the paths of pictures that may be shown, below ``media/``; any other picture becomes a
    link, so that no reader's browser contacts a third party. *typography* is applied to text
    outside of code. Headings begin at level 4, below the entry's own, and skip no level.
    """
    text = text if is_plain(text) else FORBIDDEN.sub("", text)
    source = remove_forbidden(_render(text))
    if SCHEME in source:
        source = _ENTRY_LINK.sub(lambda m: f'href="{entry_path(m[1])}"', source)
    if is_costly(source):
        source = escape_paragraphs(text)
    if "<h" in source:
        source = _shift_headings(source)
    if 'id="fn' in source:
        source = _FOOTNOTE_ADDRESS.sub(
            lambda m: f'{m[1]}{anchor}-{m[2]}{_footnote_name(m[3])}"', source
        )
    cleaned = filter_tags(source)
    if "<img" in cleaned and (linked := _link_foreign_pictures(cleaned, media)) != cleaned:
        cleaned = filter_tags(linked)  # a picture within a link became a link within a link
    return typeset(cleaned, typography)


def heading_levels(text: str, *, is_shifted: bool = False) -> list[int]:
    """Return the levels of the headings of a text; *is_shifted*: as :func:`to_html` does."""
    if "#" not in text and "=" not in text and "-" not in text and "<" not in text:
        return []
    source = _render(text)
    source = _shift_headings(source) if is_shifted else source
    return [int(match[2]) for match in _HEADING.finditer(source) if not match[1]]


def _shift_headings(source: str) -> str:
    """Give headings the levels from 4 on: as many as the text has, without a gap."""
    above: list[int] = []  # the levels of the headings that the current one stands below

    def shifted(match: re.Match[str]) -> str:
        level = int(match[2])
        if not match[1]:
            while above and above[-1] >= level:
                above.pop()
            above.append(level)
        return f"<{match[1]}h{min(6, 3 + max(len(above), 1))}"

    return _HEADING.sub(shifted, source)


def _footnote_name(label: str) -> str:
    """Return a footnote's label, which cmark escapes in an address and in an id, for both."""
    label = unquote(html.unescape(label))
    return _NOT_IN_ID.sub(lambda match: f"_{ord(match[0]):x}_", label)


def split_blocks(text: str) -> list[str]:
    """Return the blocks of a Markdown text: paragraphs, headings, lists, quotations, tables, code.

    Joined by blank lines, they are the text again. HTML, and definitions of links and footnotes,
    belong to the block before them.
    """
    lines = text.split("\n")
    starts: list[int] = []
    end = 0
    rendered = _render(text, _OPTIONS & ~Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_SOURCEPOS)
    for match in _SOURCE_POSITION.finditer(rendered):
        first, last = int(match[1]), int(match[2])
        if first > end:
            starts.append(first - 1 if starts else 0)
            end = last
    parts = ("\n".join(lines[a:b]).rstrip() for a, b in pairwise([*(starts or [0]), len(lines)]))
    return [part for part in parts if part]


def _render(text: str, options: int = _OPTIONS) -> str:
    """Render Markdown to HTML, not sanitized, and free the memory.

    cmarkgfm's own function frees neither the syntax tree nor the text: it leaks about 1.5 kB for
    each call.
    """
    parser = cmark.parser_new(options)
    tree = output = _cmark.ffi.NULL
    try:
        for extension in _EXTENSIONS:
            cmark.parser_attach_syntax_extension(parser, cmark.find_syntax_extension(extension))
        cmark.parser_feed(parser, text)
        tree = cmark.parser_finish(parser)
        extensions = cmark.parser_get_syntax_extensions(parser)
        output = _cmark.lib.cmark_render_html(tree, options, extensions)
        rendered: str = _cmark.ffi.string(output).decode(errors="replace")
        return rendered
    finally:
        cmark.parser_free(parser)
        _FREE_TREE(_address(tree))
        _FREE(_address(output))


def _address(pointer: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(int(_cmark.ffi.cast("uintptr_t", pointer)))


def typeset(cleaned: str, typography: Callable[[str], str] | None) -> str:
    """Apply typography, if a language has any, to the text of sanitized HTML, except in code."""
    if typography is None:
        return cleaned
    parts = split_tags(cleaned)
    code = 0  # number of open elements with code
    for number, part in enumerate(parts):
        if number % 2:
            if part.startswith(("<code", "<pre")):
                code += 1
            elif part in ("</code>", "</pre>"):
                code -= 1
        elif part and not code:
            # The sanitizer writes no-break spaces like this.
            parts[number] = typography(part).replace("\u00a0", "&nbsp;")
    return "".join(parts)


def _link_foreign_pictures(cleaned: str, media: frozenset[str]) -> str:
    """Replace the pictures in sanitized HTML that are not the blog's own by links."""
    parts = split_tags(cleaned)
    for number, tag in enumerate(parts):
        if number % 2 and tag.startswith("<img"):
            attributes = dict(_ATTRIBUTE.findall(tag))
            address = attributes.get("src", "").removeprefix(ROOT)
            path = html.unescape(address)
            if not (path.startswith("media/") and path.removeprefix("media/") in media):
                parts[number] = f'<a href="{address}">{attributes.get("alt") or address}</a>'
    return "".join(parts)
