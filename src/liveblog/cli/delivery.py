"""The commands of what happens by itself: schedule, outbox, send."""

from __future__ import annotations

import os
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .context import State, dry_option, goes_on, json_option, pass_state
from .printing import echo, print_document, print_json, style

if TYPE_CHECKING:
    from email.message import EmailMessage

    from ..blog import Blog
    from ..delivery.outbox import Delivery
    from ..scheduler import Job, Outcome


@click.command()
@click.option("--list", "is_list", is_flag=True, help="Show each job: its next run and its last.")
@click.option("--once", is_flag=True, help="Do what is due and exit; for cron and systemd timers.")
@json_option
@pass_state
@click.pass_context
def schedule(ctx: click.Context, state: State, is_list: bool, once: bool, as_json: bool) -> None:
    """Publish, close days and weeks, and deliver, all by itself.

    For a site that somebody else serves: it follows the journal and runs until Ctrl-C. 'liveblog
    serve' does the same beside serving. However often it is started, one process leads.
    """
    from ..scheduler import Schedule, leader

    goes_on()
    blog = state.blog()
    if not once and not is_list:
        return _run(state, blog)
    plan = Schedule(blog)
    if is_list:
        return _list(state, blog, plan.jobs(), leader(blog), as_json)
    if not plan.lead():
        state.say(f"Process {leader(blog)} leads the schedule of this blog already.")
        return None
    outcomes = plan.once()
    plan.resign()
    for outcome in outcomes:
        state.detail(outcome.words)
    if as_json:
        print_json([outcome.words for outcome in outcomes])
    if any(outcome.is_failure for outcome in outcomes):
        for outcome in (o for o in outcomes if o.is_failure):
            echo(f"{style('Error:', 'error')} {outcome.words}", err=True)
        ctx.exit(1)
    return None


def _run(state: State, blog: Blog) -> None:
    import signal

    from ..scheduler import Schedule, leader
    from ..watcher import Watcher

    watcher = Watcher(blog, published=lambda update: plan.published(update))
    plan = Schedule(blog, publish=watcher.publish)
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.set())
    watcher.start()
    plan.start()
    other = leader(blog)
    if other and other != os.getpid():
        state.say(f"Process {other} leads the schedule already; this one waits for its turn.")
    state.say(f"The schedule of {blog.config.title} runs. Stop with Ctrl-C.")
    stopping.wait()
    plan.stop()
    watcher.stop()
    watcher.join(5)


def _list(state: State, blog: Blog, jobs: list[Job], process: int, as_json: bool) -> None:
    if as_json:
        return print_json(
            {
                "leader": process or None,
                "jobs": [
                    {
                        "name": job.name,
                        "does": job.does,
                        "next": job.next,
                        "last": job.last and job.last.ran,
                        "outcome": job.last and job.last.words,
                        "failed": bool(job.last and job.last.is_failure),
                    }
                    for job in jobs
                ],
            }
        )
    for job in jobs:
        shown = _when(blog, job.next) if job.next else "–"
        echo(f"{style(job.name.ljust(8), 'title')} {shown:17} {job.does}")
        if job.last:
            echo(f"{'':8} {_outcome(blog, job.last)}")
    if process:
        state.say(
            f"Process {process} leads the schedule. Times are those of {blog.config.timezone}."
        )
    else:
        state.say("Nobody leads the schedule: start 'liveblog serve' or 'liveblog schedule'.")
    return None


def _outcome(blog: Blog, outcome: Outcome) -> str:
    line = f"{_when(blog, outcome.ran)}  {outcome.words}"
    return style(line, "failure" if outcome.is_failure else "faint")


def _when(blog: Blog, instant: datetime) -> str:
    return f"{instant.astimezone(blog.config.zone):%Y-%m-%d %H:%M}"


@click.group(invoke_without_command=True)
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
        echo(f"{_STATES[delivery.state]:8} {_when(blog, _of(delivery))}  {delivery.key}")
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


def _of(delivery: Delivery) -> datetime:
    return delivery.ended or delivery.due


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
    if bool(keys) == is_all:
        raise click.UsageError("Name what is meant, as 'liveblog outbox' lists it, or say --all.")
    return list(keys) or [e.key for e in state.blog().outbox.deliveries("failed")]


@click.command()
@click.argument("when", metavar="WHEN")
@click.option("--to", "addresses", metavar="ADDRESS", multiple=True,
              help="Send to this address instead of those in [mail].")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["eml"]),
              help="Write the message, to the first address, and send nothing.")  # fmt: skip
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False),
              help="Write it to this file.")  # fmt: skip
@dry_option
@json_option
@pass_state
def send(
    state: State,
    when: str,
    addresses: tuple[str, ...],
    form: str | None,
    output: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Mail the digest of a day or week now.

    To try the settings, or once more. WHEN is today, yesterday, week, last-week, 2012-07-15 or
    2012-W29. What the schedule sends is not touched: it goes all the same. See docs/mail.md.
    """
    blog = state.blog()
    messages = _composed(state, blog, when, addresses)
    if dry_run:
        for message in messages:
            _show(message, as_json)
        raise click.exceptions.Exit(1 if messages else 0)
    if not messages:
        raise click.exceptions.Exit(1)
    if form or output:
        return _write(messages[0], output)
    failed = [message for message in messages if not _sent(state, blog, message, as_json)]
    raise click.exceptions.Exit(1 if failed else 0)


def _composed(
    state: State, blog: Blog, when: str, addresses: tuple[str, ...]
) -> list[EmailMessage]:
    """Return the message to each address; none if there is nothing to tell."""
    from ..delivery import mail
    from ..model.errors import ConfigError, InvalidInput

    settings = blog.config.mail
    if not settings.sender:
        raise ConfigError(
            "This blog sends no mail yet.", "Add a table [mail] to liveblog.toml; see docs/mail.md."
        )
    recipients = dict.fromkeys(addresses or settings.to)
    if not recipients:
        raise ConfigError("There is nobody to send to.", "Add to = […] under [mail], or say --to.")
    digest = blog.digest(when)
    if digest.period.kind == "range":
        raise InvalidInput(
            f"{digest.period.id} is neither a day nor a week.",
            "Mail tells of a day or a week, such as 2012-07-15 or 2012-W29.",
        )
    state.warn(digest.faults)
    if not digest.entries:
        state.say(f"Nothing happened in {digest.period.id}: no mail is sent for that.")
    pages = blog.publisher.pages
    composed = (mail.compose(digest, pages, to, blog.now, is_extra=True) for to in recipients)
    return [message for message in composed if message]


def _write(message: EmailMessage, output: str | None) -> None:
    if output:
        from ..storage.atomic import write_output

        write_output(Path(output), message.as_bytes())
    else:
        print_document([message.as_bytes()])


def _sent(state: State, blog: Blog, message: EmailMessage, as_json: bool) -> bool:
    """Send a message and tell what the server said; whether it took it."""
    from ..delivery import DeliveryError, smtp

    try:
        said = smtp.send(message, blog.config.mail, os.environ.get(smtp.PASSWORD_VARIABLE, ""))
        problem = None
        state.say(f"{message['To']}: {said}")
    except DeliveryError as error:
        said, problem = None, error
        mark = style("Error: ", "error")
        echo(f"{mark}{message['To']}: {error.message}", error.hint, err=True)
    if as_json:
        about = {"answer": said, "problem": problem and problem.message}
        print_json(_headers(message) | about)
    return problem is None


_SHOWN = ("To", "Subject", "From", "Message-ID", "List-Id", "List-Unsubscribe")


def _headers(message: EmailMessage) -> dict[str, object]:
    names = {name.lower().replace("-", "_"): message[name] for name in _SHOWN}
    shown = {name: str(value) for name, value in names.items() if value}
    return shown | {"bytes": len(message.as_bytes())}


def _show(message: EmailMessage, as_json: bool) -> None:
    if as_json:
        return print_json(_headers(message))
    for name in _SHOWN:
        if message[name]:
            echo(f"{name}: {message[name]}")
    echo(f"{len(message.as_bytes()):,} bytes")
    return None
