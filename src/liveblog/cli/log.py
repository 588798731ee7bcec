"""The commands 'liveblog log' and 'liveblog show': list entries, show one with its history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING

import click

from ..model import addresses
from ..model.moment import moment_in
from ..text.bidi import close_controls
from .context import State, complete_id, complete_tag, entry_line, json_option, pass_state
from .printing import echo, echo_text, print_json, style

if TYPE_CHECKING:
    from ..blog import Blog
    from ..model.entry import Revision
    from ..timeline import Entry

NEWEST = 20
"""Number of entries that 'liveblog log' lists unless a period is given."""


@click.command()
@click.argument("when", required=False)
@click.option("--tag", metavar="TAG", help="Only those with this tag.", shell_complete=complete_tag)
@click.option("--key", is_flag=True, help="Only key events.")
@json_option
@pass_state
def log(state: State, when: str | None, tag: str | None, key: bool, as_json: bool) -> None:
    """List updates, the newest first: the last twenty, or all of WHEN.

    WHEN is today, yesterday, week, last-week, 2012-07-15, 2012-W29 or 2012-07-15..2012-07-22.
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
@click.argument("entry_id", metavar="ID", shell_complete=complete_id)
@click.option("--history", is_flag=True, help="Every revision, with what changed.")
@json_option
@pass_state
def show(state: State, entry_id: str, history: bool, as_json: bool) -> None:
    """Show one update, or its whole history."""
    blog = state.blog()
    entry = blog.timeline.entry(entry_id)
    if as_json:
        from ..digest.json import entry_document

        print_json(entry_document(entry, blog.config.url, history=history))
        return
    now = entry.now
    zone = blog.config.zone
    echo(style(f"{now.id}  revision {now.rev}", "faint"))
    for name, value in _details(blog, entry):
        echo(f"{name + ':':<13}{value}")
    if now.title:
        echo("", style(now.title, "title"))
    if now.body:
        echo("")
        echo_text(now.body)
    if history:
        import difflib

        for older, newer in zip((None, *entry.revisions), entry.revisions, strict=False):
            recorded = newer.recorded or newer.updated
            form = "%Y-%m-%d" if now.precision == "day" else "%Y-%m-%d %H:%M:%S %Z"
            when = f"{recorded.astimezone(zone):{form}}"
            reason = f"  {newer.note}" if newer.note else ""
            echo("", style(f"revision {newer.rev}  {when}{reason}", "day"))
            before = _as_lines(older) if older else []
            lines = difflib.unified_diff(before, _as_lines(newer), n=0, lineterm="")
            for line in list(lines)[2:]:
                if not line.startswith("@@"):
                    echo(line)


def _all_entries(state: State, blog: Blog, when: str | None) -> Iterator[Entry]:
    """Yield entries, embargoed and removed ones too, the newest first."""
    timeline = blog.timeline
    wanted = set(blog.period(when).days()) if when else None
    for date in reversed(timeline.days()):
        if wanted is None or date in wanted:
            day = timeline.unfiltered(date)
            state.warn(day.faults)
            yield from reversed(day.entries)


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
        yield "Picture", f"entries/media/{media.path} ({media.width} × {media.height}): {media.alt}"
    for revision in entry.corrections:
        yield "Corrected", revision.note


def _as_lines(revision: Revision) -> list[str]:
    """Return a revision as lines to compare: its other fields, then its body."""
    import msgspec

    fields = msgspec.to_builtins(revision)
    fields["published"] = moment_in(revision).value(UTC)
    hidden = {"type", "id", "rev", "recorded", "updated", "body", "note", "idempotency_key"}
    lines = [f"{name}: {value}" for name, value in fields.items() if name not in hidden]
    return lines + revision.body.split("\n")
