"""Parses HTML from anywhere into a tree, within a time proportional to its length."""

from __future__ import annotations

import re

from lxml import etree
from lxml import html as lxml_html
from lxml.html import HtmlElement

from ...model.entry import FORBIDDEN
from ...text.sanitizer import has_too_many_attributes

_DROPPED = (
    "script", "style", "template", "title", "svg", "canvas", "select", "datalist", "input",
    "map", "noembed", "noframes", "option", "param", "textarea", "track",
)  # fmt: skip
"""Elements that are removed with their contents."""

_NESTING = re.compile(r"</?(?!(?:a|p|br|img|li|script|style)\b)[a-zA-Z][^<>]*>")
"""Tags of elements that can be nested in each other."""

_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{1000,}+")


def parse(source: str) -> HtmlElement | None:
    """Return the tree of a fragment or page, without scripts, forms and comments; None if empty."""
    source = re.sub("\r\n?|\f", "\n", source)
    source = FORBIDDEN.sub("", source)
    source = _LONG_TAG.sub(
        lambda tag: tag[0].split()[0] if has_too_many_attributes(tag[0]) else tag[0], source
    )
    if not source.strip():
        return None
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml_html.document_fromstring(source.encode(), parser=parser)
        if any(fault.type_name == "ERR_RESOURCE_LIMIT" for fault in parser.error_log):
            # The parser drops what is nested too deeply: parse again without the nesting.
            tree = lxml_html.document_fromstring(_NESTING.sub(" ", source).encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # empty, or not HTML
        return None
    etree.strip_elements(tree, *_DROPPED, with_tail=False)
    return tree
