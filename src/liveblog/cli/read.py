"""The commands that read: log, show, digest."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import click
from msgspec import UNSET

from ..text.bidi import close_controls
from .context import State, complete_id, complete_tag, json_option, pass_state, progress
from .editor import in_editor, rescued
from .printing import echo, echo_text, print_document, print_json, style

if TYPE_CHECKING:
    from ..blog import Blog
    from ..digest import Digest
    from ..model.entry import Revision
    from ..search import Hit
    from ..timeline import Entry

NEWEST = 20


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
    from ..blog import unknown_tag
    from ..model.entry import slug
    from ..model.errors import InvalidInput

    blog = state.blog()
    wanted = slug(tag) if tag else ""
    if tag and not wanted:
        raise InvalidInput(f"'{tag}' is not a tag.", "Name one that an entry carries.")
    entries = (
        e
        for e in _everything(state, blog, when)
        if (not key or e.now.key) and (not wanted or e.has_tag(wanted))
    )
    shown = list(entries if when else islice(entries, NEWEST))
    if tag and not shown:
        raise unknown_tag(tag, blog.tags().values(), when or "this blog")
    if not shown:
        state.say("No updates.")
    for entry in shown:
        if as_json:
            from ..digest.json import entry_document

            print_json(entry_document(entry, blog.config.url))
        else:
            echo(_line(blog, entry))


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
    for name, value in _facts(blog, entry):
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
            when = f"{recorded.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
            reason = f"  {newer.note}" if newer.note else ""
            echo("", style(f"revision {newer.rev}  {when}{reason}", "day"))
            before = _as_lines(older) if older else []
            lines = difflib.unified_diff(before, _as_lines(newer), n=0, lineterm="")
            for line in list(lines)[2:]:
                if not line.startswith("@@"):
                    echo(line)


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--tag", metavar="TAG", help="Only those with this tag.", shell_complete=complete_tag)
@click.option("--author", metavar="NAME", help="Only those signed by NAME.")
@click.option("--limit", metavar="N", type=click.IntRange(1, 1000), default=NEWEST,
              show_default=True, help="At most so many.")  # fmt: skip
@json_option
@pass_state
def search(
    state: State,
    words: tuple[str, ...],
    tag: str | None,
    author: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Find updates that hold all WORDS, the best first.

    Case and accents do not count, the last word may be a beginning, and quotes make a phrase:
    liveblog search '"border post" open'. Only what readers can see is found.
    """
    blog = state.blog()
    with progress(state, "Indexing") as shown:
        found = blog.search(
            " ".join(words), tag=tag or "", author=author or "", limit=limit, progress=shown
        )
    if as_json:
        from ..search import as_data

        hits = [as_data(hit, blog.config.url) for hit in found.hits]
        print_json({"total": found.total, "more": found.is_more, "hits": hits})
        return
    for hit in found.hits:
        _print_hit(blog, hit)
    count = f"{'More than ' if found.is_more else ''}{found.total:,}"
    if not found.total:
        state.say("No updates.")
    elif found.total > len(found.hits):
        state.say(f"{count} updates; these are the best {len(found.hits)}.")


def _print_hit(blog: Blog, hit: Hit) -> None:
    local = hit.published.astimezone(blog.config.zone)
    mark = style(f" [{hit.state}]", "mark") if hit.state != "live" else ""
    title = " " + _marked(hit.title) if hit.title else ""
    echo(f"{style(f'{local:%Y-%m-%d %H:%M}', 'time')}  {style(hit.id, 'faint')} {title}{mark}")
    if hit.snippet:
        echo(f"    {_marked(hit.snippet)}")


def _marked(pieces: Iterable[tuple[bool, str]]) -> str:
    return "".join(style(text, "title") if is_hit else text for is_hit, text in pieces)


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
def digest(
    state: State,
    when: str,
    form: str,
    as_json: bool,
    key: bool,
    tag: str | None,
    wants_edit: bool,
) -> None:
    """Tell what happened in a period, day by day.

    WHEN is today (unless given), yesterday, week, last-week, 2012-07-15, 2012-W29 or
    2012-07-15..2012-07-22. With --edit it may also be 'coverage', for the head of the live page.

    A week of more than 100 updates is shown by its key events, as on its page; --json has all, and
    so has the range of its days.
    """
    blog = state.blog()
    if wants_edit:
        _edit(state, blog, when)
        return
    found = blog.digest(when, key=key, tag=tag or "")
    state.warn(found.faults)
    if not (key or tag or as_json or form == "json"):
        from ..digest.build import abridge

        found = abridge(found)
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


def _edit(state: State, blog: Blog, when: str) -> None:
    """Edit a period's headline, introduction and close as one text with three headings."""
    from ..model.period import COVERAGE

    period_id = COVERAGE if when == COVERAGE else blog.period(when).id
    old = blog.timeline.framing_to_revise(period_id)
    parts = {"Headline": old.headline, "Introduction": old.introduction, "Close": old.close}
    before = "\n\n".join(f"== {name} ==\n{text}" for name, text in parts.items())
    advice = (
        f"The text around the digest of {period_id}, in Markdown; the headline is plain text.\n"
        "Leave the == lines as they are. An empty file cancels."
    )
    after = in_editor(before, advice)
    if not after or after == before.strip():
        state.say("Nothing was changed.")
        return
    with rescued(after):
        texts = _parts(after, parts)
        framing = blog.frame(
            period_id,
            headline=texts.get("Headline", UNSET),
            introduction=texts.get("Introduction", UNSET),
            close=texts.get("Close", UNSET),
            expect=old.rev,
        )
    state.say(f"Kept: {period_id}, revision {framing.rev}.")


def _parts(text: str, names: Iterable[str]) -> dict[str, str]:
    """Split a text at its lines ``== Name ==``."""
    from ..model.errors import InvalidInput

    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        name = line.strip("= ") if line.startswith("==") else ""
        if name in names:
            found[name] = []
        elif found:
            next(reversed(found.values())).append(line)
        elif line.strip():
            raise InvalidInput(
                f"The text begins with '{line}', not with '== Headline =='.",
                "Put the lines '== Headline ==', '== Introduction ==', '== Close ==' back.",
            )
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def _everything(state: State, blog: Blog, when: str | None) -> Iterator[Entry]:
    """Yield entries for the newsroom's eyes, the newest first."""
    timeline = blog.timeline
    wanted = set(blog.period(when).days()) if when else None
    for of in reversed(timeline.days()):
        if wanted is None or of in wanted:
            day = timeline.unfiltered(of)
            state.warn(day.faults)
            yield from reversed(day.entries)


def _line(blog: Blog, entry: Entry) -> str:
    now = entry.now
    local = now.published.astimezone(blog.config.zone)
    marks = [mark for mark, holds in (
        ("scheduled", now.published > blog.now),
        (now.state, now.state != "live"),
        ("key", now.key),
        ("pinned", now.pinned),
        (now.verification, bool(now.verification)),
        ("corrected", bool(entry.corrections)),
    ) if holds]  # fmt: skip
    mark = style(f" [{', '.join(marks)}]", "mark") if marks else ""
    title = style(now.title, "title") if now.title else _first_words(now.body)
    return f"{style(f'{local:%Y-%m-%d %H:%M}', 'time')}  {style(now.id, 'faint')}  {title}{mark}"


def _first_words(body: str) -> str:
    return textwrap.shorten(body, 60, placeholder="…")


def _facts(blog: Blog, entry: Entry) -> Iterator[tuple[str, str]]:
    now = entry.now
    yield "Published", f"{blog.words.moment(now.published)} ({blog.config.timezone})"
    if now.state != "live":
        yield "State", f"{now.state}{f': {now.note}' if now.note else ''}"
    yield "Address", _address(blog, now.id)
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


def _address(blog: Blog, entry_id: str) -> str:
    from ..model import addresses

    return addresses.url(blog.config.url, addresses.entry_path(entry_id))


def _as_lines(revision: Revision) -> list[str]:
    """Return a revision as lines to compare: each field that says something, then the body."""
    import msgspec

    fields = msgspec.to_builtins(revision)
    hidden = {"type", "id", "rev", "recorded", "updated", "body", "note", "idempotency_key"}
    lines = [f"{name}: {value}" for name, value in fields.items() if name not in hidden]
    return lines + revision.body.split("\n")
