"""The files of one publication: put where their bytes change, noted in the manifest, let go of."""

from __future__ import annotations

from pathlib import Path

from .. import links
from ..feeds import Feed
from ..feeds.documents import documents
from ..journal import Fault
from ..site import Site
from .index import Index, hash_of
from .report import Report

Part = tuple[list[tuple[str, str, str]], list[str], Report, dict[str, str]]
"""Path, hash and purpose of each file made; those kept; what was done; what is prepared."""


class Output:
    """Takes files, each with the purpose it serves (``day:2012-07-15``, ``tag:damas``)."""

    def __init__(self, site: Site, index: Index, media: Path, is_dry: bool) -> None:
        """Put files on *site*, noted in *index*; pictures come from the folder *media*."""
        self._site = site
        self._index = index
        self._media = media
        self._is_dry = is_dry
        self.report = Report()
        self._claimed: set[str] = set()
        self._noted: list[tuple[str, str, str]] = []
        self._kept: list[str] = []

    def claim(self, purpose: str) -> None:
        """Say that a purpose is served anew: files it had and has no more will be removed."""
        self._claimed.add(purpose)

    def put(self, path: str, content: str | bytes, purpose: str) -> None:
        """Write a file if its bytes change, and note what it is for."""
        data = content.encode() if isinstance(content, str) else content
        self._claimed.add(purpose)
        if self._site.holds(path, data):
            self.report.unchanged += 1
        else:
            self.report.written.append(path)
            if not self._is_dry:
                self._site.put(path, data)
        self._noted.append((path, hash_of(data), purpose))

    def put_feed(self, folder: str, feed: Feed, purpose: str) -> None:
        """Write a feed in its three formats."""
        for name, data in documents(feed):
            self.put(folder + name, data, purpose)
            del data  # before the next one is made

    def put_media(self, name: str, purpose: str) -> None:
        """Copy a picture to the site; one that is gone is reported."""
        source = self._media / name
        if source.is_file():
            self.put(links.media_path(name), source.read_bytes(), purpose)
        else:
            mend = f"Restore {source.name} from a backup, or edit the entry."
            self.report.faults.append(Fault(f"entries/media/{name}", "the picture is gone", mend))

    def keep(self, path: str) -> None:
        """Say that a file is as it was, without rendering it."""
        self._kept.append(path)

    def cut(self) -> Part:
        """Return all that was taken, and begin anew."""
        part = self._noted, self._kept, self.report, self._site.cut()
        self._noted, self._kept, self.report = [], [], Report()
        return part

    def add(self, part: Part) -> None:
        """Take what was cut here, or in another process."""
        noted, kept, report, prepared = part
        self._noted += noted
        self._kept += kept
        self.report.add(report)
        self._site.add(prepared)

    def note(self) -> None:
        """Note in the manifest what was made and kept so far."""
        self._index.record_files(self._noted)
        self._index.keep_files(self._kept)
        self._noted, self._kept = [], []

    def finish(self, before: set[str]) -> None:
        """Note the files in the manifest, and remove those that are no more.

        These were made before for a purpose claimed now, or for one in *before*.
        """
        self.note()
        for purpose in sorted(self._claimed | before):
            for path in self._index.stale_files(purpose):
                self.report.deleted.append(path)
                self._index.forget_file(path)
                if not self._is_dry:
                    self._site.drop(path)
