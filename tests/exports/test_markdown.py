"""Exports to Markdown: files that others read, and that bring the journal back without loss."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from liveblog import Blog
from liveblog.blog import Image
from liveblog.exports.markdown import MARK, write
from liveblog.imports import Copy, Item, Problem
from liveblog.imports.markdown import read_folder as folder
from liveblog.journal.dayfiles.layout import home_of
from liveblog.model import limits
from liveblog.model.chapter import Chapter, ChapterDraft
from liveblog.model.entry import (
    Figure,
    Framing,
    Media,
    Revision,
    Source,
    id_letters,
    make_id,
)
from liveblog.model.errors import InvalidInput, StorageError
from liveblog.model.records import Record, Version, files_of

from ..conftest import Clock, needs, site_bytes
from ..test_media import encoded, two_colours

NOON = datetime(2012, 7, 15, 12, tzinfo=UTC)
ID = "20120715-7k3m9qx2tb"


def revision(rev: int = 1, entry_id: str = ID, **fields: Any) -> Revision:
    """Make a revision as the journal hands it out."""
    values: dict[str, Any] = {
        "id": entry_id,
        "rev": rev,
        "recorded": NOON + timedelta(minutes=rev),
        "published": NOON,
        "updated": NOON,
        "body": f"Version {rev}",
    }
    return Revision(**values | fields)


def everything(blog: Blog) -> list[Record]:
    """Return what a blog's journal holds, as an export takes it."""
    names = blog.journal.stamps()
    return [record for name in names for record in blog.journal.read(name).records]


def in_order(records: Iterable[Record]) -> list[Version]:
    """Return the records that an author made, each name's together."""
    made = [record for record in records if isinstance(record, Revision | Framing)]
    return sorted(made, key=lambda record: (home_of(record), record.name, record.rev))


def read_back(exported: Path) -> list[Item]:
    """Import an export."""
    return list(folder(exported, zone=UTC, now=NOON, language="en"))


def copies(items: Iterable[Item]) -> list[Version]:
    """Return the records that an import found."""
    return [item.record for item in items if isinstance(item, Copy)]


def only_file(exported: Path) -> Path:
    """Return the one Markdown file of an export."""
    (path,) = exported.rglob("*.md")
    return path


# -- any journal comes back ------------------------------------------------------------------------

characters = st.characters(exclude_categories=["Cs"])
texts = st.lists(
    st.one_of(
        st.text(characters, max_size=12),
        st.sampled_from(
            [
                "---", "\n---\n", "...", "+++", ": ", "a: b", "\n", "\n\n", "\r\n", "\r", "\t", " ",
                "  \n", "\x85", "\u2028", "\u2029", "\ufeff", "\x00", "\x7f", "\x9b", "\ufffe",
                "\uffff", "'", '"', "\\", "\\n", "\\u0041", "😀", "null", "true", "1e3", "~", "- a",
                "# a", " #", "{{< x >}}", "{% x %}", "![a](b.png)", "*a", "&a", "!!a", "%", "@",
                "liveblog:", "القدس", "é", "é",
            ]
        ),
    ),
    max_size=6,
).map("".join)  # fmt: skip
instants = st.datetimes(
    min_value=limits.FIRST_INSTANT.replace(tzinfo=None),
    max_value=limits.LAST_INSTANT.replace(tzinfo=None),
    timezones=st.just(UTC),
)
numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
names = st.lists(texts, max_size=3).map(tuple)
pictures = st.builds(Media, texts, texts, st.integers(0, 9**9), alt=texts, caption=texts)
revisions = st.builds(
    Revision,
    id=st.just(ID),
    published=instants,
    precision=st.sampled_from(["instant", "day"]),
    written_time=texts,
    updated=instants,
    recorded=instants,
    day=st.sampled_from(["", "2012-07-16"]),
    author=texts,
    title=texts,
    body=texts,
    tags=names,
    key=st.booleans(),
    pinned=st.booleans(),
    verification=st.sampled_from(["", "unconfirmed", "confirmed"]),
    sources=st.lists(st.builds(Source, texts, texts), max_size=2).map(tuple),
    figures=st.lists(st.builds(Figure, texts, numbers, texts, texts), max_size=2).map(tuple),
    media=st.lists(pictures, max_size=2).map(tuple),
    lang=texts,
    state=st.sampled_from(["live", "retracted", "removed"]),
    note=texts,
    idempotency_key=texts,
)
framings = st.builds(
    Framing,
    period=st.just(""),
    recorded=st.none() | instants,
    headline=texts,
    introduction=texts,
    close=texts,
    author=texts,
    ended=st.none() | instants,
)
chapters = st.builds(
    Chapter,
    slug=st.just(""),
    published=instants,
    updated=instants,
    recorded=instants,
    period=st.sampled_from(["2012-07-15", "2012-W29", "2012-07-15..2012-07-20"]),
    title=texts,
    introduction=texts,
    close=texts,
    picture=st.none() | pictures,
    authors=names,
    tags=names,
    key=st.booleans(),
    author=texts,
    state=st.sampled_from(["live", "retracted", "removed"]),
    note=texts,
    idempotency_key=texts,
)
days = st.dates(limits.FIRST_DAY, limits.LAST_DAY)
slugs = st.sampled_from(["la-semaine", "أسبوع-دمشق", "2012-07-15--2012-07-22"])
periods = st.sampled_from(
    ["2012-07-15", "2012-07-16", "2012-W29", "2012-07-15..2012-07-22", "coverage"]
)


@st.composite
def journals(draw: st.DrawFn) -> list[Version]:
    """Make a journal: some entries, framings and chapters, each with its versions."""
    found: list[Record] = []
    for number in draw(st.sets(st.integers(0, 9), max_size=3)):
        entry_id = make_id(draw(days), bytes([number] * 8))
        versions = draw(st.lists(revisions, min_size=1, max_size=3))
        for rev, made in enumerate(versions, 1):
            found.append(_with(made, id=entry_id, rev=rev))
    for period in draw(st.sets(periods, max_size=2)):
        versions_of = draw(st.lists(framings, min_size=1, max_size=2))
        for rev, framing in enumerate(versions_of, 1):
            found.append(_with(framing, period=period, rev=rev))
    for slug in draw(st.sets(slugs, max_size=2)):
        written = draw(st.lists(chapters, min_size=1, max_size=2))
        for rev, chapter in enumerate(written, 1):
            found.append(_with(chapter, slug=slug, rev=rev))
    return in_order(found)


def _with(record: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(record, **fields)


@pytest.mark.slow
@given(journals())
def test_any_journal_is_imported_exactly(journal: list[Version]) -> None:
    """Whatever its texts hold, every record is equal, and no file seems to have been edited."""
    with tempfile.TemporaryDirectory() as name:
        exported = Path(name) / "export"
        write(journal, Path(name) / "media", exported)
        if journal:
            items = read_back(exported)
            assert in_order(copies(items)) == journal
            assert [item for item in items if isinstance(item, Problem)] == []


@pytest.mark.slow
@given(journals())
def test_an_export_is_the_same_bytes_each_time(journal: list[Version]) -> None:
    """In another folder, and again in the same one, where nothing is then written."""
    with tempfile.TemporaryDirectory() as name:
        one, two, media = Path(name) / "one", Path(name) / "two", Path(name) / "media"
        write(journal, media, one)
        write(journal, media, two)
        assert site_bytes(one) == site_bytes(two)
        assert write(journal, media, one).changed == 0
        assert site_bytes(one) == site_bytes(two)


@pytest.mark.slow
@given(journals())
def test_the_front_matter_is_yaml_that_others_read(journal: list[Version]) -> None:
    """PyYAML's own safe loader finds the same title, tags and author in it."""
    with tempfile.TemporaryDirectory() as name:
        exported = Path(name) / "export"
        write(journal, Path(name), exported)
        for path in exported.rglob("*.md"):
            source = path.read_bytes().decode().split("\n---\n")[0].removeprefix("---\n")
            found = yaml.safe_load(_without_dates(source))
            ((_, records),) = found["liveblog"].items()
            newest = records[-1]
            assert found.get("title", "") == newest.get("title", newest.get("headline", ""))
            assert found.get("tags", []) == newest.get("tags", [])
            if path.parent.name == "chapters":
                assert found.get("authors", []) == newest.get("authors", [])
            else:
                assert found.get("author", "") == newest.get("author", "")


def _without_dates(source: str) -> str:
    # PyYAML makes datetimes of them, which not every instant in UTC can be.
    lines = source.split("\n")
    return "\n".join(line for line in lines if not line.startswith(("date: ", "lastmod: ")))


# -- a real blog -----------------------------------------------------------------------------------


@pytest.fixture
def told(blog: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """A blog with everything: pictures, corrections, a retraction, removals, framings, a move."""
    image = tmp_path / "pont.png"
    image.write_bytes(encoded(two_colours(), "PNG"))
    one = blog.post(
        "Le pont est **fermé**.\n\n---\n\nfin",
        title="Le pont: fermé",
        tags=["Homs", "القدس"],
        images=[Image(image, 'Un "pont" [vieux]', "De loin")],
        figures=[Figure("Réfugiés", 105), Figure("Part", 1.5, "%")],
        sources=[Source("OSDH", "https://example.org/?a=b&c")],
        key=True,
    )
    two, three, four = blog.post("Faux."), blog.post("Un nom."), blog.post("Secret.")
    clock.go(hours=1)
    blog.edit(one.id, body="Le pont est rouvert.", note="Corrigé.")
    blog.retract(two.id, why="Faux.")
    blog.remove(three.id)
    blog.remove(four.id, purge=True)
    clock.go(days=8)
    moved = blog.post("Un autre.", lang="en")
    blog.edit(moved.id, at=NOON)
    blog.post("Plus tard.", at=clock.now + timedelta(days=9), schedule=True)
    blog.frame("2012-07-15", headline="Dimanche", introduction="Au début.", close="À la fin.")
    blog.frame("2012-07-15", headline="Dimanche: le pont")
    blog.frame("2012-W29", introduction="La semaine.")
    draft = ChapterDraft(title="Le pont: récit", period="2012-07-15..2012-07-20",
                         introduction="Au *début*.", close="À la fin.", authors=("Zoé", "Ana"),
                         tags=("Homs",))  # fmt: skip
    blog.chapters.create(draft, slug="le-pont", image=Image(image, "Le pont", "De près"))
    blog.chapters.edit("le-pont", ChapterDraft(introduction="Au début."), note="Corrigé.")
    gone = blog.chapters.create(ChapterDraft(title="Un nom", period="2012-07-15"))
    blog.chapters.remove(gone.slug)
    blog.end()
    return blog


def test_a_blog_comes_back_with_its_pictures(told: Blog, tmp_path: Path) -> None:
    """Entries and chapters in every state, framings, and the bytes of the pictures."""
    written = write(everything(told), told.paths.media, tmp_path / "export")
    assert (written.entries, written.framings, written.chapters) == (6, 3, 2)
    assert written.pictures == 2
    assert not written.faults
    items = read_back(tmp_path / "export")
    assert not [item for item in items if isinstance(item, Problem)]
    assert in_order(copies(items)) == in_order(everything(told))
    shown = [(c, m) for c in items if isinstance(c, Copy) for m in files_of(c.record)]
    assert len(shown) == 4  # of both revisions of the entry and of the chapter
    for copy, media in shown:
        assert copy.read(media) == (told.paths.media / media.path).read_bytes()


def test_what_was_purged_is_nowhere_in_an_export(told: Blog, tmp_path: Path) -> None:
    """Its text, its title and its picture leave an earlier export too."""
    image = tmp_path / "rue.png"
    image.write_bytes(encoded(two_colours(9, 9), "PNG"))
    secret = told.post("Une adresse.", title="Rue des Lilas", images=[Image(image, "La rue")])
    exported = tmp_path / "export"
    write(everything(told), told.paths.media, exported)
    (path,) = exported.rglob("rue-des-lilas-*.md")
    assert (exported / "media" / secret.media[0].path).exists()
    told.remove(secret.id, purge=True)
    assert write(everything(told), told.paths.media, exported).changed == 3
    assert not path.exists()
    assert not (exported / "media" / secret.media[0].path).exists()
    assert not [p for p, data in site_bytes(exported).items() if b"Lilas" in data or "lilas" in p]
    assert path.with_name(f"{id_letters(secret.id)}.md").exists()


def test_the_files_are_those_of_any_generator(told: Blog, tmp_path: Path) -> None:
    """A file an entry below its day, with title, date, lastmod, tags, author, text and picture."""
    write(everything(told), told.paths.media, tmp_path / "export")
    (path,) = (tmp_path / "export" / "2012" / "07" / "15").glob("le-pont-ferme-*.md")
    _, front, text = path.read_text("utf-8").split("---\n", 2)
    fields = yaml.safe_load(front)
    own = fields.pop("liveblog")
    assert fields == {
        "title": "Le pont: fermé",
        "date": datetime(2012, 7, 15, 16, 4, tzinfo=UTC),
        "lastmod": datetime(2012, 7, 15, 17, 4, tzinfo=UTC),
        "author": "La rédaction",
        "tags": ["Homs", "القدس"],
    }
    assert [made["rev"] for made in own["revisions"]] == [1, 2]
    media = own["revisions"][1]["media"][0]["path"]
    assert text == (
        f'\nLe pont est rouvert.\n\n![Un "pont" \\[vieux\\]](../../../media/{media} "De loin")\n'
    )
    assert (path.parent / f"../../../media/{media}").is_file()


def test_an_entry_of_a_whole_day_has_a_plain_date(tmp_path: Path) -> None:
    """As the generators write it, on the day on which it is shown."""
    write([revision(precision="day", day="2012-07-14")], tmp_path, tmp_path / "export")
    assert "\ndate: 2012-07-14\n" in only_file(tmp_path / "export").read_text("utf-8")


@pytest.mark.parametrize("state", ["retracted", "removed"])
def test_what_is_not_live_is_a_draft(state: Any, tmp_path: Path) -> None:
    """So that a generator leaves it out."""
    write([revision(), revision(2, state=state)], tmp_path, tmp_path / "export")
    text = only_file(tmp_path / "export").read_text("utf-8")
    assert "\ndraft: true\n" in text
    write([revision()], tmp_path, tmp_path / "other")
    assert "draft" not in only_file(tmp_path / "other").read_text("utf-8")


def test_framings_are_files_of_their_own(told: Blog, tmp_path: Path) -> None:
    """Named by their period; their title is the headline, their text what stands around."""
    write(everything(told), told.paths.media, tmp_path / "export")
    place = tmp_path / "export" / "framings"
    assert sorted(p.name for p in place.iterdir()) == [
        "2012-07-15.md",
        "2012-W29.md",
        "coverage.md",
    ]
    text = (place / "2012-07-15.md").read_text("utf-8")
    assert text.startswith('---\ntitle: "Dimanche: le pont"\n')
    assert text.endswith("\n---\n\nAu début.\n\nÀ la fin.\n")


def test_chapters_are_files_of_their_own(told: Blog, tmp_path: Path) -> None:
    """Named by their slug; with their authors, tags, picture, introduction and close."""
    write(everything(told), told.paths.media, tmp_path / "export")
    place = tmp_path / "export" / "chapters"
    assert sorted(path.name for path in place.iterdir()) == ["le-pont.md", "un-nom.md"]
    _, front, text = (place / "le-pont.md").read_text("utf-8").split("---\n", 2)
    fields = yaml.safe_load(front)
    (first, second) = fields.pop("liveblog")["chapters"]
    assert fields == {
        "title": "Le pont: récit",
        "date": datetime(2012, 7, 23, 17, 4, tzinfo=UTC),
        "authors": ["Zoé", "Ana"],
        "tags": ["Homs"],
    }
    assert (first["introduction"], second["note"]) == ("Au *début*.", "Corrigé.")
    media = second["picture"]["path"]
    assert text == (f'\n![Le pont](../media/{media} "De près")\n\nAu début.\n\nÀ la fin.\n')
    assert (place / f"../media/{media}").is_file()
    assert "\ndraft: true\n" in (place / "un-nom.md").read_text("utf-8")


# -- what a person changes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("Un fait.\n", "Un autre fait.\n", "text"),
        ("Un fait.\n", "", "text"),
        ('title: "Titre"', 'title: "Autre"', "title"),
        ('tags: ["Homs"]', "tags: [Homs, Alep]", "list of tags"),
    ],
)
def test_an_edited_file_is_reported_and_imported_as_exported(
    old: str, new: str, what: str, tmp_path: Path
) -> None:
    """The records come; the problem names the file and how the change is made."""
    made = revision(title="Titre", body="Un fait.", tags=("Homs",))
    write([made], tmp_path, tmp_path / "export")
    path = only_file(tmp_path / "export")
    text = path.read_text("utf-8")
    head, mark, tail = text.rpartition(old)
    assert mark
    path.write_text(head + new + tail, "utf-8")
    problem, copy = read_back(tmp_path / "export")
    assert isinstance(copy, Copy)
    assert copy.record == made
    assert isinstance(problem, Problem)
    assert problem.where == path.relative_to(tmp_path / "export").as_posix()
    assert problem.what.startswith(f"its {what} was changed")
    assert f"liveblog edit {ID}" in problem.hint


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text + "\n\n",
        lambda text: text.replace("deux.", "deux.  "),
        lambda text: text.replace("---\n\n", "---\n"),
    ],
)
def test_what_editors_do_by_themselves_is_no_edit(
    change: Callable[[str], str], tmp_path: Path
) -> None:
    """Line ends, a byte order mark, space at the ends of lines."""
    made = revision(body="Un.\n\n- deux.\n\n\ttrois", title="T")
    write([made], tmp_path, tmp_path / "export")
    path = only_file(tmp_path / "export")
    path.write_bytes(change(path.read_bytes().decode()).encode())
    assert [type(item) for item in read_back(tmp_path / "export")] == [Copy]


def test_a_tool_may_have_written_the_fields_anew(tmp_path: Path) -> None:
    """In block style, sorted, wrapped: the records are still the same."""
    made = revision(
        body="Un fait: 1.\n\n- a  \n", title="2012", figures=(Figure("n", 1.5), Figure("m", 2))
    )
    write([made], tmp_path, tmp_path / "export")
    path = only_file(tmp_path / "export")
    _, front, text = path.read_text("utf-8").split("---\n", 2)
    front = yaml.safe_dump(yaml.safe_load(front), width=30)
    assert '{"type"' not in front
    path.write_text(f"---\n{front}---\n{text}", "utf-8")
    assert copies(read_back(tmp_path / "export")) == [made]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('"rev":1', '"rev":2', "do not belong together"),
        ('"rev":1', '"rev":"one"', "records were changed"),
        (ID, "20120715-etcpasswd", "is not the id of an entry"),
        (f'"id":"{ID}","rev":1', '"id":"20120715-0000000000","rev":1', "do not belong together"),
        ("    - ", "    ", "front matter is not YAML"),
        ('"type":"revision"', '"type":"other"', "records were changed"),
    ],
)
def test_a_damaged_export_is_a_problem(old: str, new: str, what: str, tmp_path: Path) -> None:
    """Nothing of such a file comes back; the other files do."""
    other = revision(entry_id="20120716-7k3m9qx2tb")
    write([revision(), revision(2), other], tmp_path, tmp_path / "export")
    path = tmp_path / "export" / "2012" / "07" / "15" / "7k3m9qx2tb.md"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    problem, copy = read_back(tmp_path / "export")
    assert isinstance(problem, Problem)
    assert what in problem.what
    assert isinstance(copy, Copy)
    assert copy.record == other


# -- the folder ------------------------------------------------------------------------------------


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    """Nothing is written to it."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(InvalidInput, match="is not empty"):
        write([revision()], tmp_path, tmp_path / "mine")
    assert list(site_bytes(tmp_path / "mine")) == ["notes.txt"]


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """As the machine says it."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="file"):
        write([revision()], tmp_path, tmp_path / "file" / "export")


def test_exporting_again_writes_what_differs(tmp_path: Path) -> None:
    """A new title gives the file another name, and the old one goes."""
    exported = tmp_path / "export"
    other = revision(entry_id="20120716-7k3m9qx2tb")
    write([revision(title="Un"), other], tmp_path, exported)
    again = [revision(title="Un"), revision(2, title="Deux"), other]
    assert write(again, tmp_path, exported).changed == 2
    assert sorted(site_bytes(exported)) == [
        MARK,
        "2012/07/15/deux-7k3m9qx2tb.md",
        "2012/07/16/7k3m9qx2tb.md",
    ]
    write([other], tmp_path, exported)
    assert sorted(site_bytes(exported)) == [MARK, "2012/07/16/7k3m9qx2tb.md"]
    assert not (exported / "2012" / "07" / "15").exists()


def test_a_file_that_was_edited_is_not_overwritten(tmp_path: Path) -> None:
    """The export is refused before anything is written, and says which file it is."""
    exported = tmp_path / "export"
    write([revision()], tmp_path, exported)
    path = only_file(exported)
    path.write_text(path.read_text("utf-8") + "Ajouté.\n", "utf-8")
    before = site_bytes(exported)
    with pytest.raises(InvalidInput, match=f"{path.name} was edited"):
        write([revision(), revision(2, title="Deux")], tmp_path, exported)
    assert site_bytes(exported) == before


def test_what_somebody_put_beside_an_export_stays(tmp_path: Path) -> None:
    """Unless it lies where a file of the export is to be: then that is refused."""
    exported = tmp_path / "export"
    write([revision()], tmp_path, exported)
    mine = exported / "2012" / "07" / "16" / "7k3m9qx2tb.md"
    mine.parent.mkdir()
    mine.write_text("À moi.")
    write([revision()], tmp_path, exported)
    assert mine.read_text() == "À moi."
    with pytest.raises(InvalidInput, match="not from an earlier export"):
        write([revision(), revision(entry_id="20120716-7k3m9qx2tb")], tmp_path, exported)
    assert mine.read_text() == "À moi."


def test_an_interrupted_export_continues(tmp_path: Path) -> None:
    """Wherever it was cut, the next one ends with the bytes of a whole one."""
    before = [revision(title="Un"), revision(entry_id="20120716-7k3m9qx2tb")]
    after = [before[0], revision(2, title="Deux"), before[1], revision(2, before[1].id)]
    whole = tmp_path / "whole"
    write(after, tmp_path, whole)

    def cut(at: int) -> Iterable[Record]:
        yield from after[:at]
        raise KeyboardInterrupt

    for at in range(len(after) + 1):
        exported = tmp_path / f"cut-{at}"
        write(before, tmp_path, exported)
        with pytest.raises(KeyboardInterrupt):
            write(cut(at), tmp_path, exported)
        write(after, tmp_path, exported)
        assert site_bytes(exported) == site_bytes(whole)


def test_the_mark_holds_sums_that_others_check(told: Blog, tmp_path: Path) -> None:
    """``sha256sum -c`` agrees with every line of it."""
    write(everything(told), told.paths.media, tmp_path / "export")
    command = [needs("sha256sum"), "--check", "--strict", "--quiet", MARK]
    subprocess.run(command, cwd=tmp_path / "export", check=True, timeout=60)


def test_a_mark_cannot_have_files_elsewhere_deleted(tmp_path: Path) -> None:
    """Paths in it that lead out of the folder are passed over."""
    exported, other = tmp_path / "export", tmp_path / "other.md"
    write([revision()], tmp_path, exported)
    other.write_text("x")
    with (exported / MARK).open("a") as mark:
        mark.write(f"{'0' * 64}  ../other.md\n{'0' * 64}  {other}\n")
    write([revision()], tmp_path, exported)
    assert other.read_text() == "x"


# -- pictures --------------------------------------------------------------------------------------


def test_a_missing_picture_is_a_fault_and_the_rest_is_written(tmp_path: Path) -> None:
    """It is named; one that an earlier export still has is not deleted there."""
    media = tmp_path / "media"
    shown = Media("2012/07/15/a.png", "image/png", 3, alt="Un pont")
    made = [revision(media=(shown,))]
    (media / shown.path).parent.mkdir(parents=True)
    (media / shown.path).write_bytes(b"abc")
    exported = tmp_path / "export"
    assert not write(made, media, exported).faults
    (media / shown.path).unlink()
    written = write(made, media, exported)
    assert [fault.place for fault in written.faults] == [f"entries/media/{shown.path}"]
    assert written.pictures == 0
    assert (exported / "media" / shown.path).read_bytes() == b"abc"
    write(made, media, tmp_path / "new")
    (copy,) = read_back(tmp_path / "new")
    assert isinstance(copy, Copy)
    with pytest.raises(InvalidInput, match="is not in the folder"):
        copy.read(shown)


@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/hostname", "a/../../secret.png", "", "a\n"]
)
def test_a_path_of_a_picture_leads_nowhere_else(path: str, tmp_path: Path) -> None:
    """Neither when it is written nor when it is read back."""
    (tmp_path / "media").mkdir()
    (tmp_path / "secret.png").write_bytes(b"secret")
    made = revision(media=(Media(path, "image/png", 6, alt="x"),))
    written = write([made], tmp_path / "media", tmp_path / "export")
    assert len(written.faults) == 1
    (copy,) = read_back(tmp_path / "export")
    assert isinstance(copy, Copy)
    with pytest.raises(InvalidInput):
        copy.read(made.media[0])


def test_an_export_within_a_site_is_read_there(tmp_path: Path) -> None:
    """As part of Hugo's ``content/``, its pictures with it."""
    media = tmp_path / "media"
    shown = Media("2012/07/15/a.png", "image/png", 3, alt="Un pont")
    (media / shown.path).parent.mkdir(parents=True)
    (media / shown.path).write_bytes(b"abc")
    write([revision(media=(shown,))], media, tmp_path / "site" / "content" / "direct")
    (copy,) = read_back(tmp_path / "site")
    assert isinstance(copy, Copy)
    assert copy.read(shown) == b"abc"


def test_records_that_are_not_grouped_are_refused(tmp_path: Path) -> None:
    """A wrong call is an error, and no entry loses a version by it."""
    other = revision(entry_id="20120716-7k3m9qx2tb")
    with pytest.raises(ValueError, match="do not come together"):
        write([revision(), other, revision(2)], tmp_path, tmp_path / "export")
