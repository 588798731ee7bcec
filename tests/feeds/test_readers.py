"""Real feed readers, over a real server: what they hold is what was posted."""

from __future__ import annotations

import email.policy
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import feedparser
import pytest

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model.addresses import entry_path, entry_urn

from ..conftest import Clock, needs, serving
from ..site.test_publish import picture

pytestmark = pytest.mark.slow

XML = ("atom.xml", "rss.xml")


@dataclass(frozen=True)
class NonEmptyDays:
    """A published blog: three entries on two days, as a reader should hold them."""

    blog: Blog
    url: str
    ids: tuple[str, ...]
    #: id, title, address, author, and instant of each entry
    entries: tuple[tuple[str, str, str, str, datetime], ...]
    enclosure: tuple[str, str, int]

    def edit(self) -> None:
        """Correct the first entry and publish."""
        self.blog.edit(self.ids[0], body="Un fait *corrigé*.", note="Le lieu était faux.")
        report = self.blog.publish()
        # This plain server tells files apart by the second, and the tests are faster than that.
        for name in report.written:
            os.utime(self.blog.paths.site / name, (time.time() + 5,) * 2)


@pytest.fixture
def told(tmp_path: Path, clock: Clock) -> Iterator[NonEmptyDays]:
    """A blog served on loopback: one entry with a picture, one untitled, one by another author."""
    folder = tmp_path / "blog"
    (folder / "feeds").mkdir(parents=True)
    with serving(folder / "feeds") as url:
        blog = Blog.init(
            folder, title="Une semaine & deux jours", language="fr", timezone="Europe/Paris",
            url=url, author="La rédaction", clock=clock,
        )  # fmt: skip
        first = blog.post(
            "Le *premier* fait.", title="Titre & <premier>",
            images=[Image(picture(tmp_path), "Un point")],
        )  # fmt: skip
        clock.go(hours=1)
        second = blog.post("Sans titre, avec un [lien](https://example.org/).")
        clock.go(hours=20)
        third = blog.post("Troisième « fait ».", title="Été", author="Ana & Zoé")
        clock.go(hours=30)
        blog.publish()
        titles = ("Titre & <premier>", "Sans titre, avec un lien.", "Été")
        posted = (first, second, third)
        yield NonEmptyDays(
            blog,
            url,
            tuple(r.id for r in posted),
            tuple(
                (
                    entry_urn(blog.config.id, r.id), title, url + entry_path(r.id), r.author,
                    r.published,
                )
                for r, title in zip(posted, titles, strict=True)
            ),
            (f"{url}media/{first.media[0].path}", "image/png", first.media[0].size),
        )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home for a reader."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def run(home: Path, *command: str | Path) -> str:
    """Run a reader with a home of its own; return what it said."""
    done = subprocess.run(
        [str(word) for word in command],
        env=os.environ | {"HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def instant(seconds: int | float) -> datetime:
    """Return the instant of a Unix time."""
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize("name", XML)
def test_feedparser(told: NonEmptyDays, name: str) -> None:
    """Handed the bytes: every field, the enclosure's length, no complaint about the form."""
    data = (told.blog.paths.site / name).read_bytes()
    parsed = feedparser.parse(data, response_headers={"content-type": "application/xml"})
    assert not parsed.bozo
    assert parsed.feed.title == "Une semaine & deux jours"
    found = [
        (e.id, e.title, e.link, e.author, instant(_seconds(e.published_parsed)))
        for e in reversed(parsed.entries)
    ]
    # RSS titles are plain text; feedparser, which takes them for HTML, must not lose the brackets.
    assert [(i, _plain(t), *rest) for i, t, *rest in found] == list(told.entries)
    enclosure = parsed.entries[-1].enclosures[0]
    assert (enclosure.href, enclosure.type, int(enclosure.length)) == told.enclosure
    on_disk = told.blog.paths.site / told.enclosure[0].removeprefix(told.url)
    assert on_disk.stat().st_size == told.enclosure[2]
    assert all(not e.enclosures for e in parsed.entries[:-1])
    contents = [e.content[0].value for e in parsed.entries]
    assert "<em>premier</em>" in contents[-1]
    assert f'src="{told.enclosure[0]}"' in contents[-1]


def _seconds(parsed: object) -> int:
    from calendar import timegm

    assert isinstance(parsed, tuple)
    return timegm(parsed)


def _utc(moment: datetime) -> datetime:
    """Read a date whose zone is given as "-0000", which Python leaves naive."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(title: str) -> str:
    from html import unescape

    return unescape(title)


@pytest.mark.parametrize("name", XML)
def test_newsboat(told: NonEmptyDays, home: Path, name: str) -> None:
    """Each entry once; a correction replaces it under the same id."""
    newsboat = needs("newsboat")
    (home / "config").write_text("")
    (home / "urls").write_text(told.url + name + "\n")

    def reload() -> list[tuple[str, str, str, str, datetime]]:
        run(home, newsboat, "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload")
        with sqlite3.connect(home / "cache.db") as db:
            rows = db.execute("SELECT guid, title, url, author, pubDate FROM rss_item").fetchall()
        db.close()
        found = [(g, t, u, a, instant(d)) for g, t, u, a, d in rows]
        return sorted(found, key=lambda row: row[4])

    assert reload() == list(told.entries)
    told.edit()
    assert reload() == list(told.entries)
    with sqlite3.connect(home / "cache.db") as db:
        contents = [row[0] for row in db.execute("SELECT content FROM rss_item ORDER BY pubDate")]
        # newsboat keeps enclosures of sound and film only; the picture must not become one.
        assert {r[0] for r in db.execute("SELECT enclosure_url FROM rss_item")} <= {"", None}
    db.close()
    assert "<em>corrigé</em>" in contents[0]
    assert "Le lieu était faux." in contents[0]


@pytest.mark.parametrize("name", XML)
def test_sfeed(told: NonEmptyDays, home: Path, name: str) -> None:
    """Each entry a line, with time, title, link, id, author and enclosure."""
    needs("sfeed")
    (home / "sfeedrc").write_text(
        f'sfeedpath="{home}/feeds"\nfeeds() {{\n\tfeed "blog" "{told.url}{name}"\n}}\n'
    )
    run(home, needs("sfeed_update"), home / "sfeedrc")
    lines = (home / "feeds" / "blog").read_text().splitlines()
    rows = [line.split("\t") for line in sorted(lines)]
    # time, title, link, content, content type, id, author, enclosure, tags
    assert [(r[5], r[1], r[2], r[6], instant(int(r[0]))) for r in rows] == list(told.entries)
    assert [r[7] for r in rows] == [told.enclosure[0], "", ""]
    assert "<em>premier</em>" in rows[0][3]


@pytest.mark.parametrize("name", XML)
def test_rss2email(told: NonEmptyDays, home: Path, name: str) -> None:
    """Each entry a mail, with its subject, link, author and date; a second run sends none."""
    r2e = needs("r2e")
    (home / "mail").mkdir()
    (home / "r2e.cfg").write_text(
        "[DEFAULT]\nfrom = user@example.org\nto = user@example.org\nemail-protocol = maildir\n"
        f"maildir-path = {home}/mail\nmaildir-mailbox = inbox\ndate-header = True\n"
        "html-mail = False\n"
    )
    for words in (["add", "blog", told.url + name], ["run"], ["run"]):
        run(home, r2e, "-c", "r2e.cfg", "-d", "r2e.json", *words)
    mails = [
        message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in (home / "mail" / "inbox" / "new").iterdir()
    ]
    mails.sort(key=lambda mail: _utc(mail["date"].datetime))
    assert [mail["subject"] for mail in mails] == [title for _, title, *_ in told.entries]
    assert [_utc(mail["date"].datetime) for mail in mails] == [row[4] for row in told.entries]
    for mail, (_, _, link, author, _) in zip(mails, told.entries, strict=True):
        assert author in str(mail["from"])
        text = mail.get_content()
        assert re.search(rf"URL: <?{re.escape(link)}", text), text
    assert told.enclosure[0] in mails[0].get_content()


@pytest.mark.parametrize("name", [*XML, "feed.json"])
def test_reader(told: NonEmptyDays, name: str) -> None:
    """Each entry with every field; a correction replaces it under the same id."""
    from reader import make_reader

    library = make_reader(":memory:")
    library.add_feed(told.url + name)
    library.update_feeds()
    entries = sorted(library.get_entries(), key=lambda e: e.published or instant(0))
    titles = [row[1] for row in told.entries]
    if name == "feed.json":  # an untitled item stays without a title there
        titles[1] = ""
    assert [(e.id, _plain(e.title or ""), e.link, e.authors_str, e.published) for e in entries] == [
        (i, title, link, author, date)
        for (i, _, link, author, date), title in zip(told.entries, titles, strict=True)
    ]
    enclosure = entries[0].enclosures[0]
    assert (enclosure.href, enclosure.type, enclosure.length) == told.enclosure
    assert [len(e.enclosures) for e in entries] == [1, 0, 0]
    told.edit()
    library.update_feed(told.url + name)
    after = {e.id: e for e in library.get_entries()}
    assert len(after) == 3
    corrected = after[entries[0].id]
    assert "<em>corrigé</em>" in corrected.content[0].value
    assert corrected.updated
    assert corrected.updated > (entries[0].updated or entries[0].published or instant(0))
