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

from .bidi import closed
from .entry import FORBIDDEN, is_plain
from .kept import kept

ROOT = "liveblog-root:"
"""Stands for the way to the site's root in rendered fragments; see :func:`rooted`.

It has the shape of a URL scheme, so that it passes the sanitiser as it is.
"""

_OPTIONS = (
    Options.CMARK_OPT_UNSAFE  # harmless HTML is let through here and sanitised below
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
_SCHEMES = {"http", "https", "mailto", "tel", ROOT[:-1]}

_HEADING = re.compile(r"<(/?)h([1-6])\b")
_FOOTNOTE = re.compile(r"\A(?:[\w-]+-)?fn(?:ref)?-[\w-]+\Z")
_BREAK = re.compile(r"<(?:br|/p|/li|/h\d|/tr|/blockquote)\b[^>]*>")
_TAG = re.compile(r'<(?:[^<>"]|"[^"]*")*>')
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
_SKIPPED = re.compile(r"(<(?:pre|code)\b.*?</(?:pre|code)>|<[^>]*>)", re.DOTALL)


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
    source = _rendered(text)
    if "<h" in source:
        source = _HEADING.sub(lambda m: f"<{m[1]}h{min(6, int(m[2]) + 3)}", source)
    if "<img" in source:
        source = _foreign_pictures(source, media)
    if 'id="fn' in source:
        source = re.sub(r'(id="|href="#)(fn)', rf"\g<1>{anchor}-\g<2>", source)
    if typography:
        source = "".join(
            part if part.startswith("<") else typography(part) for part in _SKIPPED.split(source)
        )
    return sanitised(source)


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
        rendered: str = _cmark.ffi.string(output).decode()
        return rendered
    finally:
        cmark.parser_free(parser)
        _FREE_TREE(_address(tree))
        _FREE(_address(output))


def _address(pointer: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(int(_cmark.ffi.cast("uintptr_t", pointer)))


def sanitised(source: str) -> str:
    """Return HTML from anywhere with nothing left in it that could act."""
    clean = _CLEANER.clean(source).strip()
    if ROOT not in clean:
        return clean
    # In running text it is only a word that somebody wrote.
    word = ROOT.replace(":", "&#58;")
    return "".join(
        part if part.startswith("<") else part.replace(ROOT, word)
        for part in re.split(r"(<[^>]*>)", clean)
    )


def sized(fragment: str, sizes: Mapping[str, tuple[int, int]], widest: int) -> str:
    """Give the blog's own pictures the size to be shown at, for programs that know no style sheet.

    *sizes* holds width and height in pixels by path; wider ones are shown *widest* pixels wide.
    """
    if "<img" not in fragment:
        return fragment
    from lxml import html as lxml_html  # for the few texts that hold a picture

    tree = lxml_html.fragment_fromstring(fragment, create_parent="div")
    for picture in tree.iter("img"):
        path = unquote((picture.get("src") or "").removeprefix(ROOT))
        width, height = sizes.get(path, (0, 0))
        if width and height:
            shown = min(width, widest)
            picture.set("width", str(shown))
            picture.set("height", str(round(height * shown / width)))
        for name in ("loading", "decoding"):
            picture.attrib.pop(name, None)
    text: str = lxml_html.tostring(tree, encoding="unicode")
    return text.removeprefix("<div>").removesuffix("</div>")


def plain(source: str) -> str:
    """Return the words of HTML from anywhere."""
    text = _STRIPPER.clean(_BREAK.sub(" ", source))
    return folded(html.unescape(text)).strip()


def words_in(fragment: str) -> str:
    """Return the words of a fragment that was made here: each tag whole, each value quoted."""
    text = _TAG.sub("", _BREAK.sub(" ", fragment))
    text = html.unescape(text) if "&" in text else text
    return folded(text).strip()


def folded(text: str) -> str:
    """Make one space of each run of white space that breaks; no-break spaces stay."""
    text = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    return re.sub(" {2,}", " ", text) if "  " in text else text


def marked(pieces: Iterable[tuple[bool, str]]) -> str:
    """Return plain text as HTML, with a mark around each piece that is a hit."""
    return "".join(
        f"<mark>{html.escape(text)}</mark>" if is_hit else html.escape(text)
        for is_hit, text in pieces
    )


_LONG_WORD = 25  #: characters


def shortened(text: str, limit: int) -> str:
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


def rooted(fragment: str, root: str) -> str:
    """Put the way to the site's root into a fragment: ``../../`` on a page, the URL in a feed."""
    # str() first: Markup would escape what is put in.
    return str(fragment).replace(ROOT, root)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Lead relative addresses and the blog's pictures from the site's root, and nothing else."""
    if value.startswith(ROOT):  # a place of this very site
        return value
    if name == "src":
        return f"{ROOT}{value}"
    if name == "id" and not _FOOTNOTE.search(value):
        return None  # the page's own names are not for texts to take
    if tag == "a" and name == "href" and not _SCHEME.match(value):
        return ROOT + value.lstrip("/")
    return value


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
_STRIPPER = nh3.Cleaner(tags=set(), clean_content_tags={"script", "style"})


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
