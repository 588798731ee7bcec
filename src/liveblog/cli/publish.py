"""The commands 'liveblog publish' and 'liveblog move': update the site, change its address."""

from __future__ import annotations

import click

from .context import State, dry_option, json_option, pass_state, plural, progress
from .printing import print_json


@click.command()
@dry_option
@click.option("--full", is_flag=True, help="Render every file again.")
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
        state.say(f"Would write {plural(count, 'file')} and delete {plural(gone, 'file')}.")
        raise click.exceptions.Exit(1 if count or gone or report.faults else 0)
    if count or gone:
        removed = f", deleted {gone}" if gone else ""
        state.say(f"Wrote {plural(count, 'file')}{removed}. The site is in {blog.paths.site}.")
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
    state.say(f"The blog is at {moved.url} now; wrote {plural(len(moved.report.written), 'file')}.")
    for old, folder in zip(moved.before, moved.folders, strict=True):
        state.say(f"For {old}: see {folder / 'README.txt'}")
    state.say("If 'liveblog serve' runs, start it again; until then it publishes the old address.")
    if moved.report.faults:
        raise click.exceptions.Exit(1)
