"""Pages: Jinja2 templates filled with entries and digests. The only door to Jinja2.

In come plain data and words; out goes HTML text. A blog overrides any template by a file of the
same name in its ``templates/`` folder. Fragments are made once for each revision and carry
:data:`ROOT` where the way to the site's root belongs, so that a page at any depth,
and a feed, can show the same one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date
from pathlib import Path
from traceback import walk_tb
from typing import Any

import msgspec
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    Template,
    nodes,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import TemplateError, TemplateRuntimeError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup

from ..config import Config
from ..digest import Digest, headline_of, label, title
from ..digest.text import correction_line, days_with_figures, figure_line, marks_of, unit_line
from ..model import addresses
from ..model.entry import Media, Revision, slug
from ..model.errors import ConfigError, LiveblogError
from ..model.hashing import blake2b
from ..storage.cache import Cache
from ..text.bidi import closed, closed_in
from ..text.fragments import ROOT, html_to_text, set_picture_sizes, with_root
from ..text.locale import Words, words
from ..text.markup import to_html
from ..text.plain import shorten
from ..timeline import Entry
from ..version import __version__
from . import chart
from .data import Coverage, FeedDocument, Home, NavigationLink, Part, Tag

SUMMARY = 200  #: characters of a description
MAIL_PICTURE = 560  #: pixels of the widest picture in a mail
CACHE_BYTES = 16_000_000  #: of rendered fragments; those of some 3,000 entries of 600 characters


RIGHT_TO_LEFT = ("ar", "fa", "he", "ur", "ku", "ps")
"""Languages whose texts run from right to left."""

PARTS = ("head", "keys", "pinned", "filters")
"""What changes on the live page beside its entries."""

_COMPILER = 3
"""Changes with what templates compile to: what was compiled otherwise is compiled again."""


class Unfilled(ConfigError):
    """A template cannot be filled with what it was given; with other data it may."""


class _Compiled(FileSystemBytecodeCache):
    """Keeps compiled templates in a folder; one that cannot be read or written is done without."""

    def __init__(self, folder: Path, *, is_kept: bool) -> None:
        super().__init__(str(folder), f"{__version__}-{_COMPILER}-%s")
        self._is_kept = is_kept

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a template, if it was compiled before."""
        with suppress(Exception):  # whatever stands in that file
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template for the next time."""
        if self._is_kept:
            with suppress(OSError):
                os.makedirs(self.directory, exist_ok=True)
                super().dump_bytecode(bucket)


class Once(Extension):
    """``{% once %}…{% endonce %}``: what is the same on every page is rendered once.

    Inside stands nothing but what the blog as a whole knows.
    """

    tags = {"once"}  # noqa: RUF012 - as the base class has it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._made: dict[str, Markup] = {}
        environment.filters["kept"] = self._kept

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Compile the inside into a block that stands nowhere, and what keeps its text."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        template = str(parser.name).encode().hex()
        name = f"once_{template}_{parser.free_identifier().name}"
        block = nodes.Block(name, body, False, False, lineno=line)
        # A filter is called faster than a method.
        kept = nodes.Filter(nodes.Const(name), "kept", [], [], None, None, lineno=line)
        return [
            nodes.If(nodes.Const(False), [block], [], [], lineno=line),
            nodes.Output([kept], lineno=line),
        ]

    @pass_context
    def _kept(self, context: Context, name: str) -> Markup:
        text = self._made.get(name)
        if text is None:
            text = self._made[name] = Markup("".join(context.blocks[name][0](context)))
        return text


class Pages:
    """The blog's pages, in its language and with its own templates."""

    def __init__(
        self,
        config: Config,
        *,
        templates: Path | None = None,
        compiled: Path | None = None,
        is_kept: bool = True,
        assets: Mapping[str, str] | None = None,
    ) -> None:
        """Fill templates for a blog.

        *templates* is the folder of its own ones, *compiled* one that keeps them compiled (which
        takes longer than to fill them) and is only read unless *is_kept*; *assets* maps a static
        file's name to its path on the site (none where a page stands alone).
        """
        self.config = config
        self.words: Words = words(config.language, config.zone)
        self._assets = assets or {}
        own = [FileSystemLoader(templates)] if templates and templates.is_dir() else []
        self._env = Environment(
            loader=ChoiceLoader([*own, PackageLoader("liveblog", "theme/templates")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_Compiled(compiled, is_kept=is_kept) if compiled else None,
            finalize=_closed,
            extensions=["jinja2.ext.i18n", Once],
        )
        say = self.words
        self._env.install_gettext_callables(  # type: ignore[attr-defined]
            say.catalogue.gettext, say.catalogue.ngettext, newstyle=True
        )
        translate: dict[str, Any] = self._env.globals
        for name in ("gettext", "ngettext"):
            translate[name] = _closing(translate[name])
        self._env.globals |= {
            "blog": config,
            "words": say,
            "links": addresses,
            "ROOT": ROOT,
            "asset": self._asset,
            "label": lambda period: label(period, say),
            "digest_title": lambda digest: title(digest, say),
            "marks": marks_of,
            "draw": chart.draw,
            "days_with_figures": days_with_figures,
            "unit_line": unit_line,
            "slug": slug,
            "head_line": self._headline,
            "headline_of": headline_of,
        }
        self._env.filters |= {
            "markdown": self._markdown,
            "typo": lambda text: say.typography(text),
            # HTML §2.3.5.7 knows thousandths at most; seconds say enough.
            "iso": lambda instant: f"{instant.astimezone(UTC).isoformat()[:19]}Z",
            "correction": lambda revision: say.typography(correction_line(revision, say)),
            "figure": lambda figure: say.typography(figure_line(figure, say)),
            # What every entry asks for: a filter is called faster than a method.
            "time": say.time,
            "moment": say.moment,
            "offset": say.offset,
            "own_language": _own_language,
            "slug": slug,
            "entry_path": addresses.entry_path,
            "web_address": addresses.web_address,
            "permalink": lambda entry_id: ROOT + addresses.entry_path(entry_id),
            "day_link": lambda of: ROOT + addresses.day_path(of),
            "tag_link": _tag_link,
        }
        self._templates: dict[str, Template] = {}
        self._cache = Cache(CACHE_BYTES)

    def clear_cache(self) -> None:
        """Evict everything rendered: nothing of a removed entry may stay in memory."""
        self._cache.clear()

    # -- fragments: addresses begin with ROOT -------------------------------------------------

    def article(self, entry: Entry) -> Markup:
        """Return an entry as it stands on every page."""
        return Markup(self._cached("article", entry, self._article_of))

    def content(self, entry: Entry) -> Markup:
        """Return what an entry says, without its time and title; what a feed carries."""
        return Markup(self._cached("content", entry, self._content_of))

    def digest_content(self, digest: Digest) -> str:
        """Return a digest as a feed carries it: no chart, no meaning in classes."""
        return self._render("fragments/digest_feed.html", digest=digest, pages=self)

    def summary(self, entry: Entry) -> str:
        """Return an entry's first words, plain."""
        return shorten(self._plain(entry), SUMMARY)

    def _plain(self, entry: Entry) -> str:
        return self._cached("plain", entry, lambda entry: html_to_text(self.content(entry)))

    def described(self, digest: Digest) -> str:
        """Return a digest's first words, plain: its introduction, else its entries' names."""
        if digest.introduction:
            return shorten(html_to_text(self._markdown(digest.introduction)), SUMMARY)
        return shorten(" · ".join(self.name(entry) for entry in digest.entries[:5]), SUMMARY)

    def name(self, entry: Entry) -> str:
        """Return what to list an entry by: its title, else its first words."""
        now = entry.now
        if now.state == "retracted":
            return self.words.say("Update retracted")
        if now.title:
            return self.words.typography(closed(now.title))
        return self._cached("name", entry, self._first_words_of)

    def _cached(self, kind: str, entry: Entry, render: Callable[[Entry], str]) -> str:
        return self._cache.get((kind, *entry.cache_key), lambda: render(entry))

    def _article_of(self, entry: Entry) -> str:
        return self._render("fragments/article.html", entry=entry, now=entry.now, pages=self)

    def _content_of(self, entry: Entry) -> str:
        return self._render("fragments/content.html", entry=entry, now=entry.now, pages=self)

    def _first_words_of(self, entry: Entry) -> str:
        now = entry.now
        first = html_to_text(to_html(now.body, typography=self.words.in_html))
        return shorten(first or (now.media[0].alt if now.media else "…"), 80)

    # -- pages, as bytes ----------------------------------------------------------------------

    def home(self, home: Home, parts: dict[str, Part]) -> bytes:
        """Fill the live page: newest entries first, and its *parts* as :meth:`parts` made them."""
        return self._page(
            "home.html",
            "index.html",
            json_ld=self._live_blog_posting(home.coverage, home.entries),
            parts=parts,
            **_shown(home),
        )

    def parts(self, home: Home) -> dict[str, Part]:
        """Return each of :data:`PARTS` of the live page, as an open page takes it over."""
        values = {"root": "./", "pages": self, **_shown(home)}
        found = {}
        for name in PARTS:
            html = with_root(self._render(f"fragments/{name}.html", **values), "./")
            found[name] = Part(blake2b(html.encode(), digest_size=5).hexdigest(), html)
        return found

    def day_heading(self, of: date) -> str:
        """Return the heading of a day on the live page."""
        return with_root(self._render("fragments/day_heading.html", date=of, root="./"), "./")

    def digest(
        self,
        digest: Digest,
        *,
        previous: NavigationLink | None,
        following: NavigationLink | None,
        week: NavigationLink,
    ) -> bytes:
        """Fill the page of a day or a week; *week* is the one that a day belongs to."""
        return self._page(
            "digest.html",
            addresses.period_path(digest.period) + "index.html",
            digest=digest,
            previous=previous,
            following=following,
            week=week,
        )

    def tag(self, tag: Tag, entries: Sequence[Entry], total: int) -> bytes:
        """Fill the page of a tag, its newest entries first."""
        path = addresses.tag_path(tag.slug) + "index.html"
        return self._page("tag.html", path, tag=tag, by_day=_by_day(entries), total=total)

    def entry(self, entry: Entry) -> bytes:
        """Fill the page of one entry, with its history."""
        return self._page(
            "entry.html",
            addresses.entry_path(entry.id) + "index.html",
            entry=entry,
            now=entry.now,
            name=self.name(entry),
            summary=self.summary(entry),
            day=self.words.day(entry.day, year=True),
            article=self.article(entry),
            json_ld=self._posting(entry),
        )

    def year(
        self,
        year: int,
        months: Sequence[tuple[date, Sequence[NavigationLink]]],
        weeks: Sequence[NavigationLink],
        years: Sequence[int],
    ) -> bytes:
        """Fill the page of a year: its days and weeks with their headlines."""
        return self._page(
            "year.html", f"{year:04}/index.html", year=year, months=months, weeks=weeks, years=years
        )

    def missing(self, root: str, *, is_gone: bool = False) -> bytes:
        """Fill the page for an address where nothing is, or (*is_gone*) nothing is any more.

        It is shown at any depth, so *root* is the site's address or an absolute path.
        """
        return self._page("404.html", "404.html", root=root, is_gone=is_gone)

    def search(self, root: str, **values: Any) -> bytes:
        """Fill the page of a search.

        With *found* (a :class:`liveblog.search.Found`) it shows hits. Without, it is the page of a
        site that no server answers for: its script looks through *months* that were published.
        """
        empty = {"asked": "", "tag": "", "author": "", "found": None, "months": (), "years": ()}
        return self._page("search.html", "search/index.html", root=root,
                          **{"is_busy": False, **empty, **values})  # fmt: skip

    def feed(self, path: str, feed: FeedDocument) -> bytes:
        """Fill the page that shows a feed to somebody who opened its address in a browser."""
        return self._page("feed.html", path, feed=feed)

    def moved(self, target: str) -> str:
        """Fill a page for an address that the blog had before; it leads to *target*."""
        return self._render("moved.html", target=target)

    def link(self, text: str, address: str) -> Markup:
        """Return a sentence and the address that it speaks of, as a paragraph."""
        return Markup('<p>{} <a href="{}">{}</a></p>').format(text, address, address)

    def private(self, template: str, root: str, **values: Any) -> bytes:
        """Fill a page of the newsroom, which is no part of the site."""
        return self._page(template, "compose/", root=root, **values)

    def standalone(self, digest: Digest, *, style: str, picture: Callable[[Media], str]) -> str:
        """Fill a digest as one file that needs no other: to be printed or sent.

        *style* is CSS; *picture* gives the address of a picture, such as a data: URL.
        """
        html = self._render(
            "standalone.html", digest=digest, style=Markup(style), pages=self, root=self.config.url
        )
        shown = {
            addresses.url(ROOT, addresses.media_path(media.path)): media
            for entry in digest.entries
            for media in entry.now.media
        }
        html = re.sub(
            rf'(?<= src=")({re.escape(ROOT)}[^"]*)(?=")',
            lambda match: picture(shown[match[1]]) if match[1] in shown else match[1],
            html,
        )
        return with_root(html, self.config.url)

    def chapter(self, digest: Digest) -> str:
        """Return a day as a chapter of a book; its addresses begin with ROOT."""
        return self._render("fragments/chapter.html", digest=digest, pages=self)

    def text(self, markdown: str) -> str:
        """Return the text around a digest as HTML whose addresses begin with ROOT."""
        return str(self._markdown(markdown))

    def mail(self, digest: Digest, **values: Any) -> str:
        """Fill a digest as the HTML part of an e-mail; its addresses are absolute."""

        def content(entry: Entry) -> Markup:
            sizes = {addresses.media_path(m.path): (m.width, m.height) for m in entry.now.media}
            return Markup(set_picture_sizes(self.content(entry), sizes, MAIL_PICTURE))

        html = self._render("mail.html", digest=digest, content=content, **values)
        return with_root(html, self.config.url)

    # -- inside -------------------------------------------------------------------------------

    def _page(self, template: str, path: str, **values: Any) -> bytes:
        folder = path.removesuffix("index.html")
        root = values.setdefault("root", addresses.root_of(path))
        values.setdefault("json_ld", "")
        address = addresses.url(self.config.url, folder)
        values |= {"path": folder, "address": address, "pages": self}
        try:
            pieces = self._template(template).generate(values)
            # As one text a long day's page would take thrice the memory, and longer to encode: one
            # dash makes each of its characters two bytes.
            page = b"".join(map(str.encode, pieces))
        except Exception as error:
            raise _unfilled(template, error) from error
        return page.replace(ROOT.encode(), root.encode())

    def _render(self, template: str, **values: Any) -> str:
        try:
            return self._template(template).render(values)
        except Exception as error:
            raise _unfilled(template, error) from error

    def _template(self, name: str) -> Template:
        known = self._templates.get(name)
        if known is None:
            known = self._templates[name] = self._env.get_template(name)
            # Copied at each rendering, and a plain dict is copied faster.
            known.globals = dict(known.globals)
        return known

    def _asset(self, name: str) -> str:
        return ROOT + self._assets[name]

    def _headline(self, digest: Digest) -> str:
        return self.words.typography(digest.headline) or label(digest.period, self.words)

    def _markdown(self, text: str, revision: Revision | None = None) -> Markup:
        media = frozenset(m.path for m in revision.media) if revision else frozenset()
        anchor = f"e-{revision.id}" if revision else "note"
        return Markup(to_html(text, anchor=anchor, media=media, typography=self.words.in_html))

    def _live_blog_posting(self, coverage: Coverage, entries: Sequence[Entry]) -> Markup:
        """Describe the live page for search engines (schema.org LiveBlogPosting)."""
        framing = coverage.framing
        first = min((e.published for e in entries), default=None)
        data: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "LiveBlogPosting",
            "headline": (framing and framing.headline) or self.config.title,
            "description": html_to_text(to_html(framing.introduction)) if framing else "",
            "url": self.config.url,
            "inLanguage": self.config.language,
            "coverageStartTime": first and first.isoformat(),
            "coverageEndTime": coverage.ended and coverage.ended.isoformat(),
            "dateModified": coverage.updated and coverage.updated.isoformat(),
            "author": [{"@type": "Person", "name": name} for name in coverage.authors],
            "liveBlogUpdate": [self._posting_data(entry) for entry in entries],
        }
        return _json_ld(data)

    def _posting(self, entry: Entry) -> Markup:
        return _json_ld({"@context": "https://schema.org", **self._posting_data(entry)})

    def _posting_data(self, entry: Entry) -> dict[str, Any]:
        now = entry.now
        url = addresses.url(self.config.url, addresses.entry_path(entry.id))
        data: dict[str, Any] = {
            "@type": "BlogPosting",
            "@id": url,
            "headline": shorten(self.name(entry), 110),
            "articleBody": shorten(self._plain(entry), 500),
            "datePublished": now.published.isoformat(),
            "dateModified": now.updated.isoformat(),
            "url": url,
            "author": {"@type": "Person", "name": now.author or self.config.author},
        }
        if now.media and now.state == "live":
            paths = (addresses.media_path(media.path) for media in now.media)
            data["image"] = [addresses.url(self.config.url, path) for path in paths]
        return data


def _unfilled(template: str, error: Exception) -> Exception:
    """Return the error to raise for one that was met in filling a template."""
    if isinstance(error, LiveblogError | MemoryError):
        return error
    where = getattr(error, "filename", None) or template
    line = getattr(error, "lineno", None)
    for frame, number in walk_tb(error.__traceback__):
        # Jinja lets a template stand in the trace under its own name.
        if frame.f_code.co_filename.endswith(".html"):
            where, line = frame.f_code.co_filename, number
    text = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    is_parsed = isinstance(error, TemplateRuntimeError) or not isinstance(error, TemplateError)
    return (Unfilled if is_parsed else ConfigError)(
        f"The template {where}{f', line {line}' if line else ''} cannot be filled: {text}",
        "Correct it, or delete it to go back to liveblog's own.",
    )


def _closed(value: Any) -> Any:
    """Close what a plain text opens, wherever a template puts it; HTML is made of such texts."""
    return closed(value) if type(value) is str else value


def _closing(translate: Callable[..., Any]) -> Callable[..., Any]:
    """Close what the texts that a translation takes open."""

    @pass_context
    def call(context: Context, *texts: Any, **values: Any) -> Any:
        return translate(context, *texts, **closed_in(values))

    return call


def _shown(home: Home) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(home),
        "by_day": _by_day(home.entries),
        "shown": {entry.id for entry in home.entries},
    }


def _by_day(entries: Sequence[Entry]) -> list[tuple[date, list[Entry]]]:
    """Group entries by day, keeping their order."""
    grouped: dict[date, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.day, []).append(entry)
    return list(grouped.items())


def _tag_link(tag: str) -> str:
    return addresses.url(ROOT, addresses.tag_path(slug(tag)))


def _own_language(now: Revision) -> Markup:
    """Return attributes by which a text in another language than the blog's says so."""
    if not now.lang:
        return Markup()
    direction = "rtl" if now.lang[:2] in RIGHT_TO_LEFT else "ltr"
    return Markup(' lang="{}" dir="{}"').format(now.lang, direction)


def _json_ld(data: dict[str, Any]) -> Markup:
    """Write JSON for a script element: ``</script>`` and ``<!--`` cannot occur in it."""
    kept = {name: value for name, value in data.items() if value not in (None, "", [])}
    text = msgspec.json.encode(closed_in(kept)).decode()
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
