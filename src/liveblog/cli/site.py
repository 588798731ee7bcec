"""The commands about the site: publish, move, check."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .context import State, dry_option, json_option, pass_state, progress, yes_option
from .printing import confirm, echo, print_json, style

if TYPE_CHECKING:
    from ..blog import Blog


@click.command()
@dry_option
@click.option("--full", is_flag=True, help="Make everything again, whatever is remembered.")
@json_option
@pass_state
def publish(state: State, dry_run: bool, full: bool, as_json: bool) -> None:
    """Bring the site in feeds/ up to date: pages, feeds and digests.

    Exit 1 if something is damaged or cannot be shown; the rest is published.
    """
    blog = state.blog()
    with progress(state, "Publishing") as shown:
        report = blog.publish(full=full, dry_run=dry_run, progress=shown)
    state.warn(report.faults)
    if as_json:
        print_json(
            {
                "written": report.written,
                "deleted": report.deleted,
                "unchanged": report.unchanged,
                "faults": [f"{f.place}: {f.problem}" for f in report.faults],
            }
        )
    for path in report.written:
        state.detail(f"  {'would write' if dry_run else 'wrote'} {path}")
    for path in report.deleted:
        state.detail(f"  {'would delete' if dry_run else 'deleted'} {path}")
    count, gone = len(report.written), len(report.deleted)
    if dry_run:
        state.say(f"Would write {_files(count)} and delete {_files(gone)}.")
        raise click.exceptions.Exit(1 if count or gone or report.faults else 0)
    if count or gone:
        removed = f", deleted {gone}" if gone else ""
        state.say(f"Wrote {_files(count)}{removed}. The site is in {blog.paths.site}.")
    else:
        state.say(f"Nothing has changed. The site is in {blog.paths.site}.")
    if report.faults:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("url", metavar="NEW-URL")
@json_option
@pass_state
def move(state: State, url: str, as_json: bool) -> None:
    """Give the blog another address, and lead readers to it.

    Changes url in liveblog.toml, remembers the old one in moved_from, and publishes the site anew.
    Entries and feeds keep their ids. What to put at the old address is in moved/; 'liveblog serve'
    sends readers on by itself once it is started again.
    """
    blog = state.blog()
    with progress(state, "Publishing") as shown:
        moved = blog.move(url, progress=shown)
    state.warn(moved.report.faults)
    if as_json:
        print_json(
            {
                "url": moved.url,
                "moved_from": moved.before,
                "folders": [str(folder) for folder in moved.folders],
                "written": len(moved.report.written),
            }
        )
    state.say(f"The blog is at {moved.url} now; wrote {_files(len(moved.report.written))}.")
    for old, folder in zip(moved.before, moved.folders, strict=True):
        state.say(f"For {old}: see {folder / 'README.txt'}")
    state.say("If 'liveblog serve' runs, start it again; until then it publishes the old address.")
    if moved.report.faults:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--repair", is_flag=True, help="Write damaged files of the journal anew; asks first.")
@yes_option
@json_option
@pass_state
def check(state: State, repair: bool, yes: bool, as_json: bool) -> None:
    """Look for damage in the journal and the site.

    The configuration is checked too. Exit 1 if anything is wrong. With --repair, damaged
    files of the journal are written anew with all that can be recovered; the old files stay beside
    them. Without a terminal, --repair only says what it would do, unless --yes is given.
    """
    blog = state.blog()
    if repair:
        _repair(state, blog, yes)
    with progress(state, "Checking") as shown:
        health = blog.check(progress=shown)
    if as_json:
        print_json(
            {
                "records": health.records,
                "files": health.files,
                "faults": [
                    {"place": f.place, "problem": f.problem, "hint": f.hint} for f in health.faults
                ],
                "notes": list(health.notes),
            }
        )
    else:
        for fault in health.faults:
            echo(f"{style(fault.place, 'title')}: {fault.problem}.", f"  {fault.hint}")
        for note in health.notes:
            echo(f"Note: {note}.")
        lines = f"{health.records:,} line{'s' if health.records != 1 else ''}"
        found = f"{len(health.faults)} wrong." if health.faults else "all is well."
        state.say(f"{lines} in {_files(health.files)} of the journal; {found}")
    raise click.exceptions.Exit(1 if health.faults else 0)


def _repair(state: State, blog: Blog, yes: bool) -> None:
    plan = blog.repair(dry_run=True)
    if not plan:
        state.say("There is nothing to repair in the journal.")
        return
    if not yes:
        for line in plan:
            echo(line, err=True)
        if not sys.stdin.isatty():
            echo("Nothing was repaired, for nobody can be asked: add --yes to do this.", err=True)
            return
        confirm("Do this?")
    for line in blog.repair():
        state.say(line)


def _files(count: int) -> str:
    return f"{count:,} file{'s' if count != 1 else ''}"
