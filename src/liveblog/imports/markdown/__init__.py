"""Folders of Markdown posts with front matter, as Hugo, Jekyll and Pelican keep them.

What a post says is taken: title, date, last change, authors, tags and categories, language, text,
and the pictures that its text shows, if they lie in the folder. Each file is one update, known by
its path. Drafts and posts of the future are not imported, but told; so is whatever of a text has
no equal here: shortcodes, tags of Liquid, links to pages of the earlier blog. Nothing is run, and
nothing outside the folder is read.

What :mod:`liveblog.exports.markdown` wrote comes back as the journal kept it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath

from ...model import limits
from ...model.entry import FORBIDDEN, clean_text
from ...model.errors import InvalidInput
from ...text.frontmatter import Page, split
from ...text.plain import shorten
from .. import Copy, Item, Picture, Problem, Update, Version
from . import body, copies, fields, templates
from .body import Body, Shown
from .fields import Fields, Generator
from .source import Source


def folder(path: Path, *, zone: tzinfo, now: datetime) -> Iterator[Item]:
    """Read the posts below *path*: a whole site, its folder of posts, or an earlier export.

    Dates without an offset are those of *zone*; what is dated after *now* is not imported. Files
    that cannot be read come first, then the items in the order of their paths. The key of an
    update is the path of its file within *path*, so that a second import adds nothing.

    Raises :class:`InvalidInput` if it is no folder, or has nothing to read.
    """
    return _items(Source(path), zone, now)


def _items(source: Source, zone: tzinfo, now: datetime) -> Iterator[Item]:
    yield from source.problems
    records: list[Copy] = []
    for where in source.posts:
        try:
            page = split(source.text(where))
            if copies.is_export(page):
                for item in copies.read(page, where, source):
                    if isinstance(item, Copy):
                        records.append(item)
                    else:
                        yield item
                continue
            fields.check(page)
            if reason := _refused(page, where, zone, now):
                hint = "Post it, if readers are to see it."
                yield Problem(where, f"{reason}; it is not imported", hint)
            else:
                yield from _update(page, where, source, zone, now)
        except InvalidInput as error:
            yield Problem(where, f"{_said(error.message)}; it is not imported", error.hint)
    # As they were made: then each can keep the instant at which it was.
    yield from sorted(records, key=copies.made)


def _refused(page: Page, where: str, zone: tzinfo, now: datetime) -> str:
    if PurePosixPath(where).stem.partition(".")[0] == "_index":
        return "it is the page of a section"
    return fields.hidden(page, where, zone, now)


def _update(
    page: Page, where: str, source: Source, zone: tzinfo, now: datetime
) -> Iterator[Update | Problem]:
    generator = _generator(page, where, source)
    told = fields.read(page, where, source.section(where), generator, zone)
    if told.published > now:  # by its name alone
        yield Problem(where, "its date lies in the future; it is not imported", "Wait for it.")
        return
    if told.updated > now:
        told.updated = told.published
        told.odd.append("Its last change lies in the future.")
    text = clean_text(page.body, "text") or told.summary
    if len(text.encode()) > limits.BODY_BYTES:
        raise InvalidInput(
            f"The text has {len(text.encode()):,} bytes; the limit is {limits.BODY_BYTES:,}.",
            "Split it into several posts.",
        )
    strange: list[str] = []
    if generator == "hugo":
        text, strange = templates.hugo(text)
    elif generator == "jekyll":
        text, strange = templates.jekyll(text)
    read = body.read(text, partial(source.find, post=where))
    _add_covers(read, told, where, source)
    version = Version(
        published=told.published,
        updated=told.updated,
        title=told.title,
        body=clean_text(read.text, "text"),
        author=told.author,
        tags=told.tags,
        pictures=tuple(_picture(shown, source) for shown in read.pictures),
        lang=told.lang,
    )
    yield Update(where, where, (version,))
    yield from _doubts(where, told, strange, read, source)


def _generator(page: Page, where: str, source: Source) -> Generator:
    if page.kind == "lines":
        return "pelican"
    return "jekyll" if source.is_jekyll(where) else "hugo"


def _add_covers(read: Body, told: Fields, where: str, source: Source) -> None:
    """Put the pictures of the front matter before those of the text."""
    covers: list[Shown] = []
    for cover in told.covers:
        if body.is_elsewhere(cover.path):
            read.elsewhere.append(cover.path)
        elif path := source.find(cover.path, where):
            covers.append(Shown(path, cover.alt or told.title, cover.caption))
        else:
            read.missing.append(cover.path)
    shown = {picture.path for picture in read.pictures}
    read.pictures[:0] = [cover for cover in covers if cover.path not in shown]


def _picture(shown: Shown, source: Source) -> Picture:
    name = PurePosixPath(shown.path).name
    alt = shown.alt or shown.caption
    return Picture(name, partial(source.read, shown.path), alt, shown.caption)


def _doubts(
    where: str, told: Fields, strange: Sequence[str], read: Body, source: Source
) -> Iterator[Problem]:
    """Tell what of a post was not understood, or does not come along."""
    for odd in told.odd:
        yield Problem(where, f"left out: {_said(odd)}", "Correct it in the update, once it is in.")
    if strange:
        hint = "Edit the update, once it is in."
        yield Problem(where, f"stays in the text as it stands: {_few(strange)}", hint)
    for path in dict.fromkeys(read.missing):
        yield Problem(where, f"the picture is not in the folder: {_few([path])}", "Add it.")
    if read.elsewhere:
        yield Problem(
            where,
            f"lies on another server, so readers get a link: {_few(read.elsewhere)}",
            "Download it and add it to the update, if it may be shown.",
        )
    if read.links:
        hint = "Edit the update, once it is in, or send readers on from the earlier address."
        yield Problem(where, f"leads to a page of the earlier blog: {_few(read.links)}", hint)
    if PurePosixPath(where).stem.partition(".")[0] == "index":
        shown = {picture.path for picture in read.pictures}
        if rest := [path for path in source.beside(where) if path not in shown]:
            hint = "Add it to the update, once it is in."
            yield Problem(
                where, f"lies beside it, and its text does not show it: {_few(rest)}", hint
            )


def _few(things: Sequence[str]) -> str:
    """Name the first of some things, on one line, and say how many more there are."""
    found = [" ".join(thing.split()) for thing in dict.fromkeys(things)]
    shown = ", ".join(thing if len(thing) <= 80 else f"{thing[:79]}…" for thing in found[:3])
    return f"{shown} (and {len(found) - 3} more)" if len(found) > 3 else shown


def _said(message: str) -> str:
    """Return a sentence as part of another one, with nothing in it that would act on a terminal."""
    message = shorten(" ".join(FORBIDDEN.sub("", message).split()).rstrip("."), 300)
    return message[:1].lower() + message[1:]
