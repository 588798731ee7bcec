"""The commands 'liveblog retract', 'liveblog remove' and 'liveblog restore'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..model.chapter import PREFIX
from ..model.period import COVERAGE
from .context import (
    State,
    confirm_or_exit,
    dry_option,
    first_line,
    json_option,
    pass_state,
    yes_option,
)
from .online import print_revision, publish_option
from .references import ENTRY

if TYPE_CHECKING:
    from ..blog import Blog


@click.command()
@click.argument("entry_id", metavar="ID", type=ENTRY)
@click.option("--why", metavar="TEXT", required=True, help="The reason, which readers see.")
@dry_option
@yes_option
@publish_option
@json_option
@pass_state
def retract(state: State, entry_id: str, why: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Withdraw an update: a notice with the reason stays in its place."""
    blog = state.blog()
    _confirm(blog, entry_id, "Retract", dry_run, yes)
    print_revision(state, blog, blog.retract(entry_id, why=why), as_json)


@click.command()
@click.argument("entry_id", metavar="ID", type=ENTRY)
@click.option("--purge", is_flag=True, help="Blank its texts in the journal too, for good.")
@dry_option
@yes_option
@publish_option
@json_option
@pass_state
def remove(
    state: State, entry_id: str, purge: bool, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Make an update disappear from the site, for law or safety.

    To admit a mistake, use 'liveblog retract'. The texts stay in the journal unless --purge is
    given; backups and clones keep their own copies.
    """
    blog = state.blog()
    _confirm(blog, entry_id, "Purge" if purge else "Remove", dry_run, yes)
    quoting = blog.quotes_of(entry_id)
    removed = blog.remove(entry_id, purge=purge)
    effect = "removed for good" if purge else "shown no more"
    for name in quoting:
        state.say(f"What {_described(name)} quotes of it is {effect}.")
    print_revision(state, blog, removed, as_json)


@click.command()
@click.argument("entry_id", metavar="ID", type=ENTRY)
@publish_option
@json_option
@pass_state
def restore(state: State, entry_id: str, as_json: bool) -> None:
    """Bring back an update that was removed, as it was before.

    What was purged cannot be brought back. 'liveblog log' lists removed updates too.
    """
    blog = state.blog()
    print_revision(state, blog, blog.restore(entry_id), as_json)


def _confirm(blog: Blog, entry_id: str, verb: str, dry_run: bool, yes: bool) -> None:
    first = first_line(blog.timeline.entry(entry_id).now, 60)
    confirm_or_exit(verb, f"{entry_id} ({first})", dry_run, yes)


def _described(name: str) -> str:
    """Return what quotes an entry, in words."""
    if name.startswith(PREFIX):
        return f"the chapter '{name.removeprefix(PREFIX)}'"
    return "the head of the blog" if name == COVERAGE else f"the digest {name}"
