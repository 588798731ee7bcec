"""Renders pages, fragments and e-mails from entries, digests and other plain data.

Fragments are rendered once for each revision, and cached. Their addresses begin with
:data:`ROOT`, which is replaced by the path or URL of the site's root, so that pages at any depth
and feeds can use the same fragment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..config import Config
from ..digest import Digest, day_headline, title
from ..digest.importance import by_strength
from ..digest.lines import (
    chapter_correction_line,
    correction_line,
    figure_line,
    film_label,
    first_words,
    line_of,
)
from ..model import addresses
from ..model.entry import Media, Revision, pictures_among, slug
from ..model.hashing import blake2b
from ..model.moment import Moment, change_in, moment_in, updated_in
from ..model.permissions import has_scope
from ..model.topics import topic_slug
from ..storage.cache import Cache
from ..text.fragments import (
    ROOT,
    html_to_text,
    with_root,
)
from ..text.locale import Words
from ..text.markup import to_html, typeset
from ..text.plain import shorten
from ..timeline import Day, Entry
from . import digests
from .data import ChapterLink, FeedDocument, NavigationLink
from .pictures import IN_CHAPTER, IN_ENTRY, IN_LIST, source_set, with_sizes
from .structured_data import article, blog_posting, entry_page, json_ld, organization
from .templates import Templates, verbatim

SUMMARY = 200
"""Maximum number of characters of a description."""

PINNED = 200
"""Number of characters of a pinned entry that are shown until it is opened."""

PINNED_LINE = 30
"""Number of characters that a line of a phone has room for."""

CACHE_BYTES = 16_000_000
"""Size of the cache of rendered fragments: about 3,000 entries of 600 characters."""


RIGHT_TO_LEFT = ("ar", "fa", "he", "ur", "ku", "ps")
"""Codes of the languages that are written from right to left."""


class Pages:
    """The blog's pages, in its language and with its own templates."""

    def __init__(
        self,
        config: Config,
        *,
        templates: Path | None = None,
        assets: Mapping[str, str] | None = None,
    ) -> None:
        """Load the templates of a blog.

        *templates* is the folder of its own templates. *assets* maps the name of a static file to
        its path on the site; documents that stand alone need none.
        """
        self.config = config
        self.words = Words(config.language, config.zone)
        self.assets = assets or {}
        self._templates = Templates(self.words, templates)
        self._templates.define(self._names(), self._filters())
        self._cache = Cache(CACHE_BYTES)

    def _names(self) -> dict[str, Any]:
        """Return the names that every template can use."""
        return {
            "blog": self.config,
            "words": self.words,
            "links": addresses,
            "ROOT": ROOT,
            "source_set": source_set,
            "IN_LIST": IN_LIST,
            "IN_ENTRY": IN_ENTRY,
            "asset": lambda name: ROOT + self.assets[name],
            **digests.names(self.words),
        }

    def _filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters that every template can use.

        What every entry needs is a filter and not a method, because filters are called faster.
        """
        words = self.words
        return {
            "markdown": self.markdown,
            "film_label": lambda media: words.typography(film_label(media, words)),
            "picture": lambda media: next(iter(pictures_among(media)), None),
            "verbatim": verbatim,
            "iso": self._iso,
            "correction": lambda revision, newest: correction_line(revision, newest, words),
            "chapter_correction": lambda r, digest: chapter_correction_line(r, digest, words),
            "figure": lambda figure: figure_line(figure, words),
            "when": moment_in,
            "change": change_in,
            "updated": updated_in,
            "time": words.shown_time,
            "moment": words.shown_moment,
            "offset": words.offset,
            "language_attributes": _language_attributes,
            "slug": slug,
            "topic": topic_slug,
            "entry_path": addresses.entry_path,
            "web_address": addresses.web_address,
            "permalink": lambda entry_id: ROOT + addresses.entry_path(entry_id),
            "day_link": lambda day: ROOT + addresses.day_path(day),
            "tag_link": lambda tag: addresses.url(ROOT, addresses.tag_path(topic_slug(tag))),
        }

    def day_line(self, day: Day) -> str:
        """Return the headline of a day as plain text, or else the name of its first live entry."""
        if headline := day_headline(day, self.words):
            return self.words.shown(headline)
        return next((self.name(e) for e in day.entries if e.now.state == "live"), "")

    def clear_cache(self) -> None:
        """Evict every fragment, so that nothing of a removed entry stays in memory."""
        self._cache.clear()

    # -- fragments: addresses begin with ROOT -------------------------------------------------

    def article(self, entry: Entry) -> Markup:
        """Return an entry as every page shows it."""
        return Markup(self._cached("article", entry, self._render_article))

    def content(self, entry: Entry) -> Markup:
        """Return the content of an entry for pages and feeds: without its time and title."""
        return Markup(self._cached("content", entry, self._render_content))

    def body(self, now: Revision) -> str:
        """Return the HTML of a body for plain text: without typography, pictures are links."""
        key = ("body", now.id, now.rev, now.recorded)
        return self._cache.get(key, lambda: to_html(now.body))

    def digest_content(self, digest: Digest) -> str:
        """Return a digest for feeds: without charts, and without meaning in classes."""
        return self.fragment("digest_feed", digest=digest)

    def summary(self, entry: Entry) -> str:
        """Return the first words of an entry's text as plain text.

        Marks, figures and sources are left out, unless the entry has no text.
        """
        is_told = entry.now.body and entry.now.state == "live"
        return shorten(self._body_text(entry) if is_told else self._text(entry), SUMMARY)

    def _body_text(self, entry: Entry) -> str:
        def render(entry: Entry) -> str:
            return html_to_text(typeset(self.body(entry.now), self.words.in_html))

        return self._cached("body_text", entry, render)

    def _text(self, entry: Entry) -> str:
        return self._cached("text", entry, lambda entry: html_to_text(self.content(entry)))

    def digest_summary(self, digest: Digest) -> str:
        """Return the first words of a digest's introduction, else the names of its main entries.

        Those that are in its headline are left out.
        """
        if digest.introduction:
            return shorten(html_to_text(self.markdown(digest.introduction)), SUMMARY)
        main = [e for e in by_strength(digest.entries) if e.now.title not in digest.headlines]
        names = [self.marked_name(entry) for entry in (main or digest.entries)[:5]]
        return shorten(" · ".join(names), SUMMARY)

    def name(self, entry: Entry) -> str:
        """Return the title of an entry as plain text, or its first words if it has no title."""
        now = entry.now
        if now.state == "retracted":
            return self.words.say("Update retracted")
        if now.title:
            return self.words.shown(now.title)
        return self._cached("name", entry, self._first_words)

    def marked_name(self, entry: Entry) -> str:
        """Return the name of an entry where it stands alone: in feeds, shared links and lists.

        It marks what is unconfirmed, and says of when an update is that was retracted: its words,
        the title among them, are shown no more.
        """
        now = entry.now
        if now.state == "retracted":
            date = self.words.shown_moment(moment_in(now))
            return self.words.say("Update of %(date)s retracted", date=date)
        if now.verification == "unconfirmed":
            return self.words.say("[Unconfirmed] %(title)s", title=self.name(entry))
        return self.name(entry)

    def line(self, entry: Entry) -> str:
        """Return what an entry is called where it is shown in a line."""
        return self._cached("line", entry, lambda entry: line_of(entry, self.words, self.body))

    def is_long(self, entry: Entry) -> bool:
        """Whether a pinned entry is longer than the few lines that are shown until it is opened."""
        now = entry.now
        shown = now.state == "live" and (now.media or now.figures)
        return bool(shown) or len(self._text(entry)) + PINNED_LINE * now.body.count("\n") > PINNED

    def shared(self, name: str, section: str = "") -> Markup:
        """Return a fragment that all pages of a *section* share; it is rendered once."""

        def render() -> str:
            return self.render(f"fragments/{name}.html", section=section)

        return Markup(self._cache.get(("shared", name, section), render))

    def _cached(self, kind: str, entry: Entry, render: Callable[[Entry], str]) -> str:
        return self._cache.get((kind, *entry.cache_key), lambda: render(entry))

    def _render_article(self, entry: Entry) -> str:
        return self.with_sizes(
            self.fragment("article", entry=entry, now=entry.now), entry.now.media, IN_ENTRY
        )

    def lead(self, picture: Media) -> Markup:
        """Return the picture above a chapter."""
        return self.with_sizes(self.fragment("lead", picture=picture), [picture], IN_CHAPTER)

    def _render_content(self, entry: Entry) -> str:
        return self.fragment("content", entry=entry, now=entry.now)

    @property
    def sharing_picture(self) -> str:
        """The path on the site of the picture for pages that have none of their own."""
        return self.assets[self.config.picture] if self.config.picture else addresses.CARD

    def with_sizes(self, fragment: str, pictures: Iterable[Media], sizes: str) -> Markup:
        """Return a fragment with its *pictures* in several sizes; see :mod:`.pictures`.

        A document that stands alone has no other files.
        """
        label = self.words.say("Enlarge the picture")
        return Markup(with_sizes(fragment, pictures, sizes, label) if self.assets else fragment)

    def _first_words(self, entry: Entry) -> str:
        return first_words(entry.now, self.words, 80, self.body)

    def fragment(self, name: str, **values: Any) -> str:
        """Render a fragment; its addresses begin with ROOT."""
        return self.render(f"fragments/{name}.html", pages=self, **values)

    # -- pages, as bytes ----------------------------------------------------------------------

    def day_heading(self, day: date) -> str:
        """Render the heading of a day on the live page."""
        return with_root(self.render("fragments/day_heading.html", date=day, root="./"), "./")

    def digest(
        self,
        digest: Digest,
        *,
        previous: NavigationLink | None,
        following: NavigationLink | None,
        week: NavigationLink,
        chapters: Sequence[ChapterLink] = (),
    ) -> bytes:
        """Render the page of a day or a week.

        *week* is the week of the day, *chapters* are those that include the day.
        """
        return self.page(
            "digest.html",
            addresses.period_path(digest.period) + "index.html",
            digest=digest,
            previous=previous,
            following=following,
            week=week,
            chapters=chapters,
            json_ld=json_ld(data) if (data := self._digest_article(digest)) else "",
        )

    def entry(
        self,
        entry: Entry,
        beside: tuple[NavigationLink | None, NavigationLink | None] = (None, None),
    ) -> bytes:
        """Render the page of one entry, with its history; *beside* links to its neighbours."""
        return self.page(
            "entry.html",
            addresses.entry_path(entry.id) + "index.html",
            entry=entry,
            beside=beside,
            now=entry.now,
            name=self.marked_name(entry),
            summary=self.summary(entry),
            day=self.words.day(entry.day, year=True),
            article=self.article(entry),
            json_ld=json_ld(
                entry_page(
                    self.config,
                    entry,
                    self.posting(entry),
                    self.publisher,
                    self.sharing_picture,
                )
            ),
        )

    def not_found(self, root: str, *, is_gone: bool = False) -> bytes:
        """Render the page of the status 404, or 410 if *is_gone*.

        The page is served at any depth, so *root* is the site's address or an absolute path.
        """
        return self.page("404.html", "404.html", root=root, is_gone=is_gone)

    def search(self, root: str, **values: Any) -> bytes:
        """Render the search page.

        With *found* (a :class:`liveblog.search.Found`) the page shows hits. Without, it is the page
        of a static site, whose script searches the files in *folders*.
        """
        empty = {"asked": "", "tag": "", "author": "", "found": None, "folders": (), "years": ()}
        return self.page("search.html", "search/index.html", root=root,
                          **{"is_busy": False, **empty, **values})  # fmt: skip

    def feed(self, path: str, feed: FeedDocument) -> bytes:
        """Render the page that shows a feed to readers who open its address in a browser."""
        return self.page("feed.html", path, feed=feed)

    def redirect(self, target: str) -> str:
        """Render the page for a former address of the blog; the page redirects to *target*."""
        return self.render("redirect.html", target=target)

    def link_paragraph(self, text: str, address: str) -> Markup:
        """Return a paragraph with a text and the link that follows it."""
        return Markup('<p>{} <a href="{}">{}</a></p>').format(text, address, address)

    def newsroom(self, template: str, root: str, **values: Any) -> bytes:
        """Render a page of the newsroom, which is not part of the site."""
        return self.page(template, "compose/", root=root, has_scope=has_scope, **values)

    def book_file(self, name: str, **values: Any) -> str:
        """Render a file of a book (EPUB) from the template of that name; see ``exports.epub``."""
        return self.render(f"book/{name}", **values)

    # -- helpers ------------------------------------------------------------------------------

    def page(self, template: str, path: str, **values: Any) -> bytes:
        """Render the template of the page at a *path* of the site."""
        folder = path.removesuffix("index.html")
        root = values.setdefault("root", addresses.path_to_root(path))
        values.setdefault("json_ld", "")
        address = addresses.url(self.config.url, folder)
        values |= {"path": folder, "address": address, "pages": self}
        return with_root(self._templates.render(template, values), root).encode()

    def render(self, template: str, **values: Any) -> str:
        """Render a template; its addresses begin with ROOT."""
        return self._templates.render(template, values)

    def _iso(self, when: Moment | datetime) -> str:
        """Return the machine-readable form of an instant, or of a whole day."""
        found = when.value(self.config.zone) if isinstance(when, Moment) else when
        if not isinstance(found, datetime):
            return found.isoformat()
        # HTML §2.3.5.7 allows milliseconds at most; seconds are enough.
        return f"{found.astimezone(UTC).isoformat()[:19]}Z"

    def markdown(self, text: str, revision: Revision | None = None) -> Markup:
        """Return a text, or the body of a *revision*, as HTML."""
        if revision and not revision.media and "[^" not in text:
            # Without pictures and footnotes the HTML is the same everywhere.
            return Markup(typeset(self.body(revision), self.words.in_html))
        media = frozenset(m.path for m in revision.media) if revision else frozenset()
        anchor = f"e-{revision.id}" if revision else _anchor_of(text)
        return Markup(to_html(text, anchor=anchor, media=media, typography=self.words.in_html))

    @property
    def publisher(self) -> dict[str, Any]:
        """The structured data of the blog as a publisher."""
        return organization(self.config, self.assets.get("icon.svg", ""))

    def _digest_article(self, digest: Digest) -> dict[str, Any] | None:
        """Return the structured data of a day or week; None if nothing dates it."""
        first = min((e.now for e in digest.entries), key=lambda now: now.published, default=None)
        if digest.changed is None:
            return None
        return article(
            self.config,
            addresses.period_path(digest.period),
            name=title(digest, self.words),
            summary=self.digest_summary(digest),
            authors=filter(None, [self.config.author]),
            period=digest.period,
            published=moment_in(first) if first else Moment(digest.changed),
            updated=Moment(digest.changed, digest.precision if first else "instant"),
            pictures=digest.pictures[:1],
            publisher=self.publisher,
            picture=self.sharing_picture,
        )

    def posting(self, entry: Entry) -> dict[str, Any]:
        """Return the structured data of an entry."""
        return blog_posting(self.config, entry, self.marked_name(entry), self._text(entry))


def _anchor_of(text: str) -> str:
    """Return what distinguishes the footnotes of a text without an id from those of others."""
    return f"note-{blake2b(text.encode(), digest_size=4).hexdigest()}" if "[^" in text else "note"


def _language_attributes(now: Revision) -> Markup:
    """Return the attributes ``lang`` and ``dir`` of a text in another language than the blog's."""
    if not now.lang:
        return Markup()
    direction = "rtl" if now.lang[:2] in RIGHT_TO_LEFT else "ltr"
    return Markup(' lang="{}" dir="{}"').format(now.lang, direction)
