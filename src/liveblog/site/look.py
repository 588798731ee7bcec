"""Loads what renders a blog: its pages and feed builder, from its theme and configuration."""

from __future__ import annotations

from msgspec import Struct

from ..config import Config
from ..model.errors import ConfigError
from ..pages.render import Pages
from ..storage.paths import Paths
from ..version import __version__
from .feed_builder import FeedBuilder
from .theme import Theme


class Look(Struct, frozen=True):
    """Pages and feeds; they are loaded again only when something has changed."""

    fingerprint: str  #: differs whenever any file of the site could
    assets: dict[str, tuple[str, bytes]]  #: see :meth:`Theme.assets`
    pages: Pages
    feeds: FeedBuilder


def load_look(config: Config, paths: Paths, known: Look | None) -> Look:
    """Return the look of a blog: *known* itself if nothing has changed.

    Raises :class:`StorageError`, and :class:`ConfigError` if its picture for sharing is missing.
    """
    theme = Theme(paths.templates, paths.static)
    fingerprint = f"{__version__} {theme.fingerprint()} {config!r}"
    if known is not None and known.fingerprint == fingerprint:
        return known
    assets = theme.assets()
    if config.picture and config.picture not in assets:
        raise ConfigError(
            f"The picture {config.picture!r} of the settings is not in {paths.static}.",
            "Put it there, or correct 'picture'.",
        )
    pages = Pages(
        config,
        templates=theme.templates,
        assets={name: path for name, (path, _) in assets.items()},
    )
    return Look(fingerprint, assets, pages, FeedBuilder(pages))
