"""Imports: each update once, however often it is tried; and one journal into another, exactly."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from liveblog import Blog
from liveblog.blog import Image
from liveblog.exports import jsonl as exported
from liveblog.exports import markdown as exported_markdown
from liveblog.imports import (
    Copy,
    FramingItem,
    Item,
    Picture,
    Problem,
    Translation,
    Update,
    Version,
    writer,
)
from liveblog.imports import jsonl as imported
from liveblog.imports import markdown as imported_markdown
from liveblog.model.addresses import entry_path
from liveblog.model.chapter import ChapterDraft
from liveblog.model.entry import Figure, Media, Revision, Source
from liveblog.model.errors import InvalidInput, LiveblogError, NotFound
from liveblog.model.moment import Moment, When

from ..conftest import Clock, site_bytes
from ..site.test_publish import picture
from .test_markdown import YEAR, as_hugo, as_jekyll, as_pelican

SUNDAY = datetime(2012, 7, 8, 9, 30, tzinfo=UTC)


def update(key: str, *bodies: str, at: datetime = SUNDAY, **more: Any) -> Update:
    """Return an update with a version for each body, an hour apart."""
    versions = [
        Version(
            published=Moment(at), updated=at + timedelta(hours=n) if n else None, body=body, **more
        )
        for n, body in enumerate(bodies)
    ]
    return Update(key, f"line {key}", tuple(versions))


def bodies(blog: Blog) -> list[list[str]]:
    """Return what the journal holds: of each entry the body of each revision."""
    return [
        [r.body for r in entry.revisions]
        for of in blog.timeline.days()
        for entry in blog.timeline.unfiltered(of).entries
    ]


def journal_bytes(blog: Blog) -> dict[str, bytes]:
    """Return the journal's files."""
    files = blog.paths.entries.rglob("*")
    return {p.name: p.read_bytes() for p in files if p.is_file()}


# -- updates -----------------------------------------------------------------------------------


def test_translations_link_to_each_other(blog: Blog) -> None:
    """By the addresses of their updates, the names of the languages and their titles."""
    day = SUNDAY.date()
    items = [
        replace(update(key, key, title=title), translations=others)
        for key, title, others in (
            (
                "a",
                "Storm",
                (Translation("b", day, "fr", "La [tempête]"), Translation("c", day, "xx")),
            ),
            ("b", "Tempête", (Translation("a", day, "en", "Storm"),)),
        )
    ]
    blog.import_items(items, source="s")
    by_title = {entry.now.title: entry.now for entry in blog.timeline.newest_first()}
    french, english = by_title["Tempête"], by_title["Storm"]
    assert french.body == f"b\n\nEnglish: [Storm]({entry_path(english.id)})"
    first, _, second = english.body.partition("\n\n")[2].partition(" · ")
    assert first == f"français: [La \\[tempête\\]]({entry_path(french.id)})"
    assert second.startswith("xx: [xx](2012/07/08/")
    assert blog.import_items(items, source="s").known == 2


def test_an_update_becomes_an_entry_with_all_that_it_says(blog: Blog) -> None:
    """In the day of its date, with every field."""
    version = Version(
        published=Moment(SUNDAY), updated=SUNDAY + timedelta(hours=2),
        title="Titre", body="Un *fait*.", author="Ana",
        tags=("Homs", "homs", "ONU"), key=True, verification="unconfirmed", lang="en",
        sources=(Source("OSDH", "https://osdh.example/"),), figures=(Figure("Morts", 3),),
    )  # fmt: skip
    result = blog.import_items([Update("a", "line 1", (version,))], source="test")
    assert (result.entries, result.problems) == (1, [])
    (entry,) = blog.timeline.day(SUNDAY.date()).entries
    now = entry.now
    assert (now.published, now.updated) == (SUNDAY, SUNDAY + timedelta(hours=2))
    assert (now.title, now.body, now.author, now.tags) == (
        "Titre", "Un *fait*.", "Ana", ("Homs", "ONU"),
    )  # fmt: skip
    assert (now.key, now.verification, now.lang) == (True, "unconfirmed", "en")
    assert (now.sources, now.figures) == (version.sources, version.figures)
    assert entry.id.startswith("20120708-")


def test_twice_is_once(blog: Blog) -> None:
    """The second time nothing is written."""
    items = [update("a", "Un.", "Deux."), update("b", "Autre."), update("c", "Un.", "Deux.")]
    blog.import_items(items, source="test")
    before = journal_bytes(blog)
    again = blog.import_items(items, source="test")
    assert (again.entries, again.revisions, again.known) == (0, 0, 3)
    assert journal_bytes(blog) == before
    assert bodies(blog) == [["Un.", "Deux."], ["Autre."], ["Un.", "Deux."]]


def test_the_same_key_of_another_source_is_another_update(blog: Blog) -> None:
    """Two feeds may both have an entry 1."""
    blog.import_items([update("1", "Ici.")], source="a")
    blog.import_items([update("1", "Là.")], source="b")
    assert sorted(bodies(blog)) == [["Ici."], ["Là."]]


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4, 5])
def test_an_interrupted_import_continues_where_it_stopped(blog: Blog, cut: int) -> None:
    """Between two updates or between two versions of one."""
    items = [update(str(n), f"{n} un", f"{n} deux") for n in range(3)]
    append_many = blog.journal.append_many

    def failing(records: Any) -> Any:
        append_many(list(records)[:cut])
        raise KeyboardInterrupt

    blog.journal.append_many = failing  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        blog.import_items(items, source="test")
    del blog.journal.append_many
    blog.import_items(items, source="test")
    assert bodies(blog) == [[f"{n} un", f"{n} deux"] for n in range(3)]


def test_items_before_a_broken_source_are_appended(blog: Blog) -> None:
    """The error of the source is raised; a repeated import adds only the rest."""

    def items(*, is_whole: bool) -> Iterator[Item]:
        yield update("a", "Un.")
        yield update("b", "Deux.")
        if not is_whole:
            raise NotFound("The source breaks off.", "Fetch it again.")
        yield update("c", "Trois.")

    with pytest.raises(NotFound):
        blog.import_items(items(is_whole=False), source="test")
    assert sorted(bodies(blog)) == [["Deux."], ["Un."]]
    result = blog.import_items(items(is_whole=True), source="test")
    assert (result.entries, result.known) == (1, 2)


def test_an_update_that_the_journal_refuses_does_not_stop_its_batch(
    blog: Blog, clock: Clock
) -> None:
    """Another process imports the same update meanwhile: a conflict, and the others are taken."""
    other = Blog(blog.paths.root, clock=clock)

    def items() -> Iterator[Item]:
        yield update("a", "Un.")
        yield update("b", "Deux.")
        other.import_items([update("a", "Autre.")], source="test")
        yield update("c", "Trois.")

    result = blog.import_items(items(), source="test")
    assert (result.entries, [p.where for p in result.problems]) == (2, ["line a"])
    assert sorted(bodies(blog)) == [["Autre."], ["Deux."], ["Trois."]]
    assert not blog.check().faults


def test_an_update_that_occurs_twice_is_one(blog: Blog) -> None:
    """The second is read after the first is written, in whatever batch they are."""
    result = blog.import_items([update("a", "Un."), update("a", "Deux.")], source="test")
    assert (result.entries, result.revisions) == (1, 1)
    assert bodies(blog) == [["Un.", "Deux."]]


def test_a_batch_is_written_once(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand updates of ten days are one call; their days may come in any order."""
    calls: list[int] = []
    append_many = blog.journal.append_many

    def counting(records: Any) -> Any:
        calls.append(len(list(records)))
        return append_many(records)

    monkeypatch.setattr(blog.journal, "append_many", counting)
    monkeypatch.setattr(writer, "MAX_SECONDS", 60)
    items = [update(str(n), f"{n}.", at=SUNDAY - timedelta(days=n % 10)) for n in range(1100)]
    result = blog.import_items(items, source="test")
    assert result.entries == 1100
    assert calls == [1000, 100]


def test_what_changed_in_the_source_is_a_revision(blog: Blog) -> None:
    """Also where the source forgets what it said before, and where it goes back to that."""
    for told in (["A"], ["B"], ["B"], ["A"], ["A", "C"], ["A", "C", "D"]):
        blog.import_items([update("a", *told)], source="test")
    assert bodies(blog) == [["A", "B", "A", "C", "D"]]


def test_an_update_with_another_date_is_still_the_same(blog: Blog) -> None:
    """Its id stays; it is shown on the day of its new date."""
    blog.import_items([update("a", "Un.")], source="test")
    blog.import_items([update("a", "Un.", at=SUNDAY + timedelta(days=2))], source="test")
    (entry,) = blog.timeline.day(SUNDAY.date() + timedelta(days=2)).entries
    assert entry.id.startswith("20120708-")
    assert not blog.timeline.day(SUNDAY.date()).entries


def test_what_was_edited_here_stays(blog: Blog) -> None:
    """The change in the source is reported and not imported."""
    blog.import_items([update("a", "Un.")], source="test")
    ((entry,)) = blog.timeline.day(SUNDAY.date()).entries
    blog.edit(entry.id, body="Le mien.")
    assert blog.import_items([update("a", "Un.")], source="test").problems == []
    result = blog.import_items([update("a", "Un autre.")], source="test")
    assert [p.where for p in result.problems] == ["line a"]
    assert entry.id in result.problems[0].what
    assert bodies(blog) == [["Un.", "Le mien."]]


@pytest.mark.parametrize("purge", [False, True])
def test_what_was_removed_here_does_not_come_back(blog: Blog, purge: bool) -> None:
    """Whatever the source says of it later."""
    blog.import_items([update("a", "SECRET")], source="test")
    (entry,) = blog.timeline.day(SUNDAY.date()).entries
    blog.remove(entry.id, purge=purge)
    for told in (["SECRET"], ["SECRET", "ENCORE"]):
        blog.import_items([update("a", *told)], source="test")
        assert not blog.timeline.day(SUNDAY.date()).entries
    text = b"".join(journal_bytes(blog).values())
    assert (b"SECRET" in text) is not purge
    assert b"ENCORE" not in text


EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (update("a", "Un.", "x" * 100_001), "100,001 bytes"),
        (update("a", ""), "empty"),
        (update("a", "Un.", at=datetime(2099, 1, 1, tzinfo=UTC)), "in the future"),
        (update("a", "Un \x00 nul."), "U+0000"),
        (update("a", "Un.", at=datetime(999, 1, 1, tzinfo=UTC)), "between the years 1000"),
        (
            update("a", "Un.", at=datetime.min.replace(tzinfo=EAST)),
            "between the years 1000",
        ),
        (
            update("a", "Un.", at=datetime.max.replace(tzinfo=WEST)),
            "between the years 1000",
        ),
    ],
)
def test_an_update_that_cannot_be_shown_is_reported_and_the_rest_is_imported(
    blog: Blog, item: Update, said: str
) -> None:
    """None of its versions is taken."""
    result = blog.import_items([item, update("b", "Le reste.")], source="test")
    assert [p.where for p in result.problems] == ["line a"]
    assert said in result.problems[0].what
    assert bodies(blog) == [["Le reste."]]


LONG = "ب" * 150
"""Within the limits in characters, and not in bytes of a file's name."""


@pytest.mark.parametrize(
    ("given", "name", "kept", "said"),
    [
        ("t" * 301, "title", "t" * 299 + "…", "its title has 301 characters and is shortened"),
        ("two\nlines", "title", "two lines", ""),
        ("n" * 201, "author", "n" * 199 + "…", "its author has 201 characters and is shortened"),
        (("Homs", "!!!"), "tags", ("Homs",), "'!!!' is not a tag (no letter or digit in it)"),
        (("Homs", LONG), "tags", ("Homs",), "is not a tag (too long)"),
        (("Homs", "homs"), "tags", ("Homs",), ""),
        ("?", "lang", "", "its language is left out"),
        ((Source("x", "javascript:alert(1)"),), "sources", (Source("x"),), "address 'javascript"),
        ((Source("x", "https://a b"),), "sources", (Source("x"),), "address 'https://a b'"),
        ((Source("x", f"https://{LONG * 30}"),), "sources", (Source("x"),), "is left out"),
        ((Source("x" * 201),), "sources", (Source("x" * 199 + "…"),), "is shortened"),
        ((Source(""),), "sources", (), ""),
    ],
)
def test_fields_beyond_the_limits_are_shortened_or_left_out_and_reported(
    blog: Blog, given: Any, name: str, kept: Any, said: str
) -> None:
    """Whichever program it comes from: there is one rule for all imports."""
    result = blog.import_items([update("a", "Un.", **{name: given})], source="test")
    (entry,) = blog.timeline.day(SUNDAY.date()).entries
    assert getattr(entry.now, name) == kept
    assert (result.entries, len(result.problems)) == (1, bool(said))
    assert all(said in problem.what for problem in result.problems)
    again = blog.import_items([update("a", "Un.", **{name: given})], source="test")
    assert (again.known, again.revisions) == (1, 0)


def test_of_too_many_things_the_first_are_imported(blog: Blog) -> None:
    """As many as an update may have."""
    tags = tuple(f"tag {n}" for n in range(60))
    result = blog.import_items([update("a", "Un.", tags=tags)], source="test")
    assert [p.what for p in result.problems] == ["of its 60 tags 50 are imported"]
    (entry,) = blog.timeline.day(SUNDAY.date()).entries
    assert entry.now.tags == tags[:50]


def test_the_problems_of_an_importer_are_reported(blog: Blog) -> None:
    """In their order, with the rest."""
    problem = Problem("line 3", "no date", "Add one.")
    result = blog.import_items([problem, update("b", "Le reste.")], source="test")
    assert (result.problems, result.entries) == ([problem], 1)


def test_a_dry_run_counts_and_writes_nothing(blog: Blog, told: Blog, tmp_path: Path) -> None:
    """Not even the journal's folder changes; the real run does what the dry run said."""
    export = tmp_path / "export.jsonl"
    export.write_bytes(b"".join(exported.write(told.journal, told.config, told.paths.media)))
    unread = Picture("a.png", lambda: pytest.fail("was read"))
    several: tuple[list[Item], ...] = (
        [
            update("a", "Un.", "Deux.", pictures=(unread,)),
            FramingItem("coverage", "top", headline="H"),
        ],
        list(imported.read(export, language="fr", timezone="Europe/Paris")),
    )
    for items in several:
        before = journal_bytes(blog)
        dry = blog.import_items(items, source="test", dry_run=True)
        assert journal_bytes(blog) == before
        if not any(isinstance(item, Update) for item in items):
            real = blog.import_items(items, source="test")
            assert replace(dry, pictures=0) == replace(real, pictures=0)


def test_an_import_of_old_updates_wakes_nobody(blog: Blog, clock: Clock) -> None:
    """They are in the archives of their days, and not in the feed of who reads it already."""
    for _ in range(60):
        blog.post("Récent.")
        clock.go(minutes=1)
    blog.import_items([update(str(n), f"Ancien {n}.") for n in range(5)], source="test")
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert b"Ancien" not in site["atom.xml"]
    assert site["2012/07/08/atom.xml"].count(b"<entry>") == 5


# -- pictures ----------------------------------------------------------------------------------


def test_pictures_are_imported(blog: Blog, tmp_path: Path) -> None:
    """With their texts; the file name stands in for a missing text, which is reported once."""
    data = picture(tmp_path).read_bytes()
    given = (
        Picture("a.png", lambda: data, "Un pont", "De loin"),
        Picture("b.png", lambda: data, "", "Légende"),
        Picture("plan.png", lambda: data),
    )
    result = blog.import_items([update("a", "Un.", pictures=given)], source="test")
    (entry,) = blog.timeline.day(SUNDAY.date()).entries
    assert [(m.alt, m.caption) for m in entry.now.media] == [
        ("Un pont", "De loin"),
        ("Légende", "Légende"),
        ("plan.png", ""),
    ]
    assert [p.what for p in result.problems] == [
        "1 picture has no alternative text; the file's name is used instead"
    ]
    assert result.pictures == 3
    assert not blog.check().faults


def test_a_missing_picture_is_reported_and_the_update_is_imported(blog: Blog) -> None:
    """Unless it was all that the update had."""

    def missing() -> bytes:
        raise NotFound("There is no gone.png.", "Look for it.")

    pictures = (Picture("gone.png", missing, "Un pont"),)
    items = [update("a", "Un.", pictures=pictures), update("b", "", pictures=pictures)]
    result = blog.import_items(items, source="test")
    assert [p.where for p in result.problems] == ["line a", "line b"]
    assert bodies(blog) == [["Un."]]


def test_pictures_that_do_not_come_leave_their_links_and_captions(blog: Blog) -> None:
    """All of them, each reported; an update of nothing else is not empty."""

    def missing(name: str) -> Picture:
        def read() -> bytes:
            raise NotFound(f"{name} is gone.", "Look for it.")

        return Picture(name, read, f"Un [{name}]", "Au *matin*", url=f"https://old.example/{name}")

    pictures = (missing("a.png"), missing("b.png"))
    items = [update("a", "Un.", pictures=pictures), update("b", "", pictures=pictures[:1])]
    result = blog.import_items(items, source="test")
    assert [p.what for p in result.problems] == [
        "a.png is gone.",
        "b.png is gone.",
        "a.png is gone.",
    ]
    link = r"[Un \[a.png\]](https://old.example/a.png)"
    first, second = sorted(
        (e.now.body for e in blog.timeline.newest_first()), key=len, reverse=True
    )
    assert second == f"{link}\n\nAu \\*matin\\*"
    assert first.startswith(f"Un.\n\n{second}\n\n[Un")
    assert blog.import_items(items, source="test").entries == 0


def test_a_picture_that_was_missing_is_tried_again(blog: Blog, tmp_path: Path) -> None:
    """Without a revision as long as it is, with one once it is there."""
    data = picture(tmp_path).read_bytes()
    is_there = False

    def reading() -> bytes:
        if not is_there:
            raise NotFound("There is no late.png.", "Look for it.")
        return data

    item = update("a", "Un.", pictures=(Picture("late.png", reading, "Un pont"),))
    first, second = (blog.import_items([item], source="test") for _ in range(2))
    assert (first.entries, len(first.problems)) == (1, 1)
    assert (second.known, second.revisions, len(second.problems)) == (1, 0, 1)
    is_there = True
    third, fourth = (blog.import_items([item], source="test") for _ in range(2))
    assert (third.revisions, third.problems) == (1, [])
    assert (fourth.known, fourth.revisions) == (1, 0)
    (entry,) = blog.timeline.day(SUNDAY.date()).entries
    assert [len(r.media) for r in entry.revisions] == [0, 1]


# -- framings ----------------------------------------------------------------------------------


def test_a_framing_fills_what_is_empty(blog: Blog) -> None:
    """Existing texts stay, and are reported if they differ."""
    blog.frame("2012-07-08", headline="À nous")
    frame = FramingItem("2012-07-08", "line 1", headline="À eux", introduction="Au début.")
    for known in (False, True):
        result = blog.import_items([frame], source="test")
        assert [p.where for p in result.problems] == ["line 1"]
        assert result.framings == (not known)
    framing = blog.timeline.framing("2012-07-08")
    assert framing
    assert (framing.headline, framing.introduction) == ("À nous", "Au début.")


# -- a journal into another --------------------------------------------------------------------


def write_much(blog: Blog, clock: Clock, image: Path, seed: int, steps: int = 60) -> None:
    """Do whatever can be done to a journal, in some order."""
    chance = random.Random(seed)
    ids: list[str] = []
    for step in range(steps):
        clock.go(hours=chance.choice([0, 0, 0.01, 1, 5, 20]))
        target = chance.choice(ids) if ids else ""
        try:
            match chance.randrange(13) if ids else 0:
                case 0 | 1 | 2 | 3:
                    back = timedelta(hours=chance.choice([0, 0, 30, 200]))
                    then = clock.now - back
                    moments: list[When] = [
                        then,
                        then,
                        then.date(),
                        Moment(then, written_time="vers midi"),
                    ]
                    if target:
                        moments.append(blog.moment_after(target))
                    post = blog.post(
                        f"Texte {step} *é*", title=chance.choice(["", f"Titre {step}"]),
                        at=chance.choice(moments), tags=chance.sample(["Damas", "Alep", "دمشق"], 2),
                        key=chance.random() < 0.3, lang=chance.choice(["", "en"]),
                        figures=[Figure("Morts", step)] if chance.random() < 0.3 else [],
                        sources=[Source("OSDH", "https://osdh.example/")],
                        images=[Image(image, "Un point")] if chance.random() < 0.3 else [],
                    )  # fmt: skip
                    ids.append(post.id)
                case 4:
                    blog.edit(target, body=f"Autre {step}", note=chance.choice(["", "Précision."]))
                case 5:
                    at = clock.now + timedelta(hours=chance.choice([-50, -3, 40]))
                    blog.edit(target, at=at, schedule=True)
                case 6:
                    blog.retract(target, why="Erreur.")
                case 7:
                    blog.remove(target, purge=chance.random() < 0.5)
                case 8:
                    blog.restore(target)
                case 9 | 10:
                    slug = chance.choice(["la-semaine", "أسبوع"])
                    new = ChapterDraft(
                        title=f"Récit {step}", introduction="Intro.",
                        period=f"{clock.now:%G-W%V}", key=chance.random() < 0.3,
                    )  # fmt: skip
                    photo = Image(image, f"Un point {step}")
                    if chance.random() < 0.5:
                        blog.chapters.create(new, slug=slug, image=photo)
                    else:
                        blog.chapters.edit(slug, new, image=photo, note="Précision.")
                case 11:
                    slug = chance.choice(["la-semaine", "أسبوع"])
                    undo = chance.choice([blog.chapters.remove, blog.chapters.restore])
                    undo(slug)
                    blog.chapters.retract(slug, why="Erreur.")
                case _:
                    name = chance.choice([f"{clock.now:%Y-%m-%d}", f"{clock.now:%G-W%V}"])
                    blog.frame(name, headline=f"Titre {step}", introduction="Intro.")
        except LiveblogError:
            pass
    blog.frame("coverage", headline="La semaine", introduction="Ce qui s'est passé.")


@pytest.fixture
def told(new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path) -> Blog:
    """A blog with a journal in which everything happened."""
    blog = new_blog("told")
    write_much(blog, clock, picture(tmp_path), 1)
    return blog


def by_jsonl(blog: Blog, folder: Path) -> Iterator[Item]:
    """Export as JSON lines and read that back."""
    path = folder / "export.jsonl"
    path.write_bytes(b"".join(exported.write(blog.journal, blog.config, blog.paths.media)))
    return imported.read(path, language=blog.config.language, timezone=blog.config.timezone)


def by_markdown(blog: Blog, folder: Path) -> Iterator[Item]:
    """Export as Markdown and read that back."""
    journal = blog.journal
    records = (r for name in journal.stamps() for r in journal.read(name).records)
    exported_markdown.write(records, blog.paths.media, folder / "export")
    return imported_markdown.read_folder(
        folder / "export", zone=blog.config.zone, now=blog.now, language="en"
    )


def records_of(blog: Blog) -> list[Any]:
    """Return every record, in the order of their making."""
    return list(blog.journal.since("").records)


@pytest.mark.slow
@pytest.mark.parametrize("way", [by_jsonl, by_markdown])
@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 9))]
)
def test_a_journal_brought_into_an_empty_blog_is_the_same(
    blog: Blog,
    new_blog: Callable[..., Blog],
    clock: Clock,
    tmp_path: Path,
    way: Callable[[Blog, Path], Iterator[Item]],
    seed: int,
) -> None:
    """Every record with its number and instant, and the whole site byte for byte; twice is once."""
    write_much(blog, clock, picture(tmp_path), seed)
    items = list(way(blog, tmp_path))
    other = new_blog("other")
    configuration = (blog.paths.root / "liveblog.toml").read_bytes()
    (other.paths.root / "liveblog.toml").write_bytes(configuration)
    other = Blog(other.paths.root, clock=clock)
    assert other.import_items(items, source="export").problems == []
    assert records_of(other) == records_of(blog)
    assert not other.check().faults
    before = journal_bytes(other)
    again = other.import_items(items, source="export")
    assert again.items == again.known > 0
    assert journal_bytes(other) == before
    blog.publish()
    other.publish()
    assert site_bytes(other.paths.site) == site_bytes(blog.paths.site)


def test_a_journal_joins_another_without_touching_it(
    blog: Blog, told: Blog, tmp_path: Path
) -> None:
    """What was there stays, byte for byte, and what comes is appended."""
    mine = blog.post("À nous.")
    before = journal_bytes(blog)
    blog.import_items(by_jsonl(told, tmp_path), source="export")
    after = journal_bytes(blog)
    assert all(after[name].startswith(data) for name, data in before.items())
    assert blog.timeline.entry(mine.id).now.body == "À nous."
    ids = {r.id for r in records_of(told) if isinstance(r, Revision)}
    assert {r.id for r in records_of(blog) if isinstance(r, Revision)} == ids | {mine.id}
    assert not blog.check().faults


def test_another_history_of_the_same_entry_is_reported(
    told: Blog, blog: Blog, tmp_path: Path
) -> None:
    """What is here stays."""
    blog.import_items(by_jsonl(told, tmp_path), source="export")
    live = next(e for e in blog.timeline.newest_first() if e.now.state == "live")
    blog.edit(live.id, body="Ici.")
    told.edit(live.id, body="Là-bas.")
    result = blog.import_items(by_jsonl(told, tmp_path), source="export")
    assert len(result.problems) == 1
    assert live.id in result.problems[0].what
    assert blog.timeline.entry(live.id).now.body == "Ici."


def test_a_cut_export_changes_nothing(blog: Blog, told: Blog, tmp_path: Path) -> None:
    """Wherever it was cut."""
    lines = list(exported.write(told.journal, told.config, told.paths.media))
    data = b"".join(lines)
    path = tmp_path / "cut.jsonl"
    for cut in [*range(0, len(data), max(1, len(data) // 40)), len(data) - len(lines[-1])]:
        path.write_bytes(data[:cut])
        with pytest.raises(InvalidInput):
            imported.read(path, language="fr", timezone="Europe/Paris")
    path.write_bytes(data + lines[1])
    with pytest.raises(InvalidInput, match="follows the end"):
        imported.read(path, language="fr", timezone="Europe/Paris")


def test_an_export_of_another_zone_is_reported(blog: Blog, tmp_path: Path) -> None:
    """Its days would be others."""
    blog.post("Un.")
    path = tmp_path / "export.jsonl"
    path.write_bytes(b"".join(exported.write(blog.journal, blog.config, blog.paths.media)))
    items = list(imported.read(path, language="fr", timezone="Asia/Damascus"))
    assert [type(item) for item in items] == [Problem, Copy]


def _evil(name: str, revision: Revision) -> Any:
    record: Any = json.loads(__import__("msgspec").json.encode(revision))
    media = {"path": "2012/07/15/x.png", "type": "image/png", "size": 1, "alt": "x"}
    changes: dict[str, Any] = {
        "path": {"media": [media | {"path": "../../../../etc/cron.d/x.png"}]},
        "other entry": {"media": [media | {"path": "2012/07/15/0000000000-0123456789.png"}]},
        "script": {"sources": [{"name": "x", "url": "javascript:alert(1)"}]},
        "nul": {"body": "a\x00b"},
        "no number": {"rev": 0},
        "gap": {"rev": 7},
        "no day": {"day": "2012-13-45"},
        "long": {"body": "x" * 200_000},
    }
    return record | changes[name]


@pytest.mark.parametrize(
    "name", ["path", "other entry", "script", "nul", "no number", "gap", "no day", "long"]
)
def test_a_forged_record_is_refused(blog: Blog, tmp_path: Path, name: str) -> None:
    """Records that this program would not have written are reported and not appended."""
    revision = Revision(
        id="20120715-7k3m9qx2tb", rev=1, recorded=SUNDAY, published=SUNDAY, updated=SUNDAY,
        body="Un.",
    )  # fmt: skip
    lines = [
        {"type": "liveblog", "version": 1, "title": "x", "language": "fr",
         "timezone": "Europe/Paris"},
        _evil(name, revision),
        {"type": "end", "records": 1},
    ]  # fmt: skip
    path = tmp_path / "forged.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = blog.import_items(
        imported.read(path, language="fr", timezone="Europe/Paris"), source="export"
    )
    assert [p.where for p in result.problems] == ["forged.jsonl:2"]
    assert journal_bytes(blog) == {}


def test_a_picture_with_other_bytes_is_not_stored(blog: Blog, told: Blog, tmp_path: Path) -> None:
    """Its name says what its bytes must be."""
    items: Sequence[Item] = [
        replace(item, read=lambda _: b"<svg onload=alert(1)>") if isinstance(item, Copy) else item
        for item in by_jsonl(told, tmp_path)
    ]
    result = blog.import_items(items, source="export")
    assert result.problems
    assert not list(blog.paths.media.rglob("*.*"))


def test_an_instant_of_the_future_is_not_believed(blog: Blog) -> None:
    """Or nothing could be recorded after it."""
    later = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    record = Revision(
        id="20120715-7k3m9qx2tb", rev=1, recorded=later, published=SUNDAY, updated=SUNDAY, body="x"
    )

    def nothing(_: Media) -> bytes:
        raise NotFound("none")

    blog.import_items([Copy("1", record, nothing)], source="export")
    recorded = blog.post("Après.").recorded
    assert recorded
    assert recorded < blog.now + timedelta(seconds=1)


# -- a year of another blog ------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("layout", [as_hugo, as_jekyll, as_pelican])
def test_a_year_of_another_blog_twice_is_the_same_journal(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path, layout: Callable[..., None]
) -> None:
    """Byte for byte, and every post with its pictures is there."""
    clock.set("2014-01-01T00:00:00Z")
    blog = new_blog()
    site = tmp_path / "site"
    site.mkdir()
    for post in YEAR:
        layout(site, post)
    for path in site.rglob("*.png"):
        path.write_bytes(picture(tmp_path).read_bytes())

    def run_import() -> Any:
        items = imported_markdown.read_folder(
            site, zone=blog.config.zone, now=blog.now, language="en"
        )
        return blog.import_items(items, source="markdown site")

    first = run_import()
    assert (first.entries, first.pictures, first.problems) == (len(YEAR), 20, [])
    before = journal_bytes(blog)
    again = run_import()
    assert (again.entries, again.revisions, again.known) == (0, 0, len(YEAR))
    assert journal_bytes(blog) == before
    assert not blog.check().faults
