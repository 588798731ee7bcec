"""What cannot be rendered: a notice takes its place, a fault says so, and the rest is published.

A document is made of entries. If that fails, each of its entries is tried alone; those that fail
are told by a notice. If that does not help either, the document itself is told by one. An error of
the machine, or a template that cannot be parsed, ends the publication before anything has landed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import TypeVar

from msgspec import structs

from ..config import Config
from ..digest import Digest, figures
from ..journal import Fault
from ..model.entry import Revision
from ..model.errors import ConfigError, LiveblogError, StorageError
from ..pages.templates import RenderError
from ..text.locale import Words
from ..timeline import Entry

T = TypeVar("T")

Swap = Callable[[Iterable[Entry]], list[Entry]]
"""Takes the entries of a document; returns those to show in their place."""

Made = Iterable[tuple[str, bytes]]
"""The paths of files and their bytes."""

EDIT = "Edit it, or remove it; the message names the cause."
CORRECT = "Correct what the message names, and publish again."


def is_fatal(error: Exception) -> bool:
    """Whether an error ends a publication, whatever it was met at."""
    return isinstance(error, StorageError | OSError | MemoryError) or (
        isinstance(error, ConfigError) and not isinstance(error, RenderError)
    )


def reason(error: Exception) -> str:
    """Say in a line what went wrong."""
    if isinstance(error, LiveblogError):
        return error.message.rstrip(".")
    return f"{type(error).__name__}: {error}".replace("\n", " ").rstrip(": .")


def _only(entry_id: str) -> Swap:
    return lambda entries: [entry for entry in entries if entry.id == entry_id]


def everything(entries: Iterable[Entry]) -> list[Entry]:
    """Show entries as they are."""
    return list(entries)


class Guard:
    """Keeps what cannot be rendered from ending a publication."""

    def __init__(self, words: Words, config: Config, report: Callable[[Fault], None]) -> None:
        """Tell of what failed in the language of *words*; *report* takes each fault."""
        self._words = words
        self._config = config
        self._report = report

    def make(
        self,
        place: str,
        entries: Sequence[Entry],
        make: Callable[[Swap], T],
        fallback: Callable[[], T],
        plainer: Callable[[Swap], T] | None = None,
    ) -> T:
        """Return what *make* makes of entries, with a notice for each that makes it fail.

        If it fails without them too, the fault is said to be at *place*, and what *plainer* makes
        is taken, or else the *fallback*.
        """
        try:
            return make(everything)
        except Exception as error:
            if is_fatal(error):
                raise
            first = error
        failed = self._failed(entries, make)
        for swap in self._swaps(failed):
            try:
                made = make(swap)
            except Exception as error:
                if is_fatal(error):
                    raise
            else:
                for entry_id, problem in failed.items():
                    text = f"the update cannot be shown ({problem})"
                    self._report(Fault(entry_id, text, EDIT))
                return made
        self._report(Fault(place, f"it cannot be shown in full ({reason(first)})", CORRECT))
        try:
            return plainer(everything) if plainer else fallback()
        except Exception as error:
            if is_fatal(error):
                raise
            return fallback()

    def files(
        self,
        place: str,
        entries: Sequence[Entry],
        make: Callable[[Swap], Made],
        plainer: Callable[[Swap], Made] | None = None,
        notice: Made = (),
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the files that *make* makes of entries; see :meth:`make`.

        A file may come twice; the second time it is right. *notice* are the files that take the
        place of those that cannot be made.
        """
        try:
            yield from make(everything)
        except Exception as error:
            if is_fatal(error):
                raise
            yield from self.make(
                place,
                entries,
                lambda swap: list(make(swap)),
                lambda: list(notice),
                (lambda swap: list(plainer(swap))) if plainer else None,
            )

    def _failed(self, entries: Iterable[Entry], make: Callable[[Swap], object]) -> dict[str, str]:
        """Return the entries of which alone nothing can be made, and why."""
        failed = {}
        for entry_id in {entry.id: None for entry in entries}:
            try:
                make(_only(entry_id))
            except Exception as error:
                if is_fatal(error):
                    raise
                failed[entry_id] = reason(error)
        return failed

    def _swaps(self, failed: dict[str, str]) -> Iterator[Swap]:
        """Yield what to show in the place of entries that failed: notices, else nothing."""
        if failed:
            yield lambda shown: [self.stand_in(e) if e.id in failed else e for e in shown]
            yield lambda shown: [e for e in shown if e.id not in failed]

    def stand_in(self, entry: Entry) -> Entry:
        """Return an entry that says in the place of another that it cannot be shown."""
        now = entry.now
        notice = Revision(
            id=now.id,
            rev=now.rev,
            published=now.published,
            updated=now.updated,
            day=now.day,
            body=self._words.say("This update cannot be shown at the moment."),
        )
        # The first keeps its place among others; together they are told from the real ones.
        first = structs.replace(notice, rev=0, recorded=entry.revisions[0].recorded)
        return Entry((first, notice))

    def page(self, root: str) -> bytes:
        """Return a page that says that another cannot be shown; no template makes it."""
        words, config = self._words, self._config
        text = words.say("This page cannot be shown at the moment.")
        return (
            f'<!doctype html>\n<html lang="{escape(config.language)}" dir="{words.direction}">\n'
            '<meta charset="utf-8">\n<meta name="robots" content="noindex">\n'
            f"<title>{escape(config.title)}</title>\n<p>{escape(text)}</p>\n"
            f'<p><a href="{escape(root)}">{escape(words.say("Go to the live page"))}</a></p>\n'
        ).encode()

    def line(self) -> bytes:
        """Return a line of text that says that a file cannot be shown."""
        return f"{self._words.say('This page cannot be shown at the moment.')}\n".encode()


def swapped(digest: Digest, swap: Swap) -> Digest:
    """Return a digest with other entries."""
    if swap is everything:
        return digest
    days = [structs.replace(day, entries=tuple(swap(day.entries))) for day in digest.days]
    return structs.replace(digest, days=tuple(days), series=figures(days))
