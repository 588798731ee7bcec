"""Renders chapters: their pages, the list of them, and what lists and feeds show of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..digest import Digest, authors, chapter_title, label
from ..model import addresses
from ..model.chapter import Chapter
from ..model.moment import Moment
from ..text.fragments import html_to_text
from .data import ChapterLink
from .render import Pages
from .structured_data import article, json_ld


def chapter_page(
    pages: Pages, digest: Digest, updated: datetime, corrections: Sequence[Chapter] = ()
) -> bytes:
    """Render the page of a chapter.

    *digest* is that of the chapter, *updated* the last change of the chapter or of an entry in it,
    *corrections* are the revisions of the chapter with a note on what they corrected.
    """
    chapter = chapter_of(digest)
    heading, summary = name(pages, chapter), chapter_summary(pages, digest)
    byline = authors(digest)
    published = Moment(chapter.published, digest.precision)
    changed = Moment(updated, digest.precision)
    data = article(
        pages.config,
        addresses.chapter_path(chapter.slug),
        name=heading,
        summary=summary,
        authors=byline,
        period=digest.period,
        published=published,
        updated=changed,
        pictures=[chapter.picture] if chapter.picture and chapter.state == "live" else [],
        publisher=pages.publisher,
        picture=pages.sharing_picture,
    )
    return pages.page(
        "chapter.html",
        addresses.chapter_path(chapter.slug) + "index.html",
        digest=digest,
        chapter=chapter,
        heading=heading,
        summary=summary,
        authors=byline,
        published=published,
        updated=changed,
        corrections=corrections,
        json_ld=json_ld(data),
    )


def chapter_list(pages: Pages, links: Sequence[ChapterLink]) -> bytes:
    """Render the page that lists all chapters."""
    return pages.page("chapters.html", f"{addresses.CHAPTERS}index.html", chapters=links)


def chapter_link(pages: Pages, digest: Digest) -> ChapterLink:
    """Return a live chapter as lists show it."""
    chapter = chapter_of(digest)
    return ChapterLink(
        slug=chapter.slug,
        title=pages.words.shown(chapter_title(chapter, pages.words)),
        period=label(digest.period, pages.words),
        summary=chapter_summary(pages, digest),
        authors=authors(digest),
        picture=chapter.picture,
    )


def chapter_content(
    pages: Pages, digest: Digest, corrections: Sequence[Chapter] = (), *, is_brief: bool = False
) -> str:
    """Return the content of a chapter for feeds; its addresses begin with ROOT.

    If *is_brief*, a list of its days stands in the place of their entries.
    """
    return pages.fragment(
        "chapter_feed",
        digest=digest,
        chapter=chapter_of(digest),
        corrections=corrections,
        is_brief=is_brief,
    )


def chapter_text(pages: Pages, digest: Digest) -> str:
    """Return the introduction and the close of a chapter as plain text."""
    texts = (digest.introduction, digest.close)
    return "\n".join(html_to_text(pages.markdown(text)) for text in texts if text)


def chapter_summary(pages: Pages, digest: Digest) -> str:
    """Return the first words of a chapter, or the reason for its retraction."""
    chapter = chapter_of(digest)
    return chapter.note if chapter.state == "retracted" else pages.digest_summary(digest)


def name(pages: Pages, chapter: Chapter) -> str:
    """Return the title of a chapter as plain text, unless it is retracted."""
    if chapter.state == "retracted":
        return pages.words.say("Chapter retracted")
    return pages.words.shown(chapter_title(chapter, pages.words))


def chapter_of(digest: Digest) -> Chapter:
    """Return the chapter of a digest that was built of one."""
    assert digest.chapter is not None
    return digest.chapter
