"""Brings online what a command wrote, or says how readers will see it."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from ..model import addresses
from ..model.entry import Revision, as_data
from ..model.errors import LiveblogError
from ..model.moment import moment_in, other_reading
from ..storage.leader import leader
from .context import State, progress
from .printing import echo, print_json

if TYPE_CHECKING:
    from ..blog import Blog


def _want_publication(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    state = ctx.find_object(State)
    if value and state:
        state.wants_publication = True


publish_option = click.option(
    "--publish",
    is_flag=True,
    expose_value=False,
    callback=_want_publication,
    help="Bring the site up to date too, as 'liveblog publish' does.",
)


def print_revision(
    state: State, blog: Blog, revision: Revision, as_json: bool, *, is_timed: bool = False
) -> None:
    """Print a revision's id, or its JSON; then bring it online, see :func:`bring_online`.

    If the user gave a time, the instant that it names is printed too. What readers see is said on
    a terminal; a script that posts asks for it with --publish.
    """
    if as_json:
        print_json(as_data(revision))
    else:
        if is_timed:
            state.say(_when(state, blog, revision))
            other = other_reading(revision.published, blog.config.zone)
            if other and revision.precision == "instant" and not revision.written_time:
                state.say(
                    "The clocks are put back then, so this time comes twice. For the other one, "
                    f"write {blog.words.offset(other)} after the time."
                )
        echo(revision.id)
    if not (_wants_publication(state, blog) or sys.stderr.isatty()):
        return
    bring_online(
        state,
        blog,
        addresses.entry_path(revision.id),
        embargo=revision.published,
        is_removed=revision.state == "removed",
    )


def _when(state: State, blog: Blog, revision: Revision) -> str:
    """Return the instant or day that the user's time names, in the blog's language and zone.

    Its author wrote the time in that language, and compares the two.
    """
    words = blog.words
    values = {"when": words.shown_moment(moment_in(revision)), "zone": blog.config.timezone}
    if revision.published > blog.now:
        return words.say("Scheduled: %(when)s (%(zone)s)", **values)
    if _is_published_next(state, blog):
        return words.say("Published: %(when)s (%(zone)s)", **values)
    return words.say("Saved: %(when)s (%(zone)s)", **values)


def bring_online(
    state: State,
    blog: Blog,
    path: str = "",
    *,
    embargo: datetime | None = None,
    is_removed: bool = False,
) -> None:
    """Publish what was just written if that is wanted, and say whether readers see it.

    *path* is that of its page on the site. What has an *embargo* appears at that instant. A running
    server or schedule publishes by itself.

    Raises :class:`LiveblogError` if it could not be published; the message says that it is saved.
    """
    address = addresses.url(blog.config.url, path)
    is_embargoed = bool(embargo and embargo > blog.now) and not is_removed
    if leader(blog.paths):
        if is_embargoed:
            state.say(f"It appears then at {address}")
        else:
            state.say("It leaves the site at once." if is_removed else f"Goes online: {address}")
    elif is_embargoed:
        state.say("No server or schedule runs: it appears with a 'liveblog publish' after then.")
    elif _is_published_next(state, blog):
        _publish(state, blog)
        state.say("It has left the site." if is_removed else f"Published: {address}")
    else:
        seen = "Readers may still see it." if is_removed else "Readers do not see this yet."
        state.say(f"{seen} Next: {state.command('publish')}")


def _is_published_next(state: State, blog: Blog) -> bool:
    """Whether a running process publishes the change, or this command does at its end."""
    return _wants_publication(state, blog) or bool(leader(blog.paths))


def _wants_publication(state: State, blog: Blog) -> bool:
    return state.wants_publication or blog.config.publish == "always"


def _publish(state: State, blog: Blog) -> None:
    try:
        with progress(state, "Publishing") as shown:
            report = blog.publish(progress=shown)
    except LiveblogError as error:
        raise LiveblogError(
            f"It is saved, but the site was not published: {error.message}",
            f"{error.hint} Then: {state.command('publish')}".strip(),
        ) from error
    state.warn(report.faults)
