"""The files of chapters: the page of each, the list of all, their feeds and their search file."""

from __future__ import annotations

from datetime import datetime

from ..digest import Digest
from ..digest import markdown as as_markdown
from ..digest import text as as_text
from ..digest.selection import for_readers
from ..model import addresses
from ..pages.chapters import chapter_list, chapter_page
from ..text.bidi import close_controls
from .documents import chapters_json
from .feed_files import FeedFiles
from .writer import Context


class ChapterFiles:
    """Writes the files of chapters."""

    def __init__(self, context: Context) -> None:
        """Write what *context* holds."""
        self._context = context
        self._pages = context.pages
        self._writer = context.writer

    def chapter(self, slug: str, updated: datetime) -> None:
        """Write a chapter in each form, with its picture.

        *updated* is the last change of the chapter or of an entry in it.
        """
        queries = self._context.queries
        history = queries.chapter(slug)
        if history is None:
            return
        digest = for_readers(queries.chapter_digest(history))
        folder, corrections = addresses.chapter_path(slug), history.corrections
        config, words = self._context.config, self._pages.words
        blog, base = close_controls(config.title), config.url

        def markdown(shown: Digest) -> str:
            return as_markdown.render(shown, words, base=base, corrections=corrections)

        def plain_text(shown: Digest) -> str:
            return as_text.render(
                shown,
                words,
                blog=blog,
                base=base,
                corrections=corrections,
                body=self._pages.body,
            )

        def page(shown: Digest) -> bytes:
            return chapter_page(self._pages, shown, updated, corrections)

        self._writer.digest_text(folder + "index.md", digest, markdown)
        self._writer.digest_text(folder + "index.txt", digest, plain_text)
        self._writer.digest_page(folder + "index.html", digest, page)
        picture = history.now.picture
        if picture and history.now.state == "live":
            self._writer.output.put_media(picture)

    def lists(self) -> None:
        """Write the list of all chapters, their feeds and their search file; none if none exist."""
        index = self._context.index.chapters
        FeedFiles(self._context).chapters()
        links = index.links()
        if not links:
            return
        path = f"{addresses.CHAPTERS}search.json"
        self._writer.files(
            path, lambda substitute: [(path, chapters_json(index.texts(), self._pages.words))]
        )
        self._writer.page(
            f"{addresses.CHAPTERS}index.html",
            lambda substitute: chapter_list(self._pages, links),
        )
