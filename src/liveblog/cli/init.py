"""The command 'liveblog init': create a blog."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from .context import State, json_option, pass_state
from .printing import print_json


@click.command()
@click.argument("folder", metavar="[DIR]", default=".")
@click.option(
    "--title", metavar="TEXT", help="What the blog is called.  [default: the folder's name]"
)
@click.option(
    "--language",
    metavar="CODE",
    default="en",
    show_default=True,
    help="What readers see: ar, de, en, es or fr.",
)
@click.option(
    "--timezone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="The zone of its days, such as Europe/Paris.",
)
@click.option(
    "--url",
    metavar="URL",
    default="http://localhost:8000/",
    show_default=True,
    help="Where the site will be served.",
)
@click.option("--author", metavar="NAME", default="", help="Signs what nobody signed.")
@click.option("--description", metavar="TEXT", default="", help="What it is about, in a sentence.")
@json_option
@pass_state
def init(
    state: State,
    folder: str,
    title: str | None,
    language: str,
    timezone: str,
    url: str,
    author: str,
    description: str,
    as_json: bool,
) -> None:
    """Make a new live blog in DIR (this folder unless named).

    What is there already is never overwritten; a second run changes nothing.
    """
    from ..blog import Blog
    from ..config import FILE_NAME
    from ..model.errors import storage_errors

    root = Path(folder)
    with storage_errors("make a blog in", root):
        was_there = (root / FILE_NAME).exists()
        full = root.resolve()
        is_here = full == Path.cwd()
    blog = Blog.init(
        root,
        title=title or full.name,
        language=language,
        timezone=timezone,
        url=url,
        author=author,
        description=description,
    )
    if as_json:
        print_json(
            {
                "folder": str(blog.paths.root),
                "created": not was_there,
                "title": blog.config.title,
                "id": blog.config.id,
            }
        )
        return
    if was_there:
        state.say(f"There is a live blog in {root} already; nothing was changed.")
    else:
        state.say(f"Made a live blog in {root}.")
    here = "" if is_here else f"-C {shlex.quote(str(root))} "
    state.say(f'Next: liveblog {here}post "Your first update."')
