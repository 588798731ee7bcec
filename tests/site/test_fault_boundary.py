"""One entry, page, picture or template that cannot be rendered: a fault, a notice, and the rest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from liveblog import Blog
from liveblog.blog import Image
from liveblog.digest import Series
from liveblog.journal import Fault
from liveblog.model import addresses
from liveblog.model.entry import Figure, Source
from liveblog.model.errors import ConfigError, StorageError

from .. import command
from ..conftest import Clock, site_bytes
from .test_publish import from_nothing, picture

pytestmark = pytest.mark.slow

BAD = "MAUVAIS"


@pytest.fixture
def told(blog: Blog, clock: Clock, tmp_path: Path) -> Blog:
    """Some days, among their entries one whose texts are marked."""
    for day in range(4):
        blog.post(f"Bon {day}.", tags=["Damas"], figures=[Figure("Morts", day)])
        clock.go(hours=20)
    blog.post(
        f"{BAD} texte", title=f"{BAD} titre", author=BAD, tags=["Damas", "Rare"], key=True,
        pinned=True, sources=[Source(BAD, "https://example.org/")], figures=[Figure("Morts", 9)],
        images=[Image(picture(tmp_path), BAD)],
    )  # fmt: skip
    blog.post("Dernier bon.")
    clock.go(days=9)
    blog.post("Le plus récent.", tags=["Damas"])
    return blog


def bad_of(blog: Blog) -> str:
    """Return the id of the entry that is marked."""
    return next(
        e.id for of in blog.timeline.days() for e in blog.timeline.day(of).entries
        if e.now.author == BAD
    )  # fmt: skip


def shows(value: Any) -> bool:
    """Whether a value is, or holds, the entry that is marked, as its author wrote it."""
    now = getattr(value, "now", value)
    if getattr(now, "author", "") == BAD:
        return True
    if isinstance(value, list | tuple):
        return any(map(shows, value))
    if hasattr(value, "entries"):
        return any(map(shows, value.entries))
    return BAD in str(getattr(value, "title", "")) or BAD in str(getattr(value, "content", ""))


def failing(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that fails for the entry that is marked."""

    def call(*values: Any, **named: Any) -> Any:
        if any(map(shows, [*values, *named.values()])):
            raise KeyError("oups")
        return make(*values, **named)

    return call


RENDERERS = [
    "liveblog.pages.render.Pages.article",
    "liveblog.pages.render.Pages.content",
    "liveblog.pages.render.Pages.summary",
    "liveblog.pages.render.Pages.name",
    "liveblog.pages.render.Pages.entry",
    "liveblog.pages.render.Pages.posting",
    "liveblog.site.feed_builder.FeedBuilder.entry",
    "liveblog.feeds.jsonfeed._item",
    "liveblog.feeds.atom_and_rss._entry",
    "liveblog.digest.text._entry",
    "liveblog.digest.markdown._entry",
    "liveblog.site.documents.live_entry",
    "liveblog.site.documents.text_of",
    "liveblog.site.update.figures_csv",
    "liveblog.site.site_files.searched",
]


@pytest.mark.parametrize("renderer", RENDERERS)
def test_an_entry_that_cannot_be_rendered_is_a_fault_and_the_rest_is_published(
    told: Blog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renderer: str
) -> None:
    """Whatever fails for it; once that works again, the site is as it should be."""
    bad = bad_of(told)
    with monkeypatch.context() as patch:
        patch.setattr(renderer, failing(_looked_up(renderer)))
        report = told.publish()
        assert {fault.place for fault in report.faults} == {bad}, report.faults
        assert "KeyError: 'oups'" in report.faults[0].problem
        site = site_bytes(told.paths.site)
        for number in range(4):
            assert f"Bon {number}.".encode() in site["2012/W29/index.html"] + site["rss.xml"]
        for name in ("index.html", "live.json", "atom.xml", "feed.json", "rss.xml"):
            assert b"Dernier bon." in site[name]
            assert "Le plus récent." in site[name].decode()
        assert told.publish().faults == report.faults
    told.publisher.pages.clear_cache()
    assert not told.publish(full=True).faults
    assert site_bytes(told.paths.site) == from_nothing(told, tmp_path / "again")


def _looked_up(path: str) -> Any:
    import importlib

    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name)
        return found
    raise AssertionError(path)


@pytest.mark.parametrize(
    ("language", "notice"),
    [
        ("en", "This update cannot be shown at the moment."),
        ("fr", "Cette publication ne peut pas être affichée pour le moment."),
        ("de", "Diese Meldung kann zurzeit nicht angezeigt werden."),
        ("es", "Esta actualización no se puede mostrar por el momento."),
        ("ar", "لا يمكن عرض هذا الخبر في الوقت الحالي."),
    ],
)
def test_a_notice_takes_the_place_of_an_entry_that_cannot_be_rendered(
    new_blog: Callable[..., Blog], monkeypatch: pytest.MonkeyPatch, language: str, notice: str
) -> None:
    """In the reader's language, under its permalink, in its day, on the live page, in feeds."""
    blog = new_blog(language, language=language)
    bad = blog.post(f"{BAD} texte", author=BAD)
    blog.post("Bon.")
    renderer = "liveblog.pages.render.Pages._render_content"
    monkeypatch.setattr(renderer, failing(_looked_up(renderer)))
    assert [fault.place for fault in blog.publish().faults] == [bad.id]
    site = site_bytes(blog.paths.site)
    for name in ("index.html", "atom.xml", f"{addresses.entry_path(bad.id)}index.html",
                 "2012/07/15/index.html", "feed.json"):  # fmt: skip
        assert notice in site[name].decode(), name
    plainer = (".md", ".txt", "search.json", "sitemap-news.xml")
    for name, data in site.items():
        assert f"{BAD} texte".encode() not in data or name.endswith(plainer)


@pytest.mark.parametrize(
    ("renderer", "path"),
    [
        ("site.digest_files.year_page", "2012/index.html"),
        ("site.feed_files.tag_page", "tags/rare/index.html"),
        ("pages.render.Pages.digest", "2012/07/15/index.html"),
        ("pages.render.Pages.not_found", "404.html"),
        ("pages.render.Pages.search", "search/index.html"),
        ("site.site_files.render_live_page", "index.html"),
    ],
)
def test_a_page_that_cannot_be_rendered_says_so(
    told: Blog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renderer: str, path: str
) -> None:
    """A notice in the reader's language, with a way on; every other page is there."""
    fresh = from_nothing(told, tmp_path / "fresh")

    def fail(*_: object, **__: object) -> bytes:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(f"liveblog.{renderer}", fail)
    report = told.publish()
    assert f"feeds/{path}" in {fault.place for fault in report.faults}
    site = site_bytes(told.paths.site)
    page = site[path].decode()
    assert "Cette page ne peut pas être affichée pour le moment." in page
    assert f'href="{addresses.path_to_root(path)}"' in page
    assert site.keys() == fresh.keys()
    same = [name for name in site if site[name] == fresh[name]]
    assert len(same) > len(site) // 2


def test_a_chart_that_cannot_be_drawn_costs_no_more_than_the_figures(
    told: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of the week is there, with its entries."""

    def fail(series: Series) -> None:
        if len(series.points) > 2:
            raise OverflowError("too large")

    monkeypatch.setattr("liveblog.pages.chart.draw", fail)
    report = told.publish()
    assert {fault.place for fault in report.faults} >= {"feeds/2012/W29/index.html"}
    page = (told.paths.site / "2012/W29/index.html").read_text("utf-8")
    assert "Bon 2." in page
    assert "OverflowError" in str(report.faults)


def test_a_variable_that_a_template_does_not_know_costs_its_pages(told: Blog) -> None:
    """They say that they cannot be shown; the fault names file and line."""
    told.paths.templates.mkdir()
    (told.paths.templates / "tag.html").write_text("Un\n{{ oups }}\n")
    report = told.publish()
    assert {fault.place for fault in report.faults} == {
        "feeds/tags/damas/index.html", "feeds/tags/rare/index.html",
    }  # fmt: skip
    assert "tag.html, line 2 cannot be rendered: 'oups' is undefined" in report.faults[0].problem
    assert "Bon 0." in (told.paths.site / "tags/damas/atom.xml").read_text("utf-8")
    (told.paths.templates / "tag.html").write_text("{{ 1 // 0 }}")
    assert "ZeroDivisionError" in told.publish().faults[0].problem
    shutil.rmtree(told.paths.templates)
    assert not told.publish().faults


def test_a_template_that_cannot_be_parsed_ends_the_publication_before_it_begins(
    told: Blog,
) -> None:
    """Nothing is half published."""
    told.publish()
    before = site_bytes(told.paths.site)
    told.paths.templates.mkdir()
    told.post("Encore.", tags=["Neuf"])
    for name, text in (("entry.html", "{% if %}"), ("tag.html", "{% include 'none.html' %}")):
        (told.paths.templates / name).write_text(text)
        with pytest.raises(ConfigError, match=r"cannot be rendered"):
            told.publish()
        assert site_bytes(told.paths.site) == before
        (told.paths.templates / name).unlink()


@pytest.mark.parametrize("kind", ["gone", "link", "folder", "pipe", "in a linked folder"])
def test_a_picture_whose_file_cannot_be_read_is_a_fault(
    told: Blog, tmp_path: Path, kind: str
) -> None:
    """Whatever stands in its place; nothing outside of entries/media is published."""
    (media,) = next(
        e.now.media for of in told.timeline.days() for e in told.timeline.day(of).entries
        if e.now.media
    )  # fmt: skip
    path = told.paths.media / media.path
    saved = path.read_bytes()
    path.unlink()
    (tmp_path / "secret").write_bytes(b"secret")
    if kind == "link":
        path.symlink_to(tmp_path / "secret")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "in a linked folder":
        path.write_bytes(saved)
        path.parent.rename(tmp_path / "moved")
        path.parent.symlink_to(tmp_path / "moved")
    report = told.publish()
    assert [fault.place for fault in report.faults] == [f"entries/media/{media.path}"]
    site = site_bytes(told.paths.site)
    assert "Dernier bon." in site["index.html"].decode()
    assert b"secret" not in b"".join(site.values())
    assert addresses.media_path(media.path) not in site
    assert [fault.place for fault in told.check().faults] == [f"entries/media/{media.path}"]
    # Once it is back, a publication finds that by itself.
    if kind == "in a linked folder":
        path.parent.unlink()
        (tmp_path / "moved").rename(path.parent)
    else:
        path.rmdir() if kind == "folder" else path.unlink(missing_ok=True)
        path.write_bytes(saved)
    assert not told.publish().faults
    assert site_bytes(told.paths.site) == from_nothing(told, tmp_path / "again")


def test_a_day_that_cannot_be_read_costs_that_day(
    told: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the machine there ends the publication all the same."""
    of = told.timeline.days()[0]
    day = told.timeline.__class__.day

    def fail(timeline: Any, asked: Any) -> Any:
        if asked == of:
            raise error
        return day(timeline, asked)

    monkeypatch.setattr("liveblog.timeline.Timeline.day", fail)
    error: Exception = ValueError("oups")
    assert str(of) in {fault.place for fault in told.publish().faults}
    assert "Dernier bon." in (told.paths.site / "index.html").read_text("utf-8")
    error = StorageError("The disk is gone.")
    with pytest.raises(StorageError, match="The disk is gone"):
        told.publish(full=True)


def test_what_the_index_cannot_take_over_costs_that_entry(
    told: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others of its day are taken over."""
    bad = bad_of(told)
    renderer = "liveblog.site.entry_index.EntryIndex._insert"
    monkeypatch.setattr(renderer, failing(_looked_up(renderer)))
    assert {fault.place for fault in told.publish().faults} == {bad}
    assert "Dernier bon." in (told.paths.site / "index.html").read_text("utf-8")


def test_the_command_says_so_and_exits_1(told: Blog) -> None:
    """Each time, as long as it stands; so does check."""
    (told.paths.media / "2012").rename(told.paths.media / "aside")
    for _ in range(2):
        done = command.run("publish", cwd=told.paths.root)
        assert done.returncode == 1
        assert "the picture is gone" in done.stderr
    assert command.run("publish", "--dry-run", cwd=told.paths.root).returncode == 1


def test_faults_are_told_once_each(told: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files an entry is shown in."""
    renderer = "liveblog.pages.render.Pages._render_content"
    monkeypatch.setattr(renderer, failing(_looked_up(renderer)))
    faults = told.publish().faults
    assert len(faults) == len(set(faults)) == 1
    assert isinstance(faults[0], Fault)
