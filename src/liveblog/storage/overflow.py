"""Files without a name, for what a process would rather not hold in memory."""

from __future__ import annotations

import os
import tempfile
import weakref

_BITS = 24  #: of a place: its last bits are the length, the others where it begins

MOST = 2**_BITS - 1
"""So many bytes are held at the most."""

FOLDER = "/var/tmp"
"""On a disk also where ``/tmp`` is memory (File Hierarchy Standard 3.0, §5.15)."""


class Scratch:
    """Holds bytes by their place (see :class:`Store`), as long as the process lives.

    Where no file can be made there is no room; nor once the disk refused to take more, which is
    left to the journal then.
    """

    _is_refused = False  #: by the disk, to any of them

    def __init__(self) -> None:
        """Begin a new file."""
        self._end = 0
        try:
            folder = FOLDER if os.path.isdir(FOLDER) else None
            file = tempfile.TemporaryFile(dir=folder, prefix="liveblog-", buffering=0)  # noqa: SIM115
        except OSError:
            Scratch._is_refused = True
            return
        self._fd = file.fileno()
        weakref.finalize(self, file.close)

    def put(self, data: bytes) -> int | None:
        """Hold some bytes; return their place, or None if there is no room left."""
        place, self._end = self._end, self._end + len(data)
        if self._end > MOST or Scratch._is_refused:
            return None
        try:
            if os.pwrite(self._fd, data, place) == len(data):
                return place << _BITS | len(data)
        except OSError:
            pass
        Scratch._is_refused = True
        return None

    def get(self, place: int) -> bytes | None:
        """Return the bytes of a place, or None if they are lost."""
        length = place & MOST
        try:
            data = os.pread(self._fd, length, place >> _BITS)
        except OSError:
            return None
        return data if len(data) == length else None
