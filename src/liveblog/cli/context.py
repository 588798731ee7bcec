"""What the commands share: the blog they work on, how they print, how they complete words."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..text.controls import escape_controls, escape_line
from .printing import echo, print_json, redraw, style

COLLECT_AFTER = 700
"""Objects more than before after which Python looks for garbage, unless told otherwise."""

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from ..blog import Blog
    from ..journal import Fault
    from ..model.entry import Revision


def goes_on() -> None:
    """Say that this process goes on for long: it gives back early what it needs no more, and logs.

    What ends soon had better not look for that; see :mod:`liveblog.__main__`.
    """
    import logging

    class Visible(logging.Formatter):
        """A log message may quote a feed, a file's name or another server."""

        def format(self, record: logging.LogRecord) -> str:
            return escape_controls(super().format(record))

    gc.set_threshold(COLLECT_AFTER)
    handler = logging.StreamHandler()
    handler.setFormatter(Visible())
    logging.getLogger("liveblog").handlers = [handler]


class State:
    """The options that stand before the command."""

    def __init__(
        self, folder: str, config: str | None, quiet: bool, verbose: bool, debug: bool
    ) -> None:
        self.folder = folder
        self.config = config
        self.is_quiet = quiet
        self.is_verbose = verbose
        self.is_debugged = debug

    def blog(self) -> Blog:
        """Open the blog that the options name."""
        from ..blog import Blog

        return Blog(self.folder, config=self.config)

    def say(self, message: str) -> None:
        """Tell the user something that is not a result."""
        if not self.is_quiet:
            echo(message, err=True)

    def detail(self, message: str) -> None:
        """Tell the user something that only some want to know."""
        if self.is_verbose:
            echo(message, err=True)

    def warn(self, faults: Iterable[Fault]) -> None:
        """Tell of damage that did not stop the work."""
        for fault in faults:
            mark = style("Warning: ", "warning")
            echo(f"{mark}{fault.place}: {fault.problem}.", f"  {fault.hint}", err=True)


pass_state = click.make_pass_decorator(State)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
dry_option = click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and exit 1 if there is anything."
)


def _say_published(state: State, blog: Blog, revision: Revision) -> None:
    """Echo the instant that a time was understood as, in the blog's language, with its zone."""
    words = blog.words
    when = words.moment(revision.published)
    is_held = revision.published > blog.now
    message = (
        words.say("Scheduled: %(when)s (%(zone)s)", when=when, zone=blog.config.timezone)
        if is_held
        else words.say("Published: %(when)s (%(zone)s)", when=when, zone=blog.config.timezone)
    )
    state.say(message)


def print_revision(
    state: State, blog: Blog, revision: Revision, as_json: bool, *, is_timed: bool = False
) -> None:
    """Print the id of a revision, and the time that was understood if one was given; or JSON."""
    if as_json:
        from ..model.entry import as_data

        print_json(as_data(revision))
        return
    if is_timed:
        _say_published(state, blog, revision)
    echo(revision.id)


def plural(count: int, thing: str) -> str:
    """Return a number of things in words: ``3 updates``."""
    plural = {"introduction or close": "introductions or closes"}.get(thing, f"{thing}s")
    return f"{count:,} {thing if count == 1 else plural}"


@contextmanager
def progress(state: State, label: str) -> Iterator[Any]:
    """Show a progress bar on a terminal, once the work has taken a second.

    Where nobody knows how much there is, a total of 0, it shows how far it got.
    """
    import sys
    import time

    if state.is_quiet or not sys.stderr.isatty():
        yield None
        return
    began = time.monotonic()
    width = 30

    def show(done: int, total: int) -> None:
        if time.monotonic() - began > 1 and not total:
            redraw(f"{label} {done:,}")
        elif time.monotonic() - began > 1:
            filled = width * done // max(total, 1)
            bar = "█" * filled + "░" * (width - filled)
            redraw(f"{label} {bar} {done}/{total}")

    try:
        yield show
    finally:
        if time.monotonic() - began > 1:
            redraw("")


def complete_id(ctx: click.Context, param: click.Parameter, word: str) -> list[CompletionItem]:
    """Complete an entry's id from the newest entries, with their first words."""
    from click.shell_completion import CompletionItem

    found = []
    for number, entry in enumerate(_blog_of(ctx).timeline.newest_first()):
        if number >= 200:
            break
        if entry.id.startswith(word):
            first = (entry.now.title or entry.now.body).split("\n")[0][:50]
            found.append(CompletionItem(entry.id, help=escape_line(first)))
    return found


def complete_tag(ctx: click.Context, param: click.Parameter, word: str) -> list[CompletionItem]:
    """Complete a tag from those of the newest entries."""
    from click.shell_completion import CompletionItem

    names = _blog_of(ctx).timeline.recent_tags().values()
    return [CompletionItem(n) for n in sorted(names) if n.casefold().startswith(word.casefold())]


def _blog_of(ctx: click.Context) -> Blog:
    from ..blog import Blog

    parent = ctx.parent.params if ctx.parent else {}
    return Blog(parent.get("folder") or ".", config=parent.get("config"))
