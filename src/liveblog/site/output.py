"""Takes rendered files, stages those whose bytes change, and records what each is for."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct, field

from ..journal import Fault
from ..model import addresses
from ..model.entry import Media
from ..model.errors import InvalidInput, StorageError
from ..storage.inside import read_inside
from .index import hash_of
from .storage.folder import Folder


class Record(Struct):
    """What a publication, or a part of one, did with the files of the site."""

    files: list[tuple[str, str, str]] = field(default_factory=list)
    """Path, hash and purpose of each rendered file."""

    kept: list[str] = field(default_factory=list)  #: files that stay, without being rendered
    written: list[str] = field(default_factory=list)  #: files whose bytes change
    unchanged: int = 0  #: files that were rendered and are the same as before
    faults: list[tuple[str, Fault]] = field(default_factory=list)  #: each with its purpose
    purposes: set[str] = field(default_factory=set)  #: all whose files were rendered

    def add(self, other: Record) -> None:
        """Add what another part did."""
        self.files += other.files
        self.kept += other.kept
        self.written += other.written
        self.unchanged += other.unchanged
        self.faults += other.faults
        self.purposes |= other.purposes


class Output:
    """Takes files, each with its purpose: what it shows (``day:2012-07-15``, ``tag:damas``).

    A purpose stands for all files that show one thing. Once it is rendered again, files that it
    had before and has no more are deleted.
    """

    def __init__(self, site: Folder | None, media: Path, *, is_dry: bool) -> None:
        """Compare files with those of *site* (None: an empty one); stage them unless *is_dry*.

        Pictures come from the folder *media*.
        """
        self._site = site
        self._media = media
        self._is_dry = is_dry
        self.purpose = ""  #: of the files that are put
        self.fault_purpose = ""  #: of the faults; differs for the page of an entry
        self.record = Record()
        self.known_pictures: dict[str, str] = {}
        """The hashes of pictures that need not be made again, by path."""

    def begin(self, purpose: str) -> None:
        """Begin to render the files of a purpose."""
        self.record.purposes.add(purpose)
        self.purpose = self.fault_purpose = purpose

    def put(self, path: str, data: bytes) -> None:
        """Stage a file if its bytes change."""
        if self._site is not None and self._site.holds(path, data):
            self.record.unchanged += 1
        else:
            if self._site is not None and not self._is_dry:
                try:
                    self._site.put(path, data)
                except InvalidInput as error:
                    self.fault(Fault(repr(path), error.message.rstrip("."), error.hint))
                    return
            self.record.written.append(path)
        self.record.files.append((path, hash_of(data), self.purpose))

    def put_media(self, media: Media) -> None:
        """Copy a picture to the site, and make its smaller files.

        One that is missing or cannot be read is a fault.
        """
        problem = "the picture is gone"
        try:
            data = read_inside(self._media, media.path)
        except StorageError as error:
            data, problem = None, error.message.rstrip(".")
        if data is None:
            self._media_fault(media, problem)
            return
        self.put(addresses.media_path(media.path), data)
        for width, path in addresses.smaller_pictures(media):
            self._put_smaller(addresses.media_path(path), media, data, width)

    def _put_smaller(self, path: str, media: Media, data: bytes, width: int) -> None:
        if self.put_known(path):
            return
        from ..imaging import smaller  # for those who publish pictures

        try:
            self.put(path, smaller(data, width))
        except InvalidInput as error:
            self._media_fault(media, error.message.rstrip("."))

    def put_known(self, path: str) -> bool:
        """Record a picture that was made before and is on the site; return whether it is."""
        known = self.known_pictures.get(path)
        if not known or not self._holds(path, known):
            return False
        self.record.unchanged += 1
        self.record.files.append((path, known, self.purpose))
        return True

    def _holds(self, path: str, known: str) -> bool:
        """Whether the site has a file with a hash; without a site every file counts as there."""
        if self._site is None:
            return True
        data = self._site.read(path)
        return data is not None and hash_of(data) == known

    def _media_fault(self, media: Media, problem: str) -> None:
        hint = f"Restore {media.path.rpartition('/')[2]} from a backup, or edit the entry."
        self.fault(Fault(f"entries/media/{media.path}", problem, hint))

    def keep_media(self, media: Media) -> None:
        """Record that the files of a picture stay as they are."""
        for path in (media.path, *(path for _, path in addresses.smaller_pictures(media))):
            self.keep(addresses.media_path(path))

    def keep(self, path: str) -> None:
        """Record that a file stays as it is."""
        self.record.kept.append(path)

    def fault(self, fault: Fault) -> None:
        """Record a fault."""
        self.record.faults.append((self.fault_purpose, fault))

    def take_record(self) -> Record:
        """Return the record, and begin a new one."""
        record, self.record = self.record, Record()
        return record
