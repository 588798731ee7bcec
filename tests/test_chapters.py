"""Chapters: named digests of any period, with revisions, in the journal and through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liveblog import Blog
from liveblog.chapters import fold_chapter
from liveblog.digest.build import build_chapter
from liveblog.journal import Journal
from liveblog.model.chapter import Chapter, ChapterDraft, chapter_name, slug_of_title
from liveblog.model.conflicts import Conflict, KeyReused
from liveblog.model.entry import Framing
from liveblog.model.errors import InvalidInput, NotFound, UnknownTag, Withheld
from liveblog.model.period import COVERAGE
from liveblog.pictures import Image
from liveblog.timeline import Timeline

from .conftest import Clock, begun, tries
from .site.test_publish import picture

PERIOD = "2012-07-09..2012-07-14"


@pytest.fixture
def told(blog: Blog) -> Blog:
    """A blog with an entry of each day from 9 to 14 July 2012; it is 15 July."""
    for number in range(9, 15):
        blog.post(
            f"Le {number}.",
            at=date(2012, 7, number),
            tags=["Alep"] if number % 2 else ["Homs"],
            key=number == 12,
        )
    return blog


def draft(
    title: str = "La bataille d’Alep", period: str = PERIOD, **fields: object
) -> ChapterDraft:
    """Return the draft of a chapter."""
    return ChapterDraft(title=title, period=period, **fields)  # type: ignore[arg-type]


def bodies(blog: Blog, slug: str) -> list[str]:
    """Return the texts of the entries that a chapter tells."""
    digest = build_chapter(blog.timeline, blog.timeline.chapter(slug).now)
    return [entry.now.body for entry in digest.entries]


# -- creating --------------------------------------------------------------------------------------


def test_a_chapter_is_a_digest_with_a_name(told: Blog) -> None:
    """Its title, texts and days; it is signed by its author and lies in a file of its own."""
    made = told.chapters.create(draft(introduction="Avant.", close="Après."))
    assert (made.slug, made.rev, made.authors) == ("la-bataille-d-alep", 1, ("La rédaction",))
    assert (told.paths.entries / "chapters" / "la-bataille-d-alep.jsonl").exists()
    found = told.timeline.chapter(made.slug)
    assert found.now == made
    digest = build_chapter(told.timeline, made)
    assert (*digest.headlines, digest.introduction, digest.close) == (
        "La bataille d’Alep", "Avant.", "Après.",
    )  # fmt: skip
    assert [day.date.day for day in digest.days] == [9, 10, 11, 12, 13, 14]
    assert digest.chapter == made
    assert not told.journal.check().faults


def test_a_chapter_may_select_tags_and_key_events(told: Blog) -> None:
    """An entry with any of the tags; days without one are left out."""
    told.chapters.create(draft("Alep", tags=("alep",)))
    assert bodies(told, "alep") == ["Le 9.", "Le 11.", "Le 13."]
    told.chapters.edit("alep", ChapterDraft(tags=("alep", "Homs"), key=True))
    assert bodies(told, "alep") == ["Le 12."]


def test_chapters_come_with_the_newest_period_first(told: Blog) -> None:
    """Of any length; a removed one is not among them."""
    for title, period in (("Un", "2012-07-09"), ("Deux", PERIOD), ("Trois", "2012-07-10")):
        told.chapters.create(draft(title, period))
    assert [chapter.slug for chapter in told.timeline.chapters()] == ["deux", "trois", "un"]
    told.chapters.remove("trois")
    assert [chapter.slug for chapter in told.timeline.chapters()] == ["deux", "un"]
    assert told.timeline.chapter("trois").now.state == "removed"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("La « bataille » d’Alep !", "la-bataille-d-alep"),
        ("حلب تحت النار", "حلب-تحت-النار"),
        ("Η μάχη", "η-μαχη"),
        ("mot " * 40, "-".join(["mot"] * 15)),
        ("x" * 300, "x" * 60),
        ("𐐨" * 300, "𐐨" * 50),
        ("…", ""),
    ],
)
def test_a_slug_is_made_of_the_title(title: str, slug: str) -> None:
    """In any script, in whole words, short enough for a file's name."""
    assert slug_of_title(title) == slug


@pytest.mark.parametrize(
    ("given", "slug", "problem"),
    [
        (draft(""), "", "has no title"),
        (draft("…"), "", "neither letter nor digit"),
        (draft("Dimanche"), "", "name of a day or period"),
        (draft("juillet"), "", "name of a day or period"),
        (draft("Today"), "", "name of a day or period"),
        (draft("الأحد"), "", "name of a day or period"),
        (draft("aujourd’hui"), "", "name of a day or period"),
        (draft("2012-07-15"), "", "name of a day or period"),
        (draft("2012-W29"), "", "name of a day or period"),
        (draft("x"), "last-week", "name of a day or period"),
        (draft("x"), "coverage", "name of a day or period"),
        (draft("x"), "2012-07-15--2012-07-22", "name of a day or period"),
        (draft("x"), "atom.xml", "cannot be the name"),
        (draft("x"), "../x", "cannot be the name"),
        (draft("x"), "Alep", "cannot be the name"),
        (draft("x"), "a" * 201, "cannot be the name"),
        (ChapterDraft(title="x"), "", "needs a period"),
        (draft(period="2012-07-14..2012-07-09"), "", "ends before it starts"),
        (draft(period="2000-01-01..2012-07-09"), "", "longer than ten years"),
        (draft(period="2012-08-01..2012-08-09"), "", "is in the future"),
        (draft(period="2011-01-01..2011-01-09"), "", "no update in 2011-01-01..2011-01-09"),
        (draft(period="2012-07-10", key=True), "", "no key event in 2012-07-10"),
        (draft(period="coverage"), "", "names no period"),
        (draft(period="2012-07-09..2012-07-09"), "", "names no period"),
        (draft("x" * 301), "", "title has 301 characters"),
        (draft(authors=("",)), "", "has no name"),
        (draft(introduction="x" * 20_001), "", "introduction has 20,001 characters"),
    ],
)  # fmt: skip
def test_a_chapter_that_cannot_be_is_refused(
    told: Blog, given: ChapterDraft, slug: str, problem: str
) -> None:
    """With a hint, and nothing is written."""
    with pytest.raises(InvalidInput, match=problem) as refused:
        told.chapters.create(given, slug=slug)
    assert refused.value.hint
    assert not (told.paths.entries / "chapters").exists()


def test_a_tag_that_no_entry_has_is_refused(told: Blog) -> None:
    """The error names a similar one."""
    with pytest.raises(UnknownTag) as refused:
        told.chapters.create(draft(tags=("Alepp",)))
    assert "Alep" in refused.value.hint


def test_a_name_that_is_taken_is_refused(told: Blog) -> None:
    """Also that of a removed chapter."""
    told.chapters.create(draft("Alep"))
    with pytest.raises(InvalidInput, match="There is a chapter 'alep' already"):
        told.chapters.create(draft("Alep"))
    told.chapters.remove("alep")
    with pytest.raises(InvalidInput, match="which was removed"):
        told.chapters.create(draft("Alep"))
    assert told.chapters.create(draft("Alep"), slug="alep-2").slug == "alep-2"


def test_a_chapter_may_be_scheduled(told: Blog, clock: Clock) -> None:
    """It is invisible until then, and may tell a period that has no entries yet."""
    later = told.now + timedelta(days=3)
    future = draft(period="2012-07-16..2012-07-17", published=later)
    with pytest.raises(InvalidInput, match="is in the future"):
        told.chapters.create(future)
    held = told.chapters.create(future, schedule=True)
    assert (held.published, held.updated) == (later, later)
    assert told.timeline.chapters() == []
    clock.go(days=4)
    assert [chapter.now for chapter in told.timeline.chapters()] == [held]


def test_the_same_request_again_is_the_same_chapter(told: Blog, clock: Clock) -> None:
    """And another one with its key is refused."""
    first = told.chapters.create(draft(), idempotency_key="k")
    clock.go(seconds=30)
    assert told.chapters.create(draft(), idempotency_key="k") == first
    with pytest.raises(KeyReused):
        told.chapters.create(draft(close="Autre."), idempotency_key="k")
    edited = told.chapters.edit(first.slug, ChapterDraft(close="Fin."), idempotency_key="e")
    assert told.chapters.edit(first.slug, ChapterDraft(close="Fin."), idempotency_key="e") == edited
    assert len(told.timeline.chapter(first.slug).revisions) == 2


# -- revising --------------------------------------------------------------------------------------


def test_a_chapter_is_corrected_retracted_removed_and_restored(told: Blog, clock: Clock) -> None:
    """As an entry is: each is a revision, and a note makes a correction."""
    made = told.chapters.create(draft("Alep", introduction="Avant."))
    clock.go(minutes=1)
    edited = told.chapters.edit("alep", ChapterDraft(introduction="Avent."), author="Ana", note="!")
    assert (edited.rev, edited.author, edited.authors) == (2, "Ana", ("La rédaction",))
    assert edited.updated > made.updated
    assert told.timeline.chapter("alep").corrections == (edited,)
    minor = told.chapters.edit("alep", ChapterDraft(close="x"), minor=True)
    assert minor.updated == edited.updated
    with pytest.raises(InvalidInput, match="like that already"):
        told.chapters.edit("alep", ChapterDraft(close="x"))
    retracted = told.chapters.retract("alep", why="Faux.")
    assert (retracted.state, retracted.note) == ("retracted", "Faux.")
    with pytest.raises(InvalidInput, match="was retracted"):
        told.chapters.edit("alep", ChapterDraft(close="y"))
    removed = told.chapters.remove("alep", author="Ana")
    assert (removed.state, removed.title, removed.author) == ("removed", "", "Ana")
    restored = told.chapters.restore("alep")
    assert (restored.rev, restored.state, restored.note) == (6, "retracted", "Faux.")


def test_of_two_editors_at_once_one_is_told(told: Blog) -> None:
    """Each verb is guarded by the revision that its author saw."""
    told.chapters.create(draft("Alep"))
    told.chapters.edit("alep", ChapterDraft(close="Un."), expect=1)
    refused: list[Callable[[], object]] = [
        lambda: told.chapters.edit("alep", ChapterDraft(close="Deux."), expect=1),
        lambda: told.chapters.retract("alep", why="x", expect=1),
        lambda: told.chapters.remove("alep", expect=1),
    ]
    for write in refused:
        with pytest.raises(Conflict, match="The chapter 'alep': La rédaction") as conflict:
            write()
        assert isinstance(conflict.value.theirs, Chapter)
        assert conflict.value.theirs.close == "Un."
    assert len(told.timeline.chapter("alep").revisions) == 2


def test_a_chapter_that_is_not_there_is_not_found(told: Blog) -> None:
    """Whatever the text."""
    for slug in ("alep", "../alep", "", "2012-07-15--2012-07-22", "2012-99-99--2012-99-99"):
        with pytest.raises(NotFound):
            told.timeline.chapter(slug)


def test_a_picture_of_a_chapter_is_stored_under_its_name(told: Blog, tmp_path: Path) -> None:
    """Without alternative text, or as no picture at all, it is refused, and nothing is stored."""
    good = picture(tmp_path)
    no_picture = tmp_path / "b.png"
    no_picture.write_text("x")
    for image in (Image(good, alt=""), Image(no_picture, alt="x"), Image(tmp_path / "c", alt="x")):
        with pytest.raises(InvalidInput):
            told.chapters.create(draft("Alep"), image=image)
    assert not told.paths.media.exists()
    made = told.chapters.create(draft("Alep"), image=Image(good, "Une rue", "Alep, lundi"))
    assert made.picture
    assert made.picture.path.startswith("chapters/alep-")
    assert (told.paths.media / made.picture.path).exists()
    other = msgspec.structs.replace(made.picture, alt="Une rue vide")
    assert told.chapters.edit("alep", ChapterDraft(), image=other).picture == other
    (told.paths.media / made.picture.path).unlink()
    assert any("'alep' is gone" in fault.problem for fault in told.check().faults)
    assert told.chapters.edit("alep", ChapterDraft(), image=None).picture is None


def test_a_purged_chapter_leaves_no_text_and_no_picture(told: Blog, tmp_path: Path) -> None:
    """Those of a chapter whose name begins alike stay."""
    image = Image(picture(tmp_path), "Une rue")
    for slug in ("alep", "alep-nord"):
        told.chapters.create(draft(introduction="SECRET"), slug=slug, image=image)
    told.chapters.remove("alep", purge=True)
    told.chapters.remove("alep", purge=True)
    left = [path for path in told.paths.entries.rglob("*") if path.is_file()]
    assert [p.name for p in left if b"SECRET" in p.read_bytes()] == ["alep-nord.jsonl"]
    assert [p.name[:10] for p in left if p.parent.name == "chapters" and p.suffix == ".png"] == [
        "alep-nord-"
    ]
    assert not told.journal.check().faults
    with pytest.raises(InvalidInput, match="removed for good"):
        told.chapters.restore("alep")


# -- the framings of ranges ------------------------------------------------------------------------


@pytest.fixture
def old(told: Blog) -> Blog:
    """A blog whose journal holds the framing of a range, from before there were chapters."""
    told.journal.append(Framing(period=PERIOD, headline="Titre", introduction="Avant."), expect=0)
    return told


LEGACY = "2012-07-09--2012-07-14"


def test_the_framing_of_a_range_is_a_chapter(old: Blog) -> None:
    """Without being rewritten."""
    (chapter,) = old.timeline.chapters()
    assert (chapter.slug, chapter.now.title, chapter.now.rev) == (LEGACY, "Titre", 0)
    assert chapter.now.introduction == "Avant."
    assert len(bodies(old, LEGACY)) == 6
    assert not (old.paths.entries / "chapters").exists()


def test_an_edit_of_a_framed_range_makes_a_chapter_of_it(old: Blog) -> None:
    """Which counts from then on; what is not given stays."""
    made = old.chapters.edit(LEGACY, ChapterDraft(close="Après."), expect=0)
    assert (made.rev, made.title, made.introduction, made.close) == (1, "Titre", "Avant.", "Après.")
    assert [chapter.now for chapter in old.timeline.chapters()] == [made]
    with pytest.raises(Conflict):
        old.chapters.edit(LEGACY, ChapterDraft(close="Autre."), expect=0)


def test_a_framed_range_can_be_removed_restored_and_purged(old: Blog) -> None:
    """Its framing does not come back by itself, and a purge blanks it too."""
    old.chapters.remove(LEGACY)
    assert old.timeline.chapters() == []
    assert old.chapters.restore(LEGACY).introduction == "Avant."
    old.chapters.remove(LEGACY, purge=True)
    files = list(old.paths.entries.rglob("*.jsonl"))
    assert not any(b"Avant." in path.read_bytes() for path in files)
    assert not old.journal.check().faults
    with pytest.raises(InvalidInput, match="removed for good"):
        old.chapters.restore(LEGACY)


def test_a_framed_range_without_a_headline_is_called_by_its_days(told: Blog) -> None:
    """When it becomes a chapter."""
    told.journal.append(Framing(period=PERIOD, introduction="Avant."), expect=0)
    made = told.chapters.edit(LEGACY, ChapterDraft(close="Après."))
    assert made.title == "Du 9 au 14 juillet 2012"


def test_the_texts_around_a_range_are_those_of_its_chapter(told: Blog) -> None:
    """Written with the digest, they make a chapter; no framing of a range is written any more."""
    made = told.frame(PERIOD, headline="Titre", introduction="Avant.", expect=0)
    assert (made.rev, made.headline, told.timeline.framing(PERIOD)) == (1, "Titre", made)
    assert told.timeline.chapter(LEGACY).now.introduction == "Avant."
    assert told.journal.read(PERIOD).records == ()
    again = told.frame(PERIOD, headline="", close="Fin.", expect=1)
    assert (again.headline, again.introduction) == ("Du 9 au 14 juillet 2012", "Avant.")
    assert told.digest(PERIOD).close == "Fin."
    with pytest.raises(Conflict):
        told.frame(PERIOD, close="Autre.", expect=1)
    told.chapters.remove(LEGACY)
    assert told.timeline.framing(PERIOD) == Framing(period=PERIOD, rev=3)
    assert told.frame(PERIOD, introduction="Neuf.").rev == 4


# -- the journal -----------------------------------------------------------------------------------


def test_a_watcher_sees_a_chapter(told: Blog) -> None:
    """With a long name in another script too, whose line the next append names."""
    news = told.journal.watch(told.journal.end(), lambda _: False)
    assert next(news).records == []
    title = "حلب تحت النار " * 4
    made = told.chapters.create(draft(title))
    seen = next(news)
    assert (list(seen.records), seen.names) == ([made], frozenset([made.name]))
    told.post("Ensuite.")
    assert not told.journal.check().faults
    reopened = Blog(told.paths.root, clock=lambda: told.now)
    reopened.post("Encore.")
    assert not told.journal.check().faults


def test_a_damaged_chapter_is_withheld(told: Blog) -> None:
    """Its older revision is not shown; it can be removed, and a copy is put back by a repair."""
    made = told.chapters.create(draft("Alep", close="Un."))
    told.chapters.edit("alep", ChapterDraft(close="Deux."))
    path = told.journal.path(chapter_name("alep"))
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"Deux.", b"Deux;;"))
    with pytest.raises(Withheld):
        told.timeline.chapter("alep")
    assert told.timeline.chapters() == []
    (fault,) = told.journal.read(chapter_name("alep")).faults
    assert fault.entry == chapter_name("alep")
    path.write_bytes(whole.replace(b"Deux.", b"Deuy."))
    told.journal.repair()
    assert told.timeline.chapter("alep").now.close == "Deux."
    path.write_bytes(path.read_bytes().replace(b"Deux.", b"Deux;;"))
    assert told.chapters.remove("alep").state == "removed"
    assert told.timeline.chapter("alep").now.slug == made.slug


def test_a_chapter_survives_a_change_of_the_time_zone(told: Blog) -> None:
    """Its days are dates."""
    told.chapters.create(draft("Alep"))
    before = bodies(told, "alep")
    path = told.paths.root / "liveblog.toml"
    path.write_text(path.read_text("utf-8").replace("Europe/Paris", "Pacific/Auckland"), "utf-8")
    moved = Blog(told.paths.root, clock=lambda: told.now)
    assert bodies(moved, "alep") == before
    assert moved.chapters.edit("alep", ChapterDraft(close="Fin.")).period == PERIOD


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["edit", "retract", "remove", "restore", "reopen"]),
        st.text("ab\n é", max_size=5),
    ),
    max_size=8,
)


@settings(parent=tries(15, ci=200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_whatever_is_done_to_a_chapter_the_journal_folds_to_it(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, str]]
) -> None:
    """Each verb appends one revision or nothing, in order, and no line is lost or damaged."""
    clock = Clock()
    blog = begun(tmp_path_factory.mktemp("blog"), clock)
    blog.post("Un.", at=date(2012, 7, 10))
    made = [blog.chapters.create(draft("Alep"))]
    for action, text in actions:
        clock.go(seconds=1)
        if action == "reopen":
            blog = Blog(blog.paths.root, clock=clock)
            continue
        verbs: dict[str, Callable[[], Chapter]] = {
            "edit": lambda: blog.chapters.edit("alep", ChapterDraft(close=text)),  # noqa: B023
            "retract": lambda: blog.chapters.retract("alep", why=text),  # noqa: B023
            "remove": lambda: blog.chapters.remove("alep"),  # noqa: B023
            "restore": lambda: blog.chapters.restore("alep"),  # noqa: B023
        }
        try:
            done = verbs[action]()
        except InvalidInput:
            continue
        made += [done] if done != made[-1] else []
    found = blog.timeline.chapter("alep")
    assert list(found.revisions) == made
    assert [chapter.rev for chapter in made] == list(range(1, len(made) + 1))
    records = blog.journal.read(chapter_name("alep")).records
    assert fold_chapter(reversed(records)) == found
    assert [c.slug for c in blog.timeline.chapters()] == ["alep"] * (made[-1].state != "removed")
    assert not blog.journal.check().faults


# -- quotes of entries -----------------------------------------------------------------------------


def quote(entry_id: str, words: str = "SECRET") -> str:
    """Return a quotation of an entry, as the composer inserts it."""
    return f"> {words}\n>\n> — [Ana, 15 juillet](entry:{entry_id})"


@pytest.fixture
def quoting(told: Blog) -> tuple[Blog, str]:
    """A blog whose chapter, day, week, range and head quote an entry; its id."""
    entry_id = told.post("SECRET", title="SECRET").id
    text = f"Avant.\n\n{quote(entry_id)}\n\nAprès."
    told.chapters.create(draft("Alep", introduction=text, close=quote(entry_id)))
    for period in ("2012-07-10", "2012-W28", "coverage"):
        told.frame(period, headline="Titre", introduction=text, close="Fin.")
    told.journal.append(Framing(period=PERIOD, introduction=text), expect=0)
    return told, entry_id


NAMES = [PERIOD, "2012-07-10", "2012-W28", "chapter:alep", "coverage"]


def shown(blog: Blog) -> str:
    """Return all that readers see of introductions and closes."""
    week = blog.digest("2012-W28")
    texts = [blog.timeline.framing(COVERAGE), week.framing, *(day.framing for day in week.days)]
    texts += [blog.timeline.framing(PERIOD)]
    found = [f"{framing.introduction}\n{framing.close}" for framing in texts if framing]
    for chapter in blog.timeline.chapters():
        digest = build_chapter(blog.timeline, chapter.now)
        found.append(f"{digest.introduction}\n{digest.close}")
    return "\n".join(found)


def test_what_is_quoted_of_a_removed_entry_is_shown_nowhere(quoting: tuple[Blog, str]) -> None:
    """Until it is restored; the blog says what quotes it."""
    blog, entry_id = quoting
    before = shown(blog)
    assert blog.quotes_of(entry_id) == NAMES
    blog.remove(entry_id)
    assert "SECRET" not in shown(blog)
    assert shown(blog).count("Avant.\n\nAprès.") == before.count("Avant.")
    blog.restore(entry_id)
    assert shown(blog) == before


def test_what_may_be_removed_because_of_damage_is_not_shown(quoting: tuple[Blog, str]) -> None:
    """A damaged line may hold its removal."""
    blog, entry_id = quoting
    blog.edit(entry_id, body="SECRET.")
    path = blog.journal.path("2012-07-15")
    path.write_bytes(path.read_bytes().replace(b"SECRET.", b"SECRET;;"))
    assert "SECRET" not in shown(blog)


def test_a_purge_takes_the_quotes_out_of_every_revision(quoting: tuple[Blog, str]) -> None:
    """Each text that quoted it is revised, so that nobody saves an older one over it."""
    blog, entry_id = quoting
    blog.chapters.edit("alep", ChapterDraft(close="Fin."))
    blog.remove(entry_id, purge=True)
    files = [path for path in blog.paths.root.rglob("*") if path.is_file()]
    assert [path for path in files if b"SECRET" in path.read_bytes()] == []
    assert blog.quotes_of(entry_id) == []
    found = blog.timeline.chapter("alep")
    assert [r.introduction for r in found.revisions] == ["Avant.\n\nAprès."] * 3
    assert (found.now.rev, found.now.author) == (3, "La rédaction")
    assert not blog.journal.check().faults
    with pytest.raises(Conflict):
        blog.chapters.edit("alep", ChapterDraft(introduction=quote(entry_id)), expect=2)
    blog.remove(entry_id, purge=True)
    assert blog.timeline.chapter("alep").now.rev == 3


def test_a_purge_drops_a_damaged_line_that_may_hold_a_quote(quoting: tuple[Blog, str]) -> None:
    """Whatever else was in it."""
    blog, entry_id = quoting
    path = blog.journal.path(chapter_name("alep"))
    path.write_bytes(path.read_bytes().replace(b"Avant.", b"Avant;;"))
    blog.remove(entry_id, purge=True)
    assert b"SECRET" not in path.read_bytes()


def test_whatever_byte_is_damaged_no_older_revision_is_shown(told: Blog) -> None:
    """It is the newest revision, or the chapter is withheld and the damage is reported."""
    told.chapters.create(draft("Alep", close="Un."))
    newest = told.chapters.edit("alep", ChapterDraft(close="Deux."))
    path = told.journal.path(chapter_name("alep"))
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        journal = Journal(told.paths.entries, told.paths.derived, lambda: told.now)
        shown = [chapter.now for chapter in Timeline(journal, told.now).chapters()]
        if shown != [newest]:
            assert shown == []
            assert journal.read(chapter_name("alep")).faults
            with pytest.raises(Withheld):
                Timeline(journal, told.now).chapter("alep")


def test_a_chapter_that_is_cut_short_is_its_last_whole_revision(told: Blog) -> None:
    """A crash leaves a beginning of a line, which was never acknowledged."""
    first = told.chapters.create(draft("Alep", close="Un."))
    path = told.journal.path(chapter_name("alep"))
    size = path.stat().st_size
    told.chapters.edit("alep", ChapterDraft(close="Deux."))
    whole = path.read_bytes()
    (told.paths.derived / "head").unlink()
    for end in range(size, len(whole) - 1, 3):
        path.write_bytes(whole[:end])
        journal = Journal(told.paths.entries, told.paths.derived, lambda: told.now)
        assert Timeline(journal, told.now).chapter("alep").now == first


# -- by its name -----------------------------------------------------------------------------------


def test_a_chapter_is_named_wherever_a_period_is(told: Blog) -> None:
    """Its digest, all of it or key entries or one tag; the name of no period is taken for it."""
    told.chapters.create(draft(), slug="alep")
    whole = told.digest("alep")
    assert whole.chapter
    assert whole.headlines == ("La bataille d’Alep",)
    assert len(whole.entries) == 6
    assert [e.now.body for e in told.digest("alep", key=True).entries] == ["Le 12."]
    assert len(told.digest("alep", tag="Homs").entries) == 3
    with pytest.raises(UnknownTag, match="No entry of alep has the tag 'Damas'"):
        told.digest("alep", tag="Damas")
    assert told.digest("today").chapter is None


def test_a_name_that_is_none_is_explained(told: Blog) -> None:
    """With the chapter that is meant, if there is one like it; a removed one is named as such."""
    told.chapters.create(draft(), slug="la-bataille")
    with pytest.raises(InvalidInput) as caught:
        told.digest("la-batille")
    assert caught.value.hint == "Did you mean 'la-bataille'?"
    with pytest.raises(InvalidInput) as caught:
        told.digest("xyz")
    assert "2012-07-15" in caught.value.hint
    told.chapters.remove("la-bataille")
    with pytest.raises(NotFound, match="was removed"):
        told.digest("la-bataille")
