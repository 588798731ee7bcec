"""Shared by the commands: common options, opening the blog, progress bars, shell completion."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from ..text.controls import escape_controls, escape_line
from .printing import confirm, echo, redraw, style

COLLECT_AFTER = 700
"""Threshold of the garbage collector in long-running processes (Python's default)."""

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..blog import Blog
    from ..journal import Fault
    from ..model.entry import Revision
    from ..model.moment import Moment


def prepare_long_run() -> None:
    """Log to standard error, and collect garbage often again.

    :mod:`liveblog.__main__` collects it rarely, for commands that end soon.
    """
    import logging

    class Visible(logging.Formatter):
        """Escapes control characters: a message may quote a feed, a file name or a server."""

        def format(self, record: logging.LogRecord) -> str:
            return escape_controls(super().format(record))

    gc.set_threshold(COLLECT_AFTER)
    handler = logging.StreamHandler()
    handler.setFormatter(Visible())
    logging.getLogger("liveblog").handlers = [handler]


class State:
    """The options of ``liveblog`` itself, which stand before the command."""

    def __init__(self, folder: str, config: str | None, quiet: bool, verbose: bool) -> None:
        self.folder = folder
        self.config = config
        self.is_quiet = quiet
        self.is_verbose = verbose
        self.wants_publication = False  #: whether --publish is given

    def blog(self) -> Blog:
        """Open the blog that the options name."""
        from ..blog import Blog

        return Blog(self.folder, config=self.config)

    def command(self, name: str) -> str:
        """Return how to run another command on the same blog: ``liveblog -C DIR publish``."""
        import shlex

        words = ["liveblog"]
        words += ["-C", self.folder] if self.folder != "." else []
        words += ["--config", self.config] if self.config else []
        return f"{shlex.join(words)} {name}"

    def say(self, message: str) -> None:
        """Print a message that is not a result, unless --quiet is given."""
        if not self.is_quiet:
            echo(message, err=True)

    def detail(self, message: str) -> None:
        """Print a message if --verbose is given."""
        if self.is_verbose:
            echo(message, err=True)

    def warn(self, faults: Iterable[Fault]) -> None:
        """Print a warning for each fault."""
        for fault in faults:
            mark = style("Warning: ", "warning")
            echo(f"{mark}{fault.place}: {fault.problem}.", f"  {fault.hint}", err=True)


pass_state = click.make_pass_decorator(State)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
dry_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and exit 1 if there is anything."
)


def confirm_or_exit(verb: str, what: str, dry_run: bool, yes: bool) -> None:
    """Ask the user whether to go ahead; with *dry_run*, say what would be done and exit.

    Raises :class:`InvalidInput` if there is nobody to ask.
    """
    import sys

    if dry_run:
        echo(f"Would {verb.lower()} {what}", err=True)
        raise click.exceptions.Exit(1)
    if yes:
        return
    if not sys.stdin.isatty():
        from ..model.errors import InvalidInput

        raise InvalidInput(f"'{verb.lower()}' asks before it acts.", "Add --yes to go ahead.")
    confirm(f"{verb} {what}?")


def new_key() -> str:
    """Return a new idempotency key: if the request fails, the error says how to repeat it."""
    return os.urandom(8).hex()


def plural(count: int, thing: str) -> str:
    """Return a count with its noun: ``3 updates``."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def local_time(blog: Blog, instant: datetime) -> str:
    """Return an instant in the blog's time zone, to the minute; see also :meth:`Words.time`."""
    from ..model.moment import other_reading

    text = f"{instant.astimezone(blog.config.zone):%Y-%m-%d %H:%M}"
    is_repeated = other_reading(instant, blog.config.zone) is not None
    return f"{text} ({blog.words.offset(instant)})" if is_repeated else text


def local_moment(blog: Blog, moment: Moment) -> str:
    """Return a moment in the blog's time zone: its day, and the time that is shown, if any."""
    if moment.precision == "instant" and not moment.written_time:
        return local_time(blog, moment.instant)
    day = moment.day_in(blog.config.zone).isoformat()
    return f"{day} {moment.written_time}".ljust(len("2012-07-15 18:04"))


def entry_line(blog: Blog, moment: Moment, entry_id: str, title: str, marks: Sequence[str]) -> str:
    """Return the line of an entry in a list: its date and time, id, title and marks."""
    mark = style(f" [{', '.join(marks)}]", "mark") if marks else ""
    time = style(local_moment(blog, moment), "time")
    return f"{time}  {style(entry_id, 'faint')}  {title}{mark}"


@contextmanager
def progress(state: State, label: str) -> Iterator[Any]:
    """Show a progress bar on a terminal, once the work has taken a second.

    It yields a function of the work done and the total; with a total of 0, which means unknown,
    only the work done is shown. Without a terminal it yields None.
    """
    import sys
    import time

    if state.is_quiet or not sys.stderr.isatty():
        yield None
        return
    began = time.monotonic()
    width = 30

    def show(done: int, total: int) -> None:
        if time.monotonic() - began <= 1:
            return
        filled = width * done // max(total, 1)
        bar = "█" * filled + "░" * (width - filled)
        redraw(f"{label} {bar} {done}/{total}" if total else f"{label} {done:,}")

    try:
        yield show
    finally:
        if time.monotonic() - began > 1:
            redraw("")


def first_line(revision: Revision, length: int) -> str:
    """Return the title of a revision, or else the first line of its body, cut to a length."""
    return (revision.title or revision.body).split("\n")[0][:length]


def complete_id(ctx: click.Context, word: str) -> list[CompletionItem]:
    """Complete an entry's id from the newest entries, with their first words."""
    from click.shell_completion import CompletionItem

    entries = islice(_blog_of(ctx).timeline.newest_first(), 200)
    return [
        CompletionItem(entry.id, help=escape_line(first_line(entry.now, 50)))
        for entry in entries
        if entry.id.startswith(word)
    ]


def complete_chapter(ctx: click.Context, param: click.Parameter, word: str) -> list[CompletionItem]:
    """Complete the name of a chapter, with its title."""
    from click.shell_completion import CompletionItem

    # A subcommand's parent is the group of the command; the options stand before that.
    while ctx.parent and ctx.parent.parent:
        ctx = ctx.parent
    chapters = [chapter.now for chapter in _blog_of(ctx).timeline.unfiltered_chapters()]
    return [
        CompletionItem(chapter.slug, help=escape_line(chapter.title[:50]))
        for chapter in chapters
        if chapter.slug.startswith(word)
    ]


def complete_tag(ctx: click.Context, param: click.Parameter, word: str) -> list[CompletionItem]:
    """Complete a tag from those of the newest entries."""
    from click.shell_completion import CompletionItem

    names = _blog_of(ctx).timeline.recent_tags().values()
    return [CompletionItem(n) for n in sorted(names) if n.casefold().startswith(word.casefold())]


def _blog_of(ctx: click.Context) -> Blog:
    from ..blog import Blog

    parent = ctx.parent.params if ctx.parent else {}
    return Blog(parent.get("folder") or ".", config=parent.get("config"))
