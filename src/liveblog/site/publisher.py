"""The publisher: brings the site up to date with the journal.

In come the journal, an instant and the blog's settings; out goes a site of which only those files
are written whose bytes change. What to render follows from the days that changed since the last
run (by their stamps in the journal, and by the clock: releases and closings), never from the size
of the blog.

Order makes a crash harmless: nothing lands before everything is rendered; what is new lands before
what changes and links to it, removals come after, and the index (which remembers how far we got)
is last. The next run does again whatever was not remembered; all of it, if files had begun to land,
since the journal may have changed meanwhile. Where nothing is remembered, the site is listed, and
what an earlier run left there goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ..config import Config
from ..journal import Journal
from ..model import addresses
from ..model.entry import id_day
from ..model.errors import StorageError, storage_errors
from ..pages.render import Pages
from ..search import Search
from ..storage.inside import delete_inside
from ..storage.locks import Lock
from ..storage.paths import Paths
from ..storage.sqlite import Unusable, delete_database, errors
from ..timeline import Entry, Timeline, fold
from ..version import __version__
from .build import Build
from .documents import LivePage, live_entry, read_live_page
from .feed_builder import FeedBuilder
from .guard import Guard
from .index import Index
from .report import Progress, Report
from .storage import Site
from .storage.compressed import Compressed
from .theme import Theme

MANY = 1_000
"""From so many files on it takes less to forget all compressed copies than those of each."""


class Publisher:
    """Brings one blog's site up to date, as often as it is asked to.

    It keeps what does not change from one time to the next: templates, what pages and feeds show of
    entries.
    """

    def __init__(self, journal: Journal, site: Site, folders: Paths, config: Config) -> None:
        """Publish *journal* to *site*."""
        self._journal = journal
        self.site = site
        self._paths = folders
        self._config = config
        self._fingerprint = ""
        self._pages: Pages | None = None
        self._items: FeedBuilder | None = None
        self._assets: dict[str, tuple[str, bytes]] = {}
        self._index: Index | None = None
        self._copies = Compressed(folders.compressed)

    @property
    def pages(self) -> Pages:
        """The blog's pages, with the theme as it was at the last publication."""
        if self._pages is None:
            with self.edge():
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

        Raises :class:`StorageError` and, for a template that cannot be parsed,
        :class:`ConfigError`; the site is as it was then, or the next publication
        finishes what this one began. What cannot be rendered is a fault in the report.
        """
        if dry_run:
            return self.rehearse(now, full=full or self._landing.exists(), progress=progress)
        with self.edge(), self.lock():
            self._check_journal()
            self.site.discard()  # what a publication that was cut off has left
            try:
                return self._publish(now, names, full, progress)
            except Unusable:
                self._forget_index()
                return self._publish(now, None, full, progress)

    def _check_journal(self) -> None:
        """Refuse to empty the site because the journal is missing, as it is while it is replaced.

        Raises :class:`StorageError`.
        """
        entries = self._paths.entries
        if not entries.is_dir() and any(map(addresses.is_ours, self.site.paths())):
            raise StorageError(
                f"{entries} is gone; the site stays as it is.",
                f"Put the journal back. If it is to begin anew, delete {self._paths.site} too.",
            )

    def _publish(
        self,
        now: datetime,
        names: Collection[str] | None,
        full: bool,
        progress: Progress | None,
    ) -> Report:
        index = self._opened()
        try:
            with errors(self._index_path):
                index.begin()
                build = self._build(now, self.site, index, names=names, progress=progress)
                build.run(full=full or self._landing.exists())
                report = build.output.report
                self._drop_copies(build.is_new, [*report.written, *report.deleted])
                if report.written or report.deleted:
                    with suppress(FileNotFoundError):  # the index is lost with its folder
                        self._landing.touch()
                self.site.commit()
                self._drop_stand_ins(report.deleted)
                if build.has_removals or build.is_new:
                    Search(self._journal, self._paths.derived).forget_removed()
                index.commit()
                self._landing.unlink(missing_ok=True)
                report.live_page = report.live_page or self.live_page()
                return report
        except BaseException:
            self.site.discard()
            raise
        finally:
            index.give_up()

    def rehearse(
        self,
        now: datetime,
        *,
        site: Site | None = None,
        index: Index | None = None,
        full: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Report what a publication would do; nothing on disk changes, and no lock is taken.

        *site* and *index* are those of this blog unless others are given; the index is written to.
        """
        with self.edge():
            self.site.refresh()
            index = index or self.index()
            build = self._build(now, site or self.site, index, is_dry=True, progress=progress)
            build.run(full=full)
            return build.output.report

    def compress(self, paths: Iterable[str]) -> None:
        """Make compressed copies of files that were published, for a server to send.

        While somebody else publishes, none are made: the files change. Raises
        :class:`StorageError`.
        """
        lock = self.lock()
        with self.edge():
            if not lock.try_acquire():
                return
            try:
                self.site.refresh()
                for path in paths:
                    data = self.site.read(path)
                    if data is not None:
                        self._copies.make(path, data)
            finally:
                lock.release()

    def live_entries(self, entry: Entry) -> list[dict[str, object]]:
        """Return an entry as an open page takes it over; none if not even a notice can be shown."""
        pages = self.pages
        guard = Guard(pages.words, self._config, lambda fault: None)
        return guard.make(
            "live.json", [entry], lambda swap: [live_entry(e, pages) for e in swap([entry])], list
        )

    def live_page(self) -> LivePage | None:
        """Read the live page from the site; None if the site has none."""
        data = self.site.read("live.json")
        return read_live_page(data) if data is not None else None

    def topics(self) -> dict[str, str]:
        """Return the live page and every feed that there is, each with a hash of what it holds."""
        if not self._index_path.exists():
            return {}
        with self.edge(), self.lock(), errors(self._index_path):
            return self._opened().topics()

    def is_withdrawn(self, path: str) -> bool:
        """Whether a path is that of an entry that was removed, or that damage withholds."""
        entry_id = addresses.entry_of(path)
        if not entry_id:
            return False
        reading = self._journal.day(id_day(entry_id))
        entry = fold(reading.records).get(entry_id)
        return entry_id in reading.withheld or (entry is not None and entry.now.state == "removed")

    def index(self) -> Index:
        """Return a copy of what is remembered of the site."""
        return Index.temporary(self._index_path)

    def lock(self) -> Lock:
        """Return what makes us the only publisher of this blog."""
        return Lock(self._paths.derived / "publish.lock")

    @contextmanager
    def edge(self) -> Iterator[None]:
        """Raise what the machine refuses as a :class:`StorageError`."""
        try:
            with storage_errors("publish", self._paths.site):
                yield
        except MemoryError as error:
            raise StorageError(
                "The publication needs more memory than there is.",
                "Free some memory and publish again.",
            ) from error

    @property
    def _index_path(self) -> Path:
        return self._paths.derived / "index.sqlite"

    @property
    def _landing(self) -> Path:
        """A file that is there while the site has, or may have, what the index does not know of."""
        return self._paths.derived / "landing"

    def _opened(self) -> Index:
        """Return the index, opened again if its file is not the one that we know."""
        if self._index is None or not self._index.is_there():
            self._index = Index(self._index_path)
        return self._index

    def _forget_index(self) -> None:
        """Delete a damaged index; what it held is made again."""
        if self._index is not None:
            self._index.close()
        self._index = None
        delete_database(self._index_path)

    def _drop_copies(self, is_new: bool, paths: Collection[str]) -> None:
        """Drop the compressed copies of files before these change or go."""
        if is_new or len(paths) > MANY:
            self._copies.clear()
        else:
            self._copies.drop(paths)

    def _drop_stand_ins(self, paths: Collection[str]) -> None:
        """Drop what stands at earlier addresses for files that are gone: the name of a tag, say."""
        for folder in self._paths.moved.glob("*/pages"):
            for path in paths:
                if delete_inside(folder, path):
                    with suppress(OSError):  # others may be in it
                        (folder / path).parent.rmdir()

    def _build(
        self,
        now: datetime,
        site: Site,
        index: Index,
        *,
        names: Collection[str] | None = None,
        is_dry: bool = False,
        progress: Progress | None = None,
    ) -> Build:
        self._read_theme(is_read_only=is_dry)
        assert self._items is not None
        return Build(
            timeline=Timeline(self._journal, now),
            journal=self._journal,
            names=names,
            site=site,
            index=index,
            config=self._config,
            assets=self._assets,
            fingerprint=self._fingerprint,
            pages=self.pages,
            items=self._items,
            media=self._paths.media,
            is_dry=is_dry,
            progress=progress,
        )

    def _read_theme(self, *, is_read_only: bool = False) -> None:
        """Read templates and static files again if they are not those that we have."""
        theme = Theme(self._paths.templates, self._paths.static)
        fingerprint = f"{__version__} {theme.fingerprint()} {self._config!r}"
        if fingerprint == self._fingerprint:
            return
        self._assets = theme.assets()
        self._pages = Pages(
            self._config,
            templates=theme.templates,
            compiled=self._paths.derived / "templates",
            is_read_only=is_read_only,
            assets={name: path for name, (path, _) in self._assets.items()},
        )
        self._items = FeedBuilder(self._pages)
        self._fingerprint = fingerprint
