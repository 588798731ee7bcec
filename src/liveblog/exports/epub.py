"""Exports a digest as an EPUB 3 book (https://www.w3.org/TR/epub-33/), with a chapter for each day.

An EPUB is a zip file of XHTML. It is written with the standard library, because the libraries for
EPUB are unmaintained or have a copyleft licence. The same digest gives the same bytes.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from xml.sax import saxutils
from xml.sax.saxutils import quoteattr

from lxml import etree
from lxml import html as lxml_html

from ..config import Config
from ..digest import Digest, headline_of, title
from ..digest.build import build_from_days
from ..journal import Fault
from ..media import as_png
from ..model import addresses, period
from ..model.entry import Media
from ..model.errors import storage_errors
from ..pages.render import Pages
from ..storage.atomic import write_output
from ..storage.inside import read_inside
from ..storage.paths import Paths
from ..text.bidi import close_controls
from ..text.fragments import ROOT, with_root
from ..text.locale import Words
from ..timeline import Day

CORE_TYPES = ("image/jpeg", "image/png", "image/gif")
"""Types that every reading system shows (EPUB 3.2 §2.2); other pictures are converted to PNG."""

_COPY_BYTES = 1 << 20
"""Bytes that are copied at once."""

_XHTML_ATTRIBUTES = frozenset(
    ("alt", "class", "colspan", "datetime", "dir", "height", "href", "id", "lang", "reversed",
     "rowspan", "scope", "src", "start", "title", "value", "width")
)  # fmt: skip
"""Attributes of our pages that XHTML allows."""

_STYLE = """\
body { line-height: 1.5; }
h1 { font-size: 1.5em; line-height: 1.25; }
h1 .headline { font-weight: normal; }
h2 { font-size: 1.1em; margin: 1.6em 0 0.4em; }
h2 a { color: inherit; text-decoration: none; font-variant-numeric: tabular-nums; }
img { max-width: 100%; height: auto; }
figure { margin: 1em 0; }
figcaption, .sources, .author, .correction { font-size: 0.85em; }
blockquote { margin: 1em; padding-inline-start: 1em; border-inline-start: 2px solid; }
table { border-collapse: collapse; }
th, td { padding: 0.2em 0.6em; border-bottom: 1px solid; text-align: start; }
.right { text-align: right; }
.center { text-align: center; }
"""


def write(digest: Digest, config: Config, paths: Paths, target: Path) -> list[Fault]:
    """Write a digest as the book *target*, completely or not at all; return the missing pictures.

    Raises :class:`StorageError`.
    """
    is_coverage = digest.period.id == period.COVERAGE
    words = Words(config.language, config.zone)
    name = digest.headline if is_coverage else title(digest, words)
    pages = Pages(config, templates=paths.templates)
    book = _Book(digest, name, config, pages, paths.media)
    with storage_errors("write", target), tempfile.TemporaryFile() as file:
        book.write(file)
        file.seek(0)
        write_output(target, iter(partial(file.read, _COPY_BYTES), b""))
    return book.faults


class _Book:
    def __init__(
        self, digest: Digest, title: str, config: Config, pages: Pages, media: Path
    ) -> None:
        self._digest = digest
        self._title = title
        self._config = config
        self._pages = pages
        self._media = media
        self._modified = (digest.changed or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC)
        self._pictures: dict[str, str] = {}  # path in media/: name in the book
        self.faults: list[Fault] = []

    def write(self, file: object) -> None:
        with zipfile.ZipFile(file, "w") as book:  # type: ignore[call-overload]
            # First and uncompressed, so that the type can be detected (OCF 3.2 §4.3).
            self._put(book, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
            self._put(book, "META-INF/container.xml", _CONTAINER.encode())
            self._put(book, "EPUB/style.css", _STYLE.encode())
            names = count(1)
            for picture in self._find_pictures():
                data = self._picture_data(picture)
                if data is not None:
                    kind = picture.type if picture.type in CORE_TYPES else "image/png"
                    name = f"picture-{next(names)}.{kind.partition('/')[2]}"
                    self._pictures[picture.path] = name
                    self._put(book, f"EPUB/{name}", data, zipfile.ZIP_STORED)
            for day in self._days:
                chapter = self._chapter(day)
                self._put(book, f"EPUB/{_name(day)}", chapter.encode())
            for name, text in (
                ("title.xhtml", self._front()),
                ("nav.xhtml", self._nav()),
                ("package.opf", self._package()),
            ):
                self._put(book, f"EPUB/{name}", text.encode())

    @property
    def _days(self) -> list[Day]:
        return [day for day in self._digest.days if day.entries or day.framing]

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
        found: dict[str, Media] = {}
        for entry in self._digest.entries:
            for media in entry.now.media if entry.now.state == "live" else ():
                found.setdefault(media.path, media)
        return found.values()

    def _picture_data(self, picture: Media) -> bytes | None:
        data = read_inside(self._media, picture.path)
        problem = "the picture is gone"
        if data is not None:
            try:
                return data if picture.type in CORE_TYPES else as_png(data)
            except Exception:  # Pillow raises exceptions of many types
                problem = "the picture is damaged"
        hint = "Restore the file from a backup, or edit the entry."
        self.faults.append(Fault(f"entries/media/{picture.path}", problem, hint))
        return None

    # -- documents ----------------------------------------------------------------------------

    def _chapter(self, day: Day) -> str:
        digest = build_from_days(period.day(day.date), [day], day.framing)
        title = self._pages.words.day(day.date, year=True)
        return self._document(title, self._pages.chapter(digest))

    def _front(self) -> str:
        digest = self._digest
        words = self._pages.words
        name = escape(self._title)
        parts = [f"<h1>{escape(words.typography(self._config.title))}</h1>"]
        if self._title != self._config.title:
            parts.append(f"<p><strong>{name}</strong></p>")
        # In a book of one day they are in its only chapter.
        if digest.period.kind != "day":
            parts += [self._pages.markdown(digest.introduction), self._pages.markdown(digest.close)]
        address = self._config.url
        if self._config.author:
            parts.append(f"<p>{escape(self._config.author)}</p>")
        parts.append(f"<p><a href={quoteattr(address)}>{escape(address)}</a></p>")
        return self._document(self._title, "".join(parts))

    def _nav(self) -> str:
        items = []
        for day in self._days:
            text = self._pages.words.day(day.date, year=True)
            if headline := headline_of(day):
                text = f"{text} – {close_controls(headline)}"
            items.append(f'<li><a href="{_name(day)}">{escape(text)}</a></li>')
        heading = escape(self._pages.words.say("Day by day"))
        listed = f'<li><a href="title.xhtml">{escape(self._title)}</a></li>' + "".join(items)
        return self._xhtml_page(
            self._title,
            f'<nav epub:type="toc" id="toc"><h1>{heading}</h1><ol>{listed}</ol></nav>',
        )

    def _document(self, title: str, fragment: str) -> str:
        """Return a fragment of our pages as an XHTML document."""
        return self._xhtml_page(title, _as_xhtml(self._with_local_links(fragment)))

    def _with_local_links(self, fragment: str) -> str:
        """Link pictures to the files in the book, and everything else to the site."""
        text = str(fragment)
        for path, name in self._pictures.items():
            text = text.replace(
                f'src="{addresses.url(ROOT, addresses.media_path(path))}"', f'src="{name}"'
            )
        text = re.sub(rf'<img src="{re.escape(ROOT)}[^>]*alt="([^"]*)"[^>]*>', r"<p>[\1]</p>", text)
        return with_root(text, self._config.url)

    def _xhtml_page(self, title: str, body: str) -> str:
        language = quoteattr(self._config.language)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
            '<html xmlns="http://www.w3.org/1999/xhtml" '
            f'xmlns:epub="http://www.idpf.org/2007/ops" lang={language} xml:lang={language} '
            f'dir="{self._pages.words.direction}">\n'
            f"<head><title>{escape(title)}</title>"
            '<link rel="stylesheet" type="text/css" href="style.css"/></head>\n'
            f"<body>\n{body}\n</body>\n</html>\n"
        )

    def _package(self) -> str:
        config = self._config
        creators = dict.fromkeys(
            name
            for name in (config.author, *(entry.now.author for entry in self._digest.entries))
            if name
        )
        has_pictures = bool(self._pictures)
        meta = [
            f'<dc:identifier id="id">{escape(self._identifier)}</dc:identifier>',
            f"<dc:title>{escape(self._title)}</dc:title>",
            f"<dc:language>{escape(config.language)}</dc:language>",
            *(f"<dc:creator>{escape(name)}</dc:creator>" for name in creators),
            f"<dc:publisher>{escape(config.title)}</dc:publisher>",
            f"<dc:source>{escape(config.url)}</dc:source>",
            f"<dc:date>{self._digest.period.end.isoformat()}</dc:date>",
            f'<meta property="dcterms:modified">{self._modified:%Y-%m-%dT%H:%M:%SZ}</meta>',
            *_properties(has_pictures),
        ]
        if config.description:
            meta.append(f"<dc:description>{escape(config.description)}</dc:description>")
        chapters = [_name(day) for day in self._days]
        items = [
            '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
            '<item id="title" href="title.xhtml" media-type="application/xhtml+xml"/>',
            '<item id="style" href="style.css" media-type="text/css"/>',
        ]
        items += [
            f'<item id="d-{name[:-6]}" href="{name}" media-type="application/xhtml+xml"/>'
            for name in chapters
        ]
        items += [
            f'<item id="{name.partition(".")[0]}" href="{name}" '
            f'media-type="image/{name.rpartition(".")[2]}"/>'
            for name in self._pictures.values()
        ]
        spine = '<itemref idref="title"/>' + "".join(
            f'<itemref idref="d-{name[:-6]}"/>' for name in chapters
        )
        language = quoteattr(config.language)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" '
            f"xml:lang={language}>\n"
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
            + "\n".join(meta)
            + "\n</metadata>\n<manifest>\n"
            + "\n".join(items)
            + "\n</manifest>\n"
            f'<spine page-progression-direction="{self._pages.words.direction}">{spine}</spine>\n'
            "</package>\n"
        )

    @property
    def _identifier(self) -> str:
        return addresses.digest_urn(self._config.id, self._digest.period)


def escape(text: str) -> str:
    """Escape plain text for XML, and close its directional controls."""
    return saxutils.escape(close_controls(text))


def _properties(has_pictures: bool) -> Iterator[str]:
    """Yield the accessibility metadata (EPUB Accessibility 1.1 §2)."""
    modes = ("textual", "visual") if has_pictures else ("textual",)
    features = ["structuralNavigation", "tableOfContents", "readingOrder"]
    if has_pictures:
        features.append("alternativeText")
    for name, values in (
        ("accessMode", modes),
        ("accessModeSufficient", ("textual",)),
        ("accessibilityFeature", features),
        ("accessibilityHazard", ("unknown" if has_pictures else "none",)),
    ):
        for value in values:
            yield f'<meta property="schema:{name}">{value}</meta>'


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


def _name(day: Day) -> str:
    return f"{day.date.isoformat()}.xhtml"


_CONTAINER = """\
<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""
