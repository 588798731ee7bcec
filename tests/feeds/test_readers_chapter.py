"""A chapter in real feed readers: one item under one id, through a correction and a retraction."""

from __future__ import annotations

import email.policy
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes
from pathlib import Path

import feedparser
import pytest

from liveblog import Blog
from liveblog.model.addresses import chapter_path, chapter_urn
from liveblog.model.chapter import ChapterDraft

from ..conftest import Clock, needs, serving
from .test_readers import home, run

pytestmark = pytest.mark.slow

__all__ = ["home"]  # a fixture

FEEDS = ("chapters/atom.xml", "chapters/rss.xml", "atom.xml", "rss.xml")
TITLE = "La bataille d’Alep"


@dataclass(frozen=True)
class Told:
    """A published blog with one chapter over two days."""

    blog: Blog
    url: str
    clock: Clock

    @property
    def id(self) -> str:
        """The id of the chapter in feeds."""
        return chapter_urn(self.blog.config.id, "alep")

    def correct(self) -> None:
        """Correct the introduction and an entry of the chapter."""
        self.clock.go(hours=1)
        self.blog.chapters.edit("alep", ChapterDraft(introduction="Autrement."), note="Un nom.")
        entry = next(e for e in self.blog.timeline.newest_first() if e.now.body == "Le neuf.")
        self.blog.edit(entry.id, body="Le neuf, corrigé.")
        self.publish()

    def retract(self) -> None:
        """Retract the chapter."""
        self.clock.go(hours=1)
        self.blog.chapters.retract("alep", why="La source s’est rétractée.")
        self.publish()

    def publish(self) -> None:
        """Publish; the files are newer than before, also for a server that counts in seconds."""
        report = self.blog.publish()
        for name in report.written:
            os.utime(self.blog.paths.site / name, (time.time() + 5 * self.clock.now.hour,) * 2)


@pytest.fixture
def told(tmp_path: Path, clock: Clock) -> Iterator[Told]:
    """The blog, served on loopback."""
    folder = tmp_path / "blog"
    (folder / "feeds").mkdir(parents=True)
    with serving(folder / "feeds") as url:
        blog = Blog.init(folder, title="Une semaine", language="fr", timezone="Europe/Paris",
                         url=url, author="La rédaction", clock=clock)  # fmt: skip
        blog.post("Le neuf.", at=date(2012, 7, 9))
        blog.post("Le dix.", at=date(2012, 7, 10))
        draft = ChapterDraft(
            title=TITLE, period="2012-07-09..2012-07-10", introduction="Avant tout.",
            close="Pour finir.", authors=("Zoé",),
        )  # fmt: skip
        blog.chapters.create(draft, slug="alep")
        blog.publish()
        yield Told(blog, url, clock)


Look = Callable[[], dict[str, str]]
"""Looks at a feed and returns the content that a reader holds of each item, by its id."""


def check_chapter(told: Told, look: Look, *, in_main_feed: bool) -> None:
    """Follow the chapter through a correction and a retraction."""
    first = look()
    assert "Avant tout." in first[told.id]
    assert in_main_feed or "Le neuf." in first[told.id]
    told.correct()
    second = look()
    assert second.keys() == first.keys()
    assert "Autrement." in second[told.id]
    assert in_main_feed or "Le neuf, corrigé." in second[told.id]
    told.retract()
    third = look()
    assert third.keys() == first.keys()
    assert "La source s’est rétractée." in third[told.id]
    assert "Autrement." not in third[told.id]


@pytest.mark.parametrize("name", FEEDS)
def test_feedparser(told: Told, name: str) -> None:
    """The whole item, with title, address and author."""

    def look() -> dict[str, str]:
        data = (told.blog.paths.site / name).read_bytes()
        parsed = feedparser.parse(data, response_headers={"content-type": "application/xml"})
        assert not parsed.bozo
        (item,) = [entry for entry in parsed.entries if entry.id == told.id]
        assert item.link == told.url + chapter_path("alep")
        return {entry.id: entry.content[0].value for entry in parsed.entries}

    data = (told.blog.paths.site / name).read_bytes()
    (item,) = [entry for entry in feedparser.parse(data).entries if entry.id == told.id]
    assert (item.title, item.author) == (TITLE, "Zoé")
    check_chapter(told, look, in_main_feed="/" not in name)


@pytest.mark.parametrize("name", FEEDS)
def test_newsboat(told: Told, home: Path, name: str) -> None:
    """One row, whose content is replaced."""
    newsboat = needs("newsboat")
    (home / "config").write_text("")
    (home / "urls").write_text(told.url + name + "\n")

    def look() -> dict[str, str]:
        run(home, newsboat, "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload")
        with closing(sqlite3.connect(home / "cache.db")) as db:
            rows = db.execute("SELECT guid, content FROM rss_item").fetchall()
        assert len(rows) == len(dict(rows))
        return dict(rows)

    check_chapter(told, look, in_main_feed="/" not in name)


@pytest.mark.parametrize("name", [*FEEDS, "chapters/feed.json", "feed.json"])
def test_reader(told: Told, name: str) -> None:
    """One entry, whose content is replaced and whose date of update grows."""
    from reader import make_reader

    library = make_reader(":memory:")
    library.add_feed(told.url + name)
    updates = []

    def look() -> dict[str, str]:
        library.update_feed(told.url + name)
        entries = {entry.id: entry for entry in library.get_entries()}
        updated = entries[told.id].updated or entries[told.id].published
        assert updated
        updates.append(updated)
        return {id_: entry.content[0].value for id_, entry in entries.items()}

    check_chapter(told, look, in_main_feed="/" not in name)
    if not name.endswith("rss.xml"):  # which has no date of update
        assert updates == sorted(set(updates))


@pytest.mark.parametrize("name", FEEDS)
def test_rss2email(told: Told, home: Path, name: str) -> None:
    """One mail; a correction and a retraction send no other, because the id stays the same."""
    r2e = needs("r2e")
    (home / "mail").mkdir()
    (home / "r2e.cfg").write_text(
        "[DEFAULT]\nfrom = user@example.org\nto = user@example.org\nemail-protocol = maildir\n"
        f"maildir-path = {home}/mail\nmaildir-mailbox = inbox\ndate-header = True\n"
        "html-mail = False\n"
    )
    run(home, r2e, "-c", "r2e.cfg", "-d", "r2e.json", "add", "blog", told.url + name)
    for change in ("", "correct", "retract"):
        if change:
            getattr(told, change)()
        run(home, r2e, "-c", "r2e.cfg", "-d", "r2e.json", "run")
        mails = [
            message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in (home / "mail" / "inbox" / "new").iterdir()
        ]
        assert [str(mail["subject"]) for mail in mails].count(TITLE) == 1
        assert len(mails) == (1 if "/" in name else 3)
