"""The command 'liveblog chapter': named digests of any period, published as articles."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec
from msgspec import UNSET

from ..model.addresses import chapter_path
from ..model.chapter import Chapter, ChapterDraft
from ..model.errors import InvalidInput
from .commands import Group, TextCommand
from .context import (
    State,
    complete_chapter,
    complete_tag,
    confirm_or_exit,
    dry_option,
    json_option,
    local_time,
    new_key,
    pass_state,
    plural,
    yes_option,
)
from .editor import (
    in_editor,
    is_terminal,
    join_parts,
    read_stdin,
    saved_on_error,
    split_parts,
)
from .online import bring_online, publish_option
from .printing import echo, print_json, style
from .references import ENTRY
from .values import parse_images

if TYPE_CHECKING:
    from ..blog import Blog
    from ..pictures import Image

Command = TypeVar("Command", bound=Callable[..., Any])

_ADVICE = """\
The introduction and the close of the chapter, in Markdown. Its days stand between them.
Leave the == lines as they are. An empty file cancels."""

_OPTIONS = (
    click.option("--introduction", metavar="TEXT",
                 help="The text before its days, in Markdown; - reads it from standard input."),
    click.option("--close", metavar="TEXT", help="The text after its days, in the same way."),
    click.option("--author", "authors", metavar="NAME", multiple=True,
                 help="Who signs it; repeatable."),
    click.option("--tag", "tags", metavar="TAG", multiple=True, shell_complete=complete_tag,
                 help="Select the updates with this topic; repeatable."),
    click.option("--key/--no-key", default=None, help="Select key events only."),
    click.option("--image", metavar="FILE", help="Its picture. Its metadata is dropped."),
    click.option("--alt", metavar="TEXT",
                 help="What the picture shows, for those who cannot see it."),
    click.option("--caption", metavar="TEXT", help="A caption for the picture."),
    click.option("--schedule", metavar="TIME", help="Hold it back until then."),
    click.option("--idempotency-key", metavar="KEY", default="",
                 help="Name this request, so that a retry adds nothing."),
)  # fmt: skip


def _chapter_options(command: Command) -> Command:
    """Add the options that new and edit share."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _draft(blog: Blog, given: dict[str, Any]) -> ChapterDraft:
    """Return the draft that the options describe; an empty value clears a list."""
    if given["introduction"] == given["close"] == "-":
        raise InvalidInput(
            "Both texts cannot come from standard input.", "Give one of them as an argument."
        )
    values = {name: given[name] for name in ("introduction", "close", "key")}
    values = {name: value for name, value in values.items() if value is not None}
    for name in ("introduction", "close"):
        if values.get(name) == "-":
            values[name] = read_stdin()
    for name in ("authors", "tags"):
        if given[name]:
            values[name] = tuple(value for value in given[name] if value)
    if given["schedule"]:
        values["published"] = blog.moment(given["schedule"]).instant
    return ChapterDraft(**values)


def _image(given: dict[str, Any]) -> Image | None:
    """Return the picture that the options describe, if any."""
    lists = [[value] if value else [] for value in (given["image"], given["alt"], given["caption"])]
    return next(iter(parse_images(*lists)), None)


def _print(state: State, blog: Blog, chapter: Chapter, as_json: bool) -> None:
    """Print a chapter's name, or its JSON; say until when it is held back, and bring it online."""
    if as_json:
        from ..model.entry import as_data

        print_json(as_data(chapter))
    else:
        if chapter.published > blog.now:
            state.say(f"Held back until {local_time(blog, chapter.published)}.")
        echo(chapter.slug)
    bring_online(
        state,
        blog,
        chapter_path(chapter.slug),
        embargo=chapter.published,
        is_removed=chapter.state == "removed",
    )


@click.group(cls=Group)
def chapter() -> None:
    """Write chapters: named digests, published as articles."""


@chapter.command(cls=TextCommand)
@click.argument("title")
@click.argument("period")
@click.option(
    "--slug",
    metavar="NAME",
    default="",
    help="Its name, the last part of its address; made of the title unless given.",
)
@_chapter_options
@publish_option
@json_option
@pass_state
def new(state: State, /, title: str, period: str, slug: str, as_json: bool, **given: Any) -> None:
    """Create a chapter over a period, and print its name.

    PERIOD is a day, a week or a range: last-week, 2012-W29, 2012-07-15..2012-07-20. On a terminal
    your editor opens for the introduction and the close, unless one of them is given.
    """
    blog = state.blog()
    draft = msgspec.structs.replace(_draft(blog, given), title=title, period=blog.period(period).id)
    written = ""
    if draft.introduction is UNSET and draft.close is UNSET and is_terminal():
        written = in_editor(join_parts({"Introduction": "", "Close": ""}), _ADVICE)
        if not written:
            state.say("Nothing was written; no chapter was created.")
            return
    with saved_on_error(written) if written else nullcontext():
        created = blog.chapters.create(
            _with_texts(draft, written),
            slug=slug,
            image=_image(given),
            schedule=bool(given["schedule"]),
            idempotency_key=given["idempotency_key"] or new_key(),
        )
    _print(state, blog, created, as_json)


@chapter.command()
@click.argument("name", shell_complete=complete_chapter)
@click.option("--title", metavar="TEXT", help="Its title.")
@click.option("--period", metavar="PERIOD", help="Its period.")
@_chapter_options
@click.option("--no-image", is_flag=True, help="Take its picture away.")
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
    name: str,
    title: str | None,
    period: str | None,
    no_image: bool,
    note: str,
    minor: bool,
    expect: int | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Revise a chapter: only what is given changes.

    Authors and topics that are given replace those that were there; an empty one (--tag "") clears
    them. Without any option your editor opens. Every earlier revision is kept.
    """
    blog = state.blog()
    image = _image(given)
    if image and no_image:
        raise InvalidInput("--image and --no-image exclude each other.", "Leave one of them out.")
    draft = _draft(blog, given)
    if title is not None:
        draft = msgspec.structs.replace(draft, title=title)
    if period is not None:
        draft = msgspec.structs.replace(draft, period=blog.period(period).id)
    written = ""
    if draft == ChapterDraft() and not (image or no_image or note):
        old = blog.timeline.chapter(name).now
        expect = old.rev if expect is None else expect
        before = join_parts(
            {"Title": old.title, "Introduction": old.introduction, "Close": old.close}
        )
        instead = "Give --introduction or --close; '-' reads it from standard input."
        written = in_editor(before, _ADVICE, instead=instead)
        if not written or written == before.strip():
            state.say("Nothing was changed.")
            return
    with saved_on_error(written) if written else nullcontext():
        revised = blog.chapters.edit(
            name,
            _with_texts(draft, written),
            image=None if no_image else image or UNSET,
            note=note,
            minor=minor,
            schedule=bool(given["schedule"]),
            expect=expect,
            idempotency_key=given["idempotency_key"] or new_key(),
        )
    _print(state, blog, revised, as_json)


def _with_texts(draft: ChapterDraft, written: str) -> ChapterDraft:
    """Return a draft with the texts that were written in the editor, if any."""
    if not written:
        return draft
    texts = split_parts(written, ("Title", "Introduction", "Close"))
    return msgspec.structs.replace(draft, **{part.lower(): text for part, text in texts.items()})


@chapter.command("list")
@json_option
@pass_state
def list_(state: State, as_json: bool) -> None:
    """List the chapters: name, period, title and state; that of the newest period first."""
    blog = state.blog()
    found = [chapter.now for chapter in blog.timeline.unfiltered_chapters()]
    if as_json:
        from ..model.entry import as_data

        for chapter in found:
            print_json(as_data(chapter))
        return
    from ..digest import chapter_title

    for chapter in found:
        marks: list[str] = [chapter.state] if chapter.state != "live" else []
        if chapter.published > blog.now:
            marks.append(f"held back until {local_time(blog, chapter.published)}")
        mark = style(f" [{', '.join(marks)}]", "mark") if marks else ""
        title = chapter_title(chapter, blog.words)
        echo(f"{style(chapter.slug, 'faint')}  {chapter.period}  {title}{mark}")
    if not found:
        state.say('There is none yet. Create one: liveblog chapter new "TITLE" last-week')


@chapter.command()
@click.argument("name", shell_complete=complete_chapter)
@json_option
@pass_state
def show(state: State, name: str, as_json: bool) -> None:
    """Show every revision of a chapter, with what changed.

    'liveblog digest NAME' prints the chapter itself.
    """
    from .log import echo_history

    blog = state.blog()
    found = blog.timeline.chapter(name)
    if as_json:
        from ..model.entry import as_data

        for revision in found.revisions:
            print_json(as_data(revision))
        return
    echo(style(f"{found.slug}  revision {found.now.rev}", "faint"))
    echo_history(blog, found.revisions, ("introduction", "close"))


@chapter.command()
@click.argument("name", shell_complete=complete_chapter)
@click.option("--why", metavar="TEXT", required=True, help="The reason, which readers see.")
@dry_option
@yes_option
@publish_option
@json_option
@pass_state
def retract(state: State, name: str, why: str, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Withdraw a chapter: a notice with the reason stays in its place."""
    blog = state.blog()
    confirm_or_exit("Retract", f"the chapter {_shown(blog, name)}", dry_run, yes)
    _print(state, blog, blog.chapters.retract(name, why=why), as_json)


@chapter.command()
@click.argument("name", shell_complete=complete_chapter)
@click.option("--purge", is_flag=True, help="Blank its texts in the journal too, for good.")
@dry_option
@yes_option
@publish_option
@json_option
@pass_state
def remove(state: State, name: str, purge: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Make a chapter disappear from the site; its updates stay.

    The texts stay in the journal unless --purge is given; backups and clones keep their own copies.
    """
    blog = state.blog()
    verb = "Purge" if purge else "Remove"
    confirm_or_exit(verb, f"the chapter {_shown(blog, name)}", dry_run, yes)
    _print(state, blog, blog.chapters.remove(name, purge=purge), as_json)


@chapter.command()
@click.argument("name", shell_complete=complete_chapter)
@publish_option
@json_option
@pass_state
def restore(state: State, name: str, as_json: bool) -> None:
    """Bring back a chapter that was removed, as it was before."""
    blog = state.blog()
    _print(state, blog, blog.chapters.restore(name), as_json)


def _shown(blog: Blog, name: str) -> str:
    """Return a chapter's name with its title, to confirm what happens to it."""
    return f"{name} ({blog.timeline.chapter(name).now.title[:60]})"


@chapter.command()
@click.argument("name", shell_complete=complete_chapter)
@click.option(
    "--from", "from_id", metavar="ID", type=ENTRY,
    help="Move the last paragraph of this update to the beginning of the close.",
)  # fmt: skip
@click.option(
    "--to", "to_id", metavar="ID", type=ENTRY,
    help="Move the first paragraph of the close to the end of this update.",
)  # fmt: skip
@click.option(
    "--paragraphs", type=click.IntRange(min=1), default=1, show_default=True,
    help="How many paragraphs to move.",
)  # fmt: skip
@publish_option
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
    blog = state.blog()
    chapters = blog.chapters
    move = chapters.extend_close if from_id else chapters.shorten_close
    revised = move(name, from_id or to_id, paragraphs)
    where = f"from {from_id} to" if from_id else f"to {to_id} from"
    state.say(f"Moved {plural(paragraphs, 'paragraph')} {where} the close.")
    _print(state, blog, revised, as_json)
