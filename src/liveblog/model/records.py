"""What a line of the journal holds."""

from __future__ import annotations

from .chapter import Chapter
from .entry import Framing, Reference, Revision

Version = Revision | Framing | Chapter
"""One complete version of an entry, of the texts around a digest, or of a chapter."""

Record = Revision | Framing | Chapter | Reference
"""What a line of the journal holds."""
