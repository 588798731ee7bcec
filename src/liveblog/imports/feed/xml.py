"""Reads Atom and RSS 0.9 to 2.0 with feedparser, from XML that :mod:`.well_formed` prepared."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from typing import Any

import feedparser
from lxml import etree
from lxml import html as lxml_html

from ...model.errors import InvalidInput
from ...text.fragments import html_to_text
from ...text.sanitizer import sanitize
from .. import Problem
from .document import Attachment, Document, Entry, instant_in_range, one_line, web_address
from .well_formed import ROOT, decode, enforce_limits, parse, remove_tombstones

_PROLOG = re.compile(
    r"(?:[\s\ufeff]|<\?.*?\?>|<!--.*?-->|<!DOCTYPE\b[^\[>]*(?:\[.*?\]\s*)?>)*", re.DOTALL | re.I
)


_DATE_ALONE = re.compile(
    r"\d{4}-\d\d-\d\d|(?:[A-Za-z]{3,9}\.?, ?)?\d{1,2}[ -][A-Za-z]{3,9}\.?[ -]\d{2,4}"
)
"""A date without a time, in ISO 8601 or as in RFC 822."""


def read(content: bytes, where: str, url: str, content_type: str = "") -> Document:
    """Return the contents of an XML feed; relative addresses are resolved against *url*.

    *where* names the feed in reports. Raises :class:`InvalidInput` if it is not a feed.
    """
    document, problems = decode(content, where, content_type)
    prolog = _PROLOG.match(document)
    text = document[prolog.end() if prolog else 0 :].rstrip()
    root = ROOT.match(text)
    if not root or root[2].lower() not in ("rss", "feed", "rdf", "channel"):
        raise _not_a_feed(document, where, url)
    is_cut = f"</{root[1]}" not in text[-1000:]
    tree, fault = parse(text)
    if is_cut:
        what = "the feed breaks off; its last update is left out, for it may be incomplete"
        problems.append(Problem(where, what, "Fetch it again."))
    elif fault:
        what = f"the feed is not well-formed XML ({fault}); something may be missing"
        problems.append(Problem(where, what, "Compare what was imported with the source."))
    data = b""
    if tree is not None:
        remove_tombstones(tree, where, problems)
        enforce_limits(tree)
        data = etree.tostring(tree, encoding="utf-8")
    result = _run_feedparser(data, where)
    feed = result["feed"]
    entries = result["entries"][: -1 if is_cut else None]
    is_atom = str(result.get("version", "")).startswith("atom")
    return Document(
        title=_title(feed),
        lang=one_line(feed.get("language")),
        authors=_authors(feed) if is_atom else (),  # in RSS it is the editor of the feed
        entries=tuple(_read_entry(entry, url) for entry in entries),
        older=_find_older(feed, url),
        problems=tuple(problems),
    )


def _run_feedparser(data: bytes, where: str) -> dict[str, Any]:
    try:
        result = feedparser.parse(
            io.BytesIO(data),  # bytes could be a file name to feedparser
            response_headers={"content-type": "application/xml; charset=utf-8"},
            resolve_relative_uris=False,
            sanitize_html=False,  # the conversion to Markdown does
        )
    except Exception as error:  # feedparser lets ValueError, IndexError… through
        raise InvalidInput(
            f"{where} cannot be read as a feed: {error!r}.", "Check it with a feed validator."
        ) from None
    return {**result}


def _not_a_feed(text: str, where: str, url: str) -> InvalidInput:
    """Return the error for a document that is not a feed; a web page may name its feed."""
    if not re.search(r"<(?:!doctype\s+)?html\b", text[:2000], re.IGNORECASE):
        return InvalidInput(f"{where} is not a feed.", "Give an Atom, RSS or JSON Feed.")
    try:
        page = lxml_html.document_fromstring(text[:1_000_000])
    except etree.LxmlError:
        page = lxml_html.Element("html")
    for link in page.iter("link"):
        kind = link.get("type", "")
        if "alternate" in link.get("rel", "").lower() and kind.endswith(("+xml", "feed+json")):
            address = web_address(url, link.get("href"))
            if address:
                return InvalidInput(
                    f"{where} is a web page, not a feed.", f"Its feed is at {address}: give that."
                )
    return InvalidInput(f"{where} is a web page, not a feed.", "Give the address of its feed.")


# -- results of feedparser -------------------------------------------------------------------------


def _read_entry(entry: dict[str, Any], url: str) -> Entry:
    text, kind, base, lang = _text(entry)
    links = [link for link in entry.get("links", ()) if isinstance(link, dict)]
    own = [link for link in links if link.get("rel") == "alternate"]
    # feedparser takes a guid for an address.
    addresses = [web_address(url, link.get("href")) for link in own] or [
        web_address("", entry.get("link"))
    ]
    # dict.get: feedparser's own look-up returns one date in place of another.
    dates = [dict.get(entry, name) for name in ("published_parsed", "updated_parsed")]
    dates[0] = dates[0] or dict.get(entry, "created_parsed")
    dated = [one_line(dict.get(entry, name)) for name in ("published", "updated", "created")]
    detail = entry.get("title_detail") or {}
    source = entry.get("source") or {}
    published, updated = _instant(dates[0], dated[0] or dated[2]), _instant(dates[1], dated[1])
    own_date = published or updated
    written = (dated[0] or dated[2]) if published else dated[1]
    return Entry(
        id=one_line(dict.get(entry, "id")),
        links=tuple(filter(None, addresses[:1])),
        title=_title(entry),
        text=text,
        kind=kind,
        base=web_address(url, base) or url,
        authors=_authors(entry) or _authors(source),
        tags=tuple(
            filter(None, (one_line(t.get("label") or t.get("term")) for t in entry.get("tags", ())))
        ),
        dated=next(filter(None, dated), ""),
        published=published,
        day=own_date.date() if own_date and _DATE_ALONE.fullmatch(written) else None,
        updated=updated,
        lang=one_line(entry.get("language") or lang or detail.get("language")),
        attachments=tuple(_attachments(entry, links, url)),
        origin=_title(source),
    )


def _title(holder: dict[str, Any]) -> str:
    detail = holder.get("title_detail") or {}
    text = holder.get("title") or ""
    return one_line(text if detail.get("type") == "text/plain" else html_to_text(sanitize(text)))


def _text(entry: dict[str, Any]) -> tuple[str, Any, str, str]:
    """Return the longest text with its kind, base and language; the summary if there is none."""
    result = [
        part
        for part in entry.get("content", ())
        if part.get("value") and part.get("type", "").startswith(("text/", "application/xhtml"))
    ]
    if result:
        part = max(result, key=lambda part: len(part["value"]))
    else:
        part = {**(entry.get("summary_detail") or {}), "value": entry.get("summary") or ""}
    kind = "plain" if part.get("type") == "text/plain" else "html"
    return part["value"], kind, part.get("base") or "", part.get("language") or ""


def _authors(holder: dict[str, Any]) -> tuple[str, ...]:
    names = [one_line(author.get("name")) for author in holder.get("authors", ())]
    if not any(names):
        # Never an e-mail address alone: it is not meant for publication.
        names = [one_line((holder.get("author_detail") or {}).get("name"))]
    return tuple(dict.fromkeys(name for name in names if name and "@" not in name))


def _attachments(entry: dict[str, Any], links: list[dict[str, Any]], url: str) -> list[Attachment]:
    result = [
        Attachment(address, one_line(link.get("type")).lower(), one_line(link.get("title")))
        for link in links
        if link.get("rel") == "enclosure" and (address := web_address(url, link.get("href")))
    ]
    for media in entry.get("media_content", ()):
        kind = one_line(media.get("type")).lower()
        if not kind and media.get("medium") == "image":
            kind = "image/*"
        width = one_line(media.get("width"))
        if address := web_address(url, media.get("url")):
            pixels = int(width) if width.isdecimal() and len(width) < 6 else 0
            result.append(Attachment(address, kind, "", pixels))
    return result


def _find_older(feed: dict[str, Any], url: str) -> str:
    """Return the address of the older document: an archive (RFC 5005 §4), else a page (§3)."""
    for wanted in ("prev-archive", "next"):
        for link in feed.get("links", ()):
            if link.get("rel") == wanted and (address := web_address(url, link.get("href"))):
                return address
    return ""


def _instant(parsed: Any, written: str) -> datetime | None:
    """Return the instant of feedparser's nine numbers in UTC."""
    try:
        if re.match(r"\d{4}-\d\d-\d\d", written):
            date.fromisoformat(written[:10])  # feedparser reads month 13 as January
        year, month, day, hour, minute, second = parsed[:6]
        return instant_in_range(datetime(year, month, day, hour, minute, second, tzinfo=UTC))
    except (ValueError, OverflowError, TypeError):
        return None
