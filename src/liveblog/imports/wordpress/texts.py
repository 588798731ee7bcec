"""Converts WordPress texts to HTML, as WordPress does before it shows them.

An export mixes three generations of WordPress: texts whose empty lines separate paragraphs,
shortcodes in square brackets, and blocks between comments (``<!-- wp:image -->``). Parts that only
WordPress can show are named. Time is proportional to the length of the text.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ...text.fragments import html_to_text
from ...text.plain import unescape
from ...text.sanitizer import sanitize
from ..html.pictures import is_film

Figures = Callable[[Sequence[int]], str]
"""Returns the HTML of attachments by their numbers; without numbers, of all of the post."""


@dataclass
class ConvertedText:
    """A text as HTML."""

    html: str = ""
    missing: list[str] = field(default_factory=list)  #: parts that only WordPress can show


_BLOCK = re.compile(r"<!--\s*(?P<end>/)?wp:(?P<name>[a-z0-9/_-]+)(?P<rest>[^<>]*?)-->")
_IGNORED_BLOCKS = ("more", "nextpage", "spacer", "separator", "post-title", "post-featured-image")

_SHORTCODE = re.compile(
    r"\[(?P<open>\[?)(?P<end>/?)(?P<name>[A-Za-z][\w-]*)(?![\w-])"
    r"(?P<given>(?:[^\[\]\"']|\"[^\"\[\]]*\"|'[^'\[\]]*')*)\](?P<close>\]?)"
)
_ATTRIBUTE = re.compile(
    r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'/]+))|(https?://[^\s\"'\]]+)"
)
_DATA_PICTURE = re.compile(r"<img\b[^<>]{0,500}\bsrc=[\"']?data:", re.IGNORECASE)
_HAS_ATTRIBUTE = re.compile(r"\s[\w-]+=[\"'\w]")
_PICTURE = re.compile(r"\s*((?:<a\b[^<>]*>\s*)?<img\b[^<>]*>(?:\s*</a>)?)", re.IGNORECASE)
_ADDRESS_ATTRIBUTES = (
    "src", "mp4", "m4v", "webm", "ogv", "mp3", "m4a", "ogg", "wav", "flv", "url", "id",
)  # fmt: skip
_PLAYERS = ("audio", "video", "youtube", "vimeo", "tweet", "twitter", "instagram", "facebook")
_IGNORED_SHORTCODES = ("liveblog_key_events",)

_BLOCK_TAG = re.compile(
    r"(</?(?:address|article|aside|audio|blockquote|canvas|caption|center|col|colgroup|dd|details|"
    r"dir|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|iframe|legend|"
    r"li|map|math|menu|nav|object|ol|option|p|pre|script|section|select|style|summary|svg|table|"
    r"tbody|td|textarea|tfoot|th|thead|tr|ul|video)(?![\w-])[^<>]*>)",
    re.IGNORECASE,
)
_VERBATIM = re.compile(r"<(/?)(pre|script|style|svg|textarea)\b", re.IGNORECASE)


def plain_text(text: str) -> str:
    """Return a title or a name, which may hold HTML, as plain text on one line."""
    text = html_to_text(sanitize(text)) if "<" in text else unescape(text)
    return " ".join(text.split())


def convert(text: str, figures: Figures) -> ConvertedText:
    """Return the HTML that WordPress makes of a text."""
    out = ConvertedText()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _DATA_PICTURE.search(text):
        out.missing.append("a picture that is written into the text")
    out.html = _convert_blocks(_convert_shortcodes(text, figures, out), out)
    out.missing = list(dict.fromkeys(out.missing))
    return out


# -- blocks ----------------------------------------------------------------------------------------


def _convert_blocks(text: str, out: ConvertedText) -> str:
    """Remove the comments of blocks; text outside of blocks gets its paragraphs."""
    parts: list[str] = []
    depth = at = 0
    for match in _BLOCK.finditer(text):
        part = text[at : match.start()]
        parts.append(part if depth else paragraphs(part))
        at = match.end()
        rest = match["rest"].strip()
        if match["end"]:
            depth = max(0, depth - 1)
        elif rest.endswith("/"):
            parts.append(_dynamic_block(match["name"], rest[:-1], out))
        else:
            depth += 1
    part = text[at:]
    parts.append(part if depth else paragraphs(part))
    return "".join(parts)


def _dynamic_block(name: str, rest: str, out: ConvertedText) -> str:
    """Return a link for a block that WordPress fills in itself, if the block has an address."""
    try:
        attributes = json.loads(rest)
    except ValueError:
        attributes = {}
    url = attributes.get("url") if isinstance(attributes, dict) else None
    if isinstance(url, str):
        return _link(url)
    name = name.removeprefix("core/")
    if name == "block" and isinstance(attributes, dict):
        out.missing.append(f"the pattern {attributes.get('ref')}")
    elif name not in _IGNORED_BLOCKS:
        out.missing.append(f"the block '{name}'")
    return ""


def paragraphs(text: str) -> str:
    """Return a text whose line ends are significant as HTML.

    An empty line separates paragraphs, any other line end is a line break, except in preformatted
    text and beside block elements.
    """
    if "\n" not in text.strip():
        return text
    text = re.sub(r"<[^<>]*>", lambda match: match[0].replace("\n", " "), text)
    parts = _BLOCK_TAG.split(text)
    verbatim = 0  # number of open elements that keep their line ends
    for number, part in enumerate(parts):
        if number % 2:
            if match := _VERBATIM.match(part):
                verbatim = max(0, verbatim + (-1 if match[1] else 1))
        elif not verbatim:
            parts[number] = _add_line_breaks(part)
    return "".join(parts)


def _add_line_breaks(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n")]
    out = lines[:1]
    for before, line in pairwise(lines):
        is_broken = re.search(r"<br\s*/?>$", before[-20:], re.IGNORECASE)
        out += ["\n" if is_broken else "<br>", line]
    return "".join(out)


# -- shortcodes ------------------------------------------------------------------------------------


def _convert_shortcodes(text: str, figures: Figures, out: ConvertedText) -> str:
    """Convert shortcodes to HTML; of an unknown shortcode only the content stays.

    A word in brackets is a shortcode only if it has an attribute, an end or a ``_``.
    """
    found = list(_SHORTCODE.finditer(text))
    ends = _pair_shortcodes(found)
    parts: list[str] = []
    opened: set[str] = set()
    at = number = 0
    while number < len(found):
        match, end = found[number], ends.get(number)
        is_escaped = bool(match["open"] and match["close"])
        last = match if end is None else found[end]
        replacement: str | None = None
        if is_escaped:  # [[name]] is an escaped [name]
            replacement, last = match[0][1:-1], match
        elif match["end"]:
            replacement = "" if match["name"] in opened else None
        else:
            inner = "" if end is None else text[match.end() : last.start()]
            replacement = _convert_shortcode(
                match["name"], _parse_attributes(match["given"]), inner, figures
            )
            if replacement is not None:
                number = number if end is None else end
            elif end is not None or _HAS_ATTRIBUTE.search(match["given"]) or "_" in match["name"]:
                opened.add(match["name"])
                out.missing.append(f"the shortcode [{match['name']}]")
                replacement, last = "", match
        if replacement is not None:
            if not is_escaped:  # a single bracket is text
                replacement = match["open"] + replacement + last["close"]
            parts += [text[at : match.start()], replacement]
            at = last.end()
        number += 1
    return "".join([*parts, text[at:]])


def _pair_shortcodes(found: Sequence[re.Match[str]]) -> dict[int, int]:
    """Return the index of the closing shortcode for each enclosing one."""
    pairs: dict[int, int] = {}
    last: dict[str, int] = {}
    for number, match in enumerate(found):
        name = match["name"]
        if not match["end"]:
            last[name] = number
        elif name in last:
            pairs[last.pop(name)] = number
    return pairs


def _convert_shortcode(
    name: str, attributes: dict[str, str], inner: str, figures: Figures
) -> str | None:
    """Return the HTML of a shortcode of WordPress itself; None for another."""
    if name in ("caption", "wp_caption"):
        picture = _PICTURE.match(inner)
        if not picture:
            return inner
        caption = inner[picture.end() :].strip() or attributes.get("caption", "")
        return f"<figure>{picture[1]}<figcaption>{caption}</figcaption></figure>"
    if name in ("gallery", "playlist"):
        ids = attributes.get("ids") or attributes.get("include") or ""
        return figures([int(id_) for id_ in re.findall(r"\d{1,17}", ids)])
    if name == "embed" or name in _PLAYERS:
        url = inner.strip() if inner.strip().startswith("http") else ""
        named = (attributes.get(key, "") for key in _ADDRESS_ATTRIBUTES)
        url = url or next((value for value in named if value.startswith("http")), "")
        if name in ("audio", "video") and is_film(url):
            return f"<p><{name} src='{html.escape(unescape(url))}'></{name}></p>"
        return _link(unescape(url or attributes.get("", ""))) if url or "" in attributes else None
    return "" if name in _IGNORED_SHORTCODES else None


def _parse_attributes(attributes: str) -> dict[str, str]:
    """Return the attributes of a shortcode; an address without a name is under the empty name."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(attributes):
        value = next((value for value in match.groups()[1:4] if value is not None), "")
        found.setdefault((match[1] or "").lower(), match[5] or value)
    return found


def _link(url: str) -> str:
    return f"<p><a href='{html.escape(url)}'>{html.escape(url)}</a></p>"
