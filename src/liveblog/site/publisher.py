"""Publishes the site: brings it up to date with the journal.

What is rendered follows from the days that changed since the last publication, never from the size
of the blog. Only files whose bytes change are written.

The order of steps makes a crash harmless. Files are staged before any is published; see
:meth:`.storage.folder.Folder.commit` for the order in which they are published; the index is
committed last. The next publication does again whatever the index does not have. If files may have
been published without it, everything is rendered again, because the journal may have changed
meanwhile; then all other files of the publisher in the site are deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ..chapters import chapter_in
from ..config import Config
from ..journal import Journal
from ..model import addresses
from ..model.entry import id_day
from ..model.errors import Busy, NotFound, StorageError, Withheld, storage_errors
from ..pages.render import Pages
from ..search import Search
from ..storage.inside import delete_inside
from ..storage.locks import Lock
from ..storage.paths import Paths
from ..storage.sqlite import Unusable, delete_database, errors
from ..timeline import Entry, Timeline, fold
from .build import Build
from .documents import LivePage, live_entry, read_live_page
from .fault_boundary import FaultBoundary
from .index import Index
from .look import Look, load_look
from .report import Progress, Report
from .storage.compressed import Compressed
from .storage.folder import Folder


class Publisher:
    """Publishes one blog's site, as often as it is asked to.

    Templates, and what was rendered of entries, stay in memory in between.
    """

    def __init__(self, journal: Journal, site: Folder, paths: Paths, config: Config) -> None:
        """Publish *journal* to *site*."""
        self._journal = journal
        self.site = site
        self._paths = paths
        self._config = config
        self._look: Look | None = None
        self._index: Index | None = None
        self._copies = Compressed(paths.compressed)

    @property
    def pages(self) -> Pages:
        """The blog's pages, with the theme as it was at the last publication."""
        if self._look is None:
            with self.storage_errors():
                self._look = load_look(self._config, self._paths, None)
        return self._look.pages

    def publish(
        self,
        now: datetime,
        *,
        names: Collection[str] | None = None,
        full: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Publish the site as of *now*.

        *names* are those in the journal that may have changed since this publisher's last
        publication; without them every name is checked. *full* renders everything again; *dry_run*
        writes nothing and reports what would be done; *progress* is called as the work goes on.
        Waits for another publisher to finish.

        Raises :class:`StorageError` and, for a template that cannot be parsed,
        :class:`ConfigError`; then the site is as it was, or the next publication finishes what this
        one began. What cannot be rendered is a fault in the report.
        """
        if dry_run:
            with self.storage_errors():
                full = full or self._unfinished.exists()
            return self.rehearse(now, full=full, progress=progress)
        with self.storage_errors(), self.lock():
            self._check_journal()
            self.site.discard()  # what an interrupted publication has staged
            try:
                return self._publish(now, names, full, progress)
            except Unusable:
                self._delete_index()
                return self._publish(now, None, full, progress)

    def _check_journal(self) -> None:
        """Refuse to empty the site because the journal is missing, as while it is replaced.

        Raises :class:`StorageError`.
        """
        entries = self._paths.entries
        if not entries.is_dir() and any(map(addresses.is_generated, self.site.paths())):
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
        index = self._open_index()
        try:
            with errors(self._index_path):
                index.begin()
                build = self._build(now, index, self.site, progress=progress)
                report = build.run(names=names, full=full or self._unfinished.exists())
                if build.is_full:
                    self._copies.clear()
                else:
                    self._copies.drop([*report.written, *report.deleted])
                if report.written or report.deleted:
                    with suppress(FileNotFoundError):  # the index is lost with its folder
                        self._unfinished.touch()
                self.site.commit(report.written, report.deleted)
                self._delete_redirect_pages(report.deleted)
                if build.has_removals or build.is_full:
                    Search(self._journal, self._paths.derived).forget_removed()
                index.commit()
                self._unfinished.unlink(missing_ok=True)
                report.live_page = report.live_page or self.live_page()
                return report
        except BaseException:
            self.site.discard()
            raise
        finally:
            index.rollback()

    def rehearse(
        self, now: datetime, *, full: bool = False, progress: Progress | None = None
    ) -> Report:
        """Return what :meth:`publish` would do; nothing on disk changes, and no lock is taken."""
        with self.storage_errors():
            build = self._build(now, self.copy_index(), self.site, is_dry=True, progress=progress)
            return build.run(names=None, full=full)

    def hash_files(
        self, now: datetime, progress: Progress | None = None
    ) -> tuple[dict[str, str], Report]:
        """Render the whole site without writing it; return a hash of each file, and the report."""
        with self.storage_errors():
            index = self.copy_index()
            build = self._build(now, index, None, is_dry=True, progress=progress)
            report = build.run(names=None, full=True)
            return dict(index.manifest.files()), report

    def compress(self, paths: Iterable[str]) -> None:
        """Make compressed copies of published files, for a server to send.

        None are made while another process publishes: the files change. Raises
        :class:`StorageError`.
        """
        lock = self.lock()
        with self.storage_errors():
            if not lock.try_acquire():
                return
            try:
                for path in paths:
                    data = self.site.read(path)
                    if data is not None:
                        self._copies.make(path, data)
            finally:
                lock.release()

    def live_entries(self, entry: Entry) -> list[dict[str, object]]:
        """Return an entry as open pages receive it; none if not even a notice can be rendered."""
        pages = self.pages
        boundary = FaultBoundary(pages.words, self._config, lambda fault: None)
        return boundary.render(
            "live.json",
            [entry],
            lambda substitute: [live_entry(shown, pages) for shown in substitute([entry])],
            list,
        )

    def live_page(self) -> LivePage | None:
        """Read the live page from the site; None if the site has none."""
        data = self.site.read("live.json")
        return read_live_page(data) if data is not None else None

    def topics(self) -> dict[str, str]:
        """Map the live page and every feed that can be subscribed to, to a hash of its bytes."""
        if not self._index_path.exists():
            return {}
        with self.storage_errors(), self.lock(), errors(self._index_path):
            return self._open_index().manifest.topics()

    def chapters_published(self, low: datetime, high: datetime) -> list[str]:
        """Return the slugs of the chapters that were published after *low*, up to *high*."""
        if not self._index_path.exists():
            return []
        with self.storage_errors(), self.lock(), errors(self._index_path):
            return sorted(self._open_index().chapters.released(low, high))

    def next_change(self, now: datetime) -> datetime | None:
        """Return when the clock alone changes what the site shows, midnight aside.

        That is a release of an entry or chapter, or the end of the coverage. Scheduled chapters are
        those that the last publication found.
        """
        instants = [Timeline(self._journal, now).next_change()]
        with suppress(Unusable, Busy, FileNotFoundError):
            instants.append(Index.next_release(self._index_path, now))
        return min(filter(None, instants), default=None)

    def is_withdrawn(self, path: str) -> bool:
        """Whether a path is that of what is removed, or withheld because of damage."""
        if slug := addresses.chapter_at(path):
            try:
                return chapter_in(self._journal, slug).now.state == "removed"
            except Withheld:
                return True
            except NotFound:
                return False
        entry_id = addresses.entry_id_at(path)
        if not entry_id:
            return False
        reading = self._journal.day(id_day(entry_id))
        entry = fold(reading.records).get(entry_id)
        return entry_id in reading.withheld or (entry is not None and entry.now.state == "removed")

    def copy_index(self) -> Index:
        """Return a copy of the index."""
        return Index.temporary(self._index_path)

    def lock(self) -> Lock:
        """Return the lock that one publisher of this blog holds at a time."""
        return Lock(self._paths.derived / "publish.lock")

    @contextmanager
    def storage_errors(self) -> Iterator[None]:
        """Raise errors of the machine within as :class:`StorageError`."""
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
    def _unfinished(self) -> Path:
        """A file that exists while the site may have files that the index does not know."""
        return self._paths.derived / "unfinished"

    def _open_index(self) -> Index:
        """Return the index, opened again if its file was replaced."""
        if self._index is None or not self._index.is_current():
            self._index = Index(self._index_path)
        return self._index

    def _delete_index(self) -> None:
        """Delete a damaged index; it is built again from the journal."""
        if self._index is not None:
            self._index.close()
        self._index = None
        delete_database(self._index_path)

    def _delete_redirect_pages(self, paths: Collection[str]) -> None:
        """Delete the pages at earlier addresses that lead to deleted files."""
        for folder in self._paths.redirects.glob("*/pages"):
            for path in paths:
                if delete_inside(folder, path):
                    with suppress(OSError):  # it holds other files
                        (folder / path).parent.rmdir()

    def _build(
        self,
        now: datetime,
        index: Index,
        site: Folder | None,
        *,
        is_dry: bool = False,
        progress: Progress | None = None,
    ) -> Build:
        self._look = load_look(self._config, self._paths, self._look)
        return Build(
            journal=self._journal,
            timeline=Timeline(self._journal, now),
            index=index,
            site=site,
            look=self._look,
            media=self._paths.media,
            is_dry=is_dry,
            on_progress=progress,
        )
