"""Exports a digest as an EPUB 3 book (https://www.w3.org/TR/epub-33/), day by day.

A title page with the introduction comes first; the figures and the close come last. A file that
readers do not see holds what the book shows as records, for :mod:`liveblog.imports.epub`. An EPUB
is a zip file of XHTML; the templates of its files are in ``theme/templates/book``. It is written
with the standard library, because the libraries for EPUB are unmaintained or have a copyleft
licence.
The same digest gives the same bytes.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from lxml import etree
from lxml import html as lxml_html
from markupsafe import Markup
from msgspec import structs

from ..config import Config
from ..digest import Digest, authors, day_headline, headline, title
from ..digest.build import build_from_days
from ..digest.selection import overview_of
from ..images import as_png
from ..journal import Fault
from ..model import addresses, period
from ..model.entry import Media
from ..model.errors import storage_errors
from ..pages.documents import book_day
from ..pages.render import Pages
from ..storage.atomic import write_output
from ..storage.inside import read_inside
from ..storage.paths import Paths
from ..text.fragments import ROOT, with_root
from ..text.locale import Words
from ..timeline import Day
from .jsonl import PictureLine, snapshot

CORE_TYPES = ("image/jpeg", "image/png", "image/gif")
"""Types that every reading system shows (EPUB 3.2 §2.2); other pictures are converted to PNG."""

RECORDS = "EPUB/records.jsonl"
"""The file of a book from which :mod:`liveblog.imports.epub` reads its entries and texts."""

_COPY_BYTES = 1 << 20
"""Bytes that are copied at once."""

_XHTML_ATTRIBUTES = frozenset(
    ("alt", "class", "colspan", "datetime", "dir", "height", "href", "id", "lang", "reversed",
     "rowspan", "scope", "src", "start", "title", "value", "width")
)  # fmt: skip
"""Attributes of our pages that XHTML allows."""


def write(digest: Digest, config: Config, paths: Paths, target: Path) -> list[Fault]:
    """Write a digest as the book *target*, completely or not at all; return the missing pictures.

    Raises :class:`StorageError`.
    """
    is_coverage = digest.period.id == period.COVERAGE
    words = Words(config.language, config.zone)
    name = headline(digest, words) if is_coverage else title(digest, words)
    pages = Pages(config, templates=paths.templates)
    book = _Book(digest, name, pages, paths.media)
    with storage_errors("write", target), tempfile.TemporaryFile() as file:
        book.write(file)
        file.seek(0)
        write_output(target, iter(partial(file.read, _COPY_BYTES), b""))
    return book.faults


@dataclass(frozen=True)
class _Document:
    """A document of a book, in reading order."""

    name: str  #: of its file, without ``.xhtml``
    title: str  #: in the table of contents
    body: str  #: HTML


@dataclass
class _Book:
    """A book while it is written."""

    digest: Digest
    title: str
    pages: Pages
    media: Path
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._modified = (self.digest.changed or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC)
        self._days = [day for day in self.digest.days if day.entries or day.framing]
        self._pictures: dict[str, str] = {}  # path in media/: name in the book

    def write(self, file: IO[bytes]) -> None:
        """Write the zip file."""
        with zipfile.ZipFile(file, "w") as book:
            # First and uncompressed, so that the type can be detected (OCF 3.2 §4.3).
            self._put(book, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
            self._put(book, "META-INF/container.xml", self._render("container.xml"))
            self._put(book, "EPUB/style.css", self._render("style.css"))
            converted: list[PictureLine] = []
            for picture in self._find_pictures():
                data = self._picture_data(picture)
                if data is not None:
                    if picture.type not in CORE_TYPES:
                        converted.append(PictureLine(picture.path, self._stored(picture)))
                    kind = picture.type if picture.type in CORE_TYPES else "image/png"
                    name = f"picture-{len(self._pictures) + 1}.{kind.partition('/')[2]}"
                    self._pictures[picture.path] = name
                    self._put(book, f"EPUB/{name}", data, zipfile.ZIP_STORED)
            lines = snapshot(self.digest, self.pages.config, converted)
            self._put(book, RECORDS, b"".join(lines))
            documents = self._documents()
            for document in documents:
                self._put(book, f"EPUB/{document.name}.xhtml", self._page(document))
            self._put(book, "EPUB/nav.xhtml", self._render("nav.xhtml", documents))
            self._put(book, "EPUB/package.opf", self._render("package.opf", documents))

    def _render(self, name: str, documents: Sequence[_Document] = ()) -> bytes:
        """Render a file of the book, which lists its *documents*, from its template."""
        return self.pages.book_file(
            name,
            title=self.title,
            documents=documents,
            modified=self._modified,
            period=self.digest.period,
            pictures=self._pictures.values(),
            **self._metadata(),
        ).encode()

    def _metadata(self) -> dict[str, object]:
        """Return what the package says of the book: id, date, description, authors and cover."""
        digest, pages = self.digest, self.pages
        config, chapter = pages.config, digest.chapter
        if chapter is None:
            names = (config.author, *(entry.now.author for entry in digest.entries))
            return {
                "identifier": addresses.digest_urn(config.id, digest.period),
                "date": digest.period.end,
                "description": config.description,
                "creators": dict.fromkeys(filter(None, names)),
                "cover": "",
            }
        return {
            "identifier": addresses.chapter_urn(config.id, chapter.slug),
            "date": period.local_day(chapter.published, config.zone),
            "description": pages.digest_summary(digest),
            "creators": authors(digest),
            "cover": self._pictures.get(chapter.picture.path) if chapter.picture else "",
        }

    def _put(
        self, book: zipfile.ZipFile, name: str, data: bytes, compression: int = zipfile.ZIP_DEFLATED
    ) -> None:
        # Zip files have no earlier dates.
        modified = max(self._modified, datetime(1980, 1, 1, tzinfo=UTC))
        entry = zipfile.ZipInfo(name, modified.timetuple()[:6])
        entry.external_attr = 0o644 << 16
        entry.compress_type = compression
        book.writestr(entry, data)

    # -- pictures -----------------------------------------------------------------------------

    def _find_pictures(self) -> Iterable[Media]:
        return {media.path: media for media in self.digest.pictures}.values()

    def _stored(self, picture: Media) -> bytes:
        """Return the bytes of a picture; none if it is gone."""
        return read_inside(self.media, picture.path) or b""

    def _picture_data(self, picture: Media) -> bytes | None:
        data = self._stored(picture)
        problem = "the picture is gone"
        if data:
            try:
                return data if picture.type in CORE_TYPES else as_png(data)
            except Exception:  # Pillow raises exceptions of many types
                problem = "the picture is damaged"
        hint = "Restore the file from a backup, or edit the entry."
        self.faults.append(Fault(f"entries/media/{picture.path}", problem, hint))
        return None

    # -- documents ----------------------------------------------------------------------------

    def _documents(self) -> list[_Document]:
        """Return the documents in reading order."""
        digest, pages = self.digest, self.pages
        words = pages.words
        front = pages.book_file(
            "title.html", title=self.title, digest=digest, authors=authors(digest), pages=pages
        )
        documents = [_Document("title", self.title, front), *map(self._day, self._days)]
        # A book of one day has its texts in the document of the day.
        if digest.chapter or digest.period.kind != "day":
            if digest.series:
                figures = pages.book_file("figures.html", digest=digest)
                documents.append(_Document("figures", words.say("Figures"), figures))
            if digest.close:
                close = pages.book_file("close.html", digest=digest)
                documents.append(_Document("close", words.say("Close"), close))
        return documents

    def _day(self, day: Day) -> _Document:
        """Return a day as a document of the book."""
        name = self.pages.words.day(day.date, year=True)
        headline = day_headline(day, self.pages.words)
        digest = build_from_days(period.day(day.date), [day], day.framing)
        digest = structs.replace(
            digest, overview=overview_of(self.digest, day), brief=self.digest.brief
        )
        title = f"{name} – {headline}" if headline else name
        return _Document(day.date.isoformat(), title, book_day(self.pages, digest))

    def _page(self, document: _Document) -> bytes:
        """Return a document as XHTML."""
        body = Markup(_as_xhtml(self._with_local_links(document.body)))
        return self.pages.book_file("page.xhtml", title=document.title, body=body).encode()

    def _with_local_links(self, fragment: str) -> str:
        """Link pictures to the files in the book, and everything else to the site."""
        for path, name in self._pictures.items():
            address = addresses.url(ROOT, addresses.media_path(path))
            fragment = fragment.replace(f'src="{address}"', f'src="{name}"')
        missing = rf'<img src="{re.escape(ROOT)}[^>]*alt="([^"]*)"[^>]*>'
        fragment = re.sub(missing, r"<p>[\1]</p>", fragment)
        return with_root(fragment, self.pages.config.url)


def _as_xhtml(fragment: str) -> str:
    """Return HTML as XHTML, without attributes that XHTML does not allow."""
    tree = lxml_html.fragment_fromstring(fragment, create_parent="div")
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        if element.get("align") in ("right", "center"):
            element.set("class", element.get("align"))
        for name in set(element.attrib) - _XHTML_ATTRIBUTES:
            del element.attrib[name]
        if lang := element.get("lang"):
            element.set("{http://www.w3.org/XML/1998/namespace}lang", lang)
    return etree.tostring(tree, method="xml", encoding="unicode")
