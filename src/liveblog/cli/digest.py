"""The command 'liveblog digest': print the digest of a period, or edit its framing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import UNSET

from .context import State, complete_tag, pass_state
from .editor import in_editor, join_parts, saved_on_error, split_parts
from .pager import paged
from .printing import echo_text, print_document, print_json, style

if TYPE_CHECKING:
    from ..blog import Blog
    from ..digest import Digest


@click.command()
@click.argument("when", default="today", metavar="[WHEN]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--key", is_flag=True, help="Key events only.")
@click.option(
    "--tag", metavar="TAG", help="Updates with this tag only.", shell_complete=complete_tag
)
@click.option(
    "--edit",
    "wants_edit",
    is_flag=True,
    help="Write its headline, introduction and close in your editor.",
)
@pass_state
@click.pass_context
@paged
def digest(
    ctx: click.Context,
    state: State,
    when: str,
    form: str,
    as_json: bool,
    key: bool,
    tag: str | None,
    wants_edit: bool,
) -> None:
    """Tell what happened in a period, day by day.

    WHEN is today (unless given), yesterday, week, last-week, 2012-07-15, 2012-W29,
    2012-07-15..2012-07-22 or the name of a chapter. With --edit it may also be 'coverage', for the
    head of the live page.

    Of a week the main updates are shown in full and the others in a line, as on its page; --json
    has all, and so has the range of its days.
    """
    blog = state.blog()
    if wants_edit:
        _edit(ctx, state, blog, when)
        return
    found = blog.digest(when, key=key, tag=tag or "")
    state.warn(found.faults)
    if not (key or tag or as_json or form == "json"):
        from ..digest.selection import for_readers

        found = for_readers(found)
    _print_digest(blog, found, "json" if as_json else form)


def _print_digest(blog: Blog, found: Digest, form: str) -> None:
    base = blog.config.url
    if form == "json":
        from ..digest.json import document

        print_json(document(found, blog.words, base=base))
    elif form == "markdown":
        from ..digest.markdown import render as render_markdown

        print_document([render_markdown(found, blog.words, base=base).encode()])
    elif form == "html":
        from ..exports.html import render

        print_document([render(found, blog.config, blog.paths).encode()])
    else:
        from ..digest.text import render as render_text

        echo_text(render_text(found, blog.words, blog=blog.config.title, base=base, style=style))


def _edit(ctx: click.Context, state: State, blog: Blog, when: str) -> None:
    """Edit a period's headline, introduction and close as one text with three headings."""
    from ..model.addresses import period_path
    from ..model.period import COVERAGE
    from .online import bring_online

    period_id = COVERAGE
    if when != COVERAGE:
        found = blog.digest(when)
        if found.chapter:
            from .chapter import edit

            ctx.invoke(edit, name=found.chapter.slug)
            return
        period_id = found.period.id
    old = blog.timeline.framing_to_revise(period_id)
    shown = blog.timeline.framing(period_id) or old
    parts = {"Headline": shown.headline, "Introduction": shown.introduction, "Close": shown.close}
    before = join_parts(parts)
    advice = (
        f"The text around the digest of {period_id}, in Markdown; the headline is plain text.\n"
        "Leave the == lines as they are. An empty file cancels."
    )
    instead = "Run this on a terminal; programs write the text through the API (docs/server.md)."
    after = in_editor(before, advice, instead=instead)
    if not after or after == before.strip():
        state.say("Nothing was changed.")
        return
    with saved_on_error(after):
        texts = split_parts(after, tuple(parts))
        framing = blog.frame(
            period_id,
            headline=texts.get("Headline", UNSET),
            introduction=texts.get("Introduction", UNSET),
            close=texts.get("Close", UNSET),
            expect=old.rev,
        )
    state.say(f"Saved: {period_id}, revision {framing.rev}.")
    path = "" if period_id == COVERAGE else period_path(blog.period(period_id))
    bring_online(state, blog, path)
