"""The commands 'liveblog log' and 'liveblog show': list entries, show one with its history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

import click

from ..model import addresses
from ..model.chapter import Chapter
from ..model.entry import Revision
from ..model.moment import moment_in
from ..text.bidi import close_controls
from .context import State, complete_tag, entry_line, json_option, pass_state
from .pager import paged
from .printing import echo, echo_text, print_json, style
from .references import ENTRY

if TYPE_CHECKING:
    from ..blog import Blog
    from ..model.folding import Version
    from ..timeline import Entry

NEWEST = 20
"""Number of entries that 'liveblog log' lists unless a period is given."""


@click.command()
@click.argument("when", required=False)
@click.option("--tag", metavar="TAG", help="Only those with this tag.", shell_complete=complete_tag)
@click.option("--key", is_flag=True, help="Only key events.")
@json_option
@pass_state
@paged
def log(state: State, when: str | None, tag: str | None, key: bool, as_json: bool) -> None:
    """List updates, the newest first: the last twenty, or all of WHEN.

    WHEN is today, yesterday, week, last-week, 2012-07-15, 2012-W29, 2012-07-15..2012-07-22 or the
    name of a chapter.
    What is scheduled or removed is listed too, and marked.
    """
    from ..model.errors import UnknownTag
    from ..model.topics import requested_topic

    blog = state.blog()
    wanted = requested_topic(tag) if tag else ""
    entries = (
        e
        for e in _all_entries(state, blog, when)
        if (not key or e.now.key) and (not wanted or e.has_tag(wanted))
    )
    shown = list(entries if when else islice(entries, NEWEST))
    if tag and not shown:
        raise UnknownTag(tag, blog.timeline.recent_tags().values(), when or "this blog")
    if not shown:
        state.say("No updates.")
    for entry in shown:
        if as_json:
            from ..digest.json import entry_document

            print_json(entry_document(entry, blog.config.url))
        else:
            echo(_list_line(blog, entry))


@click.command()
@click.argument("entry_id", metavar="ID", type=ENTRY)
@click.option("--history", is_flag=True, help="Every revision, with what changed.")
@json_option
@pass_state
@paged
def show(state: State, entry_id: str, history: bool, as_json: bool) -> None:
    """Show one update, or its whole history."""
    blog = state.blog()
    entry = blog.timeline.entry(entry_id)
    if as_json:
        from ..digest.json import entry_document

        print_json(entry_document(entry, blog.config.url, history=history))
        return
    now = entry.now
    echo(style(f"{now.id}  revision {now.rev}", "faint"))
    for name, value in _details(blog, entry):
        echo(f"{name + ':':<13}{value}")
    if now.title:
        echo("", style(now.title, "title"))
    if now.body:
        echo("")
        echo_text(now.body)
    if history:
        echo_history(blog, entry.revisions, ("body",), is_day=now.precision == "day")


def echo_history(
    blog: Blog, revisions: Sequence[Version], texts: Sequence[str], *, is_day: bool = False
) -> None:
    """Print what changed from revision to revision; *texts* are the fields of several lines."""
    import difflib

    before: list[str] = []
    form = "%Y-%m-%d" if is_day else "%Y-%m-%d %H:%M:%S %Z"
    for revision in revisions:
        recorded = revision.recorded or revision.updated
        reason = f"  {revision.note}" if revision.note else ""
        when = f"{recorded.astimezone(blog.config.zone):{form}}"
        echo("", style(f"revision {revision.rev}  {when}{reason}", "day"))
        after = _as_lines(revision, texts)
        for line in list(difflib.unified_diff(before, after, n=0, lineterm=""))[2:]:
            if not line.startswith("@@"):
                echo(line)
        before = after


def _all_entries(state: State, blog: Blog, when: str | None) -> Iterator[Entry]:
    """Yield entries, embargoed and removed ones too, the newest first."""
    from ..digest.build import is_selected
    from ..model.period import parse_period_id

    timeline = blog.timeline
    period = blog.named(when) if when else None
    chapter = None
    if isinstance(period, Chapter):
        chapter, period = period, parse_period_id(period.period, blog.config.first_weekday)
    for date in reversed(timeline.days()):
        if period is None or period.start <= date <= period.end:
            day = timeline.unfiltered(date)
            state.warn(day.faults)
            for entry in reversed(day.entries):
                if chapter is None or is_selected(entry, chapter):
                    yield entry


def _list_line(blog: Blog, entry: Entry) -> str:
    now = entry.now
    marks = [mark for mark, holds in (
        ("scheduled", now.published > blog.now),
        (now.state, now.state != "live"),
        ("key", now.key),
        ("pinned", now.pinned),
        (now.verification, bool(now.verification)),
        ("corrected", bool(entry.corrections)),
    ) if holds]  # fmt: skip
    title = style(now.title, "title") if now.title else _first_words(now)
    return entry_line(blog, moment_in(now), now.id, title, marks)


def _first_words(now: Revision) -> str:
    from ..text.fragments import html_to_text
    from ..text.markup import to_html
    from ..text.plain import shorten

    return shorten(html_to_text(to_html(now.body)), 60)


def _details(blog: Blog, entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield the name and the value of each field that is set, but the title and the body."""
    now = entry.now
    yield "Published", f"{blog.words.shown_moment(moment_in(now))} ({blog.config.timezone})"
    if now.state != "live":
        yield "State", f"{now.state}{f': {now.note}' if now.note else ''}"
    yield "Address", addresses.url(blog.config.url, addresses.entry_path(now.id))
    for name, values in (
        ("Author", [now.author]),
        ("Tags", now.tags),
        ("Mark", [m for m, on in (("key", now.key), ("pinned", now.pinned)) if on]),
        ("Claim", [now.verification]),
        ("Language", [now.lang]),
    ):
        if any(values):
            yield name, ", ".join(map(close_controls, values))
    for source in now.sources:
        yield "Source", f"{close_controls(source.name)} {source.url}".strip()
    for figure in now.figures:
        yield "Figure", f"{close_controls(figure.name)} = {figure.value} {figure.unit}".strip()
    for media in now.media:
        size = f"{media.width} × {media.height}" if media.width else ""
        length = f"{media.seconds} s" if media.seconds else ""
        about = ", ".join(filter(None, (size, length)))
        yield media.kind.capitalize(), f"entries/media/{media.path} ({about}): {media.alt}"
    for revision in entry.corrections:
        yield "Corrected", revision.note


def _as_lines(revision: Revision | Chapter, texts: Sequence[str]) -> list[str]:
    """Return a revision as lines to compare: its other fields, then its *texts*."""
    import msgspec

    fields = msgspec.to_builtins(revision)
    if isinstance(revision, Revision):
        fields["published"] = moment_in(revision).value(UTC)
    hidden = {"type", "id", "slug", "rev", "recorded", "updated", "note", "idempotency_key", *texts}
    lines = [f"{name}: {value}" for name, value in fields.items() if name not in hidden]
    for name in texts:
        lines += (fields.get(name) or "").split("\n")
    return lines
