"""The book of a coverage, a week, a day or a chapter: EPUB 3, by its own checker; its contents."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from lxml import html as lxml_html
from PIL import Image as Pillow

from liveblog import Blog
from liveblog.blog import Image
from liveblog.digest import Digest
from liveblog.digest.build import build_chapter
from liveblog.exports import epub
from liveblog.exports.html import render
from liveblog.model.addresses import chapter_urn
from liveblog.model.chapter import ChapterDraft
from liveblog.model.entry import Figure, Source
from liveblog.model.errors import NotFound
from liveblog.model.moment import Moment
from liveblog.text import bidi

from ..conftest import Clock, coverage_digest, needs
from ..site.test_publish import picture

XHTML = "{http://www.w3.org/1999/xhtml}"
JAR = Path("/usr/share/java/epubcheck.jar")


def check(book: Path) -> None:
    """Have epubcheck look at a book: no error, no warning."""
    needs("epubcheck")
    # Debian's program is the archive itself, which not every kernel runs by itself.
    done = subprocess.run(
        [needs("java"), "-jar", str(JAR), "--failonwarnings", str(book)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tell(blog: Blog, clock: Clock, folder: Path) -> list[str]:
    """Post whatever an entry can hold over three days; return each text in its order."""
    png, webp = picture(folder), folder / "map.webp"
    Pillow.new("RGB", (3, 2), "red").save(webp)
    blog.post(
        "Un *fait* & un autre.[^1]\n\n| a | b |\n|:-|-:|\n| 1 | 2 |\n\n1. un\n2. deux\n\n"
        "```\ncode <x>\n```\n\n![loin](https://elsewhere.example/x.png) [page](about/)\n\n"
        "[^1]: Une note.",
        title="Titre & <premier>", key=True, figures=[Figure("Morts", 3, "personnes")],
        images=[Image(png, "Un \"point\"", "Légende"), Image(webp, "Une carte")],
        sources=[Source("OSDH", "https://osdh.example/?a=1&b=2")],
    )  # fmt: skip
    clock.go(hours=2)
    blog.post("Deuxième.", author="Zoé", lang="en", verification="unconfirmed")
    clock.go(days=1)
    wrong = blog.post("FAUX", images=[Image(png, "FAUX")])
    blog.retract(wrong.id, why="Erreur de notre part.")
    gone = blog.post("PARTI")
    blog.remove(gone.id)
    clock.go(days=1)
    last = blog.post("Dernier, avant.")
    blog.edit(last.id, body="Dernier, corrigé.", note="Le lieu était faux.")
    blog.frame("2012-07-15", headline="Le premier jour", introduction="Au *début*.", close="Fin.")
    blog.frame(
        "coverage", headline="La semaine", introduction="Ce qui s'est passé.", close="Pour finir."
    )
    return ["Ce qui s'est passé.", "Au début.", "Un fait & un autre.", "code <x>",
            "Deuxième.", "Fin.", "Erreur de notre part.", "Dernier, corrigé.",
            "Le lieu était faux.", "Chiffres", "Pour finir."]  # fmt: skip


def words(book: Path) -> str:
    """Return all the text of a book, in reading order."""
    with zipfile.ZipFile(book) as archive:
        package = etree.fromstring(archive.read("EPUB/package.opf"))
        opf = "{http://www.idpf.org/2007/opf}"
        items = {i.get("id"): i.get("href") for i in package.iter(f"{opf}item")}
        texts = []
        for reference in package.iter(f"{opf}itemref"):
            page: Any = etree.fromstring(archive.read(f"EPUB/{items[reference.get('idref')]}"))
            texts.append(" ".join("".join(page.find(f"{XHTML}body").itertext()).split()))
    return " ".join(texts)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "ar", "en"])
@pytest.mark.parametrize("when", ["", "2012-07-15", "2012-W28", "2012-07-15..2012-07-17"])
def test_a_book_passes_its_checker(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path, language: str, when: str
) -> None:
    """The coverage, a day, a week and a range, in both directions of writing."""
    blog = new_blog(language=language, description="Ce & cela")
    tell(blog, clock, tmp_path)
    book = tmp_path / "book.epub"
    assert (
        epub.write(
            blog.digest(when) if when else coverage_digest(blog), blog.config, blog.paths, book
        )
        == []
    )
    check(book)


@pytest.mark.slow
def test_the_checker_bites(blog: Blog, clock: Clock, tmp_path: Path) -> None:
    """A book from which a chapter is missing is refused."""
    blog.post("Un fait.")
    book, other = tmp_path / "book.epub", tmp_path / "other.epub"
    epub.write(coverage_digest(blog), blog.config, blog.paths, book)
    with zipfile.ZipFile(book) as archive, zipfile.ZipFile(other, "w") as spoilt:
        for item in archive.infolist():
            if not item.filename.endswith("15.xhtml"):
                spoilt.writestr(item, archive.read(item))
    with pytest.raises(AssertionError):
        check(other)


def test_a_book_has_everything_in_order(blog: Blog, clock: Clock, tmp_path: Path) -> None:
    """Each text once, from introduction to close; nothing that was withdrawn or removed."""
    expected = tell(blog, clock, tmp_path)
    book = tmp_path / "book.epub"
    epub.write(coverage_digest(blog), blog.config, blog.paths, book)
    told = words(book)
    places = [told.index(text) for text in expected]
    assert places == sorted(places)
    assert all(told.count(text) == 1 for text in expected)
    assert "FAUX" not in told
    assert "PARTI" not in told


def test_a_book_holds_its_pictures(blog: Blog, clock: Clock, tmp_path: Path) -> None:
    """With their texts; unusual formats become PNG; a missing picture is reported."""
    tell(blog, clock, tmp_path)
    book = tmp_path / "book.epub"
    epub.write(coverage_digest(blog), blog.config, blog.paths, book)
    with zipfile.ZipFile(book) as archive:
        names = [n for n in archive.namelist() if "picture" in n]
        page = archive.read("EPUB/2012-07-15.xhtml").decode()
    assert names == ["EPUB/picture-1.png", "EPUB/picture-2.png"]
    assert 'src="picture-1.png" alt="Un &quot;point&quot;"' in page
    assert "https://elsewhere.example/x.png" in page
    shutil.rmtree(blog.paths.media)
    faults = epub.write(coverage_digest(blog), blog.config, blog.paths, book)
    assert len(faults) == 2
    assert 'Un "point"' in words(book)


def test_the_same_digest_is_the_same_book(blog: Blog, clock: Clock, tmp_path: Path) -> None:
    """Byte for byte, whenever it is written; under an id that stays."""
    tell(blog, clock, tmp_path)
    first, second = tmp_path / "first.epub", tmp_path / "second.epub"
    epub.write(coverage_digest(blog), blog.config, blog.paths, first)
    clock.go(days=3)
    epub.write(coverage_digest(blog), blog.config, blog.paths, second)
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert f"{blog.config.id}/digest/coverage" in archive.read("EPUB/package.opf").decode()


def test_an_empty_journal_makes_no_book(blog: Blog) -> None:
    """It says so."""
    with pytest.raises(NotFound):
        coverage_digest(blog)


def test_no_title_or_name_leaves_a_direction_open(new_blog: Callable[..., Blog]) -> None:
    """In the contents, the package and the chapters, each text ends as it began."""
    turned = "\u202eturned\u2067"
    blog = new_blog(title=turned, author=turned)
    blog.post(turned, title=turned, author=turned, tags=[turned])
    blog.frame("2012-07-15", headline=turned)
    target = blog.paths.root / "book.epub"
    epub.write(coverage_digest(blog), blog.config, blog.paths, target)
    with zipfile.ZipFile(target) as book:
        for name in ("EPUB/nav.xhtml", "EPUB/package.opf", "EPUB/title.xhtml"):
            tree = etree.fromstring(book.read(name))
            texts = [str(text) for text in tree.itertext() if "turned" in str(text)]
            assert texts
            assert [text for text in texts if bidi.close_controls(text) != text] == []


# -- a chapter -------------------------------------------------------------------------------------


def chapter_digest(blog: Blog) -> Digest:
    """Return the digest of the blog's one chapter."""
    return build_chapter(blog.timeline, blog.timeline.chapter("la-bataille").now)


@pytest.fixture
def told(new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path) -> Blog:
    """A blog with a chapter over three days, of which one has a time; with a picture."""
    return with_chapter(new_blog(), clock, tmp_path)


def with_chapter(blog: Blog, clock: Clock, folder: Path) -> Blog:
    """Write a chapter that selects a tag and has everything that a chapter can have."""
    tags = ["Alep"]
    blog.post("Le premier jour.", at=date(2012, 7, 9), tags=tags, figures=[Figure("Morts", 1)])
    blog.post("Vers midi.", tags=tags, title="Le pont", at=Moment(
        datetime(2012, 7, 10, 10, tzinfo=UTC), written_time="vers midi"))  # fmt: skip
    blog.post("Ailleurs.", at=date(2012, 7, 10))
    blog.post("Le dernier jour.", at=date(2012, 7, 12), tags=tags)
    draft = ChapterDraft(
        title="La bataille & ses <jours>", period="2012-07-09..2012-07-12", tags=("Alep",),
        introduction="Avant *tout*.", close="Pour finir.", authors=("Zoé", "Ana & Bo"),
    )  # fmt: skip
    image = Image(picture(folder), "Une rue", "La rue d’Alep")
    blog.chapters.create(draft, slug="la-bataille", image=image)
    return blog


def package(book: Path) -> Any:
    """Return the package document of a book."""
    with zipfile.ZipFile(book) as archive:
        return etree.fromstring(archive.read("EPUB/package.opf"))


def test_the_book_of_a_chapter_is_that_article(told: Blog, tmp_path: Path) -> None:
    """Title, authors, picture and introduction; the selected days; figures and close."""
    book = tmp_path / "book.epub"
    assert epub.write(chapter_digest(told), told.config, told.paths, book) == []
    text = words(book)
    order = ["Du 9 au 12 juillet 2012", "La bataille & ses <jours>", "Par Zoé, Ana & Bo",
             "La rue d’Alep", "Avant tout.", "Lundi 9 juillet 2012", "Le premier jour.",
             "vers midi", "Le dernier jour.", "Chiffres", "Pour finir."]  # fmt: skip
    places = [text.find(expected) for expected in order]
    assert -1 not in places
    assert places == sorted(places)
    assert "Ailleurs" not in text
    assert "Mercredi 11" not in text
    assert "00:00" not in text
    assert "0 h" not in text.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_book_of_a_chapter_names_it_and_its_cover(told: Blog, tmp_path: Path) -> None:
    """For libraries: the id of the chapter, its authors, period, first words and picture."""
    book = tmp_path / "book.epub"
    epub.write(chapter_digest(told), told.config, told.paths, book)
    found = package(book)
    dc = "{http://purl.org/dc/elements/1.1/}"
    assert found.findtext(f".//{dc}identifier") == chapter_urn(told.config.id, "la-bataille")
    assert found.findtext(f".//{dc}title") == "La bataille & ses <jours>"
    assert [creator.text for creator in found.iter(f"{dc}creator")] == ["Zoé", "Ana & Bo"]
    assert found.findtext(f".//{dc}description") == "Avant tout."
    assert found.findtext(f".//{dc}date") == "2012-07-15"
    assert found.xpath("string(//*[@property='dcterms:temporal'])") == (
        "start=2012-07-09; end=2012-07-12; scheme=W3C-DTF;"
    )
    cover = found.xpath("//*[@properties='cover-image']/@href")
    with zipfile.ZipFile(book) as archive:
        assert cover == ["picture-1.png"]
        assert "EPUB/picture-1.png" in archive.namelist()
        assert 'src="picture-1.png" alt="Une rue"' in archive.read("EPUB/title.xhtml").decode()


def test_a_book_holds_the_precision_of_its_updates(told: Blog, tmp_path: Path) -> None:
    """For programs: a whole day is a date, a time is an instant, in the words of its author."""
    book = tmp_path / "book.epub"
    epub.write(chapter_digest(told), told.config, told.paths, book)
    with zipfile.ZipFile(book) as archive:
        pages = [archive.read(f"EPUB/2012-07-{day}.xhtml").decode() for day in ("09", "10")]
    whole, timed = [etree.fromstring(page.encode()).iter(f"{XHTML}time") for page in pages]
    assert [time.get("datetime") for time in whole] == ["2012-07-09"]
    assert [(time.get("datetime"), time.text) for time in timed] == [
        ("2012-07-10", "Mardi 10 juillet 2012"),
        ("2012-07-10T10:00:00Z", "vers midi"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "ar"])
def test_the_book_of_a_chapter_passes_the_checker(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path, language: str
) -> None:
    """With a cover, several authors and days without a time."""
    blog = with_chapter(new_blog(language=language), clock, tmp_path)
    book = tmp_path / "book.epub"
    epub.write(chapter_digest(blog), blog.config, blog.paths, book)
    check(book)


def test_one_file_holds_a_chapter_with_its_picture(told: Blog) -> None:
    """HTML without references to other files."""
    page = render(chapter_digest(told), told.config, told.paths)
    tree: Any = lxml_html.fromstring(page)
    assert tree.findtext(".//title").startswith("La bataille & ses <jours> – ")
    assert tree.findtext(".//h1") == "La bataille & ses <jours>"
    sources = [image.get("src") for image in tree.iter("img")]
    assert len(sources) == 1
    assert sources[0].startswith("data:image/png;base64,")
    text = tree.text_content()
    places = [text.find(t) for t in ("Zoé", "La rue d’Alep", "Avant tout.", "Le premier", "finir")]
    assert -1 not in places
    assert places == sorted(places)
