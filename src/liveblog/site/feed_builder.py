"""Entries and digests as feed items, and the feeds that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from msgspec import structs

from ..digest import Digest, authors, title
from ..digest.selection import for_readers
from ..feeds import Archives, Enclosure, Feed, Item, Origin, Tombstone
from ..model import addresses
from ..model.addresses import web_address
from ..model.chapter import Chapter
from ..model.entry import Media
from ..model.period import noon
from ..pages.chapters import chapter_content, chapter_of, chapter_summary, name
from ..pages.render import Pages
from ..text.fragments import replace_in_tags, with_root
from ..timeline import Entry


class FeedBuilder:
    """Builds the items and feeds of one blog."""

    def __init__(self, pages: Pages) -> None:
        """Use the fragments of *pages*, most of which are in its cache."""
        self._config = pages.config
        self._pages = pages
        self._main = Origin(pages.config.id, pages.config.title, pages.config.url)

    def entry(self, entry: Entry, *, is_copy: bool = False) -> Item:
        """Return an entry as a feed item; a copy, for another feed, names the main feed."""
        now = entry.now
        base = self._config.url
        url = addresses.url(base, addresses.entry_path(entry.id))
        is_live = now.state == "live"
        is_day = now.precision == "day"
        published = noon(entry.day, self._config.zone) if is_day else now.published.astimezone(UTC)
        is_untouched = now.updated == now.published
        return Item(
            id=addresses.entry_urn(self._config.id, entry.id),
            url=url,
            title=self._pages.marked_name(entry),
            content=_absolute(self._pages.content(entry), base, url),
            summary=self._pages.summary(entry),
            published=published,
            updated=published if is_untouched else now.updated.astimezone(UTC),
            precision=now.precision,
            day=entry.day if is_day else None,
            written_time=now.written_time,
            author=now.author,
            tags=now.tags,
            language=now.lang,
            enclosures=tuple(self._enclosure(m) for m in now.media) if is_live else (),
            via=tuple((s.name, s.url) for s in now.sources if is_live and web_address(s.url)),
            origin=self._main if is_copy else None,
            is_titled=bool(now.title) or not is_live,
        )

    def digest(self, digest: Digest) -> Item:
        """Return the digest of a closed day or week as a feed item."""
        base = self._config.url
        url = addresses.url(base, addresses.period_path(digest.period))
        content = _absolute(self._pages.digest_content(digest), base, url)
        closed = self._config.closing.closes_at(digest.period)
        live = [e.now for e in digest.entries if e.now.state == "live"]
        return Item(
            id=addresses.digest_urn(self._config.id, digest.period),
            url=url,
            title=self._pages.words.typography(title(digest, self._pages.words)),
            content=content,
            summary=self._pages.digest_summary(digest),
            published=closed,
            updated=max(closed, digest.changed or closed),
            precision="day",
            author=self._config.author,
            tags=tuple(dict.fromkeys(tag for now in live for tag in now.tags)),
            enclosures=tuple(self._enclosure(m) for now in live for m in now.media),
            origin=self._main,
        )

    def chapter(
        self,
        digest: Digest,
        updated: datetime,
        corrections: Sequence[Chapter] = (),
        *,
        is_copy: bool = False,
    ) -> Item:
        """Return a chapter as a feed item, or the notice that it was retracted.

        The main feed has the entries anyway, so its item lists the days of the chapter; the copy
        for the feed of chapters shows them. *updated* is the last change of the chapter or of an
        entry in it.
        """
        chapter = chapter_of(digest)
        base = self._config.url
        url = addresses.url(base, addresses.chapter_path(chapter.slug))
        live = [e.now for e in digest.entries if e.now.state == "live"]
        pictures = [chapter.picture] if chapter.picture else []
        if is_copy:
            pictures += [media for now in live for media in now.media]
        is_live = chapter.state == "live"
        content = chapter_content(
            self._pages, for_readers(digest), corrections, is_brief=not is_copy
        )
        return Item(
            id=addresses.chapter_urn(self._config.id, chapter.slug),
            url=url,
            title=name(self._pages, chapter),
            content=_absolute(content, base, url),
            summary=chapter_summary(self._pages, digest),
            published=chapter.published.astimezone(UTC),
            updated=updated.astimezone(UTC),
            precision=digest.precision,
            author=self._pages.words.comma.join(authors(digest)) or self._config.author,
            tags=chapter.tags,
            enclosures=tuple(self._enclosure(m) for m in pictures) if is_live else (),
            origin=self._main if is_copy else None,
        )

    def tombstones(
        self,
        entries: Iterable[tuple[str, datetime]],
        chapters: Iterable[tuple[str, datetime]] = (),
    ) -> tuple[Tombstone, ...]:
        """Return the notices of what was removed, the last first.

        *entries* are ids, *chapters* slugs, each with the instant.
        """
        blog_id = self._config.id
        stones = [Tombstone(addresses.entry_urn(blog_id, i), when) for i, when in entries]
        stones += [Tombstone(addresses.chapter_urn(blog_id, s), when) for s, when in chapters]
        return tuple(sorted(stones, key=lambda stone: stone.when, reverse=True))

    def feed(
        self,
        items: Sequence[Item],
        *,
        is_over: bool,
        folder: str = "",
        name: str = "",
        title: str = "",
        page: str = "",
    ) -> Feed:
        """Return a feed of *items*: the main feed unless *name* identifies another.

        *folder* is the path of the feed, *page* that of its page, *title* the blog's unless given;
        *is_over* says whether the coverage is over.
        """
        config = self._config
        return Feed(
            id=addresses.feed_urn(config.id, name),
            title=title or config.title,
            subtitle=config.description,
            home_url=addresses.url(config.url, page),
            folder_url=addresses.url(config.url, folder),
            language=config.language,
            author=config.author or config.title,
            updated=max((item.updated for item in items), default=_blog_date(config.id)),
            items=tuple(items),
            expired=is_over,
            hubs=config.websub.hubs,
        )

    def subscription(self, feed: Feed, archive: date | None, removed: Sequence[Tombstone]) -> Feed:
        """Return the main feed, with links to the newest *archive* and what was removed."""
        archives = Archives(earlier=self._folder(archive))
        return self.with_removals(feed, removed, archives=archives)

    def archive(
        self,
        feed: Feed,
        day: date,
        *,
        earlier: date | None,
        later: date | None,
        removed: Sequence[Tombstone],
    ) -> Feed:
        """Return the archive document of a day, under the id of the main *feed* (RFC 5005 §4)."""
        current = self._config.url
        archives = Archives(self._folder(earlier), self._folder(later), current)
        folder = self._folder(day)
        # Nobody subscribes to an archive: it needs no hub, and never expires.
        return self.with_removals(
            feed, removed, archives=archives, folder_url=folder, hubs=(), expired=False
        )

    def with_removals(self, feed: Feed, removed: Sequence[Tombstone], **changes: Any) -> Feed:
        """Return a feed with the notices of what was *removed*, and with other *changes*."""
        updated = max([feed.updated, *(stone.when for stone in removed)])
        return structs.replace(feed, removed=tuple(removed), updated=updated, **changes)

    def _folder(self, day: date | None) -> str:
        return addresses.url(self._config.url, addresses.day_path(day)) if day else ""

    def _enclosure(self, media: Media) -> Enclosure:
        url = addresses.url(self._config.url, addresses.media_path(media.path))
        return Enclosure(url, media.type, media.size, media.alt)


def _absolute(fragment: str, base: str, url: str) -> str:
    """Make the addresses in a fragment absolute."""
    return replace_in_tags(with_root(fragment, base), ' href="#', f' href="{url}#').strip()


def _blog_date(blog_id: str) -> datetime:
    """Return the day in a blog's tag: URI, as the date of a feed that is still empty."""
    stamp = blog_id.partition(",")[2].partition(":")[0]
    year, month, day = (*(int(part) for part in stamp.split("-")), 1, 1)[:3]
    return datetime(year, month, day, tzinfo=UTC)
