"""The files of one publication: put where their bytes change, noted in the manifest, let go of."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..journal import Fault
from ..model import addresses
from ..model.errors import InvalidInput, StorageError
from ..storage.inside import read_inside
from .index import Index, hash_of
from .report import Report
from .storage import Site

Part = tuple[
    list[tuple[str, str, str]], list[str], list[tuple[str, Fault]], set[str], Report, dict[str, str]
]
"""Path, hash and purpose of each file made; those kept; faults, each with its purpose; purposes
that were served anew; what was done; what is prepared."""


class Output:
    """Takes files, each with the purpose it serves (``day:2012-07-15``, ``tag:damas``)."""

    def __init__(self, site: Site, index: Index, media: Path, is_dry: bool) -> None:
        """Put files on *site*, noted in *index*; pictures come from the folder *media*."""
        self._site = site
        self._index = index
        self._media = media
        self._is_dry = is_dry
        self.report = Report()
        self._begin()
        self.purpose = ""  #: what is served now, for the faults that are met

    def _begin(self) -> None:
        self._claimed: set[str] = set()
        self._noted: list[tuple[str, str, str]] = []
        self._kept: list[str] = []
        self._faults: list[tuple[str, Fault]] = []

    def claim(self, purpose: str) -> None:
        """Say that a purpose is served anew: files it had and has no more will be removed."""
        self._claimed.add(purpose)
        self.serve(purpose)

    def serve(self, purpose: str) -> None:
        """Say what is served now: faults that are met belong to it."""
        self.purpose = purpose

    def put(self, path: str, content: str | bytes, purpose: str) -> None:
        """Write a file if its bytes change, and note what it is for."""
        data = content.encode() if isinstance(content, str) else content
        self._claimed.add(purpose)
        if self._site.holds(path, data):
            self.report.unchanged += 1
        else:
            if not self._is_dry:
                try:
                    self._site.put(path, data)
                except InvalidInput as error:
                    self.fault(Fault(repr(path), error.message.rstrip("."), error.hint))
                    return
            self.report.written.append(path)
        self._noted.append((path, hash_of(data), purpose))

    def put_media(self, name: str, purpose: str) -> None:
        """Copy a picture to the site; one that is gone or cannot be read is reported."""
        problem = "the picture is gone"
        try:
            data = read_inside(self._media, name)
        except StorageError as error:
            data, problem = None, error.message.rstrip(".")
        if data is None:
            hint = f"Restore {name.rpartition('/')[2]} from a backup, or edit the entry."
            self.fault(Fault(f"entries/media/{name}", problem, hint))
        else:
            self.put(addresses.media_path(name), data, purpose)

    def keep(self, path: str) -> None:
        """Say that a file is as it was, without rendering it."""
        self._kept.append(path)

    def fault(self, fault: Fault) -> None:
        """Take a fault that was met in serving what is served now."""
        self._faults.append((self.purpose, fault))

    def cut(self) -> Part:
        """Return all that was taken, and begin anew."""
        part = (
            self._noted, self._kept, self._faults, self._claimed, self.report, self._site.cut()
        )  # fmt: skip
        self.report = Report()
        self._begin()
        return part

    def add(self, part: Part) -> None:
        """Take what was cut here, or in another process."""
        noted, kept, faults, claimed, report, prepared = part
        self._noted += noted
        self._kept += kept
        self._faults += faults
        self._claimed |= claimed
        self.report.add(report)
        self._site.add(prepared)

    def note(self) -> None:
        """Note in the manifest what was made and kept so far."""
        self._index.record_files(self._noted)
        self._index.keep_files(self._kept)
        self._noted, self._kept = [], []

    def finish(self, listed: Iterable[str]) -> None:
        """Note the files in the manifest, and remove those that are no more.

        These were made before for a purpose claimed now; or they are ours and *listed*, which are
        the files of the site where the manifest does not know them.
        """
        self.note()
        met: dict[str, list[Fault]] = {purpose: [] for purpose in sorted(self._claimed)}
        for purpose, fault in self._faults:
            met.setdefault(purpose, []).append(fault)
        for purpose, faults in met.items():
            self._index.replace_faults(purpose, faults)
            for path in self._index.stale_files(purpose):
                self._index.forget_file(path)
                self._drop(path)
        for path in listed:
            if addresses.is_generated(path) and not self._index.has_file(path):
                self._drop(path)
        self.report.faults = self._index.faults()
        # What failed half-way may have been put twice.
        self.report.written = list(dict.fromkeys(self.report.written))

    def _drop(self, path: str) -> None:
        self.report.deleted.append(path)
        if not self._is_dry:
            self._site.drop(path)
