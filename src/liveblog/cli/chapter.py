"""The command 'liveblog chapter': named digests of any period, published as articles."""

from __future__ import annotations

import click

from .context import State, complete_id, json_option, pass_state, plural
from .printing import echo, print_json


@click.group()
def chapter() -> None:
    """Write chapters: named digests, published as articles."""


@chapter.command()
@click.argument("name")
@click.option(
    "--from", "from_id", metavar="ID", shell_complete=complete_id,
    help="Move the last paragraph of this update to the beginning of the close.",
)  # fmt: skip
@click.option(
    "--to", "to_id", metavar="ID", shell_complete=complete_id,
    help="Move the first paragraph of the close to the end of this update.",
)  # fmt: skip
@click.option(
    "--paragraphs", type=click.IntRange(min=1), default=1, show_default=True,
    help="How many paragraphs to move.",
)  # fmt: skip
@json_option
@pass_state
def close(
    state: State, name: str, from_id: str, to_id: str, paragraphs: int, as_json: bool
) -> None:
    """Move paragraphs between the last day and the close.

    Where the text of the last day ends and the close of the chapter begins, an import cannot always
    know. Both the update and the chapter are revised, and no word is lost.
    """
    if bool(from_id) == bool(to_id):
        raise click.UsageError("Give either --from or --to, and the id of an update.")
    chapters = state.blog().chapters
    move = chapters.extend_close if from_id else chapters.shorten_close
    revised = move(name, from_id or to_id, paragraphs)
    if as_json:
        from ..model.entry import as_data

        print_json(as_data(revised))
        return
    where = f"from {from_id} to" if from_id else f"to {to_id} from"
    echo(revised.slug)
    state.say(f"Moved {plural(paragraphs, 'paragraph')} {where} the close. Next: liveblog publish")
