"""Turns errors in rendering into faults: a notice is shown instead, and the rest is published.

A document is rendered from entries. If that fails, each entry is tried alone, and those that fail
are replaced by a notice. If that fails too, the whole document is replaced by a notice. An error
of the machine, or a template that cannot be parsed, ends the publication before anything changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import TypeVar

from msgspec import structs

from ..config import Config
from ..digest import Digest
from ..digest.build import replace_entries
from ..journal import Fault
from ..model.entry import Revision
from ..model.errors import ConfigError, LiveblogError, StorageError
from ..pages.templates import RenderError
from ..text.locale import Words
from ..timeline import Entry

T = TypeVar("T")

Substitute = Callable[[Iterable[Entry]], list[Entry]]
"""Takes the entries of a document; returns those to render instead."""

RenderedFiles = Iterable[tuple[str, bytes]]
"""Paths and bytes of files."""

EDIT_HINT = "Edit it, or remove it; the message names the cause."
CORRECT_HINT = "Correct what the message names, and publish again."


def is_fatal(error: Exception) -> bool:
    """Whether an error ends the publication, wherever it is raised."""
    return isinstance(error, StorageError | OSError | MemoryError) or (
        isinstance(error, ConfigError) and not isinstance(error, RenderError)
    )


def reason(error: Exception) -> str:
    """Return the message of an error in one line."""
    if isinstance(error, LiveblogError):
        return error.message.rstrip(".")
    return f"{type(error).__name__}: {error}".replace("\n", " ").rstrip(": .")


def _only(entry_id: str) -> Substitute:
    return lambda entries: [entry for entry in entries if entry.id == entry_id]


def unchanged(entries: Iterable[Entry]) -> list[Entry]:
    """Render the entries as they are."""
    return list(entries)


class FaultBoundary:
    """Renders documents; an entry that cannot be rendered is a fault, and no error."""

    def __init__(self, words: Words, config: Config, report: Callable[[Fault], None]) -> None:
        """Write notices in the language of *words*; *report* takes each fault."""
        self._words = words
        self._config = config
        self._report = report

    def render(
        self,
        location: str,
        entries: Sequence[Entry],
        make: Callable[[Substitute], T],
        fallback: Callable[[], T],
        plainer: Callable[[], T] | None = None,
    ) -> T:
        """Return the result of *make*, with a notice for each of *entries* that makes it fail.

        If it fails without them too, a fault of *location* is reported, and the result is that of
        *plainer*, or else of *fallback*.
        """
        try:
            return make(unchanged)
        except Exception as error:
            if is_fatal(error):
                raise
            first = error
        failed = self._failed(entries, make)
        for substitute in self._substitutes(failed):
            try:
                made = make(substitute)
            except Exception as error:
                if is_fatal(error):
                    raise
            else:
                for entry_id, problem in failed.items():
                    text = f"the update cannot be shown ({problem})"
                    self._report(Fault(entry_id, text, EDIT_HINT))
                return made
        self._report(Fault(location, f"it cannot be shown in full ({reason(first)})", CORRECT_HINT))
        try:
            return plainer() if plainer else fallback()
        except Exception as error:
            if is_fatal(error):
                raise
            return fallback()

    def render_files(
        self,
        location: str,
        entries: Sequence[Entry],
        make: Callable[[Substitute], RenderedFiles],
        plainer: Callable[[], RenderedFiles] | None = None,
        notice: RenderedFiles = (),
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the files of *make*, one at a time; see :meth:`render`.

        A file may be yielded twice; the second one counts. *notice* holds the files to write
        instead of those that cannot be rendered.
        """
        try:
            yield from make(unchanged)
        except Exception as error:
            if is_fatal(error):
                raise
            yield from self.render(
                location,
                entries,
                lambda substitute: list(make(substitute)),
                lambda: list(notice),
                (lambda: list(plainer())) if plainer else None,
            )

    def _failed(
        self, entries: Iterable[Entry], make: Callable[[Substitute], object]
    ) -> dict[str, str]:
        """Map the ids of the entries that fail alone to the reasons."""
        failed = {}
        for entry_id in {entry.id: None for entry in entries}:
            try:
                make(_only(entry_id))
            except Exception as error:
                if is_fatal(error):
                    raise
                failed[entry_id] = reason(error)
        return failed

    def _substitutes(self, failed: dict[str, str]) -> Iterator[Substitute]:
        """Yield what to try in place of entries that failed: first notices, then nothing."""
        if failed:
            yield lambda shown: [self.notice_for(e) if e.id in failed else e for e in shown]
            yield lambda shown: [e for e in shown if e.id not in failed]

    def notice_for(self, entry: Entry) -> Entry:
        """Return an entry that says that another one cannot be shown, to stand in its place."""
        now = entry.now
        notice = Revision(
            id=now.id,
            rev=now.rev,
            published=now.published,
            updated=now.updated,
            day=now.day,
            body=self._words.say("This update cannot be shown at the moment."),
        )
        # The first revision keeps the order; both together differ from those of the real entry.
        first = structs.replace(notice, rev=0, recorded=entry.revisions[0].recorded)
        return Entry((first, notice))

    def notice_page(self, root: str) -> bytes:
        """Return a page that says that a page cannot be shown; no template is used."""
        words, config = self._words, self._config
        text = words.say("This page cannot be shown at the moment.")
        return (
            f'<!doctype html>\n<html lang="{escape(config.language)}" dir="{words.direction}">\n'
            '<meta charset="utf-8">\n<meta name="robots" content="noindex">\n'
            f"<title>{escape(config.title)}</title>\n<p>{escape(text)}</p>\n"
            f'<p><a href="{escape(root)}">{escape(words.say("Go to the live page"))}</a></p>\n'
        ).encode()

    def notice_line(self) -> bytes:
        """Return a line of text that says that a page cannot be shown."""
        return f"{self._words.say('This page cannot be shown at the moment.')}\n".encode()


def substitute_entries(digest: Digest, substitute: Substitute) -> Digest:
    """Return a digest with other entries."""
    return digest if substitute is unchanged else replace_entries(digest, substitute)
