"""The commands that append to the journal: post, edit, retract, remove, end, resume."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..model import limits
from .context import (
    State,
    complete_id,
    complete_tag,
    dry_option,
    json_option,
    pass_state,
    say_published,
    yes_option,
)
from .editor import in_editor, read_stdin, rescued, split_title
from .printing import confirm, echo, print_json

if TYPE_CHECKING:
    from ..blog import Blog, Image
    from ..model.entry import Figure, Revision, Source

Command = TypeVar("Command", bound=Callable[..., Any])

_ADVICE = """\
Write the update above, in Markdown. A first line "# Like this" is its title.
Save and close to post it; leave it empty to cancel."""

_EDIT_ADVICE = """\
Change the update above. A first line "# Like this" is its title.
Save and close to keep it; leave it empty or as it was to cancel."""


def fields(command: Command) -> Command:
    """Add the options that post and edit share."""
    for option in reversed(
        [
            click.option("--title", metavar="TEXT", help="A title, for what matters."),
            click.option(
                "--at",
                metavar="TIME",
                help='When it happened: "18:30", "hier 18h30", "10 min ago", ISO 8601.',
            ),
            click.option(
                "--schedule", is_flag=True, help="Hold it back until a time that is in the future."
            ),
            click.option("--author", metavar="NAME", help="Who signs it."),
            click.option(
                "--tag",
                "tags",
                metavar="TAG",
                multiple=True,
                help="A topic; repeatable.",
                shell_complete=complete_tag,
            ),
            click.option("--key/--no-key", default=None, help="It belongs in every summary."),
            click.option(
                "--pin/--no-pin", default=None, help="Keep it at the top of the live page."
            ),
            click.option(
                "--unconfirmed",
                "verification",
                flag_value="unconfirmed",
                help="Mark it as a claim that could not be verified.",
            ),
            click.option(
                "--confirmed", "verification", flag_value="confirmed", help="Mark it as verified."
            ),
            click.option(
                "--source",
                "sources",
                metavar='"NAME URL"',
                multiple=True,
                help="Where it comes from; repeatable.",
            ),
            click.option(
                "--figure",
                "figures",
                metavar='"NAME=VALUE [UNIT]"',
                multiple=True,
                help="A number to follow from day to day; repeatable.",
            ),
            click.option(
                "--image",
                "images",
                metavar="FILE",
                multiple=True,
                help="A picture; repeatable. Its metadata is dropped.",
            ),
            click.option(
                "--alt",
                "alts",
                metavar="TEXT",
                multiple=True,
                help="What the picture shows, for those who cannot see it; one for each.",
            ),
            click.option(
                "--caption",
                "captions",
                metavar="TEXT",
                multiple=True,
                help="A caption for each picture, in the same order.",
            ),
            click.option("--lang", metavar="CODE", help="Its language, where not the blog's."),
            click.option(
                "--idempotency-key",
                metavar="KEY",
                default="",
                help="Name this request, so that a retry adds nothing.",
            ),
        ]
    ):
        command = option(command)
    return command


@click.command()
@click.argument("text", metavar="[TEXT|-]", required=False)
@fields
@json_option
@pass_state
def post(
    state: State,
    text: str | None,
    title: str | None,
    at: str | None,
    schedule: bool,
    author: str | None,
    tags: tuple[str, ...],
    key: bool | None,
    pin: bool | None,
    verification: Any,
    sources: tuple[str, ...],
    figures: tuple[str, ...],
    images: tuple[str, ...],
    alts: tuple[str, ...],
    captions: tuple[str, ...],
    lang: str | None,
    idempotency_key: str,
    as_json: bool,
) -> None:
    """Append an update, and print its id.

    The text is Markdown. With '-' it is read from standard input; without any, your editor opens.
    """
    blog = state.blog()
    instant = blog.instant(at) if at else None
    written = ""
    if text == "-":
        text = read_stdin()
    elif text is None and (images or title):
        text = ""
    elif text is None:
        written = in_editor(f"# {title}\n" if title else "", _ADVICE)
        written_title, text = split_title(written)
        title = title or written_title
        if not text and not title:
            state.say("Nothing was written; nothing was posted.")
            return
    with rescued(written) if written else nullcontext():
        revision = blog.post(
            text,
            title=title or "",
            at=instant,
            schedule=schedule,
            author=author or "",
            tags=tags,
            key=bool(key),
            pinned=bool(pin),
            verification=verification or "",
            sources=[_source(source) for source in sources],
            figures=[_figure(figure) for figure in figures],
            images=_images(images, alts, captions),
            lang=lang or "",
            idempotency_key=idempotency_key or _new_key(),
        )
    _tell(state, blog, revision, as_json, is_timed=bool(at))


@click.command()
@click.argument("entry_id", metavar="ID", shell_complete=complete_id)
@click.argument("text", metavar="[TEXT|-]", required=False)
@fields
@click.option("--note", metavar="WHY", default="", help="Tell readers what was corrected and why.")
@click.option("--minor", is_flag=True, help="A slip of the pen: feeds do not show it as new.")
@click.option(
    "--expect", metavar="REV", type=int, help="Refuse if it is not this revision any more."
)
@json_option
@pass_state
def edit(
    state: State,
    entry_id: str,
    text: str | None,
    title: str | None,
    at: str | None,
    schedule: bool,
    author: str | None,
    tags: tuple[str, ...],
    key: bool | None,
    pin: bool | None,
    verification: str | None,
    sources: tuple[str, ...],
    figures: tuple[str, ...],
    images: tuple[str, ...],
    alts: tuple[str, ...],
    captions: tuple[str, ...],
    lang: str | None,
    idempotency_key: str,
    note: str,
    minor: bool,
    expect: int | None,
    as_json: bool,
) -> None:
    """Revise an update: only what is given changes.

    Tags, sources, figures and pictures that are given replace those that were there; an empty one
    (--tag "") clears them. Without any option your editor opens. Every earlier revision is kept;
    see 'liveblog show ID --history'.
    """
    blog = state.blog()
    old = blog.timeline.entry(entry_id).now
    changes: dict[str, Any] = {
        "title": title,
        "author": author,
        "tags": [tag for tag in tags if tag] if tags else None,
        "key": key,
        "pinned": pin,
        "verification": verification,
        "sources": [_source(source) for source in sources if source] if sources else None,
        "figures": [_figure(figure) for figure in figures if figure] if figures else None,
        "lang": lang,
        "body": read_stdin() if text == "-" else text,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    written = ""
    if not changes and not at and not images and not note:
        before = f"# {old.title}\n\n{old.body}" if old.title else old.body
        written = in_editor(before, _EDIT_ADVICE)
        if not written or written == before.strip():
            state.say("Nothing was changed.")
            return
        changes["title"], changes["body"] = split_title(written)
        expect = old.rev if expect is None else expect
    with rescued(written) if written else nullcontext():
        revision = blog.edit(
            entry_id,
            note=note,
            minor=minor,
            schedule=schedule,
            at=blog.instant(at) if at else None,
            images=_images([i for i in images if i], alts, captions) if images else None,
            expect=expect,
            idempotency_key=idempotency_key or _new_key(),
            **changes,
        )
    _tell(state, blog, revision, as_json, is_timed=bool(at))


@click.command()
@click.argument("entry_id", metavar="ID", shell_complete=complete_id)
@click.option("--why", metavar="TEXT", required=True, help="The reason, which readers see.")
@dry_option
@yes_option
@json_option
@pass_state
def retract(state: State, entry_id: str, why: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Withdraw an update: a notice with the reason stays in its place."""
    blog = state.blog()
    _confirm(blog, entry_id, "Retract", dry_run, yes)
    _tell(state, blog, blog.retract(entry_id, why=why), as_json)


@click.command()
@click.argument("entry_id", metavar="ID", shell_complete=complete_id)
@click.option("--purge", is_flag=True, help="Blank its texts in the journal too, for good.")
@dry_option
@yes_option
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
    _tell(state, blog, blog.remove(entry_id, purge=purge), as_json)
    state.say("It leaves the site with the next 'liveblog publish'.")


@click.command()
@click.option("--at", metavar="TIME", help="When it ended; now unless given.")
@pass_state
def end(state: State, at: str | None) -> None:
    """Declare the coverage over: the page and the feeds say so."""
    blog = state.blog()
    framing = blog.end(blog.instant(at) if at else None)
    if framing.ended:
        state.say(f"The coverage is over: {blog.words.moment(framing.ended)}.")


@click.command()
@pass_state
def resume(state: State) -> None:
    """Take back the end of the coverage."""
    state.blog().resume()
    state.say("The coverage goes on.")


def _tell(
    state: State, blog: Blog, revision: Revision, as_json: bool, *, is_timed: bool = False
) -> None:
    """Print what was written; echo the time that was understood, if one was given."""
    if as_json:
        from ..model.entry import as_data

        print_json(as_data(revision))
        return
    if is_timed:
        say_published(state, blog, revision)
    echo(revision.id)


def _confirm(blog: Blog, entry_id: str, verb: str, dry_run: bool, yes: bool) -> None:
    now = blog.timeline.entry(entry_id).now
    first = (now.title or now.body).split("\n")[0][:60]
    if dry_run:
        echo(f"Would {verb.lower()} {entry_id}: {first}", err=True)
        raise click.exceptions.Exit(1)
    if yes:
        return
    if not sys.stdin.isatty():
        from ..model.errors import InvalidInput

        raise InvalidInput(f"'{verb.lower()}' asks before it acts.", "Add --yes to go ahead.")
    confirm(f"{verb} {entry_id} ({first})?")


def _new_key() -> str:
    """Name a request that the user did not: if it fails half-way, the error says how to retry."""
    return os.urandom(8).hex()


def _source(text: str) -> Source:
    """Read ``NAME URL``; either may stand alone."""
    from ..model.entry import Source
    from ..model.errors import InvalidInput

    name, _, url = text.strip().rpartition(" ")
    if not url.startswith(("http://", "https://")):
        name, url = text.strip(), ""
    if not name and url:
        from urllib.parse import urlsplit

        try:
            name = urlsplit(url).hostname or url
        except ValueError:
            raise InvalidInput(f"'{url}' is no address of a page.", "Correct it.") from None
    if not name:
        raise InvalidInput("A source is empty.", 'Write it as "Name https://…".')
    return Source(name, url)


def _figure(text: str) -> Figure:
    """Read ``NAME=VALUE [UNIT]``, the number with or without separators (``30 000``, ``1,5``)."""
    from ..model.entry import Figure
    from ..model.errors import InvalidInput

    name, _, rest = (part.strip() for part in text.partition("="))
    match = re.match(
        r"([+-]?\d{1,3}(?:[ \u00a0\u202f]\d{3})+|[+-]?\d+)([.,]\d+)?"
        # Nothing that may belong to the number is taken for its unit: 1e9, 0x10, 18:30, 1_000.
        r"(?![-+eExX_.,:/'’]*\d)\s*(.*)$",
        rest,
    )
    if not name or not match:
        raise InvalidInput(
            f"'{text}' is not a figure.", 'Write it as "Name=105 people" or "Name=1.5".'
        )
    whole = re.sub(r"\D", "", match[1])
    sign = -1 if match[1].startswith("-") else 1
    fraction = match[2]
    # "30,000" and "1.250" are written for thousands far more often than for three decimals.
    if fraction and len(fraction) == 4 and whole != "0":
        raise InvalidInput(
            f"'{match[1]}{fraction}' can be read as thousands or as a fraction.",
            f'Write "{whole}{fraction[1:]}" or "{whole} {fraction[1:]}" for thousands, '
            f'"{whole}{fraction}0" for a fraction.',
        )
    # Python reads no integer of thousands of digits; a float as large is refused as a figure.
    is_whole = not fraction and len(whole) <= limits.NUMBER_DIGITS
    number = int(whole) if is_whole else float(f"{whole}.{fraction[1:] if fraction else 0}")
    value: int | float = sign * number
    unit = match[3]
    source = re.search(r"\(([^()]+)\)\s*$", name)
    return Figure(name, value, unit, source[1] if source else "")


def _images(images: Sequence[str], alts: Sequence[str], captions: Sequence[str]) -> list[Image]:
    from pathlib import Path

    from ..blog import Image
    from ..model.errors import InvalidInput

    if len(alts) != len(images):
        raise InvalidInput(
            f"There are {len(images)} --image and {len(alts)} --alt.",
            "Describe each picture with its own --alt, in the same order.",
        )
    if len(captions) > len(images):
        raise InvalidInput("There are more --caption than --image.", "Drop one.")
    padded = [*captions, *[""] * (len(images) - len(captions))]
    return [
        Image(Path(image), alt, caption)
        for image, alt, caption in zip(images, alts, padded, strict=True)
    ]
