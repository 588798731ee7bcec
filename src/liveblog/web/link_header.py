"""The Link header of a page (RFC 8288): the same links as in its head."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import quote, urljoin

RELATIONS = {"alternate", "canonical", "hub", "self", "prev", "next", "micropub", "me"}
"""Link relations that are repeated in the header."""


class _Links(HTMLParser):
    """Collects the link elements of a page's head."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "link":
            self.links.append({name: value or "" for name, value in attrs})


def link_header(html: str, url: str) -> str:
    """Return the links in the head of the page at *url* as the value of a Link header."""
    parser = _Links()
    parser.feed(html.partition("<body")[0])
    found = []
    for link in parser.links:
        if not RELATIONS & set(link.get("rel", "").split()):
            continue
        text = f'<{urljoin(url, link.get("href", ""))}>; rel="{link["rel"]}"'
        if kind := link.get("type"):
            text += f'; type="{kind}"'
        if title := link.get("title"):
            text += f"; title*=UTF-8''{quote(title, safe='')}"
        found.append(text)
    return ", ".join(found)
