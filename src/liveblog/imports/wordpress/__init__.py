"""WordPress exports (WXR): posts, and the live blogs of the Liveblog plugin, read as updates.

A post is an update, known as ``post 123``. So is each entry of a live blog, known as ``liveblog
456``, with its edits as versions and its deletion as a retraction; the text of the post that the
live blog stands in is an update before them, under the post's title. Entries carry the post's
categories and their own hashtags as tags.

What readers did not see (drafts, private and protected posts) is not imported, nor are pages and
readers' comments; all of it is counted and told at the end. A file is read twice, the first time to
see that it is whole and which pictures it names; of the whole, only those, the authors and the
numbers of what was seen are held.
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
from ...model.entry import clean_language, slug
from ...model.errors import InvalidInput
from ...text.plain import shorten
from .. import Item, Problem, Update, Version
from ..html import Image
from . import entries, wxr
from .body import Body
from .entries import Entry
from .pictures import Library
from .tally import Tally
from .texts import plain
from .wxr import number

_IGNORED = (
    "attachment", "custom_css", "customize_changeset", "guest-author", "nav_menu_item",
    "oembed_cache", "revision", "user_request", "wp_block", "wp_font_face", "wp_font_family",
    "wp_global_styles", "wp_navigation", "wp_template", "wp_template_part",
)  # fmt: skip
"""Types that hold nothing for readers by themselves."""

_TOPICS = ("category", "post_tag")
_QUIET_TAXONOMIES = (*_TOPICS, "author", "hashtags", "language", "post_format", "post_translations")
_UNCATEGORIZED = ("uncategorized", "uncategorised", "non-classe", "sin-categoria", "allgemein")
_VERSIONS = ("1.0", "1.1", "1.2")


def export(
    path: Path,
    *,
    zone: tzinfo,
    media: Path | None = None,
    client: Client | None = None,
    post: str = "",
    lang: str = "",
) -> Iterator[Item]:
    """Read an export: a file, or a folder with the several files of one.

    *zone* is the blog's, for dates that the export gives in no other way. Pictures are looked for
    in *media*, a copy of the site (its root, its ``wp-content/uploads``, or a part of that), then
    asked of *client*; without either they are missing, and told. *post* picks one post with its
    live blog, by its number, address or name. *lang* is the language of the blog that takes it;
    updates say theirs where the export's is another.

    Items come in the order of the export, the entries of a live blog after its post. Raises
    :class:`InvalidInput` before the first if a file is no export or is not whole,
    if the folder holds none, or if there is no such post.
    """
    if media and not media.is_dir():
        raise InvalidInput(f"{media} is no folder.", "Give a copy of wp-content/uploads.")
    found = _Export(path, zone, Library(media, client), post.strip(), lang)
    return found.items()


def site_of(path: Path) -> str:
    """Return the address of the site that an export is of, empty if it says none.

    Its numbers of posts mean something together with this only. Raises as :func:`export`.
    """
    for file in _files(path):
        for part in wxr.read(file, wxr.encoding(file)):
            if isinstance(part, wxr.Site):
                return part.fields.get("link", "").strip()
    return ""


class _Export:
    """One export: what of its whole must be known to understand its parts."""

    def __init__(self, path: Path, zone: tzinfo, library: Library, post: str, lang: str) -> None:
        self._path = path
        self._zone = zone
        self._library = library
        self._wanted = post
        self._encodings = {file: wxr.encoding(file) for file in _files(path)}
        self._link = ""
        self._language = ""
        self._by_login: dict[str, str] = {}  # names of authors
        self._by_number: dict[str, str] = {}
        self._doubts: list[Problem] = []
        self._tally = Tally()
        self._posts: set[int] = set()
        self._entries: set[int] = set()
        self._survey(lang)

    def _survey(self, lang: str) -> None:
        """Read all once."""
        is_there = not self._wanted
        live_blogs: list[str] = []
        for file, how in self._encodings.items():
            if how.doubt:
                hint = "Look for wrong characters in what was imported."
                self._doubts.append(Problem(str(file), how.doubt, hint))
            for part in wxr.read(file, how):
                match part:
                    case wxr.Author():
                        name = plain(part.name) or part.login
                        self._by_login.setdefault(_nicename(part.login), name)
                        self._by_number.setdefault(part.number, name)
                    case wxr.Site():
                        self._of_site(part, str(file), lang)
                    case wxr.Item():
                        if part["wp:post_type"] == "attachment":
                            self._library.add(part)
                        elif part["wp:post_type"] == "guest-author":
                            login = part.meta.get("cap-user_login", "")
                            self._by_login.setdefault(_nicename(login), plain(part["title"]))
                        is_there = is_there or self._is_wanted(part)
                        if part.entries and len(live_blogs) < 5:
                            live_blogs.append(f"{part.id} '{shorten(plain(part['title']), 60)}'")
        if not is_there:
            hint = (
                f"Its live blogs: {', '.join(live_blogs)}." if live_blogs else "Look it up there."
            )
            raise InvalidInput(f"There is no post '{self._wanted}' in {self._path}.", hint)

    def _of_site(self, site: wxr.Site, where: str, lang: str) -> None:
        version = site.fields.get("wp:wxr_version", "").strip()
        if version not in _VERSIONS:
            what = f"its version of WXR is not known here ('{version[:20]}'); it is read as 1.2"
            self._doubts.append(Problem(where, what, "Compare what was imported with the site."))
        self._link = self._link or site.fields.get("link", "").strip()
        language = site.fields.get("language", "").strip().replace("_", "-")
        if language.partition("-")[0].lower() != lang.partition("-")[0].lower():
            try:
                self._language = clean_language(language)
            except InvalidInput:
                self._language = ""

    def items(self) -> Iterator[Item]:
        yield from self._doubts
        for file, how in self._encodings.items():
            for part in wxr.read(file, how):
                if isinstance(part, wxr.Item) and self._is_wanted(part):
                    yield from self._of_item(part)
        yield from self._tally.problems(str(self._path))

    def _is_wanted(self, item: wxr.Item) -> bool:
        if not self._wanted:
            return True
        names = (item["wp:post_id"].strip(), item["wp:post_name"].strip())
        return self._wanted in names or _same(item["link"]) == _same(self._wanted)

    # -- posts -------------------------------------------------------------------------------------

    def _of_item(self, item: wxr.Item) -> Iterator[Item]:
        kind, status = item["wp:post_type"], item["wp:status"]
        where = f"post {item.id} '{shorten(plain(item['title']), 60)}'"
        is_live_blog = bool(item.entries) or item.meta.get("liveblog") in ("enable", "archive", "1")
        if kind in _IGNORED or status == "auto-draft":
            return
        title = plain(item["title"]) or str(item.id)
        if kind != "post" and not is_live_blog:
            self._tally.left_out(kind, title)
            return
        self._tally.comments += item.comments
        if status != "publish":
            self._tally.left_out(status, title)
            return
        if item["wp:post_password"]:
            self._tally.left_out("password", title)
            return
        if not item.id:
            what = f"it has no number that can be read (line {item.line}); it is not imported"
            yield Problem(where, what, "Correct it in the file.")
            return
        if item.id in self._posts:
            what = f"it stands there twice (again in line {item.line}); the first is imported"
            yield Problem(where, what, "Compare the two.")
            return
        self._posts.add(item.id)
        if item.is_cut:
            yield _cut(where)
        yield from self._post(item, where)
        if item.entries:
            yield from self._live_blog(item, where)

    def _post(self, item: wxr.Item, where: str) -> Iterator[Item]:
        published = _instant(
            item["wp:post_date_gmt"], item["wp:post_date"], self._zone, item["pubDate"]
        )
        if published is None:
            said = item["wp:post_date"][:60]
            what = f"its date cannot be read ('{said}'); it is not imported"
            yield Problem(where, what, "Give it one in WordPress, and export it again.")
            return
        changed = _instant(item["wp:post_modified_gmt"], item["wp:post_modified"], self._zone)
        text = item["content:encoded"]
        body = self._body(text if text.strip() else item["excerpt:encoded"], item)
        featured = self._library.by_id.get(number(item.meta.get("_thumbnail_id", "")))
        if featured:
            body.lead_with(Image(featured.url, featured.alt, featured.caption))
        elif thumbnail := number(item.meta.get("_thumbnail_id", "")):
            what = f"its featured picture (attachment {thumbnail}) is not in the export"
            yield Problem(where, what, "Export the media too, or add it by hand.")
        yield from _left_out(where, body.missing)
        title = plain(item["title"])
        version = Version(
            published=published,
            updated=max(published, changed or published),
            title=title,
            body=body.markdown,
            author=", ".join(self._authors(item)),
            tags=self._tags(item, _TOPICS),
            pinned=item["wp:is_sticky"] == "1",
            pictures=body.pictures(),
            lang=self._language,
        )
        if version.title or version.body or version.pictures:
            yield Update(f"post {item.id}", where, (version,))
        elif not item.entries:
            yield Problem(where, "it is empty; it is not imported")

    def _authors(self, item: wxr.Item) -> tuple[str, ...]:
        """Return a post's authors: those of Co-Authors Plus, if there are any."""
        found = [
            self._by_login.get(_nicename(term.slug.removeprefix("cap-"))) or plain(term.name)
            for term in item.terms
            if term.taxonomy == "author"
        ]
        login = item["dc:creator"].strip()
        own = self._by_login.get(_nicename(login), login)
        return tuple(dict.fromkeys(filter(None, found or [own])))

    def _tags(self, item: wxr.Item, taxonomies: tuple[str, ...]) -> tuple[str, ...]:
        """Return the topics that a post is filed under."""
        for term in item.terms:
            if term.taxonomy not in _QUIET_TAXONOMIES:
                self._tally.taxonomies[term.taxonomy] = None
        return _usable(
            plain(term.name)
            for term in item.terms
            if term.taxonomy in taxonomies and term.slug not in _UNCATEGORIZED
        )

    # -- live blogs --------------------------------------------------------------------------------

    def _live_blog(self, item: wxr.Item, where: str) -> Iterator[Item]:
        found = entries.gathered(item.entries, self._commented)
        self._tally.gone += found.gone
        for id_ in found.twice:
            what = f"several entries have the number {id_}; the first is imported"
            yield Problem(where, what, "Compare them.")
        for stray in found.strays:
            replaced = stray.meta.get("liveblog_replaces", "")[:20]
            yield Problem(
                f"entry {stray['wp:comment_id'][:20]} of {where}",
                f"it is an edit of the entry {replaced}, which is not there; it is not imported",
                "Compare what was imported with the site.",
            )
        categories = self._tags(item, ("category",))
        for entry in found.entries:
            place = f"entry {entry.id} of {where}"
            if not entry.id or entry.id in self._entries:
                what = "another has its number" if entry.id else "it has no number"
                yield Problem(place, f"{what}; it is not imported", "Compare them.")
                continue
            self._entries.add(entry.id)
            if entry.waits:
                self._tally.left_out("waiting", str(entry.id))
                continue
            yield from self._entry(entry, item, place, categories)

    def _entry(
        self, entry: Entry, item: wxr.Item, where: str, categories: tuple[str, ...]
    ) -> Iterator[Item]:
        published = self._commented(entry.first)
        if published is None:
            said = entry.first["wp:comment_date"][:60]
            yield Problem(where, f"its date cannot be read ('{said}'); it is not imported")
            return
        author = ", ".join(entry.authors(self._by_number))
        versions: list[Version] = []
        last = published
        missing: list[str] = []
        for comment, text in entries.steps(entry, self._by_login):
            body = self._body(text.html, item)
            missing += body.missing
            if comment.is_cut:
                yield _cut(where)
            last = max(last, self._commented(comment) or last)
            version = Version(
                published=published,
                updated=last,
                body=body.markdown,
                author=author,
                tags=_usable((*categories, *text.tags)),
                key=text.is_key,
                pictures=body.pictures(),
                lang=self._language,
            )
            if version.body or version.pictures:
                versions.append(version)
        yield from _left_out(where, missing)
        if not versions:
            self._tally.gone += entry.is_deleted
            if not entry.is_deleted:
                yield Problem(where, "it is empty; it is not imported")
            return
        if entry.is_deleted:
            when = self._commented(entry.deletion) if entry.deletion else None
            versions.append(
                msgspec.structs.replace(
                    versions[-1], state="retracted", updated=max(last, when or last)
                )
            )
        yield Update(f"liveblog {entry.id}", where, tuple(versions))

    def _commented(self, comment: wxr.Comment) -> datetime | None:
        return _instant(comment["wp:comment_date_gmt"], comment["wp:comment_date"], self._zone)

    def _body(self, text: str, item: wxr.Item) -> Body:
        return Body.of(text, item.id, item["link"].strip() or self._link, self._library)


def _left_out(where: str, missing: Iterable[str]) -> Iterator[Problem]:
    """Tell what of a text only WordPress could have shown."""
    if names := ", ".join(dict.fromkeys(missing)):
        hint = "Look at it there, and add by hand what readers need."
        yield Problem(where, f"this is left out of its text: {names}", hint)


def _cut(where: str) -> Problem:
    what = f"its text has more than {wxr.TEXT_LIMIT:,} characters, and is cut"
    return Problem(where, what, "Split it in WordPress, and export it again.")


def _files(path: Path) -> list[Path]:
    """Return the files of an export."""
    if not path.is_dir():
        return [path]
    files = sorted(found for found in path.iterdir() if found.suffix.lower() == ".xml")
    if not files:
        raise InvalidInput(f"{path} holds no XML files.", "Give the export, or its folder.")
    return files


def _instant(gmt: str, local: str, zone: tzinfo, rfc: str = "") -> datetime | None:
    """Return an instant by the first of its forms that says one; drafts have zeros for some."""
    found: datetime | None = None
    for text, of in ((gmt, UTC), (local, zone)):
        try:
            naive = datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
            found = found or naive.replace(tzinfo=of).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    with suppress(ValueError, OverflowError, TypeError, IndexError):
        found = found or parsedate_to_datetime(rfc.strip()).astimezone(UTC)
    with suppress(InvalidInput):
        return limits.check_instant(found) if found else None
    return None


def _usable(names: Iterable[str]) -> tuple[str, ...]:
    by_slug: dict[str, str] = {}
    for name in filter(slug, names):
        by_slug.setdefault(slug(name), name)
    return tuple(by_slug.values())


def _nicename(login: str) -> str:
    """Return a login as it stands in the address of its author's page."""
    return re.sub(r"[^\w-]+", "-", login.strip().lower())


def _same(url: str) -> str:
    try:
        parts = addresses.split(url.strip())
    except ValueError:
        return url
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"
