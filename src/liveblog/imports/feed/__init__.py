"""Imports a feed: Atom, RSS 0.9 to 2.0 or JSON Feed, from an address or a file.

The newest document is read first, then the older documents that it links to (RFC 5005 archives and
pages, ``next_url``). One document of at most :data:`MAX_BYTES` bytes is in memory at a time. Feeds
may be hostile: their texts become Markdown, and addresses are fetched by a client that only
connects to public servers.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ...http_client import MAX_BYTES, Answer, Client
from ...model import limits
from ...model.entry import Source
from ...model.errors import InvalidInput, LiveblogError, Unreachable
from ...model.moment import Moment, moment_of
from ...model.topics import topic_slug
from ...text.fragments import html_to_text
from ...text.sanitizer import sanitize
from .. import Item, Picture, Problem, Update, Version
from ..files import fetch_picture, read_file
from ..fitting import language_or_empty
from ..html import Image, to_markdown
from ..html.pictures import is_film
from . import jsonfeed, xml
from .document import Attachment, Document, Entry

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
MAX_DOCUMENTS = 1000
"""Maximum number of documents that are read of one feed."""


class FutureUpdate(Problem):
    """An update that is dated in the future and can be imported later."""


@dataclass(frozen=True)
class Reading:
    """The settings with which a feed is read."""

    client: Client  #: fetches documents, and pictures when their update is imported
    now: datetime  #: aware
    undated: Moment | None = None  #: of updates without a date, which are left out without it
    since: datetime | None = None  #: aware; how far back documents are read
    max_documents: int = MAX_DOCUMENTS
    zone: tzinfo = UTC  #: of the blog's days, for dates without a time


def read(source: str, reading: Reading) -> Iterator[Item]:
    """Yield the updates of a feed at an address (``https://…``) or in a file.

    Older documents are fetched too, except those that a file links to, which are reported. Raises
    :class:`InvalidInput` if it is not a feed, :class:`Unreachable` if it cannot be fetched.
    """
    if is_address(source):
        return from_answer(fetch(source, reading.client), reading)
    document = _read_document(read_file(Path(source), MAX_BYTES), source, "", "")
    return _updates(document, source, reading)


def is_address(source: str) -> bool:
    """Whether a source is a web address, not a file."""
    return bool(re.match("https?://", source, re.IGNORECASE))


def from_answer(answer: Answer, reading: Reading) -> Iterator[Item]:
    """Yield the updates of a feed from a server's answer, and of its older documents."""
    return _updates(_read_answer(answer), answer.url, reading)


def _read_answer(answer: Answer) -> Document:
    kind = answer.headers.get("content-type", "")
    return _read_document(answer.body, answer.url, answer.url, kind)


def fetch(url: str, client: Client) -> Answer:
    """Fetch a document of a feed. Raises :class:`Unreachable`."""
    answer = client.get(url, {"accept": ACCEPT})
    if answer.status != 200:
        raise Unreachable(f"{url} answers {answer.status}.", "Open the address in a browser.")
    return answer


def _read_document(data: bytes, where: str, url: str, content_type: str) -> Document:
    if not data.strip():
        raise InvalidInput(f"{where} is empty.", "Give an Atom, RSS or JSON Feed.")
    # The content decides about the format, not the media type.
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return jsonfeed.read(data.removeprefix(b"\xef\xbb\xbf"), where, url)
    return xml.read(data, where, url, content_type)


# -- documents -------------------------------------------------------------------------------------


def _updates(document: Document, where: str, reading: Reading) -> Iterator[Item]:
    """Yield the updates of all documents; an entry in several documents is read from the newest."""
    seen: set[bytes] = set()
    asked = {where}
    is_file = not where.startswith(("http:", "https:"))
    while True:
        yield from document.problems
        if not document.entries:
            yield Problem(where, "the feed holds no updates")
        yield from _updates_of(document, where, reading, seen)
        older = document.older
        if not older or (reading.since and _is_older_than(document, reading.since)):
            return
        hint = "Import that address by itself if you need them."
        if is_file:
            yield Problem(where, f"older updates are not in this file, but at {older}", hint)
            return
        if older in asked:
            yield Problem(where, f"its older documents lead in a circle, to {older}")
            return
        if len(asked) >= reading.max_documents:
            what = f"{len(asked)} documents were read; older updates are left out, from {older} on"
            yield Problem(where, what, hint)
            return
        asked.add(older)
        try:
            answer = fetch(older, reading.client)
            if answer.url != older and answer.url in asked:
                yield Problem(where, f"its older documents lead in a circle, to {answer.url}")
                return
            document, where = _read_answer(answer), older
        except LiveblogError as error:
            yield Problem(older, f"older updates are left out: {error.message}", error.hint)
            return


def _is_older_than(document: Document, since: datetime) -> bool:
    """Whether a document is empty or has an entry from before an instant."""
    dates = (entry.updated or entry.published for entry in document.entries)
    return not document.entries or any(date and date < since for date in dates)


def _updates_of(
    document: Document, where: str, reading: Reading, seen: set[bytes]
) -> Iterator[Item]:
    """Yield the updates of a document, oldest first, each with all its versions in it."""
    by_key: dict[str, list[tuple[int, Entry]]] = {}
    for number, entry in enumerate(document.entries, 1):
        by_key.setdefault(_key(entry), []).append((number, entry))
    updates: list[Update] = []
    for key, numbered in by_key.items():
        digest = blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
        if digest in seen:
            continue
        seen.add(digest)
        number, first = numbered[0]
        where_entry = next(iter(first.links), "") or f"{where}, item {number}"
        entries = _one_per_instant(entry for _, entry in numbered)
        versions: list[Version] = []
        for entry in entries:
            published = _date_of(entry, reading)
            if refused := _why_refused(entry, published, where_entry, reading.now):
                yield refused
            elif published:
                # All versions of an update have the date of the first.
                date = versions[0].published if versions else published
                versions.append(_version(entry, date, document, reading.client))
        if versions:
            has_date = any(_has_date(entry) for entry in entries)
            updates.append(Update(key, where_entry, tuple(versions), has_date))
        if len(numbered) > len(entries):
            what = f"several updates there have the same id ('{key[:100]}'); one is imported"
            yield Problem(where_entry, what, "Tell the owner of the feed.")
    # A feed begins with the newest, which is all that is known of those without a date.
    updates.sort(key=lambda update: not update.has_date)
    dated = sum(update.has_date for update in updates)
    updates[dated:] = reversed(updates[dated:])
    yield from sorted(updates, key=lambda update: update.versions[0].published.instant)


def _key(entry: Entry) -> str:
    """Return the permanent key of an entry: its id, else its page, else a hash of its content."""
    if entry.id or entry.links:
        return entry.id or entry.links[0]
    content = f"{entry.dated}\n{entry.title or entry.text}"
    return blake2b(content.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _one_per_instant(entries: Iterable[Entry]) -> list[Entry]:
    """Return the versions of an entry, oldest first: one per ``updated`` (RFC 4287 §4.1.1)."""
    by_instant: dict[datetime, Entry] = {}
    for entry in entries:
        by_instant.setdefault(entry.updated or datetime.min.replace(tzinfo=UTC), entry)
    return [entry for _, entry in sorted(by_instant.items(), key=lambda pair: pair[0])]


def _date_of(entry: Entry, reading: Reading) -> Moment | None:
    """Return the moment of an entry: a whole day where it has a date without a time."""
    if entry.day:
        return moment_of(entry.day, reading.zone)
    instant = entry.published or entry.updated
    if instant:
        return Moment(instant, written_time=entry.written_time)
    return None if entry.dated else reading.undated


def _has_date(entry: Entry) -> bool:
    return bool(entry.day or entry.published or entry.updated)


def _why_refused(
    entry: Entry, published: Moment | None, where_entry: str, now: datetime
) -> Problem | None:
    """Return why an entry cannot be imported, or None."""
    if published is None:
        date = entry.dated[:60]
        what = f"its date cannot be read ('{date}')" if date else "it has no date"
        hint = "Say which date such updates are to have, as in --undated '2012-07-15 18:04'."
        hint = "Correct it in a copy of the feed, and import that." if date else hint
        return Problem(where_entry, f"{what}; it is not imported", hint)
    if published.instant > now:
        what = f"its date lies in the future ({published.instant:%Y-%m-%d}); it is not imported"
        return FutureUpdate(where_entry, what, "Import it again once that date has come.")
    if not (entry.title or entry.text.strip() or entry.attachments):
        return Problem(where_entry, "it is empty; it is not imported")
    return None


# -- one entry -------------------------------------------------------------------------------------


def _version(entry: Entry, published: Moment, document: Document, client: Client) -> Version:
    shown: dict[str, Image] = {}

    def take(image: Image) -> bool:
        # A film would be fetched again at each reading that fails: it stays a link.
        if is_film(image.url) or (image.url not in shown and len(shown) >= limits.LIST):
            return False
        shown.setdefault(image.url, image)
        return True

    changes = (published.instant, None if entry.day else entry.published, entry.updated)
    source = entry.text if entry.kind == "html" else _paragraphs(entry.text)
    body = to_markdown(source, base=entry.base, take=take)
    links = []
    for file in _distinct_files(entry.attachments):
        name = file.title or unquote(urlsplit(file.url).path.rpartition("/")[2]) or file.url
        is_picture = file.type.startswith("image/") and "svg" not in file.type
        if _without_query(file.url) in map(_without_query, shown) or file.url in body:
            continue
        if not (is_picture and take(Image(file.url, file.title))):
            href = html.escape(file.url)
            links.append(to_markdown(f"<a href='{href}'>{html.escape(name)}</a>"))
    body = "\n\n".join(filter(None, [body, "\n".join(f"- {link}" for link in links)]))
    return Version(
        published=published,
        updated=max(filter(None, changes)),
        title="" if _is_echo(entry.title, source) else entry.title,
        body=body,
        author=", ".join(entry.authors or document.authors),
        tags=tuple(tag for tag in entry.tags if topic_slug(tag)),
        sources=tuple(_sources(entry, document)),
        pictures=tuple(_picture(image, client) for image in shown.values()),
        lang=language_or_empty(entry.lang or document.lang),
    )


def _is_echo(title: str, source: str) -> bool:
    """Whether a title repeats the text or its beginning, because the format requires a title."""
    text, title = ("".join(part.split()) for part in (html_to_text(sanitize(source)), title))
    beginning = re.sub(r"(…|\.\.\.)\Z", "", title)
    return bool(title) and (title == text or (beginning != title and text.startswith(beginning)))


def _paragraphs(text: str) -> str:
    """Return plain text as HTML; empty lines separate paragraphs."""
    return "".join(f"<p>{html.escape(part)}</p>" for part in re.split(r"\n\s*\n", text))


def _sources(entry: Entry, document: Document) -> Iterator[Source]:
    """Yield the entry's own page and the page it refers to."""
    for number, url in enumerate(entry.links):
        name = "" if number else entry.origin or document.title
        yield Source(name or urlsplit(url).netloc, url)


def _picture(image: Image, client: Client) -> Picture:
    """Return a picture of an update; it is fetched when the update is imported."""
    name = unquote(urlsplit(image.url).path.rpartition("/")[2]) or image.url
    alt = image.alt or image.caption
    read = partial(fetch_picture, client, image.url)
    return Picture(name, read, alt, image.caption, image.url)


def _distinct_files(files: Iterable[Attachment]) -> list[Attachment]:
    """Return each file once, a picture with several sizes in the largest."""
    largest: dict[str, Attachment] = {}
    for file in files:
        key = _without_query(file.url) if file.type.startswith("image/") else file.url
        if key not in largest or file.width > largest[key].width:
            largest[key] = file
    return list(largest.values())


def _without_query(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"
