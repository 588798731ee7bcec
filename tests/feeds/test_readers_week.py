"""A week of a live blog through real feed readers, over real HTTP.

What each reader should hold at each step is written in :data:`TABLE`, and held against what it does
hold. The readers differ: gPodder turns to older pages and forgets what the feed has no more; none
deletes what a tombstone names; rss2email mails an entry once; sfeed tells entries apart by their
titles too. So a retraction reaches the readers that show an entry anew, and who must not miss
anything reads the archives.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import re
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import uvicorn

from liveblog import Blog
from liveblog.model import addresses
from liveblog.web import Application

from ..conftest import Clock, needs
from ..waiting import answered, until
from ..wire import fetch
from .test_archives import Document

pytestmark = pytest.mark.slow

IN_FEED = 20

STEPS = ("posts", "two edits in a second", "burst in a day", "burst, a day missed", "correction",
         "retraction", "removal")  # fmt: skip

TABLE = {
    # What of each step a reader holds at the next look: everything; the newest of what came
    # (those that the feed still held); the text before; the entry itself, though it was removed.
    "newsboat": ("all", "all", "all", "newest", "all", "all", "kept"),
    "sfeed": ("all", "before", "all", "newest", "before", "doubled", "kept"),
    "rss2email": ("all", "before", "all", "newest", "before", "before", "kept"),
    "reader": ("all", "all", "all", "newest", "all", "all", "kept"),
    "gPodder": ("all", "all", "all", "all", "all", "all", "dropped"),
    "by the archives": ("all", "all", "all", "all", "all", "all", "gone"),
}


class Reader(Protocol):
    """A feed reader with a home of its own."""

    def look(self) -> None:
        """Look at the feed once."""
        ...

    def held(self) -> dict[str, list[str]]:
        """Return the contents that it holds of each entry, by the entry's id."""
        ...


def run(home: Path, *command: str, **variables: str) -> None:
    """Run a program with a home of its own."""
    done = subprocess.run(
        command, env=os.environ | {"HOME": str(home)} | variables, cwd=home, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def rows(path: Path, query: str) -> list[tuple[str, str]]:
    """Read a reader's database."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        return list(database.execute(query))


def gathered(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Gather contents by id."""
    found: dict[str, list[str]] = {}
    for entry_id, content in pairs:
        found.setdefault(entry_id, []).append(content)
    return found


class Newsboat:
    """newsboat, with its cache."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        (home / "config").write_text("")
        (home / "urls").write_text(f"{url}\n")

    def look(self) -> None:
        run(self.home, needs("newsboat"), "-C", "config", "-u", "urls", "-c", "cache.db", "-x",
            "reload")  # fmt: skip

    def held(self) -> dict[str, list[str]]:
        return gathered(rows(self.home / "cache.db", "SELECT guid, content FROM rss_item"))


class Sfeed:
    """sfeed, with its lines."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        feeds = f'sfeedpath="{home}/feeds"\nfeeds() {{\n\tfeed "blog" "{url}"\n}}\n'
        (home / "sfeedrc").write_text(feeds)

    def look(self) -> None:
        run(self.home, needs("sfeed_update"), str(self.home / "sfeedrc"))

    def held(self) -> dict[str, list[str]]:
        lines = (self.home / "feeds" / "blog").read_text().splitlines()
        return gathered([(f[5], f[3]) for f in (line.split("\t") for line in lines)])


class Rss2email:
    """rss2email, with the mails that it sent."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        (home / "mail").mkdir()
        (home / "r2e.cfg").write_text(
            "[DEFAULT]\nfrom = user@example.org\nto = user@example.org\n"
            f"email-protocol = maildir\nmaildir-path = {home}/mail\nmaildir-mailbox = inbox\n"
        )
        self._run("add", "blog", url)

    def _run(self, *words: str) -> None:
        run(self.home, needs("r2e"), "-c", "r2e.cfg", "-d", "r2e.json", *words)

    def look(self) -> None:
        self._run("run")

    def held(self) -> dict[str, list[str]]:
        found = []
        for path in (self.home / "mail" / "inbox" / "new").iterdir():
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            text = mail.get_content()
            address = re.search(r"/(\d{4})/(\d\d)/(\d\d)/([0-9a-z]{10})/", text)
            assert address, text
            entry_id = f"{address[1]}{address[2]}{address[3]}-{address[4]}"
            found.append((entry_id, text))
        return gathered(found)


class Library:
    """The library reader."""

    def __init__(self, home: Path, url: str) -> None:
        from reader import make_reader

        self._reader = make_reader(str(home / "reader.sqlite"))
        self._url = url
        self._reader.add_feed(url)

    def look(self) -> None:
        self._reader.update_feed(self._url)

    def held(self) -> dict[str, list[str]]:
        return gathered([(e.id, e.content[0].value) for e in self._reader.get_entries()])


class Gpodder:
    """gPodder's command line, with its database."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self._url = url
        self._is_new = True

    def look(self) -> None:
        words = ("subscribe", self._url) if self._is_new else ("update",)
        self._is_new = False
        run(self.home, needs("gpo"), *words, GPODDER_HOME=str(self.home / "gpodder"))

    def held(self) -> dict[str, list[str]]:
        query = "SELECT guid, description || description_html FROM episode"
        return gathered(rows(self.home / "gpodder" / "Database", query))


class ByArchives:
    """A client that keeps to RFC 5005 §4.2 and RFC 6721, over HTTP."""

    def __init__(self, home: Path, url: str) -> None:
        self._url = url
        self._name = url.rpartition("/")[2]
        self._seen: set[str] = set()
        self._held: dict[str, str] = {}

    def look(self) -> None:
        def fetch(address: str) -> Document:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return Document(answer.read(), self._name)

        documents = [fetch(self._url)]
        while (before := documents[-1].links.get("prev-archive", "")) not in {"", *self._seen}:
            self._seen.add(before)
            documents.append(fetch(before))
        for document in reversed(documents):
            self._held |= {i: content for i, (_, content) in document.entries.items()}
            for entry_id in document.removed:
                self._held.pop(entry_id, None)

    def held(self) -> dict[str, list[str]]:
        return {entry_id: [content] for entry_id, content in self._held.items()}


MAKERS: dict[str, Callable[[Path, str], Reader]] = {
    "newsboat": Newsboat,
    "sfeed": Sfeed,
    "rss2email": Rss2email,
    "reader": Library,
    "gPodder": Gpodder,
    "by the archives": ByArchives,
}


class Week:
    """A blog on a clock of its own, served by the real server."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        opened = socket.socket()
        opened.bind(("127.0.0.1", 0))
        self.clock = clock
        self.url = f"http://127.0.0.1:{opened.getsockname()[1]}/"
        self._looked = ""
        Blog.init(
            folder, title="Une semaine", language="fr", url=self.url, timezone="Europe/Paris",
            author="La rédaction", clock=clock,
        )  # fmt: skip
        path = folder / "liveblog.toml"
        path.write_text(path.read_text() + f"\n[feeds]\nentries = {IN_FEED}\n")
        self.blog = Blog(folder, clock=clock)
        config = uvicorn.Config(Application([Blog(folder, clock=clock)]), log_level="error",
                                timeout_graceful_shutdown=1)  # fmt: skip
        self._server = uvicorn.Server(config)
        opened.listen(64)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [opened]})
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)

    def settle(self, *expected: str) -> None:
        """Wait until the feed has all of this and another Last-Modified than at the last call.

        Last-Modified has whole seconds and is never later than now: a reader that polls twice
        within a second may be answered that nothing has changed.
        """

        def is_there() -> bool:
            answer = answered(lambda: fetch(self.url, "atom.xml"))
            text, modified = answer.body.decode(), answer["Last-Modified"]
            if not all(words in text for words in expected) or modified == self._looked:
                return False
            self._looked = modified
            return True

        until(is_there, 30, f"a feed with {expected}")


@pytest.fixture
def week(tmp_path: Path) -> Iterator[Week]:
    """The scripted week's blog, at Sunday 15 July 2012, ten in the morning."""
    clock = Clock("2012-07-15T08:00:00Z")
    made = Week(tmp_path / "blog", clock)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml"])
@pytest.mark.parametrize("who", list(MAKERS))
def test_a_scripted_week(week: Week, tmp_path: Path, who: str, name: str) -> None:
    """Each reader holds what the table says, step by step."""
    home = tmp_path / "home"
    home.mkdir()
    blog, clock = week.blog, week.clock
    reader = MAKERS[who](home, week.url + name)
    said: list[str] = []

    def key(entry_id: str) -> str:
        return entry_id if who == "rss2email" else addresses.entry_urn(blog.config.id, entry_id)

    def held(entry_id: str) -> list[str]:
        return reader.held().get(key(entry_id), [])

    def says(entry_id: str, text: str, before: str) -> str:
        """Say which version of an entry the reader holds."""
        now = held(entry_id)
        if len(now) > 1:
            return "doubled" if any(text in content for content in now) else "before twice"
        if not now:
            return "nothing"
        return "all" if text in now[0] else "before" if before in now[0] else "something else"

    def share(entries: list[tuple[str, str]]) -> str:
        """Say which of some entries the reader holds."""
        has = [any(text in content for content in held(i)) for i, text in entries]
        if all(has):
            return "all"
        return "newest" if has == sorted(has) and any(has) else "some"

    # Sunday: three posts.
    posts = []
    for number in range(3):
        text = f"Dimanche, fait {number}."
        posts.append((blog.post(text, title=f"Titre {number}").id, text))
        clock.go(hours=1)
    first, second, third = (entry_id for entry_id, _ in posts)
    week.settle(*(text for _, text in posts))
    reader.look()
    said.append(share(posts))

    # Monday: two edits within one second of the blog's clock, and a look after each.
    clock.set("2012-07-16T08:00:00Z")
    blog.edit(first, body="Le premier état.")
    week.settle("Le premier état.")
    reader.look()
    blog.edit(first, body="Le second état.")
    week.settle("Le second état.")
    reader.look()
    said.append(says(first, "Le second état.", "Dimanche, fait 0."))

    # Tuesday: more updates in a day than the feed's size, and a look the same evening.
    clock.set("2012-07-17T08:00:00Z")
    burst = []
    for number in range(IN_FEED + 15):
        clock.go(minutes=5)
        burst.append((blog.post(f"Mardi, fait {number}.").id, f"Mardi, fait {number}."))
    week.settle(*(text for _, text in burst))
    reader.look()
    said.append(share(burst))

    # Wednesday as Tuesday, but nobody looks before Thursday noon.
    clock.set("2012-07-18T08:00:00Z")
    missed = []
    for number in range(IN_FEED + 15):
        clock.go(minutes=5)
        missed.append((blog.post(f"Mercredi, fait {number}.").id, f"Mercredi, fait {number}."))
    clock.set("2012-07-19T10:00:00Z")
    missed.append((blog.post("Jeudi.").id, "Jeudi."))
    week.settle("Jeudi.")
    reader.look()
    said.append(share(missed))

    # Friday: a correction of Sunday's second update.
    clock.set("2012-07-20T08:00:00Z")
    blog.edit(second, body="Dimanche, corrigé.", note="Le lieu était faux.")
    week.settle("Dimanche, corrigé.", "Le lieu était faux.")
    reader.look()
    said.append(says(second, "Dimanche, corrigé.", "Dimanche, fait 1."))

    # Saturday: Sunday's third update is retracted.
    clock.set("2012-07-21T08:00:00Z")
    blog.retract(third, why="Rien ne le confirme.")
    week.settle("Rien ne le confirme.")
    reader.look()
    said.append(says(third, "Rien ne le confirme.", "Dimanche, fait 2."))

    # Sunday: Thursday's update is removed.
    clock.set("2012-07-22T08:00:00Z")
    gone, text = missed[-1]
    blog.remove(gone)
    week.settle("deleted-entry")
    reader.look()
    if held(gone):
        said.append("kept" if text in held(gone)[0] else "something else")
    else:
        said.append("gone" if who == "by the archives" else "dropped")

    assert dict(zip(STEPS, said, strict=True)) == dict(zip(STEPS, TABLE[who], strict=True))


@pytest.mark.parametrize("name", ["atom.xml", "rss.xml"])
def test_gpodder_has_the_whole_history_when_it_subscribes(
    week: Week, tmp_path: Path, name: str
) -> None:
    """It turns the pages back to the first day, by ``next``."""
    home = tmp_path / "home"
    home.mkdir()
    for day in range(1, 13):
        week.clock.set(f"2012-07-{day:02}T08:00:00Z")
        for number in range(5):
            week.clock.go(hours=1)
            week.blog.post(f"Le {day}, fait {number}.")
    week.settle("Le 12, fait 4.")
    reader = Gpodder(home, week.url + name)
    reader.look()
    contents = "\n".join(text for texts in reader.held().values() for text in texts)
    assert len(reader.held()) == 60
    assert all(f"Le {day}, fait {n}." in contents for day in range(1, 13) for n in range(5))
