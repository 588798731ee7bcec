"""Imports a WordPress export (WXR): posts, and the live blogs of the Liveblog plugin.

A post is an update with the key ``post 123``. Each entry of a live blog is an update with the key
``liveblog 456``, with its edits as versions and its deletion as a retraction; the text of the post
that holds the live blog is an update before them, under the post's title. Entries have the post's
categories and their own hashtags as tags.

Drafts, private and protected posts, pages and readers' comments are not imported; they are counted
and reported at the end. A file is read twice, the first
time to check that it is complete and to find its pictures and authors, which are held in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec

from ...http_client import Client
from ...model import addresses, limits
from ...model.errors import InvalidInput
from ...model.moment import Moment, moment_of
from ...text.plain import shorten
from .. import Item, Problem, Update, Version
from ..fitting import language_or_empty
from ..html import Image
from . import entries, wxr
from .body import Body
from .entries import Entry
from .omissions import Omissions
from .pictures import MediaLibrary
from .texts import plain_text
from .wxr import number

_IGNORED = (
    "attachment", "custom_css", "customize_changeset", "guest-author", "nav_menu_item",
    "oembed_cache", "revision", "user_request", "wp_block", "wp_font_face", "wp_font_family",
    "wp_global_styles", "wp_navigation", "wp_template", "wp_template_part",
)  # fmt: skip
"""Post types without content for readers."""

_TOPICS = ("category", "post_tag")
_UNREPORTED_TAXONOMIES = (
    *_TOPICS,
    "author",
    "hashtags",
    "language",
    "post_format",
    "post_translations",
)
_UNCATEGORIZED = ("uncategorized", "uncategorised", "non-classe", "sin-categoria", "allgemein")
_VERSIONS = ("1.0", "1.1", "1.2")


class Export:
    """An export, and what was found in it when it was read the first time."""

    def __init__(
        self,
        path: Path,
        *,
        zone: tzinfo,
        media: Path | None = None,
        client: Client | None = None,
        post: str = "",
        lang: str = "",
    ) -> None:
        """Read an export to its end: *path* is a file, or a folder with several files.

        *zone* is that of dates without UTC. Pictures are searched in *media*, a copy of the site
        (its root, ``wp-content/uploads`` or a part of that), then fetched by *client*; without
        either they are reported as missing. *post* selects one post with its live blog, by number,
        address or name. *lang* is the language of the importing blog; if the export's is another,
        its updates are marked with theirs.

        Raises :class:`InvalidInput` if a file is not a complete export, if the folder holds none,
        or if there is no such post.
        """
        if media and not media.is_dir():
            raise InvalidInput(f"{media} is not a folder.", "Give a copy of wp-content/uploads.")
        self.link = ""  #: address of the site; numbers of posts are unique only within one site
        self._path = path
        self._zone = zone
        self._library = MediaLibrary(media, client)
        self._selected = post.strip()
        self._encodings = {file: wxr.encoding(file) for file in _files(path)}
        self._language = ""
        self._by_login: dict[str, str] = {}  # names of authors
        self._by_number: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._omissions = Omissions()
        self._posts: set[str] = set()
        self._entries: set[int] = set()
        self._read_once(lang)

    def _read_once(self, lang: str) -> None:
        """Read all files once: check them, and collect authors, pictures and the site."""
        is_found = not self._selected
        live_blogs: list[str] = []
        for file, encoding in self._encodings.items():
            if encoding.problem:
                hint = "Look for wrong characters in what was imported."
                self._problems.append(Problem(str(file), encoding.problem, hint))
            for part in wxr.read(file, encoding):
                match part:
                    case wxr.Author():
                        name = plain_text(part.name) or part.login
                        self._by_login.setdefault(_nicename(part.login), name)
                        self._by_number.setdefault(part.number, name)
                    case wxr.Site():
                        self._add_site(part, str(file), lang)
                    case wxr.Item():
                        if part["wp:post_type"] == "attachment":
                            self._library.add(part)
                        elif part["wp:post_type"] == "guest-author":
                            login = part.meta.get("cap-user_login", "")
                            self._by_login.setdefault(_nicename(login), plain_text(part["title"]))
                        is_found = is_found or self._is_selected(part)
                        if part.entries and len(live_blogs) < 5:
                            live_blogs.append(
                                f"{part.key} '{shorten(plain_text(part['title']), 60)}'"
                            )
        if not is_found:
            hint = (
                f"Its live blogs: {', '.join(live_blogs)}." if live_blogs else "Look it up there."
            )
            raise InvalidInput(f"There is no post '{self._selected}' in {self._path}.", hint)

    def _add_site(self, site: wxr.Site, where: str, lang: str) -> None:
        version = site.fields.get("wp:wxr_version", "").strip()
        if version not in _VERSIONS:
            what = f"its version of WXR is unknown ('{version[:20]}'); it is read as 1.2"
            self._problems.append(Problem(where, what, "Compare what was imported with the site."))
        self.link = self.link or site.fields.get("link", "").strip()
        language = language_or_empty(site.fields.get("language", ""))
        if language.partition("-")[0] != lang.partition("-")[0].lower():
            self._language = language

    def items(self) -> Iterator[Item]:
        """Yield the items in the order of the export, the entries of a live blog after its post."""
        yield from self._problems
        for file, encoding in self._encodings.items():
            for part in wxr.read(file, encoding):
                if isinstance(part, wxr.Item) and self._is_selected(part):
                    yield from self._item(part)
        yield from self._omissions.problems(str(self._path))

    def _is_selected(self, item: wxr.Item) -> bool:
        if not self._selected:
            return True
        names = (item["wp:post_id"].strip(), item["wp:post_name"].strip())
        return self._selected in names or _normalized(item["link"]) == _normalized(self._selected)

    # -- posts -------------------------------------------------------------------------------------

    def _item(self, item: wxr.Item) -> Iterator[Item]:
        kind, status = item["wp:post_type"], item["wp:status"]
        where = f"post {item.key or '?'} '{shorten(plain_text(item['title']), 60)}'"
        is_live_blog = bool(item.entries) or item.meta.get("liveblog") in ("enable", "archive", "1")
        if kind in _IGNORED or status == "auto-draft":
            return
        title = plain_text(item["title"]) or item.key
        if kind != "post" and not is_live_blog:
            self._omissions.add(kind, title)
            return
        self._omissions.comments += item.comments
        if status != "publish":
            self._omissions.add(status, title)
            return
        if item["wp:post_password"]:
            self._omissions.add("password", title)
            return
        if not item.key:
            what = f"it has neither a number nor an address (line {item.line}); it is not imported"
            yield Problem(where, what, "Give it a <wp:post_id> in the file.")
            return
        if item.key in self._posts:
            what = f"it is there twice (again in line {item.line}); the first is imported"
            yield Problem(where, what, "Compare the two.")
            return
        self._posts.add(item.key)
        if item.is_truncated:
            yield _truncated(where)
        yield from self._post(item, where)
        if item.entries:
            yield from self._live_blog(item, where)

    def _post(self, item: wxr.Item, where: str) -> Iterator[Item]:
        published = _parse_moment(
            item["wp:post_date_gmt"], item["wp:post_date"], self._zone, item["pubDate"]
        )
        if published is None:
            written = item["wp:post_date"][:60]
            what = f"its date cannot be read ('{written}'); it is not imported"
            yield Problem(where, what, "Give it one in WordPress, and export it again.")
            return
        changed = _parse_instant(item["wp:post_modified_gmt"], item["wp:post_modified"], self._zone)
        text = item["content:encoded"]
        body = self._body(text if text.strip() else item["excerpt:encoded"], item)
        featured = self._library.by_id.get(number(item.meta.get("_thumbnail_id", "")))
        if featured:
            body.prepend(Image(featured.url, featured.alt, featured.caption))
        elif thumbnail := number(item.meta.get("_thumbnail_id", "")):
            what = f"its featured picture (attachment {thumbnail}) is not in the export"
            yield Problem(where, what, "Export the media too, or add it by hand.")
        yield from _report_missing(where, body.missing)
        title = plain_text(item["title"])
        version = Version(
            published=published,
            updated=max(published.instant, changed or published.instant),
            title=title,
            body=body.markdown,
            author=", ".join(self._authors(item)),
            tags=self._tags(item, _TOPICS),
            pinned=item["wp:is_sticky"] == "1",
            pictures=body.pictures(),
            lang=self._language,
        )
        if version.title or version.body or version.pictures:
            yield Update(f"post {item.key}", where, (version,))
        elif not item.entries:
            yield Problem(where, "it is empty; it is not imported")

    def _authors(self, item: wxr.Item) -> tuple[str, ...]:
        """Return the authors of a post: those of Co-Authors Plus, else the post's own."""
        found = [
            self._by_login.get(_nicename(term.slug.removeprefix("cap-"))) or plain_text(term.name)
            for term in item.terms
            if term.taxonomy == "author"
        ]
        login = item["dc:creator"].strip()
        own = self._by_login.get(_nicename(login), login)
        return tuple(dict.fromkeys(filter(None, found or [own])))

    def _tags(self, item: wxr.Item, taxonomies: tuple[str, ...]) -> tuple[str, ...]:
        """Return the terms of a post in some taxonomies; note other taxonomies as omitted."""
        for term in item.terms:
            if term.taxonomy not in _UNREPORTED_TAXONOMIES:
                self._omissions.taxonomies[term.taxonomy] = None
        return tuple(
            plain_text(term.name)
            for term in item.terms
            if term.taxonomy in taxonomies and term.slug not in _UNCATEGORIZED
        )

    # -- live blogs --------------------------------------------------------------------------------

    def _live_blog(self, item: wxr.Item, where: str) -> Iterator[Item]:
        found = entries.entries_of(item.entries, self._instant_of)
        self._omissions.deletions += found.deletions
        for id_ in found.duplicates:
            what = f"several entries have the number {id_}; the first is imported"
            yield Problem(where, what, "Compare them.")
        for orphan in found.orphans:
            replaced = orphan.meta.get("liveblog_replaces", "")[:20]
            yield Problem(
                f"entry {orphan['wp:comment_id'][:20]} of {where}",
                f"it is an edit of the entry {replaced}, which is not there; it is not imported",
                "Compare what was imported with the site.",
            )
        categories = self._tags(item, ("category",))
        for entry in found.entries:
            where_entry = f"entry {entry.id} of {where}"
            if not entry.id or entry.id in self._entries:
                what = "another has its number" if entry.id else "it has no number"
                yield Problem(where_entry, f"{what}; it is not imported", "Compare them.")
                continue
            self._entries.add(entry.id)
            if entry.is_unapproved:
                self._omissions.add("waiting", str(entry.id))
                continue
            yield from self._entry(entry, item, where_entry, categories)

    def _entry(
        self, entry: Entry, item: wxr.Item, where: str, categories: tuple[str, ...]
    ) -> Iterator[Item]:
        published = self._instant_of(entry.first)
        if published is None:
            written = entry.first["wp:comment_date"][:60]
            yield Problem(where, f"its date cannot be read ('{written}'); it is not imported")
            return
        author = ", ".join(entry.authors(self._by_number))
        versions: list[Version] = []
        last = published
        missing: list[str] = []
        for comment, text in entries.versions_of(entry, self._by_login):
            body = self._body(text.html, item)
            missing += body.missing
            if comment.is_truncated:
                yield _truncated(where)
            last = max(last, self._instant_of(comment) or last)
            version = Version(
                published=Moment(published),
                updated=last,
                body=body.markdown,
                author=author,
                tags=(*categories, *text.tags),
                key=text.is_key,
                pictures=body.pictures(),
                lang=self._language,
            )
            if version.body or version.pictures:
                versions.append(version)
        yield from _report_missing(where, missing)
        if not versions:
            self._omissions.deletions += entry.is_deleted
            if not entry.is_deleted:
                yield Problem(where, "it is empty; it is not imported")
            return
        if entry.is_deleted:
            when = self._instant_of(entry.deletion) if entry.deletion else None
            versions.append(
                msgspec.structs.replace(
                    versions[-1], state="retracted", updated=max(last, when or last)
                )
            )
        yield Update(f"liveblog {entry.id}", where, tuple(versions))

    def _instant_of(self, comment: wxr.Comment) -> datetime | None:
        return _parse_instant(
            comment["wp:comment_date_gmt"], comment["wp:comment_date"], self._zone
        )

    def _body(self, text: str, item: wxr.Item) -> Body:
        return Body(text, item.id, item["link"].strip() or self.link, self._library)


def _report_missing(where: str, missing: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for the parts of a text that only WordPress can show."""
    if names := ", ".join(dict.fromkeys(missing)):
        hint = "Look at it there, and add by hand what readers need."
        yield Problem(where, f"this is left out of its text: {names}", hint)


def _truncated(where: str) -> Problem:
    what = f"its text has more than {wxr.TEXT_LIMIT:,} characters, and was cut"
    return Problem(where, what, "Split it in WordPress, and export it again.")


def _files(path: Path) -> list[Path]:
    """Return the files of an export."""
    if not path.is_dir():
        return [path]
    files = sorted(found for found in path.iterdir() if found.suffix.lower() == ".xml")
    if not files:
        raise InvalidInput(f"{path} holds no XML files.", "Give the export, or its folder.")
    return files


def _parse_instant(gmt: str, local: str, zone: tzinfo, rfc: str = "") -> datetime | None:
    """Return the instant of the first form of a date that is valid; drafts have zeros."""
    found: datetime | None = None
    for text, text_zone in ((gmt, UTC), (local, zone)):
        try:
            naive = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
            found = found or naive.replace(tzinfo=text_zone).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    with suppress(ValueError, OverflowError, TypeError, IndexError):
        found = found or parsedate_to_datetime(rfc.strip()).astimezone(UTC)
    with suppress(InvalidInput):
        return limits.check_instant(found) if found else None
    return None


def _parse_moment(gmt: str, local: str, zone: tzinfo, rfc: str) -> Moment | None:
    """Return the moment of a post: a whole day where its date has no time."""
    for text in (local, rfc):
        for form in ("%Y-%m-%d", "%a, %d %b %Y"):
            with suppress(ValueError, InvalidInput):
                return moment_of(datetime.strptime(text.strip(), form).date(), zone)  # noqa: DTZ007
    instant = _parse_instant(gmt, local, zone, rfc)
    return Moment(instant) if instant else None


def _nicename(login: str) -> str:
    """Return a login as in the address of its author's page."""
    return re.sub(r"[^\w-]+", "-", login.strip().lower())


def _normalized(url: str) -> str:
    try:
        parts = addresses.split(url.strip())
    except ValueError:
        return url
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"
