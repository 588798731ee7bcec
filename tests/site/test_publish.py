"""Publishing: only what changes is written, and the site is a function of the journal."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model import addresses
from liveblog.model.entry import Figure, Revision, Source, make_id
from liveblog.model.errors import ConfigError, StorageError
from liveblog.pages import render
from liveblog.site import feed_files, parallel
from liveblog.site.days import NonEmptyDays
from liveblog.site.publisher import Publisher
from liveblog.site.storage.folder import Folder

from ..conftest import Clock, site_bytes
from ..waiting import until

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0"
    b"\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82"
)


def picture(folder: Path) -> Path:
    """Write a small picture."""
    path = folder / "picture.png"
    path.write_bytes(PNG)
    return path


def from_nothing(blog: Blog, folder: Path) -> dict[str, bytes]:
    """Publish the same journal into an empty folder, with nothing remembered."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(blog.paths.root, folder, ignore=shutil.ignore_patterns("feeds", ".liveblog"))
    other = Blog(folder, clock=blog._clock)
    other.publish()
    return site_bytes(other.paths.site)


def test_a_figure_may_be_larger_than_machines_count(blog: Blog) -> None:
    """It is published as it was posted."""
    blog.post("La dette.", figures=[Figure("Dette", 10**20, "euros")])
    blog.publish()
    assert "100000000000000000000" in (blog.paths.site / "figures.csv").read_text()


def test_publishing_twice_writes_nothing_the_second_time(blog: Blog) -> None:
    """Nor does it touch a file's time."""
    blog.post("Un.", tags=["Damas"])
    first = blog.publish()
    assert first.written
    before = {p: p.stat().st_mtime_ns for p in blog.paths.site.rglob("*")}
    second = blog.publish()
    assert (second.written, second.deleted) == ([], [])
    assert {p: p.stat().st_mtime_ns for p in blog.paths.site.rglob("*")} == before


def test_a_post_makes_no_page_of_another_entry_anew(blog: Blog, tmp_path: Path) -> None:
    """Except its neighbours'. Nor does it look at pictures; a full publication looks at all."""
    old = blog.post("Un.", images=[Image(picture(tmp_path), "Un point")])
    blog.post("Entre les deux.")
    blog.publish()
    page = blog.paths.site / addresses.entry_path(old.id) / "index.html"
    kept = page.read_bytes()
    page.write_bytes(b"altered")
    (blog.paths.media / old.media[0].path).rename(tmp_path / "aside")
    new = blog.post("Deux.")
    report = blog.publish()
    assert not report.faults
    assert not report.deleted
    assert addresses.entry_path(new.id) + "index.html" in report.written
    assert page.read_bytes() == b"altered"
    assert [fault.problem for fault in blog.publish(full=True).faults] == ["the picture is gone"]
    assert page.read_bytes() == kept


def test_a_publisher_that_is_told_what_changed_looks_at_nothing_else(blog: Blog) -> None:
    """The rest it finds when it is told of nothing."""
    blog.publish()
    publisher = blog.publisher
    old = blog.post("Hier.", at=blog.now - timedelta(days=1))
    new = blog.post("Deux.")
    report = publisher.publish(blog.now, names=[f"{blog.now:%Y-%m-%d}"])
    assert addresses.entry_path(new.id) + "index.html" in report.written
    assert addresses.entry_path(old.id) + "index.html" not in report.written
    report = publisher.publish(blog.now)
    assert addresses.entry_path(old.id) + "index.html" in report.written
    blog.publish(full=True)
    assert not blog.publish().written


def test_publishers_of_one_blog_take_turns(blog: Blog) -> None:
    """What one remembers, the other one learns."""
    other = Blog(blog.paths.root, clock=blog._clock)
    for number in range(3):
        for each in (blog, other):
            entry = each.post(f"{number}.", at=blog.now - timedelta(days=number))
            assert addresses.entry_path(entry.id) + "index.html" in each.publish().written
            assert not each.publish().written
    assert site_bytes(blog.paths.site) == from_nothing(blog, blog.paths.root.parent / "again")


days_told = st.dictionaries(
    st.dates(date(1998, 11, 1), date(2012, 3, 1)), st.sampled_from("ab")
).map(lambda days: NonEmptyDays(sorted(days.items())))


@given(days_told, days_told)
def test_days_told_know_their_years_and_what_differs(
    before: NonEmptyDays, after: NonEmptyDays
) -> None:
    """Mirrors sets made of all the days."""
    assert after.years == sorted({of.year for of in after.days})
    added_or_removed = {
        of for of in {*before.days, *after.days} if (of in before.days) != (of in after.days)
    }
    assert after.added_or_removed(before) == added_or_removed
    both = set(before.days) & set(after.days)
    retold = {of for of in both if before.headlines[of] != after.headlines[of]}
    assert after.changed(before) == added_or_removed | retold
    assert not after.added_or_removed(after)
    assert not after.changed(after)


def test_what_was_moved_and_then_removed_is_told_where_it_stood(
    blog: Blog, clock: Clock, tmp_path: Path
) -> None:
    """Back or on, before it was published again: its tombstone stands in its days' archives."""
    for days in (-2, 1):
        gone = blog.post("Un.")
        blog.post("Deux.")
        blog.publish()
        clock.go(hours=1)
        blog.edit(gone.id, at=clock.now + timedelta(days=days), schedule=True)
        blog.remove(gone.id)
        clock.go(days=3)
        blog.publish()
        archive = blog.paths.site / addresses.day_path(gone.published.date()) / "atom.xml"
        assert gone.id in archive.read_text()
    assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "again")


def test_what_was_restored_in_another_day_leaves_the_old_one(
    blog: Blog, clock: Clock, tmp_path: Path
) -> None:
    """With its tags, and without a tombstone; also back in the day that it was posted in."""
    blog.post("Deux.", at=clock.now - timedelta(days=3))
    for days in (-2, -1):
        back = blog.post("Un.", tags=["Homs"])
        blog.publish()
        if days == -1:
            blog.edit(back.id, at=clock.now - timedelta(days=2))
            blog.publish()
        blog.remove(back.id)
        blog.publish()
        blog.restore(back.id)
        blog.edit(back.id, at=back.published if days == -1 else clock.now - timedelta(days=2))
        blog.publish()
        assert "Un." in (blog.paths.site / "tags/homs/index.html").read_text()
        assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "again")
        clock.go(days=20)


def test_a_deleted_site_comes_back_byte_for_byte(blog: Blog, tmp_path: Path) -> None:
    """feeds/ alone deleted, or all that is derived."""
    blog.post("Un.", title="Titre", tags=["Damas"], images=[Image(picture(tmp_path), "Un point")])
    blog.publish()
    before = site_bytes(blog.paths.site)
    shutil.rmtree(blog.paths.site)
    blog.publish(full=True)
    assert site_bytes(blog.paths.site) == before
    shutil.rmtree(blog.paths.site)
    shutil.rmtree(blog.paths.derived)
    blog.publish()
    assert site_bytes(blog.paths.site) == before


def test_a_site_deleted_by_hand_comes_back_without_being_told(blog: Blog) -> None:
    """The design says that feeds/ can be deleted at any moment: a plain publish restores it."""
    blog.post("Un.")
    blog.publish()
    before = site_bytes(blog.paths.site)
    shutil.rmtree(blog.paths.site)
    blog.publish()
    assert site_bytes(blog.paths.site) == before


def test_the_whole_site_is_there(blog: Blog, clock: Clock, tmp_path: Path) -> None:
    """Every file of the design, for a blog with two days and one week over."""
    blog.post("Un.", tags=["Réfugiés"], images=[Image(picture(tmp_path), "Un point")])
    clock.go(days=1)
    entry = blog.post("Deux.", figures=[Figure("Morts", 105, "personnes", "OSDH")])
    clock.go(days=7)
    blog.publish()
    site = site_bytes(blog.paths.site)
    for name in (
        "index.html", "live.json", "atom.xml", "rss.xml", "feed.json",
        "daily/atom.xml", "daily/rss.xml", "daily/feed.json",
        "weekly/atom.xml", "weekly/rss.xml", "weekly/feed.json",
        "2012/07/15/index.html", "2012/07/15/index.md", "2012/07/15/index.txt",
        "2012/W29/index.html", "2012/W29/index.md", "2012/W29/index.txt", "2012/index.html",
        "tags/refugies/index.html", "tags/refugies/atom.xml", "tags/refugies/rss.xml",
        "tags/refugies/feed.json", "figures.csv", "sitemap.xml", "404.html",
        f"2012/07/16/{entry.id[9:]}/index.html",
    ):  # fmt: skip
        assert name in site, name
    assert [n for n in site if n.startswith("media/")] != []
    assert (
        site["figures.csv"]
        .decode()
        .splitlines()[1]
        .startswith(
            "2012-07-16,2012-07-16T18:04+02:00,Morts,105,personnes,OSDH,https://example.org/"
        )
    )


def test_one_more_update_touches_only_what_shows_it(blog: Blog, clock: Clock) -> None:
    """Its page, its day, its week, its tags, the newest: and no other file."""
    blog.post("Hier, ailleurs.", tags=["Alep"])
    clock.go(days=1)
    before = blog.post("Un.", tags=["Damas"])
    blog.publish()
    entry = blog.post("Deux.", tags=["Damas"])
    report = blog.publish()
    assert sorted(report.written) == sorted(
        [
            f"2012/07/16/{before.id[9:]}/index.html",
            f"2012/07/16/{entry.id[9:]}/index.html",
            *(f"2012/07/16/index.{ending}" for ending in ("html", "md", "txt")),
            "2012/07/16/sitemap.xml",
            *(f"2012/W29/index.{ending}" for ending in ("html", "md", "txt")),
            *(f"tags/damas/{name}" for name in ("index.html", "atom.xml", "rss.xml", "feed.json")),
            *("index.html", "live.json", "atom.xml", "rss.xml", "feed.json"),
            "search.json",
            "sitemap-news.xml",
        ]
    )
    assert report.deleted == []


@pytest.mark.slow
def test_one_more_update_among_ten_thousand_touches_only_what_shows_it(
    blog: Blog, clock: Clock
) -> None:
    """The same files as in a small blog, whatever lies in the journal already."""
    text = "Une phrase de la chronique, ni longue ni brève. " * 12
    clock.set("2011-09-01T08:00:00+02:00")
    for number in range(10_000):
        clock.go(minutes=48)
        tags = [f"Thème {number % 20}"]
        before = blog.post(f"{number} {text}", tags=tags, key=number % 50 == 0)
    blog.publish()
    entry = blog.post("Encore une.", tags=["Thème 7"])
    report = blog.publish()
    day = f"{clock.now:%Y/%m/%d}"
    # A Monday: the week is still short enough to be told in full.
    week = f"{clock.now:%G/W%V}"
    assert sorted(report.written) == sorted(
        [
            f"{day}/{before.id[9:]}/index.html",
            f"{day}/{entry.id[9:]}/index.html",
            *(f"{day}/index.{ending}" for ending in ("html", "md", "txt")),
            f"{day}/sitemap.xml",
            *(f"{week}/index.{ending}" for ending in ("html", "md", "txt")),
            *(
                f"tags/theme-7/{name}"
                for name in ("2012-07/index.html", "index.html", "atom.xml", "rss.xml", "feed.json")
            ),
            *("index.html", "live.json", "atom.xml", "rss.xml", "feed.json"),
            "search.json",
            "sitemap-news.xml",
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))]
)
def test_step_by_step_and_at_once_give_the_same_site(
    blog: Blog, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Whatever is done between publications, the site is that of a publication from nothing.

    So it is by a server that runs for long, whose cache evicts most of what it rendered.
    """
    monkeypatch.setattr(render, "CACHE_BYTES", 20_000 if seed % 2 else render.CACHE_BYTES)
    chance = random.Random(seed)
    ids: list[str] = []
    image = picture(tmp_path)

    def live() -> str:
        return chance.choice([i for i in ids if blog.timeline.entry(i).now.state == "live"] or ids)

    for step in range(40):
        clock.go(hours=chance.choice([0.01, 1, 5, 20, 60]))
        action = chance.randrange(12)
        try:
            if action < 4 or not ids:
                back = chance.choice([0, 0, 0, 30, 200])
                at = datetime.fromtimestamp(clock.now.timestamp() - back * 3600, UTC)
                hold = chance.random() < 0.2
                if hold:
                    at = datetime.fromtimestamp(clock.now.timestamp() + 36 * 3600, UTC)
                post = blog.post(
                    f"Texte {step} *é*", title=chance.choice(["", f"Titre {step}"]), at=at,
                    schedule=hold, tags=chance.sample(["Damas", "Alep", "Réfugiés", "دمشق"], 2),
                    key=chance.random() < 0.3, pinned=chance.random() < 0.1,
                    figures=[Figure("Morts", step)] if chance.random() < 0.4 else [],
                    images=[Image(image, "Un point")] if chance.random() < 0.2 else [],
                )  # fmt: skip
                ids.append(post.id)
            elif action < 6:
                blog.edit(live(), body=f"Autre {step}", note=chance.choice(["", "Précision."]))
            elif action == 6:
                shift = chance.choice([-50, -3, 2, 40]) * 3600
                at = datetime.fromtimestamp(clock.now.timestamp() + shift, UTC)
                blog.edit(live(), at=at, schedule=True, tags=[chance.choice(["Alep", "ONU"])])
            elif action == 7:
                blog.retract(live(), why="Erreur.")
            elif action == 8:
                blog.remove(live(), purge=chance.random() < 0.5)
            elif action == 9:
                blog.frame(f"{clock.now:%Y-%m-%d}", headline=f"Jour {step}", introduction="Intro.")
            elif action == 10:
                blog.frame(f"{clock.now:%G-W%V}", close=f"Fin {step}")
            else:
                blog.frame("coverage", headline=f"Le direct {step}")
                if chance.random() < 0.3:
                    blog.end()
        except Exception as error:
            if type(error).__name__ != "InvalidInput":
                raise
        if chance.random() < 0.6:
            blog.publish()
    blog.publish()
    assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "other")
    assert not blog.check().faults


class Breaking(Folder):
    """A folder whose disk fails after so many writes."""

    def __init__(self, root: Path, writes: int) -> None:
        super().__init__(root)
        self.left = writes

    def _publish(self, staged: str, path: str) -> str:
        if self.left == 0:
            raise OSError(28, "No space left on device", path)
        self.left -= 1
        return super()._publish(staged, path)


@pytest.mark.slow
def test_a_publication_cut_anywhere_is_finished_by_the_next(
    blog: Blog, clock: Clock, tmp_path: Path
) -> None:
    """After each number of writes: what is linked to is there, and the next run completes it."""
    blog.post("Un.", tags=["Damas"], images=[Image(picture(tmp_path), "Un point")])
    blog.publish()
    clock.go(days=1)
    blog.post("Deux.", title="Deux", tags=["Damas"], key=True)
    goal = from_nothing(blog, tmp_path / "other")
    saved = tmp_path / "saved"
    shutil.copytree(blog.paths.root, saved)
    for writes in (*range(0, 100, 4), 1000):
        shutil.rmtree(blog.paths.root)
        shutil.copytree(saved, blog.paths.root)
        site = Breaking(blog.paths.site, writes)
        now = clock.now
        try:
            Publisher(blog.journal, site, blog.paths, blog.config).publish(now)
        except StorageError:
            _assert_all_that_can_be_reached_is_there(blog)
        else:
            break
        blog.publish()
        assert site_bytes(blog.paths.site) == goal
    else:
        pytest.fail("the publication never ended")
    assert writes > 20


def _assert_all_that_can_be_reached_is_there(blog: Blog) -> set[Path]:
    """Follow every link from the live page; return the pages met."""
    from lxml import html as lxml_html

    start = blog.paths.site / "index.html"
    known, waiting = {start}, [start]
    while waiting:
        page = waiting.pop()
        for element in lxml_html.fromstring(page.read_bytes()).iter("a", "img", "script", "link"):
            target = unquote(element.get("href") or element.get("src") or "")
            if not target or target.startswith(("http", "#")):
                continue
            path = (page.parent / target.partition("#")[0]).resolve()
            path = path / "index.html" if target.partition("#")[0].endswith("/") else path
            assert path.exists(), (page, target)
            if path.suffix == ".html" and path not in known:
                known.add(path)
                waiting.append(path)
    return known


def test_every_link_of_the_site_leads_somewhere(blog: Blog, clock: Clock) -> None:
    """No page links to one that is not there, and each can be reached from the live page."""
    for day in range(3):
        for number in range(30):
            tags = [f"t{number % 3}", "دمشق"]
            blog.post(f"{day} {number}", tags=tags, key=number % 7 == 0)
        clock.go(days=5)
    blog.publish()
    met = _assert_all_that_can_be_reached_is_there(blog)
    assert met == set(blog.paths.site.rglob("*.html")) - {blog.paths.site / "404.html"}


def test_an_embargoed_entry_is_nowhere_before_its_time(
    blog: Blog, clock: Clock, tmp_path: Path
) -> None:
    """Neither its words nor its picture, one second before; and everywhere at its time."""
    blog.post("Ouvert.")
    at = datetime(2012, 7, 17, 6, 0, tzinfo=UTC)
    held = blog.post(
        "SECRET", at=at, schedule=True, tags=["secret"], images=[Image(picture(tmp_path), "SECRET")]
    )
    clock.set("2012-07-17T05:59:59Z")
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert not [n for n, data in site.items() if b"SECRET" in data or b"secret" in data]
    assert not [n for n in site if n.startswith("media/") or held.id[9:] in n]
    clock.set("2012-07-17T06:00:00Z")
    blog.publish()
    for name in ("index.html", "atom.xml", "live.json", "tags/secret/index.html",
                 f"2012/07/17/{held.id[9:]}/index.html"):  # fmt: skip
        assert b"SECRET" in site_bytes(blog.paths.site)[name]


def test_only_the_two_entries_around_a_changed_one_are_written_again(
    blog: Blog, clock: Clock, tmp_path: Path
) -> None:
    """They link to it; also where one is inserted, removed, or moved to another day."""
    entries = []
    for number in range(6):
        entries.append(blog.post(f"Fait {number}.", title=f"Titre {number}"))
        clock.go(minutes=5)
    blog.publish()

    def pages() -> list[int]:
        written = blog.publish().written
        own = [f"2012/07/15/{entry.id[9:]}/index.html" for entry in entries]
        return [number for number, path in enumerate(own) if path in written]

    blog.edit(entries[2].id, title="Autre titre")
    assert pages() == [1, 2, 3]
    blog.edit(entries[2].id, at=datetime.fromisoformat("2012-07-15T18:21+02:00"))
    assert pages() == [1, 2, 3, 4]
    blog.remove(entries[4].id)
    assert pages() == [2, 5]
    blog.edit(entries[0].id, at=datetime.fromisoformat("2012-07-14T18:00+02:00"))
    assert pages() == [0, 1]
    assert from_nothing(blog, tmp_path / "again") == site_bytes(blog.paths.site)


def test_a_removed_entry_leaves_the_site(blog: Blog, tmp_path: Path) -> None:
    """Page, picture, tag page, feeds: all gone; what is not ours stays."""
    blog.post("Reste.")
    gone = blog.post("DISPARU", tags=["seul"], images=[Image(picture(tmp_path), "DISPARU")])
    blog.publish()
    (blog.paths.site / "CNAME").write_text("example.org\n")
    blog.remove(gone.id, purge=True)
    report = blog.publish()
    assert f"2012/07/15/{gone.id[9:]}/index.html" in report.deleted
    assert "tags/seul/index.html" in report.deleted
    site = site_bytes(blog.paths.site)
    assert not [n for n, data in site.items() if b"DISPARU" in data or n.startswith("media/")]
    assert "CNAME" in site
    assert not list((blog.paths.media).rglob("*.png"))
    assert b"DISPARU" not in blog.journal.path("2012-07-15").read_bytes()


def test_a_retraction_replaces_the_words_everywhere(blog: Blog) -> None:
    """The notice and its reason stand where the text stood."""
    entry = blog.post("FAUX", title="FAUX", tags=["Damas"])
    blog.publish()
    blog.retract(entry.id, why="La source s’est rétractée.")
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert not [n for n, data in site.items() if b"FAUX" in data]
    for name in ("index.html", "atom.xml", "rss.xml", "2012/07/15/index.txt"):
        assert "rétractée" in site[name].decode()


def test_dry_run_writes_nothing_and_says_what_it_would(blog: Blog) -> None:
    """Neither the site nor what is remembered changes."""
    blog.post("Un.")
    report = blog.publish(dry_run=True)
    assert "index.html" in report.written
    assert not blog.paths.site.exists()
    assert blog.publish().written == report.written


def test_a_blog_overrides_one_template_and_one_asset(blog: Blog) -> None:
    """A file of the same name in templates/ or static/ takes its place; the others stay."""
    blog.post("Un.")
    blog.publish()
    (blog.paths.root / "templates").mkdir()
    (blog.paths.root / "templates" / "404.html").write_text("<p>Perdu ? {{ blog.title }}</p>")
    (blog.paths.root / "static").mkdir()
    (blog.paths.root / "static" / "style.css").write_text("body { color: #123456 }")
    report = blog.publish()
    assert (blog.paths.site / "404.html").read_text() == "<p>Perdu ? Une semaine</p>"
    sheets = list((blog.paths.site / "assets").glob("style.*.css"))
    assert [s.read_text() for s in sheets] == ["body { color: #123456 }"]
    assert any(name.startswith("assets/style.") for name in report.deleted)


def test_a_template_that_cannot_be_filled_is_named(blog: Blog) -> None:
    """File and line; the site stays as it was."""
    blog.post("Un.")
    blog.publish()
    before = site_bytes(blog.paths.site)
    (blog.paths.root / "templates").mkdir()
    (blog.paths.root / "templates" / "tag.html").write_text("\n{{ oups }")
    blog.post("Deux.", tags=["Damas"])
    with pytest.raises(ConfigError, match=r"tag\.html, line 2"):
        blog.publish()
    assert before.keys() <= site_bytes(blog.paths.site).keys()


def test_a_damaged_line_is_reported_and_the_rest_is_published(blog: Blog) -> None:
    """Publishing goes on, and says what it could not read."""
    blog.post("Un.")
    blog.post("Deux.")
    path = blog.journal.path("2012-07-15")
    path.write_bytes(path.read_bytes().replace(b"Un.", b"XX."))
    report = blog.publish()
    assert [f.place for f in report.faults] == ["entries/2012/07/2012-07-15.jsonl:1"]
    assert b"Deux." in site_bytes(blog.paths.site)["index.html"]


def test_check_finds_files_that_were_altered_or_are_gone(blog: Blog, tmp_path: Path) -> None:
    """On the site, and the pictures of the journal."""
    entry = blog.post("Un.", images=[Image(picture(tmp_path), "Un point")])
    blog.publish()
    assert not blog.check().faults
    (blog.paths.site / "index.html").write_text("x")
    (blog.paths.site / "rss.xml").unlink()
    (blog.paths.media / entry.media[0].path).unlink()
    places = {f.place for f in blog.check().faults}
    assert places == {
        "feeds/index.html", "feeds/rss.xml", f"entries/media/{entry.media[0].path}",
    }  # fmt: skip


def test_a_file_that_was_altered_is_written_again(blog: Blog) -> None:
    """Also if it is as long as it was; those that are right are left alone."""
    blog.post("Un.")
    blog.publish()
    before = site_bytes(blog.paths.site)
    altered = blog.paths.site / "index.html"
    altered.write_bytes(altered.read_bytes().replace(b"Un.", b"XX."))
    assert blog.publish(full=True).written == ["index.html"]
    assert site_bytes(blog.paths.site) == before


def test_a_lost_or_damaged_index_is_made_again(blog: Blog) -> None:
    """Deleting .liveblog/, or filling it with rubbish, changes no byte of the site."""
    blog.post("Un.", tags=["Damas"])
    blog.publish()
    before = site_bytes(blog.paths.site)
    (blog.paths.derived / "index.sqlite").write_bytes(b"rubbish" * 1000)
    assert blog.publish().written == []
    assert site_bytes(blog.paths.site) == before


def test_an_empty_blog_has_a_page_and_feeds(blog: Blog) -> None:
    """Readers can subscribe before anything has happened."""
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert {"index.html", "atom.xml", "rss.xml", "feed.json", "daily/atom.xml"} <= site.keys()


def test_the_end_of_the_coverage_reaches_every_feed(blog: Blog) -> None:
    """Pages say so; JSON feeds say expired, tags' ones too."""
    blog.post("Un.", tags=["Damas"])
    blog.publish()
    blog.end()
    blog.publish()
    site = site_bytes(blog.paths.site)
    for name in ("feed.json", "tags/damas/feed.json", "daily/feed.json"):
        assert json.loads(site[name]).get("expired") is True
    assert "Direct terminé" in site["index.html"].decode()
    blog.resume()
    blog.publish()
    assert "expired" not in json.loads(site_bytes(blog.paths.site)["feed.json"])


def test_a_report_carries_the_live_page_as_it_is_published(blog: Blog) -> None:
    """Also if nothing changed; it is what live.json holds."""
    blog.post("Un.", key=True)
    report = blog.publish()
    page = json.loads((blog.paths.site / "live.json").read_text())["page"]
    assert msgspec.to_builtins(report.live_page) == page
    assert not report.is_over
    again = blog.publish()
    assert not again.written
    assert again.live_page == report.live_page
    blog.end()
    over = blog.publish()
    assert over.is_over
    assert over.live_page == blog.publisher.live_page() != report.live_page


def test_hostile_texts_never_act(blog: Blog) -> None:
    """Script, handlers and javascript: links in any field reach no page or feed."""
    bad = '<script>alert(1)</script><img src=x onerror="alert(1)">"\'><svg onload=alert(1)>'
    entry = blog.post(
        f"{bad} [lien](javascript:alert(1)) <a href='JaVaScRiPt:alert(1)'>x</a>",
        title=bad[:200], author=bad[:100], tags=["<b>&tag", bad[:90]],
        sources=[Source(bad[:90], 'https://example.org/"><script>alert(1)</script>')],
        figures=[Figure(bad[:90], 1, "<script>")],
    )  # fmt: skip
    blog.frame("2012-07-15", headline=bad, introduction=bad, close=bad)
    blog.frame("coverage", headline=bad, introduction=bad)
    blog.edit(entry.id, note=bad)
    blog.publish()
    from lxml import etree
    from lxml import html as lxml_html

    for name, data in site_bytes(blog.paths.site).items():
        texts = []
        if name.endswith(".html"):
            texts = [data.decode()]
        elif name.endswith("atom.xml"):
            texts = [e.text or "" for e in etree.fromstring(data).iter("{*}content")]
        elif name.endswith("rss.xml"):
            texts = [e.text or "" for e in etree.fromstring(data).iter("{*}encoded")]
        elif name.endswith("feed.json"):
            texts = [item["content_html"] for item in json.loads(data)["items"]]
        for text in texts:
            for element in lxml_html.fromstring(f"<div>{text}</div>" if text else "<p>").iter():
                if element.tag == "script":
                    assert element.get("src") or element.get("type") == "application/ld+json"
                assert not [a for a in element.attrib if str(a).startswith("on")], (name, element)
                href = (element.get("href") or "").strip().lower()
                assert not href.startswith(("javascript:", "data:"))


def test_a_moved_entry_is_shown_once(blog: Blog, clock: Clock) -> None:
    """In its new day, under the permalink it always had."""
    entry = blog.post("VOYAGEUR", tags=["Damas"])
    clock.go(days=1)
    blog.post("Reste.")
    blog.publish()
    blog.edit(entry.id, at=clock.now)
    blog.publish()
    site = site_bytes(blog.paths.site)
    assert b"VOYAGEUR" in site["2012/07/16/index.html"]
    assert "2012/07/15/index.html" not in site
    assert b"VOYAGEUR" in site[f"2012/07/15/{entry.id[9:]}/index.html"]


def test_entries_brought_in_from_another_machine_are_published(blog: Blog, tmp_path: Path) -> None:
    """Whoever wrote the files of the journal, and however old they are."""
    blog.post("Un.")
    blog.publish()
    other = Blog.init(tmp_path / "elsewhere", title="x", timezone="Europe/Paris", clock=blog._clock)
    instant = datetime(2011, 3, 15, 12, tzinfo=UTC)
    draft = Revision(
        id=make_id(instant.date(), b"12345678"), published=instant, updated=instant, body="ANCIEN"
    )
    other.journal.append(draft, expect=0)
    source = other.journal.path("2011-03-15")
    target = blog.journal.path("2011-03-15")
    target.parent.mkdir(parents=True)
    shutil.copy2(source, target)
    blog.publish()
    assert b"ANCIEN" in site_bytes(blog.paths.site)["2011/03/15/index.html"]


def test_live_json_is_small_and_holds_the_newest(blog: Blog, clock: Clock) -> None:
    """Twenty entries, the last changed first, as the page shows them."""
    first = blog.post("Le plus ancien.")
    for number in range(30):
        clock.go(minutes=1)
        blog.post(f"Mise à jour {number}. " + "Une phrase. " * 20)
    clock.go(minutes=1)
    blog.edit(first.id, body="Corrigé.", note="Une précision.")
    blog.publish()
    data = site_bytes(blog.paths.site)["live.json"]
    document = msgspec.json.decode(data)
    assert len(document["entries"]) == 20
    assert document["entries"][0]["id"] == first.id
    assert "Corrigé." in document["entries"][0]["html"]
    assert len(data) < 40_000


def published_apart(blog: Blog, processors: int) -> subprocess.CompletedProcess[str]:
    """Publish in a process of its own, which may use so many processors."""
    allowed = sorted(os.sched_getaffinity(0))[:processors]
    return subprocess.run(
        [sys.executable, "-m", "liveblog", "publish", "--full"],
        cwd=blog.paths.root,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
        capture_output=True,
        text=True,
    )


def much(blog: Blog, clock: Clock) -> None:
    """Post so much that a second process is worth its start."""
    for number in range(parallel.MIN_WEIGHT):
        clock.go(hours=1)
        blog.post(f"Nouvelle {number}.", title=f"Titre {number}", tags=[f"t{number % 7}"])


@pytest.mark.slow
def test_two_processes_write_what_one_writes(blog: Blog, clock: Clock, tmp_path: Path) -> None:
    """Which half of the days is rendered where is nobody's business."""
    much(blog, clock)
    blog.post("Un.", images=[Image(picture(tmp_path), "Un point")], at=clock.now)
    sites = []
    for processors in (1, 2):
        done = published_apart(blog, processors)
        assert done.returncode == 0, done.stderr
        sites.append(site_bytes(blog.paths.site))
        shutil.rmtree(blog.paths.site)
    assert sites[0] == sites[1]
    assert len(sites[0]) > parallel.MIN_WEIGHT


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, parallel.MIN_WEIGHT - 1])
def test_what_goes_wrong_in_either_process_is_said(blog: Blog, clock: Clock, number: int) -> None:
    """A page that cannot be made is named; a template that cannot be parsed ends all of it."""
    much(blog, clock)
    templates = blog.paths.templates
    templates.mkdir()
    own = '{% extends "base.html" %}{% block main %}{% if now.title == "Titre N" %}{{ oops }}'
    own = own.replace("Titre N", f"Titre {number}") + "{% endif %}{% endblock %}"
    (templates / "entry.html").write_text(own)
    done = published_apart(blog, 2)
    assert done.returncode == 1
    assert done.stderr.count("entry.html, line 1") == 1
    assert "Traceback" not in done.stderr
    before = site_bytes(blog.paths.site)
    assert len(before) > parallel.MIN_WEIGHT
    (templates / "entry.html").write_text("{% if %}")
    done = published_apart(blog, 2)
    assert done.returncode == 2
    assert "entry.html, line 1" in done.stderr
    assert "Traceback" not in done.stderr
    assert site_bytes(blog.paths.site) == before


@pytest.mark.slow
def test_what_is_killed_halfway_leaves_the_way_free(blog: Blog, clock: Clock) -> None:
    """Its second process ends too, and lets go of the lock."""
    for _ in range(3):  # what it has to say is more than a pipe holds
        much(blog, clock)
    command = [sys.executable, "-m", "liveblog", "publish", "--full"]
    with subprocess.Popen(command, cwd=blog.paths.root) as killed:
        children = Path(f"/proc/{killed.pid}/task/{killed.pid}/children")
        until(children.read_text)
        killed.kill()
    subprocess.run(command, cwd=blog.paths.root, check=True, timeout=30)
    assert len(site_bytes(blog.paths.site)) > parallel.MIN_WEIGHT


def test_the_daily_feed_stays_small(
    blog: Blog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where days tell much it holds fewer of them, and a week at least."""
    monkeypatch.setattr(feed_files, "ENTRIES_IN_DAYS", 5)
    for number in range(12):
        blog.post(f"Un, jour {number}.")
        blog.post(f"Deux, jour {number}.")
        clock.go(days=1)
    blog.publish()
    feed = json.loads((blog.paths.site / "daily/feed.json").read_text())
    assert len(feed["items"]) == feed_files.DAYS_IN_FEED_AT_LEAST
    assert "jour 11" in feed["items"][0]["content_html"]


def test_a_week_across_the_new_year_is_listed_in_both_years(
    blog: Blog, clock: Clock, tmp_path: Path
) -> None:
    """With the next publication, when an update comes there and when it is removed again."""
    clock.set("2025-02-01T10:00:00Z")
    blog.post("Avant.", at=clock.now - timedelta(days=200))
    blog.post("Après.")
    blog.publish()
    week = "2025/W01"
    for instant in ("2024-12-31T10:00:00Z", "2025-01-04T10:00:00Z"):
        entry = blog.post("Entre.", at=datetime.fromisoformat(instant))
        blog.publish()
        for year in (2024, 2025):
            page = (blog.paths.site / f"{year}/index.html").read_text("utf-8")
            assert f"{week}/" in page, (instant, year)
        assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "again")
        blog.remove(entry.id)
        blog.publish()
        for year in (2024, 2025):
            page = (blog.paths.site / f"{year}/index.html").read_text("utf-8")
            assert f"{week}/" not in page, (instant, year)
        assert site_bytes(blog.paths.site) == from_nothing(blog, tmp_path / "again")
