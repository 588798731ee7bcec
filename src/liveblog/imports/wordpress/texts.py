"""WordPress's texts to HTML: what the blog itself does to a text before it shows it.

Three ages of WordPress meet in one export: texts in which an empty line parts paragraphs,
shortcodes in square brackets, and blocks between comments (``<!-- wp:image -->``). Out comes HTML
for :func:`to_markdown`, and the names of what only WordPress could have
shown.
Time grows with the length of the text.
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

Figures = Callable[[Sequence[int]], str]
"""Returns the HTML of pictures by the numbers of their attachments; of none: the post's own."""


@dataclass
class Shown:
    """A text as HTML."""

    html: str = ""
    missing: list[str] = field(default_factory=list)  #: what only WordPress could have shown


_BLOCK = re.compile(r"<!--\s*(?P<end>/)?wp:(?P<name>[a-z0-9/_-]+)(?P<rest>[^<>]*?)-->")
_QUIET_BLOCKS = ("more", "nextpage", "spacer", "separator", "post-title", "post-featured-image")

_SHORTCODE = re.compile(
    r"\[(?P<open>\[?)(?P<end>/?)(?P<name>[A-Za-z][\w-]*)(?![\w-])"
    r"(?P<given>(?:[^\[\]\"']|\"[^\"\[\]]*\"|'[^'\[\]]*')*)\](?P<close>\]?)"
)
_GIVEN = re.compile(
    r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'/]+))|(https?://[^\s\"'\]]+)"
)
_WRITTEN = re.compile(r"<img\b[^<>]{0,500}\bsrc=[\"']?data:", re.IGNORECASE)
_NAMED = re.compile(r"\s[\w-]+=[\"'\w]")
_PICTURE = re.compile(r"\s*((?:<a\b[^<>]*>\s*)?<img\b[^<>]*>(?:\s*</a>)?)", re.IGNORECASE)
_FILES = ("src", "mp4", "m4v", "webm", "ogv", "mp3", "m4a", "ogg", "wav", "flv", "url", "id")
_PLAYERS = ("audio", "video", "youtube", "vimeo", "tweet", "twitter", "instagram", "facebook")
_QUIET = ("liveblog_key_events",)

_PARTS = re.compile(
    r"(</?(?:address|article|aside|audio|blockquote|canvas|caption|center|col|colgroup|dd|details|"
    r"dir|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|iframe|legend|"
    r"li|map|math|menu|nav|object|ol|option|p|pre|script|section|select|style|summary|svg|table|"
    r"tbody|td|textarea|tfoot|th|thead|tr|ul|video)(?![\w-])[^<>]*>)",
    re.IGNORECASE,
)
_AS_IT_IS = re.compile(r"<(/?)(pre|script|style|svg|textarea)\b", re.IGNORECASE)


def plain(text: str) -> str:
    """Return a title or a name, which may hold HTML, as plain text on one line."""
    text = html_to_text(sanitize(text)) if "<" in text else unescape(text)
    return " ".join(text.split())


def shown(text: str, figures: Figures) -> Shown:
    """Return what WordPress would show of a text."""
    out = Shown()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _WRITTEN.search(text):
        out.missing.append("a picture that is written into the text")
    out.html = _without_blocks(_without_shortcodes(text, figures, out), out)
    out.missing = list(dict.fromkeys(out.missing))
    return out


# -- blocks ----------------------------------------------------------------------------------------


def _without_blocks(text: str, out: Shown) -> str:
    """Take the marks of blocks out; what stands in none is a text of the old kind."""
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
            parts.append(_filled_in(match["name"], rest[:-1], out))
        else:
            depth += 1
    part = text[at:]
    parts.append(part if depth else paragraphs(part))
    return "".join(parts)


def _filled_in(name: str, rest: str, out: Shown) -> str:
    """Return what can be told of a block that WordPress fills in: the address that it shows."""
    try:
        given = json.loads(rest)
    except ValueError:
        given = {}
    url = given.get("url") if isinstance(given, dict) else None
    if isinstance(url, str):
        return _link(url)
    name = name.removeprefix("core/")
    if name == "block" and isinstance(given, dict):
        out.missing.append(f"the pattern {given.get('ref')}")
    elif name not in _QUIET_BLOCKS:
        out.missing.append(f"the block '{name}'")
    return ""


def paragraphs(text: str) -> str:
    """Return a text in which line ends count as HTML in which they do not.

    An empty line parts paragraphs, any other line end is a line break; not in what is shown as it
    is typed, nor beside elements that stand in lines of their own.
    """
    if "\n" not in text.strip():
        return text
    text = re.sub(r"<[^<>]*>", lambda match: match[0].replace("\n", " "), text)
    parts = _PARTS.split(text)
    kept = 0  # how many elements are open that keep their line ends
    for number, part in enumerate(parts):
        if number % 2:
            if match := _AS_IT_IS.match(part):
                kept = max(0, kept + (-1 if match[1] else 1))
        elif not kept:
            parts[number] = _with_breaks(part)
    return "".join(parts)


def _with_breaks(text: str) -> str:
    lines = [line.strip() for line in text.strip().split("\n")]
    out = lines[:1]
    for before, line in pairwise(lines):
        is_broken = re.search(r"<br\s*/?>$", before[-20:], re.IGNORECASE)
        out += ["\n" if is_broken else "<br>", line]
    return "".join(out)


# -- shortcodes ------------------------------------------------------------------------------------


def _without_shortcodes(text: str, figures: Figures, out: Shown) -> str:
    """Turn shortcodes into HTML. What an unknown one encloses stays.

    A word in brackets is no shortcode for that: it must have an attribute, an end or a ``_``.
    """
    found = list(_SHORTCODE.finditer(text))
    ends = _ends(found)
    parts: list[str] = []
    opened: set[str] = set()
    at = number = 0
    while number < len(found):
        match, end = found[number], ends.get(number)
        is_escaped = bool(match["open"] and match["close"])
        last = match if end is None else found[end]
        said: str | None = None
        if is_escaped:  # [[name]] stands for [name]
            said, last = match[0][1:-1], match
        elif match["end"]:
            said = "" if match["name"] in opened else None
        else:
            inner = "" if end is None else text[match.end() : last.start()]
            said = _known(match["name"], _attributes(match["given"]), inner, figures)
            if said is not None:
                number = number if end is None else end
            elif end is not None or _NAMED.search(match["given"]) or "_" in match["name"]:
                opened.add(match["name"])
                out.missing.append(f"the shortcode [{match['name']}]")
                said, last = "", match
        if said is not None:
            if not is_escaped:  # a bracket without its pair belongs to the text
                said = match["open"] + said + last["close"]
            parts += [text[at : match.start()], said]
            at = last.end()
        number += 1
    return "".join([*parts, text[at:]])


def _ends(found: Sequence[re.Match[str]]) -> dict[int, int]:
    """Pair the shortcodes that enclose something with their ends, by their places."""
    pairs: dict[int, int] = {}
    last: dict[str, int] = {}
    for number, match in enumerate(found):
        name = match["name"]
        if not match["end"]:
            last[name] = number
        elif name in last:
            pairs[last.pop(name)] = number
    return pairs


def _known(name: str, given: dict[str, str], inner: str, figures: Figures) -> str | None:
    """Return the HTML of a shortcode of WordPress's own; nothing of another."""
    if name in ("caption", "wp_caption"):
        picture = _PICTURE.match(inner)
        if not picture:
            return inner
        caption = inner[picture.end() :].strip() or given.get("caption", "")
        return f"<figure>{picture[1]}<figcaption>{caption}</figcaption></figure>"
    if name in ("gallery", "playlist"):
        ids = given.get("ids") or given.get("include") or ""
        return figures([int(id_) for id_ in re.findall(r"\d{1,17}", ids)])
    if name == "embed" or name in _PLAYERS:
        url = inner.strip() if inner.strip().startswith("http") else ""
        url = url or next((given[key] for key in _FILES if given.get(key, "")[:4] == "http"), "")
        return _link(unescape(url or given.get("", ""))) if url or "" in given else None
    return "" if name in _QUIET else None


def _attributes(given: str) -> dict[str, str]:
    """Return a shortcode's attributes; an address without a name stands under the empty one."""
    found: dict[str, str] = {}
    for match in _GIVEN.finditer(given):
        value = next((value for value in match.groups()[1:4] if value is not None), "")
        found.setdefault((match[1] or "").lower(), match[5] or value)
    return found


def _link(url: str) -> str:
    return f"<p><a href='{html.escape(url)}'>{html.escape(url)}</a></p>"
