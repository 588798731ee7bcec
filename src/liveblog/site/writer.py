"""Puts rendered pages, feeds and texts into the output, with notices for what cannot be rendered.

Rendering functions take a :data:`.fault_boundary.Substitute`, which they apply to their entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from ..config import Config
from ..digest import Digest
from ..feeds import Feed, documents
from ..model import addresses
from ..pages.render import Pages
from ..timeline import Entry, Timeline
from .fault_boundary import FaultBoundary, RenderedFiles, Substitute, substitute_entries
from .feed_builder import FeedBuilder
from .index import Index
from .output import Output
from .queries import SiteQueries


class Writer:
    """Writes the files of one publication."""

    def __init__(self, output: Output, boundary: FaultBoundary) -> None:
        """Put files into *output*; *boundary* handles errors in rendering."""
        self.output = output
        self.boundary = boundary

    def files(
        self,
        path: str,
        render: Callable[[Substitute], RenderedFiles],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[], RenderedFiles] | None = None,
        notice: RenderedFiles = (),
    ) -> None:
        """Write the files of *render*; *path* names them in a fault.

        *entries* are those that it renders. If it fails also without them, *plainer* is tried,
        and then *notice* is written.
        """
        found = self.boundary.render_files(f"feeds/{path}", entries, render, plainer, notice)
        for file_path, data in found:
            self.output.put(file_path, data)
            del data  # before the next one is rendered

    def page(
        self,
        path: str,
        render: Callable[[Substitute], bytes],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[], bytes] | None = None,
    ) -> None:
        """Write a page."""
        self.files(
            path,
            lambda substitute: [(path, render(substitute))],
            entries,
            plainer=(lambda: [(path, plainer())]) if plainer else None,
            notice=[(path, self.boundary.notice_page(addresses.path_to_root(path)))],
        )

    def text(
        self,
        path: str,
        render: Callable[[Substitute], str],
        entries: Sequence[Entry],
        *,
        plainer: Callable[[], str],
    ) -> None:
        """Write a plain text or Markdown."""
        self.files(
            path,
            lambda substitute: [(path, render(substitute).encode())],
            entries,
            plainer=lambda: [(path, plainer().encode())],
            notice=[(path, self.boundary.notice_line())],
        )

    def digest_page(self, path: str, digest: Digest, write: Callable[[Digest], bytes]) -> None:
        """Write the page of a digest; if it fails as it is, without its figures."""
        plain = structs.replace(digest, series=())
        self.page(
            path,
            lambda substitute: write(substitute_entries(digest, substitute)),
            digest.rendered,
            plainer=lambda: write(plain),
        )

    def digest_text(self, path: str, digest: Digest, write: Callable[[Digest], str]) -> None:
        """Write a digest as plain text or Markdown; if it fails as it is, without its figures."""
        plain = structs.replace(digest, series=())
        self.text(
            path,
            lambda substitute: write(substitute_entries(digest, substitute)),
            digest.rendered,
            plainer=lambda: write(plain),
        )

    def feed(
        self,
        folder: str,
        render: Callable[[Substitute], Feed],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[], Feed] | None = None,
    ) -> None:
        """Write a feed in its three formats."""

        def formats(feed: Feed) -> Iterator[tuple[str, bytes]]:
            return ((folder + name, data) for name, data in documents(feed))

        self.files(
            f"{folder}atom.xml",
            lambda substitute: formats(render(substitute)),
            entries,
            plainer=(lambda: formats(plainer())) if plainer else None,
        )


@dataclass
class Context:
    """What the files of one publication are rendered from."""

    timeline: Timeline
    index: Index
    config: Config
    pages: Pages
    feeds: FeedBuilder
    queries: SiteQueries
    writer: Writer
    changed_ids: set[str] | None = None
    """Ids of the entries that differ from the published ones; None if all are rendered."""
    beside_ids: set[str] = field(default_factory=set)
    """Ids of the entries whose pages link to other entries, or to changed ones."""

    @classmethod
    def create(
        cls, timeline: Timeline, index: Index, pages: Pages, feeds: FeedBuilder, output: Output
    ) -> Context:
        """Render the state of *timeline*, which *index* is to know, into *output*."""
        config, words = pages.config, pages.words
        return cls(
            timeline=timeline,
            index=index,
            config=config,
            pages=pages,
            feeds=feeds,
            queries=SiteQueries(timeline, index.entries, config, words, output.fault),
            writer=Writer(output, FaultBoundary(words, config, output.fault)),
        )

    @property
    def is_over(self) -> bool:
        """Whether the coverage is over."""
        return self.queries.coverage.ended is not None
