"""The journal: the append-only sequence of revisions, from which everything else is derived.

The contract of every implementation:

1. When ``append`` returns, the record survives a crash of the process and of the machine.
2. When it raises, the record is not there, or is there whole: never half, never twice.
3. Any number of processes may append at once; ``expect`` guards an edit.
4. Readers never block writers and see only whole records, in order.
5. A damaged line is detected, its bytes are kept, and the rest is read.
6. After a failed sync nothing is acknowledged until the file was reopened and read again.

The implementation is ``dayfiles``: one plain file for each day. A *name* is that of such a file: a
day (``2012-07-15``) or a longer period's id (``2012-W29``, ``coverage``).
"""

from __future__ import annotations

from .dayfiles.writer import Journal
from .results import START, Audit, Fault, News, Reading

__all__ = ["START", "Audit", "Fault", "Journal", "News", "Reading"]
