"""The commands 'liveblog post' and 'liveblog edit'; their options come from the model's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
from msgspec import UNSET

from ..model.draft import FIELDS, Draft, Field
from ..model.entry import Revision, display_day
from ..model.errors import InvalidInput
from ..model.moment import Moment, day_only
from .commands import TextCommand
from .context import (
    State,
    complete_tag,
    json_option,
    local_time,
    new_key,
    pass_state,
)
from .editor import in_editor, read_stdin, saved_on_error, split_title
from .online import print_revision, publish_option
from .references import ENTRY
from .values import parse_figure, parse_images, parse_source

if TYPE_CHECKING:
    from ..blog import Blog

Command = TypeVar("Command", bound=Callable[..., Any])

_ADVICE = """\
Write the update below the second line ---, in Markdown, and fill in what you need above it.
Save and close to post it; leave it as it is to cancel."""

_EDIT_ADVICE = """\
Change the update and its fields above.
Save and close to keep it; leave it empty or as it was to cancel."""


_PARSERS: dict[str, Callable[[str], Any]] = {
    "tags": str,
    "sources": parse_source,
    "figures": parse_figure,
}
"""Parses one value of an option that may be repeated."""

_VERIFICATION = (
    click.option(
        "--unconfirmed",
        "verification",
        flag_value="unconfirmed",
        help="Mark it as a claim that could not be verified.",
    ),
    click.option(
        "--confirmed", "verification", flag_value="confirmed", help="Mark it as verified."
    ),
)

_OTHERS = (
    click.option(
        "--at",
        metavar="TIME",
        help='When it happened: "18:30", "hier 18h30", "10 min ago", ISO 8601. '
        "A date without a time is a whole day.",
    ),
    click.option(
        "--day",
        "is_day",
        is_flag=True,
        help="It is about the whole day of --at, or else of today; no time is shown.",
    ),
    click.option(
        "--after",
        metavar="ID",
        type=ENTRY,
        help="It is about the whole day of another update, and stands after that one.",
    ),
    click.option(
        "--schedule", is_flag=True, help="Hold it back until a time that is in the future."
    ),
    click.option(
        "--image",
        "images",
        metavar="FILE",
        multiple=True,
        help="A picture, film or recording; repeatable. Its metadata is dropped.",
    ),
    click.option(
        "--poster",
        "posters",
        metavar="FILE",
        multiple=True,
        help="The picture of a film until it plays, instead of a frame of it; one for each film.",
    ),
    click.option(
        "--subtitles",
        metavar="FILE",
        multiple=True,
        help="What is said in a film or recording (WebVTT or SubRip); one for each.",
    ),
    click.option(
        "--alt",
        "alts",
        metavar="TEXT",
        multiple=True,
        help="What it shows, for those who cannot see it; one for each.",
    ),
    click.option(
        "--caption",
        "captions",
        metavar="TEXT",
        multiple=True,
        help="A caption for each, in the same order.",
    ),
    click.option(
        "--idempotency-key",
        metavar="KEY",
        default="",
        help="Name this request, so that a retry adds nothing.",
    ),
)


def _option(field: Field) -> Callable[[Command], Command]:
    name = f"--{field.option}"
    if field.kind == "flag":
        flags = f"{name}/--no-{field.option}"
        return click.option(flags, field.name, default=None, help=field.help)
    complete = complete_tag if field.name == "tags" else None
    return click.option(
        name,
        field.name,
        metavar=field.metavar,
        multiple=field.kind == "list",
        help=field.help,
        shell_complete=complete,
    )


def _entry_options(command: Command) -> Command:
    """Add the options that post and edit share."""
    of_fields = [_option(field) for field in FIELDS if field.option]
    for option in reversed((*of_fields, *_VERIFICATION, *_OTHERS)):
        command = option(command)
    return command


def _draft(blog: Blog, given: dict[str, Any]) -> Draft:
    """Return the draft that the options describe; an empty value clears a list."""
    moment = _moment(blog, given)
    values: dict[str, Any] = {"published": moment} if moment else {}
    for field in FIELDS:
        value = given.get(field.name)
        if field.kind == "list" and value:
            values[field.name] = tuple(_PARSERS[field.name](part) for part in value if part)
        elif field.kind != "list" and value is not None:
            values[field.name] = value
    return Draft(**values)


def _moment(blog: Blog, given: dict[str, Any]) -> Moment | None:
    """Return the moment that --at, --day and --after name; None without any of them."""
    if given["after"]:
        if given["at"]:
            raise InvalidInput(
                "--after takes the day of the other update, so --at has no meaning beside it.",
                "Leave one of them out.",
            )
        return blog.moment_after(given["after"])
    if not (given["at"] or given["is_day"]):
        return None
    moment = blog.moment(given["at"] or "now")
    return day_only(moment, blog.config.zone) if given["is_day"] else moment


def _of_images(given: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """Return the options that describe the files of --image."""
    return {name: given[name] for name in ("alts", "captions", "posters", "subtitles")}


@click.command(cls=TextCommand)
@click.argument("text", metavar="[TEXT|-]", required=False)
@_entry_options
@publish_option
@json_option
@pass_state
def post(
    state: State,
    /,
    text: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Append an update, and print its id.

    The text is Markdown. With '-' it is read from standard input; without any, your editor opens.
    """
    blog = state.blog()
    draft = _draft(blog, given)
    title, written = given["title"], ""
    if text == "-":
        text = read_stdin()
    elif text is None and (given["images"] or title):
        text = ""
    elif text is None:
        from .template import TEMPLATE, read_template

        written = in_editor(f"{TEMPLATE}\n\n", _ADVICE)
        with saved_on_error(written):
            fields, text = read_template(written)
            draft = _draft(blog, given | fields)
        written_title, text = split_title(text)
        title = fields.get("title") or written_title
        if not text and not title:
            state.say("Nothing was written; nothing was posted.")
            return
    with saved_on_error(written) if written else nullcontext():
        revision = blog.post(
            msgspec.structs.replace(draft, body=text, title=title or ""),
            images=parse_images(
                given["images"],
                given["alts"],
                given["captions"],
                given["posters"],
                given["subtitles"],
            ),
            schedule=given["schedule"],
            idempotency_key=given["idempotency_key"] or new_key(),
        )
    print_revision(state, blog, revision, as_json, is_timed=draft.published is not UNSET)


def _written_date(blog: Blog, revision: Revision) -> str:
    """Return the date of a revision as --at reads it; empty for a vague time."""
    if revision.written_time:
        return ""
    if revision.precision == "day":
        return display_day(revision).isoformat()
    return local_time(blog, revision.published)


@click.command(cls=TextCommand)
@click.argument("entry_id", metavar="ID", type=ENTRY)
@click.argument("text", metavar="[TEXT|-]", required=False)
@_entry_options
@click.option("--note", metavar="WHY", default="", help="Tell readers what was corrected and why.")
@click.option("--minor", is_flag=True, help="A slip of the pen: feeds do not show it as new.")
@click.option(
    "--expect", metavar="REV", type=int, help="Refuse if it is not this revision any more."
)
@publish_option
@json_option
@pass_state
def edit(
    state: State,
    /,
    entry_id: str,
    text: str | None,
    note: str,
    minor: bool,
    expect: int | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Revise an update: only what is given changes.

    Tags, sources, figures and pictures that are given replace those that were there; an empty one
    (--tag "") clears them. Without any option your editor opens. Every earlier revision is kept;
    see 'liveblog show ID --history'.
    """
    blog = state.blog()
    old = blog.timeline.entry(entry_id).now
    draft = _draft(blog, given)
    if text is not None:
        draft = msgspec.structs.replace(draft, body=read_stdin() if text == "-" else text)
    images = None
    if given["images"]:
        files = [file for file in given["images"] if file]
        images = parse_images(
            files, given["alts"], given["captions"], given["posters"], given["subtitles"]
        )
    written = ""
    if draft == Draft() and images is None and not note:
        from .template import changes_in, fill_template

        before = fill_template(old, _written_date(blog, old))
        written = in_editor(before, _EDIT_ADVICE)
        if not written or written == before.strip():
            state.say("Nothing was changed.")
            return
        with saved_on_error(written):
            fields, text = changes_in(before, written)
            draft = msgspec.structs.replace(_draft(blog, given | fields), body=text)
        expect = old.rev if expect is None else expect
    with saved_on_error(written) if written else nullcontext():
        revision = blog.edit(
            entry_id,
            draft,
            images=images,
            note=note,
            minor=minor,
            schedule=given["schedule"],
            expect=expect,
            idempotency_key=given["idempotency_key"] or new_key(),
        )
    print_revision(state, blog, revision, as_json, is_timed=draft.published is not UNSET)
