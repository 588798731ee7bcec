"""Finds the footnotes of an HTML tree."""

from __future__ import annotations

import re
from urllib.parse import unquote

from lxml.html import HtmlElement

_WORD = re.compile(r"[^\W_]")


def extract_footnotes(
    tree: HtmlElement,
) -> tuple[dict[HtmlElement, int], list[HtmlElement]]:
    """Remove the footnotes from a tree; return their references with numbers, and the footnotes.

    A footnote is a list item that a superscript link leads to. Numbers start at 1 and follow the
    order of the references; links back from a footnote are removed.
    """
    references: dict[HtmlElement, int] = {}
    notes: list[HtmlElement] = []
    items = {item.get("id"): item for item in tree.iter("li") if item.get("id")}
    if not items:
        return references, notes
    numbers: dict[HtmlElement, int] = {}
    for link in tree.iter("a"):
        item = items.get(unquote(link.get("href", "").rpartition("#")[2]))
        raised = link if len(link) == 1 and link[0].tag == "sup" else link.getparent()
        if item is not None and raised is not None and (raised is link or raised.tag == "sup"):
            number = numbers.setdefault(item, len(numbers) + 1)
            references[link if len(raised) > 1 else raised] = number
    for item in numbers:
        for link in list(item.iter("a")):
            is_named = "back" in f"{link.get('class')} {link.get('role')}"
            is_back = is_named or not _WORD.search(link.text_content())
            if is_back and "#" in link.get("href", "") and link not in references:
                link.drop_tree()
        item.drop_tree()
        notes.append(item)
    return references, notes
