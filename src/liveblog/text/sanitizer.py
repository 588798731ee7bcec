"""Sanitizes HTML of unknown origin: keeps only allowed tags, attributes and URL schemes.

Scripts, event handlers, styles and ``javascript:`` links are removed. Markdown (see
:mod:`.markup`) and imports both use this module. Pure: text in, text out.
"""

from __future__ import annotations

import html
import re

import nh3

from ..model import limits
from ..model.entry import FORBIDDEN, is_plain
from .fragments import ROOT, split_tags

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
_ROOT_OR_FORBIDDEN = re.compile(f'( (?:cite|href|src)="{ROOT})|{FORBIDDEN.pattern}')

_ADDRESSES = {"cite", "href", "src"}
"""Attributes whose value is an address."""

_NUMBERS = {"colspan", "rowspan", "start"}
"""Attributes whose value is a number."""

_FOOTNOTE = re.compile(r"\A(?:[\w-]+-)?fn(?:ref)?-[\w-]+\Z")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
_SPACE = re.compile("[\x00-\x20]")

_LONG_TEXT = re.compile(r"(?:\A|(?<=>))[^<>]{2000,}+")
_TEXT_PIECE = re.compile(r"(?>[^&]|&#?+\w{0,40}+;?+){1,1000}+")
"""At most 1,000 characters or character references of a long text; see :func:`filter_tags`."""

_TAG_OR_COMMENT = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*+|</(?![a-zA-Z])[^>]*+
    |<(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)
    (?>[\s/]++|[^\s/>][^\s/>=]*+(?>\s*+=\s*+(?>"[^"]*+"?+|'[^']*+'?+|[^\s"'>][^\s>]*+)?+)?+)*+""",
    re.DOTALL | re.VERBOSE,
)
"""A comment, or a tag without its ``>``, as browsers parse them (HTML §13.2.5)."""

_ATTRIBUTE_VALUE = re.compile(r"""=\s*(?:"[^"]*"?|'[^']*'?)|/""")
_NUMERIC_REFERENCE = re.compile(r"&#(?:[xX]0*([0-9a-fA-F]{1,6})|0*([0-9]{1,7}))(?![0-9a-fA-F]);?")
_RAW_TEXT = frozenset(
    ("iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp")
)
"""Elements whose content is text: tags in it are not parsed."""

_VOID = frozenset(("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"))
"""Elements without content and end tag."""

_CLOSED_BY_NEXT = frozenset(
    ("dd", "dt", "li", "option", "p", "tbody", "td", "tfoot", "th", "thead", "tr")
)
"""Elements that are closed by the next one of their kind."""

_REOPENED = frozenset(
    ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt",
     "u")
)  # fmt: skip
"""Formatting elements: a parser reopens them in each following block until they are closed."""

_REOPENED_SIZE = 2_000_000
"""Maximum number of characters of start tags that a parser adds for reopened elements."""


def sanitize(source: str) -> str:
    """Return HTML of unknown origin without anything active: only allowed tags and attributes.

    HTML that is nested too deeply is escaped and shown as text.
    """
    source = remove_forbidden(source)
    return filter_tags(escape_paragraphs(source) if is_costly(source) else source)


def filter_tags(source: str) -> str:
    """Return HTML with allowed tags and attributes only.

    The caller has removed forbidden characters and checked that the HTML is not costly.
    """
    # The time that nh3 takes for one text grows with the square of the number of characters that
    # it escapes. A comment, which it drops, splits a long text into several.
    source = _LONG_TEXT.sub(lambda match: _TEXT_PIECE.sub(r"\g<0><!---->", match[0]), source)
    cleaned = _CLEANER.clean(source).strip()
    if is_plain(cleaned):
        return cleaned
    # A character reference may have stood for any character. ROOT stays where an address begins.
    return "".join(
        _ROOT_OR_FORBIDDEN.sub(lambda m: m[1] or "", part)
        if part.startswith("<")
        else FORBIDDEN.sub("", part)
        for part in split_tags(cleaned)
    )


def remove_forbidden(source: str) -> str:
    """Remove :data:`FORBIDDEN` characters from HTML, including numeric references to them."""
    if "&#" in source:
        source = _NUMERIC_REFERENCE.sub(
            lambda m: "" if FORBIDDEN.match(_character(m)) else m[0], source
        )
    return source if is_plain(source) else FORBIDDEN.sub("", source)


def _character(match: re.Match[str]) -> str:
    """Return the character of a numeric reference; empty for those read as Windows-1252."""
    number = int(match[1], 16) if match[1] else int(match[2])
    return chr(number) if number < 0x80 or 0x9F < number <= 0x10FFFF else ""


def is_costly(source: str) -> bool:
    """Whether HTML is built to cost a sanitizer far more time or memory than its length suggests.

    The time grows with the square of the depth and of the number of attributes; the output grows
    with the elements that are reopened. An end tag that does not match the innermost element is
    ignored, so the depth found is never less than the real one.
    """
    open_elements: list[tuple[str, int]] = []  # names, and the lengths of tags to be reopened
    at = length = added = 0
    while match := _TAG_OR_COMMENT.search(source, at):
        at = match.end()
        name = (match["name"] or "").lower()
        added += length
        if has_too_many_attributes(match[0]):
            return True
        if match["end"]:
            if open_elements and open_elements[-1][0] == name:
                length -= open_elements.pop()[1]
        elif name in _RAW_TEXT:
            end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(source, at)
            at = end.end() if end else len(source)
        elif name and name not in _VOID and name not in _CLOSED_BY_NEXT:
            open_elements.append((name, len(match[0]) if name in _REOPENED else 0))
            length += open_elements[-1][1]
        if len(open_elements) > limits.NESTING or added > _REOPENED_SIZE:
            return True
    return False


def has_too_many_attributes(tag: str) -> bool:
    """Whether a tag has more than :data:`limits.XML_ATTRIBUTES` attributes."""
    return len(tag) > 1000 and len(_ATTRIBUTE_VALUE.sub(" ", tag).split()) > limits.XML_ATTRIBUTES


def escape_paragraphs(text: str) -> str:
    """Return a text as HTML that shows every character as typed: paragraphs, with line breaks."""
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n".join(
        f"<p>{html.escape(part, quote=False)}</p>".replace("\n", "<br>\n") for part in paragraphs
    )


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute, or None to drop the attribute.

    Relative addresses become relative to :data:`ROOT`.
    """
    if len(value) > limits.ADDRESS:
        return None
    if name in _ADDRESSES:
        return _filter_address(name, value)
    if name == "id" and not _FOOTNOTE.search(value):
        return None  # other ids could collide with those of the page
    if name in _NUMBERS and not (value.isascii() and value.isdigit() and len(value) <= 9):
        return None
    return value


def _filter_address(name: str, value: str) -> str | None:
    if value.startswith(ROOT):  # sanitized before
        return value
    if name == "src":
        return f"{ROOT}{value}"
    # Browsers ignore control characters and spaces in a scheme.
    written = _SPACE.sub("", value)
    scheme = _SCHEME.match(written)
    if scheme is None:
        return ROOT + value.lstrip("/")
    if scheme[0] == "//":  # the scheme of the page, which a mail, feed or book has not
        return f"https:{written}"
    return value if scheme[0] == "#" or scheme[0][:-1].lower() in _SCHEMES else None


# Made once, because to build a cleaner takes longer than to clean a text.
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS),
    attributes={
        tag: names - {"class"} if tag in _CLASSES else set(names)
        for tag, names in _ATTRIBUTES.items()
    },
    allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
    attribute_filter=_filter_attribute,
    url_schemes=_SCHEMES,
    link_rel="noopener nofollow",
)
