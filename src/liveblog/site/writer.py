"""Puts rendered pages, feeds and texts into the output, with notices for what cannot be rendered.

Rendering functions take a :data:`.fault_boundary.Substitute`, which they apply to their entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..config import Config
from ..feeds import Feed, documents
from ..model import addresses
from ..pages.data import Coverage
from ..pages.render import Pages
from ..timeline import Entry, Timeline
from .fault_boundary import FaultBoundary, RenderedFiles, Substitute
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
        purpose: str,
        path: str,
        render: Callable[[Substitute], RenderedFiles],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[Substitute], RenderedFiles] | None = None,
        notice: RenderedFiles = (),
    ) -> None:
        """Write the files of *render*; *path* names them in a fault.

        *entries* are those that it renders. If it fails also without them, *plainer* is tried,
        and then *notice* is written.
        """
        found = self.boundary.render_files(f"feeds/{path}", entries, render, plainer, notice)
        for file_path, data in found:
            self.output.put(file_path, data, purpose)
            del data  # before the next one is rendered

    def page(
        self,
        purpose: str,
        path: str,
        render: Callable[[Substitute], bytes],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[Substitute], bytes] | None = None,
    ) -> None:
        """Write a page."""
        notice = self.boundary.notice_page(addresses.path_to_root(path))
        self._one_file(purpose, path, render, entries, plainer, notice)

    def text(
        self,
        purpose: str,
        path: str,
        render: Callable[[Substitute], str],
        entries: Sequence[Entry],
        *,
        plainer: Callable[[Substitute], str],
    ) -> None:
        """Write a plain text or Markdown."""
        self._one_file(
            purpose,
            path,
            lambda substitute: render(substitute).encode(),
            entries,
            lambda substitute: plainer(substitute).encode(),
            self.boundary.notice_line(),
        )

    def feed(
        self,
        purpose: str,
        folder: str,
        render: Callable[[Substitute], Feed],
        entries: Sequence[Entry] = (),
        *,
        plainer: Callable[[Substitute], Feed] | None = None,
    ) -> None:
        """Write a feed in its three formats."""

        def formats(feed: Feed) -> Iterator[tuple[str, bytes]]:
            return ((folder + name, data) for name, data in documents(feed))

        self.files(
            purpose,
            f"{folder}atom.xml",
            lambda substitute: formats(render(substitute)),
            entries,
            plainer=(lambda substitute: formats(plainer(substitute))) if plainer else None,
        )

    def _one_file(
        self,
        purpose: str,
        path: str,
        render: Callable[[Substitute], bytes],
        entries: Sequence[Entry],
        plainer: Callable[[Substitute], bytes] | None,
        notice: bytes,
    ) -> None:
        self.files(
            purpose,
            path,
            lambda substitute: [(path, render(substitute))],
            entries,
            plainer=(lambda substitute: [(path, plainer(substitute))]) if plainer else None,
            notice=[(path, notice)],
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
    coverage: Coverage
    changed_ids: set[str] | None
    """Ids of the entries that differ from the published ones; None if all are rendered."""

    @property
    def is_over(self) -> bool:
        """Whether the coverage is over."""
        return self.coverage.ended is not None
