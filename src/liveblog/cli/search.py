"""The command 'liveblog search': list the entries that contain some words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from .commands import TextCommand
from .context import State, complete_tag, entry_line, json_option, pass_state, progress
from .pager import paged
from .printing import echo, print_json, style

if TYPE_CHECKING:
    from ..blog import Blog
    from ..search import Hit


@click.command(cls=TextCommand)
@click.argument("words", nargs=-1, required=True)
@click.option("--tag", metavar="TAG", help="Only those with this tag.", shell_complete=complete_tag)
@click.option("--author", metavar="NAME", help="Only those signed by NAME.")
@click.option("--limit", metavar="N", type=click.IntRange(1, 1000), default=20,
              show_default=True, help="The most updates to list.")  # fmt: skip
@json_option
@pass_state
@paged
def search(
    state: State,
    words: tuple[str, ...],
    tag: str | None,
    author: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Find updates that hold all WORDS, the best first.

    Case and accents do not count, the last word may be a beginning, and quotes make a phrase:
    liveblog search '"border post" open'. Only what readers can see is found.
    """
    blog = state.blog()
    with progress(state, "Indexing") as shown:
        found = blog.search(
            " ".join(words), tag=tag or "", author=author or "", limit=limit, progress=shown
        )
    if as_json:
        from ..search import as_data

        hits = [as_data(hit, blog.config.url) for hit in found.hits]
        print_json({"total": found.total, "more": found.is_more, "hits": hits})
        return
    for hit in found.hits:
        _print_hit(blog, hit)
    count = f"{'More than ' if found.is_more else ''}{found.total:,}"
    if not found.total:
        state.say("No updates.")
    elif found.total > len(found.hits):
        state.say(f"{count} updates; these are the best {len(found.hits)}.")


def _print_hit(blog: Blog, hit: Hit) -> None:
    marks = [hit.state] if hit.state != "live" else []
    echo(entry_line(blog, hit.moment, hit.id, _marked(hit.title), marks))
    if hit.snippet:
        echo(f"    {_marked(hit.snippet)}")


def _marked(pieces: Iterable[tuple[bool, str]]) -> str:
    """Return a text with the words that were searched for in bold."""
    return "".join(style(text, "title") if is_hit else text for is_hit, text in pieces)
