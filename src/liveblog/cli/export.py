"""The command 'liveblog export': write the journal as JSON lines, Markdown, HTML or EPUB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from .context import State, pass_state, plural, progress
from .printing import print_document

if TYPE_CHECKING:
    from ..blog import Blog
    from ..digest import Digest
    from ..site.report import Progress

Thing = TypeVar("Thing")

_OUTPUT = click.Path(path_type=Path)


@click.command()
@click.argument("when", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "markdown", "html", "epub"]),
    required=True,
    help="What to write.",
)
@click.option("-o", "--output", metavar="PATH", type=_OUTPUT, help="Where to write it.")
@pass_state
def export(state: State, when: str | None, form: str, output: Path | None) -> None:
    """Write the journal in another form.

    jsonl is everything, for another live blog; markdown is everything too, with a file for each
    update and chapter, in the folder that -o names. Both come back by 'liveblog import' without
    loss.

    html is one file that opens without anything else; epub is a book, day by day, in the file that
    -o names. Both hold the whole coverage, unless WHEN names a period (a day, a week, a range: see
    'liveblog digest') or a chapter.

    Without -o, jsonl and html are written to standard output.
    """
    blog = state.blog()
    if form in ("jsonl", "markdown") and when:
        raise click.UsageError(f"{form} holds the whole journal; leave out '{when}'.")
    if form in ("markdown", "epub") and output is None:
        thing = "folder" if form == "markdown" else "file"
        raise click.UsageError(f"Name the {thing} to write with -o.")
    if form == "jsonl":
        _export_jsonl(state, blog, output)
    elif form == "markdown":
        assert output is not None
        _export_markdown(state, blog, output)
    else:
        from ..digest.build import build_coverage
        from ..digest.selection import for_readers

        title = blog.config.title
        found = blog.digest(when) if when else build_coverage(blog.timeline, title)
        found = for_readers(found)
        state.warn(found.faults)
        if form == "html":
            from ..exports.html import render

            _write(state, [render(found, blog.config, blog.paths).encode()], output)
        else:
            assert output is not None
            _export_book(state, blog, found, output)


def _export_jsonl(state: State, blog: Blog, output: Path | None) -> None:
    from ..exports.jsonl import write
    from ..journal import Fault

    faults: list[Fault] = []
    lines = write(blog.journal, blog.config, blog.paths.media, faults)
    _write(state, lines, output)
    state.warn(faults)


def _export_markdown(state: State, blog: Blog, output: Path) -> None:
    from ..exports.markdown import write

    journal = blog.journal
    readings = [journal.read(name) for name in journal.stamps()]
    for reading in readings:
        state.warn(reading.faults)
    records = (record for reading in readings for record in reading.records)
    with progress(state, "Writing") as shown:
        written = write(_counted(records, shown), blog.paths.media, output)
    state.warn(written.faults)
    state.say(
        f"Wrote {plural(written.entries, 'update')}, {plural(written.framings, 'framing')}, "
        f"{plural(written.chapters, 'chapter')} and {plural(written.pictures, 'picture')} "
        f"to {output}."
    )


def _export_book(state: State, blog: Blog, found: Digest, output: Path) -> None:
    from ..model.errors import InvalidInput

    if found.chapter and found.chapter.state != "live":
        raise InvalidInput(
            f"The chapter '{found.chapter.slug}' was retracted, so no book is made of it.",
            "Edit it first, which publishes it again.",
        )
    from ..exports import epub

    state.warn(epub.write(found, blog.config, blog.paths, output))
    state.say(f"Wrote {output}.")


def _counted(things: Iterable[Thing], shown: Progress | None) -> Iterator[Thing]:
    """Yield things, and show their number so far."""
    for number, thing in enumerate(things, 1):
        if shown:
            shown(number, 0)
        yield thing


def _write(state: State, chunks: Iterable[bytes], output: Path | None) -> None:
    """Write to a file, whole or not at all, or to standard output."""
    if output is None:
        print_document(chunks)
        return
    from ..storage.atomic import write_output

    with progress(state, "Writing") as shown:
        write_output(output, _counted(chunks, shown))
    state.say(f"Wrote {output}.")
