"""The command 'liveblog import whole-days': take a time away that nobody wrote."""

from __future__ import annotations

import click

from ..text.bidi import close_controls
from .context import State, dry_option, entry_line, first_line, pass_state, plural
from .online import bring_online
from .printing import echo
from .references import ENTRY


@click.command("whole-days")
@click.argument("when", metavar="[WHEN]", required=False)
@click.option(
    "--except",
    "excepted",
    metavar="ID",
    multiple=True,
    type=ENTRY,
    help="Leave this update at midnight; repeatable.",
)
@dry_option
@pass_state
def whole_days(state: State, when: str | None, excepted: tuple[str, ...], dry_run: bool) -> None:
    """Make imported updates at midnight updates of the whole day.

    An import of earlier versions put an update at midnight if its source had a date without a time.
    Such updates get the precision of a day, by a revision each: no time is shown for them any more,
    and they stand before the updates of that day that have one. WHEN chooses a period (see
    'liveblog digest'); without it all are searched. What really happened at midnight is left alone
    with --except. Repeating the command changes nothing.
    """
    from ..imports.whole_days import find_midnights, make_whole_days
    from ..model.moment import moment_in

    blog = state.blog()
    zone = blog.config.zone
    days = blog.period(when).days() if when else None
    midnights = find_midnights(blog.timeline, zone, days)
    found = [entry for entry in midnights if entry.id not in excepted]
    for entry in found:
        title = close_controls(first_line(entry.now, 60))
        echo(entry_line(blog, moment_in(entry.now), entry.id, title, ()))
    if not found:
        state.say("No imported update stands at midnight.")
        return
    count = plural(len(found), "update")
    if dry_run:
        state.say(f"{count} would become updates of the whole day.")
        raise click.exceptions.Exit(1)
    make_whole_days(blog.journal, found, zone)
    state.say(f"{count} made updates of the whole day.")
    bring_online(state, blog)
