"""Makes chapters of what an importer found, each only once.

An imported chapter is recognised by the idempotency key of its revisions, which holds a hash of its
source and key, and a mark of its content as those of entries do (see :mod:`.marks`). A chapter that
was edited, retracted or removed here stays as it is.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from typing import Any

import msgspec

from ..chapters import ChapterHistory, all_chapters, chapter_in
from ..config import Config
from ..journal import Journal
from ..model import limits
from ..model.chapter import Chapter, slug_of_title
from ..model.entry import clean_text
from ..model.errors import InvalidInput, NotFound, Withheld
from ..model.hashing import blake2b
from ..model.period import day_end, parse_period_id
from ..model.topics import clean_tags
from ..model.validation import validate
from ..text.dates import is_reserved
from ..text.plain import shorten
from . import ChapterItem, Problem
from .marks import PREFIX


class ChapterImport:
    """The chapters of one import: those that the journal holds, and the names that are taken."""

    def __init__(self, source: str, journal: Journal, config: Config, now: datetime) -> None:
        self._source = source
        self._journal = journal
        self._config = config
        self._now = now
        self._imported: dict[str, ChapterHistory] | None = None  # by the hash in their keys
        self._taken: set[str] = set()  # slugs

    def is_tagged(self, key: str, first: date, last: date) -> bool | None:
        """Return whether the updates of a chapter carry its title as a tag.

        Those of a chapter that was imported before do as they did then; those of a new one do if
        the journal has entries between its *first* and *last* day. Else it is left to the source.
        """
        if known := self._known().get(self._name(key)):
            imported = [r for r in known.revisions if r.idempotency_key.startswith(PREFIX)]
            return bool(imported[-1].tags)
        days = self._journal.days(first)
        return True if days and days[0] <= last else None

    def revision_of(self, item: ChapterItem) -> Chapter | None:
        """Return the revision of a chapter to be appended, after its ``rev``; None if it is known.

        Raises :class:`InvalidInput` for a chapter that is refused, and for one that changed in its
        source and was edited here.
        """
        name = self._name(item.key)
        fields = _fields_of(item)
        mark = blake2b(msgspec.json.encode(fields), digest_size=16).hexdigest()
        known = self._known().get(name)
        if known is None:
            chapter = self._first(item, fields)
        else:
            imported = [r for r in known.revisions if r.idempotency_key.startswith(PREFIX)]
            if imported[-1].idempotency_key.endswith(f" {mark}"):
                return None
            if imported[-1] is not known.now:
                raise InvalidInput(
                    f"It changed in its source, but the chapter '{known.slug}' was edited here "
                    "and stays as it is.",
                    f"Compare them: liveblog digest {known.slug}",
                )
            changes = {"recorded": None, "note": "", "updated": self._now}
            chapter = msgspec.structs.replace(known.now, **changes, **fields)
        key = f"{PREFIX}{name} {chapter.rev + 1} {mark}"
        chapter = msgspec.structs.replace(chapter, idempotency_key=key)
        validate(chapter)
        return chapter

    def _name(self, key: str) -> str:
        """Return the hash by which the revisions of an imported chapter name it."""
        return blake2b(f"{self._source}\n{key}".encode(), digest_size=8).hexdigest()

    def _known(self) -> dict[str, ChapterHistory]:
        """Return the chapters that were ever imported, by the hash in their keys."""
        if self._imported is None:
            self._imported = {
                revision.idempotency_key.split(" ")[1]: chapter
                for chapter in all_chapters(self._journal)
                for revision in chapter.revisions
                if revision.idempotency_key.startswith(PREFIX)
            }
        return self._imported

    def _first(self, item: ChapterItem, fields: dict[str, Any]) -> Chapter:
        """Return a new chapter, which appears at the end of its period."""
        slug = self._free_slug(item)
        self._taken.add(slug)
        period = parse_period_id(item.period, self._config.first_weekday)
        published = min(day_end(period.end, self._config.zone), self._now)
        author = clean_text(self._config.author, "author")
        if not fields["authors"] and author:
            fields = fields | {"authors": (author,)}
        return Chapter(slug=slug, published=published, updated=published, author=author, **fields)

    def _free_slug(self, item: ChapterItem) -> str:
        """Return the slug that a new chapter gets: with a number if its own is taken."""
        slug = slug_of_title(item.title)
        if not slug or is_reserved(slug):
            slug = slug_of_title(f"{item.title} {item.period}")
        for number in count(1):
            found = f"{slug}-{number}" if number > 1 else slug
            if found not in self._taken and not self._is_in_journal(found):
                return found
        raise AssertionError

    def _is_in_journal(self, slug: str) -> bool:
        try:
            chapter_in(self._journal, slug)
        except NotFound:
            return False
        except Withheld:
            pass
        return True


def _fields_of(item: ChapterItem) -> dict[str, Any]:
    """Return the fields of a chapter that its source decides, cleaned."""
    return {
        "period": item.period,
        "title": shorten(clean_text(item.title, "title"), limits.TITLE),
        "introduction": clean_text(item.introduction, "introduction"),
        "close": clean_text(item.close, "close"),
        "authors": tuple(clean_text(author, "author") for author in item.authors),
        "tags": clean_tags(item.tags),
    }


def doubtful_close(item: ChapterItem, slug: str, last: str) -> Problem:
    """Return the problem that says where a close without a mark begins, and how to move it.

    *slug* is the name of the chapter, *last* the id of the last update before the close.
    """
    title = shorten(item.title, 60)
    more = f"liveblog chapter close {slug} --from {last}"
    if not item.close_line:
        return Problem(
            item.where,
            f"no close of '{title}' is found, although {item.close_reason}",
            f"If its last paragraph is the close: {more}",
        )
    return Problem(
        f"line {item.close_line}",
        f"the close of '{title}' begins here, because {item.close_reason}",
        f"If the paragraph before belongs to it too: {more}; "
        f"if its first one is text of the day: liveblog chapter close {slug} --to {last}",
    )
