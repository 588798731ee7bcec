"""The command 'liveblog outbox': list deliveries, send one again, drop one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .commands import Group
from .context import State, json_option, local_time, pass_state
from .printing import echo, print_json, style

if TYPE_CHECKING:
    from ..delivery.outbox import Delivery


@click.group(cls=Group, invoke_without_command=True)
@click.option("--all", "is_all", is_flag=True, help="Also what was sent or dropped.")
@json_option
@pass_state
@click.pass_context
def outbox(ctx: click.Context, state: State, is_all: bool, as_json: bool) -> None:
    """List what waits to go out, and what was given up.

    Mail, chat messages and pings of WebSub hubs are each sent once. What fails is tried again for
    three days with growing pauses.
    """
    if ctx.invoked_subcommand is not None:
        return
    blog = state.blog()
    box = blog.outbox
    found = box.deliveries() if is_all else box.deliveries("waiting", "sending", "failed")
    if as_json:
        print_json([_document(delivery) for delivery in found])
        return
    for delivery in found:
        when = local_time(blog, delivery.ended or delivery.due)
        echo(f"{_STATES[delivery.state]:8} {when}  {delivery.key}")
        notes = [delivery.problem.replace("\n", " ")] if delivery.problem else []
        if delivery.uncertain_attempts:
            count = delivery.uncertain_attempts
            notes.append(f"may have gone {count} times more: it was cut while being sent")
        for note in notes:
            echo(style(f"{'':8} {note}", "faint"))
    if not found:
        state.say("Nothing waits to go out.")


_STATES = {
    "waiting": "waiting",
    "sending": "sending",
    "done": "sent",
    "failed": "given up",
    "dropped": "dropped",
}


def _document(delivery: Delivery) -> dict[str, object]:
    return {
        "key": delivery.key,
        "kind": delivery.kind,
        "target": delivery.target,
        "subject": delivery.subject,
        "state": delivery.state,
        "made": delivery.planned,
        "due": delivery.due,
        "ended": delivery.ended,
        "tries": delivery.attempts,
        "cuts": delivery.uncertain_attempts,
        "problem": delivery.problem,
    }


_key_arguments = click.argument("keys", metavar="KEY…", nargs=-1)
_all_option = click.option("--all", "is_all", is_flag=True, help="All that were given up.")


@outbox.command()
@_key_arguments
@_all_option
@pass_state
def retry(state: State, keys: tuple[str, ...], is_all: bool) -> None:
    """Try again what waits or was given up, now."""
    box = state.blog().outbox
    for key in _chosen(state, keys, is_all):
        box.retry(key, state.blog().now)
        state.say(f"To be sent: {key}")


@outbox.command()
@_key_arguments
@_all_option
@pass_state
def drop(state: State, keys: tuple[str, ...], is_all: bool) -> None:
    """Take something off the list, so that it is never sent."""
    box = state.blog().outbox
    for key in _chosen(state, keys, is_all):
        box.drop(key, state.blog().now)
        state.say(f"Dropped: {key}")


def _chosen(state: State, keys: tuple[str, ...], is_all: bool) -> list[str]:
    """Return *keys*, or the keys of all deliveries that failed.

    Raises :class:`click.UsageError` for both or neither.
    """
    if bool(keys) == is_all:
        raise click.UsageError("Name what is meant, as 'liveblog outbox' lists it, or say --all.")
    return list(keys) or [e.key for e in state.blog().outbox.deliveries("failed")]
