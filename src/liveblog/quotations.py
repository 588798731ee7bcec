"""Finds and erases the quotes of an entry in framings and chapters; see :mod:`.model.quotes`."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from .chapters import newest_text
from .journal import Journal
from .model.chapter import Chapter
from .model.entry import Framing, clean_text
from .model.errors import Withheld
from .model.quotes import SCHEME, quotes_in, without_quotes


def quotes_of(journal: Journal, entry_id: str) -> list[str]:
    """Return what quotes an entry: the ids of periods and the names of chapters, in order.

    Every file of the journal is searched.
    """
    found = []
    for name in journal.names_with(_link(entry_id)):
        version = newest_text(journal.read(name).records, name)
        if version and entry_id in quotes_in(version):
            found.append(name)
    return found


def erase_quotes(journal: Journal, entry_id: str, author: str) -> None:
    """Remove the quotes of an entry from every revision of framings and chapters, for good.

    What quotes it now is revised by *author* before its earlier revisions are rewritten. An
    interrupted call can be repeated.
    """
    for name in journal.names_with(_link(entry_id)):
        version = newest_text(journal.read(name).records, name)
        if version and entry_id in quotes_in(version):
            _revise(journal, version, entry_id, author)
    journal.redact_quotes(entry_id)


def _revise(journal: Journal, version: Framing | Chapter, entry_id: str, author: str) -> None:
    changes = {"recorded": None, "author": clean_text(author, "author")}
    with suppress(Withheld):  # its damaged lines are dropped
        if isinstance(version, Framing):
            framing = msgspec.structs.replace(without_quotes(version, (entry_id,)), **changes)
            journal.append(framing, expect=version.rev)
        else:
            chapter = msgspec.structs.replace(
                without_quotes(version, (entry_id,)), note="", idempotency_key="", **changes
            )
            journal.append(chapter, expect=version.rev)


def _link(entry_id: str) -> bytes:
    return f"{SCHEME}{entry_id}".encode()
