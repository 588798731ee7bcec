"""The files of one publication: put where their bytes change, noted in the manifest, let go of."""

from __future__ import annotations

from pathlib import Path

from .. import links
from ..feeds import Feed
from ..feeds.json import json_feed
from ..feeds.xml import atom, rss
from ..journal import Fault
from ..site import Site
from .index import Index, hash_of
from .report import Report


class Output:
    """Takes files, each with the purpose it serves (``day:2012-07-15``, ``tag:damas``)."""

    def __init__(self, site: Site, index: Index, report: Report, media: Path, is_dry: bool) -> None:
        """Put files on *site*; pictures come from the folder *media*."""
        self._site = site
        self._index = index
        self._report = report
        self._media = media
        self._is_dry = is_dry
        self._made: dict[str, set[str]] = {}

    def claim(self, purpose: str) -> None:
        """Say that a purpose is served anew: files it had and has no more will be removed."""
        self._made.setdefault(purpose, set())

    def put(self, path: str, content: str | bytes, purpose: str) -> None:
        """Write a file if its bytes change, and note what it is for."""
        data = content.encode() if isinstance(content, str) else content
        self.claim(purpose)
        self._made[purpose].add(path)
        if self._site.read(path) == data:
            self._report.unchanged += 1
        else:
            self._report.written.append(path)
            if not self._is_dry:
                self._site.put(path, data)
        self._index.record_file(path, hash_of(data), purpose)

    def put_feed(self, folder: str, feed: Feed, purpose: str) -> None:
        """Write a feed in its three formats."""
        self.put(folder + "rss.xml", rss(feed), purpose)
        self.put(folder + "feed.json", json_feed(feed), purpose)
        self.put(folder + "atom.xml", atom(feed), purpose)

    def put_media(self, name: str, purpose: str) -> None:
        """Copy a picture to the site; one that is gone is reported."""
        source = self._media / name
        if source.is_file():
            self.put(links.media_path(name), source.read_bytes(), purpose)
        else:
            mend = f"Restore {source.name} from a backup, or edit the entry."
            self._report.faults.append(Fault(f"entries/media/{name}", "the picture is gone", mend))

    def remove_the_rest(self, before: set[str]) -> None:
        """Remove what was made before for a purpose claimed now, or in *before*, and is no more."""
        for purpose in before:
            self.claim(purpose)
        kept = set().union(*self._made.values())
        for purpose, made in sorted(self._made.items()):
            for path in sorted(self._index.files_for(purpose) - made - kept):
                self._report.deleted.append(path)
                self._index.forget_file(path)
                if not self._is_dry:
                    self._site.drop(path)
