"""Pages of articles in a blog: their chapters, each once, and nothing else is touched."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from liveblog import Blog
from liveblog.digest import Digest, markdown
from liveblog.digest.build import build_chapter
from liveblog.imports import ChapterItem, ImportResult, Update
from liveblog.imports.chapters import ChapterImport
from liveblog.imports.chronicle import chronicle
from liveblog.model.chapter import Chapter, ChapterDraft

from ..conftest import Clock

FOLDER = Path(__file__).parent / "pages"
PARIS = ZoneInfo("Europe/Paris")
LANGUAGES = ("en", "fr", "de", "es", "ar")

PAGE = """\
Le pont rouvre

Mercredi 25 juillet 2012, les premiers camions passent le pont.

La crue : trois jours

Ces trois jours ont changé le quartier bas.

Dimanche 15 juillet 2012 : La rivière monte.

Lundi 16 juillet : L'eau entre dans les caves.

Mardi 17 juillet : L'eau baisse.

Rappelons que la dernière crue remonte à 1993.
"""


def new_blog(folder: Path, language: str = "fr") -> Blog:
    """Return an empty blog of the year 2014."""
    clock = Clock("2014-06-01T12:00:00Z")
    return Blog.init(folder, title="Essai", language=language, timezone="Europe/Paris", clock=clock)


def bring_in(blog: Blog, text: str, *, dry_run: bool = False) -> ImportResult:
    """Import a page."""
    source = "text page.txt"
    items = chronicle(
        text.splitlines,
        zone=PARIS,
        language=blog.config.language,
        today=date(2014, 6, 1),
        is_tagged=ChapterImport(source, blog.journal, blog.config, blog.now).is_tagged,
    )
    return blog.import_items(items, source=source, dry_run=dry_run)


def only_chapter(blog: Blog) -> Chapter:
    """Return the one chapter of a blog as it stands."""
    (chapter,) = blog.timeline.chapters()
    return chapter.now


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    """Return the numbers of new entries, revisions, chapters and known items."""
    return result.entries, result.revisions, result.chapters, result.known


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_digest_of_a_chapter_gives_every_paragraph_back(tmp_path: Path, language: str) -> None:
    """In the order of the page: introduction, days, close; no other article is in it."""
    blog = new_blog(tmp_path, language)
    text = (FOLDER / f"{language}.txt").read_text("utf-8")
    result = bring_in(blog, text)
    assert result.chapters == 1
    digest = build_chapter(blog.timeline, only_chapter(blog))
    bodies = [entry.now.body for day in digest.days for entry in day.entries]
    written = "\n".join([*digest.headlines, digest.introduction, *bodies, digest.close])
    items = chronicle(text.splitlines, zone=PARIS, language=language, today=date(2014, 6, 1))
    (found,) = (item for item in items if isinstance(item, ChapterItem))
    first, last = map(int, re.findall(r"\d+", found.where))
    at = 0
    for line in text.splitlines()[first - 1 : last]:
        bare = re.sub(r"^[^:]{3,15} \d{1,2}[^:]{0,25}: ", "", line.lstrip("# ")).rstrip(".۔")
        if re.fullmatch(
            r"|Image|\[Photo\]|Bild|Imagen|صورة|Fazit|\*\*\*|\w+, \d+\. Februar.*", bare
        ):
            continue
        at = written.index(bare, at) + len(bare)
    assert len(written) - at < 3
    assert len(digest.entries) == found.updates


def test_the_same_page_again_adds_nothing(tmp_path: Path) -> None:
    """And a page whose article was added adds just that."""
    blog = new_blog(tmp_path)
    assert counts(bring_in(blog, PAGE)) == (4, 0, 1, 0)
    assert counts(bring_in(blog, PAGE)) == (0, 0, 0, 5)
    more = f"Le quai rouvre\n\nVendredi 27 juillet 2012, le quai rouvre.\n\n{PAGE}"
    assert counts(bring_in(blog, more)) == (1, 0, 0, 5)
    assert counts(bring_in(blog, f"{more}\n\nEt encore.\n")) == (0, 1, 0, 5)
    assert only_chapter(blog).close.endswith("Et encore.")


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    """As the import would, and it tells where the close begins."""
    blog = new_blog(tmp_path)
    dry = bring_in(blog, PAGE, dry_run=True)
    assert counts(dry) == (4, 0, 1, 0)
    assert blog.timeline.chapters() == []
    assert bring_in(blog, PAGE).problems == dry.problems
    assert "the close of 'La crue : trois jours' begins here" in dry.problems[-1].what


def test_the_chapter_of_a_page(tmp_path: Path) -> None:
    """It appears at the end of its period, and tells all its days."""
    blog = new_blog(tmp_path)
    bring_in(blog, PAGE)
    chapter = only_chapter(blog)
    assert (chapter.slug, chapter.title) == ("la-crue-trois-jours", "La crue : trois jours")
    assert chapter.period == "2012-07-15..2012-07-17"
    assert chapter.published == datetime(2012, 7, 17, 22, tzinfo=UTC)
    assert chapter.introduction == "Ces trois jours ont changé le quartier bas."
    assert chapter.close == "Rappelons que la dernière crue remonte à 1993."


@pytest.mark.parametrize("has_head", [False, True])
def test_the_head_of_the_blog_is_not_touched(tmp_path: Path, has_head: bool) -> None:
    """Whether it has one or not."""
    blog = new_blog(tmp_path)
    if has_head:
        blog.frame("coverage", headline="Notre direct", introduction="Tout en direct.")
    before = blog.timeline.framing("coverage")
    bring_in(blog, PAGE)
    assert blog.timeline.framing("coverage") == before


def test_what_was_edited_here_stays(tmp_path: Path) -> None:
    """A chapter that also changed in its source is told; one that was removed does not return."""
    blog = new_blog(tmp_path)
    bring_in(blog, PAGE)
    blog.chapters.edit("la-crue-trois-jours", ChapterDraft(introduction="Revu."))
    assert counts(bring_in(blog, PAGE)) == (0, 0, 0, 5)
    changed = bring_in(blog, PAGE.replace("le quartier bas", "la ville"))
    assert only_chapter(blog).introduction == "Revu."
    assert "was edited here and stays as it is" in changed.problems[-1].what
    blog.chapters.remove("la-crue-trois-jours")
    assert counts(bring_in(blog, PAGE)) == (0, 0, 0, 5)
    assert blog.timeline.chapters() == []


def test_a_title_that_is_taken_or_reserved_gets_another_name(tmp_path: Path) -> None:
    """So nothing is refused, and no other chapter is changed."""
    blog = new_blog(tmp_path)
    blog.post("Une note.", at=date(2012, 7, 15))
    draft = ChapterDraft(title="La crue : trois jours", period="2012-07-15")
    blog.chapters.create(draft)
    bring_in(blog, PAGE)
    assert {c.slug for c in blog.timeline.chapters()} == {
        "la-crue-trois-jours",
        "la-crue-trois-jours-2",
    }
    bring_in(blog, PAGE.replace("La crue : trois jours", "Juillet"))
    assert "juillet-2012-07-15-2012-07-17" in {c.slug for c in blog.timeline.chapters()}


def test_two_chronicles_of_the_same_days_stay_apart(tmp_path: Path) -> None:
    """Each chapter shows the updates of its own chronicle."""
    blog = new_blog(tmp_path)
    other = PAGE.partition("\n\nLa crue")[2].replace("La ", "Une ")
    bring_in(blog, f"{PAGE}\n\nLe vent, jour par jour\n\nImage\n{other[20:]}")
    digests = [build_chapter(blog.timeline, c.now) for c in blog.timeline.chapters()]
    assert [len(digest.entries) for digest in digests] == [3, 3]
    ids = [{entry.id for entry in digest.entries} for digest in digests]
    assert ids[0].isdisjoint(ids[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chapter_in_markdown_comes_back(tmp_path: Path, language: str) -> None:
    """Its title, authors, introduction, days, titles and close, from its digest in Markdown."""
    blog = new_blog(tmp_path / "a", language)
    bring_in(blog, (FOLDER / f"{language}.txt").read_text("utf-8"))
    slug = only_chapter(blog).slug
    blog.chapters.edit(slug, ChapterDraft(authors=("Ada Blum", "Li Chen")))
    day = build_chapter(blog.timeline, only_chapter(blog)).days[1].date
    blog.post("Eins.", title="Ein Titel", at=day)
    blog.post("Zwei.", at=datetime.combine(day, time(18, 4), PARIS))
    digest = build_chapter(blog.timeline, only_chapter(blog))
    text = markdown.render(digest, blog.words, base="https://example.org/")
    other = new_blog(tmp_path / "b", language)
    bring_in(other, text)
    again = build_chapter(other.timeline, only_chapter(other))
    for name in ("title", "period", "introduction", "close", "authors"):
        assert getattr(again.chapter, name) == getattr(digest.chapter, name)
    assert [day.date for day in again.days] == [day.date for day in digest.days]
    assert _told(again) == _told(digest)


def _told(digest: Digest) -> list[tuple[str, str, str]]:
    """Return the precision, title and body of each entry of a digest."""
    return [(e.now.precision, e.now.title, e.now.body) for e in digest.entries]


def test_a_chapter_shows_its_own_text_only(tmp_path: Path) -> None:
    """Also where the blog has entries of these days; then its updates carry its title as a tag."""
    blog = new_blog(tmp_path)
    blog.post("Une note du direct.", at=date(2012, 7, 16))
    bring_in(blog, PAGE)
    chapter = only_chapter(blog)
    assert chapter.tags == ("La crue : trois jours",)
    assert len(build_chapter(blog.timeline, chapter).entries) == 3
    assert counts(bring_in(blog, PAGE)) == (0, 0, 0, 5)


def test_an_article_that_was_added_changes_nothing_else(tmp_path: Path) -> None:
    """Also one of a day that a chapter of the page tells."""
    blog = new_blog(tmp_path)
    bring_in(blog, PAGE)
    more = f"Le quai rouvre\n\nLundi 16 juillet 2012, le quai rouvre.\n\n{PAGE}"
    assert counts(bring_in(blog, more)) == (1, 0, 0, 5)


def test_two_chronicles_of_the_same_title_are_two_chapters(tmp_path: Path) -> None:
    """Each with its own days."""
    blog = new_blog(tmp_path)
    later = PAGE.partition("\n\nLa crue")[2].replace("juillet", "août").replace("2012", "")
    for old, new in (("Dimanche", "Mercredi"), ("Lundi", "Jeudi"), ("Mardi", "Vendredi")):
        later = later.replace(old, new)
    assert counts(bring_in(blog, f"{PAGE}\n\nLa crue{later}"))[::2] == (7, 2)
    assert {c.slug for c in blog.timeline.chapters()} == {
        "la-crue-trois-jours",
        "la-crue-trois-jours-2",
    }


def test_the_entries_of_a_page_have_no_time(tmp_path: Path) -> None:
    """Each speaks for its day."""
    blog = new_blog(tmp_path)
    bring_in(blog, PAGE)
    for day in (15, 16, 17, 25):
        entries = blog.digest(f"2012-07-{day}").entries
        assert [entry.now.precision for entry in entries] == ["day"]


def test_a_chapter_without_a_title_is_named_by_its_days() -> None:
    """An introduction alone makes a chapter, too."""
    page = PAGE.partition("La crue : trois jours\n\n")[2]
    items = list(chronicle(page.splitlines, zone=PARIS, language="fr", today=date(2014, 6, 1)))
    assert [item.title for item in items if isinstance(item, ChapterItem)] == [
        "Du 15 au 17 juillet 2012"
    ]
    assert len([item for item in items if isinstance(item, Update)]) == 3
