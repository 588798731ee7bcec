"""Imports a folder of Markdown posts with front matter, as Hugo, Jekyll and Pelican use them.

Each file becomes one update, whose key is the path of the file: its title, date, last change,
authors, tags and categories, language, text, and the pictures of the text that are in the folder.
Drafts and posts of the future are not imported, but reported; so are parts of a text without an
equivalent here: shortcodes, Liquid tags, links to pages of the old blog. Nothing is executed, and
nothing outside the folder is read.

The files of :mod:`liveblog.exports.markdown` are imported without loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath

import msgspec

from ...model import limits
from ...model.entry import FORBIDDEN, clean_text
from ...model.errors import InvalidInput
from ...text.frontmatter import Page, split
from ...text.plain import shorten
from .. import Copy, Item, Picture, Problem, Translation, Update, Version
from . import body, fields, records, templates
from .body import Body, ShownPicture
from .fields import Fields, Generator
from .languages import Languages, find_languages
from .source import Source


def read_folder(path: Path, *, zone: tzinfo, now: datetime, language: str) -> Iterator[Item]:
    """Yield the posts in *path*: a whole site, its folder of posts, or an earlier export.

    Dates without an offset are those of *zone*; what is dated after *now* is not imported. Files
    that cannot be read come first, then the items in the order of their paths. The key of an
    update is the path of its file within *path*, so that a second import adds nothing. A post in
    another language than *language*, that of the blog, is marked with its own.

    Raises :class:`InvalidInput` if it is not a folder or holds no posts.
    """
    return _items(Source(path), zone, now, language)


def _items(source: Source, zone: tzinfo, now: datetime, language: str) -> Iterator[Item]:
    yield from source.problems
    copies: list[Copy] = []
    languages = find_languages(source)
    translations = _translations(source, languages, zone, now)
    if translations:
        yield _told(languages, translations)
    for where in source.posts:
        try:
            page = split(source.text(where))
            if records.is_export(page):
                for item in records.read(page, where, source):
                    if isinstance(item, Copy):
                        copies.append(item)
                    else:
                        yield item
                continue
            fields.check(page)
            if reason := _why_refused(page, where, zone, now):
                hint = "Post it, if readers are to see it."
                yield Problem(where, f"{reason}; it is not imported", hint)
            else:
                for part in _update(page, where, source, zone, now):
                    if isinstance(part, Update):
                        update = _in_language(part, languages.by_post.get(where, ""), language)
                        yield replace(update, translations=translations.get(where, ()))
                    else:
                        yield part
        except InvalidInput as error:
            yield Problem(where, f"{_as_clause(error.message)}; it is not imported", error.hint)
    # In the order of their recording, so that each can keep its instant.
    yield from sorted(copies, key=records.recording_order)


def _translations(
    source: Source, languages: Languages, zone: tzinfo, now: datetime
) -> dict[str, tuple[Translation, ...]]:
    """Return, for each post, its translations that are imported too."""
    found: dict[str, tuple[Translation, ...]] = {}
    for group in languages.groups:
        imported: dict[str, Translation] = {}
        for lang, where in group.items():
            with suppress(InvalidInput):  # reported when the post is read
                page = split(source.text(where))
                if records.is_export(page) or _why_refused(page, where, zone, now):
                    continue
                generator = _generator(page, where, source)
                post_fields = fields.read(page, where, source.section(where), generator, zone)
                day = post_fields.published.day_in(zone)
                imported[where] = Translation(where, day, lang, post_fields.texts["title"])
        for where in imported if len(imported) > 1 else ():
            found[where] = tuple(one for key, one in imported.items() if key != where)
    return found


def _told(languages: Languages, translations: Mapping[str, Sequence[Translation]]) -> Problem:
    """Say that translations become updates of their own."""
    names = sorted({languages.by_post.get(where, "") or "?" for where in translations})
    what = (
        f"{len(translations)} posts say the same in several languages ({', '.join(names)}); each "
        "becomes an update, marked with its language, that links to the others"
    )
    hint = "Retract those that are not for your readers, or remove their files before the import."
    return Problem(min(translations), what, hint)


def _in_language(update: Update, lang: str, language: str) -> Update:
    """Return an update marked with the language of its post, where that is not the blog's."""
    if not lang or lang.partition("-")[0] == language.partition("-")[0]:
        return update
    versions = (
        msgspec.structs.replace(version, lang=version.lang or lang) for version in update.versions
    )
    return replace(update, versions=tuple(versions))


def _why_refused(page: Page, where: str, zone: tzinfo, now: datetime) -> str:
    if PurePosixPath(where).stem.partition(".")[0] == "_index":
        return "it is the page of a section"
    return fields.why_hidden(page, where, zone, now)


def _update(
    page: Page, where: str, source: Source, zone: tzinfo, now: datetime
) -> Iterator[Update | Problem]:
    generator = _generator(page, where, source)
    post_fields = fields.read(page, where, source.section(where), generator, zone)
    if post_fields.published.instant > now:  # the date of its file name
        yield Problem(where, "its date lies in the future; it is not imported", "Wait for it.")
        return
    if post_fields.updated > now:
        post_fields.updated = post_fields.published.instant
        post_fields.problems.append("Its last change lies in the future.")
    text = clean_text(page.body, "text") or post_fields.summary
    if len(text.encode()) > limits.BODY_BYTES:
        raise InvalidInput(
            f"The text has {len(text.encode()):,} bytes; the limit is {limits.BODY_BYTES:,}.",
            "Split it into several posts.",
        )
    unknown_tags: list[str] = []
    if generator == "hugo":
        text, unknown_tags = templates.convert_hugo(text)
    elif generator == "jekyll":
        text, unknown_tags = templates.convert_jekyll(text)
    read = body.read(text, partial(source.find, post=where))
    _add_covers(read, post_fields, where, source)
    version = Version(
        published=post_fields.published,
        updated=post_fields.updated,
        body=clean_text(read.text, "text"),
        tags=post_fields.tags,
        pictures=tuple(_picture(shown, source) for shown in read.pictures),
        **post_fields.texts,  # type: ignore[arg-type]  # fields of a text
    )
    yield Update(where, where, (version,))
    yield from _report(where, post_fields, unknown_tags, read, source)


def _generator(page: Page, where: str, source: Source) -> Generator:
    if page.kind == "lines":
        return "pelican"
    return "jekyll" if source.is_jekyll(where) else "hugo"


def _add_covers(read: Body, post_fields: Fields, where: str, source: Source) -> None:
    """Insert the pictures of the front matter before those of the text."""
    covers: list[ShownPicture] = []
    title = post_fields.texts["title"]
    for cover in post_fields.covers:
        if body.is_remote(cover.path):
            read.remote.append(cover.path)
        elif path := source.find(cover.path, where):
            covers.append(ShownPicture(path, cover.alt or title, cover.caption))
        else:
            read.missing.append(cover.path)
    shown = {picture.path for picture in read.pictures}
    read.pictures[:0] = [cover for cover in covers if cover.path not in shown]


def _picture(shown: ShownPicture, source: Source) -> Picture:
    name = PurePosixPath(shown.path).name
    alt = shown.alt or shown.caption
    return Picture(name, partial(source.read, shown.path), alt, shown.caption)


def _report(
    where: str, post_fields: Fields, unknown_tags: Sequence[str], read: Body, source: Source
) -> Iterator[Problem]:
    """Yield a problem for each part of a post that was not imported."""
    for problem in post_fields.problems:
        hint = "Correct it in the update once it is imported."
        yield Problem(where, f"left out: {_as_clause(problem)}", hint)
    if unknown_tags:
        hint = "Edit the update once it is imported."
        yield Problem(where, f"stays in the text unchanged: {_name_some(unknown_tags)}", hint)
    for path in dict.fromkeys(read.missing):
        yield Problem(where, f"the picture is not in the folder: {_name_some([path])}", "Add it.")
    if read.remote:
        yield Problem(
            where,
            f"is on another server, so readers get a link: {_name_some(read.remote)}",
            "Download it and add it to the update, if it may be shown.",
        )
    if read.links:
        hint = "Edit the update once it is imported, or redirect the old address."
        yield Problem(where, f"links to a page of the old blog: {_name_some(read.links)}", hint)
    if PurePosixPath(where).stem.partition(".")[0] == "index":
        shown = {picture.path for picture in read.pictures}
        if rest := [path for path in source.beside(where) if path not in shown]:
            hint = "Add it to the update once it is imported."
            yield Problem(
                where,
                f"is beside the post, but its text does not show it: {_name_some(rest)}",
                hint,
            )


def _name_some(things: Sequence[str]) -> str:
    """Return the first three of some names on one line, and the number of the others."""
    found = [" ".join(thing.split()) for thing in dict.fromkeys(things)]
    shown = ", ".join(thing if len(thing) <= 80 else f"{thing[:79]}…" for thing in found[:3])
    return f"{shown} (and {len(found) - 3} more)" if len(found) > 3 else shown


def _as_clause(message: str) -> str:
    """Return a message as part of a sentence, without control characters."""
    message = shorten(" ".join(FORBIDDEN.sub("", message).split()).rstrip("."), 300)
    return message[:1].lower() + message[1:]
