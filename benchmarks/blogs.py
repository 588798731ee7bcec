"""Generates the blogs that are measured: any number of entries, the same ones each time.

An entry has a title, some 600 bytes of Markdown (a link and an emphasis among them), two of twenty
tags, an author. A day has 274 entries, so that a million fill ten years, up to
yesterday; every hundredth is a key entry, every fiftieth has a figure.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from liveblog.journal.dayfiles.format import ZERO, encode
from liveblog.model.entry import Figure, Revision, Source, make_id

A_DAY = 274
LAST = datetime.now(UTC).date() - timedelta(days=1)
TAGS = tuple(
    (
        "Harbour Market Bridge Council School Hospital Railway Water Power Weather "
        "Police Court Library Theatre Football Airport Museum Housing Traffic Elections"
    ).split()
)
AUTHORS = ("Alma Roth", "Jon Vale", "Mina Sand", "Theo Birch")
BODY = 600  #: bytes

_NOUNS = (
    "crew ferry mayor valve bridge crowd lorry engineer nurse signal pump captain teacher cable "
    "driver council vote tunnel station report warehouse meeting queue patrol harbour dam survey"
).split()
_VERBS = (
    "reached closed repaired counted left opened crossed inspected delayed announced measured "
    "cleared moved refused signed carried warned followed"
).split()
_PLACES = (
    "the north quay|the old market|the second pier|the upper town|the ring road|platform four|"
    "the town hall|the east gate|the river bank|the power station|the school yard|the lower lock"
).split("|")


@dataclass(frozen=True)
class Post:
    """A post, for every program that is measured."""

    number: int  #: from 0
    published: datetime  #: UTC
    title: str
    body: str  #: Markdown
    tags: tuple[str, ...]
    author: str

    @cached_property
    def id(self) -> str:
        """The entry's id in a journal."""
        return make_id(self.published.date(), random.Random(self.number).randbytes(8))


def posts(count: int) -> Iterator[Post]:
    """Yield *count* posts, the last of them on :data:`LAST`."""
    days = -(-count // A_DAY)
    first = LAST - timedelta(days=days - 1)
    pace = 86_400 // (A_DAY + 1)
    for number in range(count):
        chance = random.Random(f"post {number}")
        day, position = divmod(number, A_DAY)
        midnight = datetime.combine(first + timedelta(days=day), datetime.min.time(), UTC)
        yield Post(
            number=number,
            published=midnight + timedelta(seconds=pace * (position + 1)),
            title=_sentence(chance)[:-1],
            body=_body(chance),
            tags=tuple(chance.sample(TAGS, 2)),
            author=chance.choice(AUTHORS),
        )


def write(folder: Path, count: int) -> Path:
    """Create a blog of *count* entries in *folder*, which must not exist; return it."""
    entries = folder / "entries"
    entries.mkdir(parents=True)
    (folder / ".liveblog").mkdir()
    (folder / "liveblog.toml").write_text(
        'title = "Harbour Town, Hour by Hour"\nlanguage = "en"\ntimezone = "UTC"\n'
        'url = "https://blog.example/"\nid = "tag:blog.example,2015:harbour"\n'
    )
    after, recorded = ZERO, datetime.min.replace(tzinfo=UTC)
    lines: list[bytes] = []
    prev, day = ZERO, None
    for post in posts(count):
        if post.published.date() != day:
            _flush(entries, day, lines)
            day, lines, prev = post.published.date(), [], ZERO
        recorded = post.published
        line = encode(revision(post), prev, after)
        prev = after = line[-19:-3].decode()
        lines.append(line)
    _flush(entries, day, lines)
    head = f"{recorded.isoformat(timespec='microseconds')} {after}\n"
    (folder / ".liveblog" / "head").write_text(head)
    return folder


def revision(post: Post) -> Revision:
    """Return a post as a revision."""
    figures = (Figure("Passengers", float(post.number % 900), "people", "Port authority"),)
    return Revision(
        id=post.id,
        rev=1,
        recorded=post.published,
        published=post.published,
        updated=post.published,
        author=post.author,
        title=post.title,
        body=post.body,
        tags=post.tags,
        key=post.number % 100 == 0,
        sources=(Source("Port authority", "https://port.example/notices"),),
        figures=figures if post.number % 50 == 0 else (),
    )


def _flush(entries: Path, day: date | None, lines: list[bytes]) -> None:
    if day is not None:
        path = entries / f"{day:%Y}" / f"{day:%m}" / f"{day}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(lines))


def _sentence(chance: random.Random) -> str:
    first, second = chance.sample(_NOUNS, 2)
    verb, place = chance.choice(_VERBS), chance.choice(_PLACES)
    return f"The {first} {verb} the {second} near {place}."


def _body(chance: random.Random) -> str:
    link = f"[The {chance.choice(_NOUNS)}](https://port.example/{chance.randrange(10_000)})"
    text = f"{link} said **{chance.choice(_NOUNS)}**. "
    breaks = {chance.randrange(150, 300), chance.randrange(300, 450)}
    while len(text) < BODY - 10:
        text += _sentence(chance)
        if any(len(text) > at for at in breaks):
            breaks = {at for at in breaks if len(text) <= at}
            text += "\n\n"
        else:
            text += " "
    return text[:BODY].rstrip()
