"""Whatever happens to a blog, step by step: its site is that of a publication from nothing.

And of an entry that was removed, no word is left in any file that can be made again; of one that
was purged, none in any file at all. ``LIVEBLOG_HISTORIES`` sets how many histories the slow test
tells, ``LIVEBLOG_SEED`` where they begin.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import brotli
import pytest

from liveblog import Blog
from liveblog.blog import Image
from liveblog.model.addresses import is_generated
from liveblog.model.chapter import PREFIX, ChapterDraft
from liveblog.model.entry import Figure, Source
from liveblog.model.errors import InvalidInput, UnknownTag

from .conftest import Clock, begun, site_bytes
from .site.test_publish import from_nothing, picture

STEPS = 30
HISTORIES = int(os.environ.get("LIVEBLOG_HISTORIES", "60"))
SEED = int(os.environ.get("LIVEBLOG_SEED", "1000"))

BEGINNINGS = ("2012-07-15T16:04:00Z", "2012-12-29T09:00:00Z", "2025-12-30T22:30:00Z")
"""A summer's day, and days before weeks across the new year."""


class History:
    """One blog, and what happens to it by chance."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = Clock(self.chance.choice(BEGINNINGS))
        self.blog = begun(folder / "blog", self.clock)
        self.folder = folder
        self.image = picture(folder)
        self.marks: dict[str, str] = {}  # a word that is found in this entry only, by its id
        self.chapters: dict[str, str] = {}  # the same of each chapter, by its slug
        self.removed: set[str] = set()
        self.purged: set[str] = set()
        self.told: list[str] = []  # what happened, for whoever has to find out why
        self.publications = self.comparisons = 0

    # -- what may happen ----------------------------------------------------------------------

    def post(self) -> None:
        """An update now, before, long ago, or later."""
        chance = self.chance
        mark = f"mk{len(self.marks):04}{chance.randrange(16**6):06x}zq"
        back = chance.choice([0, 0, 0, 0, 3, 30, 24 * 4, 24 * 9, 24 * 200])
        hold = chance.random() < 0.2
        at = self.clock.now + timedelta(hours=chance.choice([2, 36, 24 * 8]) if hold else -back)
        entry = self.blog.post(
            f"Un texte *{mark}* sur la ville.",
            title=chance.choice(["", f"Titre {mark}"]),
            at=at,
            schedule=hold,
            author=chance.choice(["", f"Ana {mark}"]),
            tags=self.tags(mark),
            key=chance.random() < 0.3,
            pinned=chance.random() < 0.15,
            verification=chance.choice(["", "unconfirmed", "confirmed"]),
            sources=[Source(f"Agence {mark}", f"https://example.org/{mark}")],
            figures=[Figure(f"Morts {mark}", chance.randrange(99), "personnes")]
            if chance.random() < 0.3
            else [Figure("Blessés", chance.randrange(99), "personnes", mark)]
            if chance.random() < 0.3
            else [],
            images=[Image(self.image, f"Un point {mark}", f"Légende {mark}")]
            if chance.random() < 0.2
            else [],
        )
        self.marks[entry.id] = mark

    def tags(self, mark: str) -> list[str]:
        """Some that others carry, and sometimes one that nobody else has."""
        some = self.chance.sample(["Damas", "Alep", "Réfugiés", "دمشق"], self.chance.randrange(3))
        return [*some, *([mark] if self.chance.random() < 0.3 else [])]

    def some(self, *states: str) -> str:
        """Return the id of an entry in one of some states."""
        ids = [i for i in self.marks if not i.startswith(PREFIX)]
        entries = [i for i in ids if self.blog.timeline.entry(i).now.state in states]
        if not entries:
            raise InvalidInput("There is none.")
        return self.chance.choice(entries)

    def edit(self) -> None:
        """Another text, with or without a note."""
        entry_id = self.some("live")
        mark = self.marks[entry_id]
        number = self.chance.randrange(1000)
        note = self.chance.choice(["", f"Précision {mark}."])
        self.blog.edit(entry_id, body=f"Autre {number} {mark}", note=note)

    def retag(self) -> None:
        """Other tags."""
        entry_id = self.some("live")
        self.blog.edit(entry_id, tags=self.tags(self.marks[entry_id]))

    def pin(self) -> None:
        """To the top, or down again; an update that counts, or no more."""
        entry_id = self.some("live")
        now = self.blog.timeline.entry(entry_id).now
        self.blog.edit(entry_id, pinned=not now.pinned, key=self.chance.random() < 0.5)

    def move(self) -> None:
        """Into another day, before or after."""
        hours = self.chance.choice([-24 * 40, -50, -3, 2, 40, 24 * 8])
        self.blog.edit(self.some("live"), at=self.clock.now + timedelta(hours=hours), schedule=True)

    def retract(self) -> None:
        """A notice in its place."""
        self.blog.retract(self.some("live"), why="Erreur.")

    def remove(self) -> None:
        """For good, or only from the site."""
        entry_id = self.some("live", "retracted")
        is_purged = self.chance.random() < 0.4
        self.blog.remove(entry_id, purge=is_purged)
        self.removed.add(entry_id)
        if is_purged:
            self.purged.add(entry_id)

    def restore(self) -> None:
        """What was removed comes back."""
        entry_id = self.some("removed")
        self.blog.restore(entry_id)
        self.removed.discard(entry_id)

    def frame(self) -> None:
        """Words around a day, a week, the whole."""
        now = self.clock.now - timedelta(days=self.chance.choice([0, 1, 7]))
        period = self.chance.choice([f"{now:%Y-%m-%d}", f"{now:%G-W%V}", "coverage"])
        number = self.chance.randrange(1000)
        opening = f"Début.{self.quote()}"
        self.blog.frame(period, headline=f"Une {number}", introduction=opening, close="Fin.")

    def chapter(self) -> None:
        """A chapter of some days, now or later, with or without a picture and a selection."""
        chance = self.chance
        mark = f"mc{len(self.chapters):04}{chance.randrange(16**6):06x}zq"
        first = self.clock.now - timedelta(days=chance.choice([0, 1, 4, 9, 30]))
        last = first + timedelta(days=chance.choice([1, 5, 30]))
        is_late = chance.random() < 0.2
        chapter = self.blog.chapters.create(
            ChapterDraft(
                title=f"Chapitre {mark}",
                period=f"{first:%Y-%m-%d}..{last:%Y-%m-%d}",
                introduction=f"Début {mark}.{self.quote()}",
                close=f"Fin *{mark}*.",
                tags=("Damas", "Alep") if chance.random() < 0.3 else (),
                key=chance.random() < 0.2,
                published=self.clock.now + timedelta(hours=40) if is_late else None,
            ),
            slug=f"chapitre-{len(self.chapters)}",
            image=Image(self.image, f"Vue {mark}") if chance.random() < 0.5 else None,
            schedule=is_late,
        )
        self.chapters[chapter.slug] = self.marks[chapter.name] = mark

    def quote(self) -> str:
        """Some words of an entry, as an introduction quotes them."""
        ids = [i for i in self.marks if not i.startswith(PREFIX) and i not in self.removed]
        if not ids or self.chance.random() < 0.4:
            return ""
        entry_id = self.chance.choice(ids)
        return f"\n\n> Un texte {self.marks[entry_id]}\n>\n> — [Ana](entry:{entry_id})\n"

    def some_chapter(self, *states: str) -> str:
        """Return the slug of a chapter in one of some states."""
        slugs = [s for s in self.chapters if self.blog.timeline.chapter(s).now.state in states]
        if not slugs:
            raise InvalidInput("There is none.")
        return self.chance.choice(slugs)

    def edit_chapter(self) -> None:
        """Another text or period, with or without a note."""
        slug = self.some_chapter("live")
        mark, number = self.chapters[slug], self.chance.randrange(1000)
        first = self.clock.now - timedelta(days=self.chance.choice([0, 5, 10]))
        draft = self.chance.choice(
            [
                ChapterDraft(close=f"Autre fin {number} {mark}."),
                ChapterDraft(period=f"{first:%Y-%m-%d}..{first + timedelta(days=6):%Y-%m-%d}"),
                ChapterDraft(title=f"Autre titre {number} {mark}", tags=("Damas",)),
            ]
        )
        self.blog.chapters.edit(slug, draft, note=self.chance.choice(["", f"Précision {mark}."]))

    def withdraw_chapter(self) -> None:
        """A notice in its place; or nothing, until it comes back or for good."""
        slug = self.some_chapter("live", "retracted", "removed")
        name = self.blog.timeline.chapter(slug).now.name
        if name in self.removed:
            self.blog.chapters.restore(slug)
            self.removed.discard(name)
        elif self.chance.random() < 0.4:
            self.blog.chapters.retract(slug, why="Erreur.")
        else:
            is_purged = self.chance.random() < 0.4
            self.blog.chapters.remove(slug, purge=is_purged)
            self.removed.add(name)
            if is_purged:
                self.purged.add(name)

    def end(self) -> None:
        """The coverage ends, or goes on."""
        try:
            self.blog.resume()
        except InvalidInput:
            self.blog.end(self.clock.now + timedelta(hours=self.chance.choice([0, 5])))

    def wait(self) -> None:
        """Days and weeks close, embargoes end."""
        self.clock.go(days=self.chance.choice([1, 2, 6, 8, 30]))

    def lose(self) -> None:
        """Something that can be made again is deleted or damaged."""
        derived, site = self.blog.paths.derived, self.blog.paths.site
        lost = self.chance.randrange(6)
        if lost == 0:
            shutil.rmtree(derived, ignore_errors=True)
        elif lost == 1:
            (derived / "index.sqlite").unlink(missing_ok=True)
        elif lost == 2 and derived.exists():
            (derived / "index.sqlite").write_bytes(b"rubbish" * 1000)
        elif lost == 3:
            shutil.rmtree(site, ignore_errors=True)
        elif lost == 4:
            shutil.rmtree(site, ignore_errors=True)
            shutil.rmtree(derived, ignore_errors=True)
        else:
            self.reopen()

    def reopen(self) -> None:
        """Another process goes on."""
        self.blog = Blog(self.blog.paths.root, clock=self.clock)

    def change(self) -> None:
        """Settings, a template, a style sheet."""
        root = self.blog.paths.root
        number = self.chance.randrange(1000)
        what = self.chance.randrange(3)
        if what == 0:
            path = root / "liveblog.toml"
            lines = path.read_text("utf-8").splitlines()
            title = f'title = "Une semaine {number}"'
            lines = [title if line.startswith("title = ") else line for line in lines]
            path.write_text("\n".join(lines) + "\n", "utf-8")
        elif what == 1:
            (root / "templates").mkdir(exist_ok=True)
            (root / "templates/404.html").write_text(f"<p>Perdu {number}</p>")
        else:
            (root / "static").mkdir(exist_ok=True)
            (root / "static/style.css").write_text(f"body {{ margin: {number}px }}")
        self.reopen()

    def search(self) -> None:
        """Somebody asks: there is an index of every word."""
        self.blog.search("ville")

    def publish(self) -> None:
        """By the server, which knows the names and compresses; or by anybody."""
        report = self.blog.publish(full=self.chance.random() < 0.05)
        assert not report.faults
        self.publications += 1
        if self.chance.random() < 0.3:
            self.blog.publisher.compress(report.written)
        self.assert_nothing_is_left()

    # -- what holds ---------------------------------------------------------------------------

    def run(self) -> None:
        """Let it happen, and look."""
        often: list[Callable[[], None]] = [
            self.post, self.post, self.post, self.post, self.edit, self.edit, self.remove,
            self.remove, self.move, self.move, self.retag, self.pin, self.retract, self.restore,
            self.frame, self.chapter, self.chapter, self.edit_chapter, self.withdraw_chapter,
            self.end, self.wait, self.wait, self.lose, self.change, self.search,
        ]  # fmt: skip
        for _ in range(STEPS):
            self.clock.go(hours=self.chance.choice([0.01, 1, 5, 20]))
            step = self.chance.choice(often)
            self.told.append(step.__name__)
            try:
                step()
            except (InvalidInput, UnknownTag) as error:
                self.told[-1] += f" ({error.message})"
            if self.chance.random() < 0.6:
                self.told.append("publish")
                self.publish()
            if self.chance.random() < 0.1:
                self.assert_it_is_whole()
        self.publish()
        self.assert_it_is_whole()

    def assert_it_is_whole(self) -> None:
        """The site is, to the byte, what a publication from nothing makes; and check says so."""
        self.publish()
        fresh = from_nothing(self.blog, self.folder / "fresh")
        found = site_bytes(self.blog.paths.site)
        assert sorted(found) == sorted(fresh), self.told
        assert all(map(is_generated, found))
        assert [name for name in found if found[name] != fresh[name]] == [], self.told
        assert not self.blog.check().faults, self.told
        self.comparisons += 1

    def assert_nothing_is_left(self) -> None:
        """Of what was removed, after a publication."""
        root = self.blog.paths.root
        gone = {self.marks[i].encode() for i in self.removed}
        for folder in (self.blog.paths.site, self.blog.paths.derived):
            _assert_none_in(folder, gone, self.told)
        purged = {self.marks[i].encode() for i in self.purged & self.removed}
        _assert_none_in(root, purged, self.told)


def _assert_none_in(folder: Path, words: set[bytes], told: list[str]) -> None:
    for name, data in site_bytes(folder).items() if words else ():
        if ".liveblog/compressed" in str(folder / name):
            data = data[16:]
            data = gzip.decompress(data) if name.endswith(".gz") else brotli.decompress(data)
        assert not [word for word in words if word in data], (name, told)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1))
def test_a_short_history_leaves_the_site_that_the_journal_asks_for(
    tmp_path: Path, seed: int
) -> None:
    """Some histories, each time the same."""
    History(tmp_path, seed).run()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_many_histories_leave_the_site_that_the_journal_asks_for(tmp_path: Path, part: int) -> None:
    """As many as are asked for, in four parts."""
    counts = [0, 0]
    for seed in range(SEED + part, SEED + HISTORIES, 4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        history = History(folder, seed)
        try:
            history.run()
        except BaseException as error:
            error.add_note(f"seed {seed}: {history.told}")
            raise
        counts[0] += history.publications
        counts[1] += history.comparisons
        shutil.rmtree(folder)
    print(f"{counts[0]} publications, {counts[1]} comparisons")
