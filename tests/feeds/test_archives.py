"""The whole history through the feed alone: archives (RFC 5005) and removals (RFC 6721)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from liveblog import Blog
from liveblog.model import addresses
from liveblog.model.errors import LiveblogError

from ..conftest import Clock, site_bytes

pytestmark = pytest.mark.slow

ATOM = "{http://www.w3.org/2005/Atom}"
AT = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
FH = "{http://purl.org/syndication/history/1.0}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
FORMATS = ("atom.xml", "rss.xml", "feed.json")
XML = ("atom.xml", "rss.xml")


class Document:
    """A feed document, read as RFC 5005 and RFC 6721 say; in JSON, as ``docs/feeds.md`` says."""

    def __init__(self, data: bytes, name: str) -> None:
        self.links: dict[str, str] = {}
        self.entries: dict[str, tuple[datetime, str]] = {}  # id: last change, content
        self.removed: dict[str, datetime] = {}
        self.is_archive = False
        if name == "feed.json":
            self._json(json.loads(data))
            return
        root: Any = etree.fromstring(data)
        is_atom = name == "atom.xml"
        head = root if is_atom else root.find("channel")
        for link in head.findall(f"{ATOM}link"):
            assert link.get("rel") not in self.links or link.get("rel") == "hub"
            self.links[link.get("rel")] = link.get("href")
        self.is_archive = head.find(f"{FH}archive") is not None
        for entry in head.findall(f"{ATOM}entry" if is_atom else "item"):
            entry_id = entry.findtext(f"{ATOM}id" if is_atom else "guid")
            assert entry_id not in self.entries
            content = entry.findtext(f"{ATOM}content" if is_atom else CONTENT)
            updated = entry.findtext(f"{ATOM}updated")
            self.entries[entry_id] = datetime.fromisoformat(updated), content
        for stone in head.findall(AT):
            assert not len(stone)
            assert stone.get("ref") not in self.removed
            self.removed[stone.get("ref")] = datetime.fromisoformat(stone.get("when"))

    def _json(self, document: Any) -> None:
        if "next_url" in document:
            self.links["prev-archive"] = document["next_url"]
        for item in document["items"]:
            updated = datetime.fromisoformat(item["date_modified"])
            self.entries[item["id"]] = updated, item["content_html"]
        for stone in document.get("_liveblog", {}).get("removed", ()):
            self.removed[stone["id"]] = datetime.fromisoformat(stone["date_removed"])


class Client:
    """Keeps a copy of a feed by the algorithm of RFC 5005 §4.2."""

    def __init__(self, blog: Blog, name: str) -> None:
        self._blog = blog
        self._name = name
        self._archives: set[str] = set()
        self.entries: dict[str, tuple[datetime, str]] = {}

    def fetch(self, address: str) -> Document:
        path = address.removeprefix(self._blog.config.url)
        return Document((self._blog.paths.site / path).read_bytes(), self._name)

    def poll(self) -> None:
        """Read the subscription document, and back from it every archive not read before."""
        documents = [self.fetch(self._blog.config.url + self._name)]
        while True:
            before = documents[-1].links.get("prev-archive", "")
            if not before or before in self._archives:
                break
            self._archives.add(before)
            documents.append(self.fetch(before))
        for document in reversed(documents):
            for entry_id, entry in document.entries.items():
                self.entries[entry_id] = entry
            for entry_id, when in document.removed.items():
                if entry_id in self.entries and self.entries[entry_id][0] <= when:
                    del self.entries[entry_id]


def assert_all_is_there(blog: Blog, client: Client) -> None:
    """What a client holds is what readers may see, in its last version; and nothing else."""
    told = {addresses.entry_urn(blog.config.id, e.id): e for e in blog.timeline.newest_first()}
    assert client.entries.keys() == told.keys()
    for entry_id, (updated, content) in client.entries.items():
        now = told[entry_id].now
        assert updated == now.updated
        assert (now.body if now.state == "live" else now.note) in content


def live_through(blog: Blog, clock: Clock, days: int, seed: int) -> Iterator[None]:
    """Write for so many days, with corrections, retractions and removals of old and new entries.

    Yields after each publication.
    """
    chance = random.Random(seed)
    ids: list[str] = []
    for number in range(days):
        many = chance.choice([0, 1, 1, 2, 3, 14])
        for hour in range(many):
            clock.go(minutes=chance.choice([0, 20, 60]))
            back = chance.choice([0, 0, 0, 0, 60, 3 * 24 * 60])
            at = clock.now - timedelta(minutes=back)
            ids.append(blog.post(f"Texte {number}.{hour}, première version.", at=at).id)
        for _ in range(chance.choice([0, 0, 1, 1, 2])):
            if not ids:
                break
            target = chance.choice(ids[-6:] if chance.random() < 0.5 else ids)
            try:
                match chance.randrange(6):
                    case 0:
                        blog.retract(target, why=f"Faux, dit-on le jour {number}.")
                    case 1:
                        blog.remove(target, purge=chance.random() < 0.3)
                    case 2:
                        blog.restore(target)
                    case _:
                        text = f"Corrigé le jour {number}."
                        blog.edit(target, body=text, note=chance.choice(["", "Le lieu."]))
            except LiveblogError:
                pass  # it was gone already
        if chance.random() < 0.9:
            blog.publish()
            yield
        clock.go(days=1)


@pytest.mark.parametrize(
    ("days", "seed"),
    [
        (10, 1),
        pytest.param(40, 1, marks=pytest.mark.slow),
        *(pytest.param(400, seed, marks=pytest.mark.slow) for seed in range(2, 5)),
    ],
)
def test_the_whole_coverage_can_be_had_through_the_feed_alone(
    new_blog: Callable[..., Blog], clock: Clock, days: int, seed: int
) -> None:
    """By who comes late, and by who looks in now and then: all corrections, all removals."""
    blog = new_blog()
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + "\n[feeds]\nentries = 5\n")
    blog = Blog(blog.paths.root, clock=clock)
    chance = random.Random(seed)
    steady = [(Client(blog, name), often) for name in FORMATS for often in (0.5, 0.05)]
    for _ in live_through(blog, clock, days, seed):
        for client, often in steady:
            if chance.random() < often:
                client.poll()
                assert_all_is_there(blog, client)
    blog.publish()
    for name in FORMATS:
        late = Client(blog, name)
        late.poll()
        assert_all_is_there(blog, late)
        assert len(late.entries) > days / 2


def _chain(blog: Blog, name: str) -> list[tuple[str, Document]]:
    client = Client(blog, name)
    found = [(blog.config.url + name, client.fetch(blog.config.url + name))]
    while before := found[-1][1].links.get("prev-archive"):
        found.append((before, client.fetch(before)))
    return found


@pytest.mark.parametrize("name", XML)
def test_archives_are_linked_to_and_fro(blog: Blog, clock: Clock, name: str) -> None:
    """Each with the one before, the one after and the current one; marked; under one id."""
    for number in range(4):
        blog.post(f"Jour {number}.")
        clock.go(days=1)
    blog.post("Aujourd'hui.")
    blog.publish()
    (current, newest), *archives = _chain(blog, name)
    assert [url for url, _ in archives] == [
        f"{blog.config.url}2012/07/{day}/{name}" for day in (18, 17, 16, 15)
    ]
    assert not newest.is_archive
    assert {"current", "next-archive"}.isdisjoint(newest.links)
    after = ""
    for url, document in archives:
        assert document.is_archive
        assert document.links["self"] == url
        assert document.links["current"] == current
        assert document.links.get("next-archive", "") == after
        assert document.links.get("next") == document.links.get("prev-archive")
        assert len(document.entries) == 1
        after = url


def test_a_day_is_linked_once_it_is_closed(new_blog: Callable[..., Blog], clock: Clock) -> None:
    """Not while it grows: not before the hour at which the blog's days close."""
    blog = new_blog()
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + '\n[schedule]\nday_closes = "06:00"\n')
    blog = Blog(blog.paths.root, clock=clock)
    clock.set("2012-07-15T18:04:00+02:00")
    blog.post("Dimanche.")
    for when, expected in (
        ("2012-07-15T23:59:59+02:00", []),
        ("2012-07-16T05:59:59+02:00", []),
        ("2012-07-16T06:00:00+02:00", ["2012/07/15/atom.xml"]),
    ):
        clock.set(when)
        blog.publish()
        found = [url.removeprefix(blog.config.url) for url, _ in _chain(blog, "atom.xml")[1:]]
        assert found == expected
        assert (blog.paths.site / "2012/07/15/atom.xml").exists() == bool(expected)


@pytest.mark.parametrize("night", ["2012-03-25", "2012-10-28"])
def test_archives_of_the_nights_of_a_clock_change(blog: Blog, clock: Clock, night: str) -> None:
    """A day of 23 or 25 hours has all its entries, and no other day's."""
    clock.set(f"{night}T00:00:00+0{2 if night > '2012-06' else 1}:00")
    first = blog.post("Au début.")
    clock.set(f"{night}T23:59:59+0{1 if night > '2012-06' else 2}:00")
    last = blog.post("À la fin.")
    clock.go(seconds=1)
    blog.post("Le lendemain.")
    clock.go(days=1)
    blog.publish()
    archive = (blog.paths.site / night.replace("-", "/") / "atom.xml").read_bytes()
    expected = {addresses.entry_urn(blog.config.id, r.id) for r in (first, last)}
    assert Document(archive, "atom.xml").entries.keys() == expected


@pytest.mark.parametrize("name", FORMATS)
def test_a_correction_of_an_archived_entry_comes_back(blog: Blog, clock: Clock, name: str) -> None:
    """In the subscription document (RFC 5005 §4.1); the archive has it too, and nothing new.

    Once it left the subscription document, the archive of its own day keeps it.
    """
    old = blog.post("Faux.")
    clock.go(days=3)
    blog.publish()
    entry_id = addresses.entry_urn(blog.config.id, old.id)
    day = blog.paths.site / "2012/07/15" / name
    before = Document(day.read_bytes(), name)
    clock.go(minutes=1)
    blog.edit(old.id, body="Juste.", note="Le lieu était faux.")
    blog.publish()
    current = Document((blog.paths.site / name).read_bytes(), name)
    assert "Le lieu était faux." in current.entries[entry_id][1]
    after = Document(day.read_bytes(), name)
    assert "Juste." in after.entries[entry_id][1]
    assert after.entries.keys() == before.entries.keys()
    clock.go(days=1)
    blog.publish()
    corrected = Document((blog.paths.site / "2012/07/18" / name).read_bytes(), name)
    assert "Juste." in corrected.entries[entry_id][1]


def test_an_archive_stays_as_it_is(blog: Blog, clock: Clock) -> None:
    """Byte for byte, while nothing that it tells is corrected; whatever is posted late."""
    blog.post("Dimanche.")
    clock.go(days=1)
    blog.post("Lundi.")
    clock.go(days=1)
    blog.publish()
    folder = blog.paths.site / "2012/07/15"
    before = {name: (folder / name).read_bytes() for name in FORMATS}
    sunday = clock.now - timedelta(days=2)
    for _ in range(3):
        blog.post("Aujourd'hui.")
        blog.post("Ce qu'on apprend de dimanche.", at=sunday)
        clock.go(days=1)
        report = blog.publish()
        assert not {f"2012/07/15/{name}" for name in FORMATS} & set(report.written)
    assert {name: (folder / name).read_bytes() for name in FORMATS} == before


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("purge", [False, True])
def test_a_removal_leaves_a_tombstone(blog: Blog, clock: Clock, name: str, purge: bool) -> None:
    """In the subscription document, its day's archive and that of the removal; no word is left."""
    gone = blog.post("SECRET", title="SECRET")
    blog.post("Le reste.")
    clock.go(days=3)
    blog.publish()
    blog.remove(gone.id, purge=purge)
    removed = blog.now
    blog.publish()
    clock.go(days=1)
    blog.publish()
    entry_id = addresses.entry_urn(blog.config.id, gone.id)
    for folder in ("", "2012/07/15/", "2012/07/18/"):
        data = (blog.paths.site / folder / name).read_bytes()
        document = Document(data, name)
        assert document.removed == {entry_id: removed}, folder
        assert entry_id not in document.entries
        assert b"SECRET" not in data
    if name == "atom.xml":
        tags = [child.tag for child in etree.fromstring(data)]
        assert AT in tags
        assert f"{ATOM}entry" not in tags[: tags.index(AT)]
    blog.restore(gone.id) if not purge else None
    clock.go(minutes=1)
    blog.publish()
    document = Document((blog.paths.site / name).read_bytes(), name)
    assert (entry_id in document.entries) is not purge
    assert (entry_id in document.removed) is purge


def test_what_nobody_saw_leaves_no_tombstone(blog: Blog, clock: Clock) -> None:
    """An embargoed entry that is removed in time was never there."""
    blog.post("Le reste.")
    held = blog.post("Sous embargo.", at=clock.now + timedelta(hours=2), schedule=True)
    blog.remove(held.id)
    clock.go(days=1)
    blog.publish()
    letters = held.id.encode()
    assert not [path for path, data in site_bytes(blog.paths.site).items() if letters in data]


@pytest.mark.parametrize("name", XML)
def test_feedparser_takes_archives_and_tombstones(blog: Blog, clock: Clock, name: str) -> None:
    """Well-formed; the feed's own links are not those of something else in it."""
    gone = blog.post("Parti.")
    blog.post("Là.")
    clock.go(days=2)
    blog.post("Aujourd'hui.")
    blog.remove(gone.id)
    blog.publish()
    for folder in ("", "2012/07/15/"):
        parsed = feedparser.parse((blog.paths.site / folder / name).read_bytes())
        assert not parsed.bozo
        assert parsed.feed.link == blog.config.url
        by_rel = {link.rel: link.href for link in parsed.feed.links}
        assert by_rel["self"] == f"{blog.config.url}{folder}{name}"
        assert len(parsed.entries) == (2 if folder == "" else 1)


def test_json_feed_pages_never_lead_back(blog: Blog, clock: Clock) -> None:
    """``next_url`` leads from the newest day to the first, and there it ends."""
    for _ in range(5):
        blog.post("Texte.")
        clock.go(days=1)
    blog.publish()
    visited = [url for url, _ in _chain(blog, "feed.json")]
    assert len(visited) == len(set(visited)) == 6


def test_what_nobody_subscribes_to_has_no_hub(
    new_blog: Callable[..., Blog], clock: Clock, tmp_path: Path
) -> None:
    """An archive is no topic of WebSub, and the end of the coverage does not rewrite it."""
    blog = new_blog()
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + '\n[websub]\nhubs = ["https://hub.example/"]\n')
    blog = Blog(blog.paths.root, clock=clock)
    blog.post("Dimanche.")
    clock.go(days=1)
    blog.publish()
    archive = blog.paths.site / "2012/07/15/atom.xml"
    before = archive.read_bytes()
    assert b"hub.example" not in before
    assert b"hub.example" in (blog.paths.site / "atom.xml").read_bytes()
    assert not [topic for topic in blog.publisher.topics() if topic.startswith("2012/")]
    blog.end()
    blog.publish()
    assert archive.read_bytes() == before
