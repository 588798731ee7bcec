"""Markdown to safe HTML: the one place where text from outside becomes markup.

Every author's text passes here, and the sanitiser (nh3) is the last step, so script, event
handlers, styles and ``javascript:`` links end here whoever wrote them. Pure: text in, text out.
"""

from __future__ import annotations

import ctypes
import html
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import nh3
from cmarkgfm import _cmark, cmark
from cmarkgfm.cmark import Options

from ..model import limits
from ..model.entry import FORBIDDEN, is_plain
from ..storage.cache import kept
from .bidi import closed

ROOT = "\ufdd0"
"""Stands for the way to the site's root in rendered fragments; see :func:`with_root`.

It is a noncharacter (Unicode §23.7), which no text of an author can hold: see
:data:`liveblog.model.entry.FORBIDDEN`.
"""

_OPTIONS = (
    Options.CMARK_OPT_UNSAFE  # harmless HTML is let through here and sanitize below
    | Options.CMARK_OPT_FOOTNOTES
    | Options.CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE
    | Options.CMARK_OPT_VALIDATE_UTF8
)
_EXTENSIONS = ["table", "strikethrough", "autolink"]

cmark.core_extensions_ensure_registered()
_FREE_TREE = ctypes.CDLL(_cmark.__file__).cmark_node_free
_FREE = ctypes.CDLL(None).free

# fmt: off
_TAGS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "dfn",
    "div", "dl", "dt", "em", "figcaption", "figure", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u",
    "ul", "var",
))
# fmt: on
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"},
    "a": {"href", "hreflang", "id", "class"},
    "abbr": {"title"},
    "blockquote": {"cite"},
    "img": {"src", "alt", "width", "height"},
    "li": {"id"},
    "ol": {"start"},
    "section": {"class"},
    "sup": {"class"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_CLASSES = {
    "a": {"footnote-backref"},
    "section": {"footnotes"},
    "sup": {"footnote-ref"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_ROOTED = re.compile(f'( (?:cite|href|src)="{ROOT})|{FORBIDDEN.pattern}')

_ADDRESSES = {"cite", "href", "src"}
_NUMBERS = {"colspan", "rowspan", "start"}
"""Attributes that hold an address; a number that programs read."""

_HEADING = re.compile(r"<(/?)h([1-6])\b")
_FOOTNOTE = re.compile(r"\A(?:[\w-]+-)?fn(?:ref)?-[\w-]+\Z")
_REST = r'[^<>"]*(?:"[^"]*"[^<>"]*)*>'  # of a tag as the sanitiser writes it
_BREAK = re.compile(rf"<(?:br|/p|/li|/h\d|/tr|/blockquote)\b{_REST}")
_TAG = re.compile(f"<{_REST}")
_PARTS = re.compile(f"(<{_REST})")
_PICTURE = re.compile(rf"<img\b{_REST}")
_VALUE = re.compile(r' ([a-z]+)="([^"]*)"')
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
_SPACE = re.compile("[\x00-\x20]")

_LONG = re.compile(r"(?:\A|(?<=>))[^<>]{2000,}+")
_PIECE = re.compile(r"(?>[^&]|&#?+\w{0,40}+;?+){1,1000}+")
"""A long text, and a piece of it: see :func:`_sanitised`."""

_READ = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*+|</(?![a-zA-Z])[^>]*+
    |<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)
    (?>[\s/]++|[^\s/>][^\s/>=]*+(?>\s*+=\s*+(?>"[^"]*+"?+|'[^']*+'?+|[^\s"'>][^\s>]*+)?+)?+)*+""",
    re.DOTALL | re.VERBOSE,
)
"""A comment or a tag up to its ``>``, as browsers read them (HTML §13.2.5)."""

_QUOTED = re.compile(r"""=\s*(?:"[^"]*"?|'[^']*'?)|/""")
_NUMBER = re.compile(r"&#(?:[xX]0*([0-9a-fA-F]{1,6})|0*([0-9]{1,7}))(?![0-9a-fA-F]);?")
_ENDLESS = re.compile(r"&#(?:[xX][0-9a-fA-F]{8,}|[0-9]{8,});?")
_RAW = frozenset(
    ("iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp")
)
_VOID = frozenset(("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"))
_CLOSED_BY_NEXT = frozenset(
    ("dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr")
)
_REOPENED = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt",
     "u")
)  # fmt: skip
"""Elements that hold no tags; that hold nothing; that the next of their kind closes; that, left
open, begin again in each block that follows."""

_REOPENED_SIZE = 2_000_000
"""Characters of tags that a sanitiser may have to add for elements that begin again."""


def to_html(
    text: str,
    *,
    anchor: str = "",
    media: frozenset[str] = frozenset(),
    typography: Callable[[str], str] | None = None,
) -> str:
    """Render Markdown (CommonMark, tables, strikethrough, footnotes, bare links) to safe HTML.

    A link without a scheme leads from the site's root. *anchor* keeps footnotes of several texts
    on one page apart. A picture is shown if it is one of the blog's own *media* (its path, as
    ``media/…``); one that lies elsewhere becomes a link, so that no reader's browser is sent to a
    third party. *typography* is applied to running text, not to code.
    Headings begin at level 4, below an entry's own.
    """
    return _to_html(text, anchor if "[^" in text else "", media, typography) if text else ""


@kept(str)
def _to_html(
    text: str, anchor: str, media: frozenset[str], typography: Callable[[str], str] | None
) -> str:
    text = text if is_plain(text) else FORBIDDEN.sub("", text)
    source = _carried(_rendered(text))
    if _is_costly(source):
        source = _as_typed(text)
    if "<h" in source:
        source = _HEADING.sub(lambda m: f"<{m[1]}h{min(6, int(m[2]) + 3)}", source)
    if "<img" in source:
        source = _foreign_pictures(source, media)
    if 'id="fn' in source:
        source = re.sub(r'(id="|href="#)(fn)', rf"\g<1>{anchor}-\g<2>", source)
    clean = _sanitised(source)
    return _typeset(clean, typography) if typography else clean


def _rendered(text: str) -> str:
    """Render Markdown and give back what that took.

    cmarkgfm's own function frees neither the tree nor the text that it made: some 1.5 kB a call,
    which a server would never see again.
    """
    parser = cmark.parser_new(_OPTIONS)
    tree = output = _cmark.ffi.NULL
    try:
        for extension in _EXTENSIONS:
            cmark.parser_attach_syntax_extension(parser, cmark.find_syntax_extension(extension))
        cmark.parser_feed(parser, text)
        tree = cmark.parser_finish(parser)
        extensions = cmark.parser_get_syntax_extensions(parser)
        output = _cmark.lib.cmark_render_html(tree, _OPTIONS, extensions)
        rendered: str = _cmark.ffi.string(output).decode(errors="replace")
        return rendered
    finally:
        cmark.parser_free(parser)
        _FREE_TREE(_address(tree))
        _FREE(_address(output))


def _address(pointer: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(int(_cmark.ffi.cast("uintptr_t", pointer)))


def sanitize(source: str) -> str:
    """Return HTML from anywhere with nothing left in it that could act.

    What is nested too deeply is shown as the text that it is.
    """
    source = _carried(source)
    return _sanitised(_as_typed(source) if _is_costly(source) else source)


def _sanitised(source: str) -> str:
    # The sanitiser writes a text in a time that grows with the square of the number of signs that
    # it replaces; a comment, which it drops, makes two of it.
    source = _LONG.sub(lambda match: _PIECE.sub(r"\g<0><!---->", match[0]), source)
    clean = _CLEANER.clean(source).strip()
    if is_plain(clean):
        return clean
    # Markdown and HTML have ways to write any character. Where ours leads somewhere, it stays.
    return "".join(
        _ROOTED.sub(lambda m: m[1] or "", part) if part.startswith("<") else FORBIDDEN.sub("", part)
        for part in _PARTS.split(clean)
    )


def _carried(source: str) -> str:
    """Return HTML without what no page can carry, also where that is written by its number."""
    if "&#" in source:
        source = _NUMBER.sub(lambda m: "" if FORBIDDEN.match(_numbered(m)) else m[0], source)
    return source if is_plain(source) else FORBIDDEN.sub("", source)


def _numbered(match: re.Match[str]) -> str:
    """Return the character of a number; browsers take some for those of Windows-1252."""
    number = int(match[1], 16) if match[1] else int(match[2])
    return chr(number) if number < 0x80 or 0x9F < number <= 0x10FFFF else ""


def unescape(text: str) -> str:
    """Return a text with its character references read, however many digits they have."""
    return html.unescape(_ENDLESS.sub("\ufffd", text))


def _is_costly(source: str) -> bool:
    """Whether a sanitiser would take far more time and room for HTML than its length says.

    Its time grows with the square of the depth and of the number of attributes, and what it writes
    with the elements that begin again. A tag that ends another element than the innermost is not
    counted, so that the depth found is at least the real one.
    """
    is_open: list[tuple[str, int]] = []  # names, and the lengths of tags that begin again
    at = length = added = 0
    while match := _READ.search(source, at):
        at = match.end()
        name = (match["name"] or "").lower()
        added += length
        if has_too_many_attributes(match[0]):
            return True
        if match["end"]:
            if is_open and is_open[-1][0] == name:
                length -= is_open.pop()[1]
        elif name in _RAW:
            end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(source, at)
            at = end.end() if end else len(source)
        elif name and name not in _VOID and name not in _CLOSED_BY_NEXT:
            is_open.append((name, len(match[0]) if name in _REOPENED else 0))
            length += is_open[-1][1]
        if len(is_open) > limits.NESTING or added > _REOPENED_SIZE:
            return True
    return False


def has_too_many_attributes(tag: str) -> bool:
    """Whether a tag has so many attributes that parsers take too long for it."""
    return len(tag) > 1000 and len(_QUOTED.sub(" ", tag).split()) > limits.XML_ATTRIBUTES


def _as_typed(text: str) -> str:
    """Return a text as HTML that shows it as it was typed."""
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n".join(
        f"<p>{html.escape(part, quote=False)}</p>".replace("\n", "<br>\n") for part in paragraphs
    )


def _typeset(clean: str, typography: Callable[[str], str]) -> str:
    """Apply typography to the running text of sanitize HTML, and not to code."""
    parts = _PARTS.split(clean)
    code = 0  # elements of code that are open
    for number, part in enumerate(parts):
        if number % 2:
            if part.startswith(("<code", "<pre")):
                code += 1
            elif part in ("</code>", "</pre>"):
                code -= 1
        elif part and not code:
            # As the sanitiser writes it.
            parts[number] = typography(part).replace("\u00a0", "&nbsp;")
    return "".join(parts)


def set_picture_sizes(fragment: str, sizes: Mapping[str, tuple[int, int]], widest: int) -> str:
    """Give the blog's own pictures the size to be shown at, for programs that know no style sheet.

    *sizes* holds width and height in pixels by path; wider ones are shown *widest* pixels wide.
    """

    def resized(match: re.Match[str]) -> str:
        values = dict(_VALUE.findall(match[0]))
        path = unquote(html.unescape(values.get("src", "")).removeprefix(ROOT))
        width, height = sizes.get(path, (0, 0))
        if width and height:
            shown = min(width, widest)
            values |= {"width": str(shown), "height": str(round(height * shown / width))}
        return (
            "<img"
            + "".join(
                f' {name}="{value}"'
                for name, value in values.items()
                if name not in ("loading", "decoding")
            )
            + ">"
        )

    return _PICTURE.sub(resized, fragment)


def html_to_text(fragment: str) -> str:
    """Return the words of a fragment that was made here: each tag whole, each value quoted."""
    # What one paragraph opens is closed before the next one follows on the same line.
    text = _TAG.sub("", " ".join(map(closed, _BREAK.split(fragment))))
    text = unescape(text) if "&" in text else text
    return collapse_space(text).strip()


def collapse_space(text: str) -> str:
    """Make one space of each run of white space that breaks; no-break spaces stay."""
    text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    return re.sub(" {2,}", " ", text) if "  " in text else text


def highlight(pieces: Iterable[tuple[bool, str]]) -> str:
    """Return plain text as HTML, with a mark around each piece that is a hit."""
    return "".join(
        f"<mark>{html.escape(text)}</mark>" if is_hit else html.escape(text)
        for is_hit, text in pieces
    )


_LONG_WORD = 25  #: characters


def shorten(text: str, limit: int) -> str:
    """Cut a text so that it has at most *limit* characters, the ellipsis included.

    It is cut at a word, unless that would lose more than a long word: not every script has spaces.
    A directional control that loses its end is closed.
    """
    if len(text) <= limit:
        return text
    room = limit
    while len(cut := closed(_cut(text, room))) > limit:
        room -= 1
    return cut


def _cut(text: str, limit: int) -> str:
    cut = text[: max(limit - 1, 0)]
    space = cut.rfind(" ")
    if space >= 0 and len(cut) - space <= _LONG_WORD:
        cut = cut[:space]
    return cut.rstrip(" ,;:–—-(«\u202f\u00a0") + "…"


def with_root(fragment: str, root: str) -> str:
    """Put the way to the site's root into a fragment: ``../../`` on a page, the URL in a feed."""
    # str() first: Markup would escape what is put in.
    return str(fragment).replace(ROOT, root)


def replace_in_tags(fragment: str, old: str, new: str) -> str:
    """Replace a text within the tags of a fragment, and nowhere else."""
    if old not in fragment:
        return fragment
    return _TAG.sub(lambda match: match[0].replace(old, new), fragment)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Lead relative addresses and the blog's pictures from the site's root, and nothing else."""
    if len(value) > limits.ADDRESS:
        return None
    if name in _ADDRESSES:
        return _address_shown(name, value)
    if name == "id" and not _FOOTNOTE.search(value):
        return None  # the page's own names are not for texts to take
    if name in _NUMBERS and not (value.isascii() and value.isdigit() and len(value) <= 9):
        return None
    return value


def _address_shown(name: str, value: str) -> str | None:
    if value.startswith(ROOT):  # a place of this very site
        return value
    if name == "src":
        return f"{ROOT}{value}"
    # As browsers read it: without what is not seen.
    scheme = _SCHEME.match(_SPACE.sub("", value))
    if scheme is None:
        return ROOT + value.lstrip("/")
    return value if scheme[0] in ("//", "#") or scheme[0][:-1].lower() in _SCHEMES else None


# Made once: what they allow takes longer to take in than a text.
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    attributes={
        tag: names - {"class"} if tag in _CLASSES else set(names)
        for tag, names in _ATTRIBUTES.items()
    },
    allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
    attribute_filter=_attribute,
    url_schemes=_SCHEMES,
    link_rel="noopener nofollow",
)


def _foreign_pictures(source: str, media: frozenset[str]) -> str:
    """Make links of the pictures that are not the blog's own."""
    from lxml import html as lxml_html  # for the few texts that hold a picture

    tree = lxml_html.fragment_fromstring(source, create_parent="div")
    for picture in list(tree.iter("img")):
        address = picture.get("src") or ""
        if address.startswith("media/") and address.removeprefix("media/") in media:
            continue
        link = lxml_html.Element("a", href=address)
        link.text = picture.get("alt") or address
        link.tail = picture.tail
        parent = picture.getparent()
        if parent is not None:
            parent.replace(picture, link)
    text: str = lxml_html.tostring(tree, encoding="unicode")
    return text.removeprefix("<div>").removesuffix("</div>")
