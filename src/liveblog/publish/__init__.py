"""The publisher: brings the site up to date with the journal.

In come the journal, an instant and the blog's settings; out goes a site of which only those files
are written whose bytes change. What to render follows from the days that changed since the last
run (by their stamps in the journal, and by the clock: releases and closings), never from the size
of the blog.

Order makes a crash harmless: nothing lands before everything is rendered; new files land before
those that change and link to them, removals come after, and the index (which remembers how far we
got) is last. The next run does again whatever was not remembered.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from .. import __version__
from ..config import Config
from ..errors import StorageError
from ..folders import Folders
from ..journal import Fault, Journal
from ..pages import Pages
from ..site import Site
from ..timeline import Timeline
from .build import Build
from .index import Index, hash_of
from .items import Items
from .report import Progress, Report
from .theme import Theme


class Publisher:
    """Brings one blog's site up to date, as often as it is asked to.

    It keeps what does not change from one time to the next: templates, what pages and feeds show of
    entries.
    """

    def __init__(self, journal: Journal, site: Site, folders: Folders, config: Config) -> None:
        """Publish *journal* to *site*."""
        self._journal = journal
        self.site = site
        self._folders = folders
        self._config = config
        self._fingerprint = ""
        self._pages: Pages | None = None
        self._items: Items | None = None
        self._assets: dict[str, tuple[str, bytes]] = {}
        self._index: Index | None = None

    @property
    def pages(self) -> Pages:
        """The blog's pages, with the theme as it was at the last publication."""
        if self._pages is None:
            self._read_theme()
        assert self._pages is not None
        return self._pages

    def publish(
        self,
        now: datetime,
        *,
        names: Collection[str] | None = None,
        full: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Bring the site up to date as of *now*.

        *names* are those in the journal under which anything changed since this publisher's last
        publication, where that is known; else every name is looked at. *full* renders everything
        again, whatever is remembered; *dry_run* writes nothing and reports what would be;
        *progress* is called as the work goes on. Waits for another publisher to finish.

        Raises :class:`~liveblog.errors.StorageError` and, for a template that cannot be filled,
        :class:`~liveblog.errors.ConfigError`.
        """
        with _alone(self._folders.derived):
            index = self._opened()
            try:
                self.site.discard()  # what a publication that was cut off has left
                self._read_theme()
                assert self._items is not None
                build = Build(
                    timeline=Timeline(self._journal, now),
                    journal=self._journal,
                    names=names,
                    site=self.site,
                    index=index,
                    config=self._config,
                    assets=self._assets,
                    fingerprint=self._fingerprint,
                    pages=self.pages,
                    items=self._items,
                    media=self._folders.media,
                    is_dry=dry_run,
                    progress=progress,
                )
                build.run(full=full)
                if not dry_run:
                    self.site.commit()
                    index.commit()
                return build.output.report
            except BaseException:
                self.site.discard()
                raise
            finally:
                index.give_up()

    def topics(self) -> dict[str, str]:
        """Return the live page and every feed that there is, each with a hash of what it holds."""
        if not self._index_path.exists():
            return {}
        with _alone(self._folders.derived):
            return self._opened().topics()

    @property
    def _index_path(self) -> Path:
        return self._folders.derived / "index.sqlite"

    def _opened(self) -> Index:
        """Return the index, opened again if its file is not the one that we know."""
        if self._index is None or not self._index.is_there():
            self._index = Index(self._index_path)
        return self._index

    def _read_theme(self) -> None:
        """Read templates and static files again if they are not those that we have."""
        theme = Theme(self._folders.templates, self._folders.static)
        fingerprint = f"{__version__} {theme.fingerprint()} {self._config!r}"
        if fingerprint == self._fingerprint:
            return
        self._assets = theme.assets()
        compiled = self._folders.derived / "templates"
        compiled.mkdir(parents=True, exist_ok=True)
        self._pages = Pages(
            self._config,
            templates=theme.templates,
            compiled=compiled,
            assets={name: path for name, (path, _) in self._assets.items()},
        )
        self._items = Items(self._pages)
        self._fingerprint = fingerprint


def verify(site: Site, folders: Folders, progress: Progress) -> list[Fault]:
    """Compare the site with the manifest; say which files were altered or are gone."""
    path = folders.derived / "index.sqlite"
    if not path.exists():
        return []
    index = Index(path)
    faults = []
    try:
        files = index.files()
        for number, (name, digest) in enumerate(files):
            progress(number, len(files))
            data = site.read(name)
            if data is None or hash_of(data) != digest:
                problem = "the file is gone" if data is None else "the file was altered"
                mend = "Run 'liveblog publish --full'."
                faults.append(Fault(f"{folders.site.name}/{name}", problem, mend))
    finally:
        index.close()
    return faults


@contextmanager
def _alone(derived: Path) -> Iterator[None]:
    """Be the only publisher of this blog."""
    try:
        derived.mkdir(parents=True, exist_ok=True)
        fd = os.open(derived / "publish.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageError.of(error, "write to", derived) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
