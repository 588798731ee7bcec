"""Resolves the addresses of links and pictures, and offers each picture to the caller once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml.html import HtmlElement

from ...model import addresses
from .inline import SPACE

_WEB = ("http", "https")
_FILM = re.compile(r"\.(?:mp4|m4v|mov|webm|mp3|m4a|ogg|oga|opus)\Z", re.IGNORECASE)


def is_film(url: str) -> bool:
    """Whether an address or path looks like that of a film or recording."""
    return _FILM.search(re.split(r"[?#]", url, maxsplit=1)[0]) is not None


@dataclass(frozen=True)
class Image:
    """A picture, film or recording that a text shows."""

    url: str  #: absolute, http or https
    alt: str = ""
    caption: str = ""


TakePicture = Callable[[Image], bool]
"""Returns whether the caller takes a picture as a file; it is then removed from the text."""


class Pictures:
    """The pictures of one tree, and the addresses in it."""

    def __init__(self, tree: HtmlElement, base: str, take: TakePicture) -> None:
        """Resolve addresses against the tree's own base, else *base*."""
        given = tree.find(".//base[@href]")
        own = given.get("href", "") if given is not None else ""
        self._base = resolve(base, own) or base
        self._take = take
        self._is_taken: dict[str, bool] = {}  # by URL

    def image(self, element: HtmlElement, caption: str = "") -> Image | None:
        """Return the picture of an element; None for a tracking pixel or without an address."""
        if {"0", "1"} & {element.get("width"), element.get("height")}:
            return None
        larger = (element.get("srcset") or element.get("data-srcset") or "").split(",")[-1].split()
        candidates = [
            element.get("src"),
            *(element.get(name) for name in ("data-src", "data-lazy-src", "data-original")),
            *larger[:1],
        ]
        url = next(filter(None, map(self.web_address, filter(None, candidates))), "")
        alt = SPACE.sub(" ", element.get("alt") or element.get("title") or "").strip()
        return Image(url, alt, caption) if url else None

    def film(self, element: HtmlElement, caption: str = "") -> Image | None:
        """Return the film or recording of a player; None if it shows no file of one."""
        sources = [element, *element.iter("source")]
        given = (one.get(name) for one in sources for name in ("src", "data-src"))
        url = next(filter(is_film, map(self.web_address, filter(None, given))), "")
        alt = SPACE.sub(" ", element.get("title") or element.get("aria-label") or "").strip()
        return Image(url, alt, caption) if url else None

    def is_taken(self, image: Image | None) -> bool:
        """Offer a picture unless that was done before; return whether nothing is to be shown."""
        if image is None:
            return True
        if image.url not in self._is_taken:
            self._is_taken[image.url] = self._take(image)
        return self._is_taken[image.url]

    def web_address(self, address: str) -> str:
        """Return an absolute http or https address, or an empty string."""
        url = self.address(address)
        return url if url.partition(":")[0] in _WEB else ""

    def address(self, address: str) -> str:
        """Return an absolute address that a link may lead to, or an empty string."""
        return "" if address.strip().startswith("#") else resolve(self._base, address)


def resolve(base: str, address: str) -> str:
    """Return an absolute address for the web, mail or telephone, or an empty string."""
    address = re.sub(r"[\t\n\r]", "", address).strip()
    try:
        url = addresses.join(base, address) if address else ""
        parts = addresses.split(url)
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    if scheme in _WEB and parts.netloc:
        return scheme + url[len(scheme) :]
    return url if scheme in ("mailto", "tel") and parts.path else ""
