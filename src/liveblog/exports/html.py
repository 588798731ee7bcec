"""Exports a digest as one HTML file that contains its style and its pictures."""

from __future__ import annotations

from base64 import b64encode

from ..config import Config
from ..digest import Digest
from ..model.entry import Media
from ..pages.documents import standalone
from ..pages.render import Pages
from ..site.theme import Theme
from ..storage.inside import read_inside
from ..storage.paths import Paths


def render(digest: Digest, config: Config, paths: Paths) -> str:
    """Return the HTML file of a digest."""
    theme = Theme(paths.templates, paths.static)

    def data_url(media: Media) -> str:
        data = b64encode(read_inside(paths.media, media.path) or b"").decode()
        return f"data:{media.type};base64,{data}"

    _, style = theme.assets()["style.css"]
    pages = Pages(config, templates=theme.templates)
    return standalone(pages, digest, style=style.decode(), picture=data_url)
