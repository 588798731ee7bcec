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

Noted = list[tuple[str, str, str]]
"""Files made: path, hash and purpose of each."""


class Output:
    """Takes files, each with the purpose it serves (``day:2012-07-15``, ``tag:damas``)."""

    def __init__(self, site: Site, media: Path, is_dry: bool) -> None:
        """Put files on *site*; pictures come from the folder *media*."""
        self._site = site
        self._media = media
        self._is_dry = is_dry
        self.report = Report()
        self._claimed: set[str] = set()
        self._noted: Noted = []

    def claim(self, purpose: str) -> None:
        """Say that a purpose is served anew: files it had and has no more will be removed."""
        self._claimed.add(purpose)

    def put(self, path: str, content: str | bytes, purpose: str) -> None:
        """Write a file if its bytes change, and note what it is for."""
        data = content.encode() if isinstance(content, str) else content
        self._claimed.add(purpose)
        if self._site.read(path) == data:
            self.report.unchanged += 1
        else:
            self.report.written.append(path)
            if not self._is_dry:
                self._site.put(path, data)
        self._noted.append((path, hash_of(data), purpose))

    def put_feed(self, folder: str, feed: Feed, purpose: str) -> None:
        """Write a feed in its three formats."""
        for name, data in documents(feed).items():
            self.put(folder + name, data, purpose)

    def put_media(self, name: str, purpose: str) -> None:
        """Copy a picture to the site; one that is gone is reported."""
        source = self._media / name
        if source.is_file():
            self.put(links.media_path(name), source.read_bytes(), purpose)
        else:
            mend = f"Restore {source.name} from a backup, or edit the entry."
            self.report.faults.append(Fault(f"entries/media/{name}", "the picture is gone", mend))

    def taken(self) -> tuple[Noted, Report, dict[str, str]]:
        """Return all that was taken, to be sent to another process."""
        return self._noted, self.report, self._site.prepared()

    def take_over(self, taken: tuple[Noted, Report, dict[str, str]]) -> None:
        """Take what another process took."""
        noted, report, prepared = taken
        self._noted += noted
        self.report.add(report)
        self._site.take_over(prepared)

    def finish(self, index: Index, before: set[str]) -> None:
        """Note the files in the manifest, and remove those that are no more.

        These were made before for a purpose claimed now, or for one in *before*.
        """
        index.record_files(self._noted)
        kept = {path for path, _, _ in self._noted}
        for purpose in sorted(self._claimed | before):
            for path in sorted(index.files_for(purpose) - kept):
                self.report.deleted.append(path)
                index.forget_file(path)
                if not self._is_dry:
                    self._site.drop(path)
