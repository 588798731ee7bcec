"""The commands 'liveblog end' and 'liveblog resume': end and resume the coverage."""

from __future__ import annotations

import click

from .context import State, pass_state
from .online import bring_online, publish_option


@click.command()
@click.option("--at", metavar="TIME", help="When it ended; now unless given.")
@publish_option
@pass_state
def end(state: State, at: str | None) -> None:
    """Declare the coverage over: the page and the feeds say so."""
    blog = state.blog()
    framing = blog.end(blog.moment(at).instant if at else None)
    if framing.ended:
        state.say(f"The coverage is over: {blog.words.moment(framing.ended)}.")
    bring_online(state, blog, embargo=framing.ended)


@click.command()
@publish_option
@pass_state
def resume(state: State) -> None:
    """Take back the end of the coverage."""
    blog = state.blog()
    blog.resume()
    state.say("The coverage goes on.")
    bring_online(state, blog)
