"""The command 'liveblog check': report damage, and repair the journal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .context import State, json_option, pass_state, plural, progress, yes_option
from .printing import confirm, echo, print_json, style

if TYPE_CHECKING:
    from ..blog import Blog


@click.command()
@click.option("--repair", is_flag=True, help="Write damaged files of the journal anew; asks first.")
@yes_option
@json_option
@pass_state
def check(state: State, repair: bool, yes: bool, as_json: bool) -> None:
    """Look for damage in the journal and the site.

    The configuration is checked too. Exit 1 if anything is wrong, 2 if the
    configuration is. With --repair, damaged
    files of the journal are written anew with all that can be recovered; the old files stay beside
    them. Without a terminal, --repair only says what it would do, unless --yes is given.
    """
    blog = state.blog()
    if repair:
        _repair(state, blog, yes)
    with progress(state, "Checking") as shown:
        health = blog.check(progress=shown)
    if as_json:
        print_json(
            {
                "records": health.records,
                "files": health.files,
                "faults": [
                    {"place": f.place, "problem": f.problem, "hint": f.hint} for f in health.faults
                ],
                "notes": list(health.notes),
            }
        )
    else:
        for fault in health.faults:
            echo(f"{style(fault.place, 'title')}: {fault.problem}.", f"  {fault.hint}")
        for note in health.notes:
            echo(f"Note: {note}.")
        lines, files = plural(health.records, "line"), plural(health.files, "file")
        found = f"{len(health.faults)} wrong." if health.faults else "all is well."
        state.say(f"{lines} in {files} of the journal; {found}")
    raise click.exceptions.Exit(1 if health.faults else 0)


def _repair(state: State, blog: Blog, yes: bool) -> None:
    plan = blog.journal.repair(dry_run=True)
    if not plan:
        state.say("There is nothing to repair in the journal.")
        return
    if not yes:
        for line in plan:
            echo(line, err=True)
        if not sys.stdin.isatty():
            echo("Nothing was repaired, for nobody can be asked: add --yes to do this.", err=True)
            return
        confirm("Do this?")
    for line in blog.journal.repair():
        state.say(line)
