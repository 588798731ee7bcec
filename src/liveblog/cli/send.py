"""The command 'liveblog send': mail a digest now."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .context import State, dry_option, json_option, local_time, pass_state
from .printing import echo, print_document, print_json, style

if TYPE_CHECKING:
    from email.message import EmailMessage

    from ..blog import Blog


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
    """Mail the digest of a day or week, or a chapter, now.

    To try the settings, or once more. WHEN is today, yesterday, week, last-week, 2012-07-15,
    2012-W29 or the name of a chapter. What the schedule sends is not touched: it goes all the same.
    See docs/mail.md.
    """
    blog = state.blog()
    messages = _compose(state, blog, when, addresses)
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


def _compose(state: State, blog: Blog, when: str, addresses: tuple[str, ...]) -> list[EmailMessage]:
    """Return the message to each address; none for a period without entries."""
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
    chapter = digest.chapter
    if digest.period.kind == "range" and not chapter:
        raise InvalidInput(
            f"{digest.period.id} is neither a day nor a week, and no chapter.",
            "Send a day, a week (2012-W29), or a chapter that 'liveblog chapter list' names.",
        )
    if chapter and chapter.published > blog.now:
        when = local_time(blog, chapter.published)
        raise InvalidInput(
            f"The chapter '{chapter.slug}' is held back until {when}.",
            "It is sent then. 'liveblog chapter edit' can publish it now.",
        )
    state.warn(digest.faults)
    if chapter and chapter.state != "live":
        state.say(f"The chapter '{chapter.slug}' was {chapter.state}: no mail is sent for that.")
    elif not chapter and not digest.entries:
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
    """Send a message and print the server's answer; return whether it was accepted."""
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
