"""Feeds read as updates: Atom, RSS 0.9x, 1.0 and 2.0, JSON Feed, at an address or in a file.

The newest document comes first, then the older ones that it leads to (RFC 5005 archives and pages,
``next_url``). One document at a time is held, at most :data:`LARGEST` bytes of it. Whatever a feed
says is hostile: its texts become Markdown, its addresses are asked by a client that reaches public
servers only.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from ...http_client import LARGEST, Answer, Client
from ...model import limits
from ...model.entry import Source, clean_language, slug
from ...model.errors import InvalidInput, LiveblogError, Unreachable
from ...text.fragments import html_to_text
from ...text.sanitizer import sanitize
from .. import Item, Picture, Problem, Update, Version
from ..html import Image, to_markdown
from . import json, xml
from .entry import Attachment, Document, Entry

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
PAGES = 1000
"""How many documents of one feed are read: one that never ends is ended."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class Early(Problem):
    """An update whose date has not come: it can be imported later."""


@dataclass(frozen=True)
class Reading:
    """How a feed is read."""

    client: Client  #: fetches documents, and pictures when they are imported
    now: datetime  #: aware
    undated: datetime | None = None  #: aware; the date of what has none, which is else left out
    since: datetime | None = None  #: aware; documents older than one that reaches it are known
    pages: int = PAGES


def read(source: str, reading: Reading) -> Iterator[Item]:
    """Read a feed at an address (``https://…``) or in a file, and its older documents.

    Those of a file are not asked for, but named. Raises :class:`InvalidInput` if
    it is no feed, :class:`Unreachable` if there is none.
    """
    if is_address(source):
        return from_answer(fetched(source, reading.client), reading)
    data = _file(Path(source))
    return _updates(_document(data, source, "", ""), source, reading)


def is_address(source: str) -> bool:
    """Whether what somebody names is an address, and not a file."""
    return bool(re.match("https?://", source, re.IGNORECASE))


def from_answer(answer: Answer, reading: Reading) -> Iterator[Item]:
    """Read a feed from what a server said, and its older documents; see :func:`read`."""
    return _updates(_of_answer(answer), answer.url, reading)


def _of_answer(answer: Answer) -> Document:
    kind = answer.headers.get("content-type", "")
    return _document(answer.body, answer.url, answer.url, kind)


def fetched(url: str, client: Client) -> Answer:
    """Fetch a document of a feed. Raises :class:`Unreachable`."""
    answer = client.get(url, {"accept": ACCEPT})
    if answer.status != 200:
        raise Unreachable(f"{url} answers {answer.status}.", "Open the address in a browser.")
    return answer


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(f"Cannot read {path}: {reason}.", "Check its path.") from None
    if len(data) > LARGEST:
        raise InvalidInput(
            f"{path} has more than {LARGEST:,} bytes, the most that is read of a feed.",
            "Split it into several files.",
        )
    return data


def _document(data: bytes, where: str, url: str, content_type: str) -> Document:
    if not data.strip():
        raise InvalidInput(f"{where} is empty.", "Give an Atom, RSS or JSON Feed.")
    # What it is decides, not what is said of it.
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return json.read(data.removeprefix(b"\xef\xbb\xbf"), where, url)
    return xml.read(data, where, url, content_type)


# -- documents -------------------------------------------------------------------------------------


def _updates(document: Document, where: str, reading: Reading) -> Iterator[Item]:
    """Yield what the documents hold; one entry that stands in several is told by the newest."""
    seen: set[bytes] = set()
    asked = {where}
    is_file = not where.startswith(("http:", "https:"))
    while True:
        yield from document.problems
        if not document.entries:
            yield Problem(where, "the feed holds no updates")
        yield from _of_document(document, where, reading, seen)
        older = document.older
        if not older or (reading.since and _reaches(document, reading.since)):
            return
        hint = "Import that address by itself if you need them."
        if is_file:
            yield Problem(where, f"older updates are not in this file, but at {older}", hint)
            return
        if older in asked:
            yield Problem(where, f"its older documents lead in a circle, to {older}")
            return
        if len(asked) >= reading.pages:
            what = f"{len(asked)} documents were read; older updates are left out, from {older} on"
            yield Problem(where, what, hint)
            return
        asked.add(older)
        try:
            answer = fetched(older, reading.client)
            if answer.url != older and answer.url in asked:
                yield Problem(where, f"its older documents lead in a circle, to {answer.url}")
                return
            document, where = _of_answer(answer), older
        except LiveblogError as error:
            yield Problem(older, f"older updates are left out: {error.message}", error.hint)
            return


def _reaches(document: Document, since: datetime) -> bool:
    """Whether an entry of a document, or all that it could hold, was there at an instant."""
    dates = (entry.updated or entry.published for entry in document.entries)
    return not document.entries or any(date and date < since for date in dates)


def _of_document(
    document: Document, where: str, reading: Reading, seen: set[bytes]
) -> Iterator[Item]:
    """Yield the updates of a document, oldest first, each with all of its versions there."""
    by_key: dict[str, list[tuple[str, Entry]]] = {}
    for number, entry in enumerate(document.entries, 1):
        place = next(iter(entry.links), "") or f"{where}, item {number}"
        by_key.setdefault(_key(entry), []).append((place, entry))
    found: list[tuple[datetime, Update]] = []
    for key, told in by_key.items():
        mark = blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
        if mark in seen:
            continue
        seen.add(mark)
        versions: list[Version] = []
        place = told[0][0]
        for entry in _in_order(told):
            if refused := _refused(entry, place, reading):
                yield refused
                continue
            version = _version(entry, document, reading)
            if versions:  # whatever its instant is, the update has one
                version = msgspec.structs.replace(version, published=versions[0].published)
            versions.append(version)
        if versions:
            found.append((versions[0].published, Update(key, place, tuple(versions))))
        if len(told) > len(_in_order(told)):
            what = f"several updates there have the same id ('{key[:100]}'); one is imported"
            yield Problem(place, what, "Tell its owner.")
    yield from (update for _, update in sorted(found, key=lambda pair: pair[0]))


def _key(entry: Entry) -> str:
    """Name an entry for ever: its id, else its page, else what it says of itself."""
    if entry.id or entry.links:
        return entry.id or entry.links[0]
    told = f"{entry.dated}\n{entry.title or entry.text}"
    return blake2b(told.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _in_order(told: list[tuple[str, Entry]]) -> list[Entry]:
    """Return the versions of an entry, oldest first: one for each ``updated`` (RFC 4287 §4.1.1)."""
    by_instant: dict[datetime | None, Entry] = {}
    for _, entry in told:
        by_instant.setdefault(entry.updated, entry)
    return [by_instant[when] for when in sorted(by_instant, key=lambda when: when or _NEVER)]


def _refused(entry: Entry, place: str, reading: Reading) -> Problem | None:
    """Return why an entry cannot be an update, if it cannot."""
    published = entry.published or entry.updated or reading.undated
    if published is None:
        date = entry.dated[:60]
        what = f"its date cannot be read ('{date}')" if date else "it has no date"
        hint = "Say which date such updates are to have."
        return Problem(place, f"{what}; it is not imported", hint)
    if published > reading.now:
        what = f"its date lies in the future ({published:%Y-%m-%d}); it is not imported"
        return Early(place, what, "Import it again once that date has come.")
    if not (entry.title or entry.text.strip() or entry.attachments):
        return Problem(place, "it is empty; it is not imported")
    return None


# -- one entry -------------------------------------------------------------------------------------


def _version(entry: Entry, document: Document, reading: Reading) -> Version:
    shown: dict[str, Image] = {}

    def take(image: Image) -> bool:
        if image.url not in shown and len(shown) >= limits.LIST:
            return False
        shown.setdefault(image.url, image)
        return True

    source = entry.text if entry.kind == "html" else _paragraphs(entry.text)
    body = to_markdown(source, base=entry.base, take=take)
    links = []
    for file in _distinct(entry.attachments):
        name = file.title or unquote(urlsplit(file.url).path.rpartition("/")[2]) or file.url
        is_picture = file.type.startswith("image/") and "svg" not in file.type
        if _same(file.url) in map(_same, shown) or file.url in body:
            continue
        if not (is_picture and take(Image(file.url, file.title))):
            href = html.escape(file.url)
            links.append(to_markdown(f"<a href='{href}'>{html.escape(name)}</a>"))
    body = "\n\n".join(filter(None, [body, "\n".join(f"- {link}" for link in links)]))
    published = entry.published or entry.updated or reading.undated or _NEVER
    return Version(
        published=published,
        updated=max(published, entry.updated or published),
        title="" if _is_echo(entry.title, source) else entry.title,
        body=body,
        author=", ".join(entry.authors or document.authors),
        tags=tuple(tag for tag in entry.tags if slug(tag)),
        sources=tuple(_sources(entry, document)),
        pictures=tuple(_picture(image, reading.client) for image in shown.values()),
        lang=_language(entry.lang or document.lang),
    )


def _is_echo(title: str, source: str) -> bool:
    """Whether a title only repeats the text or its beginning, as where a feed has to have one."""
    text, title = ("".join(part.split()) for part in (html_to_text(sanitize(source)), title))
    beginning = re.sub(r"(…|\.\.\.)\Z", "", title)
    return bool(title) and (title == text or (beginning != title and text.startswith(beginning)))


def _paragraphs(text: str) -> str:
    """Return plain text as HTML; an empty line parts paragraphs."""
    return "".join(f"<p>{html.escape(part)}</p>" for part in re.split(r"\n\s*\n", text))


def _sources(entry: Entry, document: Document) -> Iterator[Source]:
    """Name where it comes from: its own page, and what that points to."""
    for number, url in enumerate(entry.links):
        name = "" if number else entry.origin or document.title
        yield Source(name or urlsplit(url).netloc, url)


def _picture(image: Image, client: Client) -> Picture:
    """Offer a picture, with what its source says of it."""
    name = unquote(urlsplit(image.url).path.rpartition("/")[2]) or image.url
    alt = image.alt or image.caption
    return Picture(name, partial(_fetched_picture, image.url, client), alt, image.caption)


def _fetched_picture(url: str, client: Client) -> bytes:
    answer = client.get(url, {"accept": "image/webp, image/png, image/jpeg, image/gif"})
    if answer.status != 200:
        raise Unreachable(f"The picture {url} answers {answer.status}.", "Add it by hand.")
    return answer.body


def _distinct(files: Iterable[Attachment]) -> list[Attachment]:
    """Return each file once: pictures that come in several sizes in the largest."""
    largest: dict[str, Attachment] = {}
    for file in files:
        mark = _same(file.url) if file.type.startswith("image/") else file.url
        if mark not in largest or file.width > largest[mark].width:
            largest[mark] = file
    return list(largest.values())


def _same(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def _language(lang: str) -> str:
    try:
        return clean_language(lang.replace("_", "-"))
    except InvalidInput:
        return ""
