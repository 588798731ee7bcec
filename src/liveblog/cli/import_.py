"""The command 'liveblog import', with a subcommand for each kind of source."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .commands import Group
from .context import State, json_option, pass_state, plural, progress
from .online import bring_online
from .printing import choose, echo, print_json, style
from .whole_days import whole_days

if TYPE_CHECKING:
    from ..blog import Blog
    from ..imports import ImportResult, Item
    from ..imports.chronicle.outline import Outline
    from ..imports.subscriptions import Subscriptions

_SHOWN = 40
"""Maximum number of problems that are printed; the others are counted, and --json lists all."""


class _Source(click.Path):
    """A file or folder to read. A device is refused, since it may have no end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        with suppress(OSError):  # the importer reports it
            if path.is_char_device() or path.is_block_device():
                self.fail(f"'{path}' is a device, not a file.", param, ctx)
        return path


_FILE = _Source()


_dry_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be imported, and what could not; write nothing."
)


class _Import(Group):
    """Turns an OSError of an importer into a :class:`StorageError` that names the file."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except OSError as error:
            from ..model.errors import StorageError

            path = Path(os.fsdecode(error.filename or "what is to be imported"))
            raise StorageError.of(error, "read", path) from error


@click.group(name="import", cls=_Import)
def import_() -> None:
    """Import updates from elsewhere.

    Each update is imported once: a second import adds only what is new or changed, and continues
    one that was interrupted. What you edited here stays. What could not be understood is reported
    with its location.
    """


import_.add_command(whole_days)


@import_.command()
@click.argument("files", metavar="FILE...", type=_FILE, nargs=-1, required=True)
@click.option("--year", type=click.IntRange(1, 9998), help="The year of dates without one.")
@click.option("--ask", is_flag=True, help="Ask where the text has two readings.")
@_dry_option
@json_option
@pass_state
def text(
    state: State,
    files: Sequence[Path],
    year: int | None,
    ask: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a chronicle: plain text, day by day, or a page of articles.

    A day begins with a line such as "Sunday 15 July: The battle begins", "16/07/2012" or
    "2012-07-17", in the blog's language or another that liveblog knows. A time at the beginning of
    a paragraph begins an update. A title above a run of days makes a chapter of them, with the
    introduction before and the close after them; a title above a text that begins with its date is
    an article. --dry-run shows what is found.
    """
    from ..imports.chapters import ChapterImport
    from ..imports.chronicle import chronicle
    from ..imports.chronicle.lines import lines_of
    from ..imports.chronicle.outline import Outline
    from ..model.period import local_day

    blog = state.blog()
    for path in files:
        source = f"text {path.name}"
        items = chronicle(
            lines_of(path),
            zone=blog.config.zone,
            language=blog.config.language,
            today=local_day(blog.now, blog.config.zone),
            year=year,
            ask=choose if ask else None,
            is_tagged=ChapterImport(source, blog.journal, blog.config, blog.now).is_tagged,
        )
        outline = Outline() if dry_run and not as_json else None
        _import_items(state, blog, items, source, path.name, dry_run, as_json, outline)


@import_.command()
@click.argument("sources", metavar="URL|FILE...", nargs=-1)
@click.option(
    "--undated", metavar="TIME", help="The time of updates without one, as in 'post --at'."
)
@click.option("--follow", is_flag=True, help="Also import later updates, while the schedule runs.")
@click.option("--unfollow", is_flag=True, help="Stop following it; imported updates stay.")
@click.option("--followed", is_flag=True, help="List the feeds that are followed.")
@_dry_option
@json_option
@pass_state
def feed(
    state: State,
    sources: Sequence[str],
    undated: str | None,
    follow: bool,
    unfollow: bool,
    followed: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a feed: Atom, RSS or JSON Feed.

    Its archive documents and its pictures are imported too. With --follow, later updates are
    imported while 'liveblog serve' or 'liveblog schedule' runs; its server is asked no more often
    than it allows. An update without a date then has the time at which it was first seen.
    """
    from ..http_client import Client, private_host_port
    from ..imports.feed import Reading, is_address, read
    from ..imports.subscriptions import Subscriptions

    blog = state.blog()
    following = Subscriptions(blog.paths)
    if followed:
        _list_followed(state, following, as_json)
        return
    if not sources:
        raise click.UsageError("Name the feed: its address or a file.")
    for source in sources:
        if unfollow:
            following.unfollow(source)
            state.say(f"{source} is followed no more.")
            continue
        # The address that the user types may be in a private network; those in the feed may not.
        private = private_host_port(source) if is_address(source) else ""
        client = Client(allow=[private])
        date = blog.moment(undated or "now") if undated or follow else None
        reading = Reading(client, blog.now, date, zone=blog.config.zone)
        _import_items(
            state, blog, read(source, reading), f"feed {source}", source, dry_run, as_json
        )
        if follow and not dry_run:
            following.follow(source, blog.now, private=private)
            state.say("It is followed from now on, while 'liveblog serve' or 'schedule' runs.")


def _list_followed(state: State, following: Subscriptions, as_json: bool) -> None:
    found = following.all()
    if as_json:
        print_json([{"name": f.name, "url": f.url, "due": f.due, "trouble": f.trouble,
                     "over": f.is_over} for f in found])  # fmt: skip
        return
    for one in found:
        echo(one.url + (f"  ({one.trouble})" if one.trouble else ""))
    if not found:
        state.say("No feed is followed.")


@import_.command()
@click.argument("folder", type=_FILE)
@_dry_option
@json_option
@pass_state
def markdown(state: State, folder: Path, dry_run: bool, as_json: bool) -> None:
    """Import a folder of Markdown posts.

    As Hugo, Jekyll and Pelican keep them, with the pictures beside them; or what 'liveblog export
    --format markdown' wrote, which comes back as it was. Translations of one post become updates
    that are marked with their language and linked to each other.
    """
    from ..imports.markdown import read_folder

    blog = state.blog()
    items = read_folder(folder, zone=blog.config.zone, now=blog.now, language=blog.config.language)
    name = folder.resolve().name
    _import_items(state, blog, items, f"markdown {name}", name, dry_run, as_json)


@import_.command()
@click.argument("export", metavar="FILE.xml", type=_FILE)
@click.option("--media", metavar="FOLDER", type=_FILE, help="A copy of wp-content/uploads.")
@click.option("--post", metavar="POST", default="", help="Only this post: its number or address.")
@_dry_option
@json_option
@pass_state
def wordpress(
    state: State, export: Path, media: Path | None, post: str, dry_run: bool, as_json: bool
) -> None:
    """Import a WordPress export: posts, and live blogs of the Liveblog plugin.

    An entry of a live blog becomes an update, its edits become revisions, its deletion a
    retraction. Pictures are taken from --media, or fetched from the site.
    """
    from ..http_client import Client
    from ..imports.wordpress import Export

    blog = state.blog()
    found = Export(
        export,
        zone=blog.config.zone,
        media=media,
        client=Client(),
        post=post,
        lang=blog.config.language,
    )
    source = f"wordpress {found.link}"
    _import_items(state, blog, found.items(), source, export.name, dry_run, as_json)


@import_.command()
@click.argument("file", type=_FILE)
@_dry_option
@json_option
@pass_state
def jsonl(state: State, file: Path, dry_run: bool, as_json: bool) -> None:
    """Import another live blog from its export.

    Every entry keeps its id, revisions and instants. In an empty blog with the same settings the
    site is the same, byte for byte.
    """
    from ..imports.jsonl import read

    blog = state.blog()
    items = read(file, language=blog.config.language, timezone=blog.config.timezone)
    _import_items(state, blog, items, "jsonl", file.name, dry_run, as_json)


@import_.command()
@click.argument("file", type=_FILE)
@_dry_option
@json_option
@pass_state
def epub(state: State, file: Path, dry_run: bool, as_json: bool) -> None:
    """Import a book that 'liveblog export --format epub' wrote.

    Its updates, texts and chapter come back as the book shows them, with their ids. What the blog
    has already stays as it is.
    """
    from ..imports.epub import read

    blog = state.blog()
    items = read(file, language=blog.config.language, timezone=blog.config.timezone)
    _import_items(state, blog, items, "epub", file.name, dry_run, as_json)


def _import_items(
    state: State,
    blog: Blog,
    items: Iterable[Item],
    source: str,
    name: str,
    dry_run: bool,
    as_json: bool,
    outline: Outline | None = None,
) -> None:
    """Import the items and report; exit 1 if there were problems and nothing was imported."""
    items = outline.watch(items) if outline else items
    with progress(state, f"Reading {name}") as shown:

        def show(result: ImportResult) -> None:
            if shown:
                shown(result.items, 0)

        result = blog.import_items(items, source=source, dry_run=dry_run, progress=show)
    if as_json:
        print_json({"source": name} | dataclasses.asdict(result))
    else:
        echo(*(outline.lines if outline else ()))
        _report(state, name, result, dry_run)
    if (result.entries or result.revisions or result.framings or result.chapters) and not dry_run:
        bring_online(state, blog)
    if result.problems and not result.items:
        raise click.exceptions.Exit(1)


def _report(state: State, name: str, result: ImportResult, dry_run: bool) -> None:
    for problem in result.problems[:_SHOWN]:
        where = problem.where if name in problem.where else f"{name}, {problem.where}"
        echo(f"{style(f'{where}: ', 'warning')}{problem.what.rstrip('.')}.")
        if problem.hint:
            echo(f"  {problem.hint}")
    if (more := len(result.problems) - _SHOWN) > 0:
        echo(f"… and {plural(more, 'more problem')}; --json lists them all.")
    parts = [
        plural(count, thing)
        for count, thing in (
            (result.entries, "new update"),
            (result.revisions, "revision"),
            (result.framings, "framing"),
            (result.chapters, "chapter"),
            (result.pictures, "picture"),
        )
        if count
    ]
    verb = "Would import" if dry_run else "Imported"
    line = f"{verb} {', '.join(parts)}" if parts else f"{verb} nothing"
    if result.known:
        line += f"; {result.known:,} {'was' if result.known == 1 else 'were'} here already"
    if result.problems:
        line += f"; {plural(len(result.problems), 'problem')}, listed above"
    state.say(f"{line}.")
